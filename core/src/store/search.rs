//! The full-text index: a database of its own beside the other, made from it and from nothing else.
//!
//! It may be deleted at any time and is then made anew, so it needs no salvage, and what is written to it never stands in the way of
//! the mail. Table `search_todo` of the main database says what it lacks. Words are kept without the text (FTS5, contentless), one
//! row for each message, in the order of the list: the key of a row is the time of its message, so that the newest that match are
//! found without sorting all that do.

use super::body::Packed;
use super::event::EventRow;
use super::{Store, Tx, pool};
use crate::error::{Kind, Result};
use crate::model::{AccountId, Address, MailboxId, MessageId, PlacementId};
use crate::search::words::phrase;
use crate::search::{Field, Wanted};
use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, QueryBuilder, Row, Sqlite, SqliteConnection};
use std::path::Path;
use std::time::Duration;

/// The file of the index.
const INDEX: &str = "search.db";
/// Says that a query met damage in it: the next start makes it anew.
const SUSPECT: &str = "search.suspect";
/// Goes up when what is written into the index changes: an older one is made anew.
const VERSION: i64 = 2;
/// What the index leaves to the mail on a disk: 64 MiB.
#[cfg(unix)]
const ROOM: u64 = 64 << 20;
/// Octets of messages taken in with one transaction.
const BATCH: u64 = 8 << 20;
/// Messages of which only the header is here come in larger ones.
const HEADERS: i64 = 2000;

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
    tokenize = \"unicode61 remove_diacritics 0 categories 'L* N* Co M*'\"
);
-- What comes in bulk is merged in fewer and larger steps.
INSERT INTO words (words, rank) VALUES ('hashsize', 8388608);
INSERT INTO tally VALUES (1, lower(hex(randomblob(16))), 0);
";

/// A message that the index lacks.
#[derive(Debug)]
pub struct Unindexed {
    /// Its number.
    pub id: MessageId,
    /// Which of its changes it is that the index lacks.
    pub turn: i64,
    /// What it says; `None` when it is gone.
    pub content: Option<Content>,
}

/// What of a message is searched.
#[derive(Debug)]
pub struct Content {
    /// Its place in time, seconds since 1970.
    pub date: i64,
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
    /// As in [`Unindexed`].
    pub turn: i64,
    /// Nothing of it is to be found any more.
    pub gone: bool,
    /// Seconds since 1970.
    pub date: i64,
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
    /// The appointment that it is about; kept with the mail.
    pub event: Option<EventRow>,
}

/// A message that matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Its place in the list: the highest comes first.
    pub sort: i64,
    /// Which.
    pub message: MessageId,
    /// Where it lies; of several places the one that people would open.
    pub placement: PlacementId,
    /// In which mailbox.
    pub mailbox: MailboxId,
}

/// How much a search looks through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Searched {
    /// Messages whose text is in the index.
    pub texts: u64,
    /// There are messages of which only the header is in it.
    pub lacks: bool,
    /// Messages that the index has still to take in.
    pub waiting: u64,
}

/// Opens the index, made anew where it is missing, damaged, of another version or of another database.
pub(super) async fn open(dir: &Path, main: &mut SqliteConnection) -> Result<SqlitePool> {
    if dir.join(SUSPECT).exists() {
        remove(dir);
        let _ = std::fs::remove_file(dir.join(SUSPECT));
    }
    // Whatever is wrong with it, the mail is read all the same: only searching has to wait.
    let later = || pool(1).connect_lazy_with(options(dir));
    let made = match prepare(dir).await {
        Err(e) if e.kind == Kind::StorageDamaged => {
            tracing::warn!("the full-text index was damaged and is made anew");
            remove(dir);
            prepare(dir).await
        }
        other => other,
    };
    let pair = match made {
        Ok(pair) => pair,
        Err(e) => {
            tracing::warn!(error = %e, "the full-text index cannot be opened");
            return Ok(later());
        }
    };
    let known: Option<String> =
        sqlx::query_scalar("SELECT pair FROM search_pair").fetch_optional(&mut *main).await?;
    if known.as_deref() != Some(pair.as_str()) {
        let mut tx = main.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("INSERT OR IGNORE INTO search_todo (message_id) SELECT id FROM message")
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM search_pair").execute(&mut *tx).await?;
        sqlx::query("INSERT INTO search_pair VALUES (?)").bind(&pair).execute(&mut *tx).await?;
        tx.commit().await?;
    }
    Ok(match pool(1).connect_with(options(dir)).await {
        Ok(now) => now,
        Err(_) => later(),
    })
}

fn options(dir: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(dir.join(INDEX))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // Durable before the main database forgets that it was to be done.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10))
        .pragma("wal_autocheckpoint", "4096")
        .pragma("journal_size_limit", "67108864")
        .pragma("cache_size", "-8192")
        .pragma("temp_store", "MEMORY")
}

/// Makes it where it is missing; gives which main database it goes with.
async fn prepare(dir: &Path) -> Result<String> {
    let mut conn = options(dir).connect().await?;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut conn).await?;
    if version != VERSION {
        if version != 0 {
            conn.close().await?;
            remove(dir);
            conn = options(dir).connect().await?;
        }
        // A cut in the middle leaves nothing.
        let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::raw_sql(AssertSqlSafe(format!("{SCHEMA} PRAGMA user_version = {VERSION};")))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
    }
    let pair = sqlx::query_scalar("SELECT pair FROM tally").fetch_one(&mut conn).await?;
    conn.close().await?;
    Ok(pair)
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

    /// Some of the messages that the index lacks, those that came last first, as many as one transaction takes.
    pub async fn unindexed(&self) -> Result<Vec<Unindexed>> {
        let rows = sqlx::query(
            "SELECT t.message_id, m.size, m.has_body, t.turn FROM search_todo t LEFT JOIN message m ON m.id = t.message_id
             ORDER BY t.message_id DESC LIMIT ?",
        )
        .bind(HEADERS)
        .fetch_all(self.reader())
        .await?;
        let (mut octets, mut ids) = (0, Vec::new());
        for r in rows {
            let (size, has_body): (Option<i64>, Option<bool>) = (r.try_get(1)?, r.try_get(2)?);
            if has_body == Some(true) {
                octets += size.unwrap_or(0) as u64;
                if octets > BATCH && !ids.is_empty() {
                    break;
                }
            }
            ids.push((r.try_get::<i64, _>(0)?, r.try_get::<i64, _>(3)?));
        }
        let rows = sqlx::query(
            "SELECT j.value ->> 0 AS id, j.value ->> 1 AS turn, m.subject, m.from_name, m.from_address, m.recipients, m.date, b.raw, b.file,
                 (SELECT MAX(p.sort_date) FROM placement p WHERE p.message_id = m.id) AS sort_date
             FROM json_each(?) j LEFT JOIN message m ON m.id = j.value ->> 0 LEFT JOIN body b ON b.message_id = m.id",
        )
        .bind(serde_json::to_string(&ids).unwrap_or_default())
        .fetch_all(self.reader())
        .await?;
        let (mut found, mut packed) = (Vec::with_capacity(rows.len()), Vec::new());
        for r in rows {
            let (id, turn) = (MessageId(r.try_get("id")?), r.try_get("turn")?);
            let Some(subject) = r.try_get::<Option<String>, _>("subject")? else {
                found.push(Unindexed { id, turn, content: None });
                continue;
            };
            if let (Some(raw), Some(file)) = (r.try_get("raw")?, r.try_get("file")?) {
                packed.push((found.len(), Packed::of(raw, file)));
            }
            let recipients: String = r.try_get("recipients")?;
            let date: Option<i64> = r.try_get("sort_date")?;
            found.push(Unindexed {
                id,
                turn,
                content: Some(Content {
                    date: date.unwrap_or(r.try_get("date")?),
                    subject,
                    from: Address { name: r.try_get("from_name")?, address: r.try_get("from_address")? },
                    to: serde_json::from_str(&recipients).unwrap_or_default(),
                    raw: None,
                }),
            });
        }
        for (at, raw) in self.unpack_all(packed).await? {
            if let Some(content) = &mut found[at].content {
                content.raw = Some(raw);
            }
        }
        Ok(found)
    }

    /// Takes words into the index, durably, and only then notes that this is done.
    pub async fn put_index(&self, entries: &mut [Entry]) -> Result<()> {
        // A row below the one before makes FTS5 write what it has collected so far: one small segment for each message.
        entries.sort_by_key(|e| e.date);
        let mut tx = self.index.begin_with("BEGIN IMMEDIATE").await?;
        // What goes or comes anew goes first, all at once, for the same reason.
        let ids: Vec<i64> = entries.iter().map(|e| e.id.0).collect();
        let ids = serde_json::to_string(&ids).unwrap_or_default();
        let old = sqlx::query(
            "SELECT COUNT(*), COALESCE(SUM(text), 0) FROM doc WHERE message_id IN (SELECT value FROM json_each(?))",
        );
        let old = old.bind(&ids).fetch_one(&mut *tx).await?;
        let mut texts = -old.try_get::<i64, _>(1)?;
        if old.try_get::<i64, _>(0)? > 0 {
            for sql in [
                "DELETE FROM words WHERE rowid IN (SELECT sort FROM doc WHERE message_id IN (SELECT value FROM json_each(?)))",
                "DELETE FROM doc WHERE message_id IN (SELECT value FROM json_each(?))",
            ] {
                sqlx::query(sql).bind(&ids).execute(&mut *tx).await?;
            }
        }
        for entry in entries.iter().filter(|e| !e.gone) {
            let sort = free_key(&mut tx, entry.date).await?;
            let text = i64::from(entry.body.is_some());
            texts += text;
            sqlx::query("INSERT INTO doc (sort, message_id, text) VALUES (?, ?, ?)")
                .bind(sort)
                .bind(entry.id.0)
                .bind(text)
                .execute(&mut *tx)
                .await?;
            let words = "INSERT INTO words (rowid, subject, sender, recipients, body, files) VALUES (?, ?, ?, ?, ?, ?)";
            sqlx::query(words)
                .bind(sort)
                .bind(&entry.subject)
                .bind(&entry.sender)
                .bind(&entry.recipients)
                .bind(entry.body.as_deref().unwrap_or_default())
                .bind(&entry.files)
                .execute(&mut *tx)
                .await?;
        }
        sqlx::query("UPDATE tally SET texts = texts + ?").bind(texts).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Brings what came in bulk into one order, a little at a time; `begin` takes up all that is there. False when nothing is left to do.
    /// A smaller index, and searches that look in one place (sqlite.org/fts5.html section 6.9).
    pub async fn merge_index(&self, begin: bool) -> Result<bool> {
        const PAGES: i64 = 2000;
        const NOTHING: i64 = 16;
        let mut tx = self.index.begin_with("BEGIN IMMEDIATE").await?;
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

    /// Damage that a query met in the index is mended at the next start; the mail is not touched.
    pub fn suspect_index(&self) {
        suspect(&self.dir);
    }

    /// True when a server may find more of an account than the index: a text is not in it, or a message is not here.
    pub async fn lacks_text(&self, account: AccountId) -> Result<bool> {
        let found = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM search.doc d JOIN message m ON m.id = d.message_id WHERE d.text = 0 AND m.account_id = ?1)
                 OR EXISTS (SELECT 1 FROM mailbox WHERE account_id = ?1 AND selectable = 1 AND gone = 0 AND hidden = 0
                     AND (todo <> '' OR uid_validity = 0 OR server_total > total))",
        );
        Ok(found.bind(account.0).fetch_one(self.reader()).await?)
    }

    /// How much a search looks through.
    pub async fn searched(&self) -> Result<Searched> {
        let row = sqlx::query(
            "SELECT (SELECT texts FROM search.tally), EXISTS (SELECT 1 FROM search.doc WHERE text = 0), (SELECT COUNT(*) FROM search_todo)",
        )
        .fetch_one(self.reader())
        .await?;
        let (texts, waiting): (i64, i64) = (row.try_get(0)?, row.try_get(2)?);
        Ok(Searched { texts: texts as u64, lacks: row.try_get(1)?, waiting: waiting as u64 })
    }

    /// The newest messages that match, at most `limit`, or of `these` alone. Only places of `scope` count, or all but those of `spared`
    /// without one. Of several places of a message the one of the lowest `rank` is told.
    pub async fn search(
        &self,
        wanted: &Wanted,
        these: Option<&[MessageId]>,
        scope: Option<&[MailboxId]>,
        spared: &[MailboxId],
        rank: &(dyn Fn(MailboxId) -> u8 + Sync),
        limit: usize,
    ) -> Result<Vec<Hit>> {
        let mut question = question(wanted, these, scope, spared);
        let mut rows = question.build().persistent(false).fetch(self.reader());
        // A message in several places is several rows, one after the other. When there are enough, the rest is not even looked for.
        let mut hits: Vec<Hit> = Vec::new();
        while let Some(r) = rows.try_next().await? {
            let hit = Hit {
                sort: r.try_get(0)?,
                message: MessageId(r.try_get(1)?),
                placement: PlacementId(r.try_get(2)?),
                mailbox: MailboxId(r.try_get(3)?),
            };
            let full = hits.len() == limit;
            match hits.last_mut() {
                Some(last) if last.message == hit.message => {
                    if rank(hit.mailbox) < rank(last.mailbox) {
                        *last = hit;
                    }
                }
                _ if full => break,
                _ => hits.push(hit),
            }
        }
        Ok(hits)
    }
}

fn question(
    wanted: &Wanted,
    these: Option<&[MessageId]>,
    scope: Option<&[MailboxId]>,
    spared: &[MailboxId],
) -> QueryBuilder<Sqlite> {
    let mut plan = Plan::of(wanted);
    let mut q = QueryBuilder::new("SELECT ");
    q.push(plan.key).push(" AS sort, d.message_id, p.id, p.mailbox_id FROM ");
    // Read in this order, so that the newest come first and nothing is sorted.
    q.push(match plan.matching {
        Some(_) => "search.words w CROSS JOIN search.doc d ON d.sort = w.rowid",
        None => "search.doc d",
    });
    q.push(" CROSS JOIN placement p ON p.message_id = d.message_id");
    let mut of_message = false;
    wanted.each(&mut |w| {
        of_message |= matches!(w, Wanted::Attachment | Wanted::Larger(_) | Wanted::Smaller(_))
    });
    if of_message {
        q.push(" CROSS JOIN message m ON m.id = d.message_id");
    }
    q.push(" WHERE ");
    if let Some(matching) = plan.matching.take() {
        q.push("w.words MATCH ").push_bind(matching).push(" AND ");
    }
    q.push("p.hidden = 0");
    match scope {
        Some(ids) => push_ids(&mut q, " AND p.mailbox_id IN (", ids),
        None => push_ids(&mut q, " AND p.mailbox_id NOT IN (", spared),
    }
    if let Some(these) = these {
        let these: Vec<i64> = these.iter().map(|id| id.0).collect();
        q.push(" AND d.message_id IN (SELECT value FROM json_each(");
        q.push_bind(serde_json::to_string(&these).unwrap_or_default()).push("))");
    }
    for condition in &plan.rest {
        q.push(" AND ");
        push(&mut q, condition, plan.key);
    }
    q.push(" ORDER BY 1 DESC");
    q
}

/// The first free key at a time, or soon after it where many messages are of one second.
async fn free_key(conn: &mut SqliteConnection, date: i64) -> Result<i64> {
    let first = date.clamp(-1 << 40, 1 << 40);
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

/// How a search is answered.
struct Plan<'w> {
    /// What the index is asked, in its own language; `None` walks through all messages.
    matching: Option<String>,
    /// What each message that comes up is asked.
    rest: Vec<&'w Wanted>,
    /// Where its place in time is read.
    key: &'static str,
}

impl<'w> Plan<'w> {
    fn of(wanted: &'w Wanted) -> Self {
        let parts: Vec<&Wanted> = match wanted {
            Wanted::All(parts) => parts.iter().collect(),
            one => vec![one],
        };
        let (asked, rest): (Vec<_>, Vec<_>) =
            parts.into_iter().map(|p| (matching(p), p)).partition(|(m, _)| m.is_some());
        let asked: Vec<String> = asked.into_iter().filter_map(|(m, _)| m).collect();
        let matching = (!asked.is_empty()).then(|| asked.join(" AND "));
        let key = if matching.is_some() { "w.rowid" } else { "d.sort" };
        Self { matching, rest: rest.into_iter().map(|(_, p)| p).collect(), key }
    }
}

/// The part of it that is words, in the language of the index (sqlite.org/fts5.html section 3); `None` where it is more than that.
fn matching(wanted: &Wanted) -> Option<String> {
    let all = |parts: &[Wanted], by: &str| {
        let parts: Vec<String> = parts.iter().map(matching).collect::<Option<_>>()?;
        (!parts.is_empty()).then(|| format!("({})", parts.join(by)))
    };
    match wanted {
        Wanted::All(parts) => all(parts, " AND "),
        Wanted::Any(parts) => all(parts, " OR "),
        Wanted::Words(words) => {
            let phrase = phrase(&words.text, words.beginning)?;
            Some(match words.field {
                Field::Any => phrase,
                Field::From => format!("sender : {phrase}"),
                Field::To => format!("recipients : {phrase}"),
                Field::Subject => format!("subject : {phrase}"),
                Field::Body => format!("body : {phrase}"),
                Field::File => format!("files : {phrase}"),
            })
        }
        _ => None,
    }
}

fn push_ids(q: &mut QueryBuilder<Sqlite>, before: &str, ids: &[MailboxId]) {
    q.push(before);
    let mut list = q.separated(", ");
    for id in ids {
        list.push_bind(id.0);
    }
    q.push(")");
}

/// A condition on a message `m`, its place `p` and its time `key`.
fn push(q: &mut QueryBuilder<Sqlite>, wanted: &Wanted, key: &str) {
    let several = |q: &mut QueryBuilder<Sqlite>, parts: &[Wanted], by: &str, none: &str| {
        q.push("(").push(none);
        for part in parts {
            q.push(by);
            push(q, part, key);
        }
        q.push(")");
    };
    match wanted {
        Wanted::All(parts) => several(q, parts, " AND ", "1"),
        Wanted::Any(parts) => several(q, parts, " OR ", "0"),
        Wanted::Not(part) => {
            q.push("NOT ");
            push(q, part, key);
        }
        Wanted::Words(_) => match matching(wanted) {
            Some(matching) => {
                q.push(key).push(" IN (SELECT rowid FROM search.words WHERE words MATCH ");
                q.push_bind(matching).push(")");
            }
            None => {
                q.push("1");
            }
        },
        Wanted::Mailboxes(ids) => push_ids(q, "p.mailbox_id IN (", ids),
        Wanted::Attachment => {
            q.push("m.has_attachments = 1");
        }
        Wanted::Flag(bits) => {
            q.push("p.bits & ").push_bind(i64::from(*bits)).push(" <> 0");
        }
        Wanted::Before(at) => {
            q.push(key).push(" < ").push_bind(*at);
        }
        Wanted::After(at) => {
            q.push(key).push(" >= ").push_bind(*at);
        }
        Wanted::Larger(size) => {
            q.push("m.size > ").push_bind(*size as i64);
        }
        Wanted::Smaller(size) => {
            q.push("m.size < ").push_bind(*size as i64);
        }
        // Answered before it comes here: who the user is and what folders are called.
        Wanted::Folder(_) | Wanted::Me(_) => {
            q.push("0");
        }
    }
}

impl Tx {
    /// The index has these durably. What changed meanwhile stays to be done.
    pub async fn indexed(&mut self, entries: &[Entry]) -> Result<()> {
        let done: Vec<(i64, i64)> = entries.iter().map(|e| (e.id.0, e.turn)).collect();
        sqlx::query(
            "DELETE FROM search_todo WHERE message_id IN (SELECT t.message_id FROM json_each(?) j
                 CROSS JOIN search_todo t ON t.message_id = j.value ->> 0 WHERE t.turn = j.value ->> 1)",
        )
        .bind(serde_json::to_string(&done).unwrap_or_default())
        .execute(self.conn())
        .await?;
        let events: Vec<(MessageId, EventRow)> =
            entries.iter().filter_map(|e| Some((e.id, e.event.clone()?))).collect();
        self.add_events(&events).await?;
        self.touched.index = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::language::{Moment, read};

    /// The newest that match come first without sorting all that do, and every table is looked up by its key.
    #[tokio::test]
    async fn nothing_is_sorted() -> Result<()> {
        let dir = tempfile::tempdir()?;
        let store = Store::open(dir.path(), 0).await?;
        for text in ["nota", "nota from:ana has:attachment", "is:unread", "before:2024 -nota"] {
            let wanted = read(text, Moment::default()).wanted;
            let sql = question(&wanted, None, None, &[MailboxId(1)]).into_string();
            let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql} LIMIT 10")));
            let plan = plan.fetch_all(store.reader()).await?;
            let steps: Vec<String> = plan.iter().map(|r| r.get("detail")).collect();
            assert!(steps.iter().all(|s| !s.contains("TEMP B-TREE")), "{text}: {steps:#?}");
            let scanned = steps.iter().filter(|s| s.starts_with("SCAN") && !s.contains("VIRTUAL TABLE"));
            assert!(scanned.count() <= 1, "{text}: {steps:#?}");
        }
        Ok(())
    }
}
