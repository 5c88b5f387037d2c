import { type CoveredView, call, type MarkView, type PartView, type WindowView } from "../backend";
import { i18n } from "../i18n/index.svelte";
import { list, UNIFIED } from "./list.svelte";
import { screen } from "./screen.svelte";

/** A pause in typing after which what is typed is looked up, and one after which servers are asked too. Milliseconds. */
const PAUSE = 120;
const LONG_PAUSE = 1200;

/** A search that is kept like a folder. */
export interface Saved {
	name: string;
	query: string;
}

/** What is searched, what was understood of it, and what was looked through. */
class Search {
	typed = $state("");
	/** Only in the folder that is open, not everywhere. */
	here = $state(false);
	parts = $state.raw<PartView[]>([]);
	marks = $state.raw<MarkView[]>([]);
	covered = $state.raw<CoveredView | null>(null);
	saved = $state.raw<Saved[]>([]);

	/** The conditions that are more than words: shown as chips. */
	chips = $derived(this.parts.filter((p) => p.name !== "words"));

	#window = -1;
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** Another letter. */
	type(text: string) {
		this.typed = text;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.look(true), PAUSE);
	}

	/** All of it is typed. */
	submit(text = this.typed): Promise<void> {
		this.typed = text;
		clearTimeout(this.#timer);
		return this.look(false);
	}

	private async look(typing: boolean) {
		const text = this.typed;
		if (!text.trim()) {
			this.forget();
			if (list.query && list.mailbox) await list.open(list.mailbox);
			return;
		}
		const within = this.here && !list.mailbox?.startsWith(UNIFIED) ? list.mailbox : null;
		await list.find(text, async (count): Promise<WindowView> => {
			const zone = -new Date().getTimezoneOffset();
			const found = await call("search_open", { text, within, typing, zone, count });
			if (text === this.typed) {
				this.#window = found.window.window;
				[this.parts, this.marks, this.covered] = [found.parts, found.marks, found.covered];
				clearTimeout(this.#timer);
				const window = this.#window;
				this.#timer = setTimeout(() => this.ask(window), typing ? LONG_PAUSE : 0);
			}
			return found.window;
		});
	}

	private ask(window: number) {
		if (window === this.#window) void call("search_ask", { window });
	}

	/** The core looked through more, or a server answered. */
	heard(window: number, covered: CoveredView) {
		if (window === this.#window) this.covered = covered;
	}

	/** Everywhere, or only in the folder that is open. */
	reach(here: boolean) {
		this.here = here;
		void this.submit();
	}

	/** Of the list that is shown only what meets a condition. */
	filter(condition: string, folder: string) {
		const unified = list.mailbox?.startsWith(UNIFIED);
		screen.searching = true;
		this.here = !unified;
		void this.submit(unified ? `${condition} ${i18n.t.find.say.in}:${folder} ` : `${condition} `);
	}

	private forget() {
		clearTimeout(this.#timer);
		this.#window = -1;
		[this.parts, this.marks, this.covered] = [[], [], null];
	}

	/** Back to the folder. */
	close() {
		this.leave();
		if (list.query && list.mailbox) void list.open(list.mailbox);
	}

	/** Another list is shown. */
	leave() {
		screen.searching = false;
		this.typed = "";
		this.here = false;
		this.forget();
	}

	async readSaved() {
		try {
			this.saved = JSON.parse((await call("setting", { key: "search.saved" })) || "[]");
		} catch {
			this.saved = [];
		}
	}

	isSaved = $derived(this.saved.some((s) => s.query === this.typed.trim()));

	/** Keeps what is typed like a folder, or no longer. */
	async keep(wanted: boolean, query = this.typed.trim()) {
		const others = this.saved.filter((s) => s.query !== query);
		this.saved = wanted && query ? [...others, { name: query, query }] : others;
		await call("setting_put", { key: "search.saved", value: JSON.stringify(this.saved) });
	}

	/** Searches everywhere for what was kept or linked; done when its first rows are here. */
	open(query: string): Promise<void> {
		screen.searching = true;
		this.here = false;
		return this.submit(query);
	}
}

export const search = new Search();
