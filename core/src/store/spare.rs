//! The spare: a second copy of what no server can give back, in a database of its own.
//!
//! Accounts, folders, choices and the changes that wait, with the messages they are about. It is attached to the writer, and
//! temporary triggers keep it in step within the same transaction, so no table module knows of it. It is not synced to the disk
//! at every commit (the database is): after a power cut it may lag, and is made anew from the database. It is read only when
//! the database is damaged ([`super::salvage`]).

use crate::error::{Error, Kind, Result};
use sqlx::{AssertSqlSafe, Row, SqliteConnection};
use std::path::Path;

/// Its file.
pub const FILE: &str = "spare.db";

/// Copied whole: table, key, the columns whose change counts ("" = any).
const WHOLE: [(&str, &str, &str); 4] = [
    ("account", "id", ""),
    (
        "mailbox",
        "id",
        "raw, name, delimiter, role, selectable, subscribed, gone, uid_validity, hidden, keep, chosen",
    ),
    ("setting", "key", ""),
    ("outbox", "id", ""),
];
/// Copied as far as the changes that wait need them.
const REFERRED: [&str; 3] = ["action", "placement", "message"];

/// Attaches the spare to the writer's first connection, sees to it that it is in step, and has every change repeated in it. A spare
/// that cannot be read is made anew.
pub async fn prepare(conn: &mut SqliteConnection, dir: &Path, version: i64) -> Result<()> {
    if let Err(e) = bring_in_step(conn, dir, version).await {
        if e.kind != Kind::StorageDamaged {
            return Err(e);
        }
        tracing::warn!("the spare was damaged and is made anew");
        let _ = run(conn, "DETACH DATABASE spare").await;
        remove(dir);
        bring_in_step(conn, dir, version).await?;
    }
    Ok(repeat(conn).await?)
}

/// The same for a connection that comes later.
pub async fn attach(conn: &mut SqliteConnection, dir: &Path) -> sqlx::Result<()> {
    open(conn, dir).await?;
    repeat(conn).await
}

async fn repeat(conn: &mut SqliteConnection) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(triggers())).execute(conn).await?;
    Ok(())
}

async fn open(conn: &mut SqliteConnection, dir: &Path) -> sqlx::Result<()> {
    let file = dir.join(FILE).display().to_string();
    sqlx::query("ATTACH DATABASE ? AS spare").bind(file).execute(&mut *conn).await?;
    sqlx::query("PRAGMA spare.synchronous = NORMAL").execute(conn).await?;
    Ok(())
}

/// Takes the files away.
pub fn remove(dir: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(dir.join(format!("{FILE}{ending}")));
    }
}

async fn bring_in_step(conn: &mut SqliteConnection, dir: &Path, version: i64) -> Result<()> {
    open(conn, dir).await?;
    let made: i64 = sqlx::query_scalar("PRAGMA spare.user_version").fetch_one(&mut *conn).await?;
    if made != version {
        run(conn, "PRAGMA spare.journal_mode = WAL").await?;
        make(conn, version).await
    } else if lags(conn).await? {
        make(conn, version).await
    } else {
        Ok(())
    }
}

/// True when the database and its spare do not tell the same story: the spare lost its last commits to a power cut.
async fn lags(conn: &mut SqliteConnection) -> Result<bool> {
    // What a change is about never changes: if it did, one of the two was overwritten, and we cannot tell which.
    let altered: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM main.intent i JOIN spare_intent s ON s.id = i.id WHERE i.state <> 'done' AND
         (i.kind, i.account_id, i.target_id, i.add_bits, i.add_keywords, i.remove_bits, i.remove_keywords)
         IS NOT (s.kind, s.account_id, s.target_id, s.add_bits, s.add_keywords, s.remove_bits, s.remove_keywords)",
    )
    .fetch_one(&mut *conn)
    .await?;
    let elsewhere: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM spare_placement s JOIN main.placement p ON p.id = s.id
         WHERE (p.message_id, p.mailbox_id) IS NOT (s.message_id, s.mailbox_id) OR (p.uid > 0 AND s.uid > 0 AND p.uid <> s.uid)",
    )
    .fetch_one(&mut *conn)
    .await?;
    if altered + elsewhere > 0 {
        return Err(Error::new(Kind::StorageDamaged, "intent").because("the database and its spare differ"));
    }
    let apart: i64 = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM main.intent i WHERE i.state <> 'done' AND NOT EXISTS
             (SELECT 1 FROM spare_intent s WHERE s.id = i.id AND s.state = i.state AND s.placement_id = i.placement_id))
         OR EXISTS (SELECT 1 FROM spare_intent s WHERE NOT EXISTS (SELECT 1 FROM main.intent i WHERE i.id = s.id AND i.state <> 'done'))
         OR EXISTS (SELECT 1 FROM spare_placement s WHERE NOT EXISTS (SELECT 1 FROM spare_intent i WHERE s.id IN (i.placement_id, i.expected_id)))
         OR EXISTS (SELECT 1 FROM spare_body s WHERE NOT EXISTS (SELECT 1 FROM spare_placement p WHERE p.message_id = s.message_id))
         OR (SELECT COUNT(*) FROM main.account) <> (SELECT COUNT(*) FROM spare_account)
         OR (SELECT COUNT(*) FROM main.mailbox) <> (SELECT COUNT(*) FROM spare_mailbox)
         OR EXISTS (SELECT 1 FROM main.mailbox m JOIN spare_mailbox s ON s.id = m.id WHERE (m.raw, m.uid_validity) IS NOT (s.raw, s.uid_validity))
         OR (SELECT COUNT(*) FROM main.outbox) <> (SELECT COUNT(*) FROM spare_outbox)
         OR EXISTS (SELECT 1 FROM main.outbox m WHERE NOT EXISTS (SELECT 1 FROM spare_outbox s WHERE s.id = m.id AND s.state = m.state))
         OR EXISTS (SELECT 1 FROM main.setting m WHERE NOT EXISTS (SELECT 1 FROM spare_setting s WHERE s.key = m.key AND s.value = m.value))",
    )
    .fetch_one(&mut *conn)
    .await?;
    Ok(apart != 0)
}

/// Makes the spare from the database.
async fn make(conn: &mut SqliteConnection, version: i64) -> Result<()> {
    run(conn, "BEGIN IMMEDIATE").await?;
    let made = fill(conn, version).await;
    run(conn, if made.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
    made
}

async fn fill(conn: &mut SqliteConnection, version: i64) -> Result<()> {
    let waiting = "SELECT * FROM main.intent WHERE state <> 'done'";
    let placements = "SELECT * FROM main.placement WHERE id IN (SELECT placement_id FROM spare_intent UNION SELECT expected_id FROM spare_intent)";
    let sources = [
        ("account", "SELECT * FROM main.account"),
        ("mailbox", "SELECT * FROM main.mailbox"),
        ("setting", "SELECT * FROM main.setting"),
        ("outbox", "SELECT * FROM main.outbox"),
        ("intent", waiting),
        ("action", "SELECT * FROM main.action WHERE id IN (SELECT action_id FROM spare_intent)"),
        ("placement", placements),
        ("message", "SELECT * FROM main.message WHERE id IN (SELECT message_id FROM spare_placement)"),
        (
            "body",
            "SELECT * FROM main.body WHERE message_id IN (SELECT message_id FROM spare_placement WHERE id IN (SELECT placement_id FROM spare_intent WHERE kind = 'append'))",
        ),
    ];
    for (table, source) in sources {
        let key = match table {
            "setting" => "key",
            "body" => "message_id",
            _ => "id",
        };
        run(conn, &format!("DROP TABLE IF EXISTS spare.spare_{table}")).await?;
        run(conn, &format!("CREATE TABLE spare.spare_{table} AS {source}")).await?;
        run(conn, &format!("CREATE INDEX spare.spare_{table}_key ON spare_{table} ({key})")).await?;
    }
    run(conn, "CREATE INDEX spare.spare_intent_placement ON spare_intent (placement_id)").await?;
    run(conn, "CREATE INDEX spare.spare_intent_expected ON spare_intent (expected_id)").await?;
    run(conn, &format!("PRAGMA spare.user_version = {version}")).await
}

/// Has every change of the database repeated in the spare, in the same transaction.
fn triggers() -> String {
    let mut all = String::new();
    for (table, key, columns) in WHOLE {
        let of = if columns.is_empty() { String::new() } else { format!(" OF {columns}") };
        let copy = copy(table, &format!("{key} = new.{key}"));
        let forget = format!("DELETE FROM spare_{table} WHERE {key} = old.{key};");
        all += &trigger(table, "added", "INSERT", &copy);
        all += &trigger(table, "changed", &format!("UPDATE{of}"), &copy);
        all += &trigger(table, "removed", "DELETE", &forget);
    }
    let intent = "DELETE FROM spare_intent WHERE id = new.id;
        INSERT INTO spare_intent SELECT * FROM main.intent WHERE id = new.id AND state <> 'done';";
    let missing = |table: &str, which: &str| {
        format!(
            "INSERT INTO spare_{table} SELECT * FROM main.{table} t WHERE t.id IN ({which})
             AND NOT EXISTS (SELECT 1 FROM spare_{table} s WHERE s.id = t.id);"
        )
    };
    let places = "new.placement_id, new.expected_id";
    let [action, placement, message] = REFERRED;
    let about = [
        missing(action, "new.action_id"),
        missing(placement, places),
        missing(message, &format!("SELECT message_id FROM main.placement WHERE id IN ({places})")),
    ]
    .concat();
    // What no server has yet is kept whole.
    let upload = "INSERT INTO spare_body SELECT * FROM main.body WHERE new.kind = 'append'
        AND message_id IN (SELECT message_id FROM main.placement WHERE id = new.placement_id);";
    all += &trigger("intent", "added", "INSERT", &format!("{intent}{about}{upload}"));
    all += &trigger("intent", "changed", "UPDATE OF state", intent);
    all += &trigger("intent", "redirected", "UPDATE OF placement_id", &format!("{intent}{about}"));
    all += &trigger("intent", "removed", "DELETE", "DELETE FROM spare_intent WHERE id = old.id;");
    let place = "UPDATE spare_placement SET uid = new.uid, message_id = new.message_id, mailbox_id = new.mailbox_id WHERE id = new.id;";
    all + &trigger("placement", "changed", "UPDATE OF uid, message_id, mailbox_id", place)
}

fn copy(table: &str, which: &str) -> String {
    format!(
        "DELETE FROM spare_{table} WHERE {which}; INSERT INTO spare_{table} SELECT * FROM main.{table} WHERE {which};"
    )
}

fn trigger(table: &str, name: &str, event: &str, body: &str) -> String {
    format!("CREATE TEMP TRIGGER spare_{table}_{name} AFTER {event} ON main.{table} BEGIN {body} END;\n")
}

/// What a spare that was opened by itself is worth: `None` where it cannot be trusted, else how many accounts and waiting changes are in it.
pub async fn weigh(conn: &mut SqliteConnection) -> Option<(i64, i64)> {
    let sound: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut *conn).await.ok()?;
    if sound != "ok" {
        return None;
    }
    let counts =
        sqlx::query("SELECT (SELECT COUNT(*) FROM spare_account), (SELECT COUNT(*) FROM spare_intent)");
    let row = counts.fetch_one(conn).await.ok()?;
    Some((row.try_get(0).ok()?, row.try_get(1).ok()?))
}

pub(super) async fn run(conn: &mut SqliteConnection, sql: &str) -> Result<()> {
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(conn).await?;
    Ok(())
}
