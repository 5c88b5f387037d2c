//! FETCH to messages and placements: new mail, and the older mail that a first sync fills in, newest first.

use super::{Context, merge, pull};
use crate::error::{Error, Kind, Result, Scope};
use crate::journal::junk::{self, Came};
use crate::mime::header;
use crate::model::{FlagChange, Flags, MailboxId, PlacementId};
use crate::protocol::imap::Session;
use crate::protocol::imap::messages::Which;
use crate::protocol::imap::response::Fetched;
use crate::store::Tx;
use crate::store::intent::{IntentKind, IntentRow, IntentState};
use crate::store::mailbox::MailboxRow;
use crate::store::message::{Identity, NewMessage};
use crate::store::placement::{NewPlacement, PlacementRow};
use crate::uid_set::UidSet;
use std::collections::HashMap;

/// A header as it came, understood.
pub struct Header {
    uid: u32,
    flags: Flags,
    modseq: u64,
    received: i64,
    message: NewMessage,
}

/// Reads what FETCH gave. Pure work, off the threads that others wait for when it is much.
pub async fn understand(fetched: Vec<Fetched>) -> Result<Vec<Header>> {
    let read = move || fetched.into_iter().filter_map(read_one).collect::<Vec<_>>();
    tokio::task::spawn_blocking(read).await.map_err(|e| Error::new(Kind::Storage, "headers").because(e))
}

fn read_one(f: Fetched) -> Option<Header> {
    let uid = f.uid?;
    let bytes = f.section("BODY[HEADER.FIELDS")?;
    let size = f.size.unwrap_or(0);
    let identity = match f.object_id() {
        Some(id) => Identity::of_object(&id),
        None => Identity::of_header(size, bytes),
    };
    Some(Header {
        uid,
        modseq: f.modseq.unwrap_or(0),
        received: f.internal_date.unwrap_or(0),
        message: NewMessage {
            identity,
            envelope: header::envelope(bytes),
            size,
            has_attachments: f.structure.as_ref().is_some_and(|s| s.has_attachments()),
            thread: f.conversation(),
            preview: None,
        },
        flags: f.flags.unwrap_or_default(),
    })
}

/// Who they are.
pub fn identities(headers: &[Header]) -> Vec<Identity> {
    headers.iter().map(|h| h.message.identity.clone()).collect()
}

/// Waiting flag changes by placement.
pub fn flag_changes(waiting: &[IntentRow]) -> HashMap<PlacementId, Vec<FlagChange>> {
    let mut by_placement: HashMap<PlacementId, Vec<FlagChange>> = HashMap::new();
    for intent in waiting {
        if let IntentKind::Flag(change) = &intent.kind {
            by_placement.entry(intent.placement).or_default().push(change.clone());
        }
    }
    by_placement
}

/// Stores headers of a mailbox: known UIDs get their flags, expected placements get their UID, the rest is new.
pub async fn store(ctx: &Context, tx: &mut Tx, mailbox: MailboxId, headers: Vec<Header>) -> Result<()> {
    if headers.is_empty() {
        return Ok(());
    }
    let uids: UidSet = headers.iter().map(|h| h.uid).collect();
    let existing: HashMap<u32, PlacementRow> =
        tx.placements_by_uid(mailbox, &uids).await?.into_iter().map(|p| (p.uid, p)).collect();
    let waiting = tx.waiting_in(mailbox).await?;
    let changes = tx.flag_wishes(mailbox).await?;
    // Expected placements that the server may know of by now. One whose move has not been sent cannot be there yet: a
    // message that looks like it is another copy.
    let mut expected: Vec<PlacementRow> = tx.expected_placements(mailbox).await?;
    expected.retain(|p| !waiting.iter().any(|i| i.state == IntentState::Queued && i.brings(p.id)));
    let (known, fresh): (Vec<_>, Vec<_>) = headers.into_iter().partition(|h| existing.contains_key(&h.uid));
    let none: Vec<FlagChange> = Vec::new();
    for h in known {
        let p = &existing[&h.uid];
        let flags = merge::local(&h.flags, changes.get(&p.id).unwrap_or(&none));
        tx.set_flags(p, &h.flags, &flags, h.modseq).await?;
    }
    let messages: Vec<NewMessage> = fresh.iter().map(|h| h.message.clone()).collect();
    let added = tx.add_messages(ctx.account, &messages).await?;
    let known = tx.known_messages(ctx.account, messages.iter().map(|m| &m.identity), &added).await?;
    let (mut new, mut came) = (Vec::with_capacity(messages.len()), Vec::new());
    for h in fresh {
        let seen = known.get(&h.message.identity);
        let Some(&id) = added.get(&h.message.identity).or(seen) else { continue };
        if let Some(at) = expected.iter().position(|p| p.message == id) {
            let p = expected.swap_remove(at);
            tx.set_uid(&p, h.uid).await?;
            let flags = merge::local(&h.flags, changes.get(&p.id).unwrap_or(&none));
            tx.set_flags(&p, &h.flags, &flags, h.modseq).await?;
            continue;
        }
        came.push(Came { uid: h.uid, from: h.message.envelope.from.address, known: seen.is_some() });
        new.push(NewPlacement {
            message: id,
            uid: h.uid,
            flags: h.flags.clone(),
            base: h.flags,
            modseq: h.modseq,
            received: h.received,
            sort_date: if h.received > 0 { h.received } else { h.message.envelope.date },
        });
    }
    tx.add_placements(mailbox, &new).await?;
    junk::sort_out(tx, ctx.clock.now(), ctx.account, mailbox, &came).await
}

/// Fetches up to `count` of the newest headers that are still missing; true while more are. The mailbox is open.
pub async fn next_batch(
    ctx: &Context,
    session: &mut Session,
    mailbox: MailboxId,
    count: u64,
) -> Result<bool> {
    let _guard = ctx.lock(mailbox).await;
    let row = ctx.store.mailbox(mailbox).await?;
    fetch_batch(ctx, session, &row, count).await
}

/// The same for a caller that holds the lock.
pub async fn fetch_batch(ctx: &Context, session: &mut Session, row: &MailboxRow, count: u64) -> Result<bool> {
    let batch = row.todo.clone().take_newest(count);
    if batch.is_empty() {
        return Ok(false);
    }
    fetch_of(ctx, session, row, batch).await
}

/// Fetches these of the headers that are still missing. The mailbox is open.
pub async fn fetch_these(
    ctx: &Context,
    session: &mut Session,
    mailbox: MailboxId,
    uids: &UidSet,
) -> Result<()> {
    let _guard = ctx.lock(mailbox).await;
    let row = ctx.store.mailbox(mailbox).await?;
    let batch = row.todo.intersect(uids);
    if !batch.is_empty() {
        fetch_of(ctx, session, &row, batch).await?;
    }
    Ok(())
}

async fn fetch_of(ctx: &Context, session: &mut Session, row: &MailboxRow, batch: UidSet) -> Result<bool> {
    let rest = row.todo.minus(&batch);
    let asked = batch.clone();
    let mut fetched = Vec::new();
    session
        .fetch_headers(&Which::Uids(batch), |f| {
            fetched.push(f);
            Ok(())
        })
        .await?;
    let headers = understand(fetched).await?;
    let unanswered = asked.minus(&headers.iter().map(|h| h.uid).collect());
    if !unanswered.is_empty() && !session.still_there(&unanswered).await?.is_empty() {
        // OK to half an answer. Asked for again in the next round.
        return Err(Error::new(Kind::Protocol, &row.name)
            .because("FETCH left messages out")
            .scoped(Scope::Mailbox));
    }
    let mut tx = ctx.store.begin().await?;
    // What was asked for and is not there.
    tx.set_todo(row.id, &rest).await?;
    store(ctx, &mut tx, row.id, headers).await?;
    if rest.is_empty() {
        drop_unfound(ctx, &mut tx, row).await?;
    }
    tx.commit().await?;
    Ok(!rest.is_empty())
}

/// Every header of the mailbox is here: what a new UIDVALIDITY left without a UID is no longer on the server.
pub async fn drop_unfound(ctx: &Context, tx: &mut Tx, row: &MailboxRow) -> Result<()> {
    let expected = tx.expected_placements(row.id).await?;
    if expected.is_empty() {
        return Ok(());
    }
    let waiting = tx.waiting_in(row.id).await?;
    let mut lost = 0;
    for p in expected {
        let awaited = waiting.iter().any(|i| i.brings(p.id));
        if awaited {
            continue;
        }
        lost += waiting.iter().filter(|i| i.placement == p.id).count() as i64;
        pull::let_go(tx, ctx.clock.now(), &p).await?;
    }
    if lost > 0 {
        tx.add_notice(ctx.account, ctx.clock.now(), "gone_meanwhile", &row.name, lost).await?;
    }
    Ok(())
}
