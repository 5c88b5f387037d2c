// What an answer quotes, in the user's language, and the pictures in what is written: files of the draft, shown as data.
import type { Quote } from "../backend";
import { i18n } from "../i18n/index.svelte";
import { full } from "./people";

export const escaped = (text: string) =>
	text.replace(/&/gu, "&amp;").replace(/</gu, "&lt;").replace(/>/gu, "&gt;").replace(/"/gu, "&quot;");

/** A signature as the text shows it (RFC 3676 section 4.3). */
export const signature = (text: string) => `<div>-- <br>${text.split("\n").map(escaped).join("<br>")}</div>`;

/** With a signature: under what is written, and over what is quoted. */
export function signed(html: string, text: string, quotes: boolean): string {
	if (!text.trim()) return html;
	if (!quotes) return `${html || "<div><br></div>"}<div><br></div>${signature(text)}`;
	return html.replace("<div><br></div>", `<div><br></div><div><br></div>${signature(text)}`);
}

/** What an answer, or what passes a message on, begins with: an empty line for the author, then the message. */
export function quoted(quote: Quote, forward: boolean): string {
	const t = i18n.t.compose;
	const date = i18n.longDate(quote.date);
	if (!forward) {
		const who = escaped(quote.from.name || quote.from.address);
		return `<div><br></div><div><br></div><div>${t.wrote(escaped(date), who)}</div><blockquote>${quote.html}</blockquote>`;
	}
	const lines = [
		[i18n.t.from, full(quote.from)],
		[t.date, date],
		[t.subject, quote.subject],
		[i18n.t.to, quote.to.map(full).join(", ")],
	];
	const head = lines.map(([name, value]) => `<div><b>${name}:</b> ${escaped(value ?? "")}</div>`).join("");
	return `<div><br></div><div><br></div><div>${t.forwarded}</div>${head}<div><br></div>${quote.html}`;
}

function eachPicture(html: string, change: (src: string) => string | null): string {
	const doc = new DOMParser().parseFromString(html, "text/html");
	for (const img of doc.querySelectorAll("img")) {
		const src = change(img.getAttribute("src") ?? "");
		if (src === null) img.remove();
		else img.setAttribute("src", src);
	}
	return doc.body.innerHTML;
}

/** `cid:` to data, as the editor shows it; a picture that is not there is left out. */
export function withPictures(html: string, pictures: Record<string, string | undefined>): string {
	return eachPicture(html, (src) => (src.startsWith("cid:") ? (pictures[src.slice(4)] ?? null) : src));
}

/** Data to `cid:`, as it is sent. */
export function withFiles(html: string, pictures: Map<string, string>): string {
	return eachPicture(html, (src) => {
		const id = pictures.get(src);
		return id ? `cid:${id}` : src;
	});
}
