//! A throw-away Postfix on loopback: submission with Dovecot's sign-in, deliveries into Dovecot. All that it accepts arrives there,
//! whatever the domain, but for the addresses of [`REFUSED`], [`DEFERRED`] and [`VANISHED`].

use crate::dovecot::Dovecot;
use crate::place::{self, free_port, is_root};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Nobody of this name is here: 550 5.1.1.
pub const REFUSED: &str = "ninguem@exemplo.test";
/// Not now: 451 4.7.1.
pub const DEFERRED: &str = "depois@exemplo.test";
/// Taken, and then it bounces: 5.1.1.
pub const VANISHED: &str = "sumiu@exemplo.test";
/// The largest message it takes, octets.
pub const LARGEST: u64 = 60_000_000;

/// A running Postfix. It ends when this is dropped.
pub struct Postfix {
    child: Child,
    dir: tempfile::TempDir,
    /// STARTTLS, without CHUNKING; and TLS from the first byte, with everything.
    pub submission: u16,
    pub submissions: u16,
}

impl Postfix {
    /// Starts one before a Dovecot that `delivers`; `None`, said loudly, where it cannot run: it wants to be root.
    pub fn start(dovecot: &Dovecot) -> Option<Self> {
        let program = PathBuf::from("/usr/sbin/postfix");
        if !program.exists() || !is_root() {
            eprintln!("\n*** SKIPPED: no Postfix here, or not root (scripts/setup.sh) ***\n");
            return None;
        }
        let dir = tempfile::Builder::new().prefix("malote-postfix-").tempdir_in("/tmp").expect("a directory");
        let (submission, submissions) = (free_port(), free_port());
        let etc = dir.path().join("etc");
        for sub in ["etc", "queue", "data"] {
            std::fs::create_dir(dir.path().join(sub)).expect("a directory");
        }
        std::fs::write(etc.join("main.cf"), main_cf(dir.path(), dovecot)).expect("main.cf");
        std::fs::write(etc.join("master.cf"), master_cf(submission, submissions)).expect("master.cf");
        let own = Command::new("sh")
            .arg("-c")
            .arg(format!("chmod 755 '{0}' '{0}/queue' && chown postfix '{0}/data'", dir.path().display()))
            .status();
        assert!(own.is_ok_and(|s| s.success()), "chown");
        let log = std::fs::File::create(dir.path().join("stderr.log")).expect("log");
        let mut command = Command::new(program);
        command.arg("-c").arg(&etc).arg("start-fg").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = place::in_own_group(&mut command).spawn().expect("postfix starts");
        let server = Self { child, dir, submission, submissions };
        place::wait_for(submission, "220", || server.log());
        Some(server)
    }

    /// What it wrote to its log.
    pub fn log(&self) -> String {
        let read = |f: &str| std::fs::read_to_string(self.dir.path().join(f)).unwrap_or_default();
        ["stderr.log", "mail.log"].map(read).concat()
    }

    /// Waits until everything is delivered, and what comes of it too: what bounces is in a queue until its bounce is in one, so no
    /// message slips through from one that was not looked at into one that was.
    pub fn settle(&self) {
        let queues = ["maildrop", "active", "incoming", "active", "deferred"];
        let queues = queues.map(|q| self.dir.path().join("queue").join(q));
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            if queues.iter().all(|q| is_empty(q)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("not delivered: {}", self.log());
    }
}

fn is_empty(dir: &Path) -> bool {
    let mut entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    !entries.any(|e| if e.path().is_dir() { !is_empty(&e.path()) } else { true })
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let stop = Command::new("/usr/sbin/postfix")
            .arg("-c")
            .arg(self.dir.path().join("etc"))
            .arg("stop")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let _ = stop;
        place::kill_group(&mut self.child);
    }
}

/// One delivery at a time: two at once that make the same user's mailbox fail in Dovecot, and are put off for minutes.
fn main_cf(dir: &Path, dovecot: &Dovecot) -> String {
    let tls = &dovecot.certificates;
    let (d, cert, key) = (dir.display(), tls.cert.display(), tls.key.display());
    let (lmtp, auth) = (dovecot.lmtp, dovecot.auth);
    format!(
        "compatibility_level = 3.6
queue_directory = {d}/queue
data_directory = {d}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {d}/mail.log
maillog_file_prefixes = /tmp
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.exemplo.test
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
virtual_mailbox_domains = static:all
virtual_mailbox_maps =
smtpd_reject_unlisted_recipient = no
transport_maps = inline:{{{{{VANISHED} = error:5.1.1 mailbox gone}}}}
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
default_transport = lmtp:inet:127.0.0.1:{lmtp}
lmtp_destination_recipient_limit = 100
lmtp_destination_concurrency_limit = 1
initial_destination_concurrency = 1
message_size_limit = {LARGEST}
smtputf8_enable = yes
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_auth_only = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth}
smtpd_sasl_auth_enable = yes
smtpd_client_connection_count_limit = 0
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access inline:{{{{{REFUSED} = 550 5.1.1 no such user}}, {{{DEFERRED} = 451 4.7.1 come back later}}}}, permit_sasl_authenticated, reject
biff = no
"
    )
}

fn master_cf(submission: u16, submissions: u16) -> String {
    format!(
        "127.0.0.1:{submission} inet n - n - - smtpd -o smtpd_tls_security_level=encrypt -o smtpd_discard_ehlo_keywords=chunking,silent-discard
127.0.0.1:{submissions} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"
    )
}
