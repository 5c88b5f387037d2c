//! Which messages make up a conversation: those that the server says belong together (X-GM-THRID, RFC 8474 section 5.2), else those that
//! mention each other (Message-ID, In-Reply-To, References: RFC 5322 section 3.6.4), in whatever order they come.
//!
//! Each message leaves a hash of every id that it has or mentions in `conversation_key`; who meets one of them belongs there. Two
//! conversations that turn out to be one become the larger one of them, so that putting together costs little however it is done.

use super::message::NewMessage;
use super::{Store, Tx};
use crate::error::Result;
use crate::model::{
    AccountId, Address, ConversationId, Envelope, Flags, MailboxId, MessageId, PlacementId, Role,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The conversation of a message `m`, for the placements that it gets.
pub(super) const OF_MESSAGE: &str = "COALESCE((SELECT became FROM conversation_moved v WHERE v.conversation = m.conversation), m.conversation)";

/// So many older messages are looked at in one transaction.
const STEP: i64 = 500;

/// A message on its way into a conversation.
#[derive(Debug)]
pub(super) struct Member {
    id: MessageId,
    /// Whoever has one of these belongs together.
    ties: Vec<i64>,
    /// Its own Message-ID, where the server says what belongs together: others find it by this one.
    name: Option<i64>,
}

impl Member {
    pub(super) fn new(account: i64, id: MessageId, envelope: &Envelope, thread: Option<&str>) -> Self {
        let own = Some(envelope.message_id.as_str()).filter(|id| !id.is_empty());
        let own = own.map(|id| key(account, "id", id));
        match thread {
            Some(thread) => Self { id, ties: vec![key(account, "thread", thread)], name: own },
            None => {
                let mentioned = envelope.references.split_whitespace().map(|id| key(account, "id", id));
                Self { id, ties: own.into_iter().chain(mentioned).collect(), name: None }
            }
        }
    }

    pub(super) fn of(account: i64, id: MessageId, m: &NewMessage) -> Self {
        Self::new(account, id, &m.envelope, m.thread.as_deref())
    }
}

/// Where the conversation of a message of the account that is called so is found, in `conversation_key`.
pub fn tie(account: AccountId, message_id: &str) -> i64 {
    key(account.0, "id", message_id)
}

fn key(account: i64, kind: &str, text: &str) -> i64 {
    let mut hash = Sha256::new();
    hash.update(account.to_be_bytes());
    hash.update(kind);
    hash.update([0]);
    hash.update(text);
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    i64::from_be_bytes(first)
}

/// Sets of conversations that are one (union by the lower number, paths halved).
#[derive(Debug, Default)]
struct Sets(HashMap<i64, i64>);

impl Sets {
    fn root(&mut self, mut one: i64) -> i64 {
        while let Some(&up) = self.0.get(&one) {
            if let Some(&further) = self.0.get(&up) {
                self.0.insert(one, further);
            }
            one = up;
        }
        one
    }

    fn join(&mut self, a: i64, b: i64) {
        let (a, b) = (self.root(a), self.root(b));
        if a != b {
            self.0.insert(a.max(b), a.min(b));
        }
    }
}

impl Tx {
    /// Finds for each of these messages the conversation that it belongs to. Those that were just added are a conversation of their own
    /// so far; `placed` = others are here already, and what is seen of them changes too.
    pub(super) async fn gather(&mut self, members: &[Member], placed: bool) -> Result<()> {
        let keys: BTreeSet<i64> = members.iter().flat_map(|m| m.ties.iter().copied().chain(m.name)).collect();
        let found = self.conversations_of(&keys).await?;
        let mut sets = Sets::default();
        let mut first: HashMap<i64, i64> = found.clone();
        for m in members {
            // What the server says holds; where it says something for the first time, what was known by the id goes with it.
            let unsaid = m.ties.iter().all(|tie| !first.contains_key(tie));
            let weak = m.name.filter(|_| unsaid);
            for tie in m.ties.iter().copied().chain(weak) {
                match first.get(&tie) {
                    Some(&there) => sets.join(there, m.id.0),
                    None => {
                        first.insert(tie, m.id.0);
                    }
                }
            }
            if let Some(name) = m.name {
                first.entry(name).or_insert(m.id.0);
            }
        }
        let mut older: HashMap<i64, BTreeSet<i64>> = HashMap::new();
        for &conversation in found.values() {
            older.entry(sets.root(conversation)).or_default().insert(conversation);
        }
        let mut become_of: HashMap<i64, i64> = HashMap::new();
        for (root, conversations) in older {
            let kept = self.largest(&conversations).await?;
            for other in conversations.into_iter().filter(|c| *c != kept) {
                self.merge_conversations(other, kept).await?;
            }
            become_of.insert(root, kept);
        }
        let mut of = |one: i64| {
            let root = sets.root(one);
            become_of.get(&root).copied().unwrap_or(root)
        };
        let changed: Vec<(i64, i64)> =
            members.iter().map(|m| (m.id.0, of(m.id.0))).filter(|(id, c)| placed || id != c).collect();
        let new: Vec<(i64, i64)> =
            first.iter().filter(|(k, _)| !found.contains_key(k)).map(|(k, one)| (*k, of(*one))).collect();
        self.set_conversations(&changed, placed).await?;
        self.add_keys(&new).await
    }

    /// Where these keys lead, as far as they lead anywhere.
    async fn conversations_of(&mut self, keys: &BTreeSet<i64>) -> Result<HashMap<i64, i64>> {
        let mut found = HashMap::new();
        if keys.is_empty() {
            return Ok(found);
        }
        let rows = sqlx::query(
            "SELECT k.key, COALESCE(v.became, k.conversation) FROM json_each(?) j CROSS JOIN conversation_key k ON k.key = j.value
             LEFT JOIN conversation_moved v ON v.conversation = k.conversation",
        )
        .bind(serde_json::to_string(keys).unwrap_or_default())
        .fetch_all(self.conn())
        .await?;
        for r in rows {
            found.insert(r.try_get(0)?, r.try_get(1)?);
        }
        Ok(found)
    }

    async fn largest(&mut self, conversations: &BTreeSet<i64>) -> Result<i64> {
        let mut largest = (-1, 0);
        for &conversation in conversations {
            if conversations.len() == 1 {
                return Ok(conversation);
            }
            let size: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM placement WHERE conversation = ? AND conversation <> 0",
            )
            .bind(conversation)
            .fetch_one(self.conn())
            .await?;
            if size > largest.0 {
                largest = (size, conversation);
            }
        }
        Ok(largest.1)
    }

    /// All of one conversation belongs to another one.
    async fn merge_conversations(&mut self, from: i64, into: i64) -> Result<()> {
        let mailboxes: Vec<i64> = sqlx::query_scalar(
            "SELECT DISTINCT mailbox_id FROM placement WHERE conversation IN (?, ?) AND conversation <> 0",
        )
        .bind(from)
        .bind(into)
        .fetch_all(self.conn())
        .await?;
        self.touched.mailboxes.extend(mailboxes.into_iter().map(MailboxId));
        for sql in [
            "UPDATE message SET conversation = ?2 WHERE id IN (SELECT message_id FROM placement WHERE conversation = ?1 AND conversation <> 0)",
            "UPDATE placement SET conversation = ?2 WHERE conversation = ?1 AND conversation <> 0",
            "UPDATE conversation_moved SET became = ?2 WHERE became = ?1",
            "INSERT INTO conversation_moved (conversation, became) VALUES (?1, ?2)",
        ] {
            sqlx::query(sql).bind(from).bind(into).execute(self.conn()).await?;
        }
        Ok(())
    }

    async fn set_conversations(&mut self, changed: &[(i64, i64)], placed: bool) -> Result<()> {
        if changed.is_empty() {
            return Ok(());
        }
        let pairs = serde_json::to_string(changed).unwrap_or_default();
        sqlx::query("UPDATE message SET conversation = j.value ->> 1 FROM json_each(?) j WHERE message.id = j.value ->> 0")
            .bind(&pairs)
            .execute(self.conn())
            .await?;
        if !placed {
            return Ok(());
        }
        let mailboxes: Vec<i64> = sqlx::query_scalar(
            "UPDATE placement SET conversation = j.value ->> 1 FROM json_each(?) j WHERE placement.message_id = j.value ->> 0
             RETURNING mailbox_id",
        )
        .bind(&pairs)
        .fetch_all(self.conn())
        .await?;
        self.touched.mailboxes.extend(mailboxes.into_iter().map(MailboxId));
        Ok(())
    }

    async fn add_keys(&mut self, new: &[(i64, i64)]) -> Result<()> {
        for chunk in new.chunks(super::ROWS) {
            let mut q: QueryBuilder<Sqlite> =
                QueryBuilder::new("INSERT INTO conversation_key (key, conversation) ");
            q.push_values(chunk, |mut row, (key, conversation)| {
                row.push_bind(*key).push_bind(*conversation);
            });
            q.build().execute(self.conn()).await?;
        }
        Ok(())
    }

    /// As [`Store::gather_older`].
    async fn gather_older(&mut self) -> Result<usize> {
        let rows = sqlx::query(
            "SELECT id, account_id, message_id, message_refs FROM message INDEXED BY message_ungathered WHERE conversation = 0
             ORDER BY id DESC LIMIT ?",
        )
        .bind(STEP)
        .fetch_all(self.conn())
        .await?;
        let mut members = Vec::with_capacity(rows.len());
        for r in &rows {
            let envelope =
                Envelope { message_id: r.try_get(2)?, references: r.try_get(3)?, ..Envelope::default() };
            members.push(Member::new(r.try_get(1)?, MessageId(r.try_get(0)?), &envelope, None));
        }
        self.gather(&members, true).await?;
        Ok(members.len())
    }
}

/// Mailboxes `b` whose mail counts wherever a conversation is looked at.
const COUNTED: &str = "b.role NOT IN ('trash', 'junk')";

/// What a list says of a conversation besides its newest message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Messages.
    pub count: u32,
    /// All of them are read.
    pub read: bool,
    /// One of them is flagged.
    pub starred: bool,
    /// Files came with one of them.
    pub has_attachments: bool,
    /// Who wrote them, in the order of what each wrote last, and whether something of that is unread.
    pub authors: Vec<(Address, bool)>,
}

impl Summary {
    /// Of what is seen of its messages, the oldest first. A message that several mailboxes hold counts once, and is read where it is read
    /// anywhere.
    fn of(all: Vec<Seen>) -> Self {
        let mut read: HashMap<i64, bool> = HashMap::new();
        for Seen(_, message, bits, ..) in &all {
            *read.entry(*message).or_default() |= bits & Flags::SEEN != 0;
        }
        let mut s = Self { count: read.len() as u32, read: read.values().all(|r| *r), ..Self::default() };
        for Seen(_, message, bits, files, name, address) in all {
            s.starred |= bits & Flags::FLAGGED != 0;
            s.has_attachments |= files != 0;
            let author = Address { name, address };
            let before = s.authors.iter().position(|(a, _)| a.address.eq_ignore_ascii_case(&author.address));
            let unread = before.is_some_and(|at| s.authors.remove(at).1) || !read[&message];
            s.authors.push((author, unread));
        }
        s
    }
}

/// Of the conversations that have more than one message, each as it is seen from a mailbox.
pub type Summaries = BTreeMap<(ConversationId, MailboxId), Summary>;

/// What is seen of one message in one mailbox: date, message, flags, whether files came with it, name and address of the author.
#[derive(Deserialize)]
struct Seen(i64, i64, u8, u8, String, String);

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Where it is: in the mailbox that is looked at, if it is there too.
    pub id: PlacementId,
    /// Which.
    pub message: MessageId,
    /// The mailbox.
    pub mailbox: MailboxId,
    /// What that is for.
    pub role: Option<Role>,
    /// Author.
    pub from: Address,
    /// To whom.
    pub to: Vec<Address>,
    /// Seconds since 1970.
    pub date: i64,
    /// First words.
    pub preview: String,
    /// As the user sees them.
    pub flags: Flags,
    /// Files came with it.
    pub has_attachments: bool,
}

/// What lists say of conversations of more than one message, as seen from a mailbox.
pub(super) async fn summaries(
    conn: &mut SqliteConnection,
    heads: &[(ConversationId, MailboxId)],
) -> Result<Summaries> {
    let wanted: Vec<(i64, i64)> = heads.iter().filter(|(c, _)| c.0 != 0).map(|(c, m)| (c.0, m.0)).collect();
    // All in one row: see LIST_ROW.
    let sql = format!(
        "SELECT json_group_array(json((SELECT json_group_array(json_array(p.sort_date, p.message_id, p.bits, m.has_attachments, m.from_name, m.from_address))
             FROM placement p CROSS JOIN mailbox b ON b.id = p.mailbox_id CROSS JOIN message m ON m.id = p.message_id
             WHERE p.conversation = j.value ->> 0 AND p.conversation <> 0 AND p.hidden = 0 AND (p.mailbox_id = j.value ->> 1 OR {COUNTED})))
             ORDER BY j.key)
         FROM json_each(?) j"
    );
    let row: String =
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(super::json(&wanted)).fetch_one(conn).await?;
    let rows: Vec<Vec<Seen>> = super::read_json(&row)?;
    let mut summaries = BTreeMap::new();
    for ((conversation, mailbox), mut all) in wanted.into_iter().zip(rows) {
        if all.len() < 2 {
            continue;
        }
        all.sort_by_key(|m| (m.0, m.1));
        let summary = Summary::of(all);
        if summary.count > 1 {
            summaries.insert((ConversationId(conversation), MailboxId(mailbox)), summary);
        }
    }
    Ok(summaries)
}

impl Store {
    /// Looks at some of the mail that came before there were conversations, the newest first; gives how much of it that was.
    pub async fn gather_older(&self) -> Result<usize> {
        let left: Option<i64> = sqlx::query_scalar(
            "SELECT id FROM message INDEXED BY message_ungathered WHERE conversation = 0 LIMIT 1",
        )
        .fetch_optional(self.reader())
        .await?;
        if left.is_none() {
            return Ok(0);
        }
        let mut tx = self.begin().await?;
        let count = tx.gather_older().await?;
        tx.commit().await?;
        Ok(count)
    }

    /// Those that a row of a list by conversations stands for, besides itself: what is seen of its conversation in the same mailbox, or
    /// `everywhere` but in the trash and the junk.
    pub async fn conversation_of(&self, id: PlacementId, everywhere: bool) -> Result<Vec<PlacementId>> {
        let sql = format!(
            "SELECT q.id FROM placement p JOIN placement q ON q.conversation = p.conversation AND q.conversation <> 0 AND q.hidden = 0
             JOIN mailbox b ON b.id = q.mailbox_id
             WHERE p.id = ?1 AND q.id <> ?1 AND (q.mailbox_id = p.mailbox_id OR (?2 AND {COUNTED})) ORDER BY q.sort_date DESC, q.id DESC"
        );
        let ids: Vec<i64> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(id.0)
            .bind(everywhere)
            .fetch_all(self.reader())
            .await?;
        Ok(ids.into_iter().map(PlacementId).collect())
    }

    /// The messages of the conversation that a placement belongs to, oldest first, each once: the newest `most` of them.
    pub async fn conversation(&self, id: PlacementId, most: u32) -> Result<(ConversationId, Vec<Part>)> {
        let sql = format!(
            "SELECT q.id, q.message_id, q.mailbox_id, b.role, m.from_name, m.from_address, m.recipients,
                IIF(m.date > 0, m.date, q.received) AS date, m.preview, q.bits, q.keywords, m.has_attachments, q.conversation
             FROM placement p CROSS JOIN placement q JOIN mailbox b ON b.id = q.mailbox_id JOIN message m ON m.id = q.message_id
             WHERE p.id = ?1 AND q.id IN (SELECT ?1 UNION SELECT o.id FROM placement o WHERE o.conversation = p.conversation
                 AND o.conversation <> 0 AND o.hidden = 0) AND (q.mailbox_id = p.mailbox_id OR {COUNTED})
             ORDER BY q.id = p.id DESC, q.mailbox_id = p.mailbox_id DESC, b.role = 'sent' DESC, b.role = 'all', q.sort_date DESC, q.id DESC"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.0).fetch_all(self.reader()).await?;
        let mut seen = BTreeSet::new();
        let (mut parts, mut conversation) = (Vec::new(), ConversationId(0));
        for r in rows {
            let message = MessageId(r.try_get(1)?);
            if !seen.insert(message) {
                continue;
            }
            let (role, recipients, keywords): (String, String, String) =
                (r.try_get(3)?, r.try_get(6)?, r.try_get(10)?);
            conversation = ConversationId(r.try_get(12)?);
            parts.push(Part {
                id: PlacementId(r.try_get(0)?),
                message,
                mailbox: MailboxId(r.try_get(2)?),
                role: Role::from_name(&role),
                from: Address { name: r.try_get(4)?, address: r.try_get(5)? },
                to: serde_json::from_str(&recipients).unwrap_or_default(),
                date: r.try_get(7)?,
                preview: r.try_get(8)?,
                flags: Flags::from_columns(r.try_get(9)?, &keywords),
                has_attachments: r.try_get(11)?,
            });
        }
        parts.sort_by_key(|p| (p.date, p.message));
        let surplus = parts.len().saturating_sub(most as usize);
        parts.drain(..surplus);
        Ok((conversation, parts))
    }
}

#[cfg(test)]
#[path = "conversation_tests.rs"]
mod tests;
