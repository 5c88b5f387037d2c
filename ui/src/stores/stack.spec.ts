import { expect, test } from "vitest";
import type { ConversationPart } from "../backend";
import { folds } from "./stack";

const parts = (n: number) => Array.from({ length: n }, (_, i) => ({ id: String(i) }) as ConversationPart);
const shape = (n: number, open: number[], unfolded = false) =>
	folds(parts(n), new Set(open.map(String)), unfolded).map((p) => p.part?.id ?? `(${p.folded})`);

test("what is closed in the middle is one line", () => {
	expect(shape(1, [0])).toEqual(["0"]);
	expect(shape(6, [5])).toEqual(["0", "1", "2", "3", "4", "5"]);
	expect(shape(9, [8])).toEqual(["0", "(6)", "7", "8"]);
	expect(shape(9, [8], true)).toHaveLength(9);
	expect(shape(16, [7, 15])).toEqual(["0", "(5)", "6", "7", "8", "(5)", "14", "15"]);
	expect(shape(8, [])).toEqual(["0", "(6)", "7"]);
});
