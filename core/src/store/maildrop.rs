//! Table `maildrop`: what was seen of a maildrop, so that each message comes once, and goes from there as the policy says.

use super::{ROWS, Store, Tx};
use crate::error::Result;
use crate::model::{AccountId, MailboxId, MessageId};
use sqlx::{QueryBuilder, Row};

/// How far a message of a maildrop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenState {
    /// It is here, whole.
    Here,
    /// Its header is here, its text is in the maildrop only.
    Partial,
    /// The user deleted it here for good.
    Deleted,
}

impl SeenState {
    fn as_str(self) -> &'static str {
        match self {
            SeenState::Here => "here",
            SeenState::Partial => "partial",
            SeenState::Deleted => "deleted",
        }
    }
}

/// A message that was seen in a maildrop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its unique-id (RFC 1939 section 7), or what stands for it where the server has none.
    pub uidl: String,
    /// Octets, as LIST tells them. The same unique-id with another size is another message.
    pub size: u64,
    /// The message, as long as it is here.
    pub message: Option<MessageId>,
    /// When it came, seconds since 1970.
    pub first_seen: i64,
    /// When it was last in the maildrop, seconds since 1970, by day.
    pub last_seen: i64,
    /// How far it is.
    pub state: SeenState,
}

fn read(r: &sqlx::sqlite::SqliteRow) -> Result<Seen> {
    let state: String = r.try_get("state")?;
    Ok(Seen {
        uidl: r.try_get("uidl")?,
        size: r.try_get::<i64, _>("size")? as u64,
        message: r.try_get::<Option<i64>, _>("message_id")?.map(MessageId),
        first_seen: r.try_get("first_seen")?,
        last_seen: r.try_get("last_seen")?,
        state: match state.as_str() {
            "deleted" => SeenState::Deleted,
            "here" => SeenState::Here,
            // Not understood, it takes nothing away from the server.
            _ => SeenState::Partial,
        },
    })
}

impl Store {
    /// Everything that was seen.
    pub async fn seen(&self, account: AccountId) -> Result<Vec<Seen>> {
        let rows = sqlx::query("SELECT * FROM maildrop WHERE account_id = ?").bind(account.0);
        rows.fetch_all(self.reader()).await?.iter().map(read).collect()
    }

    /// Where a message lies in its maildrop.
    pub async fn seen_as(&self, message: MessageId) -> Result<Option<Seen>> {
        let row = sqlx::query("SELECT * FROM maildrop WHERE message_id = ?").bind(message.0);
        row.fetch_optional(self.reader()).await?.as_ref().map(read).transpose()
    }
}

impl Tx {
    /// The UID that comes next in a mailbox whose server is this device. A salvage resets what the mailbox remembers of it.
    pub async fn next_uid(&mut self, mailbox: MailboxId) -> Result<u32> {
        let next: i64 = sqlx::query_scalar(
            "SELECT MAX(m.uid_next, 1, COALESCE((SELECT MAX(p.uid) FROM placement p WHERE p.mailbox_id = m.id), 0) + 1)
             FROM mailbox m WHERE m.id = ?",
        )
        .bind(mailbox.0)
        .fetch_one(self.conn())
        .await?;
        Ok(next as u32)
    }

    /// Writes down what came.
    pub async fn put_seen(&mut self, account: AccountId, all: &[Seen]) -> Result<()> {
        for chunk in all.chunks(ROWS) {
            let mut q = QueryBuilder::new(
                "INSERT OR REPLACE INTO maildrop (account_id, uidl, size, message_id, first_seen, last_seen, state) ",
            );
            q.push_values(chunk, |mut row, seen| {
                row.push_bind(account.0)
                    .push_bind(&seen.uidl)
                    .push_bind(seen.size as i64)
                    .push_bind(seen.message.map(|m| m.0))
                    .push_bind(seen.first_seen)
                    .push_bind(seen.last_seen)
                    .push_bind(seen.state.as_str());
            });
            q.build().execute(self.conn()).await?;
        }
        Ok(())
    }

    /// These are still in the maildrop today.
    pub async fn saw(&mut self, account: AccountId, uidls: &[&str], now: i64) -> Result<()> {
        for chunk in uidls.chunks(500) {
            let mut q = QueryBuilder::new("UPDATE maildrop SET last_seen = ");
            q.push_bind(now).push(" WHERE account_id = ").push_bind(account.0).push(" AND uidl IN (");
            let mut list = q.separated(", ");
            for uidl in chunk {
                list.push_bind(*uidl);
            }
            q.push(")");
            q.build().execute(self.conn()).await?;
        }
        Ok(())
    }

    /// The text of a message whose header was here is here now too.
    pub async fn seen_whole(&mut self, message: MessageId) -> Result<()> {
        sqlx::query("UPDATE maildrop SET state = 'here' WHERE message_id = ? AND state = 'partial'")
            .bind(message.0)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// The user has deleted these for good: what came of the maildrop and lies in no mailbox any more. Only to be called where
    /// placements go because the user wished so.
    pub async fn mark_deleted(&mut self, account: AccountId) -> Result<()> {
        sqlx::query(
            "UPDATE maildrop SET state = 'deleted', message_id = NULL WHERE account_id = ? AND message_id IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM placement p WHERE p.message_id = maildrop.message_id)",
        )
        .bind(account.0)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Forgets what was in the maildrop last before this time.
    pub async fn forget_seen(&mut self, account: AccountId, before: i64) -> Result<()> {
        sqlx::query("DELETE FROM maildrop WHERE account_id = ? AND last_seen < ?")
            .bind(account.0)
            .bind(before)
            .execute(self.conn())
            .await?;
        Ok(())
    }
}
