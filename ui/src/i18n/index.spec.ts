import { describe, expect, it } from "vitest";
import { en } from "./en";
import { es } from "./es";
import { locale } from "./index.svelte";
import { ptBR } from "./pt-BR";

/** Every path to a text, with its kind. */
function paths(table: object, prefix = ""): string[] {
	return Object.entries(table).flatMap(([key, value]) =>
		typeof value === "object" ? paths(value, `${prefix}${key}.`) : [`${prefix}${key}:${typeof value}`],
	);
}

describe("dates", () => {
	it("are written as the system does, where it speaks the language", () => {
		expect(locale("en", ["pt-BR", "en-GB", "en-US"])).toBe("en-GB");
		expect(locale("es", ["es-MX"])).toBe("es-MX");
		expect(locale("pt-BR", ["pt-PT"])).toBe("pt-PT");
		expect(locale("en", ["de-DE", "pt-BR"])).toBe("en");
	});
});

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
