//! The full-text index: a database of its own beside the other, made from it and from nothing else.
//!
//! It may be deleted at any time and is then made anew, so it needs no salvage, and what is written to it never stands in the way of
//! the mail. Table `search_todo` of the main database says what it lacks. Words are kept without the text (FTS5, contentless), one
//! row for each message, in the order of the list: the key of a row is the time of its message, so that the newest that match are
//! found without sorting all that do.

use super::body::Packed;
use super::event::EventRow;
use super::{ROWS, Store, Tx, durable, json, pool};
use crate::error::{Error, Kind, Result};
use crate::model::{Address, MessageId};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{AssertSqlSafe, Connection, QueryBuilder, Row, Sqlite, SqliteConnection, Transaction};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The file of the index.
const INDEX: &str = "search.db";
/// Says that a query met damage in it: the next start makes it anew.
const SUSPECT: &str = "search.suspect";
/// Goes up when what is written into the index changes: an older one is made anew.
const VERSION: i64 = 4;
/// What the index leaves to the mail on a disk: 64 MiB.
#[cfg(unix)]
const ROOM: u64 = 64 << 20;
/// Octets of messages taken in with one transaction, and how many: they are read piece by piece.
const BATCH: u64 = 64 << 20;
const MESSAGES: i64 = 4000;

const SCHEMA: &str = "
CREATE TABLE doc (
    sort       INTEGER PRIMARY KEY,    -- also the rowid in words
    message_id INTEGER NOT NULL UNIQUE,
    text       INTEGER NOT NULL        -- 1 = its text is in it, not only its header
) STRICT;
CREATE INDEX doc_header ON doc (message_id) WHERE text = 0;
CREATE TABLE tally (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    pair  TEXT NOT NULL,               -- which main database it was made from
    texts INTEGER NOT NULL             -- messages whose text is in it
) STRICT;
CREATE VIRTUAL TABLE words USING fts5 (
    body, subject, sender, recipients, files, -- the first one is spared two octets for each word
    content = '', contentless_delete = 1,
    tokenize = 'ascii' -- what comes is words and blanks already
);
-- What comes in bulk is merged in fewer and larger steps.
INSERT INTO words (words, rank) VALUES ('hashsize', 4194304);
INSERT INTO words (words, rank) VALUES ('automerge', 16);
INSERT INTO tally VALUES (1, lower(hex(randomblob(16))), 0);
";

/// A message that the index lacks.
#[derive(Debug, Clone, Copy)]
pub struct Unindexed {
    /// Its number.
    pub id: MessageId,
    /// Which of its changes it is that the index lacks.
    pub turn: i64,
    /// Its place in time, seconds since 1970; `None` when it is gone.
    pub date: Option<i64>,
    /// Octets of its text, as far as it is here.
    pub size: u64,
}

/// What of a message is searched.
#[derive(Debug)]
pub struct Content {
    /// Whose.
    pub id: MessageId,
    /// Subject.
    pub subject: String,
    /// Author.
    pub from: Address,
    /// To and Cc.
    pub to: Vec<Address>,
    /// The raw message, if it is here.
    pub raw: Option<Vec<u8>>,
}

/// The words of a message, as [`crate::search::words::spell`] writes them.
#[derive(Debug)]
pub struct Entry {
    /// Whose.
    pub id: MessageId,
    /// Of the subject.
    pub subject: String,
    /// Of the author.
    pub sender: String,
    /// Of To and Cc.
    pub recipients: String,
    /// Of the text; `None` when that is not here.
    pub body: Option<String>,
    /// Of names of files, and of the text in them.
    pub files: String,
}

/// Opens the index, made anew where it is missing, damaged, of another version or of another database.
pub(super) async fn open(dir: &Path, main: &mut SqliteConnection) -> Result<SqlitePool> {
    if dir.join(SUSPECT).exists() {
        remove(dir);
        let _ = std::fs::remove_file(dir.join(SUSPECT));
    }
    // Whatever is wrong with it, the mail is read all the same: only searching has to wait.
    let made = match prepare(dir).await {
        Err(e) if e.kind == Kind::StorageDamaged => {
            tracing::warn!(error = %e, "the full-text index is made anew");
            remove(dir);
            prepare(dir).await
        }
        other => other,
    };
    let (index, pair) = match made {
        Ok(made) => made,
        Err(e) => {
            tracing::warn!(error = %e, "the full-text index cannot be opened");
            return Ok(pool(1).connect_lazy_with(options(dir)));
        }
    };
    let known: Option<String> =
        sqlx::query_scalar("SELECT pair FROM search_pair").fetch_optional(&mut *main).await?;
    if known.as_deref() != Some(pair.as_str()) {
        let mut tx = main.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("INSERT OR IGNORE INTO search_todo (message_id, turn) SELECT id, has_body FROM message")
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM search_pair").execute(&mut *tx).await?;
        sqlx::query("INSERT INTO search_pair VALUES (?)").bind(&pair).execute(&mut *tx).await?;
        tx.commit().await?;
    }
    Ok(index)
}

fn options(dir: &Path) -> SqliteConnectOptions {
    // Durable before the main database forgets that it was to be done.
    durable(&dir.join(INDEX)).pragma("wal_autocheckpoint", "4096").pragma("cache_size", "-8192")
}

/// Opens it, made where it is missing; gives which main database it goes with. One that cannot be used is closed: whoever mends it must
/// find it so.
async fn prepare(dir: &Path) -> Result<(SqlitePool, String)> {
    let index = pool(1).connect_with(options(dir)).await?;
    match make(&index).await {
        Ok(pair) => Ok((index, pair)),
        Err(e) => {
            index.close().await;
            Err(e)
        }
    }
}

async fn make(index: &SqlitePool) -> Result<String> {
    let version = "PRAGMA user_version";
    let mut conn = index.acquire().await?;
    let mut found: i64 = sqlx::query_scalar(version).fetch_one(&mut *conn).await?;
    if found == 0 {
        // A cut in the middle leaves nothing, and another process may have been faster.
        let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
        found = sqlx::query_scalar(version).fetch_one(&mut *tx).await?;
        if found == 0 {
            sqlx::raw_sql(AssertSqlSafe(format!("{SCHEMA} PRAGMA user_version = {VERSION};")))
                .execute(&mut *tx)
                .await?;
            found = VERSION;
        }
        tx.commit().await?;
    }
    if found != VERSION {
        return Err(Error::new(Kind::StorageDamaged, INDEX).because("of another version"));
    }
    Ok(sqlx::query_scalar("SELECT pair FROM tally").fetch_one(&mut *conn).await?)
}

/// Takes the index away; it is made anew at the next start.
pub(super) fn remove(dir: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(dir.join(format!("{INDEX}{ending}")));
    }
}

/// Remembers that it met damage.
pub(super) fn suspect(dir: &Path) {
    let _ = std::fs::write(dir.join(SUSPECT), b"");
}

/// Lets a reader of the main database read the index too. Without it (a full disk has no room for its log) it reads the mail.
pub(super) async fn attach(conn: &mut SqliteConnection, dir: &Path) -> sqlx::Result<()> {
    let file = dir.join(INDEX).display().to_string();
    if let Err(e) = sqlx::query("ATTACH DATABASE ? AS search").bind(file).execute(conn).await {
        tracing::warn!(error = %e, "the full-text index cannot be read");
    }
    Ok(())
}

impl Store {
    /// True while the disk has room for more than the mail: on one that is nearly full the index waits, and takes none of the last room.
    pub fn has_room_for_index(&self) -> bool {
        #[cfg(unix)]
        if let Ok(disk) = rustix::fs::statvfs(&self.dir) {
            return disk.f_bavail.saturating_mul(disk.f_frsize) > ROOM;
        }
        true
    }

    /// The right to bring the index in step: two at once would do everything twice.
    pub async fn index_turn(&self) -> tokio::sync::OwnedMutexGuard<()> {
        self.indexing.clone().lock_owned().await
    }

    /// Some of the messages that the index lacks, of those that came last, as many as one transaction takes; in the order of their
    /// dates, those that are gone first. A row below the one before makes FTS5 write what it has collected so far: one small segment
    /// for each message. Without `headers` none that is new and has no text yet.
    pub async fn unindexed(&self, headers: bool) -> Result<Vec<Unindexed>> {
        let ripe = if headers { "" } else { "WHERE t.turn > 0" };
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT t.message_id, t.turn, IIF(m.has_body, m.size, 0),
                 IIF(m.id IS NULL, NULL, COALESCE((SELECT MAX(p.sort_date) FROM placement p WHERE p.message_id = m.id), m.date))
             FROM search_todo t LEFT JOIN message m ON m.id = t.message_id {ripe} ORDER BY t.message_id DESC LIMIT ?",
        )));
        let (mut octets, mut all) = (0, Vec::new());
        for r in rows.bind(MESSAGES).fetch_all(&self.pools.scanner).await? {
            let size = r.try_get::<i64, _>(2)?.max(0) as u64;
            octets += size;
            if octets > BATCH && !all.is_empty() {
                break;
            }
            all.push(Unindexed {
                id: MessageId(r.try_get(0)?),
                turn: r.try_get(1)?,
                date: r.try_get(3)?,
                size,
            });
        }
        all.sort_by_key(|u| u.date);
        Ok(all)
    }

    /// What of these messages is searched, in this order, as far as they are still here.
    pub async fn contents(&self, ids: &[MessageId]) -> Result<Vec<Content>> {
        let rows = sqlx::query(
            "SELECT m.id, m.subject, m.from_name, m.from_address, m.recipients, b.raw, b.file
             FROM json_each(?) j CROSS JOIN message m ON m.id = j.value LEFT JOIN body b ON b.message_id = m.id ORDER BY j.key",
        );
        let rows = rows.bind(json(ids)).fetch_all(&self.pools.scanner).await?;
        let (mut found, mut packed) = (Vec::with_capacity(rows.len()), Vec::new());
        for r in rows {
            if let (Some(raw), Some(file)) = (r.try_get("raw")?, r.try_get("file")?) {
                packed.push((found.len(), Packed::of(raw, file)));
            }
            let recipients: String = r.try_get("recipients")?;
            found.push(Content {
                id: MessageId(r.try_get("id")?),
                subject: r.try_get("subject")?,
                from: Address { name: r.try_get("from_name")?, address: r.try_get("from_address")? },
                to: serde_json::from_str(&recipients).unwrap_or_default(),
                raw: None,
            });
        }
        for (at, raw) in self.unpack_all(packed).await? {
            found[at].raw = Some(raw);
        }
        Ok(found)
    }

    /// Begins to take these messages into the index; what it has of them goes.
    pub async fn begin_index(&self, lacking: &[Unindexed]) -> Result<IndexTx> {
        let mut inner = self.pools.index.begin_with("BEGIN IMMEDIATE").await?;
        let ids = json(&lacking.iter().map(|u| u.id).collect::<Vec<_>>());
        let old = sqlx::query(
            "SELECT COUNT(*), COALESCE(SUM(text), 0) FROM doc WHERE message_id IN (SELECT value FROM json_each(?))",
        );
        let old = old.bind(&ids).fetch_one(&mut *inner).await?;
        let gone = old.try_get(1)?;
        if old.try_get::<i64, _>(0)? > 0 {
            for sql in [
                "DELETE FROM words WHERE rowid IN (SELECT sort FROM doc WHERE message_id IN (SELECT value FROM json_each(?)))",
                "DELETE FROM doc WHERE message_id IN (SELECT value FROM json_each(?))",
            ] {
                sqlx::query(sql).bind(&ids).execute(&mut *inner).await?;
            }
        }
        let dates = lacking.iter().filter_map(|u| Some((u.id, u.date?))).collect();
        Ok(IndexTx { inner, dates, last: i64::MIN, docs: Vec::new(), gone })
    }

    /// Brings what came in bulk into one order, a little at a time; `begin` takes up all that is there. False when nothing is left to do.
    /// A smaller index, and searches that look in one place (sqlite.org/fts5.html section 6.9).
    pub async fn merge_index(&self, begin: bool) -> Result<bool> {
        // 2 MB: as much of the file is empty behind it.
        const PAGES: i64 = 500;
        const NOTHING: i64 = 16;
        let mut tx = self.pools.index.begin_with("BEGIN IMMEDIATE").await?;
        let before: i64 = sqlx::query_scalar("SELECT total_changes()").fetch_one(&mut *tx).await?;
        sqlx::query("INSERT INTO words (words, rank) VALUES ('merge', ?)")
            .bind(if begin { -PAGES } else { PAGES })
            .execute(&mut *tx)
            .await?;
        let after: i64 = sqlx::query_scalar("SELECT total_changes()").fetch_one(&mut *tx).await?;
        tx.commit().await?;
        // Where there was nothing to merge, the command itself and the record of the pieces count.
        Ok(after - before > NOTHING)
    }

    /// Gives back to the disk what merging left empty, half of the file and more, a little at a time; false when there is nothing worth it.
    pub async fn shrink_index(&self) -> Result<bool> {
        // 8 MB at a time; what is less than 1 MB is soon written to again.
        const PAGES: i64 = 2000;
        const LITTLE: i64 = 256;
        let mut conn = self.pools.index.acquire().await?;
        let free = async |conn: &mut SqliteConnection| -> Result<i64> {
            Ok(sqlx::query_scalar("PRAGMA freelist_count").fetch_one(conn).await?)
        };
        let before = free(&mut conn).await?;
        if before <= LITTLE {
            return Ok(false);
        }
        sqlx::query(AssertSqlSafe(format!("PRAGMA incremental_vacuum({PAGES})"))).execute(&mut *conn).await?;
        // An index of an older version cannot give anything back.
        Ok(free(&mut conn).await? < before)
    }

    /// Damage that a query met in the index is mended at the next start; the mail is not touched.
    pub fn suspect_index(&self) {
        suspect(&self.dir);
    }
}

/// Words on their way into the index. Dropped without [`IndexTx::commit`], nothing happened.
pub struct IndexTx {
    inner: Transaction<'static, Sqlite>,
    /// Places in time.
    dates: HashMap<MessageId, i64>,
    /// The key given last.
    last: i64,
    /// What came: its key, whose it is, and whether its text is in it.
    docs: Vec<(i64, MessageId, bool)>,
    /// Texts that went.
    gone: i64,
}

impl IndexTx {
    /// Takes words in; all in the order in which [`Store::unindexed`] told of their messages.
    pub async fn put(&mut self, entries: &[Entry]) -> Result<()> {
        let keys = self.keys(entries).await?;
        for (key, e) in keys.into_iter().zip(entries) {
            // One statement for each: one of many rows begins with a savepoint, before which FTS5 writes what it has collected.
            let words = "INSERT INTO words (rowid, body, subject, sender, recipients, files) VALUES (?, ?, ?, ?, ?, ?)";
            let words = sqlx::query(words).bind(key).bind(e.body.as_deref().unwrap_or_default());
            let words = words.bind(&e.subject).bind(&e.sender).bind(&e.recipients).bind(&e.files);
            words.execute(&mut *self.inner).await?;
            self.docs.push((key, e.id, e.body.is_some()));
        }
        Ok(())
    }

    /// A key for each: its time, or the next that is free where many messages are of one second.
    async fn keys(&mut self, entries: &[Entry]) -> Result<Vec<i64>> {
        let date = |e: &Entry| self.dates.get(&e.id).copied().unwrap_or_default().clamp(-1 << 40, 1 << 40);
        let dates: Vec<i64> = entries.iter().map(date).collect();
        let taken = sqlx::query_scalar("SELECT sort FROM doc WHERE sort IN (SELECT value FROM json_each(?))");
        let taken: HashSet<i64> =
            taken.bind(json(&dates)).fetch_all(&mut *self.inner).await?.into_iter().collect();
        let mut keys = Vec::with_capacity(entries.len());
        for date in dates {
            let next = date.max(self.last.saturating_add(1));
            let free = next == date && !taken.contains(&date);
            self.last = if free { date } else { free_key(&mut self.inner, next).await? };
            keys.push(self.last);
        }
        Ok(keys)
    }

    /// Makes it durable.
    pub async fn commit(mut self) -> Result<()> {
        for chunk in self.docs.chunks(ROWS) {
            let mut docs = QueryBuilder::<Sqlite>::new("INSERT INTO doc (sort, message_id, text) ");
            docs.push_values(chunk, |mut row, (key, id, text)| {
                row.push_bind(key).push_bind(id.0).push_bind(text);
            });
            docs.build().persistent(chunk.len() == ROWS).execute(&mut *self.inner).await?;
        }
        let texts = self.docs.iter().filter(|(_, _, text)| *text).count() as i64;
        let tally = sqlx::query("UPDATE tally SET texts = texts + ?").bind(texts - self.gone);
        tally.execute(&mut *self.inner).await?;
        Ok(self.inner.commit().await?)
    }
}

/// The first key that is free, from this one on.
async fn free_key(conn: &mut SqliteConnection, first: i64) -> Result<i64> {
    let mut reach = 1;
    loop {
        let last: Option<i64> = sqlx::query_scalar("SELECT MAX(sort) FROM doc WHERE sort >= ? AND sort < ?")
            .bind(first)
            .bind(first + reach)
            .fetch_one(&mut *conn)
            .await?;
        let free = last.map_or(first, |last| last + 1);
        if free < first + reach {
            return Ok(free);
        }
        reach *= 2;
    }
}

impl Tx {
    /// The index has these durably. What changed meanwhile stays to be done. `events`: what they say of appointments.
    pub async fn indexed(&mut self, done: &[Unindexed], events: &[(MessageId, EventRow)]) -> Result<()> {
        let done: Vec<(i64, i64)> = done.iter().map(|u| (u.id.0, u.turn)).collect();
        sqlx::query(
            "DELETE FROM search_todo WHERE message_id IN (SELECT t.message_id FROM json_each(?) j
                 CROSS JOIN search_todo t ON t.message_id = j.value ->> 0 WHERE t.turn = j.value ->> 1)",
        )
        .bind(json(&done))
        .execute(self.conn())
        .await?;
        self.add_events(events).await?;
        self.touched.index = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn message(store: &Store, n: i64, has_body: bool) -> Result<()> {
        let mut tx = store.begin().await?;
        let sql = "INSERT INTO message (account_id, identity, subject, date, has_body) VALUES (1, ?1, 'Oi', ?2, ?3)";
        let insert = sqlx::query(sql).bind(n.to_be_bytes().to_vec()).bind(n % 7).bind(has_body);
        insert.execute(tx.conn()).await?;
        tx.commit().await
    }

    async fn store(dir: &Path) -> Result<Store> {
        let store = Store::open(dir, 0).await?;
        let mut tx = store.begin().await?;
        let sql = "INSERT INTO account (address, user, host, port, tls, created) VALUES ('ana@a.test', 'ana', 'a.test', 993, 'implicit', 0)";
        sqlx::query(sql).execute(tx.conn()).await?;
        tx.commit().await?;
        Ok(store)
    }

    /// A header whose text may come within seconds is left for then; what was indexed before is not.
    #[tokio::test]
    async fn what_has_its_text_comes_first() -> Result<()> {
        let dir = tempfile::tempdir()?;
        let store = store(dir.path()).await?;
        message(&store, 1, false).await?;
        message(&store, 2, true).await?;
        let ids = async |headers| -> Result<Vec<i64>> {
            Ok(store.unindexed(headers).await?.iter().map(|u| u.id.0).collect())
        };
        assert_eq!((ids(false).await?, ids(true).await?), (vec![2], vec![1, 2]));
        let mut tx = store.begin().await?;
        sqlx::query("UPDATE message SET has_body = 1 WHERE id = 1").execute(tx.conn()).await?;
        sqlx::query("DELETE FROM message WHERE id = 2").execute(tx.conn()).await?;
        tx.commit().await?;
        assert_eq!(ids(false).await?, [2, 1], "what is gone first");
        Ok(())
    }

    /// Many messages with one transaction are one piece of the index, also where many are of one second, each under a key of its own.
    #[tokio::test]
    async fn what_comes_together_is_one_piece() -> Result<()> {
        let dir = tempfile::tempdir()?;
        let store = store(dir.path()).await?;
        for n in 0..250 {
            message(&store, n, false).await?;
        }
        for round in 1..=2 {
            let lacking = store.unindexed(true).await?;
            let mut index = store.begin_index(&lacking).await?;
            for ids in lacking.chunks(40) {
                let ids: Vec<MessageId> = ids.iter().map(|u| u.id).collect();
                let contents = store.contents(&ids).await?;
                let entry = |c: Content| Entry {
                    id: c.id,
                    subject: " oi".to_owned(),
                    sender: String::new(),
                    recipients: String::new(),
                    body: None,
                    files: String::new(),
                };
                index.put(&contents.into_iter().map(entry).collect::<Vec<_>>()).await?;
            }
            index.commit().await?;
            let count = async |sql: &'static str| -> Result<i64> {
                Ok(sqlx::query_scalar(sql).fetch_one(&store.pools.index).await?)
            };
            // Rows of a piece have its number above bit 37 (the structure of FTS5's table of data).
            let pieces = count("SELECT COUNT(DISTINCT id >> 37) FROM words_data WHERE id > 10").await?;
            // The second time what was there goes, which is a piece too.
            assert!(pieces <= round, "{pieces} in round {round}");
            assert_eq!(count("SELECT COUNT(*) FROM doc").await?, 250);
            assert_eq!(count("SELECT COUNT(*) FROM words WHERE words MATCH 'oi'").await?, 250);
        }
        Ok(())
    }
}
