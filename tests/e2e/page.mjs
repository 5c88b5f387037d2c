// What the tests of the screens share: a browser, pages of a size, a device over the real core and a real mail server.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { account, bridge, call, chromium, home, root, SIZES, until } from "./lib.mjs";

export const shots = join(root, "target/shots");
mkdirSync(shots, { recursive: true });

export const browser = await chromium();
test.after(() => browser.close());

/** A page of a size. Anything it asks of a host that is not the bridge is a failure. */
export async function open(url, size, more = {}) {
	const context = await browser.newContext({
		...SIZES[size],
		locale: "pt-BR",
		timezoneId: "America/Sao_Paulo",
		...more,
	});
	const page = await context.newPage();
	page.outside = [];
	page.on("request", (r) => {
		if (!r.url().startsWith(url) && !r.url().startsWith("data:") && !r.url().startsWith("about:"))
			page.outside.push(r.url());
	});
	page.on("pageerror", (e) => page.outside.push(`error: ${e.message}`));
	await page.goto(url);
	return page;
}

export async function accessible(page, what) {
	const { violations } = await new AxeBuilder({ page }).exclude("iframe").analyze();
	assert.deepEqual(
		violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`),
		[],
		what,
	);
}

export const inStep = (url) =>
	until("in step", async () => (await call(url, "states", {}))[0]?.phase === "in_step");

export const rows = (page) => page.locator("[data-row]");
export const subjects = (page) => page.locator("[data-row] .subject").allTextContents();

/** A device that signed in and is in step, and its end. */
export async function device(server, more) {
	const place = home();
	const core = await bridge(place.dir);
	await call(core.url, "account_add", { new: account(server, more) });
	await inStep(core.url);
	return {
		url: core.url,
		async end() {
			await core.stop();
			place.remove();
		},
	};
}
