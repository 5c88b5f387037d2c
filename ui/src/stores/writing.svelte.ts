// How the user writes: choices of this device.
import { call } from "../backend";

/** Between 5 seconds and a minute a message can be taken back. */
export const UNDO_CHOICES = [5, 10, 20, 30, 60];

export interface Template {
	name: string;
	html: string;
}

class Writing {
	/** So many seconds a message waits in the outbox, to be taken back. */
	undo = $state(10);
	#asked: string | null = null;
	#signatures = $state.raw<Record<string, string>>({});

	/** Reads the choices for these addresses, where they are other ones than before. */
	async read(addresses: string[]) {
		const asked = addresses.join(" ");
		if (asked === this.#asked) return;
		this.#asked = asked;
		const chosen = Number(await call("setting", { key: "writing.undo" }));
		if (UNDO_CHOICES.includes(chosen)) this.undo = chosen;
		const keys = addresses.map((a) => a.toLowerCase());
		const texts = await Promise.all(keys.map((a) => call("setting", { key: `signature.${a}` })));
		this.#signatures = Object.fromEntries(keys.map((a, n) => [a, texts[n] ?? ""]));
	}

	chooseUndo(seconds: number) {
		this.undo = seconds;
		void call("setting_put", { key: "writing.undo", value: String(seconds) });
	}

	/** Texts to begin with, by name. */
	templates = $state.raw<Template[]>([]);

	async readTemplates() {
		try {
			this.templates = JSON.parse((await call("setting", { key: "writing.templates" })) || "[]");
		} catch {
			this.templates = [];
		}
	}

	/** Keeps a text under a name, in the place of what had it before; an empty one is forgotten. */
	async keepTemplate(name: string, html: string) {
		const others = this.templates.filter((t) => t.name !== name);
		const all = html ? [...others, { name, html }] : others;
		this.templates = all.sort((a, b) => a.name.localeCompare(b.name));
		await call("setting_put", { key: "writing.templates", value: JSON.stringify(this.templates) });
	}

	/** What stands under what is written from an address; empty = nothing. */
	signature(address: string): string {
		return this.#signatures[address.toLowerCase()] ?? "";
	}

	/** Signs with this from now on. */
	async choose(address: string, text: string) {
		const key = address.toLowerCase();
		this.#signatures = { ...this.#signatures, [key]: text };
		await call("setting_put", { key: `signature.${key}`, value: text });
	}
}

export const writing = new Writing();
