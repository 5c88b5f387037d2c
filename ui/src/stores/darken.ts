// A message whose maker chose colours for white paper, on a dark screen: what is light becomes dark and the other way round, and every
// colour stays the colour that it is.

export interface Colour {
	r: number;
	g: number;
	b: number;
	a: number;
}

/** As a computed style tells it: `rgb(1, 2, 3)` or `rgba(1, 2, 3, 0.5)`; nothing where it is none of these. */
export function colour(text: string): Colour | null {
	const [r, g, b, a = 1] = (text.match(/^rgba?\(([^)]+)\)$/u)?.[1] ?? "").split(/[\s,/]+/u).map(Number);
	if (r === undefined || g === undefined || b === undefined || [r, g, b, a].some(Number.isNaN)) return null;
	return { r, g, b, a };
}

/** Newer colours (CSS Color 4: `oklch()`, `color()`, …) as they are drawn. */
function painter(): (text: string) => Colour | null {
	const known = new Map<string, Colour | null>();
	// Most messages have none: nothing is made for them.
	let brush: CanvasRenderingContext2D | null = null;
	const draw = (text: string): Colour | null => {
		if (!/^[a-z-]+\(/u.test(text)) return null;
		brush ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
		if (!brush) return null;
		brush.clearRect(0, 0, 1, 1);
		// What it does not know leaves the brush as it was.
		brush.fillStyle = "transparent";
		brush.fillStyle = text;
		brush.fillRect(0, 0, 1, 1);
		const [r = 0, g = 0, b = 0, a = 0] = brush.getImageData(0, 0, 1, 1).data;
		return { r, g, b, a: a / 255 };
	};
	return (text) => {
		const plain = colour(text);
		if (plain) return plain;
		if (!known.has(text)) known.set(text, draw(text));
		return known.get(text) ?? null;
	};
}

/** How light it looks, from 0 to 1. */
export function lightness({ r, g, b }: Colour): number {
	const [x = 0, y = 0, z = 0] = [r, g, b].map((c) => (c / 255) ** 2.2);
	return (0.2126 * x + 0.7152 * y + 0.0722 * z) ** (1 / 2.2);
}

/** The same colour, as light as that. */
function as(c: Colour, light: number): string {
	const [max, min] = [Math.max(c.r, c.g, c.b) / 255, Math.min(c.r, c.g, c.b) / 255];
	const middle = (max + min) / 2;
	const saturation = max === min ? 0 : (max - min) / (1 - Math.abs(2 * middle - 1));
	const d = max - min;
	// Next to white a trace of colour counts as much as all of it: on dark it would be mud.
	const strong = Math.min(saturation, 0.9, d * 2.2);
	const [r, g, b] = [c.r / 255, c.g / 255, c.b / 255];
	const sixth = !d ? 0 : max === r ? ((g - b) / d + 6) % 6 : max === g ? (b - r) / d + 2 : (r - g) / d + 4;
	return `hsl(${Math.round(sixth * 60)} ${Math.round(strong * 100)}% ${Math.round(light * 100)}% / ${c.a})`;
}

/** A ground: what is light becomes dark; null where it can stay. */
export function ground(c: Colour): string | null {
	const light = lightness(c);
	return c.a < 0.05 || light < 0.45 ? null : as(c, 0.09 + (1 - light) * 0.55);
}

/** What is written or drawn on it. */
export function ink(c: Colour): string | null {
	const light = lightness(c);
	return c.a < 0.05 || light > 0.6 ? null : as(c, Math.max(0.68, 0.92 - light * 0.4));
}

/** Lines between: as far from the ground as they were. */
export function line(c: Colour): string | null {
	const light = lightness(c);
	return c.a < 0.05 || light < 0.5 ? null : as(c, 0.2 + (1 - light) * 0.4);
}

/** More elements than this are shown as they were made. */
const MOST = 6000;

/** Turns a document to a dark ground. */
export function darken(page: Document) {
	const all = [...page.body.querySelectorAll<HTMLElement>("*")];
	if (all.length > MOST) return;
	const look = page.defaultView?.getComputedStyle.bind(page.defaultView);
	if (!look) return;
	const turns: (() => void)[] = [];
	const painted = painter();
	// What lies on a picture keeps its colours: the picture keeps its own.
	const pictured = new Set<Element>();
	// All is looked at first: what is turned changes what others inherit.
	for (const element of [page.body, ...all]) {
		const style = look(element);
		const turn = (property: string, value: string | null | undefined) => {
			if (value) turns.push(() => element.style.setProperty(property, value, "important"));
		};
		const [back, text] = [painted(style.backgroundColor), painted(style.color)];
		const above = element.parentElement && pictured.has(element.parentElement);
		if (style.backgroundImage.includes("url(") || (above && (back?.a ?? 0) < 0.5)) {
			pictured.add(element);
			turn("color", style.color);
			continue;
		}
		turn("background-color", back && ground(back));
		turn("color", text && ink(text));
		for (const side of ["top", "right", "bottom", "left"]) {
			const edge =
				style.getPropertyValue(`border-${side}-style`) === "none"
					? null
					: painted(style.getPropertyValue(`border-${side}-color`));
			turn(`border-${side}-color`, edge && line(edge));
		}
		turn("box-shadow", style.boxShadow === "none" ? null : "none");
	}
	for (const turn of turns) turn();
}
