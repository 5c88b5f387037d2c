import { describe, expect, it } from "vitest";
import { pieces } from "./marks";

const mark = (text: string, beginning = false, field = "any") => ({ field, text, beginning });
const told = (text: string, ...marks: ReturnType<typeof mark>[]) =>
	pieces(text, marks, "subject")
		.map((p) => (p.hit ? `[${p.text}]` : p.text))
		.join("");

describe("what was found is marked", () => {
	it("without case and accents", () => {
		expect(told("Reunião de Orçamento", mark("orcamento"))).toBe("Reunião de [Orçamento]");
		expect(told("AÇÕES e ações", mark("acoes"))).toBe("[AÇÕES] e [ações]");
	});
	it("as whole words, or as beginnings", () => {
		expect(told("orçamentos", mark("orcamento"))).toBe("orçamentos");
		expect(told("orçamentos", mark("orca", true))).toBe("[orçamentos]");
	});
	it("as phrases", () => {
		expect(told("a nota, fiscal e a nota", mark("nota fiscal"))).toBe("a [nota, fiscal] e a nota");
	});
	it("inside of scripts without blanks", () => {
		expect(told("日本語の本文", mark("本語"))).toBe("日[本語]の本文");
	});
	it("only in its field", () => {
		expect(told("ana", mark("ana", false, "from"))).toBe("ana");
		expect(told("ana", mark("ana", false, "subject"), mark("an", true))).toBe("[ana]");
	});
	it("whole, whatever it is", () => {
		for (const text of ["", "e\u0301a", "😀 ana 😀", "ﬁm"]) {
			expect(
				pieces(text, [mark("ana"), mark("fim"), mark("x")], "subject")
					.map((p) => p.text)
					.join(""),
			).toBe(text);
		}
	});
});
