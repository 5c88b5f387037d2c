//! Table `event`: which appointments messages are about.

use super::{Store, Tx};
use crate::error::Result;
use crate::model::{AccountId, MailboxId, MessageId};
use sqlx::Row;

/// What one message does with an appointment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventRow {
    /// Of the appointment.
    pub uid: String,
    /// Of a series, the one that is meant; empty = all.
    pub recurrence: String,
    /// publish, request, reply, cancel, counter.
    pub method: String,
    /// Version of the appointment.
    pub sequence: i64,
    /// When it was written, seconds since 1970.
    pub stamp: i64,
    /// Who answers, in small letters; empty = it is no answer.
    pub guest: String,
    /// What they say.
    pub answer: String,
}

/// A message about an appointment, and who it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Which message.
    pub message: MessageId,
    /// Address of its author, in small letters.
    pub sender: String,
    /// What it does.
    pub event: EventRow,
}

impl Store {
    /// Everything that mail of an account says of an appointment, the latest last; at most 500.
    pub async fn events(&self, account: AccountId, uid: &str) -> Result<Vec<Told>> {
        let rows = sqlx::query(
            "SELECT e.message_id, LOWER(m.from_address), e.recurrence, e.method, e.sequence, e.stamp, e.guest, e.answer
             FROM event e JOIN message m ON m.id = e.message_id WHERE e.account_id = ?1 AND e.uid = ?2
             ORDER BY e.sequence, e.stamp, e.message_id LIMIT 500",
        )
        .bind(account.0)
        .bind(uid)
        .fetch_all(self.reader())
        .await?;
        rows.iter()
            .map(|r| {
                Ok(Told {
                    message: MessageId(r.try_get(0)?),
                    sender: r.try_get(1)?,
                    event: EventRow {
                        uid: uid.to_owned(),
                        recurrence: r.try_get(2)?,
                        method: r.try_get(3)?,
                        sequence: r.try_get(4)?,
                        stamp: r.try_get(5)?,
                        guest: r.try_get(6)?,
                        answer: r.try_get(7)?,
                    },
                })
            })
            .collect()
    }
}

impl Tx {
    /// Keeps what messages say of appointments; of those that are gone nothing is kept.
    pub async fn add_events(&mut self, all: &[(MessageId, EventRow)]) -> Result<()> {
        for (message, e) in all {
            sqlx::query(
                "INSERT OR REPLACE INTO event (message_id, account_id, uid, recurrence, method, sequence, stamp, guest, answer)
                 SELECT id, account_id, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM message WHERE id = ?1",
            )
            .bind(message.0)
            .bind(&e.uid)
            .bind(&e.recurrence)
            .bind(&e.method)
            .bind(e.sequence)
            .bind(e.stamp)
            .bind(&e.guest)
            .bind(&e.answer)
            .execute(self.conn())
            .await?;
            let lies = sqlx::query_scalar("SELECT mailbox_id FROM placement WHERE message_id = ?");
            let mailboxes: Vec<i64> = lies.bind(message.0).fetch_all(self.conn()).await?;
            self.touched.mailboxes.extend(mailboxes.into_iter().map(MailboxId));
        }
        Ok(())
    }
}
