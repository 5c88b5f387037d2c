//! The same suite on every server and on every tier of what servers can do: each verb of the wire, and a device in step.

use malote_core::api::Core;
use malote_core::api::types::Mark;
use malote_core::error::Kind;
use malote_core::model::{Endpoint, Tls};
use malote_core::protocol::imap::Session;
use malote_core::protocol::imap::append::{Piece, Upload};
use malote_core::protocol::imap::command::Command as Imap;
use malote_core::protocol::imap::mailboxes::SelectRequest;
use malote_core::protocol::imap::messages::Which;
use malote_core::protocol::imap::response::Response;
use malote_core::protocol::imap::sign_in::Credentials;
use malote_core::protocol::tls::Trust;
use malote_core::uid_set::UidSet;
use servers::cyrus::Cyrus;
use servers::device::{Device, account, agree, ids, small};
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::loader::fill;
use servers::mailutils::{DOMAIN, Mailutils};
use servers::other::Other;
use servers::place::Place;
use std::time::Duration;

fn set(text: &str) -> UidSet {
    UidSet::parse(text).expect("a set")
}

fn mailbox(name: &str) -> SelectRequest {
    SelectRequest { mailbox: name.as_bytes().to_vec(), known: None }
}

async fn open(server: &Place, tls: Tls, user: &str) -> Session {
    let port = if tls == Tls::Implicit { server.imaps } else { server.imap };
    let to = Endpoint { host: "localhost".into(), port, tls };
    let trust = if tls == Tls::None {
        Trust::default()
    } else {
        Trust::default().with_file(&server.ca).expect("trust")
    };
    let who = Credentials::password(user, PASSWORD);
    Session::open(&to, &trust, &who, Default::default()).await.expect("open")
}

/// Everything a session can do, on a mailbox of its own.
async fn every_verb(session: &mut Session) {
    let big = [small("grande"), b"0123456789abcdef\r\n".repeat(60_000)].concat();
    for (word, flags) in [("um", "\\Seen"), ("dois", "\\Flagged $Obra"), ("tres", "")] {
        session.append(b"INBOX", flags, small(word)).await.expect("append");
    }
    session.append(b"INBOX", "", big.clone()).await.expect("append a megabyte");
    let refused = session.append(b"Nada", "", small("x")).await.expect_err("no such mailbox");
    assert_eq!(refused.kind, malote_core::error::Kind::MailboxGone, "{refused}");

    let selected = session.select(&mailbox("INBOX")).await.expect("select");
    assert_eq!(selected.exists, 4);
    assert!(selected.uid_validity > 0 && selected.uid_next >= 5);
    let mut seen = Vec::new();
    let which = Which::Uids(set("1:9"));
    session
        .fetch_headers(&which, |f| {
            seen.push((
                f.uid.unwrap_or(0),
                f.flags.unwrap_or_default().names(),
                f.size.unwrap_or(0),
                f.internal_date,
            ));
            Ok(())
        })
        .await
        .expect("fetch");
    assert_eq!(seen.len(), 4);
    assert_eq!(seen[1].1, "\\Flagged $Obra");
    assert_eq!(seen[3].2, big.len() as u64);
    assert!(seen.iter().all(|s| s.3.is_some_and(|d| d > 1_700_000_000)));

    // A large body comes in pieces, the last one shorter; a message that is not there gives none.
    let mut whole = Vec::new();
    while let Some(piece) = session.fetch_piece(4, whole.len() as u64).await.expect("piece") {
        whole.extend_from_slice(&piece);
        if whole.len() == big.len() {
            break;
        }
    }
    assert!(whole == big, "{} of {}", whole.len(), big.len());
    assert_eq!(session.fetch_piece(99, 0).await.expect("piece"), None);

    session.store_flags(&set("1,3"), '+', "\\Answered").await.expect("store");
    session.store_flags(&set("1"), '-', "\\Seen").await.expect("store");
    assert_eq!(session.search("ANSWERED").await.expect("search"), set("1,3"));
    assert_eq!(session.search("SEEN").await.expect("search"), UidSet::new());
    assert_eq!(session.still_there(&set("2,77")).await.expect("search"), set("2"));

    session
        .create_mailbox(malote_core::utf7::encode("Reformas & Obras é").as_bytes(), None)
        .await
        .expect("create");
    let target = b"Reformas &- Obras &AOk-";
    let copied = session.copy(&set("1:2"), target).await.expect("copy");
    if session.can("UIDPLUS") {
        assert_eq!(copied.pairs, [(1, 1), (2, 2)]);
    }
    if session.can("MOVE") {
        let moved = session.move_to(&set("3"), target).await.expect("move");
        assert_eq!(moved.pairs, [(3, 3)]);
    }
    session.store_flags(&set("1"), '+', "\\Deleted").await.expect("store");
    session.expunge(&set("1")).await.expect("expunge");
    assert!(!session.search("ALL").await.expect("search").contains(1));
    let survey = session.survey(None, false).await.expect("survey");
    let status = survey.statuses.iter().find(|s| s.name == target).expect("its status");
    assert!(status.messages.is_some_and(|n| n >= 2));
    assert_eq!(session.unreadable, 0, "nothing this server says is beyond us");
}

/// Flags, keywords, moves, deletions, new mail: in both directions, then undo.
async fn exercise(server: &Place) {
    fill(server, "ana", "INBOX", &["um", "dois", "tres", "quatro", "cinco"]);
    let device = Device::new(server, "ana", "30d").await;
    device.sync().await;
    let mut other = Other::sign_in(server.imap, "ana").await;
    let boxes = ["INBOX", "Archive", "Trash"];
    agree(&device, &mut other, &boxes).await;
    assert_eq!(device.rows("INBOX").await.len(), 5);

    let core: &Core = &device.core;
    core.mark(ids(&device, "INBOX", "um").await, Mark::Read).await.expect("mark");
    core.mark(ids(&device, "INBOX", "um").await, Mark::Flag("Trabalho".into())).await.expect("mark");
    core.archive(ids(&device, "INBOX", "dois").await).await.expect("archive");
    core.trash(ids(&device, "INBOX", "tres").await).await.expect("trash");
    assert_eq!(device.rows("INBOX").await.len(), 3, "the screen shows it before the server knows");
    let uids = other.uids("INBOX").await;
    other.store(uids[3], "+FLAGS (\\Flagged $Outro)").await;
    other.append("INBOX", &small("seis")).await;
    device.sync().await;
    agree(&device, &mut other, &boxes).await;
    assert_eq!(other.contents("Archive").await.len(), 1);

    // The other device removes and moves; flags of ours wait for a message that it moved.
    let uids = other.uids("INBOX").await;
    other.expunge(uids[0]).await;
    other.move_to(uids[2], "Archive").await;
    device.sync().await;
    agree(&device, &mut other, &boxes).await;

    // Undo of what the server knows already is its opposite.
    let undone = core.undo_last().await.expect("undo");
    assert_eq!((undone.label.as_str(), undone.whole), ("trash", true));
    device.sync().await;
    agree(&device, &mut other, &boxes).await;
    assert_eq!(ids(&device, "INBOX", "tres").await.len(), 1);

    // Undo of what it does not know yet is as if nothing had been.
    core.archive(ids(&device, "INBOX", "tres").await).await.expect("archive");
    core.mark(ids(&device, "Archive", "tres").await, Mark::Star).await.expect("mark");
    core.undo_last().await.expect("undo");
    core.undo_last().await.expect("undo");
    device.sync().await;
    agree(&device, &mut other, &boxes).await;
    assert_eq!(ids(&device, "INBOX", "tres").await.len(), 1);

    // Marked in its new place while the move waits: both arrive, in order.
    core.archive(ids(&device, "INBOX", "tres").await).await.expect("archive");
    core.mark(ids(&device, "Archive", "tres").await, Mark::Star).await.expect("mark");
    core.delete(ids(&device, "Archive", "dois").await, 0).await.expect("delete");
    device.sync().await;
    agree(&device, &mut other, &boxes).await;
    assert!(device.core.notices().await.expect("notices").is_empty());
}

/// What the extensions give, and the way without each of them: the outcome is the same.
async fn every_extension(session: &mut Session) {
    let two = ["primeira", "segunda"].map(|w| Upload {
        flags: "\\Flagged".into(),
        date: "03-Mar-2026 09:15:00 -0300".into(),
        message: small(w),
    });
    let there = session.append_all(b"INBOX", two.to_vec()).await.expect("append two");
    assert!(there.is_some() || !session.can("UIDPLUS"), "where they are is told with UIDPLUS");
    session.select(&mailbox("INBOX")).await.expect("select");
    let uids = session.search("FLAGGED").await.expect("search");
    assert_eq!(uids.len(), 2);
    let mut matching = UidSet::new();
    session
        .fetch_matching("FLAGGED", |f| {
            assert!(f.size.is_some_and(|size| size > 100));
            matching.insert(f.uid.expect("a UID"));
            Ok(())
        })
        .await
        .expect("fetch what matches");
    assert_eq!(matching, uids);
    let mut newest = Vec::new();
    let exists = session.select(&mailbox("INBOX")).await.expect("select").exists;
    session
        .fetch_newest(2, exists, |f| {
            newest.push(f.uid.expect("a UID"));
            Ok(())
        })
        .await
        .expect("the newest");
    assert_eq!(newest, uids.iter().collect::<Vec<_>>());

    // The first words, where the server makes them; those it has not made yet are not waited for.
    let mut previews = 0;
    session
        .fetch_previews(&uids, |uid, text| {
            assert!(uids.contains(uid) && text.len() < 1000);
            previews += 1;
            Ok(())
        })
        .await
        .expect("previews");
    assert!(previews <= if session.can("PREVIEW") { 2 } else { 0 });

    // One part, decoded where the server can.
    let part =
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nb2zDoQ==\r\n";
    let mime = format!("Subject: parte\r\nMessage-ID: <parte>\r\nMIME-Version: 1.0\r\n{part}");
    session.append(b"INBOX", "", mime.into_bytes()).await.expect("append");
    session.select(&mailbox("INBOX")).await.expect("select");
    let last = session.search("SUBJECT parte").await.expect("search").max().expect("it is there");
    let encoded = session.fetch_section(last, "1").await.expect("fetch").expect("its part");
    assert!(encoded.starts_with(b"b2zDoQ=="), "as it is");
    match session.fetch_binary(last, "1").await.expect("fetch") {
        Some(decoded) => assert_eq!(String::from_utf8_lossy(&decoded).trim_end(), "olá"),
        None => assert!(!session.can("BINARY")),
    }
    assert_eq!(session.fetch_section(last + 100, "1").await.expect("fetch"), None);

    // Another one in its place: the old one is gone, and never both.
    let draft = Upload { flags: "\\Draft".into(), date: String::new(), message: small("terceira") };
    session.replace(last, b"INBOX", draft).await.expect("replace");
    session.select(&mailbox("INBOX")).await.expect("select");
    assert!(session.search("SUBJECT parte").await.expect("search").is_empty());
    let new = session.search("SUBJECT terceira").await.expect("search");
    assert_eq!(new.len(), 1);

    // A message put together from what the server has.
    let url = format!("/INBOX/;UID={}/;SECTION=HEADER", new.max().expect("a UID"));
    let pieces = vec![Piece::Url(url), Piece::Text(b"outro corpo\r\n".to_vec())];
    match session.append_pieces(b"INBOX", "", pieces).await {
        Ok(_) => {
            session.select(&mailbox("INBOX")).await.expect("select");
            assert_eq!(session.search("SUBJECT terceira").await.expect("search").len(), 2);
        }
        Err(e) => assert!(e.kind == Kind::Refused && !session.can("CATENATE"), "{e}"),
    }

    // Leaving a mailbox removes nothing from it.
    let marked = uids.max().expect("a UID");
    session.store_flags(&set(&marked.to_string()), '+', "\\Deleted").await.expect("store");
    session.unselect().await.expect("unselect");
    assert_eq!(session.selected(), None);
    session.select(&mailbox("INBOX")).await.expect("select");
    assert!(session.search("ALL").await.expect("search").contains(marked));

    for quota in session.quota(b"INBOX").await.expect("quota") {
        assert!(quota.resources.iter().all(|r| r.usage <= r.limit));
    }
    if session.can("METADATA") {
        let entry = "/private/comment";
        session.set_metadata(b"INBOX", entry, Some("olá, \"mundo\"".into())).await.expect("set");
        let got = session.metadata(b"INBOX", &[entry], 1000).await.expect("get");
        assert_eq!(got, [(entry.to_owned(), Some("olá, \"mundo\"".as_bytes().to_vec()))]);
        session.set_metadata(b"INBOX", entry, None).await.expect("unset");
    }
    let limit = session.append_limit(b"INBOX").await.expect("limit");
    assert!(limit.is_none_or(|l| l > 1_000_000));
    assert_eq!(session.notify().await.expect("notify"), session.can("NOTIFY"));
    if session.can("IDLE") {
        let heard = session.idle(Duration::from_secs(60), std::future::ready(())).await.expect("idle");
        assert!(!heard.tree, "{heard:?}");
    }
    // And the same connection goes on compressed.
    session.compress().await.expect("compress");
    assert_eq!(session.is_compressed(), session.can("COMPRESS=DEFLATE"));
    let big = b"0123456789abcdef\r\n".repeat(20_000);
    session.append(b"INBOX", "", [small("grande"), big].concat()).await.expect("append");
    session.select(&mailbox("INBOX")).await.expect("select");
    let last = session.search("SUBJECT grande").await.expect("search").max().expect("it is there");
    assert!(session.fetch_piece(last, 0).await.expect("piece").is_some_and(|p| p.len() > 300_000));
    assert_eq!(session.unreadable, 0, "nothing this server says is beyond us");
}

async fn suite(server: &Place) {
    every_verb(&mut open(server, Tls::Implicit, "caio").await).await;
    every_extension(&mut open(server, Tls::Implicit, "bia").await).await;
    exercise(server).await;
}

/// A Dovecot that offers only this.
fn without(capabilities: &str) -> Dovecot {
    Dovecot::start_with(Options { capability: Some(capabilities.to_owned()), ..Options::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn dovecot_as_it_is() {
    suite(&Dovecot::start()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dovecot_without_qresync() {
    suite(&without("IMAP4rev1 SASL-IR ID ENABLE IDLE NAMESPACE UIDPLUS LIST-EXTENDED CONDSTORE ESEARCH SEARCHRES LIST-STATUS MOVE LITERAL+ SPECIAL-USE UNSELECT COMPRESS=DEFLATE MULTIAPPEND BINARY CATENATE")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dovecot_without_condstore() {
    suite(&without("IMAP4rev1 SASL-IR ID ENABLE IDLE NAMESPACE UIDPLUS LIST-EXTENDED ESEARCH LIST-STATUS MOVE LITERAL+ SPECIAL-USE UNSELECT COMPRESS=DEFLATE")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dovecot_without_uidplus_move_idle() {
    suite(&without("IMAP4rev1 SASL-IR ID ENABLE NAMESPACE LIST-EXTENDED CONDSTORE QRESYNC ESEARCH LIST-STATUS LITERAL+ SPECIAL-USE UNSELECT")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dovecot_with_nothing_but_imap4rev1() {
    suite(&without("IMAP4rev1")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn starttls() {
    let server = Dovecot::start();
    every_verb(&mut open(&server, Tls::Starttls, "ana").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cyrus() {
    let Some(server) = Cyrus::start(&["ana", "bia", "caio"]) else { return };
    suite(&server).await;
    // Its STATUS (MAILBOXID) answers random bytes: we never ask, and would survive it.
    let mut session = open(&server, Tls::Implicit, "ana").await;
    for _ in 0..20 {
        let mut messages = None;
        let command = Imap::new("STATUS").mailbox(b"INBOX").raw("(MESSAGES MAILBOXID)");
        let outcome = session.run_with(command, |response| {
            if let Response::MailboxStatus(status) = response {
                messages = status.messages;
            }
            Ok(())
        });
        outcome.await.expect("answered").ok("STATUS").expect("OK");
        assert!(messages.is_some());
    }
}

/// With NOTIFY, a mailbox that nobody looks at is in step within seconds of a change, long before the next round.
#[tokio::test(flavor = "multi_thread")]
async fn news_of_other_mailboxes() {
    let server = Dovecot::start();
    let mut other = Other::sign_in(server.imap, "ana").await;
    let device = Device::new(&server, "ana", "headers").await;
    device.core.start().await.expect("start");
    let begun = std::time::Instant::now();
    let (mut words, mut last) = (0, begun);
    // The watch begins after the first sync; from then on what comes is heard of, and none of it is asked for: the next round
    // would come after two minutes.
    while device.folder_or_none("Archive").await.is_none_or(|f| f.total < 3) {
        if words == 0 || last.elapsed() > Duration::from_millis(1500) {
            (words, last) = (words + 1, std::time::Instant::now());
            other.append("Archive", &small(&format!("novo-{words}"))).await;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "not heard of after {words}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("{words} messages, in step after {:?}", begun.elapsed());
}

/// No UIDPLUS, CONDSTORE, MOVE, ESEARCH, SPECIAL-USE, LIST-STATUS, COMPRESS, and no TLS: on loopback only.
#[tokio::test(flavor = "multi_thread")]
async fn mailutils() {
    let Some(server) = Mailutils::start(&["ana"], &["um", "dois", "tres"].map(small)) else { return };
    let user = format!("ana@{DOMAIN}");
    let mut session = open(&server, Tls::None, &user).await;
    session.append(b"INBOX", "", small("quatro")).await.expect("append");
    let selected = session.select(&mailbox("INBOX")).await.expect("select");
    assert_eq!((selected.exists, selected.highest_modseq), (4, None));
    session.store_flags(&set("2"), '+', "\\Flagged").await.expect("store");
    assert_eq!(session.search("FLAGGED").await.expect("search"), set("2"));
    session.logout().await;
    let mut new = account(&server, "ana", "30d");
    new.user = user;
    new.incoming = Endpoint { host: "localhost".into(), port: server.imap, tls: Tls::None };
    new.ca_file = String::new();
    let device = Device::with(new).await;
    device.sync().await;
    assert_eq!(device.rows("INBOX").await.len(), 4);
    device.core.mark(ids(&device, "INBOX", "um").await, Mark::Read).await.expect("mark");
    device.core.delete(ids(&device, "INBOX", "dois").await, 0).await.expect("delete");
    device.sync().await;
    assert_eq!(device.rows("INBOX").await.len(), 3);
    assert!(device.core.notices().await.expect("notices").is_empty());
}
