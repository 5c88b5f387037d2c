//! The journal of a POP3 account, carried out on this device: it is the server of its folders, and says yes to everything.
//!
//! An intent is carried out and done in one transaction, so there is no "sent and not confirmed". What is undone later is undone
//! by the journal like a change that a server has confirmed.

use crate::error::{Kind, Result};
use crate::journal::{Actions, folder, undo};
use crate::model::PlacementId;
use crate::store::Tx;
use crate::store::intent::{IntentKind, IntentRow, IntentState};
use crate::sync::{Context, folders};
use crate::uid_set::UidSet;

/// Carries out everything that is due.
pub async fn file(ctx: &Context) -> Result<()> {
    let _only = ctx.turns.replaying.lock().await;
    let mut removed = false;
    loop {
        let now = ctx.due_time();
        let waiting = ctx.store.waiting_intents(ctx.account).await?;
        let due: Vec<&IntentRow> = waiting.iter().filter(|i| i.not_before <= now).collect();
        if due.is_empty() {
            break;
        }
        let mut tx = ctx.store.begin().await?;
        let mut done = 0;
        for intent in due.iter().take(1000) {
            let carried = carry_out(&mut tx, ctx, intent).await?;
            removed |= carried && !matches!(intent.kind, IntentKind::Flag(_));
            done += usize::from(carried);
        }
        tx.commit().await?;
        if done == 0 {
            break; // what is left waits for what is held back
        }
    }
    if removed {
        let mut tx = ctx.store.begin().await?;
        tx.mark_deleted(ctx.account).await?;
        let files = tx.sweep_orphans(ctx.account).await?;
        tx.commit().await?;
        ctx.store.remove_body_files(&files);
    }
    Ok(())
}

/// False when it must wait for others.
async fn carry_out(tx: &mut Tx, ctx: &Context, intent: &IntentRow) -> Result<bool> {
    // Undone or overtaken since the list was read: transactions come one after the other, and so does this.
    let still = if intent.kind.is_about_mailbox() {
        tx.waiting_in(intent.mailbox).await?.iter().any(|i| i.id == intent.id)
    } else {
        tx.waiting_for(intent.placement).await?.iter().any(|i| i.id == intent.id)
    };
    if !still {
        return Ok(false);
    }
    let row = match tx.mailbox(intent.mailbox).await {
        Err(e) if e.kind == Kind::NotFound => {
            undo::revert(tx, intent).await?;
            return Ok(true);
        }
        other => other?,
    };
    match &intent.kind {
        IntentKind::Flag(change) => {
            if let Some(p) = tx.placement(intent.placement).await? {
                let base = p.base.with(change);
                tx.set_flags(&p, &base, &p.flags, 0).await?;
            }
        }
        IntentKind::Move { expected, .. } => {
            arrive(tx, *expected).await?;
            tx.remove_placement(intent.placement).await?;
        }
        IntentKind::Copy { expected, .. } => arrive(tx, *expected).await?,
        IntentKind::Append => arrive(tx, intent.placement).await?,
        IntentKind::Delete => tx.remove_placement(intent.placement).await?,
        IntentKind::Create | IntentKind::Subscribe(_) => {}
        IntentKind::Use { role, .. } => tx.set_mailbox_use(row.id, *role, false).await?,
        IntentKind::Rename { to, .. } => folders::renamed(tx, &row, to).await?,
        IntentKind::Empty { last, .. } => tx.remove_up_to(row.id, *last).await?,
        IntentKind::Remove => {
            if tx.waiting_in(row.id).await?.iter().any(|i| i.id < intent.id) {
                return Ok(false);
            }
            // What was moved into it after the user's wish takes the same way.
            let mut actions = Actions::of_one(ctx.account, intent.action);
            if folder::clear(tx, ctx.clock.now(), &mut actions, &row, 0).await? {
                tx.remove_intent(intent.id).await?;
                tx.add_intent(intent.action, intent.account, PlacementId(0), row.id, &IntentKind::Remove, 0)
                    .await?;
                return Ok(true);
            }
            tx.unmake_mailbox(row.id).await?;
            folders::let_go_of_all(tx, ctx.clock.now(), row.id).await?;
        }
    }
    tx.set_intent_state(&[intent.id], IntentState::Done).await?;
    Ok(true)
}

/// What was expected is there.
async fn arrive(tx: &mut Tx, id: PlacementId) -> Result<()> {
    let Some(p) = tx.placement(id).await?.filter(|p| p.uid == 0) else { return Ok(()) };
    let uid = tx.next_uid(p.mailbox).await?;
    tx.set_uid(&p, uid).await?;
    tx.set_flags(&p, &p.flags, &p.flags, 0).await?;
    tx.set_progress(p.mailbox, 1, uid + 1, &UidSet::new()).await
}
