import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { getCurrentWebviewWindow } from "@tauri-apps/api/webviewWindow";
import type { Event } from "./contract";
import type { Backend, Wanted } from "./index";

/** Hears what is said to this window, and to no other. */
const hear = <T>(event: string, what: (payload: T) => void) =>
	void getCurrentWebviewWindow().listen<T>(event, (e) => what(e.payload));

/** The app's own windows. */
export const tauri: Backend = {
	call: (name, params) => invoke("call", { name, params }),
	listen: (hear) => listen<Event>("malote", (e) => hear(e.payload)),
	openAttachment: async (message, part) => {
		await invoke("open_attachment", { message, part });
		return true;
	},
	openLink: (url) => invoke("open_link", { url }),
	wanted: () => invoke<Wanted[]>("wanted"),
	onWanted: (what) => hear("wanted", what),
	severalWindows: () => invoke<boolean>("several_windows"),
	popOut: (draft, id) => invoke("pop_out", { draft, id }),
	raise: (draft) => invoke<boolean>("raise", { draft }),
	leave: (note) => invoke("leave", { note }),
	onLink: (what) => hear("link", what),
	onNote: (what) => hear("note", what),
	onClosing: (put) => hear("closing", async () => invoke((await put()) ? "leave" : "stay", { note: null })),
};
