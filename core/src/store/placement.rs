//! Table `placement`: which message lies in which mailbox, under which UID, with which flags.

use super::conversation::OF_MESSAGE;
use super::{ROWS, Store, Tx};
use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, Flags, MailboxId, MessageId, PlacementId};
use crate::uid_set::UidSet;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row};
use std::collections::BTreeSet;

/// A placement as sync and journal see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacementRow {
    /// Its number.
    pub id: PlacementId,
    /// What lies there.
    pub message: MessageId,
    /// Where.
    pub mailbox: MailboxId,
    /// 0 = expected.
    pub uid: u32,
    /// As last agreed with the server.
    pub base: Flags,
    /// As the user sees them.
    pub flags: Flags,
    /// MODSEQ of the base.
    pub modseq: u64,
    /// INTERNALDATE
    pub received: i64,
    /// What lists are ordered by.
    pub sort_date: i64,
    /// Moved away or deleted by the user.
    pub hidden: bool,
}

/// A placement to be stored.
#[derive(Debug, Clone)]
pub struct NewPlacement {
    /// What lies there.
    pub message: MessageId,
    /// 0 = expected.
    pub uid: u32,
    /// As the server has them.
    pub base: Flags,
    /// As the user shall see them.
    pub flags: Flags,
    /// MODSEQ of the base.
    pub modseq: u64,
    /// INTERNALDATE
    pub received: i64,
    /// What lists are ordered by.
    pub sort_date: i64,
}

const COLUMNS: &str = "id, message_id, mailbox_id, uid, base_bits, base_keywords, bits, keywords, modseq, received, sort_date, hidden";

/// A wish for a placement that hides it.
/// Where mailboxes are labels (docs/adr/0012), one that takes the message into the trash or the junk from another label too.
const HIDING_WISH: &str = "(EXISTS (SELECT 1 FROM intent i WHERE i.placement_id = placement.id AND i.state <> 'done' AND i.kind IN ('move', 'delete'))
    OR EXISTS (SELECT 1 FROM placement o JOIN intent i ON i.placement_id = o.id JOIN mailbox t ON t.id = i.target_id
        JOIN mailbox a ON a.account_id = t.account_id AND a.role = 'all' AND (a.name LIKE '[Gmail]/%' OR a.name LIKE '[Google Mail]/%')
        WHERE o.message_id = placement.message_id AND i.state <> 'done' AND i.kind = 'move' AND t.role IN ('trash', 'junk') AND t.id <> placement.mailbox_id))";

fn read(r: &SqliteRow) -> Result<PlacementRow> {
    let (base_keywords, keywords): (String, String) = (r.try_get("base_keywords")?, r.try_get("keywords")?);
    Ok(PlacementRow {
        id: PlacementId(r.try_get("id")?),
        message: MessageId(r.try_get("message_id")?),
        mailbox: MailboxId(r.try_get("mailbox_id")?),
        uid: r.try_get::<i64, _>("uid")? as u32,
        base: Flags::from_columns(r.try_get("base_bits")?, &base_keywords),
        flags: Flags::from_columns(r.try_get("bits")?, &keywords),
        modseq: r.try_get::<i64, _>("modseq")? as u64,
        received: r.try_get("received")?,
        sort_date: r.try_get("sort_date")?,
        hidden: r.try_get("hidden")?,
    })
}

impl Store {
    /// One placement.
    pub async fn placement(&self, id: PlacementId) -> Result<PlacementRow> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM placement WHERE id = ?"));
        let row = sqlx::query(sql).bind(id.0).fetch_optional(self.reader()).await?;
        read(&row.ok_or_else(|| Error::new(Kind::NotFound, id.to_string()))?)
    }

    /// The messages at these places, visible ones.
    pub async fn messages_at(&self, mailbox: MailboxId, uids: &UidSet) -> Result<Vec<MessageId>> {
        let uids: Vec<u32> = uids.iter().collect();
        let ids: Vec<i64> = sqlx::query_scalar(
            "SELECT p.message_id FROM json_each(?2) j CROSS JOIN placement p ON p.uid = j.value AND p.mailbox_id = ?1 AND p.uid > 0
             WHERE p.hidden = 0",
        )
        .bind(mailbox.0)
        .bind(serde_json::to_string(&uids).unwrap_or_default())
        .fetch_all(self.reader())
        .await?;
        Ok(ids.into_iter().map(MessageId).collect())
    }

    /// Every placement of a mailbox that has a UID: (UID, base flags, number). For comparing with a server that has no
    /// mod-sequences.
    pub async fn uids(&self, mailbox: MailboxId) -> Result<UidSet> {
        let rows: Vec<i64> =
            sqlx::query_scalar("SELECT uid FROM placement WHERE mailbox_id = ? AND uid > 0 ORDER BY uid")
                .bind(mailbox.0)
                .fetch_all(self.reader())
                .await?;
        Ok(rows.into_iter().map(|u| u as u32).collect())
    }

    /// How many messages of a mailbox have a UID.
    pub async fn count_uids(&self, mailbox: MailboxId) -> Result<u64> {
        let n: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM placement WHERE mailbox_id = ? AND uid > 0")
            .bind(mailbox.0)
            .fetch_one(self.reader())
            .await?;
        Ok(n as u64)
    }

    /// Mailboxes with rows that wait for a UID which nothing brings any more: the next visit finds them, or drops them.
    pub async fn with_unfound(&self, account: AccountId) -> Result<BTreeSet<MailboxId>> {
        let ids: Vec<i64> = sqlx::query_scalar(
            "SELECT DISTINCT p.mailbox_id FROM placement p INDEXED BY placement_expected
             WHERE p.uid = 0 AND p.mailbox_id IN (SELECT id FROM mailbox WHERE account_id = ? AND uid_validity > 0)
             AND NOT EXISTS (SELECT 1 FROM intent i WHERE i.expected_id = p.id AND i.state <> 'done')
             AND NOT EXISTS (SELECT 1 FROM intent i WHERE i.placement_id = p.id AND i.kind = 'append' AND i.state <> 'done')",
        )
        .bind(account.0)
        .fetch_all(self.reader())
        .await?;
        Ok(ids.into_iter().map(MailboxId).collect())
    }

    /// Where a message can be fetched from: mailboxes and UIDs, the account's inbox first.
    pub async fn sources(&self, message: MessageId) -> Result<Vec<(MailboxId, u32)>> {
        let rows = sqlx::query(
            "SELECT p.mailbox_id, p.uid FROM placement p JOIN mailbox b ON b.id = p.mailbox_id
             WHERE p.message_id = ? AND p.uid > 0 AND b.gone = 0 ORDER BY b.role = 'inbox' DESC, p.hidden, p.id",
        )
        .bind(message.0)
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(|r| Ok((MailboxId(r.try_get(0)?), r.try_get::<i64, _>(1)? as u32))).collect()
    }

    /// Messages of a mailbox whose body is not here and is to be kept: (UID, message, size), newest first. Of those that are here in
    /// part, those up to `whole` bytes.
    pub async fn missing_bodies(
        &self,
        mailbox: MailboxId,
        newer_than: i64,
        whole: u64,
        limit: u32,
    ) -> Result<Vec<(u32, MessageId, u64)>> {
        let rows = sqlx::query(
            "SELECT p.uid, m.id, m.size FROM placement p INDEXED BY placement_list JOIN message m ON m.id = p.message_id
             WHERE p.mailbox_id = ? AND p.hidden = 0 AND p.sort_date >= ? AND p.uid > 0 AND (m.has_body = 0 OR (m.partial = 1 AND m.size <= ?))
             ORDER BY p.sort_date DESC, p.id DESC LIMIT ?",
        )
        .bind(mailbox.0)
        .bind(newer_than)
        .bind(whole.min(i64::MAX as u64) as i64)
        .bind(i64::from(limit))
        .fetch_all(self.reader())
        .await?;
        rows.iter()
            .map(|r| {
                Ok((r.try_get::<i64, _>(0)? as u32, MessageId(r.try_get(1)?), r.try_get::<i64, _>(2)? as u64))
            })
            .collect()
    }
}

impl Tx {
    /// One placement, as this transaction sees it.
    pub async fn placement(&mut self, id: PlacementId) -> Result<Option<PlacementRow>> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM placement WHERE id = ?"));
        sqlx::query(sql).bind(id.0).fetch_optional(self.conn()).await?.as_ref().map(read).transpose()
    }

    /// The account a mailbox of a placement belongs to.
    pub async fn account_of(&mut self, mailbox: MailboxId) -> Result<AccountId> {
        let id: Option<i64> = sqlx::query_scalar("SELECT account_id FROM mailbox WHERE id = ?")
            .bind(mailbox.0)
            .fetch_optional(self.conn())
            .await?;
        id.map(AccountId).ok_or_else(|| Error::new(Kind::NotFound, mailbox.to_string()))
    }

    /// Placements with these UIDs.
    pub async fn placements_by_uid(
        &mut self,
        mailbox: MailboxId,
        uids: &UidSet,
    ) -> Result<Vec<PlacementRow>> {
        let wanted: Vec<u32> = uids.iter().collect();
        let mut out = Vec::with_capacity(wanted.len());
        for chunk in wanted.chunks(1000) {
            let mut q = QueryBuilder::new(format!("SELECT {COLUMNS} FROM placement WHERE mailbox_id = "));
            q.push_bind(mailbox.0).push(" AND uid IN (");
            let mut list = q.separated(", ");
            for uid in chunk {
                list.push_bind(i64::from(*uid));
            }
            q.push(") AND uid > 0");
            for row in q.build().fetch_all(self.conn()).await? {
                out.push(read(&row)?);
            }
        }
        Ok(out)
    }

    async fn placements_where(&mut self, mailbox: MailboxId, condition: &str) -> Result<Vec<PlacementRow>> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM placement WHERE mailbox_id = ? AND {condition}"
        ));
        sqlx::query(sql).bind(mailbox.0).fetch_all(self.conn()).await?.iter().map(read).collect()
    }

    /// All placements with a UID of a mailbox.
    pub async fn placements_with_uid(&mut self, mailbox: MailboxId) -> Result<Vec<PlacementRow>> {
        self.placements_where(mailbox, "uid > 0 ORDER BY uid").await
    }

    /// Placements that wait for a UID.
    pub async fn expected_placements(&mut self, mailbox: MailboxId) -> Result<Vec<PlacementRow>> {
        self.placements_where(mailbox, "uid = 0 ORDER BY id").await
    }

    /// Adds placements. Their UIDs are not in the mailbox yet.
    pub async fn add_placements(&mut self, mailbox: MailboxId, new: &[NewPlacement]) -> Result<()> {
        for chunk in new.chunks(ROWS) {
            let mut q = QueryBuilder::new(
                "INSERT INTO placement (message_id, mailbox_id, uid, base_bits, base_keywords, bits, keywords, modseq, received, sort_date, conversation) ",
            );
            q.push_values(chunk, |mut row, p| {
                row.push_bind(p.message.0)
                    .push_bind(mailbox.0)
                    .push_bind(i64::from(p.uid))
                    .push_bind(i64::from(p.base.bits))
                    .push_bind(p.base.keyword_text())
                    .push_bind(i64::from(p.flags.bits))
                    .push_bind(p.flags.keyword_text())
                    .push_bind(p.modseq as i64)
                    .push_bind(p.received)
                    .push_bind(p.sort_date)
                    .push(format!("(SELECT {OF_MESSAGE} FROM message m WHERE m.id = "))
                    .push_bind_unseparated(p.message.0)
                    .push_unseparated(")");
            });
            q.build().execute(self.conn()).await?;
        }
        self.touched.mailboxes.insert(mailbox);
        Ok(())
    }

    /// Adds the placement that a move of the user expects in its target.
    pub async fn add_expected(&mut self, mailbox: MailboxId, from: &PlacementRow) -> Result<PlacementId> {
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO placement (message_id, mailbox_id, uid, base_bits, base_keywords, bits, keywords, modseq, received, sort_date, conversation)
             VALUES (?, ?, 0, ?, ?, ?, ?, 0, ?, ?, (SELECT conversation FROM placement WHERE id = ?)) RETURNING id",
        )
        .bind(from.message.0)
        .bind(mailbox.0)
        .bind(i64::from(from.base.bits))
        .bind(from.base.keyword_text())
        .bind(i64::from(from.flags.bits))
        .bind(from.flags.keyword_text())
        .bind(from.received)
        .bind(from.sort_date)
        .bind(from.id.0)
        .fetch_one(self.conn())
        .await?;
        self.touched.mailboxes.insert(mailbox);
        Ok(PlacementId(id))
    }

    /// Adds the placement of a message that this device puts into a mailbox.
    pub async fn add_upload(
        &mut self,
        mailbox: MailboxId,
        message: MessageId,
        flags: &Flags,
        received: i64,
    ) -> Result<PlacementId> {
        let id: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "INSERT INTO placement (message_id, mailbox_id, uid, base_bits, base_keywords, bits, keywords, modseq, received, sort_date, conversation)
             VALUES (?1, ?2, 0, ?3, ?4, ?3, ?4, 0, ?5, ?5, (SELECT {OF_MESSAGE} FROM message m WHERE m.id = ?1)) RETURNING id",
        )))
        .bind(message.0)
        .bind(mailbox.0)
        .bind(i64::from(flags.bits))
        .bind(flags.keyword_text())
        .bind(received)
        .fetch_one(self.conn())
        .await?;
        self.touched.mailboxes.insert(mailbox);
        Ok(PlacementId(id))
    }

    /// An upload has arrived: it is the message that the server speaks of, under this UID.
    pub async fn adopt(&mut self, p: &PlacementRow, message: MessageId, uid: u32) -> Result<()> {
        self.set_uid(p, uid).await?;
        let sql = format!(
            "UPDATE placement SET message_id = ?1, conversation = (SELECT {OF_MESSAGE} FROM message m WHERE m.id = ?1) WHERE id = ?2"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(message.0).bind(p.id.0).execute(self.conn()).await?;
        Ok(())
    }

    /// The newest placement of a mailbox, from this UID on, that looks exactly like an upload of ours.
    pub async fn twin_of(&mut self, p: &PlacementRow, from_uid: u32) -> Result<Option<PlacementRow>> {
        let columns: Vec<String> = COLUMNS.split(", ").map(|c| format!("p.{c}")).collect();
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {} FROM message o JOIN message m ON (m.account_id, m.message_id, m.subject, m.from_address, m.date, m.size)
                 = (o.account_id, o.message_id, o.subject, o.from_address, o.date, o.size) AND m.id <> o.id
             JOIN placement p ON p.message_id = m.id WHERE o.id = ? AND p.mailbox_id = ? AND p.uid >= ? ORDER BY p.uid DESC LIMIT 1",
            columns.join(", ")
        ));
        let row = sqlx::query(sql)
            .bind(p.message.0)
            .bind(p.mailbox.0)
            .bind(i64::from(from_uid))
            .fetch_optional(self.conn())
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Where a message is.
    pub async fn placements_of(&mut self, message: MessageId) -> Result<Vec<PlacementRow>> {
        let sql =
            sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM placement WHERE message_id = ? ORDER BY id"));
        sqlx::query(sql).bind(message.0).fetch_all(self.conn()).await?.iter().map(read).collect()
    }

    /// Those of these messages that lie in no mailbox.
    pub async fn unplaced(&mut self, messages: &[MessageId]) -> Result<BTreeSet<MessageId>> {
        let mut found = BTreeSet::new();
        for chunk in messages.chunks(500) {
            let mut q = QueryBuilder::new(
                "SELECT id FROM message WHERE NOT EXISTS (SELECT 1 FROM placement p WHERE p.message_id = message.id) AND id IN (",
            );
            let mut list = q.separated(", ");
            for id in chunk {
                list.push_bind(id.0);
            }
            q.push(")");
            let ids: Vec<i64> = q.build_query_scalar().fetch_all(self.conn()).await?;
            found.extend(ids.into_iter().map(MessageId));
        }
        Ok(found)
    }

    /// Sets what the server has and what the user sees.
    pub async fn set_flags(
        &mut self,
        p: &PlacementRow,
        base: &Flags,
        flags: &Flags,
        modseq: u64,
    ) -> Result<()> {
        sqlx::query("UPDATE placement SET base_bits = ?, base_keywords = ?, bits = ?, keywords = ?, modseq = ? WHERE id = ?")
            .bind(i64::from(base.bits))
            .bind(base.keyword_text())
            .bind(i64::from(flags.bits))
            .bind(flags.keyword_text())
            .bind(modseq as i64)
            .bind(p.id.0)
            .execute(self.conn())
            .await?;
        if *flags != p.flags {
            self.touched.mailboxes.insert(p.mailbox);
        }
        Ok(())
    }

    /// The user wants it at the top of its mailbox, or no longer: known to this device alone.
    pub async fn pin_here(&mut self, p: &PlacementRow, wanted: bool) -> Result<()> {
        let sql = match wanted {
            true => "INSERT OR IGNORE INTO pin (placement_id) VALUES (?)",
            false => "DELETE FROM pin WHERE placement_id = ?",
        };
        sqlx::query(sql).bind(p.id.0).execute(self.conn()).await?;
        self.touched.mailboxes.insert(p.mailbox);
        Ok(())
    }

    /// Gives an expected placement its UID. Should another row hold the UID already (it was seen before it was expected),
    /// that row gives way: same message, same place.
    pub async fn set_uid(&mut self, p: &PlacementRow, uid: u32) -> Result<()> {
        sqlx::query("DELETE FROM placement WHERE mailbox_id = ? AND uid = ? AND id <> ?")
            .bind(p.mailbox.0)
            .bind(i64::from(uid))
            .bind(p.id.0)
            .execute(self.conn())
            .await?;
        sqlx::query("UPDATE placement SET uid = ?, modseq = 0 WHERE id = ?")
            .bind(i64::from(uid))
            .bind(p.id.0)
            .execute(self.conn())
            .await?;
        self.touched.mailboxes.insert(p.mailbox);
        Ok(())
    }

    /// Hides a placement from lists, or shows it again.
    pub async fn set_hidden(&mut self, p: &PlacementRow, hidden: bool) -> Result<()> {
        sqlx::query("UPDATE placement SET hidden = ? WHERE id = ?")
            .bind(hidden)
            .bind(p.id.0)
            .execute(self.conn())
            .await?;
        self.touched.mailboxes.insert(p.mailbox);
        Ok(())
    }

    /// True where a waiting wish hides it.
    pub async fn is_wished_away(&mut self, id: PlacementId) -> Result<bool> {
        let sql = format!("SELECT {HIDING_WISH} FROM placement WHERE id = ?");
        let found: Option<bool> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(id.0).fetch_optional(self.conn()).await?;
        Ok(found.unwrap_or(false))
    }

    /// Takes a placement away.
    pub async fn remove_placement(&mut self, id: PlacementId) -> Result<()> {
        let mailbox: Option<i64> =
            sqlx::query_scalar("DELETE FROM placement WHERE id = ? RETURNING mailbox_id")
                .bind(id.0)
                .fetch_optional(self.conn())
                .await?;
        self.touched.mailboxes.extend(mailbox.map(MailboxId));
        Ok(())
    }

    /// Hides what has a UID up to this one, or shows it again as far as no other wish hides it.
    pub async fn set_hidden_up_to(&mut self, mailbox: MailboxId, last: u32, hidden: bool) -> Result<()> {
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "UPDATE placement SET hidden = ?1 WHERE mailbox_id = ?2 AND uid BETWEEN 1 AND ?3 AND hidden <> ?1
             AND (?1 OR NOT {HIDING_WISH})"
        )))
        .bind(hidden)
        .bind(mailbox.0)
        .bind(i64::from(last))
        .execute(self.conn())
        .await?;
        self.touched.mailboxes.insert(mailbox);
        Ok(())
    }

    /// Takes away what has a UID up to this one: the server has removed it.
    pub async fn remove_up_to(&mut self, mailbox: MailboxId, last: u32) -> Result<()> {
        sqlx::query("DELETE FROM placement WHERE mailbox_id = ? AND uid BETWEEN 1 AND ?")
            .bind(mailbox.0)
            .bind(i64::from(last))
            .execute(self.conn())
            .await?;
        self.touched.mailboxes.insert(mailbox);
        Ok(())
    }

    /// What the user sees in a mailbox.
    pub async fn visible_placements(&mut self, mailbox: MailboxId) -> Result<Vec<PlacementRow>> {
        self.placements_where(mailbox, "hidden = 0 ORDER BY id").await
    }

    /// What is hidden although nothing hides it any more is shown again. Called when everything is in step: a wish that was taken
    /// back while its mailbox was removed and made anew can have left it so.
    pub async fn show_forgotten(&mut self, account: AccountId) -> Result<()> {
        let found: Vec<(i64, i64)> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "SELECT id, mailbox_id FROM placement INDEXED BY placement_hidden WHERE hidden = 1
             AND mailbox_id IN (SELECT id FROM mailbox WHERE account_id = ?) AND NOT {HIDING_WISH}
             AND NOT EXISTS (SELECT 1 FROM intent i WHERE i.mailbox_id = placement.mailbox_id AND i.kind = 'empty' AND i.state <> 'done')"
        )))
        .bind(account.0)
        .fetch_all(self.conn())
        .await?;
        for (id, mailbox) in found {
            tracing::warn!(placement = id, "hidden, and nothing hides it: it is shown again");
            sqlx::query("UPDATE placement SET hidden = 0 WHERE id = ?").bind(id).execute(self.conn()).await?;
            self.touched.mailboxes.insert(MailboxId(mailbox));
        }
        Ok(())
    }

    /// What is hidden without a wish that hides it: an emptied mailbox got another UIDVALIDITY meanwhile.
    pub async fn hidden_without_wish(&mut self, mailbox: MailboxId) -> Result<Vec<PlacementRow>> {
        self.placements_where(mailbox, &format!("hidden = 1 AND NOT {HIDING_WISH}")).await
    }

    /// A new UIDVALIDITY: no UID means anything any more, everything is expected anew (DESIGN: rekey).
    pub async fn forget_uids(&mut self, mailbox: MailboxId) -> Result<()> {
        sqlx::query("UPDATE placement SET uid = 0, modseq = 0 WHERE mailbox_id = ?")
            .bind(mailbox.0)
            .execute(self.conn())
            .await?;
        self.touched.mailboxes.insert(mailbox);
        Ok(())
    }
}
