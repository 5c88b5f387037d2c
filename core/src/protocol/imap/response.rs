//! Server responses, typed.
//!
//! Parsing never fails as a whole: what is not understood becomes [`Response::Unreadable`], which the session counts and
//! goes on from (RFC 9051 section 2.2.2: a client must be prepared to accept any response at all times).

use super::value::{Cursor, Value};
use crate::error::Result;
use crate::model::Flags;
use crate::uid_set::UidSet;

/// The status word of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It was done.
    Ok,
    /// It was refused.
    No,
    /// It was not understood.
    Bad,
    /// The server hangs up.
    Bye,
    /// Signed in already (greeting only).
    Preauth,
}

/// `resp-text-code` of RFC 9051 section 7.1, those that mean something to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// CAPABILITY
    Capability(Vec<String>),
    /// UIDVALIDITY
    UidValidity(u32),
    /// UIDNEXT
    UidNext(u32),
    /// HIGHESTMODSEQ (RFC 7162 section 3.1.2.1)
    HighestModSeq(u64),
    /// NOMODSEQ (RFC 7162 section 3.1.2.2)
    NoModSeq,
    /// APPENDUID (RFC 4315 section 3)
    AppendUid {
        /// UIDVALIDITY of the mailbox.
        validity: u32,
        /// The new UID.
        uids: UidSet,
    },
    /// COPYUID (RFC 4315 section 3): `from` and `to` in the order the server gave them, pairwise.
    CopyUid {
        /// UIDVALIDITY of the target.
        validity: u32,
        /// UIDs in the source.
        from: Vec<u32>,
        /// UIDs in the target.
        to: Vec<u32>,
    },
    /// MODIFIED (RFC 7162 section 3.1.3)
    Modified(UidSet),
    /// Any other, by its name in upper case: ALERT, TRYCREATE, NONEXISTENT, AUTHENTICATIONFAILED, OVERQUOTA …
    Named(String),
}

/// What LIST says of one mailbox (RFC 9051 section 7.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEntry {
    /// Attributes as written.
    pub attributes: Vec<String>,
    /// Hierarchy delimiter; `None` for a flat name.
    pub delimiter: Option<char>,
    /// The name as the server sends it.
    pub name: Vec<u8>,
}

/// What STATUS says of one mailbox (RFC 9051 section 7.3.4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailboxStatus {
    /// The name as the server sends it.
    pub name: Vec<u8>,
    /// MESSAGES
    pub messages: Option<u32>,
    /// UIDNEXT
    pub uid_next: Option<u32>,
    /// UIDVALIDITY
    pub uid_validity: Option<u32>,
    /// UNSEEN
    pub unseen: Option<u32>,
    /// HIGHESTMODSEQ
    pub highest_modseq: Option<u64>,
}

/// What FETCH says of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Message sequence number.
    pub seq: u32,
    /// UID, when it was asked for or QRESYNC is on.
    pub uid: Option<u32>,
    /// FLAGS
    pub flags: Option<Flags>,
    /// MODSEQ
    pub modseq: Option<u64>,
    /// INTERNALDATE in seconds since 1970.
    pub internal_date: Option<i64>,
    /// RFC822.SIZE
    pub size: Option<u64>,
    /// BODYSTRUCTURE as it came.
    pub structure: Option<Value>,
    /// EMAILID (RFC 8474 section 5.1) or X-GM-MSGID: the identity of the content on this server.
    pub object_id: Option<String>,
    /// `BODY[section]<origin>`: name in upper case and bytes.
    pub sections: Vec<(String, Vec<u8>)>,
}

/// One response of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// The outcome of a command.
    Tagged {
        /// The command's tag.
        tag: String,
        /// OK, NO or BAD.
        status: Status,
        /// Response code.
        code: Option<Code>,
        /// Human-readable text.
        text: String,
    },
    /// An untagged status response.
    Status {
        /// OK, NO, BAD, BYE or PREAUTH.
        status: Status,
        /// Response code.
        code: Option<Code>,
        /// Human-readable text.
        text: String,
    },
    /// `+`: go on.
    Continue(String),
    /// CAPABILITY
    Capability(Vec<String>),
    /// ENABLED
    Enabled(Vec<String>),
    /// LIST
    List(ListEntry),
    /// LSUB or XLIST are not asked for; STATUS is.
    MailboxStatus(MailboxStatus),
    /// NAMESPACE: the user's own prefix.
    Namespace(Option<Vec<u8>>),
    /// SEARCH, with the MODSEQ of RFC 7162.
    Search(UidSet),
    /// ESEARCH (RFC 4731): ALL, and what else came.
    Esearch {
        /// Tag of the command it answers.
        tag: Option<String>,
        /// The matching UIDs; empty also when the server left ALL out, as it must when nothing matched.
        all: UidSet,
        /// COUNT
        count: Option<u32>,
    },
    /// EXISTS
    Exists(u32),
    /// EXPUNGE by sequence number
    Expunge(u32),
    /// VANISHED (RFC 7162 section 3.2.10)
    Vanished {
        /// (EARLIER): the answer to a question, not news.
        earlier: bool,
        /// UIDs that are gone.
        uids: UidSet,
    },
    /// FETCH
    Fetch(Box<Fetched>),
    /// FLAGS, RECENT, ID and others that ask for nothing.
    Ignored,
    /// Not understood.
    Unreadable,
}

impl Response {
    /// Reads one response, as the framer cut it.
    pub fn parse(bytes: &[u8]) -> Response {
        parse(bytes).unwrap_or(Response::Unreadable)
    }
}

fn status_word(word: &str) -> Option<Status> {
    Some(match word {
        "OK" => Status::Ok,
        "NO" => Status::No,
        "BAD" => Status::Bad,
        "BYE" => Status::Bye,
        "PREAUTH" => Status::Preauth,
        _ => return None,
    })
}

fn parse(bytes: &[u8]) -> Result<Response> {
    let mut c = Cursor::new(bytes);
    if c.take(b'+') {
        c.take(b' ');
        return Ok(Response::Continue(lossy(c.rest())));
    }
    let tag = lossy(c.until(|b| b == b' '));
    if tag != "*" {
        let word = c.keyword();
        let (code, text) = text_and_code(&mut c);
        return Ok(match status_word(&word) {
            Some(status @ (Status::Ok | Status::No | Status::Bad)) => {
                Response::Tagged { tag, status, code, text }
            }
            _ => Response::Unreadable,
        });
    }
    let word = c.keyword();
    if let Some(status) = status_word(&word) {
        let (code, text) = text_and_code(&mut c);
        return Ok(Response::Status { status, code, text });
    }
    if word.bytes().all(|b| b.is_ascii_digit()) {
        let number = word.parse().unwrap_or(0);
        return match c.keyword().as_str() {
            "EXISTS" => Ok(Response::Exists(number)),
            "EXPUNGE" => Ok(Response::Expunge(number)),
            "FETCH" => fetch(number, &mut c),
            "RECENT" => Ok(Response::Ignored),
            _ => Ok(Response::Unreadable),
        };
    }
    match word.as_str() {
        "CAPABILITY" => Ok(Response::Capability(words(c.rest()))),
        "ENABLED" => Ok(Response::Enabled(words(c.rest()))),
        "LIST" | "LSUB" | "XLIST" => list(&mut c),
        "STATUS" => mailbox_status(&mut c),
        "NAMESPACE" => namespace(&mut c),
        "SEARCH" => search(&mut c),
        "ESEARCH" => esearch(&mut c),
        "VANISHED" => vanished(&mut c),
        "FLAGS" | "ID" | "QUOTA" | "QUOTAROOT" | "METADATA" => Ok(Response::Ignored),
        _ => Ok(Response::Unreadable),
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn words(bytes: &[u8]) -> Vec<String> {
    lossy(bytes).split_whitespace().map(str::to_ascii_uppercase).collect()
}

/// `resp-text = ["[" resp-text-code "]" SP] [text]`
fn text_and_code(c: &mut Cursor<'_>) -> (Option<Code>, String) {
    c.spaces();
    let mut code = None;
    if c.take(b'[') {
        let inside = lossy(c.until(|b| b == b']'));
        c.take(b']');
        c.spaces();
        code = read_code(&inside);
    }
    (code, lossy(c.rest()))
}

fn read_code(inside: &str) -> Option<Code> {
    let (name, rest) = inside.split_once(' ').unwrap_or((inside, ""));
    let rest = rest.trim();
    let name = name.to_ascii_uppercase();
    let parts: Vec<&str> = rest.split_whitespace().collect();
    let typed = match name.as_str() {
        "CAPABILITY" => Some(Code::Capability(words(rest.as_bytes()))),
        "UIDVALIDITY" => rest.parse().ok().map(Code::UidValidity),
        "UIDNEXT" => rest.parse().ok().map(Code::UidNext),
        "HIGHESTMODSEQ" => rest.parse().ok().map(Code::HighestModSeq),
        "NOMODSEQ" => Some(Code::NoModSeq),
        "MODIFIED" => UidSet::parse(rest).map(Code::Modified),
        "APPENDUID" => match parts[..] {
            [v, u] => v
                .parse()
                .ok()
                .zip(UidSet::parse(u))
                .map(|(validity, uids)| Code::AppendUid { validity, uids }),
            _ => None,
        },
        "COPYUID" => match parts[..] {
            [v, from, to] => copy_uid(v, from, to),
            _ => None,
        },
        _ => None,
    };
    typed.or(if name.is_empty() { None } else { Some(Code::Named(name)) })
}

/// The two sets pair up in the order written, so they are not sorted (RFC 4315 section 3). A pairing that does not add up
/// is no pairing.
fn copy_uid(validity: &str, from: &str, to: &str) -> Option<Code> {
    let (from, to) = (ordered(from)?, ordered(to)?);
    (from.len() == to.len()).then_some(())?;
    Some(Code::CopyUid { validity: validity.parse().ok()?, from, to })
}

fn ordered(set: &str) -> Option<Vec<u32>> {
    let mut out = Vec::new();
    for part in set.split(',') {
        let (a, b) = part.split_once(':').unwrap_or((part, part));
        let (a, b): (u32, u32) = (a.parse().ok()?, b.parse().ok()?);
        if b.abs_diff(a) > 5_000_000 || out.len() > 5_000_000 {
            return None;
        }
        if a <= b { out.extend(a..=b) } else { out.extend((b..=a).rev()) }
    }
    Some(out)
}

/// `mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox [SP mbox-list-extended]`
fn list(c: &mut Cursor<'_>) -> Result<Response> {
    c.spaces();
    let attributes = c.value()?.list().iter().filter_map(Value::text).collect();
    let delimiter = c.value()?.text().and_then(|t| t.chars().next());
    let name = c.mailbox(true)?;
    Ok(Response::List(ListEntry { attributes, delimiter, name }))
}

fn mailbox_status(c: &mut Cursor<'_>) -> Result<Response> {
    let name = c.mailbox(true)?;
    c.spaces();
    let items = c.value()?;
    let mut status = MailboxStatus { name, ..MailboxStatus::default() };
    for pair in items.list().chunks_exact(2) {
        let small = pair[1].number().and_then(|n| u32::try_from(n).ok());
        match pair[0].text().unwrap_or_default().to_ascii_uppercase().as_str() {
            "MESSAGES" => status.messages = small,
            "UIDNEXT" => status.uid_next = small,
            "UIDVALIDITY" => status.uid_validity = small,
            "UNSEEN" => status.unseen = small,
            "HIGHESTMODSEQ" => status.highest_modseq = pair[1].number(),
            _ => {}
        }
    }
    Ok(Response::MailboxStatus(status))
}

/// `Namespace-Response = "NAMESPACE" SP Namespace SP Namespace SP Namespace`: the first prefix of the first one.
fn namespace(c: &mut Cursor<'_>) -> Result<Response> {
    c.spaces();
    let personal = c.value()?;
    let prefix = personal.list().first().and_then(|first| first.list().first()).and_then(Value::bytes);
    Ok(Response::Namespace(prefix.map(<[u8]>::to_vec)))
}

fn search(c: &mut Cursor<'_>) -> Result<Response> {
    let mut uids = Vec::new();
    for word in c.rest().split(|b| *b == b' ') {
        match std::str::from_utf8(word).ok().and_then(|w| w.parse::<u32>().ok()) {
            Some(uid) => uids.push(uid),
            None if word.starts_with(b"(") => break, // (MODSEQ n)
            None if word.is_empty() => {}
            None => return Ok(Response::Unreadable),
        }
    }
    Ok(Response::Search(uids.into_iter().collect()))
}

/// `esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)`
fn esearch(c: &mut Cursor<'_>) -> Result<Response> {
    c.spaces();
    let mut tag = None;
    if c.peek() == Some(b'(') {
        tag = c.value()?.list().get(1).and_then(Value::text);
    }
    let (mut all, mut count) = (UidSet::new(), None);
    loop {
        let item = c.keyword();
        match item.as_str() {
            "" => break,
            "UID" => {}
            "ALL" => {
                let set = c.value()?.text().unwrap_or_default();
                match UidSet::parse(&set) {
                    Some(found) => all = found,
                    None => return Ok(Response::Unreadable),
                }
            }
            "COUNT" => count = c.value()?.number().and_then(|n| u32::try_from(n).ok()),
            _ => {
                c.value()?;
            }
        }
    }
    Ok(Response::Esearch { tag, all, count })
}

/// `expunged-resp = "VANISHED" [SP "(EARLIER)"] SP known-uids`
fn vanished(c: &mut Cursor<'_>) -> Result<Response> {
    c.spaces();
    let earlier = c.peek() == Some(b'(');
    if earlier {
        c.value()?;
        c.spaces();
    }
    Ok(match UidSet::parse(&lossy(c.rest().trim_ascii())) {
        Some(uids) => Response::Vanished { earlier, uids },
        None => Response::Unreadable,
    })
}

/// `message-data = nz-number SP ("EXPUNGE" / ("FETCH" SP msg-att))`
fn fetch(seq: u32, c: &mut Cursor<'_>) -> Result<Response> {
    let mut f = Fetched { seq, ..Fetched::default() };
    c.spaces();
    if !c.take(b'(') {
        return Ok(Response::Unreadable);
    }
    loop {
        c.spaces();
        if c.take(b')') || c.peek().is_none() {
            break;
        }
        let name = c.item_name()?;
        let value = c.value()?;
        match name.as_str() {
            "UID" => f.uid = value.number().and_then(|n| u32::try_from(n).ok()),
            "FLAGS" => {
                let names: Vec<String> = value.list().iter().filter_map(Value::text).collect();
                f.flags = Some(Flags::from_names(names.iter().map(String::as_str)));
            }
            "MODSEQ" => f.modseq = value.list().first().and_then(Value::number),
            "INTERNALDATE" => f.internal_date = value.text().and_then(|t| internal_date(&t)),
            "RFC822.SIZE" => f.size = value.number(),
            "BODYSTRUCTURE" | "BODY" => f.structure = Some(value),
            "EMAILID" => f.object_id = value.list().first().and_then(Value::text),
            "X-GM-MSGID" => f.object_id = value.text(),
            _ if name.starts_with("BODY[") => {
                if let Some(bytes) = value.bytes() {
                    f.sections.push((name, bytes.to_vec()));
                }
            }
            _ => {}
        }
    }
    Ok(Response::Fetch(Box::new(f)))
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
    let offset = (zone / 100) * 3600 + (zone % 100) * 60;
    if !(1..=31).contains(&day) || !(1..=9999).contains(&year) {
        return None;
    }
    // Days since 1970 of a civil date, the year beginning in March so that the leap day comes last.
    let (y, mp) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (153 * mp + 2) / 5 + day
        - 1
        - 719_468;
    Some(days * 86_400 + h * 3600 + m * 60 + s - offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(s: &str) -> UidSet {
        UidSet::parse(s).unwrap_or_default()
    }

    #[test]
    fn reads_what_servers_say() {
        let r = |s: &str| Response::parse(s.as_bytes());
        assert_eq!(r("* 23 EXISTS"), Response::Exists(23));
        assert_eq!(
            r("* VANISHED (EARLIER) 41,43:116"),
            Response::Vanished { earlier: true, uids: set("41,43:116") }
        );
        assert_eq!(r("* SEARCH 2 84 882 (MODSEQ 917162500)"), Response::Search(set("2,84,882")));
        assert_eq!(
            r("* ESEARCH (TAG \"A285\") UID COUNT 3 ALL 4,9,12"),
            Response::Esearch { tag: Some("A285".into()), all: set("4,9,12"), count: Some(3) }
        );
        assert_eq!(
            r("A1 OK [COPYUID 38505 304,319:320 3956:3958] Done"),
            Response::Tagged {
                tag: "A1".into(),
                status: Status::Ok,
                code: Some(Code::CopyUid {
                    validity: 38505,
                    from: vec![304, 319, 320],
                    to: vec![3956, 3957, 3958]
                }),
                text: "Done".into()
            }
        );
        assert_eq!(
            r("* CAPABILITY  IMAP4rev1  idle "),
            Response::Capability(vec!["IMAP4REV1".into(), "IDLE".into()])
        );
        assert_eq!(
            r("* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL"),
            Response::Namespace(Some(b"INBOX.".to_vec()))
        );
        assert!(matches!(r("* LIST () \"/\" Sent Items"), Response::List(l) if l.name == b"Sent Items"));
        assert!(
            matches!(r("* LIST () NIL \"a\\\\b\\\"c\" (\"CHILDINFO\" (\"X\"))"), Response::List(l) if l.name == b"a\\b\"c" && l.delimiter.is_none())
        );
    }

    #[test]
    fn reads_a_fetch_with_everything() {
        let bytes = b"* 12 FETCH (UID 5 FLAGS (\\Seen $Work \\*) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 5000000000 MODSEQ (65402) BODY[HEADER.FIELDS (DATE \"FROM\")] {4}\r\nA)\r\n BODY[]<0> NIL X-NEW (a (b)) EMAILID (M6d99))";
        let Response::Fetch(f) = Response::parse(bytes) else { panic!("no fetch") };
        assert_eq!((f.seq, f.uid, f.size, f.modseq), (12, Some(5), Some(5_000_000_000), Some(65402)));
        assert_eq!(f.internal_date, Some(837_596_665));
        assert_eq!(f.flags.map(|f| f.names()).as_deref(), Some("\\Seen $Work"));
        assert_eq!(f.sections, vec![("BODY[HEADER.FIELDS (DATE \"FROM\")]".into(), b"A)\r\n".to_vec())]);
        assert_eq!(f.object_id.as_deref(), Some("M6d99"));
    }

    #[test]
    fn nothing_a_server_says_is_fatal() {
        for line in [
            "* XYZZY",
            "*",
            "",
            "* 5",
            "* 1 FETCH",
            "* 1 FETCH ()",
            "* 1 FETCH (INTERNALDATE NIL)",
            "* OK [ALERT]é",
            "A1",
            "A1 BAD",
            "* SEARCH x",
            "* ESEARCH ALL *",
            "* STATUS",
            "* STATUS x",
            "* STATUS x ()",
            "* STATUS i (MAILBOXID (\u{84}\u{ae}) MESSAGES 3)",
            "* LIST",
            "* VANISHED",
            "* NAMESPACE NIL",
            "* 99999999999 EXISTS",
            "* OK [COPYUID 1 1:4294967295 2]",
            "+",
            "* 1 FETCH (BODYSTRUCTURE (\"RELATED\" NIL (\"ATTACHMENT\" NIL) NIL))",
        ] {
            let _ = Response::parse(line.as_bytes());
        }
        let deep = format!("* 1 FETCH (UID 1 BODYSTRUCTURE {}{})", "(".repeat(100_000), ")".repeat(100_000));
        assert_eq!(Response::parse(deep.as_bytes()), Response::Unreadable);
    }
}
