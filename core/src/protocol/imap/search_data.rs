//! What searches find: SEARCH, ESEARCH, SORT, THREAD.

use super::code::lossy;
use super::response::Response;
use super::value::{Cursor, Value};
use crate::error::Result;
use crate::uid_set::UidSet;

/// ESEARCH (RFC 9051 section 7.3.4, RFC 4731).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Esearch {
    /// The command that it answers.
    pub tag: Option<String>,
    /// True when its numbers are UIDs.
    pub uid: bool,
    /// MIN
    pub min: Option<u32>,
    /// MAX
    pub max: Option<u32>,
    /// COUNT
    pub count: Option<u32>,
    /// ALL; `None` is how a server says that nothing was found.
    pub all: Option<UidSet>,
    /// MODSEQ: the highest of those found (RFC 7162 section 3.1.10).
    pub modseq: Option<u64>,
    /// PARTIAL: the range that was asked for, as written, and what is in it (RFC 9394 section 3.1).
    pub partial: Option<(String, UidSet)>,
}

/// One message of a THREAD answer (RFC 5256 section 4), in the order of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadNode {
    /// `None` where only the replies are here.
    pub number: Option<u32>,
    /// Index of what it answers.
    pub parent: Option<usize>,
}

/// `mailbox-data =/ "SEARCH" [1*(SP nz-number) SP search-sort-mod-seq]`
pub(super) fn search(c: &mut Cursor<'_>) -> Response {
    match numbers(c.rest()) {
        Some((found, modseq)) => Response::Search { found: found.into_iter().collect(), modseq },
        None => Response::Unreadable,
    }
}

/// The same grammar; the order is the answer (RFC 5256 section 4).
pub(super) fn sort(c: &mut Cursor<'_>) -> Response {
    numbers(c.rest()).map_or(Response::Unreadable, |(found, _)| Response::Sort(found))
}

fn numbers(rest: &[u8]) -> Option<(Vec<u32>, Option<u64>)> {
    let mut found = Vec::new();
    let mut words = rest.split(|b| *b == b' ').filter(|w| !w.is_empty());
    while let Some(word) = words.next() {
        if word == b"(MODSEQ" {
            let number = std::str::from_utf8(words.next()?).ok()?.trim_end_matches(')');
            return Some((found, Some(number.parse().ok()?)));
        }
        found.push(std::str::from_utf8(word).ok()?.parse().ok()?);
    }
    Some((found, None))
}

/// `esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)`
pub(super) fn esearch(c: &mut Cursor<'_>) -> Result<Response> {
    let mut e = Esearch::default();
    c.spaces();
    if c.peek() == Some(b'(') {
        e.tag = c.value()?.list().get(1).and_then(Value::text);
    }
    let small = |v: Value| v.number().and_then(|n| u32::try_from(n).ok());
    loop {
        let item = c.keyword();
        match item.as_str() {
            "" => break,
            "UID" => e.uid = true,
            "MIN" => e.min = small(c.value()?),
            "MAX" => e.max = small(c.value()?),
            "COUNT" => e.count = small(c.value()?),
            "MODSEQ" => e.modseq = c.value()?.number(),
            "ALL" => match UidSet::parse(&c.value()?.text().unwrap_or_default()) {
                Some(found) => e.all = Some(found),
                None => return Ok(Response::Unreadable),
            },
            "PARTIAL" => {
                let value = c.value()?;
                let [range, found] = value.list() else { return Ok(Response::Unreadable) };
                let Some(found) = UidSet::parse(&found.text().unwrap_or_default()) else {
                    return Ok(Response::Unreadable);
                };
                e.partial = Some((range.text().unwrap_or_default(), found));
            }
            _ => c.skip()?,
        }
    }
    Ok(Response::Esearch(Box::new(e)))
}

/// ```text
/// thread-list    = "(" (thread-members / thread-nested) ")"       ; RFC 5256 section 5
/// thread-members = nz-number *(SP nz-number) [SP thread-nested]
/// ```
/// Each number answers the one before it; a list answers what stands in front of it.
pub(super) fn thread(c: &mut Cursor<'_>) -> Response {
    let mut nodes: Vec<ThreadNode> = Vec::new();
    // For each open list: what the next number in it answers, and whether nothing was in it yet.
    let mut open: Vec<(Option<usize>, bool)> = Vec::new();
    loop {
        c.spaces();
        if c.take(b'(') {
            if let Some((tail, empty @ true)) = open.last_mut() {
                // A list that begins with a list: what they answer is missing here.
                nodes.push(ThreadNode { number: None, parent: *tail });
                (*tail, *empty) = (Some(nodes.len() - 1), false);
            }
            open.push((open.last().and_then(|(tail, _)| *tail), true));
        } else if c.take(b')') {
            if open.pop().is_none() {
                return Response::Unreadable;
            }
        } else if c.peek().is_none() {
            return if open.is_empty() { Response::Thread(nodes) } else { Response::Unreadable };
        } else {
            let word = c.until(|b| matches!(b, b' ' | b'(' | b')'));
            let number = lossy(word).parse().ok().filter(|n| *n > 0);
            let (Some(number), Some((tail, empty))) = (number, open.last_mut()) else {
                return Response::Unreadable;
            };
            nodes.push(ThreadNode { number: Some(number), parent: *tail });
            (*tail, *empty) = (Some(nodes.len() - 1), false);
        }
    }
}
