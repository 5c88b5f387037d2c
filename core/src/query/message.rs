//! One message as the reader shows it.

use super::find::MarkView;
use super::invitation::{self, InvitationView};
use crate::error::{Error, Kind, Result};
use crate::mid_url;
pub use crate::mime::danger::Danger;
use crate::mime::highlight::Mark;
use crate::mime::invite;
pub use crate::mime::link::{Link, look};
pub use crate::mime::part::Attachment;
use crate::mime::part::{self, File};
use crate::mime::remote;
use crate::mime::render::{self, View};
use crate::mime::subscription::{self, Leave};
use crate::mime::trust;
pub use crate::mime::trust::{Trust, Verdict};
use crate::model::{Address, Flags, MailboxId, MessageId, PlacementId, Report, Role};
use crate::search::{Field, Wanted, Words};
use crate::store::Store;
use crate::store::sender::judgement;
use base64::Engine;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use ts_rs::TS;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MessageView {
    /// The row it was opened from.
    pub id: PlacementId,
    /// The message.
    pub message: MessageId,
    /// The mailbox of the row.
    pub mailbox: MailboxId,
    /// Subject.
    pub subject: String,
    /// Author.
    pub from: Address,
    /// To and Cc.
    pub to: Vec<Address>,
    /// The Date field; else when it was received. Seconds since 1970.
    pub date: i64,
    /// Bytes on the server.
    pub size: u64,
    /// `\Seen`
    pub read: bool,
    /// `\Flagged`
    pub starred: bool,
    /// Kept on this device whatever the policy says.
    pub kept: bool,
    /// The mailing list that it came through.
    pub list: Option<ListView>,
    /// What became of it where it went, and what it says itself of others.
    pub reports: Vec<Report>,
    /// What can be said of who it is from; `None` while the content is not here.
    pub trust: Option<Trust>,
    /// What the user decided about who wrote it: blocked, safe; empty = nothing.
    pub judged: String,
    /// The link that names it, on every device and for whoever else has it; empty where it has no name.
    pub link: String,
    /// Nothing else from this address, or to it, is known here.
    pub first_time: bool,
    /// The appointment that it is about.
    pub invitation: Option<InvitationView>,
    /// The content; `None` while it is not on this device.
    pub body: Option<BodyView>,
}

/// A mailing list, and the way out of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ListView {
    /// As people call it.
    pub name: String,
    /// one_click, mail, page; empty = none that is safe.
    pub leave: String,
    /// The host that is told, or the address that is written to.
    pub to: String,
    /// The page to look at, for `page`.
    pub page: String,
}

/// The content of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BodyView {
    /// Safe HTML for a frame without scripts and network.
    pub html: String,
    /// The same of what it answers and repeats below; empty where it repeats nothing.
    pub history: String,
    /// Its style sheets, for a `style` element of a document of its own.
    pub styles: String,
    /// True when `html` was made from plain text.
    pub plain: bool,
    /// Remote things that were left out.
    pub blocked: u32,
    /// Of these, pictures that can be fetched.
    pub pictures: u32,
    /// Who would have learned of the reading: by name, or by host.
    pub trackers: Vec<String>,
    /// Files.
    pub attachments: Vec<Attachment>,
}

/// Reads a message with its content, if that is here, with what a search found marked in it, and with pictures that were `fetched` (address
/// to `data:` URL).
pub async fn message(
    store: &Store,
    id: PlacementId,
    marks: &[MarkView],
    fetched: BTreeMap<String, String>,
) -> Result<MessageView> {
    let p = store.placement(id).await?;
    let m = store.message(p.message).await?;
    let (body, list, trust, event) = match store.body(p.message).await? {
        None => (None, None, None, None),
        Some(raw) => {
            let view = View { outline: m.partial, marks: marks_in_text(marks), fetched, ..View::default() };
            let account = store.account(m.account).await?;
            let reading = move || {
                let trust = trust::trust(&raw, &account.incoming.host, &account.address);
                (render::render_as(&raw, &view), subscription::list(&raw), trust, invite::event(&raw))
            };
            let (rendered, list, trust, event) = tokio::task::spawn_blocking(reading)
                .await
                .map_err(|e| Error::new(Kind::Storage, "render").because(e))?;
            (Some(body_view(rendered)), list.map(list_view), Some(trust), event)
        }
    };
    let invitation = match event {
        Some(event) => Some(invitation::invitation(store, m.account, &m.envelope.from.address, event).await?),
        None => None,
    };
    // Whatever is wrong with the index, mail is read.
    let first_time = body.is_some()
        && list.is_none()
        && is_first(store, p.message, &m.envelope.from.address).await.unwrap_or(false);
    let senders = store.senders().await?;
    let judged = match judgement(&senders, &m.envelope.from.address) {
        None => "",
        Some(s) if s.blocked => "blocked",
        Some(_) => "safe",
    };
    let reports = store.reports(m.account, p.message, &m.envelope.message_id).await?;
    Ok(MessageView {
        id,
        message: p.message,
        mailbox: p.mailbox,
        link: mid_url::link(&m.envelope.message_id).unwrap_or_default(),
        subject: m.envelope.subject,
        from: m.envelope.from,
        to: m.envelope.to,
        date: if m.envelope.date > 0 { m.envelope.date } else { p.received },
        size: m.size,
        read: p.flags.has(Flags::SEEN),
        starred: p.flags.has(Flags::FLAGGED),
        kept: m.kept,
        list,
        reports,
        trust,
        judged: judged.to_owned(),
        first_time,
        invitation,
        body,
    })
}

/// Whether the user never had to do with an address before, as far as the index knows; what lies in the junk or the trash tells nothing.
async fn is_first(store: &Store, message: MessageId, address: &str) -> Result<bool> {
    if !address.contains('@') || store.searched().await?.waiting > 0 {
        return Ok(false);
    }
    let mut spared = Vec::new();
    for account in store.accounts().await? {
        let boxes = store.mailboxes(account.id).await?.into_iter();
        spared.extend(boxes.filter(|b| matches!(b.role, Some(Role::Junk | Role::Trash))).map(|b| b.id));
    }
    if store.own_addresses().await?.iter().any(|own| own.eq_ignore_ascii_case(address)) {
        return Ok(false);
    }
    let named = |field| Wanted::Words(Words { field, text: address.to_owned(), beginning: false });
    let wanted = Wanted::Any(vec![named(Field::From), named(Field::To)]);
    let found = store.search(&wanted, None, None, &spared, &|_| 0, 2).await?;
    // That the index lacks this one itself says that it knows too little.
    Ok(found.iter().all(|hit| hit.message == message) && !found.is_empty())
}

/// What was rendered, as the screen takes it.
pub(super) fn body_view(rendered: render::Rendered) -> BodyView {
    let (seen, see): (Vec<_>, Vec<_>) = rendered.remote.into_iter().partition(|p| p.tracker.is_none());
    let trackers: BTreeSet<String> = see.into_iter().filter_map(|p| p.tracker).collect();
    BodyView {
        pictures: seen.len() as u32,
        trackers: trackers.into_iter().collect(),
        html: rendered.html,
        history: rendered.history,
        styles: rendered.styles,
        plain: rendered.plain,
        blocked: rendered.blocked,
        attachments: rendered.attachments,
    }
}

fn list_view(list: subscription::List) -> ListView {
    let host = |url: &str| {
        let after = url.split_once("://").map_or(url, |(_, rest)| rest);
        after.split(['/', '?', '#']).next().unwrap_or_default().to_owned()
    };
    let (leave, to, page) = match list.leave {
        None => ("", String::new(), String::new()),
        Some(Leave::OneClick(url)) => ("one_click", host(&url), String::new()),
        Some(Leave::Mail { to, .. }) => ("mail", to, String::new()),
        Some(Leave::Page(url)) => ("page", host(&url), url),
    };
    ListView { name: list.name, leave: leave.to_owned(), to, page }
}

/// Of what a search found, what can stand in the text.
fn marks_in_text(marks: &[MarkView]) -> Vec<Mark> {
    let in_text = marks.iter().filter(|m| matches!(m.field.as_str(), "any" | "body"));
    in_text.filter_map(|m| Mark::new(&m.text, m.beginning)).collect()
}

/// The text, cleaned HTML and files of a raw message.
pub fn rendered(raw: &[u8]) -> render::Rendered {
    render::render(raw)
}

/// A picture as a `data:` URL; `None` for what is none that can be shown, whatever its server says.
pub fn shown(bytes: &[u8]) -> Option<String> {
    let kind = remote::kind(bytes)?;
    Some(format!("data:{kind};base64,{}", base64::engine::general_purpose::STANDARD.encode(bytes)))
}

/// Where the pictures lie that a message does not bring along, but for those that are there to watch.
pub async fn pictures(store: &Store, id: PlacementId) -> Result<Vec<String>> {
    let p = store.placement(id).await?;
    let raw = store.body(p.message).await?.ok_or_else(|| Error::new(Kind::NotFound, id.to_string()))?;
    let found = tokio::task::spawn_blocking(move || render::render(&raw).remote).await;
    let found = found.map_err(|e| Error::new(Kind::Storage, "render").because(e))?;
    Ok(found.into_iter().filter(|p| p.tracker.is_none()).map(|p| p.url).collect())
}

/// A file called after a subject.
pub fn file_name(subject: &str, ending: &str) -> String {
    let short: String = subject.chars().take(80).collect();
    let name = part::safe_name(&format!("{}.{ending}", short.replace('.', " ").trim()));
    if name == ending { format!("message.{ending}") } else { name }
}

/// One file of a message that is on this device.
pub async fn attachment(store: &Store, message: MessageId, part: &str) -> Result<File> {
    let missing = || Error::new(Kind::NotFound, message.to_string());
    let partial = store.message(message).await?.partial;
    let raw = store.body(message).await?.ok_or_else(missing)?;
    let part = part.to_owned();
    let found = move || part::file(&raw, &part, partial).filter(|f| f.bytes.is_some());
    tokio::task::spawn_blocking(found).await.ok().flatten().ok_or_else(missing)
}
