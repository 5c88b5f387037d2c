//! `kill -9` at random instants, during first sync and while the journal is being sent. Restarted, nothing is lost and
//! nothing is doubled.

use servers::chance::Chance;
use servers::cli::{Home, kill_9};
use servers::device::small;
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::loader::{Loader, Mail};
use servers::other::Other;
use std::time::{Duration, Instant};

fn mails(count: usize) -> Vec<Mail> {
    (0..count)
        .map(|n| Mail {
            raw: small(&format!("m{n}")),
            flags: String::new(),
            date: "03-Mar-2026 09:15:00 +0000".into(),
        })
        .collect()
}

/// How long a whole run takes here: the instants are spread over it.
fn duration_of(run: impl FnOnce()) -> u64 {
    let begun = Instant::now();
    run();
    begun.elapsed().as_micros() as u64
}

#[tokio::test(flavor = "multi_thread")]
async fn during_first_sync() {
    let server = Dovecot::start();
    let mut loader = Loader::sign_in(server.imap, "ana", PASSWORD);
    loader.append("INBOX", &mails(700));
    loader.create("Obras");
    loader.append("Obras", &mails(150));
    let mut other = Other::sign_in(server.imap, "ana").await;
    let (inbox, works) = (other.contents("INBOX").await, other.contents("Obras").await);
    let fresh = Home::new();
    fresh.sign_in(&server, "ana", "all");
    let whole = duration_of(|| {
        fresh.run(&["sync"]);
    });
    let mut chance = Chance::new(200);
    let (mut kills, mut homes) = (0, 0);
    while kills < 100 {
        let home = Home::new();
        home.sign_in(&server, "ana", "all");
        homes += 1;
        // Killed again and again until it gets through by itself.
        for _ in 0..6 {
            let mut child = home.start(&["sync"]);
            std::thread::sleep(Duration::from_micros(chance.draw() % (whole * 8 / 10)));
            kills += usize::from(child.try_wait().is_ok_and(|s| s.is_none()));
            kill_9(&mut child);
        }
        home.run(&["sync"]);
        assert_eq!(home.contents("INBOX"), inbox, "home {homes}");
        assert_eq!(home.contents("Obras"), works, "home {homes}");
        let id = home.ids("INBOX").pop().expect("a message");
        assert!(home.run(&["show", &id, "--raw"]).contains("Corpo de"));
    }
    println!("{kills} kills during first sync over {homes} homes");
}

/// Marks, moves and deletions are waiting; the sync that sends them is killed at random instants.
async fn during_replay(server: Dovecot, kills_wanted: usize, seed: u64) {
    let mut loader = Loader::sign_in(server.imap, "ana", PASSWORD);
    loader.create("Obras");
    loader.append("INBOX", &mails(240));
    let home = Home::new();
    home.sign_in(&server, "ana", "headers");
    home.run(&["sync"]);
    let mut other = Other::sign_in(server.imap, "ana").await;
    let mut chance = Chance::new(seed);
    let whole = duration_of(|| {
        home.run(&["mark", &home.ids("INBOX")[0], "--star"]);
        home.run(&["sync"]);
    });
    let (mut kills, mut deleted) = (0, 0);
    while kills < kills_wanted {
        for _ in 0..4 {
            for (from, to) in [("INBOX", "Obras"), ("Obras", "INBOX")] {
                let ids = home.ids(from);
                if ids.len() > 12 {
                    let some: Vec<&str> = (0..10)
                        .map(|i| {
                            ids[(chance.below(ids.len() / 11) + i * ids.len() / 11) % ids.len()].as_str()
                        })
                        .collect();
                    home.run(
                        &[
                            &["mark"],
                            &some[..],
                            &[*chance.pick(&["--read", "--unread", "--star", "--unstar"])],
                        ]
                        .concat(),
                    );
                    home.run(&[&["move"], &some[2..], &[to]].concat());
                    if chance.percent(30) {
                        home.run(&["delete", some[0]]);
                        deleted += 1;
                    }
                }
            }
            let mut child = home.start(&["sync"]);
            std::thread::sleep(Duration::from_micros(chance.draw() % whole));
            kills += usize::from(child.try_wait().is_ok_and(|s| s.is_none()));
            kill_9(&mut child);
        }
        home.run(&["sync"]);
        home.run(&["sync"]);
        assert_eq!(home.waiting(), 0);
        let mut total = 0;
        for folder in ["INBOX", "Obras"] {
            let truth = other.contents(folder).await;
            assert_eq!(home.contents(folder), truth, "{folder} after {kills} kills");
            assert!(
                truth.values().all(|copies| copies.len() == 1),
                "nothing is doubled in {folder}: {truth:?}"
            );
            total += truth.len();
        }
        assert_eq!(total, 240 - deleted, "nothing is lost after {kills} kills");
    }
    println!("{kills} kills during journal replay, {deleted} deleted on purpose");
}

#[tokio::test(flavor = "multi_thread")]
async fn during_replay_with_move() {
    during_replay(Dovecot::start(), 60, 11).await;
}

/// The hard case: no MOVE and no UIDPLUS, so a move is COPY, STORE and EXPUNGE, and the server does not tell new UIDs.
#[tokio::test(flavor = "multi_thread")]
async fn during_replay_without_move() {
    let capability = "IMAP4rev1 SASL-IR AUTH=PLAIN LITERAL+ LIST-EXTENDED LIST-STATUS SPECIAL-USE";
    let server = Dovecot::start_with(Options { capability: Some(capability.into()), ..Options::default() });
    during_replay(server, 40, 12).await;
}
