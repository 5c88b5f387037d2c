//! Where server and store meet.
//!
//! ```text
//! supervisor   keeps one actor for each account alive: back-off, jitter, a panic costs a restart
//! actor        three tasks, a connection each: background (cycles), foreground (what the user waits for), watch (IDLE)
//! cycle        everything once: replay the journal, survey, pull what changed, fill headers, fetch bodies
//! tree         LIST -> mailboxes            pull     SELECT -> flags, removals, new UIDs
//! headers      FETCH -> messages            replay   intents -> STORE, MOVE, EXPUNGE
//! bodies       BODY[] -> blobs              merge    the three-way rule, pure
//! ```
//! Two connections may work on one mailbox at the same time; whoever applies an answer to a mailbox or sends an intent for it
//! holds its lock ([`Context::lock`]), so no answer is older than what was already applied.

pub mod actor;
pub mod bodies;
pub mod cycle;
pub mod headers;
pub mod merge;
pub mod pull;
pub mod replay;
pub mod supervisor;
pub mod tree;

use crate::account::Vault;
use crate::clock::Clock;
use crate::error::Result;
use crate::model::{AccountId, MailboxId};
use crate::protocol::imap::Session;
use crate::protocol::transport::Meter;
use crate::store::Store;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedMutexGuard;

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
    replaying: tokio::sync::Mutex<()>,
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
            replaying: tokio::sync::Mutex::default(),
            locks: Mutex::default(),
        }
    }

    /// The right to apply answers about a mailbox.
    pub async fn lock(&self, mailbox: MailboxId) -> OwnedMutexGuard<()> {
        let lock =
            self.locks.lock().unwrap_or_else(PoisonError::into_inner).entry(mailbox).or_default().clone();
        lock.lock_owned().await
    }

    /// What is due up to this time can be sent.
    fn due_time(&self) -> i64 {
        if self.release_held { i64::MAX } else { self.clock.now() }
    }

    /// A new connection, signed in.
    pub async fn connect(&self) -> Result<Session> {
        let account = self.store.account(self.account).await?;
        let mut session = crate::account::connect(&account, &self.vault, self.meter.clone()).await?;
        for capability in &self.forgo {
            session.forgo(capability);
        }
        Ok(session)
    }
}
