//! POP3 accounts on a real Dovecot: mail comes whole and once, is filed here, and leaves the server only as the policy says; also
//! killed at any instant, beside a second device and a webmail.

use malote_core::error::Kind;
use malote_core::model::PlacementId;
use malote_core::sync::maildrop::visit;
use servers::chance::{Chance, number};
use servers::cli::{Home, kill_9, look};
use servers::device::{Device, context, ids, maildrop, small};
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::loader::{self, Loader};
use servers::other::Other;
use servers::station::TestClock;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

fn server() -> Dovecot {
    Dovecot::start_with(Options { pop3: true, connections: Some(1000), ..Options::default() })
}

fn words(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{prefix}{n}")).collect()
}

fn fill(server: &Dovecot, user: &str, words: &[String]) {
    loader::fill(server, user, "INBOX", &words.iter().map(String::as_str).collect::<Vec<_>>());
}

/// How often each subject is there.
async fn subjects(device: &Device, folder: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for row in device.rows(folder).await {
        *found.entry(row.subject).or_default() += 1;
    }
    found
}

fn once(words: &[String]) -> BTreeMap<String, usize> {
    words.iter().map(|w| (w.clone(), 1)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn comes_once_whole_and_is_filed_here() {
    let server = server();
    let mut all = words("carta", 230);
    fill(&server, "ana", &all);
    let laptop = Device::with(maildrop(&server, "ana", "always")).await;
    laptop.sync().await;
    assert_eq!(subjects(&laptop, "INBOX").await, once(&all));
    let row = &laptop.rows("INBOX").await[0];
    assert!(!row.read && row.preview.starts_with("Corpo de"), "{row:?}");
    let raw = laptop.core.raw(row.id).await.expect("here");
    assert_eq!(raw, small(&row.subject));
    // Nothing comes twice, and what is new comes.
    let ctx = context(&laptop).await;
    visit::visit(&ctx, &[]).await.expect("a visit");
    assert!(ctx.meter.round_trips() <= 8, "{} round trips when nothing is new", ctx.meter.round_trips());
    fill(&server, "ana", &["nova".to_owned()]);
    all.push("nova".to_owned());
    laptop.sync().await;
    assert_eq!(subjects(&laptop, "INBOX").await, once(&all));

    // The same filing and undo as anywhere else, without a server.
    let core = &laptop.core;
    let id = ids(&laptop, "INBOX", "nova").await[0];
    core.mark(vec![id], malote_core::api::types::Mark::Star).await.expect("star");
    let made = core.folder_create(laptop.account, "Obras".into()).await.expect("create");
    laptop.sync().await;
    let works = laptop.folder("Obras").await.id;
    let moved = core.move_to(vec![id], works).await.expect("move");
    laptop.sync().await;
    assert_eq!(subjects(&laptop, "Obras").await, once(&["nova".to_owned()]));
    assert!(laptop.rows("Obras").await[0].starred);
    core.undo(moved.actions).await.expect("undo");
    laptop.sync().await;
    assert_eq!(ids(&laptop, "INBOX", "nova").await.len(), 1);
    core.undo(made.actions).await.expect("undo");
    laptop.sync().await;
    assert!(laptop.folder_or_none("Obras").await.is_none());
    let archived: Vec<PlacementId> = ids(&laptop, "INBOX", "carta7").await;
    core.archive(archived).await.expect("archive");
    core.folder_rename(laptop.folder("Archive").await.id, "Guardados".into()).await.expect("rename");
    laptop.sync().await;
    assert_eq!(subjects(&laptop, "Guardados").await, once(&["carta7".to_owned()]));
    // Deleted for good here: it does not come again, and stays there.
    core.delete(ids(&laptop, "INBOX", "carta8").await, 0).await.expect("delete");
    laptop.sync().await;
    laptop.sync().await;
    assert!(ids(&laptop, "INBOX", "carta8").await.is_empty());
    let mut webmail = Other::sign_in(server.imap, "ana").await;
    assert_eq!(webmail.uids("INBOX").await.len(), all.len());
    // A second device gets everything.
    let phone = Device::with(maildrop(&server, "ana", "always")).await;
    phone.sync().await;
    assert_eq!(subjects(&phone, "INBOX").await, once(&all));
    // What came is not thrown away to save room.
    let kept = core.account_keep(laptop.account, "headers".into()).await;
    assert_eq!(kept.map_err(|e| e.kind), Err(Kind::Usage));
}

#[tokio::test(flavor = "multi_thread")]
async fn leaves_the_server_as_the_policy_says() {
    let server = server();
    let all = words("m", 40);
    for policy in ["never", "until_deleted", "2d"] {
        let user = &format!("p{}", policy.chars().next().unwrap_or_default());
        fill(&server, user, &all);
        let device = Device::with(maildrop(&server, user, policy)).await;
        device.sync().await;
        let mut webmail = Other::sign_in(server.imap, user).await;
        let left = webmail.uids("INBOX").await.len();
        match policy {
            "never" => assert_eq!(left, 0),
            "until_deleted" => {
                assert_eq!(left, 40);
                // In the trash it is not gone yet.
                device.core.trash(ids(&device, "INBOX", "m3").await).await.expect("trash");
                device.sync().await;
                assert_eq!(webmail.uids("INBOX").await.len(), 40);
                device.core.delete(ids(&device, "Trash", "m3").await, 0).await.expect("delete");
                device.sync().await;
                assert_eq!(webmail.uids("INBOX").await.len(), 39);
                assert!(!webmail.contents("INBOX").await.contains_key("m3"));
            }
            _ => {
                assert_eq!(left, 40);
                let clock = TestClock::at(malote_core::clock::SystemClock::shared().now());
                let mut ctx = context(&device).await;
                ctx.clock = clock.clone();
                clock.pass(86_400 + 3600);
                visit::visit(&ctx, &[]).await.expect("a visit");
                assert_eq!(webmail.uids("INBOX").await.len(), 40, "a day is not two");
                clock.pass(86_400);
                visit::visit(&ctx, &[]).await.expect("a visit");
                assert_eq!(webmail.uids("INBOX").await.len(), 0);
            }
        }
        let here = if policy == "until_deleted" { 39 } else { 40 };
        assert_eq!(device.rows("INBOX").await.len(), here, "{policy}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_large_messages_only_the_header_until_it_is_opened() {
    let server = server();
    let large = loader::with_file("planta", 3_000_000);
    let whole = large.raw.clone();
    Loader::sign_in(server.imap, "bia", PASSWORD).append("INBOX", &[large]);
    fill(&server, "bia", &["pequena".to_owned()]);
    let mut new = maildrop(&server, "bia", "never");
    new.size_limit = 1;
    let device = Device::with(new).await;
    device.sync().await;
    assert_eq!(device.rows("INBOX").await.len(), 2);
    // Of this one the text is on the server only: whatever the policy says, it stays there.
    let mut webmail = Other::sign_in(server.imap, "bia").await;
    assert_eq!(webmail.uids("INBOX").await.len(), 1);
    let id = ids(&device, "INBOX", "planta").await[0];
    device.core.fetch_once(id).await.expect("its text");
    assert!(device.core.raw(id).await.expect("here") == whole);
    device.sync().await;
    assert!(webmail.uids("INBOX").await.is_empty());
    assert_eq!(device.rows("INBOX").await.len(), 2);
}

/// The same header and the same size, another text: two messages, and both are here before they go from there.
#[tokio::test(flavor = "multi_thread")]
async fn one_header_for_two_messages_loses_neither() {
    let server = server();
    let text = |word: &str| [small("recibo"), format!("{word}\r\n").into_bytes()].concat();
    let mail = |raw| loader::Mail { raw, flags: String::new(), date: "03-Mar-2026 09:15:00 -0300".into() };
    let mails = [mail(text("um")), mail(text("xx"))];
    Loader::sign_in(server.imap, "fabi", PASSWORD).append("INBOX", &mails);
    let device = Device::with(maildrop(&server, "fabi", "never")).await;
    device.sync().await;
    let mut raws = Vec::new();
    for id in ids(&device, "INBOX", "recibo").await {
        raws.push(device.core.raw(id).await.expect("here"));
    }
    raws.sort();
    assert!(raws == [text("um"), text("xx")], "{} are here", raws.len());
    assert!(Other::sign_in(server.imap, "fabi").await.uids("INBOX").await.is_empty());
}

/// Two devices and a webmail on one maildrop, in any order: who was there while a message was has it, once, for ever.
#[tokio::test(flavor = "multi_thread")]
async fn two_devices_and_a_webmail() {
    let server = server();
    let laptop = Device::with(maildrop(&server, "caio", "always")).await;
    let phone = Device::with(maildrop(&server, "caio", "until_deleted")).await;
    let mut webmail = Other::sign_in(server.imap, "caio").await;
    let mut chance = Chance::new(5);
    let mut there: BTreeSet<String> = BTreeSet::new();
    let (mut on_laptop, mut on_phone): (BTreeSet<String>, BTreeSet<String>) = Default::default();
    let mut made = 0;
    for _ in 0..120 {
        match chance.below(8) {
            0..=2 => {
                let new = words(&format!("n{made}-"), 1 + chance.below(5));
                fill(&server, "caio", &new);
                there.extend(new);
                made += 1;
            }
            3 => {
                // The webmail deletes one, or files it where POP3 does not look.
                let uids = webmail.uids("INBOX").await;
                if !uids.is_empty() {
                    let uid = *chance.pick(&uids);
                    let before = webmail.contents("INBOX").await;
                    webmail.uids("INBOX").await;
                    if chance.percent(50) {
                        webmail.expunge(uid).await;
                    } else {
                        webmail.move_to(uid, "Trash").await;
                    }
                    let after = webmail.contents("INBOX").await;
                    there.retain(|w| after.contains_key(w) || !before.contains_key(w));
                }
            }
            4 | 5 => {
                laptop.sync().await;
                on_laptop.extend(there.iter().cloned());
            }
            6 => {
                phone.sync().await;
                on_phone.extend(there.iter().cloned());
            }
            _ => {
                let rows = phone.rows_or_none("INBOX").await;
                if !rows.is_empty() {
                    let row = chance.pick(&rows);
                    phone.core.delete(vec![row.id], 0).await.expect("delete");
                    // The visit that tells the server sees what is there first.
                    phone.sync().await;
                    on_phone.extend(there.iter().cloned());
                    on_phone.remove(&row.subject);
                    there.remove(&row.subject);
                }
            }
        }
    }
    laptop.sync().await;
    phone.sync().await;
    on_laptop.extend(there.iter().cloned());
    on_phone.extend(there.iter().cloned());
    let all = |set: BTreeSet<String>| once(&set.into_iter().collect::<Vec<_>>());
    assert_eq!(subjects(&laptop, "INBOX").await, all(on_laptop));
    assert_eq!(subjects(&phone, "INBOX").await, all(on_phone));
    assert_eq!(webmail.contents("INBOX").await.into_keys().collect::<BTreeSet<_>>(), there);
}

/// MALOTE_DROP messages, MALOTE_KILLS kills, for each of two policies. Two processes at once each time: one of them has to give way.
fn killed(policy: &str, user: &str) {
    let (count, kills_wanted) = (number("MALOTE_DROP", 1200) as usize, number("MALOTE_KILLS", 24) as usize);
    let server = server();
    let mut all = words("m", count);
    fill(&server, user, &all);
    let home = Home::new();
    let fresh = Home::new();
    fresh.sign_in_to_maildrop(&server, user, "always");
    let begun = Instant::now();
    fresh.run(&["sync"]);
    let whole = begun.elapsed().as_micros() as u64;
    home.sign_in_to_maildrop(&server, user, policy);
    let mut chance = Chance::new(count as u64);
    let (mut kills, mut rounds) = (0, 0);
    while kills < kills_wanted {
        rounds += 1;
        let mut children = [home.start(&["sync"]), home.start(&["sync"])];
        std::thread::sleep(Duration::from_micros(chance.draw() % (whole / 3).max(1)));
        let [a, b] = &mut children;
        kills += usize::from([&mut *a, &mut *b].into_iter().any(|c| c.try_wait().is_ok_and(|s| s.is_none())));
        kill_9(a);
        kill_9(b);
        if rounds % 4 == 0 {
            let new = words(&format!("r{rounds}-"), count / 20);
            fill(&server, user, &new);
            all.extend(new);
        }
    }
    home.run(&["sync"]);
    home.run(&["sync"]);
    let found: Vec<String> = home
        .json(&["list", "--folder", "INBOX", "--limit", "1000000"])
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|r| r["subject"].as_str().map(str::to_owned))
        .collect();
    let mut times: BTreeMap<&String, usize> = BTreeMap::new();
    for word in &found {
        *times.entry(word).or_default() += 1;
    }
    let doubled: Vec<_> = times.iter().filter(|(_, n)| **n > 1).collect();
    assert!(doubled.is_empty(), "twice: {doubled:?}");
    let lost: Vec<_> = all.iter().filter(|w| !times.contains_key(w)).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert_eq!(found.len(), all.len());
    let left = tokio::runtime::Runtime::new()
        .expect("runtime")
        .block_on(async { Other::sign_in(server.imap, user).await.uids("INBOX").await.len() });
    assert_eq!(left, if policy == "never" { 0 } else { all.len() });
    println!("{policy}: {kills} kills in {rounds} rounds, {} messages", all.len());
}

#[test]
fn killed_while_everything_stays() {
    killed("always", "dora");
}

#[test]
fn killed_while_everything_goes() {
    killed("never", "enzo");
}

/// Overwrites one page in the middle of a table or an index.
fn spoil(file: &Path, of: &str) {
    let sql = format!(
        "SELECT CAST(pageno AS TEXT) FROM dbstat WHERE name = '{of}' AND pagetype = 'leaf' ORDER BY pageno"
    );
    let pages = look(file, &sql);
    let page: usize = pages[pages.len() / 2].parse().expect("a page");
    let size: usize =
        look(file, "SELECT CAST(page_size AS TEXT) FROM pragma_page_size")[0].parse().expect("bytes");
    let mut chance = Chance::new(page as u64);
    let mut bytes = std::fs::read(file).expect("a database");
    bytes[(page - 1) * size..page * size].iter_mut().for_each(|b| *b = chance.draw() as u8);
    std::fs::write(file, bytes).expect("written");
}

/// What was taken from the maildrop is nowhere else: a damaged database gives back all that can be read of it, and what the server
/// still has comes again; nothing doubles, and no policy removes what is not here.
#[test]
fn local_mail_outlives_a_damaged_database() {
    let server = server();
    let place = tempfile::tempdir().expect("a directory");
    let all = words("carta", 300);
    for (n, spoilt) in ["placement", "placement_list", "maildrop", "body", "message"].iter().enumerate() {
        for leave in ["never", "always"] {
            let (user, when) = (format!("{leave}{n}"), format!("{spoilt}, {leave}"));
            fill(&server, &user, &all);
            let home = Home::at(&place.path().join(&user));
            home.sign_in_to_maildrop(&server, &user, leave);
            home.run(&["sync"]);
            let some: Vec<String> = home.ids("INBOX").into_iter().take(40).collect();
            let mut archive = vec!["archive"];
            archive.extend(some.iter().map(String::as_str));
            home.run(&archive);
            home.run(&["sync"]);
            let file = home.path().join("malote.db");
            spoil(&file, spoilt);
            home.output(&["check"]);
            home.run(&["status"]);
            assert!(home.path().join("damaged-1").exists(), "{when}: not salvaged");
            home.run(&["sync"]);
            assert_eq!(look(&file, "PRAGMA integrity_check"), ["ok"], "{when}");
            let (inbox, archived) = (home.contents("INBOX"), home.contents("Archive"));
            let copies = inbox.values().chain(archived.values());
            assert!(copies.clone().all(|copies| copies.len() == 1), "{when}: doubled");
            let found = inbox.len() + archived.len();
            let texts: usize =
                look(&file, "SELECT CAST(COUNT(*) AS TEXT) FROM body")[0].parse().expect("a number");
            println!("{when}: {found} of {} messages, {texts} texts, {} filed", all.len(), archived.len());
            let least = match (leave, *spoilt) {
                ("never", "message") => 240,
                _ => 300,
            };
            assert!(
                found >= least && inbox.keys().all(|word| !archived.contains_key(word)),
                "{when}: {found}"
            );
            assert!(texts >= if leave == "never" { 240 } else { 300 }, "{when}: {texts} texts");
            assert!(archived.len() >= 15, "{when}: {} filed", archived.len());
        }
    }
}
