//! Table `mailbox`: the folder tree and how far each folder is in step.

use super::{Store, Tx};
use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, Keep, MailboxId, Role};
use crate::uid_set::UidSet;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// One mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxRow {
    /// Its number.
    pub id: MailboxId,
    /// Whose it is.
    pub account: AccountId,
    /// The name as the server sends it.
    pub raw: Vec<u8>,
    /// The name as people read it, with the server's delimiter.
    pub name: String,
    /// Hierarchy delimiter; empty for none.
    pub delimiter: String,
    /// What it is for.
    pub role: Option<Role>,
    /// Whether it can hold messages.
    pub selectable: bool,
    /// Whether the user subscribed to it.
    pub subscribed: bool,
    /// No longer on the server.
    pub gone: bool,
    /// 0 = never opened.
    pub uid_validity: u32,
    /// Every UID below is here, or in `todo`, or gone.
    pub uid_next: u32,
    /// Up to which flags and removals are applied; 0 = unknown.
    pub modseq: u64,
    /// On the server, header not here yet.
    pub todo: UidSet,
    /// MESSAGES as last told.
    pub server_total: u32,
    /// UNSEEN as last told.
    pub server_unread: u32,
    /// When it was last known to be in step, seconds since 1970.
    pub checked: i64,
    /// Visible messages here.
    pub total: i64,
    /// Of these, unread.
    pub unread: i64,
    /// MAILBOXID (RFC 8474) as SELECT tells it; empty when it was not told.
    pub object_id: String,
    /// Removed by the user, whether the server knows or not.
    pub hidden: bool,
    /// How much mail of it is kept here; `None` = as the account.
    pub keep: Option<Keep>,
    /// What the user uses it for, whatever the server says.
    pub chosen: Option<Chosen>,
    /// PERMANENTFLAGS as last told, with blanks between; empty when nothing is known of it.
    pub permanent: String,
}

/// What the user uses a mailbox for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// For this.
    Role(Role),
    /// For nothing special.
    Nothing,
}

impl Chosen {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "none" => Some(Chosen::Nothing),
            name => Role::from_name(name).map(Chosen::Role),
        }
    }

    /// What it is then.
    pub fn role(self) -> Option<Role> {
        match self {
            Chosen::Role(role) => Some(role),
            Chosen::Nothing => None,
        }
    }
}

impl MailboxRow {
    /// True when it can be opened, as far as we know.
    pub fn usable(&self) -> bool {
        self.selectable && !self.gone && !self.hidden
    }

    /// True when the server has said that it keeps this keyword here (RFC 9051 section 7.1: `\*` = new ones too).
    pub fn keeps(&self, keyword: &str) -> bool {
        self.permanent.split(' ').any(|k| k == "\\*" || k.eq_ignore_ascii_case(keyword))
    }

    /// True when `other` lies below it.
    pub fn contains(&self, other: &MailboxRow) -> bool {
        let below = [&self.raw[..], self.delimiter.as_bytes()].concat();
        !self.delimiter.is_empty() && other.account == self.account && other.raw.starts_with(&below)
    }
}

/// Gmail's mailbox of everything, where the account has it (docs/adr/0012). There a mailbox is a label of one message: what is put
/// into one where it lies already stays one, and out of this one nothing is taken but into the trash and the junk. Known by its name,
/// which is never another (elsewhere `\All` may be a view of messages that lie in other mailboxes).
pub fn all_mail(mailboxes: &[MailboxRow]) -> Option<MailboxId> {
    let gmail = |m: &MailboxRow| m.name.starts_with("[Gmail]/") || m.name.starts_with("[Google Mail]/");
    mailboxes.iter().find(|m| m.role == Some(Role::All) && gmail(m) && m.usable()).map(|m| m.id)
}

/// True where taking a message out of this mailbox takes a label off, and leaves the message in [`all_mail`].
pub fn is_label(row: &MailboxRow, mailboxes: &[MailboxRow]) -> bool {
    let own = |m: &MailboxRow| matches!(m.role, Some(Role::All | Role::Trash | Role::Junk));
    all_mail(mailboxes).is_some() && !own(row) && !mailboxes.iter().any(|m| own(m) && m.contains(row))
}

const COLUMNS: &str = "id, account_id, raw, name, delimiter, role, selectable, subscribed, gone, uid_validity, uid_next, modseq, todo, server_total, server_unread, checked, total, unread, object_id, hidden, keep, chosen, permanent";

fn read(r: &SqliteRow) -> Result<MailboxRow> {
    let role: String = r.try_get("role")?;
    let todo: String = r.try_get("todo")?;
    let keep: String = r.try_get("keep")?;
    let chosen: String = r.try_get("chosen")?;
    Ok(MailboxRow {
        id: MailboxId(r.try_get("id")?),
        account: AccountId(r.try_get("account_id")?),
        raw: r.try_get("raw")?,
        name: r.try_get("name")?,
        delimiter: r.try_get("delimiter")?,
        role: Role::from_name(&role),
        selectable: r.try_get("selectable")?,
        subscribed: r.try_get("subscribed")?,
        gone: r.try_get("gone")?,
        uid_validity: r.try_get::<i64, _>("uid_validity")? as u32,
        uid_next: r.try_get::<i64, _>("uid_next")? as u32,
        modseq: r.try_get::<i64, _>("modseq")? as u64,
        todo: UidSet::parse(&todo).ok_or_else(|| Error::new(Kind::StorageDamaged, "mailbox.todo"))?,
        server_total: r.try_get::<i64, _>("server_total")? as u32,
        server_unread: r.try_get::<i64, _>("server_unread")? as u32,
        checked: r.try_get("checked")?,
        total: r.try_get("total")?,
        unread: r.try_get("unread")?,
        object_id: r.try_get("object_id")?,
        hidden: r.try_get("hidden")?,
        keep: Keep::parse(&keep),
        chosen: Chosen::parse(&chosen),
        permanent: r.try_get("permanent")?,
    })
}

/// What LIST says of a mailbox, ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The name as the server sends it.
    pub raw: Vec<u8>,
    /// The name as people read it.
    pub name: String,
    /// Hierarchy delimiter; empty for none.
    pub delimiter: String,
    /// What it is for.
    pub role: Option<Role>,
    /// Whether it can hold messages.
    pub selectable: bool,
    /// Whether the user subscribed to it.
    pub subscribed: bool,
}

impl Store {
    /// All mailboxes of an account, by name.
    pub async fn mailboxes(&self, account: AccountId) -> Result<Vec<MailboxRow>> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM mailbox WHERE account_id = ? ORDER BY name, id"
        ));
        sqlx::query(sql).bind(account.0).fetch_all(self.reader()).await?.iter().map(read).collect()
    }

    /// One mailbox.
    pub async fn mailbox(&self, id: MailboxId) -> Result<MailboxRow> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM mailbox WHERE id = ?"));
        let row = sqlx::query(sql).bind(id.0).fetch_optional(self.reader()).await?;
        read(&row.ok_or_else(|| Error::new(Kind::NotFound, id.to_string()))?)
    }
}

impl Tx {
    /// True where mailboxes are labels: the account has [`all_mail`].
    pub async fn has_labels(&mut self, account: AccountId) -> Result<bool> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM mailbox WHERE account_id = ? AND role = 'all' AND selectable = 1 AND gone = 0 AND hidden = 0
             AND (name LIKE '[Gmail]/%' OR name LIKE '[Google Mail]/%')",
        )
        .bind(account.0)
        .fetch_optional(self.conn())
        .await?;
        Ok(found.is_some())
    }

    /// One mailbox, as this transaction sees it.
    pub async fn mailbox(&mut self, id: MailboxId) -> Result<MailboxRow> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM mailbox WHERE id = ?"));
        let row = sqlx::query(sql).bind(id.0).fetch_optional(self.conn()).await?;
        read(&row.ok_or_else(|| Error::new(Kind::NotFound, id.to_string()))?)
    }

    /// All mailboxes of an account, as this transaction sees them.
    pub async fn mailboxes(&mut self, account: AccountId) -> Result<Vec<MailboxRow>> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM mailbox WHERE account_id = ? ORDER BY name, id"
        ));
        sqlx::query(sql).bind(account.0).fetch_all(self.conn()).await?.iter().map(read).collect()
    }

    /// Adds a mailbox or takes over what LIST says of it now.
    pub async fn put_mailbox(&mut self, account: AccountId, l: &Listed) -> Result<MailboxId> {
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO mailbox (account_id, raw, name, delimiter, role, selectable, subscribed) VALUES (?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (account_id, raw) DO UPDATE SET name = excluded.name, delimiter = excluded.delimiter, role = excluded.role,
                 selectable = excluded.selectable, subscribed = excluded.subscribed, gone = 0
             RETURNING id",
        )
        .bind(account.0)
        .bind(&l.raw)
        .bind(&l.name)
        .bind(&l.delimiter)
        .bind(l.role.map(Role::as_str).unwrap_or_default())
        .bind(l.selectable)
        .bind(l.subscribed)
        .fetch_one(self.conn())
        .await?;
        self.touched.tree = true;
        Ok(MailboxId(id))
    }

    /// The server has it no more. What is here stays here, and says so.
    pub async fn mark_mailbox_gone(&mut self, id: MailboxId) -> Result<()> {
        sqlx::query("UPDATE mailbox SET gone = 1 WHERE id = ?").bind(id.0).execute(self.conn()).await?;
        self.touched.tree = true;
        self.touched.mailboxes.insert(id);
        Ok(())
    }

    /// Everything is in step: what lies in mailboxes that are gone and elsewhere too is no longer needed there, and a gone
    /// mailbox with nothing left in it goes. Those that keep something are given for the first time only, with how much.
    pub async fn tidy_gone(&mut self, account: AccountId) -> Result<Vec<(String, i64)>> {
        // One that the user removed, and others did too before its mail was in the trash: what is left of it is shown again.
        sqlx::query(
            "UPDATE mailbox SET gone = 1, hidden = 0 WHERE account_id = ? AND hidden = 1 AND uid_validity = 0 AND EXISTS
             (SELECT 1 FROM placement p WHERE p.mailbox_id = mailbox.id) AND NOT EXISTS
             (SELECT 1 FROM intent i WHERE (i.mailbox_id = mailbox.id OR i.target_id = mailbox.id) AND i.state <> 'done')",
        )
        .bind(account.0)
        .execute(self.conn())
        .await?;
        let found: Vec<i64> = sqlx::query_scalar("SELECT id FROM mailbox WHERE account_id = ? AND gone <> 0")
            .bind(account.0)
            .fetch_all(self.conn())
            .await?;
        let mut kept = Vec::new();
        for id in found {
            sqlx::query(
                "DELETE FROM placement WHERE mailbox_id = ? AND NOT EXISTS (SELECT 1 FROM intent i WHERE i.placement_id = placement.id AND i.state <> 'done')
                 AND EXISTS (SELECT 1 FROM placement o JOIN mailbox b ON b.id = o.mailbox_id
                             WHERE o.message_id = placement.message_id AND o.uid > 0 AND b.gone = 0)",
            )
            .bind(id)
            .execute(self.conn())
            .await?;
            let row = sqlx::query(
                "SELECT name, total, gone, EXISTS (SELECT 1 FROM placement p WHERE p.mailbox_id = mailbox.id)
                     OR EXISTS (SELECT 1 FROM intent i WHERE (i.mailbox_id = mailbox.id OR i.target_id = mailbox.id) AND i.state <> 'done') AS needed
                 FROM mailbox WHERE id = ?",
            )
            .bind(id)
            .fetch_one(self.conn())
            .await?;
            let (needed, told): (bool, i64) = (row.try_get("needed")?, row.try_get("gone")?);
            if !needed {
                self.remove_mailbox(MailboxId(id)).await?;
            } else if told == 1 {
                sqlx::query("UPDATE mailbox SET gone = 2 WHERE id = ?").bind(id).execute(self.conn()).await?;
                kept.push((row.try_get("name")?, row.try_get("total")?));
            }
            self.touched.mailboxes.insert(MailboxId(id));
        }
        Ok(kept)
    }

    /// It has another name from now on, on the server (`raw`), for people (`name`), or both.
    pub async fn rename_mailbox(&mut self, id: MailboxId, raw: &[u8], name: &str) -> Result<()> {
        sqlx::query("UPDATE mailbox SET raw = ?, name = ? WHERE id = ?")
            .bind(raw)
            .bind(name)
            .bind(id.0)
            .execute(self.conn())
            .await?;
        self.touched.tree = true;
        Ok(())
    }

    /// The flags that are kept in it (PERMANENTFLAGS).
    pub async fn set_permanent(&mut self, id: MailboxId, flags: &str) -> Result<()> {
        let sql = "UPDATE mailbox SET permanent = ? WHERE id = ?";
        sqlx::query(sql).bind(flags).bind(id.0).execute(self.conn()).await?;
        Ok(())
    }

    /// The user removed it, or took that back.
    pub async fn set_mailbox_hidden(&mut self, id: MailboxId, hidden: bool) -> Result<()> {
        sqlx::query("UPDATE mailbox SET hidden = ? WHERE id = ?")
            .bind(hidden)
            .bind(id.0)
            .execute(self.conn())
            .await?;
        self.touched.tree = true;
        self.touched.mailboxes.insert(id);
        Ok(())
    }

    /// It is no longer on the server, as the user wished. The row stays, so that it can be made again.
    pub async fn unmake_mailbox(&mut self, id: MailboxId) -> Result<()> {
        sqlx::query("UPDATE mailbox SET uid_validity = 0, uid_next = 0, modseq = 0, todo = '', object_id = '', server_total = 0, server_unread = 0 WHERE id = ?")
            .bind(id.0)
            .execute(self.conn())
            .await?;
        // The UIDs of one that is made anew are others.
        self.forget_uids(id).await?;
        self.touched.tree = true;
        Ok(())
    }

    /// As if it had never been: only for one that the server does not know and that holds nothing.
    pub async fn remove_mailbox(&mut self, id: MailboxId) -> Result<()> {
        sqlx::query("DELETE FROM mailbox WHERE id = ?").bind(id.0).execute(self.conn()).await?;
        self.touched.tree = true;
        Ok(())
    }

    /// Two rows turned out to be one mailbox: what one holds and what is wished for it goes over to the other.
    pub async fn absorb_mailbox(&mut self, taken: MailboxId, into: MailboxId) -> Result<()> {
        // One of that name was there before, and somebody removed it: its UIDs are not this one's. What lay in it is found here by
        // what it is, or is gone.
        if self.mailbox(taken).await?.uid_validity != self.mailbox(into).await?.uid_validity {
            self.forget_uids(taken).await?;
        }
        for sql in [
            // The same message under the same UID: wishes go to the row that stays.
            "UPDATE intent SET placement_id = (SELECT k.id FROM placement t JOIN placement k ON k.mailbox_id = ?2 AND k.uid = t.uid AND k.message_id = t.message_id
                 WHERE t.id = intent.placement_id)
             WHERE state <> 'done' AND placement_id IN (SELECT t.id FROM placement t JOIN placement k ON k.mailbox_id = ?2 AND k.uid = t.uid AND k.message_id = t.message_id
                 WHERE t.mailbox_id = ?1 AND t.uid > 0)",
            "UPDATE OR IGNORE placement SET mailbox_id = ?2 WHERE mailbox_id = ?1 AND (uid = 0 OR EXISTS
                 (SELECT 1 FROM intent i WHERE i.placement_id = placement.id AND i.state <> 'done'))",
            "UPDATE intent SET mailbox_id = ?2 WHERE mailbox_id = ?1",
            "UPDATE intent SET target_id = ?2 WHERE target_id = ?1",
            "DELETE FROM mailbox WHERE id = ?1 AND ?2 = ?2",
            // The triggers have counted for two.
            "UPDATE mailbox SET total = (SELECT COUNT(*) FROM placement p WHERE p.mailbox_id = ?2 AND p.hidden = 0),
                 unread = (SELECT COUNT(*) FROM placement p WHERE p.mailbox_id = ?2 AND p.hidden = 0 AND p.bits & 1 = 0),
                 conversations = (SELECT COUNT(*) FROM placement p WHERE p.mailbox_id = ?2 AND p.newest = 1) WHERE id = ?2 AND ?1 = ?1",
        ] {
            sqlx::query(sql).bind(taken.0).bind(into.0).execute(self.conn()).await?;
        }
        self.touched.tree = true;
        self.touched.mailboxes.insert(into);
        Ok(())
    }

    /// Subscribed or not, as far as this device is concerned.
    pub async fn set_subscribed(&mut self, id: MailboxId, subscribed: bool) -> Result<()> {
        sqlx::query("UPDATE mailbox SET subscribed = ? WHERE id = ?")
            .bind(subscribed)
            .bind(id.0)
            .execute(self.conn())
            .await?;
        self.touched.tree = true;
        Ok(())
    }

    /// What it is used for from now on. `chosen` by the user, whatever the server says; else as long as the server says nothing else.
    pub async fn set_mailbox_use(&mut self, id: MailboxId, role: Option<Role>, chosen: bool) -> Result<()> {
        let name = role.map_or("", Role::as_str);
        sqlx::query("UPDATE mailbox SET role = ?, chosen = ? WHERE id = ?")
            .bind(name)
            .bind(if chosen { role.map_or("none", Role::as_str) } else { "" })
            .bind(id.0)
            .execute(self.conn())
            .await?;
        self.touched.tree = true;
        Ok(())
    }

    /// How much mail of it is kept here; `None` = as the account.
    pub async fn set_mailbox_keep(&mut self, id: MailboxId, keep: Option<Keep>) -> Result<()> {
        sqlx::query("UPDATE mailbox SET keep = ? WHERE id = ?")
            .bind(keep.map(|k| k.to_string()).unwrap_or_default())
            .bind(id.0)
            .execute(self.conn())
            .await?;
        self.touched.tree = true;
        Ok(())
    }

    /// The identity that SELECT told.
    pub async fn set_object_id(&mut self, id: MailboxId, object_id: &str) -> Result<()> {
        sqlx::query("UPDATE mailbox SET object_id = ? WHERE id = ?")
            .bind(object_id)
            .bind(id.0)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Counters of the server.
    pub async fn set_server_counts(&mut self, id: MailboxId, total: u32, unread: u32) -> Result<()> {
        sqlx::query("UPDATE mailbox SET server_total = ?1, server_unread = ?2 WHERE id = ?3")
            .bind(i64::from(total))
            .bind(i64::from(unread))
            .bind(id.0)
            .execute(self.conn())
            .await?;
        self.touched.mailboxes.insert(id);
        Ok(())
    }

    /// A mailbox was opened under this UIDVALIDITY; UIDs from `uid_next` on are unknown, those in `todo` are to be fetched.
    pub async fn set_progress(
        &mut self,
        id: MailboxId,
        uid_validity: u32,
        uid_next: u32,
        todo: &UidSet,
    ) -> Result<()> {
        sqlx::query("UPDATE mailbox SET uid_validity = ?, uid_next = ?, todo = ? WHERE id = ?")
            .bind(i64::from(uid_validity))
            .bind(i64::from(uid_next))
            .bind(todo.to_string())
            .bind(id.0)
            .execute(self.conn())
            .await?;
        self.touched.mailboxes.insert(id);
        Ok(())
    }

    /// What remains to be fetched.
    pub async fn set_todo(&mut self, id: MailboxId, todo: &UidSet) -> Result<()> {
        sqlx::query("UPDATE mailbox SET todo = ? WHERE id = ?")
            .bind(todo.to_string())
            .bind(id.0)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Flags and removals are applied up to this mod-sequence, at this time.
    pub async fn set_checked(&mut self, id: MailboxId, modseq: u64, now: i64) -> Result<()> {
        sqlx::query("UPDATE mailbox SET modseq = ?, checked = ? WHERE id = ?")
            .bind(modseq as i64)
            .bind(now)
            .bind(id.0)
            .execute(self.conn())
            .await?;
        self.touched.mailboxes.insert(id);
        Ok(())
    }
}
