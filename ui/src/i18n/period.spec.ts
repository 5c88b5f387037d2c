import { expect, test } from "vitest";
import { period } from "./period";

const at = (text: string) => new Date(text).getTime();
const of = (date: string, now: string) => period(at(date) / 1000, at(now));

test("near days have names, what is further back its week, its month, its year", () => {
	// 25 November 2026 is a Wednesday.
	const now = "2026-11-25T00:30:00";
	expect(of("2026-11-26T00:00:00", now)).toBe("later");
	expect(of("2026-11-25T23:59:59", now)).toBe("today");
	expect(of("2026-11-24T23:59:59", now)).toBe("yesterday");
	expect(of("2026-11-23T00:00:00", now)).toBe("week");
	expect(of("2026-11-22T23:59:59", now)).toBe("lastWeek");
	expect(of("2026-11-16T00:00:00", now)).toBe("lastWeek");
	expect(of("2026-11-15T23:59:59", now)).toBe("month");
	expect(of("2025-12-31T23:59:59", now)).toBe("year");
	// A Monday has no week behind it but the last one.
	expect(of("2026-11-21T12:00:00", "2026-11-23T12:00:00")).toBe("lastWeek");
});
