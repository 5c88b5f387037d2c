// How real newsletters and the pages of features look, at phone and laptop width, light and dark, in target/shots/newsletters; what is known
// to look otherwise than its makers meant stands in docs/newsletters.md. `node newsletters.mjs [WORD]`
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { call, mailServer, root, until } from "./lib.mjs";
import { browser, device, open } from "./page.mjs";

const corpora = process.env.MALOTE_CORPORA ?? join(root, "../shared/corpora");
const wanted = process.argv[2] ?? "";

function pages(dir) {
	try {
		return readdirSync(dir, { recursive: true })
			.map(String)
			.filter((name) => name.endsWith(".html") && statSync(join(dir, name)).isFile())
			.map((name) => ({
				name: name.replaceAll("/", "-").replace("-content.html", "").replace(".html", ""),
				path: join(dir, name),
			}));
	} catch {
		console.log(`SKIPPED: no ${dir}`);
		return [];
	}
}

const all = [
	...pages(join(corpora, "html-templates-postmark/templates")).map((p) => ({
		...p,
		name: `postmark-${p.name}`,
	})),
	...pages(join(corpora, "html-caniemail/tests")).map((p) => ({ ...p, name: `caniemail-${p.name}` })),
].filter((p) => p.name.includes(wanted) && !p.name.includes("_template"));

const shots = join(root, "target/shots/newsletters");
mkdirSync(shots, { recursive: true });
const server = await mailServer();
const { url, end } = await device(server);
let outside = 0;
let wide = 0;
for (const { name, path } of all) {
	const html = readFileSync(path, "utf8").replaceAll("\n", "\r\n");
	await server.tell(
		`raw ${Buffer.from(`From: ${name} <${name.toLowerCase()}@news.test>\r\nTo: ana@exemplo.test\r\nDate: Sat, 28 Nov 2026 10:00:00 -0300\r\nSubject: ${name}\r\nMessage-ID: <${name}@news.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${html}`).toString("base64")}`,
	);
}
const inbox = (await call(url, "mailboxes", {})).find((m) => m.role === "inbox").id;
const rows = async () =>
	(await call(url, "window_open", { mailbox: inbox, count: 400 })).rows.map((r) => r.subject);
await until("all are here", async () => {
	const here = await rows();
	return all.every((p) => here.includes(p.name));
});
for (const size of ["phone", "laptop"]) {
	for (const colorScheme of ["light", "dark"]) {
		const page = await open(url, size, { colorScheme });
		// High enough that most are seen whole.
		await page.setViewportSize({ width: page.viewportSize().width, height: 2000 });
		await page.locator("[data-row]").first().click();
		for (const { name } of all.toReversed()) {
			await page.locator("article h1", { hasText: name }).waitFor();
			await page.locator("iframe.measured").waitFor();
			const fits = await page
				.locator("iframe")
				.evaluate((f) => f.contentDocument.documentElement.scrollWidth <= f.clientWidth + 1);
			if (!fits) {
				wide++;
				console.log(`wider than the screen: ${name}, ${size}`);
			}
			await page.locator("iframe").screenshot({ path: join(shots, `${name}-${size}-${colorScheme}.png`) });
			await page.keyboard.press("j");
		}
		outside += page.outside.length;
		await page.context().close();
	}
}
console.log(`${all.length} pages, ${outside} requests, ${wide} wider than the screen`);
await end();
await server.stop();
await browser.close();
process.exit(outside ? 1 : 0);
