//! What the user wants.
//!
//! One file for each intent. Each does two things in *one* transaction: changes what the user sees, and writes down what the
//! server has to be told. So nothing shown is ever forgotten, and a command returns as soon as the disk has it. Sending is
//! the business of [`crate::sync`].

pub mod append;
pub mod decision;
pub mod delete;
pub mod draft;
pub mod flag;
pub mod folder;
pub mod junk;
pub mod label;
pub mod pin;
pub mod relocate;
pub mod send;
pub mod undo;

use crate::error::Result;
use crate::model::{AccountId, ActionId, MailboxId, PlacementId};
use crate::store::Tx;
use crate::store::placement::PlacementRow;
use std::collections::BTreeMap;

/// The placements a command is about, as far as they are still there and visible, with their accounts.
async fn targets(tx: &mut Tx, ids: &[PlacementId]) -> Result<Vec<(AccountId, PlacementRow)>> {
    let mut accounts: BTreeMap<MailboxId, AccountId> = BTreeMap::new();
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(p) = tx.placement(*id).await?.filter(|p| !p.hidden) else { continue };
        let account = match accounts.get(&p.mailbox) {
            Some(account) => *account,
            None => tx.account_of(p.mailbox).await?,
        };
        accounts.insert(p.mailbox, account);
        found.push((account, p));
    }
    Ok(found)
}

/// The action of each account that a command touches; made when the first message of the account needs it.
#[derive(Default)]
pub struct Actions(BTreeMap<AccountId, ActionId>);

impl Actions {
    /// More of an action that there is already.
    pub fn of_one(account: AccountId, action: ActionId) -> Self {
        Self(BTreeMap::from([(account, action)]))
    }

    async fn of(
        &mut self,
        tx: &mut Tx,
        account: AccountId,
        kind: &str,
        label: &str,
        target: MailboxId,
        now: i64,
    ) -> Result<ActionId> {
        if let Some(id) = self.0.get(&account) {
            return Ok(*id);
        }
        let id = tx.add_action(account, kind, label, target, now).await?;
        self.0.insert(account, id);
        Ok(id)
    }

    fn done(self) -> Vec<ActionId> {
        self.0.into_values().collect()
    }
}
