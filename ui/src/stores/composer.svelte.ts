// One message that is being written, put down by itself two quiet seconds after the last change.
import {
	type Address,
	asError,
	call,
	type DraftContent,
	type DraftFile,
	type DraftView,
	type ErrorView,
	type Wishes,
} from "../backend";
import { i18n } from "../i18n/index.svelte";
import { attempt } from "./attempt";
import { base64 } from "./bytes";
import { type Doubt, doubtAbout } from "./doubt";
import { isAddress } from "./people";
import { canShrink, canStandInText, smaller } from "./pictures";
import { quoted, signed, withFiles, withPictures } from "./quote";
import { toasts } from "./toasts.svelte";
import { writing } from "./writing.svelte";

/** Quiet for so long, and the draft is put down. Milliseconds. */
const QUIET = 2000;
/** What is thrown away can be brought back for so many seconds. */
const UNDO = 10;
/** A file comes in pieces of so many bytes; divisible by three, so that base64 is whole. */
const PIECE = 3 * 256 * 1024;

export type Kind = "new" | "reply" | "reply_all" | "forward" | "attach";

/** What became of it: the window that shows the mail says so, with the way back. `at` = when it will be sent; 0 = now. */
export type Note =
	| { kind: "sent"; id: string; at: number; hold: number }
	| { kind: "discarded"; actions: string[]; hold: number };

/** A file on its way into a draft. */
interface Coming {
	name: string;
	size: number;
	here: number;
}

export class Composer {
	readonly key: number;
	account = $state("");
	from = $state<Address>({ name: "", address: "" });
	to = $state.raw<Address[]>([]);
	cc = $state.raw<Address[]>([]);
	bcc = $state.raw<Address[]>([]);
	subject = $state("");
	files = $state.raw<DraftFile[]>([]);
	coming = $state<Coming[]>([]);
	state = $state<"clean" | "dirty" | "saving" | "saved">("clean");
	error = $state<ErrorView | null>(null);
	/** Other versions of the same draft, written on other devices. */
	others = $state(0);
	/** What to think about before it is sent. */
	doubt = $state<Doubt>(null);
	minimised = $state(false);
	wide = $state(false);
	sending = $state(false);
	showCc = $state(false);
	showBcc = $state(false);
	wishes = $state.raw<Wishes>({
		importance: 0,
		receipt: false,
		report: false,
		only_tls: false,
		plain: false,
	});
	/** What is quoted is out of sight, and goes along. */
	folded = $state(false);
	/** What the pictures that came from here weigh, where they could weigh less; 0 = nothing to gain. */
	heavy = $state(0);

	/** What the text is, as the editor shows it: with pictures as data. */
	readonly html: string;
	/** Given by the editor: what it shows now. */
	read: () => string = () => this.html;
	/** Given by the editor: another signature in the place of this one, where it stands as it was. */
	sign: (before: string, after: string) => void = () => {};
	/** Given by the editor: shows a picture where the cursor is. */
	show: (url: string) => void = () => {};
	/** Given by the editor: puts a text where the cursor is. */
	put: (html: string) => void = () => {};
	/** Given by the editor: takes out what is quoted. */
	dropQuote: () => void = () => {};

	#id: string | null;
	#draft: string;
	#about: Pick<DraftContent, "in_reply_to" | "references" | "forwards">;
	/** Which file a picture of the text is. */
	readonly #pictures = new Map<string, string>();
	/** Large pictures as they came, by file, to be made smaller. */
	readonly #large = new Map<string, File>();
	/** What was put down last, to leave alone what is the same. */
	#saved = "";
	#timer: ReturnType<typeof setTimeout> | undefined;
	#turn: Promise<void> = Promise.resolve();

	/** It is closed: told once, with what became of it. */
	readonly #closed: (composer: Composer, note: Note | null) => void;

	constructor(
		key: number,
		view: DraftView,
		kind: Kind,
		closed: (composer: Composer, note: Note | null) => void,
	) {
		const content = view.content;
		this.#closed = closed;
		this.key = key;
		this.account = content.account;
		this.from = content.from;
		[this.to, this.cc, this.bcc] = [content.to, content.cc, content.bcc];
		[this.showCc, this.showBcc] = [content.cc.length > 0, content.bcc.length > 0];
		this.subject = content.subject;
		this.files = content.files;
		this.others = view.others;
		this.#id = view.id;
		this.#draft = content.draft;
		this.#about = content;
		this.wishes = content.wishes;
		for (const [id, url] of Object.entries(view.pictures)) if (url) this.#pictures.set(url, id);
		this.folded = !!view.quote && kind !== "forward";
		const said = view.quote ? quoted(view.quote, kind === "forward") : content.html;
		// What is begun is signed; what goes on has its signature, or none by choice.
		const begun = !view.id && !content.draft;
		const html = begun ? signed(said, writing.signature(content.from.address), !!view.quote) : said;
		this.html = withPictures(html, view.pictures);
		if (view.id) this.state = "saved";
	}

	/** Files that are listed: those that the text does not show. */
	attached = $derived(this.files.filter((f) => !f.content_id));
	size = $derived(this.files.reduce((sum, f) => sum + f.size, 0));

	/** Somebody else writes it, with their signature. */
	writeAs(account: string, from: Address) {
		const before = writing.signature(this.from.address);
		[this.account, this.from] = [account, from];
		const after = writing.signature(from.address);
		if (before !== after) this.sign(before, after);
		this.touch();
	}

	/** To these as well. */
	writeTo(more: Address[]) {
		const known = new Set([...this.to, ...this.cc, ...this.bcc].map((a) => a.address.toLowerCase()));
		this.to = [...this.to, ...more.filter((a) => !known.has(a.address.toLowerCase()))];
		this.touch();
	}

	wish(more: Partial<Wishes>) {
		this.wishes = { ...this.wishes, ...more };
		this.touch();
	}

	/** Something changed. */
	touch() {
		this.state = "dirty";
		this.doubt = null;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.save(), QUIET);
	}

	private content(): DraftContent {
		const html = withFiles(this.read(), this.#pictures);
		return {
			draft: this.#draft,
			account: this.account,
			from: $state.snapshot(this.from),
			to: this.to,
			cc: this.cc,
			bcc: this.bcc,
			subject: this.subject,
			html,
			// A picture that was taken out of the text goes.
			files: this.files.filter((f) => !f.content_id || html.includes(`cid:${f.content_id}`)),
			in_reply_to: this.#about.in_reply_to,
			references: this.#about.references,
			forwards: this.#about.forwards,
			wishes: this.wishes,
		};
	}

	/** One after the other: a version takes the place of the one before. */
	private inTurn(what: () => Promise<void>): Promise<void> {
		this.#turn = this.#turn.then(what, what);
		return this.#turn;
	}

	/** Puts the draft down, if anything changed since. */
	save(): Promise<void> {
		clearTimeout(this.#timer);
		return this.inTurn(async () => {
			if (this.state !== "dirty") return;
			this.state = "saving";
			try {
				// Half-typed recipients are no reason not to keep the text.
				const content = this.content();
				for (const list of ["to", "cc", "bcc"] as const) {
					content[list] = content[list].filter((a) => isAddress(a.address));
				}
				const now = JSON.stringify({ ...content, draft: "" });
				if (now === this.#saved) {
					this.state = "saved";
					return;
				}
				const saved = await call("draft_save", { content, replaces: this.#id });
				[this.#id, this.#draft, this.others] = [saved.id, saved.draft, saved.others];
				this.#saved = now;
				this.error = null;
				if ((this.state as string) === "saving") this.state = "saved";
			} catch (thrown) {
				this.error = asError(thrown);
				this.state = "dirty";
			}
		});
	}

	/** Sends it, not before `at` (seconds since 1970); `sure` = whatever there is to think about. */
	async send(at = 0, sure = false) {
		if (this.sending || this.coming.length) return;
		const people = [...this.to, ...this.cc, ...this.bcc];
		this.doubt = doubtAbout(people, this.subject, this.read(), this.attached.length);
		if (this.doubt && !(sure && (this.doubt === "attachment" || this.doubt === "subject"))) return;
		this.doubt = null;
		this.sending = true;
		clearTimeout(this.#timer);
		await this.inTurn(async () => {
			try {
				const hold = writing.undo;
				const sent = await call("draft_send", {
					content: this.content(),
					replaces: this.#id,
					at,
					hold,
					zone: -new Date(at ? at * 1000 : Date.now()).getTimezoneOffset(),
				});
				this.#closed(this, { kind: "sent", id: sent.id, at: at ? sent.at : 0, hold });
			} catch (thrown) {
				this.error = asError(thrown);
				this.state = "dirty";
			}
		});
		this.sending = false;
	}

	/** Puts it down and away. */
	async close() {
		if (this.state === "dirty" || this.state === "saving") await this.save();
		if (!this.error) this.#closed(this, null);
	}

	/** Puts it down, so that it can be opened elsewhere: its key and its version; `null` where that failed. */
	async handOver() {
		if (!this.#id || !this.#draft) this.state = "dirty";
		await this.save();
		return this.state === "dirty" || !this.#id ? null : { draft: this.#draft, id: this.#id };
	}

	/** Throws it away: what was put down goes into the trash, and can be brought back. */
	async discard() {
		clearTimeout(this.#timer);
		await this.#turn;
		if (!this.#id) return this.#closed(this, null);
		const ids = [this.#id];
		await attempt(async () => {
			const done = await call("trash", { ids });
			this.#closed(this, { kind: "discarded", actions: done.actions, hold: UNDO });
		});
	}

	/** Takes files in; pictures go where the cursor is if `inline`, the rest is attached. Nothing smaller is offered `asTheyAre`. */
	async add(files: Iterable<File>, inline = false, asTheyAre = false) {
		for (const file of files) {
			const shown = inline && canStandInText(file);
			const content_id = shown
				? `${crypto.randomUUID()}@${this.from.address.split("@")[1] ?? "invalid"}`
				: "";
			const coming = $state<Coming>({ name: file.name, size: file.size, here: 0 });
			this.coming.push(coming);
			try {
				let taken: DraftFile = { id: "", name: file.name, media_type: file.type, size: 0, content_id };
				do {
					const data = await base64(file.slice(coming.here, coming.here + PIECE));
					taken = await call("file_take", { file: taken, data });
					coming.here += PIECE;
				} while (coming.here < file.size);
				if (shown) {
					const url = `data:${file.type};base64,${await base64(file)}`;
					this.#pictures.set(url, content_id);
					this.files = [...this.files, taken];
					this.show(url);
				} else {
					this.files = [...this.files, taken];
					if (!asTheyAre && canShrink(file)) this.#large.set(taken.id, file);
				}
				this.weigh();
				this.touch();
			} catch (thrown) {
				this.error = asError(thrown);
			}
			this.coming = this.coming.filter((c) => c.name !== file.name);
		}
	}

	private weigh() {
		this.heavy = this.files.reduce((sum, f) => sum + (this.#large.has(f.id) ? f.size : 0), 0);
	}

	/** The large pictures in the size of a screen, without what they say of where they were taken. */
	async shrink() {
		const small: File[] = [];
		for (const file of this.files) {
			const large = this.#large.get(file.id);
			const less = large && (await smaller(large));
			this.#large.delete(file.id);
			if (!less) continue;
			this.drop(file);
			small.push(less);
		}
		this.weigh();
		await this.add(small, false, true);
		if (small.length)
			toasts.show(i18n.t.compose.smallerDone(i18n.size(small.reduce((sum, f) => sum + f.size, 0))));
	}

	drop(file: DraftFile) {
		this.files = this.files.filter((f) => f.id !== file.id);
		this.#large.delete(file.id);
		this.weigh();
		this.touch();
	}

	/** Whether it is this draft. */
	is(id: string) {
		return this.#id === id;
	}
}
