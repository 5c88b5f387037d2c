// What the user can do to messages, from wherever: keys, buttons, swipes. Each shows what it did, and the way back.
import {
	type Address,
	type Appointment,
	type ConversationPart,
	call,
	type Done,
	type InvitationAnswer,
	type InvitationView,
	type ListView,
	type Mark,
	openLink,
	type Role,
} from "../backend";
import { i18n } from "../i18n/index.svelte";
import { attempt } from "./attempt";
import type { Kind } from "./composer.svelte";
import { composers } from "./composers.svelte";
import { list } from "./list.svelte";
import { look } from "./look.svelte";
import { reader } from "./reader.svelte";
import { search } from "./search.svelte";
import { selection } from "./selection.svelte";
import { session } from "./session.svelte";
import { toasts } from "./toasts.svelte";
import { writing } from "./writing.svelte";

/** The rows a command is about: those selected, else the one being read, else the one the keyboard is on. */
export function targets(): string[] {
	if (selection.ids.size) return [...selection.ids];
	const one = reader.id ? (reader.row?.id ?? reader.id) : list.cursor;
	return one ? [one] : [];
}

/** What rows stand for: of a list by conversations all that lies in the same folder, or what lies `everywhere`. */
async function spread(ids: string[], everywhere = false): Promise<string[]> {
	return list.grouped ? await call("spread", { ids, everywhere }) : ids;
}

function words(done: Done): string {
	const target = session.label(session.mailboxes.find((m) => m.id === done.target));
	const texts: Record<string, (count: number, target: string) => string> = i18n.t.done;
	return texts[done.label]?.(done.count, target) ?? done.label;
}

/** What the user did last, for the key that takes it back. */
let last: string[] = [];

async function run(command: () => Promise<Done>, quiet = false) {
	await attempt(async () => {
		const done = await command();
		if (done.actions.length) last = done.actions;
		// A folder that was just made has a name only once the tree was read again.
		if (done.target && !session.mailboxes.some((m) => m.id === done.target)) await session.readAll();
		const back = done.actions.length ? { undo: () => void undo(done.actions) } : {};
		// What only this device knows is said, however plain it is to see.
		if (done.label === "pin_here" || (!quiet && done.actions.length)) toasts.show(words(done), back);
	});
}

/** Shows a folder: whatever was selected, read or searched is left. */
export function openFolder(mailbox: string) {
	selection.clear();
	reader.close();
	search.leave();
	void list.open(mailbox);
}

/** Rows leave the list: what is read moves on to the next row, or back to the list on a phone. */
async function leave(ids: string[], command: () => Promise<Done>) {
	if (!ids.length) return;
	const reading = reader.id !== null && ids.includes(reader.row?.id ?? reader.id);
	const at = Math.max(...ids.map((id) => list.indexOf(id)));
	const next =
		list.row(at + 1) ?? list.row(Math.min(...ids.map((id) => list.indexOf(id)).filter((i) => i >= 0)) - 1);
	selection.clear();
	if (reading) {
		if (next && look.columns > 1) show(next.id);
		else reader.close();
	}
	if (list.cursor && ids.includes(list.cursor)) list.cursor = next?.id ?? null;
	await run(command);
}

export const archive = (rows = targets()) =>
	leave(rows, async () => call("archive", { ids: await spread(rows) }));
export const trash = (rows = targets()) =>
	leave(rows, async () => call("trash", { ids: await spread(rows) }));
/** To the junk; what lies there already is none, and goes to the inbox. */
export function junk(rows = targets()) {
	return leave(rows, async () => call(inJunk(rows) ? "not_junk" : "junk", { ids: await spread(rows) }));
}
/** Whether all of these rows lie in the junk, of whatever account. */
export function inJunk(rows = targets()): boolean {
	const boxes = new Set(session.mailboxes.filter((m) => m.role === "junk").map((m) => m.id));
	const shown = list.rows.filter((r) => rows.includes(r.id));
	return shown.length > 0 && shown.every((r) => boxes.has(r.mailbox));
}

/** What is deleted here is deleted for good. */
export const inTrash = () => session.current?.role === "trash";

/** Rows of the message that is read: they leave the list where a judgement about its author takes them away. */
const judge = (id: string, away: boolean, command: () => Promise<Done>) =>
	away ? leave([reader.row?.id ?? id], command) : run(command);
export const blockSender = (id: string) =>
	judge(id, roleOf(id) !== "junk", () => call("sender_block", { id }));
export const trustSender = (id: string) =>
	judge(id, roleOf(id) === "junk", () => call("sender_trust", { id }));
/** An address is one like all others again; `id` is shown anew. */
export const forgetSender = (address: string, id: string) =>
	attempt(async () => {
		await call("sender_forget", { address });
		await reader.reread(id);
		toasts.show(i18n.t.sender.forgotten(address));
	});
const roleOf = (id: string) => session.mailboxes.find((m) => m.id === reader.views.get(id)?.mailbox)?.role;

export const move = (mailbox: string, rows = targets()) =>
	leave(rows, async () => call("move_to", { ids: await spread(rows), mailbox }));

/** Deleting for good, and what belongs to it, is held back for so many seconds, so that undo can help. */
const HOLD = 10;

export const createFolder = (account: string, name: string) =>
	run(() => call("folder_create", { account, name }));
export const renameFolder = (mailbox: string, name: string) =>
	run(() => call("folder_rename", { mailbox, name }));
export const removeFolder = (mailbox: string) => run(() => call("folder_remove", { mailbox, hold: HOLD }));
export const emptyFolder = (mailbox: string) => run(() => call("folder_empty", { mailbox, hold: HOLD }));
export const useFolder = (mailbox: string, role: Role | null) =>
	run(() => call("folder_use", { mailbox, role }));
export const subscribeFolder = (mailbox: string, wanted: boolean) =>
	run(() => call("folder_subscribe", { mailbox, wanted }));
/** What was decided otherwise is asked for again. */
export const insist = (id: string) => run(() => call("decision_insist", { id }));

/** Changes flags: of these messages, or of the `whole` conversations of these rows. What is seen at once, one row or what is being read, is
 * marked without a word. */
export async function mark(mark: Mark, rows = targets(), whole = true) {
	if (!rows.length) return;
	// A star is for what was said last, and so are "not read yet" and the place at the top.
	const all = whole && mark !== "star" && mark !== "unread" && mark !== "pin";
	await run(
		async () => call("mark", { ids: all ? await spread(rows, true) : rows, mark }),
		!whole || rows.length === 1,
	);
	if (whole && rows.length > 1) selection.clear();
}

export function toggleStar(id: string) {
	const row = list.rows.find((r) => r.id === id);
	void mark(row?.starred ? "unstar" : "star", [id]);
}

/** To the top of the list, or back to where the rows stand by their order. */
export function togglePin(ids = targets()) {
	const rows = list.rows.filter((r) => ids.includes(r.id));
	void mark(rows.some((r) => r.pinned) ? "unpin" : "pin", ids);
}

export function toggleRead(ids = targets()) {
	const rows = list.rows.filter((r) => ids.includes(r.id));
	void mark(rows.some((r) => !r.read) ? "read" : "unread", ids);
}

/** A message that is read stays on this device, whatever the account's choice says, or no longer. */
export async function keepHere(id: string, wanted: boolean) {
	await attempt(async () => {
		await reader.keepHere(id, wanted);
		toasts.show(wanted ? i18n.t.keepMail.kept : i18n.t.keepMail.released);
	});
}

/** Begins an answer to the message that is read, or passes it on. */
export function answer(kind: Kind) {
	const about = reader.focus ?? list.cursor;
	if (about) void composers.begin(kind, about);
}

/** Writes a new message with the same words. */
export function editAsNew() {
	const about = reader.focus ?? list.cursor;
	if (about) void composers.draft(about);
}

/** Passes what is read on as it is. */
export const redirect = (to: Address[]) =>
	attempt(async () => {
		if (!reader.focus) return;
		const hold = writing.undo;
		const sent = await call("redirect", {
			id: reader.focus,
			to,
			hold,
			zone: -new Date().getTimezoneOffset(),
		});
		toasts.show(i18n.t.compose.redirected(hold), {
			undo: () => void call("outbox_withdraw", { id: sent.id }),
			seconds: hold,
		});
	});

/** Answers an invitation to who invites; it can be taken back for a while. */
export const answerInvitation = (id: string, view: InvitationView, answer: InvitationAnswer) =>
	attempt(async () => {
		if (answer !== "accepted" && answer !== "tentative" && answer !== "declined") return;
		const t = i18n.t.invite;
		const [hold, what] = [writing.undo, view.event.summary || t.nameless];
		const box = session.mailboxes.find((m) => m.id === reader.views.get(id)?.mailbox);
		const account = session.accounts.find((a) => a.id === box?.account);
		const who = account?.name || view.me || account?.address || "";
		const sent = await call("invitation_answer", {
			id,
			answer,
			subject: t.subject[answer](what),
			text: `${t.text[answer](who, what)}\n`,
			hold,
			zone: -new Date().getTimezoneOffset(),
		});
		await reader.reread(id);
		toasts.show(t.answered(hold), {
			undo: () => void call("outbox_withdraw", { id: sent.id }).then(() => reader.reread(id)),
			seconds: hold,
		});
	});

/** Opens the page that an appointment meets on, in the browser. */
export const join = (event: Appointment) => attempt(() => openLink(event.join));

/** Leaves the mailing list that a message came through. */
export const leaveList = (id: string, from: ListView) =>
	attempt(async () => {
		if (from.leave === "page") return void openLink(from.page);
		await call("list_leave", { id });
		toasts.show(i18n.t.list.left);
	});

/** What was opened is read. Nobody did that on purpose: it is not what is taken back next. */
async function seen(ids: string[]) {
	if (ids.length) await attempt(() => call("mark", { ids, mark: "read" }));
}

/** Opens a message and marks it as read; a draft is opened to go on writing. */
export function show(id: string) {
	list.cursor = id;
	if (session.current?.role === "drafts") return void composers.draft(id);
	void reader.show(id).then(seen);
}

/** Opens the message that a link names (RFC 2392), wherever it lies; where it is not here, the search tells what was looked through. */
export async function openNamed(link: string) {
	// A link has no blanks: what stands behind one is not asked for.
	await search.open(link.trim().split(/\s/u)[0] ?? "");
	const [one, other] = list.rows;
	if (one && !other) show(one.id);
}

/** Opens one message of what is read, or closes it; a draft is opened to go on writing. */
export function openPart(part: ConversationPart) {
	if (part.draft) return void composers.draft(part.id);
	if (reader.toggle(part.id)) void seen([part.id]);
}

/** The next or previous row: opened where a reader is beside the list, else only pointed at. */
export function step(by: 1 | -1) {
	const at = list.indexOf(list.cursor);
	const row = list.row(at < 0 ? list.top : at + by);
	if (!row) return;
	if (look.columns > 1 || reader.id) show(row.id);
	else list.cursor = row.id;
}

export async function undo(actions?: string[]) {
	// What offered to be undone has been, or is overtaken.
	toasts.clear();
	await attempt(async () => {
		const taken = actions ?? last;
		last = [];
		const undone = taken.length ? await call("undo", { actions: taken }) : await call("undo_last", {});
		const t = i18n.t;
		toasts.show(!undone.label ? t.nothingToUndo : undone.whole ? t.undone : t.undonePart);
	});
}
