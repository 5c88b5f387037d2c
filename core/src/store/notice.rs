//! Table `notice`: what the user should know and may dismiss.

use super::{Store, Tx};
use crate::error::Result;
use crate::model::AccountId;
use sqlx::Row;

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub account: AccountId,
    /// When, seconds since 1970.
    pub made: i64,
    /// What: `refused_flag`, `refused_move`, `mailbox_gone` …; screens have the words.
    pub code: String,
    /// The mailbox or reason it mentions.
    pub subject: String,
    /// How many messages it is about.
    pub count: i64,
}

impl Store {
    /// Notices not dismissed, newest first.
    pub async fn notices(&self) -> Result<Vec<Notice>> {
        let rows = sqlx::query("SELECT id, account_id, made, code, subject, count FROM notice WHERE dismissed = 0 ORDER BY id DESC LIMIT 100")
            .fetch_all(self.reader())
            .await?;
        rows.iter()
            .map(|r| {
                Ok(Notice {
                    id: r.try_get(0)?,
                    account: AccountId(r.try_get(1)?),
                    made: r.try_get(2)?,
                    code: r.try_get(3)?,
                    subject: r.try_get(4)?,
                    count: r.try_get(5)?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// Adds a notice.
    pub async fn add_notice(
        &mut self,
        account: AccountId,
        made: i64,
        code: &str,
        subject: &str,
        count: i64,
    ) -> Result<()> {
        sqlx::query("INSERT INTO notice (account_id, made, code, subject, count) VALUES (?, ?, ?, ?, ?)")
            .bind(account.0)
            .bind(made)
            .bind(code)
            .bind(subject)
            .bind(count)
            .execute(self.conn())
            .await?;
        self.touched.notices = true;
        Ok(())
    }

    /// Adds a notice with these words unless it is there already, be it dismissed: servers repeat themselves.
    pub async fn add_notice_once(
        &mut self,
        account: AccountId,
        made: i64,
        code: &str,
        words: &str,
    ) -> Result<()> {
        let known: Option<i64> = sqlx::query_scalar(
            "SELECT id FROM notice WHERE account_id = ? AND code = ? AND subject = ? AND made > ?",
        )
        .bind(account.0)
        .bind(code)
        .bind(words)
        .bind(made - 7 * 86_400)
        .fetch_optional(self.conn())
        .await?;
        if known.is_none() {
            self.add_notice(account, made, code, words, 1).await?;
        }
        Ok(())
    }

    /// The user has seen it.
    pub async fn dismiss_notice(&mut self, id: i64) -> Result<()> {
        sqlx::query("UPDATE notice SET dismissed = 1 WHERE id = ?").bind(id).execute(self.conn()).await?;
        self.touched.notices = true;
        Ok(())
    }
}
