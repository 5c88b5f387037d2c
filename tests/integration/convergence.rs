//! Two devices of ours and a client of somebody else's do a thousand things at random to one account, at the same time.
//! Afterwards all three agree, message by message.
//!
//! `MALOTE_SEED` repeats a run's choices; the interleaving is the machine's.

use servers::chance::Chance;
use servers::cli::{Home, end};
use servers::device::small;
use servers::dovecot::{Dovecot, PASSWORD};
use servers::loader::{Loader, Mail};
use servers::other::Other;
use std::collections::BTreeMap;

const FOLDERS: [&str; 4] = ["INBOX", "Archive", "Trash", "Trabalho"];
const STEPS: usize = 1000;
/// Intents that wait, with what they are about.
const LEFT: &str = "SELECT format('%d %s %s of placement %d (uid %s hidden %s in %s) from %s to %s expecting %d (uid %s)', i.id, i.state, i.kind, i.placement_id,
    p.uid, p.hidden, b.name, s.name, t.name, i.expected_id, e.uid) FROM intent i LEFT JOIN placement p ON p.id = i.placement_id
    LEFT JOIN placement e ON e.id = i.expected_id LEFT JOIN mailbox b ON b.id = p.mailbox_id LEFT JOIN mailbox s ON s.id = i.mailbox_id
    LEFT JOIN mailbox t ON t.id = i.target_id WHERE i.state <> 'done'";

/// One random deed of a device of ours, through its command line.
fn deed(home: &Home, chance: &mut Chance) {
    let folder = *chance.pick(&FOLDERS);
    let ids = home.ids(folder);
    if ids.is_empty() {
        return;
    }
    let some: Vec<&str> = (0..1 + chance.below(3)).map(|_| chance.pick(&ids).as_str()).collect();
    let mut args: Vec<&str> = vec!["mark"];
    match chance.below(10) {
        0 | 1 => args.extend([&some[..], &["--read"]].concat()),
        2 => args.extend([&some[..], &["--unread"]].concat()),
        3 => args.extend([&some[..], &["--star"]].concat()),
        4 => args.extend([&some[..], &["--flag", "Obra"]].concat()),
        5 => args = [&["archive"], &some[..]].concat(),
        6 => args = [&["trash"], &some[..1]].concat(),
        7 => args = [&["move"], &some[..], &[*chance.pick(&["Trabalho", "INBOX"])]].concat(),
        8 => args = [&["delete"], &some[..1]].concat(),
        _ => args = vec!["undo"],
    }
    // A row that the other devices took away meanwhile is no error of anybody's.
    let _ = home.output(&args);
}

/// One random deed of the other client.
async fn other_deed(other: &mut Other, chance: &mut Chance, number: &mut u32) {
    let folder = *chance.pick(&FOLDERS);
    if chance.percent(35) {
        *number += 1;
        other.append(folder, &small(&format!("nova{number}"))).await;
        return;
    }
    let uids = other.uids(folder).await;
    if uids.is_empty() {
        return;
    }
    let uid = *chance.pick(&uids);
    match chance.below(6) {
        0 => other.store(uid, "+FLAGS.SILENT (\\Seen)").await,
        1 => other.store(uid, "-FLAGS.SILENT (\\Seen)").await,
        2 => other.store(uid, "+FLAGS.SILENT (\\Flagged $Outro)").await,
        3 => other.expunge(uid).await,
        _ => {
            let to = *chance.pick(&["Trabalho", "Archive"]);
            other.move_to(uid, to).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_three_agree_after_a_thousand_deeds() {
    let seed = std::env::var("MALOTE_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(20_261_123);
    println!("MALOTE_SEED={seed}");
    let server = Dovecot::start();
    let mut loader = Loader::sign_in(server.imap, "ana", PASSWORD);
    loader.create("Trabalho");
    let begin: Vec<Mail> = (0..120)
        .map(|n| Mail {
            raw: small(&format!("velha{n}")),
            flags: String::new(),
            date: "03-Mar-2026 09:15:00 +0000".into(),
        })
        .collect();
    loader.append("INBOX", &begin);
    let homes = [Home::new(), Home::new()];
    let mut watching = Vec::new();
    for home in &homes {
        home.sign_in(&server, "ana", "headers");
        home.run(&["sync"]);
        watching.push(home.start(&["sync", "--watch"]));
    }
    let mut threads = Vec::new();
    for (n, home) in homes.into_iter().enumerate() {
        let mut chance = Chance::new(seed + 1 + n as u64);
        threads.push(std::thread::spawn(move || {
            for _ in 0..STEPS / 3 {
                deed(&home, &mut chance);
            }
            home
        }));
    }
    let mut other = Other::sign_in(server.imap, "ana").await;
    let mut chance = Chance::new(seed);
    let mut number = 0;
    for _ in 0..STEPS / 3 + 1 {
        other_deed(&mut other, &mut chance, &mut number).await;
    }
    let homes: Vec<Home> = threads.into_iter().map(|t| t.join().expect("no panic")).collect();
    for child in &mut watching {
        end(child);
    }
    // Quiet: what waits is sent, what was sent is heard.
    for _ in 0..3 {
        for home in &homes {
            home.run(&["sync"]);
        }
    }
    for home in &homes {
        let path = home.path().join("malote.db");
        let left = std::thread::spawn(move || servers::cli::look(&path, LEFT)).join().expect("look");
        assert!(left.is_empty(), "seed {seed}: {left:#?}");
    }
    let mut everything: BTreeMap<String, usize> = BTreeMap::new();
    for folder in FOLDERS {
        let truth = other.contents(folder).await;
        for home in &homes {
            assert_eq!(home.contents(folder), truth, "{folder}, seed {seed}");
        }
        for (word, copies) in truth {
            *everything.entry(word).or_default() += copies.len();
        }
    }
    assert!(everything.values().all(|n| *n == 1), "nothing was doubled: {everything:?}");
    println!("{} messages in {} folders agree on three clients", everything.len(), FOLDERS.len());
}
