/** All of a file, as base64. */
export async function base64(blob: Blob): Promise<string> {
	const url = await new Promise<string>((done, failed) => {
		const reader = new FileReader();
		reader.onload = () => done(String(reader.result));
		reader.onerror = () => failed(reader.error);
		reader.readAsDataURL(blob);
	});
	return url.slice(url.indexOf(",") + 1);
}
