//! Who the user writes to and hears from; which messages are versions of one draft, or are meant by a Message-ID.

use super::{Store, Tx};
use crate::error::Result;
use crate::model::{AccountId, Address, MailboxId, PlacementId, Role};
use sqlx::Row;

/// So many of the newest messages tell whom the user hears from.
const HEARD: i64 = 20_000;
/// So many of the newest sent ones tell whom the user writes to.
const WRITTEN: i64 = 5_000;

/// Somebody, and how much the user has to do with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// With the name that they were last seen with.
    pub address: Address,
    /// Messages to them count ten, messages from them one.
    pub weight: i64,
}

impl Store {
    /// Everybody that recent mail names, those who matter most first.
    pub async fn people(&self) -> Result<Vec<Person>> {
        let rows = sqlx::query(
            "WITH written AS (SELECT m.recipients, m.date FROM mailbox b JOIN placement p ON p.mailbox_id = b.id
                     JOIN message m ON m.id = p.message_id WHERE b.role = ?1 ORDER BY p.sort_date DESC LIMIT ?2),
                 seen (name, address, weight, at) AS (
                     SELECT ifnull(j.value ->> '$.name', ''), ifnull(j.value ->> '$.address', ''), 10, w.date
                         FROM written w, json_each(w.recipients) j
                     UNION ALL
                     SELECT from_name, from_address, 1, date
                         FROM (SELECT from_name, from_address, date FROM message ORDER BY id DESC LIMIT ?3))
             SELECT name, address, sum(weight) AS weight, max((name <> '') * 10000000000 + at)
             FROM seen WHERE address LIKE '%_@_%' GROUP BY lower(address) ORDER BY weight DESC, address LIMIT 5000",
        )
        .bind(Role::Sent.as_str())
        .bind(WRITTEN)
        .bind(HEARD)
        .fetch_all(self.reader())
        .await?;
        let person = |r: &sqlx::sqlite::SqliteRow| -> Result<Person> {
            let address = Address { name: r.try_get(0)?, address: r.try_get(1)? };
            Ok(Person { address, weight: r.try_get(2)? })
        };
        rows.iter().map(person).collect()
    }

    /// How many visible messages of a mailbox have a Message-ID that begins so.
    pub async fn count_beginning(&self, mailbox: MailboxId, start: &str) -> Result<u32> {
        let count: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM placement p JOIN message m ON m.id = p.message_id
             WHERE p.mailbox_id = ? AND p.hidden = 0 AND substr(m.message_id, 1, length(?2)) = ?2",
        )
        .bind(mailbox.0)
        .bind(start)
        .fetch_one(self.reader())
        .await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

impl Store {
    /// The Message-ID of what lies in a place, those that led to it, and whether the server cannot know of it yet; `None` where nothing
    /// does.
    pub async fn version(&self, id: PlacementId) -> Result<Option<(String, String, bool)>> {
        let row = sqlx::query(
            "SELECT m.message_id, m.message_refs, EXISTS (SELECT 1 FROM intent i WHERE i.placement_id = p.id AND i.kind = 'append' AND i.state = 'queued')
             FROM placement p JOIN message m ON m.id = p.message_id WHERE p.id = ?",
        )
        .bind(id.0)
        .fetch_optional(self.reader())
        .await?;
        row.map(|r| Ok((r.try_get(0)?, r.try_get(1)?, r.try_get(2)?))).transpose()
    }
}

impl Tx {
    /// The Message-ID of a message; empty = it has none.
    pub async fn message_id(&mut self, id: crate::model::MessageId) -> Result<String> {
        let found = sqlx::query_scalar("SELECT message_id FROM message WHERE id = ?").bind(id.0);
        Ok(found.fetch_optional(self.conn()).await?.unwrap_or_default())
    }

    /// The address of who wrote a message; empty = nobody is named.
    pub async fn author(&mut self, id: crate::model::MessageId) -> Result<String> {
        let found = sqlx::query_scalar("SELECT from_address FROM message WHERE id = ?").bind(id.0);
        Ok(found.fetch_optional(self.conn()).await?.unwrap_or_default())
    }

    /// What somebody wrote that lies visibly in an inbox, of whatever account; the address in small letters.
    pub async fn inbox_of_sender(&mut self, address: &str) -> Result<Vec<PlacementId>> {
        let ids: Vec<i64> = sqlx::query_scalar(
            "SELECT p.id FROM mailbox b JOIN placement p ON p.mailbox_id = b.id JOIN message m ON m.id = p.message_id
             WHERE b.role = 'inbox' AND p.hidden = 0 AND lower(m.from_address) = ? ORDER BY p.id",
        )
        .bind(address)
        .fetch_all(self.conn())
        .await?;
        Ok(ids.into_iter().map(PlacementId).collect())
    }

    /// Whether a message of a mailbox was made from a version of a draft, or, with `itself`, is that version: `part` is of its Message-ID.
    pub async fn comes_from(&mut self, mailbox: MailboxId, part: &str, itself: bool) -> Result<bool> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM placement p JOIN message m ON m.id = p.message_id WHERE p.mailbox_id = ?1 AND p.uid > 0
             AND (instr(m.message_refs, ?2) > 0 OR (?3 AND instr(m.message_id, ?2) > 0)) LIMIT 1",
        )
        .bind(mailbox.0)
        .bind(part)
        .bind(itself)
        .fetch_optional(self.conn())
        .await?;
        Ok(found.is_some())
    }

    /// The visible places of the messages with this Message-ID; none for an empty one.
    pub async fn placements_with_id(&mut self, account: AccountId, id: &str) -> Result<Vec<PlacementId>> {
        if id.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<i64> = sqlx::query_scalar(
            "SELECT p.id FROM message m JOIN placement p ON p.message_id = m.id
             WHERE m.account_id = ? AND m.message_id = ? AND p.hidden = 0 ORDER BY p.id",
        )
        .bind(account.0)
        .bind(id)
        .fetch_all(self.conn())
        .await?;
        Ok(ids.into_iter().map(PlacementId).collect())
    }
}
