//! One POP3 account, kept in step: a task that talks to the maildrop, one that files.

use super::{filing, visit};
use crate::error::{Error, Kind, Result};
use crate::model::{Leave, MessageId};
use crate::sync::Context;
use crate::sync::actor::{Job, Phase, State, failed, in_step, next_due, set_phase};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot, watch};

/// Servers want to be left alone for a while (RFC 2449 section 6.5 LOGIN-DELAY); what is less polite gains nothing.
const POLL: Duration = Duration::from_secs(300);

/// Messages whose text somebody waits for, and who waits.
type Wanted = Vec<(MessageId, oneshot::Sender<Result<()>>)>;

/// Visits the maildrop: when the user says so, when somebody wants a text, and every few minutes.
pub async fn maildrop(
    ctx: Arc<Context>,
    wake: Arc<Notify>,
    jobs: Arc<std::sync::Mutex<Option<mpsc::Receiver<Job>>>>,
    state: Arc<watch::Sender<State>>,
) {
    let Some(mut jobs) = jobs.lock().ok().and_then(|mut j| j.take()) else { return };
    // Connecting is what it begins with; a failure stays on the screen until it works again.
    let (mut failures, mut wanted): (u32, Wanted) = (0, Vec::new());
    loop {
        let ids: Vec<MessageId> = wanted.iter().map(|(id, _)| *id).collect();
        let visiting = async {
            let session = visit::open(&ctx).await?;
            set_phase(&state, Phase::Working);
            visit::converse(&ctx, session, &ids).await
        };
        let outcome = ctx.while_alive(visiting).await;
        answer(&ctx, wanted, outcome.as_ref().err()).await;
        wanted = Vec::new();
        let pause = match outcome {
            Ok(()) => {
                failures = 0;
                in_step(&ctx, &state);
                POLL
            }
            Err(e) => {
                failures += 1;
                failed(&ctx, &state, failures, e)
            }
        };
        let next = tokio::time::sleep(pause);
        tokio::pin!(next);
        loop {
            let job = tokio::select! {
                () = wake.notified() => break,
                () = &mut next => break,
                job = jobs.recv() => job,
            };
            match job {
                None => return,
                Some(Job::Look(_)) => {}
                Some(Job::Fetch(id, _, reply)) => wanted.push((id, reply)),
            }
            while let Ok(job) = jobs.try_recv() {
                if let Job::Fetch(id, _, reply) = job {
                    wanted.push((id, reply));
                }
            }
            if !wanted.is_empty() {
                break;
            }
        }
    }
}

async fn answer(ctx: &Context, wanted: Wanted, failed: Option<&Error>) {
    for (id, reply) in wanted {
        let here = ctx.store.message(id).await.is_ok_and(|m| m.is_here(false));
        let _ = reply.send(match failed {
            _ if here => Ok(()),
            Some(e) => Err(e.clone()),
            None => Err(Error::new(Kind::NotFound, id.to_string())),
        }); // nobody waits any more: fine
    }
}

/// Files what the user did, at once; what is held back for undo, in its time. Where something was deleted for good, the maildrop
/// is told (`wake`), if the policy wants so.
pub async fn files(ctx: Arc<Context>, journal: Arc<Notify>, wake: Option<Arc<Notify>>) {
    loop {
        let before = ctx.store.waiting_count(ctx.account).await.unwrap_or(0);
        match filing::file(&ctx).await {
            Err(e) => tracing::warn!(account = %ctx.account, error = %e, "could not be filed"),
            Ok(()) if before > 0 => {
                let leaves = ctx.store.account(ctx.account).await;
                if leaves.is_ok_and(|a| a.leave == Leave::UntilDeleted)
                    && let Some(wake) = &wake
                {
                    wake.notify_one();
                }
            }
            Ok(()) => {}
        }
        let held = next_due(&ctx).await;
        tokio::select! {
            () = journal.notified() => {}
            () = tokio::time::sleep(held), if held < Duration::MAX => {}
        }
    }
}
