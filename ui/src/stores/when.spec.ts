import { expect, test } from "vitest";
import type { Appointment } from "../backend";
import { i18n } from "../i18n/index.svelte";
import { again, elsewhere, leaf, when } from "./when";

const base = {
	starts: 1_796_130_000,
	ends: 1_796_135_400,
	all_day: false,
	floating: false,
	zone: "America/Sao_Paulo",
	repeats: null,
};
const event = (more: object = {}) => ({ ...base, ...more }) as unknown as Appointment;
const now = 1_790_000_000_000;
/** Blanks of one kind: the languages use several. */
const plain = (text: string) => text.replace(/[\u2009\u202f\u00a0]/gu, " ");

test("the day and from when to when", () => {
	i18n.language = "pt-BR";
	expect(plain(when(event(), "America/Sao_Paulo", now))).toMatch(
		/^terça-feira, 1 de dezembro,? 10:00 – 11:30$/u,
	);
	i18n.language = "en";
	expect(plain(when(event(), "Asia/Tokyo", now))).toMatch(/10:00.*PM/u);
	i18n.language = "es";
	expect(
		plain(when(event({ starts: 1_796_083_200, ends: 1_796_256_000, all_day: true }), undefined, now)),
	).toMatch(/1 de diciembre – miércoles, 2 de diciembre/u);
	expect(
		plain(when(event({ starts: 1_796_083_200, ends: 1_796_169_600, all_day: true }), undefined, now)),
	).toBe("martes, 1 de diciembre");
	expect(when(event({ starts: 1_900_000_000, ends: 1_900_000_000 }), "UTC", now)).toContain("2030");
});

test("where it was made", () => {
	expect(elsewhere(event({ zone: "" }), now)).toBe("");
	expect(elsewhere(event({ zone: "Nowhere/Land" }), now)).toBe("");
	expect(leaf(event({ starts: 1_796_083_200, all_day: true })).day).toBe("1");
});

test("how it comes again", () => {
	i18n.language = "en";
	const repeats = { every: "week", interval: 2, days: [2, 4], until: 0, count: 10 };
	expect(again(event({ repeats }))).toBe("Every 2 weeks: Tuesday and Thursday, 10 times");
	i18n.language = "pt-BR";
	expect(again(event({ repeats: { ...repeats, every: "day", interval: 1, days: [], count: 0 } }))).toBe(
		"Todo dia",
	);
	expect(again(event({ repeats: { ...repeats, every: "" } }))).toBe("Repete-se, 10 vezes");
});
