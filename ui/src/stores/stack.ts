// How a conversation is laid out: what is closed in its middle is folded into one line, so that what is open is in sight.
import type { ConversationPart } from "../backend";

/** A message, or so many that are folded. */
export interface Piece {
	key: string;
	part?: ConversationPart;
	folded: number;
}

/** Fewer closed ones in a row are shown. */
const MANY = 4;

/** The first of a conversation and the one before what is open stay in sight: one tells what it is about, the other what is answered. */
export function folds(parts: ConversationPart[], open: ReadonlySet<string>, unfolded: boolean): Piece[] {
	const pieces: Piece[] = [];
	let closed: ConversationPart[] = [];
	const show = (part: ConversationPart) => pieces.push({ key: part.id, part, folded: 0 });
	const showClosed = () => {
		const [first, ...rest] = closed;
		const last = rest.pop();
		closed = [];
		if (first) show(first);
		if (first && !unfolded && rest.length >= MANY)
			pieces.push({ key: `fold ${first.id}`, folded: rest.length });
		else rest.forEach(show);
		if (last) show(last);
	};
	for (const part of parts) {
		if (!open.has(part.id)) closed.push(part);
		else {
			showClosed();
			show(part);
		}
	}
	showClosed();
	return pieces;
}
