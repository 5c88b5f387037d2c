import { asError, call, type ErrorView, type MessageView } from "../backend";

/** The message being read. */
class Reader {
	id = $state<string | null>(null);
	view = $state.raw<MessageView | null>(null);
	error = $state<ErrorView | null>(null);
	/** True once fetching takes long enough to say so. */
	slow = $state(false);

	async open(id: string) {
		this.id = id;
		this.error = null;
		this.slow = false;
		setTimeout(() => {
			if (this.id === id && !this.view?.body) this.slow = true;
		}, 150);
		await this.read(id);
	}

	private async read(id: string) {
		try {
			const view = await call("message", { id });
			if (this.id === id) this.view = view;
		} catch (thrown) {
			if (this.id === id) this.error = asError(thrown);
		}
	}

	close() {
		this.id = null;
		this.view = null;
		this.error = null;
	}

	arrived(message: string) {
		if (this.id && this.view?.message === message && !this.view.body) {
			this.error = null;
			void this.read(this.id);
		}
	}

	failed(message: string, error: ErrorView) {
		if (this.view?.message === message && !this.view.body) this.error = error;
	}

	retry() {
		if (this.id) void this.open(this.id);
	}
}

export const reader = new Reader();
