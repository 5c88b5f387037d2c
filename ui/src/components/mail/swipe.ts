import { look } from "../../stores/look.svelte";

/** How far a finger must travel before it counts, in pixels. */
const REACH = 90;

/** Where a finger has taken a row: what would be done there, and whether it would be now. */
export type Swiped = { to: "start" | "end"; far: boolean } | null;

/** Swipes with a finger: towards the end of the line, and back towards its start. Nothing happens before the finger lifts. */
export function swipe(act: { start: () => void; end: () => void; moves: (how: Swiped) => void }) {
	return (node: HTMLElement) => {
		let id = -1;
		let [x, y, dx] = [0, 0, 0];
		let sideways = false;

		const reset = () => {
			id = -1;
			dx = 0;
			sideways = false;
			node.style.transform = "";
			act.moves(null);
		};
		const down = (e: PointerEvent) => {
			if (e.pointerType !== "touch" || look.columns === 3) return;
			[id, x, y] = [e.pointerId, e.clientX, e.clientY];
		};
		const move = (e: PointerEvent) => {
			if (e.pointerId !== id) return;
			dx = e.clientX - x;
			if (!sideways && Math.abs(dx) > 12 && Math.abs(dx) > 2 * Math.abs(e.clientY - y)) {
				sideways = true;
				node.setPointerCapture(id);
			}
			if (sideways) {
				node.style.transform = `translateX(${dx}px)`;
				act.moves({ to: dx > 0 ? "start" : "end", far: Math.abs(dx) > REACH });
			}
		};
		const up = (e: PointerEvent) => {
			if (e.pointerId !== id) return;
			const [far, done] = [sideways ? dx : 0, sideways];
			reset();
			if (done) {
				// A swipe is no tap.
				node.addEventListener("click", (c) => c.stopPropagation(), { capture: true, once: true });
				setTimeout(() => node.dispatchEvent(new Event("click")), 0);
			}
			if (far > REACH) act.start();
			else if (far < -REACH) act.end();
		};
		node.style.touchAction = "pan-y";
		node.addEventListener("pointerdown", down);
		node.addEventListener("pointermove", move);
		node.addEventListener("pointerup", up);
		node.addEventListener("pointercancel", reset);
		return () => {
			node.removeEventListener("pointerdown", down);
			node.removeEventListener("pointermove", move);
			node.removeEventListener("pointerup", up);
			node.removeEventListener("pointercancel", reset);
		};
	};
}
