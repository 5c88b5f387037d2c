// What to think about before a message is sent.
import type { Address } from "../backend";
import { isAddress } from "./people";

export type Doubt = "subject" | "attachment" | "address" | "nobody" | null;

/** Words that promise a file, in three languages. */
const PROMISES = /\b(anex[oaeiu]|segue em anexo|attach(ed|ment|ing|ments)?\b|enclosed\b|adjunt[oaeé])/iu;

/** Why it should not be sent just so; what is quoted promises nothing. */
export function doubtAbout(people: Address[], subject: string, html: string, files: number): Doubt {
	if (!people.length) return "nobody";
	if (people.some((a) => !isAddress(a.address))) return "address";
	const doc = new DOMParser().parseFromString(html, "text/html");
	for (const quote of doc.querySelectorAll("blockquote")) quote.remove();
	if (PROMISES.test(`${subject} ${doc.body.textContent ?? ""}`) && !files) return "attachment";
	return subject.trim() ? null : "subject";
}
