//! Another device or the server decided otherwise than the user wished; the user insists.

use super::{append, delete, flag, relocate};
use crate::error::{Error, Kind, Result};
use crate::model::{ActionId, MailboxId, PlacementId};
use crate::store::Tx;
use crate::store::decision::Decision;
use crate::store::intent::{IntentKind, IntentRow};
use crate::store::placement::PlacementRow;

/// Writes down that a wish was overtaken or refused. `p` is where the message was.
pub async fn record(tx: &mut Tx, now: i64, code: &str, intent: &IntentRow, p: &PlacementRow) -> Result<()> {
    // A mailbox's wishes are told of as notices.
    if intent.kind.is_about_mailbox() {
        return Ok(());
    }
    tx.add_decision(now, code, intent, p.message).await
}

/// What the user had asked for is asked for again, wherever the message is now. NotFound where no mailbox has it any more.
pub async fn insist(tx: &mut Tx, now: i64, id: i64) -> Result<Vec<ActionId>> {
    let decision = tx.take_decision(id).await?;
    let there: Vec<PlacementId> = match &decision.kind {
        // Where it was meant to go it may lie already.
        IntentKind::Move { target, .. } | IntentKind::Copy { target, .. } => {
            places(tx, &decision, Some(*target)).await?
        }
        _ => places(tx, &decision, None).await?,
    };
    if there.is_empty() {
        return bring_back(tx, now, &decision).await;
    }
    match &decision.kind {
        IntentKind::Flag(change) => flag::mark(tx, now, &there, change, "flag").await,
        IntentKind::Move { target, .. } => relocate::move_to(tx, now, &there[..1], *target, "move").await,
        IntentKind::Copy { target, .. } => relocate::copy_to(tx, now, &there[..1], *target).await,
        IntentKind::Delete => delete::delete(tx, now, &there, 0).await,
        _ => Ok(Vec::new()),
    }
}

/// It is on no mailbox any more, but its text is still here: it goes back to where it was, as the user wished it to be.
async fn bring_back(tx: &mut Tx, now: i64, decision: &Decision) -> Result<Vec<ActionId>> {
    let missing = || Error::new(Kind::NotFound, decision.subject.clone());
    let place = match &decision.kind {
        IntentKind::Move { target, .. } | IntentKind::Copy { target, .. } => Some(*target),
        IntentKind::Flag(_) => {
            let all = tx.mailboxes(decision.account).await?;
            all.iter().find(|m| m.name == decision.place && m.usable()).map(|m| m.id)
        }
        _ => None,
    };
    let place = place.ok_or_else(missing)?;
    if !tx.has_body(decision.message).await? {
        return Err(missing());
    }
    let flags = match &decision.kind {
        IntentKind::Flag(change) => change.add.clone(),
        _ => Default::default(),
    };
    append::again(tx, now, place, decision.message, &flags).await
}

async fn places(tx: &mut Tx, decision: &Decision, but: Option<MailboxId>) -> Result<Vec<PlacementId>> {
    let all = tx.placements_of(decision.message).await?;
    Ok(all.into_iter().filter(|p| !p.hidden && Some(p.mailbox) != but).map(|p| p.id).collect())
}
