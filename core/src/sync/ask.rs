//! Asks a server what a search finds there: for texts that are not kept here, and for messages whose header has not come yet.
//!
//! A server finds parts of words where the index here finds whole ones, and knows neither files nor our folders; what it finds is
//! more rather than less, and the rest of the search is applied here.

use super::{Context, bodies, headers};
use crate::clock::civil;
use crate::error::{Error, Kind, Result};
use crate::model::{Flags, MailboxId, MessageId, Role};
use crate::protocol::imap::criteria::Key;
use crate::search::{Field, Wanted};
use crate::store::mailbox::MailboxRow;
use std::time::Duration;

/// How long a connection is waited for where the server lets us have few.
const PATIENCE: Duration = Duration::from_secs(30);
/// So many of the newest that a mailbox finds are taken.
const MOST: u64 = 2000;
/// So many headers are fetched for it at once.
const HEADERS: u64 = 200;
const DAY: i64 = 86_400;

/// What one mailbox found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Messages that are here.
    pub messages: Vec<MessageId>,
    /// Others, whose header is not here yet.
    pub elsewhere: u64,
}

/// Asks about these mailboxes of the account one after the other, and tells of each; it ends early when nobody listens any more.
pub async fn ask(
    ctx: &Context,
    wanted: &Wanted,
    mailboxes: &[MailboxId],
    told: &tokio::sync::mpsc::Sender<Found>,
) -> Result<()> {
    let Some((key, _)) = key(wanted) else { return Ok(()) };
    let slot = match ctx.connections.carrier() {
        Some(slot) => slot,
        None => match tokio::time::timeout(PATIENCE, ctx.connections.slot()).await {
            Ok(slot) => slot,
            Err(_) => return Err(Error::new(Kind::TooManyConnections, "")),
        },
    };
    let mut session = ctx.connect_with(slot).await?;
    let mut rows: Vec<MailboxRow> = Vec::new();
    for id in mailboxes {
        let row = ctx.store.mailbox(*id).await?;
        // One that was never opened here has nothing to compare with; its headers come first.
        if row.usable() && row.uid_validity > 0 {
            rows.push(row);
        }
    }
    // Where one has everything, the others have nothing more.
    if let Some(at) = rows.iter().position(|m| m.role == Some(Role::All)) {
        rows = vec![rows.swap_remove(at)];
    }
    rows.sort_by_key(|m| (m.role != Some(Role::Inbox), std::cmp::Reverse(m.server_total)));
    for row in rows {
        match bodies::open(ctx, &mut session, row.id).await {
            Err(e) if e.kind == Kind::MailboxGone => continue,
            other => other?,
        }
        let mut matching = session.search_for(&key).await?;
        let newest = matching.take_newest(MOST);
        let mut missing = newest.intersect(&row.todo);
        let lacking = missing.take_newest(HEADERS);
        if !lacking.is_empty() {
            headers::fetch_these(ctx, &mut session, row.id, &lacking).await?;
        }
        let messages = ctx.store.messages_at(row.id, &newest).await?;
        let elsewhere = newest.len().saturating_sub(messages.len() as u64) + matching.len();
        if told.send(Found { messages, elsewhere }).await.is_err() {
            break;
        }
    }
    ctx.write_down(&mut session).await?;
    session.logout().await;
    Ok(())
}

/// The same in the words of IMAP, and whether it is neither more nor less; `None` where a server cannot be asked so.
fn key(wanted: &Wanted) -> Option<(Key, bool)> {
    let plain = |text: String| Some((Key::Plain(text), true));
    match wanted {
        Wanted::All(parts) => {
            let keys: Vec<Option<(Key, bool)>> = parts.iter().map(key).collect();
            let exact = keys.iter().all(|k| k.as_ref().is_some_and(|(_, exact)| *exact));
            let keys: Vec<Key> = keys.into_iter().flatten().map(|(k, _)| k).collect();
            (!keys.is_empty()).then_some((Key::All(keys), exact))
        }
        Wanted::Any(parts) => {
            let keys: Vec<(Key, bool)> = parts.iter().map(key).collect::<Option<_>>()?;
            let exact = keys.iter().all(|(_, exact)| *exact);
            (!keys.is_empty()).then(|| (Key::Any(keys.into_iter().map(|(k, _)| k).collect()), exact))
        }
        // Of what is more than asked for, the opposite would be less.
        Wanted::Not(part) => match key(part)? {
            (key, true) => Some((Key::Not(Box::new(key)), true)),
            _ => None,
        },
        Wanted::Words(words) => {
            let text = |name| Key::Text(name, words.text.clone());
            let key = match words.field {
                Field::Any => text("TEXT"),
                Field::From => text("FROM"),
                Field::To => Key::Any(vec![text("TO"), text("CC")]),
                Field::Subject => text("SUBJECT"),
                Field::Body => text("BODY"),
                Field::File => return None,
            };
            Some((key, true))
        }
        Wanted::Flag(Flags::SEEN) => plain("SEEN".to_owned()),
        Wanted::Flag(Flags::FLAGGED) => plain("FLAGGED".to_owned()),
        Wanted::Flag(Flags::ANSWERED) => plain("ANSWERED".to_owned()),
        Wanted::Flag(Flags::DRAFT) => plain("DRAFT".to_owned()),
        // Days of the server's own zone: one more on that side.
        Wanted::Before(at) => Some((Key::Plain(format!("BEFORE {}", date(at + 2 * DAY))), false)),
        Wanted::After(at) => Some((Key::Plain(format!("SINCE {}", date(at - DAY))), false)),
        Wanted::Larger(size) => plain(format!("LARGER {size}")),
        Wanted::Smaller(size) => plain(format!("SMALLER {size}")),
        Wanted::Tied(id, _) => Some((Key::Text("HEADER Message-ID", id.clone()), false)),
        Wanted::Flag(_)
        | Wanted::Attachment
        | Wanted::Mailboxes(_)
        | Wanted::Folder(_)
        | Wanted::Me(_)
        | Wanted::Named(_) => None,
    }
}

/// `date = date-day "-" date-month "-" date-year` (RFC 9051 section 9)
fn date(seconds: i64) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (year, month, day, ..) = civil(seconds);
    format!("{day}-{}-{year:04}", MONTHS[month as usize - 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::language::{Moment, read};

    fn said(text: &str) -> String {
        let moment = Moment { now: 1_715_785_200, ..Moment::default() };
        key(&read(text, moment).wanted).map_or_else(|| "nothing".to_owned(), |(k, _)| format!("{k:?}"))
    }

    #[test]
    fn more_rather_than_less() {
        assert_eq!(said("filename:pdf"), "nothing");
        assert_eq!(said("has:attachment boleto"), "All([Text(\"TEXT\", \"boleto\")])");
        assert_eq!(said("boleto OR has:attachment"), "nothing");
        assert_eq!(said("-(boleto has:attachment) x"), "All([Text(\"TEXT\", \"x\")])");
        assert_eq!(said("after:2024-05-02"), "All([Plain(\"SINCE 1-May-2024\")])");
        assert_eq!(said("-is:unread"), "All([Not(Not(Plain(\"SEEN\")))])");
    }
}
