//! Whole messages: those that the policy keeps, newest first, and those that somebody opens, at once.

use super::Context;
use crate::error::{Error, Kind, Result};
use crate::mime::render;
use crate::model::{Keep, MailboxId, MessageId};
use crate::protocol::imap::Session;
use crate::protocol::imap::mailboxes::SelectRequest;
use crate::protocol::imap::messages::PIECE;
use crate::uid_set::UidSet;
use std::collections::{BTreeSet, HashMap};

/// Bytes fetched in one go in the background, before others get their turn.
const BATCH: u64 = 4 << 20;
/// Messages above this are left until somebody opens them, unless everything is to be kept: 20 MiB.
const LARGE: u64 = 20 << 20;

/// Fetches the bodies of a mailbox that the policy keeps. The mailbox need not be open.
pub async fn fill(ctx: &Context, session: &mut Session, mailbox: MailboxId, keep: Keep) -> Result<()> {
    let Some(since) = keep.since(ctx.clock.now()) else { return Ok(()) };
    // Asked for once in this round: what does not come is gone, and the next pull will say so.
    let mut tried: BTreeSet<u32> = BTreeSet::new();
    loop {
        let limit = 200 + tried.len() as u32;
        let missing = ctx.store.missing_bodies(mailbox, since, limit).await?;
        let wanted: Vec<_> = missing
            .into_iter()
            .filter(|(uid, _, size)| !tried.contains(uid) && (keep == Keep::All || *size <= LARGE))
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        open(ctx, session, mailbox).await?;
        let mut bytes = 0;
        let mut small: HashMap<u32, MessageId> = HashMap::new();
        for (uid, message, size) in wanted {
            if size > PIECE {
                if !small.is_empty() {
                    break; // what is small first: it is what people read
                }
                tried.insert(uid);
                fetch_large(ctx, session, uid, message).await?;
                break;
            }
            bytes += size;
            if bytes > BATCH && !small.is_empty() {
                break;
            }
            tried.insert(uid);
            small.insert(uid, message);
        }
        fetch_small(ctx, session, &small).await?;
    }
}

async fn open(ctx: &Context, session: &mut Session, mailbox: MailboxId) -> Result<()> {
    let row = ctx.store.mailbox(mailbox).await?;
    if session.selected() == Some(row.raw.as_slice()) {
        return Ok(());
    }
    let selected = session.select(&SelectRequest { mailbox: row.raw, known: None }).await?;
    if selected.uid_validity != row.uid_validity {
        // Under another UIDVALIDITY these UIDs are other messages.
        return Err(Error::new(Kind::MailboxGone, row.name).because("UIDVALIDITY changed"));
    }
    Ok(())
}

async fn fetch_small(ctx: &Context, session: &mut Session, wanted: &HashMap<u32, MessageId>) -> Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let uids: UidSet = wanted.keys().copied().collect();
    let mut came: Vec<(MessageId, Vec<u8>)> = Vec::with_capacity(wanted.len());
    session
        .fetch_bodies(&uids, |uid, raw| {
            if let Some(id) = wanted.get(&uid) {
                came.push((*id, raw));
            }
            Ok(())
        })
        .await?;
    keep_all(ctx, came).await
}

async fn fetch_large(ctx: &Context, session: &mut Session, uid: u32, message: MessageId) -> Result<bool> {
    let mut raw = Vec::new();
    loop {
        let Some(piece) = session.fetch_piece(uid, raw.len() as u64).await? else { return Ok(false) };
        let last = (piece.len() as u64) < PIECE;
        raw.extend_from_slice(&piece);
        if last {
            break;
        }
    }
    keep_all(ctx, vec![(message, raw)]).await?;
    Ok(true)
}

pub(super) async fn keep_all(ctx: &Context, came: Vec<(MessageId, Vec<u8>)>) -> Result<()> {
    if came.is_empty() {
        return Ok(());
    }
    let mut packed = Vec::with_capacity(came.len());
    for (id, raw) in came {
        let (raw, preview) = tokio::task::spawn_blocking(move || {
            let preview = render::preview(&raw);
            (raw, preview)
        })
        .await
        .map_err(|e| Error::new(Kind::Storage, "body").because(e))?;
        packed.push((id, ctx.store.pack(&id.to_string(), raw).await?, preview));
    }
    let mut tx = ctx.store.begin().await?;
    for (id, body, preview) in &packed {
        tx.put_body(*id, body, preview).await?;
    }
    tx.commit().await
}

/// Fetches one message that somebody waits for. NotFound when no mailbox of the server has it any more.
pub async fn fetch_one(ctx: &Context, session: &mut Session, message: MessageId) -> Result<()> {
    let size = ctx.store.message(message).await?.size;
    for (mailbox, uid) in ctx.store.sources(message).await? {
        match open(ctx, session, mailbox).await {
            Err(e) if e.kind == Kind::MailboxGone => continue,
            other => other?,
        }
        if size > PIECE {
            if fetch_large(ctx, session, uid, message).await? {
                return Ok(());
            }
        } else {
            fetch_small(ctx, session, &HashMap::from([(uid, message)])).await?;
            if ctx.store.message(message).await?.has_body {
                return Ok(());
            }
        }
    }
    Err(Error::new(Kind::NotFound, message.to_string()).because("no mailbox of the server has it"))
}
