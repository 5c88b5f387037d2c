//! A device of ours: a core with its own data, in this process.

use crate::dovecot::{Dovecot, PASSWORD};
use crate::other::Other;
use crate::place::Place;
use malote_core::account::secrets::{MemorySecrets, Secrets};
use malote_core::api::types::NewAccount;
use malote_core::api::{Core, Dirs, Events};
use malote_core::clock::SystemClock;
use malote_core::error::{Error, Kind};
use malote_core::model::{AccountId, Endpoint, MailboxId, PlacementId, Protocol, Tls};
use malote_core::query::list::RowView;
use malote_core::query::mailboxes::MailboxView;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A device of ours.
pub struct Device {
    pub core: Core,
    pub events: Events,
    pub account: AccountId,
    dir: tempfile::TempDir,
}

/// A system without a secret store.
pub struct NoSecrets;

impl Secrets for NoSecrets {
    fn get(&self, _: &str) -> Result<Option<Vec<u8>>, Error> {
        Err(Error::new(Kind::SecretStore, ""))
    }
    fn set(&self, _: &str, _: &[u8]) -> Result<(), Error> {
        Err(Error::new(Kind::SecretStore, ""))
    }
}

/// Where things are, below one directory.
pub fn dirs(dir: &Path) -> Dirs {
    Dirs { data: dir.to_owned(), downloads: dir.join("downloads"), cache: dir.join("cache") }
}

/// An account on the throw-away server.
pub fn account(server: &Place, user: &str, keep: &str) -> NewAccount {
    NewAccount {
        address: format!("{user}@exemplo.test"),
        name: user.to_owned(),
        user: user.to_owned(),
        protocol: Protocol::Imap,
        incoming: Endpoint { host: "localhost".to_owned(), port: server.imaps, tls: Tls::Implicit },
        smtp: None,
        password: PASSWORD.to_owned(),
        grant: String::new(),
        password_command: String::new(),
        ca_file: server.ca.display().to_string(),
        pin: String::new(),
        proxy: String::new(),
        keep: keep.to_owned(),
        leave: String::new(),
        size_limit: 0,
    }
}

/// The same user's maildrop.
pub fn maildrop(server: &Dovecot, user: &str, leave: &str) -> NewAccount {
    NewAccount {
        protocol: Protocol::Pop3,
        incoming: Endpoint { host: "localhost".to_owned(), port: server.pop3s, tls: Tls::Implicit },
        leave: leave.to_owned(),
        ..account(server, user, "")
    }
}

impl Device {
    /// A new device that signed in; nothing is synced yet.
    pub async fn new(server: &Place, user: &str, keep: &str) -> Self {
        Self::with(account(server, user, keep)).await
    }

    /// A new device with this account.
    pub async fn with(new: NewAccount) -> Self {
        Self::try_with(new).await.expect("add")
    }

    /// The same, where adding it may fail.
    pub async fn try_with(new: NewAccount) -> Result<Self, Error> {
        let dir = tempfile::tempdir().expect("a directory");
        let (core, events) =
            Core::open(dirs(dir.path()), Arc::new(MemorySecrets::default()), SystemClock::shared())
                .await
                .expect("open");
        let added = core.account_add(new).await?;
        Ok(Self { core, events, account: added.id, dir })
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub async fn sync(&self) {
        self.core.sync_once(None).await.expect("sync");
    }

    pub async fn folder(&self, path: &str) -> MailboxView {
        let all = self.core.mailboxes().await.expect("mailboxes");
        all.iter().find(|m| m.path == path).cloned().unwrap_or_else(|| panic!("no folder {path} in {all:?}"))
    }

    /// All rows of a folder.
    pub async fn rows(&self, path: &str) -> Vec<RowView> {
        self.rows_of(self.folder(path).await.id).await.expect("list")
    }

    /// The same by its number; an error where it has just gone.
    pub async fn rows_of(&self, mailbox: MailboxId) -> Result<Vec<RowView>, Error> {
        let mut rows: Vec<RowView> = Vec::new();
        loop {
            let page = self.core.list(Some(mailbox), rows.len() as u64, 500).await?;
            if page.is_empty() || page.last() == rows.last() {
                return Ok(rows);
            }
            rows.extend(page);
        }
    }

    /// What a folder holds, in the form that the other device tells it: flags by subject.
    pub async fn contents(&self, path: &str) -> BTreeMap<String, Vec<Vec<String>>> {
        told(self.rows(path).await)
    }
}

/// Rows in the form that the other device tells them: flags by subject.
pub fn told(rows: Vec<RowView>) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut contents: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for r in rows {
        let mut flags: Vec<String> = r.keywords.iter().map(|k| format!("Custom({k:?})")).collect();
        for (on, name) in
            [(r.read, "Seen"), (r.starred, "Flagged"), (r.answered, "Answered"), (r.deleted, "Deleted")]
        {
            if on {
                flags.push(name.to_owned());
            }
        }
        flags.sort();
        contents.entry(r.subject).or_default().push(flags);
    }
    for flags in contents.values_mut() {
        flags.sort();
    }
    contents
}

/// A small message. Subject and Message-ID are the same word, so that it can be recognised on both sides.
pub fn small(word: &str) -> Vec<u8> {
    format!(
        "From: Ana <ana@exemplo.test>\r\nTo: bia@exemplo.test\r\nSubject: {word}\r\nMessage-ID: <{word}>\r\nDate: Tue, 03 Mar 2026 09:15:00 -0300\r\n\r\nCorpo de {word}.\r\n"
    )
    .into_bytes()
}

impl Device {
    /// All rows of a folder, if there is one.
    pub async fn rows_or_none(&self, path: &str) -> Vec<RowView> {
        match self.folder_or_none(path).await {
            Some(folder) => self.rows_of(folder.id).await.expect("list"),
            None => Vec::new(),
        }
    }

    /// A folder, once it is known.
    pub async fn folder_or_none(&self, path: &str) -> Option<MailboxView> {
        self.core.mailboxes().await.expect("mailboxes").into_iter().find(|m| m.path == path)
    }
}

/// What syncs a device's account, from the inside: for counting round trips and for stopping between steps.
pub async fn context(device: &Device) -> malote_core::sync::Context {
    let store = malote_core::store::Store::open(device.path(), 0).await.expect("store");
    let vault = malote_core::account::Vault::new(Arc::new(MemorySecrets::default()));
    vault.remember(device.account, PASSWORD);
    malote_core::sync::Context::new(store, device.account, Arc::new(vault), SystemClock::shared())
}

/// Both see the same in these mailboxes.
pub async fn agree(device: &Device, other: &mut Other, mailboxes: &[&str]) {
    for mailbox in mailboxes {
        assert_eq!(device.contents(mailbox).await, other.contents(mailbox).await, "in {mailbox}");
    }
}

/// The rows of a mailbox with this subject.
pub async fn ids(device: &Device, mailbox: &str, word: &str) -> Vec<PlacementId> {
    device.rows(mailbox).await.into_iter().filter(|r| r.subject == word).map(|r| r.id).collect()
}
