//! What real servers once said, played to our client in five ways: it never panics, never hangs, and never takes a failure,
//! half an answer or a cut connection for a success.

use malote_core::error::{Error, Kind};
use malote_core::protocol::imap::command::Command;
use malote_core::protocol::imap::response::Status;
use servers::corpora;
use servers::script::{GREETING, Manner, is_inside_literal, run};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Recordings that hold something we do not read, and why that is right.
const STRANGE: &[(&str, &str)] = &[
    ("acl/listrights", "LISTRIGHTS: rights of other people are nothing we ask about; skipped"),
    ("acl/myrights", "MYRIGHTS: the same"),
    (
        "gmail/headers.1+unsolicited",
        "its first literal is announced too short: what is left is a line of its own, skipped",
    ),
];

/// One answer of a server: the bytes, with `m1` as the tag, and where the line that ends it ends.
struct Exchange {
    name: String,
    script: Vec<u8>,
    status: Option<Status>,
    /// The success or refusal is complete only from this length on.
    complete: usize,
}

fn exchange(name: String, script: Vec<u8>) -> Exchange {
    let (mut status, mut complete) = (None, usize::MAX);
    let inside = literal_map(&script);
    let mut at = 0;
    while let Some(end) = script[at..].iter().position(|b| *b == b'\n').map(|i| at + i) {
        let line = String::from_utf8_lossy(&script[at..end]).into_owned();
        if !inside.contains(&at)
            && let Some(rest) = line.strip_prefix("m1 ")
        {
            let word = rest.split([' ', '\r']).next().unwrap_or_default().to_ascii_uppercase();
            status = match word.as_str() {
                "OK" => Some(Status::Ok),
                "NO" => Some(Status::No),
                "BAD" => Some(Status::Bad),
                _ => None,
            };
            complete = end + 1;
            break;
        }
        at = end + 1;
    }
    Exchange { name, script, status, complete }
}

/// Beginnings of lines that are inside a literal.
fn literal_map(script: &[u8]) -> BTreeSet<usize> {
    let mut inside = BTreeSet::new();
    let mut at = 0;
    while let Some(end) = script[at..].iter().position(|b| *b == b'\n').map(|i| at + i) {
        let line = String::from_utf8_lossy(&script[at..end]).into_owned();
        at = end + 1;
        let size = line
            .trim_end()
            .strip_suffix('}')
            .and_then(|l| l.rsplit_once('{'))
            .and_then(|(_, n)| n.parse::<usize>().ok());
        if let Some(size) = size.filter(|_| !line.starts_with("m1 ")) {
            inside.extend(at..(at + size).min(script.len()));
            at = (at + size).min(script.len());
        }
    }
    inside
}

/// What the client makes of it: the outcome of one command and how many responses were strange.
fn outcome(x: &Exchange, manner: Manner) -> (Result<Status, Error>, u64) {
    run(GREETING.as_bytes(), std::slice::from_ref(&x.script), manner, |session| async {
        let mut session = session.expect("the greeting is ours");
        let result = session.run_with(Command::new("NOOP"), |_| Ok(())).await;
        let strange = session.unreadable;
        (result.map(|o| o.status), strange)
    })
}

/// Plays one in all ways; what is wrong, in words.
fn play(x: &Exchange, cuts: &AtomicUsize) -> Vec<String> {
    let mut wrong = Vec::new();
    let whole = outcome(x, Manner::Whole);
    match (&whole.0, x.status) {
        (Ok(status), Some(want)) if *status == want => {}
        (Err(_), None) => {}
        (got, want) => wrong.push(format!("{}: {got:?} instead of {want:?}", x.name)),
    }
    for manner in [Manner::ByteByByte, Manner::SplitInLiterals, Manner::Slowly] {
        let again = outcome(x, manner);
        let same = match (&again.0, &whole.0) {
            (Ok(a), Ok(b)) => a == b && again.1 == whole.1,
            (Err(a), Err(b)) => a.kind == b.kind || b.kind == Kind::Timeout,
            _ => false,
        };
        if !same {
            wrong.push(format!("{}: {manner:?} gives {:?}, whole gives {:?}", x.name, again.0, whole.0));
        }
    }
    // Cut at every offset; inside long literals, where every byte is like the next, at some.
    let skip = is_inside_literal(&x.script);
    for at in (0..x.script.len().min(x.complete)).filter(|at| !skip(*at) || at % 997 == 0) {
        cuts.fetch_add(1, Ordering::Relaxed);
        if let (Ok(status), _) = outcome(x, Manner::Cut(at)) {
            // The line feed that is missing is the one thing that cannot be told from a whole answer.
            wrong.push(format!("{}: {status:?} although cut at {at} of {}", x.name, x.complete));
        }
    }
    wrong
}

fn play_all(exchanges: &[Exchange]) -> (usize, Vec<String>) {
    let (next, cuts, wrong) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(x) = exchanges.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = play(x, &cuts);
                    wrong.lock().expect("a lock").extend(found);
                }
            });
        }
    });
    (cuts.into_inner(), wrong.into_inner().expect("a lock"))
}

#[test]
fn recordings_of_eleven_servers() {
    let Some(folder) = corpora::folder("mailkit/imap") else { return };
    let mut exchanges = Vec::new();
    let mut openings = Vec::new();
    for path in corpora::files(&folder, ".txt") {
        let name = path.strip_prefix(&folder).expect("inside").display().to_string();
        let text = with_crlf(std::fs::read(&path).expect("a file"));
        // Their tags are a letter and eight digits, left blank.
        let script = replace(&text, b"A########", b"m1");
        let x = exchange(name, script);
        if x.status.is_some() { exchanges.push(x) } else { openings.push(x) }
    }
    let (cuts, mut wrong) = play_all(&exchanges);
    let strange: BTreeMap<&str, u64> = exchanges
        .iter()
        .map(|x| (x.name.as_str(), outcome(x, Manner::Whole).1))
        .filter(|(_, n)| *n > 0)
        .collect();
    println!("{} answers in five ways, {cuts} cuts; strange: {strange:?}", exchanges.len());
    for (name, count) in strange {
        if !STRANGE.iter().any(|(known, _)| name.starts_with(known)) {
            wrong.push(format!("{name}: {count} responses were not understood"));
        }
    }
    // Greetings, and the beginnings of IDLE: what has no end of its own.
    for x in &openings {
        for manner in [Manner::Whole, Manner::ByteByByte, Manner::Slowly] {
            let greeting = String::from_utf8_lossy(&x.script).into_owned();
            let result = run(x.script.as_slice(), &[], manner, |session| async { session.map(drop) });
            let preauth = greeting.starts_with("* PREAUTH [CAPABILITY");
            if result.is_ok() != preauth {
                wrong.push(format!("{}: signed in: {}", x.name, result.is_ok()));
            }
        }
    }
    println!("{} greetings and continuations", openings.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(exchanges.len() + openings.len() >= 250, "{} of them", exchanges.len());
}

/// 194 dialogues. Their server lines are patterns; what is left of one without its escapes is often what a server says and
/// sometimes nonsense, and both are welcome here.
#[test]
fn the_other_side_of_dialogues() {
    let Some(folder) = corpora::folder("james-mpt") else { return };
    let (mut seen, mut exchanges, mut files) = (BTreeSet::new(), Vec::new(), 0);
    for path in corpora::files(&folder, ".test") {
        files += 1;
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("text");
        let (mut tag, mut said) = (String::new(), Vec::new());
        let mut end = |tag: &str, said: &mut Vec<u8>| {
            let script = std::mem::take(said);
            if !script.is_empty() && seen.insert(script.clone()) {
                exchanges.push(exchange(format!("{name} {tag}"), script));
            }
        };
        for line in text.lines() {
            let line = line.trim_end_matches('\r');
            if let Some(c) = line.strip_prefix("C:") {
                let first = c.split_whitespace().next().unwrap_or_default();
                if !said.is_empty() {
                    end(&tag, &mut said);
                }
                tag = first.to_owned();
            } else if let Some(s) = line.strip_prefix("S:") {
                let plain = unescaped(s.strip_prefix(' ').unwrap_or(s));
                let plain = match plain.strip_prefix(tag.as_str()) {
                    Some(rest) if !tag.is_empty() && rest.starts_with(' ') => format!("m1{rest}"),
                    _ => plain,
                };
                said.extend_from_slice(plain.as_bytes());
                said.extend_from_slice(b"\r\n");
            }
        }
        end(&tag, &mut said);
    }
    let (cuts, wrong) = play_all(&exchanges);
    println!("{files} dialogues, {} different answers in five ways, {cuts} cuts", exchanges.len());
    // A pattern may leave a literal that is longer than what follows it: then there is no end, and no success either.
    let wrong: Vec<String> =
        wrong.into_iter().filter(|w| !w.contains("instead of") || w.contains("Ok(")).collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(files >= 190 && exchanges.len() > 500, "{files} {}", exchanges.len());
}

/// A pattern's text without its backslashes.
fn unescaped(pattern: &str) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('d') => out.push('7'),
                Some(other) => out.push(other),
                None => {}
            },
            _ => out.push(c),
        }
    }
    out.replace(".*", "").replace("(.)*", "").replace("7+", "7")
}

/// Stored with bare line feeds, recorded with CRLF: the sizes of their literals say so.
fn with_crlf(text: Vec<u8>) -> Vec<u8> {
    if text.windows(2).any(|w| w == b"\r\n") { text } else { replace(&text, b"\n", b"\r\n") }
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(from) {
            out.extend_from_slice(to);
            at += from.len();
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}
