// Texts in the user's language. A text is a string or a function of what it mentions, so a missing one is a type error.
import { en, type Texts } from "./en";
import { es } from "./es";
import { period } from "./period";
import { ptBR } from "./pt-BR";

export type Language = "pt-BR" | "en" | "es";
const tables: Record<Language, Texts> = { "pt-BR": ptBR, en, es };

/** The language of ours that fits the system's best. */
export function nearest(wanted: readonly string[]): Language {
	for (const tag of wanted) {
		const two = tag.slice(0, 2).toLowerCase();
		if (two === "pt") return "pt-BR";
		if (two === "es" || two === "en") return two;
	}
	return "en";
}

/** How dates are written: as the system does, where it speaks that language. Numbers stand within texts and are written as these are. */
export function locale(language: Language, wanted: readonly string[]): string {
	return wanted.find((tag) => tag.split("-")[0]?.toLowerCase() === language.slice(0, 2)) ?? language;
}

class I18n {
	language = $state<Language>(nearest(globalThis.navigator?.languages ?? []));
	t = $derived(tables[this.language]);
	locale = $derived(locale(this.language, globalThis.navigator?.languages ?? []));

	set(choice: string) {
		this.language = choice in tables ? (choice as Language) : nearest(navigator.languages);
		document.documentElement.lang = this.language;
	}

	/** As short as it can be told apart: the time today, the day this year, else the date. */
	shortDate(seconds: number, now = Date.now()): string {
		const date = new Date(seconds * 1000);
		const today = new Date(now);
		const options: Intl.DateTimeFormatOptions =
			date.toDateString() === today.toDateString()
				? { hour: "2-digit", minute: "2-digit" }
				: date.getFullYear() === today.getFullYear()
					? { day: "numeric", month: "short" }
					: { day: "2-digit", month: "2-digit", year: "numeric" };
		return new Intl.DateTimeFormat(this.locale, options).format(date);
	}

	/** The part of a list that a date falls into. */
	period(seconds: number, now = Date.now()): string {
		const part = period(seconds, now);
		if (part !== "month" && part !== "year") return this.t.period[part];
		const options: Intl.DateTimeFormatOptions =
			part === "month" ? { month: "long" } : { month: "long", year: "numeric" };
		return new Intl.DateTimeFormat(this.locale, options).format(seconds * 1000);
	}

	/** A day that is near, and the time. */
	dayAndTime(seconds: number): string {
		const options: Intl.DateTimeFormatOptions = {
			weekday: "short",
			day: "numeric",
			month: "short",
			hour: "2-digit",
			minute: "2-digit",
		};
		return new Intl.DateTimeFormat(this.locale, options).format(seconds * 1000);
	}

	longDate(seconds: number): string {
		return new Intl.DateTimeFormat(this.locale, { dateStyle: "full", timeStyle: "short" }).format(
			seconds * 1000,
		);
	}

	size(bytes: number): string {
		const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
		let [value, unit] = [bytes, 0];
		while (value >= 1000 && unit < 3) {
			value /= 1000;
			unit++;
		}
		return new Intl.NumberFormat(this.language, {
			style: "unit",
			unit: units[unit],
			unitDisplay: unit ? "short" : "long",
			maximumFractionDigits: value < 10 && unit ? 1 : 0,
		}).format(value);
	}
}

export const i18n = new I18n();
