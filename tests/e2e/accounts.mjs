// Accounts in the app's own window: from nothing to the inbox in three screens at three sizes, sign-in through the browser in
// every way it can go, and where a password or a token may not be found. Run like window.mjs.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
	closeSync,
	existsSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	readSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { home, mailServer, root, until } from "./lib.mjs";
import { openApp } from "./webdriver.mjs";

const shots = join(root, "target/shots");
mkdirSync(shots, { recursive: true });

const rows = "return document.querySelectorAll('[data-row]').length > 5";
const well = "return !!document.querySelector('.doing.well')";
const says = "return document.body.innerText.includes(arguments[0])";

/** A device beside a server that issues tokens, or takes passwords. The desktop's browser follows where it is sent, or is closed. */
async function place(...args) {
	const server = await mailServer(...args);
	const { dir, remove } = home();
	const bin = join(dir, "bin");
	mkdirSync(bin);
	const browser = (script) => writeFileSync(join(bin, "xdg-open"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
	browser(`curl -sL "$1" >'${join(dir, "page")}'`);
	writeFileSync(join(dir, "providers.txt"), server.providers);
	if (server.issuers) writeFileSync(join(dir, "issuers.txt"), server.issuers);
	const env = { LANG: "C.UTF-8", LANGUAGE: "en", PATH: `${bin}:${process.env.PATH}` };
	return {
		server,
		dir,
		browser,
		open: (w, h, more = {}) => openApp(dir, w, h, { ...env, ...more }),
		async end() {
			await server.stop();
			remove();
		},
	};
}

/** The first screen: the address. */
async function address(app, text) {
	await app.see("the address", "return !!document.querySelector('input[name=address]')");
	await app.type("input[name=address]", text);
	await app.click("button[type=submit]");
	await app.see("the servers", "return document.body.innerText.includes('Exemplo')");
}

/** What stands behind "change servers": whom to believe. */
async function trust(app, ca) {
	await app.execute("document.querySelector('details').open = true");
	await app.type("input[name=ca]", ca);
}

const signIn = (app) =>
	app.execute(
		"[...document.querySelectorAll('button')].find((b) => b.innerText.startsWith('Sign in with')).click()",
	);

/** No password and no token lies in the device's files or in the app's memory, as a core dump would show them. */
async function sound(app, dir, secret) {
	const found = [];
	const walk = (d) => {
		for (const name of readdirSync(d)) {
			const path = join(d, name);
			if (statSync(path).isDirectory()) walk(path);
			else if (readFileSync(path).includes(secret)) found.push(path);
		}
	};
	walk(dir);
	const pid = app.pid();
	const memory = openSync(`/proc/${pid}/mem`, "r");
	for (const line of readFileSync(`/proc/${pid}/maps`, "utf8").split("\n")) {
		const [range, rights = ""] = line.split(" ");
		if (!rights.startsWith("rw")) continue;
		const [from, to] = range.split("-").map((n) => Number.parseInt(n, 16));
		const bytes = Buffer.alloc(Math.min(to - from, 1 << 30));
		let read = 0;
		try {
			read = readSync(memory, bytes, 0, bytes.length, from);
		} catch {
			continue; // a region that nobody may read
		}
		const text = bytes.subarray(0, read);
		for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1))
			found.push(
				`${line.slice(-40)}: ${text
					.subarray(Math.max(0, at - 50), at + 40)
					.toString("latin1")
					.replace(/[^ -~]/g, ".")}`,
			);
	}
	closeSync(memory);
	assert.deepEqual(found, []);
}

test("from nothing to the inbox in three screens, at every size", async () => {
	for (const [name, w, h] of [
		["phone", 390, 844],
		["tablet", 820, 1180],
		["laptop", 1280, 820],
	]) {
		const p = await place();
		const app = await p.open(w, h);
		try {
			const screens = ["address"];
			await address(app, p.server.address);
			screens.push("servers and password");
			const shown = await app.execute(
				"return document.querySelector('section[aria-label=Servers]').innerText",
			);
			assert.match(shown, /localhost/, "hosts and encryption are shown before a password is asked for");
			assert.match(shown, /encrypted/);
			writeFileSync(join(shots, `window-${name}-found.png`), await app.screenshot());
			await trust(app, p.server.ca);
			await app.type("input[name=password]", p.server.password);
			await app.click("button[type=submit]");
			await app.see("the inbox", rows);
			screens.push("inbox");
			assert.equal(screens.length, 3);
			writeFileSync(join(shots, `window-${name}-inbox.png`), await app.screenshot());
		} finally {
			await app.close();
			await p.end();
		}
	}
});

test("through the browser: the first time, renewed, revoked, with a wrong clock", async () => {
	const p = await place("--oauth");
	let app = await p.open(1280, 820);
	try {
		await address(app, p.server.address);
		await trust(app, p.server.ca);
		// Closed without a word: the user comes back by himself, and tries again.
		p.browser("exit 0");
		await signIn(app);
		await app.see("waiting for the browser", says, "is open in your browser");
		writeFileSync(join(shots, "window-laptop-browser.png"), await app.screenshot());
		await app.execute(
			"[...document.querySelectorAll('button')].find((b) => b.innerText === 'Cancel').click()",
		);
		await app.see("back at the servers", "return !!document.querySelector('input[name=ca]')");
		// Refused at the provider.
		p.browser(`curl -sL "$1" >'${join(p.dir, "page")}'`);
		await p.server.tell("deny");
		await signIn(app);
		await app.see("the no in words", says, "You did not give permission");
		await p.server.tell("allow");
		await signIn(app);
		await app.see("the inbox", rows);
		await app.see("in step", well);
		assert.match(readFileSync(join(p.dir, "page"), "utf8"), /go back to Malote/);
		// Run out while it is connected: the next connection renews it, and nobody notices.
		await p.server.tell("expire");
		await p.server.tell("kick");
		await until("renewed", async () => (await p.server.tell("nothing")).renewals > 0);
		await app.see("in step again", well);
		await sound(app, p.dir, "geheim");
		// Revoked: it is asked for once, plainly; what was done meanwhile waits, and goes out afterwards.
		await p.server.tell("revoke");
		await app.close();
		app = await p.open(1280, 820);
		await app.see("the plain question", says, "wants you to sign in again");
		assert.equal(await app.execute("return document.querySelectorAll('.failing').length"), 1);
		writeFileSync(join(shots, "window-laptop-consent.png"), await app.screenshot());
		await app.press("j");
		await app.press("s");
		await app.see("it waits", says, "not sent yet");
		await app.execute("document.querySelector('.failing button').click()");
		await app.see("in step after it", well);
		assert.equal(await app.execute("return document.querySelectorAll('.failing').length"), 0);
		// Two at one provider, each with tokens of its own.
		await app.execute(
			"[...document.querySelectorAll('button')].find((b) => b.textContent.includes('Settings')).click()",
		);
		await app.see("the settings", says, "Add an account");
		await app.execute(
			"[...document.querySelectorAll('dialog button')].find((b) => b.innerText.startsWith('Add an account')).click()",
		);
		await address(app, "bia@exemplo.test");
		await trust(app, p.server.ca);
		await signIn(app);
		await app.see(
			"both",
			"return document.body.innerText.includes('bia@exemplo.test') && !document.querySelector('input[name=ca]')",
		);
		await app.see("in step", well);
		// Nine years ahead, from the start: the date of this device means nothing to tokens.
		const faketime = existsSync("/usr/bin/faketime");
		if (!faketime)
			return console.log(
				"*** no faketime here: the wrong clock is tried by tests/integration/oauth.rs only ***",
			);
		await app.close();
		app = await p.open(1280, 820, {
			LD_PRELOAD: execFileSync("faketime", ["-f", "+9y", "printenv", "LD_PRELOAD"], {
				encoding: "utf8",
			}).trim(),
			FAKETIME: "+9y",
			FAKETIME_DONT_FAKE_MONOTONIC: "1",
		});
		await app.see("in step, nine years on", well);
	} finally {
		await app.close();
		await p.end();
	}
});

test("no password is left in files or memory", async () => {
	const p = await place();
	let app = await p.open(1280, 820);
	try {
		await address(app, p.server.address);
		await trust(app, p.server.ca);
		await app.type("input[name=password]", p.server.password);
		await app.click("button[type=submit]");
		await app.see("the inbox", rows);
		await app.see("in step", well);
		await app.close();
		// As it runs every day: with the password from the system's store.
		app = await p.open(1280, 820);
		await app.see("in step", well);
		await sound(app, p.dir, p.server.password);
	} finally {
		await app.close();
		await p.end();
	}
});
