//! Senders that the user has judged. Kept among the choices (table `setting`), so they are in the spare too.

use super::{Store, Tx};
use crate::error::Result;
use crate::model::ActionId;
use sqlx::{Row, SqliteExecutor};

/// Keys of these choices begin so.
const KEY: &str = "sender.";

/// A sender that the user blocked, or trusts not to send junk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderRow {
    /// The address in small letters; everybody of a domain and below it: `@domain`.
    pub address: String,
    /// Blocked, or trusted.
    pub blocked: bool,
    /// When, seconds since 1970: what came before stays where it is.
    pub since: i64,
}

/// What was judged of an address: of itself, else of its domain, the nearest one.
pub fn judgement<'a>(senders: &'a [SenderRow], address: &str) -> Option<&'a SenderRow> {
    let address = address.to_lowercase();
    if let Some(row) = senders.iter().find(|s| s.address == address) {
        return Some(row);
    }
    let (_, mut domain) = address.rsplit_once('@')?;
    loop {
        if let Some(row) = senders.iter().find(|s| s.address.strip_prefix('@') == Some(domain)) {
            return Some(row);
        }
        domain = domain.split_once('.')?.1;
    }
}

async fn all(conn: impl SqliteExecutor<'_>) -> Result<Vec<SenderRow>> {
    let rows =
        sqlx::query("SELECT key, value FROM setting WHERE key >= 'sender.' AND key < 'sender/' ORDER BY key")
            .fetch_all(conn)
            .await?;
    let mut senders = Vec::with_capacity(rows.len());
    for r in rows {
        let (key, value): (String, String) = (r.try_get(0)?, r.try_get(1)?);
        let mut words = value.split(' ');
        let blocked = match words.next() {
            Some("blocked") => true,
            Some("safe") => false,
            _ => continue,
        };
        let since = words.next().and_then(|n| n.parse().ok()).unwrap_or(i64::MAX);
        senders.push(SenderRow { address: key[KEY.len()..].to_owned(), blocked, since });
    }
    Ok(senders)
}

impl Store {
    /// All senders that were judged, by address.
    pub async fn senders(&self) -> Result<Vec<SenderRow>> {
        all(self.reader()).await
    }
}

impl Tx {
    /// The same as this transaction sees it.
    pub async fn senders(&mut self) -> Result<Vec<SenderRow>> {
        all(self.conn()).await
    }

    /// Judges a sender, as part of an action with which that can be taken back.
    pub async fn judge_sender(&mut self, s: &SenderRow, action: Option<ActionId>) -> Result<()> {
        let verdict = if s.blocked { "blocked" } else { "safe" };
        let action = action.map_or(0, |a| a.0);
        self.put_setting(&format!("{KEY}{}", s.address), &format!("{verdict} {} {action}", s.since)).await
    }

    /// A sender is one like all others again.
    pub async fn forget_sender(&mut self, address: &str) -> Result<()> {
        let gone =
            sqlx::query("DELETE FROM setting WHERE key = ?").bind(format!("{KEY}{}", address.to_lowercase()));
        gone.execute(self.conn()).await?;
        Ok(())
    }

    /// What was judged with an action is taken back.
    pub async fn forget_senders_of(&mut self, action: ActionId) -> Result<()> {
        sqlx::query(
            "DELETE FROM setting WHERE key >= 'sender.' AND key < 'sender/' AND value LIKE '% ' || ?",
        )
        .bind(action.0)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(address: &str, blocked: bool) -> SenderRow {
        SenderRow { address: address.to_owned(), blocked, since: 0 }
    }

    #[test]
    fn the_nearest_judgement_counts() {
        let all = [row("@loja.test", true), row("ana@loja.test", false), row("@b.loja.test", false)];
        let of = |address: &str| judgement(&all, address).map(|s| s.blocked);
        assert_eq!(of("x@loja.test"), Some(true));
        assert_eq!(of("x@news.LOJA.test"), Some(true), "below the domain");
        assert_eq!(of("Ana@Loja.test"), Some(false), "the address before its domain");
        assert_eq!(of("x@b.loja.test"), Some(false), "the nearer domain");
        assert_eq!(of("x@outraloja.test"), None);
        assert_eq!(of("x@test"), None);
        assert_eq!(of("loja.test"), None);
        assert_eq!(of(""), None);
    }
}
