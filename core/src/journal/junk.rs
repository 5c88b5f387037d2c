//! The user says what is junk and what is not, and whose mail always is or never.
//!
//! By moving a message into the junk or out of it: servers learn from that, and from the keywords `$Junk` and `$NotJunk` (RFC 9051
//! section 2.3.2), which other programs read too. They are set where the message lies before it is moved, so that it carries them when it
//! arrives.

use super::{Actions, relocate};
use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, ActionId, FlagChange, Flags, MailboxId, MessageId, PlacementId, Role};
use crate::store::Tx;
use crate::store::mailbox::MailboxRow;
use crate::store::placement::PlacementRow;
use crate::store::sender::{SenderRow, judgement};
use std::collections::BTreeSet;

/// As registered with IANA, then as others spell it.
const JUNK: [&str; 2] = ["$Junk", "Junk"];
const NOT_JUNK: [&str; 3] = ["$NotJunk", "NonJunk", "NotJunk"];
/// What a server's clock and this one's may differ by, seconds.
const SKEW: i64 = 3600;

/// The keywords that say what a move from one mailbox to another says; `None` where it says nothing, or the server keeps none.
pub(super) fn verdict(from: &MailboxRow, to: &MailboxRow, flags: &Flags) -> Option<FlagChange> {
    let (yes, no) = match (from.role, to.role) {
        (Some(Role::Junk), Some(Role::Junk | Role::Trash)) => return None,
        (_, Some(Role::Junk)) => (JUNK[0], &NOT_JUNK[..]),
        (Some(Role::Junk), _) => (NOT_JUNK[0], &JUNK[..]),
        _ => return None,
    };
    if !from.keeps(yes) {
        return None;
    }
    let wrong = flags.keywords.iter().filter(|k| no.iter().any(|n| n.eq_ignore_ascii_case(k)));
    let remove = Flags { bits: 0, keywords: wrong.cloned().collect() };
    Some(FlagChange { add: Flags { bits: 0, keywords: [yes.to_owned()].into() }, remove })
}

/// True for a change that says nothing but that: where the message is gone there is nothing to decide about it.
pub fn is_verdict(change: &FlagChange) -> bool {
    let known = |k: &String| JUNK.iter().chain(&NOT_JUNK).any(|n| n.eq_ignore_ascii_case(k));
    let all = |f: &Flags| f.bits == 0 && f.keywords.iter().all(known);
    !change.is_empty() && all(&change.add) && all(&change.remove)
}

/// Whether the user, or a filter, has said already that it is none.
fn cleared(flags: &Flags) -> bool {
    flags.keywords.iter().any(|k| NOT_JUNK.iter().any(|n| n.eq_ignore_ascii_case(k)))
}

/// Blocks who wrote a message: it, and what else of them lies in the inboxes, goes to the junk, and so does what comes from now on.
pub async fn block(tx: &mut Tx, now: i64, id: PlacementId) -> Result<(Vec<ActionId>, Vec<PlacementId>)> {
    let (account, p, address) = author(tx, id).await?;
    let mut actions = Actions::default();
    let action = actions.of(tx, account, "move", "block", MailboxId(0), now).await?;
    tx.judge_sender(&SenderRow { address: address.clone(), blocked: true, since: now }, Some(action)).await?;
    let mut ids = tx.inbox_of_sender(&address).await?;
    let role = tx.mailbox(p.mailbox).await?.role;
    let received = !matches!(role, Some(Role::Junk | Role::Trash | Role::Sent | Role::Drafts));
    if received && !ids.contains(&p.id) {
        ids.push(p.id);
    }
    relocate::within_role(tx, now, &mut actions, &ids, Role::Junk, "block").await?;
    Ok((actions.done(), ids))
}

/// Trusts who wrote a message not to send junk: where it lies in the junk it goes to the inbox, and so does what comes from now on, unless
/// the provider found that it is not from them.
pub async fn trust(tx: &mut Tx, now: i64, id: PlacementId) -> Result<Vec<ActionId>> {
    let (account, p, address) = author(tx, id).await?;
    let mut actions = Actions::default();
    let action = actions.of(tx, account, "move", "trust", MailboxId(0), now).await?;
    tx.judge_sender(&SenderRow { address, blocked: false, since: now }, Some(action)).await?;
    if tx.mailbox(p.mailbox).await?.role == Some(Role::Junk) {
        relocate::within_role(tx, now, &mut actions, &[id], Role::Inbox, "trust").await?;
    }
    Ok(actions.done())
}

/// Who wrote a message, in small letters.
async fn author(tx: &mut Tx, id: PlacementId) -> Result<(AccountId, PlacementRow, String)> {
    let gone = || Error::new(Kind::NotFound, id.to_string());
    let p = tx.placement(id).await?.ok_or_else(gone)?;
    let address = tx.author(p.message).await?.to_lowercase();
    if !address.contains('@') {
        return Err(Error::new(Kind::Usage, address).because("nobody whom one could name"));
    }
    Ok((tx.account_of(p.mailbox).await?, p, address))
}

/// What just came into an inbox.
pub struct Came {
    /// Its UID.
    pub uid: u32,
    /// Who wrote it.
    pub from: String,
    /// This device knew of it before: somebody put it there.
    pub known: bool,
}

/// Mail that just came into an inbox: that of blocked senders goes on to the junk. What the user, on whatever device, took out of there
/// stays.
pub async fn sort_out(
    tx: &mut Tx,
    now: i64,
    account: AccountId,
    inbox: MailboxId,
    came: &[Came],
) -> Result<()> {
    let senders = tx.senders().await?;
    if senders.is_empty() {
        return Ok(());
    }
    // Under a label everything may have been known before (docs/adr/0012).
    let labels = tx.has_labels(account).await?;
    let blocked = |c: &&Came| judgement(&senders, &c.from).is_some_and(|s| s.blocked) && (labels || !c.known);
    let suspects: Vec<&Came> = came.iter().filter(blocked).collect();
    if suspects.is_empty() || tx.mailbox(inbox).await?.role != Some(Role::Inbox) {
        return Ok(());
    }
    let uids = suspects.iter().map(|c| c.uid).collect();
    let mut ids = Vec::new();
    for p in tx.placements_by_uid(inbox, &uids).await? {
        let from = suspects.iter().find(|c| c.uid == p.uid).map_or("", |c| &c.from);
        let since = judgement(&senders, from).map_or(i64::MAX, |s| s.since);
        if p.received + SKEW >= since && !cleared(&p.flags) && !p.hidden {
            ids.push(p.id);
        }
    }
    sort(tx, now, account, &ids, Role::Junk).await
}

/// Messages whose text just came, whose authors are trusted and, as far as the provider can tell, wrote them: what of it just came into
/// the junk goes to the inbox.
pub async fn rescue(tx: &mut Tx, now: i64, account: AccountId, messages: &[MessageId]) -> Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    let senders = tx.senders().await?;
    let mut ids = Vec::new();
    for message in messages {
        let address = tx.author(*message).await?;
        let since = judgement(&senders, &address).map_or(i64::MAX, |s| s.since);
        let places = tx.placements_of(*message).await?;
        for p in places.iter().filter(|p| !p.hidden && p.received + SKEW >= since) {
            if tx.mailbox(p.mailbox).await?.role == Some(Role::Junk) {
                ids.push(p.id);
            }
        }
    }
    sort(tx, now, account, &ids, Role::Inbox).await
}

/// Moves on behalf of the user, who did nothing just now: it is not what "undo" takes back, and where another device did the same there is
/// nothing to decide.
async fn sort(tx: &mut Tx, now: i64, account: AccountId, ids: &[PlacementId], role: Role) -> Result<()> {
    let ids: BTreeSet<PlacementId> = ids.iter().copied().collect();
    if ids.is_empty() {
        return Ok(());
    }
    let action = tx.add_action(account, "sort", role.as_str(), MailboxId(0), now).await?;
    let mut actions = Actions::of_one(account, action);
    let ids: Vec<PlacementId> = ids.into_iter().collect();
    relocate::within_role(tx, now, &mut actions, &ids, role, role.as_str()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(add: &[&str], remove: &[&str]) -> FlagChange {
        FlagChange {
            add: Flags::from_names(add.iter().copied()),
            remove: Flags::from_names(remove.iter().copied()),
        }
    }

    #[test]
    fn only_what_says_junk_or_not_is_a_verdict() {
        assert!(is_verdict(&change(&["$Junk"], &["NonJunk"])));
        assert!(is_verdict(&change(&["$notjunk"], &[])));
        assert!(!is_verdict(&change(&["$Junk", "\\Seen"], &[])));
        assert!(!is_verdict(&change(&["$Junk"], &["work"])));
        assert!(!is_verdict(&change(&[], &[])));
    }
}
