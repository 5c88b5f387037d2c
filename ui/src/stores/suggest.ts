import { i18n } from "../i18n/index.svelte";
import { meant } from "./completion";
import { folded } from "./folded";
import { session } from "./session.svelte";
import { lastOf } from "./typed";

/** A way to go on with what is typed. */
export interface Suggestion {
	/** What it is called. */
	label: string;
	/** What it means. */
	more: string;
	/** The whole text with it. */
	query: string;
}

const MOST = 7;

const quoted = (text: string) => (/[\s()"]/u.test(text) ? `"${text.replaceAll('"', "")}"` : text);

/** How somebody may go on: conditions, people, folders. */
export async function suggestions(typed: string): Promise<Suggestion[]> {
	const t = i18n.t.find;
	const { before, name, value } = lastOf(typed);
	const person = [t.say.from, t.say.to, "from", "to"].includes(name);
	if (person || (!name && value.length > 1)) {
		const people = (await meant(value)).filter((c) => c.people.length === 1).slice(0, person ? MOST : 3);
		const says = person ? name : t.say.from;
		const found = people.map((c) => ({
			label: c.name || c.address,
			more: person ? c.address : `${t.names.from}: ${c.address}`,
			query: `${before}${says}:${c.address} `,
		}));
		return person ? found : [...found, ...conditions(before, value)].slice(0, MOST);
	}
	if ([t.say.in, "in"].includes(name)) {
		const fits = session.mailboxes.filter(
			(m) => m.selectable && folded(session.label(m)).includes(folded(value)),
		);
		const names = [...new Set(fits.map((m) => session.label(m)))].slice(0, MOST);
		return names.map((label) => ({
			label,
			more: t.names.in ?? "",
			query: `${before}${name}:${quoted(label)} `,
		}));
	}
	return conditions(before, name ? `${name}:${value}` : value);
}

/** Conditions whose spelling or meaning begins so; all of them at the beginning. */
function conditions(before: string, value: string): Suggestion[] {
	const t = i18n.t.find;
	const begins = (text: string) => text.toLowerCase().startsWith(value.toLowerCase());
	return t.conditions
		.filter(([spelled, means]) => !value || begins(spelled) || means.split(" ").some(begins))
		.map(([spelled, means]) => ({
			label: spelled,
			more: means,
			query: `${before}${spelled}${spelled.endsWith(":") ? "" : " "}`,
		}));
}
