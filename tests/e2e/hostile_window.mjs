// HTML of strangers in the app's own window: as the reader opens it, and, as if it had not been cleaned, in the reader's frame alone.
// Run as window.mjs is; MALOTE_EVERY=1 takes every payload of the corpora (20: each twentieth).
import assert from "node:assert/strict";
import { test } from "node:test";
import { account, bridge, home, mailServer } from "./lib.mjs";
import { leaks, payloads, tripwire } from "./payloads.mjs";
import { openApp } from "./webdriver.mjs";

const EVERY = Number(process.env.MALOTE_EVERY ?? 20);
const AT_ONCE = 60;

/** What a script of a stranger would do first, so that the window hears of it. */
const CALL = "(function(){parent.postMessage(1,{targetOrigin:String.fromCharCode(42)})})";
const speaking = (html) => html.replaceAll(/\b(alert|confirm|prompt|print)\b(?=\s*[(`])/gu, CALL);

const listen = `window.ran = 0; addEventListener("message", () => window.ran++); return true`;
const show = `const [documents, done] = arguments;
	const model = document.querySelector("main iframe");
	const [before, after] = model.srcdoc.split(/(?<=<body>)[\\s\\S]*(?=<\\/body>)/u);
	const count = document.querySelectorAll("*").length;
	Promise.all(documents.map((html) => new Promise((shown) => {
		const frame = model.cloneNode();
		frame.srcdoc = before + html + after;
		setTimeout(() => shown(frame), 3000);
		frame.onload = () => shown(frame);
		document.body.append(frame);
	}))).then((frames) => setTimeout(() => {
		for (const frame of frames) frame.remove();
		done({ escaped: document.querySelectorAll("*").length - count, ran: window.ran, at: location.href });
	}, 150))`;

test("what strangers put into HTML does nothing in the window", { timeout: 1_800_000 }, async (t) => {
	const trap = await tripwire();
	const server = await mailServer();
	const [place, other] = [home(), home()];
	const core = await bridge(other.dir);
	const app = await openApp(place.dir, 1280, 820);
	t.after(async () => {
		await app.close();
		await core.stop();
		await server.stop();
		for (const p of [place, other]) p.remove();
		trap.end();
	});
	await app.see("the welcome", "return !!document.querySelector('input[name=address]')");
	await app.execute(
		`window.__TAURI_INTERNALS__.invoke("call", { name: "account_add", params: { new: arguments[0] } }).then(() => location.reload())`,
		account(server),
	);
	await app.see("the inbox", "return document.querySelectorAll('[data-row]').length > 5");
	await app.press("j");
	await app.see("the message", "return !!document.querySelector('main iframe')");
	await app.execute(listen);
	const at = await app.execute("return location.href");
	const name = `127.0.0.1:${trap.port}`;
	await fetch(`http://${name}/`);
	assert.equal(trap.visits().length, 1, "who comes is seen");

	const { count, documents } = leaks(name);
	const all = [...documents, ...payloads(name, EVERY)].map(speaking);
	const answer = await fetch(`${core.url}/api/render`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify(all),
	});
	const clean = (await answer.json()).map((r) => `<style>${r.styles}</style>${r.html}`);
	t.diagnostic(`${count} leaks, ${all.length} documents`);
	const open = async (list) => {
		const seen = [];
		for (let n = 0; n < list.length; n += AT_ONCE) {
			const told = await app.executeAsync(show, list.slice(n, n + AT_ONCE));
			if (told.escaped || told.ran || told.at !== at) seen.push({ n, ...told });
		}
		return { seen, visits: trap.visits() };
	};
	assert.deepEqual(await open(clean), { seen: [], visits: [] }, "as the reader opens them");
	const raw = await open(all);
	assert.deepEqual(raw.seen, [], "not cleaned, in the reader's frame");
	t.diagnostic(`not cleaned, the frame alone lets ${raw.visits.length} requests through`);
});
