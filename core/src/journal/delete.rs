//! The user deletes messages for good.

use super::{Actions, label, relocate, targets};
use crate::error::Result;
use crate::model::{ActionId, Flags, MailboxId, PlacementId, Role};
use crate::store::Tx;
use crate::store::intent::IntentKind;
use crate::store::mailbox::{all_mail, is_label};

/// Removes messages for good. The server is not told before `hold` seconds have passed; until then undo brings them back.
pub async fn delete(tx: &mut Tx, now: i64, ids: &[PlacementId], hold: i64) -> Result<Vec<ActionId>> {
    let mut actions = Actions::default();
    within(tx, now, &mut actions, ids, hold).await?;
    Ok(actions.done())
}

/// The same as part of a larger action.
pub(super) async fn within(
    tx: &mut Tx,
    now: i64,
    actions: &mut Actions,
    ids: &[PlacementId],
    hold: i64,
) -> Result<()> {
    for (account, mut p) in targets(tx, ids).await? {
        let action = actions.of(tx, account, "delete", "delete", MailboxId(0), now).await?;
        let mailboxes = tx.mailboxes(account).await?;
        let row = mailboxes.iter().find(|m| m.id == p.mailbox);
        if row.is_some_and(|row| is_label(row, &mailboxes)) || all_mail(&mailboxes) == Some(p.mailbox) {
            // Removed where it lies, only a label would go, and Gmail would keep the message: it goes from the trash.
            let target = relocate::role_mailbox(tx, account, Role::Trash).await?;
            let expected = tx.add_expected(target, &p).await?;
            let kind = IntentKind::Move { target, expected };
            tx.add_intent(action, account, p.id, p.mailbox, &kind, now + hold).await?;
            tx.set_hidden(&p, true).await?;
            let trash = tx.mailbox(target).await?;
            label::follow(tx, &p, &trash, true).await?;
            let Some(there) = tx.placement(expected).await? else { continue };
            p = there;
        }
        tx.add_intent(action, account, p.id, p.mailbox, &IntentKind::Delete, now + hold).await?;
        tx.set_hidden(&p, true).await?;
    }
    Ok(())
}

/// Removes for good what carries `\Deleted` in a mailbox, by whomever it was marked.
pub async fn expunge(tx: &mut Tx, now: i64, mailbox: MailboxId, hold: i64) -> Result<Vec<ActionId>> {
    let all = tx.visible_placements(mailbox).await?;
    let marked: Vec<PlacementId> = all.iter().filter(|p| p.flags.has(Flags::DELETED)).map(|p| p.id).collect();
    delete(tx, now, &marked, hold).await
}
