// Sixty messages written in the app's own window, at laptop and phone size, sent through a real Postfix into Dovecot, and compared with
// what was written by a parser that is not ours. Run as window.mjs is.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { home, mailServer, root, until } from "./lib.mjs";
import { openApp } from "./webdriver.mjs";
import { x11 } from "./x11.mjs";

const shots = join(root, "target/shots");
mkdirSync(shots, { recursive: true });
const COUNT = Number(process.env.MALOTE_COMPOSITIONS ?? 60);

const TEXTS = [
	"Olá! Conversei com a ação da obra: não há pão de açúcar.",
	"Emoji: 🦜🌧️👩‍👩‍👧‍👦 e bandeira 🇧🇷",
	"日本語の手紙です。よろしくお願いします。",
	"مرحبا، هذه رسالة من اليمين إلى اليسار.",
	"שלום, זו הודעה מימין לשמאל (with English).",
	"สวัสดี นี่คือข้อความ",
	"नमस्ते, यह एक संदेश है।",
	"Привет, это письмо.",
	"Γειά σου, αυτό είναι ένα μήνυμα.",
	"你好，这是一封信。",
	"안녕하세요, 편지입니다.",
	"Tiếng Việt: đường, ngữ, phở",
	"x".repeat(1200),
	"uma linha\n.\n..\n.sozinho\nfim",
	"From aqui começa\n>From ali",
	"\u2028separador\u00a0e espaço duro",
	"<script>alert('não')</script> & <b>não é negrito</b>",
	"∑ ∀x∈ℝ: ⌈x⌉ = −⌊−x⌋ — “aspas” ‘simples’",
	"Bcc: alguem@exemplo.test\n\nRCPT TO:<x@y>\nDATA\nQUIT",
	"ç".repeat(400),
];
const SUBJECTS = [
	"Reunião às 10h",
	"🦜 asa longa ".repeat(9).trim(),
	"件名",
	"رسالة",
	"=?utf-8?Q?armadilha?=",
	'Re: aspas " e ; e <sinais>',
	"a".repeat(200),
];
const NAMES = [
	"relatório 2026 — versão final.pdf",
	'as"pas; e vírgula, 100%.txt',
	"🦜.png",
	"ملف.docx",
	`${"longo ".repeat(20)}.pdf`,
	"simples.bin",
];
const PNG = Buffer.from(
	"iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFElEQVR4nGNgaGDAjnCIMgwpCQDOGH4Bz4xcmgAAAABJRU5ErkJggg==",
	"base64",
);

/** What is written n-th: what varies, varies independently. */
function composition(n, dir) {
	const file = (name, bytes) => {
		const place = join(dir, `f${n}`);
		mkdirSync(place, { recursive: true });
		writeFileSync(join(place, name), bytes);
		return { name, path: join(place, name), size: bytes.length, crc: crc32(bytes) };
	};
	const sizes = [[], [0], [1], [3000], [], [700_000, 1_500_000, 12], [], [100], [2_000_000], []][n % 10];
	const files = (n === 37 ? [40_000_000] : sizes).map((size, k) =>
		file(`${k || ""}${NAMES[(n + k) % NAMES.length]}`, randomBytes(size)),
	);
	const many = n === 11 ? Array.from({ length: 199 }, (_, k) => `p${k}@lista.test`) : [];
	return {
		subject: `${n} ${SUBJECTS[n % SUBJECTS.length]}`,
		text: TEXTS[n % TEXTS.length],
		to: ["bia@exemplo.test", ...many, ...(n % 6 === 3 ? ["Zé do Açaí <ze@exemplo.test>"] : [])],
		cc: n % 6 === 4 ? ["carla@münchen.test"] : [],
		bcc: n % 6 === 5 ? ["segredo@exemplo.test"] : [],
		files,
		picture: n % 7 === 2 ? file("foto.png", PNG) : null,
		bold: n % 4 === 1,
	};
}

const insert = `
	const [css, text] = arguments;
	const at = [...document.querySelectorAll(css)].at(-1);
	at.focus();
	at.value = text;
	at.dispatchEvent(new Event("input", { bubbles: true }));
	return true`;
const write = `
	const at = document.querySelector(".composer [contenteditable]");
	at.focus();
	for (const [n, line] of arguments[0].split("\\n").entries()) {
		if (n) document.execCommand("insertParagraph");
		if (line) document.execCommand("insertText", false, line);
	}
	return true`;

async function compose(app, c) {
	await app.click(
		(await app.execute("return !!document.querySelector('.mail > .write')"))
			? ".mail > .write"
			: ".folders .write button",
	);
	await app.see("the composer", "return !!document.querySelector('.composer [contenteditable]')");
	for (const [list, at] of [
		["to", 0],
		["cc", 1],
		["bcc", 2],
	]) {
		if (!c[list].length) continue;
		if (at) await app.click(`.composer .more button:${at === 1 ? "first" : "last"}-child`);
		await app.execute(insert, ".composer [role=combobox]", `${c[list].join(", ")},`);
		await app.see(
			`${list} as chips`,
			"return document.querySelectorAll('.composer .chip').length >= arguments[0]",
			c[list].length,
		);
	}
	await app.execute(insert, ".composer .line > input", c.subject);
	if (c.bold) {
		await app.execute("document.querySelector('.composer [contenteditable]').focus()");
		await app.click(".composer .formats button");
	}
	await app.execute(write, c.text);
	if (c.picture) {
		await app.files(".composer input[accept]", [c.picture.path]);
		await app.see("the picture", "return !!document.querySelector('.composer [contenteditable] img')");
	}
	if (c.files.length) {
		await app.files(
			".composer > input[type=file]",
			c.files.map((f) => f.path),
		);
		await app.see(
			"the files",
			"return document.querySelectorAll('.composer .files li:not(.coming)').length === arguments[0]",
			c.files.length,
		);
	}
	await app.click(
		(await app.execute("return !!document.querySelector('.composer .go button')"))
			? ".composer .go button"
			: ".composer footer button",
	);
	await until("it is on its way", async () => {
		// Some of the texts speak of attachments, or so it seems.
		await app.execute("document.querySelector('.composer .doubt button')?.click()");
		return app.execute("return !document.querySelector('.composer')");
	});
}

const smooth = (text) => text.replace(/\s+/gu, " ").trim();

test("what is written in the window is what arrives", async (t) => {
	const server = await mailServer("--empty", "--smtp");
	const place = home();
	t.after(async () => {
		await server.stop();
		place.remove();
	});
	if (!server.smtps) return t.skip("no Postfix here, or not root");
	const app = await openApp(place.dir, 1280, 820, { LANG: "pt_BR.UTF-8", LANGUAGE: "pt_BR" });
	const written = Array.from({ length: COUNT }, (_, n) => composition(n, place.dir));
	try {
		await app.see("the welcome", "return !!document.querySelector('input[name=address]')");
		await app.execute(
			`window.__TAURI_INTERNALS__.invoke("call", { name: "account_add", params: { new: arguments[0] } })
				.then(() => location.reload(), (e) => { document.title = JSON.stringify(e); })`,
			{
				address: server.address,
				name: "Ana Açaí",
				user: server.user,
				incoming: { host: "localhost", port: server.imaps, tls: "implicit" },
				smtp: { host: "localhost", port: server.smtps, tls: "implicit" },
				password: server.password,
				ca_file: server.ca,
				keep: "all",
			},
		);
		await app.see("in step", "return !!document.querySelector('.doing.well')");
		// A link that means writing to somebody opens a composer with what it says, and nothing attached.
		await app.execute(
			'window.__TAURI_INTERNALS__.invoke("open_link", { url: "mailto:bia@exemplo.test?subject=Oi&body=um%0Adois&attach=/etc/passwd" })',
		);
		await app.see(
			"the composer of a link",
			"return document.querySelector('.composer [contenteditable]')?.textContent === 'umdois' && document.querySelector('.composer .line > input').value === 'Oi'",
		);
		await app.click(".composer footer > button:last-child");
		await app.see("it is thrown away", "return !document.querySelector('.composer')");
		for (const [n, c] of written.entries()) {
			if (n === Math.floor(COUNT / 2)) {
				await app.resize(390, 844);
				await app.see("one column", "return document.querySelector('.mail')?.dataset.columns === '1'");
			}
			await compose(app, c);
		}
		await until(
			"all have left",
			() => app.execute("return !document.querySelector('.folders')?.textContent.includes('Caixa de saída')"),
			180,
		);
		let mail = [];
		await until(
			"all have arrived",
			async () => {
				mail = (await server.tell("delivered bia INBOX")).mail;
				return mail.length >= COUNT;
			},
			180,
		);
		assert.equal(mail.length, COUNT, "each once");
		const bySubject = new Map(mail.map((m) => [m.subject, m]));
		for (const c of written) {
			const m = bySubject.get(c.subject);
			assert.ok(m, `arrived: ${c.subject}`);
			assert.equal(
				smooth(m.text.replace(/\[.*?\]/gu, "")).includes(smooth(c.text).slice(0, 60)),
				true,
				`${c.subject}: ${m.text}`,
			);
			const shown = m.html.replace(/<br>|<\/div>/gu, "\n").replace(/<[^>]*>/gu, "");
			const plain = shown
				.replace(/&lt;/gu, "<")
				.replace(/&gt;/gu, ">")
				.replace(/&quot;/gu, '"')
				.replace(/&nbsp;/gu, " ")
				.replace(/&amp;/gu, "&");
			assert.equal(smooth(plain), smooth(c.text), c.subject);
			assert.equal(/<b>/u.test(m.html), c.bold, "bold");
			const expected = [...(c.picture ? [c.picture] : []), ...c.files].map(
				(f) => `${f.name} ${f.size} ${f.crc}`,
			);
			assert.deepEqual(m.files.map((f) => `${f.name} ${f.size} ${f.crc}`).sort(), expected.sort(), c.subject);
			if (c.picture) {
				const id = m.files.find((f) => f.name === "foto.png").id.replace(/[<>]/gu, "");
				assert.ok(m.html.includes(`cid:${id}`), "the picture stands in the text");
			}
			assert.match(m.from, /^"?Ana Açaí"? <ana@exemplo\.test>$/u);
			assert.equal(m.to.split("@").length - 1, c.to.length, m.to);
			assert.equal(m.cc.split("@").length - 1, c.cc.length, m.cc);
			assert.equal(m.bcc, "", "unseen");
			assert.equal(m.ascii, true, "seven bits");
			assert.equal(
				new Set(m.fields).size +
					m.fields.filter((f) => f === "Received").length -
					Math.min(1, m.fields.filter((f) => f === "Received").length),
				m.fields.length,
				`each field once: ${m.fields}`,
			);
		}
		assert.equal(new Set(mail.map((m) => m.id)).size, COUNT, "each its own Message-ID");
		const sent = (await server.tell(`delivered ${server.user} Sent`)).mail;
		assert.equal(sent.length, COUNT, "a copy of each, once");
		assert.equal(
			(await server.tell("delivered segredo INBOX")).mail.length,
			written.filter((c) => c.bcc.length).length,
		);
		assert.equal(
			(await server.tell("delivered p198 INBOX")).mail.length,
			COUNT > 11 ? 1 : 0,
			"the last of two hundred",
		);
		assert.equal(
			(await server.tell(`delivered ${server.user} Drafts`)).mail.length,
			0,
			"no draft is left over",
		);
		// Sent, and the app closed at once: it leaves before the app ends.
		await app.resize(1280, 820);
		await compose(app, { ...composition(0, place.dir), subject: "por último" });
		const pid = app.pid();
		const display = await x11();
		display.close((await display.windows()).get("Malote"));
		await until("the app has ended", () => app.ended(pid), 90);
		display.end();
		const last = (await server.tell("delivered bia INBOX")).mail.filter((m) => m.subject === "por último");
		assert.equal(last.length, 1, "it has left");
		const copies = (await server.tell(`delivered ${server.user} Sent`)).mail;
		assert.equal(copies.length, COUNT + 1, "and its copy is in Sent");
	} catch (error) {
		writeFileSync(join(shots, "compose-failed.png"), await app.screenshot());
		throw error;
	} finally {
		await app.close();
	}
});
