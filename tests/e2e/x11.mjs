// What the window system does to a window, spoken to directly (X Window System Protocol, X11 release 7.7): its title, and "close",
// as the cross in its corner says it. Only for a display without a window manager, as Xvfb is.
import { readFileSync } from "node:fs";
import { connect } from "node:net";

const pad = (n) => (4 - (n % 4)) % 4;

/** The cookie that xauth keeps for this display (MIT-MAGIC-COOKIE-1); none where there is none. */
function cookie(display) {
	let file;
	try {
		file = readFileSync(process.env.XAUTHORITY ?? `${process.env.HOME}/.Xauthority`);
	} catch {
		return Buffer.alloc(0);
	}
	for (let at = 2; at < file.length; at += 2) {
		const fields = [];
		for (let n = 0; n < 4; n++) {
			const length = file.readUInt16BE(at);
			fields.push(file.subarray(at + 2, at + 2 + length));
			at += 2 + length;
		}
		if (fields[1].toString() === display) return fields[3];
	}
	return Buffer.alloc(0);
}

/** Connects to the display that we run under. */
export async function x11() {
	const display = /:(\d+)/u.exec(process.env.DISPLAY)[1];
	const socket = connect(`/tmp/.X11-unix/X${display}`);
	let held = Buffer.alloc(0);
	let wake = () => {};
	socket.on("data", (data) => {
		held = Buffer.concat([held, data]);
		wake();
	});
	const take = async (count) => {
		while (held.length < count) await new Promise((done) => (wake = done));
		const taken = held.subarray(0, count);
		held = held.subarray(count);
		return taken;
	};
	const name = Buffer.from("MIT-MAGIC-COOKIE-1");
	const data = cookie(display);
	const hello = Buffer.alloc(12);
	hello.write("l");
	hello.writeUInt16LE(11, 2);
	hello.writeUInt16LE(data.length ? name.length : 0, 6);
	hello.writeUInt16LE(data.length, 8);
	const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc(pad(bytes.length))]);
	socket.write(data.length ? Buffer.concat([hello, padded(name), padded(data)]) : hello);
	const head = await take(8);
	const setup = await take(head.readUInt16LE(6) * 4);
	if (head[0] !== 1) throw new Error(`the display lets nobody in: ${setup}`);
	const screens = 32 + setup.readUInt16LE(16) + pad(setup.readUInt16LE(16)) + setup[21] * 8;
	const root = setup.readUInt32LE(screens);

	const words = (...values) => {
		const out = Buffer.alloc(values.length * 4);
		for (const [n, value] of values.entries()) out.writeUInt32LE(value, n * 4);
		return out;
	};
	const ask = (opcode, flag, body) => {
		const head = Buffer.from([opcode, flag, 0, 0]);
		head.writeUInt16LE(1 + body.length / 4, 2);
		socket.write(Buffer.concat([head, body]));
	};
	const answer = async () => {
		for (;;) {
			const begin = await take(32);
			if (begin[0] === 0) return null;
			if (begin[0] === 1) return Buffer.concat([begin, await take(begin.readUInt32LE(4) * 4)]);
		}
	};
	const atom = async (text) => {
		const length = Buffer.alloc(4);
		length.writeUInt16LE(text.length);
		ask(16, 0, Buffer.concat([length, padded(Buffer.from(text))]));
		return (await answer()).readUInt32LE(8);
	};
	const [title, utf8, protocols, closing] = [
		await atom("_NET_WM_NAME"),
		await atom("UTF8_STRING"),
		await atom("WM_PROTOCOLS"),
		await atom("WM_DELETE_WINDOW"),
	];
	const device = {
		/** Every window of an app: its number by its title. */
		async windows() {
			ask(15, 0, words(root));
			const tree = await answer();
			const found = new Map();
			for (let n = 0; n < tree.readUInt16LE(16); n++) {
				const window = tree.readUInt32LE(32 + n * 4);
				ask(20, 0, words(window, title, utf8, 0, 256));
				const told = await answer();
				if (told?.readUInt32LE(16))
					found.set(told.subarray(32, 32 + told.readUInt32LE(16)).toString(), window);
			}
			return found;
		},
		/** Asks a window to close. */
		close(window) {
			const event = Buffer.concat([
				Buffer.from([33, 32, 0, 0]),
				words(window, protocols, closing, 0, 0, 0, 0),
			]);
			ask(25, 0, Buffer.concat([words(window, 0), event]));
		},
		end: () => socket.end(),
	};
	return device;
}
