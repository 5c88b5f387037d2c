//! Calls that change mail and folders. Each returns when the disk has it; no server is waited for.

use super::core::Core;
use super::types::{Done, Mark, Undone};
use crate::error::{Error, Kind, Result};
use crate::journal::{append, decision, delete, flag, folder, pin, relocate, undo};
use crate::model::{AccountId, ActionId, FlagChange, Flags, Keep, MailboxId, PlacementId, Role};

/// Deleting for good waits this long before the server is told, so that undo can bring it back. Seconds.
pub const HOLD: i64 = 10;

impl Core {
    /// Keeps messages on this device whatever the policy says, with all their files, or no longer.
    pub async fn keep_here(&self, ids: Vec<PlacementId>, wanted: bool) -> Result<()> {
        let mut tx = self.store.begin().await?;
        for id in ids {
            if let Some(p) = tx.placement(id).await? {
                tx.set_kept(p.message, wanted).await?;
            }
        }
        tx.commit().await?;
        self.check_now().await
    }

    /// Uses a mailbox for something, whatever the server says: drafts, sent, archive, junk, trash; `None` for nothing special.
    pub async fn folder_use(&self, mailbox: MailboxId, role: Option<Role>) -> Result<Done> {
        let mut tx = self.store.begin().await?;
        let actions = folder::set_use(&mut tx, self.clock.now(), mailbox, role).await?;
        tx.commit().await?;
        Ok(done(actions, "use", Some(mailbox), &[]))
    }

    /// The same for one mailbox; empty = as the account.
    pub async fn folder_keep(&self, mailbox: MailboxId, keep: String) -> Result<()> {
        let own = match keep.as_str() {
            "" => None,
            text => Some(Keep::parse(text).ok_or_else(|| Error::new(Kind::Usage, text))?),
        };
        let account = self.store.mailbox(mailbox).await?.account;
        let keep = self.store.account(account).await?.keep;
        let mut tx = self.store.begin().await?;
        tx.set_mailbox_keep(mailbox, own).await?;
        self.trim(tx, account, keep).await
    }

    /// Check for mail now.
    pub async fn check_now(&self) -> Result<()> {
        if let Some(supervisor) = self.supervisor() {
            supervisor.wake_all();
        }
        Ok(())
    }

    /// Changes flags.
    pub async fn mark(&self, ids: Vec<PlacementId>, mark: Mark) -> Result<Done> {
        let bit = |bits| Flags { bits, ..Flags::default() };
        let keyword = |k: &str| -> Result<Flags> {
            // atom = 1*ATOM-CHAR (RFC 9051 section 9): a keyword cannot be quoted.
            let fine = !k.is_empty()
                && k.len() <= 100
                && k.bytes().all(|b| b.is_ascii_graphic() && !b"(){%*\"\\]".contains(&b));
            if !fine {
                return Err(Error::new(Kind::Usage, k).because("not a keyword"));
            }
            Ok(Flags { bits: 0, keywords: [k.to_owned()].into() })
        };
        let none = Flags::default;
        let (add, remove, label) = match &mark {
            Mark::Read => (bit(Flags::SEEN), none(), "read"),
            Mark::Unread => (none(), bit(Flags::SEEN), "unread"),
            Mark::Star => (bit(Flags::FLAGGED), none(), "star"),
            Mark::Unstar => (none(), bit(Flags::FLAGGED), "unstar"),
            Mark::Pin => return self.pin(ids, true).await,
            Mark::Unpin => return self.pin(ids, false).await,
            Mark::Flag(k) => (keyword(k)?, none(), "flag"),
            Mark::Unflag(k) => (none(), keyword(k)?, "unflag"),
        };
        let mut tx = self.store.begin().await?;
        let actions = flag::mark(&mut tx, self.clock.now(), &ids, &FlagChange { add, remove }, label).await?;
        tx.commit().await?;
        Ok(done(actions, label, None, &ids))
    }

    async fn pin(&self, ids: Vec<PlacementId>, wanted: bool) -> Result<Done> {
        let mut tx = self.store.begin().await?;
        let (actions, here) = pin::pin(&mut tx, self.clock.now(), &ids, wanted).await?;
        tx.commit().await?;
        let label = match (wanted, here) {
            (true, true) => "pin_here",
            (true, false) => "pin",
            (false, _) => "unpin",
        };
        Ok(done(actions, label, None, &ids))
    }

    /// Moves to a mailbox of the same account.
    pub async fn move_to(&self, ids: Vec<PlacementId>, mailbox: MailboxId) -> Result<Done> {
        let mut tx = self.store.begin().await?;
        let actions = relocate::move_to(&mut tx, self.clock.now(), &ids, mailbox, "move").await?;
        tx.commit().await?;
        Ok(done(actions, "move", Some(mailbox), &ids))
    }

    /// Moves to the archive.
    pub async fn archive(&self, ids: Vec<PlacementId>) -> Result<Done> {
        self.to_role(ids, Role::Archive).await
    }

    /// Moves to the trash; what is in the trash is deleted for good.
    pub async fn trash(&self, ids: Vec<PlacementId>) -> Result<Done> {
        self.to_role(ids, Role::Trash).await
    }

    /// Copies to a mailbox of the same account.
    pub async fn copy_to(&self, ids: Vec<PlacementId>, mailbox: MailboxId) -> Result<Done> {
        let mut tx = self.store.begin().await?;
        let actions = relocate::copy_to(&mut tx, self.clock.now(), &ids, mailbox).await?;
        tx.commit().await?;
        Ok(done(actions, "copy", Some(mailbox), &ids))
    }

    /// Puts a whole message into a mailbox; `flags` as a server would list them.
    pub async fn append(&self, mailbox: MailboxId, raw: Vec<u8>, flags: &[String]) -> Result<Done> {
        let (now, nonce) = (self.clock.now(), self.clock.chance(u64::MAX));
        let packed = self.store.pack(&format!("upload-{now}-{nonce:x}"), raw.clone()).await?;
        let upload = append::Upload {
            raw: &raw,
            flags: Flags::from_names(flags.iter().map(String::as_str)),
            received: now,
            nonce,
        };
        let mut tx = self.store.begin().await?;
        let (id, actions) = append::append(&mut tx, now, mailbox, &upload, packed).await?;
        tx.commit().await?;
        Ok(done(actions, "append", Some(mailbox), &[id]))
    }

    /// Makes a mailbox; `name` is the whole path, with the server's delimiter.
    pub async fn folder_create(&self, account: AccountId, name: String) -> Result<Done> {
        let mut tx = self.store.begin().await?;
        let (id, actions) = folder::create(&mut tx, self.clock.now(), account, &name).await?;
        tx.commit().await?;
        Ok(done(actions, "create", Some(id), &[]))
    }

    /// Gives a mailbox another path.
    pub async fn folder_rename(&self, mailbox: MailboxId, name: String) -> Result<Done> {
        let mut tx = self.store.begin().await?;
        let actions = folder::rename(&mut tx, self.clock.now(), mailbox, &name).await?;
        tx.commit().await?;
        Ok(done(actions, "rename", Some(mailbox), &[]))
    }

    /// Removes a mailbox and those below it; their mail goes to the trash.
    pub async fn folder_remove(&self, mailbox: MailboxId, hold: u32) -> Result<Done> {
        let mut tx = self.store.begin().await?;
        let actions = folder::remove(&mut tx, self.clock.now(), mailbox, i64::from(hold)).await?;
        tx.commit().await?;
        Ok(done(actions, "remove", Some(mailbox), &[]))
    }

    /// Removes for good what is in a mailbox; until `hold` seconds have passed, undo brings it back.
    pub async fn folder_empty(&self, mailbox: MailboxId, hold: u32) -> Result<Done> {
        let mut tx = self.store.begin().await?;
        let actions = folder::empty(&mut tx, self.clock.now(), mailbox, i64::from(hold)).await?;
        tx.commit().await?;
        Ok(done(actions, "empty", Some(mailbox), &[]))
    }

    /// Removes for good what carries `\Deleted` in a mailbox.
    pub async fn folder_expunge(&self, mailbox: MailboxId, hold: u32) -> Result<Done> {
        let mut tx = self.store.begin().await?;
        let actions = delete::expunge(&mut tx, self.clock.now(), mailbox, i64::from(hold)).await?;
        tx.commit().await?;
        Ok(done(actions, "delete", Some(mailbox), &[]))
    }

    /// Subscribes to a mailbox, or no more.
    pub async fn folder_subscribe(&self, mailbox: MailboxId, wanted: bool) -> Result<Done> {
        let mut tx = self.store.begin().await?;
        let actions = folder::subscribe(&mut tx, self.clock.now(), mailbox, wanted).await?;
        tx.commit().await?;
        Ok(done(actions, if wanted { "subscribe" } else { "unsubscribe" }, Some(mailbox), &[]))
    }

    /// What another device or the server decided otherwise is asked for again.
    pub async fn decision_insist(&self, id: String) -> Result<Done> {
        let number = id.parse().map_err(|_| Error::new(Kind::NotFound, &id))?;
        let mut tx = self.store.begin().await?;
        let actions = decision::insist(&mut tx, self.clock.now(), number).await?;
        tx.commit().await?;
        Ok(done(actions, "insist", None, &[]))
    }

    /// The user has seen what was decided.
    pub async fn decisions_seen(&self) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.settle_decisions().await?;
        tx.commit().await
    }

    pub(super) async fn to_role(&self, ids: Vec<PlacementId>, role: Role) -> Result<Done> {
        let mut tx = self.store.begin().await?;
        let actions = relocate::move_to_role(&mut tx, self.clock.now(), &ids, role, HOLD).await?;
        tx.commit().await?;
        Ok(done(actions, role.as_str(), None, &ids))
    }

    /// Deletes for good; until `hold` seconds have passed, undo brings it back.
    pub async fn delete(&self, ids: Vec<PlacementId>, hold: u32) -> Result<Done> {
        let mut tx = self.store.begin().await?;
        let actions = delete::delete(&mut tx, self.clock.now(), &ids, i64::from(hold)).await?;
        tx.commit().await?;
        Ok(done(actions, "delete", None, &ids))
    }

    /// Takes actions back.
    pub async fn undo(&self, actions: Vec<ActionId>) -> Result<Undone> {
        let mut undone = Undone { label: String::new(), whole: true };
        let mut tx = self.store.begin().await?;
        for action in actions {
            if let Some((label, whole)) = undo::undo(&mut tx, self.clock.now(), action).await? {
                undone.label = label;
                undone.whole &= whole;
            }
        }
        tx.commit().await?;
        Ok(undone)
    }

    /// Takes back what was done last.
    pub async fn undo_last(&self) -> Result<Undone> {
        match self.store.last_action().await? {
            Some(action) => self.undo(vec![action.id]).await,
            None => Ok(Undone { label: String::new(), whole: true }),
        }
    }

    /// The user has seen a notice.
    pub async fn notice_dismiss(&self, id: String) -> Result<()> {
        let number = id.parse().map_err(|_| Error::new(Kind::NotFound, &id))?;
        let mut tx = self.store.begin().await?;
        tx.dismiss_notice(number).await?;
        tx.commit().await
    }

    /// Makes a choice of the user on this device.
    pub async fn setting_put(&self, key: String, value: String) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.put_setting(&key, &value).await?;
        tx.commit().await
    }
}

pub(super) fn done(
    actions: Vec<ActionId>,
    label: &str,
    target: Option<MailboxId>,
    ids: &[PlacementId],
) -> Done {
    Done { actions, label: label.to_owned(), target, count: ids.len() as u32 }
}
