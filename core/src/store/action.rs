//! Table `action`: what the user did, as one thing to undo.

use super::{Store, Tx};
use crate::error::Result;
use crate::model::{AccountId, ActionId, MailboxId};
use sqlx::Row;

/// One thing the user did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRow {
    /// Its number.
    pub id: ActionId,
    /// Whose account.
    pub account: AccountId,
    /// read, unread, star, archive, trash …
    pub label: String,
    /// For moves, where to.
    pub target: MailboxId,
}

impl Store {
    /// The newest action of any account that can be undone.
    pub async fn last_action(&self) -> Result<Option<ActionRow>> {
        let row = sqlx::query("SELECT id, account_id, label, target_id FROM action WHERE undone = 0 AND kind NOT IN ('undo', 'draft', 'sort') ORDER BY id DESC LIMIT 1")
            .fetch_optional(self.reader())
            .await?;
        row.map(|r| {
            Ok(ActionRow {
                id: ActionId(r.try_get(0)?),
                account: AccountId(r.try_get(1)?),
                label: r.try_get(2)?,
                target: MailboxId(r.try_get(3)?),
            })
        })
        .transpose()
    }
}

impl Tx {
    /// Begins an action.
    pub async fn add_action(
        &mut self,
        account: AccountId,
        kind: &str,
        label: &str,
        target: MailboxId,
        now: i64,
    ) -> Result<ActionId> {
        let id: i64 = sqlx::query_scalar("INSERT INTO action (account_id, kind, label, target_id, made) VALUES (?, ?, ?, ?, ?) RETURNING id")
            .bind(account.0)
            .bind(kind)
            .bind(label)
            .bind(target.0)
            .bind(now)
            .fetch_one(self.conn())
            .await?;
        Ok(ActionId(id))
    }

    /// The account and label of an action that was not undone yet; marks it undone.
    pub async fn take_action(&mut self, id: ActionId) -> Result<Option<(AccountId, String)>> {
        let row = sqlx::query(
            "UPDATE action SET undone = 1 WHERE id = ? AND undone = 0 RETURNING account_id, label",
        )
        .bind(id.0)
        .fetch_optional(self.conn())
        .await?;
        row.map(|r| Ok((AccountId(r.try_get(0)?), r.try_get(1)?))).transpose()
    }

    /// True for one that was done on behalf of the user, who did nothing just then.
    pub async fn is_sorting(&mut self, id: ActionId) -> Result<bool> {
        let kind: Option<String> = sqlx::query_scalar("SELECT kind FROM action WHERE id = ?")
            .bind(id.0)
            .fetch_optional(self.conn())
            .await?;
        Ok(kind.as_deref() == Some("sort"))
    }

    /// Forgets actions that are through and older than `before`: they can no longer be undone.
    pub async fn forget_actions(&mut self, before: i64) -> Result<()> {
        sqlx::query(
            "DELETE FROM action WHERE made < ? AND NOT EXISTS (SELECT 1 FROM intent i WHERE i.action_id = action.id AND i.state <> 'done')",
        )
        .bind(before)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
