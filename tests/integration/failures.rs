//! What goes wrong in the field: each gives its sentence and its exit status, and what is on the device stays as it was.

use servers::cli::Home;
use servers::device::small;
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::loader::{Loader, Mail};
use servers::proxy::{Fate, Proxy};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

fn fill(server: &Dovecot, user: &str, mailbox: &str, from: usize, to: usize) {
    let mails: Vec<Mail> = (from..to)
        .map(|n| Mail {
            raw: small(&format!("m{n}")),
            flags: String::new(),
            date: "03-Mar-2026 09:15:00 +0000".into(),
        })
        .collect();
    Loader::sign_in(server.imap, user, PASSWORD).append(mailbox, &mails);
}

fn add(home: &Home, imap: &str, tls: &str, password: &str, ca: Option<&Path>) -> (i32, String) {
    let print = format!("echo {password}");
    let mut args = vec![
        "account",
        "add",
        "ana@exemplo.test",
        "--user",
        "ana",
        "--imap",
        imap,
        "--imap-tls",
        tls,
        "--password-command",
        &print,
    ];
    let ca = ca.map(|p| p.display().to_string());
    if let Some(ca) = &ca {
        args.extend(["--ca-file", ca]);
    }
    home.fails(&args)
}

#[test]
fn signing_in_tells_what_is_wrong() {
    let server = Dovecot::start();
    let home = Home::new();
    let at = |port: u16| format!("localhost:{port}");
    let ca = Some(server.ca.as_path());
    // The static passdb of this server takes one password only.
    let (status, said) = add(&home, &at(server.imaps), "implicit", "wrong", ca);
    assert_eq!(status, 3, "{said}");
    assert!(said.contains("localhost refused") && !said.contains("wrong"), "{said}");
    let (status, said) = add(&home, "localhost:1", "implicit", PASSWORD, ca);
    assert_eq!((status, said.contains("localhost:1")), (4, true), "{said}");
    let (status, said) = add(&home, "nao-existe.invalid:993", "implicit", PASSWORD, ca);
    assert_eq!((status, said.contains("nao-existe.invalid")), (4, true), "{said}");
    let (status, said) = add(&home, &at(server.imaps), "implicit", PASSWORD, None);
    assert_eq!((status, said.contains("not trusted")), (7, true), "{said}");
    let (status, said) = add(&home, &at(server.imap), "implicit", PASSWORD, ca);
    assert_eq!((status, said.contains("encryption")), (7, true), "{said}");
    let elsewhere = add(&home, "192.0.2.1:143", "none", PASSWORD, None);
    assert_eq!(elsewhere.0, 7, "in clear only on this machine: {elsewhere:?}");
    assert_eq!(home.fails(&["list"]).0, 2);
    assert_eq!(home.json(&["account", "list"]).as_array().map(Vec::len), Some(0), "no half account is left");
}

#[test]
fn in_the_language_of_the_terminal() {
    let home = Home::new();
    let args =
        ["account", "add", "ana@exemplo.test", "--imap", "localhost:1", "--password-command", "echo x"];
    for (language, word) in [
        ("pt_BR.UTF-8", "nada responde"),
        ("es_MX.UTF-8", "nada responde"),
        ("en_US.UTF-8", "nothing answers"),
    ] {
        let out = home.command(&args).env("LC_ALL", language).output().expect("runs");
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(said.contains(word), "{said}");
    }
}

/// A home with thirty messages, in step.
fn in_step(server: &Dovecot) -> Home {
    fill(server, "ana", "INBOX", 0, 30);
    let home = Home::new();
    home.sign_in(server, "ana", "all");
    home.run(&["sync"]);
    assert_eq!(home.ids("INBOX").len(), 30);
    home
}

#[test]
fn a_server_that_is_gone_leaves_what_is_here() {
    let mut server = Dovecot::start();
    let home = in_step(&server);
    let before = (home.ids("INBOX"), home.contents("INBOX"));
    server.kill();
    let (status, said) = home.fails(&["sync"]);
    assert_eq!(status, 4, "{said}");
    let id = &before.0[3];
    home.run(&["mark", id, "--star"]);
    assert_eq!(home.waiting(), 1, "what was done waits");
    home.run(&["undo"]);
    assert_eq!((home.ids("INBOX"), home.contents("INBOX")), before);
    assert!(home.run(&["show", id, "--text"]).contains("Corpo de"), "and can be read");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_in_mid_sync_leaves_what_came() {
    // Without COMPRESS: the proxy in between wants to read lines.
    let capability =
        Some("IMAP4rev1 SASL-IR AUTH=PLAIN UIDPLUS MOVE ESEARCH CONDSTORE QRESYNC ENABLE".to_owned());
    let server = Dovecot::start_with(Options { capability, ..Options::default() });
    fill(&server, "ana", "INBOX", 0, 400);
    let mut lines = 0;
    let proxy = Proxy::start(server.imap, move |line| {
        let fetched = line.contains("FETCH");
        lines += usize::from(fetched);
        if fetched && lines == 150 { Fate::Cut } else { Fate::Pass }
    })
    .await;
    let home = Home::new();
    let imap = format!("127.0.0.1:{}", proxy.port);
    let print = format!("echo {PASSWORD}");
    home.run(&[
        "account",
        "add",
        "ana@exemplo.test",
        "--user",
        "ana",
        "--imap",
        &imap,
        "--imap-tls",
        "none",
        "--password-command",
        &print,
        "--keep",
        "headers",
    ]);
    let (status, said) = home.fails(&["sync"]);
    assert_eq!(status, 4, "{said}");
    assert_eq!(home.ids("INBOX").len(), 50, "the first rows had come");
    let folders = home.json(&["folders"]);
    let inbox = folders.as_array().and_then(|f| f.iter().find(|m| m["folder"] == "INBOX")).expect("INBOX");
    assert_eq!(
        (inbox["total"].as_u64(), inbox["missing"].as_u64()),
        (Some(50), Some(350)),
        "it says what it knows"
    );
    home.run(&["sync"]);
    assert_eq!(home.contents("INBOX").len(), 400);
}

#[test]
fn a_folder_deleted_on_the_server_is_kept_here_and_said() {
    let server = Dovecot::start();
    let mut loader = Loader::sign_in(server.imap, "ana", PASSWORD);
    loader.create("Obras");
    fill(&server, "ana", "Obras", 9000, 9005);
    let home = in_step(&server);
    let before = home.contents("Obras");
    assert_eq!(before.len(), 5);
    loader.command(b"DELETE Obras");
    // A change that was made before anybody knew cannot be sent any more: it is undone, and said.
    home.run(&["mark", &home.ids("Obras")[0], "--star"]);
    home.run(&["sync"]);
    assert_eq!(home.contents("Obras"), before);
    let status = home.json(&["status"]);
    let codes: Vec<&str> =
        status["notices"].as_array().expect("notices").iter().filter_map(|n| n["code"].as_str()).collect();
    assert!(codes.contains(&"mailbox_gone") && codes.contains(&"refused_gone"), "{codes:?}");
    assert_eq!(home.waiting(), 0);
    let id = home.ids("INBOX")[0].clone();
    let (status, said) = home.fails(&["move", &id, "Obras"]);
    assert_eq!((status, said.contains("Obras")), (5, true), "{said}");
}

#[test]
fn a_full_disk_leaves_what_was_here() {
    let disk = tempfile::tempdir().expect("a directory");
    let mounted =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(disk.path()).status();
    if !mounted.is_ok_and(|s| s.success()) {
        eprintln!("SKIPPED: a_full_disk_leaves_what_was_here needs the right to mount a tmpfs");
        return;
    }
    struct Unmount<'a>(&'a Path);
    impl Drop for Unmount<'_> {
        fn drop(&mut self) {
            let _ = Command::new("umount").arg(self.0).status();
        }
    }
    let _unmount = Unmount(disk.path());
    let server = Dovecot::start();
    fill(&server, "ana", "INBOX", 0, 30);
    let home = Home::at(&disk.path().join("home"));
    home.sign_in(&server, "ana", "all");
    home.run(&["sync"]);
    let before = home.contents("INBOX");
    // Mail that does not compress and does not fit.
    let mut chance = servers::chance::Chance::new(1);
    let noise: String = (0..700_000).map(|_| char::from(b'!' + chance.below(90) as u8)).collect();
    let lines: Vec<String> =
        noise.as_bytes().chunks(76).map(|l| String::from_utf8_lossy(l).into_owned()).collect();
    for n in 0..12 {
        let raw = [small(&format!("grande{n}")), lines.join("\r\n").into_bytes()].concat();
        Loader::sign_in(server.imap, "ana", PASSWORD).append(
            "INBOX",
            &[Mail { raw, flags: String::new(), date: "04-Mar-2026 09:15:00 +0000".into() }],
        );
    }
    let (status, said) = home.fails(&["sync"]);
    assert_eq!((status, said.contains("disk")), (6, true), "{said}");
    let after = home.contents("INBOX");
    for (word, flags) in &before {
        assert_eq!(after.get(word), Some(flags), "{word} is still here");
    }
    let id = home.ids("INBOX").pop().expect("a message");
    assert!(home.run(&["show", &id, "--text"]).contains("Corpo de"));
}

#[test]
fn data_of_a_newer_malote_is_left_untouched() {
    let server = Dovecot::start();
    let home = in_step(&server);
    let file = home.path().join("malote.db");
    let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'tomorrow', 1, x'00', 0)";
    servers::cli::sqlite(&file, sql);
    let before = std::fs::read(&file).expect("read");
    let (status, said) = home.fails(&["list"]);
    assert_eq!((status, said.contains("newer")), (6, true), "{said}");
    assert!(std::fs::read(&file).expect("read") == before, "not a byte of it changed");
}

#[test]
fn damaged_data_is_said_and_kept() {
    let home = Home::new();
    std::fs::create_dir_all(home.path()).expect("home");
    let file = home.path().join("malote.db");
    std::fs::write(&file, b"this was a database once, and then the roof leaked on it").expect("write");
    let (status, said) = home.fails(&["status"]);
    assert_eq!((status, said.contains("server is safe")), (6, true), "{said}");
    assert!(file.exists());
}

#[test]
fn two_at_once_do_not_sync_the_same_data() {
    let server = Dovecot::start();
    let home = in_step(&server);
    let mut watching =
        home.command(&["sync", "--watch"]).stderr(Stdio::piped()).spawn().expect("malote starts");
    // Its first word about the account comes when the data is its own.
    let mut word = String::new();
    BufReader::new(watching.stderr.take().expect("stderr")).read_line(&mut word).expect("read");
    assert!(word.contains("connecting") || word.contains("working"), "{word}");
    let (status, said) = home.fails(&["sync"]);
    assert_eq!((status, said.contains("another Malote")), (6, true), "{said}");
    servers::cli::end(&mut watching);
    home.run(&["sync"]);
}

#[test]
fn the_password_is_nowhere_in_the_data() {
    let server = Dovecot::start();
    fill(&server, "bia", "INBOX", 0, 30);
    // The command that prints it is the user's own word; the password itself never lands on disk.
    let secret = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(secret.path(), format!("{PASSWORD}\n")).expect("write");
    let home = Home::new();
    home.sign_in_with(&server, "bia", "all", &format!("cat {}", secret.path().display()));
    home.run(&["sync"]);
    for entry in std::fs::read_dir(home.path()).expect("home").flatten() {
        if entry.path().is_file() {
            let bytes = std::fs::read(entry.path()).expect("read");
            assert!(!bytes.windows(PASSWORD.len()).any(|w| w == PASSWORD.as_bytes()), "{:?}", entry.path());
        }
    }
}
