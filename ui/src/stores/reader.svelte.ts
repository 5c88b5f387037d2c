import { SvelteMap, SvelteSet } from "svelte/reactivity";
import { asError, type ConversationPart, call, type ErrorView, type MessageView } from "../backend";
import { list } from "./list.svelte";
import { look } from "./look.svelte";
import { remote } from "./remote.svelte";
import { search } from "./search.svelte";

/** How much of a large message is here. */
interface Coming {
	here: number;
	size: number;
}

/** Pictures come without asking only where the address is who it says it is, as far as anybody can tell. */
function trusts(view: MessageView): boolean {
	return view.trust?.verdict !== "failed" && remote.allows(view.from.address);
}

/** The conversation being read: the messages that belong together, of which some are open. */
class Reader {
	/** The row that it was opened from. */
	id = $state<string | null>(null);
	/** Number of the conversation; "0" = a message alone. */
	conversation = $state("0");
	/** Its messages, oldest first; none until they were read. */
	parts = $state.raw<ConversationPart[]>([]);
	/** Those that are shown whole. */
	open = new SvelteSet<string>();
	/** What they say, as far as it was asked for. */
	views = new SvelteMap<string, MessageView>();
	errors = new SvelteMap<string, ErrorView>();
	/** How much of large messages is here, while they come; by message. */
	coming = new SvelteMap<string, Coming>();
	/** Those whose pictures are being fetched, and those with which that was tried. */
	fetching = new SvelteSet<string>();
	pictured = new SvelteSet<string>();
	/** What could not be read at all. */
	error = $state<ErrorView | null>(null);
	/** True once fetching takes long enough to say so. */
	slow = $state(false);
	/** What answers are about, where the user chose. */
	#chosen = $state<string | null>(null);

	/** What answers are about: what was opened last, else the newest that is no draft. */
	focus = $derived(
		this.#chosen ??
			this.parts.findLast((p) => !p.draft && this.open.has(p.id))?.id ??
			this.parts.findLast((p) => !p.draft)?.id ??
			this.id,
	);
	/** The message that answers are about. */
	view = $derived(this.focus ? (this.views.get(this.focus) ?? null) : null);
	/** The row of the list that is being read; another one than it was opened from once something newer came. */
	row = $derived(
		list.rows.find((r) => r.id === this.id) ??
			list.rows.find((r) => list.grouped && r.conversation !== "0" && r.conversation === this.conversation),
	);

	/** What came while the answer about the message was on its way: that one does not have it yet. */
	#came = new Set<string>();
	#turn = 0;

	/** Opens what a row stands for; gives those of its messages that were unread and are shown now. */
	async show(id: string): Promise<string[]> {
		const turn = ++this.#turn;
		this.forget();
		this.id = id;
		setTimeout(() => {
			if (turn === this.#turn) this.slow = true;
		}, 150);
		// Alone, a message is read at once; its conversation tells no more than it does.
		const alone = !look.grouped;
		if (alone) void this.expand(id);
		try {
			const found = await call("conversation", { id });
			if (turn !== this.#turn) return [];
			this.conversation = found.id;
			this.parts = alone ? found.messages.filter((p) => p.id === id) : found.messages;
		} catch (thrown) {
			if (turn === this.#turn) this.error = asError(thrown);
			return [];
		}
		// Of a list of messages the one that was chosen; of a conversation what is new, and what was said last.
		const last = this.parts.findLast((p) => !p.draft) ?? this.parts.at(-1);
		const shown = this.parts.filter((p) =>
			list.grouped ? p.id === last?.id || (!p.read && !p.draft) : p.id === id,
		);
		for (const part of shown) void this.expand(part.id);
		return shown.filter((p) => !p.read).map((p) => p.id);
	}

	/** Shows one of the messages whole. */
	async expand(id: string) {
		if (this.open.has(id)) return;
		this.open.add(id);
		await this.read(id);
	}

	/** The user opens or closes one of the messages; true where it was unread and is open now. */
	toggle(id: string): boolean {
		if (this.open.delete(id)) {
			if (this.#chosen === id) this.#chosen = null;
			return false;
		}
		this.#chosen = id;
		void this.expand(id);
		return this.parts.some((p) => p.id === id && !p.read);
	}

	/** Answers are about this one from now on. */
	choose(id: string) {
		this.#chosen = id;
	}

	/** Reads one of those that are shown again: something that is said of it changed. */
	async reread(id: string) {
		if (this.views.has(id)) await this.read(id);
	}

	private async read(id: string) {
		const turn = this.#turn;
		try {
			const view = await call("message_found", { id, marks: search.marks });
			if (turn !== this.#turn) return;
			this.views.set(id, view);
			if (view.body?.pictures && (this.pictured.has(id) || trusts(view))) void this.showPictures(id);
			if (this.lacking(view) && this.#came.delete(view.message)) await this.read(id);
		} catch (thrown) {
			if (turn === this.#turn) this.errors.set(id, asError(thrown));
		}
	}

	/** Something changed in the folders: another message may belong here, or one less, and flags may be others. */
	async refresh() {
		const [turn, id] = [this.#turn, this.id];
		if (!id || !this.parts.length) return;
		try {
			const found = await call("conversation", { id });
			if (turn !== this.#turn || !found.messages.length) return;
			this.conversation = found.id;
			this.parts = look.grouped ? found.messages : found.messages.filter((p) => p.id === id);
		} catch {
			// It went elsewhere; what is shown stays until the user goes on.
		}
	}

	/** Fetches the pictures of a message that lie elsewhere, and shows them. */
	async showPictures(id: string) {
		const turn = this.#turn;
		this.fetching.add(id);
		try {
			const view = await call("message_pictures", { id, marks: search.marks });
			if (turn === this.#turn) this.views.set(id, view);
		} catch (thrown) {
			if (turn === this.#turn && !this.views.has(id)) this.errors.set(id, asError(thrown));
		}
		if (turn !== this.#turn) return;
		this.fetching.delete(id);
		this.pictured.add(id);
	}

	private forget() {
		this.#came.clear();
		this.open.clear();
		this.views.clear();
		this.errors.clear();
		this.coming.clear();
		this.fetching.clear();
		this.pictured.clear();
		[this.parts, this.conversation, this.error, this.slow, this.#chosen] = [[], "0", null, false, null];
	}

	close() {
		this.#turn++;
		this.id = null;
		this.forget();
	}

	progress(message: string, here: number, size: number) {
		if (this.shown(message).length) this.coming.set(message, { here, size });
	}

	/** Where a message is shown whole. */
	private shown(message: string): MessageView[] {
		return [...this.views.values()].filter((v) => v.message === message);
	}

	/** True while something of the message is still on the server only. */
	private lacking(view: MessageView) {
		return !view.body || view.body.attachments.some((a) => !a.here);
	}

	arrived(message: string) {
		if (!this.id) return;
		const shown = this.shown(message);
		if (!shown.length) this.#came.add(message);
		for (const view of shown.filter((v) => this.lacking(v))) {
			this.errors.delete(view.id);
			this.coming.delete(message);
			void this.read(view.id);
		}
	}

	failed(message: string, error: ErrorView) {
		for (const view of this.shown(message)) if (!view.body) this.errors.set(view.id, error);
	}

	/** Keeps a message on this device whatever the account's choice says, or no longer. */
	async keepHere(id: string, wanted: boolean): Promise<void> {
		const view = this.views.get(id);
		if (view) this.views.set(id, { ...view, kept: wanted });
		await call("keep_here", { ids: [id], wanted });
	}

	retry(id: string) {
		this.errors.delete(id);
		void this.read(id);
	}
}

export const reader = new Reader();
