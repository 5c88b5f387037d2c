import { expect, test } from "vitest";
import { lastOf } from "./typed";

test("the last word is what is completed", () => {
	expect(lastOf("nota de:an")).toEqual({ before: "nota ", name: "de", value: "an" });
	expect(lastOf('em:"Caixa de')).toEqual({ before: "", name: "em", value: "Caixa de" });
	expect(lastOf("nota fis")).toEqual({ before: "nota ", name: "", value: "fis" });
	expect(lastOf("nota ")).toEqual({ before: "nota ", name: "", value: "" });
	expect(lastOf('"nota fiscal" ta')).toEqual({ before: '"nota fiscal" ', name: "", value: "ta" });
	expect(lastOf("")).toEqual({ before: "", name: "", value: "" });
});
