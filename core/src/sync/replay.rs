//! Intents to STORE, MOVE and EXPUNGE.
//!
//! Each mailbox with something to send is first brought in step (so UIDs are right and UIDVALIDITY is checked), then its
//! intents are *claimed*: marked as sent, durably, before a byte goes out. Then power may fail at any point:
//!
//! * flags: STORE is idempotent, it is sent again;
//! * delete: `\Deleted` and UID EXPUNGE of exactly these UIDs are idempotent;
//! * move: an intent found claimed by an earlier run may have happened. The target is brought in step; if the message has
//!   arrived (the expected placement got its UID) the move happened, and a source that is still there is removed, as a COPY
//!   without its second half; if it has not, and the source is there, it did not happen and is sent again; if it is in
//!   neither, another device took it.
//!
//! A NO undoes the intent visibly, with a notice; it is never sent again.

use super::{Context, merge, pull};
use crate::error::{Error, Kind, Result, Scope};
use crate::model::{FlagChange, Flags, MailboxId, PlacementId};
use crate::protocol::imap::Session;
use crate::store::Tx;
use crate::store::intent::{IntentKind, IntentRow, IntentState};
use crate::store::mailbox::MailboxRow;
use crate::store::placement::PlacementRow;
use crate::uid_set::UidSet;
use std::collections::{BTreeMap, BTreeSet};

/// A server that answers OK and does nothing is given up on after this many rounds for one mailbox.
const ROUNDS: u32 = 20;

/// Sends everything that is due. Returns when nothing due is left that could be sent.
pub async fn replay(ctx: &Context, session: &mut Session) -> Result<()> {
    // One replay at a time: to a second one, what the first has in flight would look like left over from a crash.
    let _only = ctx.replaying.lock().await;
    // Each round sends at least one intent or ends; later intents wait for UIDs that earlier ones bring.
    let mut stuck: BTreeSet<MailboxId> = BTreeSet::new();
    let mut rounds: BTreeMap<MailboxId, u32> = BTreeMap::new();
    let mut shut: BTreeMap<MailboxId, Error> = BTreeMap::new();
    loop {
        let due = due(ctx).await?;
        let open = |m: &MailboxId| !stuck.contains(m) && !shut.contains_key(m);
        let Some(mailbox) = due.iter().map(|i| i.mailbox).find(open) else {
            return shut.into_values().next().map_or(Ok(()), Err);
        };
        let round = rounds.entry(mailbox).or_default();
        *round += 1;
        if *round > ROUNDS {
            let name = ctx.store.mailbox(mailbox).await?.name;
            return Err(Error::new(Kind::Protocol, name).because("changes are accepted and do not happen"));
        }
        match replay_mailbox(ctx, session, mailbox).await {
            Ok(true) => stuck.clear(),
            Ok(false) => {
                stuck.insert(mailbox);
            }
            Err(e) if e.kind == Kind::MailboxGone => {
                let raw = ctx.store.mailbox(mailbox).await?.raw;
                if super::tree::exists(session, &raw).await? {
                    // It is there and does not open: a passing mood of the server's, and the user's changes wait.
                    shut.insert(mailbox, e);
                } else {
                    refuse_all(ctx, mailbox, &e).await?;
                }
            }
            Err(e) => return Err(e),
        }
    }
}

async fn due(ctx: &Context) -> Result<Vec<IntentRow>> {
    let now = ctx.due_time();
    let mut waiting = ctx.store.waiting_intents(ctx.account).await?;
    waiting.retain(|i| i.not_before <= now);
    Ok(waiting)
}

/// A claimed intent with its placement.
struct Claimed {
    intent: IntentRow,
    placement: PlacementRow,
}

/// Sends what is due for one mailbox; false when there was nothing that could be sent.
async fn replay_mailbox(ctx: &Context, session: &mut Session, mailbox: MailboxId) -> Result<bool> {
    let uncertain = settle_uncertain(ctx, session, mailbox).await?;
    let _guard = ctx.lock(mailbox).await;
    pull::pull_locked(ctx, session, mailbox).await?;
    let row = ctx.store.mailbox(mailbox).await?;
    let claimed = claim(ctx, mailbox).await?;
    let (flags, rest): (Vec<Claimed>, Vec<Claimed>) =
        claimed.into_iter().partition(|c| matches!(c.intent.kind, IntentKind::Flag(_)));
    let (deletes, moves): (Vec<Claimed>, Vec<Claimed>) =
        rest.into_iter().partition(|c| c.intent.kind == IntentKind::Delete);
    let sent = uncertain || !flags.is_empty() || !deletes.is_empty() || !moves.is_empty();
    send_flags(ctx, session, &row, flags).await?;
    send_deletes(ctx, session, &row, deletes).await?;
    drop(_guard);
    send_moves(ctx, session, &row, moves).await?;
    Ok(sent)
}

/// Marks as sent what can be sent now: due, its placement has a UID, and nothing of another kind comes before it.
async fn claim(ctx: &Context, mailbox: MailboxId) -> Result<Vec<Claimed>> {
    let now = ctx.due_time();
    let mut tx = ctx.store.begin().await?;
    let mut claimed: Vec<Claimed> = Vec::new();
    let mut blocked: BTreeSet<PlacementId> = BTreeSet::new();
    for intent in tx.waiting_in(mailbox).await? {
        if intent.mailbox != mailbox || blocked.contains(&intent.placement) {
            continue;
        }
        let uncertain = intent.state == IntentState::Sent;
        let Some(placement) = tx.placement(intent.placement).await? else {
            // The message left this mailbox without us; only a move that may have been ours is still of interest.
            if !(uncertain && matches!(intent.kind, IntentKind::Move { .. })) {
                tx.remove_intent(intent.id).await?;
            }
            continue;
        };
        if intent.not_before > now || placement.uid == 0 {
            blocked.insert(intent.placement);
            continue;
        }
        claimed.push(Claimed { intent, placement });
    }
    let ids: Vec<i64> = claimed.iter().map(|c| c.intent.id).collect();
    tx.set_intent_state(&ids, IntentState::Sent).await?;
    tx.commit().await?;
    Ok(claimed)
}

/// Claims again what was claimed a while ago: settling an earlier group has put these back, or they were undone or overtaken.
async fn claim_again(ctx: &Context, group: Vec<Claimed>) -> Result<Vec<Claimed>> {
    let mut tx = ctx.store.begin().await?;
    let mut claimed = Vec::with_capacity(group.len());
    for c in group {
        let waiting = tx.waiting_for(c.placement.id).await?;
        let Some(intent) = waiting.into_iter().find(|i| i.id == c.intent.id) else { continue };
        let Some(placement) = tx.placement(c.placement.id).await?.filter(|p| p.uid > 0) else { continue };
        claimed.push(Claimed { intent, placement });
    }
    let ids: Vec<i64> = claimed.iter().map(|c| c.intent.id).collect();
    tx.set_intent_state(&ids, IntentState::Sent).await?;
    tx.commit().await?;
    Ok(claimed)
}

/// Flags: folded for each placement, grouped by what is said, one STORE for each group.
async fn send_flags(
    ctx: &Context,
    session: &mut Session,
    row: &MailboxRow,
    claimed: Vec<Claimed>,
) -> Result<()> {
    let mut by_placement: BTreeMap<PlacementId, (PlacementRow, Vec<FlagChange>, Vec<i64>)> = BTreeMap::new();
    for c in claimed {
        let IntentKind::Flag(change) = c.intent.kind else { continue };
        let entry =
            by_placement.entry(c.placement.id).or_insert_with(|| (c.placement, Vec::new(), Vec::new()));
        entry.1.push(change);
        entry.2.push(c.intent.id);
    }
    if by_placement.is_empty() {
        return Ok(());
    }
    let mut groups: BTreeMap<(char, String), UidSet> = BTreeMap::new();
    for (p, changes, _) in by_placement.values() {
        let net = merge::to_send(&p.base, changes);
        for (sign, flags) in [('+', &net.add), ('-', &net.remove)] {
            if !flags.is_empty() {
                groups.entry((sign, flags.names())).or_default().insert(p.uid);
            }
        }
    }
    let mut modseqs: BTreeMap<u32, u64> = BTreeMap::new();
    for ((sign, names), uids) in &groups {
        match session.store_flags(uids, *sign, names).await {
            Ok(told) => modseqs.extend(told.iter().filter_map(|f| f.uid.zip(f.modseq))),
            Err(e) if refusal(&e) => {
                let ids: Vec<i64> =
                    by_placement.values().flat_map(|(_, _, ids)| ids.iter().copied()).collect();
                return refuse(ctx, row, &ids, "refused_flag", &e).await;
            }
            Err(e) => return Err(e),
        }
    }
    let mut tx = ctx.store.begin().await?;
    for (p, changes, ids) in by_placement.values() {
        tx.set_intent_state(ids, IntentState::Done).await?;
        let Some(now) = tx.placement(p.id).await? else { continue };
        let base = merge::local(&p.base, changes);
        let flags = merge::local(&base, &waiting_changes(&mut tx, p.id).await?);
        let modseq = modseqs.get(&p.uid).copied().unwrap_or(now.modseq);
        tx.set_flags(&now, &base, &flags, modseq).await?;
    }
    tx.commit().await
}

async fn waiting_changes(tx: &mut Tx, placement: PlacementId) -> Result<Vec<FlagChange>> {
    let waiting = tx.waiting_for(placement).await?;
    Ok(waiting
        .into_iter()
        .filter_map(|i| match i.kind {
            IntentKind::Flag(change) => Some(change),
            _ => None,
        })
        .collect())
}

/// Deletion for good: marked, then expunged, exactly these.
async fn send_deletes(
    ctx: &Context,
    session: &mut Session,
    row: &MailboxRow,
    claimed: Vec<Claimed>,
) -> Result<()> {
    if claimed.is_empty() {
        return Ok(());
    }
    let uids: UidSet = claimed.iter().map(|c| c.placement.uid).collect();
    let ids: Vec<i64> = claimed.iter().map(|c| c.intent.id).collect();
    match remove(session, &uids).await {
        Ok(()) => {}
        Err(e) if refusal(&e) => return refuse(ctx, row, &ids, "refused_delete", &e).await,
        Err(e) => return Err(e),
    }
    let mut tx = ctx.store.begin().await?;
    tx.set_intent_state(&ids, IntentState::Done).await?;
    for c in &claimed {
        tx.remove_placement(c.placement.id).await?;
    }
    tx.commit().await
}

async fn remove(session: &mut Session, uids: &UidSet) -> Result<()> {
    let deleted = Flags { bits: Flags::DELETED, ..Flags::default() }.names();
    session.store_flags(uids, '+', &deleted).await?;
    match session.expunge(uids).await {
        // They stay, so they are not left for anybody's EXPUNGE to take.
        Err(e) if refusal(&e) => {
            session.store_flags(uids, '-', &deleted).await.map(drop)?;
            Err(e)
        }
        other => other,
    }
}

/// Moves, target by target. Afterwards the target is brought in step where the server did not tell the new UIDs.
async fn send_moves(
    ctx: &Context,
    session: &mut Session,
    row: &MailboxRow,
    claimed: Vec<Claimed>,
) -> Result<()> {
    let mut by_target: BTreeMap<MailboxId, Vec<Claimed>> = BTreeMap::new();
    for c in claimed {
        // What may have happened before was settled; what is left of it is sent again.
        let IntentKind::Move { target, .. } = c.intent.kind else { continue };
        by_target.entry(target).or_default().push(c);
    }
    for (target, group) in by_target {
        let guard = ctx.lock(row.id).await;
        if session.selected() != Some(row.raw.as_slice()) {
            pull::pull_locked(ctx, session, row.id).await?;
        }
        let group = claim_again(ctx, group).await?;
        if group.is_empty() {
            continue;
        }
        let to = ctx.store.mailbox(target).await?;
        let uids: UidSet = group.iter().map(|c| c.placement.uid).collect();
        let ids: Vec<i64> = group.iter().map(|c| c.intent.id).collect();
        let moved = match relocate(session, &uids, &to).await {
            Err(e) if e.kind == Kind::MailboxGone && to.uid_validity == 0 => {
                // Archive or Trash that this account did not have yet.
                session.create_mailbox(&to.name).await?;
                relocate(session, &uids, &to).await
            }
            other => other,
        };
        let pairs = match moved {
            Ok(pairs) => pairs,
            Err(e) if refusal(&e) => {
                refuse(ctx, row, &ids, "refused_move", &e).await?;
                continue;
            }
            Err(e) => return Err(e),
        };
        let mut unknown = false;
        let mut tx = ctx.store.begin().await?;
        for c in &group {
            let IntentKind::Move { expected, .. } = c.intent.kind else { continue };
            let uid = pairs.get(&c.placement.uid).copied();
            match (uid, tx.placement(expected).await?) {
                (Some(uid), Some(there)) => {
                    if there.uid == 0 {
                        tx.set_uid(&there, uid).await?;
                    }
                    tx.remove_placement(c.placement.id).await?;
                    tx.set_intent_state(&[c.intent.id], IntentState::Done).await?;
                }
                _ => unknown = true,
            }
        }
        tx.commit().await?;
        drop(guard);
        if unknown {
            settle_uncertain(ctx, session, row.id).await?;
        }
    }
    Ok(())
}

/// New UID by old UID, as far as the server told and we can believe it. Without MOVE the originals are removed only where the
/// server told of every copy; else they stay until the copies were seen ([`settle_uncertain`]).
async fn relocate(session: &mut Session, uids: &UidSet, to: &MailboxRow) -> Result<BTreeMap<u32, u32>> {
    let copied = if session.can("MOVE") {
        session.move_to(uids, &to.raw).await?
    } else {
        let copied = session.copy(uids, &to.raw).await?;
        let told: UidSet = copied.pairs.iter().map(|(from, _)| *from).collect();
        if uids.minus(&told).is_empty() {
            match remove(session, uids).await {
                // The copies are there: settling removes the originals or says that it could not.
                Err(e) if refusal(&e) => return Ok(BTreeMap::new()),
                other => other?,
            }
        }
        copied
    };
    // UIDs mean something only under the UIDVALIDITY that we know the target by.
    if copied.uid_validity == to.uid_validity && to.uid_validity > 0 {
        Ok(copied.pairs.into_iter().collect())
    } else {
        Ok(BTreeMap::new())
    }
}

/// Finds out what became of moves out of a mailbox that were claimed and not confirmed; true when any was settled.
async fn settle_uncertain(ctx: &Context, session: &mut Session, mailbox: MailboxId) -> Result<bool> {
    let doubtful: Vec<IntentRow> = due(ctx)
        .await?
        .into_iter()
        .filter(|i| {
            i.mailbox == mailbox && i.state == IntentState::Sent && matches!(i.kind, IntentKind::Move { .. })
        })
        .collect();
    if doubtful.is_empty() {
        return Ok(false);
    }
    // First the source, then the targets: what left the one must then be seen in the other.
    pull::pull(ctx, session, mailbox).await?;
    let targets: BTreeSet<MailboxId> = doubtful
        .iter()
        .filter_map(|i| match i.kind {
            IntentKind::Move { target, .. } => Some(target),
            _ => None,
        })
        .collect();
    for target in targets {
        let to = ctx.store.mailbox(target).await?;
        match pull::pull(ctx, session, target).await {
            Ok(()) => while super::headers::next_batch(ctx, session, target, 1000).await? {},
            // Not made yet, or removed by another: nothing is there. One that is there and does not open may hold them.
            Err(e) if e.kind == Kind::MailboxGone => {
                if super::tree::exists(session, &to.raw).await? {
                    return Err(e.scoped(Scope::Account).again_later());
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
        let IntentKind::Move { expected, .. } = intent.kind else { continue };
        let source = tx.placement(intent.placement).await?;
        let arrived = tx.placement(expected).await?.is_some_and(|p| p.uid > 0);
        match (source, arrived) {
            (Some(p), true) if p.uid > 0 => halves.push((p, intent.id)),
            (None, true) => {
                tx.set_intent_state(&[intent.id], IntentState::Done).await?;
                settled = true;
            }
            (Some(_), true) => {}
            (Some(_), false) => again.push(intent.id),
            (None, false) => {
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

/// True for a NO that stands: the connection is fine, the server will not do it.
fn refusal(e: &Error) -> bool {
    matches!(
        e.kind,
        Kind::Refused
            | Kind::NotPermitted
            | Kind::AlreadyExists
            | Kind::TooLarge
            | Kind::OverQuota
            | Kind::MailboxGone
    )
}

/// Undoes intents that the server refused, and says so.
async fn refuse(ctx: &Context, row: &MailboxRow, ids: &[i64], code: &str, why: &Error) -> Result<()> {
    tracing::warn!(code, error = %why, "the server refused a change; it is undone here");
    let mut tx = ctx.store.begin().await?;
    let wanted: BTreeSet<i64> = ids.iter().copied().collect();
    let mut count = 0;
    for intent in tx.waiting_in(row.id).await? {
        if wanted.contains(&intent.id) {
            crate::journal::undo::revert(&mut tx, &intent).await?;
            count += 1;
        }
    }
    tx.add_notice(ctx.account, ctx.clock.now(), code, &row.name, count).await?;
    tx.commit().await
}

/// The mailbox cannot be opened: nothing that waits for it can be done.
async fn refuse_all(ctx: &Context, mailbox: MailboxId, why: &Error) -> Result<()> {
    let row = ctx.store.mailbox(mailbox).await?;
    let ids: Vec<i64> = due(ctx).await?.iter().filter(|i| i.mailbox == mailbox).map(|i| i.id).collect();
    refuse(ctx, &row, &ids, "refused_gone", why).await
}
