//! What lists show: rows of one mailbox or of several as one list, newest first, each message or each conversation once; above them what
//! the user wants at the top.

use super::Store;
use super::conversation::{Summaries, summaries};
use crate::error::Result;
use crate::model::{Address, ConversationId, Flags, MailboxId, MessageId, PlacementId};
use serde::Deserialize;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};
use std::collections::HashMap;

/// One row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// The placement.
    pub id: PlacementId,
    /// The message.
    pub message: MessageId,
    /// The mailbox.
    pub mailbox: MailboxId,
    /// What it belongs to; 0 = not known yet.
    pub conversation: ConversationId,
    /// Author.
    pub from: Address,
    /// First recipient, for Sent and Drafts.
    pub to: Vec<Address>,
    /// Subject.
    pub subject: String,
    /// First words; empty until the body is here.
    pub preview: String,
    /// What the list is ordered by, seconds since 1970.
    pub date: i64,
    /// Flags as the user sees them.
    pub flags: Flags,
    /// RFC822.SIZE
    pub size: u64,
    /// Whether it has attachments.
    pub has_attachments: bool,
    /// Whether it is about an appointment.
    pub has_event: bool,
    /// The user wants it at the top.
    pub pinned: bool,
}

/// A place in a list: what it is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListPlace {
    date: i64,
    id: i64,
}

/// Which list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListScope {
    mailboxes: Vec<MailboxId>,
    grouped: bool,
    without: Vec<PlacementId>,
}

impl ListScope {
    /// The messages of one mailbox.
    pub fn mailbox(id: MailboxId) -> Self {
        Self::mailboxes(vec![id])
    }

    /// The messages of several, as one list: the inboxes of all accounts.
    pub fn mailboxes(mailboxes: Vec<MailboxId>) -> Self {
        Self { mailboxes, grouped: false, without: Vec::new() }
    }

    /// The same by conversations: of each the newest message that lies there.
    pub fn grouped(self, grouped: bool) -> Self {
        Self { grouped, ..self }
    }

    /// The same without some rows, as far as places and windows are concerned: what stands above them all.
    pub fn without(self, without: Vec<PlacementId>) -> Self {
        Self { without, ..self }
    }

    /// True when its rows are conversations.
    pub fn is_grouped(&self) -> bool {
        self.grouped
    }

    /// True when a change in the mailbox can change the list. A conversation has parts anywhere.
    pub fn covers(&self, id: MailboxId) -> bool {
        self.grouped || self.mailboxes.contains(&id)
    }

    fn without_json(&self) -> String {
        super::json(&self.without.iter().map(|id| id.0).collect::<Vec<_>>())
    }

    fn seen(&self) -> &'static str {
        if self.grouped { "p.newest = 1" } else { "p.hidden = 0" }
    }

    /// The places of the list, in order. One query for each mailbox: only so each has the order of its index, and they are merged as
    /// they are read. `narrow` says more of the rows that are wanted.
    fn places(&self, q: &mut QueryBuilder<Sqlite>, narrow: impl Fn(&mut QueryBuilder<Sqlite>)) {
        if self.mailboxes.is_empty() {
            q.push("SELECT 0 AS sort_date, 0 AS id WHERE 0");
            return;
        }
        for (n, mailbox) in self.mailboxes.iter().enumerate() {
            q.push(if n > 0 { " UNION ALL " } else { "" });
            q.push("SELECT p.sort_date, p.id FROM placement p WHERE p.mailbox_id = ").push_bind(mailbox.0);
            q.push(" AND ").push(self.seen());
            if !self.without.is_empty() {
                q.push(" AND p.id NOT IN (SELECT value FROM json_each(")
                    .push_bind(self.without_json())
                    .push("))");
            }
            narrow(q);
        }
        q.push(" ORDER BY sort_date DESC, id DESC");
    }
}

/// What a list can be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// When it came.
    Time,
    /// Who it is from.
    Sender,
    /// Whom it went to.
    Recipient,
    /// What it is about.
    Subject,
    /// Octets.
    Size,
    /// 1 = not read; of a conversation any of it.
    Unread,
    /// 1 = starred; of a conversation any of it.
    Starred,
    /// 1 = files came with it; of a conversation any of it.
    Attachments,
}

impl Key {
    /// A number and a text of a placement `p` and its message `m`, of which one counts.
    fn columns(self, grouped: bool) -> String {
        // `told` is of a placement `q` and its message `n`: this one, or one that is seen with it.
        let any = |told: &str| {
            let alone = told.replace("q.", "p.").replace("n.", "m.");
            if !grouped {
                return alone;
            }
            let together = "SELECT 1 FROM placement q JOIN message n ON n.id = q.message_id WHERE q.conversation = p.conversation
                 AND q.mailbox_id = p.mailbox_id AND q.hidden = 0";
            format!("CASE WHEN p.conversation = 0 THEN {alone} ELSE EXISTS ({together} AND {told}) END")
        };
        let number = match self {
            Key::Time => "p.sort_date".to_owned(),
            Key::Size => "m.size".to_owned(),
            Key::Unread => any("(q.bits & 1 = 0)"),
            Key::Starred => any(&format!("(q.bits & {} <> 0)", Flags::FLAGGED)),
            Key::Attachments => any("(n.has_attachments = 1)"),
            Key::Sender | Key::Recipient | Key::Subject => "0".to_owned(),
        };
        let text = match self {
            Key::Sender => "CASE m.from_name WHEN '' THEN m.from_address ELSE m.from_name END",
            Key::Recipient => {
                "COALESCE(NULLIF(m.recipients ->> '$[0].name', ''), m.recipients ->> '$[0].address', '')"
            }
            Key::Subject => "m.subject",
            _ => "''",
        };
        format!("{number}, {text}")
    }
}

/// What a row of a list shows, of a placement `p` and its message `m`: a [`Shown`]. The rows of a window come as one: on its way out of the
/// database each row may wake who waits for it, which takes longer than what is in it.
const LIST_ROW: &str = "json_array(p.id, p.message_id, p.mailbox_id, p.conversation, p.bits, p.keywords, p.sort_date, m.subject, m.from_name,
    m.from_address, m.recipients, m.preview, m.size, m.has_attachments, EXISTS (SELECT 1 FROM event e WHERE e.message_id = p.message_id), EXISTS (SELECT 1 FROM pin x WHERE x.placement_id = p.id))";

/// As [`LIST_ROW`] says.
#[derive(Deserialize)]
struct Shown(i64, i64, i64, i64, i64, String, i64, String, String, String, String, String, i64, u8, u8, u8);

impl Store {
    /// How many rows a list has: what the triggers counted.
    pub async fn list_total(&self, scope: &ListScope) -> Result<u64> {
        let counted = if scope.grouped { "conversations" } else { "total" };
        let mut q =
            QueryBuilder::new(format!("SELECT COALESCE(SUM({counted}), 0) FROM mailbox WHERE id IN ("));
        let mut list = q.separated(", ");
        for id in &scope.mailboxes {
            list.push_bind(id.0);
        }
        q.push(")");
        let n: i64 = q.build_query_scalar().fetch_one(self.reader()).await?;
        Ok(n.max(0) as u64)
    }

    /// What the user wants at the top of a list, the newest first: of a list by conversations those of which any message is wanted there.
    pub async fn list_pins(&self, scope: &ListScope) -> Result<Vec<PlacementId>> {
        let mailboxes: Vec<i64> = scope.mailboxes.iter().map(|id| id.0).collect();
        // Few rows: both are found without looking at any other.
        let sql = format!(
            "WITH wanted AS (
                 SELECT p.id FROM json_each(?1) j CROSS JOIN placement p INDEXED BY placement_pinned ON p.mailbox_id = j.value
                     AND instr(' ' || lower(p.keywords) || ' ', ' $pinned ') > 0
                 UNION SELECT p.id FROM pin x CROSS JOIN placement p ON p.id = x.placement_id
                     WHERE p.mailbox_id IN (SELECT value FROM json_each(?1)))
             SELECT DISTINCT h.id FROM wanted w CROSS JOIN placement p ON p.id = w.id CROSS JOIN placement h ON {}
             WHERE p.hidden = 0 AND h.hidden = 0 ORDER BY h.sort_date DESC, h.id DESC",
            match scope.grouped {
                true => "h.id = IIF(p.conversation = 0, p.id, (SELECT n.id FROM placement n WHERE n.conversation = p.conversation
                    AND n.conversation <> 0 AND n.mailbox_id = p.mailbox_id AND n.hidden = 0 ORDER BY n.sort_date DESC, n.id DESC LIMIT 1))",
                false => "h.id = p.id",
            }
        );
        let ids = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(super::json(&mailboxes));
        let ids: Vec<i64> = ids.fetch_all(self.reader()).await?;
        Ok(ids.into_iter().map(PlacementId).collect())
    }

    /// `count` rows of a list from row `first` on, newest first.
    pub async fn list_rows(&self, scope: &ListScope, first: u64, count: u64) -> Result<Vec<ListRow>> {
        Ok(self.list_window(scope, None, first, count).await?.0)
    }

    /// The same counted from a place in the list, itself included; with what there is to say of its conversations. One reader for both:
    /// most of what the rows lie in is then still at its hand.
    pub async fn list_window(
        &self,
        scope: &ListScope,
        from: Option<ListPlace>,
        first: u64,
        count: u64,
    ) -> Result<(Vec<ListRow>, Summaries)> {
        let mut conn = self.reader().acquire().await?;
        // The inner query walks the covering index to the offset; only the rows wanted are looked up.
        let mut q = QueryBuilder::new("SELECT json_group_array(");
        q.push(LIST_ROW).push(" ORDER BY p.sort_date DESC, p.id DESC) FROM (");
        scope.places(&mut q, |q| {
            if let Some(ListPlace { date, id }) = from {
                q.push(" AND (p.sort_date, p.id) <= (").push_bind(date).push(", ").push_bind(id).push(")");
            }
        });
        q.push(" LIMIT ").push_bind(count as i64).push(" OFFSET ").push_bind(first as i64);
        q.push(") o JOIN placement p ON p.id = o.id JOIN message m ON m.id = p.message_id");
        let rows = q.build_query_scalar().fetch_one(&mut *conn).await?;
        with_summaries(&mut conn, rows, scope.grouped).await
    }

    /// Every `apart`-th place of a list, from the first on: from there a row is not far, wherever it is.
    pub async fn list_places(&self, scope: &ListScope, apart: u64) -> Result<Vec<ListPlace>> {
        // From place to place: numbering all rows would take seven times as long.
        let mut q = QueryBuilder::new("WITH RECURSIVE step (date, id) AS (SELECT sort_date, id FROM (");
        scope.places(&mut q, |_| {});
        q.push(" LIMIT 1) UNION ALL SELECT n.sort_date, n.id FROM step s CROSS JOIN placement n ON n.id = (SELECT id FROM (");
        scope.places(&mut q, |q| {
            q.push(" AND (p.sort_date, p.id) < (s.date, s.id)");
        });
        q.push(" LIMIT 1 OFFSET ").push_bind(apart as i64 - 1).push("))) SELECT date, id FROM step");
        let rows = q.build().fetch_all(self.reader()).await?;
        rows.iter().map(|r| Ok(ListPlace { date: r.try_get(0)?, id: r.try_get(1)? })).collect()
    }

    /// Every row of a list, the newest first, with what it can be ordered by.
    pub async fn list_keys(&self, scope: &ListScope, key: Key) -> Result<Vec<(PlacementId, i64, String)>> {
        let mut q = QueryBuilder::new("SELECT p.id, ");
        q.push(key.columns(scope.grouped)).push(" FROM (");
        scope.places(&mut q, |_| {});
        q.push(") o CROSS JOIN placement p ON p.id = o.id CROSS JOIN message m ON m.id = p.message_id");
        let rows = q.build().fetch_all(self.reader()).await?;
        rows.iter().map(|r| Ok((PlacementId(r.try_get(0)?), r.try_get(1)?, r.try_get(2)?))).collect()
    }

    /// The rows of these placements, as far as they are here and visible, in this order.
    pub async fn rows_of(&self, ids: &[PlacementId]) -> Result<Vec<ListRow>> {
        Ok(self.window_of(ids, false).await?.0)
    }

    /// The same, `grouped` with what there is to say of their conversations.
    pub async fn window_of(&self, ids: &[PlacementId], grouped: bool) -> Result<(Vec<ListRow>, Summaries)> {
        let mut conn = self.reader().acquire().await?;
        let wanted: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let sql = format!(
            "SELECT json_group_array({LIST_ROW} ORDER BY j.key) FROM json_each(?) j CROSS JOIN placement p ON p.id = j.value
             JOIN message m ON m.id = p.message_id WHERE p.hidden = 0"
        );
        let rows = sqlx::query_scalar(sqlx::AssertSqlSafe(sql));
        let rows = rows.bind(super::json(&wanted)).fetch_one(&mut *conn).await?;
        with_summaries(&mut conn, rows, grouped).await
    }

    /// The labels of the messages of these rows: the mailboxes without a role that show them.
    pub async fn labels_of(&self, rows: &[ListRow]) -> Result<HashMap<MessageId, Vec<MailboxId>>> {
        let messages: Vec<i64> = rows.iter().map(|r| r.message.0).collect();
        let row: String = sqlx::query_scalar(
            "SELECT json_group_array(json_array(q.message_id, q.mailbox_id) ORDER BY b.name) FROM json_each(?) j
             CROSS JOIN placement q ON q.message_id = j.value AND q.hidden = 0 CROSS JOIN mailbox b ON b.id = q.mailbox_id AND b.role = ''
             WHERE b.name NOT LIKE '[Gmail]/%' AND b.name NOT LIKE '[Google Mail]/%'",
        )
        .bind(super::json(&messages))
        .fetch_one(self.reader())
        .await?;
        let mut labels: HashMap<MessageId, Vec<MailboxId>> = HashMap::new();
        for (message, mailbox) in super::read_json::<Vec<(i64, i64)>>(&row)? {
            labels.entry(MessageId(message)).or_default().push(MailboxId(mailbox));
        }
        Ok(labels)
    }

    /// The row of a list at which a placement stands now, if it is in it.
    pub async fn list_position(&self, scope: &ListScope, sort_date: i64, id: PlacementId) -> Result<u64> {
        let mut q = QueryBuilder::new("SELECT COUNT(*) FROM (");
        scope.places(&mut q, |q| {
            q.push(" AND (p.sort_date, p.id) > (").push_bind(sort_date).push(", ").push_bind(id.0).push(")");
        });
        q.push(")");
        let n: i64 = q.build_query_scalar().fetch_one(self.reader()).await?;
        Ok(n as u64)
    }
}

async fn with_summaries(
    conn: &mut SqliteConnection,
    rows: String,
    grouped: bool,
) -> Result<(Vec<ListRow>, Summaries)> {
    let rows: Vec<Shown> = super::read_json(&rows)?;
    let rows: Vec<ListRow> = rows.into_iter().map(list_row).collect();
    if !grouped {
        return Ok((rows, Summaries::new()));
    }
    let heads: Vec<_> = rows.iter().map(|r| (r.conversation, r.mailbox)).collect();
    let summaries = summaries(conn, &heads).await?;
    Ok((rows, summaries))
}

fn list_row(r: Shown) -> ListRow {
    let flags = Flags::from_columns(r.4, &r.5);
    ListRow {
        pinned: flags.is_pinned() || r.15 != 0,
        id: PlacementId(r.0),
        message: MessageId(r.1),
        mailbox: MailboxId(r.2),
        conversation: ConversationId(r.3),
        flags,
        date: r.6,
        subject: r.7,
        from: Address { name: r.8, address: r.9 },
        to: serde_json::from_str(&r.10).unwrap_or_default(),
        preview: r.11,
        size: r.12 as u64,
        has_attachments: r.13 != 0,
        has_event: r.14 != 0,
    }
}
