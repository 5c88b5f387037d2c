//! A damaged database is salvaged, not reset.
//!
//! What the server has is fetched again; what only this device knows (accounts, choices, the changes that wait) comes from the
//! [`super::spare`], and the mail of maildrops out of the damaged database itself ([`salvage_local`]). The damaged files are kept aside, and the user is told. Each step can be cut: the next start goes on where
//! this one broke off, because a database that is missing beside a spare with accounts is taken for a damaged one.

use super::{MIGRATIONS, salvage_local, spare};
use crate::error::{Error, Kind, Result};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection};
use std::path::{Path, PathBuf};

/// Its file says that a query met damage: the next start looks.
const SUSPECT: &str = "suspect";
/// Where the new database is made before it takes the old one's place.
const AGAIN: &str = "rebuilt.db";

/// Remembers that a query met damage.
pub fn suspect(dir: &Path) {
    let _ = std::fs::write(dir.join(SUSPECT), b"");
}

/// True when the database cannot be what we wrote, as far as can be told without reading all of it.
pub async fn is_damaged(dir: &Path) -> bool {
    let file = dir.join(super::FILE);
    match look_at(&file) {
        // A first start, unless the spare knows better.
        Seen::Nothing => spare_has_accounts(dir).await,
        Seen::Database => dir.join(SUSPECT).exists() && !passes_integrity_check(&file).await,
        Seen::Damage => true,
    }
}

/// What a file is at first sight.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// Missing, empty, or a database without a table.
    Nothing,
    Database,
    Damage,
}

/// The first hundred bytes (sqlite.org/fileformat.html section 1.3), and whether all pages that they speak of are there.
fn look_at(file: &Path) -> Seen {
    let length = std::fs::metadata(file).map_or(0, |m| m.len());
    if length == 0 {
        return Seen::Nothing;
    }
    let mut head = [0u8; 100];
    let read = std::fs::File::open(file).and_then(|mut f| std::io::Read::read_exact(&mut f, &mut head));
    let be = |at: usize| u64::from(u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]));
    let page = match u64::from(u16::from_be_bytes([head[16], head[17]])) {
        1 => 65_536,
        n => n,
    };
    // The format of the schema and the encoding of texts are written down with the first table.
    let (bare, made) = ((be(44), be(56)) == (0, 0), be(56) == 1);
    let fine = read.is_ok()
        && head.starts_with(b"SQLite format 3\0")
        && page.is_power_of_two()
        && page >= 512
        && (1..=2).contains(&head[18])
        && (1..=2).contains(&head[19])
        && head[21..24] == [64, 32, 32]
        && (bare || made);
    // With a log beside it the last pages, or all but the first, may still be in there.
    let log = PathBuf::from(format!("{}-wal", file.display()));
    let logged = std::fs::metadata(log).is_ok_and(|m| m.len() > 0);
    if !fine || !(logged || be(92) != be(24) || be(28) * page <= length) {
        Seen::Damage
    } else if bare && !logged {
        Seen::Nothing
    } else {
        Seen::Database
    }
}

async fn spare_has_accounts(dir: &Path) -> bool {
    let Ok(mut conn) = open_spare(dir).await else { return false };
    let worth = spare::weigh(&mut conn).await;
    let _ = conn.close().await;
    worth.is_some_and(|(accounts, _)| accounts > 0)
}

async fn passes_integrity_check(file: &Path) -> bool {
    let check = async {
        let mut conn = SqliteConnectOptions::new().filename(file).connect().await?;
        let said: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut conn).await?;
        conn.close().await?;
        Ok::<bool, sqlx::Error>(said == "ok")
    };
    check.await.unwrap_or(false)
}

async fn open_spare(dir: &Path) -> Result<SqliteConnection> {
    let file = dir.join(spare::FILE);
    if !file.exists() {
        return Err(Error::new(Kind::NotFound, spare::FILE));
    }
    Ok(SqliteConnectOptions::new().filename(file).connect().await?)
}

/// Nobody suspects it any more.
pub fn clear(dir: &Path) {
    let _ = std::fs::remove_file(dir.join(SUSPECT));
}

/// Makes a new database from the spare, and keeps the damaged one aside. Without a spare nothing is touched, and the damage
/// stands. No process may have the database open.
pub async fn salvage(dir: &Path, now: i64) -> Result<()> {
    let damaged = || Error::new(Kind::StorageDamaged, dir.display().to_string());
    if !spare_has_accounts(dir).await {
        return Err(Error::new(Kind::StorageLost, dir.display().to_string()));
    }
    let again = dir.join(AGAIN);
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{ending}", again.display()));
    }
    let aside = set_aside(dir)?;
    let options = SqliteConnectOptions::new()
        .filename(&again)
        .create_if_missing(true)
        .auto_vacuum(sqlx::sqlite::SqliteAutoVacuum::Incremental);
    let pool = super::pool(1).connect_with(options).await?;
    MIGRATIONS.run(&pool).await.map_err(|e| damaged().because(e))?;
    let mut conn = pool.acquire().await?.detach();
    sqlx::query("ATTACH DATABASE ? AS spare")
        .bind(dir.join(spare::FILE).display().to_string())
        .execute(&mut conn)
        .await?;
    spare::run(&mut conn, "PRAGMA foreign_keys = OFF").await?;
    spare::run(&mut conn, "BEGIN").await?;
    bring_back(&mut conn, dir, &aside).await?;
    sqlx::query(
        "INSERT INTO main.notice (account_id, made, code, subject, count)
         SELECT id, ?, 'storage_salvaged', ?, (SELECT COUNT(*) FROM main.intent i WHERE i.account_id = a.id) FROM main.account a",
    )
    .bind(now)
    .bind(aside.display().to_string())
    .execute(&mut conn)
    .await?;
    spare::run(&mut conn, "COMMIT").await?;
    let kept: Vec<String> = sqlx::query_scalar(
        "SELECT file FROM main.body WHERE file <> '' UNION SELECT file FROM main.outbox WHERE file <> ''",
    )
    .fetch_all(&mut conn)
    .await?;
    conn.close().await?;
    // It speaks of the old numbers.
    super::index::remove(dir);
    std::fs::File::open(&again)?.sync_all()?;
    std::fs::rename(&again, dir.join(super::FILE))?;
    super::sync_directory(dir)?;
    // Bodies belong to rows that are no more; they come from the server again, but for those that it never had.
    if let Ok(bodies) = std::fs::read_dir(dir.join("bodies")) {
        for body in bodies.flatten().filter(|b| !kept.iter().any(|k| b.file_name() == k.as_str())) {
            let _ = std::fs::remove_file(body.path());
        }
    }
    clear(dir);
    tracing::warn!(aside = %aside.display(), "the database was damaged and is made anew");
    Ok(())
}

/// Moves the damaged files into a folder of their own, the database first: what a cut leaves behind follows next time.
fn set_aside(dir: &Path) -> Result<PathBuf> {
    let unfinished = |n: u32| !dir.join(format!("damaged-{n}")).join(super::FILE).exists();
    let number = (1..).find(|n| unfinished(*n)).unwrap_or(1);
    // A cut after the database had been moved: its log belongs to the same folder.
    let number = if !dir.join(super::FILE).exists() && number > 1 { number - 1 } else { number };
    let aside = dir.join(format!("damaged-{number}"));
    std::fs::create_dir_all(&aside)?;
    for ending in ["", "-wal", "-shm"] {
        let name = format!("{}{ending}", super::FILE);
        match std::fs::rename(dir.join(&name), aside.join(&name)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e.into()),
            _ => {}
        }
    }
    super::sync_directory(dir)?;
    Ok(aside)
}

/// From the spare into the new database. Columns go by name: the spare may be of an older Malote.
async fn bring_back(conn: &mut SqliteConnection, dir: &Path, aside: &Path) -> Result<()> {
    // Folders begin anew, but under the UIDVALIDITY that the waiting changes' UIDs are of. One that was gone from the server
    // has nothing to be fetched again.
    let about = "id IN (SELECT placement_id FROM spare_intent UNION SELECT expected_id FROM spare_intent)";
    let parts = [
        ("account", "1"),
        ("mailbox", "gone = 0"),
        ("setting", "1"),
        ("action", "1"),
        ("placement", about),
        ("message", "id IN (SELECT message_id FROM main.placement)"),
        ("body", "message_id IN (SELECT id FROM main.message)"),
        ("intent", "1"),
        ("outbox", "1"),
    ];
    for (table, which) in parts {
        let columns = columns_of_both(conn, table).await?;
        if columns.is_empty() {
            continue; // the spare is of a Malote that had no such table
        }
        let sql = format!(
            "INSERT OR IGNORE INTO main.{table} ({columns}) SELECT {columns} FROM spare_{table} WHERE {which}"
        );
        spare::run(conn, &sql).await?;
    }
    spare::run(conn, "UPDATE main.message SET has_body = EXISTS (SELECT 1 FROM main.body b WHERE b.message_id = message.id)").await?;
    // The spare may lag: what it has waiting may have gone out since. Only a copy found on the server or the user can tell.
    spare::run(conn, "UPDATE main.outbox SET state = 'unknown' WHERE state <> 'refused'").await?;
    let saved = salvage_local::bring_over(conn, &aside.join(super::FILE), &dir.join("bodies")).await?;
    tracing::warn!(messages = saved.messages, holes = saved.holes, "mail that no server has came over");
    // What belongs together is found anew: the numbers may be given to others now.
    spare::run(conn, "UPDATE main.message SET conversation = 0").await?;
    spare::run(conn, "UPDATE main.placement SET conversation = 0, newest = 1 - hidden").await?;
    // The triggers have counted what was copied before on top of the old numbers.
    spare::run(
        conn,
        "UPDATE main.mailbox SET uid_next = 1, modseq = 0, todo = '', server_total = 0, server_unread = 0, checked = 0,
             total = (SELECT COUNT(*) FROM main.placement p WHERE p.mailbox_id = mailbox.id AND p.hidden = 0),
             unread = (SELECT COUNT(*) FROM main.placement p WHERE p.mailbox_id = mailbox.id AND p.hidden = 0 AND p.bits & 1 = 0),
             conversations = (SELECT COUNT(*) FROM main.placement p WHERE p.mailbox_id = mailbox.id AND p.newest = 1)",
    )
    .await?;
    // What refers to something that did not come along is nothing that could be sent.
    spare::run(conn, "DELETE FROM main.placement WHERE mailbox_id NOT IN (SELECT id FROM main.mailbox) OR message_id NOT IN (SELECT id FROM main.message)").await?;
    spare::run(conn, "DELETE FROM main.intent WHERE action_id NOT IN (SELECT id FROM main.action)").await
}

async fn columns_of_both(conn: &mut SqliteConnection, table: &str) -> Result<String> {
    let mut names = Vec::new();
    for sql in [
        format!("SELECT name FROM pragma_table_info('{table}', 'main')"),
        format!("SELECT name FROM pragma_table_info('spare_{table}', 'spare')"),
    ] {
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *conn).await?;
        names.push(rows.iter().map(|r| r.try_get(0)).collect::<Result<Vec<String>, _>>()?);
    }
    let both: Vec<&str> = names[0].iter().filter(|n| names[1].contains(n)).map(String::as_str).collect();
    Ok(both.join(", "))
}
