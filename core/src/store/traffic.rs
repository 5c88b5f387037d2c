//! Table `traffic`: bytes over the wire for each account and day.

use super::{Store, Tx};
use crate::error::Result;
use crate::model::AccountId;
use sqlx::Row;

/// Days that are kept.
const KEPT: i64 = 400;

/// What one day cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes received.
    pub down: u64,
    /// Bytes sent.
    pub up: u64,
}

impl Store {
    /// What an account used from a day on (days since 1970, UTC).
    pub async fn traffic_since(&self, account: AccountId, day: i64) -> Result<Traffic> {
        let row = sqlx::query(
            "SELECT COALESCE(SUM(down), 0), COALESCE(SUM(up), 0) FROM traffic WHERE account_id = ? AND day >= ?",
        )
        .bind(account.0)
        .bind(day)
        .fetch_one(self.reader())
        .await?;
        Ok(Traffic { down: row.try_get::<i64, _>(0)? as u64, up: row.try_get::<i64, _>(1)? as u64 })
    }
}

impl Tx {
    /// Adds to a day.
    pub async fn add_traffic(&mut self, account: AccountId, day: i64, used: Traffic) -> Result<()> {
        sqlx::query(
            "INSERT INTO traffic (account_id, day, down, up) VALUES (?, ?, ?, ?)
             ON CONFLICT (account_id, day) DO UPDATE SET down = down + excluded.down, up = up + excluded.up",
        )
        .bind(account.0)
        .bind(day)
        .bind(used.down as i64)
        .bind(used.up as i64)
        .execute(self.conn())
        .await?;
        sqlx::query("DELETE FROM traffic WHERE day < ?").bind(day - KEPT).execute(self.conn()).await?;
        Ok(())
    }
}
