//! Whole messages: those that the policy keeps, newest first, and those that somebody opens, at once.

use super::reports::{self, Told};
use super::{Context, budget, outline};
use crate::error::{Error, Kind, Result};
use crate::journal::junk;
use crate::mime::trust::{self, Verdict};
use crate::mime::{header, render};
use crate::model::{Keep, MailboxId, MessageId};
use crate::protocol::imap::Session;
use crate::protocol::imap::mailboxes::SelectRequest;
use crate::protocol::imap::messages::PIECE;
use crate::store::ChangeSet;
use crate::store::body::Packed;
use crate::store::sender::judgement;
use crate::uid_set::UidSet;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Bytes fetched in one go in the background, before others get their turn.
const BATCH: u64 = 4 << 20;
/// Of messages above this only the readable part is fetched, until somebody wants a file of it, unless everything is to be kept:
/// 20 MiB.
const LARGE: u64 = 20 << 20;
/// Of messages above this the readable part comes first when somebody opens them: 1 MiB.
const SLOW: u64 = 1 << 20;

/// Fetches the bodies of a mailbox that the policy keeps. The mailbox need not be open.
pub async fn fill(ctx: &Context, session: &mut Session, mailbox: MailboxId, keep: Keep) -> Result<()> {
    let Some(since) = keep.since(ctx.clock.now()) else { return Ok(()) };
    // Asked for once in this round: what does not come is gone, and the next pull will say so.
    let mut tried: BTreeSet<u32> = BTreeSet::new();
    loop {
        let limit = 200 + tried.len() as u32;
        let whole = if keep == Keep::All { u64::MAX } else { LARGE };
        let missing = ctx.store.missing_bodies(mailbox, since, whole, limit).await?;
        let wanted: Vec<_> = missing.into_iter().filter(|(uid, ..)| !tried.contains(uid)).collect();
        if wanted.is_empty() || !budget::allows(ctx, session).await? {
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
                if size <= whole || !fetch_outline(ctx, session, uid, message).await? {
                    fetch_large(ctx, session, uid, message, size).await?;
                }
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

/// Opens a mailbox under the UIDVALIDITY that is known of it.
pub(super) async fn open(ctx: &Context, session: &mut Session, mailbox: MailboxId) -> Result<()> {
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

/// Piece by piece, from where it broke off last time; false when the message is gone. A piece asked for behind the end comes empty.
async fn fetch_large(
    ctx: &Context,
    session: &mut Session,
    uid: u32,
    message: MessageId,
    size: u64,
) -> Result<bool> {
    let mut raw = ctx.store.coming(message, PIECE).await;
    loop {
        let here = raw.len() as u64;
        ctx.store
            .announce(ChangeSet { coming: BTreeMap::from([(message, (here, size))]), ..Default::default() });
        let Some(piece) = session.fetch_piece(uid, here).await? else { return Ok(false) };
        raw.extend_from_slice(&piece);
        if (piece.len() as u64) < PIECE {
            break;
        }
        ctx.store.keep_coming(message, here, piece).await?;
    }
    keep_all(ctx, vec![(message, raw)]).await?;
    ctx.store.forget_coming(message);
    Ok(true)
}

/// The readable part of a message; false when it must be the whole.
async fn fetch_outline(ctx: &Context, session: &mut Session, uid: u32, message: MessageId) -> Result<bool> {
    let Some(raw) = outline::fetch(session, uid).await? else { return Ok(false) };
    let Read { packed, .. } = pack(ctx, vec![(message, raw)]).await?;
    let mut tx = ctx.store.begin().await?;
    tx.put_bodies(&packed).await?;
    tx.mark_partial(message).await?;
    tx.commit().await?;
    Ok(true)
}

/// What the user wants here whatever the policy says, whole.
pub async fn fill_kept(ctx: &Context, session: &mut Session) -> Result<()> {
    for message in ctx.store.missing_kept(ctx.account).await? {
        match fetch_one(ctx, session, message, true).await {
            Err(e) if e.kind == Kind::NotFound => {} // the next pull will say so
            other => other?,
        }
    }
    Ok(())
}

pub(super) async fn keep_all(ctx: &Context, came: Vec<(MessageId, Vec<u8>)>) -> Result<()> {
    if came.is_empty() {
        return Ok(());
    }
    let Read { packed, told, trusted } = pack(ctx, came).await?;
    let mut tx = ctx.store.begin().await?;
    tx.put_bodies(&packed).await?;
    for (by, told) in told {
        reports::keep(&mut tx, ctx.clock.now(), by, &told).await?;
    }
    junk::rescue(&mut tx, ctx.clock.now(), ctx.account, &trusted).await?;
    tx.commit().await
}

/// What came, read.
struct Read {
    /// Bodies, each with its preview.
    packed: Vec<(MessageId, Packed, String)>,
    /// What those among them that are reports tell.
    told: Vec<(MessageId, Told)>,
    /// Those that the user trusts the authors of, unless the provider found that they did not write them.
    trusted: Vec<MessageId>,
}

async fn pack(ctx: &Context, came: Vec<(MessageId, Vec<u8>)>) -> Result<Read> {
    let store = ctx.store.clone();
    let senders = store.senders().await?;
    let account = match senders.iter().any(|s| !s.blocked) {
        true => Some(store.account(ctx.account).await?),
        false => None,
    };
    let work = move || -> Result<Read> {
        let is_trusted = |raw: &[u8]| {
            let Some(account) = &account else { return false };
            let from = header::envelope(header::section(raw)).from.address;
            judgement(&senders, &from).is_some_and(|s| !s.blocked)
                && trust::trust(raw, &account.incoming.host, &account.address).verdict != Verdict::Failed
        };
        let trusted = came.iter().filter(|(_, raw)| is_trusted(raw)).map(|(id, _)| *id).collect();
        let told = came.iter().filter_map(|(id, raw)| Some((*id, Told::of(raw)?))).collect();
        let mut packer = store.packer()?;
        let each = came.into_iter().map(|(id, raw)| {
            let preview = render::preview(&raw);
            Ok((id, packer.pack(&id.to_string(), &raw)?, preview))
        });
        Ok(Read { packed: each.collect::<Result<_>>()?, told, trusted })
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::new(Kind::Storage, "body").because(e))?
}

/// Fetches one message that somebody waits for: the whole, or of a large one what can be read. NotFound when no mailbox of the
/// server has it any more.
pub async fn fetch_one(ctx: &Context, session: &mut Session, message: MessageId, whole: bool) -> Result<()> {
    let row = ctx.store.message(message).await?;
    if row.is_here(whole) {
        return Ok(());
    }
    let size = row.size;
    for (mailbox, uid) in ctx.store.sources(message).await? {
        match open(ctx, session, mailbox).await {
            Err(e) if e.kind == Kind::MailboxGone => continue,
            other => other?,
        }
        if !whole && size > SLOW && fetch_outline(ctx, session, uid, message).await? {
            return Ok(());
        }
        if size > PIECE {
            if fetch_large(ctx, session, uid, message, size).await? {
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
