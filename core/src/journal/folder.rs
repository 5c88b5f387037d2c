//! The user makes, renames, removes, empties and subscribes to mailboxes.

use super::{Actions, delete, relocate};
use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, ActionId, MailboxId, PlacementId, Role};
use crate::store::Tx;
use crate::store::intent::IntentKind;
use crate::store::mailbox::{Listed, MailboxRow, all_mail, is_label};
use crate::utf7;

/// No server takes more in one name.
const LONGEST: usize = 255;

/// Makes a mailbox. `name` is the whole path, with the server's delimiter.
pub async fn create(
    tx: &mut Tx,
    now: i64,
    account: AccountId,
    name: &str,
) -> Result<(MailboxId, Vec<ActionId>)> {
    let mailboxes = tx.mailboxes(account).await?;
    let name = checked(name, &mailboxes)?;
    let id = put(tx, account, &mailboxes, &name, None).await?;
    let mut actions = Actions::default();
    let action = actions.of(tx, account, "create", "create", id, now).await?;
    tx.add_intent(action, account, PlacementId(0), id, &IntentKind::Create, 0).await?;
    Ok((id, actions.done()))
}

/// A row for a mailbox that the server does not have yet. One that the user removed before comes back.
pub(super) async fn put(
    tx: &mut Tx,
    account: AccountId,
    mailboxes: &[MailboxRow],
    name: &str,
    role: Option<Role>,
) -> Result<MailboxId> {
    let delimiter = mailboxes.first().map(|m| m.delimiter.clone()).unwrap_or_default();
    let listed = Listed {
        raw: raw(name, mailboxes),
        name: name.to_owned(),
        delimiter,
        role,
        selectable: true,
        subscribed: true,
    };
    let id = tx.put_mailbox(account, &listed).await?;
    tx.set_mailbox_hidden(id, false).await?;
    Ok(id)
}

/// The name as the server spells it. A server that keeps everything below INBOX wants this one there too (RFC 2342).
fn raw(name: &str, mailboxes: &[MailboxRow]) -> Vec<u8> {
    let delimiter = mailboxes.first().map(|m| m.delimiter.as_str()).unwrap_or_default();
    let inside = format!("INBOX{delimiter}");
    let mut others = mailboxes.iter().filter(|m| m.role != Some(Role::Inbox)).peekable();
    let nested = !delimiter.is_empty()
        && others.peek().is_some()
        && others.all(|m| m.raw.starts_with(inside.as_bytes()));
    let encoded = utf7::encode(name);
    if nested && !name.starts_with(&inside) { format!("{inside}{encoded}") } else { encoded }.into_bytes()
}

/// A name that can be a mailbox's and is not taken.
fn checked(name: &str, mailboxes: &[MailboxRow]) -> Result<String> {
    let name = name.trim();
    let delimiter = mailboxes.first().map(|m| m.delimiter.as_str()).unwrap_or_default();
    let hollow = !delimiter.is_empty() && name.split(delimiter).any(str::is_empty);
    // "*" and "%" are wildcards of LIST; control characters are nothing that people write.
    if name.is_empty()
        || hollow
        || name.len() > LONGEST
        || name.chars().any(|c| c.is_control() || c == '*' || c == '%')
    {
        return Err(Error::new(Kind::Usage, name).because("not the name of a folder"));
    }
    let encoded = raw(name, mailboxes);
    if name.eq_ignore_ascii_case("INBOX")
        || mailboxes.iter().any(|m| !m.gone && !m.hidden && (m.name == name || m.raw == encoded))
    {
        return Err(Error::new(Kind::AlreadyExists, name));
    }
    Ok(name.to_owned())
}

async fn own(tx: &mut Tx, id: MailboxId) -> Result<MailboxRow> {
    let row = tx.mailbox(id).await?;
    if row.hidden || row.gone {
        return Err(Error::new(Kind::MailboxGone, row.name));
    }
    if row.role == Some(Role::Inbox) {
        return Err(Error::new(Kind::NotPermitted, row.name).because("the inbox stays what it is"));
    }
    Ok(row)
}

/// Gives a mailbox, and with it those below, another name (RFC 9051 section 6.3.6). `name` is the whole new path.
pub async fn rename(tx: &mut Tx, now: i64, id: MailboxId, name: &str) -> Result<Vec<ActionId>> {
    let row = own(tx, id).await?;
    let mailboxes = tx.mailboxes(row.account).await?;
    let name = checked(name, &mailboxes)?;
    if !row.delimiter.is_empty() && name.starts_with(&format!("{}{}", row.name, row.delimiter)) {
        return Err(Error::new(Kind::Usage, name).because("a folder cannot go into itself"));
    }
    let mut actions = Actions::default();
    let action = actions.of(tx, row.account, "rename", "rename", id, now).await?;
    let kind = IntentKind::Rename { to: raw(&name, &mailboxes), from_shown: row.name.clone() };
    tx.add_intent(action, row.account, PlacementId(0), id, &kind, 0).await?;
    show_as(tx, &row, &name).await?;
    Ok(actions.done())
}

/// Shows a mailbox, and with it those below, under another name; the server's is left as it is.
pub async fn show_as(tx: &mut Tx, row: &MailboxRow, name: &str) -> Result<()> {
    let below = format!("{}{}", row.name, row.delimiter);
    for other in tx.mailboxes(row.account).await? {
        if other.id == row.id {
            tx.rename_mailbox(row.id, &row.raw, name).await?;
        } else if let Some(rest) = other.name.strip_prefix(&below).filter(|_| !row.delimiter.is_empty()) {
            tx.rename_mailbox(other.id, &other.raw, &format!("{name}{}{rest}", row.delimiter)).await?;
        }
    }
    Ok(())
}

/// The server's spelling of a mailbox under another name: what stands in front of the names that people read stays.
pub fn respell(row: &MailboxRow, now: &str, then: &str) -> Vec<u8> {
    let (now, then) = (utf7::encode(now).into_bytes(), utf7::encode(then).into_bytes());
    // A rename that is still on its way has left the server's name as it was; then that is the one that counts.
    let prefix = row.raw.strip_suffix(now.as_slice()).or_else(|| row.raw.strip_suffix(then.as_slice()));
    [prefix.unwrap_or_default(), &then].concat()
}

/// Removes a mailbox and those below it. Their mail goes to the trash, from which undo brings it back; what lay in the trash
/// already is removed for good, not before `hold` seconds have passed.
pub async fn remove(tx: &mut Tx, now: i64, id: MailboxId, hold: i64) -> Result<Vec<ActionId>> {
    let top = own(tx, id).await?;
    let mut rows: Vec<MailboxRow> = tx.mailboxes(top.account).await?;
    rows.retain(|m| !m.hidden && (m.id == id || top.contains(m)));
    // The deepest first: a mailbox with others below it stays as a name (RFC 9051 section 6.3.5).
    rows.sort_by_key(|m| std::cmp::Reverse(m.raw.len()));
    if let Some(special) = rows.iter().find(|m| m.id != id && m.role.is_some()) {
        return Err(Error::new(Kind::NotPermitted, special.name.clone()).because("it has a use of its own"));
    }
    let mut actions = Actions::default();
    let action = actions.of(tx, top.account, "remove", "remove", id, now).await?;
    for row in &rows {
        clear(tx, now, &mut actions, row, hold).await?;
        tx.add_intent(action, row.account, PlacementId(0), row.id, &IntentKind::Remove, now + hold).await?;
        tx.set_mailbox_hidden(row.id, true).await?;
    }
    Ok(actions.done())
}

/// What is in a mailbox that goes away goes to the trash, or for good where it lies in the trash. With a label nothing goes: what is
/// on its way to it is kept where everything is.
pub async fn clear(
    tx: &mut Tx,
    now: i64,
    actions: &mut Actions,
    row: &MailboxRow,
    hold: i64,
) -> Result<bool> {
    let mailboxes = tx.mailboxes(row.account).await?;
    let label = is_label(row, &mailboxes);
    let within = tx.visible_placements(row.id).await?;
    let ids: Vec<PlacementId> = within.iter().filter(|p| !label || p.uid == 0).map(|p| p.id).collect();
    if ids.is_empty() {
        return Ok(false);
    }
    if let Some(all) = mailboxes.iter().find(|m| label && Some(m.id) == all_mail(&mailboxes)) {
        relocate::within(tx, now, actions, &ids, all, "remove").await?;
        return Ok(true);
    }
    let trash = relocate::role_mailbox(tx, row.account, Role::Trash).await?;
    let trash = tx.mailbox(trash).await?;
    if trash.id == row.id || trash.contains(row) {
        delete::within(tx, now, actions, &ids, hold).await?;
    } else {
        relocate::within(tx, now, actions, &ids, &trash, "remove").await?;
    }
    Ok(true)
}

/// Removes for good everything that is in a mailbox now, not before `hold` seconds have passed. What comes later stays.
pub async fn empty(tx: &mut Tx, now: i64, id: MailboxId, hold: i64) -> Result<Vec<ActionId>> {
    let row = tx.mailbox(id).await?;
    if !row.usable() {
        return Err(Error::new(Kind::MailboxGone, row.name));
    }
    let mut actions = Actions::default();
    // Those that are on their way into it have no UID yet.
    let coming: Vec<PlacementId> =
        tx.visible_placements(id).await?.iter().filter(|p| p.uid == 0).map(|p| p.id).collect();
    let action = actions.of(tx, row.account, "empty", "empty", id, now).await?;
    delete::within(tx, now, &mut actions, &coming, hold).await?;
    if row.uid_validity > 0 && row.uid_next > 1 {
        let kind = IntentKind::Empty { validity: row.uid_validity, last: row.uid_next - 1 };
        tx.add_intent(action, row.account, PlacementId(0), id, &kind, now + hold).await?;
        tx.set_hidden_up_to(id, row.uid_next - 1, true).await?;
    }
    Ok(actions.done())
}

/// The account's mailbox for a role; made under this name, and used so from then on, where there is none.
pub(super) async fn used_for(
    tx: &mut Tx,
    now: i64,
    account: AccountId,
    role: Role,
    name: &str,
) -> Result<MailboxId> {
    let mailboxes = tx.mailboxes(account).await?;
    if let Some(found) = mailboxes.iter().find(|m| m.role == Some(role) && m.usable()) {
        return Ok(found.id);
    }
    let (id, _) = create(tx, now, account, name).await?;
    set_use(tx, now, id, Some(role)).await?;
    Ok(id)
}

/// Uses a mailbox for something, whatever the server says; `None` for nothing special. Another one that was used for it is no
/// longer.
pub async fn set_use(tx: &mut Tx, now: i64, id: MailboxId, role: Option<Role>) -> Result<Vec<ActionId>> {
    let row = own(tx, id).await?;
    let fits = !matches!(role, Some(Role::Inbox | Role::All | Role::Flagged));
    if !row.selectable || !fits {
        return Err(Error::new(Kind::NotPermitted, row.name).because("it cannot be used for that"));
    }
    let mut actions = Actions::default();
    if row.role == role {
        return Ok(actions.done());
    }
    let others = tx.mailboxes(row.account).await?;
    let from = others.iter().find(|m| role.is_some() && m.role == role).map_or(MailboxId(0), |m| m.id);
    let action = actions.of(tx, row.account, "use", "use", id, now).await?;
    let kind = IntentKind::Use { role, before: row.role, from };
    tx.add_intent(action, row.account, PlacementId(0), id, &kind, 0).await?;
    tx.set_mailbox_use(id, role, true).await?;
    if from.0 > 0 {
        tx.set_mailbox_use(from, None, false).await?;
    }
    Ok(actions.done())
}

/// As it was before.
pub(super) async fn unset_use(
    tx: &mut Tx,
    id: MailboxId,
    role: Option<Role>,
    before: Option<Role>,
    from: MailboxId,
) -> Result<()> {
    tx.set_mailbox_use(id, before, true).await?;
    if from.0 > 0 {
        tx.set_mailbox_use(from, role, true).await?;
    }
    Ok(())
}

/// Subscribes to a mailbox, or no more.
pub async fn subscribe(tx: &mut Tx, now: i64, id: MailboxId, wanted: bool) -> Result<Vec<ActionId>> {
    let row = tx.mailbox(id).await?;
    let mut actions = Actions::default();
    if row.subscribed != wanted {
        let label = if wanted { "subscribe" } else { "unsubscribe" };
        let action = actions.of(tx, row.account, label, label, id, now).await?;
        tx.add_intent(action, row.account, PlacementId(0), id, &IntentKind::Subscribe(wanted), 0).await?;
        tx.set_subscribed(id, wanted).await?;
    }
    Ok(actions.done())
}
