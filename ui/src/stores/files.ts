// Files that came with a message.
import { type Attachment, call, openAttachment } from "../backend";
import { i18n } from "../i18n/index.svelte";
import { attempt } from "./attempt";
import { toasts } from "./toasts.svelte";

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
