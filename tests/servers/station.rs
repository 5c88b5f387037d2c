//! A device of ours on a model server, taken apart: its store, its context, and a way to stop it dead at any durable step and
//! at anything that is said. Everything is in this process, on virtual time, so that ten thousand crashes take minutes.

use crate::device::small;
use crate::model::Model;
use crate::model::fault::{Fault, Plan};
use crate::model::world::World;
use malote_core::account::Vault;
use malote_core::account::secrets::MemorySecrets;
use malote_core::clock::Clock;
use malote_core::error::Result;
use malote_core::model::{AccountId, Endpoint, Keep, Leave, MailboxId, PlacementId, Protocol, Tls};
use malote_core::store::account::AccountRow;
use malote_core::store::list::ListScope;
use malote_core::store::{Gate, Store, Tx};
use malote_core::sync::{Context, cycle};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// A time that only moves when it is moved, and chance that repeats.
#[derive(Default)]
pub struct TestClock {
    now: AtomicI64,
    drawn: AtomicU64,
}

impl TestClock {
    pub fn at(now: i64) -> Arc<Self> {
        Arc::new(Self { now: AtomicI64::new(now), drawn: AtomicU64::new(0) })
    }

    pub fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }
    fn chance(&self, bound: u64) -> u64 {
        self.drawn.fetch_add(7, Ordering::SeqCst) % bound.max(1)
    }
}

/// Runs something on virtual time: the clock of the runtime stands still and moves only when a fault says so. (By itself a
/// paused clock jumps ahead whenever nothing in the runtime is ready, also while SQLite's threads work; a blocking task that
/// waits keeps it from that.)
pub fn on_virtual_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("runtime");
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let out = runtime.block_on(async {
        let holding = tokio::task::spawn_blocking(move || {
            let _ = ended.recv();
        });
        let out = work.await;
        drop(end);
        let _ = holding.await;
        out
    });
    runtime.shutdown_background();
    out
}

/// Where a device stops dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// Before this transaction is durable: what it wrote and the disk had not yet been told to keep is lost.
    BeforeCommit(u64),
    /// After it is durable.
    AfterCommit(u64),
    /// When this command is on its way; the server never gets it.
    BeforeStep(u64),
    /// When this command was carried out; the answer is never read.
    AfterStep(u64),
}

#[derive(Default)]
struct Trap {
    commits: AtomicU64,
    before: Mutex<Option<u64>>,
    after: Mutex<Option<u64>>,
    sprung: Notify,
}

impl Trap {
    fn stop(&self, at: &Mutex<Option<u64>>, now: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        if *at.lock().expect("trap") == Some(now) {
            self.sprung.notify_one();
            return Box::pin(std::future::pending());
        }
        Box::pin(std::future::ready(()))
    }
}

impl Gate for Trap {
    fn before(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let now = self.commits.load(Ordering::SeqCst);
        self.stop(&self.before, now)
    }
    fn after(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let now = self.commits.fetch_add(1, Ordering::SeqCst);
        self.stop(&self.after, now)
    }
}

/// What a mailbox holds: flags by word.
pub type Contents = BTreeMap<String, Vec<Vec<String>>>;

/// A device.
pub struct Station {
    pub model: Model,
    pub store: Store,
    pub account: AccountId,
    pub clock: Arc<TestClock>,
    vault: Arc<Vault>,
    trap: Arc<Trap>,
    dir: PathBuf,
}

impl Station {
    /// Opens the data in `dir`; a new account where there is none.
    pub async fn open(model: &Model, dir: &Path, keep: Keep) -> Self {
        let trap = Arc::new(Trap::default());
        let store = Store::open(dir, 0).await.expect("store").gated(trap.clone());
        let clock = TestClock::at(1_790_000_000);
        let account = match store.accounts().await.expect("accounts").first() {
            Some(a) => a.id,
            None => {
                let mut tx = store.begin().await.expect("begin");
                let id = tx.add_account(&account_row(keep)).await.expect("account");
                tx.commit().await.expect("commit");
                id
            }
        };
        let vault = Arc::new(Vault::new(Arc::new(MemorySecrets::default())));
        vault.remember(account, "senha");
        Self { model: model.clone(), store, account, clock, vault, trap, dir: dir.to_owned() }
    }

    /// After a crash, or just so: everything that is not on the disk is gone.
    pub async fn restart(&mut self) {
        self.store.close().await;
        self.trap = Arc::new(Trap::default());
        self.store =
            Store::open(&self.dir, 0).await.expect("it opens after a crash").gated(self.trap.clone());
    }

    pub fn context(&self) -> Context {
        let mut ctx = Context::new(self.store.clone(), self.account, self.vault.clone(), self.clock.clone());
        ctx.way = Some(Arc::new(self.model.clone()));
        ctx.release_held = true;
        ctx
    }

    /// As `malote sync` does it.
    pub async fn sync(&self) -> Result<()> {
        let ctx = self.context();
        let mut session = ctx.connect().await?;
        cycle::cycle(&ctx, &mut session, true).await?;
        cycle::survey(&ctx, &mut session, false).await?;
        session.logout().await;
        Ok(())
    }

    /// To be called when this device is to stop dead.
    pub fn stopper(&self) -> impl Fn() + Send + Sync + 'static {
        let trap = self.trap.clone();
        move || trap.sprung.notify_one()
    }

    /// Syncs and stops dead there; true when it got that far.
    pub async fn crash(&self, at: Crash) -> bool {
        self.crash_in(at, self.sync()).await
    }

    /// The same of something else that it does.
    pub async fn crash_in<T>(&self, at: Crash, work: impl Future<Output = T>) -> bool {
        let trap = &self.trap;
        trap.commits.store(0, Ordering::SeqCst);
        let sprung = self.stopper();
        match at {
            Crash::BeforeCommit(n) => *trap.before.lock().expect("trap") = Some(n),
            Crash::AfterCommit(n) => *trap.after.lock().expect("trap") = Some(n),
            Crash::BeforeStep(n) => drop(self.model.plan(Plan::at(n, Fault::CutBefore).then(sprung))),
            Crash::AfterStep(n) => drop(self.model.plan(Plan::at(n, Fault::CutAfter).then(sprung))),
        }
        let crashed = self.until_stopped(work).await;
        self.model.plan(Plan::default());
        *trap.before.lock().expect("trap") = None;
        *trap.after.lock().expect("trap") = None;
        crashed
    }

    /// Does something until it ends or the device stops dead; true when it stopped.
    pub async fn until_stopped<T>(&self, work: impl Future<Output = T>) -> bool {
        tokio::select! {
            biased;
            () = self.trap.sprung.notified() => true,
            _ = work => false,
        }
    }

    /// How many transactions were made durable since the last count.
    pub fn take_commits(&self) -> u64 {
        self.trap.commits.swap(0, Ordering::SeqCst)
    }

    pub async fn mailbox(&self, name: &str) -> Option<MailboxId> {
        let all = self.store.mailboxes(self.account).await.expect("mailboxes");
        all.into_iter().find(|m| m.name == name && !m.gone && !m.hidden).map(|m| m.id)
    }

    /// The visible rows of a mailbox: word, flags, number.
    pub async fn rows(&self, name: &str) -> Vec<(String, Vec<String>, PlacementId)> {
        let Some(id) = self.mailbox(name).await else { return Vec::new() };
        let rows = self.store.list_rows(&ListScope::mailbox(id), 0, 100_000).await.expect("rows");
        rows.into_iter()
            .map(|r| {
                let mut flags: Vec<String> = r.flags.names().split_whitespace().map(str::to_owned).collect();
                flags.sort();
                (r.subject, flags, r.id)
            })
            .collect()
    }

    /// What a mailbox holds.
    pub async fn contents(&self, name: &str) -> Contents {
        let mut out = Contents::new();
        for (word, flags, _) in self.rows(name).await {
            out.entry(word).or_default().push(flags);
        }
        for all in out.values_mut() {
            all.sort();
        }
        out
    }

    /// The placements of these words in a mailbox.
    pub async fn ids(&self, name: &str, words: &[&str]) -> Vec<PlacementId> {
        let rows = self.rows(name).await;
        rows.into_iter().filter(|(w, ..)| words.contains(&w.as_str())).map(|(.., id)| id).collect()
    }

    /// In one transaction, as the api does it.
    pub async fn tx(&self) -> Tx {
        self.store.begin().await.expect("begin")
    }

    /// What is wrong with this device, now that everything should be in step; nothing when it equals the server.
    pub async fn wrongs(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let waiting = self.store.waiting_intents(self.account).await.expect("intents");
        if !waiting.is_empty() {
            wrong.push(format!("still waiting: {waiting:?}"));
        }
        let world: World = self.model.world().clone();
        let rows = self.store.mailboxes(self.account).await.expect("mailboxes");
        for row in rows.iter().filter(|r| !r.gone && r.uid_validity > 0) {
            if world.folder(&row.name).is_none() {
                wrong.push(format!("{} is not on the server", row.name));
            }
        }
        for f in &world.folders {
            let row = rows.iter().find(|r| r.name == f.name && !r.gone);
            let told = self.model.can("LIST-EXTENDED");
            if told && row.is_some_and(|r| r.subscribed != f.subscribed && r.name != "INBOX") {
                wrong.push(format!("{}: subscribed on the server: {}", f.name, f.subscribed));
            }
            let here = self.contents(&f.name).await;
            let there = world.contents(&f.name);
            if here != there {
                wrong.push(format!("{}: here {here:?}, on the server {there:?}", f.name));
            }
        }
        let mut tx = self.tx().await;
        for row in &rows {
            let lost = tx.expected_placements(row.id).await.expect("expected");
            if !lost.is_empty() {
                wrong.push(format!("{}: {} rows expect what never comes", row.name, lost.len()));
            }
            for p in tx.placements_with_uid(row.id).await.expect("placements").iter().filter(|p| p.hidden) {
                wrong.push(format!("{}: UID {} stays hidden", row.name, p.uid));
            }
        }
        wrong
    }
}

pub fn account_row(keep: Keep) -> AccountRow {
    AccountRow {
        id: AccountId(0),
        address: "ana@exemplo.test".into(),
        name: "Ana".into(),
        user: "ana".into(),
        protocol: Protocol::Imap,
        incoming: Endpoint { host: "localhost".into(), port: 143, tls: Tls::None },
        smtp: None,
        issuer: String::new(),
        paused: false,
        leave: Leave::Always,
        size_limit: 0,
        ca_file: String::new(),
        password_command: String::new(),
        sealed_password: Vec::new(),
        pin: String::new(),
        proxy: String::new(),
        sealed_proxy: Vec::new(),
        keep,
        budget: Default::default(),
        created: 0,
    }
}

/// The mail that the scenarios begin with.
pub fn beginning() -> World {
    let mut world = World::new();
    for (name, role) in
        [("Archive", "\\Archive"), ("Trash", "\\Trash"), ("Works", ""), ("Works/Old", ""), ("Empty", "")]
    {
        world.create_for(name, role);
    }
    for n in 0..8 {
        let flags: &[&str] = match n {
            0 => &["\\Seen"],
            1 => &["\\Flagged", "$Obra"],
            _ => &[],
        };
        world.append("INBOX", &small(&format!("m{n}")), flags);
    }
    for n in 0..4 {
        world.append("Works", &small(&format!("w{n}")), &[]);
    }
    world.append("Trash", &small("t0"), &["\\Seen"]);
    world.append("Trash", &small("t1"), &[]);
    world
}

/// Copies a device's data as it lies on the disk.
pub fn copy_data(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.join("bodies")).expect("a directory");
    for entry in std::fs::read_dir(from).expect("data").flatten() {
        if entry.path().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copy");
        }
    }
    for entry in std::fs::read_dir(from.join("bodies")).expect("bodies").flatten() {
        std::fs::copy(entry.path(), to.join("bodies").join(entry.file_name())).expect("copy");
    }
}

/// A directory in memory where there is one: thousands of databases come and go.
pub fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let builder = &mut tempfile::Builder::new();
    builder.prefix("malote-sim-");
    if memory.is_dir() { builder.tempdir_in(memory) } else { builder.tempdir() }.expect("a directory")
}
