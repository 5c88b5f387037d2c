//! Our POP3 client against a real Dovecot: every way in, mail as it lies there, deletions that count only with QUIT.

use malote_core::error::Kind;
use malote_core::model::{Endpoint, Tls};
use malote_core::protocol::pop3::{Capabilities, Session};
use malote_core::protocol::sasl::Credentials;
use malote_core::protocol::tls::Trust;
use malote_core::protocol::transport::Meter;
use servers::device::small;
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::loader::{self, Loader, Mail, with_file};
use std::sync::Arc;

fn server() -> Dovecot {
    Dovecot::start_with(Options { pop3: true, ..Options::default() })
}

async fn open(
    server: &Dovecot,
    user: &str,
    password: &str,
    tls: Tls,
    meter: &Arc<Meter>,
) -> Result<Session, malote_core::error::Error> {
    let port = if tls == Tls::Implicit { server.pop3s } else { server.pop3 };
    let to = Endpoint { host: "localhost".into(), port, tls };
    let trust = Trust::default().with_file(&server.ca).expect("trust");
    Session::open(None, &to, &trust, &Credentials::password(user, password), meter.clone(), None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_in() {
    let server = server();
    let meter = Arc::default();
    for tls in [Tls::Implicit, Tls::Starttls, Tls::None] {
        let session = open(&server, "ana", PASSWORD, tls, &meter).await.expect("in");
        assert!(session.can("UIDL") && session.can("PIPELINING") && session.can("TOP"));
        session.quit().await.expect("quit");
    }
    let wrong = open(&server, "ana", "errada", Tls::Implicit, &meter).await.err().expect("refused");
    assert_eq!(wrong.kind, Kind::SignInRefused);
    assert!(!wrong.to_string().contains("errada"));
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_as_it_lies_there() {
    let server = server();
    let dots = b"Subject: pontos\r\nMessage-ID: <pontos>\r\n\r\n.\r\n..\r\n.x\r\n\r\n.\r\nfim\r\n".to_vec();
    let mut mails: Vec<Mail> = vec![with_file("grande", 3_000_000)];
    mails.push(Mail { raw: dots, flags: String::new(), date: mails[0].date.clone() });
    mails.extend(loader::mails(
        &(0..500).map(|n| format!("m{n}")).collect::<Vec<_>>().iter().map(String::as_str).collect::<Vec<_>>(),
    ));
    Loader::sign_in(server.imap, "ana", PASSWORD).append("INBOX", &mails);
    let meter: Arc<Meter> = Arc::default();
    let mut session = open(&server, "ana", PASSWORD, Tls::Implicit, &meter).await.expect("in");
    let before = meter.round_trips();
    let drop = session.survey().await.expect("survey");
    assert_eq!(meter.round_trips() - before, 1, "LIST and UIDL in one breath");
    assert_eq!(drop.messages.len(), 502);
    let ids: std::collections::BTreeSet<&String> = drop.messages.iter().map(|(.., id)| id).collect();
    assert!(ids.len() == 502 && !ids.contains(&String::new()));
    let wanted: Vec<(u32, u64)> = drop.messages.iter().map(|(n, size, _)| (*n, *size)).collect();
    let mut got = Vec::new();
    let before = meter.round_trips();
    let mut coming = session.retrieve(&wanted);
    while let Some((n, raw)) = coming.next().await.expect("retrieve") {
        got.push((n, raw.expect("a message")));
    }
    let turns = meter.round_trips() - before;
    assert!(turns <= 8, "{turns} round trips for 502 messages");
    for ((n, raw), mail) in got.iter().zip(&mails) {
        assert!(*raw == mail.raw, "message {n} is not what lies there");
    }
    // The header alone; and one that is not there ends nothing.
    let mut heads = Vec::new();
    let mut coming = session.top(&[(1, 100), (9999, 100), (2, 100)], 0);
    while let Some((n, raw)) = coming.next().await.expect("top") {
        heads.push((n, raw.map_err(|e| e.kind)));
    }
    assert!(matches!(&heads[0], (1, Ok(h)) if h.len() < 1000 && h.starts_with(b"From: Ana")));
    assert!(matches!(&heads[1], (9999, Err(Kind::Refused))) && matches!(&heads[2], (2, Ok(_))));
    session.quit().await.expect("quit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_counts_with_quit() {
    let server = server();
    loader::fill(&server, "ana", "INBOX", &["a", "b", "c"]);
    let meter = Arc::default();
    let count = async || {
        let mut session = open(&server, "ana", PASSWORD, Tls::Implicit, &meter).await.expect("in");
        let n = session.survey().await.expect("survey").messages.len();
        session.quit().await.expect("quit");
        n
    };
    let mut cut = open(&server, "ana", PASSWORD, Tls::Implicit, &meter).await.expect("in");
    cut.survey().await.expect("survey");
    assert_eq!(cut.delete(&[1, 2]).await.expect("marked"), [1, 2]);
    drop(cut); // the line is cut before QUIT
    assert_eq!(count().await, 3);
    let mut undone = open(&server, "ana", PASSWORD, Tls::Implicit, &meter).await.expect("in");
    undone.survey().await.expect("survey");
    undone.delete(&[3]).await.expect("marked");
    undone.reset().await.expect("reset");
    assert_eq!(undone.delete(&[2, 77]).await.expect("marked"), [2], "what is not there is not marked");
    undone.quit().await.expect("quit");
    assert_eq!(count().await, 2);
    let mut left = open(&server, "ana", PASSWORD, Tls::Implicit, &meter).await.expect("in");
    let messages = left.survey().await.expect("survey").messages;
    let wanted: Vec<(u32, u64)> = messages.iter().map(|(n, size, _)| (*n, *size)).collect();
    let mut raws = Vec::new();
    let mut coming = left.retrieve(&wanted);
    while let Some((_, raw)) = coming.next().await.expect("retrieve") {
        raws.push(raw.expect("a message"));
    }
    assert_eq!(raws, [small("a"), small("c")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_offered_once_is_not_asked_again() {
    let server = server();
    loader::fill(&server, "ana", "INBOX", &["a", "b", "c"]);
    let to = Endpoint { host: "localhost".into(), port: server.pop3s, tls: Tls::Implicit };
    let trust = Trust::default().with_file(&server.ca).expect("trust");
    let who = Credentials::password("ana", PASSWORD);
    let visit = async |known: Option<Capabilities>| {
        let meter: Arc<Meter> = Arc::default();
        let mut session = Session::open(None, &to, &trust, &who, meter.clone(), known).await.expect("in");
        let opened = meter.round_trips();
        let messages = session.survey().await.expect("survey").messages;
        let wanted: Vec<(u32, u64)> = messages.iter().map(|(n, size, _)| (*n, *size)).collect();
        let mut coming = session.retrieve_last(&wanted);
        let mut came = 0;
        while let Some((_, raw)) = coming.next().await.expect("retrieve") {
            came += usize::from(raw.is_ok());
        }
        let (fetched, offer) = (meter.round_trips(), session.offer().clone());
        session.quit().await.expect("quit");
        assert_eq!((came, meter.round_trips()), (3, fetched), "QUIT went with the last message");
        (opened, fetched, offer)
    };
    let (asked, whole, offer) = visit(None).await;
    let (known, shorter, _) = visit(Some(offer.clone())).await;
    assert_eq!((asked - known, whole - shorter), (1, 2), "what is in it was asked with the sign-in");
    // What is remembered is wrong by now: it is asked after all, and the sign-in goes another way.
    let wrong = ["PIPELINING", "SASL SCRAM-SHA-256"].map(str::to_owned).into();
    let (_, _, again) = visit(Some(wrong)).await;
    assert_eq!(again, offer);
    // A wrong password is tried once.
    let guess = Credentials::password("ana", "errada");
    let meter: Arc<Meter> = Arc::default();
    let refused = Session::open(None, &to, &trust, &guess, meter, Some(offer)).await.err().expect("refused");
    assert_eq!(refused.kind, Kind::SignInRefused);
}
