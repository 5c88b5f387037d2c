// When people want a message to leave that does not leave now: in their own time zone.

export type Choice = "evening" | "tomorrow" | "monday";

const at = (from: Date, days: number, hour: number) =>
	new Date(from.getFullYear(), from.getMonth(), from.getDate() + days, hour);

/** This evening (while it is afternoon at most), tomorrow morning, Monday morning where that is not tomorrow. */
export function choices(now: Date): { name: Choice; at: Date }[] {
	const all: { name: Choice; at: Date }[] = [];
	if (now.getHours() < 17) all.push({ name: "evening", at: at(now, 0, 18) });
	all.push({ name: "tomorrow", at: at(now, 1, 8) });
	const toMonday = (8 - now.getDay()) % 7 || 7;
	if (toMonday > 1) all.push({ name: "monday", at: at(now, toMonday, 8) });
	return all;
}

/** As a `datetime-local` field has it. */
export function localValue(date: Date): string {
	const two = (n: number) => String(n).padStart(2, "0");
	const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
	return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}
