//! Devices as processes: the `malote` command with a home of its own.

use crate::dovecot::{Dovecot, PASSWORD};
use crate::place::Place;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The `malote` that was built beside this test.
pub fn program() -> PathBuf {
    let me = std::env::current_exe().expect("this program's path");
    let beside = me.ancestors().nth(2).expect("target/debug").join("malote");
    assert!(
        beside.exists(),
        "{} is missing: cargo build -p malote-core --features cli --bin malote",
        beside.display()
    );
    beside
}

/// A device that is only a directory.
pub struct Home {
    dir: PathBuf,
    _own: Option<tempfile::TempDir>,
}

impl Home {
    pub fn new() -> Self {
        let own = tempfile::tempdir().expect("a directory");
        Self { dir: own.path().join("home"), _own: Some(own) }
    }

    /// In a directory of the test's own.
    pub fn at(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), _own: None }
    }

    pub fn path(&self) -> &Path {
        &self.dir
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.arg("--home").arg(&self.dir).args(args).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
        command
    }

    /// Runs a command and gives what came of it.
    pub fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("malote runs")
    }

    /// Runs a command that must succeed.
    pub fn run(&self, args: &[&str]) -> String {
        let out = self.output(args);
        assert!(
            out.status.success(),
            "malote {args:?}: {} {}",
            out.status,
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    /// Runs a command that must succeed and print JSON.
    pub fn json(&self, args: &[&str]) -> Value {
        let text = self.run(&[&["--json"], args].concat());
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{args:?}: {e}: {text}"))
    }

    /// Runs a command that must fail: its exit status and its one sentence.
    pub fn fails(&self, args: &[&str]) -> (i32, String) {
        let out = self.output(args);
        let said = String::from_utf8_lossy(&out.stderr).trim().to_owned();
        assert!(!out.status.success(), "malote {args:?} succeeded");
        assert_eq!(said.lines().count(), 1, "one clear line, no backtrace: {said}");
        (out.status.code().unwrap_or(-1), said)
    }

    /// Starts a command and leaves it running.
    pub fn start(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("malote starts")
    }

    /// Signs in to the throw-away server.
    pub fn sign_in(&self, server: &Place, user: &str, keep: &str) {
        self.sign_in_with(server, user, keep, &format!("echo {PASSWORD}"));
    }

    /// The same with a password command of the test's own.
    pub fn sign_in_with(&self, server: &Place, user: &str, keep: &str, print: &str) {
        let (imap, ca) = (format!("localhost:{}", server.imaps), server.ca.display().to_string());
        let address = format!("{user}@exemplo.test");
        let place = ["--user", user, "--imap", &imap, "--ca-file", &ca, "--keep", keep];
        self.run(&[&["account", "add", &address, "--password-command", print], &place[..]].concat());
    }

    /// Signs in to the same user's maildrop.
    pub fn sign_in_to_maildrop(&self, server: &Dovecot, user: &str, leave: &str) {
        let (pop3, ca) = (format!("localhost:{}", server.pop3s), server.ca.display().to_string());
        let (address, print) = (format!("{user}@exemplo.test"), format!("echo {PASSWORD}"));
        let place = ["--user", user, "--pop3", &pop3, "--ca-file", &ca, "--leave", leave];
        self.run(&[&["account", "add", &address, "--password-command", &print], &place[..]].concat());
    }

    /// Everything in a folder: flags by subject, in the form in which the other device tells it.
    pub fn contents(&self, folder: &str) -> BTreeMap<String, Vec<Vec<String>>> {
        let mut contents: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
        let rows = self.json(&["list", "--folder", folder, "--limit", "100000"]);
        for row in rows.as_array().expect("a list") {
            let mut flags: Vec<String> = row["flags"]
                .as_array()
                .expect("flags")
                .iter()
                .filter_map(Value::as_str)
                .map(|f| f.strip_prefix('\\').map_or_else(|| format!("Custom({f:?})"), str::to_owned))
                .collect();
            flags.sort();
            contents.entry(row["subject"].as_str().unwrap_or_default().to_owned()).or_default().push(flags);
        }
        for flags in contents.values_mut() {
            flags.sort();
        }
        contents
    }

    /// Ids of all rows of a folder.
    pub fn ids(&self, folder: &str) -> Vec<String> {
        let rows = self.json(&["list", "--folder", folder, "--limit", "100000"]);
        rows.as_array().expect("a list").iter().filter_map(|r| r["id"].as_str().map(str::to_owned)).collect()
    }

    /// How many changes wait to be sent.
    pub fn waiting(&self) -> u64 {
        self.json(&["status"])["accounts"][0]["waiting"].as_u64().expect("a number")
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

/// Ends a process as a power cut would.
pub fn kill_9(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Asks a process to end, and waits for it.
pub fn end(child: &mut Child) {
    let _ = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status();
    let _ = child.wait();
}

/// Changes a database from outside.
pub fn sqlite(file: &Path, sql: &str) {
    with_database(file, async |db| {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *db).await.expect("sql");
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(db).await.expect("checkpoint");
    });
}

/// What a query finds in a database, for the words of a failing test.
pub fn look(file: &Path, sql: &str) -> Vec<String> {
    with_database(file, async |db| {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(db).await.expect("sql")
    })
}

/// In a thread of its own: the caller may be asynchronous or not.
fn with_database<T: Send>(file: &Path, work: impl AsyncFnOnce(&mut sqlx::SqliteConnection) -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
            runtime.block_on(async {
                use sqlx::Connection;
                let url = format!("sqlite://{}", file.display());
                let mut db = sqlx::SqliteConnection::connect(&url).await.expect("open");
                let found = work(&mut db).await;
                db.close().await.expect("close");
                found
            })
        });
        thread.join().expect("a database")
    })
}
