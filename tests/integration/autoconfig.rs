//! Where the servers of an address are: our own list without a question, then what the domain, its name service and others say.
//! There is no network but a name service and an https server on loopback.

use malote_core::model::{FoundServers, Source, Tls};
use malote_core::protocol::autoconfig::Search;
use malote_core::protocol::autoconfig::names::Names;
use servers::directory::{Directory, Found};
use servers::dovecot::{Dovecot, Options};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Address, IMAP, POP3, SMTP, user, first way to sign in, hints.
type Expected =
    (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const PROVIDERS: &[Expected] = &[
    ("ana@gmail.com", "imap.gmail.com:993", "pop.gmail.com:995", "smtp.gmail.com:465", "ana@gmail.com", "google", "app_password sent"),
    ("ana@outlook.com", "outlook.office365.com:993", "outlook.office365.com:995", "smtp-mail.outlook.com:587", "ana@outlook.com", "microsoft", "enable sent"),
    ("ana@hotmail.com.br", "outlook.office365.com:993", "outlook.office365.com:995", "smtp-mail.outlook.com:587", "ana@hotmail.com.br", "microsoft", "enable sent"),
    ("ana@icloud.com", "imap.mail.me.com:993", "-", "smtp.mail.me.com:587", "ana", "password", "app_password"),
    ("ana@yahoo.com.br", "imap.mail.yahoo.com:993", "pop.mail.yahoo.com:995", "smtp.mail.yahoo.com:465", "ana@yahoo.com.br", "yahoo", "app_password"),
    ("ana@yahoo.de", "imap.mail.yahoo.com:993", "pop.mail.yahoo.com:995", "smtp.mail.yahoo.com:465", "ana@yahoo.de", "yahoo", "app_password"),
    ("ana@aol.com", "imap.aol.com:993", "pop.aol.com:995", "smtp.aol.com:465", "ana@aol.com", "aol", "app_password"),
    ("ana@gmx.net", "imap.gmx.net:993", "pop.gmx.net:995", "mail.gmx.net:465", "ana@gmx.net", "password", "enable"),
    ("ana@web.de", "imap.web.de:993", "pop3.web.de:995", "smtp.web.de:465", "ana", "password", "enable"),
    ("ana@fastmail.com", "imap.fastmail.com:993", "pop.fastmail.com:995", "smtp.fastmail.com:465", "ana@fastmail.com", "password", "app_password"),
    ("ana@proton.me", "127.0.0.1:1143", "-", "127.0.0.1:1025", "ana@proton.me", "password", "bridge"),
    ("ana@tuta.com", "-", "-", "-", "ana@tuta.com", "password", "none"),
    ("ana@zoho.com", "imap.zoho.com:993", "pop.zoho.com:995", "smtp.zoho.com:465", "ana@zoho.com", "password", "app_password enable sent"),
    ("ana@yandex.com", "imap.yandex.com:993", "pop.yandex.com:995", "smtp.yandex.com:465", "ana@yandex.com", "password", "app_password enable"),
    ("ana@qq.com", "imap.qq.com:993", "pop.qq.com:995", "smtp.qq.com:465", "ana@qq.com", "password", "app_password enable"),
    ("ana@mail.ru", "imap.mail.ru:993", "pop.mail.ru:995", "smtp.mail.ru:465", "ana@mail.ru", "password", "app_password"),
    ("ana@uol.com.br", "imap.uol.com.br:993", "pop3.uol.com.br:995", "smtps.uol.com.br:587", "ana", "password", ""),
    ("ana@bol.com.br", "imap.bol.com.br:993", "pop3.bol.com.br:995", "smtps.bol.com.br:465", "ana", "password", ""),
    ("ana@terra.com.br", "imap.terra.com.br:993", "pop.terra.com.br:995", "smtp.terra.com.br:587", "ana@terra.com.br", "password", ""),
    ("ana@ig.com.br", "imap.ig.com.br:993", "pop.ig.com.br:995", "smtp.ig.com.br:465", "ana@ig.com.br", "password", ""),
    ("ana@globo.com", "imap.globo.com:993", "pop3.globo.com:995", "smtp.globo.com:465", "ana@globo.com", "password", ""),
    ("ana@locaweb.com.br", "email-ssl.com.br:993", "email-ssl.com.br:995", "email-ssl.com.br:465", "ana@locaweb.com.br", "password", ""),
    ("ana@kinghost.net", "imap.kinghost.net:993", "pop.kinghost.net:995", "smtp.kinghost.net:465", "ana@kinghost.net", "password", ""),
    ("ana@hostinger.com", "imap.hostinger.com:993", "pop.hostinger.com:995", "smtp.hostinger.com:465", "ana@hostinger.com", "password", ""),
    ("ana@titan.email", "imap.titan.email:993", "pop.titan.email:995", "smtp.titan.email:465", "ana@titan.email", "password", "enable"),
    ("ana@sapo.pt", "imap.sapo.pt:993", "pop.sapo.pt:995", "smtp.sapo.pt:465", "ana@sapo.pt", "password", ""),
    ("ana@meo.pt", "imap.sapo.pt:993", "pop.sapo.pt:995", "smtp.sapo.pt:465", "ana@meo.pt", "password", ""),
    ("ana@t-online.de", "secureimap.t-online.de:993", "securepop.t-online.de:995", "securesmtp.t-online.de:465", "ana@t-online.de", "password", "app_password"),
    ("ana@orange.fr", "imap.orange.fr:993", "pop.orange.fr:995", "smtp.orange.fr:465", "ana@orange.fr", "password", "enable"),
];

fn servers_of(found: &FoundServers) -> [String; 3] {
    [&found.imap, &found.pop3, &found.smtp].map(|e| match e {
        Some(e) => format!("{}:{}", e.host, e.port),
        None => "-".to_owned(),
    })
}

#[tokio::test]
async fn thirty_addresses_are_known_without_a_question() {
    let directory = Directory::start(Found::default(), &["nobody.test"]).await;
    let search = search(&directory, |_, _| None);
    let mut known = 0;
    for (address, imap, pop3, smtp, user, first, hints) in PROVIDERS {
        let found = search.find(address).await.expect("an address");
        println!("{address}: {:?} {:?} user {:?}", servers_of(&found), found.sign_in, found.user);
        assert_eq!(found.source, Source::Provider, "{address}");
        assert_eq!(servers_of(&found), [imap, pop3, smtp].map(|s| s.to_string()), "{address}");
        assert_eq!((&found.user.as_str(), &found.sign_in[0].as_str()), (user, first), "{address}");
        let codes: Vec<&str> = found.hints.iter().map(|h| h.code.as_str()).collect();
        assert_eq!(codes.join(" "), *hints, "{address}");
        for e in [&found.imap, &found.pop3, &found.smtp].into_iter().flatten() {
            let implicit = [993, 995, 465].contains(&e.port);
            assert_eq!(e.tls, if implicit { Tls::Implicit } else { Tls::Starttls }, "{address}");
        }
        known += 1;
    }
    assert!(known >= 25);
    assert!(directory.questions().is_empty(), "{:?}", directory.questions());
}

fn search(
    directory: &Directory,
    others: impl Fn(&str, u16) -> Option<SocketAddr> + Send + Sync + 'static,
) -> Search {
    Search {
        web: directory.way(others),
        names: Names::at(directory.names).expect("names"),
        ispdb: "https://ispdb.test/v1.1".to_owned(),
        more: String::new(),
    }
}

fn xml(host: &str) -> String {
    format!(
        "<clientConfig version=\"1.1\"><emailProvider id=\"x\"><displayName>Empresa</displayName>\
         <incomingServer type=\"imap\"><hostname>{host}</hostname><port>993</port><socketType>SSL</socketType><username>%EMAILADDRESS%</username></incomingServer>\
         <outgoingServer type=\"smtp\"><hostname>smtp.empresa.test</hostname><port>465</port><socketType>SSL</socketType></outgoingServer>\
         </emailProvider></clientConfig>"
    )
}

const OWN: &str = "autoconfig.empresa.test/mail/config-v1.1.xml";
const WELL_KNOWN: &str = "empresa.test/.well-known/autoconfig/mail/config-v1.1.xml";
const HOSTS: &[&str] =
    &["empresa.test", "autoconfig.empresa.test", "ispdb.test", "autodiscover.empresa.test"];

async fn find(found: Found) -> (FoundServers, Vec<String>, Duration) {
    let directory = Directory::start(found, HOSTS).await;
    let begun = Instant::now();
    let found = search(&directory, |_, _| None).find("ana.maria@empresa.test").await.expect("an address");
    (found, directory.questions(), begun.elapsed())
}

fn host(found: &FoundServers) -> String {
    found.imap.as_ref().map(|e| e.host.clone()).unwrap_or_default()
}

#[tokio::test]
async fn each_source_is_believed_in_its_turn() {
    // Everything at once: who receives the mail is what counts most.
    let all = Found::default()
        .mx("empresa.test", 20, "aspmx2.googlemail.com")
        .mx("empresa.test", 10, "aspmx.l.google.com")
        .page(OWN, 200, &xml("imap.own.test"));
    let (found, ..) = find(all.clone()).await;
    assert_eq!((found.source, host(&found).as_str()), (Source::Exchanger, "imap.gmail.com"));
    assert_eq!(found.user, "ana.maria@empresa.test");
    // Unknown exchanger: the domain's own word.
    let (found, ..) =
        find(Found::default().mx("empresa.test", 1, "mx.empresa.test").page(OWN, 200, &xml("imap.own.test")))
            .await;
    assert_eq!((found.source, host(&found).as_str()), (Source::Autoconfig, "imap.own.test"));
    assert_eq!(found.provider, "Empresa");
    let (found, ..) = find(Found::default().page(WELL_KNOWN, 200, &xml("imap.known.test"))).await;
    assert_eq!(host(&found), "imap.known.test");
    // Moved, under https.
    let moved = Found::default().page(OWN, 302, "https://empresa.test/there.xml").page(
        "empresa.test/there.xml",
        200,
        &xml("imap.moved.test"),
    );
    assert_eq!(host(&find(moved).await.0), "imap.moved.test");
    let moved = Found::default().page(OWN, 302, "http://empresa.test/there.xml").page(
        "empresa.test/there.xml",
        200,
        &xml("imap.moved.test"),
    );
    assert_eq!(find(moved).await.0.source, Source::Guess, "not under http");
    // The name service.
    let srv = Found::default()
        .srv("_imaps._tcp.empresa.test", 20, "second.empresa.test", 993)
        .srv("_imaps._tcp.empresa.test", 10, "first.empresa.test", 1993)
        .srv("_pop3s._tcp.empresa.test", 0, ".", 0)
        .srv("_submission._tcp.empresa.test", 0, "send.empresa.test", 587);
    let (found, ..) = find(srv).await;
    assert_eq!(found.source, Source::Srv);
    assert_eq!(servers_of(&found), ["first.empresa.test:1993", "-", "send.empresa.test:587"]);
    assert_eq!(found.smtp.map(|e| e.tls), Some(Tls::Starttls));
    // The public list, for the domain and for whoever receives its mail.
    let (found, ..) =
        find(Found::default().page("ispdb.test/v1.1/empresa.test", 200, &xml("imap.public.test"))).await;
    assert_eq!((found.source, host(&found).as_str()), (Source::Ispdb, "imap.public.test"));
    let hosted = Found::default().mx("empresa.test", 1, "mx1.mail.hoster.test").page(
        "ispdb.test/v1.1/hoster.test",
        200,
        &xml("imap.hoster.test"),
    );
    assert_eq!(host(&find(hosted).await.0), "imap.hoster.test");
    // Exchange: in the cloud.
    let place = "autodiscover.empresa.test/autodiscover/autodiscover.json";
    let told =
        r#"{"Protocol":"ActiveSync","Url":"https://outlook.office365.com/Microsoft-Server-ActiveSync"}"#;
    let (found, ..) = find(Found::default().page(place, 200, told)).await;
    assert_eq!((found.source, host(&found).as_str()), (Source::Autodiscover, "outlook.office365.com"));
    assert_eq!(found.sign_in, ["microsoft"]);
}

#[tokio::test]
async fn nobody_is_told_the_address() {
    let (_, asked, _) = find(Found::default()).await;
    assert!(asked.len() >= 8, "{asked:?}");
    assert!(asked.iter().any(|q| q.starts_with("GET https://autoconfig.empresa.test/")), "{asked:?}");
    assert!(asked.iter().any(|q| q.starts_with("SRV _imaps._tcp.")), "{asked:?}");
    assert!(!asked.iter().any(|q| q.contains("ana") || q.contains("maria")), "{asked:?}");
}

#[tokio::test]
async fn what_is_broken_or_silent_holds_nothing_up() {
    for broken in
        ["<clientConfig><incomingServer type=\"imap\"><hostname>x", "\u{0}\u{1}", "<html>parked</html>"]
    {
        let (found, ..) = find(Found::default().page(OWN, 200, broken)).await;
        assert_eq!((found.source, host(&found).as_str()), (Source::Guess, "imap.empresa.test"));
    }
    // No web at all answers: what the name service says is there within five seconds.
    let silent =
        Found { silent: true, ..Found::default() }.srv("_imaps._tcp.empresa.test", 1, "s.empresa.test", 993);
    let (found, _, took) = find(silent).await;
    assert_eq!((found.source, host(&found).as_str()), (Source::Srv, "s.empresa.test"));
    assert!(took < Duration::from_secs(7), "{took:?}");
    // Only servers without encryption: said so, and none of them taken.
    let bare = xml("imap.empresa.test")
        .replace("<port>993</port><socketType>SSL", "<port>143</port><socketType>plain");
    let (found, ..) = find(Found::default().page(OWN, 200, &bare)).await;
    assert_eq!((&found.imap, found.hints[0].code.as_str()), (&None, "unencrypted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn usual_names_are_tried_with_tls() {
    let dir = tempfile::tempdir().expect("a directory");
    let certificates = servers::tls::make_for(dir.path(), &["mail.empresa.test"]);
    let ca = certificates.ca.clone();
    let server =
        Dovecot::start_with(Options { pop3: true, certificates: Some(certificates), ..Options::default() });
    let directory = Directory::start(Found::default(), HOSTS).await;
    let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let (imaps, pop3s, plain) = (at(server.imaps), at(server.pop3s), at(server.imap));
    let mut search = search(&directory, move |host, port| match (host, port) {
        ("mail.empresa.test", 993) => Some(imaps),
        ("mail.empresa.test", 995) => Some(pop3s),
        // Listens, but speaks no TLS: not taken.
        ("imap.empresa.test", 993) => Some(plain),
        _ => None,
    });
    search.web.trust = malote_core::protocol::tls::Trust::default().with_file(&ca).expect("ca.pem");
    let found = search.find("ana@empresa.test").await.expect("an address");
    assert_eq!(found.source, Source::Guess);
    assert_eq!(servers_of(&found), ["mail.empresa.test:993", "mail.empresa.test:995", "-"]);
}
