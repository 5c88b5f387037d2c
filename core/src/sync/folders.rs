//! Intents about whole mailboxes to CREATE, RENAME, DELETE, SUBSCRIBE, SETMETADATA and to emptying one.
//!
//! Each is claimed before it is sent, and may have happened when it is found claimed. CREATE and SUBSCRIBE are idempotent: a
//! mailbox that is there already is what was wanted. After RENAME the two names tell what happened. DELETE goes out only when
//! nothing is left in the mailbox: what came in meanwhile goes to the trash first, as everything else in it did. Emptying
//! names UIDs, so that what comes later stays.
//!
//! Impossible: a message that is delivered between our last look and DELETE goes with the mailbox; IMAP has no condition for
//! it (RFC 9051 section 6.3.5).

use super::{Context, headers, pull, replay, tree};
use crate::error::{Error, Kind, Result};
use crate::journal::{Actions, folder, undo};
use crate::model::{MailboxId, PlacementId, Role};
use crate::protocol::imap::Session;
use crate::store::Tx;
use crate::store::intent::{IntentKind, IntentRow, IntentState};
use crate::store::mailbox::{MailboxRow, is_label};
use crate::uid_set::UidSet;

/// Sends one; false when it must wait for others.
pub async fn send(ctx: &Context, session: &mut Session, intent: &IntentRow) -> Result<bool> {
    let row = match ctx.store.mailbox(intent.mailbox).await {
        Err(e) if e.kind == Kind::NotFound => {
            let mut tx = ctx.store.begin().await?;
            tx.remove_intent(intent.id).await?;
            tx.commit().await?;
            return Ok(true);
        }
        other => other?,
    };
    match &intent.kind {
        IntentKind::Create => create(ctx, session, intent, &row).await,
        IntentKind::Rename { to, .. } => rename(ctx, session, intent, &row, to).await,
        IntentKind::Remove => remove(ctx, session, intent, &row).await,
        IntentKind::Subscribe(wanted) => subscribe(ctx, session, intent, &row, *wanted).await,
        IntentKind::Use { role, from, .. } => set_use(ctx, session, intent, &row, *role, *from).await,
        IntentKind::Empty { validity, last } => empty(ctx, session, intent, &row, *validity, *last).await,
        _ => Ok(false),
    }
}

async fn set_state(ctx: &Context, intent: &IntentRow, state: IntentState) -> Result<()> {
    let mut tx = ctx.store.begin().await?;
    tx.set_intent_state(&[intent.id], state).await?;
    tx.commit().await
}

/// Takes it back and says so.
async fn refuse(
    ctx: &Context,
    intent: &IntentRow,
    row: &MailboxRow,
    code: &str,
    why: &Error,
) -> Result<bool> {
    tracing::warn!(code, error = %why, "the server refused a change of a folder; it is undone here");
    let mut tx = ctx.store.begin().await?;
    undo::revert(&mut tx, intent).await?;
    tx.add_notice(ctx.account, ctx.clock.now(), code, &row.name, 1).await?;
    tx.commit().await?;
    Ok(true)
}

async fn create(ctx: &Context, session: &mut Session, intent: &IntentRow, row: &MailboxRow) -> Result<bool> {
    set_state(ctx, intent, IntentState::Sent).await?;
    if let Err(e) = make(session, row).await {
        return if replay::refusal(&e) {
            refuse(ctx, intent, row, "refused_create", &e).await
        } else {
            Err(e)
        };
    }
    set_state(ctx, intent, IntentState::Done).await?;
    Ok(true)
}

/// Makes a mailbox on the server and subscribes to it, so that other clients show it too. One that is there already will do.
pub async fn make(session: &mut Session, row: &MailboxRow) -> Result<()> {
    let special = row.role.and_then(Role::attribute);
    match session.create_mailbox(&row.raw, special).await {
        Err(e) if e.kind == Kind::AlreadyExists => {}
        // Old servers say NO without a reason.
        Err(e) if replay::refusal(&e) && tree::exists(session, &row.raw).await? => {}
        other => other?,
    }
    match session.subscribe(&row.raw, true).await {
        Err(e) if !replay::refusal(&e) => Err(e),
        _ => Ok(()),
    }
}

async fn rename(
    ctx: &Context,
    session: &mut Session,
    intent: &IntentRow,
    row: &MailboxRow,
    to: &[u8],
) -> Result<bool> {
    set_state(ctx, intent, IntentState::Sent).await?;
    if session.selected().is_some() {
        // Some servers do not rename what somebody has open.
        session.unselect().await?;
    }
    match session.rename_mailbox(&row.raw, to).await {
        Ok(()) => {}
        Err(e) if replay::refusal(&e) => {
            // Done before a reply was lost, or by another device.
            let done = !tree::exists(session, &row.raw).await? && tree::exists(session, to).await?;
            if !done {
                return refuse(ctx, intent, row, "refused_rename", &e).await;
            }
        }
        Err(e) => return Err(e),
    }
    // Subscriptions are to names (RFC 9051 section 6.3.6 leaves them where they were).
    for wanted in [(to, row.subscribed), (&row.raw[..], false)] {
        match session.subscribe(wanted.0, wanted.1).await {
            Err(e) if !replay::refusal(&e) => return Err(e),
            _ => {}
        }
    }
    let mut tx = ctx.store.begin().await?;
    renamed(&mut tx, row, to).await?;
    tx.set_intent_state(&[intent.id], IntentState::Done).await?;
    tx.commit().await?;
    Ok(true)
}

/// The server has it under another name from now on, and with it those below. Names that people read are left alone.
pub async fn renamed(tx: &mut Tx, row: &MailboxRow, to: &[u8]) -> Result<()> {
    let all = tx.mailboxes(row.account).await?;
    let below = [&row.raw[..], row.delimiter.as_bytes()].concat();
    for other in &all {
        let raw = if other.id == row.id {
            to.to_vec()
        } else {
            match other.raw.strip_prefix(&below[..]).filter(|_| !row.delimiter.is_empty()) {
                Some(rest) => [to, row.delimiter.as_bytes(), rest].concat(),
                None => continue,
            }
        };
        // A list that came in between may have brought the new name as a mailbox of its own.
        if let Some(taken) = all.iter().find(|m| m.raw == raw && m.id != other.id) {
            tx.absorb_mailbox(taken.id, other.id).await?;
        }
        tx.rename_mailbox(other.id, &raw, &other.name).await?;
    }
    Ok(())
}

async fn remove(ctx: &Context, session: &mut Session, intent: &IntentRow, row: &MailboxRow) -> Result<bool> {
    let mut tx = ctx.store.begin().await?;
    let before = tx.waiting_in(row.id).await?.iter().any(|i| i.id < intent.id);
    drop(tx);
    if before {
        return Ok(false);
    }
    // Whatever is in it now came after the user's wish, or was not known here: it takes the same way.
    let guard = ctx.lock(row.id).await;
    match pull::pull_locked(ctx, session, row.id).await {
        Ok(()) => {}
        Err(e) if e.kind == Kind::MailboxGone => {
            if tree::exists(session, &row.raw).await? {
                return Err(e);
            }
            return unmade(ctx, intent, row).await;
        }
        Err(e) => return Err(e),
    }
    let now = ctx.store.mailbox(row.id).await?;
    if intent.state == IntentState::Sent && now.uid_validity != row.uid_validity {
        // It was removed, and somebody has made it anew: that one is not ours to remove.
        let mut tx = ctx.store.begin().await?;
        tx.set_mailbox_hidden(row.id, false).await?;
        tx.set_intent_state(&[intent.id], IntentState::Done).await?;
        tx.commit().await?;
        return Ok(true);
    }
    while headers::fetch_batch(ctx, session, &ctx.store.mailbox(row.id).await?, 1000).await? {}
    let mut tx = ctx.store.begin().await?;
    let mut actions = Actions::of_one(ctx.account, intent.action);
    if folder::clear(&mut tx, ctx.clock.now(), &mut actions, row, 0).await? {
        // Behind what it has to wait for.
        tx.remove_intent(intent.id).await?;
        tx.add_intent(intent.action, intent.account, PlacementId(0), row.id, &IntentKind::Remove, 0).await?;
        tx.commit().await?;
        return Ok(true);
    }
    let label = is_label(row, &tx.mailboxes(ctx.account).await?);
    // Nobody else can write while a transaction is open: it does not wait for a server.
    drop(tx);
    if !label && !session.search("ALL").await?.is_empty() {
        return not_empty(ctx, intent, row).await;
    }
    session.unselect().await?;
    set_state(ctx, intent, IntentState::Sent).await?;
    match session.delete_mailbox(&row.raw).await {
        Err(e) if replay::refusal(&e) && tree::exists(session, &row.raw).await? => {
            return refuse(ctx, intent, row, "refused_remove", &e).await;
        }
        Err(e) if !replay::refusal(&e) => return Err(e),
        _ => {}
    }
    let _ = session.subscribe(&row.raw, false).await;
    drop(guard);
    unmade(ctx, intent, row).await
}

/// What is still in it is hidden here: by a wish that came after this one, which then goes first, or by one that is no more. Else
/// it came in this very moment, and the next sync sees it.
async fn not_empty(ctx: &Context, intent: &IntentRow, row: &MailboxRow) -> Result<bool> {
    let mut tx = ctx.store.begin().await?;
    let forgotten = tx.hidden_without_wish(row.id).await?;
    for p in &forgotten {
        tx.set_hidden(p, false).await?;
    }
    let later = tx.waiting_in(row.id).await?.iter().any(|i| i.id > intent.id && !i.kind.is_about_mailbox());
    if later {
        tx.remove_intent(intent.id).await?;
        tx.add_intent(intent.action, intent.account, PlacementId(0), row.id, &IntentKind::Remove, 0).await?;
    }
    tx.commit().await?;
    Ok(later || !forgotten.is_empty())
}

/// It is no longer on the server: what is on its way out of it cannot leave any more. What is on its way into it still can.
pub async fn let_go_of_all(tx: &mut Tx, now: i64, id: MailboxId) -> Result<()> {
    let waiting = tx.waiting_in(id).await?;
    for p in tx.expected_placements(id).await? {
        if !waiting.iter().any(|i| i.brings(p.id)) {
            pull::let_go(tx, now, &p).await?;
        }
    }
    Ok(())
}

async fn unmade(ctx: &Context, intent: &IntentRow, row: &MailboxRow) -> Result<bool> {
    let mut tx = ctx.store.begin().await?;
    tx.unmake_mailbox(row.id).await?;
    let_go_of_all(&mut tx, ctx.clock.now(), row.id).await?;
    tx.set_intent_state(&[intent.id], IntentState::Done).await?;
    tx.commit().await?;
    Ok(true)
}

async fn subscribe(
    ctx: &Context,
    session: &mut Session,
    intent: &IntentRow,
    row: &MailboxRow,
    wanted: bool,
) -> Result<bool> {
    set_state(ctx, intent, IntentState::Sent).await?;
    match session.subscribe(&row.raw, wanted).await {
        Err(e) if replay::refusal(&e) => return refuse(ctx, intent, row, "refused_subscribe", &e).await,
        other => other?,
    }
    set_state(ctx, intent, IntentState::Done).await?;
    Ok(true)
}

/// RFC 6154 section 4. Where the server has no place for it, or does not want to, the choice holds on this device; else the server
/// says from now on what it is, also when another device chooses otherwise.
async fn set_use(
    ctx: &Context,
    session: &mut Session,
    intent: &IntentRow,
    row: &MailboxRow,
    role: Option<Role>,
    from: MailboxId,
) -> Result<bool> {
    set_state(ctx, intent, IntentState::Sent).await?;
    let mut kept = session.can("METADATA") && session.can("SPECIAL-USE");
    if kept {
        let other = ctx.store.mailbox(from).await.ok();
        // A use belongs to one mailbox at a time.
        for (raw, role) in other.iter().map(|o| (&o.raw, None)).chain([(&row.raw, role)]) {
            match session.set_special_use(raw, role.and_then(Role::attribute)).await {
                Err(e) if replay::refusal(&e) => {
                    tracing::info!(error = %e, "the server does not keep what a mailbox is used for");
                    kept = false;
                }
                other => other?,
            }
        }
    }
    let mut tx = ctx.store.begin().await?;
    if kept {
        tx.set_mailbox_use(row.id, role, false).await?;
    }
    tx.set_intent_state(&[intent.id], IntentState::Done).await?;
    tx.commit().await?;
    Ok(true)
}

async fn empty(
    ctx: &Context,
    session: &mut Session,
    intent: &IntentRow,
    row: &MailboxRow,
    validity: u32,
    last: u32,
) -> Result<bool> {
    let _guard = ctx.lock(row.id).await;
    match pull::pull_locked(ctx, session, row.id).await {
        Err(e) if e.kind == Kind::MailboxGone => {
            return if tree::exists(session, &row.raw).await? {
                Err(e)
            } else {
                refuse(ctx, intent, row, "refused_gone", &e).await
            };
        }
        other => other?,
    }
    let now = ctx.store.mailbox(row.id).await?;
    if now.uid_validity != validity {
        // Those UIDs mean nothing any more. The rows that were hidden find their new ones, one by one.
        while headers::fetch_batch(ctx, session, &ctx.store.mailbox(row.id).await?, 1000).await? {}
        let mut tx = ctx.store.begin().await?;
        for p in tx.hidden_without_wish(row.id).await? {
            tx.add_intent(intent.action, intent.account, p.id, row.id, &IntentKind::Delete, 0).await?;
        }
        tx.remove_intent(intent.id).await?;
        tx.commit().await?;
        return Ok(true);
    }
    set_state(ctx, intent, IntentState::Sent).await?;
    let range = UidSet::range(1, last);
    let mut there = session.search(&format!("UID 1:{last}")).await?.intersect(&range);
    // Missing from an answer is not yet said to be gone.
    let missing = ctx.store.uids(row.id).await?.union(&now.todo).intersect(&range).minus(&there);
    if !missing.is_empty() {
        there = there.union(&session.still_there(&missing).await?);
    }
    if !there.is_empty() {
        match replay::remove(session, &there).await {
            Err(e) if replay::refusal(&e) => return refuse(ctx, intent, row, "refused_empty", &e).await,
            other => other?,
        }
    }
    let todo = now.todo.minus(&range);
    let mut tx = ctx.store.begin().await?;
    tx.remove_up_to(row.id, last).await?;
    tx.set_todo(row.id, &todo).await?;
    tx.set_intent_state(&[intent.id], IntentState::Done).await?;
    tx.commit().await?;
    Ok(true)
}
