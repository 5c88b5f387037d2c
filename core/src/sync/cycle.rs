//! Everything once, over one connection.

use super::bulk::Bulk;
use super::{Context, bodies, budget, flight, headers, pull, replay, tree};
use crate::error::{Error, Kind, Result, Scope};
use crate::model::{MailboxId, Role};
use crate::protocol::imap::Session;
use crate::protocol::imap::mailboxes::Survey;
use crate::store::mailbox::MailboxRow;
use crate::uid_set::UidSet;
use std::collections::BTreeSet;

/// Headers fetched at once while filling in: enough to hide the round trip, few enough to give way within a second.
const FILL: u64 = 1000;
/// A server without mod-sequences does not tell that flags changed: each mailbox is compared again after this. Seconds.
const COMPARE_AGAIN: i64 = 900;

/// Sends what waits, pulls what changed, fills in headers and bodies. Returns when the device is in step as far as its policy
/// goes; a mailbox that failed alone is told about at the end, after all others.
pub async fn cycle(ctx: &Context, session: &mut Session, first: bool) -> Result<()> {
    Box::pin(survey(ctx, session, first)).await?;
    let mut failed: Option<Error> = None;
    let mut note = |e: Error| -> Result<()> {
        if e.scope > Scope::Mailbox || e.ends_connection() {
            return Err(e);
        }
        failed.get_or_insert(e);
        Ok(())
    };
    for row in in_order(ctx).await? {
        let mut more = !row.todo.is_empty();
        if more
            && session.selected() != Some(row.raw.as_slice())
            && let Err(e) = pull::pull(ctx, session, row.id).await
        {
            note(e)?;
            continue;
        }
        if row.todo.len() > FILL * 2 {
            refine(ctx, session, row.id).await?;
        }
        while more && budget::allows(ctx, session).await? {
            match headers::next_batch(ctx, session, row.id, FILL).await {
                Ok(rest) => more = rest,
                Err(e) => {
                    note(e)?;
                    break;
                }
            }
        }
    }
    let keep = ctx.store.account(ctx.account).await?.keep;
    let rows = in_order(ctx).await?;
    let mut bulk = Bulk::over(session);
    if let Err(e) = flight::bodies(ctx, &mut bulk, &rows, keep).await {
        note(e)?;
    }
    if let Err(e) = bodies::fill_kept(ctx, bulk.session()).await {
        note(e)?;
    }
    for row in rows {
        bulk.give_way(ctx);
        if let Err(e) = bodies::fill(ctx, bulk.session(), row.id, row.keep.unwrap_or(keep)).await {
            note(e)?;
        }
    }
    bulk.end().await;
    if failed.is_none() {
        let mut tx = ctx.store.begin().await?;
        tx.show_forgotten(ctx.account).await?;
        for (name, messages) in tx.tidy_gone(ctx.account).await? {
            tx.add_notice(ctx.account, ctx.clock.now(), "mailbox_gone", &name, messages).await?;
        }
        let files = tx.sweep_orphans(ctx.account).await?;
        tx.commit().await?;
        ctx.store.remove_body_files(&files);
    }
    failed.map_or(Ok(()), Err)
}

/// What the user did goes out; then one question tells which mailboxes changed, and those are brought in step. When nothing
/// changed this is one round trip.
pub async fn survey(ctx: &Context, session: &mut Session, first: bool) -> Result<()> {
    let mut failed: Option<Error> = None;
    if !first {
        failed = send(ctx, session).await?;
    }
    let inbox = ctx
        .store
        .mailboxes(ctx.account)
        .await?
        .into_iter()
        .find(|m| m.role == Some(Role::Inbox) && m.usable());
    // On the first survey of a connection the inbox is opened in the same breath.
    let guard = match (&inbox, first) {
        (Some(row), true) => Some(ctx.lock(row.id).await),
        _ => None,
    };
    let open = match (&inbox, first) {
        (Some(row), true) => Some(pull::request(row)),
        (None, true) => {
            Some(crate::protocol::imap::mailboxes::SelectRequest { mailbox: b"INBOX".to_vec(), known: None })
        }
        _ => None,
    };
    let mut told = session.survey(open, first).await?;
    let selected = told.selected.take();
    let before = ctx.store.mailboxes(ctx.account).await?;
    tree::reconcile(ctx, session, &told).await?;
    let rows = ctx.store.mailboxes(ctx.account).await?;
    let mut visited = None;
    let inbox = rows.iter().find(|m| m.role == Some(Role::Inbox) && m.usable());
    if let (Some(selected), Some(inbox)) = (selected, inbox) {
        let _held = match guard {
            Some(guard) => guard,
            None => ctx.lock(inbox.id).await,
        };
        // The row may have moved on since the question was asked, if this is its first visit by another connection.
        let row = ctx.store.mailbox(inbox.id).await?;
        let selected = selected?;
        if session.selected() == Some(row.raw.as_slice()) {
            pull::settle(ctx, session, &row, selected).await?;
        } else {
            // Looking for a renamed mailbox has opened others.
            pull::pull_locked(ctx, session, row.id).await?;
        }
        visited = Some(inbox.id);
    } else {
        drop(guard);
    }
    if first {
        failed = send(ctx, session).await?;
    }
    let unvisited: Vec<MailboxRow> = rows.into_iter().filter(|m| Some(m.id) != visited).collect();
    let mut done = adopt_empty(ctx, &unvisited, &told).await?;
    done.extend(flight::first_visits(ctx, session, &unvisited, &told).await?);
    let unfound = ctx.store.with_unfound(ctx.account).await?;
    for row in unvisited.iter().filter(|m| m.usable() && !done.contains(&m.id)) {
        let old = before.iter().find(|b| b.id == row.id);
        if unfound.contains(&row.id) || changed(ctx, row, old, &told).await? {
            match pull::pull(ctx, session, row.id).await {
                Err(e) if e.scope > Scope::Mailbox || e.ends_connection() => return Err(e),
                Err(e) => failed = Some(e),
                Ok(()) => {}
            }
        }
    }
    match failed {
        // It vanished between the list and the visit; the next list will say so.
        Some(e) if e.kind != Kind::MailboxGone => Err(e),
        _ => Ok(()),
    }
}

/// Sends what waits. A mailbox that does not open keeps its changes waiting and nothing else from going on.
async fn send(ctx: &Context, session: &mut Session) -> Result<Option<Error>> {
    match Box::pin(replay::replay(ctx, session)).await {
        Err(e) if e.scope <= Scope::Mailbox && !e.ends_connection() => Ok(Some(e)),
        other => other.map(|()| None),
    }
}

/// A mailbox that is new to us and empty needs no visit: STATUS told all there is to know.
async fn adopt_empty(ctx: &Context, rows: &[MailboxRow], survey: &Survey) -> Result<BTreeSet<MailboxId>> {
    let mut adopted = BTreeSet::new();
    let mut tx = ctx.store.begin().await?;
    for row in rows.iter().filter(|m| m.usable() && m.uid_validity == 0) {
        let Some(status) = survey.statuses.iter().find(|s| s.name == row.raw) else { continue };
        if let (Some(0), Some(validity), Some(uid_next)) =
            (status.messages, status.uid_validity, status.uid_next)
            && tx.expected_placements(row.id).await?.is_empty()
        {
            tx.set_progress(row.id, validity, uid_next, &UidSet::new()).await?;
            tx.set_checked(row.id, status.highest_modseq.unwrap_or(0), ctx.clock.now()).await?;
            adopted.insert(row.id);
        }
    }
    tx.commit().await?;
    Ok(adopted)
}

/// True when the counters say that something happened since the last visit, or cannot say that nothing did. `old` is the
/// mailbox before this survey's counters were stored.
async fn changed(ctx: &Context, row: &MailboxRow, old: Option<&MailboxRow>, survey: &Survey) -> Result<bool> {
    let Some(status) = survey.statuses.iter().find(|s| s.name == row.raw) else { return Ok(true) };
    if status.uid_validity.is_none_or(|v| v != row.uid_validity)
        || status.uid_next.is_none_or(|n| n != row.uid_next)
    {
        return Ok(true);
    }
    let known = ctx.store.count_uids(row.id).await? + row.todo.len();
    let miscounted = status.messages.map(u64::from) != Some(known);
    if let Some(modseq) = status.highest_modseq
        && row.modseq > 0
    {
        return Ok(modseq != row.modseq || miscounted);
    }
    Ok(miscounted
        || status.unseen != old.map(|o| o.server_unread)
        || ctx.clock.now() - row.checked >= COMPARE_AGAIN)
}

/// A todo that was guessed from UIDNEXT may name UIDs that never were: one search tells.
async fn refine(ctx: &Context, session: &mut Session, mailbox: MailboxId) -> Result<()> {
    let _guard = ctx.lock(mailbox).await;
    let there = session.search("ALL").await?;
    let row = ctx.store.mailbox(mailbox).await?;
    let mut tx = ctx.store.begin().await?;
    tx.set_todo(mailbox, &row.todo.intersect(&there)).await?;
    tx.commit().await
}

/// The inbox first, then what people look at, junk and trash last.
async fn in_order(ctx: &Context) -> Result<Vec<MailboxRow>> {
    let mut rows: Vec<MailboxRow> =
        ctx.store.mailboxes(ctx.account).await?.into_iter().filter(MailboxRow::usable).collect();
    rows.sort_by_key(|m| match m.role {
        Some(Role::Inbox) => 0,
        Some(Role::Drafts) => 1,
        Some(Role::Sent) => 2,
        None | Some(Role::Flagged) => 3,
        Some(Role::Archive | Role::All) => 4,
        Some(Role::Junk | Role::Trash) => 5,
    });
    Ok(rows)
}
