// HTML of strangers, opened in Chromium as the reader opens it, and with each guard alone: nothing runs, nothing is fetched, nothing goes
// elsewhere, nothing gets out of its frame. `node hostile.mjs`; MALOTE_EVERY=1 takes every payload of the corpora (20: each twentieth).
import assert from "node:assert/strict";
import { test } from "node:test";
import { account, bridge, call, chromium, home, mailServer, until } from "./lib.mjs";
import { leaks, payloads, tripwire } from "./payloads.mjs";

const EVERY = Number(process.env.MALOTE_EVERY ?? 20);
const AT_ONCE = 60;
const NAME = "leaking.test";

/** Shows documents in frames like `model`, or in frames without any guard, and says what is found in them. */
const show = async ({ documents, guarded }) => {
	const model = document.querySelector("main iframe");
	const [before, after] = model.srcdoc.split(/(?<=<body>)[\s\S]*(?=<\/body>)/u);
	const count = document.querySelectorAll("*").length;
	const frames = await Promise.all(
		documents.map(
			(html) =>
				new Promise((done) => {
					const frame = guarded ? model.cloneNode() : document.createElement("iframe");
					frame.srcdoc = guarded ? before + html + after : `<!doctype html><body>${html}</body>`;
					// One that never ends loading was open for long enough.
					setTimeout(() => done(frame), 3000);
					frame.onload = () => done(frame);
					document.body.append(frame);
				}),
		),
	);
	await new Promise((done) => setTimeout(done, 150));
	const found = [];
	for (const [n, frame] of guarded ? [] : frames.entries()) {
		for (const at of frame.contentDocument?.querySelectorAll("*") ?? []) {
			if (
				/^(script|iframe|frame|object|embed|applet|form|input|button|textarea|select|base|link|meta|style|svg|math|video|audio|template|dialog)$/iu.test(
					at.localName,
				) &&
				// A sheet is ours where it says so; what it can do is seen by the tripwire.
				!(at.localName === "style" && (!at.textContent || at.textContent.startsWith("/*ours*/")))
			)
				found.push(`${n}: <${at.localName}>`);
			for (const { name, value } of at.attributes) {
				if (
					/^on/iu.test(name) ||
					/^(srcdoc|srcset|ping|action|formaction|background|poster|name)$/iu.test(name)
				)
					found.push(`${n}: ${name}`);
				if (name === "href" && !/^(https?:|mailto:|mid:|tel:)/iu.test(value)) found.push(`${n}: ${value}`);
				if (name === "src" && !/^data:image\/(png|jpeg|gif|webp)/iu.test(value.trim()))
					found.push(`${n}: ${value}`);
			}
		}
	}
	for (const frame of frames) frame.remove();
	return { found, escaped: document.querySelectorAll("*").length - count, ran: window.ran ?? [] };
};

test("what strangers put into HTML does nothing", { timeout: 1_800_000 }, async (t) => {
	const trap = await tripwire();
	// Whatever is asked of this name leads to the tripwire; what the browser wants for itself leads nowhere.
	const rules = `MAP ${NAME} 127.0.0.1:${trap.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`;
	// A process for each of thousands of frames is what takes the time.
	const browser = await chromium(
		`--host-resolver-rules=${rules}`,
		"--disable-features=IsolateSandboxedIframes",
	);
	const server = await mailServer();
	const place = home();
	const core = await bridge(place.dir);
	t.after(async () => {
		await browser.close();
		await core.stop();
		await server.stop();
		place.remove();
		trap.end();
	});
	await call(core.url, "account_add", { new: account(server) });
	const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
	await context.addInitScript(() => {
		// What a script of a stranger would do first.
		for (const name of ["alert", "confirm", "prompt", "print", "open"])
			window[name] = () => {
				window.top.ran ??= [];
				window.top.ran.push(name);
			};
	});
	const page = await context.newPage();
	let wrong = [];
	page.on("dialog", (d) => {
		wrong.push(`dialog ${d.message()}`);
		void d.dismiss();
	});
	page.on("popup", (p) => wrong.push(`popup ${p.url()}`));
	page.on("framenavigated", (f) => {
		if (!f.url().startsWith(core.url) && !/^about:(srcdoc|blank)/u.test(f.url()))
			wrong.push(`went to ${f.url()}`);
	});
	page.on("request", (r) => {
		if (!r.url().startsWith(core.url) && !/^(data|about|blob):/u.test(r.url()))
			wrong.push(`asked for ${r.url()}`);
	});
	await page.goto(core.url);
	await page.locator("[data-row]").first().waitFor();
	await page.keyboard.press("j");
	await page.locator("main iframe").first().waitFor();
	const rendered = async (documents) => {
		const answer = await fetch(`${core.url}/api/render`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify(documents),
		});
		return (await answer.json()).map((r) => `<style>/*ours*/${r.styles}</style>${r.html}`);
	};
	/** Opens all of them; what went wrong. */
	const open = async (documents, guarded) => {
		wrong = [];
		trap.visits();
		const seen = [];
		for (let n = 0; n < documents.length; n += AT_ONCE) {
			const some = documents.slice(n, n + AT_ONCE);
			const { found, escaped, ran } = await page.evaluate(show, { documents: some, guarded });
			if (found.length || escaped || ran.length || wrong.length)
				seen.push({
					n,
					found: found.slice(0, 5),
					escaped,
					ran,
					wrong: wrong.slice(0, 5),
					some: found.length ? some[Number.parseInt(found[0], 10)].slice(0, 300) : "",
				});
			wrong = [];
			await page.evaluate(() => {
				window.ran = [];
			});
		}
		return { seen, visits: trap.visits() };
	};
	// First that what would go wrong is seen.
	const control = await open([`<img src="http://${NAME}/x"><img src=y onerror=alert(1)>`], false);
	assert.ok(control.visits.length && control.seen[0].ran.includes("alert"), JSON.stringify(control));

	const { count, documents } = leaks(NAME);
	const own = payloads(NAME, EVERY);
	console.log(`# ${count} leaks in ${documents.length} documents, ${own.length} payloads`);
	for (const [name, all] of Object.entries({ leaks: documents, payloads: own })) {
		const clean = await rendered(all);
		t.diagnostic(
			`${name}: ${clean.reduce((sum, html) => sum + html.length, 0)} octets are left after cleaning`,
		);
		assert.deepEqual(await open(clean, true), { seen: [], visits: [] }, `${name}, as the reader opens them`);
		assert.deepEqual(
			await open(clean, false),
			{ seen: [], visits: [] },
			`${name}, cleaned, in a frame without a guard`,
		);
		const { seen } = await open(all, true);
		assert.deepEqual(
			seen.flatMap((s) => s.ran),
			[],
			`${name}, not cleaned, in the reader's frame`,
		);
	}
	await until("the app is as it was", () => page.evaluate(() => !!document.querySelector("main iframe")));
});
