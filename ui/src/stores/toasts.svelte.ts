/** A short word about what was done, with the way back. */
export interface Toast {
	id: number;
	text: string;
	undo?: () => void;
	bad?: boolean;
	/** How long it is shown; 8 where it is not said. */
	seconds?: number;
}

const SHOWN = 8;

class Toasts {
	all = $state<Toast[]>([]);
	#next = 1;

	show(text: string, extra: Partial<Toast> = {}) {
		const id = this.#next++;
		// One at a time on small screens reads best; the newest is the one that matters.
		this.all = [...this.all.slice(-1), { id, text, ...extra }];
		setTimeout(() => this.drop(id), (extra.seconds ?? SHOWN) * 1000);
	}

	clear() {
		this.all = [];
	}

	drop(id: number) {
		this.all = this.all.filter((t) => t.id !== id);
	}
}

export const toasts = new Toasts();
