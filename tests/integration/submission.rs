//! Our SMTP client against a real Postfix that delivers into Dovecot: every way in, mail as it was written, refusals, tokens.

use malote_core::error::{Error, Kind};
use malote_core::model::{Endpoint, Tls};
use malote_core::protocol::sasl::Credentials;
use malote_core::protocol::smtp::Session;
use malote_core::protocol::smtp::content::{Content, Source};
use malote_core::protocol::smtp::submit::Submission;
use malote_core::protocol::tls::Trust;
use malote_core::protocol::transport::Meter;
use servers::device::Device;
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::issuer::TokenIssuer;
use servers::postfix::{DEFERRED, LARGEST, Postfix, REFUSED};
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

fn dovecot() -> Dovecot {
    Dovecot::start_with(Options { delivers: true, ..Options::default() })
}

async fn open_as(
    postfix: &Postfix,
    dovecot: &Dovecot,
    who: &Credentials,
    tls: Tls,
    meter: &Arc<Meter>,
) -> Result<Session, Error> {
    let port = if tls == Tls::Implicit { postfix.submissions } else { postfix.submission };
    let to = Endpoint { host: "localhost".into(), port, tls };
    let trust = Trust::default().with_file(&dovecot.ca).expect("trust");
    Session::open(None, &to, &trust, who, meter.clone()).await
}

async fn open(postfix: &Postfix, dovecot: &Dovecot, tls: Tls) -> Session {
    let who = Credentials::password("ana", PASSWORD);
    open_as(postfix, dovecot, &who, tls, &Arc::default()).await.expect("in")
}

/// Nobody has to write anything down.
async fn nothing() -> Result<(), Error> {
    Ok(())
}

async fn measured(raw: &[u8]) -> Content {
    Content::of(Arc::<[u8]>::from(raw)).await.expect("measured")
}

fn addresses(names: &[&str]) -> Vec<String> {
    names
        .iter()
        .map(|n| if n.contains('@') { (*n).to_owned() } else { format!("{n}@exemplo.test") })
        .collect()
}

fn message(subject: &str, body: &str) -> Vec<u8> {
    format!(
        "From: Ana <ana@exemplo.test>\r\nTo: <rui@exemplo.test>\r\nSubject: {subject}\r\nMessage-ID: <{subject}@exemplo.test>\r\nDate: Fri, 27 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}"
    )
    .into_bytes()
}

/// What lies in somebody's inbox: the messages without what the servers wrote above them.
async fn inbox(postfix: &Postfix, dovecot: &Dovecot, user: &str) -> Vec<Vec<u8>> {
    postfix.settle();
    let device = Device::new(dovecot, user, "all").await;
    device.sync().await;
    let mut all = Vec::new();
    for row in device.rows("INBOX").await {
        let raw = device.core.raw(row.id).await.expect("here");
        let at = raw.windows(6).position(|w| w == b"From: ").expect("its own header");
        all.push(raw[at..].to_vec());
    }
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_in_and_mail_as_it_was_written() {
    let dovecot = dovecot();
    let Some(postfix) = Postfix::start(&dovecot) else { return };
    let mut sent = Vec::new();
    for (tls, chunking) in [(Tls::Implicit, true), (Tls::Starttls, false)] {
        let meter: Arc<Meter> = Arc::default();
        let who = Credentials::password("ana", PASSWORD);
        let mut session = open_as(&postfix, &dovecot, &who, tls, &meter).await.expect("in");
        assert_eq!((session.can("CHUNKING"), session.size_limit()), (chunking, Some(LARGEST)));
        let bodies = [
            ("pontos", ".\r\n..\r\n.x\r\n\r\n.\r\nfim\r\n".to_owned()),
            ("acentos", "São João, ñandú, 日本語, 🦜\r\n".to_owned()),
            ("grande", "0123456789abcdef\r\n".repeat(200_000)),
            ("vazia", "\r\n".to_owned()),
        ];
        for (word, body) in bodies {
            let raw = message(&format!("{word}-{chunking}"), &body);
            let to = addresses(&["rui", "eva", "ana"]);
            let before = meter.round_trips();
            let content = measured(&raw).await;
            let mail = Submission::new("ana@exemplo.test", &to, &content);
            let taken = session.submit(&mail, nothing).await.unwrap_or_else(|e| panic!("{word}: {e:?}"));
            assert_eq!(taken.reply.code, 250);
            let trips = meter.round_trips() - before;
            assert_eq!(trips, if chunking { 2 } else { 3 }, "round trips for three recipients");
            sent.push(raw);
        }
        session.quit().await;
    }
    sent.sort();
    for user in ["rui", "eva", "ana"] {
        let got = inbox(&postfix, &dovecot, user).await;
        assert_eq!(got.len(), sent.len(), "{user}");
        assert!(got == sent, "{user} got something else than was written");
    }
    let wrong =
        open_as(&postfix, &dovecot, &Credentials::password("ana", "errada"), Tls::Implicit, &Arc::default())
            .await
            .err()
            .expect("refused");
    assert_eq!(wrong.kind, Kind::SignInRefused);
    assert!(!wrong.to_string().contains("errada"));
}

/// Who is refused is told by name with the server's own words, and the others get nothing until that is put right.
#[tokio::test(flavor = "multi_thread")]
async fn to_all_or_to_none() {
    let dovecot = dovecot();
    let Some(postfix) = Postfix::start(&dovecot) else { return };
    let mut session = open(&postfix, &dovecot, Tls::Implicit).await;
    let raw = message("recusa", "x\r\n");
    for (bad, kind, code) in [(REFUSED, Kind::Refused, 550), (DEFERRED, Kind::Busy, 451)] {
        let to = addresses(&["rui", bad, "eva"]);
        let content = measured(&raw).await;
        let mail = Submission::new("ana@exemplo.test", &to, &content);
        let failure = session.submit(&mail, nothing).await.expect_err("refused");
        assert!(!failure.handed_over);
        assert_eq!((failure.error.kind, failure.error.subject.as_str()), (kind, bad));
        let who: Vec<(&str, u16)> = failure.refused.iter().map(|(to, r)| (to.as_str(), r.code)).collect();
        assert_eq!(who, [(bad, code)]);
    }
    // The conversation goes on.
    let to = addresses(&["rui"]);
    let large = message("enorme", &"x\r\n".repeat(LARGEST as usize / 3));
    for (raw, to, kind) in [
        (&large, &to, Kind::TooLarge),
        (&raw, &Vec::new(), Kind::Usage),
        (&raw, &addresses(&["rui@x>\r\nRCPT TO:<eva@exemplo.test"]), Kind::Usage),
    ] {
        let content = measured(raw).await;
        let mail = Submission::new("ana@exemplo.test", to, &content);
        let failure = session.submit(&mail, nothing).await.expect_err("refused");
        assert_eq!((failure.error.kind, failure.handed_over), (kind, false));
    }
    let content = measured(&raw).await;
    let mail = Submission::new("ana@exemplo.test", &to, &content);
    session.submit(&mail, nothing).await.expect("taken");
    assert_eq!(inbox(&postfix, &dovecot, "rui").await, [raw]);
    assert!(inbox(&postfix, &dovecot, "eva").await.is_empty());
}

/// On the brink, nothing is there yet; stopped there, nothing comes.
#[tokio::test(flavor = "multi_thread")]
async fn until_the_last_octets_nobody_has_it() {
    let dovecot = dovecot();
    let Some(postfix) = Postfix::start(&dovecot) else { return };
    let (to, raw) = (addresses(&["rui"]), message("beira", "x\r\n"));
    let content = measured(&raw).await;
    let mail = Submission::new("ana@exemplo.test", &to, &content);
    for tls in [Tls::Implicit, Tls::Starttls] {
        let mut session = open(&postfix, &dovecot, tls).await;
        let no = async || Err(Error::new(Kind::DiskFull, ""));
        let failure = session.submit(&mail, no).await.expect_err("stopped");
        assert_eq!((failure.error.kind, failure.handed_over), (Kind::DiskFull, false));
        // The conversation is over: whatever came next would be taken for the rest of it.
        let again = session.submit(&mail, nothing).await.expect_err("broken");
        assert_eq!((again.error.kind, again.handed_over), (Kind::ConnectionLost, false));
    }
    assert!(inbox(&postfix, &dovecot, "rui").await.is_empty());
}

/// SMTP smuggling: whatever stands in a message, one message leaves.
#[tokio::test(flavor = "multi_thread")]
async fn one_message_leaves_as_one() {
    let dovecot = dovecot();
    let Some(postfix) = Postfix::start(&dovecot) else { return };
    let ends = [
        "\n.\n",
        "\r.\r",
        "\n.\r\n",
        "\r\n.\n",
        "\r\n.\r",
        "\r.\r\n",
        "\r\n.\r\r\n",
        "\r\n.\r\n",
        "\0\r\n.\r\n",
    ];
    let second = "MAIL FROM:<x@exemplo.test>\r\nRCPT TO:<eva@exemplo.test>\r\nDATA\r\nSubject: contrabando\r\n\r\nx\r\n.\r\n";
    for tls in [Tls::Implicit, Tls::Starttls] {
        let mut session = open(&postfix, &dovecot, tls).await;
        for (n, end) in ends.iter().enumerate() {
            let raw = message(&format!("inteira-{n}-{tls:?}"), &format!("antes{end}{second}fim\r\n"));
            let to = addresses(&["rui"]);
            let content = measured(&raw).await;
            let mail = Submission::new("ana@exemplo.test", &to, &content);
            session.submit(&mail, nothing).await.unwrap_or_else(|e| panic!("{}: {e:?}", end.escape_debug()));
        }
        session.quit().await;
    }
    let got = inbox(&postfix, &dovecot, "rui").await;
    assert_eq!(got.len(), 2 * ends.len());
    assert!(got.iter().all(|raw| raw.ends_with(b"fim\r\n")));
    assert!(inbox(&postfix, &dovecot, "eva").await.is_empty());
}

/// International addresses and reports of delivery, where the server has them.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_can_more() {
    let dovecot = dovecot();
    let Some(postfix) = Postfix::start(&dovecot) else { return };
    let mut session = open(&postfix, &dovecot, Tls::Implicit).await;
    let raw = message("aviso", "x\r\n");
    // Its way on into Dovecot ends there, which has no SMTPUTF8: that it was taken is what can be seen.
    let abroad = addresses(&["josé@exemplo.test"]);
    let content = measured(&raw).await;
    let mail = Submission::new("ana@exemplo.test", &abroad, &content);
    session.submit(&mail, nothing).await.expect("taken");
    let to = addresses(&["rui"]);
    let mail = Submission { report_delivery: true, ..Submission::new("ana@exemplo.test", &to, &content) };
    session.submit(&mail, nothing).await.expect("taken");
    let must = Submission { require_tls: true, ..mail.clone() };
    let failure = session.submit(&must, nothing).await.expect_err("this server has no REQUIRETLS");
    assert_eq!((failure.error.kind, failure.handed_over), (Kind::NoPromise, false));
    assert_eq!(inbox(&postfix, &dovecot, "rui").await.len(), 1);
    let reports = inbox(&postfix, &dovecot, "ana").await;
    // "Relayed" is what Postfix says when it goes on to a server without DSN (RFC 3461 section 6.2.3).
    let report = |raw: &Vec<u8>| String::from_utf8_lossy(raw).contains("Action: relayed");
    assert!(reports.iter().any(report), "{} reports", reports.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_send_too() {
    let dir = tempfile::tempdir().expect("a directory");
    let issuer = TokenIssuer::start().await;
    issuer.known().access.insert("passe-1".to_owned(), "ana".to_owned());
    let dovecot = issuer.dovecot(dir.path());
    let Some(postfix) = Postfix::start(&dovecot) else { return };
    for tls in [Tls::Implicit, Tls::Starttls] {
        let who = Credentials::token("ana", "passe-1");
        let mut session = open_as(&postfix, &dovecot, &who, tls, &Arc::default()).await.expect("in");
        let (to, raw) = (addresses(&["rui"]), message("passe", "x\r\n"));
        let content = measured(&raw).await;
        let mail = Submission::new("ana@exemplo.test", &to, &content);
        session.submit(&mail, nothing).await.expect("taken");
        let old = Credentials::token("ana", "passe-velho");
        let refused = open_as(&postfix, &dovecot, &old, tls, &Arc::default()).await.err().expect("refused");
        assert_eq!(refused.kind, Kind::SignInRefused);
    }
}

/// A message of any size, of which nothing is kept: how far it was read is all that is known of it.
#[derive(Clone)]
struct Endless {
    size: u64,
    read: Arc<AtomicU64>,
}

impl Source for Endless {
    fn open(&self) -> std::io::Result<Box<dyn Read + Send>> {
        self.read.store(0, Ordering::SeqCst);
        Ok(Box::new(Reading(self.clone())))
    }
}

struct Reading(Endless);

impl Read for Reading {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let before = self.0.read.load(Ordering::SeqCst);
        let n = (self.0.size - before).min(into.len() as u64);
        for (i, octet) in into[..n as usize].iter_mut().enumerate() {
            // Lines of 64 octets, some of which begin with a dot.
            *octet = b"........abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01\r\n"
                [(before as usize + i) % 64];
        }
        self.0.read.store(before + n, Ordering::SeqCst);
        Ok(n as usize)
    }
}

/// A server that takes a message, and how far ahead of what it had taken the message was read, at most.
async fn slow_taker(read: Arc<AtomicU64>, chunking: bool) -> (u16, tokio::task::JoinHandle<(u64, u64)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("address").port();
    let offers = if chunking { "250-CHUNKING\r\n250 PIPELINING\r\n" } else { "250 PIPELINING\r\n" };
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("somebody");
        let (from, mut to) = stream.into_split();
        let mut from = BufReader::new(from);
        to.write_all(b"220 mx\r\n").await.expect("said");
        let (mut taken, mut ahead) = (0u64, 0);
        let mut line = Vec::new();
        loop {
            line.clear();
            from.read_until(b'\n', &mut line).await.expect("a line");
            let said = String::from_utf8_lossy(&line).to_ascii_uppercase();
            let size = said.strip_prefix("BDAT ").map(|s| s.split(' ').next().expect("a size").to_owned());
            let mut left: u64 = size.map_or(u64::MAX, |s| s.parse().expect("a number"));
            let answer = match said.get(..4) {
                Some("EHLO") => format!("250-mx\r\n{offers}"),
                Some("QUIT") | None => return (taken, ahead),
                Some("DATA" | "BDAT") => {
                    if left == u64::MAX {
                        to.write_all(b"354 go on\r\n").await.expect("said");
                    }
                    while left > 0 {
                        line.clear();
                        from.read_until(b'\n', &mut line).await.expect("a line");
                        if left == u64::MAX && line == b".\r\n" {
                            break;
                        }
                        let dots = u64::from(left == u64::MAX && line.starts_with(b"."));
                        taken += line.len() as u64 - dots;
                        left = if left == u64::MAX { left } else { left - line.len() as u64 };
                        ahead = ahead.max(read.load(Ordering::SeqCst).saturating_sub(taken));
                    }
                    "250 taken\r\n".to_owned()
                }
                _ => "250 fine\r\n".to_owned(),
            };
            to.write_all(answer.as_bytes()).await.expect("said");
        }
    });
    (port, task)
}

/// A message is read as fast as the line takes it, and no faster: a large one is never in memory.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_message_goes_out_as_it_is_read() {
    const SIZE: u64 = 200_000_000;
    for chunking in [false, true] {
        let source = Endless { size: SIZE, read: Arc::default() };
        let (port, server) = slow_taker(source.read.clone(), chunking).await;
        let to = Endpoint { host: "localhost".into(), port, tls: Tls::None };
        let who = Credentials::password("ana", PASSWORD);
        let mut session =
            Session::open(None, &to, &Trust::default(), &who, Arc::default()).await.expect("in");
        let rcpt = addresses(&["rui"]);
        let content = Content::of(source).await.expect("measured");
        assert_eq!((content.size, content.eight_bits), (SIZE, false));
        session.submit(&Submission::new("ana@exemplo.test", &rcpt, &content), nothing).await.expect("taken");
        session.quit().await;
        let (taken, ahead) = server.await.expect("the server");
        assert_eq!(taken, SIZE);
        // What the system keeps for a connection on loopback, and a few pieces.
        assert!(ahead < 24_000_000, "{ahead} octets were read ahead of the server");
    }
}
