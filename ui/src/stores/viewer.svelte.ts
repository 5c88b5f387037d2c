// A file of a message that is looked at, and those beside it.
import { type Attachment, asError, call, type ErrorView, type Preview } from "../backend";

/** Endings of what there is to see here; the core has the last word. */
const SEEN =
	/\.(pdf|png|jpe?g|gif|webp|txt|log|csv|tsv|md|json|xml|ya?ml|ini|eml|ics|vcf|html?|xhtml|diff|patch|srt|tex|docx|xlsx|pptx|od[tsp])$/iu;
const TYPES = /^(text\/|image\/(png|jpe?g|gif|webp)|application\/pdf|message\/|application\/(json|xml|ics))/u;

/** Whether a file can be expected to show something here. Programs are only saved. */
export function viewable(file: Attachment): boolean {
	const harmless = file.danger === "none" || file.danger === "page";
	return harmless && (SEEN.test(file.name) || TYPES.test(file.media_type));
}

class Viewer {
	/** The message, and its files, as far as they can be looked at. */
	message = $state("");
	files = $state.raw<Attachment[]>([]);
	at = $state(0);
	preview = $state.raw<Preview | null>(null);
	error = $state<ErrorView | null>(null);
	file = $derived(this.files[this.at] ?? null);
	#turn = 0;

	/** Shows one of the files of a message; the others are one step away. */
	show(message: string, files: Attachment[], file: Attachment) {
		this.message = message;
		this.files = files.filter((f) => f.part === file.part || viewable(f));
		this.at = this.files.indexOf(file);
		void this.read();
	}

	step(by: 1 | -1) {
		const next = this.at + by;
		if (next < 0 || next >= this.files.length) return;
		this.at = next;
		void this.read();
	}

	private async read() {
		const [turn, file] = [++this.#turn, this.file];
		[this.preview, this.error] = [null, null];
		if (!file) return;
		try {
			const preview = await call("attachment_show", { message: this.message, part: file.part });
			if (turn === this.#turn) this.preview = preview;
		} catch (thrown) {
			if (turn === this.#turn) this.error = asError(thrown);
		}
	}

	close() {
		this.#turn++;
		[this.files, this.preview, this.error] = [[], null, null];
	}
}

export const viewer = new Viewer();
/** The message in a message that is looked at over another one. */
export const inner = new Viewer();
