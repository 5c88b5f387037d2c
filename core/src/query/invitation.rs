//! An invitation as the reader shows it: what the message says, and what other mail says became of it.

use crate::error::Result;
use crate::mime::invite;
pub use crate::mime::invite::{Answer, Event, Guest, Method, Repeats, event, of_file};
use crate::mime::invite_reply::{self, Reply};
use crate::model::{AccountId, Address};
use crate::store::Store;
use crate::store::event::{EventRow, Told};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Answers are small: 256 KiB.
const SMALL: u64 = 256 << 10;

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct InvitationView {
    /// What the message says, with what guests answered since.
    pub event: Event,
    /// The address of the user that is invited; empty = none is named.
    pub me: String,
    /// The user invites.
    pub own: bool,
    /// What the user answered, here or on another device.
    pub answer: Answer,
    /// That answer is still on its way out.
    pub pending: bool,
    /// A later message changed it: this one is history.
    pub changed: bool,
    /// It does not take place: this message says so, or a later one.
    pub cancelled: bool,
    /// It can be answered.
    pub asks: bool,
}

/// What mail, and what is on its way out, says of the appointment of a message from `sender`.
pub async fn invitation(
    store: &Store,
    account: AccountId,
    sender: &str,
    event: Event,
) -> Result<InvitationView> {
    let own: Vec<String> = store.addresses_of(account).await?.iter().map(|a| a.to_lowercase()).collect();
    let told = store.events(account, &event.uid).await?;
    let mut leaving = Vec::new();
    for o in store.outbox_of(account).await? {
        if o.size <= SMALL {
            leaving.extend(invite::event(&store.outgoing_raw(o.id).await?).as_ref().map(row));
        }
    }
    Ok(view(event, &sender.to_lowercase(), &own, &told, &leaving))
}

/// What a message does with an appointment, for the store.
pub fn row(event: &Event) -> EventRow {
    let answers = matches!(event.method, Method::Reply | Method::Counter);
    let guest = event.guests.first().filter(|_| answers);
    EventRow {
        uid: event.uid.clone(),
        recurrence: event.recurrence.clone(),
        method: event.method.as_str().to_owned(),
        sequence: event.sequence,
        stamp: event.stamp,
        guest: guest.map(|g| g.who.address.to_lowercase()).unwrap_or_default(),
        answer: guest.map(|g| g.answer.as_str().to_owned()).unwrap_or_default(),
    }
}

/// The answer to the invitation that a message brings, as `who`.
pub fn reply(raw: &[u8], who: &Address, answer: Answer, now: i64) -> Option<Reply> {
    invite_reply::reply(raw, who, answer, now)
}

fn view(
    mut event: Event,
    sender: &str,
    own: &[String],
    told: &[Told],
    leaving: &[EventRow],
) -> InvitationView {
    let mine = |address: &str| own.iter().any(|o| o == &address.to_lowercase());
    let me = event.guests.iter().find(|g| mine(&g.who.address)).map(|g| g.who.address.clone());
    let organizer = event.organizer.address.to_lowercase();
    // Who invites can take it back; nobody else can say that they did.
    let rules = |t: &&Told| t.sender == organizer || t.sender == sender;
    let later =
        |e: &EventRow| e.sequence > event.sequence || (e.sequence == event.sequence && e.stamp > event.stamp);
    let meant = |e: &EventRow| e.recurrence == event.recurrence;
    let changed = told
        .iter()
        .filter(rules)
        .any(|t| t.event.method == "request" && meant(&t.event) && t.event.sequence > event.sequence);
    let taken_back = told.iter().filter(rules).any(|t| {
        let all = t.event.recurrence.is_empty() || meant(&t.event);
        t.event.method == "cancel" && all && later(&t.event)
    });
    // An answer to an older version is none to this one.
    let answers = |e: &EventRow| e.method == "reply" && meant(e) && e.sequence >= event.sequence;
    let said = told.iter().filter(|t| mine(&t.event.guest) && mine(&t.sender) && answers(&t.event));
    let leaves = leaving
        .iter()
        .filter(|e| e.uid == event.uid && mine(&e.guest) && answers(e))
        .max_by_key(|e| e.stamp)
        .map(|e| Answer::of(&e.answer));
    let in_calendar = event.guests.iter().find(|g| mine(&g.who.address)).map(|g| g.answer);
    let answer = leaves
        .or_else(|| said.max_by_key(|t| t.event.stamp).map(|t| Answer::of(&t.event.answer)))
        .or(in_calendar)
        .unwrap_or_default();
    let since: Vec<(String, Answer)> = told
        .iter()
        .filter(|t| t.sender == t.event.guest && answers(&t.event))
        .map(|t| (t.event.guest.clone(), Answer::of(&t.event.answer)))
        .collect();
    if event.method == Method::Request {
        for guest in &mut event.guests {
            let address = guest.who.address.to_lowercase();
            if let Some((_, newest)) = since.iter().rfind(|(who, _)| *who == address) {
                guest.answer = *newest;
            }
        }
    }
    let cancelled = event.cancelled || taken_back;
    let invites = mine(&organizer);
    InvitationView {
        asks: event.method == Method::Request
            && !cancelled
            && !changed
            && !invites
            && event.organizer.address.contains('@'),
        own: invites,
        me: me.unwrap_or_default(),
        answer,
        pending: leaves.is_some(),
        changed,
        cancelled,
        event,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MessageId;

    fn asked() -> Event {
        let guest = |address: &str| Guest {
            who: Address { name: String::new(), address: address.into() },
            ..Guest::default()
        };
        Event {
            uid: "u".into(),
            method: Method::Request,
            sequence: 1,
            stamp: 100,
            organizer: Address { name: "Bia".into(), address: "Bia@x.test".into() },
            guests: vec![guest("Ana@exemplo.test"), guest("carla@x.test")],
            ..Event::default()
        }
    }

    fn told(sender: &str, method: &str, sequence: i64, stamp: i64, answer: &str) -> Told {
        let guest = if answer.is_empty() { String::new() } else { sender.to_owned() };
        let event = EventRow {
            uid: "u".into(),
            method: method.into(),
            sequence,
            stamp,
            guest,
            answer: answer.into(),
            ..EventRow::default()
        };
        Told { message: MessageId(1), sender: sender.into(), event }
    }

    fn seen(told: &[Told], leaving: &[EventRow]) -> InvitationView {
        view(asked(), "bia@x.test", &["ana@exemplo.test".into()], told, leaving)
    }

    #[test]
    fn what_became_of_it() {
        let fresh = seen(&[], &[]);
        assert_eq!((fresh.me.as_str(), fresh.answer, fresh.asks), ("Ana@exemplo.test", Answer::None, true));
        let mine = [
            told("ana@exemplo.test", "reply", 1, 110, "accepted"),
            told("ana@exemplo.test", "reply", 1, 120, "declined"),
        ];
        assert_eq!(seen(&mine, &[]).answer, Answer::Declined, "the last word");
        let on_its_way = told("ana@exemplo.test", "reply", 1, 130, "tentative").event;
        let view = seen(&mine, &[on_its_way]);
        assert_eq!((view.answer, view.pending), (Answer::Tentative, true));
        let older = [told("ana@exemplo.test", "reply", 0, 90, "accepted")];
        assert_eq!(seen(&older, &[]).answer, Answer::None, "to what it was before");
        let forged = [told("mal@y.test", "reply", 1, 110, "accepted")];
        assert_eq!(seen(&forged, &[]).answer, Answer::None);
    }

    #[test]
    fn only_who_invites_takes_it_back() {
        for (sender, cancelled) in [("bia@x.test", true), ("mal@y.test", false)] {
            let view = seen(&[told(sender, "cancel", 1, 200, "")], &[]);
            assert_eq!((view.cancelled, view.asks), (cancelled, !cancelled), "{sender}");
            let view = seen(&[told(sender, "request", 2, 200, "")], &[]);
            assert_eq!((view.changed, view.asks), (cancelled, !cancelled), "{sender}");
        }
        assert!(!seen(&[told("bia@x.test", "cancel", 0, 50, "")], &[]).cancelled, "an older one");
    }

    #[test]
    fn guests_answer_for_themselves() {
        let all = [
            told("carla@x.test", "reply", 1, 150, "accepted"),
            told("mal@y.test", "reply", 1, 160, "declined"),
        ];
        let view = seen(&all, &[]);
        assert_eq!(view.event.guests[1].answer, Answer::Accepted);
    }
}
