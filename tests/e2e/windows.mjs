// What comes to the app from outside, and its windows: a second start, links and files of other programs, a draft in a window of its
// own, and what is typed when a window is closed. Run as window.mjs is.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { account, bin, home, mailServer, root, until } from "./lib.mjs";
import { openApp } from "./webdriver.mjs";
import { x11 } from "./x11.mjs";

const shots = join(root, "target/shots");
mkdirSync(shots, { recursive: true });

const add = `window.__TAURI_INTERNALS__.invoke("call", { name: "account_add", params: { new: arguments[0] } })
	.then(() => location.reload(), (e) => { document.title = JSON.stringify(e); })`;
const ask = `const done = arguments[2];
	window.__TAURI_INTERNALS__.invoke(arguments[0], arguments[1]).then(done, (e) => done({ failed: e }))`;
const shown = `const at = document.querySelector(".composer");
	return at && {
		to: [...at.querySelectorAll(".chip")].map((c) => c.textContent.trim()),
		subject: at.querySelector(".line > input").value,
		text: at.querySelector("[contenteditable]").innerText.trim(),
		files: [...at.querySelectorAll(".files li")].map((f) => f.textContent),
		bad: at.querySelector(".bad")?.textContent ?? "",
	}`;
const write = `const at = document.querySelector(".composer [contenteditable]");
	at.focus();
	document.execCommand("insertText", false, arguments[0]);
	return true`;
const discard = ".composer footer > button:last-child";

test("what comes from outside, and windows", async (t) => {
	const server = await mailServer("--empty");
	const place = home();
	const env = { LANG: "pt_BR.UTF-8", LANGUAGE: "pt_BR" };
	/** Starts the app once more on the same data, as another program does; how that one ended. */
	const again = (...args) =>
		new Promise((done) => {
			const child = spawn(bin("malote-app"), args, {
				cwd: place.dir,
				stdio: "inherit",
				env: { ...process.env, ...env, MALOTE_HOME: place.dir },
			});
			child.once("exit", done);
		});
	let app = await openApp(place.dir, 1280, 820, env);
	const display = await x11();
	t.after(async () => {
		display.end();
		await server.stop();
		place.remove();
	});
	try {
		await app.see("the welcome", "return !!document.querySelector('input[name=address]')");
		// Asked for before there is an account, it waits for one.
		assert.equal(await again("mailto:cedo@exemplo.test"), 0, "a second start hands over and ends");
		await app.execute(add, account(server));
		await app.see(
			"the first link",
			`${shown.replace("return at &&", "return at && at.querySelector('.chip') &&")}`,
		);
		assert.deepEqual((await app.execute(shown)).to, ["cedo@exemplo.test"]);
		await app.click(discard);
		await app.see("it is gone", "return !document.querySelector('.composer')");

		const link =
			"mailto:bia@exemplo.test?cc=ze@exemplo.test&subject=Ol%C3%A1&body=um%0Adois&attach=/etc/passwd";
		assert.equal(await again(link), 0);
		await app.see(
			"the composer of a link",
			`${shown.replace("return at &&", "return at && at.querySelector('.chip') &&")}`,
		);
		const said = await app.execute(shown);
		assert.deepEqual(said.to, ["bia@exemplo.test", "ze@exemplo.test"]);
		assert.deepEqual([said.subject, said.text, said.files], ["Olá", "um\ndois", []], "and nothing attached");
		await app.click(discard);
		await app.see("it is gone", "return !document.querySelector('.composer')");

		for (const name of ["a.txt", "relatório ç.pdf"]) writeFileSync(join(place.dir, name), `de ${name}`);
		assert.equal(
			await again("--share", "a.txt", `file://${encodeURI(join(place.dir, "relatório ç.pdf"))}`),
			0,
		);
		await app.see("two files", "return document.querySelectorAll('.composer .files li').length === 2");
		const shared = await app.execute(shown);
		assert.match(shared.files.join("|"), /a\.txt.*\|.*relatório ç\.pdf/u);
		// Nobody to send it to yet, and it is kept all the same.
		await app.see(
			"it is put down",
			"return document.querySelector('.composer .title [role=status]').textContent",
		);
		assert.equal((await app.execute(shown)).bad, "");
		await app.click(discard);
		await app.see("it is gone", "return !document.querySelector('.composer')");

		assert.equal(await again("--share", "nada.txt"), 0);
		await app.see(
			"why it could not be",
			"return document.querySelector('.composer .bad')?.textContent.includes('nada.txt')",
		);
		await app.click(discard);
		await app.see("it is gone", "return !document.querySelector('.composer')");
		assert.equal(await again("/etc/passwd", "https://exemplo.test/"), 0, "what is no link is nothing");
		assert.equal(await app.execute("return !!document.querySelector('.composer')"), false);

		// A link to a message opens it.
		const raw = Buffer.from(
			"From: Bia <bia@exemplo.test>\r\nTo: ana@exemplo.test\r\nSubject: Com nome\r\nMessage-ID: <com/nome@exemplo.test>\r\n\r\nEstou aqui.\r\n",
		);
		await server.tell(`raw ${raw.toString("base64")}`);
		await app.see("it came", "return document.querySelector('.list').textContent.includes('Com nome')");
		assert.equal(await again("mid:com%2Fnome@exemplo.test"), 0);
		await app.see(
			"the message that is named",
			"return document.querySelector('iframe.measured')?.contentDocument.body.textContent.includes('Estou aqui.')",
		);

		// A draft in a window of its own.
		assert.equal(await again("mailto:bia@exemplo.test?subject=Fora"), 0);
		await app.see("the composer", "return !!document.querySelector('.composer .chip')");
		await app.execute(write, "texto que vai junto");
		await app.click(".composer header button:has(.lucide-app-window)");
		await app.see("it has left this window", "return !document.querySelector('.composer')");
		const own = await until("its own window", async () => (await display.windows()).get("Fora — Malote"));
		const drafts = async () => (await server.tell(`delivered ${server.user} Drafts`)).mail;
		let draft;
		await until("it is a draft on the server", async () => {
			draft = (await drafts()).find((m) => m.subject === "Fora");
			return draft;
		});
		assert.match(draft.text, /texto que vai junto/u);
		const key = draft.id.replace(/[<>]/gu, "").split(".")[0];
		assert.equal(await app.executeAsync(ask, "raise", { draft: key }), true, "there is a window for it");
		// Opened from the list, that window comes to the front, and no second one is there.
		display.close(own);
		await until("it has closed", async () => !(await display.windows()).has("Fora — Malote"));
		assert.equal(await app.executeAsync(ask, "raise", { draft: key }), false);

		// What was just typed is there after the window was closed.
		await app.click(".folders .write button");
		await app.see("a composer", "return !!document.querySelector('.composer [contenteditable]')");
		await app.execute(write, "escrito no último instante");
		const pid = app.pid();
		display.close((await display.windows()).get("Malote"));
		await until("the app has ended", () => app.ended(pid));
		assert.ok(
			(await drafts()).some((m) => m.text.includes("escrito no último instante")),
			"and it was on its way before the app ended",
		);
		await app.close();
		app = await openApp(place.dir, 1280, 820, env);
		await app.see("its row", "return !!document.querySelector('.doing.well')");
		writeFileSync(join(shots, "windows.png"), await app.screenshot());
	} finally {
		await app.close();
	}
});
