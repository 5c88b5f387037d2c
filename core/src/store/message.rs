//! Table `message`: content, once for each account.

use super::conversation::Member;
use super::{ROWS, Store, Tx};
use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, Address, Envelope, MailboxId, MessageId};
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row};
use std::collections::BTreeMap;

/// What makes two placements the same message: the server's own object id where it has one (RFC 8474, X-GM-MSGID), else a
/// hash of the size and the header fields that the list shows, the Message-ID among them. 16 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(pub Vec<u8>);

impl Identity {
    /// From the server's object id.
    pub fn of_object(id: &str) -> Self {
        Self::digest(&[b"object", id.as_bytes()])
    }

    /// From size and header fields, or the whole message where there is no server that tells it.
    pub fn of_header(size: u64, header: &[u8]) -> Self {
        Self::digest(&[b"header", &size.to_be_bytes(), header])
    }

    /// Of a message that this device puts into a mailbox, until the server has it and says what it is.
    pub fn of_upload(now: i64, nonce: u64, header: &[u8]) -> Self {
        Self::digest(&[b"upload", &now.to_be_bytes(), &nonce.to_be_bytes(), header])
    }

    fn digest(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize()[..16].to_vec())
    }
}

/// A message to be stored.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// See [`Identity`].
    pub identity: Identity,
    /// Decoded header.
    pub envelope: Envelope,
    /// RFC822.SIZE
    pub size: u64,
    /// From the BODYSTRUCTURE.
    pub has_attachments: bool,
    /// The number that the server gave to the conversation it belongs to (X-GM-THRID, THREADID).
    pub thread: Option<String>,
    /// Where its text comes with it, the first words: the body must be stored in the same transaction.
    pub preview: Option<String>,
}

/// A message as the reader needs it.
#[derive(Debug, Clone)]
pub struct MessageRow {
    /// Its number.
    pub id: MessageId,
    /// Whose it is.
    pub account: AccountId,
    /// Decoded header.
    pub envelope: Envelope,
    /// RFC822.SIZE
    pub size: u64,
    /// Whether the body is here.
    pub has_body: bool,
    /// Whether its large parts were left out.
    pub partial: bool,
    /// Whether the user wants it here, whatever the policy says.
    pub kept: bool,
}

impl MessageRow {
    /// True when nothing of it has to be fetched: to be read, or `whole` with all its files.
    pub fn is_here(&self, whole: bool) -> bool {
        self.has_body && !(whole && self.partial)
    }
}

impl Store {
    /// One message.
    pub async fn message(&self, id: MessageId) -> Result<MessageRow> {
        let r = sqlx::query(
            "SELECT id, account_id, message_id, message_refs, subject, from_name, from_address, recipients, list_id, date, size, has_body, partial, pinned
             FROM message WHERE id = ?",
        )
        .bind(id.0)
        .fetch_optional(self.reader())
        .await?
        .ok_or_else(|| Error::new(Kind::NotFound, id.to_string()))?;
        let recipients: String = r.try_get("recipients")?;
        Ok(MessageRow {
            id,
            account: AccountId(r.try_get("account_id")?),
            envelope: Envelope {
                message_id: r.try_get("message_id")?,
                references: r.try_get("message_refs")?,
                subject: r.try_get("subject")?,
                from: Address { name: r.try_get("from_name")?, address: r.try_get("from_address")? },
                to: serde_json::from_str(&recipients).unwrap_or_default(),
                date: r.try_get("date")?,
                list_id: r.try_get("list_id")?,
            },
            size: r.try_get::<i64, _>("size")? as u64,
            has_body: r.try_get("has_body")?,
            partial: r.try_get("partial")?,
            kept: r.try_get("pinned")?,
        })
    }
}

impl Store {
    /// Messages that the user wants here and that are not here, or not whole.
    pub async fn missing_kept(&self, account: AccountId) -> Result<Vec<MessageId>> {
        let ids: Vec<i64> = sqlx::query_scalar(
            "SELECT id FROM message WHERE account_id = ? AND pinned = 1 AND (has_body = 0 OR partial = 1) ORDER BY id",
        )
        .bind(account.0)
        .fetch_all(self.reader())
        .await?;
        Ok(ids.into_iter().map(MessageId).collect())
    }

    /// How many of these lie in a mailbox, as far as is known here.
    pub async fn count_known(&self, mailbox: MailboxId, identities: &[Identity]) -> Result<u64> {
        if identities.is_empty() {
            return Ok(0);
        }
        let mut q = QueryBuilder::new(
            "SELECT COUNT(DISTINCT m.id) FROM message m JOIN placement p ON p.message_id = m.id WHERE p.mailbox_id = ",
        );
        q.push_bind(mailbox.0)
            .push(" AND m.account_id = (SELECT account_id FROM mailbox WHERE id = ")
            .push_bind(mailbox.0);
        q.push(") AND m.identity IN (");
        let mut list = q.separated(", ");
        for identity in identities {
            list.push_bind(&identity.0);
        }
        q.push(")");
        let n: i64 = q.build_query_scalar().fetch_one(self.reader()).await?;
        Ok(n as u64)
    }
}

impl Tx {
    /// The user wants it here whatever the policy says, or no longer.
    pub async fn set_kept(&mut self, id: MessageId, kept: bool) -> Result<()> {
        sqlx::query("UPDATE message SET pinned = ? WHERE id = ?")
            .bind(kept)
            .bind(id.0)
            .execute(self.conn())
            .await?;
        self.touched.messages.insert(id);
        Ok(())
    }

    /// Adds those that are not here yet; gives the number of each, by identity.
    pub async fn put_messages(
        &mut self,
        account: AccountId,
        new: &[NewMessage],
    ) -> Result<BTreeMap<Identity, MessageId>> {
        let mut found = self.add_messages(account, new).await?;
        found.extend(self.known_messages(account, new.iter().map(|m| &m.identity), &found).await?);
        Ok(found)
    }

    /// Adds those that are not here yet; gives the number of each that was added.
    pub async fn add_messages(
        &mut self,
        account: AccountId,
        new: &[NewMessage],
    ) -> Result<BTreeMap<Identity, MessageId>> {
        // Numbered here: asking for the number of each row takes as long as writing it.
        let last = sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = 'message'");
        let next = last.fetch_optional(self.conn()).await?.unwrap_or(0i64) + 1;
        let mut count = 0;
        for (chunk, first) in new.chunks(ROWS).zip((next..).step_by(ROWS)) {
            let mut insert = QueryBuilder::new(
                "INSERT INTO message (id, account_id, identity, message_id, message_refs, subject, from_name, from_address, recipients, list_id, date, size, has_attachments, preview, has_body, conversation) ",
            );
            insert.push_values(chunk.iter().zip(first..), |mut row, (m, id)| {
                let e = &m.envelope;
                let recipients = serde_json::to_string(&e.to).unwrap_or_else(|_| "[]".to_owned());
                row.push_bind(id)
                    .push_bind(account.0)
                    .push_bind(&m.identity.0)
                    .push_bind(&e.message_id)
                    .push_bind(&e.references)
                    .push_bind(&e.subject)
                    .push_bind(&e.from.name)
                    .push_bind(&e.from.address)
                    .push_bind(recipients)
                    .push_bind(&e.list_id)
                    .push_bind(e.date)
                    .push_bind(m.size as i64)
                    .push_bind(m.has_attachments)
                    .push_bind(m.preview.as_deref().unwrap_or_default())
                    .push_bind(m.preview.is_some())
                    .push_bind(id);
            });
            insert.push(" ON CONFLICT (account_id, identity) DO NOTHING");
            count += insert.build().execute(self.conn()).await?.rows_affected();
        }
        let added: BTreeMap<Identity, MessageId> = if count == new.len() as u64 {
            new.iter().map(|m| m.identity.clone()).zip((next..).map(MessageId)).collect()
        } else {
            let added = sqlx::query("SELECT identity, id FROM message WHERE id >= ?").bind(next);
            let added = added.fetch_all(self.conn()).await?;
            let both = |r: &SqliteRow| Ok((Identity(r.try_get(0)?), MessageId(r.try_get(1)?)));
            added.iter().map(both).collect::<Result<_>>()?
        };
        let of = |m: &NewMessage| added.get(&m.identity).map(|id| Member::of(account.0, *id, m));
        self.gather(&new.iter().filter_map(of).collect::<Vec<_>>(), false).await?;
        Ok(added)
    }

    /// The numbers of messages that were here before, by identity; `but` are known already.
    pub async fn known_messages<'a>(
        &mut self,
        account: AccountId,
        identities: impl Iterator<Item = &'a Identity>,
        but: &BTreeMap<Identity, MessageId>,
    ) -> Result<BTreeMap<Identity, MessageId>> {
        let wanted: Vec<&Identity> = identities.filter(|i| !but.contains_key(i)).collect();
        let mut found = BTreeMap::new();
        for chunk in wanted.chunks(500) {
            let mut select = QueryBuilder::new("SELECT identity, id FROM message WHERE account_id = ");
            select.push_bind(account.0).push(" AND identity IN (");
            let mut list = select.separated(", ");
            for identity in chunk {
                list.push_bind(&identity.0);
            }
            select.push(")");
            for r in select.build().fetch_all(self.conn()).await? {
                found.insert(Identity(r.try_get(0)?), MessageId(r.try_get(1)?));
            }
        }
        Ok(found)
    }

    /// Forgets the messages of an account that no mailbox holds any more. Called when every mailbox is in step, so that a
    /// message on its way from one mailbox to another is not fetched again. Files of theirs are returned, to be removed.
    pub async fn sweep_orphans(&mut self, account: AccountId) -> Result<Vec<String>> {
        // What a decision is about can still be brought back.
        let files = sqlx::query_scalar(
            "SELECT file FROM body JOIN message m ON m.id = body.message_id WHERE file <> '' AND m.account_id = ?
             AND NOT EXISTS (SELECT 1 FROM placement p WHERE p.message_id = m.id)
             AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.message_id = m.id AND d.settled = 0)",
        )
        .bind(account.0)
        .fetch_all(self.conn())
        .await?;
        sqlx::query("DELETE FROM message WHERE account_id = ? AND NOT EXISTS (SELECT 1 FROM placement p WHERE p.message_id = message.id)
             AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.message_id = message.id AND d.settled = 0)")
            .bind(account.0)
            .execute(self.conn())
            .await?;
        Ok(files)
    }
}
