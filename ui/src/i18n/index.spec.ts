import { describe, expect, it } from "vitest";
import { en } from "./en";
import { es } from "./es";
import { ptBR } from "./pt-BR";

/** Every path to a text, with its kind. */
function paths(table: object, prefix = ""): string[] {
	return Object.entries(table).flatMap(([key, value]) =>
		typeof value === "object" ? paths(value, `${prefix}${key}.`) : [`${prefix}${key}:${typeof value}`],
	);
}

describe("texts", () => {
	it("are the same set in all three languages", () => {
		expect(paths(ptBR)).toEqual(paths(en));
		expect(paths(es)).toEqual(paths(en));
	});

	it("count in each language", () => {
		expect(ptBR.done.archive(1)).toBe("1 mensagem arquivada");
		expect(ptBR.done.archive(1200)).toBe("1.200 mensagens arquivadas");
		expect(en.hereOf(741, 15067)).toBe("741 of 15,067 here");
		expect(es.unread(2)).toBe("2 sin leer");
	});
});
