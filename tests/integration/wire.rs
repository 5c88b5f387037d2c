//! Our client's verbs against a real server, over each kind of connection.

use malote_core::model::{Endpoint, Tls};
use malote_core::protocol::imap::Session;
use malote_core::protocol::imap::mailboxes::SelectRequest;
use malote_core::protocol::imap::sign_in::Credentials;
use malote_core::protocol::tls::Trust;
use malote_core::protocol::transport::Meter;
use malote_core::uid_set::UidSet;
use servers::device::small;
use servers::dovecot::{Dovecot, PASSWORD};
use servers::fake::{Fake, on};
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

/// Gmail's labels: its own are atoms, the user's are names of mailboxes.
#[tokio::test]
async fn labels() {
    let whole = r#"UID STORE 4 +X-GM-LABELS.SILENT (\Inbox "Obras & Cia")"#;
    let steps = vec![on(whole, "{tag} OK done\r\n"), on("STORE", "{tag} BAD what?\r\n")];
    let fake = Fake::start("* PREAUTH [CAPABILITY IMAP4rev1 X-GM-EXT-1] in\r\n", steps).await;
    let to = Endpoint { host: "127.0.0.1".into(), port: fake.port, tls: Tls::None };
    let who = Credentials::password("ana", PASSWORD);
    let mut session = Session::open(&to, &Trust::default(), &who, Arc::default()).await.expect("open");
    let labels = ["\\Inbox".to_owned(), "Obras & Cia".to_owned()];
    session.store_labels(&set("4"), '+', &labels).await.expect("store");
    session.forgo("X-GM-EXT-1");
    assert!(
        session.store_labels(&set("4"), '+', &labels).await.is_err(),
        "not asked where it is not offered"
    );
}
