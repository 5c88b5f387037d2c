import type { MarkView } from "../backend";
import { folded } from "./folded";

/** A piece of a text, found or not. */
export interface Piece {
	text: string;
	hit: boolean;
}

/** Without case and accents, as the core searches: each letter, and where it stands in the text. */
function letters(text: string): { plain: string[]; at: number[] } {
	const [plain, at]: [string[], number[]] = [[], []];
	let place = 0;
	for (const letter of text) {
		// A mark that stands alone belongs to the letter before it.
		for (const c of folded(letter)) {
			plain.push(c);
			at.push(place);
		}
		place += letter.length;
	}
	at.push(place);
	return { plain, at };
}

const isWord = (c: string | undefined) => c !== undefined && /[\p{L}\p{N}]/u.test(c);
/** Scripts without blanks between words: what is looked for begins anywhere. */
const isUnspaced = (c: string | undefined) =>
	c !== undefined && /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Thai}]/u.test(c);

/** Cuts a text where it says what was looked for; `field` is what the text is. */
export function pieces(text: string, marks: MarkView[], field: string): Piece[] {
	const wanted = marks.filter((m) => m.field === "any" || m.field === field);
	if (!wanted.length || !text) return [{ text, hit: false }];
	const { plain, at } = letters(text);
	const hits: [number, number][] = [];
	for (const mark of wanted) {
		const words = folded(mark.text)
			.split(/[^\p{L}\p{N}]+/u)
			.filter(Boolean);
		if (!words.length) continue;
		for (let start = 0; start < plain.length; start++) {
			if (isWord(plain[start - 1]) && !isUnspaced(plain[start])) continue;
			const end = match(plain, start, words, mark.beginning);
			if (end) hits.push([start, end]);
		}
	}
	hits.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
	const out: Piece[] = [];
	let done = 0;
	for (const [start, end] of hits) {
		if (end <= done) continue;
		const from = Math.max(start, done);
		if (from > done) out.push({ text: text.slice(at[done], at[from]), hit: false });
		out.push({ text: text.slice(at[from], at[end]), hit: true });
		done = end;
	}
	if (done < plain.length) out.push({ text: text.slice(at[done]), hit: false });
	return out;
}

/** Where these words end that begin here; 0 = they do not stand here. */
function match(plain: string[], start: number, words: string[], beginning: boolean): number {
	let place = start;
	for (const [n, word] of words.entries()) {
		if (n) while (place < plain.length && !isWord(plain[place])) place++;
		for (const c of word) if (plain[place++] !== c) return 0;
		const last = n === words.length - 1;
		if (isWord(plain[place]) && !isUnspaced(plain[place - 1])) {
			if (!last || !beginning) return 0;
			while (isWord(plain[place])) place++;
		}
	}
	return place;
}
