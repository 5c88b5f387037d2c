//! Uploads to APPEND, one at a time.
//!
//! An upload found claimed may have arrived: what the mailbox has got since, and looks exactly like it, is it. Once the server
//! has told the UID, what it says of the message is what counts from then on, so that every device knows it by the same
//! identity. One that the server does not take waits: it is nowhere else.

use super::{Context, headers, pull};
use crate::error::Result;
use crate::protocol::imap::Session;
use crate::protocol::imap::append::{Upload, date_time};
use crate::protocol::imap::messages::Which;
use crate::store::intent::{IntentKind, IntentRow, IntentState};
use crate::store::mailbox::MailboxRow;
use crate::store::placement::PlacementRow;
use crate::uid_set::UidSet;

/// Sends the uploads of a mailbox; false when there were none.
pub async fn send(ctx: &Context, session: &mut Session, row: &MailboxRow) -> Result<bool> {
    let mut tx = ctx.store.begin().await?;
    let waiting: Vec<IntentRow> =
        tx.waiting_in(row.id).await?.into_iter().filter(|i| i.kind == IntentKind::Append).collect();
    drop(tx);
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

async fn one(ctx: &Context, session: &mut Session, row: &MailboxRow, intent: &IntentRow) -> Result<()> {
    if intent.state == IntentState::Sent && recognised(ctx, session, row, intent).await? {
        return Ok(());
    }
    let p = ctx.store.placement(intent.placement).await?;
    let Some(message) = ctx.store.body(p.message).await? else {
        let mut tx = ctx.store.begin().await?;
        crate::journal::undo::revert(&mut tx, intent).await?;
        tx.add_notice(ctx.account, ctx.clock.now(), "refused_append", &row.name, 1).await?;
        return tx.commit().await;
    };
    let now = ctx.store.mailbox(row.id).await?;
    let mut tx = ctx.store.begin().await?;
    tx.claim_upload(intent.id, now.uid_validity, now.uid_next).await?;
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
    let Some(twin) = tx.twin_of(&p, from).await? else { return Ok(false) };
    adopt(&mut tx, intent, &p, &twin).await?;
    tx.commit().await?;
    Ok(true)
}

/// Our row becomes the server's message; the row that the server's answer made goes.
async fn adopt(
    tx: &mut crate::store::Tx,
    intent: &IntentRow,
    p: &PlacementRow,
    twin: &PlacementRow,
) -> Result<()> {
    if twin.id != p.id {
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
