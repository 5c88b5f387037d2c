//! Server responses, typed.
//!
//! Parsing never fails as a whole: what is not understood becomes [`Response::Unknown`] or [`Response::Unreadable`], which
//! the session counts and goes on from (RFC 9051 section 2.2.2: a client must be prepared to accept any response at all
//! times).

use super::code::{lossy, text_and_code, words};
use super::value::{Cursor, Value};
use super::{fetch_data, mailbox_data, search_data};
use crate::error::Result;
use crate::uid_set::UidSet;

pub use super::code::Code;
pub use super::fetch_data::Fetched;
pub use super::mailbox_data::{ListEntry, MailboxStatus, Metadata, Namespace, Namespaces, QuotaResource};
pub use super::search_data::{Esearch, ThreadNode};

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

/// One response of the server (RFC 9051 section 7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// `+`: go on, with the rest of the line.
    Continue(String),
    /// The outcome of a command.
    Tagged {
        /// The command's tag.
        tag: String,
        /// OK, NO or BAD.
        status: Status,
        /// Response code.
        code: Option<Code>,
        /// Human-readable text of the server.
        text: String,
    },
    /// Untagged OK, NO, BAD, BYE, PREAUTH.
    Status {
        /// The word.
        status: Status,
        /// Response code.
        code: Option<Code>,
        /// Human-readable text of the server.
        text: String,
    },
    /// CAPABILITY, in upper case.
    Capability(Vec<String>),
    /// ENABLED, in upper case.
    Enabled(Vec<String>),
    /// LIST, LSUB, XLIST
    List(ListEntry),
    /// STATUS
    MailboxStatus(Box<MailboxStatus>),
    /// NAMESPACE
    Namespace(Namespaces),
    /// FLAGS as written.
    Flags(Vec<String>),
    /// SEARCH
    Search {
        /// What was found.
        found: UidSet,
        /// `(MODSEQ n)` (RFC 7162 section 3.1.5)
        modseq: Option<u64>,
    },
    /// ESEARCH
    Esearch(Box<Esearch>),
    /// SORT, in its order.
    Sort(Vec<u32>),
    /// THREAD
    Thread(Vec<ThreadNode>),
    /// EXISTS
    Exists(u32),
    /// RECENT
    Recent(u32),
    /// EXPUNGE by sequence number
    Expunge(u32),
    /// VANISHED (RFC 7162 section 3.2.10)
    Vanished {
        /// (EARLIER): the answer to a question, not news.
        earlier: bool,
        /// UIDs that are gone.
        uids: UidSet,
    },
    /// FETCH, UIDFETCH
    Fetch(Box<Fetched>),
    /// ID; `None` when the server keeps it to itself.
    Id(Option<Vec<(String, Option<String>)>>),
    /// QUOTA
    Quota {
        /// The quota root.
        root: String,
        /// What it limits.
        resources: Vec<QuotaResource>,
    },
    /// QUOTAROOT
    QuotaRoot {
        /// The mailbox as the server sends it.
        mailbox: Vec<u8>,
        /// Its roots.
        roots: Vec<String>,
    },
    /// METADATA
    Metadata(Metadata),
    /// ACL
    Acl {
        /// The mailbox as the server sends it.
        mailbox: Vec<u8>,
        /// Identifier and rights.
        rights: Vec<(String, String)>,
    },
    /// A word that we do not know: the word in upper case, with the number in front of it. What follows is not kept.
    Unknown {
        /// The word.
        name: String,
        /// `* 99 WORD`
        number: Option<u64>,
    },
    /// Not understood.
    Unreadable,
}

impl Response {
    /// Reads one response, as the framer cut it.
    pub fn parse(bytes: &[u8]) -> Response {
        parse(bytes).unwrap_or(Response::Unreadable)
    }

    /// True for what was not understood, wholly or in part.
    pub fn is_strange(&self) -> bool {
        match self {
            Response::Unknown { .. } | Response::Unreadable => true,
            Response::Fetch(f) => f.damaged > 0,
            _ => false,
        }
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
    if !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()) {
        // A number too large for the protocol is no message and no count (RFC 9051 section 9: number, nz-number).
        let Ok(number) = word.parse::<u32>() else { return Ok(Response::Unreadable) };
        return Ok(match c.keyword().as_str() {
            "EXISTS" => Response::Exists(number),
            "EXPUNGE" if number > 0 => Response::Expunge(number),
            "FETCH" => fetch_data::fetch(number, false, &mut c),
            "UIDFETCH" if number > 0 => fetch_data::fetch(number, true, &mut c),
            "RECENT" => Response::Recent(number),
            "" => Response::Unreadable,
            other => Response::Unknown { name: other.to_owned(), number: Some(number.into()) },
        });
    }
    match word.as_str() {
        "CAPABILITY" => Ok(Response::Capability(words(c.rest()))),
        "ENABLED" => Ok(Response::Enabled(words(c.rest()))),
        "LIST" | "LSUB" | "XLIST" => mailbox_data::list(&mut c),
        "STATUS" => mailbox_data::status(&mut c),
        "NAMESPACE" => mailbox_data::namespaces(&mut c),
        "FLAGS" => Ok(Response::Flags(c.value()?.list().iter().filter_map(Value::text).collect())),
        "SEARCH" => Ok(search_data::search(&mut c)),
        "ESEARCH" => search_data::esearch(&mut c),
        "SORT" => Ok(search_data::sort(&mut c)),
        "THREAD" => Ok(search_data::thread(&mut c)),
        "VANISHED" => vanished(&mut c),
        "ID" => mailbox_data::id(&mut c),
        "QUOTA" => mailbox_data::quota(&mut c),
        "QUOTAROOT" => mailbox_data::quota_root(&mut c),
        "METADATA" => mailbox_data::metadata(&mut c),
        "ACL" => mailbox_data::acl(&mut c),
        "" => Ok(Response::Unreadable),
        _ => Ok(Response::Unknown { name: word, number: None }),
    }
}

/// `expunged-resp = "VANISHED" [SP "(EARLIER)"] SP known-uids`
fn vanished(c: &mut Cursor<'_>) -> Result<Response> {
    c.spaces();
    let earlier = c.peek() == Some(b'(');
    if earlier {
        c.skip()?;
        c.spaces();
    }
    Ok(match UidSet::parse(&lossy(c.rest().trim_ascii())) {
        Some(uids) => Response::Vanished { earlier, uids },
        None => Response::Unreadable,
    })
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
        assert_eq!(
            r("* SEARCH 2 84 882 (MODSEQ 917162500)"),
            Response::Search { found: set("2,84,882"), modseq: Some(917_162_500) }
        );
        let Response::Esearch(e) = r("* ESEARCH (TAG \"A285\") UID COUNT 3 ALL 4,9,12 XNEW (a (b)) MIN 4")
        else {
            panic!("no esearch")
        };
        assert_eq!((e.tag.as_deref(), e.uid, e.count, e.min), (Some("A285"), true, Some(3), Some(4)));
        assert_eq!(e.all, Some(set("4,9,12")));
        let copied = Code::CopyUid { validity: 38505, from: vec![304, 319, 320], to: vec![3956, 3957, 3958] };
        assert_eq!(
            r("A1 OK [COPYUID 38505 304,319:320 3956:3958] Done"),
            Response::Tagged {
                tag: "A1".into(),
                status: Status::Ok,
                code: Some(copied),
                text: "Done".into()
            }
        );
        assert_eq!(
            r("* CAPABILITY  IMAP4rev1  idle "),
            Response::Capability(vec!["IMAP4REV1".into(), "IDLE".into()])
        );
        assert!(matches!(r("* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL"),
            Response::Namespace(n) if n.personal[0].prefix == b"INBOX." && n.other.is_empty()));
        assert!(matches!(r("* LIST () \"/\" Sent Items"), Response::List(l) if l.name == b"Sent Items"));
        let list = r("* LIST () NIL \"a\\\\b\\\"c\" (\"CHILDINFO\" (\"SUBSCRIBED\") \"OLDNAME\" (\"x\"))");
        let Response::List(l) = list else { panic!("no list") };
        assert_eq!((l.name.as_slice(), l.delimiter), (&b"a\\b\"c"[..], None));
        assert_eq!((l.child_info, l.old_name), (vec!["SUBSCRIBED".to_owned()], Some(b"x".to_vec())));
    }

    #[test]
    fn a_bracket_that_holds_no_code_is_text() {
        let of = |s: &str| match Response::parse(s.as_bytes()) {
            Response::Status { code, text, .. } | Response::Tagged { code, text, .. } => (code, text),
            other => panic!("{other:?}"),
        };
        assert_eq!(of("A OK [Error=\"x ]\" Proxy=1] done"), (None, "[Error=\"x ]\" Proxy=1] done".into()));
        assert_eq!(of("A OK [READ-WRITE] [Gmail]/Sent").1, "[Gmail]/Sent");
        assert_eq!(of("* OK [COPYUID 701  ]").0.map(|c| c.name().to_owned()).as_deref(), Some("COPYUID"));
        assert_eq!(of("* NO [").1, "[");
        let charsets = of("* BAD [BADCHARSET (US-ASCII \"a]b\")] no").0;
        assert_eq!(charsets, Some(Code::BadCharset(vec!["US-ASCII".into(), "a]b".into()])));
    }

    #[test]
    fn reads_a_fetch_with_everything() {
        let bytes = b"* 12 FETCH (UID 5 FLAGS (\\Seen $Work \\*) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 5000000000 MODSEQ (65402) BODY[HEADER.FIELDS (DATE \"FROM\")] {4}\r\nA)\r\n BODY[]<0> NIL X-NEW (a (b)) EMAILID (M6d99) BINARY[1.2] ~{3}\r\na\0b BINARY.SIZE[1] 7 PREVIEW NIL X-GM-LABELS (\\Inbox {4}\r\nM\"\\x))";
        let Response::Fetch(f) = Response::parse(bytes) else { panic!("no fetch") };
        assert_eq!((f.seq, f.uid, f.size, f.modseq), (12, Some(5), Some(5_000_000_000), Some(65402)));
        assert_eq!(f.internal_date, Some(837_596_665));
        assert_eq!(f.flags.as_ref().map(|f| f.names()).as_deref(), Some("\\Seen $Work"));
        assert_eq!(f.section("BODY[HEADER.FIELDS (DATE FROM)]"), Some(&b"A)\r\n"[..]));
        assert_eq!(f.section("BINARY[1.2]"), Some(&b"a\0b"[..]));
        assert_eq!((f.sections.len(), f.binary_sizes.as_slice()), (2, &[("1".to_owned(), 7)][..]));
        assert_eq!(f.object_id().as_deref(), Some("M6d99"));
        assert_eq!(f.gm_labels.as_deref(), Some(&["\\Inbox".to_owned(), "M\"\\x".to_owned()][..]));
        assert_eq!((f.others[0].0.as_str(), f.damaged), ("X-NEW", 0));
    }

    #[test]
    fn a_hostile_item_costs_only_itself() {
        let deep = format!("{}{}", "(".repeat(100_000), ")".repeat(100_000));
        let line = format!("* 1 FETCH (UID 7 BODYSTRUCTURE {deep} FLAGS (\\Seen) ENVELOPE (\"x)");
        let Response::Fetch(f) = Response::parse(line.as_bytes()) else { panic!("no fetch") };
        assert_eq!((f.uid, f.structure.is_some(), f.damaged), (Some(7), false, 2));
        assert!(f.flags.is_some_and(|f| f.bits == crate::model::Flags::SEEN));
    }

    /// Found by fuzzing: sums of what a server says can overflow.
    #[test]
    fn dates_that_no_clock_shows_are_none() {
        for date in ["17-Jul-1996 02:44:25 9223372036854775807", "17-Jul-1996 9223372036854775807:1:1 +0000"]
        {
            let line = format!("* 1 FETCH (UID 3 INTERNALDATE \"{date}\")");
            let Response::Fetch(f) = Response::parse(line.as_bytes()) else { panic!("no fetch") };
            assert_eq!((f.uid, f.internal_date), (Some(3), None));
        }
    }

    #[test]
    fn threads_keep_their_shape() {
        let shape = |s: &str| match Response::parse(s.as_bytes()) {
            Response::Thread(nodes) => nodes.iter().map(|n| (n.number.unwrap_or(0), n.parent)).collect(),
            _ => Vec::new(),
        };
        assert_eq!(
            shape("* THREAD (2)(3 6 (4 23)(44 7 96))"),
            [
                (2, None),
                (3, None),
                (6, Some(1)),
                (4, Some(2)),
                (23, Some(3)),
                (44, Some(2)),
                (7, Some(5)),
                (96, Some(6))
            ]
        );
        assert_eq!(shape("* THREAD ((3)(5))"), [(0, None), (3, Some(0)), (5, Some(0))]);
        assert!(shape(&format!("* THREAD {}", "(1 ".repeat(100_000))).is_empty(), "not closed");
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
    }
}
