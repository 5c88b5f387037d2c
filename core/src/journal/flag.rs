//! The user changes flags.

use super::{Actions, label, targets};
use crate::error::Result;
use crate::model::{AccountId, ActionId, FlagChange, MailboxId, PlacementId};
use crate::store::Tx;
use crate::store::intent::IntentKind;
use std::collections::BTreeMap;

/// Changes flags of these messages. Only what really changes is written down, so that undo restores exactly that.
pub async fn mark(
    tx: &mut Tx,
    now: i64,
    ids: &[PlacementId],
    change: &FlagChange,
    words: &str,
) -> Result<Vec<ActionId>> {
    let mut actions = Actions::default();
    within(tx, now, &mut actions, ids, change, words).await?;
    Ok(actions.done())
}

/// The same as part of a larger action.
pub(super) async fn within(
    tx: &mut Tx,
    now: i64,
    actions: &mut Actions,
    ids: &[PlacementId],
    change: &FlagChange,
    words: &str,
) -> Result<()> {
    let mut by_account: BTreeMap<AccountId, bool> = BTreeMap::new();
    for (account, p) in targets(tx, ids).await? {
        let flags = p.flags.with(change);
        let effective = p.flags.change_to(&flags);
        if effective.is_empty() {
            continue;
        }
        let action = actions.of(tx, account, "flag", words, MailboxId(0), now).await?;
        tx.add_intent(action, account, p.id, p.mailbox, &IntentKind::Flag(effective), 0).await?;
        tx.set_flags(&p, &p.base, &flags, p.modseq).await?;
        let labels = match by_account.get(&account) {
            Some(labels) => *labels,
            None => tx.has_labels(account).await?,
        };
        if labels {
            label::show_flags(tx, account, &p).await?;
        }
        by_account.insert(account, labels);
    }
    Ok(())
}
