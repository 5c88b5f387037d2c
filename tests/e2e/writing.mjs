// Writing, at every size, over the real core and a real mail server: drafts that travel between two devices, sending taken back, the
// outbox. `node writing.mjs`
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { account, bridge, call, chromium, home, mailServer, root, SIZES, until } from "./lib.mjs";

const shots = join(root, "target/shots");
mkdirSync(shots, { recursive: true });

const browser = await chromium();
test.after(() => browser.close());
/** Each size in another language; MALOTE_ROTATE=1 and 2 are the other ways round. */
const ALL = ["pt-BR", "en", "es"];
const language = (size) =>
	ALL[(["phone", "tablet", "laptop"].indexOf(size) + Number(process.env.MALOTE_ROTATE ?? 0)) % 3];
/** How the folders are called. */
const CALLED = {
	"pt-BR": { sent: "Enviados", inbox: "Entrada" },
	en: { sent: "Sent", inbox: "Inbox" },
	es: { sent: "Enviados", inbox: "Entrada" },
};

/** A device that signed in, is in step, and whose submission server does not answer where there is none. */
async function device(server) {
	const place = home();
	const core = await bridge(place.dir);
	const smtp = { host: "localhost", port: server.smtps ?? 9, tls: "implicit" };
	await call(core.url, "account_add", { new: account(server, { smtp }) });
	await until("in step", async () => (await call(core.url, "states", {}))[0]?.phase === "in_step");
	return {
		url: core.url,
		async drafts() {
			const all = await call(core.url, "mailboxes", {});
			const mailbox = all.find((m) => m.role === "drafts").id;
			const view = await call(core.url, "window_open", { mailbox, count: 50 });
			await call(core.url, "window_close", { window: view.window });
			return view.rows;
		},
		async end() {
			await core.stop();
			place.remove();
		},
	};
}

/** What `act` does closes the window, maybe before the key that did it was let go: that is no fault of the key's. */
async function closedBy(window, act) {
	const closed = window.waitForEvent("close");
	await act().catch((e) => {
		if (!/has been closed/u.test(e.message)) throw e;
	});
	await closed;
}

async function open(url, size, locale = language(size)) {
	const context = await browser.newContext({
		...SIZES[size],
		locale,
		timezoneId: "America/Sao_Paulo",
	});
	const page = await context.newPage();
	page.wrong = [];
	page.on("pageerror", (e) => page.wrong.push(e.message));
	page.on("request", (r) => {
		if (!r.url().startsWith(url) && !/^(data|about|blob):/u.test(r.url())) page.wrong.push(r.url());
	});
	await page.goto(url);
	await page.locator("[data-row]").first().waitFor();
	return page;
}

async function look(page, name) {
	const { violations } = await new AxeBuilder({ page }).exclude("iframe").analyze();
	assert.deepEqual(
		violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`),
		[],
		name,
	);
	await page.screenshot({ path: join(shots, `${name}.png`), caret: "initial" });
}

const begin = async (page, size) => {
	if (size === "laptop") await page.keyboard.press("c");
	else if (size === "phone") await page.locator(".mail > .write").click();
	else await page.locator(".list header .lucide-pen-line").click();
	await page.locator(".composer [contenteditable]").waitFor();
};
/** On a phone there is room for what is used all the time; the rest is under one button. */
const more = (page, size) => size === "phone" && page.locator(".composer header .lucide-ellipsis").click();
const text = (page) => page.locator(".composer [contenteditable]");
const subject = (page) => page.locator(".composer .line > input");

for (const size of Object.keys(SIZES)) {
	test(`a draft travels, a message is taken back, the outbox tells: ${size}`, async (t) => {
		const server = await mailServer();
		const [here, there] = [await device(server), await device(server)];
		t.after(async () => {
			await Promise.all([here.end(), there.end()]);
			await server.stop();
		});
		const before = (await there.drafts()).length;
		const page = await open(here.url, size);
		await begin(page, size);
		await page.keyboard.type("mar");
		await page.locator(".composer [role=option]").first().waitFor();
		await look(page, `writing-to-${size}`);
		await page.keyboard.press("Enter");
		assert.equal(await page.locator(".composer .chip").count(), 1, "whom was meant");
		await page.keyboard.type("eva@exemplo.test, sem arroba,");
		assert.equal(await page.locator(".composer .chip.bad").count(), 1);
		await subject(page).fill("Mudança de horário");
		await text(page).click();
		await page.keyboard.type("Primeira linha");
		await page.keyboard.press("Enter");
		await page.keyboard.press("Control+b");
		await page.keyboard.type("forte");
		await page
			.locator(".composer > input[type=file]")
			.setInputFiles([
				{ name: "planta baixa.pdf", mimeType: "application/pdf", buffer: Buffer.alloc(30_000, 7) },
			]);
		await page.locator(".composer .files li:not(.coming)").waitFor();
		// It is not sent like this.
		await page.keyboard.press("Control+Enter");
		await page.locator(".composer .doubt").waitFor();
		await look(page, `writing-${size}`);
		await page.locator(".composer .chip.bad button").click();
		// Put down by itself, on the server, and the other device goes on with it, with the file.
		const came = await until("the draft on the other device", async () =>
			(await there.drafts()).find((r) => r.subject === "Mudança de horário" && r.attachments),
		);
		const view = await until("its text", () =>
			call(there.url, "draft_open", { id: came.id }).catch(() => null),
		);
		assert.match(view.content.html, /<b>forte<\/b>/u);
		assert.deepEqual(
			view.content.files.map((f) => `${f.name} ${f.size}`),
			["planta baixa.pdf 30000"],
		);
		await call(there.url, "draft_save", {
			content: { ...view.content, subject: "Mudança de horário, no outro" },
			replaces: view.id,
		});
		// Written on here as well: both stay, and it is said.
		await until("the other version here", async () =>
			(await here.drafts()).some((r) => r.subject === "Mudança de horário, no outro"),
		);
		await text(page).click();
		await page.keyboard.type(" e mais");
		await page.locator(".composer .banner").waitFor();
		await look(page, `writing-two-versions-${size}`);
		await until("both versions there", async () => (await there.drafts()).length === before + 2);
		// Sent, and taken back before it left.
		await page.keyboard.press("Control+Enter");
		await page.locator(".composer").waitFor({ state: "detached" });
		await page.locator(".toast button").click();
		await text(page).waitFor();
		assert.match(await text(page).textContent(), /Primeira linha/u);
		assert.equal(await subject(page).inputValue(), "Mudança de horário");
		assert.equal(await page.locator(".composer .files li").count(), 1, "with its file");
		// Later, by choice.
		await more(page, size);
		await page.locator(".composer .lucide-clock").click();
		await page.locator(".composer .later button").first().waitFor();
		await look(page, `writing-later-${size}`);
		await page.locator(".composer .later > button").first().click();
		await page.locator(".composer").waitFor({ state: "detached" });
		await until("no draft of it is left", async () => (await there.drafts()).length === before + 1);
		if (size !== "laptop")
			await page
				.locator(size === "phone" ? ".mail nav button" : ".list header button")
				.first()
				.click();
		await page.locator(".lucide-hourglass").click();
		await page.locator("dialog .do").waitFor();
		await look(page, `outbox-${size}`);
		await page.locator("dialog .do button").click();
		await text(page).waitFor();
		// Thrown away, and brought back.
		await more(page, size);
		await page.locator(".composer .lucide-trash-2").click();
		await page.locator(".composer").waitFor({ state: "detached" });
		await page
			.locator(".toast", { hasText: /descart|discard/u })
			.getByRole("button")
			.click();
		await until("it is back", async () =>
			(await here.drafts()).some((r) => r.subject === "Mudança de horário"),
		);
		assert.deepEqual(page.wrong, []);
	});
}

test("an answer quotes, goes to the right people, and the message it answers says so", async (t) => {
	const server = await mailServer();
	const here = await device(server);
	t.after(async () => {
		await here.end();
		await server.stop();
	});
	const identities = [{ name: "Vendas", address: "vendas@exemplo.test" }];
	await call(here.url, "account_identities", {
		id: (await call(here.url, "accounts", {}))[0].id,
		identities,
	});
	await call(here.url, "setting_put", { key: "signature.vendas@exemplo.test", value: "Equipe de vendas" });
	const page = await open(here.url, "laptop", "es");
	// Signed as it is written down in the settings.
	await page.locator(".foot button").click();
	await page.locator("dialog select[name=undo]").selectOption("20");
	await page.locator("dialog section button").first().click();
	await page.locator("dialog textarea[name=signature]").first().fill("Ana Prado\nObras & reformas");
	await page.locator("dialog textarea[name=signature]").first().blur();
	await look(page, "settings-signature");
	await page.keyboard.press("Escape");
	await page.keyboard.press("j");
	await page.locator(".answer").waitFor();
	const from = await page.locator("article .letter.open .names strong").last().textContent();
	await page.keyboard.press("r");
	await text(page).waitFor();
	assert.match(await text(page).textContent(), new RegExp(`${from} escribió:`, "u"));
	assert.match(await subject(page).inputValue(), /^Re: (?!Re)/u);
	// Out of the way until somebody wants to see it.
	const quote = page.locator(".composer [contenteditable] > blockquote").first();
	assert.equal(await quote.isVisible(), false);
	await look(page, "answer-folded");
	await page.locator(".composer .quoted .lucide-ellipsis").click();
	await quote.waitFor();
	await text(page).focus();
	await page.keyboard.type("Combinado.");
	assert.match(
		await text(page).textContent(),
		/^Combinado\.-- Ana PradoObras & reformas.*escribió:/u,
		"above the quote",
	);
	await page.locator(".composer select").selectOption({ label: "Vendas <vendas@exemplo.test>" });
	assert.match(
		await text(page).textContent(),
		/^Combinado\.-- Equipe de vendas.*escribió:/u,
		"signed as who writes",
	);
	await page.keyboard.press("Escape");
	await page.locator(".composer").waitFor({ state: "detached" });
	// The draft is a row like any other, and opens to go on.
	await page.locator("nav").getByText("Borradores").click();
	await page.locator("[data-row]", { hasText: "Combinado." }).click();
	assert.match(await text(page).textContent(), /^Combinado\./u);
	await page.keyboard.press("Escape");
	await page.locator("nav").getByText("Entrada").click();
	await page.locator("[data-row]").first().click();
	await page.locator(".answer").waitFor();
	await page.keyboard.press("r");
	await page.locator(".composer .quoted .lucide-x").click();
	assert.doesNotMatch(await text(page).textContent(), /escribió:/u, "left out");
	await page.locator(".composer .lucide-trash-2").click();
	await page.locator(".composer").waitFor({ state: "detached" });
	await page.keyboard.press("f");
	await page.locator(".composer").waitFor();
	assert.match(await subject(page).inputValue(), /^Fwd: /u);
	assert.equal(await page.locator(".composer .chip").count(), 0);
	assert.deepEqual(page.wrong, []);
});

async function go(page, size, folder) {
	if (size === "phone" && (await page.locator(".lucide-arrow-left").count())) await page.keyboard.press("u");
	if (size !== "laptop")
		await page
			.locator(size === "phone" ? ".mail nav button" : ".list header button")
			.first()
			.click();
	await page.locator("nav, dialog").getByText(folder, { exact: true }).first().click();
}

for (const size of Object.keys(SIZES)) {
	test(`what else can be wished, what became of it, lists, passing on: ${size}`, async (t) => {
		const server = await mailServer("--smtp");
		if (!server.smtps) return t.skip("no Postfix here, or not root");
		const here = await device(server);
		t.after(async () => {
			await here.end();
			await server.stop();
		});
		await call(here.url, "setting_put", { key: "writing.undo", value: "5" });
		const page = await open(here.url, size);
		await begin(page, size);
		await page.keyboard.type("sumiu@exemplo.test,");
		await subject(page).fill("Orçamento da obra");
		await text(page).click();
		await page.keyboard.type("Bom dia, e obrigada.");
		// A photograph of a camera, made fit for a message.
		const photo = await page.evaluate(async () => {
			const canvas = new OffscreenCanvas(2200, 500);
			const grain = new ImageData(2200, 500);
			for (let i = 0; i < grain.data.length; i++)
				grain.data[i] = i % 4 === 3 ? 255 : (Math.imul(i, 2_654_435_761) >>> 24) & 255;
			canvas.getContext("2d").putImageData(grain, 0, 0);
			const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 1 });
			const bytes = new Uint8Array(await blob.arrayBuffer());
			let text = "";
			for (const byte of bytes) text += String.fromCharCode(byte);
			return btoa(text);
		});
		const picture = { name: "fachada.jpeg", mimeType: "image/jpeg", buffer: Buffer.from(photo, "base64") };
		assert(picture.buffer.length > 700_000, `${picture.buffer.length}`);
		await page.locator(".composer > input[type=file]").setInputFiles([picture]);
		await page.locator(".composer .smaller button").waitFor();
		await look(page, `pictures-${size}`);
		await page.locator(".composer .smaller button").click();
		await page.locator(".composer .files li", { hasText: "fachada.jpg" }).waitFor();
		assert.equal(await page.locator(".composer .smaller").count(), 0);
		await page.locator(".composer .lucide-ellipsis").first().click();
		const options = page.locator(".composer .options");
		await options.locator("input[type=radio]").nth(2).check();
		await options.locator("input[type=checkbox]").first().check();
		await options.locator("form input").fill("Saudação");
		await options.locator("form button").click();
		await options.locator(".template").waitFor();
		await page.locator(".composer .chips input").first().fill("eva@exemplo.test,");
		await options.locator("form input").fill("Obra");
		await options.locator("form button").nth(1).click();
		await options.locator(".template").nth(1).waitFor();
		await look(page, `options-${size}`);
		await options.locator(".template button").first().click();
		assert.match(
			await text(page).innerHTML(),
			/obrigada\.(<br>)?<\/div>[\s\S]*obrigada\./u,
			"the template is put in",
		);
		await page.keyboard.press("Control+Enter");
		await page.locator(".composer").waitFor({ state: "detached" });
		// It bounces, and that is said where the message is.
		const notice = page.locator("[role=status], .notices, aside").filter({ hasText: "Orçamento da obra" });
		await notice.first().waitFor({ timeout: 60_000 });
		await go(page, size, CALLED[language(size)].sent);
		await page.locator("[data-row]", { hasText: "Orçamento da obra" }).first().click();
		await page.locator(".reports .failed").waitFor();
		await look(page, `bounced-${size}`);
		const [{ id: mailbox }] = (await call(here.url, "mailboxes", {})).filter((m) => m.role === "sent");
		const sent = await call(here.url, "window_open", { mailbox, count: 500 });
		const about = sent.rows.find((r) => r.subject.includes("Orçamento"));
		const { message } = await call(here.url, "message", { id: about.id });
		assert(message, "it is in Sent");
		// A mailing list says how it is left, and where that leads.
		await go(page, size, CALLED[language(size)].inbox);
		await server.tell("list Novidades");
		await page.locator("[data-row]", { hasText: "Novidades" }).first().click();
		await page.locator("article .list button").click();
		await page.locator("dialog p").waitFor();
		await look(page, `list-leave-${size}`);
		await page.keyboard.press("Escape");
		await page.locator("dialog").waitFor({ state: "detached" });
		// More than answering: by keyboard.
		await page.locator(".answer .lucide-ellipsis").click();
		await page.locator("[role=menu]").waitFor();
		await look(page, `more-answers-${size}`);
		await page.keyboard.press("ArrowDown");
		await page.keyboard.press("Enter");
		await page.locator("dialog .to input").waitFor();
		// The group that was kept is offered by its name.
		await page.keyboard.type("obr");
		await page.locator("dialog [role=option]", { hasText: "eva@exemplo.test" }).first().waitFor();
		await page.locator("dialog .to input").fill("");
		await page.keyboard.type("rui@exemplo.test,");
		await look(page, `redirect-${size}`);
		await page.locator("dialog .do button").click();
		await page.locator(".toast").waitFor();
		await until("it is passed on", async () => (await call(here.url, "outbox", {})).length === 0);
		const [{ fields, to }] = (await server.tell("delivered rui INBOX")).mail;
		assert(fields.includes("Resent-From"), `${fields}`);
		assert.equal(to, "bia@exemplo.test", "and stays as it was");
		assert.deepEqual(page.wrong, []);
	});
}

for (const size of ["tablet", "laptop"]) {
	test(`a draft in a window of its own (${size})`, async (t) => {
		const server = await mailServer();
		const here = await device(server);
		t.after(async () => {
			await here.end();
			await server.stop();
		});
		const page = await open(here.url, size);
		const popOut = async () => {
			const opened = page.waitForEvent("popup");
			await page.locator(".composer header .lucide-app-window").click();
			const window = await opened;
			await window.locator(".composer [contenteditable]").waitFor();
			await page.locator(".composer").waitFor({ state: "detached" });
			return window;
		};
		await begin(page, size);
		await page.locator(".composer [role=combobox]").first().fill("bia@exemplo.test,");
		await subject(page).fill("Em janela própria");
		await text(page).click();
		await page.keyboard.type("Começa aqui");
		const window = await popOut();
		assert.equal(await window.title(), "Em janela própria — Malote");
		assert.match(await text(window).textContent(), /Começa aqui/u);
		await look(window, `alone-${size}`);
		await text(window).click();
		await window.keyboard.press("Control+End");
		await window.keyboard.type(" e segue lá");
		await until("it is put down", async () => {
			const found = (await here.drafts()).filter((r) => r.subject === "Em janela própria");
			return found.length === 1 && found[0].preview.includes("segue lá");
		});
		// Thrown away there, it can be brought back here.
		await closedBy(window, () => window.locator(".composer .lucide-trash-2").click());
		await page
			.locator(".toast", { hasText: /descart|discard/u })
			.getByRole("button")
			.click();
		await until("it is back", async () =>
			(await here.drafts()).some((r) => r.subject === "Em janela própria"),
		);
		// Sent there, it can be taken back here.
		await begin(page, size);
		await page.locator(".composer [role=combobox]").first().fill("bia@exemplo.test,");
		await subject(page).fill("Outra");
		const other = await popOut();
		await closedBy(other, () => other.keyboard.press("Control+Enter"));
		await page.locator(".toast").getByRole("button").click();
		await text(page).waitFor();
		assert.equal(await subject(page).inputValue(), "Outra");
		assert.deepEqual([...page.wrong], []);
	});
}
