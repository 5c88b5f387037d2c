//! `malote send` through a real Postfix into Dovecot: what arrives is what was written, the copy lies in Sent once, and what the server
//! refuses or puts off stays in the outbox with its reason.

use mailparse::MailHeaderMap;
use malote_core::model::{Endpoint, Tls};
use serde_json::Value;
use servers::cli::Home;
use servers::device;
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::postfix::{DEFERRED, Postfix, REFUSED};
use std::time::{Duration, Instant};

struct World {
    dovecot: Dovecot,
    postfix: Postfix,
}

/// Both servers; `None` where they cannot run.
fn world() -> Option<World> {
    let dovecot = Dovecot::start_with(Options { delivers: true, ..Options::default() });
    let postfix = Postfix::start(&dovecot)?;
    Some(World { dovecot, postfix })
}

impl World {
    fn sign_in(&self, user: &str) -> Home {
        let home = Home::new();
        let address = format!("{user}@exemplo.test");
        let imap = format!("localhost:{}", self.dovecot.imaps);
        let smtp = format!("localhost:{}", self.postfix.submissions);
        let ca = self.dovecot.ca.display().to_string();
        let print = format!("echo {PASSWORD}");
        home.run(&[
            "account",
            "add",
            &address,
            "--name",
            "Ana Açaí",
            "--imap",
            &imap,
            "--smtp",
            &smtp,
            "--user",
            user,
            "--password-command",
            &print,
            "--ca-file",
            &ca,
            "--keep",
            "all",
        ]);
        home
    }

    /// Subjects and numbers of what lies in a folder of somebody.
    fn mail(&self, user: &str, folder: &str) -> Vec<(String, Vec<u8>)> {
        self.postfix.settle();
        let home = self.sign_in(user);
        home.run(&["sync"]);
        let rows = home.json(&["list", "--folder", folder]);
        let row = |r: &Value| {
            let id = r["id"].as_str().expect("an id");
            (r["subject"].as_str().expect("a subject").to_owned(), home.output(&["show", id, "--raw"]).stdout)
        };
        rows.as_array().expect("rows").iter().map(row).collect()
    }
}

fn states(home: &Home) -> Vec<(String, String)> {
    let all = home.json(&["outbox"]);
    let text = |o: &Value, key: &str| o[key].as_str().expect("text").to_owned();
    all.as_array().expect("a list").iter().map(|o| (text(o, "subject"), text(o, "state"))).collect()
}

#[test]
fn what_arrives_is_what_was_written() {
    let Some(world) = world() else { return };
    let home = world.sign_in("ana");
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        path.display().to_string()
    };
    let text = file("texto.txt", "Olá, 日本語 🦜\n.\nFrom aqui\n".as_bytes());
    let html = file("texto.html", "<p>Olá, <b>日本語</b> 🦜</p>\n".as_bytes());
    let large: Vec<u8> = (0..3_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let picture = file("foto de família — praia.png", &large);
    let empty = file("vazio.bin", b"");
    let said = home.json(&[
        "send",
        "--to",
        "Rui Só <rui@exemplo.test>",
        "--cc",
        "eva@exemplo.test",
        "--bcc",
        "zoe@exemplo.test",
        "--subject",
        "Relatório: 日本語",
        "--body-file",
        &text,
        "--html-file",
        &html,
        "--attach",
        &picture,
        "--attach",
        &empty,
    ]);
    assert_eq!(said["state"], "sent");
    assert!(states(&home).is_empty());
    for user in ["rui", "eva", "zoe"] {
        let mail = world.mail(user, "INBOX");
        assert_eq!(mail.len(), 1, "{user}");
        let (subject, raw) = &mail[0];
        assert_eq!(subject, "Relatório: 日本語");
        // Read by a parser that neither we nor the composer use.
        let m = mailparse::parse_mail(raw).expect("readable");
        let texts = &m.subparts[0].subparts;
        let text = |n: usize| texts[n].get_body().expect("a text").replace("\r\n", "\n");
        // Text that flows (RFC 3676 section 4.4): programs that split mailboxes at "From " find none.
        assert_eq!(text(0), "Olá, 日本語 🦜\n.\n From aqui\n");
        assert_eq!(text(1).trim(), "<p>Olá, <b>日本語</b> 🦜</p>");
        let files: Vec<(String, Vec<u8>)> = m.subparts[1..]
            .iter()
            .map(|part| {
                let name = part.get_content_disposition().params.get("filename").cloned();
                (name.unwrap_or_default(), part.get_body_raw().expect("a file"))
            })
            .collect();
        assert_eq!(files[0].0, "foto de família — praia.png");
        assert!(files[0].1 == large && files.len() == 2, "the picture is another one");
        assert_eq!(files[1], ("vazio.bin".to_owned(), Vec::new()));
        assert!(m.headers.get_first_value("Bcc").is_none(), "who is unseen stays unseen");
        let own = String::from_utf8_lossy(&raw[raw.windows(6).position(|w| w == b"From: ").expect("from")..]);
        let host = host_name();
        assert!(
            host.len() < 4 || host == "localhost" || !own.contains(&host),
            "the name of this machine: {own}"
        );
    }
    // Who wrote it still sees all of it, once, read; on another device too.
    let sent = world.mail("ana", "Sent");
    assert_eq!(sent.len(), 1);
    let m = mailparse::parse_mail(&sent[0].1).expect("readable");
    assert_eq!(m.headers.get_first_value("Bcc").as_deref(), Some("zoe@exemplo.test"));
}

/// Waits for what another process does.
fn until(what: &str, there: impl Fn() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < Duration::from_secs(60), "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

#[test]
fn what_is_not_taken_stays_with_its_reason() {
    let Some(world) = world() else { return };
    let home = world.sign_in("ana");
    let (status, said) =
        home.fails(&["send", "--to", "rui@exemplo.test", "--to", REFUSED, "--subject", "recusada"]);
    assert_eq!(status, 5);
    assert!(said.contains(REFUSED), "{said}");
    home.run(&["send", "--to", DEFERRED, "--subject", "depois"]);
    home.run(&[
        "send",
        "--to",
        "rui@exemplo.test",
        "--subject",
        "amanhã",
        "--at",
        "2100-01-01T09:00:00-03:00",
    ]);
    home.run(&["send", "--to", "rui@exemplo.test", "--subject", "agora"]);
    let expected = [("recusada", "refused"), ("depois", "queued"), ("amanhã", "queued")];
    let expected: Vec<_> = expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    assert_eq!(states(&home), expected);
    let all = home.json(&["outbox"]);
    let of = |n: usize, key: &str| all[n][key].as_str().expect("text").to_owned();
    assert_eq!((of(0, "error"), of(0, "about")), ("refused".into(), REFUSED.to_owned()));
    let replies: Vec<&str> =
        all[0]["to"].as_array().expect("to").iter().filter_map(|r| r["reply"].as_str()).collect();
    assert!(replies[0].is_empty() && replies[1].starts_with("550 5.1.1"), "{replies:?}");
    assert_eq!(of(1, "error"), "busy");
    let tries = |home: &Home| home.json(&["outbox"])[1]["tries"].as_u64().expect("a number");
    let before = tries(&home);
    assert_eq!(of(2, "not_before"), "2100-01-01T12:00:00Z");
    // A sync tries again what was put off, and leaves alone what is for later.
    home.run(&["sync"]);
    assert_eq!((before > 0, tries(&home)), (true, before + 1));
    // Taken back, they are gone, and nobody has got them.
    for n in 0..3 {
        home.run(&["outbox", "withdraw", &of(n, "id")]);
    }
    home.run(&["sync"]);
    assert!(states(&home).is_empty());
    let got: Vec<String> = world.mail("rui", "INBOX").into_iter().map(|(subject, _)| subject).collect();
    assert_eq!(got, ["agora"]);
    for bad in [
        &["send", "--to", "rui", "--subject", "x"][..],
        &["send", "--to", "rui@exemplo.test", "--at", "amanhã"],
    ] {
        assert_eq!(home.fails(bad).0, 2, "{bad:?}");
    }
}

/// A message made elsewhere goes as it is, to all that its header names; what it lacks is added.
#[test]
fn a_whole_message_goes_as_it_is() {
    let Some(world) = world() else { return };
    let home = world.sign_in("ana");
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("carta.eml");
    let body = "Subject: carta\r\nFrom: ana@exemplo.test\r\nTo: rui@exemplo.test\r\nBcc: eva@exemplo.test\r\nX-Own: 1\r\n\r\n.\r\n..\r\nfim\r\n";
    std::fs::write(&file, body).expect("written");
    home.run(&["send", "--eml", &file.display().to_string()]);
    for user in ["rui", "eva"] {
        let mail = world.mail(user, "INBOX");
        let raw = String::from_utf8_lossy(&mail[0].1).into_owned();
        assert_eq!(mail.len(), 1);
        assert!(raw.contains("X-Own: 1\r\n") && raw.ends_with("\r\n\r\n.\r\n..\r\nfim\r\n"), "{raw}");
        assert!(raw.contains("Message-ID: <") && raw.contains("\r\nDate: ") && !raw.contains("Bcc"), "{raw}");
    }
}

/// Where the app is open, `malote send` leaves the sending to it; over POP3 the copy is filed on this device.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_open_sends_it() {
    let dovecot = Dovecot::start_with(Options { delivers: true, pop3: true, ..Options::default() });
    let Some(postfix) = Postfix::start(&dovecot) else { return };
    let world = World { dovecot, postfix };
    let home = world.sign_in("ana");
    let mut app = home.start(&["sync", "--watch"]);
    let folders = || home.json(&["folders"]).as_array().map_or(0, Vec::len);
    until("the app is open", || folders() > 0);
    let said = home.json(&["send", "--to", "rui@exemplo.test", "--subject", "pelo app"]);
    assert!(
        ["queued", "claimed", "handed", "sent"].contains(&said["state"].as_str().expect("a state")),
        "{said}"
    );
    until("the app sends it", || states(&home).is_empty());
    servers::cli::kill_9(&mut app);
    assert_eq!(world.mail("rui", "INBOX").len(), 1);

    let mut new = device::maildrop(&world.dovecot, "eva", "always");
    new.smtp =
        Some(Endpoint { host: "localhost".into(), port: world.postfix.submissions, tls: Tls::Implicit });
    new.ca_file = world.dovecot.ca.display().to_string();
    let eva = device::Device::with(new).await;
    eva.sync().await;
    let raw = b"From: eva@exemplo.test\r\nTo: rui@exemplo.test\r\nSubject: de eva\r\n\r\nx\r\n".to_vec();
    eva.core.send_raw(eva.account, raw, 0).await.expect("queued");
    eva.sync().await;
    assert!(eva.core.outbox().await.expect("outbox").is_empty());
    let sent: Vec<String> = eva.rows("Sent").await.into_iter().map(|r| r.subject).collect();
    assert_eq!(sent, ["de eva"]);
    let mut got: Vec<String> = world.mail("rui", "INBOX").into_iter().map(|(subject, _)| subject).collect();
    got.sort();
    assert_eq!(got, ["de eva", "pelo app"]);
}

/// A draft of the command line is a message in Drafts that any device goes on with, and its files stay.
#[test]
fn drafts_on_the_command_line() {
    let Some(world) = world() else { return };
    let home = world.sign_in("ana");
    home.run(&["sync"]);
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let (first, second) = (file("a.txt", "Primeira\n"), file("b.txt", "Segunda\n"));
    let saved =
        home.json(&["draft", "save", "--to", "rui@exemplo.test", "--body-file", &first, "--attach", &second]);
    home.run(&["sync"]);
    let drafts = |home: &Home| {
        home.run(&["sync"]);
        let all = home.json(&["draft", "list"]);
        let text = |d: &Value, key: &str| d[key].as_str().expect("text").to_owned();
        let all = all.as_array().expect("a list").iter();
        all.map(|d| (text(d, "id"), text(d, "subject"), text(d, "preview"))).collect::<Vec<_>>()
    };
    assert_eq!(
        drafts(&home),
        [(saved["id"].as_str().expect("an id").to_owned(), String::new(), "Primeira".to_owned())]
    );
    // Another device changes what it names, and leaves the rest.
    let other = world.sign_in("ana");
    let (id, ..) = drafts(&other).remove(0);
    other.run(&["draft", "edit", &id, "--subject", "Convite", "--cc", "eva@exemplo.test"]);
    other.run(&["sync"]);
    let here = drafts(&home);
    assert_eq!(here.len(), 1, "{here:?}");
    assert_eq!((here[0].1.as_str(), here[0].2.as_str()), ("Convite", "Primeira"));
    let raw = home.output(&["show", &here[0].0, "--raw"]).stdout;
    let m = mailparse::parse_mail(&raw).expect("readable");
    let field = |name: &str| m.headers.get_first_value(name).unwrap_or_default();
    assert_eq!((field("To"), field("Cc")), ("rui@exemplo.test".into(), "eva@exemplo.test".into()));
    let attached = m.subparts[1].get_content_disposition().params["filename"].clone();
    assert_eq!(
        (attached.as_str(), m.subparts[1].get_body_raw().expect("a file")),
        ("b.txt", b"Segunda\n".to_vec())
    );
    home.run(&["draft", "delete", &here[0].0]);
    home.run(&["sync"]);
    assert!(drafts(&other).is_empty());
    let (_, said) = home.fails(&["draft", "edit", "x"]);
    assert!(!said.is_empty());
}
