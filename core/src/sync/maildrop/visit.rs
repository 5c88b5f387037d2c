//! One conversation with the maildrop.

use super::listing::{Entry, listing, name_of};
use super::store::{Came, inbox, keep};
use crate::account;
use crate::error::{Error, Kind, Result};
use crate::model::{Leave, MessageId};
use crate::protocol::pop3::Session;
use crate::store::account::AccountRow;
use crate::store::maildrop::{Seen, SeenState};
use crate::sync::Context;
use crate::sync::bodies;
use std::collections::HashMap;

/// What is kept in one transaction, at most. Bytes; messages.
const BATCH: (u64, usize) = (4 << 20, 200);
/// What was in the maildrop last so long ago is forgotten. Seconds.
const REMEMBER: i64 = 400 * 86_400;
const DAY: i64 = 86_400;

/// A conversation as [`converse`] wants it.
pub async fn open(ctx: &Context) -> Result<Session> {
    let account = ctx.store.account(ctx.account).await?;
    inbox(ctx).await?;
    account::connect_maildrop(&account, &ctx.vault, ctx.meter.clone()).await
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
    fetch(ctx, session, large, false).await?;
    fetch(ctx, session, small, true).await?;
    note_sight(ctx, &entries, &known).await?;
    remove(ctx, &account, session, &entries).await
}

/// A unique-id under which another message was seen is unknown: some servers give them anew.
fn is_known(known: &HashMap<String, Seen>, entry: &Entry) -> bool {
    known.get(&entry.uidl).is_some_and(|seen| seen.size == entry.size)
}

/// Fetches messages and keeps them, batch by batch; while one is written the next is on its way.
async fn fetch(ctx: &Context, session: &mut Session, entries: Vec<Entry>, whole: bool) -> Result<()> {
    let wanted: Vec<(u32, u64)> = entries.iter().map(|e| (e.number, e.size)).collect();
    let mut by_number: HashMap<u32, Entry> = entries.into_iter().map(|e| (e.number, e)).collect();
    let (full, mut batches) = tokio::sync::mpsc::channel::<Vec<Came>>(1);
    let receiving = async move {
        let mut coming = if whole { session.retrieve(&wanted) } else { session.top(&wanted, 0) };
        let (mut batch, mut bytes) = (Vec::new(), 0);
        let ended = loop {
            let (number, outcome) = match coming.next().await {
                Ok(Some(next)) => next,
                Ok(None) => break Ok(()),
                Err(e) => break Err(e),
            };
            match outcome {
                Ok(raw) => {
                    let Some(entry) = by_number.remove(&number) else { continue };
                    bytes += raw.len() as u64;
                    batch.push(Came { entry, raw, whole });
                }
                // Another has taken it away in this very moment, or the server cannot read it: the others come all the same.
                Err(e) if e.kind == Kind::Refused => tracing::info!(error = %e, "a message did not come"),
                Err(e) => break Err(e),
            }
            if bytes >= BATCH.0 || batch.len() >= BATCH.1 {
                bytes = 0;
                if full.send(std::mem::take(&mut batch)).await.is_err() {
                    return Ok(()); // writing has failed, and says why
                }
            }
        };
        // What came before the line was cut counts.
        let _ = full.send(batch).await;
        ended
    };
    let keeping = async {
        while let Some(batch) = batches.recv().await {
            if let Err(e) = keep(ctx, batch).await {
                batches.close();
                return Err(e);
            }
        }
        Ok(())
    };
    let (received, kept) = tokio::join!(receiving, keeping);
    kept?;
    received
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
