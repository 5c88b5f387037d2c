//! SQLite, and the only place with SQL.
//!
//! One writer, a few readers: writes wait for each other in the pool of one instead of failing with BUSY, reads never wait
//! (WAL). Every write goes through a [`Tx`], which collects what it touched; [`Tx::commit`] makes it durable
//! (`synchronous = FULL`: an intent that the screen shows survives a power cut) and only then tells the readers' side with a
//! [`ChangeSet`]. One file for each table.

pub mod account;
pub mod action;
pub mod body;
pub mod conversation;
pub mod decision;
pub mod event;
mod hold;
pub mod index;
pub mod intent;
pub mod list;
pub mod mailbox;
pub mod maildrop;
pub mod message;
mod migrations;
pub mod notice;
pub mod outbox;
pub mod people;
pub mod placement;
pub mod report;
mod salvage;
mod salvage_local;
pub mod search;
pub mod sender;
pub mod setting;
mod spare;
pub mod traffic;

pub use hold::Hold;

use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, MailboxId, MessageId};
use migrations::MIGRATIONS;
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Sqlite, SqliteConnection, Transaction};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::broadcast;

/// The database's file.
const FILE: &str = "malote.db";

/// Rows written with one statement: of one length it is prepared once and kept.
const ROWS: usize = 100;

/// What began to come longer ago than this is not gone on with: a week, in seconds.
const GIVEN_UP: i64 = 7 * 86_400;

/// Many values as one, for `json_each`.
fn json<T: serde::Serialize>(all: &[T]) -> String {
    serde_json::to_string(all).unwrap_or_default()
}

/// What the database made itself.
fn read_json<'t, T: serde::Deserialize<'t>>(text: &'t str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| Error::new(Kind::StorageDamaged, "message").because(e))
}

/// What a transaction touched, so that whoever shows it can read it again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeSet {
    /// The list of accounts, or one of their settings.
    pub accounts: bool,
    /// The folder tree: a mailbox came, went or was renamed.
    pub tree: bool,
    /// Mailboxes whose rows or counters changed.
    pub mailboxes: BTreeSet<MailboxId>,
    /// Messages whose content changed (a body came in).
    pub messages: BTreeSet<MessageId>,
    /// Accounts with new intents to send.
    pub journal: BTreeSet<AccountId>,
    /// Accounts with something in the outbox that came, went or changed.
    pub outbox: BTreeSet<AccountId>,
    /// Accounts that have something new to send.
    pub sending: BTreeSet<AccountId>,
    /// Notices came or went.
    pub notices: bool,
    /// A search may find more, or less.
    pub index: bool,
    /// Large messages that are coming: bytes here, bytes in all.
    pub coming: BTreeMap<MessageId, (u64, u64)>,
}

impl ChangeSet {
    /// True when nothing was touched.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Stands before and behind every commit. Nobody does, but in tests, which stop the world there as a crash would.
pub trait Gate: Send + Sync {
    /// A transaction is about to be made durable.
    fn before(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
    /// It is durable, and nobody knows yet.
    fn after(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Connections, each with pages in memory of its own.
#[derive(Clone)]
struct Pools {
    writer: SqlitePool,
    readers: SqlitePool,
    /// Reads all mail once, for the index: with few pages, and none of those that lists and searches live on.
    scanner: SqlitePool,
    /// Writes the full-text index.
    index: SqlitePool,
}

/// The database of one device.
#[derive(Clone)]
pub struct Store {
    pools: Pools,
    /// Held by whoever brings the index in step.
    indexing: Arc<tokio::sync::Mutex<()>>,
    changes: broadcast::Sender<ChangeSet>,
    dir: PathBuf,
    gate: Option<Arc<dyn Gate>>,
    // Held for as long as it is open: nobody salvages it meanwhile.
    _in_use: Arc<Hold>,
}

/// A write transaction. Dropped without [`Tx::commit`], nothing happened.
pub struct Tx {
    inner: Transaction<'static, Sqlite>,
    changes: broadcast::Sender<ChangeSet>,
    gate: Option<Arc<dyn Gate>>,
    /// What was touched so far.
    pub touched: ChangeSet,
}

impl Tx {
    /// The connection, for the table modules.
    pub(crate) fn conn(&mut self) -> &mut SqliteConnection {
        &mut self.inner
    }

    /// Makes it durable, then tells everybody.
    pub async fn commit(self) -> Result<()> {
        if let Some(gate) = &self.gate {
            gate.before().await;
        }
        self.inner.commit().await?;
        if let Some(gate) = &self.gate {
            gate.after().await;
        }
        if !self.touched.is_empty() {
            // Nobody listening is fine: a reader that comes later reads the database.
            let _ = self.changes.send(self.touched);
        }
        Ok(())
    }
}

impl Store {
    /// Opens (or makes) the database in `dir`, and brings an older one up to date. A damaged one is salvaged first. `now` is
    /// for the notice that says so, seconds since 1970.
    pub async fn open(dir: &Path, now: i64) -> Result<Self> {
        std::fs::create_dir_all(dir.join("bodies"))?;
        restrict(dir)?;
        let in_use = dir.join("open.lock");
        let mut hold = Hold::shared(&in_use)?;
        let opened = if salvage::is_damaged(dir).await {
            Err(Error::new(Kind::StorageDamaged, dir.display().to_string()))
        } else {
            Self::try_open(dir).await
        };
        let pools = match opened {
            Err(e) if e.kind == Kind::StorageDamaged => {
                drop(hold);
                // Another Malote that has it open must end first.
                let alone = Hold::alone(&in_use)?.ok_or(e)?;
                salvage::salvage(dir, now).await?;
                let opened = Self::try_open(dir).await?;
                drop(alone);
                hold = Hold::shared(&in_use)?;
                opened
            }
            other => other?,
        };
        salvage::clear(dir);
        let (changes, _) = broadcast::channel(1024);
        let store = Self {
            pools,
            indexing: Arc::default(),
            changes,
            dir: dir.to_owned(),
            gate: None,
            _in_use: Arc::new(hold),
        };
        store.sweep_coming(now - GIVEN_UP);
        Ok(store)
    }

    async fn try_open(dir: &Path) -> Result<Pools> {
        refuse_newer(dir).await?;
        let options = durable(&dir.join(FILE))
            .foreign_keys(true)
            // 48 MiB: what comes in bulk goes to its place in few large steps.
            .pragma("wal_autocheckpoint", "12288")
            // 16 MiB: a transaction that does not fit is written piece by piece, and some of it twice.
            .pragma("cache_size", "-16384");
        // The first connection makes all of it ready; one that comes later finds it so.
        let (place, ready) = (dir.to_owned(), Arc::new(AtomicBool::new(false)));
        let again = Arc::clone(&ready);
        let writer = pool(1)
            .after_connect(move |conn, _| {
                let (place, again) = (place.clone(), again.load(Ordering::Acquire));
                Box::pin(async move { if again { spare::attach(conn, &place).await } else { Ok(()) } })
            })
            .connect_with(options)
            .await?;
        let index = match Self::make_ready(&writer, dir).await {
            Ok(index) => index,
            Err(e) => {
                // Whoever mends the files must find them closed: SQLite takes its log away by name when the last one leaves.
                writer.close().await;
                return Err(e);
            }
        };
        ready.store(true, Ordering::Release);
        let reading = SqliteConnectOptions::new()
            .filename(dir.join(FILE))
            .read_only(true)
            .busy_timeout(Duration::from_secs(10))
            // A window and what belongs to it come without waiting for who reads.
            .row_buffer_size(1024)
            // 8 MiB: what a search of a large mailbox looks up lies all over it.
            .pragma("cache_size", "-8192")
            .pragma("temp_store", "MEMORY");
        let scanner = pool(1).connect_lazy_with(reading.clone().pragma("cache_size", "-1024"));
        let place = dir.to_owned();
        let readers = pool(3)
            .after_connect(move |conn, _| {
                let place = place.clone();
                Box::pin(async move { index::attach(conn, &place).await })
            })
            .connect_with(reading)
            .await?;
        Ok(Pools { writer, readers, scanner, index })
    }

    /// Brings the database up to date, and the spare and the index in step with it.
    async fn make_ready(writer: &SqlitePool, dir: &Path) -> Result<SqlitePool> {
        MIGRATIONS.run(writer).await.map_err(|e| match e {
            sqlx::migrate::MigrateError::VersionMissing(_)
            | sqlx::migrate::MigrateError::VersionTooNew(..) => {
                Error::new(Kind::StorageNewer, dir.display().to_string())
            }
            sqlx::migrate::MigrateError::Execute(e) => Error::from(e),
            other => Error::new(Kind::StorageDamaged, dir.display().to_string()).because(other),
        })?;
        let mut conn = writer.acquire().await?;
        look_over(&mut conn).await?;
        spare::prepare(&mut conn, dir, newest()).await?;
        index::open(dir, &mut conn).await
    }

    /// A query met damage: the next start looks, and salvages what can be.
    pub fn suspect(&self) {
        salvage::suspect(&self.dir);
    }

    /// Reads everything and says whether it is sound; otherwise the next start salvages.
    pub async fn check(&self) -> Result<bool> {
        let said: Result<String, sqlx::Error> =
            sqlx::query_scalar("PRAGMA main.integrity_check(1)").fetch_one(self.reader()).await;
        let sound = matches!(&said, Ok(text) if text == "ok");
        if !sound {
            self.suspect();
        }
        let said: Result<String, sqlx::Error> =
            sqlx::query_scalar("PRAGMA search.integrity_check(1)").fetch_one(self.reader()).await;
        if !matches!(&said, Ok(text) if text == "ok") {
            self.suspect_index();
        }
        Ok(sound)
    }

    /// The same database with a gate at every commit.
    pub fn gated(self, gate: Arc<dyn Gate>) -> Self {
        Self { gate: Some(gate), ..self }
    }

    /// Begins to write. Waits for the writer before, never for a reader.
    pub async fn begin(&self) -> Result<Tx> {
        let inner = self.pools.writer.begin_with("BEGIN IMMEDIATE").await?;
        Ok(Tx {
            inner,
            changes: self.changes.clone(),
            gate: self.gate.clone(),
            touched: ChangeSet::default(),
        })
    }

    /// Where to read from.
    pub(crate) fn reader(&self) -> &SqlitePool {
        &self.pools.readers
    }

    /// Tells of every commit from now on. A receiver that lags must read everything anew.
    pub fn watch(&self) -> broadcast::Receiver<ChangeSet> {
        self.changes.subscribe()
    }

    /// A number that changes when another process wrote (PRAGMA data_version).
    pub async fn foreign_writes(&self) -> Result<i64> {
        let mut conn = self.pools.writer.acquire().await?;
        Ok(sqlx::query_scalar("PRAGMA data_version").fetch_one(&mut *conn).await?)
    }

    /// Says that everything may have changed: another process wrote.
    pub fn announce(&self, changes: ChangeSet) {
        let _ = self.changes.send(changes);
    }

    /// Where large bodies are kept.
    pub(crate) fn bodies(&self) -> PathBuf {
        self.dir.join("bodies")
    }

    /// Brings what stands in the logs to its place, as it comes about by itself in time: for who measures files.
    pub async fn settle(&self) -> Result<()> {
        for pool in [&self.pools.writer, &self.pools.index] {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(pool).await?;
        }
        Ok(())
    }

    /// Closes all connections, after what is being written.
    pub async fn close(&self) {
        let Pools { writer, readers, scanner, index } = &self.pools;
        for pool in [readers, scanner, index, writer] {
            pool.close().await;
        }
    }
}

/// The version of the newest migration.
fn newest() -> i64 {
    MIGRATIONS.iter().map(|m| m.version).max().unwrap_or(0)
}

/// The tables with what only this device knows are small: they are looked over at every start.
async fn look_over(conn: &mut SqliteConnection) -> Result<()> {
    for sql in [
        "PRAGMA quick_check(account)",
        "PRAGMA quick_check(mailbox)",
        "PRAGMA quick_check(action)",
        "PRAGMA quick_check(intent)",
        "PRAGMA quick_check(setting)",
        "PRAGMA quick_check(notice)",
        "PRAGMA quick_check(decision)",
        "PRAGMA quick_check(outbox)",
    ] {
        let said: String = sqlx::query_scalar(sql).fetch_one(&mut *conn).await?;
        if said != "ok" {
            return Err(Error::new(Kind::StorageDamaged, FILE).because(said));
        }
    }
    Ok(())
}

/// What was made, renamed or removed in a directory survives a power cut only after this.
fn sync_directory(dir: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    std::fs::File::open(dir)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

/// True where nothing has been written yet.
fn is_new(file: &Path) -> bool {
    std::fs::metadata(file).map_or(0, |m| m.len()) == 0
}

/// Data of a newer Malote is not even opened for writing.
async fn refuse_newer(dir: &Path) -> Result<()> {
    let file = dir.join(FILE);
    if is_new(&file) {
        return Ok(());
    }
    let mut looking = SqliteConnectOptions::new().filename(file).read_only(true).connect().await?;
    let written: Option<i64> =
        match sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(&mut looking).await {
            // No such table: a first start was cut before it made anything.
            Err(sqlx::Error::Database(e)) if e.code().as_deref() == Some("1") => None,
            other => other?,
        };
    looking.close().await?;
    if written > Some(newest()) {
        Err(Error::new(Kind::StorageNewer, dir.display().to_string()))
    } else {
        Ok(())
    }
}

/// A database that is written to: what is committed outlives a power cut.
fn durable(file: &Path) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10))
        .pragma("journal_size_limit", "67108864")
        .pragma("temp_store", "MEMORY");
    // Said of one that is there already, SQLite writes it down again at every start.
    let options = if is_new(file) { options.auto_vacuum(SqliteAutoVacuum::Incremental) } else { options };
    options.filename(file)
}

/// A pool that keeps its connections: a file on this device has no reason to be opened anew. (sqlx 0.9 looks its idle connections over
/// in a loop whose bound can wrap around while one is being given back, and then never ends.)
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(connections).max_lifetime(None).idle_timeout(None)
}

/// Mail is nobody else's business on a shared machine.
fn restrict(dir: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))?;
    }
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

/// SQLite's result codes (sqlite.org/rescode.html), as far as the user can do something about them.
impl From<sqlx::Error> for Error {
    fn from(e: sqlx::Error) -> Self {
        let kind = match &e {
            sqlx::Error::RowNotFound => Kind::NotFound,
            sqlx::Error::Io(io) => return Error::from(std::io::Error::new(io.kind(), io.to_string())),
            sqlx::Error::Database(d) => {
                let code: i32 = d.code().and_then(|c| c.parse().ok()).unwrap_or(0);
                match code & 0xff {
                    13 => Kind::DiskFull,                                                   // SQLITE_FULL
                    10 if code == 10 | (3 << 8) || code == 10 | (4 << 8) => Kind::DiskFull, // IOERR_WRITE, IOERR_FSYNC
                    11 | 26 => Kind::StorageDamaged, // SQLITE_CORRUPT, SQLITE_NOTADB
                    5 | 6 => Kind::StorageBusy,      // SQLITE_BUSY, SQLITE_LOCKED
                    _ => Kind::Storage,
                }
            }
            _ => Kind::Storage,
        };
        // Database errors of ours never quote values, only names of tables and columns.
        Error::new(kind, "").because(e)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Row;

    async fn plan(store: &Store, sql: &'static str) -> Vec<String> {
        let rows = sqlx::query(sql).fetch_all(store.reader()).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
        rows.iter().map(|r| r.get::<String, _>("detail")).collect()
    }

    /// A list is walked along its index: no sort, no scan, whatever its length.
    #[tokio::test]
    async fn lists_use_their_index() {
        let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        let store = Store::open(dir.path(), 0).await.unwrap_or_else(|e| panic!("{e}"));
        let list = "EXPLAIN QUERY PLAN SELECT p.id FROM placement p WHERE p.mailbox_id = 1 AND p.hidden = 0
                    ORDER BY p.sort_date DESC, p.id DESC LIMIT 50 OFFSET 50000";
        let by_uid =
            "EXPLAIN QUERY PLAN SELECT id FROM placement WHERE mailbox_id = 1 AND uid IN (1, 2) AND uid > 0";
        let place =
            "EXPLAIN QUERY PLAN SELECT COUNT(*) FROM placement p WHERE p.mailbox_id = 1 AND p.hidden = 0
                     AND (p.sort_date, p.id) > (5, 6)";
        let intents =
            "EXPLAIN QUERY PLAN SELECT id FROM intent WHERE account_id = 1 AND state <> 'done' ORDER BY id";
        for (sql, index) in [
            (list, "placement_list"),
            (by_uid, "placement_uid"),
            (place, "placement_list"),
            (intents, "intent_waiting"),
        ] {
            let plan = plan(&store, sql).await;
            assert!(
                plan.iter().all(|step| !step.contains("SCAN") && !step.contains("TEMP B-TREE")),
                "{plan:?}"
            );
            assert!(plan.iter().any(|step| step.contains(index)), "{plan:?}");
        }
    }

    /// A database of every version that ever was is opened, with the mail that is in it, and all of it becomes searchable.
    #[tokio::test]
    async fn every_older_database_is_opened() -> Result<()> {
        for version in 1..newest() {
            let dir = tempfile::tempdir()?;
            let file = SqliteConnectOptions::new().filename(dir.path().join(FILE)).create_if_missing(true);
            let old = pool(1).connect_with(file).await?;
            let then = MIGRATIONS.iter().filter(|m| m.version <= version).cloned().collect::<Vec<_>>();
            let mut migrations = sqlx::migrate::Migrator::DEFAULT;
            migrations.migrations = then.into();
            migrations.run(&old).await.map_err(|e| Error::new(Kind::Storage, "").because(e))?;
            let server = if version < 5 { "imap_host, imap_port, imap_tls" } else { "host, port, tls" };
            let sql = format!(
                "INSERT INTO account (address, user, {server}, created) VALUES ('ana@a.test', 'ana', 'a.test', 993, 'implicit', 0);
                 INSERT INTO mailbox (account_id, raw, name) VALUES (1, x'41', 'A');
                 INSERT INTO message (account_id, identity, subject) VALUES (1, x'01', 'Oi');
                 INSERT INTO placement (message_id, mailbox_id, uid) VALUES (1, 1, 7);"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&old).await?;
            old.close().await;
            let store = Store::open(dir.path(), 0).await?;
            assert_eq!(store.accounts().await?.len(), 1, "from {version}");
            let lacking = store.unindexed(true).await?;
            let ids: Vec<MessageId> = lacking.iter().map(|u| u.id).collect();
            let subjects: Vec<_> = store.contents(&ids).await?.into_iter().map(|c| c.subject).collect();
            assert_eq!(subjects, ["Oi"], "from {version}");
        }
        Ok(())
    }

    /// A transaction that is dropped leaves nothing, and tells nobody.
    #[tokio::test]
    async fn what_is_not_committed_did_not_happen() -> Result<()> {
        let dir = tempfile::tempdir()?;
        let store = Store::open(dir.path(), 0).await?;
        let mut changes = store.watch();
        let mut tx = store.begin().await?;
        tx.put_setting("look.theme", "dark").await?;
        tx.touched.accounts = true;
        drop(tx);
        assert_eq!(store.setting("look.theme").await?, None);
        assert!(changes.try_recv().is_err());
        let mut tx = store.begin().await?;
        tx.put_setting("look.theme", "dark").await?;
        tx.touched.accounts = true;
        tx.commit().await?;
        assert_eq!(store.setting("look.theme").await?.as_deref(), Some("dark"));
        assert!(changes.try_recv().is_ok_and(|c| c.accounts));
        Ok(())
    }
}
