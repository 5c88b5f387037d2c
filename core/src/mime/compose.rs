//! What the user writes to bytes, and what an outgoing message says of itself.
//!
//! What is made here has seven bits, so that every server takes it, and lines that end with CRLF; no header field can be broken out
//! of: control characters do not get in. Nothing of this device is in it, no host name and no program.

use super::guarded;
use super::header::{section, tidy};
use super::wishes::{self, Wishes};
use crate::error::{Error, Kind, Result};
use crate::model::Address;
use base64::Engine;
use lettre::address::Envelope;
use lettre::message::header::{
    ContentDisposition, ContentId, ContentTransferEncoding, ContentType, Date, HeaderName, HeaderValue,
    Headers,
};
use lettre::message::{Attachment, Body, Mailbox, Message, MultiPart, SinglePart};
use mail_parser::{DateTime, MessageParser};
use std::borrow::Cow;
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// A message is read in pieces of so many octets.
const PIECE: u64 = 16 << 10;

/// A message as its author wrote it.
#[derive(Debug, Clone, Default)]
pub struct Letter {
    /// Who writes.
    pub from: Address,
    /// To whom.
    pub to: Vec<Address>,
    /// With a copy to whom.
    pub cc: Vec<Address>,
    /// With a copy to whom, unseen by the others.
    pub bcc: Vec<Address>,
    /// What it is about.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// The same as HTML; empty = plain text only. It shows a file that goes with it as `cid:` and its content id.
    pub html: String,
    /// Files that go with it.
    pub files: Vec<File>,
    /// The message that it answers: Message-ID, without brackets; empty = none.
    pub in_reply_to: String,
    /// The messages that led to it, oldest first, as In-Reply-To.
    pub references: Vec<String>,
    /// The message that it passes on, as In-Reply-To. Drafts remember it; it is not sent.
    pub forwards: String,
    /// An answer to an invitation, as a calendar (RFC 6047); empty = none.
    pub calendar: String,
    /// When, seconds since 1970.
    pub date: i64,
    /// How far the author's clock is east of UTC, minutes.
    pub zone: i32,
    /// Message-ID, without brackets.
    pub message_id: String,
    /// What else is wished for it.
    pub wishes: Wishes,
}

/// A file that goes with a message.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// Its name, without a path.
    pub name: String,
    /// Its type, such as `image/png`; what is none becomes `application/octet-stream`.
    pub media_type: String,
    /// By which the HTML shows it, without brackets; empty = it is only attached.
    pub content_id: String,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// Names the message that a draft passes on, as other clients do.
pub(super) const FORWARDS: &str = "X-Forwarded-Message-Id";

/// What an outgoing message says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// Message-ID, without brackets; empty = it has none.
    pub message_id: String,
    /// It says when it was written.
    pub dated: bool,
    /// Who writes; empty = nobody.
    pub from: String,
    /// All recipients, seen and unseen, each once.
    pub to: Vec<String>,
    /// What it is about.
    pub subject: String,
}

/// A message as bytes (RFC 5322, RFC 2045 to 2047, RFC 2231). Usage where an address is none.
pub fn compose(letter: &Letter) -> Result<Vec<u8>> {
    let at = UNIX_EPOCH + Duration::from_secs(letter.date.max(0) as u64);
    let from = mailbox(&letter.from)?;
    // Who gets it is for the outbox to say; a draft may have nobody yet.
    let nobody = Envelope::new(None, vec![from.email.clone()])
        .map_err(|e| Error::new(Kind::Usage, "message").because(e))?;
    let mut message = Message::builder()
        .envelope(nobody)
        .from(from)
        .subject(tidy(&letter.subject))
        .date(at)
        .message_id(Some(format!("<{}>", letter.message_id)))
        .keep_bcc();
    for one in &letter.to {
        message = message.to(mailbox(one)?);
    }
    for one in &letter.cc {
        message = message.cc(mailbox(one)?);
    }
    for one in &letter.bcc {
        message = message.bcc(mailbox(one)?);
    }
    if !letter.in_reply_to.is_empty() {
        message = message.in_reply_to(bracketed(std::slice::from_ref(&letter.in_reply_to)));
    }
    if !letter.references.is_empty() {
        message = message.references(bracketed(&letter.references));
    }
    let shown = |file: &&File| {
        !file.content_id.is_empty() && letter.html.contains(&format!("cid:{}", file.content_id))
    };
    let (inline, files): (Vec<&File>, Vec<&File>) = letter.files.iter().partition(shown);
    let plain = flowing(&letter.text);
    let rich = || SinglePart::html(letter.html.clone());
    let body = if !letter.calendar.is_empty() {
        Part::Multi(MultiPart::alternative().singlepart(plain).singlepart(answer(&letter.calendar)))
    } else if letter.html.is_empty() {
        Part::Single(plain)
    } else if inline.is_empty() {
        Part::Multi(MultiPart::alternative().singlepart(plain).singlepart(rich()))
    } else {
        // RFC 2387: the pictures are of the HTML, so they stand with it.
        let whole = MultiPart::related().singlepart(rich());
        let whole = inline.into_iter().map(attached).fold(whole, MultiPart::singlepart);
        Part::Multi(MultiPart::alternative().singlepart(plain).multipart(whole))
    };
    let made = match (body, files.is_empty()) {
        (Part::Single(one), true) => message.singlepart(one),
        (Part::Multi(many), true) => message.multipart(many),
        (body, false) => {
            let first = match body {
                Part::Multi(many) => MultiPart::mixed().multipart(many),
                Part::Single(one) => MultiPart::mixed().singlepart(one),
            };
            message.multipart(files.into_iter().map(attached).fold(first, MultiPart::singlepart))
        }
    };
    let mut made = made.map_err(|e| Error::new(Kind::Usage, "message").because(e))?;
    if letter.zone != 0 {
        let name = HeaderName::new_from_ascii_str("Date");
        made.headers_mut().insert_raw(HeaderValue::new(name, date_field(letter.date, letter.zone)));
    }
    if letter.subject.contains("=?") {
        let subject = tidy(&letter.subject);
        let name = HeaderName::new_from_ascii_str("Subject");
        let value = HeaderValue::dangerous_new_pre_encoded(name, subject.clone(), encoded_words(&subject));
        made.headers_mut().insert_raw(value);
    }
    wishes::put(letter, made.headers_mut());
    if !letter.forwards.is_empty() {
        let value = bracketed(std::slice::from_ref(&letter.forwards));
        let name = HeaderName::new_from_ascii_str(FORWARDS);
        made.headers_mut().insert_raw(HeaderValue::new(name, value));
    }
    Ok(made.formatted())
}

/// A date in its author's zone (RFC 5322 section 3.3).
fn date_field(date: i64, zone: i32) -> String {
    let zone = zone.clamp(-14 * 60, 14 * 60);
    let mut there = DateTime::from_timestamp(date.max(0) + i64::from(zone) * 60);
    there.tz_before_gmt = zone < 0;
    there.tz_hour = (zone.unsigned_abs() / 60) as u8;
    there.tz_minute = (zone.unsigned_abs() % 60) as u8;
    there.to_rfc822()
}

/// All of a text as encoded words (RFC 2047 section 2), for one that would be read as some: whole characters in each.
fn encoded_words(text: &str) -> String {
    const MOST: usize = 39; // in base64, with its marks and the name of the field, a line of 76
    let mut words: Vec<String> = Vec::new();
    for c in text.chars() {
        match words.last_mut() {
            Some(word) if word.len() + c.len_utf8() <= MOST => word.push(c),
            _ => words.push(c.into()),
        }
    }
    let encoded = words.iter().map(|w| {
        let data = base64::engine::general_purpose::STANDARD.encode(w);
        format!("=?utf-8?b?{data}?=")
    });
    encoded.collect::<Vec<_>>().join("\r\n ")
}

/// Whoever shows it may break its lines anew.
fn flowing(text: &str) -> SinglePart {
    let kind =
        ContentType::parse("text/plain; charset=utf-8; format=flowed").unwrap_or(ContentType::TEXT_PLAIN);
    SinglePart::builder().header(kind).body(super::flowed::flow(text))
}

/// What the calendar of who invited reads (RFC 6047 section 2.4).
fn answer(calendar: &str) -> SinglePart {
    let kind = ContentType::parse("text/calendar; method=REPLY; charset=utf-8");
    SinglePart::builder().header(kind.unwrap_or(ContentType::TEXT_PLAIN)).body(calendar.to_owned())
}

enum Part {
    Single(SinglePart),
    Multi(MultiPart),
}

/// Message-IDs as header fields list them. What is none is left out: nothing may break out of the field.
fn bracketed(ids: &[String]) -> String {
    let fine = |id: &&String| {
        !id.is_empty() && id.len() < 900 && id.bytes().all(|b| b.is_ascii_graphic() && !b"<>".contains(&b))
    };
    ids.iter().filter(fine).map(|id| format!("<{id}>")).collect::<Vec<_>>().join(" ")
}

fn attached(file: &File) -> SinglePart {
    let other = || ContentType::parse("application/octet-stream").unwrap_or(ContentType::TEXT_PLAIN);
    // As it is, whatever it is: a text would have its line ends changed.
    let kind = ContentType::parse(&file.media_type).unwrap_or_else(|_| other());
    let name = tidy(&file.name);
    let name = if name.is_empty() { "attachment".to_owned() } else { name };
    let kind = match file.media_type.as_str() {
        // A message in a message may not be encoded (RFC 2046 section 5.2.1): one that would have to be is a file that holds it.
        "message/rfc822" => match whole_message(file, &name) {
            Some(part) => return part,
            None => other(),
        },
        _ => kind,
    };
    match Body::new_with_encoding(file.bytes.clone(), ContentTransferEncoding::Base64) {
        Ok(body) => {
            let part = SinglePart::builder();
            let part = match file.content_id.is_empty() {
                true => part.header(ContentDisposition::attachment(&name)),
                false => part
                    .header(ContentDisposition::inline_with_name(&name))
                    .header(ContentId::from(format!("<{}>", file.content_id))),
            };
            part.header(kind).body(body)
        }
        // Base64 takes everything.
        Err(bytes) => Attachment::new(name).body(bytes, other()),
    }
}

fn whole_message(file: &File, name: &str) -> Option<SinglePart> {
    let lines = || file.bytes.split(|b| *b == b'\n');
    let last = lines().count() - 1;
    let fine = |(n, line): (usize, &[u8])| {
        let line = if n < last { line.strip_suffix(b"\r")? } else { line };
        (line.len() < 998 && line.iter().all(|b| b.is_ascii() && !b"\0\r".contains(b))).then_some(())
    };
    lines().enumerate().map(fine).collect::<Option<()>>()?;
    let body = Body::new_with_encoding(file.bytes.clone(), ContentTransferEncoding::SevenBit).ok()?;
    let kind = ContentType::parse("message/rfc822").ok()?;
    Some(SinglePart::builder().header(ContentDisposition::attachment(name)).header(kind).body(body))
}

/// Somebody's message as it is, on its way to others: in front of it stands who passes it on (RFC 5322 section 3.6.6).
pub fn resent(raw: &[u8], by: &Letter) -> Result<Vec<u8>> {
    let own = compose(by)?;
    let mut front = Vec::new();
    let mut keeps = false;
    for line in section(&own).split_inclusive(|b| *b == b'\n') {
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            let name = line.split(|b| *b == b':').next().unwrap_or_default();
            let name = String::from_utf8_lossy(name).to_lowercase();
            keeps = ["from", "to", "date", "message-id"].contains(&name.as_str());
            if keeps {
                front.extend_from_slice(b"Resent-");
            }
        }
        if keeps {
            front.extend_from_slice(line);
        }
    }
    front.extend_from_slice(raw);
    Ok(front)
}

fn mailbox(of: &Address) -> Result<Mailbox> {
    let address = to_ascii_domain(of.address.trim());
    let parsed = address.parse().map_err(|e| Error::new(Kind::Usage, &of.address).because(format!("{e}")))?;
    let name = tidy(&of.name);
    Ok(Mailbox::new(Some(name).filter(|n| !n.is_empty()), parsed))
}

/// Reads `address` or `Name <address>`, as people type it.
pub fn address_of(text: &str) -> Result<Address> {
    let bad = || Error::new(Kind::Usage, text).because("not an address");
    let (name, address) = match text.trim().strip_suffix('>').and_then(|t| t.rsplit_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"'), address),
        None => ("", text),
    };
    let found = Address { name: name.to_owned(), address: address.trim().to_owned() };
    mailbox(&found).map(|_| found).map_err(|_| bad())
}

/// Reads a time with its zone (RFC 3339), as seconds since 1970.
pub fn time_of(text: &str) -> Result<i64> {
    let time = mail_parser::DateTime::parse_rfc3339(text).filter(mail_parser::DateTime::is_valid);
    time.map(|t| t.to_timestamp()).ok_or_else(|| Error::new(Kind::Usage, text).because("not a time"))
}

/// An address whose domain is spelled as the domain name system has it (RFC 5890 A-labels), so that no server needs SMTPUTF8 for it.
pub fn to_ascii_domain(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@').filter(|(_, domain)| !domain.is_ascii()) else {
        return address.to_owned();
    };
    match url::Host::parse(domain) {
        Ok(url::Host::Domain(ascii)) => format!("{local}@{ascii}"),
        _ => address.to_owned(),
    }
}

/// Reads an outgoing message that was made elsewhere. `None` where it cannot be read at all.
pub fn outline(raw: &[u8]) -> Option<Outline> {
    guarded(|| {
        let m = MessageParser::new().parse_headers(section(raw))?;
        let first = |a: Option<&mail_parser::Address<'_>>| {
            a.and_then(|a| a.first()).and_then(|a| a.address.as_deref()).unwrap_or_default().trim().to_owned()
        };
        let mut to: Vec<String> = Vec::new();
        for list in [m.to(), m.cc(), m.bcc()].into_iter().flatten() {
            for one in list.iter().filter_map(|a| a.address.as_deref()) {
                let one = to_ascii_domain(one.trim());
                if !one.is_empty() && !to.contains(&one) {
                    to.push(one);
                }
            }
        }
        Some(Outline {
            message_id: m.message_id().map(tidy).unwrap_or_default(),
            dated: m.date().is_some(),
            from: to_ascii_domain(&first(m.from())),
            to,
            subject: tidy(m.subject().unwrap_or_default()),
        })
    })
}

/// A message as it leaves: without its unseen recipients. No more of it than its header is held in memory.
pub fn leaving(mut message: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let mut begin = Vec::new();
    // Until something comes behind the header.
    while section(&begin).len() == begin.len() && message.by_ref().take(PIECE).read_to_end(&mut begin)? > 0 {}
    let begin = without_bcc(&begin).into_owned();
    Ok(Box::new(io::Cursor::new(begin).chain(message)))
}

fn without_bcc(raw: &[u8]) -> Cow<'_, [u8]> {
    let head = section(raw);
    let hidden = |line: &[u8]| {
        let name = line.split(|b| *b == b':').next().unwrap_or_default().trim_ascii();
        name.eq_ignore_ascii_case(b"bcc") || name.eq_ignore_ascii_case(b"resent-bcc")
    };
    let (mut out, mut skips, mut any) = (Vec::new(), false, false);
    for line in head.split_inclusive(|b| *b == b'\n') {
        let folded = line.starts_with(b" ") || line.starts_with(b"\t");
        skips = if folded { skips } else { hidden(line) };
        any |= skips;
        if !skips {
            out.extend_from_slice(line);
        }
    }
    if !any {
        return Cow::Borrowed(raw);
    }
    out.extend_from_slice(&raw[head.len()..]);
    Cow::Owned(out)
}

/// The type of a file, by the ending of its name; what is not known here, programs look at by themselves.
pub fn media_type(file: &Path) -> &'static str {
    let ending = file.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    match ending.as_str() {
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "txt" | "log" => "text/plain",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "ics" => "text/calendar",
        "zip" => "application/zip",
        "json" => "application/json",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        _ => "application/octet-stream",
    }
}

/// With header fields in front that it lacks: a Message-ID, without which it could not be found again, and a date.
pub fn completed(raw: Vec<u8>, outline: &Outline, message_id: &str, date: i64) -> Vec<u8> {
    let mut front = String::new();
    if outline.message_id.is_empty() {
        front += &format!("Message-ID: <{message_id}>\r\n");
    }
    if !outline.dated {
        let mut headers = Headers::new();
        headers.set(Date::new(UNIX_EPOCH + Duration::from_secs(date.max(0) as u64)));
        front += &headers.to_string();
    }
    if front.is_empty() { raw } else { [front.into_bytes(), raw].concat() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(address: &str) -> Vec<Address> {
        vec![Address { name: "Zé, o \"padeiro\"\r\nBcc: x@y.test".into(), address: address.into() }]
    }

    fn letter() -> Letter {
        Letter {
            from: Address { name: "Ana Açaí".into(), address: "ana@exemplo.test".into() },
            to: to("ze@exemplo.test"),
            cc: vec![Address { name: String::new(), address: "eva@münchen.test".into() }],
            bcc: vec![Address { name: "Só eu".into(), address: "eu@exemplo.test".into() }],
            subject: "Reunião\r\nBcc: todos@exemplo.test\0 às 10h".into(),
            text: "Olá\n.\n\nFrom aqui 日本語 🦜\n".into(),
            html: "<p>Olá</p>".into(),
            files: vec![File {
                name: "relatório 2026 — versão final.pdf".into(),
                media_type: "application/pdf".into(),
                bytes: b"%PDF\n.\r\n\0".to_vec(),
                ..File::default()
            }],
            date: 1_790_000_000,
            message_id: "abc@exemplo.test".into(),
            ..Letter::default()
        }
    }

    #[test]
    fn what_is_written_comes_back_by_another_parser_and_nothing_breaks_out() {
        let raw = compose(&letter()).unwrap_or_else(|e| panic!("{e}"));
        assert!(raw.is_ascii(), "seven bits");
        assert!(!raw.windows(2).any(|w| w[1] == b'\n' && w[0] != b'\r'), "bare LF");
        let outline = outline(&raw).unwrap_or_else(|| panic!("unreadable"));
        assert_eq!(outline.message_id, "abc@exemplo.test");
        assert_eq!(outline.to, ["ze@exemplo.test", "eva@xn--mnchen-3ya.test", "eu@exemplo.test"]);
        assert_eq!(outline.subject, "Reunião Bcc: todos@exemplo.test às 10h");
        assert_eq!((outline.from.as_str(), outline.dated), ("ana@exemplo.test", true));
        let m = MessageParser::default().parse(&raw).unwrap_or_else(|| panic!("unreadable"));
        // A text that flows marks a line that could be taken for a separator of mailboxes.
        let said = m.body_text(0).map(|t| t.replace("\r\n", "\n").replace(" From", "From"));
        assert_eq!(said, Some(letter().text));
        assert_eq!(m.body_html(0).as_deref(), Some("<p>Olá</p>"));
        let file = m.attachment(0).unwrap_or_else(|| panic!("no file"));
        assert_eq!(
            mail_parser::MimeHeaders::attachment_name(file),
            Some("relatório 2026 — versão final.pdf")
        );
        assert_eq!(file.contents(), b"%PDF\n.\r\n\0");
        let text = String::from_utf8_lossy(&raw);
        assert!(!text.to_lowercase().contains("user-agent") && !text.contains("lettre"), "{text}");
    }

    #[test]
    fn a_subject_that_looks_encoded_stays_as_written() {
        for subject in ["=?utf-8?Q?armadilha?=", "a =?x?= ção 日本語 ".repeat(12).trim()] {
            let raw =
                compose(&Letter { subject: subject.into(), ..letter() }).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(outline(&raw).map(|o| o.subject).as_deref(), Some(subject));
            let text = String::from_utf8_lossy(&raw);
            assert!(text.lines().take_while(|l| !l.is_empty()).all(|l| l.len() <= 78), "{text}");
            assert_eq!(text.matches("Subject:").count(), 1, "{text}");
        }
    }

    #[test]
    fn the_date_is_the_authors() {
        for (zone, said) in
            [(-180, "Mon, 21 Sep 2026 11:13:20 -0300"), (345, "Mon, 21 Sep 2026 19:58:20 +0545")]
        {
            let raw = compose(&Letter { zone, ..letter() }).unwrap_or_else(|e| panic!("{e}"));
            let text = String::from_utf8_lossy(&raw);
            assert!(text.contains(&format!("\r\nDate: {said}\r\n")), "{text}");
            assert_eq!(text.matches("Date:").count(), 1);
            let m = MessageParser::new().parse_headers(section(&raw)).unwrap_or_else(|| panic!("unreadable"));
            assert_eq!(m.date().map(|d| d.to_timestamp()), Some(1_790_000_000));
        }
    }

    #[test]
    fn the_unseen_stay_unseen() {
        let raw = compose(&letter()).unwrap_or_else(|e| panic!("{e}"));
        let sent = without_bcc(&raw);
        let outline = outline(&sent).unwrap_or_else(|| panic!("unreadable"));
        assert_eq!(outline.to, ["ze@exemplo.test", "eva@xn--mnchen-3ya.test"]);
        let by_hand = b"bCc : a@b,\r\n c@d\r\nTo: e@f\r\n\r\nBcc: in the body\r\n";
        assert_eq!(&*without_bcc(by_hand), b"To: e@f\r\n\r\nBcc: in the body\r\n");
        // However long the header is, and also where it is all there is.
        for (n, end) in [(0, "\r\n\r\nbody"), (9_000, "\n\nbody\n\nmore"), (3, ""), (70_000, "\r\n")] {
            let raw = format!("Bcc: x@y\r\n{}To: e@f{end}", "A: b\r\n".repeat(n));
            let mut left = String::new();
            let mut read = leaving(Box::new(io::Cursor::new(raw.clone()))).unwrap_or_else(|e| panic!("{e}"));
            read.read_to_string(&mut left).unwrap_or_else(|e| panic!("{e}"));
            assert!(left == raw["Bcc: x@y\r\n".len()..], "{n}");
        }
    }

    #[test]
    fn what_lacks_is_added() {
        let raw = b"From: a@b.test\r\nTo: c@d.test\r\n\r\nx\r\n".to_vec();
        let before = outline(&raw).unwrap_or_else(|| panic!("unreadable"));
        let raw = completed(raw, &before, "n@b.test", 1_790_000_000);
        let after = outline(&raw).unwrap_or_else(|| panic!("unreadable"));
        assert_eq!(
            (after.message_id.as_str(), after.dated),
            ("n@b.test", true),
            "{}",
            String::from_utf8_lossy(&raw)
        );
        assert_eq!(completed(raw.clone(), &after, "m@b.test", 0), raw);
    }

    #[test]
    fn a_draft_may_have_nobody_to_go_to_yet() {
        let raw = compose(&Letter { to: vec![], cc: vec![], bcc: vec![], ..letter() });
        let outline = outline(&raw.unwrap_or_else(|e| panic!("{e}"))).unwrap_or_else(|| panic!("unreadable"));
        assert!(outline.to.is_empty() && !outline.from.is_empty());
    }

    #[test]
    fn what_is_no_address_is_told() {
        for bad in ["", "ana", "ana@", "a b@c.test", "ana@exemplo.test>\r\nRCPT TO:<x@y"] {
            let error = compose(&Letter { to: to(bad), ..letter() }).err().unwrap_or_else(|| panic!("{bad}"));
            assert_eq!(error.kind, Kind::Usage, "{bad}");
        }
    }
}
