//! Lists and searches in a store of 100,000 and of 1,000,000 messages, beside mu and notmuch on the same mail.

use malote_core::model::{Flags, MailboxId};
use malote_core::query::find::Search;
use malote_core::query::indexing;
use malote_core::query::list::{ListScope, Listed, Source, Window};
use malote_core::search::language::Moment;
use servers::chance::Chance;
use servers::shelf::{Mail, Shelf};
use std::time::{Duration, Instant};

/// 2024-05-15 12:00 UTC.
const NOW: i64 = 1_715_774_400;
const YEARS: i64 = 10 * 365 * 86_400;
const WORDS: usize = 60_000;
const PEOPLE: usize = 4000;
/// Searches of each kind.
const EACH: usize = 40;

/// Prints the rows; false when a goal is missed.
pub fn run() -> bool {
    let counts = std::env::var("COUNT").unwrap_or_else(|_| "100000,1000000".to_owned());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    let mut met = true;
    for count in counts.split(',') {
        met &= runtime.block_on(one(count.trim().parse().expect("a number")));
    }
    met
}

async fn one(count: usize) -> bool {
    let dir = tempfile::tempdir().expect("a directory");
    let language = Language::new();
    let mut shelf = Shelf::open(dir.path()).await;
    let mut chance = Chance::new(7);
    let (begun, mut octets) = (Instant::now(), 0);
    let mut all = language.all(&mut chance, count);
    loop {
        let batch: Vec<Mail> = all.by_ref().take(2000).collect();
        if batch.is_empty() {
            break;
        }
        octets += batch.iter().map(|m| m.raw.len()).sum::<usize>();
        shelf.put(batch).await;
    }
    drop(all);
    let stored = begun.elapsed();
    let begun = Instant::now();
    indexing::finish(&shelf.store).await.expect("an index");
    let indexed = begun.elapsed();
    println!(
        "{count} messages, {:.0} MB: stored in {:.1} s, indexed in {:.1} s",
        octets as f64 / 1e6,
        stored.as_secs_f64(),
        indexed.as_secs_f64()
    );
    let size = |name: &str| std::fs::metadata(dir.path().join(name)).map_or(0, |m| m.len()) as f64;
    shelf.store.settle().await.expect("settled");
    let (mail, index) = (size("malote.db"), size("search.db"));
    println!(
        "on disk: mail {:.2}x, index {:.2}x, together {:.2}x of mail in which nothing repeats",
        mail / octets as f64,
        index / octets as f64,
        (mail + index) / octets as f64
    );
    let mut quick = true;
    for (grouped, what) in [(true, "conversations"), (false, "messages")] {
        let file = dir.path().join("malote.db");
        drop_cache(&file);
        let cold = lists(&shelf, grouped, &mut chance).await;
        std::io::copy(&mut std::fs::File::open(&file).expect("a file"), &mut std::io::sink()).expect("read");
        let took = lists(&shelf, grouped, &mut chance).await;
        println!(
            "a list window of {what} anywhere in {count}: p95 {:.2} ms, worst {:.2} ms (goal 5); with nothing of the file in memory {:.2} and {:.2} ms",
            ms(took.0),
            ms(took.1),
            ms(cold.0),
            ms(cold.1)
        );
        quick &= ms(took.0) < 5.0;
    }
    let goal = if count > 100_000 { 50.0 } else { 10.0 };
    let mut all = Vec::new();
    let questions = language.questions(&mut chance);
    for (kind, asked) in &questions {
        let mut took = Vec::new();
        let mut hits = 0;
        for text in asked {
            let begun = Instant::now();
            let moment = Moment { now: NOW, zone: 0, typing: *kind == "beginning" };
            let mut search = Search::new(&shelf.store, text, moment, None).await.expect("a search");
            search.want(50);
            search.look(&shelf.store).await.expect("an answer");
            let ids: Vec<_> = search.hits().iter().map(|h| h.placement).collect();
            hits += shelf.store.rows_of(&ids).await.expect("rows").len();
            took.push(begun.elapsed());
        }
        all.extend(&took);
        let (p95, worst) = p95(took);
        println!(
            "  {kind:<24} {:>5.1} hits on average, p95 {:>7.2} ms, worst {:>7.2} ms   ({})",
            hits as f64 / asked.len() as f64,
            ms(p95),
            ms(worst),
            asked[0]
        );
    }
    peers(&language, count, &questions);
    let (p95, worst) = p95(all);
    println!(
        "search, first 50 hits of {count}: p95 {:.2} ms, worst {:.2} ms (goal {goal})",
        ms(p95),
        ms(worst)
    );
    quick && ms(p95) < goal
}

/// The same mail in a Maildir, and the same searches, as far as their languages have them; each is a process.
fn peers(language: &Language, count: usize, questions: &[(&'static str, Vec<String>)]) {
    let wanted = std::env::var("PEERS").unwrap_or_else(|_| "mu,notmuch".to_owned());
    let wanted: Vec<&str> = wanted.split(',').filter(|p| !p.is_empty() && installed(p)).collect();
    if wanted.is_empty() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let mail = dir.path().join("mail");
    for part in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(mail.join(part)).expect("a directory");
    }
    for (n, m) in language.all(&mut Chance::new(7), count).enumerate() {
        std::fs::write(mail.join(format!("cur/{n}.a:2,S")), m.raw).expect("a file");
    }
    let config = dir.path().join("notmuch.conf");
    let text = format!("[database]\npath={}\n[user]\nprimary_email=ana@exemplo.test\n", mail.display());
    std::fs::write(&config, text).expect("a file");
    let run = |args: &[&str]| {
        let mut command = std::process::Command::new(args[0]);
        command
            .args(&args[1..])
            .env("NOTMUCH_CONFIG", &config)
            .env("MUHOME", dir.path().join("mu"))
            .env("HOME", dir.path());
        let begun = Instant::now();
        let out = command.output().expect("it runs");
        (begun.elapsed(), String::from_utf8_lossy(&out.stdout).lines().count())
    };
    for peer in wanted {
        let indexed = match peer {
            "mu" => {
                let made = run(&["mu", "init", "--maildir", &mail.display().to_string()]).0;
                made + run(&["mu", "index", "--quiet"]).0
            }
            _ => run(&["notmuch", "new", "--quiet"]).0,
        };
        println!("  {peer}: indexed in {:.1} s", indexed.as_secs_f64());
        let mut all = Vec::new();
        for (kind, asked) in questions {
            let spoken: Vec<String> = asked.iter().filter_map(|text| spoken(peer, kind, text)).collect();
            if spoken.is_empty() {
                continue;
            }
            let found: Vec<(Duration, usize)> = spoken
                .iter()
                .map(|text| match peer {
                    "mu" => run(&[
                        "mu",
                        "find",
                        "--nocolor",
                        "-n",
                        "50",
                        "--sortfield",
                        "date",
                        "--reverse",
                        "--fields",
                        "i",
                        text,
                    ]),
                    _ => run(&["notmuch", "search", "--limit=50", "--output=messages", text]),
                })
                .collect();
            let hits: usize = found.iter().map(|f| f.1).sum();
            let took: Vec<Duration> = found.iter().map(|f| f.0).collect();
            all.extend(&took);
            let (p95, worst) = p95(took);
            println!(
                "    {kind:<22} {:>5.1} hits on average, p95 {:>7.2} ms, worst {:>7.2} ms",
                hits as f64 / spoken.len() as f64,
                ms(p95),
                ms(worst)
            );
        }
        let (p95, worst) = p95(all);
        println!("  {peer}, process start included: p95 {:.2} ms, worst {:.2} ms", ms(p95), ms(worst));
    }
}

fn installed(program: &str) -> bool {
    std::process::Command::new(program).arg("--version").output().is_ok()
}

/// A search in a peer's language; `None` where it has no such search on this mail.
fn spoken(peer: &str, kind: &str, text: &str) -> Option<String> {
    match kind {
        "unread" | "in a folder" => None,
        "before" => {
            let word = text.split(' ').nth(1)?;
            Some(if peer == "mu" {
                format!("date:..20191231 {word}")
            } else {
                format!("date:..2019-12-31 {word}")
            })
        }
        "beginning" => Some(format!("{text}*")),
        "without" => Some(text.replace(" -", " and not ")),
        _ => Some(text.to_owned()),
    }
}

/// What the system keeps of a file in memory is forgotten: which pages those are is otherwise a matter of chance.
fn drop_cache(file: &std::path::Path) {
    let of = format!("of={}", file.display());
    let dropped = std::process::Command::new("dd")
        .args(["if=/dev/null", &of, "oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none"])
        .status();
    assert!(dropped.is_ok_and(|s| s.success()), "dd of coreutils");
}

fn ms(d: Duration) -> f64 {
    d.as_secs_f64() * 1e3
}

fn p95(mut all: Vec<Duration>) -> (Duration, Duration) {
    all.sort();
    (all[all.len() * 95 / 100], all[all.len() - 1])
}

async fn lists(shelf: &Shelf, grouped: bool, chance: &mut Chance) -> (Duration, Duration) {
    let inbox: MailboxId = shelf.folder("INBOX");
    let source = Source::List(Listed::new(ListScope::mailbox(inbox).grouped(grouped), false));
    let mut window = Window::open(&shelf.store, 1, source, 120).await.expect("a window");
    let total = window.view().total;
    let mut took = Vec::new();
    for _ in 0..300 {
        let first = chance.below(total as usize) as u64;
        let begun = Instant::now();
        let view = window.show(&shelf.store, first, 120).await.expect("rows");
        took.push(begun.elapsed());
        assert!(!view.rows.is_empty());
    }
    p95(took)
}

/// Words as often as people use them: the n-th most frequent one a n-th as often as the first (Zipf).
struct Language {
    words: Vec<String>,
    people: Vec<(String, String)>,
}

impl Language {
    fn new() -> Self {
        let mut chance = Chance::new(1);
        const SYLLABLES: [&str; 40] = [
            "a", "ção", "ba", "be", "ca", "co", "da", "de", "do", "é", "fa", "ga", "go", "ja", "la", "le",
            "lo", "ma", "me", "mi", "na", "ne", "no", "nha", "o", "pa", "po", "ra", "re", "ri", "ro", "sa",
            "se", "so", "ta", "te", "to", "tra", "va", "ve",
        ];
        let mut word = |n: usize| {
            let length = 1 + (n as f64).log10() as usize / 2 + chance.below(3);
            (0..=length).map(|_| *chance.pick(&SYLLABLES)).collect::<String>()
        };
        let words: Vec<String> = (1..=WORDS).map(&mut word).collect();
        let people = (0..PEOPLE)
            .map(|n| {
                let (first, last) = (word(1000), word(9000));
                (format!("{first} {last}"), format!("{first}.{last}{n}@empresa{}.test", n % 300))
            })
            .collect();
        Self { words, people }
    }

    fn word(&self, chance: &mut Chance) -> &str {
        let u = (chance.draw() >> 11) as f64 / (1u64 << 53) as f64;
        &self.words[(WORDS as f64).powf(u) as usize - 1]
    }

    fn text(&self, chance: &mut Chance, words: usize) -> String {
        (0..words).map(|_| self.word(chance)).collect::<Vec<_>>().join(" ")
    }

    fn all<'a>(&'a self, chance: &'a mut Chance, count: usize) -> impl Iterator<Item = Mail> + 'a {
        (1..=count).rev().map(|n| self.mail(chance, n))
    }

    /// The n-th newest of them has about the n-th newest date.
    fn mail(&self, chance: &mut Chance, n: usize) -> Mail {
        let date = NOW - (n as i64 * 311) % YEARS - chance.below(600) as i64;
        let from = &self.people[chance.below(PEOPLE).min(chance.below(PEOPLE))];
        let subject = self.text(chance, 5);
        let length = 20 + chance.below(160);
        let body = self.text(chance, length);
        let lines: Vec<&str> = body.split_inclusive(' ').collect();
        let body: String = lines.chunks(12).map(|l| l.concat() + "\r\n").collect();
        // Conversations of four, as far as they lie in one folder.
        let answers = match n % 4 {
            0 => String::new(),
            k => format!("References: <{}@empresa.test>\r\n", n - k),
        };
        let raw = format!(
            "From: {} <{}>\r\nTo: Ana <ana@exemplo.test>\r\nSubject: {subject}\r\nMessage-ID: <{n}@empresa.test>\r\n{answers}MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}",
            from.0, from.1,
        );
        Mail {
            folder: if n.is_multiple_of(20) { "Trabalho" } else { "INBOX" },
            raw: raw.into_bytes(),
            date,
            flags: Flags::from_names(
                if n.is_multiple_of(30) { &[][..] } else { &["\\Seen"] }.iter().copied(),
            ),
            whole: true,
        }
    }

    /// Searches of each kind that people make.
    fn questions(&self, chance: &mut Chance) -> Vec<(&'static str, Vec<String>)> {
        let mut of = |rank: std::ops::Range<usize>| self.words[rank.start + chance.below(rank.len())].clone();
        let list = |make: &mut dyn FnMut() -> String| (0..EACH).map(|_| make()).collect::<Vec<_>>();
        vec![
            ("a frequent word", list(&mut || of(5..100))),
            ("a word", list(&mut || of(300..5000))),
            ("a rare word", list(&mut || of(20_000..60_000))),
            ("two words", list(&mut || format!("{} {}", of(20..500), of(20..2000)))),
            ("three words", list(&mut || format!("{} {} {}", of(20..500), of(20..500), of(20..500)))),
            ("a phrase", list(&mut || format!("\"{} {}\"", of(0..60), of(0..60)))),
            ("beginning", list(&mut || of(300..9000).chars().take(4).collect())),
            ("subject", list(&mut || format!("subject:{}", of(20..5000)))),
            ("sender", list(&mut || format!("from:empresa{}", of(0..60_000).len() * 7 % 300))),
            ("unread", list(&mut || format!("is:unread {}", of(50..2000)))),
            ("before", list(&mut || format!("before:2020 {}", of(50..2000)))),
            ("in a folder", list(&mut || format!("in:trabalho {}", of(50..2000)))),
            ("without", list(&mut || format!("{} -{}", of(20..2000), of(20..2000)))),
        ]
    }
}
