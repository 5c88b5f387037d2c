//! What is being written, as composers show it.

use crate::mime::compose::Letter;
pub use crate::mime::wishes::Wishes;
use crate::mime::{letter, render};
use crate::model::{AccountId, Address, OutgoingId, PlacementId};
use crate::store::people::Person;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// A file that goes with a draft. Its bytes lie on this device, under `id`, for as long as the draft is being written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DraftFile {
    /// Under which it lies here.
    pub id: String,
    /// Its name, safe to show.
    pub name: String,
    /// MIME type.
    pub media_type: String,
    /// Bytes.
    #[ts(type = "number")]
    pub size: u64,
    /// By which the HTML shows it (`cid:`); empty = it is only attached.
    pub content_id: String,
}

/// What somebody writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DraftContent {
    /// Which draft, all versions of it; empty = a new one.
    pub draft: String,
    /// Through which account it is sent, and in whose Drafts it lies.
    pub account: AccountId,
    /// Who writes.
    pub from: Address,
    /// To whom.
    pub to: Vec<Address>,
    /// With a copy to whom.
    pub cc: Vec<Address>,
    /// With a copy to whom, unseen by the others.
    pub bcc: Vec<Address>,
    /// What it is about.
    pub subject: String,
    /// What it says. Pictures that go with it are `cid:`.
    pub html: String,
    /// Files that go with it.
    pub files: Vec<DraftFile>,
    /// The message that it answers: Message-ID, without brackets; empty = none.
    pub in_reply_to: String,
    /// The messages that led to it, oldest first.
    pub references: Vec<String>,
    /// The message that it passes on, as `in_reply_to`.
    pub forwards: String,
    /// What else is wished for it.
    pub wishes: Wishes,
}

/// What an answer quotes, or what is passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Quote {
    /// Who wrote it.
    pub from: Address,
    /// To whom.
    pub to: Vec<Address>,
    /// When, seconds since 1970.
    pub date: i64,
    /// What it is about, as it says.
    pub subject: String,
    /// Its safe HTML. Pictures that come with it are `cid:`.
    pub html: String,
}

/// A draft that is opened or begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DraftView {
    /// The version that it goes on from; `None` = nothing was put down yet.
    pub id: Option<PlacementId>,
    /// What it says.
    pub content: DraftContent,
    /// What it quotes, still to be put in; for one that is begun.
    pub quote: Option<Quote>,
    /// How many other versions of it lie in Drafts: written on other devices, from the same one.
    pub others: u32,
    /// `data:` URLs of the pictures of its HTML, by content id.
    pub pictures: BTreeMap<String, String>,
}

/// A draft that was put down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DraftSaved {
    /// The version.
    pub id: PlacementId,
    /// The draft, all versions of it.
    pub draft: String,
    /// As in [`DraftView`].
    pub others: u32,
}

/// A message that was handed to the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Queued {
    /// Its number there.
    pub id: OutgoingId,
    /// When it leaves, seconds since 1970.
    pub at: i64,
}

/// What a message says, for those who quote it; `said` is the same, read.
pub fn quote(raw: &[u8], said: &Letter) -> Quote {
    let envelope = crate::mime::header::envelope(raw);
    let html = match said.html.is_empty() {
        true => letter::rich(&render::render(raw).text),
        false => said.html.clone(),
    };
    Quote { from: envelope.from, to: envelope.to, date: envelope.date, subject: envelope.subject, html }
}

/// What somebody wrote, for a composer; its files are named in `files`.
pub fn content(account: AccountId, draft: &str, letter: &Letter, files: Vec<DraftFile>) -> DraftContent {
    let html = match letter.html.is_empty() {
        true => letter::rich(&letter.text),
        false => letter.html.clone(),
    };
    DraftContent {
        draft: draft.to_owned(),
        account,
        from: letter.from.clone(),
        to: letter.to.clone(),
        cc: letter.cc.clone(),
        bcc: letter.bcc.clone(),
        subject: letter.subject.clone(),
        html,
        files,
        in_reply_to: letter.in_reply_to.clone(),
        references: letter.references.clone(),
        forwards: letter.forwards.clone(),
        wishes: letter.wishes.clone(),
    }
}

/// The pictures that the HTML of a letter shows, as a web view takes them.
pub fn pictures(letter: &Letter) -> BTreeMap<String, String> {
    use base64::Engine;
    let shown = letter.files.iter().filter(|f| {
        !f.content_id.is_empty()
            && f.media_type.starts_with("image/")
            && letter.html.contains(&format!("cid:{}", f.content_id))
    });
    shown
        .map(|f| {
            let data = base64::engine::general_purpose::STANDARD.encode(&f.bytes);
            (f.content_id.clone(), format!("data:{};base64,{data}", f.media_type))
        })
        .collect()
}

/// Those whose address or name, or a word of it, begins as typed; who matters most first. Accents and case do not count.
pub fn matching(people: &[Person], typed: &str, count: usize) -> Vec<Address> {
    let typed = folded(typed.trim());
    let begins = |p: &&Person| {
        let (name, address) = (folded(&p.address.name), folded(&p.address.address));
        address.starts_with(&typed)
            || name.starts_with(&typed)
            || name.split([' ', '-', '.', ',']).any(|word| word.starts_with(&typed))
            || address.split_once('@').is_some_and(|(_, domain)| domain.starts_with(&typed))
    };
    let machine = |p: &&Person| {
        let local = p.address.address.to_lowercase().replace(['-', '_', '.'], "");
        ["noreply", "donotreply", "naoresponda", "noresponder"].iter().any(|m| local.starts_with(m))
    };
    if typed.is_empty() {
        return Vec::new();
    }
    people.iter().filter(|p| !machine(p)).filter(begins).take(count).map(|p| p.address.clone()).collect()
}

/// Without accents and case.
fn folded(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    use unicode_normalization::char::is_combining_mark;
    text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_found_by_how_they_begin() {
        let person = |name: &str, address: &str| Person {
            address: Address { name: name.into(), address: address.into() },
            weight: 1,
        };
        let all = [
            person("Conceição Açaí", "c.a@exemplo.test"),
            person("", "acme@loja.test"),
            person("Loja", "no-reply@loja.test"),
        ];
        let found = |typed: &str| matching(&all, typed, 8).into_iter().map(|a| a.address).collect::<Vec<_>>();
        assert_eq!(found("ac"), ["c.a@exemplo.test", "acme@loja.test"]);
        assert_eq!(found("CONCEICAO"), ["c.a@exemplo.test"]);
        assert_eq!(found("loja"), ["acme@loja.test"], "nobody writes to machines");
        assert_eq!(found(" "), Vec::<String>::new());
    }
}
