// Messages and files that tests put into the sample mailbox.

/** A document of two pages of text. */
export function pdf(text) {
	const content = (line) => `BT /F1 28 Tf 60 700 Td (${line}) Tj ET`;
	const page = (n) =>
		`<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${n} 0 R /Resources << /Font << /F1 5 0 R >> >> >>`;
	const objects = [
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>",
		page(6),
		page(7),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
		...[text, "Fim"].map((t) => `<< /Length ${content(t).length} >>\nstream\n${content(t)}\nendstream`),
	];
	let out = "%PDF-1.4\n";
	const at = objects.map((body, n) => {
		const begins = out.length;
		out += `${n + 1} 0 obj\n${body}\nendobj\n`;
		return begins;
	});
	const table = at.map((o) => `${String(o).padStart(10, "0")} 00000 n \n`).join("");
	out += `xref\n0 ${at.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${at.length + 1} /Root 1 0 R >>\nstartxref\n${out.length}\n%%EOF\n`;
	return Buffer.from(out);
}

/** A message with files: name, type and bytes of each. */
export function withFiles(fields, text, files) {
	const parts = files.map(
		({ name, type, bytes }) =>
			`--f\r\nContent-Type: ${type}; name="${name}"\r\nContent-Disposition: attachment; filename="${name}"\r\n${
				type === "message/rfc822"
					? `\r\n${bytes}`
					: `Content-Transfer-Encoding: base64\r\n\r\n${Buffer.from(bytes).toString("base64").replace(/.{76}/gu, "$&\r\n")}`
			}\r\n`,
	);
	return `To: ana@exemplo.test\r\nDate: Sat, 28 Nov 2026 10:00:00 -0300\r\n${fields.join("\r\n")}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="f"\r\n\r\n--f\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n${parts.join("")}--f--\r\n`;
}

/** Puts a message into the sample mailbox. */
export const put = (server, raw) => server.tell(`raw ${Buffer.from(raw).toString("base64")}`);
