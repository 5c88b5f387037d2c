//! What only this device has, out of a damaged database: the mail of maildrops (POP3), which may be on no server any more.
//!
//! Everything that can be read is taken, row by row around what cannot. The ledger is believed only as far as the message it speaks
//! of is here, whole and unaltered: only then may a policy ever remove it from the server.

use super::message::Identity;
use crate::error::Result;
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, QueryBuilder, Row, SqliteConnection};
use sqlx::{TypeInfo, ValueRef};
use std::collections::BTreeSet;
use std::path::Path;

/// Rows read in one go, where nothing is damaged.
const STRIDE: i64 = 256;

/// No device has more rows of one kind: a number above was not written by us.
const MOST: i64 = 50_000_000;

/// What came over.
#[derive(Debug, Default, Clone, Copy)]
pub struct Saved {
    /// Messages of maildrops that are here.
    pub messages: u64,
    /// Rows that could not be read, as far as can be told.
    pub holes: u64,
}

/// Copies the mail of POP3 accounts from the damaged database into the new one, where its accounts and folders are already. A
/// database that cannot be opened at all gives nothing. `bodies` is where large ones lie.
pub async fn bring_over(conn: &mut SqliteConnection, damaged: &Path, bodies: &Path) -> Result<Saved> {
    let accounts: Vec<i64> = sqlx::query_scalar("SELECT id FROM main.account WHERE protocol = 'pop3'")
        .fetch_all(&mut *conn)
        .await?;
    let mut saved = Saved::default();
    if accounts.is_empty() {
        return Ok(saved);
    }
    // Not read-only: what its log holds must be applied, and the file is ours alone.
    let Ok(mut old) = SqliteConnectOptions::new().filename(damaged).connect().await else { return Ok(saved) };
    let theirs = |column: &str, ids: &[i64]| {
        format!("{column} IN ({})", ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", "))
    };
    let of_accounts = theirs("account_id", &accounts);
    saved.holes += copy(conn, &mut old, "message", "id", &of_accounts).await?;
    let folders: Vec<i64> =
        sqlx::query_scalar(AssertSqlSafe(format!("SELECT id FROM main.mailbox WHERE {of_accounts}")))
            .fetch_all(&mut *conn)
            .await?;
    let holes = copy(conn, &mut old, "placement", "id", &theirs("mailbox_id", &folders)).await?;
    saved.holes += holes;
    saved.holes += copy_bodies(conn, &mut old, &of_accounts).await?;
    saved.holes += copy_ledger(conn, &mut old, &of_accounts).await?;
    let _ = old.close().await;
    let sql = format!(
        "DELETE FROM main.placement WHERE message_id NOT IN (SELECT id FROM main.message);
         UPDATE main.message SET has_body = EXISTS (SELECT 1 FROM main.body b WHERE b.message_id = message.id) WHERE {of_accounts}"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await?;
    if holes > 0 {
        place_in_inbox(conn, &of_accounts).await?;
    }
    doubt(conn, &of_accounts, bodies).await?;
    let count = format!("SELECT COUNT(*) FROM main.message WHERE {of_accounts}");
    saved.messages = sqlx::query_scalar::<_, i64>(AssertSqlSafe(count)).fetch_one(conn).await? as u64;
    Ok(saved)
}

/// Copies rows of a table in strides of its key, around those that cannot be read; gives how many could not.
async fn copy(
    conn: &mut SqliteConnection,
    old: &mut SqliteConnection,
    table: &str,
    key: &str,
    which: &str,
) -> Result<u64> {
    let columns = columns(conn, old, table).await?;
    if columns.is_empty() {
        return Ok(1); // the table itself cannot be found any more
    }
    // The last row stands at the right edge of the table; where that edge is gone, the sequence knows.
    let mut last: i64 = 0;
    for sql in [
        format!("SELECT MAX({key}) FROM {table} NOT INDEXED"),
        "SELECT MAX(seq) FROM sqlite_sequence".to_owned(),
    ] {
        let found: Option<i64> =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *old).await.unwrap_or_default();
        last = last.max(found.unwrap_or(0).min(MOST));
    }
    let (mut holes, mut todo) = (0, vec![(1, last)]);
    while let Some((from, to)) = todo.pop() {
        if to - from >= STRIDE {
            todo.push((from + STRIDE, to));
        }
        let to = to.min(from + STRIDE - 1);
        let sql = format!(
            "SELECT {columns} FROM {table} NOT INDEXED WHERE {key} BETWEEN {from} AND {to} AND {which}"
        );
        match sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *old).await {
            Ok(rows) => put(conn, table, &columns, &rows).await?,
            Err(_) if from < to => {
                let half = from + (to - from) / 2;
                todo.extend([(half + 1, to), (from, half)]);
            }
            Err(_) => holes += 1,
        }
    }
    Ok(holes)
}

/// The texts of what came over: those of other accounts come from their servers again.
async fn copy_bodies(conn: &mut SqliteConnection, old: &mut SqliteConnection, which: &str) -> Result<u64> {
    let columns = columns(conn, old, "body").await?;
    if columns.is_empty() {
        return Ok(1);
    }
    let sql = format!("SELECT id FROM main.message WHERE {which}");
    let ids: Vec<i64> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *conn).await?;
    let mut holes = 0;
    for id in ids {
        let sql = format!("SELECT {columns} FROM body WHERE message_id = {id}");
        match sqlx::query(AssertSqlSafe(sql)).persistent(false).fetch_all(&mut *old).await {
            Ok(rows) => put(conn, "body", &columns, &rows).await?,
            Err(_) => holes += 1,
        }
    }
    Ok(holes)
}

/// The ledger has no row numbers: it is read from both ends up to what cannot be read.
async fn copy_ledger(conn: &mut SqliteConnection, old: &mut SqliteConnection, which: &str) -> Result<u64> {
    let columns = columns(conn, old, "maildrop").await?;
    if columns.is_empty() {
        return Ok(1);
    }
    let mut holes = 0;
    for (beyond, order) in [(">", "ASC"), ("<", "DESC")] {
        let mut at: Option<(i64, String)> = None;
        let mut many = STRIDE;
        let read = loop {
            let from =
                if at.is_some() { format!("AND (account_id, uidl) {beyond} (?, ?)") } else { String::new() };
            let sql = format!(
                "SELECT {columns} FROM maildrop WHERE {which} {from} ORDER BY account_id {order}, uidl {order} LIMIT {many}"
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            if let Some((account, uidl)) = &at {
                query = query.bind(account).bind(uidl);
            }
            match query.fetch_all(&mut *old).await {
                Ok(rows) => {
                    put(conn, "maildrop", &columns, &rows).await?;
                    let Some(last) = rows.last() else { break true };
                    match (last.try_get("account_id"), last.try_get("uidl")) {
                        (Ok(account), Ok(uidl)) => at = Some((account, uidl)),
                        _ => break false,
                    }
                }
                Err(_) if many > 1 => many /= 2,
                Err(_) => break false,
            }
        };
        if read {
            break;
        }
        holes += 1;
    }
    Ok(holes)
}

/// Those that both have: the damaged one may be of an older Malote.
async fn columns(conn: &mut SqliteConnection, old: &mut SqliteConnection, table: &str) -> Result<String> {
    let sql = format!("SELECT name FROM pragma_table_info('{table}')");
    let theirs: Vec<String> =
        sqlx::query_scalar(AssertSqlSafe(sql.clone())).fetch_all(old).await.unwrap_or_default();
    let ours: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(conn).await?;
    Ok(ours.into_iter().filter(|name| theirs.contains(name)).collect::<Vec<_>>().join(", "))
}

/// What a constraint or a type refuses is nothing that we wrote.
async fn put(conn: &mut SqliteConnection, table: &str, columns: &str, rows: &[SqliteRow]) -> Result<()> {
    for row in rows {
        let mut q = QueryBuilder::new(format!("INSERT OR IGNORE INTO main.{table} ({columns}) VALUES ("));
        let mut list = q.separated(", ");
        for at in 0..row.columns().len() {
            let value = row.try_get_raw(at)?;
            match value.type_info().name() {
                "INTEGER" | "BOOLEAN" => list.push_bind(row.try_get_unchecked::<i64, _>(at).ok()),
                "BLOB" => list.push_bind(row.try_get_unchecked::<Vec<u8>, _>(at).ok()),
                "NULL" => list.push_bind(None::<i64>),
                // Text that is none any more is not taken.
                _ => match row.try_get_unchecked::<String, _>(at) {
                    Ok(text) => list.push_bind(text),
                    Err(_) => list.push_bind(None::<i64>),
                },
            };
        }
        q.push(")");
        let _ = q.build().execute(&mut *conn).await;
    }
    Ok(())
}

/// A message whose place could not be read is shown in the inbox: better there than nowhere.
async fn place_in_inbox(conn: &mut SqliteConnection, of_accounts: &str) -> Result<()> {
    let sql = format!(
        "INSERT INTO main.placement (message_id, mailbox_id, uid, received, sort_date)
         SELECT m.id, b.id, COALESCE((SELECT MAX(uid) FROM main.placement x WHERE x.mailbox_id = b.id), 0) + ROW_NUMBER() OVER (ORDER BY m.id), m.date, m.date
         FROM main.message m JOIN main.mailbox b ON b.account_id = m.account_id AND b.role = 'inbox'
         WHERE m.{of_accounts} AND NOT EXISTS (SELECT 1 FROM main.placement p WHERE p.message_id = m.id)"
    );
    sqlx::query(AssertSqlSafe(sql)).execute(conn).await?;
    Ok(())
}

/// Bodies that are no message any more go; the ledger forgets what is not here as it came, so that it comes again while the server
/// has it, and nothing of it is removed there.
async fn doubt(conn: &mut SqliteConnection, of_accounts: &str, bodies: &Path) -> Result<()> {
    let sql = format!("SELECT id FROM main.message WHERE {of_accounts} AND has_body = 1");
    let ids: Vec<i64> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *conn).await?;
    let mut sure = BTreeSet::new();
    for id in ids {
        let row = sqlx::query("SELECT b.raw, b.file, m.identity, m.size FROM main.body b JOIN main.message m ON m.id = b.message_id WHERE m.id = ?")
            .bind(id)
            .fetch_one(&mut *conn)
            .await?;
        let (mut packed, file): (Vec<u8>, String) = (row.try_get(0)?, row.try_get(1)?);
        if !file.is_empty() {
            // A name of ours has no way out of its folder.
            let plain = !file.contains(['/', '\\']);
            packed = plain.then(|| std::fs::read(bodies.join(&file)).ok()).flatten().unwrap_or_default();
        }
        let identity = Identity(row.try_get(2)?);
        let size: i64 = row.try_get(3)?;
        match zstd::stream::decode_all(packed.as_slice()) {
            Ok(raw) if !packed.is_empty() => {
                // Its header alone names one that came in two steps.
                let head = memchr::memmem::find(&raw, b"\r\n\r\n").map_or(raw.len(), |at| at + 4);
                let names = [raw.as_slice(), &raw[..head]];
                if names.iter().any(|part| Identity::of_header(size as u64, part) == identity) {
                    sure.insert(id);
                }
            }
            _ => {
                sqlx::query("DELETE FROM main.body WHERE message_id = ?")
                    .bind(id)
                    .execute(&mut *conn)
                    .await?;
                sqlx::query("UPDATE main.message SET has_body = 0, partial = 0 WHERE id = ?")
                    .bind(id)
                    .execute(&mut *conn)
                    .await?;
            }
        }
    }
    let sql = format!(
        "SELECT account_id, uidl, message_id FROM main.maildrop WHERE {of_accounts} AND state <> 'deleted'"
    );
    let ledger: Vec<(i64, String, Option<i64>)> =
        sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut *conn).await?;
    for (account, uidl, _) in ledger.iter().filter(|(.., id)| !id.is_some_and(|id| sure.contains(&id))) {
        sqlx::query("DELETE FROM main.maildrop WHERE account_id = ? AND uidl = ?")
            .bind(account)
            .bind(uidl)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}
