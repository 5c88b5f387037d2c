import { expect, test } from "vitest";
import { isAddress, parseAddresses, parseMailto } from "./people";

test("a pasted list becomes recipients", () => {
	expect(parseAddresses('Zé <ze@x.test>; "Prado, Ana" <ana@x.test>,\nb@x.test, ,mailto:c@x.test')).toEqual([
		{ name: "Zé", address: "ze@x.test" },
		{ name: "Prado, Ana", address: "ana@x.test" },
		{ name: "", address: "b@x.test" },
		{ name: "", address: "c@x.test" },
	]);
});

test("a link fills in what it may, and no more", () => {
	const said = parseMailto(
		"mailto:a@b.test,Z%C3%A9%20%3Cze@x.test%3E?subject=Ol%C3%A1%0ABcc:x&cc=c@d.test&body=um%0D%0Adois&attach=/etc/passwd&bad=%zz",
	);
	expect(said).toEqual({
		to: [
			{ name: "", address: "a@b.test" },
			{ name: "Zé", address: "ze@x.test" },
		],
		cc: [{ name: "", address: "c@d.test" }],
		bcc: [],
		subject: "Olá Bcc:x",
		text: "um\ndois",
	});
});

test("what is no address is seen", () => {
	for (const good of ["a@b.test", "josé@açaí.test", "root@localhost"])
		expect(isAddress(good), good).toBe(true);
	for (const bad of ["", "a", "a@", "@b", "a b@c", "a@b>", "a@b@c"]) expect(isAddress(bad), bad).toBe(false);
});
