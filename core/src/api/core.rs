//! The core of one device.

use super::browser::Visit;
use super::events::{Event, Events};
use super::queries::Pictures;
use super::search::keep_indexed;
use super::types::AccountState;
use crate::account::Vault;
use crate::account::issuers::Issuers;
use crate::account::secrets::Secrets;
use crate::clock::Clock;
use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, PlacementId, Protocol};
use crate::query::indexing;
use crate::query::list::Window;
use crate::store::{ChangeSet, Store};
use crate::sync::maildrop::{filing, visit};
use crate::sync::supervisor::Supervisor;
use crate::sync::{Context, bodies, cycle, outbox, supervisor};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell, broadcast};

/// Changes that come in a burst (a first sync commits many times a second) are shown together after this pause.
const SETTLE: Duration = Duration::from_millis(60);
/// How often everything that is stored is read and looked over, in the background. Seconds.
const LOOK_OVER: i64 = 7 * 86_400;
/// When it was last done.
const LOOKED_OVER: &str = "storage.looked_over";
/// How long undo can be used after an action that is through.
const REMEMBER: i64 = 30 * 86_400;

/// Where a device keeps things.
#[derive(Debug, Clone)]
pub struct Dirs {
    /// Database and bodies.
    pub data: PathBuf,
    /// Where attachments are saved to.
    pub downloads: PathBuf,
    /// Where attachments that are only opened go.
    pub cache: PathBuf,
}

/// The core of one device. Cheap to clone; ends with its last clone.
#[derive(Clone)]
pub struct Core(Arc<Inner>);

/// What the clones of a core share.
pub struct Inner {
    pub(super) store: Store,
    pub(super) vault: Arc<Vault>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) dirs: Dirs,
    pub(super) events: broadcast::Sender<Event>,
    pub(super) supervisor: OnceCell<Arc<Supervisor>>,
    /// A phone's policy: connections end while nobody looks.
    rests: AtomicBool,
    pub(super) windows: Mutex<Windows>,
    pub(super) pictures: Mutex<Pictures>,
    /// Sign-ins in the browser.
    pub(super) visits: Mutex<BTreeMap<u32, Visit>>,
}

#[derive(Default)]
pub(super) struct Windows {
    pub(super) next: u32,
    pub(super) open: BTreeMap<u32, Window>,
}

impl std::ops::Deref for Core {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Core {
    /// Opens the data of a device. Nothing is connected until [`Core::start`].
    pub async fn open(
        dirs: Dirs,
        secrets: Arc<dyn Secrets>,
        clock: Arc<dyn Clock>,
    ) -> Result<(Core, Events)> {
        let store = open_store(&dirs.data, clock.now()).await?;
        let issuers = Issuers::load(&dirs.data);
        let vault = Vault::new(secrets).with_issuers(issuers, store.clone());
        let (events, receiver) = broadcast::channel(1024);
        let core = Core(Arc::new(Inner {
            store,
            vault: Arc::new(vault),
            clock,
            dirs,
            events,
            supervisor: OnceCell::new(),
            rests: AtomicBool::new(false),
            windows: Mutex::default(),
            pictures: Mutex::default(),
            visits: Mutex::default(),
        }));
        core.sweep_staged();
        tokio::spawn(tell(core.weak(), core.store.watch()));
        tokio::spawn(keep_indexed(core.weak(), core.store.watch()));
        tokio::spawn(gather_older(core.weak()));
        Ok((core, Events::new(receiver)))
    }

    /// For a task that ends with the core.
    pub(super) fn weak(&self) -> Weak<Inner> {
        Arc::downgrade(&self.0)
    }

    /// One more stream of events.
    pub fn events(&self) -> Events {
        Events::new(self.events.subscribe())
    }

    /// Connects all accounts and keeps them in step from now on.
    pub async fn start(&self) -> Result<()> {
        let make =
            || Supervisor::start(self.store.clone(), self.vault.clone(), self.clock.clone(), &self.dirs.data);
        let supervisor = self.supervisor.get_or_try_init(make).await?;
        let mut states = supervisor.states();
        let weak = self.weak();
        tokio::spawn(async move {
            while states.changed().await.is_ok() {
                let now: Vec<AccountState> =
                    states.borrow_and_update().iter().map(|(id, s)| AccountState::new(*id, s)).collect();
                let Some(inner) = weak.upgrade() else { return };
                let _ = inner.events.send(Event::States { states: now });
            }
        });
        let core = self.clone();
        tokio::spawn(async move {
            if let Err(e) = core.look_over_in_time().await {
                tracing::warn!(error = %e, "the storage could not be looked over");
            }
        });
        Ok(())
    }

    /// The policy of a phone from now on: while nobody looks, no connection is kept, and only [`Core::background_sync`] fetches
    /// and sends. A laptop stays connected.
    pub fn rest_when_hidden(&self) {
        self.rests.store(true, Ordering::SeqCst);
    }

    /// Somebody looks at the app, or no longer.
    pub async fn shown(&self, visible: bool) -> Result<()> {
        let Some(supervisor) = self.supervisor() else { return Ok(()) };
        if self.rests.load(Ordering::SeqCst) {
            supervisor.rest(!visible).await?;
        }
        if visible {
            supervisor.doubt_connections();
        }
        Ok(())
    }

    /// The device is on another network, or on one again. It is noticed without this too, a little later.
    pub async fn network_changed(&self) -> Result<()> {
        if let Some(supervisor) = self.supervisor() {
            supervisor.doubt_connections();
        }
        Ok(())
    }

    /// Once a week. What is found damaged is salvaged at the next start, and the user is told so.
    async fn look_over_in_time(&self) -> Result<()> {
        let now = self.clock.now();
        let last = self.store.setting(LOOKED_OVER).await?.and_then(|at| at.parse().ok()).unwrap_or(0);
        if now - last < LOOK_OVER {
            return Ok(());
        }
        let sound = self.check().await.is_ok();
        let mut tx = self.store.begin().await?;
        tx.put_setting(LOOKED_OVER, &now.to_string()).await?;
        for account in self.store.accounts().await?.iter().filter(|_| !sound) {
            tx.add_notice_once(account.id, now, "storage_damaged", "").await?;
        }
        tx.commit().await
    }

    /// Reads everything that is stored. StorageDamaged when some of it is damaged, and then the next start salvages.
    pub async fn check(&self) -> Result<()> {
        if self.store.check().await? {
            return Ok(());
        }
        Err(Error::new(Kind::StorageDamaged, self.dirs.data.display().to_string()))
    }

    /// Where a query met damage, the next start salvages.
    pub fn note_damage(&self, e: &Error) {
        if e.kind == Kind::StorageDamaged {
            self.store.suspect();
        }
    }

    /// Brings accounts in step once, over one connection each; for the command line. Another process that syncs this data is
    /// an error.
    pub async fn sync_once(&self, only: Option<AccountId>) -> Result<()> {
        let _lock = supervisor::lock(&self.dirs.data)?;
        for account in self.store.accounts().await? {
            if only.map_or(account.paused, |id| id != account.id) {
                continue;
            }
            let mut ctx =
                Context::new(self.store.clone(), account.id, self.vault.clone(), self.clock.clone());
            ctx.release_held = true;
            one_visit(&ctx, account.protocol, true).await?;
        }
        indexing::finish(&self.store).await
    }

    /// Brings all accounts in step as far as the time reaches, without a screen: for the window that a phone's system grants now
    /// and then. True when everything is in step. What was begun and not finished is safe: the next time goes on with it.
    pub async fn background_sync(&self, seconds: u32) -> Result<bool> {
        let _lock = match self.supervisor() {
            Some(supervisor) if !supervisor.is_resting() => {
                supervisor.wake_all(); // the app is open: it is at it already
                return Ok(true);
            }
            Some(_) => None, // it holds the lock, and rests
            None => Some(supervisor::lock(&self.dirs.data)?),
        };
        let until = tokio::time::Instant::now() + Duration::from_secs(u64::from(seconds));
        let mut working = tokio::task::JoinSet::new();
        for account in self.store.accounts().await?.into_iter().filter(|a| !a.paused) {
            let ctx = match self.supervisor() {
                Some(supervisor) => supervisor.context(account.id),
                None => Context::new(self.store.clone(), account.id, self.vault.clone(), self.clock.clone()),
            };
            working.spawn(async move {
                tokio::time::timeout_at(until, one_visit(&ctx, account.protocol, false)).await
            });
        }
        let mut all = true;
        let woken = async {
            match self.supervisor() {
                Some(supervisor) => supervisor.woken().await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(woken);
        loop {
            let outcome = tokio::select! {
                outcome = working.join_next() => outcome,
                // Somebody looks: the app goes on with it, over connections that stay.
                () = &mut woken => {
                    working.shutdown().await;
                    return Ok(false);
                }
            };
            let Some(outcome) = outcome else { break };
            match outcome {
                Ok(Ok(Ok(()))) => {}
                Ok(Ok(Err(e))) => {
                    tracing::info!(error = %e, "an account is not in step");
                    all = false;
                }
                _ => all = false,
            }
        }
        Ok(all)
    }

    /// Fetches the content of one message now, over a connection of its own; for the command line.
    pub async fn fetch_once(&self, id: PlacementId) -> Result<()> {
        let placement = self.store.placement(id).await?;
        let message = self.store.message(placement.message).await?;
        if message.is_here(true) {
            return Ok(());
        }
        let ctx = Context::new(self.store.clone(), message.account, self.vault.clone(), self.clock.clone());
        if self.store.account(message.account).await?.protocol == Protocol::Pop3 {
            return visit::visit(&ctx, &[placement.message]).await;
        }
        let mut session = ctx.connect().await?;
        bodies::fetch_one(&ctx, &mut session, placement.message, true).await?;
        ctx.write_down(&mut session).await?;
        session.logout().await;
        Ok(())
    }

    pub(super) fn supervisor(&self) -> Option<&Arc<Supervisor>> {
        self.supervisor.get()
    }

    /// The account of an address, or the only one.
    pub async fn account_by_address(&self, address: Option<&str>) -> Result<AccountId> {
        let accounts = self.store.accounts().await?;
        let found = match address {
            Some(address) => accounts.iter().find(|a| a.address.eq_ignore_ascii_case(address)),
            None if accounts.len() == 1 => accounts.first(),
            None => None,
        };
        found.map(|a| a.id).ok_or_else(|| Error::new(Kind::NotFound, address.unwrap_or("account")))
    }

    /// Closes the database after what is being written.
    pub async fn close(&self) {
        self.store.close().await;
    }
}

/// A cycle over a connection of its own; where there was something to do, `again` asks once more.
async fn one_visit(ctx: &Context, protocol: Protocol, again: bool) -> Result<()> {
    if protocol == Protocol::Pop3 {
        filing::file(ctx).await?;
        visit::visit(ctx, &[]).await?;
        outbox::deliver(ctx).await?;
        return filing::file(ctx).await; // the copies
    }
    let mut session = ctx.connect().await?;
    session.compress().await?;
    let done = async {
        let before = ctx.meter.round_trips();
        cycle::cycle(ctx, &mut session, true).await?;
        // Nothing was new: one question has told that.
        let quiet = ctx.meter.round_trips() - before <= 1 && ctx.store.waiting_count(ctx.account).await? == 0;
        let told = outbox::deliver(ctx).await;
        if *told.as_ref().unwrap_or(&0) > 0 {
            cycle::cycle(ctx, &mut session, false).await?; // the copies
        } else if again && !quiet {
            // What was held back or came in meanwhile.
            cycle::survey(ctx, &mut session, false).await?;
        }
        told.map(drop)
    }
    .await;
    ctx.write_down(&mut session).await?;
    done?;
    session.logout().await;
    Ok(())
}

/// Opens the database and tidies it up. Damage that only the tidying meets is salvaged like any other.
async fn open_store(dir: &std::path::Path, now: i64) -> Result<Store> {
    let store = Store::open(dir, now).await?;
    match tidy(&store, now).await {
        Err(e) if e.kind == Kind::StorageDamaged => {
            store.suspect();
            store.close().await;
            drop(store);
            let store = Store::open(dir, now).await?;
            tidy(&store, now).await?;
            Ok(store)
        }
        other => other.map(|()| store),
    }
}

/// Forgets what can no longer be undone.
async fn tidy(store: &Store, now: i64) -> Result<()> {
    let mut tx = store.begin().await?;
    tx.forget_actions(now - REMEMBER).await?;
    tx.forget_decisions(now - REMEMBER).await?;
    tx.commit().await
}

/// Finds the conversations of mail that came before there were any, a little at a time.
async fn gather_older(core: Weak<Inner>) {
    while let Some(store) = core.upgrade().map(|core| core.store.clone()) {
        match store.gather_older().await {
            Ok(0) => return,
            Ok(_) => tokio::task::yield_now().await,
            Err(e) => return tracing::warn!(error = %e, "older mail could not be put together"),
        }
    }
}

/// Turns change sets into events: coalesced, with the windows read again.
async fn tell(core: Weak<Inner>, mut changes: broadcast::Receiver<ChangeSet>) {
    loop {
        let mut all = ChangeSet::default();
        let mut lagged = false;
        match changes.recv().await {
            Ok(change) => merge(&mut all, change),
            Err(broadcast::error::RecvError::Lagged(_)) => lagged = true,
            Err(broadcast::error::RecvError::Closed) => return,
        }
        tokio::time::sleep(SETTLE).await;
        loop {
            match changes.try_recv() {
                Ok(change) => merge(&mut all, change),
                Err(broadcast::error::TryRecvError::Lagged(_)) => lagged = true,
                Err(_) => break,
            }
        }
        let Some(core) = core.upgrade() else { return };
        if lagged {
            let _ = core.events.send(Event::Reload);
            continue;
        }
        let send = |event| {
            let _ = core.events.send(event);
        };
        if all.accounts || !all.journal.is_empty() {
            send(Event::Accounts);
        }
        if all.tree || !all.mailboxes.is_empty() {
            send(Event::Mailboxes);
        }
        if !all.outbox.is_empty() {
            send(Event::Outbox);
        }
        if all.notices {
            send(Event::Notices);
        }
        for (message, (here, size)) in all.coming {
            send(Event::MessageComing { message, here, size });
        }
        for message in all.messages.iter().take(50) {
            send(Event::Message { message: *message });
        }
        let mut windows = core.windows.lock().await;
        for (id, window) in &mut windows.open {
            if let Some(search) = window.search().filter(|_| all.index)
                && let Ok(covered) = search.covered(&core.store).await
            {
                send(Event::Searched { window: *id, covered });
            }
            let searches = window.search().is_some();
            if all.mailboxes.iter().any(|m| window.covers(*m)) || (all.index && searches) {
                match window.refresh(&core.store).await {
                    Ok(Some(update)) => send(Event::Window(update)),
                    Ok(None) => {}
                    Err(e) => tracing::warn!(error = %e, "a window could not be read"),
                }
            }
        }
    }
}

fn merge(all: &mut ChangeSet, one: ChangeSet) {
    all.accounts |= one.accounts;
    all.tree |= one.tree;
    all.notices |= one.notices;
    all.index |= one.index;
    all.outbox.extend(one.outbox);
    all.mailboxes.extend(one.mailboxes);
    all.messages.extend(one.messages);
    all.journal.extend(one.journal);
    all.coming.extend(one.coming);
}
