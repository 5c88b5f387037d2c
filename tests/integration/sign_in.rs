//! Signing in: every mechanism, to real servers; proxies; certificates that the user chose; alerts; too many connections.

use malote_core::api::types::Mark;
use malote_core::error::{Error, Kind};
use malote_core::model::{CertificateFault, Endpoint, Tls};
use malote_core::protocol::imap::Session;
use malote_core::protocol::imap::command::Command;
use malote_core::protocol::imap::sign_in::Credentials;
use malote_core::protocol::proxy::Proxy;
use malote_core::protocol::sasl::Secret;
use malote_core::protocol::tls::Trust;
use servers::cyrus::Cyrus;
use servers::device::{Device, account, small};
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::fake::{Fake, on};
use servers::other::Other;
use servers::place::Place;
use servers::relay::{self, Relay};
use servers::tls;
use std::time::{Duration, Instant};

/// A JSON Web Token for `ana`, signed with [`KEY`], good until 2100.
const TOKEN: &str = "eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCJ9.eyJlbWFpbCI6ICJhbmEiLCAic3ViIjogImFuYSIsICJpYXQiOiAxNzAwMDAwMDAwLCAiZXhwIjogNDEwMjQ0NDgwMH0.xN7Onfnpnb1vrRQqhupd19xK3G2g8skHn1e6lnJ2qkQ";
/// Base64 of the key, as Dovecot's dictionary wants it.
const KEY: &str = "Y2hhdmUtZGUtdGVzdGUtY29tLTMyLWJ5dGVzLW91LW1haXM=";

async fn open(server: &Place, tls: Tls, trust: &Trust, who: &Credentials) -> Result<Session, Error> {
    let port = if tls == Tls::Implicit { server.imaps } else { server.imap };
    let to = Endpoint { host: "localhost".into(), port, tls };
    Session::open(&to, trust, who, Default::default()).await
}

fn trust(server: &Place) -> Trust {
    Trust::default().with_file(&server.ca).expect("trust")
}

/// Another password is refused as one, and the right one signs in.
async fn right_and_wrong(server: &Place, tls: Tls, right: &Credentials, wrong: &Credentials) {
    let refused = open(server, tls, &trust(server), wrong).await.map(drop).map_err(|e| e.kind);
    assert_eq!(refused, Err(Kind::SignInRefused));
    let mut session = open(server, tls, &trust(server), right).await.unwrap_or_else(|e| panic!("{e}"));
    session.run(Command::new("NOOP")).await.expect("answered").ok("NOOP").expect("OK");
}

#[tokio::test]
async fn passwords_by_every_mechanism() {
    for mechanism in ["plain", "login", "scram-sha-1", "scram-sha-256", "cram-md5"] {
        let extra = format!("auth_mechanisms = {mechanism}\n");
        let server = Dovecot::start_with(Options { extra, ..Options::default() });
        let strict = Credentials::password("ana", PASSWORD);
        if mechanism == "cram-md5" {
            // Off by default: there is no way in then, and the password stays here.
            let refused =
                open(&server, Tls::Implicit, &trust(&server), &strict).await.map(drop).map_err(|e| e.kind);
            assert_eq!(refused, Err(Kind::SignInRefused));
        }
        let allowed =
            |password: &str| Credentials { allow_cram_md5: true, ..Credentials::password("ana", password) };
        for tls in [Tls::Implicit, Tls::Starttls] {
            right_and_wrong(&server, tls, &allowed(PASSWORD), &allowed("outra")).await;
        }
        let (log, name) = (server.log(), mechanism.to_uppercase());
        assert!(log.contains(&format!("method={name}")), "{mechanism}: {log}");
    }
}

/// Cyrus offers SCRAM bound to the channel, with kinds of binding that TLS 1.3 does not have: we end up signed in, unbound.
#[tokio::test]
async fn scram_with_cyrus() {
    let Some(server) = Cyrus::start(&["ana"]) else { return };
    let offered = {
        let session =
            open(&server, Tls::Implicit, &trust(&server), &Credentials::password("ana", PASSWORD)).await;
        session.unwrap_or_else(|e| panic!("{e}")).is_broken()
    };
    assert!(!offered);
    right_and_wrong(
        &server,
        Tls::Starttls,
        &Credentials::password("ana", PASSWORD),
        &Credentials::password("ana", "x"),
    )
    .await;
}

#[tokio::test]
async fn tokens() {
    for mechanism in ["xoauth2", "oauthbearer"] {
        let keys = tempfile::Builder::new().prefix("malote-keys-").tempdir_in("/tmp").expect("a directory");
        let (dir, conf) = (keys.path().join("default/HS256"), keys.path().join("oauth2.conf"));
        std::fs::create_dir_all(&dir).expect("a directory");
        std::fs::write(dir.join("default"), KEY).expect("a key");
        let local = format!(
            "introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={}/\nusername_attribute = email\n",
            keys.path().display()
        );
        std::fs::write(&conf, local).expect("oauth2.conf");
        let open_to_all = std::process::Command::new("chmod").arg("-R").arg("a+rX").arg(keys.path()).status();
        assert!(open_to_all.is_ok_and(|s| s.success()));
        let extra = format!(
            "auth_mechanisms = {mechanism}\npassdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {}\n}}\n",
            conf.display()
        );
        let server = Dovecot::start_with(Options { extra, ..Options::default() });
        let stale = format!("{}x", &TOKEN[..TOKEN.len() - 1]);
        let (right, wrong) = (Credentials::token("ana", TOKEN), Credentials::token("ana", stale));
        right_and_wrong(&server, Tls::Implicit, &right, &wrong).await;
        assert!(server.log().contains(&format!("method={}", mechanism.to_uppercase())), "{}", server.log());
        // A password is no token: there is no way in with it here, and it is not sent.
        let password = Credentials::token("ana", "");
        assert!(open(&server, Tls::Implicit, &trust(&server), &password).await.is_err());
    }
}

#[tokio::test]
async fn a_certificate_of_our_own() {
    let dir = tempfile::Builder::new().prefix("malote-tls-").tempdir_in("/tmp").expect("a directory");
    let (files, own) = tls::make_with_client(dir.path(), "ana");
    let extra = format!(
        "auth_mechanisms = external\nssl_ca = <{}\nssl_verify_client_cert = yes\nauth_ssl_username_from_cert = yes\nssl_require_crl = no\npassdb {{\n  driver = static\n  args = nopassword=y\n}}\n",
        files.ca.display()
    );
    let server = Dovecot::start_with(Options { certificates: Some(files), extra, ..Options::default() });
    let trust = trust(&server).with_identity(&own.cert, &own.key).expect("identity");
    let who = Credentials { user: "ana".into(), secret: Secret::Certificate, allow_cram_md5: false };
    let mut session =
        open(&server, Tls::Implicit, &trust, &who).await.unwrap_or_else(|e| panic!("{e} {}", server.log()));
    session.run(Command::new("NOOP")).await.expect("answered").ok("NOOP").expect("OK");
    assert!(server.log().contains("method=EXTERNAL"), "{}", server.log());
}

#[tokio::test]
async fn through_proxies() {
    let server = Dovecot::start();
    let to = Endpoint { host: "localhost".into(), port: server.imaps, tls: Tls::Implicit };
    let who = Credentials::password("ana", PASSWORD);
    let sign = format!("{}:{}@", relay::USER, relay::PASSWORD);
    for (kind, relay) in [("socks5", Relay::socks5().await), ("http", Relay::http().await)] {
        let through = |sign: &str| {
            let text = format!("{kind}://{sign}127.0.0.1:{}", relay.port);
            Proxy::parse(&text).expect("a proxy").expect("one")
        };
        let open = async |proxy: &Proxy| {
            Session::open_through(Some(proxy), &to, &trust(&server), &who, Default::default()).await
        };
        let mut session = open(&through(&sign)).await.unwrap_or_else(|e| panic!("{kind}: {e}"));
        session.run(Command::new("NOOP")).await.expect("answered").ok("NOOP").expect("OK");
        assert_eq!(relay.passed(), 1);
        for wrong in ["", "ana:outra@"] {
            let refused = open(&through(wrong)).await.map(drop).expect_err("not without the password");
            assert_eq!(refused.kind, Kind::Proxy, "{kind}: {refused}");
            assert!(!refused.to_string().contains(relay::PASSWORD));
        }
        assert_eq!(relay.passed(), 1, "and nothing went beside it");
    }
    let gone = Proxy::parse("socks5://127.0.0.1:1").expect("a proxy");
    let refused = Session::open_through(gone.as_ref(), &to, &trust(&server), &who, Default::default()).await;
    assert_eq!(refused.map(drop).map_err(|e| e.kind), Err(Kind::Proxy));
    // In clear to a proxy would be in clear to everybody behind it.
    let clear = Endpoint { port: server.imap, tls: Tls::None, ..to.clone() };
    let relay = Relay::socks5().await;
    let proxy = Proxy::parse(&format!("socks5://{sign}127.0.0.1:{}", relay.port)).expect("a proxy");
    let refused =
        Session::open_through(proxy.as_ref(), &clear, &trust(&server), &who, Default::default()).await;
    assert_eq!(refused.map(drop).map_err(|e| e.kind), Err(Kind::NoTls));
}

/// The certificate of a server that nobody vouches for is shown, and trusted when the user chooses it: it alone.
#[tokio::test]
async fn a_certificate_is_pinned_by_choice() {
    let server = Dovecot::start();
    let who = Credentials::password("ana", PASSWORD);
    for tls in [Tls::Implicit, Tls::Starttls] {
        let refused =
            open(&server, tls, &Trust::default(), &who).await.map(drop).expect_err("nobody vouches for it");
        assert_eq!(refused.kind, Kind::Certificate);
        let shown = refused.certificate.expect("it is shown");
        assert_eq!(shown.fault, CertificateFault::UnknownIssuer);
        assert_eq!(shown.names, ["localhost"]);
        assert!(shown.fingerprint.len() == 64 && shown.not_after > shown.not_before);
        let pinned = Trust::default().with_pin(&shown.fingerprint.to_uppercase());
        open(&server, tls, &pinned, &who).await.unwrap_or_else(|e| panic!("{e}"));
        let another = Trust::default().with_pin(&"ab".repeat(32));
        assert_eq!(
            open(&server, tls, &another, &who).await.map(drop).map_err(|e| e.kind),
            Err(Kind::Certificate)
        );
    }
    assert!(!server.log().contains("Aborted login (auth failed"), "no password was tried");

    let dir = tempfile::tempdir().expect("a directory");
    let expired = tls::make_expired(dir.path());
    let server = Dovecot::start_with(Options { certificates: Some(expired), ..Options::default() });
    let refused = open(&server, Tls::Implicit, &trust(&server), &who).await.map(drop).expect_err("it is old");
    assert_eq!(refused.certificate.map(|c| c.fault), Some(CertificateFault::Expired));

    // The whole way through the account: refused and shown, then added with the user's choice, and in step.
    let server = Dovecot::start();
    let mut new = account(&server, "ana", "headers");
    new.ca_file = String::new();
    let refused = Device::try_with(new.clone()).await.map(drop).expect_err("not trusted");
    new.pin = refused.certificate.expect("it is shown").fingerprint;
    let device = Device::with(new).await;
    device.sync().await;
    let used = device.core.accounts().await.expect("accounts").remove(0);
    assert!(used.down > 1000 && used.up > 100, "bytes are counted by account and day: {used:?}");
}

#[tokio::test]
async fn alerts_count_only_from_the_server_itself() {
    let steps = vec![
        on("LOGIN", "* OK [ALERT] Durante a entrada\r\n{tag} OK in\r\n"),
        on(
            "NOOP",
            "* NO [ALERT] A caixa ser\u{e1} movida \u{7}amanh\u{e3}\r\n* NO [ALERT] Outra vez\r\n{tag} OK [ALERT] Outra vez\r\n",
        ),
    ];
    let fake = Fake::start("* OK [ALERT] De quem quiser\r\n", steps).await;
    let to = Endpoint { host: "127.0.0.1".into(), port: fake.port, tls: Tls::None };
    let who = Credentials::password("ana", "secret");
    let mut session = Session::open(&to, &Trust::default(), &who, Default::default()).await.expect("open");
    session.run(Command::new("NOOP")).await.expect("answered");
    assert_eq!(session.take_alerts(), ["A caixa ser\u{e1} movida amanh\u{e3}", "Outra vez"]);
    assert!(session.take_alerts().is_empty());
}

/// What a server says when it hangs up is what the user reads, with the right idea of whether it passes.
#[tokio::test]
async fn goodbyes_are_understood() {
    for (greeting, kind) in [
        ("* BYE [UNAVAILABLE] down for an hour\r\n", Kind::Busy),
        ("* BYE Too many connections from your address\r\n", Kind::TooManyConnections),
        ("* BYE go away\r\n", Kind::Unreachable),
    ] {
        let fake = Fake::start(greeting, vec![]).await;
        let to = Endpoint { host: "127.0.0.1".into(), port: fake.port, tls: Tls::None };
        let opened =
            Session::open(&to, &Trust::default(), &Credentials::password("ana", "x"), Default::default())
                .await;
        assert_eq!(opened.map(drop).map_err(|e| e.kind), Err(kind), "{greeting}");
    }
    for (answer, kind) in [
        ("{tag} NO [EXPIRED] choose a new one\r\n", Kind::PasswordExpired),
        ("{tag} NO [CONTACTADMIN] call us\r\n", Kind::ContactAdmin),
        ("{tag} NO [PRIVACYREQUIRED] not like this\r\n", Kind::NoTls),
        ("{tag} NO [ALERT] Please log in via your web browser\r\n", Kind::SignInRefused),
        ("{tag} NO [LIMIT] too many connections\r\n", Kind::TooManyConnections),
    ] {
        let fake = Fake::start("* OK hi\r\n", vec![on("LOGIN", answer)]).await;
        let to = Endpoint { host: "127.0.0.1".into(), port: fake.port, tls: Tls::None };
        let opened =
            Session::open(&to, &Trust::default(), &Credentials::password("ana", "x"), Default::default())
                .await;
        assert_eq!(opened.map(drop).map_err(|e| e.kind), Err(kind), "{answer}");
    }
}

/// A server that lets a user have two connections, of which another program holds one: everything still works with the
/// one that is left.
#[tokio::test(flavor = "multi_thread")]
async fn one_connection_is_enough() {
    let server = Dovecot::start_with(Options { connections: Some(2), ..Options::default() });
    let mut other = Other::sign_in(server.imap, "ana").await;
    other.append("INBOX", &small("um")).await;
    let device = Device::new(&server, "ana", "headers").await;
    device.core.start().await.expect("start");
    let until = |what: &'static str, begun: Instant| {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what} does not happen");
        tokio::time::sleep(Duration::from_millis(30))
    };
    let begun = Instant::now();
    while device.folder_or_none("INBOX").await.is_none_or(|f| f.total == 0) {
        until("the first sync", begun).await;
    }
    let id = device.rows("INBOX").await[0].id;
    device.core.mark(vec![id], Mark::Star).await.expect("mark");
    let begun = Instant::now();
    while other.contents("INBOX").await["um"] != [["Flagged"]] {
        until("the star", begun).await;
    }
    // A message is opened, which wants the foreground; and new mail comes when it is asked for.
    let begun = Instant::now();
    while device.core.message(id).await.expect("message").body.is_none() {
        until("the body", begun).await;
    }
    other.append("INBOX", &small("dois")).await;
    let begun = Instant::now();
    while device.rows("INBOX").await.len() < 2 {
        device.core.check_now().await.expect("check");
        until("new mail", begun).await;
    }
    assert!(server.log().contains("Maximum number of connections"), "the limit was met: {}", server.log());
}
