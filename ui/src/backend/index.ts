// The one door to the core. Everything above it speaks `Calls` and `Event`; what carries them, the app's window or a test's
// browser, is decided here and nowhere else.
import type { Calls, DraftFile, ErrorView, Event } from "./contract";
import { tauri } from "./tauri";
import { web } from "./web";

export type * from "./contract";

export interface Backend {
	call<K extends keyof Calls>(name: K, params: Calls[K]["params"]): Promise<Calls[K]["result"]>;
	listen(hear: (event: Event) => void): Promise<() => void>;
	/** Opens a file of a message with the user's program for it; false where this place cannot. */
	openAttachment(message: string, part: string): Promise<boolean>;
	/** Opens a page in the user's browser. */
	openLink(url: string): Promise<void>;
	/** Hears of a link in a message that wants to be opened. */
	onLink(hear: (url: string) => void): void;
	/** What other programs, and links, want written; each is told once. */
	wanted(): Promise<Wanted[]>;
	/** Hears that something is wanted. */
	onWanted(hear: () => void): void;
	/** True where a draft can have a window of its own. */
	severalWindows(): Promise<boolean>;
	/** Opens a draft in a window of its own. */
	popOut(draft: string, id: string): Promise<void>;
	/** Brings the window in which a draft is written to the front; false where there is none. */
	raise(draft: string): Promise<boolean>;
	/** This window is done: it closes, and the one that shows the mail hears `note`. */
	leave(note: unknown): Promise<void>;
	/** Hears what windows say that are done. */
	onNote(hear: (note: unknown) => void): void;
	/** Hears that this window is to close; false keeps it. */
	onClosing(put: () => Promise<boolean>): void;
}

/** A `mailto:` or `mid:` link, or files to be sent. */
export interface Wanted {
	link: string;
	files: DraftFile[];
	failed: ErrorView | null;
}

const backend: Backend = "__TAURI_INTERNALS__" in window ? tauri : web;

/** Makes a call. A failure is thrown as an `ErrorView`. */
export function call<K extends keyof Calls>(
	name: K,
	params: Calls[K]["params"],
): Promise<Calls[K]["result"]> {
	return backend.call(name, params);
}

export const listen: Backend["listen"] = (hear) => backend.listen(hear);
export const openAttachment: Backend["openAttachment"] = (message, part) =>
	backend.openAttachment(message, part);

export const wanted: Backend["wanted"] = () => backend.wanted();
export const onWanted: Backend["onWanted"] = (hear) => backend.onWanted(hear);
export const severalWindows: Backend["severalWindows"] = () => backend.severalWindows();
export const popOut: Backend["popOut"] = (draft, id) => backend.popOut(draft, id);
export const raise: Backend["raise"] = (draft) => backend.raise(draft);
export const leave: Backend["leave"] = (note) => backend.leave(note);
export const onNote: Backend["onNote"] = (hear) => backend.onNote(hear);
export const onClosing: Backend["onClosing"] = (put) => backend.onClosing(put);
export const onLink: Backend["onLink"] = (hear) => backend.onLink(hear);
export const openLink: Backend["openLink"] = (url) => backend.openLink(url);

/** What was thrown, as an error that screens have words for. */
export function asError(thrown: unknown): ErrorView {
	if (thrown && typeof thrown === "object" && "code" in thrown) return thrown as ErrorView;
	return { code: "storage", subject: "", passing: false, certificate: null };
}
