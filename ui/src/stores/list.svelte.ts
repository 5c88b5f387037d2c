import {
	asError,
	call,
	type ErrorView,
	type Role,
	type RowView,
	type WindowUpdate,
	type WindowView,
} from "../backend";
import { look } from "./look.svelte";
import { applyOps, shiftOf } from "./window";

/** The list of the folders of all accounts that are for the same. */
export const UNIFIED = "@";

/** Rows kept loaded above and below what is visible. */
const MARGIN = 60;

/** The list on screen: a window of it, kept up to date by the core. */
class List {
	/** The folder; of those of all accounts what they are for, after `UNIFIED`. */
	mailbox = $state<string | null>(null);
	/** A row stands for a conversation. */
	grouped = $state(false);
	/** What is searched; empty = the folder itself is shown. */
	query = $state("");
	/** Of a search: there may be more than `total`. */
	more = $state(false);
	state = $state<"idle" | "loading" | "done" | "error">("idle");
	error = $state<ErrorView | null>(null);
	total = $state(0);
	first = $state(0);
	rows = $state.raw<RowView[]>([]);
	/** The row the keyboard is on. */
	cursor = $state<string | null>(null);

	/** Called with the rows by which everything moved, so that the screen can stay where it is. */
	onshift: (rows: number) => void = () => {};
	/** The first row visible, told by the screen. */
	top = 0;

	#window: number | null = null;
	#version = 0;
	/** The last change of a window that is not known here yet: it can overtake the answer that the window came with. */
	#early: { window: number; version: number } | null = null;
	#asked: { first: number; count: number } | null = null;
	#busy = false;
	#opening = 0;
	#again: (() => Promise<WindowView>) | null = null;

	/** Shows a folder. */
	async open(mailbox: string) {
		const unified = mailbox.startsWith(UNIFIED) ? (mailbox.slice(1) as Role) : null;
		await this.begin(mailbox, "", () => {
			const which = { mailbox: unified ? null : mailbox, unified };
			const how = { grouped: look.grouped, order: look.order };
			return call("window_open", { ...which, ...how, count: MARGIN * 2 });
		});
	}

	/** Shows what a search finds; the folder stays the one that it began in. */
	async find(query: string, search: (count: number) => Promise<WindowView>) {
		if (this.mailbox) await this.begin(this.mailbox, query, () => search(MARGIN * 2));
	}

	private async begin(mailbox: string, query: string, opening: () => Promise<WindowView>) {
		const turn = ++this.#opening;
		const old = this.#window;
		const same = mailbox === this.mailbox && query === this.query;
		// Rows of a search stay while the next letter is looked up: they flicker otherwise.
		const near = mailbox === this.mailbox && !!query && !!this.query;
		this.#window = null;
		this.mailbox = mailbox;
		this.query = query;
		this.#again = opening;
		this.state = "loading";
		this.error = null;
		this.top = 0;
		if (!same && !near) {
			this.rows = [];
			this.total = 0;
			this.first = 0;
			this.cursor = null;
		}
		if (old !== null) void call("window_close", { window: old });
		try {
			const view = await opening();
			if (turn !== this.#opening) {
				void call("window_close", { window: view.window });
				return;
			}
			this.take(view);
			this.state = "done";
		} catch (thrown) {
			if (turn !== this.#opening) return;
			this.error = asError(thrown);
			this.state = "error";
		}
	}

	reload() {
		if (this.mailbox && this.#again) void this.begin(this.mailbox, this.query, this.#again);
	}

	private take(view: WindowView) {
		this.#window = view.window;
		this.#version = view.version;
		this.total = view.total;
		this.first = view.first;
		this.rows = view.rows;
		this.more = view.more;
		this.grouped = view.grouped;
		if (this.#early?.window === view.window && this.#early.version > view.version) this.askAgain();
		this.#early = null;
	}

	/** Something was missed: the whole window again. */
	private askAgain() {
		this.#asked = { first: this.first, count: Math.max(this.rows.length, MARGIN * 2) };
		void this.fetch();
	}

	row(index: number): RowView | undefined {
		return this.rows[index - this.first];
	}

	indexOf(id: string | null): number {
		const at = this.rows.findIndex((r) => r.id === id);
		return at < 0 ? -1 : this.first + at;
	}

	/** Makes sure that these rows are, or will soon be, loaded. */
	ensure(from: number, to: number) {
		this.top = from;
		const end = Math.min(to, this.total);
		const loaded = from >= this.first && end <= this.first + this.rows.length;
		// Half the margin is used up: ask before the screen runs out.
		const near =
			loaded &&
			(this.first === 0 || from - this.first > MARGIN / 3) &&
			(this.first + this.rows.length >= this.total || this.first + this.rows.length - end > MARGIN / 3);
		if (near || this.#window === null) return;
		this.#asked = { first: Math.max(0, from - MARGIN), count: to - from + 2 * MARGIN };
		void this.fetch();
	}

	/** One question at a time; while it is under way only the newest wish counts. */
	private async fetch() {
		if (this.#busy) return;
		this.#busy = true;
		while (this.#asked && this.#window !== null) {
			const { first, count } = this.#asked;
			this.#asked = null;
			const window = this.#window;
			try {
				const view = await call("window_show", { window, first, count });
				if (window === this.#window && view.version >= this.#version) this.take(view);
			} catch (thrown) {
				if (window === this.#window) {
					this.error = asError(thrown);
					this.state = "error";
				}
			}
		}
		this.#busy = false;
	}

	apply(update: WindowUpdate) {
		if (update.window !== this.#window) {
			this.#early = update;
			return;
		}
		if (update.version <= this.#version) return;
		if (update.version !== this.#version + 1) return this.askAgain();
		const rows = applyOps(this.rows, update.ops);
		const shift = shiftOf({ first: this.first, rows: this.rows }, { first: update.first, rows }, this.top);
		this.#version = update.version;
		this.total = update.total;
		this.more = update.more;
		this.first = update.first;
		this.rows = rows;
		// At the very top new mail comes in where one looks for it.
		if (shift !== 0 && this.top > 0) this.onshift(shift);
	}
}

export const list = new List();
