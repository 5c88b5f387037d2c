//! The user sends a message, takes it back, sends it again, or says what became of it.

use super::append::{Upload, append};
use super::folder;
use crate::error::{Error, Kind, Result};
pub use crate::mime::compose::{File, Letter, address_of, compose, media_type, resent, time_of};
use crate::mime::compose::{completed, outline, to_ascii_domain};
pub use crate::mime::letter::{answer, clean, letter, plain};
use crate::mime::part::safe_name;
pub use crate::mime::subscription::{Leave, list};
use crate::model::{Flags, OutgoingId, Role};
use crate::store::Tx;
use crate::store::account::AccountRow;
use crate::store::body::Packed;
use crate::store::outbox::{NewOutgoing, Outgoing, Recipient, Step};

/// More octets than this no submission server takes, and most take a quarter: 100 MB.
const LARGEST: usize = 100_000_000;

/// A Message-ID, without brackets, that nobody else gives (RFC 5322 section 3.6.4), and that tells nothing but the domain of its author.
pub fn message_id(from: &str, chance: [u64; 2]) -> String {
    let from = to_ascii_domain(from);
    let domain = from.rsplit_once('@').map_or("invalid", |(_, domain)| domain);
    format!("{:016x}{:016x}@{domain}", chance[0], chance[1])
}

/// Makes a message ready to be sent through an account, to all that its header names, not before `at`. What it lacks of date and
/// Message-ID is added. Usage where it cannot be read or is for nobody.
pub fn ready(
    account: &AccountRow,
    raw: Vec<u8>,
    (now, at): (i64, i64),
    chance: [u64; 2],
) -> Result<(NewOutgoing, Vec<u8>)> {
    let unreadable = || Error::new(Kind::Usage, "message").because("it cannot be read");
    let before = outline(&raw).ok_or_else(unreadable)?;
    let from = if before.from.is_empty() { account.address.clone() } else { before.from.clone() };
    let raw = completed(raw, &before, &message_id(&from, chance), at.max(now));
    ready_for(account, raw, before.to, (now, at))
}

fn ready_for(
    account: &AccountRow,
    raw: Vec<u8>,
    to: Vec<String>,
    (now, at): (i64, i64),
) -> Result<(NewOutgoing, Vec<u8>)> {
    let said =
        outline(&raw).ok_or_else(|| Error::new(Kind::Usage, "message").because("it cannot be read"))?;
    if to.is_empty() {
        return Err(Error::new(Kind::Usage, "to").because("nobody to send it to"));
    }
    if raw.len() > LARGEST {
        return Err(Error::new(Kind::TooLarge, said.subject).because("more than 100 MB"));
    }
    if account.smtp.is_none() {
        return Err(Error::new(Kind::NoSubmission, &account.address));
    }
    let new = NewOutgoing {
        account: account.id,
        message_id: said.message_id,
        from: if said.from.is_empty() { account.address.clone() } else { said.from },
        to,
        subject: said.subject,
        size: raw.len() as u64,
        report_delivery: false,
        require_tls: false,
        made: now,
        not_before: at.max(now),
    };
    Ok((new, raw))
}

/// A whole message as a file that goes with another.
pub fn whole_as_file(subject: &str, raw: Vec<u8>) -> File {
    let name = safe_name(&format!("{}.eml", if subject.is_empty() { "message" } else { subject }));
    File { name, media_type: "message/rfc822".to_owned(), bytes: raw, ..File::default() }
}

/// Somebody's message, ready to be passed on to others as it is, by `by.from` to `by.to`.
pub fn ready_again(
    account: &AccountRow,
    raw: &[u8],
    by: &Letter,
    now: i64,
) -> Result<(NewOutgoing, Vec<u8>)> {
    let raw = resent(raw, by)?;
    let to = by.to.iter().map(|a| to_ascii_domain(a.address.trim())).collect();
    let (new, raw) = ready_for(account, raw, to, (now, by.date))?;
    // The copy of its first coming is no proof that it has left.
    Ok((NewOutgoing { message_id: String::new(), from: to_ascii_domain(&by.from.address), ..new }, raw))
}

/// Puts a message into the outbox; `packed` is the same message, ready for the store.
pub async fn queue(tx: &mut Tx, mut new: NewOutgoing, packed: Packed) -> Result<OutgoingId> {
    if tx.found_sent(new.account, &new.message_id).await?.is_some() {
        new.message_id.clear(); // sent before: that copy is no proof of this one
    }
    tx.add_outgoing(&new, packed).await
}

/// The server took it, or it was found there: it leaves the outbox, and a copy goes into Sent, unless the server keeps one itself
/// (`copy` false). All of it or nothing: there is no moment in which it is nowhere, or in both. Gives the files that go once this is
/// committed; `None` where it was not there any more.
pub async fn sent(
    tx: &mut Tx,
    (now, nonce): (i64, u64),
    o: &Outgoing,
    step: Step,
    raw: &[u8],
    copy: bool,
) -> Result<Option<Vec<String>>> {
    let body = tx.outgoing_body(o.id).await?;
    if !tx.step(o, step).await? {
        return Ok(None);
    }
    if !copy {
        return Ok(Some(body.into_files()));
    }
    let target = folder::used_for(tx, now, o.account, Role::Sent, "Sent").await?;
    let flags = Flags { bits: Flags::SEEN, ..Flags::default() };
    append(tx, now, target, &Upload { raw, flags, received: now, nonce }, body).await?;
    Ok(Some(Vec::new()))
}

/// The user takes it back, or gives it up. Gives the files that go once this is committed. Busy where it is just being sent.
pub async fn withdraw(tx: &mut Tx, o: &Outgoing) -> Result<Vec<String>> {
    let body = tx.outgoing_body(o.id).await?;
    if tx.step(o, Step::Withdraw).await? { Ok(body.into_files()) } else { Err(under_way(o)) }
}

/// The user wants it sent now: one that was refused, or that may have arrived or not. Whoever does the latter has been told.
pub async fn again(tx: &mut Tx, now: i64, o: &Outgoing) -> Result<()> {
    if !tx.step(o, Step::Again).await? {
        return Err(under_way(o));
    }
    let to = o.to.iter().cloned().map(|r| Recipient { reply: String::new(), ..r });
    let fresh =
        Outgoing { to: to.collect(), not_before: now, tries: 0, error: Default::default(), ..o.clone() };
    tx.note_try(&fresh).await
}

fn under_way(o: &Outgoing) -> Error {
    Error::new(Kind::Busy, &o.subject).because("it is on its way")
}
