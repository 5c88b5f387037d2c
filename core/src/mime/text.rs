//! What of a message can be searched: the text that people read, of nested messages too, the names of its files, and the text in them.

use super::{charset, documents, flowed, render};
use crate::search::words::spell;
use base64::Engine;
use mail_parser::decoders::html::html_to_text;
use mail_parser::{Message, MessagePart, MimeHeaders, PartType};

/// So much of the words of a text is indexed, and as much of all its files: 256 KiB.
const MOST: usize = 256 << 10;
/// Octets of markup that are looked at for that: 2 MiB.
const MARKUP: usize = 2 << 20;
/// Of messages above this, runs of encoded lines are cut: 64 KiB; of texts as much is left: 512 KiB.
const LARGE: usize = 64 << 10;
const OF_A_RUN: usize = 512 << 10;
/// Of documents all, up to what is read of them, encoded: 24 MiB.
const OF_A_DOCUMENT: usize = 24 << 20;
/// Messages in messages are looked into down to here.
const DEEPEST: usize = 3;
/// Parts that are looked at.
const MAX_PARTS: usize = 200;

/// The words of a message, as [`spell`] writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Searchable {
    /// Of the text.
    pub body: String,
    /// Of the files: their names, and what is in them.
    pub files: String,
}

/// Reads a raw message for its words. Whatever it is, there is an answer.
pub fn searchable(raw: &[u8]) -> Searchable {
    let thin = render::thinned(raw, LARGE, worth);
    render::with_message(&thin, |m| {
        let mut found = Searchable::default();
        look(m, 0, &mut found);
        Some(found)
    })
    .unwrap_or_default()
}

/// How much of a run of encoded lines is read, by the first one: decoding pictures would take longer than all the rest.
fn worth(line: &[u8]) -> usize {
    let Ok(begins) = base64::engine::general_purpose::STANDARD_NO_PAD.decode(line.trim_ascii()) else {
        return OF_A_RUN;
    };
    let binary = |b: &u8| *b < b' ' && !b"\t\n\r\x0c\x1b".contains(b);
    match begins.starts_with(b"%PDF-") || begins.starts_with(b"PK") {
        true => OF_A_DOCUMENT,
        false if begins.iter().any(binary) => 0,
        false => OF_A_RUN,
    }
}

/// The text of a message as the reader shows it.
pub fn first_text(raw: &[u8]) -> String {
    render::with_message(raw, |m| Some(flowed::text_of(m))).unwrap_or_default()
}

/// The text of a file that does not say how it is written: what is no UTF-8 is of an old code page, western as a rule.
pub fn of_bytes(bytes: &[u8]) -> String {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
            // Cut in the middle of a character.
            Err(e) if e.error_len().is_none() && e.valid_up_to() > 1000 => {
                String::from_utf8_lossy(bytes).into_owned()
            }
            Err(_) => charset::western(bytes),
        },
    }
}

fn utf16(bytes: &[u8], of: fn([u8; 2]) -> u16) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|c| of([c[0], c[1]])).collect();
    String::from_utf16_lossy(&units)
}

fn look(m: &Message<'_>, depth: usize, found: &mut Searchable) {
    for (n, part) in m.text_bodies().take(MAX_PARTS).enumerate() {
        match &part.body {
            // The text that flows is put together again; it is the first one, where there are several.
            PartType::Text(_) if n == 0 && part.content_type().is_some_and(|c| c.has_attribute("format")) => {
                put(&mut found.body, &flowed::text_of(m));
            }
            PartType::Text(text) => put(&mut found.body, text),
            PartType::Html(html) => put(&mut found.body, &of_html(html)),
            _ => {}
        }
    }
    for part in m.attachments().take(MAX_PARTS) {
        if let Some(name) = part.attachment_name() {
            put(&mut found.files, name);
        }
        match &part.body {
            PartType::Message(inner) if depth < DEEPEST => {
                put(&mut found.body, inner.subject().unwrap_or_default());
                look(inner, depth + 1, found);
            }
            PartType::Text(text) => put(&mut found.files, text),
            PartType::Html(html) => put(&mut found.files, &of_html(html)),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                let kind = kind_of(part);
                if found.files.len() < MOST {
                    put(&mut found.files, &documents::text(&kind, bytes, MOST));
                }
            }
            _ => {}
        }
    }
}

/// The ending of the name of a file, or the subtype of its media type where it has none that says anything.
fn kind_of(part: &MessagePart<'_>) -> String {
    let ending = part.attachment_name().and_then(|n| n.rsplit_once('.')).map(|(_, e)| e.to_ascii_lowercase());
    let subtype = || part.content_type().and_then(|c| c.subtype()).unwrap_or_default().to_ascii_lowercase();
    ending.filter(|e| documents::KINDS.contains(&e.as_str())).unwrap_or_else(subtype)
}

/// Appends the words of a text, up to the bound.
fn put(out: &mut String, text: &str) {
    let room = MOST.saturating_sub(out.len());
    if room > 0 {
        spell(&text[..text.floor_char_boundary(room)], out);
    }
}

/// The text of markup. What stands in two cells or paragraphs is two words, though no blank is between them.
fn of_html(html: &str) -> String {
    const INLINE: [&str; 14] =
        ["a", "abbr", "b", "bdi", "big", "em", "font", "i", "small", "span", "strong", "sub", "sup", "u"];
    let html = &html[..html.floor_char_boundary(MARKUP)];
    let mut spaced = String::with_capacity(html.len() + html.len() / 16);
    let mut from = 0;
    for at in memchr::memchr_iter(b'<', html.as_bytes()) {
        let tag = html[at + 1..].trim_start_matches('/');
        let name = &tag[..tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len()).min(10)];
        if !name.is_empty() && !INLINE.iter().any(|i| name.eq_ignore_ascii_case(i)) {
            spaced.push_str(&html[from..at]);
            spaced.push(' ');
            from = at;
        }
    }
    spaced.push_str(&html[from..]);
    html_to_text(&spaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A large picture is not decoded; a text and a document that are as large are read.
    #[test]
    fn runs_of_encoded_lines() {
        let encoded = |bytes: &[u8]| {
            let text = base64::engine::general_purpose::STANDARD.encode(bytes);
            let lines: Vec<&[u8]> = text.as_bytes().chunks(76).collect();
            lines.join(&b"\r\n"[..])
        };
        let picture = [b"\xff\xd8\xff\xe0\x00\x10JFIF".as_slice(), &[7; 100_000]].concat();
        let text = "palavra ".repeat(10_000) + "estrela";
        let mail = |name: &str, bytes: &[u8]| {
            let head = format!(
                "Subject: a\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream; name={name}\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            );
            [head.as_bytes(), &encoded(bytes), b"\r\n"].concat()
        };
        let raw = mail("foto.jpg", &picture);
        assert!(render::thinned(&raw, LARGE, worth).len() < 1000);
        assert_eq!(searchable(&raw).files, " foto jpg");
        let raw = mail("lista.txt", text.as_bytes());
        assert_eq!(render::thinned(&raw, LARGE, worth), raw.as_slice());
        assert!(searchable(&raw).files.ends_with("palavra estrela"));
        for begins in [&b"%PDF-1.7\n"[..], b"PK\x03\x04\x14\x00"] {
            let raw = mail("planta.pdf", &[begins, &[0; 100_000]].concat());
            assert_eq!(render::thinned(&raw, LARGE, worth), raw.as_slice());
        }
    }

    #[test]
    fn cells_are_words() {
        let html = "<style>p{color:red}</style><table><tr><td>Total</td><td>R$&nbsp;10</td></tr></table><p>a<b>b</b>c</p>caf&eacute;";
        let mut words = String::new();
        spell(&of_html(html), &mut words);
        assert_eq!(words, " total r 10 abc cafe");
    }

    #[test]
    fn nested_messages_and_files() {
        let raw = b"Subject: fora\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n\
--m\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nOl\xc3\xa1, segue.\r\n\
--m\r\nContent-Type: message/rfc822\r\n\r\nSubject: dentro\r\nContent-Type: text/html\r\n\r\n<p>Conte\xfado</p>\r\n\
--m\r\nContent-Type: text/csv; name=\"vendas 2024.csv\"\r\nContent-Disposition: attachment; filename=\"vendas 2024.csv\"\r\n\r\nmaria;10\r\n--m--\r\n";
        let found = searchable(raw);
        assert!(found.body.starts_with(" ola segue dentro conte"), "{found:?}");
        assert_eq!(found.files, " vendas 2024 csv maria 10");
    }
}
