//! Table `setting`: choices of the user on this device.

use super::{Store, Tx};
use crate::error::Result;

impl Store {
    /// A choice, if it was made.
    pub async fn setting(&self, key: &str) -> Result<Option<String>> {
        Ok(sqlx::query_scalar("SELECT value FROM setting WHERE key = ?")
            .bind(key)
            .fetch_optional(self.reader())
            .await?)
    }
}

impl Tx {
    /// Makes a choice.
    pub async fn put_setting(&mut self, key: &str, value: &str) -> Result<()> {
        sqlx::query("INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
            .bind(key)
            .bind(value)
            .execute(self.conn())
            .await?;
        Ok(())
    }
}
