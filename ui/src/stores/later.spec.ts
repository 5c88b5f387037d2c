import { expect, test } from "vitest";
import { choices, localValue } from "./later";

const offered = (now: Date) => choices(now).map((c) => `${c.name} ${localValue(c.at)}`);

test("times that people mean", () => {
	// A Friday at noon.
	expect(offered(new Date(2026, 10, 27, 12))).toEqual([
		"evening 2026-11-27T18:00",
		"tomorrow 2026-11-28T08:00",
		"monday 2026-11-30T08:00",
	]);
	// A Sunday evening: Monday is tomorrow.
	expect(offered(new Date(2026, 10, 29, 20))).toEqual(["tomorrow 2026-11-30T08:00"]);
	// A Monday: the next one.
	expect(offered(new Date(2026, 10, 30, 20))).toEqual([
		"tomorrow 2026-12-01T08:00",
		"monday 2026-12-07T08:00",
	]);
});
