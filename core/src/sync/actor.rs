//! One account, kept in step. Over IMAP that is three tasks, each with a connection of its own:
//!
//! * *background*: cycles; woken by the user, by time, by news of the watch;
//! * *foreground*: what somebody waits for, the journal and the message being opened;
//! * *watch*: IDLE on the inbox, and pulls it itself when there is news, so that new mail never waits for a first sync;
//!   with NOTIFY it hears of all other mailboxes too.
//!
//! Where the server lets us have fewer than three connections, the watch gives way first (the poll stays), and the others
//! close theirs when they have nothing to do.

use super::{Connected, Context, Hears, bodies, cycle, headers, maildrop, outbox, pull, replay};
use crate::error::{Error, Kind, Result, Retry};
use crate::model::{MailboxId, MessageId, Protocol, Role};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot, watch};

/// An IDLE that ended sooner than this tells nothing about anybody's patience.
const SHORTEST_RENEWAL: Duration = Duration::from_secs(120);
const LONGEST_PAUSE: u64 = 300;

/// What an account is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Connecting or signing in.
    Connecting,
    /// Fetching or sending.
    Working,
    /// In step, and listening.
    InStep,
    /// The user wants no connection.
    Paused,
    /// It did not work; the next try comes by itself or after the user did something.
    Failed(Error),
}

/// What the screens show of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// What it is doing.
    pub phase: Phase,
    /// When it was last in step, seconds since 1970; 0 = never since the start.
    pub in_step_at: i64,
}

/// Something that somebody waits for.
pub enum Job {
    /// Fetch a message, `true` with all its files.
    Fetch(MessageId, bool, oneshot::Sender<Result<()>>),
    /// Somebody looks at this mailbox: bring it in step now.
    Look(MailboxId),
}

/// The outside of an actor.
pub struct Actor {
    /// Its context.
    pub context: Arc<Context>,
    /// Wakes the background.
    pub wake: Arc<Notify>,
    /// Wakes the journal.
    pub journal: Arc<Notify>,
    /// Wakes the outbox.
    pub sending: Arc<Notify>,
    /// For the foreground.
    pub jobs: mpsc::Sender<Job>,
    /// What it is doing.
    pub state: watch::Receiver<State>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Drop for Actor {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Actor {
    /// Starts the tasks that the account's protocol needs. A paused one has no connection.
    pub fn start(context: Context, protocol: Protocol, paused: bool) -> Self {
        let context = Arc::new(context);
        let [wake, journal, sending] = [(); 3].map(|()| Arc::new(Notify::new()));
        let (jobs, inbox) = mpsc::channel(256);
        let (state_tx, state) = watch::channel(State { phase: Phase::Connecting, in_step_at: 0 });
        let state_tx = Arc::new(state_tx);
        let inbox = Arc::new(Mutex::new(Some(inbox)));
        let mut tasks = match (protocol, paused) {
            (Protocol::Imap, true) => Vec::new(),
            (Protocol::Imap, false) => vec![
                guard("background", background(context.clone(), wake.clone(), state_tx.clone())),
                guard("watch", watch_inbox(context.clone(), wake.clone(), state.clone())),
                guard("foreground", foreground(context.clone(), journal.clone(), wake.clone(), inbox)),
            ],
            (Protocol::Pop3, true) => {
                vec![guard("files", maildrop::actor::files(context.clone(), journal.clone(), None))]
            }
            (Protocol::Pop3, false) => vec![
                guard(
                    "maildrop",
                    maildrop::actor::maildrop(context.clone(), wake.clone(), inbox, state_tx.clone()),
                ),
                guard("files", maildrop::actor::files(context.clone(), journal.clone(), Some(wake.clone()))),
            ],
        };
        if paused {
            set_phase(&state_tx, Phase::Paused);
        } else {
            tasks.push(guard("outbox", outbox::outbox(context.clone(), sending.clone())));
        }
        Self { context, wake, journal, sending, jobs, state, tasks }
    }
}

/// Runs a task; a panic inside is logged and ends that task only, and the supervisor replaces the actor.
fn guard(name: &'static str, task: impl Future<Output = ()> + Send + 'static) -> tokio::task::JoinHandle<()> {
    let inner = tokio::spawn(task);
    tokio::spawn(async move {
        let abort = AbortOnDrop(inner.abort_handle());
        if let Err(e) = inner.await
            && e.is_panic()
        {
            tracing::error!(task = name, "a task panicked");
        }
        drop(abort);
    })
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Actor {
    /// True where the user wants no connection.
    pub fn is_paused(&self) -> bool {
        self.state.borrow().phase == Phase::Paused
    }

    /// True once a task has ended, which only a panic does.
    pub fn is_dead(&self) -> bool {
        self.tasks.iter().any(tokio::task::JoinHandle::is_finished)
    }
}

async fn background(ctx: Arc<Context>, wake: Arc<Notify>, state: Arc<watch::Sender<State>>) {
    let mut session: Option<Connected> = None;
    let (mut failures, mut quiet) = (0u32, 0u32);
    loop {
        let asked = ctx.meter.round_trips();
        if let Some(s) = session.as_mut()
            && s.doubtful(&ctx)
            && !s.still_there(&ctx).await
        {
            session = None;
        }
        let first = session.is_none();
        set_phase(&state, if first { Phase::Connecting } else { Phase::Working });
        let outcome = async {
            if session.is_none() {
                let mut fresh = ctx.connect().await?;
                // Lists and headers shrink to a fifth; bodies hardly do, and a server deflates no faster than 8 MB/s.
                fresh.compress().await?;
                session = Some(fresh);
                set_phase(&state, Phase::Working);
            }
            let Some(s) = session.as_mut() else { return Ok(()) };
            let result = ctx.while_alive(cycle::cycle(&ctx, s, first)).await;
            ctx.write_down(s).await?;
            result
        }
        .await;
        let pause = match outcome {
            Ok(()) => {
                failures = 0;
                in_step(&ctx, &state);
                if ctx.crowded()
                    && let Some(idle) = session.take()
                {
                    idle.logout().await; // somebody else may need the place
                }
                // One question told that nothing was new.
                quiet = if ctx.meter.round_trips() - asked <= 1 { quiet + 1 } else { 0 };
                ctx.hears.lock().unwrap_or_else(PoisonError::into_inner).poll(quiet)
            }
            Err(e) => {
                session = None;
                failures += 1;
                failed(&ctx, &state, failures, e)
            }
        };
        let next = tokio::time::sleep(pause);
        tokio::pin!(next);
        loop {
            tokio::select! {
                () = wake.notified() => break,
                () = &mut next => break,
                () = ctx.make_room.notified() => {
                    if let Some(idle) = session.take() {
                        idle.logout().await;
                    }
                }
            }
        }
    }
}

pub(super) fn set_phase(state: &watch::Sender<State>, phase: Phase) {
    state.send_if_modified(|s| {
        // While it is in step, the next routine check is nothing to show; while it fails, the next try is not until it works.
        let quiet = s.phase == phase
            || (s.phase == Phase::InStep && phase == Phase::Working)
            || (matches!(s.phase, Phase::Failed(_)) && phase == Phase::Connecting);
        if !quiet {
            s.phase = phase;
        }
        !quiet
    });
}

pub(super) fn in_step(ctx: &Context, state: &watch::Sender<State>) {
    let now = ctx.clock.now();
    state.send_modify(|s| {
        s.phase = Phase::InStep;
        s.in_step_at = now;
    });
}

/// Says so, and how long until the next try.
pub(super) fn failed(ctx: &Context, state: &watch::Sender<State>, failures: u32, e: Error) -> Duration {
    tracing::info!(account = %ctx.account, error = %e, "not in step");
    if e.kind == Kind::StorageDamaged {
        ctx.store.suspect();
    }
    let pause = back_off(ctx, failures, e.retry);
    set_phase(state, Phase::Failed(e));
    pause
}

/// 2, 4, 8 … seconds up to five minutes, plus a quarter by chance so that devices do not come back all at once. What only the
/// user can mend is tried rarely: it may have been the server's mistake.
pub(super) fn back_off(ctx: &Context, failures: u32, retry: Retry) -> Duration {
    let seconds = match retry {
        Retry::Later => (1u64 << failures.min(9)).min(LONGEST_PAUSE),
        Retry::Never | Retry::AfterUser => 15 * 60,
    };
    Duration::from_millis(seconds * 1000 + ctx.clock.chance(seconds * 250))
}

/// IDLE on the inbox. Waits until the background has been in step once, so that a first sign-in makes one connection first.
async fn watch_inbox(ctx: Arc<Context>, wake: Arc<Notify>, mut state: watch::Receiver<State>) {
    let mut failures = 0u32;
    loop {
        // Where the background fails, this would too.
        let ready = state.wait_for(|s| matches!(s.phase, Phase::Working | Phase::InStep)).await.is_ok();
        if !ready {
            return;
        }
        let watched = watch_once(&ctx, &wake).await;
        *ctx.hears.lock().unwrap_or_else(PoisonError::into_inner) = Hears::Nothing;
        match watched {
            Ok(()) => failures = 0,
            Err(e) => {
                tracing::debug!(error = %e, "the watch ended");
                failures += 1;
                tokio::select! {
                    () = tokio::time::sleep(back_off(&ctx, failures, Retry::Later)) => {}
                    () = ctx.doubted() => failures = 0,
                }
            }
        }
    }
}

async fn watch_once(ctx: &Context, wake: &Notify) -> Result<()> {
    let inbox = loop {
        let found = ctx
            .store
            .mailboxes(ctx.account)
            .await?
            .into_iter()
            .find(|m| m.role == Some(Role::Inbox) && m.usable());
        match found {
            Some(inbox) if inbox.uid_validity > 0 => break inbox,
            _ => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    };
    if ctx.crowded() {
        // The poll is all there is until the server lets us have more.
        tokio::time::sleep(Duration::from_secs(3600)).await;
        return Ok(());
    }
    let mut session = ctx.connect_with(ctx.connections.try_slot()?).await?;
    if !session.can("IDLE") {
        session.logout().await;
        tokio::time::sleep(Duration::from_secs(3600)).await;
        return Ok(());
    }
    session.introduce().await?;
    pull::pull(ctx, &mut session, inbox.id).await?;
    let mut unheard = session.notify().await?;
    *ctx.hears.lock().unwrap_or_else(PoisonError::into_inner) =
        if unheard { Hears::Everything } else { Hears::Inbox };
    let mut pull_now = false;
    loop {
        if pull_now {
            pull::pull(ctx, &mut session, inbox.id).await?;
            wake.notify_one();
        }
        ctx.write_down(&mut session).await?;
        if ctx.crowded() {
            session.logout().await;
            return Ok(());
        }
        let renew = *ctx.renew.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = tokio::time::Instant::now();
        // Once: what changed elsewhere before we listened.
        let catch_up = std::mem::take(&mut unheard);
        let listening = || {
            if catch_up {
                wake.notify_one();
            }
        };
        let disturbed = async {
            tokio::select! {
                () = ctx.make_room.notified() => {}
                () = ctx.doubted() => {}
            }
        };
        match session.listen(renew, disturbed, listening).await {
            Ok(heard) => {
                if heard.tree || !heard.elsewhere.is_empty() {
                    wake.notify_one();
                }
                pull_now = heard.here;
            }
            Err(e) => {
                // Cut in the middle of waiting: by a server that calls it an autologout, or by a router that forgot us. Next
                // time we speak up sooner.
                let waited = begun.elapsed();
                if e.ends_connection() && waited >= SHORTEST_RENEWAL && waited <= renew {
                    *ctx.renew.lock().unwrap_or_else(PoisonError::into_inner) = waited.mul_f32(0.8);
                }
                return Err(e);
            }
        }
    }
}

type Inbox = Arc<Mutex<Option<mpsc::Receiver<Job>>>>;

/// The journal and what somebody waits for. Connects when there is something to do, and stays connected for a while.
async fn foreground(ctx: Arc<Context>, journal: Arc<Notify>, wake: Arc<Notify>, inbox: Inbox) {
    let Some(mut jobs) = inbox.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
    let mut session: Option<Connected> = None;
    journal.notify_one(); // what an earlier run left
    loop {
        let held = next_due(&ctx).await;
        let outcome = tokio::select! {
            biased;
            () = journal.notified() => ctx.while_alive(replay_now(&ctx, &mut session, &wake)).await,
            job = jobs.recv() => match job {
                None => return,
                Some(Job::Fetch(message, whole, reply)) => {
                    let result = ctx.while_alive(fetch(&ctx, &mut session, message, whole)).await;
                    let failed = result.as_ref().err().cloned();
                    let _ = reply.send(result); // nobody waits any more: fine
                    failed.map_or(Ok(()), Err)
                }
                Some(Job::Look(mailbox)) => ctx.while_alive(look(&ctx, &mut session, mailbox)).await,
            },
            () = tokio::time::sleep(held), if held < Duration::MAX => {
                ctx.while_alive(replay_now(&ctx, &mut session, &wake)).await
            }
            () = tokio::time::sleep(Duration::from_secs(240)), if session.is_some() => {
                if let Some(idle) = session.take() {
                    idle.logout().await;
                }
                Ok(())
            }
        };
        if let Some(s) = session.as_mut() {
            let _ = ctx.write_down(s).await;
        }
        if ctx.crowded()
            && jobs.is_empty()
            && let Some(idle) = session.take()
        {
            idle.logout().await;
        }
        if let Err(e) = outcome {
            tracing::debug!(error = %e, "the foreground failed");
            if e.ends_connection() || session.as_ref().is_some_and(|s| s.is_broken()) {
                session = None;
                wake.notify_one(); // what waits is sent by the background, with its back-off
            }
        }
    }
}

/// How long until an intent that is held back becomes due.
pub(super) async fn next_due(ctx: &Context) -> Duration {
    let now = ctx.clock.now();
    let waiting = ctx.store.waiting_intents(ctx.account).await.unwrap_or_default();
    let next = waiting.iter().map(|i| i.not_before - now).filter(|s| *s > 0).min();
    next.map_or(Duration::MAX, |s| Duration::from_secs(s as u64))
}

async fn replay_now(ctx: &Context, session: &mut Option<Connected>, wake: &Notify) -> Result<()> {
    if ctx.store.waiting_count(ctx.account).await? == 0 {
        return Ok(());
    }
    let result = async { replay::replay(ctx, connected(ctx, session).await?).await }.await;
    if result.is_err() {
        // The background tries again with its back-off, and replays first.
        wake.notify_one();
    }
    result
}

async fn fetch(
    ctx: &Context,
    session: &mut Option<Connected>,
    message: MessageId,
    whole: bool,
) -> Result<()> {
    if ctx.store.message(message).await?.is_here(whole) {
        return Ok(());
    }
    let first = bodies::fetch_one(ctx, connected(ctx, session).await?, message, whole).await;
    match first {
        // A connection that was cut while it lay idle: once more with a new one.
        Err(e) if e.kind == Kind::ConnectionLost || e.kind == Kind::Timeout => {
            *session = None;
            bodies::fetch_one(ctx, connected(ctx, session).await?, message, whole).await
        }
        other => other,
    }
}

async fn look(ctx: &Context, session: &mut Option<Connected>, mailbox: MailboxId) -> Result<()> {
    let session = connected(ctx, session).await?;
    pull::pull(ctx, session, mailbox).await?;
    headers::next_batch(ctx, session, mailbox, 200).await.map(drop)
}

async fn connected<'s>(ctx: &Context, session: &'s mut Option<Connected>) -> Result<&'s mut Connected> {
    let mut held = session.take();
    if let Some(s) = held.as_mut()
        && !s.still_there(ctx).await
    {
        held = None;
    }
    let ready = match held {
        Some(s) => s,
        None => {
            let mut fresh = match ctx.connect().await {
                // One too many: the others let go, and we take the next place.
                Err(e) if e.kind == Kind::TooManyConnections => {
                    ctx.make_room.notify_waiters();
                    ctx.connect().await?
                }
                other => other?,
            };
            fresh.introduce().await?;
            fresh
        }
    };
    Ok(session.insert(ready))
}
