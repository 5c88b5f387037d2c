//! A file of a message as it can be looked at here, without any other program.

use super::invitation::{self, InvitationView, Method};
use super::message::{BodyView, body_view, shown};
use crate::error::{Error, Kind, Result};
use crate::mime::card;
pub use crate::mime::card::Card;
use crate::mime::part::{File, is_message};
use crate::mime::{documents, header, render, text};
use crate::model::{Address, MessageId};
use crate::store::Store;
use base64::Engine;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Pictures and PDFs above this are opened elsewhere: 40 MiB.
const LARGEST: usize = 40 << 20;
/// So much of a text is shown: 1 MiB.
const TEXT: usize = 1 << 20;
/// And of a page: 4 MiB.
const PAGE: usize = 4 << 20;

/// What there is to see of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Preview {
    /// A picture.
    Picture {
        /// As a `data:` URL.
        data: String,
    },
    /// A document to be drawn.
    Pdf {
        /// Its bytes, in base64.
        data: String,
    },
    /// A text, or the text of an office document.
    Text {
        /// What it says.
        text: String,
        /// There is more.
        cut: bool,
        /// It was taken out of a document: how that looks is lost.
        extracted: bool,
    },
    /// A page, made safe like a message.
    Page {
        /// Its content.
        body: BodyView,
    },
    /// A whole message.
    Message {
        /// The message.
        message: Box<NestedView>,
    },
    /// People.
    Cards {
        /// Who.
        cards: Vec<Card>,
    },
    /// An appointment.
    Event {
        /// The appointment.
        event: Box<InvitationView>,
    },
    /// Nothing that is known here.
    None,
}

/// A message that came in another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NestedView {
    /// Subject.
    pub subject: String,
    /// Author.
    pub from: Address,
    /// To and Cc.
    pub to: Vec<Address>,
    /// The Date field, seconds since 1970; 0 = none.
    #[ts(type = "number")]
    pub date: i64,
    /// Its content; pictures from elsewhere are not fetched for it.
    pub body: BodyView,
}

/// Looks at a file of a message that is on this device; NotFound where it is not.
pub async fn preview(store: &Store, message: MessageId, part: &str) -> Result<Preview> {
    let file = super::message::attachment(store, message, part).await?;
    let part = part.to_owned();
    let seen = tokio::task::spawn_blocking(move || look(&file, &part)).await;
    let seen = seen.map_err(|e| Error::new(Kind::Storage, "preview").because(e))?;
    let event = match seen {
        Seen::Preview(preview) => return Ok(preview),
        Seen::Appointment(event) => event,
    };
    let account = store.message(message).await?.account;
    // It is only looked at: a file is no invitation that somebody sent.
    let view = invitation::invitation(store, account, "", *event).await?;
    Ok(Preview::Event { event: Box::new(InvitationView { asks: false, ..view }) })
}

enum Seen {
    Preview(Preview),
    Appointment(Box<invitation::Event>),
}

fn look(found: &File, part: &str) -> Seen {
    let (file, bytes) = (&found.about, found.bytes.as_deref().unwrap_or_default());
    // As it says that it is written; else as it seems to be.
    let read = |most: usize| match &found.text {
        Some(text) => text[..text.floor_char_boundary(most)].to_owned(),
        None => text::of_bytes(&bytes[..bytes.len().min(most)]),
    };
    let ending = file.name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default();
    let (kind, subtype) = file.media_type.split_once('/').unwrap_or_default();
    let base64 = || base64::engine::general_purpose::STANDARD.encode(bytes);
    let small = bytes.len() <= LARGEST;
    if bytes.starts_with(b"%PDF-") && small {
        return Seen::Preview(Preview::Pdf { data: base64() });
    }
    if let Some(data) = Some(bytes).filter(|_| small).and_then(shown) {
        return Seen::Preview(Preview::Picture { data });
    }
    if is_message(file) {
        let view = render::View { within: part.to_owned(), ..render::View::default() };
        let head = header::envelope(header::section(bytes));
        let message = NestedView {
            subject: head.subject,
            from: head.from,
            to: head.to,
            date: head.date,
            body: BodyView { pictures: 0, ..body_view(render::render_as(bytes, &view)) },
        };
        return Seen::Preview(Preview::Message { message: Box::new(message) });
    }
    if (subtype == "calendar" || ending == "ics")
        && let Some(event) = invitation::of_file(bytes)
    {
        return Seen::Appointment(Box::new(invitation::Event { method: Method::Publish, ..event }));
    }
    if matches!(subtype, "vcard" | "x-vcard" | "directory") || ending == "vcf" {
        let cards = card::cards(bytes);
        if !cards.is_empty() {
            return Seen::Preview(Preview::Cards { cards });
        }
    }
    if matches!(subtype, "html" | "xhtml+xml") || matches!(ending.as_str(), "html" | "htm" | "xhtml") {
        let page = render::page(&read(PAGE));
        return Seen::Preview(Preview::Page { body: BodyView { pictures: 0, ..body_view(page) } });
    }
    let written = [
        "txt", "log", "csv", "tsv", "md", "json", "xml", "yaml", "yml", "ini", "ics", "vcf", "diff", "patch",
        "srt", "tex",
    ];
    if kind == "text"
        || written.contains(&ending.as_str())
        || matches!(subtype, "json" | "xml" | "pgp-signature" | "pgp-keys")
    {
        let cut = bytes.len() > TEXT;
        let text = read(TEXT);
        if !text.contains('\0') {
            return Seen::Preview(Preview::Text { text, cut, extracted: false });
        }
    }
    let kind = if documents::KINDS.contains(&ending.as_str()) { ending.as_str() } else { subtype };
    let text = documents::text(kind, bytes, TEXT);
    Seen::Preview(match text.trim().is_empty() {
        true => Preview::None,
        false => Preview::Text { cut: text.len() >= TEXT, text, extracted: true },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::part::Attachment;

    fn seen(name: &str, media_type: &str, bytes: &[u8]) -> Preview {
        let about = Attachment {
            part: "2".into(),
            name: name.into(),
            media_type: media_type.into(),
            size: bytes.len() as u64,
            danger: Default::default(),
            here: true,
        };
        match look(&File { about, bytes: Some(bytes.to_vec()), text: None }, "2") {
            Seen::Preview(preview) => preview,
            Seen::Appointment(event) => Preview::Text { text: event.summary, cut: false, extracted: true },
        }
    }

    fn text(text: &str) -> Preview {
        Preview::Text { text: text.into(), cut: false, extracted: false }
    }

    #[test]
    fn by_what_it_is_not_by_what_it_says() {
        let png = b"\x89PNG\r\n\x1a\n....";
        assert!(
            matches!(seen("foto.jpg", "image/jpeg", png), Preview::Picture { data } if data.starts_with("data:image/png"))
        );
        assert!(matches!(seen("a.bin", "application/octet-stream", b"%PDF-1.7"), Preview::Pdf { .. }));
        assert_eq!(seen("foto.png", "image/png", b"<script>"), Preview::None);
        assert_eq!(seen("nota.txt", "application/octet-stream", "Olá".as_bytes()), text("Olá"));
        assert_eq!(seen("nota.txt", "text/plain", b"Ol\xe1"), text("Olá"), "of an old code page");
        assert_eq!(seen("x", "application/octet-stream", b"\0\x01"), Preview::None);
        let Preview::Page { body } =
            seen("b.html", "text/html", b"<p>Oi<script>alert(1)</script><img src=http://x/y.png>")
        else {
            panic!("no page")
        };
        assert!(body.html.contains("Oi") && !body.html.contains("script") && body.pictures == 0);
        let Preview::Message { message } =
            seen("m.eml", "message/rfc822", b"From: a@x.test\r\nSubject: dentro\r\n\r\nOi")
        else {
            panic!("no message")
        };
        assert_eq!((message.subject.as_str(), message.from.address.as_str()), ("dentro", "a@x.test"));
        let card = seen("ana.vcf", "text/vcard", b"BEGIN:VCARD\r\nFN:Ana\r\nEND:VCARD\r\n");
        assert!(matches!(card, Preview::Cards { cards } if cards[0].name == "Ana"));
        assert_eq!(seen("ana.vcf", "text/vcard", b"nada"), text("nada"));
    }
}
