/** What the keywords of a message say to people: the five labels that several programs know, and words of the user's own. Others are for programs. */
export function labelsOf(keywords: string[], known: string[]): string[] {
	const own = (word: string) => !/^[$\\]/.test(word) && !PROGRAMS.has(word.toLowerCase());
	return keywords.flatMap((word) => {
		const numbered = /^\$label([1-5])$/i.exec(word);
		if (numbered) return known[Number(numbered[1]) - 1] ?? [];
		return own(word) ? word.replaceAll("_", " ") : [];
	});
}

/** Keywords of filters and other programs, in small letters. */
const PROGRAMS = new Set([
	"junk",
	"nonjunk",
	"notjunk",
	"junkrecorded",
	"forwarded",
	"redirected",
	"mdnsent",
	"old",
	"unknown-0",
	"unknown-1",
	"unknown-2",
]);
