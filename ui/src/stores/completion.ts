import { type Address, call } from "../backend";
import { groups } from "./groups.svelte";

/** Somebody, or several at once, who may be meant. */
export interface Choice {
	name: string;
	/** What tells them apart: an address, or those of all. */
	address: string;
	people: Address[];
}

/** Whom somebody may mean by what they typed: groups, then people, most likely first. */
export async function meant(typed: string): Promise<Choice[]> {
	if (!typed.trim()) return [];
	// Without help one can still type on.
	const [found] = await Promise.all([call("people", { typed, count: 8 }).catch(() => []), groups.read()]);
	const together = groups.matching(typed).map((g) => ({
		name: g.name,
		address: g.people.map((p) => p.address).join(", "),
		people: g.people,
	}));
	return [...together, ...found.map((a) => ({ ...a, people: [a] }))];
}
