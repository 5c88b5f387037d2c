//! Disks that are full, broken or without power, processes killed in the middle of a write, and databases overwritten with
//! noise or cut short: Malote opens again, what is stored is sound, and what the user did is there.

use servers::chance::{Chance, number};
use servers::cli::{Home, look};
use servers::device::{Device, small};
use servers::disk::{self, Fault};
use servers::dovecot::{Dovecot, PASSWORD};
use servers::loader::{self, Loader, Mail};
use servers::other::Other;
use std::path::Path;

const WORDS: [&str; 8] = ["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7"];

/// What the user sees and what waits, as text.
const STATE: &str = "SELECT group_concat(line, x'0a') FROM (
    SELECT format('%s %s %d', m.subject, b.name, p.bits) AS line FROM placement p JOIN message m ON m.id = p.message_id
        JOIN mailbox b ON b.id = p.mailbox_id WHERE p.hidden = 0
    UNION ALL SELECT format('%s %s of %s to %s +%d -%d', i.state, i.kind, m.subject, t.name, i.add_bits, i.remove_bits) FROM intent i
        LEFT JOIN placement p ON p.id = i.placement_id LEFT JOIN message m ON m.id = p.message_id LEFT JOIN mailbox t ON t.id = i.target_id
    ORDER BY line)";

fn state(home: &Home) -> String {
    look(&home.path().join("malote.db"), STATE).pop().unwrap_or_default()
}

fn is_sound(home: &Home, when: &str) {
    for file in ["malote.db", "spare.db"] {
        assert_eq!(look(&home.path().join(file), "PRAGMA integrity_check"), ["ok"], "{file} {when}");
    }
}

/// A device that has signed in and is in step, with these words in its inbox.
fn device(server: &Dovecot, user: &str, dir: &Path) -> Home {
    let mut loader = Loader::sign_in(server.imap, user, PASSWORD);
    loader.create("Obras");
    loader.append("INBOX", &loader::mails(&WORDS));
    let home = Home::at(dir);
    home.sign_in(server, user, "all");
    home.run(&["sync"]);
    home
}

fn id(home: &Home, word: &str) -> String {
    let rows = home.json(&["list", "--limit", "100"]);
    let found = rows.as_array().expect("a list").iter().find(|r| r["subject"] == word);
    found.and_then(|r| r["id"].as_str()).expect("a row").to_owned()
}

/// What the user does, one command after the other.
fn deeds(home: &Home) -> Vec<Vec<String>> {
    let ids: Vec<String> = WORDS.iter().map(|w| id(home, w)).collect();
    let line = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<String>>();
    vec![
        line(&["mark", &ids[0], &ids[1], "--star"]),
        line(&["move", &ids[1], "Obras"]),
        line(&["delete", &ids[2]]),
        line(&["undo"]),
        line(&["archive", &ids[3], &ids[4]]),
    ]
}

fn args(deed: &[String]) -> Vec<&str> {
    deed.iter().map(String::as_str).collect()
}

/// Every deed, with the fault at each third of its writes (`MALOTE_EVERY=1`, `make simulate`: at each): whole or not at all, and whole
/// where the command said so.
fn at_writes(fault: Fault) {
    let server = Dovecot::start();
    let place = tempfile::tempdir().expect("a directory");
    let home = device(&server, "ana", &place.path().join("home"));
    let mut points = 0;
    let every = number("MALOTE_EVERY", 3);
    let deeds = deeds(&home);
    let last = id(&home, "m7");
    for (number, deed) in deeds.iter().enumerate() {
        let before = state(&home);
        let aside = place.path().join("before");
        disk::copy(home.path(), &aside);
        let (done, writes) = disk::run(&home, &args(deed), Fault::None, 0);
        assert!(done.status.success(), "{deed:?}: {}", String::from_utf8_lossy(&done.stderr));
        assert!(writes > 3, "{deed:?}: only {writes} writes were seen");
        let after = state(&home);
        assert_ne!(before, after, "{deed:?}");
        // One more for the next fault: together they meet each write.
        for at in (1 + (number as u64 + fault as u64) % every..=writes).step_by(every as usize) {
            let when = format!("{fault:?} at write {at} of {writes} of {deed:?}");
            let trial = Home::at(&place.path().join(format!("trial-{number}-{at}")));
            disk::copy(&aside, trial.path());
            let (out, _) = disk::run(&trial, &args(deed), fault, at);
            // A clear sentence, unless it was killed.
            let said = String::from_utf8_lossy(&out.stderr).trim().to_owned();
            if out.status.code().is_some_and(|c| c != 0) {
                assert!(said.starts_with("malote: ") && said.lines().count() == 1, "{when}: {said}");
            }
            trial.run(&["status"]);
            is_sound(&trial, &when);
            let now = state(&trial);
            if out.status.success() {
                assert_eq!(now, after, "{when}: it said that it was done");
            } else {
                assert!(now == before || now == after, "{when}: half of it is there: {now}");
            }
            // It can be used again.
            trial.run(&["mark", &last, "--read"]);
            assert_eq!(
                std::fs::read_dir(trial.path())
                    .expect("a directory")
                    .flatten()
                    .filter(|e| e.file_name().to_string_lossy().starts_with("damaged"))
                    .count(),
                0,
                "{when}: nothing was damaged"
            );
            std::fs::remove_dir_all(trial.path()).expect("removed");
            points += 1;
        }
        std::fs::remove_dir_all(aside).expect("removed");
    }
    println!("{fault:?}: {points} writes of {} deeds", deeds.len());
}

#[test]
fn a_full_disk_at_writes_of_what_the_user_does() {
    at_writes(Fault::Full);
}

#[test]
fn a_broken_disk_at_writes_of_what_the_user_does() {
    at_writes(Fault::Broken);
}

#[test]
fn killed_at_writes_of_what_the_user_does() {
    at_writes(Fault::Kill);
}

#[test]
fn no_power_at_writes_of_what_the_user_does() {
    at_writes(Fault::Power);
}

/// What waits is being sent, and new mail is coming in: the fault strikes at writes all over it, and the next sync does the rest.
async fn during_sync(fault: Fault, points: u64) {
    let server = Dovecot::start();
    let place = tempfile::tempdir().expect("a directory");
    let prepare = |user: &str| {
        let home = device(&server, user, &place.path().join(user));
        for deed in deeds(&home) {
            home.run(&args(&deed));
        }
        loader::fill(&server, user, "INBOX", &["n0", "n1", "n2"]);
        // Large enough for a file of its own.
        let text = small("large");
        let mut chance = Chance::new(3);
        let noise: String = (0..400_000).map(|_| char::from(b'!' + chance.below(90) as u8)).collect();
        let raw = [&text[..], noise.as_bytes(), b"\r\n"].concat();
        Loader::sign_in(server.imap, user, PASSWORD).append(
            "INBOX",
            &[Mail { raw, flags: String::new(), date: "04-Mar-2026 09:15:00 -0300".into() }],
        );
        home
    };
    let whole = prepare("toda");
    let (done, writes) = disk::run(&whole, &["sync"], Fault::None, 0);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    for point in 0..points {
        let at = 1 + point * writes / points;
        let user = format!("u{at}");
        let when = format!("{fault:?} at write {at} of {writes} of a sync");
        let home = prepare(&user);
        disk::run(&home, &["sync"], fault, at);
        home.run(&["status"]);
        is_sound(&home, &when);
        home.run(&["sync"]);
        home.run(&["sync"]);
        assert_eq!(home.waiting(), 0, "{when}");
        let mut other = Other::sign_in(server.imap, &user).await;
        let mut words = 0;
        for folder in ["INBOX", "Obras", "Archive", "Trash"] {
            let truth = other.contents(folder).await;
            assert_eq!(home.contents(folder), truth, "{folder}: {when}");
            assert!(truth.values().all(|copies| copies.len() == 1), "{when}: doubled in {folder}: {truth:?}");
            words += truth.len();
            let wanted: &[&str] = match folder {
                "Obras" => &["m1"],
                "Archive" => &["m3", "m4"],
                _ => &[],
            };
            assert!(wanted.iter().all(|w| truth.contains_key(*w)), "{when}: {folder}: {truth:?}");
            if folder == "INBOX" {
                assert_eq!(truth["m0"], [["Flagged"]], "{when}");
            }
        }
        assert_eq!(words, WORDS.len() + 4, "{when}");
        assert!(home.run(&["show", &id(&home, "large"), "--raw"]).len() > 400_000, "{when}");
    }
    println!("{fault:?}: {points} of {writes} writes of a sync");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_during_sync() {
    during_sync(Fault::Full, 12).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_disk_during_sync() {
    during_sync(Fault::Broken, 12).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_a_write_during_sync() {
    during_sync(Fault::Kill, 12).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_power_during_sync() {
    during_sync(Fault::Power, 24).await;
}

/// A first start that ends before anything came to its place: all but the first page stands in the log.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_the_first_start() {
    let server = Dovecot::start();
    let place = tempfile::tempdir().expect("a directory");
    let device = Device::new(&server, "ana", "headers").await;
    let left = Home::at(&place.path().join("left"));
    disk::copy(device.path(), left.path());
    let told = left.run(&["status"]);
    assert!(told.contains("ana@exemplo.test"), "{told}");
    assert!(!left.path().join("damaged-1").exists(), "it was sound");
    is_sound(&left, "after a first start");
}

/// Who only looks changes no database: batteries and memory cards last the longer.
#[test]
fn opening_writes_nothing() {
    let server = Dovecot::start();
    let place = tempfile::tempdir().expect("a directory");
    let home = device(&server, "ana", &place.path().join("home"));
    let files = || {
        ["malote.db", "spare.db", "search.db"]
            .map(|f| std::fs::read(home.path().join(f)).expect("a database"))
    };
    let before = files();
    home.run(&["status"]);
    home.run(&["list"]);
    assert!(before == files(), "a database is another one now");
}

/// What is done to a database.
fn damage(file: &Path, seed: u64) -> String {
    let mut chance = Chance::new(seed);
    let mut bytes = std::fs::read(file).expect("a database");
    let length = bytes.len();
    let what = match seed {
        0 => {
            bytes.clear();
            "emptied".to_owned()
        }
        1 => {
            std::fs::remove_file(file).expect("removed");
            return "removed".to_owned();
        }
        2 => {
            bytes.iter_mut().for_each(|b| *b = chance.draw() as u8);
            "all noise".to_owned()
        }
        3 => {
            bytes[..100].fill(0);
            "no header".to_owned()
        }
        n if n % 3 == 0 => {
            bytes.truncate(chance.below(length));
            format!("cut to {} of {length} bytes", bytes.len())
        }
        _ => {
            let spots = 1 + chance.below(8);
            for _ in 0..spots {
                let (at, many) = (chance.below(length), 1 + chance.below(4096));
                for byte in bytes.iter_mut().skip(at).take(many) {
                    *byte = chance.draw() as u8;
                }
            }
            format!("noise in {spots} places of {length} bytes")
        }
    };
    std::fs::write(file, bytes).expect("written");
    what
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_is_salvaged() {
    let server = Dovecot::start();
    let place = tempfile::tempdir().expect("a directory");
    let mut salvaged = 0;
    let seeds: Vec<u64> = match std::env::var("MALOTE_SEED") {
        Ok(seed) => vec![seed.parse().expect("a number")],
        Err(_) => (0..30).collect(),
    };
    for seed in &seeds {
        let user = format!("u{seed}");
        let home = device(&server, &user, &place.path().join(&user));
        for deed in deeds(&home) {
            home.run(&args(&deed));
        }
        let waiting = home.waiting();
        let what = format!("seed {seed}, {}", damage(&home.path().join("malote.db"), *seed));
        // Damage that no start sees is found by the first who reads it; then the next start salvages.
        home.output(&["check"]);
        let told = home.json(&["status"]);
        assert_eq!(told["accounts"][0]["waiting"], waiting, "{what}: {told}");
        let aside = home.path().join("damaged-1");
        if aside.exists() {
            salvaged += 1;
            let notice = &told["notices"][0];
            assert_eq!(
                (&notice["code"], &notice["count"]),
                (&"storage_salvaged".into(), &waiting.into()),
                "{what}: {told}"
            );
            assert!(notice["subject"].as_str().is_some_and(|s| s.ends_with("damaged-1")), "{what}: {told}");
        }
        home.run(&["sync"]);
        assert_eq!(home.waiting(), 0, "{what}");
        is_sound(&home, &what);
        let mut other = Other::sign_in(server.imap, &user).await;
        for (folder, wanted) in
            [("INBOX", "m0 m2 m5 m6 m7"), ("Obras", "m1"), ("Archive", "m3 m4"), ("Trash", "")]
        {
            let truth = other.contents(folder).await;
            assert_eq!(
                truth.keys().map(String::as_str).collect::<Vec<_>>().join(" "),
                wanted,
                "{what}: {folder}"
            );
            assert!(truth.values().all(|copies| copies.len() == 1), "{what}: doubled in {folder}: {truth:?}");
            let here = home.contents(folder);
            // Noise inside a text is still a text; that no row is missing and all flags are right can be told.
            assert_eq!(here.values().collect::<Vec<_>>().len(), truth.len(), "{what}: {folder}: {here:?}");
        }
        assert_eq!(other.contents("INBOX").await["m0"], [["Flagged"]], "{what}");
    }
    println!("{salvaged} of {} were salvaged, the others were sound", seeds.len());
    assert!(seeds.len() == 1 || salvaged * 4 > seeds.len() * 3, "only {salvaged}");
}

/// Without a spare there is nothing to salvage from: nothing is touched, and the user is told.
#[test]
fn without_a_spare_nothing_is_touched() {
    let server = Dovecot::start();
    let place = tempfile::tempdir().expect("a directory");
    let home = device(&server, "ana", &place.path().join("home"));
    for file in ["spare.db", "spare.db-wal", "spare.db-shm"] {
        let _ = std::fs::remove_file(home.path().join(file));
    }
    let file = home.path().join("malote.db");
    damage(&file, 2);
    let before = std::fs::read(&file).expect("a database");
    let (status, said) = home.fails(&["status"]);
    assert_eq!(status, 6, "{said}");
    assert!(std::fs::read(&file).expect("a database") == before, "it was touched");
}

/// A spare that is damaged or gone costs nothing: it is made anew.
#[test]
fn a_damaged_spare_is_made_anew() {
    let server = Dovecot::start();
    let place = tempfile::tempdir().expect("a directory");
    let home = device(&server, "ana", &place.path().join("home"));
    home.run(&["mark", &id(&home, "m0"), "--star"]);
    let spare = home.path().join("spare.db");
    for seed in [0, 1, 2, 3, 5, 6, 7] {
        damage(&spare, seed);
        home.run(&["status"]);
        home.run(&["mark", &id(&home, "m1"), if seed % 2 == 0 { "--star" } else { "--unstar" }]);
        is_sound(&home, &format!("seed {seed}"));
        assert!(!look(&spare, "SELECT kind FROM spare_intent").is_empty());
    }
}
