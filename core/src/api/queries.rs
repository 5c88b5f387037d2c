//! Calls that read. None waits for a server.

use super::core::Core;
use super::events::Event;
use super::types::{AccountState, ErrorView, Saved};
use crate::account;
use crate::error::{Error, Kind, Result};
use crate::model::{MailboxId, MessageId, PlacementId, Role};
use crate::query::accounts::{AccountView, DecisionView, NoticeView};
use crate::query::conversation::ConversationView;
use crate::query::find::MarkView;
use crate::query::list::{LONGEST, ListScope, Listed, Order, RowView, Source, Window, WindowView};
use crate::query::mailboxes::MailboxView;
use crate::query::message::{Attachment, Danger, Link, MessageView};
use crate::query::preview::{self, Preview};
use crate::query::{accounts, conversation, mailboxes, message as content};
use crate::store::mailbox::{MailboxRow, all_mail};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use ts_rs::TS;

impl Core {
    /// All accounts.
    pub async fn accounts(&self) -> Result<Vec<AccountView>> {
        accounts::accounts(&self.store, self.clock.now().div_euclid(86_400)).await
    }

    /// The folder trees of all accounts.
    pub async fn mailboxes(&self) -> Result<Vec<MailboxView>> {
        let mut all = Vec::new();
        for account in self.store.accounts().await? {
            all.extend(mailboxes::mailboxes(&self.store, account.id).await?);
        }
        Ok(all)
    }

    /// What each account is doing.
    pub async fn states(&self) -> Result<Vec<AccountState>> {
        let Some(supervisor) = self.supervisor() else { return Ok(Vec::new()) };
        let states = supervisor.states();
        let now = states.borrow();
        Ok(now.iter().map(|(id, s)| AccountState::new(*id, s)).collect())
    }

    /// Notices not dismissed.
    pub async fn notices(&self) -> Result<Vec<NoticeView>> {
        accounts::notices(&self.store).await
    }

    /// Where what the user asked for was overtaken by another device or refused by the server, newest first.
    pub async fn decisions(&self) -> Result<Vec<DecisionView>> {
        accounts::decisions(&self.store).await
    }

    /// Opens a live window on a mailbox, or on those of all accounts that are for the same: its newest rows, and events when they change.
    /// `grouped`: a row for each conversation; drafts are never put together.
    pub async fn window_open(
        &self,
        mailbox: Option<MailboxId>,
        unified: Option<Role>,
        grouped: Option<bool>,
        order: Option<Order>,
        count: u32,
    ) -> Result<WindowView> {
        let (rows, role) = match (mailbox, unified) {
            (Some(id), None) => {
                let row = self.store.mailbox(id).await?;
                let role = row.role;
                (vec![row], role)
            }
            (None, Some(role)) => (self.mailboxes_for(role).await?, Some(role)),
            _ => return Err(Error::new(Kind::Usage, "window_open").because("one mailbox, or all of a kind")),
        };
        let grouped = grouped.unwrap_or(false) && role != Some(Role::Drafts);
        let scope = ListScope::mailboxes(rows.iter().map(|r| r.id).collect()).grouped(grouped);
        let own = match grouped {
            true => self.store.own_addresses().await?.iter().map(|a| a.to_lowercase()).collect(),
            false => HashSet::new(),
        };
        let order = order.unwrap_or_default();
        let mut list = Listed::new(scope, is_outgoing(role)).ordered(order, own);
        for account in rows.iter().map(|r| r.account).collect::<BTreeSet<_>>() {
            list.labels |= all_mail(&self.store.mailboxes(account).await?).is_some();
        }
        let view = self.open_window(Source::List(list), count).await?;
        if let Some(supervisor) = self.supervisor() {
            for row in rows {
                supervisor.look(row.account, row.id);
            }
        }
        Ok(view)
    }

    /// The mailboxes of all accounts that are for this.
    async fn mailboxes_for(&self, role: Role) -> Result<Vec<MailboxRow>> {
        let mut found = Vec::new();
        for account in self.store.accounts().await? {
            let all = self.store.mailboxes(account.id).await?;
            found.extend(all.into_iter().filter(|m| m.role == Some(role) && !m.hidden));
        }
        Ok(found)
    }

    /// The conversation that a message belongs to, as seen from where this placement of it lies; oldest first.
    pub async fn conversation(&self, id: PlacementId) -> Result<ConversationView> {
        conversation::conversation(&self.store, id).await
    }

    /// What these rows of a list by conversations stand for: all that is seen of each in its mailbox, or `everywhere` but in the trash and
    /// the junk.
    pub async fn spread(&self, ids: Vec<PlacementId>, everywhere: bool) -> Result<Vec<PlacementId>> {
        let mut all = BTreeSet::new();
        for id in ids {
            all.insert(id);
            all.extend(self.store.conversation_of(id, everywhere).await?);
        }
        Ok(all.into_iter().collect())
    }

    pub(super) async fn open_window(&self, source: Source, count: u32) -> Result<WindowView> {
        let mut windows = self.windows.lock().await;
        windows.next += 1;
        let id = windows.next;
        let window = Window::open(&self.store, id, source, count).await?;
        let view = window.view();
        windows.open.insert(id, window);
        Ok(view)
    }

    /// Shows other rows of an open window.
    pub async fn window_show(&self, window: u32, first: u64, count: u32) -> Result<WindowView> {
        let mut windows = self.windows.lock().await;
        let open =
            windows.open.get_mut(&window).ok_or_else(|| Error::new(Kind::NotFound, window.to_string()))?;
        open.show(&self.store, first, count).await
    }

    /// Closes a window: no more events for it.
    pub async fn window_close(&self, window: u32) -> Result<()> {
        self.windows.lock().await.open.remove(&window);
        Ok(())
    }

    /// Rows of a list without keeping a window; `None` = the inboxes of all accounts. For the command line.
    pub async fn list(&self, mailbox: Option<MailboxId>, first: u64, count: u32) -> Result<Vec<RowView>> {
        let source = match mailbox {
            Some(id) => {
                let role = self.store.mailbox(id).await?.role;
                Source::List(Listed::new(ListScope::mailbox(id), is_outgoing(role)))
            }
            None => {
                let inboxes = self.mailboxes_for(Role::Inbox).await?.iter().map(|m| m.id).collect();
                Source::List(Listed::new(ListScope::mailboxes(inboxes), false))
            }
        };
        let mut window = Window::open(&self.store, 0, source, count.min(LONGEST)).await?;
        Ok(window.show(&self.store, first, count).await?.rows)
    }

    /// A message with its content, if that is on this device. Otherwise it is fetched now, and an event tells when it came or
    /// why it cannot.
    pub async fn message(&self, id: PlacementId) -> Result<MessageView> {
        self.message_found(id, Vec::new()).await
    }

    /// The same with what a search found marked in it.
    pub async fn message_found(&self, id: PlacementId, marks: Vec<MarkView>) -> Result<MessageView> {
        let view = content::message(&self.store, id, &marks, BTreeMap::new()).await?;
        if view.body.is_none()
            && let Some(supervisor) = self.supervisor().cloned()
        {
            let account = self.store.message(view.message).await?.account;
            let (message, events) = (view.message, self.events.clone());
            tokio::spawn(async move {
                if let Err(e) = supervisor.fetch(account, message, false).await {
                    let _ = events.send(Event::MessageFailed { message, error: ErrorView::from(e) });
                }
            });
        }
        Ok(view)
    }

    /// The same with the pictures that lie elsewhere, which are fetched now: the user wants to see them. Those that are there to watch are not.
    pub async fn message_pictures(&self, id: PlacementId, marks: Vec<MarkView>) -> Result<MessageView> {
        let message = self.store.placement(id).await?.message;
        let account = self.store.account(self.store.message(message).await?.account).await?;
        let urls = content::pictures(&self.store, id).await?;
        let mut fetched = self.pictures.lock().await.known(&urls);
        let missing: Vec<String> = urls.into_iter().filter(|url| !fetched.contains_key(url)).collect();
        if !missing.is_empty() {
            let came = account::fetch_pictures(&account, &self.vault, missing).await?;
            fetched.extend(came.into_iter().filter_map(|(url, bytes)| Some((url, content::shown(&bytes)?))));
            self.pictures.lock().await.keep(&fetched);
        }
        content::message(&self.store, id, &marks, fetched).await
    }

    /// Where a link of a message really leads, and what about it is not as it looks.
    pub async fn link_look(&self, url: String, words: String) -> Result<Link> {
        Ok(content::look(&url, &words))
    }

    /// The raw message; NotFound while it is not on this device.
    pub async fn raw(&self, id: PlacementId) -> Result<Vec<u8>> {
        let p = self.store.placement(id).await?;
        let missing = || Error::new(Kind::NotFound, id.to_string());
        if self.store.message(p.message).await?.partial {
            return Err(missing());
        }
        self.store.body(p.message).await?.ok_or_else(missing)
    }

    /// A message as it is written, as far as that is on this device.
    pub async fn message_source(&self, id: PlacementId) -> Result<SourceView> {
        let p = self.store.placement(id).await?;
        let missing = || Error::new(Kind::NotFound, id.to_string());
        let raw = self.store.body(p.message).await?.ok_or_else(missing)?;
        let cut = raw.len() > LONGEST_SOURCE;
        let text = String::from_utf8_lossy(&raw[..raw.len().min(LONGEST_SOURCE)]).into_owned();
        Ok(SourceView { text, cut })
    }

    /// Saves a whole message among the downloads, called after its subject.
    pub async fn message_save(&self, id: PlacementId) -> Result<Saved> {
        let (_, raw) = self.whole(id).await?;
        let message = self.store.placement(id).await?.message;
        let subject = self.store.message(message).await?.envelope.subject;
        let name = content::file_name(&subject, "eml");
        write_new(&self.dirs.downloads, &name, raw).await
    }

    /// One part of a message that is on this device.
    pub async fn part(&self, id: PlacementId, part: String) -> Result<Vec<u8>> {
        let p = self.store.placement(id).await?;
        Ok(content::attachment(&self.store, p.message, &part).await?.bytes.unwrap_or_default())
    }

    /// One file of a message, fetched now where it was left out so far.
    async fn file(&self, message: MessageId, part: &str) -> Result<(Attachment, Vec<u8>)> {
        let found = content::attachment(&self.store, message, part).await;
        let row = self.store.message(message).await?;
        let found = match (found, self.supervisor()) {
            (Err(_), Some(supervisor)) if row.partial => {
                supervisor.fetch(row.account, message, true).await?;
                content::attachment(&self.store, message, part).await
            }
            (found, _) => found,
        };
        found.map(|file| (file.about, file.bytes.unwrap_or_default()))
    }

    /// What there is to see of a file of a message, which is fetched now where it was left out so far.
    pub async fn attachment_show(&self, message: MessageId, part: String) -> Result<Preview> {
        match preview::preview(&self.store, message, &part).await {
            Err(e) if e.kind == Kind::NotFound => {
                self.file(message, &part).await?;
                preview::preview(&self.store, message, &part).await
            }
            seen => seen,
        }
    }

    /// Saves a file of a message among the downloads, under a name that is free.
    pub async fn attachment_save(&self, message: MessageId, part: String) -> Result<Saved> {
        let (file, bytes) = self.file(message, &part).await?;
        let dir = self.dirs.downloads.clone();
        write_new(&dir, &file.name, bytes).await
    }

    /// Puts a file of a message where another program can open it; FileDangerous for one that does something when it is opened.
    pub async fn attachment_open(&self, message: MessageId, part: String) -> Result<Saved> {
        let (file, bytes) = self.file(message, &part).await?;
        if file.danger != Danger::None {
            return Err(Error::new(Kind::FileDangerous, file.name));
        }
        let dir = self.dirs.cache.join("opened").join(format!("{message}-{part}"));
        // The last copy makes room for this one, so that opening twice gives one file.
        let _ = tokio::fs::remove_dir_all(&dir).await;
        write_new(&dir, &file.name, bytes).await
    }

    /// A choice of the user on this device; empty when it was not made.
    pub async fn setting(&self, key: String) -> Result<String> {
        Ok(self.store.setting(&key).await?.unwrap_or_default())
    }
}

/// The source of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SourceView {
    /// What is written, its first MiB.
    pub text: String,
    /// There is more.
    pub cut: bool,
}

/// So much of the source of a message is shown.
const LONGEST_SOURCE: usize = 1 << 20;

/// Pictures that were fetched lately, so that a message that is looked at again asks nobody.
#[derive(Default)]
pub(super) struct Pictures {
    known: BTreeMap<String, String>,
    size: usize,
}

/// So much of them is kept: 48 MB of `data:` URLs.
const KEPT: usize = 48 << 20;

impl Pictures {
    fn known(&self, urls: &[String]) -> BTreeMap<String, String> {
        let one = |url: &String| Some((url.clone(), self.known.get(url)?.clone()));
        urls.iter().filter_map(one).collect()
    }

    fn keep(&mut self, fetched: &BTreeMap<String, String>) {
        for (url, data) in fetched {
            if self.known.contains_key(url) {
                continue;
            }
            if self.size + data.len() > KEPT {
                *self = Self::default();
            }
            self.size += data.len();
            self.known.insert(url.clone(), data.clone());
        }
    }
}

/// Of what went out, lists show the recipients.
pub(super) fn is_outgoing(role: Option<Role>) -> bool {
    matches!(role, Some(Role::Sent | Role::Drafts))
}

/// Writes a new file; never over another one.
async fn write_new(dir: &Path, name: &str, bytes: Vec<u8>) -> Result<Saved> {
    let (dir, name) = (dir.to_owned(), name.to_owned());
    let write = move || -> Result<PathBuf> {
        std::fs::create_dir_all(&dir)?;
        let (stem, extension) = match name.rsplit_once('.') {
            Some((s, e)) if !s.is_empty() => (s.to_owned(), format!(".{e}")),
            _ => (name.clone(), String::new()),
        };
        for n in 0..1000 {
            let free = if n == 0 { name.clone() } else { format!("{stem} ({n}){extension}") };
            let path = dir.join(free);
            match std::fs::OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    use std::io::Write;
                    let written = file.write_all(&bytes).and_then(|()| file.sync_all());
                    if let Err(e) = written {
                        let _ = std::fs::remove_file(&path);
                        return Err(e.into());
                    }
                    return Ok(path);
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e.into()),
            }
        }
        Err(Error::new(Kind::Storage, dir.display().to_string()))
    };
    let path =
        tokio::task::spawn_blocking(write).await.map_err(|e| Error::new(Kind::Storage, "").because(e))??;
    Ok(Saved { path: path.display().to_string() })
}
