//! Time and chance, passed in, so that a failing run can be run again.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a core takes for the time and for chance.
pub trait Clock: Send + Sync {
    /// Seconds since 1970, UTC.
    fn now(&self) -> i64;
    /// A number in `0..bound`, for jitter.
    fn chance(&self, bound: u64) -> u64;
}

/// The machine's clock and random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl SystemClock {
    /// As the core wants it.
    pub fn shared() -> Arc<dyn Clock> {
        Arc::new(Self)
    }
}

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64)
    }
    fn chance(&self, bound: u64) -> u64 {
        getrandom::u64().unwrap_or(0) % bound.max(1)
    }
}
