//! Which messages belong together, held against the THREAD=REFERENCES answers that imaptest expects (RFC 5256 section 3). A conversation of
//! ours has no inner shape, so that what is compared is which messages are in one. Where we mean something else, [`DIFFERENCES`] and
//! docs/scores.md say why.

use malote_core::model::Flags;
use malote_core::store::list::{ListRow, ListScope};
use servers::corpora;
use servers::shelf::{Mail, Shelf};
use std::collections::{BTreeMap, BTreeSet};

/// Test, number of its answer from 0, and what we mean instead.
const DIFFERENCES: [(&str, usize, &str); 5] = [
    ("thread", 0, "who mentions each other belongs together, also in a circle"),
    ("thread2", 0, "one Message-ID twice is one message that came twice: by a list, and from the author"),
    ("thread4", 0, "a subject alone puts nothing together"),
    ("thread5", 1, "what answered a message stays together when that message is gone"),
    ("thread5", 2, "the same"),
];

/// The sets of a THREAD answer: what stands in each of its outermost brackets.
fn sets(answer: &str) -> BTreeSet<BTreeSet<usize>> {
    let (mut depth, mut all, mut number) = (0, Vec::<BTreeSet<usize>>::new(), String::new());
    for c in answer.chars() {
        if let (false, Some(set)) = (c.is_ascii_digit() || number.is_empty(), all.last_mut()) {
            set.insert(std::mem::take(&mut number).parse().expect("a number"));
        }
        match c {
            '(' => {
                if depth == 0 {
                    all.push(BTreeSet::new());
                }
                depth += 1;
            }
            ')' => depth -= 1,
            c if c.is_ascii_digit() => number.push(c),
            _ => {}
        }
    }
    all.into_iter().collect()
}

/// What lies in the inbox, in the order in which it came.
async fn rows(shelf: &Shelf) -> Vec<ListRow> {
    let scope = ListScope::mailbox(shelf.folder("INBOX"));
    let mut rows = shelf.store.list_rows(&scope, 0, 1000).await.expect("rows");
    rows.reverse();
    rows
}

#[tokio::test]
async fn what_belongs_together_is_what_imaptest_says() {
    let Some(dir) = corpora::folder("imaptest/src/tests") else { return };
    let (mut right, mut listed, mut wrong) = (0, BTreeSet::new(), Vec::new());
    let scripts = corpora::files(&dir, "").into_iter().filter(|p| {
        let name = p.file_name().expect("a name").to_string_lossy();
        name.starts_with("thread") && !name.contains('.') && !name.contains("ordered")
    });
    for script in scripts {
        let name = script.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&script).expect("a script");
        let mut coming = corpora::mbox(&script.with_extension("mbox")).into_iter();
        let place = tempfile::tempdir().expect("a place");
        let mut shelf = Shelf::open(place.path()).await;
        let mut came = 0;
        let mut mail = |raw: Vec<u8>| {
            came += 1;
            Mail { folder: "INBOX", raw, date: came, flags: Flags::default(), whole: false }
        };
        if text.contains("messages: all") {
            // One by one, as they would come.
            for raw in coming.by_ref() {
                shelf.put(vec![mail(raw)]).await;
            }
        }
        let (mut doomed, mut answers) = (Vec::new(), 0);
        for line in text.lines().map(str::trim) {
            if line == "ok append" {
                shelf.put(vec![mail(coming.next().expect("one more"))]).await;
            } else if let Some(which) = line.strip_prefix("ok store ") {
                let numbers = which.split(' ').next().unwrap_or_default();
                doomed = numbers.split(',').map(|n| n.parse::<usize>().expect("a number")).collect();
            } else if line == "ok expunge" {
                let rows = rows(&shelf).await;
                let mut tx = shelf.store.begin().await.expect("begin");
                for n in std::mem::take(&mut doomed) {
                    tx.remove_placement(rows[n - 1].id).await.expect("removed");
                }
                tx.commit().await.expect("commit");
            } else if let Some(answer) = line.get(..9).filter(|l| l.eq_ignore_ascii_case("* thread ")) {
                let expected = sets(&format!("{} ", &line[answer.len()..]));
                let mut ours: BTreeMap<i64, BTreeSet<usize>> = BTreeMap::new();
                for (n, row) in rows(&shelf).await.iter().enumerate() {
                    ours.entry(row.conversation.0).or_default().insert(n + 1);
                }
                let ours: BTreeSet<_> = ours.into_values().collect();
                let known = DIFFERENCES.iter().find(|(test, at, _)| *test == name && *at == answers);
                match (ours == expected, known) {
                    (true, None) => right += 1,
                    (false, Some((test, at, _))) => drop(listed.insert((*test, *at))),
                    _ => wrong.push(format!("{name}, answer {answers}: {ours:?}, not {expected:?}")),
                }
                answers += 1;
            }
        }
    }
    println!("threads: {right} answers as expected, {} otherwise on purpose", listed.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(listed.len(), DIFFERENCES.len(), "a difference that is none any more");
    assert!(right >= 9, "{right}");
}
