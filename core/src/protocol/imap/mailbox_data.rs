//! What servers say of mailboxes and of themselves: LIST, STATUS, NAMESPACE, QUOTA, METADATA, ACL, ID.

use super::response::Response;
use super::value::{Cursor, Value};
use crate::error::Result;

/// LIST (RFC 9051 section 7.3.1), LSUB, XLIST.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListEntry {
    /// Attributes as written.
    pub attributes: Vec<String>,
    /// Hierarchy delimiter; `None` for a flat name.
    pub delimiter: Option<char>,
    /// The name as the server sends it.
    pub name: Vec<u8>,
    /// OLDNAME: what it was called until now (RFC 9051 section 6.3.9.7).
    pub old_name: Option<Vec<u8>>,
    /// CHILDINFO: what below it made it match (RFC 5258 section 3.5).
    pub child_info: Vec<String>,
}

/// STATUS (RFC 9051 section 7.3.4).
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
    /// SIZE in bytes (RFC 8438)
    pub size: Option<u64>,
    /// DELETED: messages marked so (RFC 9051 section 6.3.11)
    pub deleted: Option<u32>,
    /// APPENDLIMIT in bytes (RFC 7889)
    pub append_limit: Option<u64>,
    /// MAILBOXID (RFC 8474). Nothing is keyed on it: Cyrus 3.6 answers random bytes here.
    pub mailbox_id: Option<String>,
    /// Any other item, in upper case.
    pub others: Vec<(String, Value)>,
}

/// One namespace (RFC 2342).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Namespace {
    /// Prefix of its names, as the server sends it.
    pub prefix: Vec<u8>,
    /// Hierarchy delimiter.
    pub delimiter: Option<char>,
    /// Extension data: name and values.
    pub extensions: Vec<(String, Vec<String>)>,
}

/// NAMESPACE (RFC 9051 section 7.3.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Namespaces {
    /// The user's own.
    pub personal: Vec<Namespace>,
    /// Other users'.
    pub other: Vec<Namespace>,
    /// Everybody's.
    pub shared: Vec<Namespace>,
}

impl Namespaces {
    /// Prefixes of what is not the user's own.
    pub fn foreign(&self) -> impl Iterator<Item = &[u8]> {
        self.other.iter().chain(&self.shared).map(|n| n.prefix.as_slice())
    }
}

/// One resource of a quota (RFC 9208 section 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaResource {
    /// STORAGE (in KiB), MESSAGE …
    pub name: String,
    /// In use.
    pub usage: u64,
    /// The limit.
    pub limit: u64,
}

/// METADATA (RFC 5464 section 4.4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The mailbox; empty for the server.
    pub mailbox: Vec<u8>,
    /// Entries with their values; `None` for NIL.
    pub entries: Vec<(String, Option<Vec<u8>>)>,
    /// Entries that changed, without values (unsolicited).
    pub changed: Vec<String>,
}

/// `mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox [SP mbox-list-extended]`
pub(super) fn list(c: &mut Cursor<'_>) -> Result<Response> {
    let attributes = c.value()?.list().iter().filter_map(Value::text).collect();
    let delimiter = character(&c.value()?);
    let name = c.mailbox(true)?;
    let mut entry = ListEntry { attributes, delimiter, name, ..ListEntry::default() };
    c.spaces();
    // mbox-list-extended = "(" [mbox-list-extended-item *(SP mbox-list-extended-item)] ")"
    if c.peek() == Some(b'(')
        && let Ok(extended) = c.value()
    {
        for pair in extended.list().chunks_exact(2) {
            match pair[0].text().unwrap_or_default().to_ascii_uppercase().as_str() {
                "OLDNAME" => {
                    entry.old_name = pair[1].list().first().and_then(Value::bytes).map(<[u8]>::to_vec)
                }
                "CHILDINFO" => entry.child_info = texts(&pair[1]),
                _ => {}
            }
        }
    }
    Ok(Response::List(entry))
}

fn character(value: &Value) -> Option<char> {
    value.text().and_then(|t| t.chars().next())
}

fn texts(value: &Value) -> Vec<String> {
    value.list().iter().filter_map(Value::text).collect()
}

/// `mailbox-data =/ "STATUS" SP mailbox SP "(" [status-att-list] ")"`
///
/// Item by item, so that bytes that are no grammar (Cyrus 3.6: MAILBOXID) cost that item and what follows it, no more.
pub(super) fn status(c: &mut Cursor<'_>) -> Result<Response> {
    let mut s = MailboxStatus { name: c.mailbox(true)?, ..MailboxStatus::default() };
    c.spaces();
    c.take(b'(');
    loop {
        c.spaces();
        if c.peek().is_none_or(|b| b == b')') {
            break;
        }
        let Ok((name, value)) = c.item_name().and_then(|name| Ok((name, c.value()?))) else { break };
        let small = value.number().and_then(|n| u32::try_from(n).ok());
        match name.as_str() {
            "MESSAGES" => s.messages = small,
            "UIDNEXT" => s.uid_next = small,
            "UIDVALIDITY" => s.uid_validity = small,
            "UNSEEN" => s.unseen = small,
            "DELETED" => s.deleted = small,
            "HIGHESTMODSEQ" => s.highest_modseq = value.number(),
            "SIZE" => s.size = value.number(),
            "APPENDLIMIT" => s.append_limit = value.number(),
            "MAILBOXID" => s.mailbox_id = value.list().first().and_then(Value::text),
            _ => s.others.push((name, value)),
        }
    }
    Ok(Response::MailboxStatus(Box::new(s)))
}

/// `Namespace-Response = "NAMESPACE" SP Namespace SP Namespace SP Namespace`
pub(super) fn namespaces(c: &mut Cursor<'_>) -> Result<Response> {
    let mut read = || -> Result<Vec<Namespace>> { Ok(c.value()?.list().iter().map(namespace).collect()) };
    Ok(Response::Namespace(Namespaces { personal: read()?, other: read()?, shared: read()? }))
}

fn namespace(value: &Value) -> Namespace {
    let items = value.list();
    Namespace {
        prefix: items.first().and_then(Value::bytes).unwrap_or_default().to_vec(),
        delimiter: items.get(1).and_then(character),
        extensions: items
            .get(2..)
            .unwrap_or_default()
            .chunks_exact(2)
            .map(|pair| (pair[0].text().unwrap_or_default(), texts(&pair[1])))
            .collect(),
    }
}

/// `quota-response = "QUOTA" SP quota-root-name SP quota-list` (RFC 9208 section 7)
pub(super) fn quota(c: &mut Cursor<'_>) -> Result<Response> {
    let root = c.value()?.text().unwrap_or_default();
    let resources = c
        .value()?
        .list()
        .chunks_exact(3)
        .filter_map(|r| {
            Some(QuotaResource {
                name: r[0].text()?.to_ascii_uppercase(),
                usage: r[1].number()?,
                limit: r[2].number()?,
            })
        })
        .collect();
    Ok(Response::Quota { root, resources })
}

/// `quotaroot-response = "QUOTAROOT" SP mailbox *(SP quota-root-name)`
pub(super) fn quota_root(c: &mut Cursor<'_>) -> Result<Response> {
    let mailbox = c.mailbox(false)?;
    let mut roots = Vec::new();
    loop {
        c.spaces();
        if c.peek().is_none() {
            return Ok(Response::QuotaRoot { mailbox, roots });
        }
        roots.push(c.value()?.text().unwrap_or_default());
    }
}

/// `metadata-resp = "METADATA" SP mailbox SP (entry-values / entry-list)` (RFC 5464 section 5)
pub(super) fn metadata(c: &mut Cursor<'_>) -> Result<Response> {
    let mut m = Metadata { mailbox: c.mailbox(false)?, ..Metadata::default() };
    c.spaces();
    if c.peek() == Some(b'(') {
        for pair in c.value()?.list().chunks_exact(2) {
            m.entries.push((pair[0].text().unwrap_or_default(), pair[1].bytes().map(<[u8]>::to_vec)));
        }
    } else {
        while c.peek().is_some() {
            m.changed.extend(c.value()?.text());
            c.spaces();
        }
    }
    Ok(Response::Metadata(m))
}

/// `acl-data = "ACL" SP mailbox *(SP identifier SP rights)` (RFC 4314 section 7)
pub(super) fn acl(c: &mut Cursor<'_>) -> Result<Response> {
    let mailbox = c.mailbox(false)?;
    let mut rights = Vec::new();
    loop {
        c.spaces();
        if c.peek().is_none() {
            return Ok(Response::Acl { mailbox, rights });
        }
        rights.push((c.value()?.text().unwrap_or_default(), c.value()?.text().unwrap_or_default()));
    }
}

/// `id-response = "ID" SP id-params-list` (RFC 2971 section 4); `None` for NIL.
pub(super) fn id(c: &mut Cursor<'_>) -> Result<Response> {
    let value = c.value()?;
    let pairs = value.list().chunks_exact(2);
    Ok(Response::Id(
        matches!(value, Value::List(_))
            .then(|| pairs.map(|p| (p[0].text().unwrap_or_default(), p[1].text())).collect()),
    ))
}
