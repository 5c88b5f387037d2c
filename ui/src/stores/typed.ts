/** The last word, and what stands before it. */
export function lastOf(typed: string): { before: string; name: string; value: string } {
	const [, before = "", word = ""] =
		/^((?:"[^"]*"|[^"])*?)((?:[\p{L}]+:)?(?:"[^"]*|[^\s"]*))$/u.exec(typed) ?? [];
	const [, name = "", value = ""] = /^(?:([\p{L}]+):)?"?(.*)$/u.exec(word) ?? [];
	return { before, name: name.toLowerCase(), value };
}
