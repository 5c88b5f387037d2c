// The one door to the core. Everything above it speaks `Calls` and `Event`; what carries them, the app's window or a test's
// browser, is decided here and nowhere else.
import type { Calls, ErrorView, Event } from "./contract";
import { tauri } from "./tauri";
import { web } from "./web";

export type * from "./contract";

export interface Backend {
	call<K extends keyof Calls>(name: K, params: Calls[K]["params"]): Promise<Calls[K]["result"]>;
	listen(hear: (event: Event) => void): Promise<() => void>;
	/** Opens a file of a message with the user's program for it; false where this place cannot. */
	openAttachment(message: string, part: number): Promise<boolean>;
	/** Opens a page in the user's browser. */
	openLink(url: string): Promise<void>;
	/** Hears of `mailto:` links that were followed. */
	onMailto(hear: (url: string) => void): void;
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

export const onMailto: Backend["onMailto"] = (hear) => backend.onMailto(hear);
export const openLink: Backend["openLink"] = (url) => backend.openLink(url);

/** What was thrown, as an error that screens have words for. */
export function asError(thrown: unknown): ErrorView {
	if (thrown && typeof thrown === "object" && "code" in thrown) return thrown as ErrorView;
	return { code: "storage", subject: "", passing: false, certificate: null };
}
