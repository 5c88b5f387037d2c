import type { Event } from "./contract";
import type { Backend } from "./index";

/** Between the windows of one browser. */
const notes = new BroadcastChannel("malote");

/** A plain browser over the test bridge (tests/bridge): the same contract over loopback HTTP. */
export const web: Backend = {
	async call(name, params) {
		const answer = await fetch(`/api/call/${name}`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify(params),
		});
		const value = await answer.json();
		if (!answer.ok) throw value;
		return value;
	},
	async listen(hear) {
		const source = new EventSource("/api/events");
		source.onmessage = (message) => hear(JSON.parse(message.data) as Event);
		await new Promise<void>((ready) => {
			source.onopen = () => ready();
		});
		return () => source.close();
	},
	openAttachment: async () => false,
	wanted: async () => [],
	onWanted: () => {},
	severalWindows: async () => true,
	popOut: async (draft, id) => {
		window.open(`?draft=${id}`, `compose-${draft}`, "popup,width=720,height=680");
	},
	raise: async () => false,
	leave: async (note) => {
		if (note) notes.postMessage(note);
		window.close();
	},
	onLink: () => {},
	onNote: (hear) => {
		notes.onmessage = (message) => hear(message.data);
	},
	onClosing: () => {},
	openLink: async (url) => {
		window.open(url, "_blank", "noreferrer");
	},
};
