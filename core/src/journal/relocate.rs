//! The user moves messages: to a folder, the archive, the trash, out of junk.

use super::{Actions, delete, flag, folder, junk, label, targets};
use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, ActionId, MailboxId, MessageId, PlacementId, Role};
use crate::store::Tx;
use crate::store::intent::IntentKind;
use crate::store::mailbox::{MailboxRow, all_mail};
use crate::store::placement::PlacementRow;
use std::collections::BTreeMap;

/// Moves messages into a mailbox of the same account.
pub async fn move_to(
    tx: &mut Tx,
    now: i64,
    ids: &[PlacementId],
    target: MailboxId,
    words: &str,
) -> Result<Vec<ActionId>> {
    let to = tx.mailbox(target).await?;
    if !to.usable() {
        return Err(Error::new(Kind::MailboxGone, to.name));
    }
    let mut actions = Actions::default();
    within(tx, now, &mut actions, ids, &to, words).await?;
    Ok(actions.done())
}

/// The same as part of a larger action.
pub(super) async fn within(
    tx: &mut Tx,
    now: i64,
    actions: &mut Actions,
    ids: &[PlacementId],
    to: &MailboxRow,
    words: &str,
) -> Result<()> {
    let mailboxes = tx.mailboxes(to.account).await?;
    let everything = all_mail(&mailboxes);
    for (account, p) in targets(tx, ids).await? {
        if account != to.account {
            return Err(Error::new(Kind::Usage, &to.name).because("messages move within their account"));
        }
        if p.mailbox == to.id {
            continue;
        }
        let there = match everything {
            Some(_) => at(tx, to.id, p.message).await?,
            None => None,
        };
        let stays = everything == Some(p.mailbox) && !matches!(to.role, Some(Role::Trash | Role::Junk));
        if stays && there.is_some() {
            continue; // it has that label
        }
        let action = actions.of(tx, account, "move", words, to.id, now).await?;
        // Gmail learns from the place alone, and shows keywords to nobody.
        let from = mailboxes.iter().find(|m| m.id == p.mailbox && everything.is_none());
        let p = match from.and_then(|from| junk::verdict(from, to, &p.flags)) {
            Some(change) => {
                flag::within(tx, now, actions, &[p.id], &change, words).await?;
                tx.placement(p.id).await?.unwrap_or(p)
            }
            None => p,
        };
        // What lies there already has arrived.
        let expected = match there {
            Some(there) => there,
            None => tx.add_expected(to.id, &p).await?,
        };
        wish(tx, account, action, &p, (to.id, expected), stays).await?;
        label::follow(tx, &p, to, true).await?;
    }
    Ok(())
}

/// Writes down that a message goes to a mailbox, as the placement expected there. Where it `stays` at its old place that is a copy.
pub(super) async fn wish(
    tx: &mut Tx,
    account: AccountId,
    action: ActionId,
    p: &PlacementRow,
    (target, expected): (MailboxId, PlacementId),
    stays: bool,
) -> Result<()> {
    let kind = match stays {
        true => IntentKind::Copy { target, expected },
        false => IntentKind::Move { target, expected },
    };
    tx.add_intent(action, account, p.id, p.mailbox, &kind, 0).await?;
    if stays { Ok(()) } else { tx.set_hidden(p, true).await }
}

async fn at(tx: &mut Tx, mailbox: MailboxId, message: MessageId) -> Result<Option<PlacementId>> {
    let places = tx.placements_of(message).await?;
    Ok(places.iter().find(|p| p.mailbox == mailbox && p.uid > 0 && !p.hidden).map(|p| p.id))
}

/// Copies messages into a mailbox of the same account.
pub async fn copy_to(tx: &mut Tx, now: i64, ids: &[PlacementId], target: MailboxId) -> Result<Vec<ActionId>> {
    let to = tx.mailbox(target).await?;
    if !to.usable() {
        return Err(Error::new(Kind::MailboxGone, to.name));
    }
    let mut actions = Actions::default();
    for (account, p) in targets(tx, ids).await? {
        if account != to.account {
            return Err(Error::new(Kind::Usage, to.name).because("messages are copied within their account"));
        }
        let action = actions.of(tx, account, "copy", "copy", target, now).await?;
        let expected = tx.add_expected(target, &p).await?;
        wish(tx, account, action, &p, (target, expected), true).await?;
    }
    Ok(actions.done())
}

/// Moves messages to the mailbox that each account has for a role. What lies in the trash already is removed for good when it
/// is trashed again, not before `hold` seconds have passed.
pub async fn move_to_role(
    tx: &mut Tx,
    now: i64,
    ids: &[PlacementId],
    role: Role,
    hold: i64,
) -> Result<Vec<ActionId>> {
    let mut actions = Vec::new();
    for (account, ids) in by_account(tx, ids).await? {
        let target = role_mailbox(tx, account, role).await?;
        if role == Role::Trash {
            let mut there = Vec::new();
            for id in &ids {
                if tx.placement(*id).await?.is_some_and(|p| p.mailbox == target) {
                    there.push(*id);
                }
            }
            actions.extend(delete::delete(tx, now, &there, hold).await?);
        }
        actions.extend(move_to(tx, now, &ids, target, role.as_str()).await?);
    }
    Ok(actions)
}

/// The same for one role as part of a larger action.
pub(super) async fn within_role(
    tx: &mut Tx,
    now: i64,
    actions: &mut Actions,
    ids: &[PlacementId],
    role: Role,
    words: &str,
) -> Result<()> {
    for (account, ids) in by_account(tx, ids).await? {
        let target = role_mailbox(tx, account, role).await?;
        let to = tx.mailbox(target).await?;
        within(tx, now, actions, &ids, &to, words).await?;
    }
    Ok(())
}

/// The messages of each account.
async fn by_account(tx: &mut Tx, ids: &[PlacementId]) -> Result<BTreeMap<AccountId, Vec<PlacementId>>> {
    let mut found: BTreeMap<AccountId, Vec<PlacementId>> = BTreeMap::new();
    for (account, p) in targets(tx, ids).await? {
        found.entry(account).or_default().push(p.id);
    }
    Ok(found)
}

/// The account's mailbox for a role. Where it has none, one is made here, and on the server with the first message that goes
/// there.
pub(super) async fn role_mailbox(tx: &mut Tx, account: AccountId, role: Role) -> Result<MailboxId> {
    let mailboxes = tx.mailboxes(account).await?;
    if let Some(found) = mailboxes.iter().find(|m| m.role == Some(role) && m.usable()) {
        return Ok(found.id);
    }
    // Where everything is kept in one place (Gmail's All Mail), that is what archiving means.
    if role == Role::Archive
        && let Some(all) = mailboxes.iter().find(|m| m.role == Some(Role::All) && m.usable())
    {
        return Ok(all.id);
    }
    let name = match role {
        Role::Archive => "Archive",
        Role::Trash => "Trash",
        Role::Junk => "Junk",
        _ => return Err(Error::new(Kind::MailboxGone, role.as_str())),
    };
    folder::put(tx, account, &mailboxes, name, Some(role)).await
}
