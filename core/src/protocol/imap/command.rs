//! Writes commands.
//!
//! ```text
//! quoted  = DQUOTE *QUOTED-CHAR DQUOTE                        ; RFC 9051 section 9
//! literal = "{" number64 ["+"] "}" CRLF *CHAR8                ; "+": non-synchronizing, RFC 7888
//! ```
//! A command is a list of parts, so that the driver can wait for a continuation before a literal where the server wants
//! it. User data goes through [`Command::string`] or [`Command::mailbox`] and can neither end a line nor a string.

/// A command without its tag.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    pub(super) parts: Vec<Part>,
    pub(super) name: &'static str,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(Vec<u8>),
    Literal(Vec<u8>),
}

/// Shows the verb only: arguments may be a password or mail.
impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Command({})", self.name)
    }
}

impl Command {
    /// Begins with the verb, such as `UID FETCH`.
    pub fn new(name: &'static str) -> Self {
        Self { parts: vec![Part::Text(name.as_bytes().to_vec())], name }
    }

    fn push(&mut self, bytes: &[u8]) {
        match self.parts.last_mut() {
            Some(Part::Text(text)) => text.extend_from_slice(bytes),
            _ => self.parts.push(Part::Text(bytes.to_vec())),
        }
    }

    /// A space and text that we wrote ourselves: atoms, sets, item lists. Line ends in it are dropped.
    pub fn raw(mut self, text: &str) -> Self {
        let clean: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'\r' | b'\n' | 0)).collect();
        self.push(b" ");
        self.push(&clean);
        self
    }

    /// A space and a string: quoted where that can hold it, else a literal.
    pub fn string(mut self, bytes: &[u8]) -> Self {
        self.push(b" ");
        let quotable = bytes.len() <= 1000 && bytes.iter().all(|b| (0x20..0x7f).contains(b));
        if quotable {
            let mut quoted = vec![b'"'];
            for b in bytes {
                if matches!(b, b'"' | b'\\') {
                    quoted.push(b'\\');
                }
                quoted.push(*b);
            }
            quoted.push(b'"');
            self.push(&quoted);
            self
        } else {
            self.parts.push(Part::Literal(bytes.to_vec()));
            self
        }
    }

    /// A space and a mailbox name as the server sent it.
    pub fn mailbox(self, raw: &[u8]) -> Self {
        self.string(raw)
    }

    /// A space and a literal, whatever is in it.
    pub fn literal(mut self, bytes: Vec<u8>) -> Self {
        self.push(b" ");
        self.parts.push(Part::Literal(bytes));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::imap::value::Cursor;
    use proptest::prelude::*;

    fn bytes(c: &Command) -> Vec<u8> {
        let mut out = Vec::new();
        for p in &c.parts {
            match p {
                Part::Text(t) => out.extend_from_slice(t),
                Part::Literal(l) => {
                    out.extend_from_slice(format!("{{{}+}}\r\n", l.len()).as_bytes());
                    out.extend_from_slice(l);
                }
            }
        }
        out
    }

    proptest! {
        #[test]
        fn a_string_comes_back_whole(data in proptest::collection::vec(any::<u8>(), 0..60)) {
            let sent = bytes(&Command::new("X").string(&data));
            let read = Cursor::new(&sent[2..]).value();
            prop_assert_eq!(read.ok().and_then(|v| v.bytes().map(<[u8]>::to_vec)).unwrap_or_default(),
                data);
        }
    }

    #[test]
    fn debug_shows_no_argument() {
        let c = Command::new("LOGIN").string(b"ana").string(b"secret");
        assert_eq!(format!("{c:?}"), "Command(LOGIN)");
    }
}
