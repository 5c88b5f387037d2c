// The app's own window, driven through WebKitWebDriver (W3C WebDriver): one driver for each device, since a device is an
// environment. Only the dozen calls we need.
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { root, until } from "./lib.mjs";

const app = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug/malote-app");
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

const freePort = () =>
	new Promise((done) => {
		const server = createServer().listen(0, "127.0.0.1", () => {
			const { port } = server.address();
			server.close(() => done(port));
		});
	});

/** Processes that a process of ours started. */
function childrenOf(pid) {
	try {
		return execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" })
			.trim()
			.split("\n")
			.map(Number);
	} catch {
		return [];
	}
}

function end(pid, signal) {
	try {
		process.kill(pid, signal);
	} catch {
		// It has ended by itself.
	}
}

/** True while it runs; one that has ended and waits to be collected does not. */
function alive(pid) {
	try {
		return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
	} catch {
		return false;
	}
}

/** Opens the app as one device: its data in `dir`, its window of this size. */
export async function openApp(dir, width, height, env = {}) {
	const port = await freePort();
	const driver = spawn("WebKitWebDriver", [`--port=${port}`, "--host=127.0.0.1"], {
		stdio: ["ignore", "inherit", "inherit"],
		env: {
			...process.env,
			MALOTE_HOME: dir,
			MALOTE_WINDOW: `${width}x${height}`,
			TAURI_AUTOMATION: "true",
			TAURI_WEBVIEW_AUTOMATION: "true",
			...env,
		},
	});
	const base = `http://127.0.0.1:${port}`;
	const ask = async (method, path, body) => {
		const answer = await fetch(base + path, { method, body: body ? JSON.stringify(body) : undefined });
		const { value } = await answer.json();
		if (!answer.ok) throw new Error(`${path}: ${value?.error}: ${value?.message}`);
		return value;
	};
	await until(
		"the driver listens",
		() =>
			fetch(`${base}/status`).then(
				() => true,
				() => false,
			),
		20,
	);
	const { sessionId } = await ask("POST", "/session", {
		capabilities: { alwaysMatch: { "webkitgtk:browserOptions": { binary: app, args: [] } } },
	});
	const at = `/session/${sessionId}`;
	const find = async (css) =>
		(await ask("POST", `${at}/element`, { using: "css selector", value: css }))[ELEMENT];
	const device = {
		execute: (script, ...args) => ask("POST", `${at}/execute/sync`, { script, args }),
		/** Runs a script that says by its last argument when it is done, and with what. */
		executeAsync: (script, ...args) => ask("POST", `${at}/execute/async`, { script, args }),
		/** Waits until the script gives something true. */
		see: (what, script, ...args) => until(what, () => device.execute(script, ...args)),
		async click(css) {
			await ask("POST", `${at}/element/${await find(css)}/click`, {});
		},
		async type(css, text) {
			const id = await find(css);
			await ask("POST", `${at}/element/${id}/clear`, {});
			await ask("POST", `${at}/element/${id}/value`, { text });
		},
		/** Gives a file field these files. */
		async files(css, paths) {
			await ask("POST", `${at}/element/${await find(css)}/value`, { text: paths.join("\n") });
		},
		/** Clicks inside a frame, as a person does. */
		async clickInFrame(frame, css) {
			await ask("POST", `${at}/frame`, { id: { [ELEMENT]: await find(frame) } });
			await ask("POST", `${at}/element/${await find(css)}/click`, {});
			await ask("POST", `${at}/frame`, { id: null });
		},
		press: (key) =>
			ask("POST", `${at}/actions`, {
				actions: [
					{
						type: "key",
						id: "k",
						actions: [
							{ type: "keyDown", value: key },
							{ type: "keyUp", value: key },
						],
					},
				],
			}),
		/** The app's process. */
		pid: () => childrenOf(driver.pid)[0],
		ended: (pid) => !alive(pid),
		resize: (w, h) => ask("POST", `${at}/window/rect`, { width: w, height: h }),
		async screenshot() {
			return Buffer.from(await ask("GET", `${at}/screenshot`), "base64");
		},
		/** Ends the app and its driver, and waits until both are gone: the next start wants the same data. */
		async close() {
			const apps = childrenOf(driver.pid);
			await ask("DELETE", at).catch(() => {});
			for (const pid of apps) end(pid, "SIGTERM");
			await until("the app has ended", () => apps.every((pid) => !alive(pid)), 20);
			const ended = new Promise((done) => driver.once("exit", done));
			driver.kill();
			await ended;
		},
	};
	return device;
}
