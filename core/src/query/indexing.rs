//! Keeps the full-text index in step with the mail, a little behind it: what is new, what came, what is gone.

use super::invitation;
use crate::error::{Error, Kind, Result};
use crate::mime::invite;
use crate::mime::text::searchable;
use crate::search::words::spell;
use crate::store::Store;
use crate::store::search::{Content, Entry, Unindexed};

/// So many messages at once leave the index in many pieces.
const BULK: usize = 5000;

/// No index takes so many steps to be tidied up: 8 GB.
const MERGES: u32 = 1000;

/// Takes in some of what the index lacks; gives how many messages that were.
pub async fn step(store: &Store) -> Result<usize> {
    let _turn = store.index_turn().await;
    if !store.has_room_for_index() {
        return Ok(0);
    }
    let lacking = store.unindexed().await?;
    if lacking.is_empty() {
        return Ok(0);
    }
    let read = move || lacking.into_iter().map(entry).collect::<Vec<_>>();
    let mut entries =
        tokio::task::spawn_blocking(read).await.map_err(|e| Error::new(Kind::Storage, "index").because(e))?;
    store.put_index(&mut entries).await?;
    let mut tx = store.begin().await?;
    tx.indexed(&entries).await?;
    tx.commit().await?;
    Ok(entries.len())
}

/// Takes in all that the index lacks.
pub async fn finish(store: &Store) -> Result<()> {
    let mut taken = 0;
    loop {
        match step(store).await? {
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
    Ok(())
}

fn entry(lacking: Unindexed) -> Entry {
    let words = |texts: &[&str]| {
        let mut out = String::new();
        texts.iter().for_each(|text| spell(text, &mut out));
        out
    };
    let none = Entry {
        id: lacking.id,
        turn: lacking.turn,
        gone: true,
        date: 0,
        subject: String::new(),
        sender: String::new(),
        recipients: String::new(),
        body: None,
        files: String::new(),
        event: None,
    };
    let Some(Content { date, subject, from, to, raw }) = lacking.content else { return none };
    let found = raw.as_deref().map(searchable);
    let event = raw.as_deref().and_then(invite::event);
    let (body, files) = found.map_or((None, String::new()), |f| (Some(f.body), f.files));
    let to: Vec<&str> = to.iter().flat_map(|a| [a.name.as_str(), a.address.as_str()]).collect();
    Entry {
        gone: false,
        date,
        subject: words(&[&subject]),
        sender: words(&[&from.name, &from.address]),
        recipients: words(&to),
        body,
        files,
        event: event.as_ref().map(invitation::row),
        ..none
    }
}
