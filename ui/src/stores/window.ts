import type { RowOp, RowView } from "../backend";

/** Applies the changes of a window's rows, in order, to a copy. */
export function applyOps(rows: readonly RowView[], ops: readonly RowOp[]): RowView[] {
	const next = rows.slice();
	for (const op of ops) {
		if (op.op === "remove") next.splice(op.at, 1);
		else if (op.op === "insert") next.splice(op.at, 0, op.row);
		else next[op.at] = op.row;
	}
	return next;
}

/**
 * By how many rows what is on screen moved: the new place of the first visible row that is still there, less its old place.
 * Places count from the top of the whole list.
 */
export function shiftOf(
	before: { first: number; rows: readonly RowView[] },
	after: { first: number; rows: readonly RowView[] },
	topVisible: number,
): number {
	const places = new Map(after.rows.map((row, i) => [row.id, after.first + i]));
	for (let i = Math.max(0, topVisible - before.first); i < before.rows.length; i++) {
		const row = before.rows[i];
		const place = row && places.get(row.id);
		// Rows removed above the first that stayed make it move up; that is what a list does.
		if (place !== undefined) return place - Math.max(topVisible, before.first);
	}
	return 0;
}
