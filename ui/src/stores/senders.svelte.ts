import { call, type SenderView } from "../backend";
import { attempt } from "./attempt";

/** Whose mail always goes to the junk, and whose never stays there. */
class Senders {
	all = $state.raw<SenderView[]>([]);

	read() {
		return attempt(async () => {
			this.all = await call("senders", {});
		});
	}

	/** Blocks an address, or everybody of a `@domain`. */
	block(address: string) {
		return attempt(async () => {
			await call("sender_judge", { address, blocked: true });
			await this.read();
		});
	}

	forget(address: string) {
		return attempt(async () => {
			await call("sender_forget", { address });
			await this.read();
		});
	}
}

export const senders = new Senders();

/** What can be blocked: an address, or a domain behind its sign. */
export function isSender(text: string): boolean {
	return /^[^\s@<>,;"]*@[^\s@<>,;"]+\.[^\s@<>,;"]+$/.test(text.trim());
}
