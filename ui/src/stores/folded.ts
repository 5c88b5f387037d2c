/** A text without case and accents, as the core searches: what people type to find a name seldom has them. */
export const folded = (text: string) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
