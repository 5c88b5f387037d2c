// Files that came with a message.
import { type Attachment, call, openAttachment, type SourceView } from "../backend";
import { i18n } from "../i18n/index.svelte";
import { attempt } from "./attempt";
import { toasts } from "./toasts.svelte";

export const isCalendar = (file: Attachment) =>
	["text/calendar", "application/ics"].includes(file.media_type) || file.name.toLowerCase().endsWith(".ics");

/** A picture as it can be shown small; empty where it is none. */
export async function picture(message: string, file: Attachment): Promise<string> {
	const seen = await call("attachment_show", { message, part: file.part });
	return seen.kind === "picture" ? seen.data : "";
}

/** Saves a file among the downloads and says where. */
export async function save(message: string, file: Attachment) {
	await attempt(async () => {
		const saved = await call("attachment_save", { message, part: file.part });
		toasts.show(i18n.t.savedTo(saved.path));
	});
}

/** Opens a file with the user's program for it; where that cannot be, saves it. */
export async function open(message: string, file: Attachment) {
	await attempt(async () => {
		if (!(await openAttachment(message, file.part))) await save(message, file);
	});
}

/** Saves all files of a message, and says where the last one is. */
export async function saveAll(message: string, files: Attachment[]) {
	await attempt(async () => {
		let path = "";
		for (const file of files) path = (await call("attachment_save", { message, part: file.part })).path;
		if (path) toasts.show(i18n.t.savedTo(path));
	});
}

/** A message as it is written; what went wrong is said. */
export async function source(id: string): Promise<SourceView | null> {
	let found: SourceView | null = null;
	await attempt(async () => {
		found = await call("message_source", { id });
	});
	return found;
}

/** Saves a whole message among the downloads and says where. */
export async function saveWhole(id: string) {
	await attempt(async () => {
		toasts.show(i18n.t.savedTo((await call("message_save", { id })).path));
	});
}

/** Puts a text into the clipboard, and says so. */
export async function copy(text: string, said = i18n.t.source.copied) {
	await navigator.clipboard.writeText(text);
	toasts.show(said);
}
