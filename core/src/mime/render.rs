//! A whole message to what the reader shows.

use super::header::{self, tidy_start};
use super::highlight::{self, Mark};
use super::part::{self, Attachment};
use super::quote::own_end;
use super::remote::{self, Picture};
use super::{charset, flowed, guarded, history, sanitize, tnef};
use crate::model::Envelope;
use base64::Engine;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Messages above this are not rendered, only saved: 64 MiB.
const MAX_MESSAGE: usize = 64 << 20;
/// Bytes of a message that are looked at for its first words: 32 KiB.
const FOR_PREVIEW: usize = 32 << 10;
/// Bytes of an encoded run that are looked at for the same: 12 KiB, more words than a preview takes, also in HTML with its styles.
const OF_A_RUN: usize = 12 << 10;
/// Octets of a text in which its own words are looked for, to be its first ones: 4 KiB.
const OF_OWN: usize = 4 << 10;
/// More parts than this are not listed.
const MAX_PARTS: usize = 1000;
/// Inline pictures above this are listed as attachments instead: 4 MiB.
const MAX_INLINE: usize = 4 << 20;

/// What the reader shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// Safe HTML of the body.
    pub html: String,
    /// The same of what it answers and repeats below; empty where it repeats nothing, or is nothing else.
    pub history: String,
    /// Its style sheets, safe in a `style` element of a document of its own.
    pub styles: String,
    /// True when `html` was made from plain text.
    pub plain: bool,
    /// The text of the body.
    pub text: String,
    /// Remote things left out.
    pub blocked: u32,
    /// Of these the pictures, whether to be seen or to see.
    pub remote: Vec<Picture>,
    /// Files.
    pub attachments: Vec<Attachment>,
}

/// Renders a message. Whatever it is, there is something to show.
pub fn render(raw: &[u8]) -> Rendered {
    render_as(raw, &View::default())
}

/// How a message is to be rendered.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// It came in part.
    pub outline: bool,
    /// It is a file of another message: where it stands there.
    pub within: String,
    /// What was searched, to be marked.
    pub marks: Vec<Mark>,
    /// Pictures that were fetched: address to `data:` URL.
    pub fetched: BTreeMap<String, String>,
}

/// The same in a certain way.
pub fn render_as(raw: &[u8], view: &View) -> Rendered {
    with_message(raw, |m| Some(render_parsed(m, view))).unwrap_or_else(|| {
        let text = String::from_utf8_lossy(&raw[..raw.len().min(256 * 1024)]).into_owned();
        Rendered { html: of_plain(&text, &view.marks), plain: true, text, ..Rendered::default() }
    })
}

/// Markup cleaned, in two where it repeats what it answers.
fn cleaned(html: &str, pictures: &BTreeMap<String, String>) -> Option<(sanitize::Clean, String)> {
    let html = &sanitize::with_ground(html);
    if let Some(at) = history::begins(html)
        && let (Some(own), Some(repeated)) =
            (sanitize::clean(&html[..at], pictures, true), sanitize::clean(&html[at..], pictures, true))
    {
        let blocked = own.blocked + repeated.blocked;
        return Some((sanitize::Clean { blocked, ..own }, repeated.html));
    }
    Some((sanitize::clean(html, pictures, true)?, String::new()))
}

/// A page that came as a file.
pub fn page(html: &str) -> Rendered {
    let clean = guarded(|| sanitize::clean(&sanitize::with_ground(html), &BTreeMap::new(), true));
    match clean {
        Some(clean) => Rendered {
            html: clean.html,
            styles: sanitize::sheets(html, &BTreeMap::new()),
            blocked: clean.blocked,
            ..Rendered::default()
        },
        None => Rendered { html: of_plain(html, &[]), plain: true, ..Rendered::default() },
    }
}

fn of_plain(text: &str, marks: &[Mark]) -> String {
    highlight::marked(&sanitize::from_plain(text), marks)
}

/// What a list shows of a message, and when it was delivered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Glance {
    /// Decoded header.
    pub envelope: Envelope,
    /// See [`header::envelope_and_delivery`].
    pub delivered: i64,
    /// The first words.
    pub preview: String,
    /// Whether it carries files.
    pub files: bool,
}

/// Looks at a whole message once.
pub fn glance(raw: &[u8]) -> Glance {
    let looked = with_message(&thinned(raw, 2 * FOR_PREVIEW, |_| OF_A_RUN), |m| {
        let (envelope, delivered) = header::read_with_delivery(m);
        let shown: BTreeSet<&str> = pictures(m).map(|(id, ..)| id).collect();
        let file = |n: &u32| {
            m.parts
                .get(*n as usize)
                .is_some_and(|p| p.content_id().is_none_or(|id| !shown.contains(bare(id))))
        };
        let files = m.attachments.iter().any(file);
        let preview = first_words(&own_text(m));
        Some(Glance { envelope, delivered, preview, files })
    });
    looked.unwrap_or_else(|| {
        let (envelope, delivered) = header::envelope_and_delivery(header::section(raw));
        Glance { envelope, delivered, ..Glance::default() }
    })
}

/// The same message with less in its encoded files: decoding those takes ten times as long as all the rest. Lines of one length and
/// without a blank are what base64 makes (RFC 2045 section 6.8); of messages above `large` of a run of them as many bytes stay as `of_a_run` says by
/// its first line.
pub(super) fn thinned(raw: &[u8], large: usize, of_a_run: impl Fn(&[u8]) -> usize) -> Cow<'_, [u8]> {
    if raw.len() <= large {
        return Cow::Borrowed(raw);
    }
    let mut out = Vec::with_capacity(2 * FOR_PREVIEW);
    // What is still to be copied, the line that begins, and the run that it may go on with: length, bytes, and most of these.
    let (mut from, mut start, mut length, mut run, mut most) = (0, 0, 0, 0, 0);
    for end in memchr::memchr_iter(b'\n', raw).map(|at| at + 1) {
        let line = &raw[start..end];
        let goes_on =
            line.len() == length && length > 60 && memchr::memchr3(b' ', b'-', b'<', line).is_none();
        if goes_on && run == 0 {
            most = of_a_run(&raw[start - length..start]);
        }
        run = if goes_on { run + length } else { 0 };
        if run > most {
            out.extend_from_slice(&raw[from..start]);
            from = end;
        }
        (start, length) = (end, line.len());
    }
    out.extend_from_slice(&raw[from..]);
    Cow::Owned(out)
}

/// The first words of a message, for the list: at most 160 characters, without what was quoted.
pub fn preview(raw: &[u8]) -> String {
    // The text stands in front of the files as a rule, and decoding those takes ten times as long.
    let text_of = |raw: &[u8]| with_message(raw, |m| Some(own_text(m).into_owned())).unwrap_or_default();
    let mut text = text_of(&raw[..raw.len().min(FOR_PREVIEW)]);
    if text.trim().is_empty() && raw.len() > FOR_PREVIEW {
        text = text_of(raw);
    }
    first_words(&text)
}

/// The text of a message; of one that is markup alone without what it repeats, as far as that begins near its top.
fn own_text<'m>(m: &'m Message<'_>) -> Cow<'m, str> {
    let first = m.text_body.first().and_then(|n| m.parts.get(*n as usize));
    if let Some(PartType::Html(html)) = first.map(|p| &p.body) {
        let near = &html[..html.floor_char_boundary(OF_A_RUN)];
        if let Some(at) = history::begins(near) {
            return Cow::Owned(mail_parser::decoders::html::html_to_text(&near[..at]));
        }
    }
    m.body_text(0).unwrap_or_default()
}

fn first_words(text: &str) -> String {
    let beginning = &text[..text.floor_char_boundary(OF_OWN)];
    let own = beginning[..own_end(beginning)].lines().filter(|l| !l.trim_start().starts_with('>')).take(40);
    tidy_start(own.flat_map(|line| line.chars().chain([' '])), 160)
}

pub(super) fn with_message<T>(
    raw: &[u8],
    read: impl FnOnce(&Message<'_>) -> Option<T> + std::panic::UnwindSafe,
) -> Option<T> {
    if raw.len() > MAX_MESSAGE { None } else { parsed(raw, read) }
}

/// The same however large it is: what the user wrote can be opened again.
pub(super) fn parsed<T>(
    raw: &[u8],
    read: impl FnOnce(&Message<'_>) -> Option<T> + std::panic::UnwindSafe,
) -> Option<T> {
    guarded(move || {
        let mut m = MessageParser::default().parse(raw)?;
        charset::mend(&mut m);
        read(&m)
    })
}

fn render_parsed(m: &Message<'_>, view: &View) -> Rendered {
    let View { marks, fetched, .. } = view;
    let text = flowed::text_of(m);
    let mut shown_in_html = inline_pictures(m);
    shown_in_html.extend(fetched.iter().map(|(url, data)| (url.clone(), data.clone())));
    let html_part = m.html_body.first().and_then(|i| m.parts.get(*i as usize)).and_then(|p| match &p.body {
        PartType::Html(html) => Some(html.as_ref()),
        _ => None,
    });
    let cleaned = html_part.and_then(|html| cleaned(&highlight::marked(html, marks), &shown_in_html));
    let html_source = html_part.unwrap_or_default();
    let mut attachments = Vec::new();
    for number in m.attachments.iter().take(MAX_PARTS) {
        let Some(part) = m.parts.get(*number as usize) else { continue };
        let shown = part.content_id().is_some_and(|id| {
            cleaned.is_some() && shown_in_html.contains_key(id) && html_source.contains(id)
        });
        if shown {
            continue;
        }
        let one = part::about(part, *number, &view.within, view.outline);
        // What Exchange wrapped is shown as if it had not.
        let inside = match tnef::is_one(&one.name, &one.media_type) && one.here {
            true => tnef::files(part.contents()),
            false => Vec::new(),
        };
        let files = inside
            .iter()
            .enumerate()
            .map(|(n, (name, bytes))| part::in_a_file(format!("{}.{n}", one.part), name, bytes.len()));
        attachments.extend(files);
        if inside.is_empty() {
            attachments.push(one);
        }
    }
    match cleaned {
        Some((clean, history)) => {
            let mut remote = remote::pictures(html_source);
            remote.retain(|p| !fetched.contains_key(&p.url));
            Rendered {
                html: clean.html,
                history,
                styles: sanitize::sheets(html_source, &shown_in_html),
                plain: false,
                text,
                blocked: clean.blocked,
                remote,
                attachments,
            }
        }
        None => {
            let own = own_end(&text);
            let (html, history) = (of_plain(text[..own].trim_end(), marks), of_plain(&text[own..], marks));
            Rendered { html, history, plain: true, text, attachments, ..Rendered::default() }
        }
    }
}

/// Content-ID to `data:` URL of the pictures that came with the message.
fn inline_pictures(m: &Message<'_>) -> BTreeMap<String, String> {
    pictures(m)
        .map(|(id, subtype, part)| {
            let data = base64::engine::general_purpose::STANDARD.encode(part.contents());
            (id.to_owned(), format!("data:image/{subtype};base64,{data}"))
        })
        .collect()
}

/// The pictures that a text can show: content id, kind, part.
fn pictures<'m>(m: &'m Message<'_>) -> impl Iterator<Item = (&'m str, String, &'m MessagePart<'m>)> {
    m.parts.iter().take(MAX_PARTS).filter_map(|part| {
        let (id, kind) = (part.content_id()?, part.content_type()?);
        let subtype = kind.subtype().unwrap_or_default().to_lowercase();
        let picture = kind.ctype().eq_ignore_ascii_case("image")
            && ["png", "jpeg", "jpg", "gif", "webp"].contains(&subtype.as_str());
        (picture && part.len() <= MAX_INLINE).then(|| (bare(id), subtype, part))
    })
}

/// A content id without its brackets.
fn bare(id: &str) -> &str {
    id.trim_matches(['<', '>'])
}

#[cfg(test)]
mod tests {
    /// Thinned, a message with a large file tells the same at a glance.
    #[test]
    fn a_glance_needs_no_whole_file() {
        let line = format!("{}\r\n", "QUJDRA+/".repeat(9) + "QUJD");
        let file = line.repeat(20_000);
        let raw = format!(
            "Subject: a\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"f\"\r\n\r\n--f\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n{file}--f\r\nContent-Type: text/plain\r\n\r\nDepois do arquivo.\r\n--f--\r\n"
        );
        let seen = super::glance(raw.as_bytes());
        assert_eq!((seen.preview.as_str(), seen.files), ("Depois do arquivo.", true));
        assert_eq!(seen.envelope, super::header::envelope(raw.as_bytes()));
        let thin = super::thinned(raw.as_bytes(), 2 * FOR_PREVIEW, |_| OF_A_RUN);
        assert!(thin.len() < 40_000 && thin.ends_with(b"--f--\r\n"), "{}", thin.len());
        assert_eq!(super::thinned(b"short", 5, |_| 1), &b"short"[..]);
    }

    use super::*;

    const MAIL: &[u8] = b"From: a@x.test\r\nSubject: Oi\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n\
--m\r\nContent-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n<p>Ol\xe1 <img src=\"cid:p@x\"><img src=http://t/x.gif></p>\r\n\
--r\r\nContent-Type: image/png\r\nContent-ID: <p@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0K\r\n--r--\r\n\
--m\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"../../etc/boleto.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--m--\r\n";

    #[test]
    fn shows_the_body_and_lists_the_files() {
        let r = render(MAIL);
        assert!(
            r.html.contains("Olá") && r.html.contains("data:image/png") && !r.plain && r.blocked == 1,
            "{r:?}"
        );
        assert_eq!(r.attachments.len(), 1, "the inline picture is no attachment");
        assert_eq!((r.attachments[0].name.as_str(), r.attachments[0].size), ("boleto.pdf", 4));
        let bytes = part::file(MAIL, &r.attachments[0].part, false).and_then(|f| f.bytes);
        assert_eq!(bytes.as_deref(), Some(&b"%PDF"[..]));
        assert_eq!(preview(MAIL), "Olá");
    }

    #[test]
    fn only_an_outline_lacks_what_it_says_it_lacks() {
        let marked = String::from_utf8_lossy(MAIL).replace(
            "Content-Type: application/pdf",
            "X-Malote-Left-Out: 7800000\r\nContent-Type: application/pdf",
        );
        let whole = &render(marked.as_bytes()).attachments[0];
        assert_eq!((whole.here, whole.size), (true, 4), "a sender can write that too");
        let part = &render_as(marked.as_bytes(), &View { outline: true, ..View::default() }).attachments[0];
        assert_eq!((part.here, part.size), (false, 5_700_000));
    }
}
