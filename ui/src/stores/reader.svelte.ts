import { asError, call, type ErrorView, type MessageView } from "../backend";
import { search } from "./search.svelte";

/** The message being read. */
class Reader {
	id = $state<string | null>(null);
	view = $state.raw<MessageView | null>(null);
	error = $state<ErrorView | null>(null);
	/** How much of a large message is here, while it comes. */
	coming = $state.raw<{ here: number; size: number } | null>(null);
	/** True once fetching takes long enough to say so. */
	slow = $state(false);

	/** What came while the answer about the message was on its way: that one does not have it yet. */
	#came = new Set<string>();

	async open(id: string) {
		this.#came.clear();
		this.id = id;
		this.error = null;
		this.slow = false;
		this.coming = null;
		setTimeout(() => {
			if (this.id === id && !this.view?.body) this.slow = true;
		}, 150);
		await this.read(id);
	}

	private async read(id: string) {
		try {
			const view = await call("message_found", { id, marks: search.marks });
			if (this.id !== id) return;
			this.view = view;
			if (this.lacking && this.#came.delete(view.message)) await this.read(id);
		} catch (thrown) {
			if (this.id === id) this.error = asError(thrown);
		}
	}

	close() {
		this.id = null;
		this.view = null;
		this.error = null;
	}

	progress(message: string, here: number, size: number) {
		if (this.view?.message === message) this.coming = { here, size };
	}

	/** True while something of the message is still on the server only. */
	private get lacking() {
		return !this.view?.body || this.view.body.attachments.some((a) => !a.here);
	}

	arrived(message: string) {
		if (!this.id) return;
		if (this.view?.id !== this.id) this.#came.add(message);
		else if (this.view?.message === message && this.lacking) {
			this.error = null;
			this.coming = null;
			void this.read(this.id);
		}
	}

	failed(message: string, error: ErrorView) {
		if (this.view?.message === message && !this.view.body) this.error = error;
	}

	/** Keeps the message on this device whatever the account's choice says, or no longer. */
	async pin(wanted: boolean): Promise<void> {
		if (!this.id || !this.view) return;
		this.view = { ...this.view, pinned: wanted };
		await call("pin", { ids: [this.id], wanted });
	}

	retry() {
		if (this.id) void this.open(this.id);
	}
}

export const reader = new Reader();
