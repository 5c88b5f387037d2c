//! Many mailboxes at once: the headers of those that are new to us, and the bodies of all, a few mailboxes in one flight. What does
//! not fit or goes wrong is left to the visits one by one, which say what is wrong.

use super::bulk::Bulk;
use super::{Context, bodies, budget, pull};
use crate::error::Result;
use crate::model::{Keep, MailboxId, MessageId};
use crate::protocol::imap::Session;
use crate::protocol::imap::mailboxes::Survey;
use crate::protocol::imap::messages::PIECE;
use crate::protocol::imap::visits::{Errand, Visit};
use crate::store::mailbox::MailboxRow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tokio::time::Instant;

/// Mailboxes with more messages than this are visited by themselves, newest first.
const SMALL: u32 = 1000;
/// Headers fetched in one flight: 5000 are a megabyte and a quarter, compressed.
const HEADERS: u32 = 5000;
/// Bytes of bodies fetched in one flight.
const BODIES: u64 = 8 << 20;
/// Commands in one flight: a server reads no more ahead than it likes.
const MAILBOXES: usize = 40;

/// First visits to mailboxes that are new to us and small enough. Gives those that are in step now.
pub async fn first_visits(
    ctx: &Context,
    session: &mut Session,
    rows: &[MailboxRow],
    told: &Survey,
) -> Result<BTreeSet<MailboxId>> {
    let mut waiting: Vec<(&MailboxRow, u32)> = rows
        .iter()
        .filter(|row| row.usable() && row.uid_validity == 0)
        .filter_map(|row| {
            let status = told.statuses.iter().find(|s| s.name == row.raw)?;
            Some((row, status.messages.filter(|n| (1..=SMALL).contains(n))?))
        })
        .collect();
    let mut visited = BTreeSet::new();
    while !waiting.is_empty() {
        let mut total = 0;
        let count = waiting.iter().take(MAILBOXES).take_while(|(_, n)| {
            total += n;
            total <= HEADERS.max(*n)
        });
        let count = count.count().max(1);
        let flight: Vec<(&MailboxRow, u32)> = waiting.drain(..count).collect();
        let mut guards = Vec::with_capacity(flight.len());
        for (row, _) in &flight {
            guards.push(ctx.lock(row.id).await);
        }
        let visits = flight
            .iter()
            .map(|(row, n)| Visit { mailbox: row.raw.clone(), errand: Errand::Headers(*n) })
            .collect();
        for ((row, _), brought) in flight.iter().zip(session.visit_all(visits).await?) {
            let (Ok(selected), Ok(fetched)) = (brought.selected, brought.fetched) else { continue };
            // Somebody else may have been here while we waited for the lock.
            let untouched = ctx.store.mailbox(row.id).await?.uid_validity == 0;
            if selected.uid_validity > 0 && untouched {
                pull::first_visit(ctx, row, &selected, fetched).await?;
                visited.insert(row.id);
            }
        }
    }
    Ok(visited)
}

/// The bodies that the policy keeps, of all mailboxes, as far as they are small.
///
/// While one flight is under way, what the one before brought is stored.
pub async fn bodies(ctx: &Context, bulk: &mut Bulk<'_>, rows: &[MailboxRow], keep: Keep) -> Result<()> {
    let mut before: Vec<(MessageId, Vec<u8>)> = Vec::new();
    // Asked for once: what does not come is gone, and the next pull will say so.
    let mut tried: BTreeSet<(MailboxId, u32)> = BTreeSet::new();
    let mut first = 0;
    while first < rows.len() && budget::allows(ctx, bulk.session()).await? {
        bulk.give_way(ctx);
        let mut wanted: BTreeMap<usize, HashMap<u32, MessageId>> = BTreeMap::new();
        let mut bytes = 0;
        let mut at = first;
        while at < rows.len() && bytes < BODIES && wanted.len() < MAILBOXES {
            let row = &rows[at];
            let Some(since) = row.keep.unwrap_or(keep).since(ctx.clock.now()) else {
                at += 1;
                continue;
            };
            let limit = 400 + tried.iter().filter(|(m, _)| *m == row.id).count() as u32;
            let missing = ctx.store.missing_bodies(row.id, since, PIECE, limit).await?;
            let mut all = true;
            for (uid, message, size) in missing {
                if size > PIECE || tried.contains(&(row.id, uid)) {
                    continue;
                }
                if bytes + size > BODIES && bytes > 0 {
                    all = false;
                    break;
                }
                bytes += size;
                tried.insert((row.id, uid));
                wanted.entry(at).or_default().insert(uid, message);
            }
            // One with much in it is gone on with in the next flight.
            if !all || wanted.get(&at).is_some_and(|w| w.len() >= 400) {
                break;
            }
            at += 1;
        }
        first = at;
        if wanted.is_empty() {
            continue;
        }
        let visits = wanted
            .iter()
            .map(|(at, uids)| Visit {
                mailbox: rows[*at].raw.clone(),
                errand: Errand::Bodies(uids.keys().copied().collect()),
            })
            .collect();
        let begun = Instant::now();
        let flying = async {
            let brought = bulk.session().visit_all(visits).await;
            (brought, begun.elapsed())
        };
        let ((brought, took), stored) =
            tokio::join!(flying, bodies::keep_all(ctx, std::mem::take(&mut before)));
        stored?;
        bulk.measured(ctx, bytes, took).await;
        for ((at, uids), brought) in wanted.iter().zip(brought?) {
            let (Ok(selected), Ok(fetched)) = (brought.selected, brought.fetched) else { continue };
            // Under another UIDVALIDITY these UIDs are other messages.
            if selected.uid_validity != rows[*at].uid_validity {
                continue;
            }
            for f in fetched {
                let body = f.sections.into_iter().find(|(name, _)| name == "BODY[]");
                if let (Some(message), Some((_, raw))) = (f.uid.and_then(|uid| uids.get(&uid)), body) {
                    before.push((*message, raw));
                }
            }
        }
    }
    bodies::keep_all(ctx, before).await
}
