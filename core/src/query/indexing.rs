//! Keeps the full-text index in step with the mail, a little behind it: what is new, what came, what is gone.

use super::invitation;
use crate::error::{Error, Kind, Result};
use crate::mime::invite;
use crate::mime::text::searchable;
use crate::model::MessageId;
use crate::search::words::spell;
use crate::store::Store;
use crate::store::event::EventRow;
use crate::store::index::{Content, Entry, Unindexed};
use futures_util::{StreamExt, stream};

/// So many messages at once leave the index in many pieces.
const BULK: usize = 5000;

/// No index takes so many steps to be tidied up: 8 GB.
const MERGES: u32 = 4000;

/// Octets of messages, and how many, that are read at once.
const PIECE: u64 = 1 << 20;
const MESSAGES: usize = 100;
/// Pieces that are read while words are written.
const AHEAD: usize = 2;

/// What is taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// What has its text, and what changed.
    Ripe,
    /// Headers alone, too.
    All,
}

/// Takes in some of what the index lacks; gives how many messages that were.
pub async fn step(store: &Store, take: Take) -> Result<usize> {
    let _turn = store.index_turn().await;
    if !store.has_room_for_index() {
        return Ok(0);
    }
    let lacking = store.unindexed(take == Take::All).await?;
    if lacking.is_empty() {
        return Ok(0);
    }
    let reading = |ids| tokio::spawn(read(store.clone(), ids));
    let mut pieces = stream::iter(pieces(&lacking)).map(reading).buffered(AHEAD);
    let (mut index, mut events) = (store.begin_index(&lacking).await?, Vec::new());
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(failed)??;
        index.put(&piece.entries).await?;
        events.extend(piece.events);
    }
    // Durable before it is noted that it is done.
    index.commit().await?;
    let mut tx = store.begin().await?;
    tx.indexed(&lacking, &events).await?;
    tx.commit().await?;
    Ok(lacking.len())
}

/// Takes in all that the index lacks.
pub async fn finish(store: &Store) -> Result<()> {
    let mut taken = 0;
    loop {
        match step(store, Take::All).await? {
            0 => return tidy(store, taken).await,
            some => taken += some,
        }
    }
}

/// Tidies the index up after so many messages.
pub async fn tidy(store: &Store, taken: usize) -> Result<()> {
    if taken < BULK {
        return Ok(());
    }
    let _turn = store.index_turn().await;
    if store.merge_index(true).await? {
        for _ in 0..MERGES {
            if !store.merge_index(false).await? {
                break;
            }
        }
    }
    while store.shrink_index().await? {}
    Ok(())
}

/// What is read at once: messages that are there, in their order.
fn pieces(lacking: &[Unindexed]) -> Vec<Vec<MessageId>> {
    let (mut pieces, mut octets) = (Vec::<Vec<MessageId>>::new(), PIECE);
    for u in lacking.iter().filter(|u| u.date.is_some()) {
        match pieces.last_mut() {
            Some(piece) if octets + u.size <= PIECE && piece.len() < MESSAGES => piece.push(u.id),
            _ => {
                pieces.push(vec![u.id]);
                octets = 0;
            }
        }
        octets += u.size;
    }
    pieces
}

/// Some messages as the index has them.
struct Piece {
    entries: Vec<Entry>,
    events: Vec<(MessageId, EventRow)>,
}

async fn read(store: Store, ids: Vec<MessageId>) -> Result<Piece> {
    let contents = store.contents(&ids).await?;
    let read = move || {
        let (mut entries, mut events) = (Vec::with_capacity(contents.len()), Vec::new());
        for content in contents {
            let event = content.raw.as_deref().and_then(invite::event);
            events.extend(event.map(|e| (content.id, invitation::row(&e))));
            entries.push(entry(content));
        }
        Piece { entries, events }
    };
    tokio::task::spawn_blocking(read).await.map_err(failed)
}

fn failed(e: tokio::task::JoinError) -> Error {
    Error::new(Kind::Storage, "index").because(e)
}

fn entry(content: Content) -> Entry {
    let words = |texts: &[&str]| {
        let mut out = String::new();
        texts.iter().for_each(|text| spell(text, &mut out));
        out
    };
    let Content { id, subject, from, to, raw } = content;
    let (body, files) =
        raw.as_deref().map(searchable).map_or((None, String::new()), |f| (Some(f.body), f.files));
    let to: Vec<&str> = to.iter().flat_map(|a| [a.name.as_str(), a.address.as_str()]).collect();
    Entry {
        id,
        subject: words(&[&subject]),
        sender: words(&[&from.name, &from.address]),
        recipients: words(&to),
        body,
        files,
    }
}
