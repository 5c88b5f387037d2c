//! Cuts the byte stream into whole responses.
//!
//! ```text
//! response = *(continue-req / response-data) response-done     ; RFC 9051 section 9
//! literal  = "{" number64 ["+"] "}" CRLF *CHAR8
//! ```
//! A response is a line, and where the line ends in a literal's announcement, the literal and what follows. Both are
//! bounded: a server that announces a gigabyte or never ends its line is refused before the memory is spent.

use crate::error::{Error, Kind, Result};

/// Bounds on what one response may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of one line. A SEARCH without ESEARCH lists 1,000,000 UIDs in 8 MB.
    pub line: usize,
    /// Bytes of one literal. Bodies are asked for in pieces well below it.
    pub literal: usize,
    /// Bytes of a whole response.
    pub response: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: 16 << 20, literal: 8 << 20, response: 32 << 20 }
    }
}

/// Collects bytes and gives back whole responses, without the final CRLF.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Where the response being collected begins.
    start: usize,
    /// Where its current line begins: `start`, or just behind its last literal.
    line: usize,
    /// No line feed before this.
    scanned: usize,
    limits: Limits,
}

impl Framer {
    /// With bounds of the caller's.
    pub fn with_limits(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Where the driver puts what it reads.
    pub fn input(&mut self) -> &mut Vec<u8> {
        if self.start > 256 * 1024 || self.start == self.buffer.len() {
            self.buffer.drain(..self.start);
            self.line -= self.start;
            self.scanned -= self.start;
            self.start = 0;
        }
        &mut self.buffer
    }

    /// Forgets everything received, as STARTTLS demands (RFC 9051 section 6.2.1).
    pub fn clear(&mut self) {
        *self = Self::with_limits(self.limits);
    }

    /// Takes out what was received and is no response yet: after COMPRESS, its bytes are compressed (RFC 4978 section 3).
    pub fn take_rest(&mut self) -> Vec<u8> {
        let rest = self.buffer.split_off(self.start.min(self.buffer.len()));
        self.clear();
        rest
    }

    /// True when nothing was received that was not given out.
    pub fn is_empty(&self) -> bool {
        self.start >= self.buffer.len()
    }

    /// The next whole response, or `None` while more bytes are needed.
    pub fn next_response(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            if self.scanned > self.buffer.len() {
                return Ok(None); // in the middle of a literal
            }
            let Some(offset) = memchr::memchr(b'\n', &self.buffer[self.scanned..]) else {
                self.scanned = self.buffer.len();
                if self.buffer.len() - self.line > self.limits.line {
                    return Err(too_long("a line"));
                }
                return Ok(None);
            };
            let feed = self.scanned + offset;
            if feed - self.line > self.limits.line {
                return Err(too_long("a line"));
            }
            let line = strip_cr(&self.buffer[self.line..feed]);
            let first = self.line == self.start;
            let literal = if first && ends_in_text(line) { None } else { announced(line) };
            match literal {
                Some(size) => {
                    if size > self.limits.literal as u64 {
                        return Err(too_long("a literal"));
                    }
                    let after = feed + 1 + size as usize;
                    if after - self.start > self.limits.response {
                        return Err(too_long("a response"));
                    }
                    self.line = after;
                    self.scanned = after;
                }
                None => {
                    let end =
                        if feed > self.line && self.buffer[feed - 1] == b'\r' { feed - 1 } else { feed };
                    let response = self.buffer[self.start..end.max(self.start)].to_vec();
                    self.start = feed + 1;
                    self.line = self.start;
                    self.scanned = self.start;
                    return Ok(Some(response));
                }
            }
        }
    }
}

fn too_long(what: &str) -> Error {
    Error::new(Kind::Protocol, "").because(format!("{what} of the server exceeds its bound"))
}

fn strip_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// True for responses that end in human-readable text, where `{5}` at the end of the line is just text:
/// status responses, continuations and every tagged line.
fn ends_in_text(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"* ") else { return true };
    let word = rest.split(|b| *b == b' ').next().unwrap_or_default();
    [&b"OK"[..], b"NO", b"BAD", b"BYE", b"PREAUTH"].iter().any(|w| word.eq_ignore_ascii_case(w))
}

/// The size of the literal announced at the end of a line.
fn announced(line: &[u8]) -> Option<u64> {
    let inner = line.strip_suffix(b"}")?;
    let open = inner.iter().rposition(|b| *b == b'{')?;
    let digits = &inner[open + 1..];
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // More than a number64 holds is more than any bound.
    Some(std::str::from_utf8(digits).ok()?.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8], step: usize) -> Vec<Vec<u8>> {
        let mut framer = Framer::default();
        let mut out = Vec::new();
        for chunk in input.chunks(step) {
            framer.input().extend_from_slice(chunk);
            while let Ok(Some(r)) = framer.next_response() {
                out.push(r);
            }
        }
        out
    }

    #[test]
    fn the_split_does_not_matter() {
        let input = b"* 1 FETCH (BODY[] {7}\r\na\r\nb{2} X {0}\r\n UID 3)\r\n* OK done {5}\r\nA1 OK x {3}\r\n+ go {9}\r\n* LIST () NIL {3}\r\na\nb\r\n";
        let whole = all(input, input.len());
        assert_eq!(whole.len(), 5);
        assert_eq!(whole[4], b"* LIST () NIL {3}\r\na\nb");
        for step in 1..20 {
            assert_eq!(all(input, step), whole, "in pieces of {step}");
        }
    }

    #[test]
    fn bounds_hold_before_the_memory_is_spent() {
        let limits = Limits { line: 100, literal: 50, response: 110 };
        for hostile in [
            "* X {51}\r\n".to_owned(),
            "* X {99999999999999999999}\r\n* ".to_owned() + &"x".repeat(200),
            "y".repeat(101),
        ] {
            let mut framer = Framer::with_limits(limits);
            framer.input().extend_from_slice(hostile.as_bytes());
            let mut result = framer.next_response();
            while let Ok(Some(_)) = result {
                result = framer.next_response();
            }
            assert!(result.is_err(), "{hostile}");
        }
        let mut framer = Framer::with_limits(limits);
        framer.input().extend_from_slice(format!("* X {{50}}\r\n{}{{50}}\r\n", "z".repeat(50)).as_bytes());
        assert!(framer.next_response().is_err(), "literals add up");
    }
}
