//! Keeps one actor for each account: starts those of new accounts, ends those of removed ones, replaces those that died.

use super::actor::{Actor, Job, Phase, State};
use super::surroundings::Surroundings;
use super::{Context, Turns};
use crate::account::Vault;
use crate::clock::Clock;
use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, MailboxId, MessageId};
use crate::store::outbox::{self, Outgoing};
use crate::store::{ChangeSet, Hold, Store};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, oneshot, watch};

/// How often other processes' writes and dead actors are looked for.
const ROUND: Duration = Duration::from_millis(500);

/// How long changes are waited for before the connections end.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// All actors.
pub struct Supervisor {
    store: Store,
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
    actors: Mutex<BTreeMap<AccountId, Actor>>,
    /// All that ever synced an account here, an actor that is ending and a visit without a screen too, take turns.
    turns: Mutex<BTreeMap<AccountId, Arc<Turns>>>,
    /// The device wants its rest.
    tired: AtomicBool,
    /// It rests: no actor is there.
    resting: watch::Sender<bool>,
    states: watch::Sender<BTreeMap<AccountId, State>>,
    // Only one process syncs: two would send every intent twice.
    _lock: Hold,
}

impl Supervisor {
    /// Starts the actors of all accounts. Fails with StorageBusy where another process syncs this data.
    pub async fn start(
        store: Store,
        vault: Arc<Vault>,
        clock: Arc<dyn Clock>,
        dir: &std::path::Path,
    ) -> Result<Arc<Self>> {
        let lock = lock(dir)?;
        let (states, _) = watch::channel(BTreeMap::new());
        let supervisor = Arc::new(Self {
            store,
            vault,
            clock,
            actors: Mutex::default(),
            turns: Mutex::default(),
            tired: AtomicBool::new(false),
            resting: watch::channel(false).0,
            states,
            _lock: lock,
        });
        supervisor.adjust().await?;
        tokio::spawn(run(Arc::downgrade(&supervisor)));
        Ok(supervisor)
    }

    fn actors(&self) -> MutexGuard<'_, BTreeMap<AccountId, Actor>> {
        self.actors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What each account is doing.
    pub fn states(&self) -> watch::Receiver<BTreeMap<AccountId, State>> {
        self.states.subscribe()
    }

    /// Starts and ends actors so that there is one for each account.
    async fn adjust(&self) -> Result<()> {
        let accounts = self.store.accounts().await?;
        let accounts = if self.is_resting() { Vec::new() } else { accounts };
        let mut actors = self.actors();
        actors.retain(|id, actor| {
            let same = accounts.iter().any(|a| a.id == *id && a.paused == actor.is_paused());
            let keep = same && !actor.is_dead();
            if !keep {
                tracing::debug!(account = %id, "an actor ends");
            }
            keep
        });
        for a in accounts {
            let start = || Actor::start(self.context(a.id), a.protocol, a.paused);
            actors.entry(a.id).or_insert_with(start);
        }
        Ok(())
    }

    /// What syncs an account.
    pub fn context(&self, id: AccountId) -> Context {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = turns.entry(id).or_default().clone();
        Context { turns, ..Context::new(self.store.clone(), id, self.vault.clone(), self.clock.clone()) }
    }

    /// An account changed (a new password): begin anew.
    pub async fn restart(&self, account: AccountId) -> Result<()> {
        self.actors().remove(&account);
        self.adjust().await
    }

    /// The device slept, or is on another network: connections are asked whether they are still there, and what failed is tried
    /// again now.
    pub fn doubt_connections(&self) {
        for actor in self.actors().values() {
            actor.context.doubt_connections();
        }
        self.wake_all();
    }

    /// Nobody looks, and the device wants its rest: what waits is sent if that can be had soon, then all connections end. False
    /// and back again: they are made anew.
    pub async fn rest(&self, resting: bool) -> Result<()> {
        self.tired.store(resting, Ordering::SeqCst);
        if !resting {
            self.resting.send_replace(false);
            return self.adjust().await;
        }
        let sent = async {
            while self.waiting().await > 0 {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let _ = tokio::time::timeout(LAST_WORDS, sent).await;
        // Somebody may look again by now.
        if self.tired.load(Ordering::SeqCst) {
            self.resting.send_replace(true);
            self.adjust().await?;
        }
        Ok(())
    }

    /// True while no connection is wanted.
    pub fn is_resting(&self) -> bool {
        *self.resting.borrow()
    }

    /// Resolves when the rest is over.
    pub async fn woken(&self) {
        let _ = self.resting.subscribe().wait_for(|resting| !resting).await; // an error only when this ends
    }

    /// Changes and messages that wait, of accounts that could send them.
    async fn waiting(&self) -> u64 {
        let able: Vec<AccountId> = self
            .actors()
            .iter()
            .filter(|(_, a)| !matches!(a.state.borrow().phase, Phase::Failed(_) | Phase::Paused))
            .map(|(id, _)| *id)
            .collect();
        let mut waiting = 0;
        for id in able {
            waiting += self.store.waiting_count(id).await.unwrap_or(0);
            let now = self.clock.now();
            let leaving = self.store.outbox_of(id).await.unwrap_or_default();
            let under_way = |o: &&Outgoing| match o.state {
                outbox::State::Queued => o.not_before <= now && o.tries == 0,
                outbox::State::Claimed | outbox::State::Handed => true,
                outbox::State::Unknown | outbox::State::Refused => false,
            };
            waiting += leaving.iter().filter(under_way).count() as u64;
        }
        waiting
    }

    /// Check for mail now.
    pub fn wake_all(&self) {
        for actor in self.actors().values() {
            actor.wake.notify_one();
            actor.journal.notify_one();
            actor.sending.notify_one();
        }
    }

    /// Somebody looks at a mailbox.
    pub fn look(&self, account: AccountId, mailbox: MailboxId) {
        if let Some(actor) = self.actors().get(&account) {
            let _ = actor.jobs.try_send(Job::Look(mailbox)); // full: it is busy with others like it
        }
    }

    /// What asks an account's server beside its actor; `None` where no connection is wanted.
    pub fn beside(&self, account: AccountId) -> Option<Arc<Context>> {
        self.actors().get(&account).filter(|a| !a.is_paused()).map(|a| a.context.clone())
    }

    /// Fetches a message that somebody waits for, `whole` with all its files.
    pub async fn fetch(&self, account: AccountId, message: MessageId, whole: bool) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        let jobs = self.actors().get(&account).map(|a| (a.jobs.clone(), a.state.borrow().clone()));
        let (jobs, state) = jobs.ok_or_else(|| Error::new(Kind::NotFound, account.to_string()))?;
        // Known to be offline: say so at once instead of after a time-out. The try itself still happens.
        let offline = match state.phase {
            Phase::Failed(e) => Some(e),
            Phase::Paused => return Err(Error::new(Kind::Paused, "")),
            _ => None,
        };
        jobs.send(Job::Fetch(message, whole, reply)).await.map_err(|_| Error::new(Kind::Cancelled, ""))?;
        let patience = match (&offline, whole) {
            (Some(_), _) => 10,
            (None, false) => 120,
            // A large file on a thin line; what came is kept, and the next try goes on with it.
            (None, true) => 3600,
        };
        let answer = tokio::time::timeout(Duration::from_secs(patience), answer).await;
        match (answer, offline) {
            (Ok(Ok(result)), _) => result,
            (_, Some(e)) => Err(e),
            _ => Err(Error::new(Kind::Timeout, "")),
        }
    }

    fn publish(&self) {
        let now: BTreeMap<AccountId, State> =
            self.actors().iter().map(|(id, actor)| (*id, actor.state.borrow().clone())).collect();
        self.states.send_if_modified(|states| {
            let changed = *states != now;
            if changed {
                *states = now;
            }
            changed
        });
    }
}

/// Wakes journals, notices what other processes wrote, replaces dead actors. Ends with the supervisor.
async fn run(supervisor: std::sync::Weak<Supervisor>) {
    let Some(mut changes) = supervisor.upgrade().map(|s| s.store.watch()) else { return };
    let mut seen: Option<i64> = None;
    let mut tick = tokio::time::interval(ROUND);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let Some(mut around) = supervisor.upgrade().map(|s| Surroundings::new(s.clock.now())) else { return };
    loop {
        let change = tokio::select! {
            change = changes.recv() => Some(change),
            _ = tick.tick() => None,
        };
        let Some(s) = supervisor.upgrade() else { return };
        match change {
            Some(Ok(change)) => {
                for account in &change.journal {
                    if let Some(actor) = s.actors().get(account) {
                        actor.journal.notify_one();
                    }
                }
                for account in &change.sending {
                    if let Some(actor) = s.actors().get(account) {
                        actor.sending.notify_one();
                    }
                }
                if change.accounts && s.adjust().await.is_err() {
                    tracing::warn!("the accounts could not be read");
                }
            }
            Some(Err(broadcast::error::RecvError::Lagged(_))) => s.wake_all(),
            Some(Err(broadcast::error::RecvError::Closed)) => return,
            None => {
                if around.changed(s.clock.now()) {
                    tracing::info!("the device slept or is on another network");
                    s.doubt_connections();
                }
                if let Ok(version) = s.store.foreign_writes().await
                    && seen.replace(version).is_some_and(|old| old != version)
                {
                    announce_everything(&s).await;
                }
                if s.actors().values().any(Actor::is_dead) && s.adjust().await.is_err() {
                    tracing::warn!("a dead actor could not be replaced");
                }
            }
        }
        s.publish();
    }
}

/// Another process (the command line) wrote: everything may have changed.
async fn announce_everything(s: &Supervisor) {
    let mut all = ChangeSet { accounts: true, tree: true, notices: true, ..ChangeSet::default() };
    for account in s.store.accounts().await.unwrap_or_default() {
        all.journal.insert(account.id);
        all.outbox.insert(account.id);
        all.sending.insert(account.id);
        let mailboxes = s.store.mailboxes(account.id).await.unwrap_or_default();
        all.mailboxes.extend(mailboxes.into_iter().map(|m| m.id));
    }
    s.store.announce(all);
}

/// The right to sync this data, for as long as it is held.
pub fn lock(dir: &std::path::Path) -> Result<Hold> {
    Hold::alone(&dir.join("sync.lock"))?
        .ok_or_else(|| Error::new(Kind::StorageBusy, dir.display().to_string()))
}
