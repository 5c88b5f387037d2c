//! Moves and copies: sending them, and finding out what became of those that were sent and not confirmed.

use super::replay::{Claimed, Parts, Refused, due, refusal, remove};
use super::{Context, folders, pull};
use crate::error::{Kind, Result};
use crate::journal::{decision, label};
use crate::model::MailboxId;
use crate::protocol::imap::Session;
use crate::protocol::imap::messages::Copied;
use crate::store::intent::{IntentKind, IntentRow, IntentState};
use crate::store::mailbox::MailboxRow;
use crate::uid_set::UidSet;
use std::collections::{BTreeMap, BTreeSet};

/// Claims again what was claimed a while ago: settling an earlier group has put these back, or they were undone or overtaken.
async fn claim_again(ctx: &Context, group: Vec<Claimed>) -> Result<Vec<Claimed>> {
    let mut tx = ctx.store.begin().await?;
    let mut claimed = Vec::with_capacity(group.len());
    for c in group {
        let waiting = tx.waiting_for(c.placement.id).await?;
        // What is to be copied before it is moved away must have been copied.
        let copied = |i: &IntentRow| matches!(i.kind, IntentKind::Copy { .. }) && i.id < c.intent.id;
        if !matches!(c.intent.kind, IntentKind::Copy { .. }) && waiting.iter().any(copied) {
            continue;
        }
        let Some(intent) = waiting.into_iter().find(|i| i.id == c.intent.id) else { continue };
        let Some(placement) = tx.placement(c.placement.id).await?.filter(|p| p.uid > 0) else { continue };
        claimed.push(Claimed { intent, placement });
    }
    let ids: Vec<i64> = claimed.iter().map(|c| c.intent.id).collect();
    tx.set_intent_state(&ids, IntentState::Sent).await?;
    tx.commit().await?;
    Ok(claimed)
}

/// Moves, target by target. Afterwards the target is brought in step where the server did not tell the new UIDs.
pub(super) async fn send_moves(
    ctx: &Context,
    session: &mut Session,
    row: &MailboxRow,
    claimed: Vec<Claimed>,
) -> Result<()> {
    let mut by_target: BTreeMap<(MailboxId, bool), Vec<Claimed>> = BTreeMap::new();
    for c in claimed {
        // What may have happened before was settled; what is left of it is sent again.
        let Some((target, _)) = c.intent.kind.leads_to() else { continue };
        let copying = matches!(c.intent.kind, IntentKind::Copy { .. });
        by_target.entry((target, copying)).or_default().push(c);
    }
    // Copies first: what is copied and then moved away must still be there.
    let mut groups: Vec<_> = by_target.into_iter().collect();
    groups.sort_by_key(|((_, copying), _)| !copying);
    for ((target, copying), group) in groups {
        let guard = ctx.lock(row.id).await;
        if session.selected() != Some(row.raw.as_slice()) {
            pull::pull_locked(ctx, session, row.id).await?;
        }
        let group = claim_again(ctx, group).await?;
        if group.is_empty() {
            continue;
        }
        let mut to = ctx.store.mailbox(target).await?;
        let mut parts = Parts::of(group.iter().map(|c| c.placement.uid).collect());
        let mut refused = Refused::default();
        let mut pairs: BTreeMap<u32, u32> = BTreeMap::new();
        while let Some(part) = parts.next() {
            match put(session, &part, &to, copying).await {
                Ok(told) => {
                    parts.went_through();
                    pairs.extend(told);
                }
                Err(e) if e.kind == Kind::MailboxGone && to.uid_validity == 0 => {
                    // Archive or Trash that this account did not have yet.
                    folders::make(session, &to).await?;
                    pairs.extend(put(session, &part, &to, copying).await?);
                    parts.went_through();
                }
                Err(e) if refusal(&e) => refused.take(parts.refused(part), e),
                Err(e) => return Err(e),
            }
            to = ctx.store.mailbox(target).await?;
        }
        let (refused_ones, group): (Vec<Claimed>, Vec<Claimed>) =
            group.into_iter().partition(|c| refused.uids.contains(c.placement.uid));
        let mut unknown = false;
        let mut tx = ctx.store.begin().await?;
        for c in &group {
            let Some((_, expected)) = c.intent.kind.leads_to() else { continue };
            let uid = pairs.get(&c.placement.uid).copied();
            match (uid, tx.placement(expected).await?) {
                (Some(uid), Some(there)) => {
                    if there.uid == 0 {
                        tx.set_uid(&there, uid).await?;
                    }
                    if !copying {
                        tx.remove_placement(c.placement.id).await?;
                    }
                    tx.set_intent_state(&[c.intent.id], IntentState::Done).await?;
                }
                _ => unknown = true,
            }
        }
        tx.commit().await?;
        drop(guard);
        let ids: Vec<i64> = refused_ones.iter().map(|c| c.intent.id).collect();
        refused.undo(ctx, row, &ids, if copying { "refused_copy" } else { "refused_move" }).await?;
        if unknown {
            settle_uncertain(ctx, session, row.id).await?;
        }
    }
    Ok(())
}

/// Copies or moves; new UID by old UID, as far as the server told and we can believe it.
async fn put(
    session: &mut Session,
    uids: &UidSet,
    to: &MailboxRow,
    copying: bool,
) -> Result<BTreeMap<u32, u32>> {
    if !copying {
        return relocate(session, uids, to).await;
    }
    let copied = session.copy(uids, &to.raw).await?;
    Ok(believed(copied, to))
}

/// Moves. Without MOVE an original is removed only where the server told of its copy; else it stays until the copy was seen
/// ([`settle_uncertain`]).
async fn relocate(session: &mut Session, uids: &UidSet, to: &MailboxRow) -> Result<BTreeMap<u32, u32>> {
    if session.can("MOVE") {
        return Ok(believed(session.move_to(uids, &to.raw).await?, to));
    }
    let told = believed(session.copy(uids, &to.raw).await?, to);
    let originals = told.keys().copied().collect::<UidSet>().intersect(uids);
    if !originals.is_empty() {
        match remove(session, &originals).await {
            // The copies are there: settling removes the originals or says that it could not.
            Err(e) if refusal(&e) => return Ok(BTreeMap::new()),
            other => other?,
        }
    }
    Ok(told)
}

/// UIDs mean something only under the UIDVALIDITY that we know the target by.
fn believed(copied: Copied, to: &MailboxRow) -> BTreeMap<u32, u32> {
    if copied.uid_validity == to.uid_validity && to.uid_validity > 0 {
        copied.pairs.into_iter().collect()
    } else {
        BTreeMap::new()
    }
}

/// Finds out what became of moves out of a mailbox that were claimed and not confirmed; true when any was settled.
pub(super) async fn settle_uncertain(
    ctx: &Context,
    session: &mut Session,
    mailbox: MailboxId,
) -> Result<bool> {
    let doubtful: Vec<IntentRow> = due(ctx)
        .await?
        .into_iter()
        .filter(|i| i.mailbox == mailbox && i.state == IntentState::Sent && i.kind.leads_to().is_some())
        .collect();
    if doubtful.is_empty() {
        return Ok(false);
    }
    // First the source, then the targets: what left the one must then be seen in the other.
    pull::pull(ctx, session, mailbox).await?;
    let targets: BTreeSet<MailboxId> =
        doubtful.iter().filter_map(|i| i.kind.leads_to().map(|(target, _)| target)).collect();
    for target in targets {
        let to = ctx.store.mailbox(target).await?;
        match pull::pull(ctx, session, target).await {
            Ok(()) => while super::headers::next_batch(ctx, session, target, 1000).await? {},
            // Not made yet, or removed by another: nothing is there. One that is there and does not open may hold them.
            Err(e) if e.kind == Kind::MailboxGone => {
                if super::tree::exists(session, &to.raw).await? {
                    return Err(e);
                }
            }
            Err(e) => return Err(e),
        }
    }
    let guard = ctx.lock(mailbox).await;
    pull::pull_locked(ctx, session, mailbox).await?;
    let (mut halves, mut again, mut taken, mut settled) = (Vec::new(), Vec::new(), 0, false);
    let mut tx = ctx.store.begin().await?;
    for intent in &doubtful {
        let Some((_, expected)) = intent.kind.leads_to() else { continue };
        let copying = matches!(intent.kind, IntentKind::Copy { .. });
        let source = tx.placement(intent.placement).await?;
        let awaited = tx.placement(expected).await?;
        let arrived = awaited.as_ref().is_some_and(|p| p.uid > 0);
        match (source, arrived) {
            (_, true) if copying => {
                tx.set_intent_state(&[intent.id], IntentState::Done).await?;
                settled = true;
            }
            (Some(p), true) if p.uid > 0 => halves.push((p, intent.id)),
            (None, true) => {
                tx.set_intent_state(&[intent.id], IntentState::Done).await?;
                settled = true;
            }
            (Some(_), true) => {}
            // It had arrived, and others took it away before the original was removed: that one is shown again.
            (Some(p), false) if awaited.is_none() => {
                tx.remove_intent(intent.id).await?;
                tx.set_hidden(&p, false).await?;
                settled = true;
            }
            (Some(_), false) => again.push(intent.id),
            (None, false) => {
                if let Some(p) = tx.placement(expected).await? {
                    decision::record(&mut tx, ctx.clock.now(), "moved_elsewhere", intent, &p).await?;
                    label::pass_on(&mut tx, &p).await?;
                }
                for follow in tx.waiting_for(expected).await? {
                    tx.remove_intent(follow.id).await?;
                }
                tx.remove_placement(expected).await?;
                tx.remove_intent(intent.id).await?;
                taken += 1;
                settled = true;
            }
        }
    }
    tx.set_intent_state(&again, IntentState::Queued).await?;
    if taken > 0 {
        let name = ctx.store.mailbox(mailbox).await?.name;
        tx.add_notice(ctx.account, ctx.clock.now(), "moved_elsewhere", &name, taken).await?;
    }
    tx.commit().await?;
    if !halves.is_empty() {
        let uids: UidSet = halves.iter().map(|(p, _)| p.uid).collect();
        let kept = match remove(session, &uids).await {
            Err(e) if refusal(&e) => true,
            other => other.map(|()| false)?,
        };
        let mut tx = ctx.store.begin().await?;
        for (p, intent) in &halves {
            if kept {
                tx.set_hidden(p, false).await?;
            } else {
                tx.remove_placement(p.id).await?;
            }
            tx.set_intent_state(&[*intent], IntentState::Done).await?;
        }
        if kept {
            // It has become a copy: both are shown, as they are.
            let name = ctx.store.mailbox(mailbox).await?.name;
            tx.add_notice(ctx.account, ctx.clock.now(), "refused_move", &name, halves.len() as i64).await?;
        }
        tx.commit().await?;
        settled = true;
    }
    drop(guard);
    Ok(settled || !again.is_empty())
}
