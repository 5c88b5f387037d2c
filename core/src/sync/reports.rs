//! Mail that says what became of other mail: kept where it can be found at the message that it is about.

use crate::error::Result;
use crate::mime::{header, report};
use crate::model::{MessageId, Report};
use crate::store::Tx;

/// The user is told at once only of what did not arrive lately: an account that is added brings the bounces of years. Seconds.
const LATELY: i64 = 3 * 86_400;

/// What a message reports, and when.
pub struct Told {
    date: i64,
    reports: Vec<Report>,
}

impl Told {
    /// `None` where the message is no report.
    pub fn of(raw: &[u8]) -> Option<Self> {
        let reports = report::reports(raw);
        let date = || header::envelope_and_delivery(header::section(raw)).1;
        (!reports.is_empty()).then(|| Self { date: date(), reports })
    }
}

/// Keeps it with the message that says so; a message of this device that did not arrive is said to the user.
pub async fn keep(tx: &mut Tx, now: i64, by: MessageId, told: &Told) -> Result<()> {
    let about = tx.add_reports(by, &told.reports).await?;
    if let Some((account, subject)) = about
        && told.date > now - LATELY
    {
        tx.add_notice(account, now, "bounced", &subject, 1).await?;
    }
    Ok(())
}
