//! ENVELOPE (RFC 9051 section 7.5.2).
//!
//! ```text
//! envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP env-cc SP env-bcc SP
//!            env-in-reply-to SP env-message-id ")"
//! ```

use super::value::Value;

/// What a server makes of a message's header. Its texts are as they came: encoded words are not decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// Date
    pub date: Option<String>,
    /// Subject
    pub subject: Option<String>,
    /// From
    pub from: Vec<Address>,
    /// Sender
    pub sender: Vec<Address>,
    /// Reply-To
    pub reply_to: Vec<Address>,
    /// To
    pub to: Vec<Address>,
    /// Cc
    pub cc: Vec<Address>,
    /// Bcc
    pub bcc: Vec<Address>,
    /// In-Reply-To
    pub in_reply_to: Option<String>,
    /// Message-ID
    pub message_id: Option<String>,
}

/// One address. `host` is `None` at the beginning of a group (`mailbox` is its name) and at its end (nothing is set).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// Display name.
    pub name: Option<String>,
    /// Source route, obsolete.
    pub route: Option<String>,
    /// What is in front of the `@`.
    pub mailbox: Option<String>,
    /// What is behind it.
    pub host: Option<String>,
}

/// Reads one; `None` for what is no list of ten.
pub fn envelope(value: &Value) -> Option<Envelope> {
    let [date, subject, from, sender, reply_to, to, cc, bcc, in_reply_to, message_id, ..] = value.list()
    else {
        return None;
    };
    Some(Envelope {
        date: date.text(),
        subject: subject.text(),
        from: addresses(from),
        sender: addresses(sender),
        reply_to: addresses(reply_to),
        to: addresses(to),
        cc: addresses(cc),
        bcc: addresses(bcc),
        in_reply_to: in_reply_to.text(),
        message_id: message_id.text(),
    })
}

fn addresses(value: &Value) -> Vec<Address> {
    let part = |a: &Value, i: usize| a.list().get(i).and_then(Value::text);
    let one =
        |a: &Value| Address { name: part(a, 0), route: part(a, 1), mailbox: part(a, 2), host: part(a, 3) };
    value.list().iter().filter(|a| !a.list().is_empty()).map(one).collect()
}
