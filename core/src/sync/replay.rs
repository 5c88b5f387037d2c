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
//! * copy: the same, but the source stays;
//! * uploads: [`upload`]; what is about whole mailboxes: [`folders`].
//!
//! A NO undoes the intent visibly, with a notice and as a decision that the user can insist on; it is never sent again. Of many
//! only those are undone that the server really refuses.

use super::settle::{send_moves, settle_uncertain};
use super::{Context, folders, merge, pull, upload};
use crate::error::{Error, Kind, Result};
use crate::journal::{decision, label};
use crate::model::{ActionId, FlagChange, Flags, MailboxId, PlacementId};
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
    let _only = ctx.turns.replaying.lock().await;
    drop_homeless(ctx).await?;
    // Each round sends at least one intent or ends; later intents wait for UIDs that earlier ones bring.
    let mut stuck: BTreeSet<MailboxId> = BTreeSet::new();
    let mut must_wait: BTreeSet<i64> = BTreeSet::new();
    let mut rounds: BTreeMap<MailboxId, u32> = BTreeMap::new();
    let mut shut: BTreeMap<MailboxId, Error> = BTreeMap::new();
    loop {
        let due = due(ctx).await?;
        let open = |i: &&IntentRow| match i.kind.is_about_mailbox() {
            true => !must_wait.contains(&i.id) && !shut.contains_key(&i.mailbox),
            false => !stuck.contains(&i.mailbox) && !shut.contains_key(&i.mailbox),
        };
        // In the order in which the user did them: a folder is made before something is moved into it.
        let Some(next) = due.iter().find(open) else {
            return shut.into_values().next().map_or(Ok(()), Err);
        };
        let mailbox = next.mailbox;
        let round = rounds.entry(mailbox).or_default();
        *round += u32::from(!next.kind.is_about_mailbox());
        if *round > ROUNDS {
            let name = ctx.store.mailbox(mailbox).await?.name;
            return Err(Error::new(Kind::Protocol, name).because("changes are accepted and do not happen"));
        }
        let sent = if next.kind.is_about_mailbox() {
            Box::pin(folders::send(ctx, session, next)).await
        } else {
            replay_mailbox(ctx, session, mailbox).await
        };
        match sent {
            Ok(true) => {
                stuck.clear();
                must_wait.clear();
            }
            Ok(false) if next.kind.is_about_mailbox() => {
                must_wait.insert(next.id);
            }
            Ok(false) => {
                stuck.insert(mailbox);
            }
            // An upload that the server does not take waits, and keeps nothing else from going on.
            Err(e) if refusal(&e) && e.kind != Kind::MailboxGone => {
                shut.insert(mailbox, e);
            }
            Err(e) if e.kind == Kind::MailboxGone => {
                let row = ctx.store.mailbox(mailbox).await?;
                if super::tree::exists(session, &row.raw).await? {
                    // It is there and does not open: a passing mood of the server's, and the user's changes wait.
                    shut.insert(mailbox, e);
                } else if due.iter().any(|i| i.mailbox == mailbox && i.kind == IntentKind::Append) {
                    // What is to be put into it is nowhere else. But it may have another name by now: the next list tells.
                    if row.gone || row.uid_validity == 0 {
                        folders::make(session, &row).await?;
                    } else {
                        shut.insert(mailbox, e);
                    }
                } else {
                    refuse_all(ctx, mailbox, &e).await?;
                }
            }
            Err(e) => return Err(e),
        }
    }
}

/// A wish for a mailbox that this device no longer knows of can never be sent: it is taken back.
async fn drop_homeless(ctx: &Context) -> Result<()> {
    let waiting = ctx.store.waiting_intents(ctx.account).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let rows = ctx.store.mailboxes(ctx.account).await?;
    let known: BTreeSet<MailboxId> = rows.iter().map(|row| row.id).collect();
    let homeless = |i: &&IntentRow| {
        !known.contains(&i.mailbox) || i.kind.leads_to().is_some_and(|(target, _)| !known.contains(&target))
    };
    let homeless: Vec<&IntentRow> = waiting.iter().filter(homeless).collect();
    if homeless.is_empty() {
        return Ok(());
    }
    let mut tx = ctx.store.begin().await?;
    for intent in homeless {
        crate::journal::undo::revert(&mut tx, intent).await?;
    }
    tx.commit().await
}

pub(super) async fn due(ctx: &Context) -> Result<Vec<IntentRow>> {
    let now = ctx.due_time();
    let mut waiting = ctx.store.waiting_intents(ctx.account).await?;
    // An upload that may have arrived is looked for at once.
    waiting.retain(|i| i.not_before <= now || (i.kind == IntentKind::Append && i.state == IntentState::Sent));
    Ok(waiting)
}

/// A claimed intent with its placement.
pub(super) struct Claimed {
    pub(super) intent: IntentRow,
    pub(super) placement: PlacementRow,
}

/// Sends what is due for one mailbox; false when there was nothing that could be sent.
async fn replay_mailbox(ctx: &Context, session: &mut Session, mailbox: MailboxId) -> Result<bool> {
    let mut uncertain = settle_uncertain(ctx, session, mailbox).await?;
    uncertain |= upload::settle_thrown_away(ctx, session, mailbox).await?;
    let guard = ctx.lock(mailbox).await;
    pull::pull_locked(ctx, session, mailbox).await?;
    let row = ctx.store.mailbox(mailbox).await?;
    uncertain |= upload::settle(ctx, session, &row).await?;
    let claimed = claim(ctx, mailbox).await?;
    let (flags, rest): (Vec<Claimed>, Vec<Claimed>) =
        claimed.into_iter().partition(|c| matches!(c.intent.kind, IntentKind::Flag(_)));
    let (deletes, moves): (Vec<Claimed>, Vec<Claimed>) =
        rest.into_iter().partition(|c| c.intent.kind == IntentKind::Delete);
    let sent = uncertain || !flags.is_empty() || !deletes.is_empty() || !moves.is_empty();
    send_flags(ctx, session, &row, flags).await?;
    send_deletes(ctx, session, &row, deletes).await?;
    drop(guard);
    send_moves(ctx, session, &row, moves).await?;
    Ok(sent | Box::pin(upload::send(ctx, session, &row)).await?)
}

/// Marks as sent what can be sent now: due, its placement has a UID, and nothing of another kind comes before it.
async fn claim(ctx: &Context, mailbox: MailboxId) -> Result<Vec<Claimed>> {
    let now = ctx.due_time();
    let mut tx = ctx.store.begin().await?;
    let mut claimed: Vec<Claimed> = Vec::new();
    let waiting = tx.waiting_in(mailbox).await?;
    // What is still on its way into this mailbox is settled before what was wished for it there: a copy without its second half must not
    // be taken away.
    let mut arriving: BTreeMap<PlacementId, i64> = BTreeMap::new();
    for intent in &waiting {
        if let Some((_, expected)) = intent.kind.leads_to().filter(|(target, _)| *target == mailbox) {
            arriving.entry(expected).or_insert(intent.id);
        }
    }
    // What replaces something is there before that goes.
    let replacing: BTreeSet<ActionId> =
        waiting.iter().filter(|i| i.kind == IntentKind::Append).map(|i| i.action).collect();
    let mut blocked: BTreeSet<PlacementId> = BTreeSet::new();
    for intent in waiting {
        if intent.mailbox != mailbox
            || replacing.contains(&intent.action)
            || blocked.contains(&intent.placement)
            || arriving.get(&intent.placement).is_some_and(|before| *before < intent.id)
            || intent.kind.is_about_mailbox()
            || intent.kind == IntentKind::Append
        {
            continue;
        }
        let uncertain = intent.state == IntentState::Sent;
        let Some(placement) = tx.placement(intent.placement).await? else {
            // The message left this mailbox without us; only a move that may have been ours is still of interest.
            if !(uncertain && intent.kind.leads_to().is_some()) {
                crate::journal::undo::revert(&mut tx, &intent).await?;
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
    let mut refused = Refused::default();
    for ((sign, names), uids) in groups {
        let mut parts = Parts::of(uids);
        while let Some(part) = parts.next() {
            match session.store_flags(&part, sign, &names).await {
                Ok(told) => {
                    parts.went_through();
                    modseqs.extend(told.iter().filter_map(|f| f.uid.zip(f.modseq)));
                }
                Err(e) if refusal(&e) => refused.take(parts.refused(part), e),
                Err(e) => return Err(e),
            }
        }
    }
    let mut tx = ctx.store.begin().await?;
    let labels = tx.has_labels(ctx.account).await?;
    for (p, changes, ids) in by_placement.values().filter(|(p, ..)| !refused.uids.contains(p.uid)) {
        tx.set_intent_state(ids, IntentState::Done).await?;
        let Some(now) = tx.placement(p.id).await? else { continue };
        let base = merge::local(&p.base, changes);
        let flags = merge::local(&base, &waiting_changes(&mut tx, p.id).await?);
        let modseq = modseqs.get(&p.uid).copied().unwrap_or(now.modseq);
        tx.set_flags(&now, &base, &flags, modseq).await?;
        // Under its other labels the server has changed it too.
        for q in if labels { label::others(&mut tx, ctx.account, &now).await? } else { Vec::new() } {
            let base = merge::local(&q.base, changes);
            let flags = merge::local(&base, &tx.flag_wishes_of(q.message).await?);
            tx.set_flags(&q, &base, &flags, q.modseq).await?;
        }
    }
    tx.commit().await?;
    let ids: Vec<i64> = by_placement
        .values()
        .filter(|(p, ..)| refused.uids.contains(p.uid))
        .flat_map(|(_, _, ids)| ids.iter().copied())
        .collect();
    refused.undo(ctx, row, &ids, "refused_flag").await
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
    let mut parts = Parts::of(claimed.iter().map(|c| c.placement.uid).collect());
    let mut refused = Refused::default();
    while let Some(part) = parts.next() {
        match remove(session, &part).await {
            Ok(()) => parts.went_through(),
            Err(e) if refusal(&e) => refused.take(parts.refused(part), e),
            Err(e) => return Err(e),
        }
    }
    let (refused_ones, gone): (Vec<&Claimed>, Vec<&Claimed>) =
        claimed.iter().partition(|c| refused.uids.contains(c.placement.uid));
    let mut tx = ctx.store.begin().await?;
    let done: Vec<i64> = gone.iter().map(|c| c.intent.id).collect();
    tx.set_intent_state(&done, IntentState::Done).await?;
    for c in gone {
        tx.remove_placement(c.placement.id).await?;
    }
    tx.commit().await?;
    let ids: Vec<i64> = refused_ones.iter().map(|c| c.intent.id).collect();
    refused.undo(ctx, row, &ids, "refused_delete").await
}

/// Exactly these are marked and expunged.
pub async fn remove(session: &mut Session, uids: &UidSet) -> Result<()> {
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

/// True for a NO that stands: the connection is fine, the server will not do it.
pub fn refusal(e: &Error) -> bool {
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
pub(super) async fn refuse(
    ctx: &Context,
    row: &MailboxRow,
    ids: &[i64],
    code: &str,
    why: &Error,
) -> Result<()> {
    tracing::warn!(code, error = %why, "the server refused a change; it is undone here");
    let mut tx = ctx.store.begin().await?;
    let wanted: BTreeSet<i64> = ids.iter().copied().collect();
    let mut count = 0;
    for intent in tx.waiting_in(row.id).await? {
        if wanted.contains(&intent.id) {
            if let Some(p) = tx.placement(intent.placement).await? {
                decision::record(&mut tx, ctx.clock.now(), "refused", &intent, &p).await?;
            }
            crate::journal::undo::revert(&mut tx, &intent).await?;
            count += 1;
        }
    }
    tx.add_notice(ctx.account, ctx.clock.now(), code, &row.name, count).await?;
    tx.commit().await
}

/// A refused command for many messages is tried again in halves, so that one that cannot be done does not keep the others from
/// being done. Where nothing at all goes through, that is given up on soon.
pub(super) struct Parts {
    rest: Vec<UidSet>,
    patience: u32,
    some_went_through: bool,
}

impl Parts {
    pub(super) fn of(uids: UidSet) -> Self {
        let patience = 3 + u64::BITS - uids.len().leading_zeros();
        Self {
            rest: if uids.is_empty() { Vec::new() } else { vec![uids] },
            patience,
            some_went_through: false,
        }
    }

    pub(super) fn next(&mut self) -> Option<UidSet> {
        self.rest.pop()
    }

    pub(super) fn went_through(&mut self) {
        self.some_went_through = true;
    }

    /// What of a refused part is refused for good; the rest of it is tried again.
    pub(super) fn refused(&mut self, mut part: UidSet) -> UidSet {
        self.patience = self.patience.saturating_sub(1);
        if self.patience == 0 && !self.some_went_through {
            return self.rest.drain(..).fold(part, |all, one| all.union(&one));
        }
        if part.len() == 1 {
            return part;
        }
        let half = part.take_newest(part.len() / 2);
        self.rest.push(half);
        self.rest.push(part);
        UidSet::new()
    }
}

/// What the server refused, and why.
#[derive(Default)]
pub(super) struct Refused {
    pub(super) uids: UidSet,
    why: Option<Error>,
}

impl Refused {
    pub(super) fn take(&mut self, uids: UidSet, why: Error) {
        self.uids = self.uids.union(&uids);
        self.why = Some(why);
    }

    pub(super) async fn undo(self, ctx: &Context, row: &MailboxRow, ids: &[i64], code: &str) -> Result<()> {
        match self.why {
            Some(why) if !ids.is_empty() => refuse(ctx, row, ids, code, &why).await,
            _ => Ok(()),
        }
    }
}

/// The mailbox cannot be opened: nothing that waits for it can be done.
async fn refuse_all(ctx: &Context, mailbox: MailboxId, why: &Error) -> Result<()> {
    let row = ctx.store.mailbox(mailbox).await?;
    let ids: Vec<i64> = due(ctx).await?.iter().filter(|i| i.mailbox == mailbox).map(|i| i.id).collect();
    refuse(ctx, &row, &ids, "refused_gone", why).await
}
