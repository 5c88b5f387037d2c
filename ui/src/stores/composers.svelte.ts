// All that is being written: any number of drafts at once, docked here or each in a window of its own.
import {
	call,
	type DraftView,
	leave,
	onClosing,
	onNote,
	onWanted,
	popOut,
	raise,
	severalWindows,
	type Wanted,
	wanted,
} from "../backend";
import { i18n } from "../i18n/index.svelte";
import { attempt } from "./attempt";
import { Composer, type Kind, type Note } from "./composer.svelte";
import { links, namesMessage } from "./links.svelte";
import { look } from "./look.svelte";
import { parseMailto } from "./people";
import { escaped } from "./quote";
import { session } from "./session.svelte";
import { toasts } from "./toasts.svelte";

class Composers {
	all = $state.raw<Composer[]>([]);
	/** This window is for one draft. */
	alone = $state(false);
	/** A draft can have a window of its own. */
	canPopOut = $state(false);
	#next = 1;
	#stayed = false;
	#hears = false;

	private open(view: DraftView, kind: Kind = "new") {
		const composer = new Composer(this.#next++, view, kind, (c, note) => this.closed(c, note));
		// Where there is room for one, the others lie under it.
		if (look.columns > 1) for (const other of this.all) other.minimised = true;
		this.all = [...this.all, composer];
		return composer;
	}

	/** Begins to write: something new, or about a message. */
	begin(kind: Kind = "new", about: string | null = null) {
		return attempt(async () => {
			const view = await call("draft_begin", { kind, about });
			// A new one is written from the account that is being looked at.
			const account = session.accounts.find((a) => a.id === session.current?.account);
			if (kind === "new" && account && account.id !== view.content.account) {
				const from = { name: account.name, address: account.address };
				view.content = { ...view.content, account: account.id, from };
			}
			this.open(view, kind);
		});
	}

	/** Hears what other programs, links and other windows want. For the window that shows the mail. */
	async hear() {
		const take = (w: Wanted) => (namesMessage(w.link) ? links.named(w.link) : void this.begun(w));
		const ask = () => attempt(async () => (await wanted()).forEach(take));
		if (!this.#hears) {
			this.#hears = true;
			this.canPopOut = await severalWindows();
			onNote((note) => this.tell(note as Note));
			onWanted(() => void ask());
		}
		void ask();
	}

	/** Before a window closes, what is written in it is put down. One that cannot be is shown, and gone the next time. */
	hearClosing() {
		onClosing(async () => {
			await Promise.all(this.all.map((c) => c.save()));
			const left = this.all.find((c) => c.state === "dirty");
			if (left) left.minimised = false;
			this.#stayed = !!left && !this.#stayed;
			return !this.#stayed;
		});
	}

	/** Begins what somebody wants written: whom a link names (RFC 6068), what about, what it says, and nothing else; or with files. */
	private begun({ link, files, failed }: Wanted) {
		return attempt(async () => {
			const { to, cc, bcc, subject, text } = parseMailto(link);
			const view = await call("draft_begin", { kind: "new", about: null });
			const lines = text.split("\n").map((line) => `<div>${escaped(line) || "<br>"}</div>`);
			const html = text ? lines.join("") : "";
			view.content = { ...view.content, to, cc, bcc, subject, html, files };
			const composer = this.open(view, "new");
			composer.error = failed;
			if (files.length) composer.touch(); // what was handed over is kept
		});
	}

	/** Goes on writing a draft, where that is already being done. */
	draft(id: string) {
		const open = this.all.find((c) => c.is(id));
		if (open) {
			open.minimised = false;
			return Promise.resolve();
		}
		return attempt(async () => {
			const view = await call("draft_open", { id });
			const { draft, files } = view.content;
			if (!this.alone && draft && (await raise(draft))) {
				await call("files_drop", { ids: files.map((f) => f.id) });
				return;
			}
			this.open(view);
		});
	}

	/** Takes a message back from the outbox, to write on. */
	edit(id: string) {
		return attempt(async () => void this.open(await call("outbox_edit", { id })));
	}

	/** Goes on writing in a window of its own. */
	popOut(composer: Composer) {
		return attempt(async () => {
			const at = await composer.handOver();
			if (!at) return;
			this.closed(composer, null);
			await popOut(at.draft, at.id);
		});
	}

	/** It is closed: its files go, and a window that was for it alone. */
	private closed(composer: Composer, note: Note | null) {
		this.all = this.all.filter((c) => c !== composer);
		void call("files_drop", { ids: composer.files.map((f) => f.id) });
		if (this.alone) void leave(note);
		else if (note) this.tell(note);
	}

	private tell(note: Note) {
		const t = i18n.t.compose;
		if (note.kind === "sent") {
			const text = note.at ? t.willSend(i18n.dayAndTime(note.at)) : t.sending(note.hold);
			toasts.show(text, { undo: () => void this.edit(note.id), seconds: note.hold });
		} else {
			const undo = () => void call("undo", { actions: note.actions });
			toasts.show(t.discarded, { undo, seconds: note.hold });
		}
	}

	/** On a phone one is on screen at a time, and covers everything. */
	covers = $derived(look.columns === 1 && this.all.length > 0);
}

export const composers = new Composers();
