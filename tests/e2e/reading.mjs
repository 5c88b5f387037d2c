// Reading, at every size: pictures from elsewhere, who a message is from, files that are looked at, invitations. `node reading.mjs`
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { call, mailServer, SIZES, until } from "./lib.mjs";
import { pdf, put, withFiles } from "./mails.mjs";
import { accessible, browser, device, open, rows, shots, subjects } from "./page.mjs";

test("pictures from elsewhere, who a message is from, and what it repeats", async (t) => {
	const server = await mailServer();
	const { url, end } = await device(server);
	// Where the pictures of the newsletter lie: who asks for what, and how.
	const asked = [];
	const pixel = Buffer.from(
		"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
		"base64",
	);
	const elsewhere = createServer((request, answer) => {
		asked.push({ url: request.url, headers: request.headers });
		if (request.url === "/moved.png") answer.writeHead(302, { location: "/photo.png" }).end();
		else if (request.url === "/page.png") answer.end("<script>alert(1)</script>");
		else answer.writeHead(200, { "set-cookie": "who=ana", "content-type": "image/png" }).end(pixel);
	});
	await new Promise((ready) => elsewhere.listen(0, "127.0.0.1", ready));
	const at = `http://127.0.0.1:${elsewhere.address().port}`;
	t.after(async () => {
		await end();
		await server.stop();
		elsewhere.close();
	});
	const raw = (fields, html) =>
		server.tell(
			`raw ${Buffer.from(`To: ana@exemplo.test\r\nDate: Sat, 28 Nov 2026 10:00:00 -0300\r\n${fields.join("\r\n")}\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${html}\r\n`).toString("base64")}`,
		);
	await raw(
		["From: Loja Boa <news@loja.test>", "Subject: Ofertas da semana", "Message-ID: <o@loja.test>"],
		`<style>.hero{background:#246 url(${at}/hero.png) center/cover;height:70px}</style><p>Três ofertas</p><div class="hero">&nbsp;</div><p style="background-image:url('${at}/paper.png')">Só esta semana</p><img src="${at}/photo.png" width="300" height="120"><img src="${at}/moved.png" width="40" height="40"><img src="${at}/page.png" width="20"><img src="${at}/open.gif?u=ana" width="1" height="1">`,
	);
	await raw(
		[
			"Authentication-Results: mx.exemplo.test; spf=fail smtp.mailfrom=x.test; dmarc=fail header.from=banco.test",
			'From: "gerente@banco.test" <gerente@banc0.test>',
			"Reply-To: outro@longe.test",
			"Subject: Sua conta",
			"Message-ID: <c@banco.test>",
		],
		`<p>Confirme os dados em <a href="http://203.0.113.9/entra">www.banco.com.br</a> ou <a href="http://localhost:${elsewhere.address().port}/ajuda">a ajuda</a>.</p><div class="gmail_quote">Em seg., 3 de mar. de 2026 às 09:15, Ana &lt;ana@exemplo.test&gt; escreveu:<blockquote class="gmail_quote"><p>Olá, banco.</p></blockquote></div>`,
	);
	for (const size of Object.keys(SIZES)) {
		const page = await open(url, size, size === "tablet" ? { colorScheme: "dark" } : {});
		const show = async (subject) => {
			await page.locator("[data-row]", { hasText: subject }).first().click();
			await page.locator("iframe.measured").waitFor();
		};
		await show("Ofertas da semana");
		const frame = page.frameLocator("iframe");
		await page.getByText("5 imagens ficaram de fora").waitFor();
		await page.locator(".watched", { hasText: "127.0.0.1" }).waitFor();
		assert.deepEqual(asked, [], "nobody was asked");
		await accessible(page, `pictures left out, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-pictures.png`) });
		await page.getByRole("button", { name: "Mostrar imagens" }).click();
		await page.getByText("1 imagem não veio").waitFor();
		assert.equal(await frame.locator("img[src^='data:image/png']").count(), 2);
		// Grounds too, by a sheet and by an attribute.
		const ground = (e) => getComputedStyle(e).backgroundImage.slice(0, 19);
		for (const where of [".hero", "p >> nth=1"])
			assert.equal(await frame.locator(where).evaluate(ground), 'url("data:image/png', where);
		// The core keeps what it fetched: only the first of the three pages asked.
		const wanted =
			size === Object.keys(SIZES)[0]
				? ["/hero.png", "/moved.png", "/page.png", "/paper.png", "/photo.png", "/photo.png"]
				: ["/page.png"];
		assert.deepEqual(asked.map((a) => a.url).sort(), wanted);
		for (const { headers } of asked)
			assert.deepEqual([headers.cookie, headers.referer], [undefined, undefined]);
		await page.screenshot({ path: join(shots, `${size}-pictures-shown.png`) });
		asked.length = 0;
		// Whose name says another address, and whom the provider doubts.
		if (size === "phone") await page.getByRole("button", { name: "Voltar" }).click();
		await show("Sua conta");
		await page.locator(".trust.grave", { hasText: "mx.exemplo.test não conseguiu confirmar" }).waitFor();
		await page.locator(".trust summary").click();
		await page.getByText("O nome diz gerente@banco.test").waitFor();
		await page.getByText("As respostas vão para outro@longe.test").waitFor();
		// A link whose words name another place is asked about; where it leads is seen before.
		const link = frame.getByRole("link", { name: "www.banco.com.br" });
		if (size === "laptop") {
			await link.hover();
			await page.locator(".pointed", { hasText: "http://203.0.113.9/entra" }).waitFor();
		}
		await link.click();
		await page.getByText("O texto do link diz www.banco.com.br").waitFor();
		await accessible(page, `a link that misleads, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-link.png`) });
		await page.getByRole("button", { name: "Não abrir" }).click();
		const popup = page.waitForEvent("popup");
		await frame.getByRole("link", { name: "a ajuda" }).click();
		await (await popup).close();
		asked.length = 0;
		// What it repeats is behind a button; opened, the frame is as high as it takes.
		const height = () => page.locator("iframe").evaluate((f) => f.clientHeight);
		const folded = await height();
		assert.equal(await frame.getByText("Olá, banco.").isVisible(), false);
		await frame.locator("summary").click();
		await frame.getByText("Olá, banco.").waitFor();
		await until("higher", async () => (await height()) > folded + 20);
		await accessible(page, `doubtful, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-trust.png`) });
		assert.deepEqual(page.outside, []);
		await page.context().close();
	}
	// Always from this sender: asked without a word from now on.
	const page = await open(url, "laptop");
	await page.locator("[data-row]", { hasText: "Ofertas da semana" }).first().click();
	await page.getByRole("button", { name: "Sempre de news@loja.test" }).click();
	await page.getByText("1 imagem não veio").waitFor();
	await page.locator("[data-row]").nth(3).click();
	await page.locator("[data-row]", { hasText: "Ofertas da semana" }).first().click();
	await until("at once", async () =>
		page
			.frameLocator("iframe")
			.locator("img[src^='data:image/png']")
			.count()
			.then((n) => n === 2),
	);
});

test("filters, the source of a message, files that do something, and paper", async (t) => {
	const server = await mailServer();
	const { url, end } = await device(server);
	t.after(async () => {
		await end();
		await server.stop();
	});
	const file = (name, type) =>
		`--b\r\nContent-Type: ${type}; name="${name}"\r\nContent-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\nb2k=\r\n`;
	const mail = (subject, ...files) =>
		server.tell(
			`raw ${Buffer.from(`From: Loja <a@loja.test>\r\nTo: ana@exemplo.test\r\nDate: Sat, 28 Nov 2026 10:00:00 -0300\r\nSubject: ${subject}\r\nMessage-ID: <${subject.replaceAll(" ", ".")}@loja.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSegue a nota.\r\n${files.join("")}--b--\r\n`).toString("base64")}`,
		);
	await mail("Duas fotos", file("casa.png", "image/png"), file("rua.png", "image/png"));
	await mail("Sua nota", file("nota.pdf.exe", "application/octet-stream"), file("nota.html", "text/html"));
	for (const size of Object.keys(SIZES)) {
		const page = await open(url, size, size === "tablet" ? { colorScheme: "dark" } : {});
		await rows(page).first().waitFor();
		await page.getByRole("button", { name: "Filtrar" }).click();
		await accessible(page, `filters, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-filters.png`) });
		await page.getByRole("menuitem", { name: "Com anexo" }).click();
		await page.locator(".chip").first().waitFor();
		await until("only those with files", async () => {
			const [all, with_] = [
				await page.locator(".row").count(),
				await page.locator(".row .lucide-paperclip").count(),
			];
			return all > 2 && all === with_;
		});
		await page.getByRole("button", { name: "Fechar busca" }).click();
		await until("all of them", async () => (await page.locator(".chip").count()) === 0);
		await page.locator("[data-row]", { hasText: "Sua nota" }).first().click();
		const bad = page.locator("li.danger", { hasText: "Programa com nome de outra coisa" });
		await bad.waitFor();
		assert.equal(await page.locator("li.danger").count(), 2);
		await accessible(page, `files that do something, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-danger.png`) });
		await bad.locator("button.file").click();
		await page.getByRole("heading", { name: "Salvar nota.pdf.exe?" }).waitFor();
		await accessible(page, `saved only when insisted on, ${size}`);
		await page.getByRole("button", { name: "Não salvar" }).click();
		const [{ message }] = (
			await call(url, "conversation", {
				id: (
					await call(url, "window_open", {
						mailbox: (await call(url, "mailboxes", {})).find((m) => m.role === "inbox").id,
						unified: null,
						grouped: true,
						count: 1,
					})
				).rows[0].id,
			})
		).messages;
		await assert.rejects(call(url, "attachment_open", { message, part: "2" }), { code: "file_dangerous" });
		// The source, and paper.
		await page.getByRole("button", { name: "Mais", exact: true }).click();
		await page.getByRole("menuitem", { name: "Código-fonte" }).click();
		await page.locator("pre", { hasText: "Content-Disposition: attachment" }).waitFor();
		await accessible(page, `source, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-source.png`) });
		await page.keyboard.press("Escape");
		await page.emulateMedia({ media: "print" });
		assert.equal(await page.locator(".answer").isVisible(), false);
		assert.equal(await page.locator(".letter").isVisible(), true);
		await page.screenshot({ path: join(shots, `${size}-paper.png`) });
		await page.emulateMedia({ media: "screen" });
		if (size === "phone") await page.getByRole("button", { name: "Voltar" }).click();
		await page.locator("[data-row]", { hasText: "Duas fotos" }).first().click();
		await page.getByRole("button", { name: "Salvar todos" }).click();
		await page.locator(".toast", { hasText: "rua" }).waitFor();
		assert.deepEqual(page.outside, []);
		await page.context().close();
	}
});

test("a link to a message leads to it, from the search and from other mail, wherever it lies", async (t) => {
	const server = await mailServer();
	const { url, end } = await device(server);
	t.after(async () => {
		await end();
		await server.stop();
	});
	const mail = (subject, id, text) =>
		server.tell(
			`raw ${Buffer.from(`From: Bia <bia@exemplo.test>\r\nTo: ana@exemplo.test\r\nDate: Sat, 28 Nov 2026 10:00:00 -0300\r\nSubject: ${subject}\r\nMessage-ID: <${id}>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`).toString("base64")}`,
		);
	const link = "mid:planta%2F1%2Ba@exemplo.test";
	await mail("A planta da casa", "planta/1+a@exemplo.test", "Segue a planta.");
	await mail("Onde está", "onde@exemplo.test", `Está aqui: ${link}.`);
	// What was thrown away is found by its name all the same.
	const mailbox = (await call(url, "mailboxes", {})).find((m) => m.role === "inbox").id;
	const planta = await until("it came", async () => {
		const { rows } = await call(url, "window_open", { mailbox, unified: null, grouped: true, count: 50 });
		return rows.find((r) => r.subject === "A planta da casa");
	});
	await call(url, "trash", { ids: [planta.id] });
	const says = {
		"pt-BR": ["Mais", "Copiar link da mensagem", "Link copiado", "Buscar"],
		"es-ES": ["Más", "Copiar enlace al mensaje", "Enlace copiado", "Buscar"],
		"en-GB": ["More", "Copy link to the message", "Link copied", "Search"],
	};
	for (const [size, locale] of [
		["phone", "pt-BR"],
		["tablet", "es-ES"],
		["laptop", "en-GB"],
	]) {
		const [more, copy, copied, find] = says[locale];
		const page = await open(url, size, { locale, ...(size === "tablet" ? { colorScheme: "dark" } : {}) });
		await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
		const shot = (what) => page.screenshot({ path: join(shots, `${size}-message-${what}.png`) });
		const named = async () => {
			await page.frameLocator("iframe.measured").getByText("Segue a planta.").waitFor();
			const chip = page.locator(".chip", { hasText: "planta/1+a@exemplo.test" });
			await chip.waitFor({ state: size === "phone" ? "attached" : "visible" });
		};
		await page.locator("[data-row]", { hasText: "Onde está" }).first().click();
		await page.frameLocator("iframe.measured").getByRole("link", { name: link }).click();
		await named();
		await accessible(page, `what a link names, ${size}`);
		await shot("named");
		await page.getByRole("button", { name: more, exact: true }).click();
		await shot("menu");
		await page.getByRole("menuitem", { name: copy }).click();
		await page.locator(".toast", { hasText: copied }).waitFor();
		await accessible(page, `a link was copied, ${size}`);
		await shot("link");
		const clipboard = await page.evaluate(() => navigator.clipboard.readText());
		assert.equal(clipboard, link);
		if (size !== "phone") {
			const field = page.getByRole("combobox", { name: find });
			await field.fill("a");
			await until("many", async () => (await rows(page).count()) > 1);
			await field.fill(clipboard);
			await until("the one", async () => (await subjects(page)).join() === "A planta da casa");
		}
		assert.deepEqual(page.outside, []);
		await page.context().close();
	}
});

test("files are looked at where they are: pictures, documents, text, messages, people", async (t) => {
	const server = await mailServer();
	const { url, end } = await device(server);
	t.after(async () => {
		await end();
		await server.stop();
	});
	// A picture that can be told apart, made by the browser itself.
	const drawing = await open(url, "laptop");
	const picture = await drawing.evaluate(() => {
		const canvas = Object.assign(document.createElement("canvas"), { width: 1600, height: 900 });
		const context = canvas.getContext("2d");
		const sky = context.createLinearGradient(0, 0, 0, 900);
		for (const [at, colour] of [
			[0, "#2b6f77"],
			[0.6, "#f3c98b"],
			[1, "#8a4b2f"],
		])
			sky.addColorStop(at, colour);
		context.fillStyle = sky;
		context.fillRect(0, 0, 1600, 900);
		return canvas.toDataURL("image/jpeg").split(",")[1];
	});
	await drawing.context().close();
	const inside = withFiles(
		["From: Carla <carla@x.test>", "Subject: Orçamento antigo"],
		"O de antes, com o anexo.",
		[{ name: "antigo.txt", type: "text/plain", bytes: "Total: R$ 900,00" }],
	);
	await put(
		server,
		withFiles(
			["From: Bia <bia@x.test>", "Subject: Os arquivos da obra", "Message-ID: <f@x.test>"],
			"Seguem os arquivos.",
			[
				{ name: "praia.jpg", type: "image/jpeg", bytes: Buffer.from(picture, "base64") },
				{ name: "boleto.pdf", type: "application/pdf", bytes: pdf("Boleto 1234") },
				{ name: "lista.csv", type: "text/csv", bytes: "item;valor\ncimento;10\n" },
				{ name: "antigo.eml", type: "message/rfc822", bytes: inside },
				{
					name: "bia.vcf",
					type: "text/vcard",
					bytes:
						"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Bia Souza\r\nEMAIL:bia@x.test\r\nTEL:+55 11 5555-0100\r\nEND:VCARD\r\n",
				},
				{
					name: "pagina.html",
					type: "text/html",
					bytes: "<h1>Oi</h1><script>document.title = 'mal'</script>",
				},
				{ name: "instalar.exe", type: "application/octet-stream", bytes: "MZ" },
			],
		),
	);
	for (const size of Object.keys(SIZES)) {
		const page = await open(url, size, size === "tablet" ? { colorScheme: "dark" } : {});
		await page.locator("[data-row]", { hasText: "Os arquivos da obra" }).first().click();
		await page.locator("iframe.measured").waitFor();
		const files = page.getByRole("region", { name: "7 anexos" });
		await files.locator("img").waitFor();
		await files.scrollIntoViewIfNeeded();
		await accessible(page, `files, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-files.png`) });
		const viewer = page.locator("dialog[open]").first();
		await files.getByText("praia.jpg").click();
		await viewer.locator("img").waitFor();
		await accessible(page, `a picture, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-view-picture.png`) });
		if (size !== "phone") await page.getByText("1 de 6").waitFor();
		// The keyboard goes on to the next, the document.
		if (size === "laptop") await page.keyboard.press("ArrowRight");
		else await page.getByRole("button", { name: "Próximo arquivo" }).click();
		const drawn = viewer.locator("canvas[data-drawn]");
		await drawn.first().waitFor();
		await viewer.getByRole("img", { name: "Página 2 de 2" }).waitFor();
		const ink = await drawn.first().evaluate((canvas) => {
			const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
			let dark = 0;
			for (let i = 0; i < data.length; i += 4) if (data[i] < 90 && data[i + 3] > 200) dark++;
			return dark;
		});
		assert.ok(ink > 200, `the document shows its text: ${ink} dark pixels`);
		await accessible(page, `a document, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-view-pdf.png`) });
		await page.getByRole("button", { name: "Próximo arquivo" }).click();
		await viewer.getByText("cimento;10").waitFor();
		// A message in the message, and a file of it.
		await page.getByRole("button", { name: "Próximo arquivo" }).click();
		await viewer.getByRole("heading", { name: "Orçamento antigo" }).waitFor();
		await viewer.locator("iframe.measured").waitFor();
		await accessible(page, `a message in a message, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-view-message.png`) });
		await viewer.getByText("antigo.txt").click();
		await page.locator("dialog[open]").nth(1).getByText("Total: R$ 900,00").waitFor();
		await page.keyboard.press("Escape");
		await page.getByRole("button", { name: "Próximo arquivo" }).click();
		await viewer.getByText("+55 11 5555-0100").waitFor();
		await page.screenshot({ path: join(shots, `${size}-view-card.png`) });
		await page.getByRole("button", { name: "Próximo arquivo" }).click();
		await viewer.frameLocator("iframe").getByRole("heading", { name: "Oi" }).waitFor();
		assert.notEqual(await page.title(), "mal");
		await page.keyboard.press("Escape");
		await page.locator("dialog[open]").waitFor({ state: "detached" });
		// What does something when it is opened is asked about, as ever.
		await files.getByText("instalar.exe").click();
		await page.getByText("Programa: faz algo ao ser aberto.").first().waitFor();
		assert.deepEqual(page.outside, []);
		await page.context().close();
	}
});

/** A calendar of one appointment, on 1 December 2026 at 10 in São Paulo. */
const appointment = (method, more = "") =>
	`BEGIN:VCALENDAR\r\nPRODID:-//x\r\nVERSION:2.0\r\nMETHOD:${method}\r\nBEGIN:VEVENT\r\nUID:obra-1@x.test\r\nDTSTAMP:20261128T120000Z\r\nDTSTART;TZID=America/Sao_Paulo:20261201T100000\r\nDTEND;TZID=America/Sao_Paulo:20261201T113000\r\nSUMMARY:Visita à obra\r\nLOCATION:Rua das Flores\\, 10\r\nORGANIZER;CN=Bia Souza:mailto:bia@x.test\r\nATTENDEE;CN=Ana;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ana@exemplo.test\r\nATTENDEE;CN=Carla;PARTSTAT=ACCEPTED:mailto:carla@x.test\r\nATTENDEE;CN=Sala 2;CUTYPE=ROOM;ROLE=OPT-PARTICIPANT:mailto:sala2@x.test\r\nRRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=4\r\nX-GOOGLE-CONFERENCE:https://meet.google.com/abc-defg-hij\r\n${more}END:VEVENT\r\nEND:VCALENDAR\r\n`;

const invitation = (method, subject, calendar) =>
	`From: Bia Souza <bia@x.test>\r\nTo: ana@exemplo.test\r\nDate: Sat, 28 Nov 2026 10:00:00 -0300\r\nSubject: ${subject}\r\nMessage-ID: <${method}@x.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="c"\r\n\r\n--c\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nVamos ver o andamento.\r\n--c\r\nContent-Type: text/calendar; method=${method}; charset=utf-8\r\n\r\n${calendar}--c--\r\n`;

const LANGUAGES = {
	"pt-BR": {
		accept: "Aceitar",
		answers: "Sua resposta",
		leaving: "Sua resposta está saindo.",
		undo: "Desfazer",
		mark: "Compromisso",
		coming: "3 convidados, 1 vem",
	},
	en: {
		accept: "Accept",
		answers: "Your answer",
		leaving: "Your answer is on its way.",
		undo: "Undo",
		mark: "Appointment",
		coming: "3 guests, 1 coming",
	},
	es: {
		accept: "Aceptar",
		answers: "Tu respuesta",
		leaving: "Tu respuesta está saliendo.",
		undo: "Deshacer",
		mark: "Cita",
		coming: "3 invitados, 1 viene",
	},
};

test("an invitation is shown, answered, and called off", async (t) => {
	const server = await mailServer();
	const smtp = { host: "localhost", port: 9, tls: "implicit" };
	const { url, end } = await device(server, { smtp });
	t.after(async () => {
		await end();
		await server.stop();
	});
	await put(
		server,
		invitation("REQUEST", "Convite: Visita à obra", appointment("REQUEST", "SEQUENCE:0\r\n")),
	);
	const all = Object.entries(LANGUAGES);
	for (const [n, size] of Object.keys(SIZES).entries()) {
		const [locale, words] = all[(n + Number(process.env.MALOTE_ROTATE ?? 0)) % 3];
		const page = await open(url, size, {
			locale,
			...(size === "laptop" ? { timezoneId: "Asia/Tokyo" } : {}),
		});
		const row = page.locator("[data-row]", { hasText: "Convite: Visita à obra" }).first();
		await row.getByLabel(words.mark, { exact: true }).waitFor();
		await row.click();
		const card = page.locator(".invitation");
		await card.getByRole("heading", { name: "Visita à obra" }).waitFor();
		await card.getByText(words.coming).waitFor();
		// By the clock of where one is; where it was made, if that is elsewhere.
		assert.equal(await card.getByText("Sao Paulo").count(), size === "laptop" ? 1 : 0);
		assert.equal(await card.locator(".leaf strong").textContent(), "1");
		await accessible(page, `an invitation, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-invitation.png`) });
		await card
			.getByRole("group", { name: words.answers })
			.getByRole("button", { name: words.accept })
			.click();
		await card.getByText(words.leaving).waitFor();
		assert.equal(await card.getByRole("button", { name: words.accept }).getAttribute("aria-pressed"), "true");
		const [leaving] = await call(url, "outbox", {});
		assert.deepEqual(
			[leaving.to.map((r) => r.address), leaving.subject.endsWith(": Visita à obra")],
			[["bia@x.test"], true],
		);
		await page.screenshot({ path: join(shots, `${size}-invitation-answered.png`) });
		await page.getByRole("button", { name: words.undo }).click();
		await card.getByText(words.leaving).waitFor({ state: "detached" });
		assert.deepEqual(await call(url, "outbox", {}), []);
		assert.deepEqual(page.outside, []);
		await page.context().close();
	}
	// Called off by who invited: the invitation says so, and asks no more.
	await put(
		server,
		invitation(
			"CANCEL",
			"Cancelado: Visita à obra",
			appointment("CANCEL", "SEQUENCE:1\r\nSTATUS:CANCELLED\r\n"),
		),
	);
	const page = await open(url, "laptop", { locale: "en" });
	await page
		.locator("[data-row]", { hasText: "Cancelado: Visita à obra" })
		.getByLabel("Appointment", { exact: true })
		.waitFor();
	await page.locator("[data-row]", { hasText: "Convite: Visita à obra" }).click();
	await page.locator(".invitation.gone").getByText("Cancelled").waitFor();
	assert.equal(await page.locator(".invitation .answers").count(), 0);
	await page.screenshot({ path: join(shots, "laptop-invitation-cancelled.png") });
});

test("mail that comes while the list is being opened is in it", async (t) => {
	const server = await mailServer();
	const { url, end } = await device(server);
	t.after(async () => {
		await end();
		await server.stop();
	});
	const inbox = (await call(url, "mailboxes", {})).find((m) => m.role === "inbox").id;
	const context = await browser.newContext(SIZES.laptop);
	const page = await context.newPage();
	// The answer is under way for so long that news about it arrives first.
	await page.route(
		"**/api/call/window_open",
		async (route) => {
			const answer = await route.fetch();
			await put(
				server,
				withFiles(["From: Bia <bia@x.test>", "Subject: Entretanto", "Message-ID: <e@x.test>"], "Oi", []),
			);
			await until("it is here", async () => {
				const view = await call(url, "window_open", { mailbox: inbox, count: 3 });
				await call(url, "window_close", { window: view.window });
				return view.rows.some((r) => r.subject === "Entretanto");
			});
			await page.waitForTimeout(500);
			await route.fulfill({ response: answer });
		},
		{ times: 1 },
	);
	await page.goto(url);
	await page.locator("[data-row]", { hasText: "Entretanto" }).waitFor();
	await context.close();
});

test("what is junk, and who always sends it", async (t) => {
	const server = await mailServer();
	const { url, end } = await device(server);
	t.after(async () => {
		await end();
		await server.stop();
	});
	const say = {
		"pt-BR": {
			more: "Mais",
			block: "Bloquear remetente",
			blocked: "Remetente bloqueado; 2 mensagens no Spam",
			folders: "Pastas",
			unblock: "Desbloquear remetente",
			trust: "Deste remetente nunca é spam",
			settings: "Ajustes",
			do: "Bloquear",
		},
		en: {
			more: "More",
			block: "Block sender",
			blocked: "Sender blocked; 2 messages moved to Junk",
			folders: "Folders",
			unblock: "Unblock sender",
			trust: "Never junk from this sender",
			settings: "Settings",
			do: "Block",
		},
		es: {
			more: "Más",
			block: "Bloquear remitente",
			blocked: "Remitente bloqueado; 2 mensajes en Spam",
			folders: "Carpetas",
			unblock: "Desbloquear remitente",
			trust: "De este remitente nunca es spam",
			settings: "Ajustes",
			do: "Bloquear",
		},
	};
	const languages = Object.keys(say);
	const box = async (role) => (await call(url, "mailboxes", {})).find((m) => m.role === role);
	const lies = async (role) => {
		const about = { mailbox: (await box(role)).id, unified: null, grouped: false, order: null, count: 60 };
		return (await call(url, "window_open", about)).rows.map((r) => r.subject);
	};
	for (const [n, size] of Object.keys(SIZES).entries()) {
		const locale = languages[(n + Number(process.env.MALOTE_ROTATE ?? 0)) % languages.length];
		const words = say[locale];
		const both = [`Grátis ${size}`, `Última chance ${size}`];
		for (const subject of both)
			await put(
				server,
				`From: Ofertas <oferta${n}@chato.test>\r\nTo: ana@exemplo.test\r\nSubject: ${subject}\r\nDate: Sat, 28 Nov 2026 10:00:00 -0300\r\nMessage-ID: <${subject.length}@${size}.test>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nCompre agora, antes que acabe.\r\n`,
			);
		const page = await open(url, size, { locale, ...(size === "tablet" ? { colorScheme: "dark" } : {}) });
		const row = (subject) => page.locator("[data-row]", { hasText: subject }).first();
		const button = (name) => page.getByRole("button", { name, exact: true });
		await row(both[1]).waitFor();
		await row(both[0]).click();
		await page.locator("iframe.measured").waitFor();
		await button(words.more).last().click();
		await page.screenshot({ path: join(shots, `${size}-block.png`) });
		await page.getByRole("menuitem", { name: words.block }).click();
		await page.getByText(words.blocked).waitFor();
		await until("both are junk", async () => {
			const all = await lies("junk");
			return both.every((subject) => all.includes(subject));
		});
		// In the junk it says why it is there, and the way back.
		if (size !== "laptop") await button(words.folders).click();
		await page.locator(".folders .name", { hasText: /^(Spam|Junk)$/u }).click();
		await row(both[1]).click();
		const line = page.locator(".junk");
		await line.waitFor();
		await accessible(page, `junk, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-junk.png`) });
		await line.getByRole("button", { name: words.unblock }).click();
		await line.getByRole("button", { name: words.trust }).click();
		await until("one is back", async () => (await lies("inbox")).includes(both[1]));
		const judged = (await call(url, "senders", {})).find((s) => s.address.startsWith(`oferta${n}`));
		assert.equal(judged.blocked, false);
		// Whole domains, in the settings.
		if (size === "tablet") await button(words.folders).click();
		await button(words.settings).last().click();
		const senders = page.locator("details", { has: page.locator("input[inputmode=email]") });
		await senders.locator("summary").click();
		await senders.locator("input").fill("não é nada");
		assert.ok(await button(words.do).isDisabled());
		await senders.locator("input").fill(`@chato${n}.test`);
		await button(words.do).click();
		await senders.getByText(`@chato${n}.test`).waitFor();
		await accessible(page, `senders, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-senders.png`) });
		assert.deepEqual(page.outside, []);
		await page.context().close();
	}
});
