import { SvelteSet } from "svelte/reactivity";
import { list } from "./list.svelte";

/** The rows chosen for one command on many. */
class Selection {
	ids = new SvelteSet<string>();
	#last: string | null = null;

	toggle(id: string) {
		if (!this.ids.delete(id)) this.ids.add(id);
		this.#last = id;
	}

	/** Everything from the row chosen last to this one. */
	reach(id: string) {
		const [a, b] = [list.indexOf(this.#last), list.indexOf(id)];
		if (a < 0 || b < 0) return this.toggle(id);
		for (let i = Math.min(a, b); i <= Math.max(a, b); i++) {
			const row = list.row(i);
			if (row) this.ids.add(row.id);
		}
	}

	allLoaded() {
		for (const row of list.rows) this.ids.add(row.id);
	}

	clear() {
		this.ids.clear();
		this.#last = null;
	}
}

export const selection = new Selection();
