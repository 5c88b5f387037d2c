//! Searching: what is here at once, and what the servers find besides.

use super::core::{Core, Inner};
use super::events::Event;
use super::queries::is_outgoing;
use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, MailboxId, Protocol};
use crate::query::find::{CoveredView, MarkView, PartView, Search};
use crate::query::indexing::{self, Take};
use crate::query::list::{Source, Window, WindowView};
use crate::search::language::Moment;
use crate::sync::Context;
use crate::sync::ask::{self, Found};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc};
use tokio::time::Instant;
use ts_rs::TS;

/// How long one server is waited for.
const PATIENCE: Duration = Duration::from_secs(180);
/// How long the index rests after something went wrong with it.
const REST: Duration = Duration::from_secs(30);
/// How long a header waits for its text, so that most messages are taken in once.
const FOR_TEXT: Duration = Duration::from_secs(2);

/// A search as it begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SearchView {
    /// What is found, as a live window.
    pub window: WindowView,
    /// What was understood.
    pub parts: Vec<PartView>,
    /// What to mark in what is found.
    pub marks: Vec<MarkView>,
    /// What was looked through.
    pub covered: CoveredView,
}

impl Core {
    /// Opens a live window on what a text finds (core/src/search/language.rs), newest first. `within` one mailbox, or everywhere but in
    /// trash and junk. `typing`: the last word may go on. `zone`: minutes east of UTC.
    pub async fn search_open(
        &self,
        text: String,
        within: Option<MailboxId>,
        typing: bool,
        zone: i32,
        count: u32,
    ) -> Result<SearchView> {
        let search = self.search(&text, within, typing, zone).await?;
        let (parts, marks) = (search.parts(), search.marks());
        let covered = search.covered(&self.store).await?;
        let source = Source::Search(Box::new(search), self.outgoing().await?);
        let window = self.open_window(source, count).await.inspect_err(|e| self.suspect_index(e))?;
        Ok(SearchView { window, parts, marks, covered })
    }

    async fn search(&self, text: &str, within: Option<MailboxId>, typing: bool, zone: i32) -> Result<Search> {
        let moment = Moment { now: self.clock.now(), zone: zone.clamp(-1440, 1440), typing };
        Search::new(&self.store, text, moment, within).await
    }

    /// The mailboxes of which lists show the recipients.
    async fn outgoing(&self) -> Result<HashSet<MailboxId>> {
        let mut found = HashSet::new();
        for account in self.store.accounts().await? {
            let mailboxes = self.store.mailboxes(account.id).await?;
            found.extend(mailboxes.iter().filter(|m| is_outgoing(m.role)).map(|m| m.id));
        }
        Ok(found)
    }

    fn suspect_index(&self, e: &Error) {
        if e.kind == Kind::StorageDamaged {
            self.store.suspect_index();
        }
    }

    /// Asks the servers what a search finds there and not here. What they find comes into its window; an event tells how far they are.
    /// Where all is here nobody is asked.
    pub async fn search_ask(&self, window: u32) -> Result<()> {
        let Some(supervisor) = self.supervisor() else { return Ok(()) };
        for (account, mailboxes) in self.lacking(window).await? {
            let Some(ctx) = supervisor.beside(account) else { continue };
            tokio::spawn(ask_one(self.weak(), window, ctx, mailboxes));
        }
        Ok(())
    }

    /// Accounts whose servers may find more than is found here, and where to look there.
    async fn lacking(&self, window: u32) -> Result<Vec<(AccountId, Vec<MailboxId>)>> {
        let mut lacking = Vec::new();
        for account in self.store.accounts().await? {
            if account.protocol != Protocol::Imap || !self.store.lacks_text(account.id).await? {
                continue;
            }
            let all = self.store.mailboxes(account.id).await?;
            let mut windows = self.windows.lock().await;
            let Some(search) = windows.open.get_mut(&window).and_then(Window::search) else { break };
            let mailboxes: Vec<MailboxId> =
                all.iter().map(|m| m.id).filter(|id| search.counts(*id)).collect();
            if !mailboxes.is_empty() && !search.wanted.is_everything() {
                lacking.push((account.id, mailboxes));
            }
        }
        Ok(lacking)
    }

    /// What a text finds, without keeping a window; for the command line. All that came is searched.
    pub async fn search_once(&self, text: &str, count: u32) -> Result<SearchView> {
        indexing::finish(&self.store).await?;
        let mut search = self.search(text, None, false, 0).await?;
        search.want(count as usize);
        let (parts, marks) = (search.parts(), search.marks());
        let covered = search.covered(&self.store).await?;
        let source = Source::Search(Box::new(search), self.outgoing().await?);
        let mut live =
            Window::open(&self.store, 0, source, count).await.inspect_err(|e| self.suspect_index(e))?;
        let mut window = live.view();
        while window.rows.len() < (count as usize).min(window.total as usize) {
            let page =
                live.show(&self.store, window.rows.len() as u64, count - window.rows.len() as u32).await?;
            if page.rows.is_empty() {
                break;
            }
            window.rows.extend(page.rows);
        }
        Ok(SearchView { window, parts, marks, covered })
    }
}

/// Asks one server; its answers come into the window.
async fn ask_one(core: Weak<Inner>, window: u32, ctx: Arc<Context>, mailboxes: Vec<MailboxId>) {
    let Some(wanted) = with_search(&core, window, |s| {
        s.asked.asking += 1;
        s.wanted.clone()
    })
    .await
    else {
        return;
    };
    let (tell, mut told) = mpsc::channel::<Found>(4);
    let asking = async {
        let asked = tokio::time::timeout(PATIENCE, ask::ask(&ctx, &wanted, &mailboxes, &tell)).await;
        drop(tell);
        matches!(asked, Ok(Ok(())))
    };
    let hearing = async {
        while let Some(found) = told.recv().await {
            let heard = with_search(&core, window, |s| {
                s.add_found(found.messages);
                s.asked.elsewhere += found.elsewhere;
            });
            if heard.await.is_none() {
                break; // closed: nobody asks any more
            }
        }
        drop(told);
    };
    let (answered, ()) = tokio::join!(asking, hearing);
    with_search(&core, window, |s| {
        s.asked.asking -= 1;
        s.asked.answered += u32::from(answered);
        s.asked.failed += u32::from(!answered);
    })
    .await;
}

/// Changes an open search, and tells what became of its window; `None` when it is closed.
async fn with_search<T>(core: &Weak<Inner>, window: u32, change: impl FnOnce(&mut Search) -> T) -> Option<T> {
    let core = core.upgrade()?;
    let mut windows = core.windows.lock().await;
    let open = windows.open.get_mut(&window)?;
    let search = open.search()?;
    let out = change(search);
    if let Ok(covered) = search.covered(&core.store).await {
        let _ = core.events.send(Event::Searched { window, covered });
    }
    if let Ok(Some(update)) = open.refresh(&core.store).await {
        let _ = core.events.send(Event::Window(update));
    }
    Some(out)
}

/// Keeps the index in step from now on, as long as the core is there.
pub(super) async fn keep_indexed(
    core: Weak<Inner>,
    mut changes: broadcast::Receiver<crate::store::ChangeSet>,
) {
    let mut taken = 0;
    // When headers are taken in too; first what is left from the last time.
    let mut due = Instant::now();
    loop {
        let Some(inner) = core.upgrade() else { return };
        let store = inner.store.clone();
        drop(inner);
        let mut done = indexing::step(&store, Take::Ripe).await;
        let all = Instant::now() >= due;
        if all && matches!(done, Ok(0)) {
            done = indexing::step(&store, Take::All).await;
        }
        let tidied = match done {
            Ok(0) if all => indexing::tidy(&store, std::mem::take(&mut taken)).await,
            Ok(0) => Ok(()),
            Ok(some) => {
                taken += some;
                continue;
            }
            Err(e) => Err(e),
        };
        if let Err(e) = tidied {
            tracing::warn!(error = %e, "the index could not be written");
            if e.kind == Kind::StorageDamaged {
                store.suspect_index();
            }
            drop(store);
            tokio::time::sleep(REST).await;
            continue;
        }
        drop(store);
        // Until something changes that it has not made itself, or headers have waited long enough.
        loop {
            let change = match all {
                true => changes.recv().await,
                false => match tokio::time::timeout_at(due, changes.recv()).await {
                    Ok(change) => change,
                    Err(_) => break,
                },
            };
            match change {
                Ok(change)
                    if change.mailboxes.is_empty() && change.messages.is_empty() && !change.accounts => {}
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => break,
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
        if all {
            due = Instant::now() + FOR_TEXT;
        }
    }
}
