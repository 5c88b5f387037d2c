import { call } from "../backend";

/** Whose pictures are fetched without asking: those of everybody, or of some senders. */
class Remote {
	always = $state(false);
	senders = $state.raw<string[]>([]);

	async read() {
		this.always = (await call("setting", { key: "pictures.always" })) === "yes";
		try {
			this.senders = JSON.parse((await call("setting", { key: "pictures.senders" })) || "[]");
		} catch {
			this.senders = [];
		}
	}

	allows(address: string): boolean {
		return this.always || this.senders.includes(address.toLowerCase());
	}

	/** From now on, whatever this sender sends is shown with its pictures, or no longer. */
	allow(address: string, wanted: boolean) {
		const one = address.toLowerCase();
		const others = this.senders.filter((s) => s !== one);
		this.senders = wanted && one ? [...others, one] : others;
		void call("setting_put", { key: "pictures.senders", value: JSON.stringify(this.senders) });
	}

	chooseAlways(always: boolean) {
		this.always = always;
		void call("setting_put", { key: "pictures.always", value: always ? "yes" : "no" });
	}
}

export const remote = new Remote();
