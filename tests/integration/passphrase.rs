//! A system without a secret store: the passwords are kept all the same, locked with a passphrase of the user's.

use malote_core::api::{Core, MemorySecrets, SystemClock};
use malote_core::error::{Kind, Result};
use servers::cli::Home;
use servers::device::{NoSecrets, account, dirs};
use servers::dovecot::{Dovecot, PASSWORD};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

async fn start(dir: &Path) -> Core {
    Core::open(dirs(dir), Arc::new(NoSecrets), SystemClock::shared()).await.expect("open").0
}

const FIRST: &str = "correto cavalo bateria";
const SECOND: &str = "grampo da montanha";

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_kept_with_a_passphrase() {
    let server = Dovecot::start();
    let place = tempfile::tempdir().expect("a directory");
    let kind = |outcome: Result<()>| outcome.err().map(|e| e.kind);
    let core = start(place.path()).await;
    let added = core.account_add(account(&server, "ana", "all")).await.expect("added");
    assert!(!added.password_kept);
    let state = core.passphrase_state().await.expect("state");
    assert!(!state.set && !state.locked);
    assert_eq!(kind(core.passphrase_set("curta".to_owned()).await), Some(Kind::Usage));
    core.passphrase_set(FIRST.to_owned()).await.expect("set");
    core.sync_once(None).await.expect("in step");
    // Added while it is open, a password is kept at once.
    assert!(core.account_add(account(&server, "rui", "all")).await.expect("added").password_kept);
    core.close().await;
    drop(core);

    let core = start(place.path()).await;
    assert!(core.passphrase_state().await.expect("state").locked);
    assert_eq!(kind(core.sync_once(None).await), Some(Kind::Locked));
    assert_eq!(kind(core.passphrase_set(SECOND.to_owned()).await), Some(Kind::Locked));
    assert_eq!(kind(core.passphrase_unlock(SECOND.to_owned()).await), Some(Kind::PassphraseWrong));
    core.passphrase_unlock(FIRST.to_owned()).await.expect("open");
    core.sync_once(None).await.expect("in step");
    core.passphrase_set(SECOND.to_owned()).await.expect("changed");
    core.close().await;
    drop(core);

    let core = start(place.path()).await;
    assert_eq!(kind(core.passphrase_unlock(FIRST.to_owned()).await), Some(Kind::PassphraseWrong));
    core.passphrase_unlock(SECOND.to_owned()).await.expect("open");
    core.sync_once(None).await.expect("in step");
    core.close().await;
    drop(core);

    // Nobody knows it any more: the passwords are typed again, and another one is chosen.
    let core = start(place.path()).await;
    core.passphrase_forget().await.expect("forgotten");
    assert_eq!(kind(core.sync_once(None).await), Some(Kind::SecretMissing));
    for account in core.accounts().await.expect("accounts") {
        assert!(!core.account_password(account.id, PASSWORD.to_owned()).await.expect("in").password_kept);
    }
    core.passphrase_set(FIRST.to_owned()).await.expect("set");
    core.close().await;
    drop(core);
    let core = start(place.path()).await;
    core.passphrase_unlock(FIRST.to_owned()).await.expect("open");
    core.sync_once(None).await.expect("in step");
    core.close().await;
    for file in ["malote.db", "malote.db-wal", "spare.db", "spare.db-wal"] {
        let bytes = std::fs::read(place.path().join(file)).unwrap_or_default();
        for secret in [PASSWORD, FIRST, SECOND] {
            assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "a secret in {file}");
        }
    }
}

/// The same at a prompt.
#[test]
fn the_command_line_asks_a_command_for_it() {
    let server = Dovecot::start();
    let home = Home::new();
    let command = |args: &[&str]| {
        let mut command = home.command(args);
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere").env_remove("MALOTE_PASSPHRASE_COMMAND");
        command
    };
    let say = |args: &[&str], text: &str| {
        let mut child = command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), text.as_bytes()).expect("said");
        child.wait().expect("ended").code()
    };
    let (imap, ca) = (format!("localhost:{}", server.imaps), server.ca.display().to_string());
    let add = ["account", "add", "ana@exemplo.test", "--user", "ana", "--imap", &imap, "--ca-file", &ca];
    let add = [&add[..], &["--password-stdin"]].concat();
    assert_eq!(say(&add, PASSWORD), Some(3), "there is no place for it");
    assert_eq!(say(&["passphrase"], FIRST), Some(0));
    let code = |args: &[&str], print: &str| {
        command(args).env("MALOTE_PASSPHRASE_COMMAND", print).output().expect("ran").status.code()
    };
    let adding = [&["--passphrase-command", "echo correto cavalo bateria"], &add[..]].concat();
    assert_eq!(say(&adding, PASSWORD), Some(0));
    assert_eq!(code(&["sync"], &format!("echo {FIRST}")), Some(0));
    assert_eq!(code(&["sync"], "echo outra coisa"), Some(3));
    assert_eq!(command(&["sync"]).output().expect("ran").status.code(), Some(3));
}

/// Where the system keeps the secrets, there is no passphrase, and forgetting none forgets no password.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_system_keeps_is_not_forgotten_with_a_passphrase() {
    let server = Dovecot::start();
    let place = tempfile::tempdir().expect("a directory");
    let secrets = Arc::new(MemorySecrets::default());
    let open = async || {
        let secrets = secrets.clone();
        Core::open(dirs(place.path()), secrets, SystemClock::shared()).await.expect("open").0
    };
    let core = open().await;
    assert!(core.account_add(account(&server, "ana", "all")).await.expect("added").password_kept);
    core.passphrase_forget().await.expect("nothing to forget");
    core.close().await;
    drop(core);
    let core = open().await;
    core.sync_once(None).await.expect("the password is still known");
    core.close().await;
}
