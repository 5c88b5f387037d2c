import { expect, test } from "vitest";
import { labelsOf } from "./labels";

const known = ["Importante", "Trabalho", "Pessoal", "A fazer", "Depois"];

test("labels of people are shown, marks of programs are not", () => {
	expect(labelsOf(["$label1", "$Label3", "$label9", "Viagem_2026"], known)).toEqual([
		"Importante",
		"Pessoal",
		"Viagem 2026",
	]);
	expect(labelsOf(["$Junk", "NonJunk", "$Forwarded", "$MDNSent", "\\Recent", "JunkRecorded"], known)).toEqual(
		[],
	);
});
