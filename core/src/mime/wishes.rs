//! What the author of a message wishes for it besides that it arrives, and the header fields that carry it.

use super::compose::Letter;
use crate::model::Address;
use lettre::message::header::{HeaderName, HeaderValue, Headers};
use mail_parser::Message;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Wishes for one message. None of them is asked for unless the author says so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Wishes {
    /// More important than others (1), or less (-1).
    #[serde(default)]
    pub importance: i8,
    /// Whoever reads it is asked to say so (RFC 8098).
    #[serde(default)]
    pub receipt: bool,
    /// The servers are asked to say when it was delivered (RFC 3461).
    #[serde(default)]
    pub report: bool,
    /// It is not passed on without TLS (RFC 8689).
    #[serde(default)]
    pub only_tls: bool,
    /// As plain text alone.
    #[serde(default)]
    pub plain: bool,
}

const IMPORTANCE: &str = "Importance";
/// Not an RFC, but what programs have shown for thirty years.
const PRIORITY: &str = "X-Priority";
const RECEIPT: &str = "Disposition-Notification-To";
/// What is said to the server and not written into the message; drafts remember it, and it is not sent.
const ON_THE_WAY: &str = "X-Malote-Wishes";

/// Writes the fields.
pub(super) fn put(letter: &Letter, headers: &mut Headers) {
    let wishes = &letter.wishes;
    let mut put = |name: &'static str, value: String| {
        headers.insert_raw(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
    };
    if wishes.importance != 0 {
        let (word, number) = if wishes.importance > 0 { ("high", "1") } else { ("low", "5") };
        put(IMPORTANCE, word.to_owned());
        put(PRIORITY, number.to_owned());
    }
    if wishes.receipt {
        put(RECEIPT, format!("<{}>", super::compose::to_ascii_domain(letter.from.address.trim())));
    }
    let said = [(wishes.report, "report"), (wishes.only_tls, "only-tls")];
    let said: Vec<&str> = said.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
    if !said.is_empty() {
        put(ON_THE_WAY, said.join(", "));
    }
}

/// Reads them again.
pub(super) fn read(m: &Message<'_>, from: &Address, plain: bool) -> Wishes {
    let text =
        |name: &'static str| m.header(name).and_then(|h| h.as_text()).unwrap_or_default().to_lowercase();
    let important = |word: &str, numbers: [&str; 2]| {
        text(IMPORTANCE).trim() == word || numbers.iter().any(|n| text(PRIORITY).trim().starts_with(n))
    };
    let on_the_way = text(ON_THE_WAY);
    let own = from.address.to_lowercase();
    Wishes {
        importance: i8::from(important("high", ["1", "2"])) - i8::from(important("low", ["4", "5"])),
        receipt: !own.is_empty() && m.header(RECEIPT).is_some(),
        report: on_the_way.contains("report"),
        only_tls: on_the_way.contains("only-tls"),
        plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::compose::{File, compose, resent};
    use crate::mime::letter::letter;

    fn written() -> Letter {
        Letter {
            from: Address { name: "Ana".into(), address: "ana@exemplo.test".into() },
            to: vec![Address { name: String::new(), address: "ze@exemplo.test".into() }],
            text: "Olá\n".into(),
            message_id: "m@exemplo.test".into(),
            ..Letter::default()
        }
    }

    fn bytes(letter: &Letter) -> Vec<u8> {
        compose(letter).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn wishes_travel_with_a_draft() {
        for importance in [-1, 0, 1] {
            for yes in [false, true] {
                let wishes = Wishes { importance, receipt: yes, report: yes, only_tls: yes, plain: true };
                let back =
                    letter(&bytes(&Letter { wishes: wishes.clone(), ..written() })).unwrap_or_default();
                assert_eq!(back.wishes, wishes);
            }
        }
        let plain = String::from_utf8_lossy(&bytes(&written())).into_owned();
        for field in [IMPORTANCE, PRIORITY, RECEIPT, ON_THE_WAY] {
            assert!(!plain.contains(field), "{field} without being wished for");
        }
    }

    #[test]
    fn a_message_goes_whole_with_another() {
        let inner = bytes(&Letter { subject: "dentro".into(), ..written() });
        let eight = [b"Subject: x\r\n\r\nol\xc3\xa1\r\n".as_slice(), b"bare\n"].concat();
        for (raw, kind) in [(&inner, "message/rfc822"), (&eight, "application/octet-stream")] {
            let file = File {
                name: "a.eml".into(),
                media_type: "message/rfc822".into(),
                bytes: raw.clone(),
                ..File::default()
            };
            let back = letter(&bytes(&Letter { files: vec![file], ..written() })).unwrap_or_default();
            let found: Vec<_> =
                back.files.iter().map(|f| (f.name.as_str(), f.media_type.as_str(), &f.bytes)).collect();
            assert_eq!(found, [("a.eml", kind, raw)]);
        }
    }

    #[test]
    fn what_is_passed_on_stays_its_authors() {
        let raw = bytes(&Letter { subject: "Olá".into(), bcc: written().to, ..written() });
        let by = Letter {
            from: Address { name: "Bia Açaí".into(), address: "bia@exemplo.test".into() },
            to: vec![Address { name: "Caio\r\nBcc: x@y.test".into(), address: "caio@exemplo.test".into() }],
            message_id: "r@exemplo.test".into(),
            subject: "nada".into(),
            ..Letter::default()
        };
        let again = resent(&raw, &by).unwrap_or_else(|e| panic!("{e}"));
        assert!(again.ends_with(&raw));
        let front = String::from_utf8_lossy(&again[..again.len() - raw.len()]).into_owned();
        let names: Vec<&str> =
            front.lines().filter(|l| !l.starts_with(' ')).filter_map(|l| l.split(':').next()).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, ["Resent-Date", "Resent-From", "Resent-Message-ID", "Resent-To"], "{front}");
        assert_eq!(letter(&again).unwrap_or_default().from, written().from);
    }
}
