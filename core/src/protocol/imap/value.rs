//! Reads the grammar inside one response: atoms, strings, literals, lists.
//!
//! ```text
//! astring = 1*ASTRING-CHAR / string        ; RFC 9051 section 9
//! string  = quoted / literal
//! nstring = string / nil
//! ```
//! Lists nest on a stack of ours, never on the machine's: a BODYSTRUCTURE of 100,000 levels is an error, not a crash.

use crate::error::{Error, Kind, Result};

/// How deep lists may nest. Real mail stays below 20.
pub const MAX_DEPTH: usize = 64;
/// How many values one tree may hold: a BODYSTRUCTURE of 10,000 parts has fewer. With this, the largest tree stays below
/// 50 MB of memory, whatever its elements are.
pub const MAX_VALUES: usize = 200_000;

/// One value of the grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// An atom, a number or NIL, as written.
    Atom(Vec<u8>),
    /// A quoted string or a literal, unescaped.
    Text(Vec<u8>),
    /// A parenthesised list.
    List(Vec<Value>),
}

impl Value {
    /// The bytes of an atom or a string; `None` for a list and for NIL.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Atom(a) if a.eq_ignore_ascii_case(b"NIL") => None,
            Value::Atom(b) | Value::Text(b) => Some(b),
            Value::List(_) => None,
        }
    }

    /// As text, whatever the bytes.
    pub fn text(&self) -> Option<String> {
        self.bytes().map(|b| String::from_utf8_lossy(b).into_owned())
    }

    /// As a number (number64 of RFC 9051).
    pub fn number(&self) -> Option<u64> {
        std::str::from_utf8(self.bytes()?).ok()?.parse().ok()
    }

    /// The elements of a list; NIL and anything else are empty.
    pub fn list(&self) -> &[Value] {
        match self {
            Value::List(items) => items,
            _ => &[],
        }
    }
}

/// A place in a response.
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

fn ends_atom(b: u8) -> bool {
    matches!(b, b' ' | b'(' | b')' | b'"' | b'\r' | b'\n')
}

fn bad(what: &'static str) -> Error {
    Error::new(Kind::Protocol, "").because(what)
}

impl<'a> Cursor<'a> {
    /// At the beginning of it.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// What is left.
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// The next byte.
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Skips spaces. Servers put too many and too few of them.
    pub fn spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// Takes the byte if it is next.
    pub fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Everything up to a byte for which `stop` holds, or the end.
    pub fn until(&mut self, stop: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let n = rest.iter().position(|b| stop(*b)).unwrap_or(rest.len());
        self.at += n;
        &rest[..n]
    }

    /// The word up to the next space, as upper-case text.
    pub fn keyword(&mut self) -> String {
        self.spaces();
        String::from_utf8_lossy(self.until(|b| b == b' ')).to_ascii_uppercase()
    }

    /// A decimal number.
    pub fn number(&mut self) -> Result<u64> {
        let digits = self.until(|b| !b.is_ascii_digit());
        std::str::from_utf8(digits)
            .ok()
            .and_then(|d| d.parse().ok())
            .ok_or_else(|| bad("a number was expected"))
    }

    /// Where we are, for [`Cursor::back_to`].
    pub fn place(&self) -> usize {
        self.at
    }

    /// Goes back to a place.
    pub fn back_to(&mut self, place: usize) {
        self.at = place;
    }

    /// Steps over one value of any depth and size, without keeping it.
    pub fn skip(&mut self) -> Result<()> {
        let mut depth = 0usize;
        loop {
            self.spaces();
            if self.take(b'(') {
                depth += 1;
                continue;
            }
            if self.take(b')') {
                depth = depth.checked_sub(1).ok_or_else(|| bad("a list ends that never began"))?;
            } else if self.peek() == Some(b'"') {
                self.at += 1;
                loop {
                    match self.peek() {
                        None => return Err(bad("a quoted string has no end")),
                        Some(b'"') => break self.at += 1,
                        Some(b'\\') => self.at = (self.at + 2).min(self.bytes.len()),
                        Some(_) => self.at += 1,
                    }
                }
            } else if self.at_literal() {
                self.take(b'~');
                self.literal()?;
            } else if self.until(ends_atom).is_empty() {
                return Err(bad("a value is missing"));
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    fn at_literal(&self) -> bool {
        matches!(self.rest(), [b'{', ..] | [b'~', b'{', ..])
    }

    /// A quoted string or a literal, if one is next.
    fn string(&mut self) -> Result<Option<Vec<u8>>> {
        match self.peek() {
            Some(b'"') => self.quoted().map(Some),
            _ if self.at_literal() => {
                self.take(b'~');
                self.literal().map(|data| Some(data.to_vec()))
            }
            _ => Ok(None),
        }
    }

    fn quoted(&mut self) -> Result<Vec<u8>> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            match self.peek() {
                None => return Err(bad("a quoted string has no end")),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                // quoted = DQUOTE *QUOTED-CHAR DQUOTE; only DQUOTE and "\" are escaped, others are taken as they are.
                Some(b'\\') if matches!(self.bytes.get(self.at + 1), Some(b'"' | b'\\')) => {
                    out.push(self.bytes[self.at + 1]);
                    self.at += 2;
                }
                Some(b) => {
                    out.push(b);
                    self.at += 1;
                }
            }
        }
    }

    fn literal(&mut self) -> Result<&'a [u8]> {
        self.at += 1;
        let size = self.number()? as usize;
        self.take(b'+');
        if !self.take(b'}') {
            return Err(bad("a literal's announcement has no end"));
        }
        self.take(b'\r');
        if !self.take(b'\n') {
            return Err(bad("a literal has no line of its own"));
        }
        let data = self.rest().get(..size).ok_or_else(|| bad("a literal is cut"))?;
        self.at += size;
        Ok(data)
    }

    /// The next value, with everything inside it.
    pub fn value(&mut self) -> Result<Value> {
        let mut open: Vec<Vec<Value>> = Vec::new();
        let mut count = 0usize;
        loop {
            self.spaces();
            count += 1;
            if count > MAX_VALUES {
                return Err(bad("too many values"));
            }
            let done = if self.take(b'(') {
                if open.len() >= MAX_DEPTH {
                    return Err(bad("lists nest too deeply"));
                }
                open.push(Vec::new());
                continue;
            } else if self.take(b')') {
                Value::List(open.pop().ok_or_else(|| bad("a list ends that never began"))?)
            } else if let Some(text) = self.string()? {
                Value::Text(text)
            } else {
                let atom = self.until(ends_atom);
                if atom.is_empty() {
                    return Err(bad("a value is missing"));
                }
                Value::Atom(atom.to_vec())
            };
            match open.last_mut() {
                Some(list) => list.push(done),
                None => return Ok(done),
            }
        }
    }

    /// A mailbox name: a string, or an atom. Some servers forget the quotes around a name with spaces, so when the name is
    /// the last thing on the line (`last`), an atom reaches to the end.
    pub fn mailbox(&mut self, last: bool) -> Result<Vec<u8>> {
        self.spaces();
        if let Some(text) = self.string()? {
            return Ok(text);
        }
        let name = if last { self.until(|b| b == b'(') } else { self.until(|b| b == b' ') };
        let name = name.trim_ascii_end();
        if name.is_empty() { Err(bad("a mailbox name is missing")) } else { Ok(name.to_vec()) }
    }

    /// The name of a FETCH item with its section, in upper case and without quotes, such as
    /// `BODY[HEADER.FIELDS (DATE)]<0>`: the names of header fields may be strings (RFC 9051 section 9, header-fld-name).
    pub fn item_name(&mut self) -> Result<String> {
        self.spaces();
        let mut name = self.until(|b| matches!(b, b' ' | b'[' | b'(' | b')')).to_vec();
        if self.peek() == Some(b'[') {
            loop {
                name.extend_from_slice(self.until(|b| matches!(b, b']' | b'"' | b'{')));
                match self.peek() {
                    Some(b']') => break,
                    Some(_) => name.extend(self.string()?.unwrap_or_default()),
                    None => return Err(bad("a section has no end")),
                }
            }
            name.extend_from_slice(self.until(|b| matches!(b, b' ' | b'(' | b')')));
        }
        if name.is_empty() {
            return Err(bad("an item has no name"));
        }
        Ok(String::from_utf8_lossy(&name).to_ascii_uppercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_nested_values_and_unescapes() {
        let v = Cursor::new(b"(a \"b\\\"\\\\c\" NIL ({3}\r\nx)y)(d))").value().ok();
        let text = |s: &str| Value::Text(s.as_bytes().to_vec());
        let atom = |s: &str| Value::Atom(s.as_bytes().to_vec());
        assert_eq!(
            v,
            Some(Value::List(vec![
                atom("a"),
                text("b\"\\c"),
                atom("NIL"),
                Value::List(vec![text("x)y")]),
                Value::List(vec![atom("d")])
            ]))
        );
    }

    #[test]
    fn depth_is_an_error_not_a_crash() {
        let deep = "(".repeat(100_000) + &")".repeat(100_000);
        assert!(Cursor::new(deep.as_bytes()).value().is_err());
        for bad in [&b")"[..], b"(", b"\"x", b"{5}\r\nabc", b"{5", b"", b"(a {99999999999999999999}\r\n)"] {
            assert!(Cursor::new(bad).value().is_err());
        }
    }
}
