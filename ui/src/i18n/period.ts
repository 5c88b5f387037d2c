export type Period = "later" | "today" | "yesterday" | "week" | "lastWeek" | "month" | "year";

/** Where a date lies, as seen from now: near days by name, weeks from Monday on, then months of this year and of others. */
export function period(seconds: number, now: number): Period {
	const day = (at: Date) => new Date(at.getFullYear(), at.getMonth(), at.getDate());
	const [date, today] = [new Date(seconds * 1000), day(new Date(now))];
	// Days on which the clock is changed are longer or shorter.
	const ago = Math.round((today.getTime() - day(date).getTime()) / 86_400_000);
	const weekday = (today.getDay() + 6) % 7;
	if (ago < 0) return "later";
	if (ago === 0) return "today";
	if (ago === 1) return "yesterday";
	if (ago <= weekday) return "week";
	if (ago <= weekday + 7) return "lastWeek";
	return date.getFullYear() === today.getFullYear() ? "month" : "year";
}
