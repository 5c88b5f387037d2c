//! One device and one server: policies, round trips, and what happens between two steps. (The same on every server:
//! servers.rs.)

use malote_core::api::types::Mark;
use servers::cli::Home;
use servers::device::{Device, agree, ids, small};
use servers::distance::Distance;
use servers::dovecot::{Dovecot, PASSWORD};
use servers::loader::{Loader, Mail, fill, mails};
use servers::other::Other;

#[tokio::test(flavor = "multi_thread")]
async fn bodies_come_by_the_policy_and_a_moved_message_is_not_fetched_again() {
    let server = Dovecot::start();
    let old = Mail { raw: small("velho"), flags: String::new(), date: "03-Mar-2001 09:15:00 -0300".into() };
    let mut loader = Loader::sign_in(server.imap, "bia", PASSWORD);
    loader.append("INBOX", &[old]);
    let big = [small("grande"), [b'x'; 78].into_iter().chain(*b"\r\n").collect::<Vec<u8>>().repeat(20_000)]
        .concat();
    let today = "23-Nov-2026 09:15:00 -0300";
    loader.append("INBOX", &[Mail { raw: big.clone(), flags: String::new(), date: today.into() }]);
    loader.append("INBOX", &[Mail { raw: small("novo"), flags: String::new(), date: today.into() }]);
    let device = Device::new(&server, "bia", "3650d").await;
    device.sync().await;
    let raw = |word: &'static str| async {
        let id = ids(&device, "INBOX", word).await[0];
        device.core.raw(id).await
    };
    assert_eq!(raw("novo").await.expect("here"), small("novo"));
    assert_eq!(raw("grande").await.expect("here").len(), big.len());
    assert!(raw("velho").await.is_err(), "older than the policy keeps");
    device.core.fetch_once(ids(&device, "INBOX", "velho").await[0]).await.expect("fetch");
    assert_eq!(raw("velho").await.expect("here"), small("velho"));

    let mut other = Other::sign_in(server.imap, "bia").await;
    let uids = other.uids("INBOX").await;
    other.move_to(uids[0], "Archive").await;
    device.sync().await;
    let moved = ids(&device, "Archive", "velho").await[0];
    assert_eq!(device.core.raw(moved).await.expect("still here"), small("velho"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_uidvalidity_keeps_bodies_and_intents() {
    let server = Dovecot::start();
    fill(&server, "caio", "INBOX", &["um"]);
    let mut loader = Loader::sign_in(server.imap, "caio", PASSWORD);
    loader.create("Obras");
    loader.append("Obras", &mails(&["a", "b", "c"]));
    let device = Device::new(&server, "caio", "all").await;
    device.sync().await;
    // The server loses the folder and gets it back: new UIDVALIDITY, other UIDs, "c" is gone.
    loader.command(b"DELETE Obras");
    loader.create("Obras");
    loader.append("Obras", &mails(&["x", "b", "a"]));
    device.core.mark(ids(&device, "Obras", "a").await, Mark::Star).await.expect("mark");
    let before = ids(&device, "Obras", "a").await;
    device.sync().await;
    let mut other = Other::sign_in(server.imap, "caio").await;
    agree(&device, &mut other, &["INBOX", "Obras"]).await;
    assert_eq!(ids(&device, "Obras", "a").await, before, "the row is the same row");
    assert_eq!(other.contents("Obras").await["a"], vec![vec!["Flagged".to_owned()]]);
}

/// A thousand folders, a mailbox that cannot be opened, and names that people really give.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_folders_and_strange_names() {
    let server = Dovecot::start();
    fill(&server, "iara", "INBOX", &["um"]);
    let mut loader = Loader::sign_in(server.imap, "iara", PASSWORD);
    let strange = [
        "Ação & Reação",
        "日本/語 テスト",
        "🏛 Museu/👩‍👩‍👧 Família",
        "a\"b\\c",
        "-traço",
        "#cerquilha",
        "~til",
        "com espaço ",
        "&amp;",
        "Entwürfe (alt)",
        "{12}",
        "%d*".trim_end_matches('*'),
    ];
    let quoted = |name: &str| {
        format!("\"{}\"", malote_core::utf7::encode(name).replace('\\', "\\\\").replace('"', "\\\""))
    };
    let mut made = Vec::new();
    for name in strange {
        if loader.attempt(format!("CREATE {}", quoted(name)).as_bytes()).starts_with("OK") {
            loader.attempt(format!("APPEND {} {{3+}}\r\na:b", quoted(name)).as_bytes());
            made.push(name.to_owned());
        }
    }
    assert!(made.len() >= 9, "{made:?}");
    for n in 0..1000 {
        loader.create(&format!("Projetos/{}/Pasta {n}", n % 50));
    }
    let device = Device::new(&server, "iara", "all").await;
    device.sync().await;
    let all = device.core.mailboxes().await.expect("mailboxes");
    assert!(all.len() > 1000 + made.len(), "{}", all.len());
    for name in &made {
        assert_eq!(device.folder(name).await.total, 1, "{name}");
    }
    // "Projetos" was never made itself: it is there as a name only, and is no reason to fail.
    assert!(!device.folder("Projetos").await.selectable);
    assert!(!all.iter().any(|m| m.gone));
    // Renamed from one strange name to another, with a thousand beside it.
    let id = device.folder(&made[0]).await.id;
    device.core.folder_rename(id, "Ñandú → \"日本\"".into()).await.expect("rename");
    device.sync().await;
    let second = Device::new(&server, "iara", "all").await;
    second.sync().await;
    assert_eq!(second.folder("Ñandú → \"日本\"").await.total, 1);
}

/// A smaller policy takes texts off this device, and nothing else: not what is not sent yet, not what another folder keeps.
#[tokio::test(flavor = "multi_thread")]
async fn storage_is_trimmed_to_the_policy() {
    let server = Dovecot::start();
    let mut loader = Loader::sign_in(server.imap, "gil", PASSWORD);
    let old =
        |w: &str| Mail { raw: small(w), flags: String::new(), date: "03-Mar-2001 09:15:00 -0300".into() };
    loader.append("INBOX", &[old("velho"), old("copiado")]);
    loader.create("Obras");
    let device = Device::new(&server, "gil", "all").await;
    device.sync().await;
    let works = device.folder("Obras").await.id;
    let copied = ids(&device, "INBOX", "copiado").await;
    device.core.copy_to(copied, works).await.expect("copy");
    device.core.folder_keep(works, "all".into()).await.expect("keep");
    device.core.append(device.folder("INBOX").await.id, small("meu"), &[]).await.expect("append");
    let here = |word: &'static str| async {
        let id = ids(&device, "INBOX", word).await[0];
        device.core.raw(id).await.is_ok()
    };
    device.core.account_keep(device.account, "headers".into()).await.expect("keep");
    assert!(!here("velho").await, "over the policy");
    assert!(here("meu").await, "not sent yet");
    assert!(here("copiado").await, "the other folder keeps it");
    device.sync().await;
    device.core.fetch_once(ids(&device, "INBOX", "velho").await[0]).await.expect("fetch");
    assert!(here("velho").await, "what is opened comes back");
    let mut other = Other::sign_in(server.imap, "gil").await;
    agree(&device, &mut other, &["INBOX", "Obras"]).await;
    device.core.folder_keep(works, "gestern".into()).await.expect_err("no such policy");
}

/// A phone's system grants a moment now and then: no screen, no actors, and the time is kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_background_window_is_used_and_kept() {
    let server = Dovecot::start();
    fill(&server, "hugo", "INBOX", &["um", "dois"]);
    let device = Device::new(&server, "hugo", "all").await;
    assert!(device.core.background_sync(30).await.expect("sync"), "in step in time");
    device.core.mark(ids(&device, "INBOX", "um").await, Mark::Star).await.expect("mark");
    fill(&server, "hugo", "INBOX", &["três"]);
    assert!(device.core.background_sync(30).await.expect("sync"));
    let mut other = Other::sign_in(server.imap, "hugo").await;
    agree(&device, &mut other, &["INBOX"]).await;
    // No time at all: nothing is done, nothing breaks, and it says so.
    let begun = std::time::Instant::now();
    assert!(!device.core.background_sync(0).await.expect("sync"));
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
    assert!(device.core.background_sync(30).await.expect("sync"));
}

#[tokio::test(flavor = "multi_thread")]
async fn archive_is_made_where_there_is_none() {
    let server = Dovecot::start();
    fill(&server, "davi", "INBOX", &["um"]);
    // Auto-created special folders are on every account of this server, so take one away by its role: another name.
    let device = Device::new(&server, "davi", "30d").await;
    device.sync().await;
    device.core.junk(ids(&device, "INBOX", "um").await).await.expect("junk");
    device.sync().await;
    let mut other = Other::sign_in(server.imap, "davi").await;
    assert_eq!(other.contents("Junk").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_without_news_is_one_round_trip_for_forty_folders() {
    let server = Dovecot::start();
    fill(&server, "elis", "INBOX", &["um"]);
    let mut loader = Loader::sign_in(server.imap, "elis", PASSWORD);
    for n in 0..40 {
        loader.create(&format!("Pasta {n}"));
        loader.append(&format!("Pasta {n}"), &mails(&["m"]));
    }
    let device = Device::new(&server, "elis", "headers").await;
    device.sync().await;
    let context = servers::device::context(&device).await;
    let mut session = context.connect().await.expect("connect");
    malote_core::sync::cycle::survey(&context, &mut session, true).await.expect("survey");
    let before = context.meter.round_trips();
    malote_core::sync::cycle::survey(&context, &mut session, false).await.expect("survey");
    assert_eq!(context.meter.round_trips() - before, 1);
}

/// DESIGN's goal, counted on the wire: a whole `malote sync` in which nothing was new, of forty folders.
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_without_news_is_three_round_trips_after_sign_in() {
    let server = Dovecot::start();
    fill(&server, "lia", "INBOX", &["um"]);
    let mut loader = Loader::sign_in(server.imap, "lia", PASSWORD);
    for n in 0..40 {
        loader.create(&format!("Pasta {n}"));
        loader.append(&format!("Pasta {n}"), &mails(&["m"]));
    }
    let way = Distance::start(server.imap, std::time::Duration::ZERO).await;
    let home = Home::new();
    let place = format!("127.0.0.1:{}", way.port);
    let print = format!("echo {PASSWORD}");
    let mine = ["account", "add", "lia@exemplo.test", "--user", "lia", "--imap", &place];
    home.run(&[&mine[..], &["--imap-tls", "none", "--password-command", &print, "--keep", "all"]].concat());
    way.count.take();
    home.run(&["sync"]);
    let (_, _, first) = way.count.take();
    home.run(&["sync"]);
    let (_, _, turns) = way.count.take();
    // One of them signs in; then COMPRESS, the question, and goodbye.
    assert!(turns <= 1 + 3, "{turns} turns");
    // The first one, with a header and a body for each of 41 folders, goes in a few flights.
    assert!(first <= 12, "{first} turns");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_device_is_followed_by_push() {
    let server = Dovecot::start();
    fill(&server, "fabi", "INBOX", &["um", "dois"]);
    let device = Device::new(&server, "fabi", "30d").await;
    let second = Device::new(&server, "fabi", "30d").await;
    device.core.start().await.expect("start");
    second.core.start().await.expect("start");
    until(|| async { device.folder_or_none("INBOX").await.is_some_and(|m| m.total == 2) }).await;
    until(|| async { second.folder_or_none("INBOX").await.is_some_and(|m| m.total == 2) }).await;
    device.core.mark(ids(&device, "INBOX", "um").await, Mark::Read).await.expect("mark");
    until(|| async { second.folder("INBOX").await.unread == 1 }).await;
    second.core.archive(ids(&second, "INBOX", "dois").await).await.expect("archive");
    until(|| async { device.folder("INBOX").await.total == 1 }).await;
    let mut other = Other::sign_in(server.imap, "fabi").await;
    other.append("INBOX", &small("tres")).await;
    until(|| async { device.folder("INBOX").await.total == 2 && second.folder("INBOX").await.total == 2 })
        .await;
}

/// Waits for something that another device brings about; the bound is for a broken run only.
async fn until<F: Future<Output = bool>>(mut done: impl FnMut() -> F) {
    let begun = std::time::Instant::now();
    while !done().await {
        assert!(begun.elapsed().as_secs() < 60, "it never happened");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
