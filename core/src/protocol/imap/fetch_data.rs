//! FETCH and UIDFETCH (RFC 9051 section 7.5.2, RFC 9586 section 3.3), item by item.
//!
//! An item that makes no sense, or whose value exceeds a bound, is stepped over and counted: a message with a hostile
//! BODYSTRUCTURE still has its UID, its flags and its header, and is shown.

use super::envelope::{Envelope, envelope};
use super::response::Response;
use super::structure::Structure;
use super::value::{Cursor, Value};
use crate::error::Result;
use crate::model::Flags;

/// What FETCH says of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Message sequence number; 0 in a UIDFETCH.
    pub seq: u32,
    /// UID, when it was asked for or QRESYNC is on.
    pub uid: Option<u32>,
    /// FLAGS
    pub flags: Option<Flags>,
    /// MODSEQ
    pub modseq: Option<u64>,
    /// INTERNALDATE in seconds since 1970.
    pub internal_date: Option<i64>,
    /// SAVEDATE in seconds since 1970 (RFC 8514).
    pub save_date: Option<i64>,
    /// RFC822.SIZE
    pub size: Option<u64>,
    /// ENVELOPE
    pub envelope: Option<Box<Envelope>>,
    /// BODYSTRUCTURE, or BODY.
    pub structure: Option<Structure>,
    /// EMAILID: the identity of the content on this server (RFC 8474 section 5.1).
    pub email_id: Option<String>,
    /// THREADID (RFC 8474 section 5.2)
    pub thread_id: Option<String>,
    /// X-GM-MSGID
    pub gm_message_id: Option<u64>,
    /// X-GM-THRID
    pub gm_thread_id: Option<u64>,
    /// X-GM-LABELS as the server sends them (modified UTF-7).
    pub gm_labels: Option<Vec<String>>,
    /// PREVIEW (RFC 8970)
    pub preview: Option<String>,
    /// `BODY[section]<origin>`, `BINARY[section]`, `RFC822` and its kin: name in upper case and bytes; NIL is left out.
    pub sections: Vec<(String, Vec<u8>)>,
    /// `BINARY.SIZE[section]`: section and bytes, decoded (RFC 3516 section 4.3).
    pub binary_sizes: Vec<(String, u64)>,
    /// Items of no meaning to us, name in upper case.
    pub others: Vec<(String, Value)>,
    /// Items that were not understood and are left out.
    pub damaged: u32,
}

impl Fetched {
    /// The identity of the content on this server, where it has one.
    pub fn object_id(&self) -> Option<String> {
        self.gm_message_id.map(|id| id.to_string()).or_else(|| self.email_id.clone())
    }

    /// The number of the conversation on this server, where it has one.
    pub fn conversation(&self) -> Option<String> {
        self.gm_thread_id.map(|id| id.to_string()).or_else(|| self.thread_id.clone())
    }

    /// The bytes of the first section whose name begins so.
    pub fn section(&self, prefix: &str) -> Option<&[u8]> {
        self.sections.iter().find(|(name, _)| name.starts_with(prefix)).map(|(_, bytes)| bytes.as_slice())
    }
}

/// `message-data = nz-number SP ("EXPUNGE" / ("FETCH" SP msg-att))`
pub(super) fn fetch(number: u32, by_uid: bool, c: &mut Cursor<'_>) -> Response {
    let mut f = if by_uid {
        Fetched { uid: Some(number), ..Fetched::default() }
    } else {
        Fetched { seq: number, ..Fetched::default() }
    };
    c.spaces();
    if !c.take(b'(') {
        return Response::Unreadable;
    }
    loop {
        c.spaces();
        if c.take(b')') {
            break;
        }
        if c.peek().is_none() {
            f.damaged += 1; // the list has no end
            break;
        }
        let Ok(name) = c.item_name() else {
            f.damaged += 1;
            break;
        };
        c.spaces();
        let place = c.place();
        if read_item(&mut f, &name, c).is_err() {
            f.damaged += 1;
            c.back_to(place);
            if c.skip().is_err() {
                break;
            }
        }
    }
    Response::Fetch(Box::new(f))
}

fn read_item(f: &mut Fetched, name: &str, c: &mut Cursor<'_>) -> Result<()> {
    let value = c.value()?;
    match name {
        "UID" => f.uid = value.number().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0),
        "FLAGS" => {
            let names =
                value.list().iter().filter_map(Value::bytes).filter_map(|n| std::str::from_utf8(n).ok());
            f.flags = Some(Flags::from_names(names));
        }
        "MODSEQ" => f.modseq = value.list().first().and_then(Value::number),
        "INTERNALDATE" => f.internal_date = value.text().and_then(|t| internal_date(&t)),
        "SAVEDATE" => f.save_date = value.text().and_then(|t| internal_date(&t)),
        "RFC822.SIZE" => f.size = value.number(),
        "ENVELOPE" => f.envelope = envelope(&value).map(Box::new),
        "BODYSTRUCTURE" | "BODY" => f.structure = Structure::read(&value),
        "EMAILID" => f.email_id = value.list().first().and_then(Value::text),
        "THREADID" => f.thread_id = value.list().first().and_then(Value::text),
        "X-GM-MSGID" => f.gm_message_id = value.number(),
        "X-GM-THRID" => f.gm_thread_id = value.number(),
        "X-GM-LABELS" => f.gm_labels = Some(value.list().iter().filter_map(Value::text).collect()),
        // PREVIEW may say how it was made: (FUZZY "text") in drafts of RFC 8970 that are still spoken.
        "PREVIEW" => f.preview = value.list().last().unwrap_or(&value).text(),
        "RFC822" | "RFC822[]" => push_section(f, "RFC822", value),
        "RFC822.HEADER" | "RFC822.TEXT" => push_section(f, name, value),
        _ if name.starts_with("BODY[") || name.starts_with("BINARY[") => push_section(f, name, value),
        _ => match name.strip_prefix("BINARY.SIZE[").and_then(|s| s.strip_suffix(']')) {
            Some(section) => f.binary_sizes.extend(value.number().map(|n| (section.to_owned(), n))),
            None => f.others.push((name.to_owned(), value)),
        },
    }
    Ok(())
}

fn push_section(f: &mut Fetched, name: &str, value: Value) {
    let bytes = match value {
        Value::Text(bytes) => bytes,
        other => match other.bytes() {
            Some(bytes) => bytes.to_vec(),
            None => return,
        },
    };
    f.sections.push((name.to_owned(), bytes));
}

/// `date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE`, in seconds since 1970.
pub fn internal_date(text: &str) -> Option<i64> {
    let mut parts = text.split_whitespace();
    let mut date = parts.next()?.split('-');
    let day: i64 = date.next()?.parse().ok()?;
    let month = date.next()?.to_ascii_lowercase();
    let year: i64 = date.next()?.parse().ok()?;
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let month = months.iter().position(|m| *m == month)? as i64 + 1;
    let time: Vec<i64> = parts.next()?.split(':').map(|p| p.parse().ok()).collect::<Option<_>>()?;
    let [h, m, s] = time[..] else { return None };
    let zone: i64 = parts.next().unwrap_or("+0000").parse().ok()?;
    let plausible = (1..=31).contains(&day)
        && (1..=9999).contains(&year)
        && (0..24).contains(&h)
        && (0..60).contains(&m)
        && (0..=60).contains(&s) // leap second
        && (-2359..=2359).contains(&zone);
    if !plausible {
        return None;
    }
    let offset = (zone / 100) * 3600 + (zone % 100) * 60;
    // Days since 1970 of a civil date, the year beginning in March so that the leap day comes last.
    let (y, mp) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (153 * mp + 2) / 5 + day
        - 1
        - 719_468;
    Some(days * 86_400 + h * 3600 + m * 60 + s - offset)
}
