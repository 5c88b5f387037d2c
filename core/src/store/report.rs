//! Table `report`: what became of messages that were sent from here.

use super::{Store, Tx};
use crate::error::Result;
use crate::model::{AccountId, MessageId, Report};
use sqlx::Row;

impl Store {
    /// What is known of a message that was sent, and what a message itself reports; the newest first, at most 50.
    pub async fn reports(
        &self,
        account: AccountId,
        message: MessageId,
        message_id: &str,
    ) -> Result<Vec<Report>> {
        let rows = sqlx::query(
            "SELECT original, recipient, outcome, words FROM report
             WHERE reported_by = ?2 OR (account_id = ?1 AND original = ?3 AND original <> '')
             ORDER BY reported_by DESC, recipient LIMIT 50",
        )
        .bind(account.0)
        .bind(message.0)
        .bind(message_id)
        .fetch_all(self.reader())
        .await?;
        rows.iter()
            .map(|r| {
                Ok(Report {
                    original: r.try_get(0)?,
                    recipient: r.try_get(1)?,
                    outcome: r.try_get(2)?,
                    words: r.try_get(3)?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// Keeps what a message reports. Gives the subject of the one that it is about, where that is here and the report is new and says
    /// that it did not arrive.
    pub async fn add_reports(
        &mut self,
        by: MessageId,
        all: &[Report],
    ) -> Result<Option<(AccountId, String)>> {
        let mut failed = false;
        for r in all {
            let done = sqlx::query(
                "INSERT OR IGNORE INTO report (reported_by, account_id, original, recipient, outcome, words)
                 SELECT id, account_id, ?2, ?3, ?4, ?5 FROM message WHERE id = ?1",
            )
            .bind(by.0)
            .bind(&r.original)
            .bind(&r.recipient)
            .bind(&r.outcome)
            .bind(&r.words)
            .execute(self.conn())
            .await?;
            failed |= done.rows_affected() > 0 && r.outcome == "failed";
        }
        let Some(first) = all.first().filter(|r| failed && !r.original.is_empty()) else { return Ok(None) };
        let about = sqlx::query(
            "SELECT o.account_id, o.subject FROM message o JOIN message r ON r.account_id = o.account_id
             WHERE r.id = ? AND o.message_id = ? LIMIT 1",
        )
        .bind(by.0)
        .bind(&first.original)
        .fetch_optional(self.conn())
        .await?;
        about.map(|r| Ok((AccountId(r.try_get(0)?), r.try_get(1)?))).transpose()
    }
}
