// When an appointment is, in words.
import type { Appointment } from "../backend";
import { i18n } from "../i18n/index.svelte";

const DAY = 86_400;

/** A whole day, and a time that holds on any clock, are read as they are written. */
function clock(event: Appointment): { timeZone?: string } {
	return event.all_day || event.floating ? { timeZone: "UTC" } : {};
}

/** The day, and from when to when. `zone`: not by the device's clock. */
export function when(event: Appointment, zone?: string, now = Date.now()): string {
	const start = event.starts * 1000;
	const end = Math.max(start, (event.all_day ? event.ends - DAY : event.ends) * 1000);
	const options: Intl.DateTimeFormatOptions = {
		weekday: "long",
		day: "numeric",
		month: "long",
		...(new Date(start).getFullYear() === new Date(now).getFullYear() ? {} : { year: "numeric" }),
		...(event.all_day ? {} : { hour: "2-digit", minute: "2-digit" }),
		...(zone ? { timeZone: zone } : clock(event)),
	};
	const format = new Intl.DateTimeFormat(i18n.locale, options);
	return end > start ? format.formatRange(start, end) : format.format(start);
}

/** The same by the clock of where it was made, where that shows something else; empty where it does not, or nobody knows that place. */
export function elsewhere(event: Appointment, now = Date.now()): string {
	if (!event.zone) return "";
	try {
		const there = when(event, event.zone, now);
		return there === when(event, undefined, now) ? "" : there;
	} catch {
		return "";
	}
}

/** A zone as people call it: the town. */
export function town(zone: string): string {
	return (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");
}

/** The month and the day, for a leaf of a calendar. */
export function leaf(event: Appointment): { month: string; day: string } {
	const part = (options: Intl.DateTimeFormatOptions) =>
		new Intl.DateTimeFormat(i18n.locale, { ...options, ...clock(event) }).format(event.starts * 1000);
	return { month: part({ month: "short" }).replace(".", ""), day: part({ day: "numeric" }) };
}

/** Names of days of the week, 0 = Sunday. */
export function weekdays(days: number[]): string {
	const names = days.map((day) =>
		new Intl.DateTimeFormat(i18n.locale, { weekday: "long", timeZone: "UTC" }).format((day + 3) * DAY * 1000),
	);
	return new Intl.ListFormat(i18n.language).format(names);
}

/** How it comes again; empty where it does not. */
export function again(event: Appointment): string {
	const r = event.repeats;
	if (!r) return "";
	const t = i18n.t.invite;
	const every = t.every(r.every as "day" | "week" | "month" | "year" | "", r.interval);
	const days = r.every === "week" && r.days.length ? `: ${weekdays(r.days)}` : "";
	const until = r.until
		? t.until(new Intl.DateTimeFormat(i18n.locale, { dateStyle: "medium" }).format(r.until * 1000))
		: r.count
			? t.times(r.count)
			: "";
	return `${every}${days}${until ? `, ${until}` : ""}`;
}
