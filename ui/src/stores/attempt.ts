import { asError } from "../backend";
import { session } from "./session.svelte";
import { toasts } from "./toasts.svelte";

/** Does something for the user; what went wrong is said. */
export async function attempt(what: () => Promise<unknown>): Promise<void> {
	try {
		await what();
	} catch (thrown) {
		toasts.show(session.words(asError(thrown)), { bad: true });
	}
}
