import { expect, test } from "vitest";
import { colour, ground, ink, lightness, line } from "./darken";

const of = (text: string) => colour(text) ?? { r: 0, g: 0, b: 0, a: 0 };
/** The lightness that an `hsl()` of ours names. */
const light = (hsl: string | null) => Number(hsl?.match(/(\d+)% \//u)?.[1] ?? -1);

test("colours are read as computed styles tell them", () => {
	expect(colour("rgb(1, 2, 3)")).toEqual({ r: 1, g: 2, b: 3, a: 1 });
	expect(colour("rgba(0, 0, 0, 0)")).toEqual({ r: 0, g: 0, b: 0, a: 0 });
	expect(colour("rgb(1 2 3 / 0.5)")).toEqual({ r: 1, g: 2, b: 3, a: 0.5 });
	for (const none of ["", "red", "rgb(a, b, c)", "color(srgb 1 1 1)"]) expect(colour(none)).toBeNull();
	expect(lightness(of("rgb(255, 255, 255)"))).toBeCloseTo(1);
});

test("paper becomes dark, ink light, and what is dark already stays", () => {
	expect(light(ground(of("rgb(255, 255, 255)")))).toBeLessThan(12);
	expect(light(ground(of("rgb(244, 242, 236)")))).toBeLessThan(16);
	expect(ground(of("rgb(11, 107, 96)"))).toBeNull();
	expect(ground(of("rgba(0, 0, 0, 0)"))).toBeNull();
	expect(light(ink(of("rgb(0, 0, 0)")))).toBeGreaterThan(85);
	expect(light(ink(of("rgb(119, 116, 106)")))).toBeGreaterThan(66);
	expect(ink(of("rgb(255, 255, 255)"))).toBeNull();
	expect(light(line(of("rgb(232, 230, 223)")))).toBeLessThan(35);
	// A yellow ground stays yellow.
	expect(ground(of("rgb(255, 213, 79)"))).toMatch(/^hsl\(4\d /u);
});
