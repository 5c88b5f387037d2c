//! The user deletes messages for good.

use super::{Actions, targets};
use crate::error::Result;
use crate::model::{ActionId, MailboxId, PlacementId};
use crate::store::Tx;
use crate::store::intent::IntentKind;

/// Removes messages for good. The server is not told before `hold` seconds have passed; until then undo brings them back.
pub async fn delete(tx: &mut Tx, now: i64, ids: &[PlacementId], hold: i64) -> Result<Vec<ActionId>> {
    let mut actions = Actions::default();
    for (account, p) in targets(tx, ids).await? {
        let action = actions.of(tx, account, "delete", "delete", MailboxId(0), now).await?;
        tx.add_intent(action, account, p.id, p.mailbox, &IntentKind::Delete, now + hold).await?;
        tx.set_hidden(&p, true).await?;
    }
    Ok(actions.done())
}
