//! One conversation with the maildrop.

use super::listing::{Entry, listing, name_of};
use super::store::{Came, Understood, inbox, keep, understand};
use crate::account;
use crate::error::{Error, Kind, Result};
use crate::model::{Leave, MessageId};
use crate::protocol::pop3::Session;
use crate::store::account::AccountRow;
use crate::store::maildrop::{Seen, SeenState};
use crate::sync::Context;
use crate::sync::bodies;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// What is read in one go, at most. Messages.
const BATCH: usize = 200;
/// What may be on its way from the line to the disk. KiB.
const ROOM: u32 = 16 << 10;
/// What was in the maildrop last so long ago is forgotten. Seconds.
const REMEMBER: i64 = 400 * 86_400;
const DAY: i64 = 86_400;

/// A conversation as [`converse`] wants it.
pub async fn open(ctx: &Context) -> Result<Session> {
    let account = ctx.store.account(ctx.account).await?;
    let connecting = account::connect_maildrop(&account, &ctx.vault, ctx.meter.clone());
    let (folders, session) = tokio::join!(inbox(ctx), connecting);
    folders.and(session)
}

/// One whole conversation.
pub async fn visit(ctx: &Context, wanted: &[MessageId]) -> Result<()> {
    converse(ctx, open(ctx).await?, wanted).await
}

/// Fetches what is new, then removes what may go. `wanted` are messages whose text somebody waits for; they come first. Without
/// QUIT nothing is removed (RFC 1939 section 6), and only its answer says that something was; the next listing tells.
pub async fn converse(ctx: &Context, mut session: Session, wanted: &[MessageId]) -> Result<()> {
    let done = fetch_and_remove(ctx, &mut session, wanted).await;
    ctx.note_traffic().await?;
    done?;
    session.quit().await
}

async fn fetch_and_remove(ctx: &Context, session: &mut Session, wanted: &[MessageId]) -> Result<()> {
    let account = ctx.store.account(ctx.account).await?;
    let entries = listing(session).await?;
    let known: HashMap<String, Seen> =
        ctx.store.seen(ctx.account).await?.into_iter().map(|s| (s.uidl.clone(), s)).collect();
    for message in wanted {
        fetch_text(ctx, session, &entries, *message).await?;
    }
    let mut new: Vec<Entry> = entries.iter().filter(|e| !is_known(&known, e)).cloned().collect();
    // What came last is what people read first.
    new.reverse();
    let large = |e: &Entry| account.size_limit > 0 && e.size > account.size_limit && session.can("TOP");
    let (large, small): (Vec<Entry>, Vec<Entry>) = new.into_iter().partition(large);
    let ends = if account.leave == Leave::Always { How::Last } else { How::Whole };
    fetch(ctx, session, large, How::Header).await?;
    fetch(ctx, session, small, ends).await?;
    note_sight(ctx, &entries, &known).await?;
    remove(ctx, &account, session, &entries).await
}

/// A unique-id under which another message was seen is unknown: some servers give them anew.
fn is_known(known: &HashMap<String, Seen>, entry: &Entry) -> bool {
    known.get(&entry.uidl).is_some_and(|seen| seen.size == entry.size)
}

/// How messages are fetched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// Their header alone.
    Header,
    Whole,
    /// Whole, and nothing follows: nothing is removed.
    Last,
}

/// Fetches messages and keeps them: while some are written others are read and more are on their way. Each step takes all that
/// the one before it has ready, so the first message is seen at once and the last ones are not waited for one by one.
async fn fetch(ctx: &Context, session: &mut Session, entries: Vec<Entry>, how: How) -> Result<()> {
    let wanted: Vec<(u32, u64)> = entries.iter().map(|e| (e.number, e.size)).collect();
    let mut by_number: HashMap<u32, Entry> = entries.into_iter().map(|e| (e.number, e)).collect();
    let room = Arc::new(Semaphore::new(ROOM as usize));
    let (came, mut coming) = mpsc::unbounded_channel::<(Came, OwnedSemaphorePermit)>();
    let (ready, mut understood) = mpsc::unbounded_channel::<(Vec<Understood>, OwnedSemaphorePermit)>();
    // A step that fails closes the way to it, so that the one before it ends; what failed first is told.
    let receiving = async move {
        let mut messages = match how {
            How::Header => session.top(&wanted, 0),
            How::Whole => session.retrieve(&wanted),
            How::Last => session.retrieve_last(&wanted),
        };
        while let Some((number, outcome)) = messages.next().await? {
            match outcome {
                Ok(raw) => {
                    let Some(entry) = by_number.remove(&number) else { continue };
                    let size = u32::try_from(raw.len() >> 10).unwrap_or(ROOM).clamp(1, ROOM);
                    let Ok(permit) = room.clone().acquire_many_owned(size).await else { break };
                    if came.send((Came { entry, raw, whole: how != How::Header }, permit)).is_err() {
                        break;
                    }
                }
                // Another has taken it away in this very moment, or the server cannot read it: the others come all the same.
                Err(e) if e.kind == Kind::Refused => tracing::info!(error = %e, "a message did not come"),
                Err(e) => return Err(e),
            }
        }
        Ok(())
    };
    let reading = async move {
        while let Some((first, mut permit)) = coming.recv().await {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok((next, more)) = coming.try_recv()
            {
                batch.push(next);
                permit.merge(more);
            }
            if ready.send((understand(ctx, batch).await?, permit)).is_err() {
                break;
            }
        }
        Ok(())
    };
    let keeping = async move {
        while let Some((mut batch, mut permit)) = understood.recv().await {
            while let Ok((next, more)) = understood.try_recv() {
                batch.extend(next);
                permit.merge(more);
            }
            keep(ctx, batch).await?;
        }
        Ok(())
    };
    let (received, read, kept) = tokio::join!(receiving, reading, keeping);
    kept.and(read).and(received)
}

/// What is still there is remembered; what was not there for long is forgotten.
async fn note_sight(ctx: &Context, entries: &[Entry], known: &HashMap<String, Seen>) -> Result<()> {
    let now = ctx.clock.now();
    let old: Vec<&str> = entries
        .iter()
        .filter_map(|e| known.get(&e.uidl))
        .filter(|seen| seen.last_seen.div_euclid(DAY) < now.div_euclid(DAY))
        .map(|seen| seen.uidl.as_str())
        .collect();
    if old.is_empty() {
        return Ok(());
    }
    let mut tx = ctx.store.begin().await?;
    tx.saw(ctx.account, &old, now).await?;
    tx.forget_seen(ctx.account, now - REMEMBER).await?;
    tx.commit().await
}

/// Marks what the policy lets go, out of what the ledger knows to be here, whole and committed. It goes when QUIT is answered.
async fn remove(ctx: &Context, account: &AccountRow, session: &mut Session, entries: &[Entry]) -> Result<()> {
    if account.leave == Leave::Always {
        return Ok(());
    }
    let now = ctx.clock.now();
    let known: HashMap<String, Seen> =
        ctx.store.seen(ctx.account).await?.into_iter().map(|s| (s.uidl.clone(), s)).collect();
    let goes = |seen: &Seen| match (account.leave, seen.state) {
        (Leave::Always, _) => false,
        (_, SeenState::Deleted) => true,
        // Its text is nowhere else.
        (_, SeenState::Partial) => false,
        (Leave::Never, SeenState::Here) => true,
        (Leave::Days(days), SeenState::Here) => seen.first_seen + i64::from(days) * DAY <= now,
        (Leave::UntilDeleted, SeenState::Here) => false,
    };
    let numbers: Vec<u32> = entries
        .iter()
        .filter(|e| known.get(&e.uidl).is_some_and(|seen| seen.size == e.size && goes(seen)))
        .map(|e| e.number)
        .collect();
    session.delete(&numbers).await.map(drop)
}

/// The text of a message of which only the header is here.
async fn fetch_text(
    ctx: &Context,
    session: &mut Session,
    entries: &[Entry],
    message: MessageId,
) -> Result<()> {
    let row = ctx.store.message(message).await?;
    if row.is_here(true) {
        return Ok(());
    }
    let gone = || Error::new(Kind::NotFound, message.to_string()).because("no longer in the maildrop");
    let seen = ctx.store.seen_as(message).await?.ok_or_else(gone)?;
    let here = |e: &&Entry| e.size == seen.size && (e.uidl == seen.uidl || e.uidl.is_empty());
    let places: Vec<(u32, u64)> = entries.iter().filter(here).map(|e| (e.number, e.size)).collect();
    let mut coming = session.retrieve(&places);
    while let Some((_, outcome)) = coming.next().await? {
        let raw = match outcome {
            Ok(raw) => raw,
            Err(e) if e.kind == Kind::Refused => continue,
            Err(e) => return Err(e),
        };
        let nameless = entries.iter().all(|e| e.uidl != seen.uidl);
        if nameless && name_of(&raw) != seen.uidl {
            continue;
        }
        bodies::keep_all(ctx, vec![(message, raw)]).await?;
        let mut tx = ctx.store.begin().await?;
        tx.seen_whole(message).await?;
        tx.commit().await?;
        return Ok(());
    }
    Err(gone())
}
