// Addresses as people type them.
import type { Address } from "../backend";

/** Good enough to be sent to; the server has the last word. */
export function isAddress(text: string): boolean {
	return /^[^\s@<>,;"()]+@[^\s@<>,;"()]+$/u.test(text) && text.length <= 320;
}

/** One recipient, as it is typed or pasted: `Name <address>` or an address. */
export function parseAddress(text: string): Address {
	const full = /^\s*"?([^"<]*?)"?\s*<([^<>]*)>\s*$/u.exec(text);
	if (full) return { name: (full[1] ?? "").trim(), address: (full[2] ?? "").trim() };
	return { name: "", address: text.trim().replace(/^mailto:/iu, "") };
}

/** A list of them, divided by comma, semicolon or line; what stands in quotes or angles is not divided. */
export function parseAddresses(text: string): Address[] {
	const parts = text.match(/(?:"[^"]*"|<[^>]*>|[^,;\n])+/gu) ?? [];
	return parts.map(parseAddress).filter((a) => a.address);
}

/** What a `mailto:` link says (RFC 6068), of the fields that do no harm: nothing is attached, and no other field is believed. */
export function parseMailto(url: string) {
	const [path = "", query = ""] = url.replace(/^mailto:/iu, "").split("?", 2);
	const decoded = (text: string) => {
		try {
			return decodeURIComponent(text);
		} catch {
			return text;
		}
	};
	const [to, cc, bcc] = [parseAddresses(decoded(path)), [] as Address[], [] as Address[]];
	const said = { to, cc, bcc, subject: "", text: "" };
	for (const part of query.split("&")) {
		const [name = "", value = ""] = part.split("=", 2).map(decoded);
		const field = name.toLowerCase();
		if (field === "to" || field === "cc" || field === "bcc") said[field].push(...parseAddresses(value));
		if (field === "subject") said.subject = value.replace(/[\r\n]+/gu, " ");
		if (field === "body") said.text = value.replace(/\r\n?/gu, "\n");
	}
	return said;
}

/** As `Name <address>`. */
export const full = (a: Address) => (a.name ? `${a.name} <${a.address}>` : a.address);
