//! Our client's verbs against a real server, over each kind of connection.

use malote_core::model::{Endpoint, Tls};
use malote_core::protocol::imap::Session;
use malote_core::protocol::imap::mailboxes::SelectRequest;
use malote_core::protocol::imap::messages::Which;
use malote_core::protocol::imap::sign_in::Credentials;
use malote_core::protocol::tls::Trust;
use malote_core::protocol::transport::Meter;
use malote_core::uid_set::UidSet;
use servers::device::small;
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::other::Other;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn set(text: &str) -> UidSet {
    UidSet::parse(text).expect("a set")
}

fn mailbox(name: &str) -> SelectRequest {
    SelectRequest { mailbox: name.as_bytes().to_vec(), known: None }
}

async fn open(server: &Dovecot, port: u16, tls: Tls, meter: Arc<Meter>) -> Session {
    let to = Endpoint { host: "localhost".into(), port, tls };
    let trust = Trust::default().with_file(&server.ca).expect("trust");
    let who = Credentials::password("ana", PASSWORD);
    Session::open(&to, &trust, &who, meter).await.expect("open")
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

    session.create_mailbox("Reformas & Obras é").await.expect("create");
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

#[tokio::test]
async fn implicit_tls() {
    let server = Dovecot::start();
    every_verb(&mut open(&server, server.imaps, Tls::Implicit, Arc::default()).await).await;
}

#[tokio::test]
async fn starttls() {
    let server = Dovecot::start();
    every_verb(&mut open(&server, server.imap, Tls::Starttls, Arc::default()).await).await;
}

/// LOGIN instead of AUTHENTICATE, literals that wait for "+", no UIDPLUS, no MOVE, no ESEARCH.
#[tokio::test]
async fn the_bare_protocol() {
    let capability = Some("IMAP4rev1".to_owned());
    let server = Dovecot::start_with(Options { capability, ..Options::default() });
    every_verb(&mut open(&server, server.imap, Tls::None, Arc::default()).await).await;
}

#[tokio::test]
async fn idle_hears_another_device() {
    let server = Dovecot::start();
    let mut session = open(&server, server.imaps, Tls::Implicit, Arc::default()).await;
    session.select(&mailbox("INBOX")).await.expect("select");
    let port = server.imap;
    let other =
        tokio::spawn(async move { Other::sign_in(port, "ana").await.append("INBOX", &small("novo")).await });
    assert!(session.idle(Duration::from_secs(60), std::future::pending()).await.expect("idle").here);
    other.await.expect("append");
    // Woken by ourselves there is no news, and the connection goes on.
    assert!(!session.idle(Duration::from_secs(60), std::future::ready(())).await.expect("idle").anything());
    assert_eq!(session.search("ALL").await.expect("search"), set("1"));
}

/// Twenty questions that do not depend on each other are one round trip; the meter counts exactly.
#[tokio::test]
async fn pipelined_commands_are_one_round_trip() {
    let server = Dovecot::start();
    let meter = Arc::new(Meter::default());
    let mut session = open(&server, server.imaps, Tls::Implicit, meter.clone()).await;
    assert_eq!(meter.round_trips(), 1, "signing in, capabilities included");
    let noop = || malote_core::protocol::imap::command::Command::new("NOOP");
    let outcomes = session.batch((0..20).map(|_| noop()).collect(), |_, _| Ok(())).await.expect("batch");
    assert_eq!((outcomes.len(), meter.round_trips()), (20, 2));
}

#[test]
fn the_server_of_the_tests_is_quick_to_start() {
    let begun = Instant::now();
    drop(Dovecot::start());
    println!("Dovecot up and down in {} ms", begun.elapsed().as_millis());
}
