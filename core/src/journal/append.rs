//! The user puts a message of this device into a mailbox.

use super::Actions;
use crate::error::{Error, Kind, Result};
use crate::mime::{header, render};
use crate::model::{ActionId, Flags, MailboxId, MessageId, PlacementId};
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
    let mut actions = Actions::default();
    let account = tx.account_of(target).await?;
    let action = actions.of(tx, account, "append", "append", target, now).await?;
    let id = within(tx, now, action, target, upload, packed, 0).await?;
    Ok((id, actions.done()))
}

/// The same as part of a larger action; not sent before `not_before` (seconds since 1970).
pub(super) async fn within(
    tx: &mut Tx,
    now: i64,
    action: ActionId,
    target: MailboxId,
    upload: &Upload<'_>,
    packed: Packed,
    not_before: i64,
) -> Result<PlacementId> {
    let to = tx.mailbox(target).await?;
    if !to.usable() {
        return Err(Error::new(Kind::MailboxGone, to.name));
    }
    let head = header::section(upload.raw);
    let glance = render::glance(upload.raw);
    let message = NewMessage {
        identity: Identity::of_upload(now, upload.nonce, head),
        envelope: glance.envelope,
        size: upload.raw.len() as u64,
        has_attachments: glance.files,
        thread: None,
        preview: None,
    };
    let ids = tx.put_messages(to.account, std::slice::from_ref(&message)).await?;
    let id = *ids.get(&message.identity).ok_or_else(|| Error::new(Kind::Storage, "message"))?;
    // In front of the intent, with which the spare takes it over.
    tx.put_bodies(&[(id, packed, glance.preview)]).await?;
    let placement = tx.add_upload(target, id, &upload.flags, upload.received).await?;
    tx.add_intent(action, to.account, placement, target, &IntentKind::Append, not_before).await?;
    Ok(placement)
}

/// Puts a message whose text is here, and that no mailbox has any more, into a mailbox again.
pub async fn again(
    tx: &mut Tx,
    now: i64,
    target: MailboxId,
    message: MessageId,
    flags: &Flags,
) -> Result<Vec<ActionId>> {
    let account = tx.account_of(target).await?;
    let mut actions = Actions::default();
    let action = actions.of(tx, account, "append", "append", target, now).await?;
    let placement = tx.add_upload(target, message, flags, now).await?;
    tx.add_intent(action, account, placement, target, &IntentKind::Append, 0).await?;
    Ok(actions.done())
}
