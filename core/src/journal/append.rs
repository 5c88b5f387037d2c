//! The user puts a message of this device into a mailbox.

use super::Actions;
use crate::error::{Error, Kind, Result};
use crate::mime::{header, render};
use crate::model::{AccountId, ActionId, Flags, MailboxId, MessageId, PlacementId};
use crate::store::Tx;
use crate::store::body::Packed;
use crate::store::intent::IntentKind;
use crate::store::message::{Identity, NewMessage};

/// A message to be put into a mailbox.
pub struct Upload<'a> {
    /// The whole message.
    pub raw: &'a [u8],
    /// Its flags.
    pub flags: Flags,
    /// INTERNALDATE, seconds since 1970.
    pub received: i64,
    /// A number that no other upload of this device ever has.
    pub nonce: u64,
}

/// Puts a message into a mailbox; it is there at once and goes to the server when that can be. `packed` is the same message,
/// ready for the store.
pub async fn append(
    tx: &mut Tx,
    now: i64,
    target: MailboxId,
    upload: &Upload<'_>,
    packed: Packed,
) -> Result<(PlacementId, Vec<ActionId>)> {
    let to = tx.mailbox(target).await?;
    if !to.usable() {
        return Err(Error::new(Kind::MailboxGone, to.name));
    }
    let head = header::section(upload.raw);
    let message = NewMessage {
        identity: Identity::of_upload(now, upload.nonce, head),
        envelope: header::envelope(head),
        size: upload.raw.len() as u64,
        has_attachments: false,
        preview: None,
    };
    let ids = tx.put_messages(to.account, std::slice::from_ref(&message)).await?;
    let id = *ids.get(&message.identity).ok_or_else(|| Error::new(Kind::Storage, "message"))?;
    // In front of the intent, with which the spare takes it over.
    tx.put_bodies(&[(id, packed, render::preview(upload.raw))]).await?;
    put_up(tx, now, to.account, target, id, &upload.flags, upload.received).await
}

/// Puts a message whose text is here, and that no mailbox has any more, into a mailbox again.
pub async fn again(
    tx: &mut Tx,
    now: i64,
    target: MailboxId,
    message: MessageId,
    flags: &Flags,
) -> Result<Vec<ActionId>> {
    let account = tx.mailbox(target).await?.account;
    Ok(put_up(tx, now, account, target, message, flags, now).await?.1)
}

async fn put_up(
    tx: &mut Tx,
    now: i64,
    account: AccountId,
    target: MailboxId,
    message: MessageId,
    flags: &Flags,
    received: i64,
) -> Result<(PlacementId, Vec<ActionId>)> {
    let mut actions = Actions::default();
    let action = actions.of(tx, account, "append", "append", target, now).await?;
    let placement = tx.add_upload(target, message, flags, received).await?;
    tx.add_intent(action, account, placement, target, &IntentKind::Append, 0).await?;
    Ok((placement, actions.done()))
}
