import { call, type OutgoingView } from "../backend";
import { i18n } from "../i18n/index.svelte";
import { attempt } from "./attempt";
import { session } from "./session.svelte";

/** Mail on its way out. */
class Outbox {
	all = $state.raw<OutgoingView[]>([]);

	/** Those that need the user: refused, or nobody knows. */
	stuck = $derived(this.all.filter((o) => o.state === "refused" || o.state === "unknown"));

	async read() {
		this.all = await call("outbox", {});
	}

	again = (id: string) => attempt(() => call("outbox_again", { id }));
	arrived = (id: string) => attempt(() => call("outbox_arrived", { id }));
	withdraw = (id: string) => attempt(() => call("outbox_withdraw", { id }));

	/** Where a message is, in words. */
	words(o: OutgoingView): string {
		const t = i18n.t.outbox;
		if (o.state === "claimed" || o.state === "handed") return t.underWay;
		if (o.state === "unknown") return t.unknown;
		const why = o.error
			? session.words({ code: o.error, subject: o.about, passing: true, certificate: null })
			: "";
		if (o.state === "refused") return `${t.refused} ${why}`;
		if (o.not_before * 1000 > Date.now() + 60_000)
			return `${t.waitsUntil(i18n.dayAndTime(o.not_before))} ${why}`;
		return `${t.waits} ${why}`;
	}
}

export const outbox = new Outbox();
