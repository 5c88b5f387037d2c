// The screens in Chromium at three sizes with touch, over the real core and a real mail server. `node screens.mjs [DIR]`
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { account, bin, bridge, call, home, mailServer, SIZES, until } from "./lib.mjs";
import { accessible, device, inStep, open, rows, shots, subjects } from "./page.mjs";

test("first run: address, servers, password, inbox; and every wrong turn in words", async (t) => {
	const server = await mailServer();
	const place = home();
	const core = await bridge(place.dir);
	t.after(async () => {
		await core.stop();
		await server.stop();
		place.remove();
	});
	for (const size of Object.keys(SIZES)) {
		const page = await open(core.url, size);
		await page.fill("input[name=address]", "sem arroba");
		await accessible(page, `welcome, ${size}`);
		await page.fill("input[name=address]", server.address);
		await page.click("button[type=submit]");
		await page.waitForSelector("input[name=password]");
		assert.equal(await page.inputValue("input[name=host]"), "imap.exemplo.test", "guessed, and editable");
		await accessible(page, `sign-in, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-signin.png`) });
		const attempt = async (fields, said) => {
			for (const [name, value] of Object.entries(fields)) await page.fill(`input[name=${name}]`, value);
			await page.click("button[type=submit]");
			await page.locator("[role=alert]", { hasText: said }).waitFor();
		};
		await attempt(
			{ password: server.password, host: "nao-existe.invalid" },
			"Nenhum servidor atende pelo nome nao-existe.invalid",
		);
		await attempt({ host: "localhost", port: "1" }, "Nada responde em localhost:1");
		await attempt({ port: String(server.imaps) }, "O certificado de localhost não é confiável");
		// It is shown before anybody may trust it.
		await page.getByText("Ninguém em quem este aparelho confia o emitiu").waitFor();
		await accessible(page, `certificate, ${size}`);
		await page.getByRole("button", { name: "Confiar neste certificado" }).scrollIntoViewIfNeeded();
		await page.screenshot({ path: join(shots, `${size}-certificate.png`) });
		await page.fill("input[name=user]", server.user);
		await attempt({ ca: server.ca, password: "errada" }, "localhost recusou o usuário ou a senha");
		await page.context().close();
	}
	assert.deepEqual(await call(core.url, "accounts", {}), [], "nothing half-done is kept");
	const page = await open(core.url, "laptop");
	await page.fill("input[name=address]", server.address);
	await page.click("button[type=submit]");
	for (const [name, value] of [
		["password", server.password],
		["host", "localhost"],
		["port", String(server.imaps)],
	])
		await page.fill(`input[name=${name}]`, value);
	await page.fill("input[name=user]", server.user);
	await page.click("button[type=submit]");
	// The way of somebody with a server of their own: look at the certificate, and choose it.
	await page.getByRole("button", { name: "Confiar neste certificado" }).click();
	await rows(page).first().waitFor();
	assert.deepEqual(page.outside, []);
});

test("reading and doing, at every size, by keyboard, mouse and touch", async (t) => {
	const server = await mailServer();
	const { url, end } = await device(server);
	t.after(async () => {
		await end();
		await server.stop();
	});

	await t.test("laptop: keys", async () => {
		const page = await open(url, "laptop");
		await rows(page).first().waitFor();
		await accessible(page, "laptop list");
		const before = await subjects(page);
		await page.keyboard.press("j");
		await page.keyboard.press("j");
		await page.waitForSelector("iframe");
		await accessible(page, "laptop message");
		assert.equal(await page.locator("article h1").textContent(), before[1]);
		// Archive, the next one opens, undo brings it back.
		await page.keyboard.press("e");
		await page.locator("[role=status] .toast", { hasText: /\d+ mensage(m|ns) arquivadas?/ }).waitFor();
		await until("the row is gone", async () => (await subjects(page))[1] === before[2]);
		assert.equal(await page.locator("article h1").textContent(), before[2]);
		await page.locator(".toast button").last().click();
		await until("the row is back", async () => (await subjects(page))[1] === before[1]);
		// Star and back, by key.
		await page.keyboard.press("k");
		const star = () => page.locator(".row.cursor .star").getAttribute("aria-pressed");
		const was = await star();
		await page.keyboard.press("s");
		await until("the star turned", async () => (await star()) !== was);
		await page.keyboard.press("z");
		await until("and back", async () => (await star()) === was);
		// Delete to the trash.
		const total = (await call(url, "mailboxes", {})).find((m) => m.role === "inbox").total;
		await page.keyboard.press("#");
		await page.locator(".toast", { hasText: "Lixeira" }).waitFor();
		await page.keyboard.press("z");
		await until(
			"undone",
			async () => (await call(url, "mailboxes", {})).find((m) => m.role === "inbox").total === total,
		);
		await until("and on the screen", async () => (await subjects(page))[0] === before[0]);
		// Many at once.
		await page.keyboard.press("Escape");
		await page.locator(".select").nth(0).click();
		await page
			.locator(".select")
			.nth(4)
			.click({ modifiers: ["Shift"] });
		await page.locator("h1", { hasText: "5 selecionadas" }).waitFor();
		await accessible(page, "laptop selection");
		await page.screenshot({ path: join(shots, "laptop-selection.png") });
		await page.keyboard.press("v");
		await page.waitForSelector("dialog");
		await accessible(page, "move dialog");
		await page.keyboard.type("familia");
		await page.keyboard.press("Enter");
		await page.locator(".toast", { hasText: /\d+ mensagens movidas para Família/ }).waitFor();
		await page.locator(".toast button").last().click();
		await until(
			"undone",
			async () => (await call(url, "mailboxes", {})).find((m) => m.role === "inbox").total === total,
		);
		// Help, search.
		await page.keyboard.press("?");
		await page.waitForSelector("dialog");
		await accessible(page, "help");
		await page.keyboard.press("Escape");
		await page.waitForSelector("dialog", { state: "detached" });
		await page.keyboard.press("/");
		await page.keyboard.type("assunto:horta");
		await until(
			"filtered",
			async () =>
				(await subjects(page)).length > 0 &&
				(await page.locator(".status").textContent()).includes("encontradas") &&
				(await page.locator("[data-row]").allTextContents()).every((x) => /horta/i.test(x)),
		);
		await page.keyboard.press("Escape");
		await page.keyboard.press("Escape");
		await until("all again", async () => (await subjects(page))[0] === before[0]);
		assert.deepEqual(page.outside, []);
	});

	await t.test("phone: touch", async () => {
		const page = await open(url, "phone");
		await rows(page).first().waitFor();
		await accessible(page, "phone list");
		const before = await subjects(page);
		await rows(page).nth(1).tap();
		await page.waitForSelector("iframe");
		await accessible(page, "phone message");
		assert.equal(await page.locator("article h1").textContent(), before[1]);
		await page.getByRole("button", { name: "Voltar" }).tap();
		await rows(page).first().waitFor();
		// A swipe towards the start archives; not before the finger lifts.
		const box = await page.locator(".row").nth(2).boundingBox();
		const finger = await page.context().newCDPSession(page);
		const touch = (type, x) =>
			finger.send("Input.dispatchTouchEvent", {
				type,
				touchPoints: type === "touchEnd" ? [] : [{ x, y: box.y + 30 }],
			});
		await touch("touchStart", 320);
		// It sees what it would do, and from where on it would.
		for (let x = 320; x > 260; x -= 20) await touch("touchMove", x);
		await page.locator(".under.end:not(.far)").waitFor();
		for (let x = 260; x > 120; x -= 20) await touch("touchMove", x);
		await page.locator(".under.end.far").waitFor();
		await page.screenshot({ path: join(shots, "phone-swipe.png") });
		assert.equal((await subjects(page))[2], before[2]);
		await touch("touchEnd");
		await page.locator(".toast", { hasText: "arquivada" }).waitFor();
		assert.equal(await page.locator(".under").count(), 0);
		await until("the row is gone", async () => (await subjects(page))[2] === before[3]);
		// The browser takes a tap in the same breath as a swipe for a part of it; a person is slower.
		await page.waitForTimeout(600);
		await page.locator(".toast button").last().tap();
		await until("the row is back", async () => (await subjects(page))[2] === before[2]);
		// Folders and settings.
		await page.getByRole("button", { name: "Pastas" }).tap();
		await page.locator("dialog").getByText("Aurora").waitFor();
		await accessible(page, "phone folders");
		await page.screenshot({ path: join(shots, "phone-folders.png") });
		await page.locator("dialog").getByText("Aurora").tap();
		await page.locator("h1", { hasText: "Aurora" }).waitFor();
		await page.getByRole("button", { name: "Ajustes" }).tap();
		await page.locator("dialog").waitFor();
		await accessible(page, "phone settings");
		for (const [language, word] of [
			["en", "Settings"],
			["es", "Idioma"],
			["pt-BR", "Ajustes"],
		]) {
			await page.selectOption("select[name=language]", language);
			await page.locator("dialog").getByText(word).first().waitFor();
			await page.screenshot({ path: join(shots, `phone-settings-${language}.png`) });
		}
		await page.selectOption("select[name=theme]", "dark");
		assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
		await accessible(page, "phone settings, dark");
		await page.selectOption("select[name=theme]", "auto");
		assert.deepEqual(page.outside, []);
	});

	await t.test("tablet: two panes and a drawer, dark", async () => {
		const page = await open(url, "tablet", { colorScheme: "dark" });
		await rows(page).first().waitFor();
		await rows(page).nth(3).tap();
		await page.waitForSelector("iframe");
		await accessible(page, "tablet, dark");
		await page.getByRole("button", { name: "Pastas" }).tap();
		await page.locator("dialog").getByText("Recibos").tap();
		await page.locator("h1", { hasText: "Recibos" }).first().waitFor();
		assert.deepEqual(page.outside, []);
	});
});

test("conversations: one row, read as one, done with as one, and taken apart", async (t) => {
	const server = await mailServer();
	const { url, end } = await device(server);
	t.after(async () => {
		await end();
		await server.stop();
	});
	const inbox = async () => (await call(url, "mailboxes", {})).find((m) => m.role === "inbox");
	const whole = async (grouped) =>
		await call(url, "window_open", { mailbox: (await inbox()).id, unified: null, grouped, count: 300 });
	for (const size of Object.keys(SIZES)) {
		const page = await open(url, size, size === "tablet" ? { colorScheme: "dark" } : {});
		await rows(page).first().waitFor();
		// The first one of at least three messages of which one is unread, and one that is not the last is read.
		const { rows: all } = await whole(true);
		const mixed = async (r) => {
			const { messages } = await call(url, "conversation", { id: r.id });
			return messages.slice(0, -1).some((m) => m.read) && messages.some((m) => !m.read);
		};
		let at = 0;
		while (all[at].count < 3 || !(await mixed(all[at]))) at++;
		const [row, before] = [all[at], (await inbox()).total];
		await page.locator(".rows").evaluate((list, to) => list.scrollTo(0, to), Math.max(0, at - 1) * 76);
		const shown = page.locator(".place", { has: page.locator(`[data-row]`) }).filter({
			has: page.locator(".many", { hasText: String(row.count) }),
			hasText: row.subject,
		});
		const { messages } = await call(url, "conversation", { id: row.id });
		await shown.first().locator("[data-row]").click();
		await page.waitForSelector("iframe.measured");
		assert.equal(messages.length, row.count);
		await page.locator("article .count", { hasText: `${row.count} mensagens` }).waitFor();
		// What is new is open, and what was said last; the rest is one click away, and each message is as high as it needs.
		const open_ = messages.filter((m, n) => !m.read || n === messages.length - 1).length;
		await until("open", async () => (await page.locator("iframe.measured").count()) === open_);
		for (const frame of await page.locator("iframe").all()) {
			const fits = await frame.evaluate((f) => {
				const root = f.contentDocument.documentElement;
				return [
					f.clientHeight >= root.scrollHeight - 1 && f.clientHeight > 40,
					root.scrollWidth <= root.clientWidth + 1,
				];
			});
			assert.deepEqual(fits, [true, true], "as high and no wider");
		}
		await until("read", async () =>
			(await call(url, "conversation", { id: row.id })).messages.every((m) => m.read),
		);
		await accessible(page, `conversation, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-conversation.png`) });
		await page.locator(".letter button.who[aria-expanded=false]").first().click();
		await until("one more", async () => (await page.locator("iframe.measured").count()) === open_ + 1);
		// A star is for one message, an archive for all that lies here.
		await page.locator(".letter.open").first().getByRole("button", { name: "Pôr estrela" }).click();
		await until("one star", async () => {
			const now = (await call(url, "conversation", { id: row.id })).messages;
			return now.filter((m) => m.starred).length === messages.filter((m) => m.starred).length + 1;
		});
		const here = messages.filter((m) => m.mailbox === row.mailbox).length;
		await page.getByRole("button", { name: "Arquivar" }).first().click();
		await page.locator(".toast", { hasText: `${here} mensagens arquivadas` }).waitFor();
		await until("all of it went", async () => (await inbox()).total === before - here);
		await page.locator(".toast button").last().click();
		await until("and came back", async () => (await inbox()).total === before);
		assert.deepEqual(page.outside, []);
		await page.context().close();
	}
	// One by one, for those who like it so.
	const page = await open(url, "laptop");
	await rows(page).first().waitFor();
	await page.getByRole("button", { name: "Ajustes" }).click();
	await page.selectOption("select[name=grouped]", "no");
	await page.keyboard.press("Escape");
	const { rows: each } = await whole(false);
	await until("apart", async () => (await subjects(page))[3] === each[3].subject);
	assert.equal(await page.locator(".many").count(), 0);
	await rows(page).nth(0).click();
	await page.waitForSelector("iframe.measured");
	assert.equal(await page.locator(".letter").count(), 1);
});

const order = async (page, name) => {
	await page.getByRole("button", { name: "Filtrar e ordenar" }).click();
	await page.getByRole("menuitemradio", { name }).click();
};

test("a list in another order: nothing jumps, and the device remembers", async (t) => {
	const server = await mailServer();
	const { url, end } = await device(server);
	t.after(async () => {
		await end();
		await server.stop();
	});
	for (const size of Object.keys(SIZES)) {
		const page = await open(url, size);
		await rows(page).first().waitFor();
		const newest = await subjects(page);
		await page.getByRole("button", { name: "Filtrar e ordenar" }).click();
		await accessible(page, `the menu of orders, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-order.png`) });
		await page.keyboard.press("Escape");
		await order(page, "Assunto");
		const bare = (all) => all.map((s) => s.replace(/^(\w{2,3}: ?)+/u, "").toLowerCase());
		await until("by subject", async () => {
			const now = bare(await subjects(page)).slice(0, 6);
			return now.every((s, n) => !n || s.localeCompare(now[n - 1], "pt") >= 0) && now[0] !== bare(newest)[0];
		});
		await order(page, "Não lidas primeiro");
		await until("unread first", async () =>
			(await page.locator(".row").first().getAttribute("class")).includes("unread"),
		);
		// What is read stays where it is, until something comes or another order is chosen.
		const before = await subjects(page);
		await rows(page).nth(1).click();
		await page.waitForSelector("iframe");
		await until(
			"read",
			async () => !(await page.locator(".row").nth(1).getAttribute("class")).includes("unread"),
		);
		assert.deepEqual((await subjects(page)).slice(0, 5), before.slice(0, 5));
		// The device remembers.
		const again = await open(url, size);
		await again.getByRole("button", { name: "Filtrar e ordenar" }).click();
		await again
			.locator("[role=menuitemradio][aria-checked=true]", { hasText: "Não lidas primeiro" })
			.waitFor();
		await again.getByRole("menuitemradio", { name: "Mais novas primeiro" }).click();
		await until("the newest first", async () => (await subjects(again))[0] === newest[0]);
		// While the list moves it says where in time it is; labels that other programs set stand in the rows.
		const inbox = (await call(url, "mailboxes", {})).find((m) => m.role === "inbox").id;
		const about = { mailbox: inbox, unified: null, grouped: true, order: null, count: 20 };
		const some = (await call(url, "window_open", about)).rows;
		await call(url, "mark", { ids: [some[0].id, some[14].id], mark: { flag: "$label1" } });
		await call(url, "mark", { ids: [some[14].id], mark: { flag: "Viagem_2026" } });
		await call(url, "mark", { ids: [some[14].id], mark: { flag: "$NotJunk" } });
		await again.locator(".row .label", { hasText: "Importante" }).first().waitFor();
		await again.locator(".rows").evaluate((e) => e.scrollTo(0, 12 * 76));
		await again.locator(".period.moving span").waitFor();
		await again.locator(".row .label", { hasText: "Viagem 2026" }).waitFor();
		assert.notEqual(await again.locator(".period span").textContent(), "");
		assert.equal(await again.locator(".row .label", { hasText: "Junk" }).count(), 0);
		await again.locator(".rows").evaluate((e) => e.scrollBy(0, 1));
		const shown = (e) => Promise.all(e.getAnimations().map((a) => a.finished));
		await again.locator(".period.moving").evaluate(shown);
		await again.screenshot({ path: join(shots, `${size}-period.png`) });
		await accessible(again, `labels and periods, ${size}`);
		for (const id of [some[0].id, some[14].id])
			for (const flag of ["$label1", "Viagem_2026", "$NotJunk"])
				await call(url, "mark", { ids: [id], mark: { unflag: flag } });
		await again.context().close();
		await page.context().close();
	}
});

test("what is wanted at the top stands there, by keyboard, mouse and button, and goes back", async (t) => {
	const server = await mailServer();
	const { url, end } = await device(server);
	t.after(async () => {
		await end();
		await server.stop();
	});
	for (const size of Object.keys(SIZES)) {
		const page = await open(url, size);
		await rows(page).first().waitFor();
		const before = (await subjects(page)).slice(0, 8);
		const shows = (what, wanted) =>
			until(what, async () => (await subjects(page)).slice(0, 8).join() === wanted.join());
		const pin = async (row) => {
			if (size === "laptop") {
				// A mouse finds it on the row.
				await page.locator(".row").nth(row).hover();
				const actions = page.locator(".row").nth(row).getByRole("button", { name: "Fixar no topo" });
				await actions.waitFor();
				await page.screenshot({ path: join(shots, "laptop-row-actions.png") });
				await actions.click();
			} else {
				await page.locator(".row .select").nth(row).click();
				await page.getByRole("toolbar").getByRole("button", { name: "Fixar no topo" }).click();
				await page.getByRole("button", { name: "Limpar seleção" }).click();
			}
		};
		await pin(4);
		const [a, b, c, d, e, ...rest] = before;
		await shows("one at the top", [e, a, b, c, d, ...rest]);
		assert.equal(await page.locator(".row").first().getByLabel("Fixada").count(), 1);
		await page.locator(".begins").first().waitFor();
		await accessible(page, `pinned, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-pinned.png`) });
		// Another order keeps it there; the key takes it back.
		await order(page, "Mais antigas primeiro");
		await until("the oldest below it", async () => {
			const now = await subjects(page);
			return now[0] === e && now[1] !== a;
		});
		await order(page, "Mais novas primeiro");
		await shows("the newest below it", [e, a, b, c, d, ...rest]);
		if (size === "laptop") {
			await rows(page).first().click();
			await page.keyboard.press("t");
		} else {
			await page.locator(".row .select").first().click();
			await page.getByRole("toolbar").getByRole("button", { name: "Desafixar" }).click();
		}
		await shows("where it was", before);
		await page.context().close();
	}
});

test("the folders of all accounts as one list", async (t) => {
	const server = await mailServer();
	const { url, end } = await device(server);
	t.after(async () => {
		await end();
		await server.stop();
	});
	const bia = { address: "bia@exemplo.test", name: "Bia", user: "bia" };
	await call(url, "account_add", { new: account(server, bia) });
	await until("both in step", async () => {
		const states = await call(url, "states", {});
		return states.length === 2 && states.every((s) => s.phase === "in_step");
	});
	const mailboxes = await call(url, "mailboxes", {});
	const inboxes = mailboxes.filter((m) => m.role === "inbox");
	assert.equal(inboxes.length, 2);
	// Somebody forwards something to the other account's inbox: moved there from its drafts.
	const [, other] = await call(url, "accounts", {});
	const content = await call(url, "draft_begin", { kind: "new", about: null });
	const saved = await call(url, "draft_save", {
		content: {
			...content.content,
			account: other.id,
			from: { name: "Bia", address: bia.address },
			subject: "Da Bia",
		},
		replaces: null,
	});
	assert.ok(saved.id && other);
	await call(url, "move_to", {
		ids: [saved.id],
		mailbox: inboxes.find((m) => m.account === other.id).id,
	});
	// Drafts are never put together: what is done with one of them is about that one.
	const drafts = await call(url, "window_open", {
		mailbox: null,
		unified: "drafts",
		grouped: true,
		count: 50,
	});
	assert.equal(drafts.grouped, false);
	for (const size of Object.keys(SIZES)) {
		const page = await open(url, size, size === "tablet" ? { colorScheme: "dark" } : {});
		await rows(page).first().waitFor();
		if (size !== "laptop") await page.getByRole("button", { name: "Pastas" }).click();
		await page.getByRole("heading", { name: "Todas as contas" }).waitFor();
		await accessible(page, `folders of two accounts, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-accounts.png`) });
		await page.locator(".folders ul").first().getByText("Entrada").click();
		await page.locator(".status", { hasText: "621 mensagens" }).waitFor();
		const one = page.locator(".row", { hasText: "Da Bia" });
		await one.locator(".place", { hasText: bia.address }).waitFor();
		assert.equal((await subjects(page))[0], "Da Bia", "in one order");
		await accessible(page, `one list of two accounts, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-unified.png`) });
		assert.deepEqual(page.outside, []);
		await page.context().close();
	}
});

test("searching, at every size: conditions, suggestions, what was looked through, and kept like a folder", async (t) => {
	const server = await mailServer();
	const { url, end } = await device(server);
	t.after(async () => {
		await end();
		await server.stop();
	});
	for (const size of Object.keys(SIZES)) {
		const page = await open(url, size, size === "tablet" ? { colorScheme: "dark" } : {});
		await rows(page).first().waitFor();
		// The longest word of what is unread, as somebody in a hurry types it.
		const subject = await page.locator(".row.unread .subject").first().textContent();
		const word = subject.match(/\p{L}+/gu).sort((x, y) => y.length - x.length)[0];
		const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toUpperCase();
		await page.getByRole("button", { name: "Buscar", exact: true }).first().click();
		const field = page.getByRole("combobox", { name: "Buscar" });
		await field.waitFor();
		await page.getByRole("option", { name: "tem:anexo" }).waitFor();
		await accessible(page, `search begins, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-search-begins.png`) });
		// A suggestion is taken with the keyboard, words follow, and the words are marked in what is found.
		await field.pressSequentially("está:nã");
		await page.keyboard.press("ArrowDown");
		await page.keyboard.press("Enter");
		assert.equal(await field.inputValue(), "está:não-lida ");
		await page.locator(".chip", { hasText: "Está: não lida" }).waitFor();
		await field.pressSequentially(plain(word));
		await until("marked", async () =>
			(await page.locator("[data-row] mark").allTextContents()).some((m) => plain(m) === plain(word)),
		);
		assert(
			(await page.locator(".row").count()) === (await page.locator(".row.unread").count()),
			"unread ones only",
		);
		await page.locator(".status", { hasText: "pesquisados" }).waitFor();
		await page.keyboard.press("Enter");
		await accessible(page, `search, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-search.png`) });
		// A condition is taken away; the search is kept, and found among the folders.
		await page.locator(".chip").click();
		await until("without it", async () => (await field.inputValue()) === plain(word));
		await page.getByRole("button", { name: "Guardar esta busca" }).click();
		await page.getByRole("button", { name: "Não guardar mais" }).waitFor();
		await page.getByRole("button", { name: "Fechar busca" }).click();
		await until("the folder again", async () => (await page.locator("mark").count()) === 0);
		if (size !== "laptop") await page.getByRole("button", { name: "Pastas" }).click();
		await page
			.locator(".folders")
			.getByRole("button", { name: plain(word), exact: true })
			.last()
			.click();
		await page.locator("[data-row] mark").first().waitFor();
		assert.equal(await field.inputValue(), plain(word));
		await page.getByRole("button", { name: "Não guardar mais" }).click();
		// In this folder only; nothing.
		await field.fill("em:sent xyzzyq");
		await page.getByText("Nada encontrado").waitFor();
		await accessible(page, `nothing found, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-search-nothing.png`) });
		assert.deepEqual(page.outside, []);
		await page.context().close();
	}
});

test("another device's mail and marks come by themselves, and nothing jumps", async (t) => {
	const server = await mailServer();
	const [a, b] = [await device(server), await device(server)];
	t.after(async () => {
		await a.end();
		await b.end();
		await server.stop();
	});
	const [one, two] = [await open(a.url, "laptop"), await open(b.url, "phone")];
	await rows(one).first().waitFor();
	await rows(two).first().waitFor();
	await one.locator(".rows").evaluate((list) => list.scrollTo(0, 76 * 20));
	await one.waitForTimeout(300);
	const visible = () =>
		one.locator(".rows").evaluate((list) => {
			const top = list.getBoundingClientRect().top;
			const row = [...list.querySelectorAll(".place")].find(
				(p) => p.getBoundingClientRect().bottom > top + 1,
			);
			return [row.querySelector(".subject").textContent, Math.round(row.getBoundingClientRect().top - top)];
		});
	const before = await visible();
	await server.tell("mail Chegou agora");
	await until("the phone has it on top", async () => (await subjects(two))[0] === "Chegou agora");
	await until("the laptop counts it", async () =>
		(await one.locator(".status").textContent()).includes("621"),
	);
	assert.deepEqual(await visible(), before, "what is read stays where it is");
	// Read on the phone, read on the laptop.
	await one.locator(".rows").evaluate((list) => list.scrollTo(0, 0));
	const first = one.locator(".row", { hasText: "Chegou agora" });
	await first.waitFor();
	assert.match(await first.getAttribute("class"), /unread/);
	await rows(two).first().tap();
	await until("the laptop followed", async () => !/unread/.test(await first.getAttribute("class")));
});

test("folders are made, renamed, emptied and deleted, and taken back", async (t) => {
	const server = await mailServer();
	const { url, end } = await device(server);
	const other = await device(server);
	t.after(async () => {
		await end();
		await other.end();
		await server.stop();
	});
	const folder =
		(path, at = url) =>
		async () =>
			(await call(at, "mailboxes", {})).find((m) => m.path === path);
	for (const size of Object.keys(SIZES)) {
		const page = await open(url, size, size === "tablet" ? { colorScheme: "dark" } : {});
		await rows(page).first().waitFor();
		const drawer = async () => {
			if (size !== "laptop") await page.getByRole("button", { name: "Pastas" }).click();
		};
		const what = async (name) => {
			await drawer();
			const button = page.getByRole("button", { name: `O que fazer com a pasta ${name}` });
			await button.focus();
			await button.press("Enter");
			await page.locator("dialog").last().waitFor();
		};
		await drawer();
		await page.getByRole("button", { name: "Nova pasta", exact: true }).click();
		await page.getByLabel("Nome").fill(`Viagem ${size}`);
		await accessible(page, `new folder, ${size}`);
		await page.keyboard.press("Enter");
		await page.getByText(`Pasta Viagem ${size} criada`).waitFor();
		await until("it is there", folder(`Viagem ${size}`));
		await what(`Viagem ${size}`);
		await accessible(page, `folder, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-folder.png`) });
		await page.getByLabel("Nome", { exact: true }).fill(`Férias ${size} ✈`);
		await page.keyboard.press("Enter");
		await until("renamed", folder(`Férias ${size} ✈`));
		await until("the other device has it too", folder(`Férias ${size} ✈`, other.url));
		await what(`Férias ${size} ✈`);
		await page.getByLabel("Nova pasta dentro de").fill("Roma");
		await page.keyboard.press("Enter");
		await until("inside it", folder(`Férias ${size} ✈/Roma`));
		await what(`Férias ${size} ✈`);
		await page.getByRole("button", { name: "Excluir a pasta" }).click();
		await page.getByText("Pasta excluída").waitFor();
		await until(
			"both gone",
			async () => !(await folder(`Férias ${size} ✈`)()) && !(await folder(`Férias ${size} ✈/Roma`)()),
		);
		await page.getByRole("button", { name: "Desfazer" }).last().click();
		await until("both back", folder(`Férias ${size} ✈/Roma`));
		await what("Lixeira");
		await page.screenshot({ path: join(shots, `${size}-empty-trash.png`) });
		await page.keyboard.press("Escape");
		assert.deepEqual(page.outside, []);
		await page.context().close();
	}
	const trash = async () => (await call(url, "mailboxes", {})).find((m) => m.role === "trash");
	const before = (await trash()).total;
	assert.ok(before > 0, "something to empty");
	const page = await open(url, "laptop");
	await rows(page).first().waitFor();
	const button = page.getByRole("button", { name: "O que fazer com a pasta Lixeira" });
	await button.focus();
	await button.press("Enter");
	await page.getByRole("button", { name: "Esvaziar" }).click();
	await until("empty", async () => (await trash()).total === 0);
	await page.getByRole("button", { name: "Desfazer" }).last().click();
	await until("all back", async () => (await trash()).total === before);
});

test("what a device keeps and may spend is the user's choice, and large files come when they are wanted", async (t) => {
	const server = await mailServer();
	const { url, end } = await device(server, { keep: "headers" });
	t.after(async () => {
		await end();
		await server.stop();
	});
	const account = async () => (await call(url, "accounts", {}))[0];
	for (const size of Object.keys(SIZES)) {
		await server.tell(`file planta-${size}`);
		await call(url, "check_now", {});
		const page = await open(url, size, size === "tablet" ? { colorScheme: "dark" } : {});
		const row = page.locator(".row", { hasText: `planta-${size}` });
		await row.waitFor();
		await row.locator(".subject").click();
		// The text is there; the file is on the server still, and says so.
		await page.frameLocator("iframe").getByText(`Segue a planta de planta-${size}`).waitFor();
		await page.getByTitle("Ainda no servidor").waitFor();
		await accessible(page, `a file to come, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-file-to-come.png`) });
		// By keyboard: just after the strip of files has come in, the browser may still take the frame above for what lies there.
		await page.getByRole("button", { name: "Salvar: planta.pdf" }).press("Enter");
		await page.getByText("Salvo: ").waitFor();
		await page.getByTitle("Abrir", { exact: true }).waitFor();
		await page.getByRole("button", { name: "Manter neste aparelho" }).click();
		await page.getByText("Fica neste aparelho, com os anexos").waitFor();
		await until("pinned", () =>
			page.getByRole("button", { name: "Não manter mais neste aparelho" }).isVisible(),
		);
		await page.screenshot({ path: join(shots, `${size}-pinned.png`) });
		if (size === "phone") await page.getByRole("button", { name: "Voltar" }).click();
		// Settings of the account.
		if (size === "tablet") await page.getByRole("button", { name: "Pastas" }).click();
		await page.getByRole("button", { name: "Ajustes" }).last().click();
		await page.locator("dialog").last().waitFor();
		await page.getByLabel("Guardar neste aparelho").selectOption("7d");
		await page.getByLabel("Receber no máximo").fill("2500");
		await page.getByLabel("Receber no máximo").blur();
		await until(
			"both chosen",
			async () => (await account()).keep === "7d" && (await account()).budget_down === 2500,
		);
		await page.getByText("Hoje: ").waitFor();
		await accessible(page, `settings, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-settings-account.png`) });
		// Nearly spent: said here, and beside the list.
		await page.getByLabel("Receber no máximo").fill("1");
		await page.getByLabel("Receber no máximo").blur();
		await page.getByText("Quase tudo o que o provedor permite").waitFor();
		await page.screenshot({ path: join(shots, `${size}-spent.png`) });
		await page.keyboard.press("Escape");
		await call(url, "account_budget", { id: (await account()).id, down: 0, up: 0 });
		await call(url, "account_keep", { id: (await account()).id, keep: "headers" });
		assert.deepEqual(page.outside, []);
		await page.context().close();
	}
	// A folder's own choices.
	const page = await open(url, "laptop");
	await rows(page).first().waitFor();
	const folder = async (path) => (await call(url, "mailboxes", {})).find((m) => m.path === path);
	const own = (await call(url, "mailboxes", {})).find((m) => !m.role && m.selectable);
	const what = async (name) => {
		const button = page.getByRole("button", { name: `O que fazer com a pasta ${name}`, exact: true });
		await button.focus();
		await button.press("Enter");
		await page.locator("dialog").last().waitFor();
	};
	await what(own.name);
	await page.getByLabel("Guardar neste aparelho").selectOption("all");
	await until("chosen", async () => (await folder(own.path)).keep === "all");
	await page.screenshot({ path: join(shots, "laptop-folder-choices.png") });
	await page.getByLabel("Usar para").selectOption("archive");
	await page.getByText("uso alterado").waitFor();
	await until("used", async () => (await folder(own.path)).role === "archive");
	await page.getByRole("button", { name: "Desfazer" }).last().click();
	await until("as before", async () => (await folder(own.path)).role === null);
});

test("what was decided otherwise is listed, and can be insisted on", async (t) => {
	const server = await mailServer();
	await server.tell("mail Desacordo");
	const place = home();
	let core = await bridge(place.dir);
	const other = await device(server);
	t.after(async () => {
		await core.stop();
		await other.end();
		await server.stop();
		place.remove();
	});
	await call(core.url, "account_add", { new: account(server) });
	await inStep(core.url);
	await core.stop();
	const newest = async (url) => {
		const inbox = (await call(url, "mailboxes", {})).find((m) => m.role === "inbox");
		const { rows } = await call(url, "window_open", { mailbox: inbox.id, count: 500 });
		return rows.find((r) => r.subject.includes("Desacordo"));
	};
	const row = await newest(other.url);
	// The other device archives it; this one, without a network, moves the same message elsewhere.
	await call(other.url, "archive", { ids: [row.id] });
	await until("sent", async () => (await call(other.url, "accounts", {}))[0].waiting === 0);
	const malote = (...args) => execFileSync(bin("malote"), ["--home", place.dir, ...args]).toString();
	const mine = JSON.parse(malote("--json", "list", "--limit", "9")).find((r) => r.subject === row.subject);
	malote("move", mine.id, "Recibos");
	core = await bridge(place.dir);
	const [{ id }] = await call(core.url, "accounts", {});
	await call(core.url, "account_password", { id, password: server.password });
	await until("it is decided", async () => (await call(core.url, "decisions", {})).length === 1);
	for (const size of Object.keys(SIZES)) {
		const page = await open(core.url, size);
		await rows(page).first().waitFor();
		await page.getByRole("button", { name: "Ver o que foi decidido" }).click();
		await page.getByText("Você queria movê-la para Recibos").waitFor();
		await accessible(page, `decisions, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-decisions.png`) });
		if (size === "laptop") {
			await page.getByRole("button", { name: "Fazer do meu jeito" }).click();
			await page.getByText("Feito do seu jeito").waitFor();
			const target = (await call(other.url, "mailboxes", {})).find((m) => m.path === "Recibos").id;
			await until("it went where it was wanted", async () => {
				const { rows } = await call(other.url, "window_open", { mailbox: target, count: 500 });
				return rows.filter((r) => r.subject === row.subject).length === 1;
			});
			break;
		}
		await page.context().close();
	}
	assert.deepEqual(await call(core.url, "decisions", {}), []);
});

test("without a secret store a passphrase keeps the passwords", async (t) => {
	const [server, place] = [await mailServer(), home()];
	const start = () => bridge(place.dir, { MALOTE_NO_STORE: "1" });
	let core = await start();
	t.after(async () => {
		await core.stop();
		await server.stop();
		place.remove();
	});
	const again = async () => {
		await core.stop();
		core = await start();
	};
	await call(core.url, "account_add", { new: account(server) });
	const passphrase = "correto cavalo bateria";
	await again();
	let page = await open(core.url, "phone");
	await page.getByLabel("Informe a senha de novo").fill(server.password);
	await page.getByRole("button", { name: "Entrar" }).click();
	await page.getByText("não tem um lugar seguro para a senha").waitFor();
	const [first, second] = [
		page.getByLabel("Frase secreta", { exact: true }),
		page.getByLabel("A frase secreta de novo"),
	];
	const keep = page.getByRole("button", { name: "Guardar com uma frase secreta" });
	for (const [one, two, said] of [
		["curta", "curta", "ao menos 8 caracteres"],
		[passphrase, "outra coisa", "não são iguais"],
	]) {
		await first.fill(one);
		await second.fill(two);
		await keep.click();
		await page.getByText(said).waitFor();
	}
	for (const size of Object.keys(SIZES)) {
		await page.setViewportSize(SIZES[size].viewport);
		await accessible(page, `choosing a passphrase, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-passphrase.png`) });
	}
	await second.fill(passphrase);
	await keep.click();
	await page.getByText("As senhas estão guardadas.").waitFor();
	assert.deepEqual(page.outside, []);
	await page.context().close();
	await again();
	for (const size of Object.keys(SIZES)) {
		page = await open(core.url, size);
		await page.getByText("trancadas com a sua frase secreta").waitFor();
		await rows(page).first().waitFor();
		await accessible(page, `locked, ${size}`);
		await page.screenshot({ path: join(shots, `${size}-locked.png`) });
		if (size !== "laptop") await page.context().close();
	}
	await page.getByLabel("Frase secreta", { exact: true }).fill("errada, esta");
	await page.getByRole("button", { name: "Destrancar" }).click();
	await page.getByText("Essa não é a frase secreta").waitFor();
	await page.getByLabel("Frase secreta", { exact: true }).fill(passphrase);
	await page.keyboard.press("Enter");
	await inStep(core.url);
	await page.getByText("trancadas com a sua frase secreta").waitFor({ state: "detached" });
	await page.getByRole("button", { name: "Ajustes" }).last().click();
	await page.getByText("Trocar a frase secreta").waitFor();
	await accessible(page, "settings with a passphrase");
});

test("trouble is said on the screen, and what is here stays", async (t) => {
	const server = await mailServer();
	const { url, end } = await device(server);
	t.after(async () => {
		await end();
		await server.stop();
	});
	const page = await open(url, "laptop");
	await rows(page).first().waitFor();
	await server.tell("drop Viagens/2025 Lisboa");
	await page.getByRole("button", { name: "Verificar agora" }).click();
	await page
		.locator(".banner", { hasText: "A pasta Viagens/2025 Lisboa não está mais no servidor" })
		.waitFor();
	await accessible(page, "notice");
	await page.locator("nav").getByText("2025 Lisboa").click();
	await until("its mail is still here", async () => (await rows(page).count()) > 5);
	await page.locator("nav").getByText("Entrada").click();
	await server.tell("kill");
	await page.getByRole("button", { name: "Verificar agora" }).click();
	await page
		.locator(".banner", { hasText: /A conexão caiu|Nada responde/ })
		.first()
		.waitFor();
	await page.screenshot({ path: join(shots, "laptop-offline.png") });
	await accessible(page, "offline");
	await rows(page).nth(2).click();
	await page.waitForSelector("iframe");
	await page.keyboard.press("e");
	await page.locator(".status", { hasText: "não enviada" }).waitFor();
});

test("a server that goes in mid-sync: what came is here, and says how much that is", async (t) => {
	const server = await mailServer("--large", "30000");
	const place = home();
	const core = await bridge(place.dir);
	t.after(async () => {
		await core.stop();
		await server.stop();
		place.remove();
	});
	await call(core.url, "account_add", { new: account(server, { keep: "headers" }) });
	const page = await open(core.url, "phone");
	await rows(page).first().waitFor();
	await page.locator("progress").waitFor();
	await page.screenshot({ path: join(shots, "phone-first-sync.png") });
	await accessible(page, "first sync");
	await server.tell("kill");
	await page
		.locator(".banner", { hasText: /A conexão caiu|Nada responde/ })
		.first()
		.waitFor();
	const said = await page.locator(".status span").first().textContent();
	assert.match(said, /^[\d.]+ de 30\.000 aqui$/);
	assert.ok((await rows(page).count()) > 5);
});

test("a full disk is said, and what was here is still here", async (t) => {
	const place = home();
	try {
		execFileSync("mount", ["-t", "tmpfs", "-o", "size=5m", "tmpfs", place.dir], { stdio: "ignore" });
	} catch {
		place.remove();
		return t.skip("SKIPPED: needs the right to mount a tmpfs");
	}
	const server = await mailServer("--empty");
	for (const word of ["um", "dois", "tres"]) await server.tell(`mail ${word}`);
	const core = await bridge(place.dir);
	t.after(async () => {
		await core.stop();
		await server.stop();
		execFileSync("umount", [place.dir]);
		place.remove();
	});
	await call(core.url, "account_add", { new: account(server) });
	await inStep(core.url);
	const page = await open(core.url, "laptop");
	await until("three rows", async () => (await rows(page).count()) === 3);
	for (let i = 0; i < 8; i++) await server.tell(`noise grande${i}`);
	await page.getByRole("button", { name: "Verificar agora" }).click();
	await page.locator(".banner", { hasText: "O disco deste aparelho está cheio" }).waitFor();
	await page.screenshot({ path: join(shots, "laptop-full-disk.png") });
	await page.locator("[data-row]", { hasText: "dois" }).first().click();
	await page.waitForSelector("iframe");
});

test("a hundred thousand rows: the middle shows rows, never blanks that stay", async (t) => {
	const server = await mailServer("--large", "100000");
	const { url, end } = await device(server, { keep: "headers" });
	t.after(async () => {
		await end();
		await server.stop();
	});
	const page = await open(url, "laptop");
	await rows(page).first().waitFor();
	await page.locator(".status", { hasText: "100.000 mensagens" }).waitFor();
	const blanks = () =>
		page.locator(".rows").evaluate((list) => {
			const box = list.getBoundingClientRect();
			const seen = [...list.querySelectorAll(".place")].filter((p) => {
				const r = p.getBoundingClientRect();
				return r.bottom > box.top && r.top < box.bottom;
			});
			return [seen.length, seen.filter((p) => !p.querySelector("[data-row]")).length];
		});
	for (const place of [50_000, 99_990, 12_345, 0, 77_000]) {
		await page.locator(".rows").evaluate((list, to) => list.scrollTo(0, 76 * to), place);
		await until(
			`rows at ${place}`,
			async () => {
				const [seen, blank] = await blanks();
				return seen > 8 && blank === 0;
			},
			15,
		);
		const text = await page.locator(".rows").evaluate((list) => list.textContent);
		const wanted = `#${100_000 - 1 - Math.min(place, 99_985)}`;
		assert.ok(text.includes(wanted), `${wanted} is on screen at ${place}`);
	}
	// A fling: as fast as frames come, and at its end there are rows.
	const frames = await page.locator(".rows").evaluate(async (list) => {
		const times = [];
		let last = performance.now();
		for (let i = 0; i < 120; i++) {
			list.scrollTop -= 900;
			await new Promise(requestAnimationFrame);
			const now = performance.now();
			times.push(now - last);
			last = now;
		}
		return times.sort((a, b) => a - b);
	});
	console.log(`fling: median frame ${frames[60].toFixed(1)} ms, p95 ${frames[114].toFixed(1)} ms`);
	await until("rows after the fling", async () => (await blanks())[1] === 0, 15);
});

test("a message can neither run nor reach anything", async (t) => {
	const server = await mailServer();
	const { url, end } = await device(server);
	t.after(async () => {
		await end();
		await server.stop();
	});
	const page = await open(url, "laptop");
	await page.locator("nav").getByText("Newsletters").click();
	await page.locator("h1", { hasText: "Newsletters" }).waitFor();
	await rows(page).first().click();
	await page.locator(".watched").waitFor();
	const frame = page.locator("iframe");
	assert.equal(
		await frame.getAttribute("sandbox"),
		"allow-same-origin allow-popups allow-popups-to-escape-sandbox",
	);
	assert.ok(!(await frame.getAttribute("srcdoc")).includes("track."));
	assert.deepEqual(page.outside, []);
});
