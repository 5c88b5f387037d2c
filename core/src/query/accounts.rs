//! Accounts and notices as screens show them.

use crate::error::Result;
use crate::model::{AccountId, Endpoint, Flags, Identity, Protocol};
use crate::store::Store;
use crate::store::intent::IntentKind;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AccountView {
    /// Its number.
    pub id: AccountId,
    /// The address of the user.
    pub address: String,
    /// The user's name.
    pub name: String,
    /// User name at the server.
    pub user: String,
    /// What the incoming server speaks.
    pub protocol: Protocol,
    /// Incoming server.
    pub incoming: Endpoint,
    /// Submission server, if it is known.
    pub smtp: Option<Endpoint>,
    /// Who issues the tokens that sign in; empty = a password does.
    pub issuer: String,
    /// The user wants no connection.
    pub paused: bool,
    /// POP3: what stays on the server: always, 30d, until_deleted, never
    pub leave: String,
    /// POP3: the user name as it is sent, where that is another
    pub signs_in_as: String,
    /// POP3: from how many megabytes on only the header comes; 0 = all comes
    pub size_limit: u32,
    /// The fingerprint of the certificate that the user trusted all the same, SHA-256 in hex; empty for none.
    pub pin: String,
    /// Addresses that the user writes as, besides the account's own.
    pub identities: Vec<Identity>,
    /// headers, 30d, all …
    pub keep: String,
    /// How many changes the server has still to be told.
    pub waiting: u64,
    /// Megabytes that may be received in a day; 0 = no limit.
    pub budget_down: u32,
    /// Megabytes that may be sent in a day; 0 = no limit.
    pub budget_up: u32,
    /// Bytes received today, UTC.
    pub down_today: u64,
    /// Bytes sent today, UTC.
    pub up_today: u64,
    /// True when the background fetches nothing more today.
    pub spent: bool,
    /// True when versions of drafts wait for tomorrow.
    pub drafts_wait: bool,
    /// Bytes received in the last 30 days.
    pub down: u64,
    /// Bytes sent in the last 30 days.
    pub up: u64,
}

/// All accounts, in the user's order. `today` counts days since 1970, UTC.
pub async fn accounts(store: &Store, today: i64) -> Result<Vec<AccountView>> {
    let mut out = Vec::new();
    for a in store.accounts().await? {
        let waiting = store.waiting_count(a.id).await?;
        let used = store.traffic_since(a.id, today - 29).await?;
        let of_today = store.traffic_since(a.id, today).await?;
        let signs_in_as = Some(a.maildrop_user()).filter(|user| *user != a.user).unwrap_or_default();
        let megabytes = |bytes: u64| u32::try_from(bytes / 1_000_000).unwrap_or(u32::MAX);
        out.push(AccountView {
            id: a.id,
            address: a.address,
            name: a.name,
            user: a.user,
            identities: store.identities(a.id).await?,
            protocol: a.protocol,
            incoming: a.incoming,
            smtp: a.smtp,
            issuer: a.issuer,
            paused: a.paused,
            signs_in_as,
            leave: a.leave.to_string(),
            size_limit: megabytes(a.size_limit),
            pin: a.pin,
            keep: a.keep.to_string(),
            waiting,
            budget_down: megabytes(a.budget.down),
            budget_up: megabytes(a.budget.up),
            down_today: of_today.down,
            up_today: of_today.up,
            spent: a.budget.for_background().is_some_and(|limit| of_today.down >= limit),
            drafts_wait: a.budget.for_drafts().is_some_and(|limit| of_today.up >= limit),
            down: used.down,
            up: used.up,
        });
    }
    Ok(out)
}

/// Something the user should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NoticeView {
    /// Its number, to dismiss it.
    pub id: String,
    /// Whose it is.
    pub account: AccountId,
    /// When, seconds since 1970.
    pub made: i64,
    /// What; screens have the words.
    pub code: String,
    /// The mailbox it mentions.
    pub subject: String,
    /// How many messages it is about.
    pub count: i64,
}

/// Notices not dismissed, newest first.
pub async fn notices(store: &Store) -> Result<Vec<NoticeView>> {
    let found = store.notices().await?;
    Ok(found
        .into_iter()
        .map(|n| NoticeView {
            id: n.id.to_string(),
            account: n.account,
            made: n.made,
            code: n.code,
            subject: n.subject,
            count: n.count,
        })
        .collect())
}

/// What another device or the server decided otherwise than the user wished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DecisionView {
    /// Its number, to insist on the wish.
    pub id: String,
    /// Whose it is.
    pub account: AccountId,
    /// When, seconds since 1970.
    pub made: i64,
    /// moved_elsewhere, gone_meanwhile, refused; screens have the words.
    pub code: String,
    /// Subject of the message.
    pub subject: String,
    /// The mailbox it was in.
    pub place: String,
    /// What the user had wished: flag, move, copy, delete.
    pub wish: String,
    /// Where to, for moves and copies.
    pub target: String,
    /// Flags that should have been set.
    pub add: Vec<String>,
    /// Flags that should have been cleared.
    pub remove: Vec<String>,
}

/// Decisions that the user has not settled, newest first.
pub async fn decisions(store: &Store) -> Result<Vec<DecisionView>> {
    let mut out = Vec::new();
    for d in store.decisions().await? {
        let names = |flags: &Flags| flags.names().split_whitespace().map(str::to_owned).collect();
        let (wish, target, add, remove) = match &d.kind {
            IntentKind::Flag(change) => ("flag", None, names(&change.add), names(&change.remove)),
            IntentKind::Move { target, .. } => ("move", Some(*target), Vec::new(), Vec::new()),
            IntentKind::Copy { target, .. } => ("copy", Some(*target), Vec::new(), Vec::new()),
            IntentKind::Delete => ("delete", None, Vec::new(), Vec::new()),
            _ => continue,
        };
        let target = match target {
            Some(id) => store.mailbox(id).await.map(|m| m.name).unwrap_or_default(),
            None => String::new(),
        };
        out.push(DecisionView {
            id: d.id.to_string(),
            account: d.account,
            made: d.made,
            code: d.code,
            subject: d.subject,
            place: d.place,
            wish: wish.to_owned(),
            target,
            add,
            remove,
        });
    }
    Ok(out)
}
