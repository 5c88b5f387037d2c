//! Searches: questions to the full-text index (see [`super::index`]) and to the mail beside it.

use super::Store;
use crate::error::Result;
use crate::model::{AccountId, MailboxId, MessageId, PlacementId};
use crate::search::words::phrase;
use crate::search::{Field, Wanted};
use futures_util::TryStreamExt;
use sqlx::{QueryBuilder, Row, Sqlite};

/// A message that matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Its place in the list: the highest comes first.
    pub sort: i64,
    /// Which.
    pub message: MessageId,
    /// Where it lies; of several places the one that people would open.
    pub placement: PlacementId,
    /// In which mailbox.
    pub mailbox: MailboxId,
}

/// How much a search looks through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Searched {
    /// Messages whose text is in the index.
    pub texts: u64,
    /// There are messages of which only the header is in it.
    pub lacks: bool,
    /// Messages that the index has still to take in.
    pub waiting: u64,
}

impl Store {
    /// True when a server may find more of an account than the index: a text is not in it, or a message is not here.
    pub async fn lacks_text(&self, account: AccountId) -> Result<bool> {
        let found = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM search.doc d JOIN message m ON m.id = d.message_id WHERE d.text = 0 AND m.account_id = ?1)
                 OR EXISTS (SELECT 1 FROM mailbox WHERE account_id = ?1 AND selectable = 1 AND gone = 0 AND hidden = 0
                     AND (todo <> '' OR uid_validity = 0 OR server_total > total))",
        );
        Ok(found.bind(account.0).fetch_one(self.reader()).await?)
    }

    /// How much a search looks through.
    pub async fn searched(&self) -> Result<Searched> {
        let row = sqlx::query(
            "SELECT (SELECT texts FROM search.tally), EXISTS (SELECT 1 FROM search.doc WHERE text = 0), (SELECT COUNT(*) FROM search_todo)",
        )
        .fetch_one(self.reader())
        .await?;
        let (texts, waiting): (i64, i64) = (row.try_get(0)?, row.try_get(2)?);
        Ok(Searched { texts: texts as u64, lacks: row.try_get(1)?, waiting: waiting as u64 })
    }

    /// The newest messages that match, at most `limit`, or of `these` alone. Only places of `scope` count, or all but those of `spared`
    /// without one. Of several places of a message the one of the lowest `rank` is told.
    pub async fn search(
        &self,
        wanted: &Wanted,
        these: Option<&[MessageId]>,
        scope: Option<&[MailboxId]>,
        spared: &[MailboxId],
        rank: &(dyn Fn(MailboxId) -> u8 + Sync),
        limit: usize,
    ) -> Result<Vec<Hit>> {
        let mut question = question(wanted, these, scope, spared);
        let mut rows = question.build().persistent(false).fetch(self.reader());
        // A message in several places is several rows, one after the other. When there are enough, the rest is not even looked for.
        let mut hits: Vec<Hit> = Vec::new();
        while let Some(r) = rows.try_next().await? {
            let hit = Hit {
                sort: r.try_get(0)?,
                message: MessageId(r.try_get(1)?),
                placement: PlacementId(r.try_get(2)?),
                mailbox: MailboxId(r.try_get(3)?),
            };
            let full = hits.len() == limit;
            match hits.last_mut() {
                Some(last) if last.message == hit.message => {
                    if rank(hit.mailbox) < rank(last.mailbox) {
                        *last = hit;
                    }
                }
                _ if full => break,
                _ => hits.push(hit),
            }
        }
        Ok(hits)
    }
}

fn question(
    wanted: &Wanted,
    these: Option<&[MessageId]>,
    scope: Option<&[MailboxId]>,
    spared: &[MailboxId],
) -> QueryBuilder<Sqlite> {
    let mut plan = Plan::of(wanted);
    let mut q = QueryBuilder::new("SELECT ");
    q.push(plan.key).push(" AS sort, d.message_id, p.id, p.mailbox_id FROM ");
    // Read in this order, so that the newest come first and nothing is sorted.
    q.push(match plan.matching {
        Some(_) => "search.words w CROSS JOIN search.doc d ON d.sort = w.rowid",
        None => "search.doc d",
    });
    q.push(" CROSS JOIN placement p ON p.message_id = d.message_id");
    let mut of_message = false;
    wanted.each(&mut |w| {
        of_message |= matches!(w, Wanted::Attachment | Wanted::Larger(_) | Wanted::Smaller(_))
    });
    if of_message {
        q.push(" CROSS JOIN message m ON m.id = d.message_id");
    }
    q.push(" WHERE ");
    if let Some(matching) = plan.matching.take() {
        q.push("w.words MATCH ").push_bind(matching).push(" AND ");
    }
    q.push("p.hidden = 0");
    match scope {
        Some(ids) => push_ids(&mut q, " AND p.mailbox_id IN (", ids),
        None => push_ids(&mut q, " AND p.mailbox_id NOT IN (", spared),
    }
    if let Some(these) = these {
        let these: Vec<i64> = these.iter().map(|id| id.0).collect();
        q.push(" AND d.message_id IN (SELECT value FROM json_each(");
        q.push_bind(serde_json::to_string(&these).unwrap_or_default()).push("))");
    }
    for condition in &plan.rest {
        q.push(" AND ");
        push(&mut q, condition, plan.key);
    }
    q.push(" ORDER BY 1 DESC");
    q
}
/// How a search is answered.
struct Plan<'w> {
    /// What the index is asked, in its own language; `None` walks through all messages.
    matching: Option<String>,
    /// What each message that comes up is asked.
    rest: Vec<&'w Wanted>,
    /// Where its place in time is read.
    key: &'static str,
}

impl<'w> Plan<'w> {
    fn of(wanted: &'w Wanted) -> Self {
        let parts: Vec<&Wanted> = match wanted {
            Wanted::All(parts) => parts.iter().collect(),
            one => vec![one],
        };
        let (asked, rest): (Vec<_>, Vec<_>) =
            parts.into_iter().map(|p| (matching(p), p)).partition(|(m, _)| m.is_some());
        let asked: Vec<String> = asked.into_iter().filter_map(|(m, _)| m).collect();
        let matching = (!asked.is_empty()).then(|| asked.join(" AND "));
        let key = if matching.is_some() { "w.rowid" } else { "d.sort" };
        Self { matching, rest: rest.into_iter().map(|(_, p)| p).collect(), key }
    }
}

/// The part of it that is words, in the language of the index (sqlite.org/fts5.html section 3); `None` where it is more than that.
fn matching(wanted: &Wanted) -> Option<String> {
    let all = |parts: &[Wanted], by: &str| {
        let parts: Vec<String> = parts.iter().map(matching).collect::<Option<_>>()?;
        (!parts.is_empty()).then(|| format!("({})", parts.join(by)))
    };
    match wanted {
        Wanted::All(parts) => all(parts, " AND "),
        Wanted::Any(parts) => all(parts, " OR "),
        Wanted::Words(words) => {
            let phrase = phrase(&words.text, words.beginning)?;
            Some(match words.field {
                Field::Any => phrase,
                Field::From => format!("sender : {phrase}"),
                Field::To => format!("recipients : {phrase}"),
                Field::Subject => format!("subject : {phrase}"),
                Field::Body => format!("body : {phrase}"),
                Field::File => format!("files : {phrase}"),
            })
        }
        _ => None,
    }
}

fn push_ids(q: &mut QueryBuilder<Sqlite>, before: &str, ids: &[MailboxId]) {
    q.push(before);
    let mut list = q.separated(", ");
    for id in ids {
        list.push_bind(id.0);
    }
    q.push(")");
}

/// A condition on a message `m`, its place `p` and its time `key`.
fn push(q: &mut QueryBuilder<Sqlite>, wanted: &Wanted, key: &str) {
    let several = |q: &mut QueryBuilder<Sqlite>, parts: &[Wanted], by: &str, none: &str| {
        q.push("(").push(none);
        for part in parts {
            q.push(by);
            push(q, part, key);
        }
        q.push(")");
    };
    match wanted {
        Wanted::All(parts) => several(q, parts, " AND ", "1"),
        Wanted::Any(parts) => several(q, parts, " OR ", "0"),
        Wanted::Not(part) => {
            q.push("NOT ");
            push(q, part, key);
        }
        Wanted::Words(_) => match matching(wanted) {
            Some(matching) => {
                q.push(key).push(" IN (SELECT rowid FROM search.words WHERE words MATCH ");
                q.push_bind(matching).push(")");
            }
            None => {
                q.push("1");
            }
        },
        Wanted::Mailboxes(ids) => push_ids(q, "p.mailbox_id IN (", ids),
        Wanted::Attachment => {
            q.push("m.has_attachments = 1");
        }
        Wanted::Flag(bits) => {
            q.push("p.bits & ").push_bind(i64::from(*bits)).push(" <> 0");
        }
        Wanted::Before(at) => {
            q.push(key).push(" < ").push_bind(*at);
        }
        Wanted::After(at) => {
            q.push(key).push(" >= ").push_bind(*at);
        }
        Wanted::Larger(size) => {
            q.push("m.size > ").push_bind(*size as i64);
        }
        Wanted::Smaller(size) => {
            q.push("m.size < ").push_bind(*size as i64);
        }
        // Names have no index of their own: they are found by the conversations that they belong to.
        Wanted::Tied(id, ties) => {
            q.push("d.message_id IN (SELECT n.id FROM json_each(");
            q.push_bind(serde_json::to_string(ties).unwrap_or_default());
            q.push(
                ") j CROSS JOIN conversation_key k ON k.key = j.value LEFT JOIN conversation_moved v ON v.conversation = k.conversation
                 CROSS JOIN placement o ON o.conversation = COALESCE(v.became, k.conversation) AND o.conversation <> 0
                 CROSS JOIN message n ON n.id = o.message_id WHERE n.message_id = ",
            );
            q.push_bind(id.clone()).push(")");
        }
        // Answered before it comes here: who the user is, what folders are called, and where names are found.
        Wanted::Folder(_) | Wanted::Me(_) | Wanted::Named(_) => {
            q.push("0");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::language::{Moment, read};
    use sqlx::AssertSqlSafe;

    /// The newest that match come first without sorting all that do, and every table is looked up by its key.
    #[tokio::test]
    async fn nothing_is_sorted() -> Result<()> {
        let dir = tempfile::tempdir()?;
        let store = Store::open(dir.path(), 0).await?;
        for text in ["nota", "nota from:ana has:attachment", "is:unread", "before:2024 -nota"] {
            let wanted = read(text, Moment::default()).wanted;
            let sql = question(&wanted, None, None, &[MailboxId(1)]).into_string();
            let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql} LIMIT 10")));
            let plan = plan.fetch_all(store.reader()).await?;
            let steps: Vec<String> = plan.iter().map(|r| r.get("detail")).collect();
            assert!(steps.iter().all(|s| !s.contains("TEMP B-TREE")), "{text}: {steps:#?}");
            let scanned = steps.iter().filter(|s| s.starts_with("SCAN") && !s.contains("VIRTUAL TABLE"));
            assert!(scanned.count() <= 1, "{text}: {steps:#?}");
        }
        Ok(())
    }

    /// Nothing is read from one end to the other to find a message by its name.
    #[tokio::test]
    async fn a_name_is_looked_up() -> Result<()> {
        let dir = tempfile::tempdir()?;
        let store = Store::open(dir.path(), 0).await?;
        let wanted = Wanted::All(vec![Wanted::Tied("a@x".to_owned(), vec![1, 2])]);
        let sql = question(&wanted, None, None, &[]).into_string();
        let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
        let steps: Vec<String> =
            plan.fetch_all(store.reader()).await?.iter().map(|r| r.get("detail")).collect();
        let scanned = steps.iter().find(|s| s.starts_with("SCAN") && !s.contains("VIRTUAL TABLE"));
        assert_eq!(scanned, None, "{steps:#?}");
        Ok(())
    }
}
