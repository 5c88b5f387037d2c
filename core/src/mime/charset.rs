//! Texts that are not written as they say: what calls itself ASCII or UTF-8, or nothing, and is neither, is of an old code page, western as
//! a rule. Old systems still send such mail by the thousand.

use encoding_rs::WINDOWS_1252;
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding, Message, MessagePart, MimeHeaders, PartType};
use std::borrow::Cow;

/// What stands for octets that could not be read.
const UNREADABLE: char = '\u{fffd}';

/// Reads those texts of a message again that could not be read as what they say they are.
pub(super) fn mend(m: &mut Message<'_>) {
    for number in 0..m.parts.len() {
        let Some(text) = m.parts.get(number).and_then(|part| again(&m.raw_message, part)) else { continue };
        match &mut m.parts[number].body {
            PartType::Text(old) | PartType::Html(old) => *old = Cow::Owned(text),
            _ => {}
        }
    }
}

fn again(raw: &[u8], part: &MessagePart<'_>) -> Option<String> {
    let (PartType::Text(text) | PartType::Html(text)) = &part.body else { return None };
    let lost = text.chars().filter(|c| *c == UNREADABLE).count();
    let says = part.content_type().and_then(|c| c.attribute("charset")).unwrap_or_default();
    let loose = ["", "us-ascii", "ascii", "utf-8", "utf8", "unknown-8bit", "x-unknown"];
    if lost == 0 || !loose.iter().any(|l| l.eq_ignore_ascii_case(says)) {
        return None;
    }
    // A text that is UTF-8 but for a few octets is that, damaged.
    let found = text.chars().filter(|c| !c.is_ascii() && *c != UNREADABLE).count();
    if found >= lost {
        return None;
    }
    let bytes = octets(raw, part)?;
    std::str::from_utf8(&bytes).is_err().then(|| western(&bytes))
}

/// What a part of a message holds before it is read as a text.
pub(super) fn octets(raw: &[u8], part: &MessagePart<'_>) -> Option<Vec<u8>> {
    let body = raw.get(part.offset_body as usize..part.offset_end as usize)?;
    match part.encoding {
        Encoding::None => Some(body.to_vec()),
        Encoding::QuotedPrintable => quoted_printable_decode(body),
        Encoding::Base64 => base64_decode(body),
    }
}

/// As Windows wrote western languages, which has all that ISO 8859-1 has.
pub fn western(bytes: &[u8]) -> String {
    WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::render::render;

    fn shown(head: &str, body: &[u8]) -> String {
        render(&[format!("Subject: a\r\nMIME-Version: 1.0\r\n{head}\r\n").as_bytes(), body].concat()).text
    }

    #[test]
    fn texts_that_are_not_what_they_say() {
        for head in [
            "",
            "Content-Type: text/plain\r\n",
            "Content-Type: text/plain; charset=us-ascii\r\n",
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n",
        ] {
            assert_eq!(shown(head, b"S\xf3crates, voc\xea \x96 10 \x80"), "Sócrates, você – 10 €", "{head}");
        }
        assert_eq!(
            shown("Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n", b"voc=EA"),
            "você"
        );
        assert_eq!(
            shown("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n", b"dm9j6g=="),
            "você"
        );
        // Damaged UTF-8 stays what it is; what says that it is something else is that.
        assert_eq!(
            shown(
                "Content-Type: text/plain; charset=utf-8\r\n",
                "ção água \u{0}".replace('\0', "é").as_bytes()
            ),
            "ção água é"
        );
        let cut = ["ação é pão".as_bytes(), b" \xc3"].concat();
        assert!(shown("Content-Type: text/plain; charset=utf-8\r\n", &cut).starts_with("ação é pão"));
        assert_eq!(shown("Content-Type: text/plain; charset=iso-8859-2\r\n", b"\xb3"), "ł");
    }
}
