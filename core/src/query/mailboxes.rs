//! The folder tree as screens show it.

use crate::error::Result;
use crate::model::{AccountId, MailboxId, Role};
use crate::store::Store;
use crate::store::mailbox::{MailboxRow, is_label};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use ts_rs::TS;

/// One mailbox in the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MailboxView {
    /// Its number.
    pub id: MailboxId,
    /// Whose it is.
    pub account: AccountId,
    /// The last part of the name.
    pub name: String,
    /// The whole name, with the server's delimiter.
    pub path: String,
    /// What stands between the parts of the name; empty = it has no parts.
    pub delimiter: String,
    /// What it is for.
    pub role: Option<Role>,
    /// 0 for the top level.
    pub depth: u32,
    /// Whether it can hold messages.
    pub selectable: bool,
    /// Whether the user subscribed to it.
    pub subscribed: bool,
    /// No longer on the server; what is here is kept.
    pub gone: bool,
    /// Messages here.
    pub total: u64,
    /// Of these, unread. While older mail is still coming in, what the server told.
    pub unread: u64,
    /// Messages whose header is still to come.
    pub missing: u64,
    /// Messages the server told of.
    pub on_server: u64,
    /// headers, 30d, all …; empty = as the account.
    pub keep: String,
    /// When it was last in step, seconds since 1970; 0 = never.
    pub checked: i64,
    /// A label: removed, its messages stay where everything is.
    pub label: bool,
}

/// The tree of one account: roles first in their usual order, then by name, children below their parents.
pub async fn mailboxes(store: &Store, account: AccountId) -> Result<Vec<MailboxView>> {
    let mut rows = store.mailboxes(account).await?;
    rows.retain(|r| !r.hidden);
    let labels: BTreeSet<MailboxId> = rows.iter().filter(|r| is_label(r, &rows)).map(|r| r.id).collect();
    let mut sorted: Vec<(Vec<(u8, String)>, MailboxView)> = Vec::with_capacity(rows.len());
    let roles: BTreeMap<String, Role> = rows.iter().filter_map(|r| Some((r.name.clone(), r.role?))).collect();
    for row in rows {
        let parts = parts(&row);
        let mut key = Vec::with_capacity(parts.len());
        let mut path = String::new();
        for part in &parts {
            if !path.is_empty() {
                path.push_str(&row.delimiter);
            }
            path.push_str(part);
            key.push((roles.get(&path).map_or(100, |r| rank(*r)), part.to_lowercase()));
        }
        let label = labels.contains(&row.id);
        sorted.push((key, MailboxView { label, ..view(row, &parts) }));
    }
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(sorted.into_iter().map(|(_, v)| v).collect())
}

fn parts(row: &MailboxRow) -> Vec<String> {
    if row.delimiter.is_empty() {
        return vec![row.name.clone()];
    }
    row.name.split(row.delimiter.as_str()).map(str::to_owned).collect()
}

fn rank(role: Role) -> u8 {
    match role {
        Role::Inbox => 0,
        Role::Flagged => 1,
        Role::Drafts => 2,
        Role::Sent => 3,
        Role::Archive => 4,
        Role::All => 5,
        Role::Junk => 6,
        Role::Trash => 7,
    }
}

fn view(row: MailboxRow, parts: &[String]) -> MailboxView {
    let missing = row.todo.len();
    let unread = row.unread.max(0) as u64;
    MailboxView {
        id: row.id,
        account: row.account,
        name: parts.last().cloned().unwrap_or_default(),
        path: row.name,
        delimiter: row.delimiter,
        role: row.role,
        depth: parts.len().saturating_sub(1) as u32,
        selectable: row.selectable,
        subscribed: row.subscribed,
        gone: row.gone,
        total: row.total.max(0) as u64,
        unread: if missing > 0 || row.uid_validity == 0 {
            unread.max(u64::from(row.server_unread))
        } else {
            unread
        },
        missing,
        on_server: u64::from(row.server_total),
        keep: row.keep.map(|k| k.to_string()).unwrap_or_default(),
        checked: row.checked,
        label: false,
    }
}
