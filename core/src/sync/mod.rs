//! Where server and store meet.
//!
//! ```text
//! supervisor   keeps one actor for each account alive: back-off, jitter, a panic costs a restart
//! actor        three tasks, a connection each: background (cycles), foreground (what the user waits for), watch (IDLE)
//! cycle        everything once: replay the journal, survey, pull what changed, fill headers, fetch bodies
//! tree         LIST -> mailboxes            pull     SELECT -> flags, removals, new UIDs
//! headers      FETCH -> messages            replay   intents -> STORE, MOVE, EXPUNGE
//! bodies       BODY[] -> blobs              settle   MOVE and COPY, and what became of them
//! outline      the readable part of a large message
//! outbox       the outbox -> submission server
//! upload       blobs -> APPEND              folders  CREATE, RENAME, DELETE, SUBSCRIBE, emptying
//! flight       many mailboxes at once       merge    the three-way rule, pure
//! connections  how many the server lets us have            surroundings  sleep, another network
//! ask          what a search finds on the server
//! bulk         the connection that carries bodies
//! budget       what the background may still spend today        maildrop  all of it for POP3
//! ```
//! Two connections may work on one mailbox at the same time; whoever applies an answer to a mailbox or sends an intent for it
//! holds its lock ([`Context::lock`]), so no answer is older than what was already applied.

pub mod actor;
pub mod ask;
pub mod bodies;
mod budget;
mod bulk;
pub mod connections;
pub mod cycle;
mod flight;
pub mod folders;
pub mod headers;
pub mod maildrop;
pub mod merge;
pub mod outbox;
mod outline;
pub mod pull;
pub mod replay;
mod reports;
mod settle;
pub mod supervisor;
mod surroundings;
pub mod tree;
mod upload;

use crate::account::{self, Vault};
use crate::clock::Clock;
use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, MailboxId};
use crate::protocol::imap::Session;
use crate::protocol::imap::command::Command;
use crate::protocol::transport::{Dial, Meter};
use crate::store::Store;
use crate::store::traffic::Traffic;
use connections::{Connections, Slot};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedMutexGuard, watch};
use tokio::time::Instant;

/// IDLE is renewed after this (RFC 2177: before 29 minutes; home routers forget a silent connection sooner).
const RENEW: Duration = Duration::from_secs(9 * 60);

/// How soon a server that is there answers a connection that is in doubt.
const ANSWER: Duration = Duration::from_secs(8);
/// A connection that lay idle for longer is asked whether it is still there, before somebody waits for it in vain: routers
/// forget silent connections without a word.
const STALE: Duration = Duration::from_secs(30);

/// What comes by itself, without a question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hears {
    /// Nothing: the server has no IDLE, or no room for one more connection.
    #[default]
    Nothing,
    /// News of the inbox (IDLE).
    Inbox,
    /// News of all mailboxes (NOTIFY).
    Everything,
}

impl Hears {
    /// How long until the next question, after so many that brought nothing new.
    fn poll(self, quiet: u32) -> Duration {
        Duration::from_secs(match self {
            // Where something happens, more is likely to.
            Hears::Nothing => (30 << quiet.min(4)).min(300),
            Hears::Inbox => 120,
            // Only in case that something was not said.
            Hears::Everything => 600,
        })
    }
}

/// What everything that syncs one account needs.
pub struct Context {
    /// The database.
    pub store: Store,
    /// The account.
    pub account: AccountId,
    /// Passwords.
    pub vault: Arc<Vault>,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
    /// Bytes and round trips of all its connections.
    pub meter: Arc<Meter>,
    /// Capabilities not to be used although offered; for tests of the lower tiers.
    pub forgo: BTreeSet<String>,
    /// Send also what is held back for undo: who asks for a sync at a prompt means now.
    pub release_held: bool,
    /// The way to the server, where it is not the network.
    pub way: Option<Arc<dyn Dial>>,
    /// The same to the submission server.
    pub way_out: Option<Arc<dyn Dial>>,
    /// How many connections there are and may be.
    pub connections: Connections,
    /// Told when somebody waits for a connection and there is room for no more: who only holds one lets go.
    pub make_room: tokio::sync::Notify,
    /// After how long an IDLE is renewed; shorter once a server or the way to it was found to be less patient.
    pub renew: Mutex<Duration>,
    /// Goes up when the connections that were made before are in doubt.
    doubt: watch::Sender<u64>,
    /// What the watch hears of by itself.
    pub hears: Mutex<Hears>,
    /// What the meter showed when it was last written down.
    noted: Mutex<(u64, u64)>,
    /// Who may do what at a time.
    pub turns: Arc<Turns>,
}

/// Who may do what at a time, for everything in this process that syncs one account.
#[derive(Default)]
pub struct Turns {
    replaying: tokio::sync::Mutex<()>,
    sending: tokio::sync::Mutex<()>,
    locks: Mutex<HashMap<MailboxId, Arc<tokio::sync::Mutex<()>>>>,
}

impl Context {
    /// For an account.
    pub fn new(store: Store, account: AccountId, vault: Arc<Vault>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            account,
            vault,
            clock,
            meter: Arc::default(),
            forgo: BTreeSet::new(),
            release_held: false,
            way: None,
            way_out: None,
            connections: Connections::default(),
            make_room: tokio::sync::Notify::new(),
            renew: Mutex::new(RENEW),
            doubt: watch::channel(0).0,
            hears: Mutex::default(),
            noted: Mutex::default(),
            turns: Arc::default(),
        }
    }

    /// The right to apply answers about a mailbox.
    pub async fn lock(&self, mailbox: MailboxId) -> OwnedMutexGuard<()> {
        let lock = self
            .turns
            .locks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(mailbox)
            .or_default()
            .clone();
        lock.lock_owned().await
    }

    /// What is due up to this time can be sent.
    fn due_time(&self) -> i64 {
        if self.release_held { i64::MAX } else { self.clock.now() }
    }

    /// A new connection, signed in, when there is room for it.
    pub async fn connect(&self) -> Result<Connected> {
        self.connect_with(self.connections.slot().await).await
    }

    /// A new connection with the right to it.
    pub async fn connect_with(&self, slot: Slot) -> Result<Connected> {
        let account = self.store.account(self.account).await?;
        let connecting = async {
            match &self.way {
                Some(way) => {
                    account::connect_over(way.as_ref(), &account, &self.vault, self.meter.clone()).await
                }
                None => account::connect(&account, &self.vault, self.meter.clone()).await,
            }
        };
        match connecting.await {
            Ok(mut session) => {
                for capability in &self.forgo {
                    session.forgo(capability);
                }
                Ok(Connected { session, _slot: slot, trusted: *self.doubt.borrow(), used: Instant::now() })
            }
            Err(e) => {
                if e.kind == Kind::TooManyConnections {
                    self.connections.refused(slot, self.clock.now());
                }
                Err(e)
            }
        }
    }

    /// The device slept, or is on another network: who knows whether the connections are still there.
    pub fn doubt_connections(&self) {
        self.doubt.send_modify(|n| *n += 1);
    }

    /// Resolves when connections come into doubt from now on.
    pub fn doubted(&self) -> impl Future<Output = ()> + use<> {
        let mut doubts = self.doubt.subscribe();
        async move {
            let _ = doubts.changed().await; // an error only when this context is gone
        }
    }

    /// Runs something that uses a connection. When that comes into doubt meanwhile and nothing arrives any more, it is given up.
    pub async fn while_alive<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                out = &mut work => return out,
                () = self.doubted() => {}
            }
            let before = self.meter.down();
            tokio::select! {
                biased;
                out = &mut work => return out,
                () = tokio::time::sleep(ANSWER) => {}
            }
            if self.meter.down() == before {
                return Err(Error::new(Kind::Timeout, "").because("in doubt, and silent"));
            }
        }
    }

    /// True while the server lets us have fewer connections than we want.
    pub fn crowded(&self) -> bool {
        self.connections.crowded(self.clock.now())
    }

    /// Bytes received that are not written down yet.
    fn unwritten(&self) -> u64 {
        self.meter.down().saturating_sub(self.noted.lock().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Writes down what the connections have used.
    pub async fn note_traffic(&self) -> Result<()> {
        self.note(Vec::new()).await
    }

    /// Writes down what a connection has used and what the server wants its user to read.
    pub async fn write_down(&self, session: &mut Session) -> Result<()> {
        self.note(session.take_alerts()).await
    }

    async fn note(&self, alerts: Vec<String>) -> Result<()> {
        let (down, up) = (self.meter.down(), self.meter.up());
        let before =
            std::mem::replace(&mut *self.noted.lock().unwrap_or_else(PoisonError::into_inner), (down, up));
        let used = Traffic { down: down.saturating_sub(before.0), up: up.saturating_sub(before.1) };
        if used == Traffic::default() && alerts.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        tx.add_traffic(self.account, now.div_euclid(86_400), used).await?;
        for alert in alerts {
            tx.add_notice_once(self.account, now, "server_alert", &alert).await?;
        }
        tx.commit().await
    }
}

/// A session with the right to be there.
pub struct Connected {
    session: Session,
    _slot: Slot,
    /// Up to which doubt it is known to be there.
    trusted: u64,
    used: Instant,
}

impl Connected {
    /// True when something happened since it was last known to be there.
    pub fn doubtful(&self, ctx: &Context) -> bool {
        self.is_broken() || self.trusted != *ctx.doubt.borrow()
    }

    /// Asks the server, where that is in doubt or was long ago; false when it does not answer soon.
    pub async fn still_there(&mut self, ctx: &Context) -> bool {
        let doubt = *ctx.doubt.borrow();
        let idle = std::mem::replace(&mut self.used, Instant::now()).elapsed();
        if self.is_broken() || (doubt == self.trusted && idle < STALE) {
            return !self.is_broken();
        }
        self.trusted = doubt;
        matches!(tokio::time::timeout(ANSWER, self.run(Command::new("NOOP"))).await, Ok(Ok(_)))
    }

    /// Says goodbye.
    pub async fn logout(self) {
        self.session.logout().await;
    }
}

impl std::ops::Deref for Connected {
    type Target = Session;
    fn deref(&self) -> &Session {
        &self.session
    }
}

impl std::ops::DerefMut for Connected {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}

#[cfg(test)]
mod tests {
    use super::Hears;

    #[test]
    fn who_hears_nothing_asks_often_while_something_happens() {
        let seconds: Vec<u64> = (0..6).map(|quiet| Hears::Nothing.poll(quiet).as_secs()).collect();
        assert_eq!(seconds, [30, 60, 120, 240, 300, 300]);
        assert_eq!((Hears::Inbox.poll(9).as_secs(), Hears::Everything.poll(0).as_secs()), (120, 600));
    }
}
