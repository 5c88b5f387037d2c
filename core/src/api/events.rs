//! What the core tells without being asked.

use super::types::{AccountState, ErrorView};
use crate::model::MessageId;
use crate::query::find::CoveredView;
use crate::query::list::WindowUpdate;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use ts_rs::TS;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// An account came, went or changed.
    Accounts,
    /// The folder tree or its counters changed.
    Mailboxes,
    /// An open window changed.
    Window(WindowUpdate),
    /// An open search looked through more, or servers answered.
    Searched {
        /// Its window.
        window: u32,
        /// What it looked through.
        covered: CoveredView,
    },
    /// The content of a message came in.
    Message {
        /// Which.
        message: MessageId,
    },
    /// A large message is coming.
    MessageComing {
        /// Which.
        message: MessageId,
        /// Bytes that are here.
        here: u64,
        /// Bytes in all.
        size: u64,
    },
    /// The content of a message that was asked for cannot be had now.
    MessageFailed {
        /// Which.
        message: MessageId,
        /// Why.
        error: ErrorView,
    },
    /// What accounts are doing.
    States {
        /// All of them.
        states: Vec<AccountState>,
    },
    /// Something in the outbox came, went or changed.
    Outbox,
    /// Notices came or went.
    Notices,
    /// Too much happened at once: read everything again.
    Reload,
}

/// The stream of events. A listener that is too slow gets [`Event::Reload`] instead of what it missed.
pub struct Events(broadcast::Receiver<Event>);

impl Events {
    pub(super) fn new(receiver: broadcast::Receiver<Event>) -> Self {
        Self(receiver)
    }

    /// The next event; `None` when the core is gone.
    pub async fn next(&mut self) -> Option<Event> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Event::Reload),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
