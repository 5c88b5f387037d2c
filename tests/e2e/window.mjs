// The app's own window under a virtual display: sign-in with the system's secret store, reading, doing, starting again.
// Run by scripts/test.sh inside xvfb-run and dbus-run-session, with an unlocked keyring.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { home, mailServer, root, until } from "./lib.mjs";
import { pdf, put, withFiles } from "./mails.mjs";
import { openApp } from "./webdriver.mjs";

const shots = join(root, "target/shots");
mkdirSync(shots, { recursive: true });

const rows = "return document.querySelectorAll('[data-row]').length > 5";
const subject = "return document.querySelectorAll('[data-row] .subject')[arguments[0]].textContent";

test("the real window", async (t) => {
	const server = await mailServer();
	const place = home();
	t.after(async () => {
		await server.stop();
		place.remove();
	});
	// A stand-in for the desktop's "open this", that only writes down what it was asked for.
	const asked = join(place.dir, "asked");
	mkdirSync(join(place.dir, "bin"));
	writeFileSync(join(place.dir, "bin/xdg-open"), `#!/bin/sh\necho "$1" >'${asked}'\n`, { mode: 0o755 });
	const env = {
		LANG: "pt_BR.UTF-8",
		LANGUAGE: "pt_BR",
		PATH: `${join(place.dir, "bin")}:${process.env.PATH}`,
	};
	let app = await openApp(place.dir, 1280, 820, env);
	try {
		await app.see("the welcome", "return !!document.querySelector('input[name=address]')");
		await app.type("input[name=address]", server.address);
		await app.click("button[type=submit]");
		await app.see("the servers", "return !!document.querySelector('input[name=password]')");
		await app.execute("document.querySelector('details').open = true");
		for (const [name, value] of [
			["host", "localhost"],
			["port", String(server.imaps)],
			["user", server.user],
			["ca", server.ca],
			["password", "errada"],
		])
			await app.type(`input[name=${name}]`, value);
		await app.click("button[type=submit]");
		await app.see(
			"the refusal in words",
			"return document.querySelector('[role=alert]')?.textContent.includes('localhost')",
		);
		await app.type("input[name=password]", server.password);
		await app.click("button[type=submit]");
		await app.see("the inbox", rows);
		await app.see("in step", "return !!document.querySelector('.doing.well')");
		assert.equal(
			await app.execute("return [...document.querySelectorAll('.banner')].length"),
			0,
			"the password could be kept",
		);

		const first = await app.execute(subject, 0);
		const second = await app.execute(subject, 1);
		await app.press("j");
		await app.see("the message", "return !!document.querySelector('iframe')");
		assert.equal(await app.execute("return document.querySelector('article h1').textContent"), first);
		await app.press("e");
		await app.see("the toast", "return !!document.querySelector('.toast button')");
		await app.see(
			"the row is gone",
			`return document.querySelectorAll('[data-row] .subject')[0].textContent === arguments[0]`,
			second,
		);
		await app.press("z");
		await app.see(
			"the row is back",
			`return document.querySelectorAll('[data-row] .subject')[0].textContent === arguments[0]`,
			first,
		);

		// A script in a mail's frame would not run; the frame is as high as what is in it.
		await app.see("the message, measured", "return !!document.querySelector('iframe.measured')");
		const frame = await app.execute(`
			const frame = document.querySelector("iframe");
			const root = frame.contentDocument.documentElement;
			return [frame.sandbox.contains("allow-scripts"), frame.clientHeight > 40, frame.clientHeight >= root.scrollHeight - 1, root.scrollWidth <= root.clientWidth + 1]`);
		assert.deepEqual(frame, [false, true, true, true]);
		// Links are asked about here too, although nothing runs in the frame.
		await app.execute(`
			const page = document.querySelector("iframe").contentDocument;
			page.body.insertAdjacentHTML("afterbegin", "<a href='https://203.0.113.9/x' target='_blank'>here</a> ")`);
		await app.clickInFrame("iframe", "a");
		await app.see(
			"the question before a link that misleads",
			"return document.body.innerText.includes('The link leads to a number')",
		);
		await app.execute("[...document.querySelectorAll('dialog button')].at(-1).click()");
		for (const [size, w, h] of [
			["phone", 390, 844],
			["tablet", 820, 1180],
			["laptop", 1440, 900],
		]) {
			await app.resize(w, h);
			await app.see(
				`${size} columns`,
				`return document.querySelector('.mail').dataset.columns === arguments[0]`,
				String({ phone: 1, tablet: 2, laptop: 3 }[size]),
			);
			writeFileSync(join(shots, `window-${size}.png`), await app.screenshot());
		}
		// A link opens in the user's browser, and nowhere else.
		await app.execute(
			"[...document.querySelectorAll('.folders .name')].find((n) => n.textContent === 'Newsletters').parentElement.click()",
		);
		await app.see(
			"the folder",
			"return document.querySelector('.list h1').textContent === 'Newsletters' && document.querySelectorAll('[data-row]').length > 5",
		);
		await app.execute("document.querySelector('[data-row]').click()");
		await app.see("a newsletter", "return !!document.querySelector('iframe')?.srcdoc.includes('<a ')");
		await app.clickInFrame("iframe", "a");
		const opened = await until(
			"the browser was asked",
			() => existsSync(asked) && readFileSync(asked, "utf8"),
		);
		assert.match(opened, /^https:\/\/[a-z]+\.example\/n\//);
		assert.equal(
			await app.execute("return !!document.querySelector('.mail')"),
			true,
			"the window stayed where it was",
		);
		await app.execute("document.querySelector('.folders li button').click()");
		await app.see("the inbox again", "return document.querySelectorAll('.row .lucide-paperclip').length > 0");
		// An attachment is saved where the user finds it.
		await app.resize(1280, 820);
		await app.execute(
			"[...document.querySelectorAll('.row')].find((r) => r.querySelector('.lucide-paperclip')).querySelector('[data-row]').click()",
		);
		await app.see("what belongs together", "return document.querySelectorAll('.letter').length > 0");
		await app.execute(
			"for (const p of document.querySelectorAll('.letter button.who[aria-expanded=false]')) if (p.querySelector('.lucide-paperclip')) p.click()",
		);
		await app.see("its attachments", "return !!document.querySelector('article section li')");
		await app.execute("document.querySelector('article section li > button:last-child').click()");
		await app.see(
			"saved",
			"return [...document.querySelectorAll('.toast')].some((t) => t.textContent.includes('downloads'))",
		);
		assert.equal(readdirSync(join(place.dir, "downloads")).length, 1);

		// A document is drawn in the window's own web view, under its own policy.
		const file = { name: "boleto.pdf", type: "application/pdf", bytes: pdf("Boleto 1234") };
		await put(
			server,
			withFiles(["From: Bia <bia@x.test>", "Subject: O boleto", "Message-ID: <b@x.test>"], "Segue.", [file]),
		);
		const row = "[...document.querySelectorAll('.row')].find((r) => r.textContent.includes('O boleto'))";
		await app.see("the message with the document", `return !!${row}`);
		await app.execute(`${row}.querySelector('[data-row]').click()`);
		await app.see("its file", "return !!document.querySelector('article section button.file')");
		await app.execute("document.querySelector('article section button.file').click()");
		await app.see("the page, drawn", "return !!document.querySelector('dialog canvas[data-drawn]')");
		const ink = await app.execute(`
			const canvas = document.querySelector("dialog canvas[data-drawn]");
			const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
			let dark = 0;
			for (let i = 0; i < data.length; i += 4) if (data[i] < 90 && data[i + 3] > 200) dark++;
			return dark`);
		assert.ok(ink > 200, `the document shows its text: ${ink} dark pixels`);
		writeFileSync(join(shots, "window-pdf.png"), await app.screenshot());
	} finally {
		await app.close();
	}

	// The password is sealed: not in the data in clear, and there after a restart.
	for (const file of readdirSync(place.dir).filter((f) => f.startsWith("malote.db"))) {
		assert.ok(!readFileSync(join(place.dir, file)).includes(server.password), file);
	}
	const begun = Date.now();
	app = await openApp(place.dir, 1280, 820, env);
	try {
		await app.see("rows from the disk", rows);
		console.log(`started again with rows on screen after ${Date.now() - begun} ms, driver included`);
		await app.see("in step again without asking", "return !!document.querySelector('.doing.well')");
	} finally {
		await app.close();
	}
});
