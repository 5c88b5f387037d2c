// Takes the pictures of the screens: each size, light and dark, list and message. `node shots.mjs DIR`
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { account, bridge, call, chromium, home, mailServer, SIZES, until } from "./lib.mjs";

const out = process.argv[2] ?? "target/shots";
mkdirSync(out, { recursive: true });
const server = await mailServer();
const device = home();
const core = await bridge(device.dir);
const browser = await chromium();
try {
	await call(core.url, "account_add", { new: account(server) });
	await until("first sync", async () => {
		const states = await call(core.url, "states", {});
		return states[0]?.phase === "in_step";
	});
	for (const [size, options] of Object.entries(SIZES)) {
		for (const scheme of ["light", "dark"]) {
			const context = await browser.newContext({
				...options,
				colorScheme: scheme,
				locale: "pt-BR",
				timezoneId: "America/Sao_Paulo",
			});
			const page = await context.newPage();
			await page.goto(core.url);
			await page.waitForSelector("[data-row]");
			await page.waitForTimeout(300);
			await page.screenshot({ path: join(out, `${size}-${scheme}-list.png`) });
			await page.locator("[data-row]").nth(2).click();
			await page.waitForSelector("iframe");
			await page.waitForTimeout(400);
			await page.screenshot({ path: join(out, `${size}-${scheme}-message.png`) });
			if (size === "laptop") {
				await page.keyboard.press("?");
				await page.waitForSelector("dialog");
				await page.screenshot({ path: join(out, `${size}-${scheme}-keys.png`) });
			}
			await context.close();
		}
	}
	const empty = home();
	const fresh = await bridge(empty.dir);
	for (const [size, options] of Object.entries(SIZES)) {
		const page = await (await browser.newContext({ ...options, locale: "pt-BR" })).newPage();
		await page.goto(fresh.url);
		await page.fill("input[name=address]", "ana@exemplo.test");
		await page.screenshot({ path: join(out, `${size}-welcome.png`) });
		await page.click("button[type=submit]");
		await page.waitForSelector("input[name=password]");
		await page.screenshot({ path: join(out, `${size}-signin.png`) });
	}
	await fresh.stop();
	empty.remove();
} finally {
	await browser.close();
	await core.stop();
	await server.stop();
	device.remove();
}
