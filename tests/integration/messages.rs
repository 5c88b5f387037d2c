//! Messages that nobody here wrote, whole, cut off at every octet, and damaged at random: whatever they are, they are read within bounds of
//! memory, and nothing of ours panics, not even where that would be caught. The parser that we use does, rarely; that is caught, counted, and the message shown as it is.
//!
//! `MALOTE_MUTATIONS=100000` sets how many are damaged, `MALOTE_SEED` which, `MALOTE_SMALL=1500` up to which size every beginning is read. The
//! figures are printed.

use malote_core::mime::{header, letter, link, part, remote, render, report, subscription, text, trust};
use peak_alloc::PeakAlloc;
use servers::chance::Chance;
use servers::corpora;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Folders of the corpora with messages in them.
const FOLDERS: [&str; 9] = [
    "cpython-test_email",
    "enmime",
    "imaptest",
    "jetbrains-email-parser",
    "mailkit",
    "mikel-mail",
    "mime4j",
    "security/nostarttls-fake-mail-server/mails",
    "stalwart-mail-parser",
];
/// Of messages up to this size every beginning is read.
const SMALL: usize = 700;
/// Larger ones are not damaged.
const DAMAGED: usize = 20_000;

/// Memory that reading a message may take at most: so much, and so many times its size.
const MEMORY: (usize, usize) = (16 << 20, 16);

#[global_allocator]
static MEMORY_HELD: PeakAlloc = PeakAlloc;

static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static CAUGHT: AtomicU32 = AtomicU32::new(0);

fn messages() -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for folder in FOLDERS {
        let Some(dir) = corpora::folder(folder) else { return Vec::new() };
        for ending in [".eml", ".msg", ".txt", ".raw", ".mbox"] {
            for file in corpora::files(&dir, ending) {
                let raw = std::fs::read(&file).expect("a file of the corpora");
                all.push((file, raw));
            }
        }
    }
    all
}

/// Everything that is ever read out of a message.
fn read_all_of(raw: &[u8]) {
    let rendered = render::render(raw);
    for file in rendered.attachments.iter().take(3) {
        part::file(raw, &file.part, false);
    }
    render::glance(raw);
    render::preview(raw);
    text::searchable(raw);
    trust::trust(raw, "imap.exemplo.test", "ana@exemplo.test");
    subscription::list(raw);
    report::reports(raw);
    letter::letter(raw);
    letter::answer(header::section(raw), &["ana@exemplo.test".to_owned()], true);
    let lossy = String::from_utf8_lossy(raw);
    for picture in remote::pictures(&lossy) {
        link::look(&picture.url, &lossy[..lossy.floor_char_boundary(200)]);
    }
}

/// Something that a message can do without, or that it should not have.
fn damage(raw: &mut Vec<u8>, chance: &mut Chance) {
    const PIECES: [&[u8]; 22] = [
        b"\r\n\r\n",
        b"\n",
        b"\r",
        b"\0",
        b"--",
        b"\r\n--b\r\n",
        b"=?utf-8?B?",
        b"=?x?Q?=FF?=",
        b"?=",
        b"\"",
        b"<",
        b">",
        b";",
        b"boundary=",
        b"charset=",
        b"Content-Type: multipart/mixed; boundary=\"\"\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"<div>",
        b"<blockquote type=cite>",
        b"On Mon, A wrote:\r\n> ",
        b"\xff\xfe",
        b"Content-Type: message/rfc822\r\n\r\n",
    ];
    for _ in 0..=chance.below(4) {
        let at = chance.below(raw.len() + 1);
        match chance.below(5) {
            0 if at < raw.len() => raw[at] = chance.draw() as u8,
            1 => {
                let end = (at + chance.below(200)).min(raw.len());
                raw.drain(at..end);
            }
            2 => {
                let end = (at + chance.below(400)).min(raw.len());
                let again = raw[at..end].to_vec();
                let to = chance.below(raw.len() + 1);
                raw.splice(to..to, again);
            }
            _ => {
                let piece = *chance.pick(&PIECES);
                let times = if chance.percent(2) { 500 } else { 1 };
                raw.splice(at..at, piece.repeat(times));
            }
        }
    }
}

#[test]
fn whatever_a_message_is_it_is_read() {
    let all = messages();
    if all.is_empty() {
        return;
    }
    std::panic::set_hook(Box::new(|panic| {
        if panic.location().is_some_and(|at| at.file().contains("mail-parser")) {
            CAUGHT.fetch_add(1, Ordering::Relaxed);
            return;
        }
        eprintln!("{panic}");
        if let Ok(mut seen) = PANICS.lock() {
            seen.push(panic.to_string());
        }
    }));
    // What is made once is not part of what a message takes.
    all.iter().take(50).for_each(|(_, raw)| read_all_of(raw));
    let mut slowest = (Duration::ZERO, String::new());
    let mut greatest = (0, 0, String::new());
    let mut timed = |name: &str, raw: &[u8]| {
        let before = MEMORY_HELD.current_usage();
        MEMORY_HELD.reset_peak_usage();
        let begun = Instant::now();
        read_all_of(raw);
        let held = MEMORY_HELD.peak_usage().saturating_sub(before);
        assert!(held <= MEMORY.0 + MEMORY.1 * raw.len(), "{name}: {held} octets for {}", raw.len());
        if held > greatest.0 {
            greatest = (held, raw.len(), name.to_owned());
        }
        // In proportion to 100 kB; what is smaller counts as much.
        let took = begun.elapsed().mul_f64(100_000.0 / raw.len().max(100_000) as f64);
        if took > slowest.0 {
            slowest = (took, name.to_owned());
        }
    };
    let seen = |what: &str| {
        let panics = PANICS.lock().map(|p| p.clone()).unwrap_or_default();
        assert!(panics.is_empty(), "{what}: {panics:#?}");
    };
    for (path, raw) in &all {
        timed(&path.display().to_string(), raw);
        seen(&path.display().to_string());
    }
    let number =
        |name: &str, usual: u64| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual);
    let (mut beginnings, small) = (0, number("MALOTE_SMALL", SMALL as u64) as usize);
    for (path, raw) in all.iter().filter(|(_, raw)| raw.len() <= small) {
        for end in 0..raw.len() {
            read_all_of(&raw[..end]);
            beginnings += 1;
        }
        seen(&path.display().to_string());
    }
    let (count, first) = (number("MALOTE_MUTATIONS", 2000), number("MALOTE_SEED", 1));
    let small: Vec<_> = all.iter().filter(|(_, raw)| raw.len() <= DAMAGED).collect();
    for seed in first..first + count {
        let mut chance = Chance::new(seed);
        let (path, raw) = chance.pick(&small);
        let mut raw = raw.clone();
        damage(&mut raw, &mut chance);
        let name = format!("{} with MALOTE_SEED={seed}", path.display());
        timed(&name, &raw);
        seen(&name);
    }
    let (took, name) = slowest;
    println!(
        "{} messages, {beginnings} beginnings, {count} damaged; slowest {took:?} a 100 kB: {name}",
        all.len()
    );
    let (held, size, name) = greatest;
    println!("most memory held: {held} octets for {size}: {name}");
    for (what, piece) in [
        ("<div>", "<div>"),
        ("blockquotes", "<blockquote type=cite>"),
        ("unclosed cells", "<table><td>"),
        ("tags without end", "<a <"),
    ] {
        let raw =
            format!("Subject: x\r\nContent-Type: text/html\r\n\r\n{}", piece.repeat(500_000 / piece.len()));
        let begun = Instant::now();
        let rendered = render::render(raw.as_bytes());
        println!(
            "500 kB of nested {what}: {:?} (goal 200 ms), {} octets shown",
            begun.elapsed(),
            rendered.html.len()
        );
        seen(what);
    }
}
