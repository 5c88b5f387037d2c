//! Where mailboxes are labels of one message (docs/adr/0012), what is done under one of them shows under all at once. Nothing is
//! sent for the others: the server does it.

use crate::error::Result;
use crate::model::{AccountId, Role};
use crate::store::Tx;
use crate::store::intent::IntentKind;
use crate::store::mailbox::MailboxRow;
use crate::store::placement::PlacementRow;

/// The other places of a message, where places are labels; none elsewhere.
pub async fn others(tx: &mut Tx, account: AccountId, p: &PlacementRow) -> Result<Vec<PlacementRow>> {
    if !tx.has_labels(account).await? {
        return Ok(Vec::new());
    }
    let mut places = tx.placements_of(p.message).await?;
    places.retain(|q| q.id != p.id);
    Ok(places)
}

/// Shows under all other labels what the server has there with what waits for the message over it.
pub async fn show_flags(tx: &mut Tx, account: AccountId, p: &PlacementRow) -> Result<()> {
    let others = others(tx, account, p).await?;
    if others.is_empty() {
        return Ok(());
    }
    let wishes = tx.flag_wishes_of(p.message).await?;
    for q in others {
        let flags = wishes.iter().fold(q.base.clone(), |flags, change| flags.with(change));
        if flags != q.flags {
            tx.set_flags(&q, &q.base, &flags, q.modseq).await?;
        }
    }
    Ok(())
}

/// In the trash and in the junk a message has no other label: it is hidden there, or shown again.
pub async fn follow(tx: &mut Tx, p: &PlacementRow, to: &MailboxRow, hidden: bool) -> Result<()> {
    if matches!(to.role, Some(Role::Trash | Role::Junk)) {
        for q in others(tx, to.account, p).await?.iter().filter(|q| q.mailbox != to.id) {
            if hidden || !tx.is_wished_away(q.id).await? {
                tx.set_hidden(q, hidden).await?;
            }
        }
    }
    Ok(())
}

/// A label is gone from a message, and with it the place where its flags were to be changed: they are changed under another.
pub async fn pass_on(tx: &mut Tx, p: &PlacementRow) -> Result<()> {
    if !tx.waiting_for(p.id).await?.iter().any(|i| matches!(i.kind, IntentKind::Flag(_))) {
        return Ok(());
    }
    let account = tx.account_of(p.mailbox).await?;
    // All may be hidden for as long as it was to go to the trash.
    if let Some(q) = others(tx, account, p).await?.iter().min_by_key(|q| (q.hidden, q.id)) {
        tx.redirect_flags(p.id, q.id, q.mailbox).await?;
    }
    Ok(())
}
