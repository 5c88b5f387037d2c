//! A throw-away imap4d of GNU mailutils, unpacked by scripts/servers.sh: no UIDPLUS, CONDSTORE, MOVE, ESEARCH, SPECIAL-USE.

use crate::place::{self, Place, free_port};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The domain that its users live in: it signs in `ana@exemplo.test`.
pub const DOMAIN: &str = "exemplo.test";

/// [`crate::dovecot::PASSWORD`] as crypt(3) keeps it.
const CRYPTED: &str =
    "$6$malotetest$RSMKBbVcOewEv6mtPkS808CNzN.vZMODPEosSfJfmVatzqXmdZc6qeNLuzp6DYgbM.RyfWlcORj6.93SI9LLt/";

/// A running server. It ends, and its mail is gone, when this is dropped.
pub struct Mailutils {
    child: Child,
    place: Place,
    dir: tempfile::TempDir,
}

impl std::ops::Deref for Mailutils {
    type Target = Place;
    fn deref(&self) -> &Place {
        &self.place
    }
}

impl Mailutils {
    /// Starts a server that knows these users, in clear only, each with these messages in the inbox; `None` where there is
    /// none.
    pub fn start(users: &[&str], messages: &[Vec<u8>]) -> Option<Self> {
        let package = place::unpacked("mailutils")?;
        let dir = tempfile::Builder::new().prefix("malote-imap4d-").tempdir_in("/tmp").expect("a directory");
        let imap = free_port();
        for sub in ["passwd", "spool"] {
            std::fs::create_dir_all(dir.path().join(sub)).expect("a directory");
        }
        let accounts: String = users.iter().map(|user| account(dir.path(), user, messages)).collect();
        std::fs::write(dir.path().join("passwd").join(DOMAIN), accounts).expect("a file");
        let conf = dir.path().join("imap4d.conf");
        std::fs::write(&conf, config(dir.path(), imap)).expect("imap4d.conf");
        let log = std::fs::File::create(dir.path().join("stderr.log")).expect("log");
        let mut command = Command::new(package.join("usr/sbin/imap4d"));
        command.arg("--no-site-config").arg(format!("--config-file={}", conf.display()));
        command.env("LD_LIBRARY_PATH", place::libraries(&package));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = place::in_own_group(&mut command).spawn().expect("imap4d starts");
        let server = Self { child, place: Place { imap, imaps: 0, ca: PathBuf::new() }, dir };
        place::wait_for_greeting(imap, || server.log());
        Some(server)
    }

    /// What the server wrote.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("stderr.log")).unwrap_or_default()
    }
}

impl Drop for Mailutils {
    fn drop(&mut self) {
        place::kill_group(&mut self.child);
    }
}

/// A line of a passwd file.
fn account(dir: &Path, user: &str, messages: &[Vec<u8>]) -> String {
    let home = dir.join("home").join(user);
    std::fs::create_dir_all(&home).expect("a home");
    let inbox: String = messages
        .iter()
        .map(|m| {
            let text = String::from_utf8_lossy(m).replace("\r\n", "\n");
            format!("From {user}@{DOMAIN} Tue Mar  3 09:15:00 2026\n{text}\n")
        })
        .collect();
    std::fs::write(home.join("INBOX"), inbox).expect("an inbox");
    let id = |flag: &str| {
        let out = Command::new("id").arg(flag).output().expect("id");
        String::from_utf8_lossy(&out.stdout).trim().to_owned()
    };
    format!("{user}:{CRYPTED}:{}:{}:{user}:{}:/bin/false\n", id("-u"), id("-g"), home.display())
}

fn config(dir: &Path, imap: u16) -> String {
    let d = dir.display();
    format!(
        "mode daemon;
foreground yes;
pidfile \"{d}/imap4d.pid\";
logging {{ syslog no; }};
auth {{ authorization virtdomain; authentication generic; }};
virtdomain {{ passwd-dir \"{d}/passwd\"; }};
mailbox {{ mail-spool \"{d}/spool\"; mailbox-type mbox; }};
server 127.0.0.1:{imap} {{ transcript no; }};
"
    )
}
