//! Header fields to [`Envelope`].

use super::guarded;
use crate::model::{Address, Envelope};
use mail_parser::{Addr, HeaderValue, Message, MessageParser};

/// Longest subject kept, in characters; the rest is in the message itself.
const SUBJECT: usize = 500;

/// Reads the header fields that a list shows. Whatever they hold, there is an envelope; what cannot be read is empty.
pub fn envelope(header: &[u8]) -> Envelope {
    guarded(|| MessageParser::new().parse_headers(header).map(|m| read(&m))).unwrap_or_default()
}

/// The same, and when it was delivered: what the topmost Received field says (RFC 5321 section 4.4), else its own date; seconds
/// since 1970, 0 where neither makes sense. For messages of servers that do not tell.
pub fn envelope_and_delivery(header: &[u8]) -> (Envelope, i64) {
    guarded(|| MessageParser::new().parse_headers(header).map(|m| read_with_delivery(&m))).unwrap_or_default()
}

/// The same of a message that was parsed.
pub(super) fn read_with_delivery(message: &Message<'_>) -> (Envelope, i64) {
    let envelope = read(message);
    let received = message.received().and_then(|r| r.date).map(|d| sane(d.to_timestamp()));
    let delivered = received.filter(|t| *t > 0).unwrap_or(envelope.date);
    (envelope, delivered)
}

fn read(message: &Message<'_>) -> Envelope {
    let list = |value: Option<&mail_parser::Address<'_>>| -> Vec<Address> {
        value.map(|a| a.iter().map(address).collect()).unwrap_or_default()
    };
    let mut to = list(message.to());
    to.extend(list(message.cc()));
    to.truncate(50);
    let mut references: Vec<String> = ids(message.references());
    for id in ids(message.in_reply_to()) {
        if !references.contains(&id) {
            references.push(id);
        }
    }
    // The first and the nearest ancestors are what threading needs.
    if references.len() > 40 {
        references.drain(1..references.len() - 39);
    }
    Envelope {
        message_id: message.message_id().map(tidy).unwrap_or_default(),
        references: references.join(" "),
        subject: tidy_start(message.subject().unwrap_or_default().chars(), SUBJECT),
        from: message.from().and_then(|f| f.first()).map(address).unwrap_or_default(),
        to,
        date: message.date().map(|d| sane(d.to_timestamp())).unwrap_or(0),
        list_id: list_of(message).1,
    }
}

/// The name and the id of the list that a message came through (RFC 2919); both may be empty.
pub(super) fn list_of(message: &Message<'_>) -> (String, String) {
    let (name, id) = match message.list_id() {
        // The parser takes it for an address, which it looks like.
        HeaderValue::Address(a) => {
            a.first().map(|a| (a.name.as_deref(), a.address.as_deref())).unwrap_or_default()
        }
        HeaderValue::Text(text) => {
            text.rsplit_once('<').map_or((None, Some(text.as_ref())), |(n, i)| (Some(n), Some(i)))
        }
        _ => (None, None),
    };
    let tidy =
        |text: Option<&str>| tidy(text.unwrap_or_default()).trim_matches(['<', '>', '"', ' ']).to_owned();
    (tidy(name), tidy(id))
}

/// 1 January 1970 to the year 2200: anything else is a broken clock, and 0.
fn sane(time: i64) -> i64 {
    if (1..7_258_118_400).contains(&time) { time } else { 0 }
}

/// The header of a message: up to and with the empty line, or all of it where there is none.
pub fn section(raw: &[u8]) -> &[u8] {
    let ends = |n: usize| match &raw[n..] {
        [_, b'\n', ..] => Some(n + 2),
        [_, b'\r', b'\n', ..] if n > 0 && raw[n - 1] == b'\r' => Some(n + 3),
        _ => None,
    };
    let end = memchr::memchr_iter(b'\n', raw).find_map(ends).unwrap_or(raw.len());
    &raw[..end]
}

pub(super) fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    match value {
        HeaderValue::Text(one) => vec![tidy(one)],
        HeaderValue::TextList(many) => many.iter().map(|id| tidy(id)).collect(),
        _ => Vec::new(),
    }
    .into_iter()
    .filter(|id| !id.is_empty() && !id.contains(char::is_whitespace))
    .collect()
}

pub(super) fn address(a: &Addr<'_>) -> Address {
    Address {
        name: a.name.as_deref().map(tidy).unwrap_or_default().chars().take(200).collect(),
        address: a.address.as_deref().map(tidy).unwrap_or_default().chars().take(320).collect(),
    }
}

/// One line without control characters and without the marks that turn the direction of text around (they are used to
/// dress up names and file types).
pub fn tidy(text: &str) -> String {
    tidy_start(text.chars(), usize::MAX)
}

/// The first `most` characters of the same. No more is read than it takes.
pub fn tidy_start(text: impl Iterator<Item = char>, most: usize) -> String {
    let (mut tidy, mut length, mut gap) = (String::new(), 0, false);
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    for c in text {
        if c.is_whitespace() {
            gap = length > 0;
        } else if !c.is_control() && !turns(c) {
            length += 1 + usize::from(gap);
            if length > most {
                break;
            }
            if std::mem::take(&mut gap) {
                tidy.push(' ');
            }
            tidy.push(c);
        }
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_portuguese_header() {
        let e = envelope(
            b"Date: Tue, 03 Mar 2026 09:15:00 -0300\r\nFrom: =?utf-8?Q?Jos=C3=A9_A=C3=A7a=C3=AD?= <jose@exemplo.test>\r\nTo: ana@exemplo.test, Bia <bia@exemplo.test>\r\nSubject: =?iso-8859-1?Q?Reuni=E3o?=\r\n de amanha\r\nMessage-ID: <a@x>\r\nReferences: <r1@x> <r2@x>\r\nIn-Reply-To: <r2@x>\r\n\r\n",
        );
        assert_eq!(e.from, Address { name: "José Açaí".into(), address: "jose@exemplo.test".into() });
        assert_eq!(e.subject, "Reunião de amanha");
        let list = |field: &str| envelope(format!("List-Id: {field}\r\n\r\n").as_bytes()).list_id;
        assert_eq!([list("Vendas <v.l.test>"), list("<v.l.test>")], ["v.l.test"; 2]);
        assert_eq!(e.date, 1_772_540_100);
        assert_eq!((e.message_id.as_str(), e.references.as_str(), e.to.len()), ("a@x", "r1@x r2@x", 2));
    }

    #[test]
    fn a_tidy_text_is_one_line_of_visible_characters() {
        assert_eq!(tidy("  a\r\n\t b\u{202e}c\u{7}  "), "a bc");
        for (most, start) in [(0, ""), (1, "á"), (2, "á"), (3, "á b"), (9, "á b")] {
            assert_eq!(tidy_start(" á  b ".chars(), most), start, "{most}");
        }
    }

    #[test]
    fn nonsense_gives_an_empty_envelope() {
        assert_eq!(envelope(b""), Envelope::default());
        assert_eq!(envelope(&[0xff; 300]).subject, "");
        assert_eq!(tidy("a\u{202e}fdp.exe\r\n b"), "afdp.exe b");
    }
}
