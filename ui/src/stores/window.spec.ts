import { describe, expect, it } from "vitest";
import type { RowView } from "../backend";
import { applyOps, shiftOf } from "./window";

const row = (id: number) => ({ id: String(id) }) as RowView;
const rows = (...ids: number[]) => ids.map(row);
const ids = (list: RowView[]) => list.map((r) => Number(r.id));

describe("a window", () => {
	it("follows the changes", () => {
		const next = applyOps(rows(5, 4, 3), [
			{ op: "remove", at: 1 },
			{ op: "insert", at: 0, row: row(6) },
			{ op: "update", at: 1, row: row(5) },
		]);
		expect(ids(next)).toEqual([6, 5, 3]);
	});

	it("keeps what is on screen where it is when mail arrives above", () => {
		const before = { first: 0, rows: rows(9, 8, 7, 6, 5) };
		const after = { first: 0, rows: rows(11, 10, 9, 8, 7) };
		expect(shiftOf(before, after, 2)).toBe(2);
	});

	it("stays when something below changes, or the row on top goes", () => {
		const before = { first: 10, rows: rows(9, 8, 7, 6) };
		expect(shiftOf(before, { first: 10, rows: rows(9, 8, 6) }, 10)).toBe(0);
		expect(shiftOf(before, { first: 10, rows: rows(8, 7, 6) }, 10)).toBe(0);
	});
});
