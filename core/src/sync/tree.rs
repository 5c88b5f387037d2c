//! LIST to the folder tree.

use super::{Context, folders, headers};
use crate::error::{Error, Kind, Result};
use crate::journal::folder;
use crate::model::{MailboxId, Role};
use crate::protocol::imap::Session;
use crate::protocol::imap::command::Command;
use crate::protocol::imap::mailboxes::{SelectRequest, Survey, selectable};
use crate::protocol::imap::response::{ListEntry, Response};
use crate::store::intent::{IntentKind, IntentRow, IntentState};
use crate::store::mailbox::{Listed, MailboxRow};
use crate::utf7;
use std::collections::BTreeSet;

/// How many of the newest messages tell one mailbox from another.
const SAMPLE: u32 = 20;

/// Takes over what LIST said. A mailbox that is missing from a list is only gone when the server says so once more, and when
/// it is not one of the new ones under another name.
pub async fn reconcile(ctx: &Context, session: &mut Session, survey: &Survey) -> Result<()> {
    let prefix = survey.namespaces.personal.first().map_or(&[][..], |n| n.prefix.as_slice());
    let foreign: Vec<&[u8]> = survey.namespaces.foreign().collect();
    let mut listed = interpret(&survey.mailboxes, prefix, &foreign);
    // Every account has an INBOX (RFC 9051 section 5.1): a list without it is not the whole list.
    if !listed.iter().any(|l| l.role == Some(Role::Inbox)) {
        return Err(Error::new(Kind::Protocol, "LIST").because("the list has no INBOX"));
    }
    let gone = missing(ctx, session, &listed).await?;
    let known = ctx.store.mailboxes(ctx.account).await?;
    honour(&mut listed, &known);
    let waiting = ctx.store.waiting_intents(ctx.account).await?;
    let wishes = Wishes::of(&waiting, &known);
    let changed: Vec<&Listed> = listed
        .iter()
        .filter(|l| !wishes.to.contains(&l.raw.as_slice()))
        .filter(|l| !known.iter().any(|row| wishes.same(row, l)))
        .collect();
    // Made by us, and removed by somebody before we had opened it; nothing is on its way into it.
    let mut unmade = Vec::new();
    for row in known.iter().filter(|row| !row.gone && !row.hidden && row.uid_validity == 0) {
        let awaited = |i: &IntentRow| {
            i.mailbox == row.id || i.kind.leads_to().is_some_and(|(target, _)| target == row.id)
        };
        if !listed.iter().any(|l| l.raw == row.raw)
            && !waiting.iter().any(awaited)
            && !exists(session, &row.raw).await?
        {
            unmade.push(row.id);
        }
    }
    // Removed by the user, and made anew by somebody.
    let back: Vec<&MailboxRow> = known
        .iter()
        .filter(|row| row.hidden && row.uid_validity == 0 && !wishes.removed.contains(&row.id))
        .filter(|row| listed.iter().any(|l| l.raw == row.raw))
        .collect();
    // Removed by the user here, and by somebody else there meanwhile: what still waits for it begins anew.
    let mut vanished = Vec::new();
    for row in known.iter().filter(|row| row.hidden && !row.gone && row.uid_validity > 0) {
        if !listed.iter().any(|l| l.raw == row.raw) && !exists(session, &row.raw).await? {
            vanished.push(row.id);
        }
    }
    let counts: Vec<(MailboxId, u32, u32)> = known
        .iter()
        .filter_map(|row| {
            let status = survey.statuses.iter().find(|s| s.name == row.raw)?;
            let (total, unread) = (status.messages?, status.unseen.unwrap_or(0));
            ((total, unread) != (row.server_total, row.server_unread)).then_some((row.id, total, unread))
        })
        .collect();
    let news = [changed.len(), gone.len(), counts.len(), back.len(), unmade.len(), vanished.len()];
    if news.iter().all(|n| *n == 0) {
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
    for id in unmade {
        let real = tx.visible_placements(id).await?.iter().any(|p| p.uid > 0);
        if !real && tx.waiting_in(id).await?.is_empty() {
            tx.remove_mailbox(id).await?;
        }
    }
    for id in vanished {
        tx.unmake_mailbox(id).await?;
        folders::let_go_of_all(&mut tx, ctx.clock.now(), id).await?;
    }
    for row in back {
        tx.set_mailbox_hidden(row.id, false).await?;
    }
    for (id, total, unread) in counts {
        tx.set_server_counts(id, total, unread).await?;
    }
    for row in gone {
        tx.mark_mailbox_gone(row.id).await?;
    }
    tx.commit().await
}

/// What the user uses mailboxes for holds, whatever the server says; each use belongs to one.
fn honour(listed: &mut [Listed], known: &[MailboxRow]) {
    for row in known {
        let (Some(chosen), Some(at)) = (row.chosen, listed.iter().position(|l| l.raw == row.raw)) else {
            continue;
        };
        let role = chosen.role();
        for l in listed.iter_mut().filter(|l| role.is_some() && l.role == role) {
            l.role = None;
        }
        listed[at].role = role;
    }
}

/// What the user wishes for mailboxes and the server has not done yet: a list does not overrule it.
struct Wishes<'a> {
    renamed: Vec<&'a MailboxRow>,
    to: Vec<&'a [u8]>,
    subscribed: BTreeSet<MailboxId>,
    removed: BTreeSet<MailboxId>,
}

impl<'a> Wishes<'a> {
    fn of(waiting: &'a [IntentRow], known: &'a [MailboxRow]) -> Self {
        let mut wishes = Self {
            renamed: Vec::new(),
            to: Vec::new(),
            subscribed: BTreeSet::new(),
            removed: BTreeSet::new(),
        };
        for intent in waiting {
            match &intent.kind {
                IntentKind::Rename { to, .. } => {
                    wishes.renamed.extend(known.iter().find(|row| row.id == intent.mailbox));
                    // It may have happened: then this name is not another mailbox.
                    if intent.state == IntentState::Sent {
                        wishes.to.push(to);
                    }
                }
                IntentKind::Subscribe(_) => {
                    wishes.subscribed.insert(intent.mailbox);
                }
                IntentKind::Remove => {
                    wishes.removed.insert(intent.mailbox);
                }
                _ => {}
            }
        }
        wishes
    }

    /// True where the list says nothing new of a mailbox.
    fn same(&self, row: &MailboxRow, l: &Listed) -> bool {
        let renamed = self.renamed.iter().any(|r| r.id == row.id || r.contains(row));
        !row.gone
            && row.raw == l.raw
            && (renamed || row.name == l.name)
            && row.delimiter == l.delimiter
            && row.role == l.role
            && row.selectable == l.selectable
            && (row.subscribed == l.subscribed || self.subscribed.contains(&row.id))
    }
}

/// Mailboxes that are no longer on the server. Those that are there under another name get it.
async fn missing(ctx: &Context, session: &mut Session, listed: &[Listed]) -> Result<Vec<MailboxRow>> {
    let names: BTreeSet<&[u8]> = listed.iter().map(|l| l.raw.as_slice()).collect();
    let mut gone = Vec::new();
    let mut asked: BTreeSet<MailboxId> = BTreeSet::new();
    loop {
        let known = ctx.store.mailboxes(ctx.account).await?;
        // Those never opened are ours, not made on the server yet. Those above first: what lies below goes with them.
        let next = known
            .iter()
            .filter(|row| {
                !row.gone && !row.hidden && row.uid_validity > 0 && !names.contains(row.raw.as_slice())
            })
            .filter(|row| !asked.contains(&row.id))
            .min_by_key(|row| row.raw.len());
        let Some(row) = next else { return Ok(gone) };
        asked.insert(row.id);
        if exists(session, &row.raw).await? {
            continue;
        }
        let fresh: Vec<&Listed> =
            listed.iter().filter(|l| l.selectable && !known.iter().any(|k| k.raw == l.raw)).collect();
        match renamed_to(ctx, session, row, &fresh).await? {
            Some(l) => {
                let mut tx = ctx.store.begin().await?;
                folder::show_as(&mut tx, row, &l.name).await?;
                folders::renamed(&mut tx, row, &l.raw).await?;
                tx.commit().await?;
            }
            None => gone.push(row.clone()),
        }
    }
}

/// Which of the new mailboxes a missing one is: by the identity that the server keeps through a rename (RFC 8474 section 4.1), else
/// by what is in it.
async fn renamed_to<'l>(
    ctx: &Context,
    session: &mut Session,
    row: &MailboxRow,
    fresh: &[&'l Listed],
) -> Result<Option<&'l Listed>> {
    for l in fresh.iter().copied() {
        let selected = match session.select(&SelectRequest { mailbox: l.raw.clone(), known: None }).await {
            Err(e) if e.kind == Kind::MailboxGone => continue,
            other => other?,
        };
        match selected.mailbox_id {
            Some(id) if !row.object_id.is_empty() => {
                if id == row.object_id {
                    return Ok(Some(l));
                }
                continue;
            }
            _ => {}
        }
        let mut newest = Vec::new();
        session
            .fetch_newest(SAMPLE, selected.exists, |f| {
                newest.push(f);
                Ok(())
            })
            .await?;
        let there = headers::understand(newest).await?;
        let known = ctx.store.count_known(row.id, &headers::identities(&there)).await?;
        // One may have come in since.
        if known > 0 && known + 1 >= there.len() as u64 {
            return Ok(Some(l));
        }
    }
    Ok(None)
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

/// Names, roles and attributes of a list. What lies in other people's namespaces (`foreign` prefixes) has no role for us: their
/// trash is not ours.
fn interpret(entries: &[ListEntry], prefix: &[u8], foreign: &[&[u8]]) -> Vec<Listed> {
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
        } else if theirs(&entry.name, foreign) {
            None
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
        let guess = if out[i].role.is_none() && out[i].selectable && !theirs(&out[i].raw, foreign) {
            Role::guess(&out[i].name)
        } else {
            None
        };
        if let Some(role) = guess.filter(|r| *r != Role::Inbox)
            && !out.iter().any(|l| l.role == Some(role))
        {
            out[i].role = Some(role);
        }
    }
    out
}

fn theirs(raw: &[u8], foreign: &[&[u8]]) -> bool {
    foreign.iter().any(|prefix| !prefix.is_empty() && raw.starts_with(prefix))
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
                entry("Outros.bia.Trash", &["\\Trash"]),
                entry("Outros.bia.Rascunhos", &[]),
            ],
            b"INBOX.",
            &[b"Outros."],
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
                ("Outros.bia.Trash", None, true),
                ("Outros.bia.Rascunhos", None, true),
            ]
        );
    }
}
