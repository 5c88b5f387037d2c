//! Servers and networks that lie, refuse and cut.

use malote_core::error::{Error, Kind};
use malote_core::model::{Endpoint, Tls};
use malote_core::protocol::imap::Session;
use malote_core::protocol::imap::sign_in::Credentials;
use malote_core::protocol::tls::Trust;
use servers::device::{Device, account, small};
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::fake::{Fake, on};
use servers::loader::{Loader, Mail};
use servers::proxy::{Fate, Proxy};
use servers::tls;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn who() -> Credentials {
    Credentials::password("ana", PASSWORD)
}

async fn open(port: u16, tls: Tls, trust: &Trust) -> Result<Session, Error> {
    let to = Endpoint { host: "localhost".into(), port, tls };
    Session::open(&to, trust, &who(), Default::default()).await
}

async fn starttls_kind(greeting: &'static str, steps: Vec<servers::fake::Step>) -> Kind {
    let fake = Fake::start(greeting, steps).await;
    match open(fake.port, Tls::Starttls, &Trust::default()).await {
        Ok(_) => panic!("signed in without TLS"),
        Err(e) => e.kind,
    }
}

#[tokio::test]
async fn starttls_fails_closed() {
    assert_eq!(starttls_kind("* PREAUTH [CAPABILITY IMAP4rev1] welcome\r\n", vec![]).await, Kind::NoTls);
    let refused = vec![on("STARTTLS", "{tag} NO not here\r\n")];
    assert_eq!(starttls_kind("* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n", refused).await, Kind::NoTls);
    let unknown = vec![on("STARTTLS", "{tag} BAD what?\r\n")];
    assert_eq!(starttls_kind("* OK [CAPABILITY IMAP4rev1] hi\r\n", unknown).await, Kind::NoTls);
    // Says OK and goes on in clear: the handshake fails, nothing is said.
    let clear = vec![on("STARTTLS", "{tag} OK go\r\n* OK still here\r\n")];
    assert!(matches!(
        starttls_kind("* OK hi\r\n", clear).await,
        Kind::NoTls | Kind::Certificate | Kind::ConnectionLost
    ));
}

/// A server that says more than it should before TLS (CVE-2011-0411 turned round): none of it may count afterwards.
#[tokio::test]
async fn nothing_said_before_tls_is_believed() {
    let dir = tempfile::tempdir().expect("a directory");
    let files = tls::make(dir.path());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("address").port();
    let (cert, key) = (std::fs::read(&files.cert).expect("cert"), std::fs::read(&files.key).expect("key"));
    let served = tokio::spawn(async move {
        use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
        let (mut clear, _) = listener.accept().await.expect("accept");
        clear.write_all(b"* OK [CAPABILITY IMAP4rev1 STARTTLS XBEFORE] hi\r\n").await.expect("greet");
        let mut line = vec![0; 100];
        let n = clear.read(&mut line).await.expect("STARTTLS");
        let tag = String::from_utf8_lossy(&line[..n]).split(' ').next().unwrap_or_default().to_owned();
        clear
            .write_all(format!("{tag} OK begin\r\n* CAPABILITY IMAP4rev1 XINJECTED\r\n").as_bytes())
            .await
            .expect("inject");
        let config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("versions")
                .with_no_client_auth()
                .with_single_cert(
                    CertificateDer::pem_slice_iter(&cert).collect::<Result<Vec<_>, _>>().expect("cert"),
                    PrivateKeyDer::from_pem_slice(&key).expect("key"),
                )
                .expect("config");
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let Ok(mut secure) = acceptor.accept(clear).await else { return Vec::new() };
        let mut asked = Vec::new();
        let mut buffer = vec![0; 1000];
        while let Ok(n @ 1..) = secure.read(&mut buffer).await {
            let text = String::from_utf8_lossy(&buffer[..n]).into_owned();
            let tag = text.split(' ').next().unwrap_or_default().to_owned();
            let said = if text.contains("CAPABILITY") { "* CAPABILITY IMAP4rev1 XAFTER\r\n" } else { "" };
            asked.push(text);
            let _ = secure.write_all(format!("{said}{tag} OK done\r\n").as_bytes()).await;
        }
        asked
    });
    let trust = Trust::default().with_file(&files.ca).expect("trust");
    match open(port, Tls::Starttls, &trust).await {
        // The injected bytes are dropped with the buffer, or spoil the handshake: either way nothing of them counts.
        Ok(session) => {
            assert!(session.can("XAFTER") && !session.can("XBEFORE") && !session.can("XINJECTED"));
            drop(session);
            assert!(served.await.expect("served")[0].contains("CAPABILITY"), "it asks again under TLS");
        }
        Err(e) => assert!(matches!(e.kind, Kind::NoTls | Kind::Certificate | Kind::ConnectionLost), "{e}"),
    }
}

#[tokio::test]
async fn the_password_stays_here_when_the_certificate_is_wrong() {
    let dir = tempfile::tempdir().expect("a directory");
    let other_name = tls::make_for(dir.path(), &["outro.example"]);
    let server = Dovecot::start_with(Options { certificates: Some(other_name), ..Options::default() });
    let trust = Trust::default().with_file(&server.ca).expect("trust");
    for tls in [(server.imaps, Tls::Implicit), (server.imap, Tls::Starttls)] {
        let error = open(tls.0, tls.1, &trust).await.map(drop).expect_err("another name");
        assert_eq!(error.kind, Kind::Certificate, "{error}");
    }
    assert!(!server.log().contains("Login:"), "nobody signed in");
}

fn thirty() -> Vec<Mail> {
    (0..30)
        .map(|n| Mail {
            raw: small(&format!("m{n}")),
            flags: String::new(),
            date: "03-Mar-2026 09:15:00 +0000".into(),
        })
        .collect()
}

/// A device whose account goes through a proxy to a server without QRESYNC, so that removals rest on SEARCH.
async fn lied_to(judge: impl FnMut(&str) -> Fate + Send + 'static) -> (Dovecot, Proxy, Device) {
    let capability =
        "IMAP4rev1 SASL-IR AUTH=PLAIN UIDPLUS MOVE ESEARCH LIST-EXTENDED LIST-STATUS SPECIAL-USE";
    let server = Dovecot::start_with(Options { capability: Some(capability.into()), ..Options::default() });
    Loader::sign_in(server.imap, "ana", PASSWORD).append("INBOX", &thirty());
    let proxy = Proxy::start(server.imap, judge).await;
    let mut new = account(&server, "ana", "headers");
    new.incoming = Endpoint { host: "127.0.0.1".into(), port: proxy.port, tls: Tls::None };
    let device = Device::with(new).await;
    (server, proxy, device)
}

/// What the server wants its user to read becomes a notice: once, however often it says so.
#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_shown_once() {
    let (_server, _proxy, device) = lied_to(|line| {
        if line.starts_with("* LIST (") && line.contains("INBOX") {
            return Fate::Say(format!("* NO [ALERT] A caixa fecha amanh\u{e3}\r\n{line}"));
        }
        Fate::Pass
    })
    .await;
    device.sync().await;
    device.sync().await;
    let notices = device.core.notices().await.expect("notices");
    let told: Vec<(&str, &str)> = notices.iter().map(|n| (n.code.as_str(), n.subject.as_str())).collect();
    assert_eq!(told, [("server_alert", "A caixa fecha amanh\u{e3}")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_forgets_everything_deletes_nothing() {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    let lies = Arc::new(AtomicU32::new(0));
    let told = lies.clone();
    let (server, _proxy, device) = lied_to(move |line| {
        // The second sync asks what is left: "nothing", says the server, once.
        if line.starts_with("* ESEARCH") && line.contains("ALL 1:31") && told.fetch_add(1, Relaxed) == 0 {
            return Fate::Say(format!("{} UID\r\n", line.split(" UID").next().unwrap_or_default()));
        }
        Fate::Pass
    })
    .await;
    device.sync().await;
    assert_eq!(device.rows("INBOX").await.len(), 30);
    // One more message makes the next sync look at the inbox again.
    Loader::sign_in(server.imap, "ana", PASSWORD).append("INBOX", &thirty()[..1]);
    device.sync().await;
    assert!(lies.load(Relaxed) > 0, "the lie was told");
    assert_eq!(device.rows("INBOX").await.len(), 31, "asked a second time, the server knew better");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list_deletes_no_folder() {
    let lying = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let switch = lying.clone();
    let (_server, _proxy, device) = lied_to(move |line| {
        let on = switch.load(std::sync::atomic::Ordering::Relaxed);
        if on && line.starts_with("* LIST") { Fate::Say(String::new()) } else { Fate::Pass }
    })
    .await;
    device.sync().await;
    lying.store(true, std::sync::atomic::Ordering::Relaxed);
    let error = device.core.sync_once(None).await.expect_err("that is no list");
    assert_eq!(error.kind, Kind::Protocol);
    assert_eq!(device.rows("INBOX").await.len(), 30);
    assert!(device.core.mailboxes().await.expect("mailboxes").iter().all(|m| !m.gone));
}

/// Cut at every line of the server's in turn: each try ends in an error or in step, and at last everything is here, once.
#[tokio::test(flavor = "multi_thread")]
async fn cut_at_every_line() {
    let count = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let limit = Arc::new(std::sync::atomic::AtomicU32::new(u32::MAX));
    let (c, l) = (count.clone(), limit.clone());
    use std::sync::atomic::Ordering::Relaxed;
    let (_server, _proxy, device) =
        lied_to(move |_| if c.fetch_add(1, Relaxed) >= l.load(Relaxed) { Fate::Cut } else { Fate::Pass })
            .await;
    let mut done = false;
    for at in 0..400 {
        count.store(0, Relaxed);
        limit.store(at, Relaxed);
        if device.core.sync_once(None).await.is_ok() {
            done = true;
            break;
        }
    }
    assert!(done, "with enough lines it gets through");
    assert_eq!(device.rows("INBOX").await.len(), 30);
}
