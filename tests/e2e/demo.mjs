// `make demo`: a throw-away mail server with a sample mailbox, and Malote twice on the same account: a laptop and a phone.
// With `--drive` (no display) it does what a person would and leaves pictures in target/demo/.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { home, mailServer, root } from "./lib.mjs";
import { openApp } from "./webdriver.mjs";

const drive = process.argv.includes("--drive");
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
const say = (text) => console.log(`demo: ${text}`);

const server = await mailServer();
say(`a Dovecot on loopback, port ${server.imaps}, with a sample mailbox of about 2,000 messages`);

/** A device that is signed in. The password is printed by a command, as a headless user would have it. */
function device() {
	const place = home();
	const secret = join(place.dir, "password");
	writeFileSync(secret, `${server.password}\n`, { mode: 0o600 });
	const data = join(place.dir, "data");
	execFileSync(join(target, "debug/malote"), [
		"--home",
		data,
		"account",
		"add",
		server.address,
		"--user",
		server.user,
		"--name",
		"Ana Prado",
		"--imap",
		`localhost:${server.imaps}`,
		"--ca-file",
		server.ca,
		"--password-command",
		`cat '${secret}'`,
		"--keep",
		"all",
	]);
	return { ...place, data };
}

const [laptop, phone] = [device(), device()];
say(`signed in as ${server.address} on two devices`);

/** Opens both windows and waits for the user to close them. */
async function show() {
	const open = (d, size) =>
		new Promise((done) => {
			spawn(join(target, "debug/malote-app"), [], {
				stdio: "inherit",
				env: { ...process.env, MALOTE_HOME: d.data, MALOTE_WINDOW: size },
			}).once("exit", done);
		});
	say("two windows open; close both to end the demo");
	await Promise.all([open(laptop, "1280x820"), open(phone, "390x844")]);
}

const unread = "return [...document.querySelectorAll('.row.unread .subject')].map((s) => s.textContent)";
const isRead = `const row = [...document.querySelectorAll(".row")].find((r) => r.querySelector(".subject").textContent === arguments[0]);
	return row && !row.classList.contains("unread")`;

async function play() {
	const out = join(target, "demo");
	mkdirSync(out, { recursive: true });
	const [big, small] = await Promise.all([openApp(laptop.data, 1280, 820), openApp(phone.data, 390, 844)]);
	const picture = async (d, name) => {
		writeFileSync(join(out, name), await d.screenshot());
		say(`picture: target/demo/${name}`);
	};
	try {
		for (const [d, w, h] of [
			[big, 1280, 820],
			[small, 390, 844],
		]) {
			await d.resize(w, h);
			await d.see("rows", "return document.querySelectorAll('[data-row]').length > 5");
			await d.see("in step", "return !!document.querySelector('.doing.well')");
		}
		const subjects = await small.execute(unread);
		await picture(big, "1-laptop-before.png");
		await picture(small, "1-phone-before.png");
		say(`unread on both: "${subjects[0]}"`);
		const begun = Date.now();
		await small.execute("document.querySelector('.row.unread [data-row]').click()");
		await small.see("the message", "return !!document.querySelector('iframe')");
		say("opened on the phone, and so read there");
		await big.see("the laptop follows", isRead, subjects[0]);
		say(`the laptop shows it as read after ${((Date.now() - begun) / 1000).toFixed(1)} s, by itself`);
		await picture(small, "2-phone-reading.png");
		await picture(big, "2-laptop-followed.png");
		await big.execute("document.querySelectorAll('[data-row]')[2].click()");
		await big.see("the message", "return !!document.querySelector('iframe')");
		await new Promise((r) => setTimeout(r, 500));
		await picture(big, "3-laptop-reading.png");
	} finally {
		await Promise.all([big.close(), small.close()]);
	}
}

try {
	await (drive ? play() : show());
	say("done; the mail server and both devices are gone again");
} finally {
	await server.stop();
	laptop.remove();
	phone.remove();
}
