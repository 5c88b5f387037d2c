//! The user takes something back, or the server refused it.

use super::{folder, label, relocate};
use crate::error::Result;
use crate::model::{AccountId, ActionId, FlagChange, MailboxId, PlacementId};
use crate::store::Tx;
use crate::store::intent::{IntentKind, IntentRow, IntentState};
use crate::store::mailbox::all_mail;
use crate::store::placement::PlacementRow;
use std::collections::BTreeMap;

/// Takes an action back. What the server was not told is as if it had never been; what it was told is followed by its
/// opposite. Returns the label of the action and whether all of it could be taken back; `None` when it was undone before.
pub async fn undo(tx: &mut Tx, now: i64, action: ActionId) -> Result<Option<(String, bool)>> {
    let Some((account, words)) = tx.take_action(action).await? else { return Ok(None) };
    let opposite = tx.add_action(account, "undo", &words, MailboxId(0), now).await?;
    let mut whole = true;
    let everything = all_mail(&tx.mailboxes(account).await?);
    tx.forget_senders_of(action).await?;
    // Where what was moved goes to, for what was done to it before it was moved.
    let mut back: BTreeMap<PlacementId, PlacementId> = BTreeMap::new();
    for intent in tx.intents_of(action).await? {
        if intent.state == IntentState::Queued {
            revert(tx, &intent).await?;
        } else {
            whole &= reverse(tx, account, opposite, &intent, everything, &mut back).await?;
        }
    }
    // Sending may have waited for these.
    tx.touched.journal.insert(account);
    Ok(Some((words, whole)))
}

/// As if it had never been: for an intent that the server does not know of, or refused.
pub async fn revert(tx: &mut Tx, intent: &IntentRow) -> Result<()> {
    tx.remove_intent(intent.id).await?;
    if intent.kind.is_about_mailbox() {
        return revert_mailbox(tx, intent).await;
    }
    let Some(p) = tx.placement(intent.placement).await? else {
        // What it was about is gone; what it would have become must not stay behind.
        if let Some((_, expected)) = intent.kind.leads_to()
            && tx.placement(expected).await?.is_some_and(|there| there.uid == 0)
        {
            drop_with_wishes(tx, expected).await?;
        }
        return Ok(());
    };
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
                if !there.hidden
                    && let Ok(to) = tx.mailbox(there.mailbox).await
                {
                    label::follow(tx, &p, &to, false).await?;
                }
            }
            tx.remove_placement(*expected).await
        }
        IntentKind::Copy { expected, .. } => {
            let Some(there) = tx.placement(*expected).await?.filter(|there| there.uid == 0) else {
                return Ok(());
            };
            drop_with_wishes(tx, there.id).await
        }
        IntentKind::Append => drop_with_wishes(tx, p.id).await,
        IntentKind::Delete => tx.set_hidden(&p, false).await,
        _ => Ok(()),
    }
}

/// Takes a placement away that the server never had, and what was still wished for it.
pub async fn drop_with_wishes(tx: &mut Tx, id: PlacementId) -> Result<()> {
    if let Some(p) = tx.placement(id).await? {
        label::pass_on(tx, &p).await?;
    }
    for wish in tx.waiting_for(id).await? {
        tx.remove_intent(wish.id).await?;
        // What lies there already is nothing that this wish would have made.
        if let Some((_, expected)) = wish.kind.leads_to()
            && tx.placement(expected).await?.is_some_and(|there| there.uid == 0)
        {
            Box::pin(drop_with_wishes(tx, expected)).await?;
        }
    }
    tx.remove_placement(id).await
}

async fn revert_mailbox(tx: &mut Tx, intent: &IntentRow) -> Result<()> {
    let Ok(row) = tx.mailbox(intent.mailbox).await else { return Ok(()) };
    match &intent.kind {
        IntentKind::Create => {
            // What was on its way into it stays where it is.
            for wish in tx.waiting_in(row.id).await? {
                if wish.kind.leads_to().is_some_and(|(target, _)| target == row.id) {
                    Box::pin(revert(tx, &wish)).await?;
                }
            }
            for wish in tx.waiting_in(row.id).await? {
                Box::pin(revert(tx, &wish)).await?;
            }
            // A copy that had arrived all the same would go with it.
            if tx.visible_placements(row.id).await?.is_empty() {
                tx.remove_mailbox(row.id).await?;
            }
            Ok(())
        }
        IntentKind::Rename { from_shown, .. } => folder::show_as(tx, &row, from_shown).await,
        IntentKind::Remove => tx.set_mailbox_hidden(row.id, false).await,
        IntentKind::Subscribe(on) => tx.set_subscribed(row.id, !on).await,
        IntentKind::Use { role, before, from } => folder::unset_use(tx, row.id, *role, *before, *from).await,
        IntentKind::Empty { last, .. } => {
            let last = if row.uid_validity > 0 { *last } else { u32::MAX };
            tx.set_hidden_up_to(row.id, last, false).await
        }
        _ => Ok(()),
    }
}

/// Shows a placement as the server has it, with what still waits over it.
async fn show_what_waits(tx: &mut Tx, p: &PlacementRow) -> Result<()> {
    let flags = tx.waiting_for(p.id).await?.iter().fold(p.base.clone(), |flags, other| match &other.kind {
        IntentKind::Flag(change) => flags.with(change),
        _ => flags,
    });
    tx.set_flags(p, &p.base, &flags, p.modseq).await?;
    let account = tx.account_of(p.mailbox).await?;
    label::show_flags(tx, account, p).await
}

/// The opposite of what the server was told; false when there is none.
/// `everything` is [`all_mail`].
async fn reverse(
    tx: &mut Tx,
    account: AccountId,
    action: ActionId,
    intent: &IntentRow,
    everything: Option<MailboxId>,
    back: &mut BTreeMap<PlacementId, PlacementId>,
) -> Result<bool> {
    if intent.kind.is_about_mailbox() {
        return reverse_mailbox(tx, account, action, intent).await;
    }
    match &intent.kind {
        IntentKind::Flag(change) => {
            let at = back.get(&intent.placement).copied().unwrap_or(intent.placement);
            let Some(p) = tx.placement(at).await?.filter(|p| !p.hidden) else {
                return Ok(false);
            };
            let flags = p.flags.with(&change.inverse());
            let back: FlagChange = p.flags.change_to(&flags);
            if !back.is_empty() {
                tx.add_intent(action, account, p.id, p.mailbox, &IntentKind::Flag(back), 0).await?;
                tx.set_flags(&p, &p.base, &flags, p.modseq).await?;
                label::show_flags(tx, account, &p).await?;
            }
            Ok(true)
        }
        IntentKind::Move { expected, .. } => {
            let Some(p) = tx.placement(*expected).await?.filter(|p| !p.hidden) else { return Ok(false) };
            let there = tx.add_expected(intent.mailbox, &p).await?;
            back.insert(intent.placement, there);
            let stays = everything == Some(p.mailbox);
            relocate::wish(tx, account, action, &p, (intent.mailbox, there), stays).await?;
            Ok(true)
        }
        // Of the copies, not of what was copied.
        IntentKind::Copy { expected, .. } => remove_again(tx, account, action, *expected).await,
        IntentKind::Append => remove_again(tx, account, action, intent.placement).await,
        _ => Ok(false),
    }
}

async fn remove_again(tx: &mut Tx, account: AccountId, action: ActionId, id: PlacementId) -> Result<bool> {
    let Some(p) = tx.placement(id).await?.filter(|p| !p.hidden) else { return Ok(false) };
    tx.add_intent(action, account, p.id, p.mailbox, &IntentKind::Delete, 0).await?;
    tx.set_hidden(&p, true).await?;
    Ok(true)
}

async fn reverse_mailbox(
    tx: &mut Tx,
    account: AccountId,
    action: ActionId,
    intent: &IntentRow,
) -> Result<bool> {
    let Ok(row) = tx.mailbox(intent.mailbox).await else { return Ok(false) };
    let opposite = match &intent.kind {
        // With mail in it by now it stays.
        IntentKind::Create if tx.visible_placements(row.id).await?.is_empty() && row.todo.is_empty() => {
            tx.set_mailbox_hidden(row.id, true).await?;
            IntentKind::Remove
        }
        IntentKind::Rename { from_shown, .. } if !row.gone && !row.hidden => {
            let now_shown = row.name.clone();
            folder::show_as(tx, &row, from_shown).await?;
            IntentKind::Rename { to: folder::respell(&row, &now_shown, from_shown), from_shown: now_shown }
        }
        IntentKind::Remove => {
            tx.set_mailbox_hidden(row.id, false).await?;
            IntentKind::Create
        }
        IntentKind::Subscribe(on) => {
            tx.set_subscribed(row.id, !on).await?;
            IntentKind::Subscribe(!on)
        }
        IntentKind::Use { role, before, from } => {
            folder::unset_use(tx, row.id, *role, *before, *from).await?;
            if let Ok(other) = tx.mailbox(*from).await {
                let back = IntentKind::Use { role: *role, before: None, from: row.id };
                tx.add_intent(action, account, PlacementId(0), other.id, &back, 0).await?;
            }
            IntentKind::Use { role: *before, before: *role, from: MailboxId(0) }
        }
        _ => return Ok(false),
    };
    tx.add_intent(action, account, PlacementId(0), row.id, &opposite, 0).await?;
    Ok(true)
}
