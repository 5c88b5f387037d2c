//! SELECT to what changed in one mailbox: flags, removals, new UIDs.
//!
//! Three tiers, the best that the server has: QRESYNC tells everything in the answer to SELECT (RFC 7162 section 3.2.5);
//! CONDSTORE tells changed flags, and a search tells what is left; else both are compared whole. A removal is believed when
//! the server said it in so many words; what is merely missing from an answer is asked about again, and so is what is
//! suspiciously much.

use super::{Context, headers, merge};
use crate::error::{Error, Kind, Result, Scope};
use crate::journal::{decision, junk, label, undo};
use crate::model::{FlagChange, MailboxId};
use crate::protocol::imap::Session;
use crate::protocol::imap::mailboxes::{FlagNews, SelectRequest, Selected};
use crate::protocol::imap::response::Fetched;
use crate::store::Tx;
use crate::store::intent::{IntentKind, IntentState};
use crate::store::mailbox::MailboxRow;
use crate::store::placement::PlacementRow;
use crate::uid_set::UidSet;

/// Rows that make an inbox usable.
const FIRST: u32 = 50;
/// New headers fetched with the pull itself; more are left to the background.
const NEW: u64 = 500;

/// What to ask when opening a mailbox.
pub fn request(row: &MailboxRow) -> SelectRequest {
    let known = (row.uid_validity > 0 && row.modseq > 0).then_some((row.uid_validity, row.modseq));
    SelectRequest { mailbox: row.raw.clone(), known }
}

/// Brings one mailbox in step; it is open afterwards.
pub async fn pull(ctx: &Context, session: &mut Session, mailbox: MailboxId) -> Result<()> {
    let _guard = ctx.lock(mailbox).await;
    pull_locked(ctx, session, mailbox).await
}

/// The same for a caller that holds the lock.
pub async fn pull_locked(ctx: &Context, session: &mut Session, mailbox: MailboxId) -> Result<()> {
    let row = ctx.store.mailbox(mailbox).await?;
    let selected = session.select(&request(&row)).await?;
    settle(ctx, session, &row, selected).await
}

/// Applies the answer to SELECT. The caller holds the lock.
pub async fn settle(
    ctx: &Context,
    session: &mut Session,
    row: &MailboxRow,
    selected: Selected,
) -> Result<()> {
    if selected.uid_validity == 0 {
        // "UIDs cannot be kept" (RFC 9051 section 2.3.1.1): nothing that we could rely on later.
        return Err(Error::new(Kind::Protocol, &row.name).because("no UIDVALIDITY").scoped(Scope::Mailbox));
    }
    if row.uid_validity > 0
        && let Some(id) = selected.mailbox_id.as_ref().filter(|id| **id != row.object_id)
    {
        let mut tx = ctx.store.begin().await?;
        tx.set_object_id(row.id, id).await?;
        tx.commit().await?;
    }
    if selected.uid_validity != row.uid_validity {
        return begin(ctx, session, row, selected).await;
    }
    let permanent = selected.permanent();
    let news = learn(ctx, session, row, selected).await?;
    let new_mail = !news.arrived.is_empty();
    let todo = row.todo.minus(&news.gone).union(&news.arrived);
    let mut tx = ctx.store.begin().await?;
    apply_flags(&mut tx, row, &news.changed).await?;
    apply_removals(ctx, &mut tx, row, &news.gone).await?;
    tx.set_progress(row.id, row.uid_validity, news.uid_next, &todo).await?;
    if permanent != row.permanent {
        tx.set_permanent(row.id, &permanent).await?;
    }
    tx.set_checked(row.id, news.modseq, ctx.clock.now()).await?;
    if todo.is_empty() {
        headers::drop_unfound(ctx, &mut tx, row).await?;
    }
    tx.commit().await?;
    if new_mail {
        let row = MailboxRow { todo, ..row.clone() };
        headers::fetch_batch(ctx, session, &row, NEW).await?;
    }
    Ok(())
}

/// What a visit learned.
struct News {
    changed: Vec<FlagNews>,
    gone: UidSet,
    arrived: UidSet,
    uid_next: u32,
    modseq: u64,
}

/// The first visit, or the first under a new UIDVALIDITY: the newest rows now, the rest is to be done.
async fn begin(ctx: &Context, session: &mut Session, row: &MailboxRow, selected: Selected) -> Result<()> {
    let emptied = selected.exists == 0 && !ctx.store.uids(row.id).await?.is_empty();
    if emptied && !session.search("ALL").await?.is_empty() {
        return Err(Error::new(Kind::Protocol, &row.name)
            .because("EXISTS 0, and yet there is mail")
            .scoped(Scope::Mailbox));
    }
    let mut fetched = Vec::new();
    session
        .fetch_newest(FIRST, selected.exists, |f| {
            fetched.push(f);
            Ok(())
        })
        .await?;
    first_visit(ctx, row, &selected, fetched).await
}

/// What the first visit to a mailbox brought; what is still missing is to be done. The caller holds the lock.
pub async fn first_visit(
    ctx: &Context,
    row: &MailboxRow,
    selected: &Selected,
    fetched: Vec<Fetched>,
) -> Result<()> {
    let here: UidSet = fetched.iter().filter_map(|f| f.uid).collect();
    let uid_next = selected.uid_next.max(here.max().map_or(1, |uid| uid + 1));
    // Fewer than there are, and fewer than we asked for: the rest is asked for by UID, where an answer can be checked.
    let all_here = here.len() >= u64::from(selected.exists);
    let rest = if all_here { UidSet::new() } else { UidSet::range(1, uid_next - 1).minus(&here) };
    let found = headers::understand(fetched).await?;
    let mut tx = ctx.store.begin().await?;
    if row.uid_validity > 0 {
        tx.forget_uids(row.id).await?;
    }
    tx.set_progress(row.id, selected.uid_validity, uid_next, &rest).await?;
    if let Some(id) = &selected.mailbox_id {
        tx.set_object_id(row.id, id).await?;
    }
    tx.set_permanent(row.id, &selected.permanent()).await?;
    headers::store(ctx, &mut tx, row.id, found).await?;
    tx.set_checked(row.id, selected.highest_modseq.unwrap_or(0), ctx.clock.now()).await?;
    if rest.is_empty() {
        headers::drop_unfound(ctx, &mut tx, row).await?;
    }
    tx.commit().await
}

/// Asks what changed, by the best tier there is.
async fn learn(ctx: &Context, session: &mut Session, row: &MailboxRow, selected: Selected) -> Result<News> {
    let mut changed = selected.changed;
    let known = ctx.store.uids(row.id).await?;
    let mut gone = UidSet::new();
    let mut uid_next = selected.uid_next.max(row.uid_next);
    if selected.resynced {
        gone = selected.vanished;
    } else {
        let since = match selected.highest_modseq {
            Some(_) if row.modseq > 0 => Some(row.modseq),
            _ => None,
        };
        let unchanged = since.is_some() && selected.highest_modseq == since;
        if selected.exists > 0 && !unchanged {
            session
                .fetch_flags(since, |f| {
                    changed.push(f);
                    Ok(())
                })
                .await?;
        }
        let there = if selected.exists > 0 { session.search("ALL").await? } else { UidSet::new() };
        uid_next = uid_next.max(there.max().map_or(1, |uid| uid + 1));
        gone = gone.union(&known.union(&row.todo).minus(&there));
    }
    let lost = gone.intersect(&known);
    // Missing from an answer is not yet said to be gone: a search or EXISTS 0 may be half an answer.
    let only_missing = !selected.resynced && !lost.is_empty();
    if only_missing || merge::suspicious(known.len(), lost.len()) {
        gone = gone.minus(&session.still_there(&lost).await?);
    }
    let mut arrived =
        UidSet::range(row.uid_next.max(1), uid_next.saturating_sub(1)).minus(&known).minus(&gone);
    // Nothing came, and yet there are not as many as we know of: whatever the cause, all are compared, once.
    let ours = known.union(&row.todo).minus(&gone);
    if arrived.is_empty() && ours.len() != u64::from(selected.exists) && session.can("UIDPLUS") {
        let there = session.search("ALL").await?;
        arrived =
            there.intersect(&UidSet::range(1, uid_next.saturating_sub(1).max(1))).minus(&ours).minus(&gone);
        let missing = ours.minus(&there);
        if !missing.is_empty() {
            gone = gone.union(&missing.minus(&session.still_there(&missing).await?));
        }
        if !arrived.is_empty() {
            tracing::warn!(mailbox = %row.name, count = arrived.len(), "messages had been missed");
        }
    }
    Ok(News { changed, gone, arrived, uid_next, modseq: selected.highest_modseq.unwrap_or(0) })
}

/// The server's flags become the base; what the user sees is merged anew.
async fn apply_flags(tx: &mut Tx, row: &MailboxRow, changed: &[FlagNews]) -> Result<()> {
    if changed.is_empty() {
        return Ok(());
    }
    let placements = if changed.len() > 2000 {
        tx.placements_with_uid(row.id).await?
    } else {
        let uids: UidSet = changed.iter().map(|f| f.uid).collect();
        tx.placements_by_uid(row.id, &uids).await?
    };
    let by_uid: std::collections::HashMap<u32, _> = placements.into_iter().map(|p| (p.uid, p)).collect();
    let waiting = tx.flag_wishes(row.id).await?;
    let none: Vec<FlagChange> = Vec::new();
    for f in changed {
        let FlagNews { uid, flags: base, modseq } = f;
        let Some(p) = by_uid.get(uid) else { continue };
        let modseq = *modseq;
        // A mod-sequence lower than what was applied is an older answer.
        if modseq > 0 && modseq < p.modseq {
            continue;
        }
        let flags = merge::local(base, waiting.get(&p.id).unwrap_or(&none));
        if *base != p.base || flags != p.flags || modseq != p.modseq {
            tx.set_flags(p, base, &flags, modseq).await?;
        }
    }
    Ok(())
}

/// The server has it no more. How many moves and copies of it were overtaken.
pub async fn let_go(tx: &mut Tx, now: i64, p: &PlacementRow) -> Result<i64> {
    let mut overtaken = 0;
    label::pass_on(tx, p).await?;
    for intent in tx.waiting_for(p.id).await? {
        match &intent.kind {
            // Sent: most likely our own doing. Replay finds out where it went.
            IntentKind::Move { .. } | IntentKind::Copy { .. } if intent.state == IntentState::Sent => {
                continue;
            }
            IntentKind::Move { expected, .. } | IntentKind::Copy { expected, .. } => {
                if tx.placement(*expected).await?.is_some_and(|there| there.uid == 0) {
                    undo::drop_with_wishes(tx, *expected).await?;
                }
                if !tx.is_sorting(intent.action).await? {
                    decision::record(tx, now, "moved_elsewhere", &intent, p).await?;
                    overtaken += 1;
                }
            }
            IntentKind::Flag(change) if junk::is_verdict(change) => {}
            IntentKind::Flag(_) => decision::record(tx, now, "gone_meanwhile", &intent, p).await?,
            _ => {}
        }
        tx.remove_intent(intent.id).await?;
    }
    tx.remove_placement(p.id).await?;
    Ok(overtaken)
}

/// The server removed these. What the user wanted of them is moot, unless it was our own move that removed them.
async fn apply_removals(ctx: &Context, tx: &mut Tx, row: &MailboxRow, gone: &UidSet) -> Result<()> {
    if gone.is_empty() {
        return Ok(());
    }
    // VANISHED may name a whole range of UIDs that never were here: ask for those that are.
    let known: UidSet = ctx.store.uids(row.id).await?.intersect(gone);
    let now = ctx.clock.now();
    let mut overtaken = 0;
    for p in tx.placements_by_uid(row.id, &known).await? {
        overtaken += let_go(tx, now, &p).await?;
    }
    if overtaken > 0 {
        tx.add_notice(ctx.account, ctx.clock.now(), "moved_elsewhere", &row.name, overtaken).await?;
    }
    Ok(())
}
