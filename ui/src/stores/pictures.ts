// Pictures of a camera, made fit for a message.

/** Below this nothing is gained that anybody would notice. Bytes. */
const LARGE = 700_000;
/** The longer side of what comes out, pixels: more than most screens show. */
const LONGEST = 1920;

/** Pictures above this are attached instead of shown in the text. */
const INLINE = 4_000_000;

/** Whether a file is a picture for the text. */
export const canStandInText = (file: File) =>
	/^image\/(png|jpeg|gif|webp)$/u.test(file.type) && file.size <= INLINE;

/** Whether a file may be a picture that gets smaller. */
export const canShrink = (file: File) => file.size > LARGE && /^image\/(jpeg|png|webp)$/u.test(file.type);

/** The picture in the size of a screen, without its metadata; null where that is not smaller, or it is no picture. */
export async function smaller(file: File): Promise<File | null> {
	try {
		const picture = await createImageBitmap(file);
		const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
		const canvas = document.createElement("canvas");
		[canvas.width, canvas.height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
		const paper = canvas.getContext("2d");
		if (!paper) return null;
		// What was transparent is white, as in a message.
		paper.fillStyle = "#fff";
		paper.fillRect(0, 0, canvas.width, canvas.height);
		paper.drawImage(picture, 0, 0, canvas.width, canvas.height);
		picture.close();
		const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", 0.85));
		if (!blob || blob.size > file.size * 0.9) return null;
		return new File([blob], file.name.replace(/\.[^.]*$/u, ".jpg"), { type: "image/jpeg" });
	} catch {
		return null;
	}
}
