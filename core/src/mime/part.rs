//! One file of a message: what is known of it, its name, its bytes; also of a message in the message, and of what Outlook wrapped.

use super::compose::media_type;
use super::danger::{Danger, danger};
use super::header::tidy;
use super::render::with_message;
use super::{charset, tnef};
use mail_parser::{Message, MessagePart, MimeHeaders, PartType};
use serde::{Deserialize, Serialize};
use std::path::Path;
use ts_rs::TS;

/// In a message that came in part: stands in the header of a part that was left out, with its encoded size.
pub const LEFT_OUT: &str = "X-Malote-Left-Out";

/// Messages in messages are opened down to here.
const DEEPEST: usize = 8;
/// A file that came with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Attachment {
    /// Where it stands in the message, for saving it: the number of the part; of a file in a file both, `4.2`.
    pub part: String,
    /// File name, safe to show and to use.
    pub name: String,
    /// MIME type.
    pub media_type: String,
    /// Bytes after decoding.
    #[ts(type = "number")]
    pub size: u64,
    /// What it may do when it is opened.
    pub danger: Danger,
    /// False while it is not on this device: it is fetched when somebody wants it.
    pub here: bool,
}

/// A file, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// What is known of it.
    pub about: Attachment,
    /// Its bytes as its author had them; `None` where they are not here.
    pub bytes: Option<Vec<u8>>,
    /// The same read as the text that it says it is, for one that says so.
    pub text: Option<String>,
}

/// One file of a message. `part` as in [`Attachment`].
pub fn file(raw: &[u8], part: &str, outline: bool) -> Option<File> {
    let (number, inside) = part.split_once('.').map_or((part, ""), |(number, inside)| (number, inside));
    let number: u32 = number.parse().ok()?;
    let found = with_message(raw, |m| {
        let part = m.parts.get(number as usize)?;
        let about = about(part, number, "", outline);
        let bytes = if about.here { Some(original(m, part)?) } else { None };
        let text = match &part.body {
            PartType::Text(text) | PartType::Html(text) if about.here => Some(text.as_ref().to_owned()),
            _ => None,
        };
        Some(File { about, bytes, text })
    })?;
    if inside.is_empty() {
        return Some(found);
    }
    let (one, bytes) = (found.about, found.bytes?);
    let within = format!("{number}.{inside}");
    if tnef::is_one(&one.name, &one.media_type) {
        let (name, bytes) = tnef::files(&bytes).into_iter().nth(inside.parse().ok()?)?;
        let about = in_a_file(within, &name, bytes.len());
        return Some(File { about, bytes: Some(bytes.to_vec()), text: None });
    }
    if inside.split('.').count() > DEEPEST || !is_message(&one) {
        return None;
    }
    let deeper = file(&bytes, inside, false)?;
    Some(File { about: Attachment { part: within, ..deeper.about }, ..deeper })
}

/// Whether it is a whole message.
pub fn is_message(file: &Attachment) -> bool {
    matches!(file.media_type.as_str(), "message/rfc822" | "message/global")
        || file.name.to_ascii_lowercase().ends_with(".eml")
}

/// What a part holds, octet by octet; `None` for what is only made of other parts.
pub(super) fn original(m: &Message<'_>, part: &MessagePart<'_>) -> Option<Vec<u8>> {
    Some(match &part.body {
        // A text was read into letters; its author had these octets.
        PartType::Text(t) | PartType::Html(t) => {
            charset::octets(&m.raw_message, part).unwrap_or_else(|| t.as_bytes().to_vec())
        }
        PartType::Binary(b) | PartType::InlineBinary(b) => b.to_vec(),
        // One that is not encoded stands in the bytes of the message around it.
        PartType::Message(_) if part.encoding == mail_parser::Encoding::None => {
            m.raw_message.get(part.offset_body as usize..part.offset_end as usize)?.to_vec()
        }
        PartType::Message(inner) => inner.raw_message.to_vec(),
        PartType::Multipart(_) => return None,
    })
}

/// The type that a part says it has, in small letters.
pub(super) fn media_type_of(part: &MessagePart<'_>) -> Option<String> {
    let kind = part.content_type()?;
    Some(format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("octet-stream")).to_lowercase())
}

/// What is known of a part; `within`: the place of the message that it is of, in another one.
pub(super) fn about(part: &MessagePart<'_>, number: u32, within: &str, outline: bool) -> Attachment {
    let media_type = media_type_of(part)
        // In a digest nobody needs to say so (RFC 2046 section 5.1.5).
        .unwrap_or_else(|| match part.body {
            PartType::Message(_) => "message/rfc822".to_owned(),
            _ => "application/octet-stream".to_owned(),
        });
    let name = part.attachment_name().map(str::to_owned).unwrap_or_else(|| default_name(part, number));
    let left_out: Option<u64> = part
        .headers
        .iter()
        .find(|h| outline && h.name.as_str().eq_ignore_ascii_case(LEFT_OUT))
        .and_then(|h| h.value.as_text())
        .and_then(|size| size.trim().parse().ok());
    // Base64 in lines: 57 bytes become 78.
    let decoded = left_out.map(|size| (size as f64 * 57.0 / 78.0) as u64);
    Attachment {
        part: if within.is_empty() { number.to_string() } else { format!("{within}.{number}") },
        danger: danger(&name, &media_type),
        name: safe_name(&name),
        media_type,
        size: decoded.unwrap_or(part.len() as u64),
        here: left_out.is_none(),
    }
}

/// A file in a `winmail.dat`, of which nobody told the type.
pub(super) fn in_a_file(part: String, name: &str, size: usize) -> Attachment {
    let media_type = media_type(Path::new(name)).to_owned();
    Attachment {
        part,
        danger: danger(name, &media_type),
        name: safe_name(name),
        media_type,
        size: size as u64,
        here: true,
    }
}

fn default_name(part: &MessagePart<'_>, number: u32) -> String {
    if let PartType::Message(inner) = &part.body {
        let subject = inner.subject().map(tidy).unwrap_or_default();
        return if subject.is_empty() { format!("message-{number}.eml") } else { format!("{subject}.eml") };
    }
    let extension =
        match part.content_type().map(|c| c.subtype().unwrap_or_default().to_lowercase()).as_deref() {
            Some("pdf") => ".pdf",
            Some("png") => ".png",
            Some("jpeg") => ".jpg",
            Some("calendar") => ".ics",
            Some("html") => ".html",
            Some("plain") => ".txt",
            _ => "",
        };
    format!("part-{number}{extension}")
}

/// A name that any file system takes and that leads nowhere: no path, no control or direction marks, no device names.
pub fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let mut clean: String =
        tidy(last).chars().map(|c| if "<>:\"|?*".contains(c) { '_' } else { c }).collect();
    clean = clean.trim_matches(['.', ' ']).to_owned();
    if clean.chars().count() > 120 {
        let (stem, extension) = clean.rsplit_once('.').map_or((clean.clone(), String::new()), |(s, e)| {
            (s.to_owned(), format!(".{}", e.chars().take(10).collect::<String>()))
        });
        clean = stem.chars().take(100).collect::<String>() + &extension;
    }
    let stem = clean.split('.').next().unwrap_or_default().to_uppercase();
    let device = ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str())
        || (stem.len() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT")));
    if clean.is_empty() {
        "attachment".to_owned()
    } else if device {
        format!("_{clean}")
    } else {
        clean
    }
}

#[cfg(test)]
mod tests {
    use super::super::render::{View, render, render_as};
    use super::*;

    #[test]
    fn a_text_is_saved_as_its_author_had_it() {
        let raw = b"Subject: a\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: text/plain\r\n\r\nSegue.\r\n--m\r\nContent-Type: text/csv; charset=iso-8859-2; name=a.csv\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nz=B3oty;1\r\n--m\r\nContent-Type: text/plain; charset=iso-8859-1; name=b.txt\r\nContent-Disposition: attachment\r\n\r\nOl\xe1\r\n--m\r\nContent-Type: text/plain; charset=iso-8859-1; name=c.txt\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\nT2zhDQo=\r\n--m--\r\n";
        let names: Vec<String> = render(raw).attachments.into_iter().map(|a| a.part).collect();
        let all: Vec<File> = names.iter().filter_map(|part| file(raw, part, false)).collect();
        let texts: Vec<&str> = all.iter().filter_map(|f| f.text.as_deref()).map(str::trim_end).collect();
        assert_eq!(texts, ["złoty;1", "Olá", "Olá"]);
        let bytes: Vec<&[u8]> = all.iter().filter_map(|f| f.bytes.as_deref()).collect();
        assert_eq!(bytes, [&b"z\xb3oty;1"[..], b"Ol\xe1", b"Ol\xe1\r\n"]);
    }

    #[test]
    fn files_in_files() {
        use base64::Engine;
        let data = base64::engine::general_purpose::STANDARD.encode(tnef::tests::sample());
        let inner = format!(
            "Subject: dentro\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=n\r\n\r\n--n\r\nContent-Type: text/plain\r\n\r\nOi\r\n--n\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n{data}\r\n--n--\r\n"
        );
        let raw = format!(
            "Subject: fora\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: text/plain\r\n\r\nSegue.\r\n--m\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--m--\r\n"
        );
        let outer = &render(raw.as_bytes()).attachments[0];
        assert_eq!((outer.name.as_str(), is_message(outer)), ("dentro.eml", true));
        let message = file(raw.as_bytes(), &outer.part, false).and_then(|f| f.bytes).unwrap_or_default();
        let view = View { within: outer.part.clone(), ..View::default() };
        let inside = render_as(&message, &view);
        assert!(inside.html.contains("Oi"), "{inside:?}");
        let names: Vec<&str> = inside.attachments.iter().map(|a| a.name.as_str()).collect();
        assert_eq!(names, ["NOTA.TXT", "Relatório.pdf"], "as if nobody had wrapped them");
        let one = &inside.attachments[1];
        assert_eq!((one.media_type.as_str(), one.size), ("application/pdf", 8));
        let told = file(raw.as_bytes(), &one.part, false).unwrap_or_else(|| panic!("{}", one.part));
        assert_eq!((&told.about, told.bytes.as_deref()), (one, Some(&b"%PDF-1.4"[..])));
        for nothing in ["", "9", "2.9", "2.2.9", "2.1.1", "x", "2.x", "2.2.1.1", "-1"] {
            assert_eq!(file(raw.as_bytes(), nothing, false).and_then(|f| f.bytes), None, "{nothing}");
        }
    }

    #[test]
    fn names_lead_nowhere() {
        for (from, to) in [
            ("../x", "x"),
            ("CON.txt", "_CON.txt"),
            ("a\u{202e}fdp.exe", "afdp.exe"),
            ("", "attachment"),
            ("...", "attachment"),
            ("C:\\a\\b?.doc", "b_.doc"),
        ] {
            assert_eq!(safe_name(from), to);
        }
    }
}
