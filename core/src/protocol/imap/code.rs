//! Response codes: the machine's half of a status response (RFC 9051 section 7.1, and the registry of RFC 5530).
//!
//! ```text
//! resp-text = ["[" resp-text-code "]" SP] [text]              ; RFC 9051 section 9
//! ```
//! A code whose argument makes no sense keeps its name and becomes [`Code::Other`]; brackets that hold no code at all are
//! text (Exchange: `OK [Error="…" …] AUTHENTICATE completed.`).

use super::value::{Cursor, Value};
use crate::uid_set::UidSet;

/// `resp-text-code`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// CAPABILITY, in upper case.
    Capability(Vec<String>),
    /// UIDVALIDITY
    UidValidity(u32),
    /// UIDNEXT
    UidNext(u32),
    /// UNSEEN: sequence number of the first unseen message (RFC 3501 section 7.1).
    Unseen(u32),
    /// PERMANENTFLAGS as written; `\*` means that keywords can be made.
    PermanentFlags(Vec<String>),
    /// HIGHESTMODSEQ (RFC 7162 section 3.1.2.1)
    HighestModSeq(u64),
    /// NOMODSEQ (RFC 7162 section 3.1.2.2)
    NoModSeq,
    /// APPENDUID (RFC 4315 section 3), also of several messages (RFC 3502).
    AppendUid {
        /// UIDVALIDITY of the mailbox.
        validity: u32,
        /// The new UIDs, in the order of the messages.
        uids: Vec<u32>,
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
    /// BADCHARSET with those that would do.
    BadCharset(Vec<String>),
    /// MAILBOXID (RFC 8474 section 4)
    MailboxId(String),
    /// Any other: its name in upper case (ALERT, TRYCREATE, NONEXISTENT, OVERQUOTA …) and what follows it.
    Other {
        /// The name.
        name: String,
        /// The argument, mostly empty.
        argument: String,
    },
}

impl Code {
    /// The name in upper case, of those that say why something was refused.
    pub fn name(&self) -> &str {
        match self {
            Code::Other { name, .. } => name,
            Code::BadCharset(_) => "BADCHARSET",
            Code::NoModSeq => "NOMODSEQ",
            _ => "",
        }
    }
}

pub(super) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Words in upper case, however many spaces are between them.
pub(super) fn words(bytes: &[u8]) -> Vec<String> {
    lossy(bytes).split_whitespace().map(str::to_ascii_uppercase).collect()
}

/// The rest of a status response.
pub(super) fn text_and_code(c: &mut Cursor<'_>) -> (Option<Code>, String) {
    c.spaces();
    let place = c.place();
    if c.take(b'[') {
        if let Some(inside) = bracketed(c.rest())
            && let Some(code) = read_code(inside)
        {
            c.back_to(place + inside.len() + 2);
            c.spaces();
            return (Some(code), lossy(c.rest()));
        }
        c.back_to(place);
    }
    (None, lossy(c.rest()))
}

/// What is in front of the closing bracket; brackets in quoted strings do not count.
fn bracketed(rest: &[u8]) -> Option<&[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    for (i, b) in rest.iter().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b']' if !quoted => return Some(&rest[..i]),
            _ => {}
        }
    }
    // An apostrophe's big sister in an argument, such as a referral: take the first bracket then.
    rest.iter().position(|b| *b == b']').map(|i| &rest[..i])
}

fn read_code(inside: &[u8]) -> Option<Code> {
    let at = inside.iter().position(|b| *b == b' ').unwrap_or(inside.len());
    let (name, rest) = inside.split_at(at);
    // atom = 1*ATOM-CHAR: none of these, nor a control or an 8-bit character.
    let special = |b: &u8| !(0x21..0x7f).contains(b) || b"(){%*\"\\]".contains(b);
    if name.is_empty() || name.iter().any(special) {
        return None;
    }
    let name = lossy(name).to_ascii_uppercase();
    let rest = lossy(rest.trim_ascii());
    let parts: Vec<&str> = rest.split(' ').collect();
    let list = || {
        let value = Cursor::new(rest.as_bytes()).value().ok()?;
        matches!(value, Value::List(_)).then(|| value.list().iter().filter_map(Value::text).collect())
    };
    let typed = match name.as_str() {
        "CAPABILITY" => Some(Code::Capability(words(rest.as_bytes()))),
        "UIDVALIDITY" => rest.parse().ok().map(Code::UidValidity),
        "UIDNEXT" => rest.parse().ok().map(Code::UidNext),
        "UNSEEN" => rest.parse().ok().map(Code::Unseen),
        "PERMANENTFLAGS" => list().map(Code::PermanentFlags),
        "BADCHARSET" => list().map(Code::BadCharset),
        "MAILBOXID" => list().and_then(|l: Vec<String>| l.into_iter().next()).map(Code::MailboxId),
        "HIGHESTMODSEQ" => rest.parse().ok().map(Code::HighestModSeq),
        "NOMODSEQ" if rest.is_empty() => Some(Code::NoModSeq),
        "MODIFIED" => UidSet::parse(&rest).map(Code::Modified),
        "APPENDUID" => match parts[..] {
            [v, u] => {
                v.parse().ok().zip(ordered(u)).map(|(validity, uids)| Code::AppendUid { validity, uids })
            }
            _ => None,
        },
        "COPYUID" => match parts[..] {
            [v, from, to] => copy_uid(v, from, to),
            _ => None,
        },
        _ => None,
    };
    Some(typed.unwrap_or(Code::Other { name, argument: rest }))
}

/// The two sets pair up in the order written, so they are not sorted (RFC 4315 section 3). A pairing that does not add up
/// is no pairing.
fn copy_uid(validity: &str, from: &str, to: &str) -> Option<Code> {
    let (from, to) = (ordered(from)?, ordered(to)?);
    (from.len() == to.len()).then_some(())?;
    Some(Code::CopyUid { validity: validity.parse().ok()?, from, to })
}

/// The numbers of a set, bounded: more than a million at once is no answer to anything we ask. A range counts upwards
/// however it is written: "2:4 and 4:2 are equivalent" (RFC 4315 section 4).
fn ordered(set: &str) -> Option<Vec<u32>> {
    let mut out = Vec::new();
    for part in set.split(',') {
        let (a, b) = part.split_once(':').unwrap_or((part, part));
        let (a, b): (u32, u32) = (a.parse().ok()?, b.parse().ok()?);
        if a == 0 || b == 0 || b.abs_diff(a) as usize + out.len() >= 1_000_000 {
            return None;
        }
        out.extend(a.min(b)..=a.max(b));
    }
    Some(out)
}
