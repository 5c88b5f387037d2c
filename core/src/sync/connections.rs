//! How many connections an account has, and how many its server lets it have.
//!
//! We want three: background, foreground, watch; and one to carry much mail while there is much to carry, where that takes
//! nobody's place. A server that says "too many" is believed: from then on there is one fewer
//! than there were, and what can do without gives way. After a day more are tried again.

use crate::error::{Error, Kind, Result};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// As many as we want.
pub const WANTED: usize = 3;
/// With the one that carries.
const MOST: usize = 4;
/// How long a refusal is remembered, in seconds.
const REMEMBERED: i64 = 24 * 3600;

#[derive(Debug)]
struct State {
    open: usize,
    /// One of those that are open only carries.
    carrying: bool,
    limit: usize,
    learned: i64,
}

/// The connections of one account.
#[derive(Debug, Clone)]
pub struct Connections {
    state: Arc<Mutex<State>>,
    closed: Arc<Notify>,
}

impl Default for Connections {
    fn default() -> Self {
        let state = State { open: 0, carrying: false, limit: MOST, learned: 0 };
        Self { state: Arc::new(Mutex::new(state)), closed: Arc::default() }
    }
}

/// The right to one connection, for as long as it is held.
#[derive(Debug)]
pub struct Slot {
    of: Connections,
    carrying: bool,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.of.with(|s| {
            s.open -= 1;
            s.carrying &= !self.carrying;
        });
        self.of.closed.notify_waiters();
    }
}

impl Connections {
    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// True while the server lets us have fewer than we want: what can do without a connection closes it.
    pub fn crowded(&self, now: i64) -> bool {
        self.with(|s| {
            if s.limit < MOST && now - s.learned > REMEMBERED {
                s.limit = MOST;
            }
            s.limit < WANTED
        })
    }

    /// Takes a place, if there is one.
    fn take(&self) -> Option<Slot> {
        let mine = self.with(|s| {
            let free = s.open < s.limit && s.open - usize::from(s.carrying) < WANTED;
            s.open += usize::from(free);
            free
        });
        mine.then(|| Slot { of: self.clone(), carrying: false })
    }

    /// The right to one that only carries, where nobody needs its place.
    pub fn carrier(&self) -> Option<Slot> {
        let mine = self.with(|s| {
            let free = s.limit == MOST && !s.carrying && s.open < s.limit;
            s.open += usize::from(free);
            s.carrying |= free;
            free
        });
        mine.then(|| Slot { of: self.clone(), carrying: true })
    }

    /// True while the server has refused nothing: what only carries may stay.
    pub fn roomy(&self) -> bool {
        self.with(|s| s.limit == MOST)
    }

    /// Waits for the right to open one.
    pub async fn slot(&self) -> Slot {
        loop {
            let freed = self.closed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable(); // before we look, so that no close is missed
            if let Some(slot) = self.take() {
                return slot;
            }
            freed.await;
        }
    }

    /// The right to open one if there is room at once.
    pub fn try_slot(&self) -> Result<Slot> {
        self.take().ok_or_else(|| Error::new(Kind::TooManyConnections, ""))
    }

    /// The server refused the one that was being opened with this slot.
    pub fn refused(&self, slot: Slot, now: i64) {
        self.with(|s| {
            // Those that are open were taken; the one that was not is one too many. One is the least that makes sense.
            s.limit = s.limit.min(s.open.saturating_sub(1)).max(1);
            s.learned = now;
        });
        drop(slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_refusal_is_believed_for_a_day() {
        let c = Connections::default();
        let (first, second) = (c.slot().await, c.slot().await);
        let third = c.slot().await;
        assert!(c.try_slot().is_err(), "more than we want");
        c.refused(third, 100);
        assert!(c.crowded(100) && c.try_slot().is_err(), "two are open, and two it stays");
        drop(second);
        let again = c.try_slot();
        assert!(again.is_ok());
        c.refused(again.unwrap_or_else(|_| unreachable!()), 200);
        assert!(c.try_slot().is_err(), "one");
        let waiting = tokio::spawn({
            let c = c.clone();
            async move { drop(c.slot().await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        assert!(waiting.await.is_ok());
        assert!(!c.crowded(200 + 24 * 3600 + 1));
    }

    #[tokio::test]
    async fn what_carries_takes_nobodys_place() {
        let c = Connections::default();
        let background = c.slot().await;
        let carrier = c.carrier();
        assert!(carrier.is_some() && c.carrier().is_none(), "one at a time");
        let (watch, foreground) = (c.try_slot(), c.try_slot());
        assert!(watch.is_ok() && foreground.is_ok() && c.try_slot().is_err());
        // The server lets us have three: the carrier is the one too many.
        c.refused(foreground.unwrap_or_else(|_| unreachable!()), 100);
        assert!(!c.crowded(100) && !c.roomy());
        drop(carrier);
        assert!(c.carrier().is_none());
        assert!(c.try_slot().is_ok());
        drop((background, watch));
    }
}
