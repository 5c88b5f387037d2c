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

/// Year, month, day, hour, minute and second in UTC, of seconds since 1970.
pub fn civil(seconds: i64) -> (i64, u32, u32, u32, u32, u32) {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400) as u32);
    // The inverse of the count of days in a civil calendar that begins in March.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year, month as u32, day as u32, rest / 3600, rest % 3600 / 60, rest % 60)
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
