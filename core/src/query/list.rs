//! A live window of a list.
//!
//! A screen opens a window on a list (first row, how many) and gets its rows; while the window is open it gets what changed
//! as a list of small operations. The window is *anchored*: when mail arrives above it, it keeps showing the same rows and
//! moves down the list with them, so nothing jumps under the reader's finger. Only at the very top do new rows come in.
//!
//! Every update carries a version. Whoever missed one asks for the whole window again.

use super::find::Search;
use super::order;
pub use super::order::Order;
use crate::error::Result;
use crate::model::{Address, ConversationId, Flags, MailboxId, MessageId, PlacementId};
use crate::store::Store;
use crate::store::conversation::Summary;
pub use crate::store::list::ListScope;
use crate::store::list::{ListPlace, ListRow};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use ts_rs::TS;

/// The longest window: some screens' worth.
pub const LONGEST: u32 = 500;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RowView {
    /// The placement: what commands are about.
    pub id: PlacementId,
    /// The message.
    pub message: MessageId,
    /// The mailbox it lies in.
    pub mailbox: MailboxId,
    /// The conversation it belongs to; 0 = not known yet.
    pub conversation: ConversationId,
    /// Messages that the row stands for; more than one where the list is by conversations.
    pub count: u32,
    /// Who wrote these, in the order of what each wrote last; empty where it is one message.
    pub people: Vec<PersonView>,
    /// Author; in Sent and Drafts the recipients.
    pub who: String,
    /// Address of the author, for the picture beside the row.
    pub address: String,
    /// Subject.
    pub subject: String,
    /// First words; empty until the content is here.
    pub preview: String,
    /// Seconds since 1970.
    pub date: i64,
    /// `\Seen`
    pub read: bool,
    /// `\Flagged`
    pub starred: bool,
    /// `\Answered`
    pub answered: bool,
    /// `\Deleted`: another client marked it for removal and has not removed it yet.
    pub deleted: bool,
    /// `\Draft`
    pub draft: bool,
    /// It stands at the top of its list; of a conversation, because any of it is wanted there.
    pub pinned: bool,
    /// The labels that it also has, where mailboxes are labels.
    pub labels: Vec<MailboxId>,
    /// Keywords of this and other clients.
    pub keywords: Vec<String>,
    /// Whether files came with it.
    pub attachments: bool,
    /// Whether it is about an appointment.
    pub event: bool,
    /// Bytes.
    pub size: u64,
}

/// Somebody who wrote in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PersonView {
    /// As people call them, in short where there are several.
    pub name: String,
    /// The user.
    pub own: bool,
    /// Wrote something that is not read yet.
    pub unread: bool,
}

impl RowView {
    /// The row of a whole conversation. `own` are the addresses of the user, in small letters.
    fn of_conversation(self, s: Option<Summary>, own: &HashSet<String>) -> Self {
        let Some(s) = s else { return self };
        let one = s.authors.len() == 1;
        let person = |(a, unread): (Address, bool)| PersonView {
            own: own.contains(&a.address.to_lowercase()),
            name: if one { a.display().to_owned() } else { short_name(&a).to_owned() },
            unread,
        };
        Self {
            count: s.count,
            read: s.read,
            starred: s.starred,
            attachments: s.has_attachments,
            people: s.authors.into_iter().map(person).collect(),
            ..self
        }
    }

    fn from_row(r: ListRow, outgoing: bool) -> Self {
        let who = if outgoing && !r.to.is_empty() {
            r.to.iter().take(3).map(|a| a.display()).collect::<Vec<_>>().join(", ")
        } else {
            r.from.display().to_owned()
        };
        Self {
            id: r.id,
            message: r.message,
            mailbox: r.mailbox,
            conversation: r.conversation,
            count: 1,
            people: Vec::new(),
            who,
            address: r.from.address,
            subject: r.subject,
            preview: r.preview,
            date: r.date,
            read: r.flags.has(Flags::SEEN),
            starred: r.flags.has(Flags::FLAGGED),
            answered: r.flags.has(Flags::ANSWERED),
            deleted: r.flags.has(Flags::DELETED),
            draft: r.flags.has(Flags::DRAFT),
            pinned: r.pinned,
            labels: Vec::new(),
            keywords: r.flags.keywords.into_iter().collect(),
            attachments: r.has_attachments,
            event: r.has_event,
            size: r.size,
        }
    }
}

/// The first of the names of a person, or the address up to its sign.
fn short_name(a: &Address) -> &str {
    match a.name.split_whitespace().next() {
        // "Souza, Ana" and "Ana Souza".
        Some(word) if word.ends_with(',') => {
            a.name.split_whitespace().nth(1).unwrap_or(word.trim_end_matches(','))
        }
        Some(word) if word.chars().count() > 1 && !word.contains('@') => word,
        _ => a.display().split('@').next().unwrap_or_default(),
    }
}

/// A whole window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WindowView {
    /// Its number.
    pub window: u32,
    /// Counts every change.
    pub version: u32,
    /// Rows of the whole list.
    pub total: u64,
    /// The row of the list at which the window begins.
    pub first: u64,
    /// Its rows.
    pub rows: Vec<RowView>,
    /// Of a search: there may be more than `total`.
    pub more: bool,
    /// Its rows are conversations.
    pub grouped: bool,
}

/// One change of the rows of a window, applied in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum RowOp {
    /// The row at this place goes.
    Remove {
        /// Place in the window.
        at: u32,
    },
    /// A row comes in at this place.
    Insert {
        /// Place in the window.
        at: u32,
        /// The row.
        row: RowView,
    },
    /// The row at this place looks different.
    Update {
        /// Place in the window.
        at: u32,
        /// The row.
        row: RowView,
    },
}

/// What changed in a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WindowUpdate {
    /// Which window.
    pub window: u32,
    /// One more than before.
    pub version: u32,
    /// Rows of the whole list.
    pub total: u64,
    /// The row of the list at which the window begins now; what is on screen moves by the difference.
    pub first: u64,
    /// Changes of its rows.
    pub ops: Vec<RowOp>,
    /// As in [`WindowView`].
    pub more: bool,
}

/// What a window shows.
#[derive(Debug)]
pub enum Source {
    /// A list.
    List(Listed),
    /// What a search finds; with the mailboxes of which the recipients are shown.
    Search(Box<Search>, HashSet<MailboxId>),
}

/// A list, and how it is shown.
#[derive(Debug)]
pub struct Listed {
    /// Which.
    pub scope: ListScope,
    /// It is of what went out (Sent, Drafts): the recipients are shown.
    pub outgoing: bool,
    /// In one by conversations, the addresses of the user, in small letters.
    pub own: HashSet<String>,
    /// In which order.
    pub order: Order,
    /// Its mailboxes are labels: those that a message also has are shown.
    pub labels: bool,
    /// What the user wants at the top stands there.
    topped: bool,
    /// That, and `scope` is without it.
    pins: Vec<PlacementId>,
    /// All of the rest in an order that is not the index's own.
    sorted: Vec<PlacementId>,
}

impl Listed {
    /// A list, the newest first.
    pub fn new(scope: ListScope, outgoing: bool) -> Self {
        let (own, order, sorted) = (HashSet::new(), Order::Newest, Vec::new());
        Self { scope, outgoing, own, order, labels: false, topped: false, pins: Vec::new(), sorted }
    }

    /// The same in an order, for a user with these addresses, and with what is wanted there at the top.
    pub fn ordered(self, order: Order, own: HashSet<String>) -> Self {
        Self { order, own, topped: true, ..self }
    }

    /// How many rows there are now, and which of them stand at the top.
    async fn count(&mut self, store: &Store) -> Result<u64> {
        if self.topped {
            self.pins = store.list_pins(&self.scope).await?;
            self.scope = std::mem::take(&mut self.scope).without(self.pins.clone());
        }
        if self.order == Order::Newest {
            return store.list_total(&self.scope).await;
        }
        let now = order::sorted(store, &self.scope, self.order, self.outgoing).await?;
        self.sorted = order::kept(std::mem::take(&mut self.sorted), now);
        Ok((self.pins.len() + self.sorted.len()) as u64)
    }

    /// Where a row stands now; `None` = nowhere.
    async fn position(&self, store: &Store, row: &RowView) -> Result<Option<u64>> {
        if let Some(at) = self.pins.iter().position(|id| *id == row.id) {
            return Ok(Some(at as u64));
        }
        let below = match self.order {
            Order::Newest => Some(store.list_position(&self.scope, row.date, row.id).await?),
            _ => self.sorted.iter().position(|id| *id == row.id).map(|at| at as u64),
        };
        Ok(below.map(|at| self.pins.len() as u64 + at))
    }

    /// Rows from `first` on.
    async fn read(
        &self,
        store: &Store,
        places: &mut Places,
        first: u64,
        count: usize,
    ) -> Result<Vec<RowView>> {
        let top: Vec<_> = self.pins.iter().skip(first as usize).take(count).copied().collect();
        let (first, left) = (first.saturating_sub(self.pins.len() as u64), count - top.len());
        let (mut rows, mut sums) = match top.is_empty() {
            true => Default::default(),
            false => store.window_of(&top, self.scope.is_grouped()).await?,
        };
        if left > 0 {
            let (below, more) = if self.order == Order::Newest {
                let (from, row) = places.above(store, &self.scope, first).await?;
                store.list_window(&self.scope, from, row, left as u64).await?
            } else {
                let ids: Vec<_> = self.sorted.iter().skip(first as usize).take(left).copied().collect();
                store.window_of(&ids, self.scope.is_grouped()).await?
            };
            rows.extend(below);
            sums.extend(more);
        }
        let labels = match self.labels {
            true => store.labels_of(&rows).await?,
            false => HashMap::new(),
        };
        let view = |r: ListRow| {
            let sum = sums.remove(&(r.conversation, r.mailbox));
            let other = |id: &&MailboxId| **id != r.mailbox;
            let labels = labels.get(&r.message).into_iter().flatten().filter(other).copied().collect();
            let pinned = r.pinned || self.pins.contains(&r.id);
            RowView { pinned, labels, ..RowView::from_row(r, self.outgoing).of_conversation(sum, &self.own) }
        };
        Ok(rows.into_iter().map(view).collect())
    }
}

/// An open window.
#[derive(Debug)]
pub struct Window {
    id: u32,
    source: Source,
    first: u64,
    count: u32,
    version: u32,
    total: u64,
    rows: Vec<RowView>,
    places: Places,
}

/// Where in a long list its rows stand, so that the millionth is found as soon as the first. Made when somebody looks far down for
/// the second time since the list last changed: making it costs as much as two such looks without it.
#[derive(Debug, Default)]
struct Places {
    known: Vec<ListPlace>,
    far: u32,
}

/// Rows below are counted from the top.
const NEAR: u64 = 4096;
/// Rows from one known place to the next.
const APART: u64 = 512;

impl Places {
    /// A place that is not far above a row, and how many rows above.
    async fn above(
        &mut self,
        store: &Store,
        scope: &ListScope,
        row: u64,
    ) -> Result<(Option<ListPlace>, u64)> {
        if row < NEAR {
            return Ok((None, row));
        }
        self.far += 1;
        if self.far == 2 {
            self.known = store.list_places(scope, APART).await?;
        }
        Ok(match self.known.get((row / APART) as usize) {
            Some(place) => (Some(*place), row % APART),
            None => (None, row),
        })
    }
}

impl Window {
    /// Opens a window at the top of a list.
    pub async fn open(store: &Store, id: u32, source: Source, count: u32) -> Result<Self> {
        let count = count.min(LONGEST);
        let places = Places::default();
        let mut window = Self { id, source, first: 0, count, version: 0, total: 0, rows: Vec::new(), places };
        window.total = window.count(store).await?;
        window.rows = window.read(store, 0).await?;
        Ok(window)
    }

    /// How many rows there are now; a search is made anew.
    async fn count(&mut self, store: &Store) -> Result<u64> {
        match &mut self.source {
            Source::List(list) => list.count(store).await,
            Source::Search(search, _) => {
                search.look(store).await?;
                Ok(search.hits().len() as u64)
            }
        }
    }

    async fn read(&mut self, store: &Store, first: u64) -> Result<Vec<RowView>> {
        match &self.source {
            Source::List(list) => list.read(store, &mut self.places, first, self.count as usize).await,
            Source::Search(search, outgoing) => {
                let hits = search.hits().iter().skip(first as usize).take(self.count as usize);
                let rows = store.rows_of(&hits.map(|h| h.placement).collect::<Vec<_>>()).await?;
                let view = |r: ListRow| {
                    let out = outgoing.contains(&r.mailbox);
                    RowView::from_row(r, out)
                };
                Ok(rows.into_iter().map(view).collect())
            }
        }
    }

    /// True when a change in the mailbox can change the list.
    pub fn covers(&self, mailbox: MailboxId) -> bool {
        match &self.source {
            Source::List(list) => list.scope.covers(mailbox),
            Source::Search(search, _) => search.counts(mailbox),
        }
    }

    /// The search that it shows.
    pub fn search(&mut self) -> Option<&mut Search> {
        match &mut self.source {
            Source::List(..) => None,
            Source::Search(search, _) => Some(search),
        }
    }

    fn more(&self) -> bool {
        matches!(&self.source, Source::Search(search, _) if search.more())
    }

    /// The whole window as it is.
    pub fn view(&self) -> WindowView {
        WindowView {
            window: self.id,
            version: self.version,
            total: self.total,
            first: self.first,
            rows: self.rows.clone(),
            more: self.more(),
            grouped: matches!(&self.source, Source::List(list) if list.scope.is_grouped()),
        }
    }

    /// Shows other rows of the list.
    pub async fn show(&mut self, store: &Store, first: u64, count: u32) -> Result<WindowView> {
        self.count = count.min(LONGEST);
        let known = match &mut self.source {
            // What was found stays until something changes, or more of it is wanted.
            Source::Search(search, _) => !search.reach(first + u64::from(count)),
            Source::List(..) => false,
        };
        if !known {
            self.total = self.count(store).await?;
        }
        self.first = first.min(self.total.saturating_sub(1));
        self.rows = self.read(store, self.first).await?;
        self.version += 1;
        Ok(self.view())
    }

    /// Reads again after a change; `None` when nothing changed for this window.
    pub async fn refresh(&mut self, store: &Store) -> Result<Option<WindowUpdate>> {
        self.places = Places::default();
        let (had, total) = (self.more(), self.count(store).await?);
        let first = match (self.rows.first(), &self.source) {
            (Some(anchor), source) if self.first > 0 => {
                // Where the anchor stands now; if it went, where it would stand.
                let at = match source {
                    Source::List(list) => list.position(store, anchor).await?,
                    Source::Search(search, _) => {
                        let at = search.hits().iter().position(|h| h.message == anchor.message);
                        at.map(|at| at as u64)
                    }
                };
                at.unwrap_or(self.first).min(total.saturating_sub(1))
            }
            _ => 0,
        };
        let rows = self.read(store, first).await?;
        let ops = diff(&self.rows, &rows);
        let more = self.more();
        if ops.is_empty() && total == self.total && first == self.first && more == had {
            return Ok(None);
        }
        self.version += 1;
        (self.total, self.first, self.rows) = (total, first, rows);
        Ok(Some(WindowUpdate { window: self.id, version: self.version, total, first, ops, more }))
    }
}

/// The changes that lead from one list of rows to another: removals, then insertions and updates. Where two rows changed their order,
/// which they never do by time, all of them come anew.
pub fn diff(old: &[RowView], new: &[RowView]) -> Vec<RowOp> {
    let in_new: HashSet<PlacementId> = new.iter().map(|r| r.id).collect();
    let in_old: HashMap<PlacementId, &RowView> = old.iter().map(|r| (r.id, r)).collect();
    let mut ops = Vec::new();
    let stay = old.iter().map(|r| r.id).filter(|id| in_new.contains(id));
    if !stay.eq(new.iter().map(|r| r.id).filter(|id| in_old.contains_key(id))) {
        ops.extend((0..old.len()).rev().map(|at| RowOp::Remove { at: at as u32 }));
        ops.extend(new.iter().enumerate().map(|(at, row)| RowOp::Insert { at: at as u32, row: row.clone() }));
        return ops;
    }
    for (at, row) in old.iter().enumerate().rev() {
        if !in_new.contains(&row.id) {
            ops.push(RowOp::Remove { at: at as u32 });
        }
    }
    for (at, row) in new.iter().enumerate() {
        match in_old.get(&row.id) {
            None => ops.push(RowOp::Insert { at: at as u32, row: row.clone() }),
            Some(before) if *before != row => ops.push(RowOp::Update { at: at as u32, row: row.clone() }),
            Some(_) => {}
        }
    }
    ops
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(id: i64, look: u8) -> RowView {
        RowView {
            id: PlacementId(id),
            message: MessageId(id),
            mailbox: MailboxId(1),
            conversation: ConversationId(0),
            count: 1,
            people: Vec::new(),
            who: String::new(),
            address: String::new(),
            subject: look.to_string(),
            preview: String::new(),
            date: 0,
            read: look == 1,
            starred: false,
            answered: false,
            deleted: false,
            draft: false,
            pinned: false,
            labels: Vec::new(),
            keywords: Vec::new(),
            attachments: false,
            event: false,
            size: 0,
        }
    }

    /// As a screen does it.
    fn apply(rows: &mut Vec<RowView>, ops: &[RowOp]) {
        for op in ops {
            match op {
                RowOp::Remove { at } => {
                    rows.remove(*at as usize);
                }
                RowOp::Insert { at, row } => rows.insert(*at as usize, row.clone()),
                RowOp::Update { at, row } => rows[*at as usize] = row.clone(),
            }
        }
    }

    proptest! {
        #[test]
        fn the_changes_lead_there(
            old in proptest::collection::btree_map(0i64..40, 0u8..3, 0..25),
            new in proptest::collection::btree_map(0i64..40, 0u8..3, 0..25),
        ) {
            let list = |m: &std::collections::BTreeMap<i64, u8>| m.iter().rev().map(|(id, look)| row(*id, *look)).collect::<Vec<_>>();
            let (old, new) = (list(&old), list(&new));
            let mut shown = old.clone();
            apply(&mut shown, &diff(&old, &new));
            prop_assert_eq!(shown, new);
        }

        #[test]
        fn in_any_order(
            old in proptest::collection::btree_map(0i64..12, 0u8..3, 0..9), turn in 0usize..9,
            new in proptest::collection::btree_map(0i64..12, 0u8..3, 0..9),
        ) {
            let mut old: Vec<_> = old.iter().map(|(id, look)| row(*id, *look)).collect();
            let new: Vec<_> = new.iter().map(|(id, look)| row(*id, *look)).collect();
            let by = turn.min(old.len());
            old.rotate_left(by);
            let mut shown = old.clone();
            apply(&mut shown, &diff(&old, &new));
            prop_assert_eq!(shown, new);
        }
    }
}
