//! A throw-away Cyrus on loopback, unpacked by scripts/servers.sh, since its package cannot be installed beside Dovecot's.

use crate::dovecot::PASSWORD;
use crate::place::{self, Place, free_port, is_root};
use crate::tls;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running server. It ends, and its mail is gone, when this is dropped.
pub struct Cyrus {
    child: Child,
    place: Place,
    dir: tempfile::TempDir,
}

impl std::ops::Deref for Cyrus {
    type Target = Place;
    fn deref(&self) -> &Place {
        &self.place
    }
}

/// The unprivileged account it runs as: Dovecot's package has made one; without root it is our own.
fn account() -> String {
    if is_root() {
        return "dovecot".to_owned();
    }
    let id = Command::new("id").arg("-un").output().expect("id");
    String::from_utf8_lossy(&id.stdout).trim().to_owned()
}

impl Cyrus {
    /// Starts a server that knows these users; `None` where there is no Cyrus.
    pub fn start(users: &[&str]) -> Option<Self> {
        let package = place::unpacked("cyrus")?;
        let dir = tempfile::Builder::new().prefix("malote-cyrus-").tempdir_in("/tmp").expect("a directory");
        let certificates = tls::make(dir.path());
        let (imap, imaps, account) = (free_port(), free_port(), account());
        for sub in ["db", "proc", "log", "msg", "lock", "quota", "user", "ptclient", "socket"] {
            std::fs::create_dir_all(dir.path().join("conf").join(sub)).expect("a directory");
        }
        std::fs::create_dir(dir.path().join("spool")).expect("a directory");
        let bin = package.join("usr/lib/cyrus/bin");
        let imapd = dir.path().join("imapd.conf");
        std::fs::write(&imapd, imapd_conf(dir.path(), &certificates, &account)).expect("imapd.conf");
        let cyrus = dir.path().join("cyrus.conf");
        std::fs::write(&cyrus, cyrus_conf(&bin, &imapd, imap, imaps)).expect("cyrus.conf");
        for user in users.iter().copied().chain(["cyrus"]) {
            add_user(&package, dir.path(), user);
        }
        if is_root() {
            let own = Command::new("chown").arg("-R").arg(&account).arg(dir.path()).status();
            assert!(own.is_ok_and(|s| s.success()), "chown");
        }
        let log = std::fs::File::create(dir.path().join("stderr.log")).expect("log");
        let mut command = Command::new(bin.join("master"));
        command.arg("-C").arg(&imapd).arg("-M").arg(&cyrus).arg("-p").arg(dir.path().join("master.pid"));
        command.env("CYRUS_USER", &account).env("LD_LIBRARY_PATH", place::libraries(&package));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = place::in_own_group(&mut command).spawn().expect("cyrus starts");
        let server = Self { child, place: Place { imap, imaps, ca: certificates.ca }, dir };
        place::wait_for_greeting(imap, || server.log());
        Some(server)
    }

    /// What the server wrote to its standard error; the rest goes to the system's log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("stderr.log")).unwrap_or_default()
    }
}

impl Drop for Cyrus {
    fn drop(&mut self) {
        place::kill_group(&mut self.child);
    }
}

fn add_user(package: &Path, dir: &Path, user: &str) {
    let mut child = Command::new(package.join("usr/sbin/saslpasswd2"))
        .args(["-p", "-c", "-u", "localhost", "-f"])
        .arg(dir.join("conf/sasldb2"))
        .arg(user)
        .env("LD_LIBRARY_PATH", place::libraries(package))
        .stdin(Stdio::piped())
        .spawn()
        .expect("saslpasswd2");
    child.stdin.take().expect("its input").write_all(PASSWORD.as_bytes()).expect("a password");
    assert!(child.wait().is_ok_and(|s| s.success()), "saslpasswd2 {user}");
}

fn imapd_conf(dir: &Path, tls: &tls::Certificates, account: &str) -> String {
    let d = dir.display();
    let (cert, key, ca) = (tls.cert.display(), tls.key.display(), tls.ca.display());
    format!(
        "configdirectory: {d}/conf
partition-default: {d}/spool
defaultpartition: default
defaultdomain: localhost
servername: localhost
virtdomains: off
cyrus_user: {account}
admins: cyrus
unixhierarchysep: yes
altnamespace: yes
hashimapspool: no
allowplaintext: yes
sasl_mech_list: PLAIN LOGIN SCRAM-SHA-1 SCRAM-SHA-256
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {d}/conf/sasldb2
sasl_minimum_layer: 0
tls_server_cert: {cert}
tls_server_key: {key}
tls_server_ca_file: {ca}
autocreate_quota: 20000000
autocreate_inbox_folders: Sent|Drafts|Trash|Junk|Archive
autocreate_subscribe_folders: Sent|Drafts|Trash|Junk|Archive
xlist-sent: Sent
xlist-drafts: Drafts
xlist-trash: Trash
xlist-junk: Junk
xlist-archive: Archive
conversations: 1
annotation_allow_undefined: 1
imapidlepoll: 1
idlesocket: {d}/conf/socket/idle
lmtpsocket: {d}/conf/socket/lmtp
notifysocket: {d}/conf/socket/notify
mboxname_lockpath: {d}/conf/lock
proc_path: {d}/conf/proc
delete_mode: immediate
expunge_mode: immediate
skiplist_unsafe: 1
sync_log: 0
"
    )
}

fn cyrus_conf(bin: &Path, imapd: &Path, imap: u16, imaps: u16) -> String {
    let (bin, conf): (_, PathBuf) = (bin.display(), imapd.to_owned());
    let conf = conf.display();
    format!(
        "START {{
  recover cmd=\"{bin}/ctl_cyrusdb -C {conf} -r\"
}}
SERVICES {{
  imap  cmd=\"{bin}/imapd -C {conf}\"    listen=\"127.0.0.1:{imap}\"  proto=tcp4 prefork=1
  imaps cmd=\"{bin}/imapd -C {conf} -s\" listen=\"127.0.0.1:{imaps}\" proto=tcp4 prefork=0
}}
EVENTS {{
}}
DAEMON {{
  idled cmd=\"{bin}/idled -C {conf}\"
}}
"
    )
}
