import { call, type ListOrder } from "../backend";
import { i18n } from "../i18n/index.svelte";

export const ORDERS: ListOrder[] = [
	"newest",
	"oldest",
	"unread",
	"starred",
	"attachments",
	"person",
	"subject",
	"size",
];

export type Choice = "language" | "theme" | "density";

/** How it looks: language, theme, density; and how wide the window is. */
class Look {
	language = $state("auto");
	theme = $state("auto");
	density = $state("standard");
	/** Messages that belong together are one row, and are read together. */
	grouped = $state(true);
	/** What lists are ordered by. */
	order = $state<ListOrder>("newest");
	width = $state(window.innerWidth);

	/** One column, two, or three. */
	columns = $derived<1 | 2 | 3>(this.width < 700 ? 1 : this.width < 1100 ? 2 : 3);
	rowHeight = $derived(this.density === "compact" ? 56 : this.density === "relaxed" ? 92 : 76);

	#dark = window.matchMedia("(prefers-color-scheme: dark)");

	async start() {
		window.addEventListener("resize", () => {
			this.width = window.innerWidth;
		});
		this.#dark.addEventListener("change", () => this.apply());
		for (const key of ["language", "theme", "density"] as const) {
			this[key] = (await call("setting", { key: `look.${key}` })) || this[key];
		}
		this.grouped = (await call("setting", { key: "look.grouped" })) !== "no";
		const order = (await call("setting", { key: "look.order" })) as ListOrder;
		if (ORDERS.includes(order)) this.order = order;
		this.apply();
	}

	chooseOrder(order: ListOrder) {
		this.order = order;
		void call("setting_put", { key: "look.order", value: order });
	}

	chooseGrouped(grouped: boolean) {
		this.grouped = grouped;
		void call("setting_put", { key: "look.grouped", value: grouped ? "yes" : "no" });
	}

	choose(key: Choice, value: string) {
		this[key] = value;
		this.apply();
		void call("setting_put", { key: `look.${key}`, value });
	}

	private apply() {
		i18n.set(this.language);
		const dark = this.theme === "dark" || (this.theme === "auto" && this.#dark.matches);
		document.documentElement.dataset.theme = dark ? "dark" : "light";
		document.documentElement.dataset.density = this.density;
	}
}

export const look = new Look();
