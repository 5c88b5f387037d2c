// Starts what the tests of the screens need: a mail server, a core behind the bridge, a browser. Everything on loopback,
// everything ended with the test.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
export const bin = (name) => join(target, "debug", name);

/** Starts a program that prints one JSON line when it is ready and ends with its standard input. */
async function helper(program, args, env = {}) {
	const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...env } });
	const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
	const ready = await lines.next();
	if (ready.done) throw new Error(`${program} ended before it was ready`);
	return {
		...JSON.parse(ready.value),
		child,
		/** Sends a command and waits until it is done. */
		async tell(command) {
			child.stdin.write(`${command}\n`);
			return JSON.parse((await lines.next()).value);
		},
		async stop() {
			if (child.exitCode !== null || child.signalCode !== null) return;
			const ended = new Promise((done) => child.once("exit", done));
			child.stdin.end();
			await ended;
		},
	};
}

export const mailServer = (...args) => helper(bin("testserver"), args);

export function home() {
	const dir = mkdtempSync(join(tmpdir(), "malote-e2e-"));
	return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** The core of one device behind loopback HTTP, with the built screens. */
export const bridge = (dir, env) => helper(bin("bridge"), [dir, join(root, "ui/dist")], env);

/** Makes a call of the contract. */
export async function call(url, name, params) {
	const answer = await fetch(`${url}/api/call/${name}`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify(params),
	});
	const value = await answer.json();
	if (!answer.ok) throw Object.assign(new Error(`${name}: ${value.code}`), value);
	return value;
}

/** The sample account, as `account_add` wants it. */
export function account(server, more = {}) {
	return {
		address: server.address,
		name: "Ana Prado",
		user: server.user,
		incoming: { host: "localhost", port: server.imaps, tls: "implicit" },
		password: server.password,
		password_command: "",
		ca_file: server.ca,
		keep: "all",
		...more,
	};
}

/** Waits until `test` gives something true; the bound is for a broken run only. */
export async function until(what, test, seconds = 60) {
	const end = Date.now() + seconds * 1000;
	for (;;) {
		const value = await test();
		if (value) return value;
		if (Date.now() > end) throw new Error(`it never happened: ${what}`);
		await new Promise((r) => setTimeout(r, 50));
	}
}

/** Debian's Chromium, without anything that looks for the outside world. */
export async function chromium(...more) {
	const { chromium: engine } = await import("playwright-core");
	return engine.launch({
		executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
		args: [
			"--no-sandbox",
			"--disable-gpu",
			"--disable-quic",
			"--no-first-run",
			"--disable-background-networking",
			"--disable-component-update",
			"--disable-sync",
			...more,
		],
	});
}

export const SIZES = {
	phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
	tablet: { viewport: { width: 820, height: 1180 }, hasTouch: true, isMobile: true, deviceScaleFactor: 1 },
	laptop: { viewport: { width: 1440, height: 900 }, deviceScaleFactor: 1 },
};
