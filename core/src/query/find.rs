//! A search: what was asked, who and what is meant by it, what is found here, and what was looked through.

use crate::error::Result;
use crate::model::{MailboxId, MessageId, Role};
use crate::search::language::{self, Moment, Part};
use crate::search::words::folded;
use crate::search::{Field, Wanted, Words};
use crate::store::Store;
use crate::store::conversation::tie;
use crate::store::mailbox::MailboxRow;
use crate::store::search::Hit;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use ts_rs::TS;

/// So many are looked up at first, and so many times more whenever somebody comes near their end.
const FIRST: usize = 200;
const MORE: usize = 4;
/// No list is longer than this: who wants more asks more precisely.
const LONGEST: usize = 50_000;

/// A condition as it was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PartView {
    /// from, to, subject, body, file, in, has, is, before, after, larger, smaller, id, words.
    pub name: String,
    /// What it asks for.
    pub value: String,
    /// It excludes.
    pub not: bool,
    /// The text without it.
    pub without: String,
}

/// Words to mark where they are found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MarkView {
    /// any, from, to, subject, body, file.
    pub field: String,
    /// As they were typed.
    pub text: String,
    /// The last one may be the beginning of a longer one.
    pub beginning: bool,
}

/// What a search looked through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CoveredView {
    /// Accounts.
    pub accounts: u32,
    /// Messages whose header is here.
    pub here: u64,
    /// Messages that servers have, as last told.
    pub on_server: u64,
    /// Messages whose text is searched too.
    pub texts: u64,
    /// Messages that are here and not searched yet.
    pub waiting: u64,
    /// Trash and junk were left out.
    pub spared: bool,
    /// Servers that are being asked for the rest.
    pub asking: u32,
    /// Servers that answered.
    pub answered: u32,
    /// Servers that could not be asked.
    pub failed: u32,
    /// Messages that servers found and whose header is not here yet.
    pub elsewhere: u64,
}

/// How far the servers are with a search.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked {
    /// Being asked.
    pub asking: u32,
    /// Answered.
    pub answered: u32,
    /// Could not be asked.
    pub failed: u32,
    /// Messages found whose header is not here yet.
    pub elsewhere: u64,
}

/// A search that was understood.
#[derive(Debug)]
pub struct Search {
    /// What is wanted, with names and folders looked up.
    pub wanted: Wanted,
    parts: Vec<Part>,
    text: String,
    scope: Option<Vec<MailboxId>>,
    /// The text itself names folders, or a message.
    named: bool,
    spared: Vec<MailboxId>,
    /// Of several places of a message, which one people would open: the lowest.
    ranks: BTreeMap<MailboxId, u8>,
    /// What servers found, of the messages that are here.
    found: BTreeSet<MessageId>,
    /// How far the servers are.
    pub asked: Asked,
    hits: Vec<Hit>,
    limit: usize,
}

impl Search {
    /// Reads what was typed. `within` one mailbox, or in all but trash and junk unless the text itself names folders.
    pub async fn new(store: &Store, text: &str, moment: Moment, within: Option<MailboxId>) -> Result<Self> {
        let read = language::read(text, moment);
        let mut folders: Vec<MailboxRow> = Vec::new();
        let accounts: Vec<_> = store.accounts().await?.iter().map(|a| a.id).collect();
        for account in &accounts {
            folders.extend(store.mailboxes(*account).await?);
        }
        let own = store.own_addresses().await?;
        let named = names_place(&read.wanted);
        let wanted = read.wanted.map(&|w| match w {
            Wanted::Folder(name) => folder(&name, &folders),
            Wanted::Me(field) => Wanted::Any(own.iter().map(|address| me(field, address)).collect()),
            Wanted::Named(id) => {
                let ties = accounts.iter().map(|account| tie(*account, &id)).collect();
                Wanted::Tied(id, ties)
            }
            other => other,
        });
        // Trash and junk, unless a folder is named; and never what the user has removed.
        let aside =
            |m: &&MailboxRow| m.hidden || (!named && matches!(m.role, Some(Role::Junk | Role::Trash)));
        let spared = folders.iter().filter(aside).map(|m| m.id).collect();
        let ranks = folders.iter().map(|m| (m.id, rank(m.role))).collect();
        Ok(Self {
            wanted,
            parts: read.parts,
            text: text.to_owned(),
            scope: within.filter(|_| !named).map(|id| vec![id]),
            spared,
            ranks,
            named,
            found: BTreeSet::new(),
            asked: Asked::default(),
            hits: Vec::new(),
            limit: FIRST,
        })
    }

    /// Its conditions one by one.
    pub fn parts(&self) -> Vec<PartView> {
        let view = |p: &Part| {
            let (before, after) = (&self.text[..p.place.start], &self.text[p.place.end..]);
            PartView {
                name: p.name.to_owned(),
                value: p.value.clone(),
                not: p.not,
                without: format!("{} {}", before.trim_end(), after.trim_start()).trim().to_owned(),
            }
        };
        self.parts.iter().map(view).collect()
    }

    /// The words to mark.
    pub fn marks(&self) -> Vec<MarkView> {
        let mut marks = Vec::new();
        marks_of(&self.wanted, &mut marks);
        marks
    }

    /// What is found now.
    pub fn hits(&self) -> &[Hit] {
        &self.hits
    }

    /// There may be more than that.
    pub fn more(&self) -> bool {
        self.hits.len() >= self.limit
    }

    /// Somebody comes near this hit: there should be more behind it.
    pub fn reach(&mut self, until: u64) -> bool {
        let near = self.more() && until as usize + FIRST / 2 > self.hits.len() && self.limit < LONGEST;
        if near {
            self.limit = (self.limit * MORE).min(LONGEST);
        }
        near
    }

    /// So many are wanted from the beginning.
    pub fn want(&mut self, count: usize) {
        self.limit = count.clamp(1, LONGEST);
    }

    /// Looks again.
    pub async fn look(&mut self, store: &Store) -> Result<()> {
        if self.wanted.is_everything() {
            self.hits.clear();
            return Ok(());
        }
        let scope = self.scope.as_deref();
        let rank = |id: MailboxId| self.ranks.get(&id).copied().unwrap_or(u8::MAX);
        let mut hits = store.search(&self.wanted, None, scope, &self.spared, &rank, self.limit).await?;
        if !self.found.is_empty() {
            let found: Vec<MessageId> = self.found.iter().copied().collect();
            let all = self.wanted.without_words();
            hits.extend(store.search(&all, Some(&found), scope, &self.spared, &rank, self.limit).await?);
            hits.sort_by_key(|h| std::cmp::Reverse(h.sort));
            hits.dedup_by_key(|h| h.message);
            hits.truncate(self.limit);
        }
        self.hits = hits;
        Ok(())
    }

    /// A server found these too.
    pub fn add_found(&mut self, messages: impl IntoIterator<Item = MessageId>) {
        self.found.extend(messages);
    }

    /// Whether places of a mailbox count.
    pub fn counts(&self, mailbox: MailboxId) -> bool {
        match &self.scope {
            Some(ids) => ids.contains(&mailbox),
            None => !self.spared.contains(&mailbox),
        }
    }

    /// What it looks through.
    pub async fn covered(&self, store: &Store) -> Result<CoveredView> {
        let Asked { asking, answered, failed, elsewhere } = self.asked;
        let spared = !self.named && self.scope.is_none();
        let mut covered = CoveredView { spared, asking, answered, failed, elsewhere, ..Default::default() };
        for account in store.accounts().await? {
            covered.accounts += 1;
            for m in store.mailboxes(account.id).await?.iter().filter(|m| self.counts(m.id)) {
                covered.here += m.total.max(0) as u64;
                covered.on_server += (m.total.max(0) as u64).max(u64::from(m.server_total));
            }
        }
        let searched = store.searched().await?;
        covered.waiting = searched.waiting;
        // The index counts what was left out of this search too.
        covered.texts = match searched.lacks || searched.waiting > 0 {
            true => searched.texts.min(covered.here),
            false => covered.here,
        };
        Ok(covered)
    }
}

/// A folder is asked for, or one message wherever it is: to exclude one asks for none.
fn names_place(wanted: &Wanted) -> bool {
    match wanted {
        Wanted::All(parts) | Wanted::Any(parts) => parts.iter().any(names_place),
        Wanted::Folder(_) | Wanted::Named(_) => true,
        _ => false,
    }
}

fn rank(role: Option<Role>) -> u8 {
    match role {
        Some(Role::Inbox) => 0,
        None => 1,
        Some(Role::Sent | Role::Drafts | Role::Archive) => 2,
        Some(Role::Flagged | Role::All) => 3,
        Some(Role::Junk | Role::Trash) => 4,
    }
}

fn me(field: Field, address: &str) -> Wanted {
    Wanted::Words(Words { field, text: address.to_owned(), beginning: false })
}

/// What folders are for, as people call it.
const CALLED: &[(Role, &[&str])] = &[
    (Role::Inbox, &["inbox", "entrada", "caixa de entrada", "bandeja", "bandeja de entrada"]),
    (Role::Sent, &["sent", "enviados", "enviadas", "enviado"]),
    (Role::Drafts, &["drafts", "draft", "rascunhos", "rascunho", "borradores", "borrador"]),
    (Role::Archive, &["archive", "arquivo", "archivo", "arquivadas"]),
    (Role::Trash, &["trash", "lixeira", "papelera"]),
    (Role::Junk, &["junk", "spam", "lixo"]),
    (Role::All, &["all"]),
    (Role::Flagged, &["starred", "flagged"]),
];
const ANYWHERE: [&str; 6] = ["anywhere", "everywhere", "qualquer-lugar", "tudo", "todo", "cualquier-lugar"];

/// The mailboxes that are meant by a name: those called so, else those that are for that, else those whose name begins so.
fn folder(name: &str, folders: &[MailboxRow]) -> Wanted {
    let name = folded(name);
    if ANYWHERE.contains(&name.as_str()) {
        return Wanted::All(Vec::new());
    }
    let last = |m: &MailboxRow| match m.delimiter.as_str() {
        "" => folded(&m.name),
        delimiter => folded(m.name.rsplit(delimiter).next().unwrap_or(&m.name)),
    };
    let role = CALLED.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(role, _)| *role);
    let kinds: [&dyn Fn(&MailboxRow) -> bool; 3] = [
        &|m| folded(&m.name) == name || last(m) == name || (role.is_some() && m.role == role),
        &|m| role.is_none() && last(m).starts_with(&name),
        &|m| role.is_none() && folded(&m.name).starts_with(&name),
    ];
    let meant = |kind: &dyn Fn(&MailboxRow) -> bool| {
        folders.iter().filter(|m| kind(m)).map(|m| m.id).collect::<Vec<_>>()
    };
    Wanted::Mailboxes(kinds.iter().map(|k| meant(k)).find(|ids| !ids.is_empty()).unwrap_or_default())
}

/// Words that are wanted, not those that are excluded.
fn marks_of(wanted: &Wanted, marks: &mut Vec<MarkView>) {
    match wanted {
        Wanted::All(parts) | Wanted::Any(parts) => parts.iter().for_each(|p| marks_of(p, marks)),
        Wanted::Words(w) => {
            let field = match w.field {
                Field::Any => "any",
                Field::From => "from",
                Field::To => "to",
                Field::Subject => "subject",
                Field::Body => "body",
                Field::File => "file",
            };
            marks.push(MarkView { field: field.to_owned(), text: w.text.clone(), beginning: w.beginning });
        }
        _ => {}
    }
}
