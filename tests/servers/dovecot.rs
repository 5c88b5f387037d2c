//! A throw-away Dovecot on loopback: any user name exists, with the same password.

use crate::place::{self, Place, free_port, is_root};
use crate::tls::{self, Certificates};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The password of every user.
pub const PASSWORD: &str = "senha-de-teste-93";

/// A running server. It ends, and its mail is gone, when this is dropped.
pub struct Dovecot {
    child: Child,
    dir: tempfile::TempDir,
    place: Place,
    /// POP3, in clear and with STLS; and with TLS. 0 where it was not asked for.
    pub pop3: u16,
    pub pop3s: u16,
    /// Deliveries (LMTP), and who may send (Dovecot's auth protocol); 0 where they were not asked for.
    pub lmtp: u16,
    pub auth: u16,
    pub certificates: Certificates,
}

impl std::ops::Deref for Dovecot {
    type Target = Place;
    fn deref(&self) -> &Place {
        &self.place
    }
}

/// What can be different from the usual.
#[derive(Default)]
pub struct Options {
    /// The whole capability line instead of the server's own: takes extensions away.
    pub capability: Option<String>,
    /// Certificates of the test's own.
    pub certificates: Option<Certificates>,
    /// Storage format; sdbox by default.
    pub store: Option<&'static str>,
    /// Serves POP3 too.
    pub pop3: bool,
    /// Takes deliveries, and answers who may send.
    pub delivers: bool,
    /// How many connections one user may have; 100 by default.
    pub connections: Option<u32>,
    /// A file of access rights (`vfile`), in `acl` of the server's directory; empty for none.
    pub acl: &'static str,
    /// More of `dovecot.conf`, at its end; `@DIR@` is the server's directory.
    pub extra: String,
}

fn program() -> PathBuf {
    ["/usr/sbin/dovecot", "/usr/local/sbin/dovecot", "/opt/homebrew/sbin/dovecot"]
        .iter()
        .map(PathBuf::from)
        .find(|p| p.exists())
        .expect("Dovecot is not installed: run scripts/setup.sh")
}

impl Dovecot {
    /// Starts a server as a user would meet it.
    pub fn start() -> Self {
        Self::start_with(Options::default())
    }

    /// Starts a server. Takes a fraction of a second.
    pub fn start_with(mut options: Options) -> Self {
        // The path of a Unix socket has 108 bytes at most: not below a deep target directory.
        let dir = tempfile::Builder::new().prefix("malote-dovecot-").tempdir_in("/tmp").expect("a directory");
        let certificates = options.certificates.take().unwrap_or_else(|| tls::make(dir.path()));
        for sub in ["run", "mail"] {
            std::fs::create_dir(dir.path().join(sub)).expect("a directory");
        }
        let (imap, imaps) = (free_port(), free_port());
        let (pop3, pop3s) = if options.pop3 { (free_port(), free_port()) } else { (0, 0) };
        let (lmtp, auth) = if options.delivers { (free_port(), free_port()) } else { (0, 0) };
        let mut protocols = "imap".to_owned();
        if options.pop3 {
            options.extra += &pop3_config(pop3, pop3s);
            protocols += " pop3";
        }
        if options.delivers {
            options.extra += &delivery_config(lmtp, auth);
            protocols += " lmtp";
        }
        options.extra += &format!("protocols = {protocols}\n");
        let conf = dir.path().join("dovecot.conf");
        std::fs::write(&conf, config(dir.path(), &certificates, imap, imaps, &options))
            .expect("dovecot.conf");
        if is_root() {
            let own = Command::new("sh")
                .arg("-c")
                .arg(format!(
                    "chmod 755 '{0}' '{0}/run' && chown 20000:20000 '{0}/mail'",
                    dir.path().display()
                ))
                .status();
            assert!(own.is_ok_and(|s| s.success()), "chown");
        }
        if !options.acl.is_empty() {
            std::fs::write(dir.path().join("acl"), options.acl).expect("acl");
        }
        let log = std::fs::File::create(dir.path().join("stderr.log")).expect("log");
        let mut command = Command::new(program());
        command.arg("-F").arg("-c").arg(&conf).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = place::in_own_group(&mut command).spawn().expect("dovecot starts");
        let server = Self {
            child,
            dir,
            place: Place { imap, imaps, ca: certificates.ca.clone() },
            pop3,
            pop3s,
            lmtp,
            auth,
            certificates,
        };
        place::wait_for_greeting(server.imap, || server.log());
        server
    }

    /// Other access rights; connections made from now on heed them.
    pub fn set_acl(&self, acl: &str) {
        std::fs::write(self.dir.path().join("acl"), acl).expect("acl");
    }

    /// Cuts all connections of a user.
    pub fn kick(&self, user: &str) {
        let doveadm = program().with_file_name("doveadm");
        let doveadm = if doveadm.exists() { doveadm } else { PathBuf::from("doveadm") };
        let conf = self.dir.path().join("dovecot.conf");
        let _ = Command::new(doveadm).arg("-c").arg(conf).args(["kick", user]).output();
    }

    /// What the server wrote to its log.
    pub fn log(&self) -> String {
        ["stderr.log", "dovecot.log"]
            .iter()
            .map(|f| std::fs::read_to_string(self.dir.path().join(f)).unwrap_or_default())
            .collect()
    }

    /// Ends it now, as a power cut would.
    pub fn kill(&mut self) {
        place::kill_group(&mut self.child);
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.kill();
    }
}

fn pop3_config(plain: u16, tls: u16) -> String {
    format!(
        "service pop3-login {{\n  inet_listener pop3 {{\n    port = {plain}\n  }}\n  inet_listener pop3s {{\n    port = {tls}\n    ssl = yes\n  }}\n}}\n"
    )
}

/// `ana@anything` is the user `ana`.
fn delivery_config(lmtp: u16, auth: u16) -> String {
    format!(
        "service lmtp {{\n  inet_listener lmtp {{\n    port = {lmtp}\n  }}\n}}\nprotocol lmtp {{\n  auth_username_format = %Ln\n  postmaster_address = postmaster@exemplo.test\n}}\nservice auth {{\n  inet_listener submission {{\n    port = {auth}\n  }}\n}}\n"
    )
}

fn config(dir: &Path, tls: &Certificates, imap: u16, imaps: u16, options: &Options) -> String {
    let (store, connections) = (options.store.unwrap_or("sdbox"), options.connections.unwrap_or(100));
    let d = dir.display();
    let root = is_root();
    let own = |flag: &str| {
        let out = Command::new("id").arg(flag).output().expect("id");
        String::from_utf8_lossy(&out.stdout).trim().to_owned()
    };
    let (uid, gid) = if root { ("20000".to_owned(), "20000".to_owned()) } else { (own("-u"), own("-g")) };
    let rootless = if root {
        String::new()
    } else {
        let (user, group) = (own("-un"), own("-gn"));
        format!(
            "default_internal_user = {user}\ndefault_login_user = {user}\ndefault_internal_group = {group}\n\
             service anvil {{\n  chroot =\n}}\nservice imap-login {{\n  chroot =\n}}\nservice stats {{\n  chroot =\n}}\n"
        )
    };
    let capability =
        options.capability.as_ref().map(|c| format!("  imap_capability = {c}\n")).unwrap_or_default();
    let (cert, key) = (tls.cert.display(), tls.key.display());
    let extra = options.extra.replace("@DIR@", &dir.display().to_string());
    format!(
        r#"base_dir = {d}/run
state_dir = {d}/run
instance_name = malote-test-{imap}
log_path = {d}/dovecot.log
listen = 127.0.0.1
protocols = imap
{rootless}first_valid_uid = {uid}
last_valid_uid = {uid}
mail_uid = {uid}
mail_gid = {gid}
mail_home = {d}/mail/%u
mail_location = {store}:~/mail
mail_fsync = never
mailbox_list_index = yes
mail_max_userip_connections = {connections}
mail_plugins = notify quota
mail_attribute_dict = file:{d}/mail/%u/attributes
auth_mechanisms = plain login
auth_username_format = %Lu
disable_plaintext_auth = no
auth_failure_delay = 0 secs
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={d}/mail/%u allow_all_users=yes
}}
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
ssl_min_protocol = TLSv1.2
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    auto = subscribe
    special_use = \Drafts
  }}
  mailbox Sent {{
    auto = subscribe
    special_use = \Sent
  }}
  mailbox Trash {{
    auto = subscribe
    special_use = \Trash
  }}
  mailbox Junk {{
    auto = subscribe
    special_use = \Junk
  }}
  mailbox Archive {{
    auto = subscribe
    special_use = \Archive
  }}
}}
protocol imap {{
  mail_plugins = $mail_plugins imap_quota imap_zlib
  imap_metadata = yes
{capability}}}
plugin {{
  quota = count:User quota
  quota_rule = *:storage=10G
  quota_vsizes = yes
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
  process_min_avail = 1
  service_count = 0
}}
service imap {{
  process_limit = 200
}}
service stats {{
  client_limit = 1000
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
{extra}
"#
    )
}
