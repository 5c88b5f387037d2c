//! Uploads to APPEND, one at a time.
//!
//! An upload found claimed may have arrived: what the mailbox has got since, and looks exactly like it, is it. Once the server
//! has told the UID, what it says of the message is what counts from then on, so that every device knows it by the same
//! identity. One that the server does not take waits: it is nowhere else.

use super::{Context, budget, headers, pull};
use crate::error::{Kind, Result};
use crate::journal::draft::Version;
use crate::journal::undo;
use crate::model::{MailboxId, Role};
use crate::protocol::imap::Session;
use crate::protocol::imap::append::{Upload, date_time};
use crate::protocol::imap::messages::Which;
use crate::store::Tx;
use crate::store::intent::{IntentKind, IntentRow, IntentState};
use crate::store::mailbox::MailboxRow;
use crate::store::placement::PlacementRow;
use crate::uid_set::UidSet;

/// One that may have arrived, and does not lie there yet, is not sent again before so many seconds have passed: a server may still be
/// busy with what came over a connection that broke.
const GRACE: i64 = 30;

/// Sends the uploads of a mailbox that are due; false when there was nothing to do.
pub async fn send(ctx: &Context, session: &mut Session, row: &MailboxRow) -> Result<bool> {
    let due = ctx.due_time();
    let mut waiting = waiting(ctx, row.id).await?;
    waiting.retain(|i| i.not_before <= due);
    leave_drafts(ctx, &mut waiting).await?;
    if waiting.is_empty() {
        return Ok(false);
    }
    let _guard = ctx.lock(row.id).await;
    if session.selected() != Some(row.raw.as_slice()) {
        pull::pull_locked(ctx, session, row.id).await?;
    }
    for intent in &waiting {
        one(ctx, session, row, intent).await?;
    }
    Ok(true)
}

/// Takes out the versions of drafts that have to wait for another day.
async fn leave_drafts(ctx: &Context, waiting: &mut Vec<IntentRow>) -> Result<()> {
    let mut octets = 0;
    for intent in std::mem::take(waiting) {
        let version = ctx.store.version(intent.placement).await?;
        if intent.state == IntentState::Queued && version.is_some_and(|(id, ..)| Version::of(&id).is_some()) {
            let Ok(p) = ctx.store.placement(intent.placement).await else { continue }; // taken back just now
            octets += ctx.store.message(p.message).await?.size;
            if !budget::allows_draft(ctx, octets).await? {
                continue;
            }
        }
        waiting.push(intent);
    }
    Ok(())
}

/// The uploads of a mailbox that are not through, in their order. Nobody has to wait for the writer to learn that there are none.
async fn waiting(ctx: &Context, mailbox: MailboxId) -> Result<Vec<IntentRow>> {
    let mut all = ctx.store.waiting_intents(ctx.account).await?;
    all.retain(|i| i.mailbox == mailbox && i.kind == IntentKind::Append);
    Ok(all)
}

async fn one(ctx: &Context, session: &mut Session, row: &MailboxRow, intent: &IntentRow) -> Result<()> {
    if intent.state == IntentState::Sent && recognised(ctx, session, row, intent).await? {
        return Ok(());
    }
    let p = match ctx.store.placement(intent.placement).await {
        Err(e) if e.kind == Kind::NotFound => return Ok(()), // taken back since the list was read
        other => other?,
    };
    let Some(message) = ctx.store.body(p.message).await? else {
        let mut tx = ctx.store.begin().await?;
        undo::revert(&mut tx, intent).await?;
        tx.add_notice(ctx.account, ctx.clock.now(), "refused_append", &row.name, 1).await?;
        return tx.commit().await;
    };
    let now = ctx.store.mailbox(row.id).await?;
    let mut tx = ctx.store.begin().await?;
    let again = ctx.clock.now() + GRACE;
    if !tx.claim_upload(intent.id, now.uid_validity, now.uid_next, again).await? {
        return Ok(());
    }
    tx.commit().await?;
    let upload = Upload { flags: p.flags.names(), date: date_time(p.received), message };
    let there = match session.append_all(&row.raw, vec![upload]).await {
        Err(e) if super::replay::refusal(&e) => {
            // It did not happen, and it is not thrown away.
            let mut tx = ctx.store.begin().await?;
            tx.set_intent_state(&[intent.id], IntentState::Queued).await?;
            tx.commit().await?;
            return Err(e);
        }
        other => other?,
    };
    match there.and_then(|(validity, uids)| Some((validity, *uids.first()?))) {
        Some((validity, uid)) if validity == now.uid_validity => {
            let mut fetched = Vec::new();
            session
                .fetch_headers(&Which::Uids(UidSet::range(uid, uid)), |f| {
                    fetched.push(f);
                    Ok(())
                })
                .await?;
            let found = headers::understand(fetched).await?;
            let mut tx = ctx.store.begin().await?;
            headers::store(ctx, &mut tx, row.id, found).await?;
            let twin = tx.placements_by_uid(row.id, &UidSet::range(uid, uid)).await?.pop();
            match twin {
                Some(twin) => adopt(&mut tx, intent, &p, &twin).await?,
                // Gone again already: it was there.
                None => {
                    tx.set_intent_state(&[intent.id], IntentState::Done).await?;
                    tx.remove_placement(p.id).await?;
                }
            }
            tx.commit().await
        }
        // The next round recognises it.
        _ => Ok(()),
    }
}

/// Looks for an upload that may have arrived.
async fn recognised(
    ctx: &Context,
    session: &mut Session,
    row: &MailboxRow,
    intent: &IntentRow,
) -> Result<bool> {
    pull::pull_locked(ctx, session, row.id).await?;
    while headers::fetch_batch(ctx, session, &ctx.store.mailbox(row.id).await?, 1000).await? {}
    let validity = ctx.store.mailbox(row.id).await?.uid_validity;
    let mut tx = ctx.store.begin().await?;
    let Some(p) = tx.placement(intent.placement).await? else {
        tx.remove_intent(intent.id).await?;
        tx.commit().await?;
        return Ok(true);
    };
    let from = tx.upload_from(intent.id, validity).await?;
    let Some(twin) = tx.twin_of(&p, from).await? else {
        return replaced_elsewhere(tx, intent, &p).await;
    };
    adopt(&mut tx, intent, &p, &twin).await?;
    tx.commit().await?;
    Ok(true)
}

/// A version of a draft that arrived, and whose place another device has given to a later one: that one names it.
async fn replaced_elsewhere(mut tx: Tx, intent: &IntentRow, p: &PlacementRow) -> Result<bool> {
    let message_id = tx.message_id(p.message).await?;
    let Some(v) = Version::of(&message_id) else { return Ok(false) };
    if !tx.comes_from(p.mailbox, v.version, false).await? {
        return Ok(false);
    }
    give_up(&mut tx, intent).await?;
    tx.commit().await?;
    Ok(true)
}

/// Versions of drafts that may have arrived, and do not lie there: another device may have thrown them away, and then they, or what was
/// made of them, lie in the trash. Nothing may be locked: the trash is brought in step.
pub async fn settle_thrown_away(ctx: &Context, session: &mut Session, mailbox: MailboxId) -> Result<bool> {
    if versions_in_doubt(ctx, mailbox).await?.is_empty() {
        return Ok(false);
    }
    // First the drafts, then the trash: what left the one must then be seen in the other.
    let guard = ctx.lock(mailbox).await;
    pull::pull_locked(ctx, session, mailbox).await?;
    let mut any = settle(ctx, session, &ctx.store.mailbox(mailbox).await?).await?;
    drop(guard);
    let left = versions_in_doubt(ctx, mailbox).await?;
    let all = ctx.store.mailboxes(ctx.account).await?;
    let trash = all.iter().find(|m| m.role == Some(Role::Trash) && m.usable() && m.uid_validity > 0);
    let Some(trash) = trash.filter(|m| m.id != mailbox && !left.is_empty()) else { return Ok(any) };
    match pull::pull(ctx, session, trash.id).await {
        Ok(()) => while headers::next_batch(ctx, session, trash.id, 1000).await? {},
        Err(e) if e.kind == Kind::MailboxGone => return Ok(any),
        Err(e) => return Err(e),
    }
    let mut tx = ctx.store.begin().await?;
    for (intent, id) in left {
        let Some(v) = Version::of(&id) else { continue };
        if tx.comes_from(trash.id, v.version, true).await? {
            give_up(&mut tx, &intent).await?;
            any = true;
        }
    }
    tx.commit().await?;
    Ok(any)
}

/// The uploads of drafts that may have arrived, with the Message-ID of the version.
async fn versions_in_doubt(ctx: &Context, mailbox: MailboxId) -> Result<Vec<(IntentRow, String)>> {
    let mut found = Vec::new();
    for intent in waiting(ctx, mailbox).await?.into_iter().filter(|i| i.state == IntentState::Sent) {
        let id = ctx.store.version(intent.placement).await?.map(|(id, ..)| id).unwrap_or_default();
        if Version::of(&id).is_some() {
            found.push((intent, id));
        }
    }
    Ok(found)
}

/// It had arrived, and others went on from it.
async fn give_up(tx: &mut Tx, intent: &IntentRow) -> Result<()> {
    tx.set_intent_state(&[intent.id], IntentState::Done).await?;
    undo::drop_with_wishes(tx, intent.placement).await
}

/// Settles the uploads that may have arrived, before anything else that is wished for this mailbox: what an upload has become must not be
/// taken for something else. False when none was.
pub async fn settle(ctx: &Context, session: &mut Session, row: &MailboxRow) -> Result<bool> {
    let mut any = false;
    for intent in waiting(ctx, row.id).await?.iter().filter(|i| i.state == IntentState::Sent) {
        any |= recognised(ctx, session, row, intent).await?;
    }
    Ok(any)
}

/// Our row becomes the server's message; the row that the server's answer made goes, and what was wished for that one is wished for
/// this.
async fn adopt(tx: &mut Tx, intent: &IntentRow, p: &PlacementRow, twin: &PlacementRow) -> Result<()> {
    if twin.id != p.id {
        tx.redirect_intents(twin.id, p.id, p.mailbox).await?;
        if twin.hidden {
            tx.set_hidden(p, true).await?;
        }
        tx.remove_placement(twin.id).await?;
        tx.adopt(p, twin.message, twin.uid).await?;
        tx.hand_over_body(p.message, twin.message).await?;
        let now = PlacementRow { uid: twin.uid, message: twin.message, ..p.clone() };
        let wishes = headers::flag_changes(&tx.waiting_for(p.id).await?);
        let none = Vec::new();
        let flags = super::merge::local(&twin.base, wishes.get(&p.id).unwrap_or(&none));
        tx.set_flags(&now, &twin.base, &flags, twin.modseq).await?;
    }
    tx.set_intent_state(&[intent.id], IntentState::Done).await
}
