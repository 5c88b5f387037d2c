//! Table `intent`: what the server has still to be told.

use super::{Store, Tx};
use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, ActionId, FlagChange, Flags, MailboxId, MessageId, PlacementId, Role};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row};
use std::collections::HashMap;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntentKind {
    /// Change flags.
    Flag(FlagChange),
    /// Move to another mailbox, where the expected placement waits.
    Move {
        /// Target mailbox.
        target: MailboxId,
        /// The placement it becomes there.
        expected: PlacementId,
    },
    /// Copy to another mailbox, where the expected placement waits.
    Copy {
        /// Target mailbox.
        target: MailboxId,
        /// The placement it becomes there.
        expected: PlacementId,
    },
    /// Put a message of this device into its mailbox: the placement is the expected one itself.
    Append,
    /// Remove for good.
    Delete,
    /// Make the mailbox.
    Create,
    /// Give the mailbox, and those below it, another name.
    Rename {
        /// The new name, as the server spells it.
        to: Vec<u8>,
        /// The old one, as people read it.
        from_shown: String,
    },
    /// Remove the mailbox, once nothing is left in it.
    Remove,
    /// Subscribe to it, or no more.
    Subscribe(bool),
    /// Use it for something (RFC 6154), or for nothing special.
    Use {
        /// What for.
        role: Option<Role>,
        /// What it was used for before.
        before: Option<Role>,
        /// The mailbox that was used for it before; 0 = none.
        from: MailboxId,
    },
    /// Remove for good what was in it.
    Empty {
        /// Under which UIDVALIDITY.
        validity: u32,
        /// Up to which UID: what came later stays.
        last: u32,
    },
}

impl IntentKind {
    /// True for those about a whole mailbox, whose placement is 0.
    pub fn is_about_mailbox(&self) -> bool {
        matches!(
            self,
            IntentKind::Create
                | IntentKind::Rename { .. }
                | IntentKind::Remove
                | IntentKind::Subscribe(_)
                | IntentKind::Use { .. }
                | IntentKind::Empty { .. }
        )
    }

    /// Where it leads, and the placement that waits there.
    pub fn leads_to(&self) -> Option<(MailboxId, PlacementId)> {
        match self {
            IntentKind::Move { target, expected } | IntentKind::Copy { target, expected } => {
                Some((*target, *expected))
            }
            _ => None,
        }
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentState {
    /// The server cannot know of it.
    Queued,
    /// It was sent, or may have been.
    Sent,
    /// The server confirmed it.
    Done,
}

/// One intent for one placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentRow {
    /// Its number; intents are sent in this order.
    pub id: i64,
    /// What the user did.
    pub action: ActionId,
    /// Whose account.
    pub account: AccountId,
    /// What is to be done.
    pub kind: IntentKind,
    /// To which placement.
    pub placement: PlacementId,
    /// In which mailbox.
    pub mailbox: MailboxId,
    /// How far it is.
    pub state: IntentState,
    /// Not to be sent before, seconds since 1970.
    pub not_before: i64,
}

impl IntentRow {
    /// True where this is what gives an expected placement its UID.
    pub fn brings(&self, placement: PlacementId) -> bool {
        self.kind.leads_to().is_some_and(|(_, expected)| expected == placement)
            || (self.kind == IntentKind::Append && self.placement == placement)
    }
}

const COLUMNS: &str = "id, action_id, account_id, kind, placement_id, mailbox_id, target_id, expected_id, add_bits, add_keywords, remove_bits, remove_keywords, state, not_before, name, shown, uid_validity, uid_last";

fn flag_change(r: &SqliteRow) -> Result<FlagChange> {
    let (add, remove): (String, String) = (r.try_get("add_keywords")?, r.try_get("remove_keywords")?);
    Ok(FlagChange {
        add: Flags::from_columns(r.try_get("add_bits")?, &add),
        remove: Flags::from_columns(r.try_get("remove_bits")?, &remove),
    })
}

fn read(r: &SqliteRow) -> Result<IntentRow> {
    let (kind, state): (String, String) = (r.try_get("kind")?, r.try_get("state")?);
    Ok(IntentRow {
        id: r.try_get("id")?,
        action: ActionId(r.try_get("action_id")?),
        account: AccountId(r.try_get("account_id")?),
        kind: match kind.as_str() {
            "flag" => IntentKind::Flag(flag_change(r)?),
            "move" => IntentKind::Move {
                target: MailboxId(r.try_get("target_id")?),
                expected: PlacementId(r.try_get("expected_id")?),
            },
            "copy" => IntentKind::Copy {
                target: MailboxId(r.try_get("target_id")?),
                expected: PlacementId(r.try_get("expected_id")?),
            },
            "append" => IntentKind::Append,
            "delete" => IntentKind::Delete,
            "create" => IntentKind::Create,
            "rename" => IntentKind::Rename { to: r.try_get("name")?, from_shown: r.try_get("shown")? },
            "remove" => IntentKind::Remove,
            "subscribe" => IntentKind::Subscribe(true),
            "unsubscribe" => IntentKind::Subscribe(false),
            "use" => {
                let (role, before): (Vec<u8>, String) = (r.try_get("name")?, r.try_get("shown")?);
                IntentKind::Use {
                    role: Role::from_name(&String::from_utf8_lossy(&role)),
                    before: Role::from_name(&before),
                    from: MailboxId(r.try_get("target_id")?),
                }
            }
            "empty" => IntentKind::Empty {
                validity: r.try_get::<i64, _>("uid_validity")? as u32,
                last: r.try_get::<i64, _>("uid_last")? as u32,
            },
            // Never to be guessed: a guess could remove somebody's mail.
            _ => return Err(Error::new(Kind::StorageDamaged, "intent.kind")),
        },
        placement: PlacementId(r.try_get("placement_id")?),
        mailbox: MailboxId(r.try_get("mailbox_id")?),
        state: match state.as_str() {
            "queued" => IntentState::Queued,
            "sent" => IntentState::Sent,
            _ => IntentState::Done,
        },
        not_before: r.try_get("not_before")?,
    })
}

impl Store {
    /// Intents of an account that wait, in order.
    pub async fn waiting_intents(&self, account: AccountId) -> Result<Vec<IntentRow>> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM intent WHERE account_id = ? AND state <> 'done' ORDER BY id"
        ));
        sqlx::query(sql).bind(account.0).fetch_all(self.reader()).await?.iter().map(read).collect()
    }

    /// How many wait.
    pub async fn waiting_count(&self, account: AccountId) -> Result<u64> {
        let n: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM intent WHERE account_id = ? AND state <> 'done'")
                .bind(account.0)
                .fetch_one(self.reader())
                .await?;
        Ok(n as u64)
    }
}

impl Tx {
    /// Adds an intent.
    pub async fn add_intent(
        &mut self,
        action: ActionId,
        account: AccountId,
        placement: PlacementId,
        mailbox: MailboxId,
        kind: &IntentKind,
        not_before: i64,
    ) -> Result<()> {
        let none = FlagChange::default();
        let change = if let IntentKind::Flag(change) = kind { change } else { &none };
        let (target, expected) = match kind {
            IntentKind::Use { from, .. } => (from.0, 0),
            _ => kind.leads_to().map_or((0, 0), |(target, expected)| (target.0, expected.0)),
        };
        let name_of = |role: &Option<Role>| role.map_or("", Role::as_str);
        let (to, shown): (&[u8], &str) = match kind {
            IntentKind::Rename { to, from_shown } => (to, from_shown),
            IntentKind::Use { role, before, .. } => (name_of(role).as_bytes(), name_of(before)),
            _ => (&[], ""),
        };
        let (validity, last) = match kind {
            IntentKind::Empty { validity, last } => (*validity, *last),
            _ => (0, 0),
        };
        let name = match kind {
            IntentKind::Flag(_) => "flag",
            IntentKind::Move { .. } => "move",
            IntentKind::Copy { .. } => "copy",
            IntentKind::Append => "append",
            IntentKind::Delete => "delete",
            IntentKind::Create => "create",
            IntentKind::Rename { .. } => "rename",
            IntentKind::Remove => "remove",
            IntentKind::Subscribe(true) => "subscribe",
            IntentKind::Subscribe(false) => "unsubscribe",
            IntentKind::Use { .. } => "use",
            IntentKind::Empty { .. } => "empty",
        };
        sqlx::query(
            "INSERT INTO intent (action_id, account_id, kind, placement_id, mailbox_id, target_id, expected_id, add_bits, add_keywords, remove_bits, remove_keywords, not_before, name, shown, uid_validity, uid_last)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(action.0)
        .bind(account.0)
        .bind(name)
        .bind(placement.0)
        .bind(mailbox.0)
        .bind(target)
        .bind(expected)
        .bind(i64::from(change.add.bits))
        .bind(change.add.keyword_text())
        .bind(i64::from(change.remove.bits))
        .bind(change.remove.keyword_text())
        .bind(not_before)
        .bind(to)
        .bind(shown)
        .bind(i64::from(validity))
        .bind(i64::from(last))
        .execute(self.conn())
        .await?;
        self.touched.journal.insert(account);
        Ok(())
    }

    /// Intents of an action, newest first.
    pub async fn intents_of(&mut self, action: ActionId) -> Result<Vec<IntentRow>> {
        let sql =
            sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM intent WHERE action_id = ? ORDER BY id DESC"));
        sqlx::query(sql).bind(action.0).fetch_all(self.conn()).await?.iter().map(read).collect()
    }

    /// Waiting flag changes for what lies in a mailbox, in order: those made there, and where mailboxes are labels those made to the same
    /// message under another.
    pub async fn flag_wishes(&mut self, mailbox: MailboxId) -> Result<HashMap<PlacementId, Vec<FlagChange>>> {
        let account = self.account_of(mailbox).await?;
        let labels = self.has_labels(account).await?;
        let rows = sqlx::query(
            "SELECT q.id, i.add_bits, i.add_keywords, i.remove_bits, i.remove_keywords FROM intent i
             JOIN placement p ON p.id = i.placement_id
             JOIN placement q ON q.id = p.id OR (?1 AND q.message_id = p.message_id)
             WHERE i.account_id = ?2 AND i.kind = 'flag' AND i.state <> 'done' AND q.mailbox_id = ?3 ORDER BY i.id",
        )
        .bind(labels)
        .bind(account.0)
        .bind(mailbox.0)
        .fetch_all(self.conn())
        .await?;
        let mut wishes: HashMap<PlacementId, Vec<FlagChange>> = HashMap::new();
        for r in &rows {
            wishes.entry(PlacementId(r.try_get("id")?)).or_default().push(flag_change(r)?);
        }
        Ok(wishes)
    }

    /// Waiting flag changes for a message, wherever they were made, in order.
    pub async fn flag_wishes_of(&mut self, message: MessageId) -> Result<Vec<FlagChange>> {
        let sql = "SELECT i.add_bits, i.add_keywords, i.remove_bits, i.remove_keywords FROM placement p
             JOIN intent i ON i.placement_id = p.id WHERE p.message_id = ? AND i.kind = 'flag' AND i.state <> 'done' ORDER BY i.id";
        sqlx::query(sql).bind(message.0).fetch_all(self.conn()).await?.iter().map(flag_change).collect()
    }

    /// Intents that wait and touch a mailbox, as source or target, in order.
    pub async fn waiting_in(&mut self, mailbox: MailboxId) -> Result<Vec<IntentRow>> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM intent WHERE state <> 'done' AND account_id = (SELECT account_id FROM mailbox WHERE id = ?1)
             AND (mailbox_id = ?1 OR target_id = ?1) ORDER BY id"
        ));
        sqlx::query(sql).bind(mailbox.0).fetch_all(self.conn()).await?.iter().map(read).collect()
    }

    /// Intents that wait for a placement, in order.
    pub async fn waiting_for(&mut self, placement: PlacementId) -> Result<Vec<IntentRow>> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM intent WHERE state <> 'done' AND placement_id = ? ORDER BY id"
        ));
        sqlx::query(sql).bind(placement.0).fetch_all(self.conn()).await?.iter().map(read).collect()
    }

    /// Whether an intent is still to be sent (it may have been undone meanwhile).
    pub async fn set_intent_state(&mut self, ids: &[i64], state: IntentState) -> Result<()> {
        let name = match state {
            IntentState::Queued => "queued",
            IntentState::Sent => "sent",
            IntentState::Done => "done",
        };
        for chunk in ids.chunks(1000) {
            let mut q = QueryBuilder::new("UPDATE intent SET state = ");
            q.push_bind(name).push(" WHERE id IN (");
            let mut list = q.separated(", ");
            for id in chunk {
                list.push_bind(*id);
            }
            q.push(")");
            q.build().execute(self.conn()).await?;
        }
        // Fewer wait now, and the screens say how many.
        self.touched.accounts |= state == IntentState::Done && !ids.is_empty();
        Ok(())
    }

    /// An upload is about to be sent: it can only arrive from this UID on, and is not sent again before `again`. False where it is not
    /// wanted any more.
    pub async fn claim_upload(&mut self, id: i64, validity: u32, uid_next: u32, again: i64) -> Result<bool> {
        let sql =
            "UPDATE intent SET state = 'sent', uid_validity = ?, uid_last = ?, not_before = ? WHERE id = ?";
        let claimed = sqlx::query(sql)
            .bind(i64::from(validity))
            .bind(i64::from(uid_next))
            .bind(again)
            .bind(id)
            .execute(self.conn())
            .await?;
        Ok(claimed.rows_affected() > 0)
    }

    /// From which UID on an upload that was sent can have arrived; 1 where the mailbox has another UIDVALIDITY by now.
    pub async fn upload_from(&mut self, id: i64, validity: u32) -> Result<u32> {
        let from: Option<i64> =
            sqlx::query_scalar("SELECT uid_last FROM intent WHERE id = ? AND uid_validity = ?")
                .bind(id)
                .bind(i64::from(validity))
                .fetch_optional(self.conn())
                .await?;
        Ok(from.map_or(1, |n| n.max(1) as u32))
    }

    /// Takes an intent back as if it had never been.
    pub async fn remove_intent(&mut self, id: i64) -> Result<()> {
        sqlx::query("DELETE FROM intent WHERE id = ?").bind(id).execute(self.conn()).await?;
        self.touched.accounts = true;
        Ok(())
    }

    /// What waited for one placement waits for another: it got a new row.
    pub async fn redirect_intents(
        &mut self,
        from: PlacementId,
        to: PlacementId,
        mailbox: MailboxId,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE intent SET placement_id = ?, mailbox_id = ? WHERE placement_id = ? AND state <> 'done'",
        )
        .bind(to.0)
        .bind(mailbox.0)
        .bind(from.0)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Flag changes that wait for one placement are for another from now on.
    pub async fn redirect_flags(
        &mut self,
        from: PlacementId,
        to: PlacementId,
        mailbox: MailboxId,
    ) -> Result<()> {
        let sql = "UPDATE intent SET placement_id = ?, mailbox_id = ?, state = 'queued' WHERE placement_id = ? AND kind = 'flag' AND state <> 'done'";
        sqlx::query(sql).bind(to.0).bind(mailbox.0).bind(from.0).execute(self.conn()).await?;
        Ok(())
    }
}
