// Keyboard: Gmail's set. Single keys count only while nobody is typing and no dialog is open.
import { call } from "../backend";
import {
	answer,
	archive,
	junk,
	openFolder,
	show,
	step,
	targets,
	togglePin,
	toggleRead,
	toggleStar,
	trash,
	undo,
} from "./actions";
import { composers } from "./composers.svelte";
import { list } from "./list.svelte";
import { look } from "./look.svelte";
import { reader } from "./reader.svelte";
import { screen } from "./screen.svelte";
import { search } from "./search.svelte";
import { selection } from "./selection.svelte";
import { session } from "./session.svelte";

/** For the help: what each key does, by the name of its text. */
export const KEYS = [
	["j ↓", "next"],
	["k ↑", "previous"],
	["o Enter", "open"],
	["u Esc", "back"],
	["c", "compose"],
	["r", "reply"],
	["a", "replyAll"],
	["f", "forward"],
	["e", "archive"],
	["# Del", "trash"],
	["!", "junk"],
	["s", "star"],
	["t", "pin"],
	["Shift I · Shift U", "read"],
	["x", "select"],
	["v", "move"],
	["z Ctrl Z", "undo"],
	["/", "search"],
	["g i", "inbox"],
	["g r", "refresh"],
	["?", "help"],
] as const;

let pending = 0;

const actions: Record<string, () => void> = {
	j: () => step(1),
	ArrowDown: () => step(1),
	k: () => step(-1),
	ArrowUp: () => step(-1),
	o: () => list.cursor && show(list.cursor),
	Enter: () => list.cursor && show(list.cursor),
	u: back,
	c: () => void composers.begin(),
	r: () => answer("reply"),
	a: () => answer("reply_all"),
	f: () => answer("forward"),
	e: () => void archive(),
	"#": () => void trash(),
	Delete: () => void trash(),
	"!": () => void junk(),
	s: () => targets().forEach(toggleStar),
	t: () => togglePin(),
	I: () => toggleRead(),
	U: () => toggleRead(),
	x: () => list.cursor && selection.toggle(list.cursor),
	v: () => {
		if (targets().length) screen.dialog = "move";
	},
	z: () => void undo(),
	"/": () => {
		screen.searching = true;
	},
	"?": () => {
		screen.dialog = "help";
	},
};

const afterG: Record<string, () => void> = {
	i: () => {
		const inbox = session.mailboxes.find((m) => m.role === "inbox");
		if (inbox) openFolder(inbox.id);
	},
	r: () => void call("check_now", {}),
};

/** One step back: what lies on top, the selection, the message, the search. */
export function back() {
	if (screen.back()) return;
	if (selection.ids.size) selection.clear();
	else if (reader.id && (look.columns === 1 || !list.query)) reader.close();
	else if (screen.searching || list.query) search.close();
}

export function press(event: KeyboardEvent) {
	if (session.phase !== "mail" || session.adding) return;
	const target = event.target as HTMLElement;
	const typing = target.matches("input, select, textarea, [contenteditable]");
	// A composer has keys of its own.
	if (target.closest("[role=dialog]") && !target.closest("dialog")) return;
	if (event.key === "Escape") {
		event.preventDefault();
		if (typing) target.blur();
		return back();
	}
	if (typing || screen.dialog !== "none") return;
	if ((event.ctrlKey || event.metaKey) && event.key === "z") {
		event.preventDefault();
		return void undo();
	}
	if (event.ctrlKey || event.metaKey || event.altKey) return;
	// Buttons and links keep their Enter.
	if (event.key === "Enter" && target.matches("button:not([data-row]), a")) return;
	const action = Date.now() - pending < 1000 ? afterG[event.key] : actions[event.key];
	pending = event.key === "g" ? Date.now() : 0;
	if (action) {
		event.preventDefault();
		action();
	}
}
