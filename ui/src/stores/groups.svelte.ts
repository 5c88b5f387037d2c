// Groups of people who are written to together: a choice of this device.
import { type Address, call } from "../backend";
import { folded } from "./folded";

export interface Group {
	name: string;
	people: Address[];
}

class Groups {
	all = $state.raw<Group[]>([]);
	#read: Promise<void> | null = null;

	/** Reads them once. */
	read(): Promise<void> {
		this.#read ??= call("setting", { key: "writing.groups" })
			.then((text) => {
				this.all = JSON.parse(text || "[]");
			})
			.catch(() => {
				this.all = [];
			});
		return this.#read;
	}

	/** Keeps people under a name, in the place of what had it before; nobody = the group is forgotten. */
	async keep(name: string, people: Address[]) {
		const all = this.all.filter((g) => g.name !== name);
		if (people.length) all.push({ name, people });
		this.all = all.sort((a, b) => a.name.localeCompare(b.name));
		await call("setting_put", { key: "writing.groups", value: JSON.stringify(this.all) });
	}

	/** Those whose name, or a word of it, begins as typed. */
	matching(typed: string): Group[] {
		const begin = folded(typed.trim());
		return this.all.filter((g) =>
			folded(g.name)
				.split(/\s+/u)
				.concat(folded(g.name))
				.some((w) => w.startsWith(begin)),
		);
	}
}

export const groups = new Groups();
