import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { Event } from "./contract";
import type { Backend } from "./index";

/** The app's own window. */
export const tauri: Backend = {
	call: (name, params) => invoke("call", { name, params }),
	listen: (hear) => listen<Event>("malote", (e) => hear(e.payload)),
	openAttachment: async (message, part) => {
		await invoke("open_attachment", { message, part });
		return true;
	},
	onMailto: (hear) => void listen<string>("mailto", (e) => hear(e.payload)),
	openLink: (url) => invoke("open_link", { url }),
};
