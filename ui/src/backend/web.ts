import type { Event } from "./contract";
import type { Backend } from "./index";

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
	onMailto: () => {},
	openLink: async (url) => {
		window.open(url, "_blank", "noreferrer");
	},
};
