//! The user takes something back, or the server refused it.

use crate::error::Result;
use crate::model::{AccountId, ActionId, FlagChange, MailboxId};
use crate::store::Tx;
use crate::store::intent::{IntentKind, IntentRow, IntentState};
use crate::store::placement::PlacementRow;

/// Takes an action back. What the server was not told is as if it had never been; what it was told is followed by its
/// opposite. Returns the label of the action and whether all of it could be taken back; `None` when it was undone before.
pub async fn undo(tx: &mut Tx, now: i64, action: ActionId) -> Result<Option<(String, bool)>> {
    let Some((account, label)) = tx.take_action(action).await? else { return Ok(None) };
    let opposite = tx.add_action(account, "undo", &label, MailboxId(0), now).await?;
    let mut whole = true;
    for intent in tx.intents_of(action).await? {
        if intent.state == IntentState::Queued {
            revert(tx, &intent).await?;
        } else {
            whole &= reverse(tx, account, opposite, &intent).await?;
        }
    }
    // Sending may have waited for these.
    tx.touched.journal.insert(account);
    Ok(Some((label, whole)))
}

/// As if it had never been: for an intent that the server does not know of, or refused.
pub async fn revert(tx: &mut Tx, intent: &IntentRow) -> Result<()> {
    tx.remove_intent(intent.id).await?;
    let Some(p) = tx.placement(intent.placement).await? else { return Ok(()) };
    match &intent.kind {
        IntentKind::Flag(_) => show_what_waits(tx, &p).await,
        // It has arrived all the same: what came of it is a copy, and both are shown.
        IntentKind::Move { expected, .. }
            if tx.placement(*expected).await?.is_some_and(|there| there.uid > 0) =>
        {
            show_what_waits(tx, &p).await?;
            tx.set_hidden(&p, false).await
        }
        IntentKind::Move { expected, .. } => {
            // What was done to it in its new place since is meant for the message, and stays with it.
            tx.redirect_intents(*expected, p.id, p.mailbox).await?;
            show_what_waits(tx, &p).await?;
            if let Some(there) = tx.placement(*expected).await? {
                tx.set_hidden(&p, there.hidden).await?;
            }
            tx.remove_placement(*expected).await
        }
        IntentKind::Delete => tx.set_hidden(&p, false).await,
    }
}

/// Shows a placement as the server has it, with what still waits over it.
async fn show_what_waits(tx: &mut Tx, p: &PlacementRow) -> Result<()> {
    let flags = tx.waiting_for(p.id).await?.iter().fold(p.base.clone(), |flags, other| match &other.kind {
        IntentKind::Flag(change) => flags.with(change),
        _ => flags,
    });
    tx.set_flags(p, &p.base, &flags, p.modseq).await
}

/// The opposite of what the server was told; false when there is none.
async fn reverse(tx: &mut Tx, account: AccountId, action: ActionId, intent: &IntentRow) -> Result<bool> {
    match &intent.kind {
        IntentKind::Flag(change) => {
            let Some(p) = tx.placement(intent.placement).await?.filter(|p| !p.hidden) else {
                return Ok(false);
            };
            let flags = p.flags.with(&change.inverse());
            let back: FlagChange = p.flags.change_to(&flags);
            if !back.is_empty() {
                tx.add_intent(action, account, p.id, p.mailbox, &IntentKind::Flag(back), 0).await?;
                tx.set_flags(&p, &p.base, &flags, p.modseq).await?;
            }
            Ok(true)
        }
        IntentKind::Move { expected, .. } => {
            let Some(p) = tx.placement(*expected).await?.filter(|p| !p.hidden) else { return Ok(false) };
            let back = tx.add_expected(intent.mailbox, &p).await?;
            let kind = IntentKind::Move { target: intent.mailbox, expected: back };
            tx.add_intent(action, account, p.id, p.mailbox, &kind, 0).await?;
            tx.set_hidden(&p, true).await?;
            Ok(true)
        }
        IntentKind::Delete => Ok(false),
    }
}
