import { call, openLink } from "../backend";
import { i18n } from "../i18n/index.svelte";

/** Opens the provider's page and waits until the user is back; what to hand over for it. */
export async function throughBrowser(
	issuer: string,
	address: string,
	proxy: string,
	begun: (id: string) => void,
): Promise<string> {
	const { id, url } = await call("browser_begin", { issuer, address, proxy, app_link: false });
	begun(id);
	await openLink(url);
	await call("browser_wait", { id, farewell: i18n.t.browserFarewell });
	return id;
}
