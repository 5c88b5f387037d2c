import { call, type LinkView, onLink, openLink } from "../backend";
import { attempt } from "./attempt";

/** A link that is not as it looks, before it is opened. */
interface Asked {
	url: string;
	link: LinkView;
}

/** It names a message (RFC 2392). */
export const namesMessage = (url: string) => /^mid:/iu.test(url);

/** The links of the messages that are read: where the one under the pointer leads, and a question before those that mislead. */
class Links {
	/** Where the link that is pointed at leads. */
	pointed = $state("");
	asked = $state.raw<Asked | null>(null);

	/** Documents that are shown. */
	#pages = new Set<Document>();

	/** Opens the message that a link names: set by the screen that shows mail. */
	named: (link: string) => void = () => {};

	/** A window whose frames tell of no click says itself that a link wants to be opened. */
	begin() {
		onLink((url) => void this.follow(url, this.words(url)));
	}

	/** What the links say that lead there. */
	private words(url: string): string {
		const said: string[] = [];
		for (const page of this.#pages) {
			if (!page.defaultView) this.#pages.delete(page);
			for (const at of page.querySelectorAll<HTMLAnchorElement>("a[href]"))
				if (at.href === url) said.push(at.textContent ?? "");
		}
		return said.join(" ");
	}

	/** Watches the links of a document in which nothing runs; what is opened goes through here. */
	watch(page: Document) {
		this.#pages.add(page);
		const link = (event: Event) => (event.target as Element | null)?.closest?.("a[href]");
		const point = (event: Event) => {
			this.pointed = link(event)?.getAttribute("href") ?? "";
		};
		for (const kind of ["mouseover", "focusin"]) page.addEventListener(kind, point);
		for (const kind of ["mouseout", "focusout"]) page.addEventListener(kind, () => (this.pointed = ""));
		for (const kind of ["click", "auxclick"])
			page.addEventListener(kind, (event) => {
				const [at, url] = [link(event), link(event)?.getAttribute("href") ?? ""];
				if (!at || !/^(https?|mid):/iu.test(url)) return;
				event.preventDefault();
				void this.follow(url, at.textContent ?? "");
			});
	}

	private async follow(url: string, words: string) {
		if (namesMessage(url)) return this.named(url);
		await attempt(async () => {
			const link = await call("link_look", { url, words: words.slice(0, 500) });
			if (link.says || link.lookalike || link.number || link.posing) this.asked = { url, link };
			else await openLink(url);
		});
	}

	async open() {
		const asked = this.asked;
		this.asked = null;
		if (asked) await attempt(() => openLink(asked.url));
	}
}

export const links = new Links();
