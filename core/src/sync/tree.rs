//! LIST to the folder tree.

use super::Context;
use crate::error::{Error, Kind, Result};
use crate::model::{MailboxId, Role};
use crate::protocol::imap::command::Command;
use crate::protocol::imap::mailboxes::{Survey, selectable};
use crate::protocol::imap::response::{ListEntry, Response};
use crate::protocol::imap::{Session, utf7};
use crate::store::mailbox::{Listed, MailboxRow};
use std::collections::BTreeSet;

/// Takes over what LIST said. A mailbox that is missing from a list is only gone when the server says so once more.
pub async fn reconcile(ctx: &Context, session: &mut Session, survey: &Survey) -> Result<()> {
    let prefix = survey.namespaces.personal.first().map_or(&[][..], |n| n.prefix.as_slice());
    let listed = interpret(&survey.mailboxes, prefix);
    let known = ctx.store.mailboxes(ctx.account).await?;
    // Every account has an INBOX (RFC 9051 section 5.1): a list without it is not the whole list.
    if !listed.iter().any(|l| l.role == Some(Role::Inbox)) {
        return Err(Error::new(Kind::Protocol, "LIST").because("the list has no INBOX"));
    }
    let names: BTreeSet<&[u8]> = listed.iter().map(|l| l.raw.as_slice()).collect();
    let mut gone = Vec::new();
    for row in &known {
        // Those never opened are ours, not made on the server yet.
        let missing = !row.gone && row.uid_validity > 0 && !names.contains(row.raw.as_slice());
        if missing && !exists(session, &row.raw).await? {
            gone.push(row);
        }
    }
    let changed: Vec<&Listed> = listed.iter().filter(|l| !known.iter().any(|row| same(row, l))).collect();
    let counts: Vec<(MailboxId, u32, u32)> = known
        .iter()
        .filter_map(|row| {
            let status = survey.statuses.iter().find(|s| s.name == row.raw)?;
            let (total, unread) = (status.messages?, status.unseen.unwrap_or(0));
            ((total, unread) != (row.server_total, row.server_unread)).then_some((row.id, total, unread))
        })
        .collect();
    if changed.is_empty() && gone.is_empty() && counts.is_empty() {
        return Ok(());
    }
    let mut tx = ctx.store.begin().await?;
    for l in changed {
        let id = tx.put_mailbox(ctx.account, l).await?;
        if let Some(status) = survey.statuses.iter().find(|s| s.name == l.raw)
            && let Some(total) = status.messages
        {
            tx.set_server_counts(id, total, status.unseen.unwrap_or(0)).await?;
        }
    }
    for (id, total, unread) in counts {
        tx.set_server_counts(id, total, unread).await?;
    }
    for row in gone {
        tx.mark_mailbox_gone(row.id).await?;
        tx.add_notice(ctx.account, ctx.clock.now(), "mailbox_gone", &row.name, row.total).await?;
    }
    tx.commit().await
}

fn same(row: &MailboxRow, l: &Listed) -> bool {
    !row.gone
        && row.raw == l.raw
        && row.name == l.name
        && row.delimiter == l.delimiter
        && row.role == l.role
        && row.selectable == l.selectable
        && row.subscribed == l.subscribed
}

/// Asks for one mailbox by name.
pub async fn exists(session: &mut Session, raw: &[u8]) -> Result<bool> {
    let mut found = false;
    let outcome = session
        .run_with(Command::new("LIST").string(b"").mailbox(raw), |response| {
            found |= matches!(&response, Response::List(entry) if entry.name == raw && selectable(entry));
            Ok(())
        })
        .await?;
    outcome.ok("LIST")?;
    Ok(found)
}

/// Names, roles and attributes of a list.
fn interpret(entries: &[ListEntry], prefix: &[u8]) -> Vec<Listed> {
    let prefix = String::from_utf8_lossy(prefix).into_owned();
    let mut out: Vec<Listed> = Vec::new();
    let told = entries.iter().any(|e| e.attributes.iter().any(|a| a.eq_ignore_ascii_case("\\Subscribed")));
    for entry in entries {
        if out.iter().any(|l| l.raw == entry.name) {
            continue;
        }
        let text = String::from_utf8_lossy(&entry.name).into_owned();
        let inbox = text.eq_ignore_ascii_case("INBOX");
        let shown = if inbox {
            "INBOX"
        } else {
            text.strip_prefix(&prefix).filter(|s| !s.is_empty()).unwrap_or(&text)
        };
        let role = if inbox {
            Some(Role::Inbox)
        } else {
            entry.attributes.iter().find_map(|a| Role::from_attribute(a))
        };
        out.push(Listed {
            raw: entry.name.clone(),
            name: utf7::decode(shown),
            delimiter: entry.delimiter.map(String::from).unwrap_or_default(),
            role,
            selectable: selectable(entry),
            // A server that tells no subscriptions leaves everything subscribed.
            subscribed: inbox
                || !told
                || entry.attributes.iter().any(|a| a.eq_ignore_ascii_case("\\Subscribed")),
        });
    }
    // Where the server names no mailbox for a role, the usual names do.
    for i in 0..out.len() {
        let guess = if out[i].role.is_none() && out[i].selectable { Role::guess(&out[i].name) } else { None };
        if let Some(role) = guess.filter(|r| *r != Role::Inbox)
            && !out.iter().any(|l| l.role == Some(role))
        {
            out[i].role = Some(role);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, attributes: &[&str]) -> ListEntry {
        ListEntry {
            attributes: attributes.iter().map(|a| (*a).to_owned()).collect(),
            delimiter: Some('.'),
            name: name.as_bytes().to_vec(),
            ..ListEntry::default()
        }
    }

    #[test]
    fn names_and_roles() {
        let listed = interpret(
            &[
                entry("INBOX", &[]),
                entry("INBOX.Lixeira", &[]),
                entry("INBOX.Old", &["\\Sent"]),
                entry("INBOX.Enviados", &[]),
                entry("INBOX.A&AOc-&AOM-o", &["\\Noselect"]),
            ],
            b"INBOX.",
        );
        let seen: Vec<_> = listed.iter().map(|l| (l.name.as_str(), l.role, l.selectable)).collect();
        assert_eq!(
            seen,
            [
                ("INBOX", Some(Role::Inbox), true),
                ("Lixeira", Some(Role::Trash), true),
                ("Old", Some(Role::Sent), true),
                ("Enviados", None, true),
                ("Ação", None, false),
            ]
        );
    }
}
