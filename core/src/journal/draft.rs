//! The user writes: a draft is a message in Drafts, and each time that it is put down a new one takes the place of the last.
//!
//! The new one goes up before the old one goes (an action's upload comes first: [`crate::sync::replay`]), so there is no moment in
//! which the draft is nowhere. What was not sent yet is simply left out. Nobody is overwritten: a version takes the place of the very
//! one that it was made from, so two devices that go on writing from the same one leave two.

use super::append::{self, Upload};
use super::{Actions, delete, folder, undo};
use crate::error::Result;
use crate::mime::compose::{Letter, to_ascii_domain};
use crate::model::{AccountId, ActionId, FlagChange, Flags, MailboxId, PlacementId, Role};
use crate::store::Tx;
use crate::store::body::Packed;
use crate::store::intent::{IntentKind, IntentState};
use crate::store::placement::PlacementRow;

/// Large drafts wait so many seconds for each of these octets, so that writing on does not send the same files again and again.
const OCTETS_A_SECOND: u64 = 256 << 10;
/// No longer than that. Seconds.
const LONGEST_WAIT: i64 = 120;

/// The Message-ID of a version of a draft: `<draft>.<version>@…`. Its References name the versions that led to it, after those of what
/// it answers. A message that is sent gets another, and these do not go with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version<'a> {
    /// Which draft, all versions of it.
    pub draft: &'a str,
    /// Which version.
    pub version: &'a str,
}

/// A version names no more than so many that led to it.
const ANCESTORS: usize = 20;

/// The versions that lead to the next one: those that led to the one before (`references`, separated by spaces) and that itself, unless
/// it is left out (`waits`), so that no server can know of it.
pub fn ancestors(message_id: &str, references: &str, waits: bool) -> Vec<String> {
    let own = Some(message_id).filter(|_| !waits);
    let all = references.split_whitespace().chain(own).filter(|id| Version::of(id).is_some());
    let mut all: Vec<String> = all.map(str::to_owned).collect();
    all.drain(..all.len().saturating_sub(ANCESTORS));
    all
}

impl<'a> Version<'a> {
    /// Reads a Message-ID; `None` where another program gave it.
    pub fn of(message_id: &'a str) -> Option<Self> {
        let hex = |s: &&str| s.len() == 16 && s.bytes().all(|b| b.is_ascii_hexdigit());
        let mut parts = message_id.split('@').next()?.split('.');
        let mut next = || parts.next().filter(hex);
        let found = Self { draft: next()?, version: next()? };
        parts.next().is_none().then_some(found)
    }

    /// The Message-ID, without brackets.
    pub fn message_id(&self, from: &str) -> String {
        let from = to_ascii_domain(from);
        let domain = from.rsplit_once('@').map_or("invalid", |(_, domain)| domain);
        format!("{}.{}@{domain}", self.draft, self.version)
    }
}

/// Puts a version of a draft down, in the place of the one that it was made from. `packed` is the same message, ready for the store.
pub async fn save(
    tx: &mut Tx,
    (now, nonce): (i64, u64),
    account: AccountId,
    raw: &[u8],
    packed: Packed,
    replaces: Option<PlacementId>,
) -> Result<PlacementId> {
    let target = folder::used_for(tx, now, account, Role::Drafts, "Drafts").await?;
    let mut before = replaced(tx, replaces).await?;
    if before.as_ref().is_some_and(|(of, _)| *of != account) {
        remove(tx, now, replaces).await?; // it is sent through another account from now on
        before = None;
    }
    let before = before.map(|(_, p)| p);
    let left_out = match &before {
        Some(p) => leave_out(tx, p).await?,
        None => None,
    };
    // What the version that was left out would have replaced has still to go, and not before this one is there.
    let action = match left_out {
        Some(action) => action,
        None => tx.add_action(account, "draft", "draft", target, now).await?,
    };
    let flags = Flags { bits: Flags::SEEN | Flags::DRAFT, ..Flags::default() };
    let wait = i64::try_from(raw.len() as u64 / OCTETS_A_SECOND).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
    let upload = Upload { raw, flags, received: now, nonce };
    let id = append::within(tx, now, action, target, &upload, packed, now + wait).await?;
    if let Some(p) = before.filter(|_| left_out.is_none()) {
        delete::within(tx, now, &mut Actions::of_one(account, action), &[p.id], 0).await?;
    }
    Ok(id)
}

/// A draft goes: it was sent.
pub async fn remove(tx: &mut Tx, now: i64, id: Option<PlacementId>) -> Result<()> {
    let Some((account, p)) = replaced(tx, id).await? else { return Ok(()) };
    if leave_out(tx, &p).await?.is_none() {
        let action = tx.add_action(account, "draft", "draft", p.mailbox, now).await?;
        delete::within(tx, now, &mut Actions::of_one(account, action), &[p.id], 0).await?;
    }
    Ok(())
}

/// What was answered, or passed on, is marked so.
pub async fn mark_source(tx: &mut Tx, now: i64, account: AccountId, letter: &Letter) -> Result<()> {
    let forwarded = Flags { bits: 0, keywords: ["$Forwarded".to_owned()].into() };
    let answered = Flags { bits: Flags::ANSWERED, ..Flags::default() };
    for (id, add) in [(&letter.in_reply_to, answered), (&letter.forwards, forwarded)] {
        let ids = tx.placements_with_id(account, id).await?;
        if ids.is_empty() {
            continue;
        }
        let action = tx.add_action(account, "draft", "draft", MailboxId(0), now).await?;
        let change = FlagChange { add, remove: Flags::default() };
        super::flag::within(tx, now, &mut Actions::of_one(account, action), &ids, &change, "").await?;
    }
    Ok(())
}

/// The version that another one takes the place of, and whose it is: still there, and among the drafts.
async fn replaced(tx: &mut Tx, id: Option<PlacementId>) -> Result<Option<(AccountId, PlacementRow)>> {
    let Some(id) = id else { return Ok(None) };
    let Some(p) = tx.placement(id).await?.filter(|p| !p.hidden) else { return Ok(None) };
    let row = tx.mailbox(p.mailbox).await?;
    Ok((row.role == Some(Role::Drafts)).then_some((row.account, p)))
}

/// Takes a version away of which the server cannot know; gives the action that would have put it up.
async fn leave_out(tx: &mut Tx, p: &PlacementRow) -> Result<Option<ActionId>> {
    let waiting = tx.waiting_for(p.id).await?;
    let own = waiting.iter().find(|i| i.kind == IntentKind::Append && i.state == IntentState::Queued);
    let Some(own) = own else { return Ok(None) };
    undo::revert(tx, own).await?;
    Ok(Some(own.action))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_a_draft_are_known_by_their_beginning() {
        let one = Version { draft: "0123456789abcdef", version: "0000000000000001" };
        let id = one.message_id("ana@exemplo.test");
        assert_eq!(id, "0123456789abcdef.0000000000000001@exemplo.test");
        assert_eq!(Version::of(&id), Some(one));
        for other in ["", "x@y", "0123456789abcdef@y", "0123456789abcdef.000000000000000x@y", "a.b@y"] {
            assert_eq!(Version::of(other), None, "{other}");
        }
        assert_eq!(Version::of(&id.replace('@', ".0000000000000002@")), None);
        let next = ancestors(&id, "m1@x 0123456789abcdef.0000000000000000@y", false);
        assert_eq!(next, ["0123456789abcdef.0000000000000000@y", &id]);
        assert_eq!(ancestors(&id, &next.join(" "), true), next);
        assert_eq!(ancestors(&id, &format!("{id} ").repeat(50), false).len(), ANCESTORS);
    }
}
