//! What a list can be ordered by, beside the time: one that is not is put in order once, and keeps it while the same messages are in it.

use crate::error::{Error, Kind, Result};
use crate::mime::letter::bare_subject;
use crate::model::PlacementId;
use crate::search::words::spell;
use crate::store::Store;
use crate::store::list::{Key, ListScope};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use ts_rs::TS;

/// An order. Of two that are the same by it, the newer one comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(rename = "ListOrder", rename_all = "snake_case")]
pub enum Order {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
    /// By who it is from, or of what went out to whom it went; who is nameless last.
    Person,
    /// By what it is about, without marks of answers (RFC 5256 section 2.1); what says nothing last.
    Subject,
    /// The largest first.
    Size,
    /// What is unread first.
    Unread,
    /// What is starred first.
    Starred,
    /// What files came with first.
    Attachments,
}

/// All of a list in an order; `outgoing`: the people are those that it went to.
pub async fn sorted(
    store: &Store,
    scope: &ListScope,
    order: Order,
    outgoing: bool,
) -> Result<Vec<PlacementId>> {
    let key = match order {
        Order::Newest | Order::Oldest => Key::Time,
        Order::Person if outgoing => Key::Recipient,
        Order::Person => Key::Sender,
        Order::Subject => Key::Subject,
        Order::Size => Key::Size,
        Order::Unread => Key::Unread,
        Order::Starred => Key::Starred,
        Order::Attachments => Key::Attachments,
    };
    // Newest first, so that a stable order keeps that.
    let found = store.list_keys(scope, key).await?;
    let put = move || {
        if order == Order::Oldest {
            return found.into_iter().rev().map(|(id, ..)| id).collect();
        }
        let mut keyed: Vec<(Place, PlacementId)> = Vec::with_capacity(found.len());
        for (id, number, text) in found {
            let place = match order {
                Order::Person => Place::Text(folded(&text)),
                Order::Subject => Place::Text(folded(&base_subject(&text))),
                _ => Place::Number(-number),
            };
            keyed.push((place, id));
        }
        keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
        keyed.into_iter().map(|(_, id)| id).collect()
    };
    tokio::task::spawn_blocking(put).await.map_err(|e| Error::new(Kind::Storage, "order").because(e))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Number(i64),
    Text((bool, String)),
}

/// Without what lists and programs put around it (RFC 5256 section 2.1): marks of answers and of passing on, `[list]` in front.
fn base_subject(subject: &str) -> String {
    let mut rest = subject.trim().to_owned();
    loop {
        let mut now = bare_subject(&rest);
        let lower = now.to_lowercase();
        if lower.ends_with("(fwd)") {
            now.truncate(now.len() - "(fwd)".len());
        } else if lower.starts_with("[fwd:") && lower.ends_with(']') {
            now = now["[fwd:".len()..now.len() - 1].to_owned();
        } else if let Some((_, after)) = now.strip_prefix('[').and_then(|n| n.split_once(']'))
            && !after.trim().is_empty()
        {
            now = after.to_owned();
        }
        now = now.trim().to_owned();
        if now == rest {
            return now;
        }
        rest = now;
    }
}

/// As people look for it: no case, no marks; nothing comes last.
fn folded(text: &str) -> (bool, String) {
    let mut words = String::new();
    spell(text, &mut words);
    (words.is_empty(), words)
}

/// What a list that was in an order is like after a change: what is gone is gone, and only what came puts the rest in order again. So
/// nothing jumps away from who has just read it.
pub fn kept(before: Vec<PlacementId>, now: Vec<PlacementId>) -> Vec<PlacementId> {
    let had: HashSet<PlacementId> = before.iter().copied().collect();
    if now.iter().any(|id| !had.contains(id)) {
        return now;
    }
    let has: HashSet<PlacementId> = now.into_iter().collect();
    before.into_iter().filter(|id| has.contains(id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_jumps() {
        let ids = |all: &[i64]| all.iter().map(|n| PlacementId(*n)).collect::<Vec<_>>();
        assert_eq!(kept(ids(&[3, 1, 2]), ids(&[1, 2, 3])), ids(&[3, 1, 2]), "read, or starred");
        assert_eq!(kept(ids(&[3, 1, 2]), ids(&[1, 3])), ids(&[3, 1]), "one is gone");
        assert_eq!(kept(ids(&[3, 1, 2]), ids(&[1, 2, 3, 4])), ids(&[1, 2, 3, 4]), "one came");
    }

    #[test]
    fn subjects_without_what_is_around_them() {
        for (from, to) in [
            ("[foo] Fwd: [bar] Re: fw: b (fWd)  (fwd)", "b"),
            ("re: [fwd: [fwd: re: [fwd: babylon]]]", "babylon"),
            ("[xyz]", "[xyz]"),
            ("RES: [obra] ENC: Orçamento", "Orçamento"),
            ("", ""),
            ("[", "["),
            ("İ(fwd)", "İ"),
        ] {
            assert_eq!(base_subject(from), to);
        }
    }

    #[test]
    fn texts_as_people_look_for_them() {
        let mut all = ["Zé", "", "ângela", "Bia", "Ana"].map(folded);
        all.sort();
        let words: Vec<&str> = all.iter().map(|(_, w)| w.trim()).collect();
        assert_eq!(words, ["ana", "angela", "bia", "ze", ""]);
    }
}
