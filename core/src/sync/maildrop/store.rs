//! Raw messages into the store: message, placement, body and ledger in one transaction, or nothing of them.

use super::listing::{Entry, name_of};
use crate::error::{Error, Kind, Result};
use crate::journal::junk;
use crate::mime::header;
use crate::mime::render::{self, Glance};
use crate::model::{Flags, MailboxId, MessageId, Role};
use crate::store::body::Packed;
use crate::store::mailbox::Listed;
use crate::store::maildrop::{Seen, SeenState};
use crate::store::message::{Identity, NewMessage};
use crate::store::placement::NewPlacement;
use crate::sync::Context;
use crate::sync::reports::{self, Told};
use crate::uid_set::UidSet;
use std::collections::BTreeSet;

/// What came of one message.
pub struct Came {
    /// Which.
    pub entry: Entry,
    /// The message, or its header.
    pub raw: Vec<u8>,
    /// All of it.
    pub whole: bool,
}

/// What a message says of itself, on its way into the store.
pub struct Understood {
    uidl: String,
    message: NewMessage,
    received: i64,
    body: Option<Packed>,
    told: Option<Told>,
}

/// Reads what came, on a thread that may take its time.
pub async fn understand(ctx: &Context, came: Vec<Came>) -> Result<Vec<Understood>> {
    let now = ctx.clock.now();
    let (store, account) = (ctx.store.clone(), ctx.account);
    let work = move || -> Result<Vec<Understood>> {
        let mut packer = store.packer()?;
        came.into_iter()
            .map(|c| {
                // All of it where all of it is here: a second message with the same header and size is another one.
                let identity = Identity::of_header(c.entry.size, &c.raw);
                let uidl = if c.entry.uidl.is_empty() { name_of(&c.raw) } else { c.entry.uidl };
                let seen = if c.whole {
                    render::glance(&c.raw)
                } else {
                    let (envelope, delivered) = header::envelope_and_delivery(header::section(&c.raw));
                    Glance { envelope, delivered, ..Glance::default() }
                };
                let name = identity.0.iter().map(|b| format!("{b:02x}")).collect::<String>();
                let message = NewMessage {
                    identity,
                    envelope: seen.envelope,
                    size: c.entry.size,
                    has_attachments: seen.files,
                    thread: None,
                    preview: c.whole.then_some(seen.preview),
                };
                let mut pack = |raw: &[u8]| packer.pack(&format!("{account}-{name}"), raw);
                let body = if c.whole { Some(pack(&c.raw)) } else { None }.transpose()?;
                let told = if c.whole { Told::of(&c.raw) } else { None };
                let delivered = seen.delivered;
                let received = if delivered > 0 { delivered.min(now) } else { now };
                Ok(Understood { uidl, message, received, body, told })
            })
            .collect()
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::new(Kind::Storage, "maildrop").because(e))?
}

/// Keeps messages in the inbox.
pub async fn keep(ctx: &Context, understood: Vec<Understood>) -> Result<()> {
    if understood.is_empty() {
        return Ok(());
    }
    let now = ctx.clock.now();
    let _only = ctx.turns.replaying.lock().await;
    let inbox = inbox(ctx).await?;
    let mut tx = ctx.store.begin().await?;
    let (news, rest): (Vec<NewMessage>, Vec<_>) =
        understood.into_iter().map(|u| (u.message, (u.uidl, u.received, u.body, u.told))).unzip();
    let added = tx.add_messages(ctx.account, &news).await?;
    let known = tx.known_messages(ctx.account, news.iter().map(|m| &m.identity), &added).await?;
    // The same message under another unique-id is here already, wherever it was filed.
    let mut unplaced = tx.unplaced(&known.values().copied().collect::<Vec<_>>()).await?;
    unplaced.extend(added.values());
    let mut fresh: BTreeSet<MessageId> = added.values().copied().collect();
    let mut uid = tx.next_uid(inbox).await?;
    let (mut placements, mut seen, mut told, mut from) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut new_bodies, mut bodies) = (Vec::new(), Vec::new());
    for (message, (uidl, received, body, said)) in news.into_iter().zip(rest) {
        let found = added.get(&message.identity).or_else(|| known.get(&message.identity));
        let Some(id) = found.copied() else { continue };
        told.extend(said.map(|said| (id, said)));
        if unplaced.remove(&id) {
            from.push(junk::Came { uid, from: message.envelope.from.address.clone(), known: false });
            placements.push(NewPlacement {
                message: id,
                uid,
                base: Flags::default(),
                flags: Flags::default(),
                modseq: 0,
                received,
                sort_date: received,
            });
            uid += 1;
        }
        let state = if body.is_some() { SeenState::Here } else { SeenState::Partial };
        seen.push(Seen {
            uidl,
            size: message.size,
            message: Some(id),
            first_seen: now,
            last_seen: now,
            state,
        });
        match (body, message.preview) {
            (Some(packed), _) if fresh.remove(&id) => new_bodies.push((id, packed)),
            (Some(packed), Some(preview)) => bodies.push((id, packed, preview)),
            _ => {}
        }
    }
    tx.add_placements(inbox, &placements).await?;
    tx.put_seen(ctx.account, &seen).await?;
    tx.set_progress(inbox, 1, uid, &UidSet::new()).await?;
    tx.add_bodies(new_bodies).await?;
    tx.put_bodies(&bodies).await?;
    for (by, told) in told {
        reports::keep(&mut tx, now, by, &told).await?;
    }
    junk::sort_out(&mut tx, now, ctx.account, inbox, &from).await?;
    tx.commit().await
}

/// The inbox, and with it the folders that every account has, made when they are missing.
pub async fn inbox(ctx: &Context) -> Result<MailboxId> {
    let found = ctx.store.mailboxes(ctx.account).await?.into_iter().find(|m| m.role == Some(Role::Inbox));
    match found {
        Some(row) => Ok(row.id),
        None => make_folders(ctx).await,
    }
}

async fn make_folders(ctx: &Context) -> Result<MailboxId> {
    let folders = [
        ("INBOX", Role::Inbox),
        ("Drafts", Role::Drafts),
        ("Sent", Role::Sent),
        ("Archive", Role::Archive),
        ("Junk", Role::Junk),
        ("Trash", Role::Trash),
    ];
    let mut tx = ctx.store.begin().await?;
    let mut inbox = MailboxId(0);
    for (name, role) in folders {
        let listed = Listed {
            raw: name.as_bytes().to_vec(),
            name: name.to_owned(),
            delimiter: "/".to_owned(),
            role: Some(role),
            selectable: true,
            subscribed: true,
        };
        let id = tx.put_mailbox(ctx.account, &listed).await?;
        tx.set_progress(id, 1, 1, &UidSet::new()).await?;
        if role == Role::Inbox {
            inbox = id;
        }
    }
    tx.commit().await?;
    Ok(inbox)
}
