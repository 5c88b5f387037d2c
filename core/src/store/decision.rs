//! Table `decision`: where what the user asked for was overtaken by another device or refused by the server.

use super::{Store, Tx};
use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, FlagChange, Flags, MailboxId, MessageId, PlacementId};
use crate::store::intent::{IntentKind, IntentRow};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub account: AccountId,
    /// When, seconds since 1970.
    pub made: i64,
    /// `moved_elsewhere`, `gone_meanwhile`, `refused`; screens have the words.
    pub code: String,
    /// Subject of the message.
    pub subject: String,
    /// Name of the mailbox it was in.
    pub place: String,
    /// The message; it may be gone.
    pub message: MessageId,
    /// What the user had asked for; expected placements are 0.
    pub kind: IntentKind,
}

const COLUMNS: &str = "id, account_id, made, code, subject, place, message_id, kind, target_id, add_bits, add_keywords, remove_bits, remove_keywords";

fn read(r: &SqliteRow) -> Result<Decision> {
    let (kind, add, remove): (String, String, String) =
        (r.try_get("kind")?, r.try_get("add_keywords")?, r.try_get("remove_keywords")?);
    let (target, expected) = (MailboxId(r.try_get("target_id")?), PlacementId(0));
    Ok(Decision {
        id: r.try_get("id")?,
        account: AccountId(r.try_get("account_id")?),
        made: r.try_get("made")?,
        code: r.try_get("code")?,
        subject: r.try_get("subject")?,
        place: r.try_get("place")?,
        message: MessageId(r.try_get("message_id")?),
        kind: match kind.as_str() {
            "flag" => IntentKind::Flag(FlagChange {
                add: Flags::from_columns(r.try_get("add_bits")?, &add),
                remove: Flags::from_columns(r.try_get("remove_bits")?, &remove),
            }),
            "move" => IntentKind::Move { target, expected },
            "copy" => IntentKind::Copy { target, expected },
            "append" => IntentKind::Append,
            "delete" => IntentKind::Delete,
            _ => return Err(Error::new(Kind::StorageDamaged, "decision.kind")),
        },
    })
}

impl Store {
    /// Decisions that the user has not settled, newest first.
    pub async fn decisions(&self) -> Result<Vec<Decision>> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM decision WHERE settled = 0 ORDER BY id DESC LIMIT 500"
        ));
        sqlx::query(sql).fetch_all(self.reader()).await?.iter().map(read).collect()
    }
}

impl Tx {
    /// Adds a decision about what an intent wished for a message.
    pub async fn add_decision(
        &mut self,
        made: i64,
        code: &str,
        intent: &IntentRow,
        message: MessageId,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO decision (account_id, made, code, subject, place, message_id, kind, target_id, add_bits, add_keywords, remove_bits, remove_keywords)
             SELECT i.account_id, ?, ?, COALESCE((SELECT subject FROM message WHERE id = ?), ''),
                 COALESCE((SELECT name FROM mailbox WHERE id = i.mailbox_id), ''), ?, i.kind, i.target_id, i.add_bits, i.add_keywords, i.remove_bits, i.remove_keywords
             FROM intent i WHERE i.id = ?",
        )
        .bind(made)
        .bind(code)
        .bind(message.0)
        .bind(message.0)
        .bind(intent.id)
        .execute(self.conn())
        .await?;
        self.touched.notices = true;
        Ok(())
    }

    /// A decision that is not settled yet; it is from now on.
    pub async fn take_decision(&mut self, id: i64) -> Result<Decision> {
        let sql = sqlx::AssertSqlSafe(format!(
            "UPDATE decision SET settled = 1 WHERE id = ? AND settled = 0 RETURNING {COLUMNS}"
        ));
        let row = sqlx::query(sql).bind(id).fetch_optional(self.conn()).await?;
        self.touched.notices = true;
        read(&row.ok_or_else(|| Error::new(Kind::NotFound, id.to_string()))?)
    }

    /// The user has seen all of them.
    pub async fn settle_decisions(&mut self) -> Result<()> {
        sqlx::query("UPDATE decision SET settled = 1 WHERE settled = 0").execute(self.conn()).await?;
        self.touched.notices = true;
        Ok(())
    }

    /// Forgets those that are settled or older than `before`.
    pub async fn forget_decisions(&mut self, before: i64) -> Result<()> {
        sqlx::query("DELETE FROM decision WHERE made < ?").bind(before).execute(self.conn()).await?;
        Ok(())
    }
}
