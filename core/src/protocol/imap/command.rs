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
    /// `~{n}` (RFC 3516 section 4.4): may hold NUL, and UTF-8 in a message's header (RFC 6855 section 4).
    Literal8(Vec<u8>),
    /// A mailbox name in modified UTF-7, whatever the connection speaks.
    Mailbox(Vec<u8>),
}

impl Part {
    /// Quoted where that can hold it, else a literal. `utf8` allows more than ASCII in quotes (RFC 6855 section 3).
    pub(super) fn string(bytes: &[u8], utf8: bool) -> Part {
        let fits = |b: &u8| (0x20..0x7f).contains(b) || (utf8 && *b >= 0x80);
        if bytes.len() > 1000 || !bytes.iter().all(fits) || (utf8 && std::str::from_utf8(bytes).is_err()) {
            return Part::Literal(bytes.to_vec());
        }
        let mut quoted = vec![b'"'];
        for b in bytes {
            if matches!(b, b'"' | b'\\') {
                quoted.push(b'\\');
            }
            quoted.push(*b);
        }
        quoted.push(b'"');
        Part::Text(quoted)
    }
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

    /// A space and a literal that may hold NUL (RFC 3516 section 4.4).
    pub fn literal8(mut self, bytes: Vec<u8>) -> Self {
        self.push(b" ");
        self.parts.push(Part::Literal8(bytes));
        self
    }

    /// The same without a space in front of it.
    pub fn glued_literal8(mut self, bytes: Vec<u8>) -> Self {
        self.parts.push(Part::Literal8(bytes));
        self
    }

    /// More text without a space in front of it, such as a bracket. Line ends in it are dropped.
    pub fn glued(mut self, text: &str) -> Self {
        let clean: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'\r' | b'\n' | 0)).collect();
        self.push(&clean);
        self
    }

    /// True for what every server answers at once, however large a mailbox is.
    pub(super) fn is_quick(&self) -> bool {
        const QUICK: [&str; 13] = [
            "CAPABILITY",
            "NOOP",
            "LOGIN",
            "STARTTLS",
            "ENABLE",
            "ID",
            "NAMESPACE",
            "COMPRESS DEFLATE",
            "LOGOUT",
            "CREATE",
            "SUBSCRIBE",
            "GETQUOTAROOT",
            "NOTIFY",
        ];
        QUICK.contains(&self.name)
    }

    /// As one piece with non-synchronising literals and without a tag, for tests and fuzzing.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text),
                Part::Literal(data) | Part::Literal8(data) => {
                    out.extend_from_slice(format!("{{{}+}}\r\n", data.len()).as_bytes());
                    out.extend_from_slice(data);
                }
                Part::Mailbox(raw) => match Part::string(raw, false) {
                    Part::Text(quoted) => out.extend_from_slice(&quoted),
                    _ => out.extend_from_slice(raw),
                },
            }
        }
        out
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
        match Part::string(bytes, false) {
            Part::Text(quoted) => self.push(&quoted),
            other => self.parts.push(other),
        }
        self
    }

    /// A space and a mailbox name as [`super::response::ListEntry`] has it.
    pub fn mailbox(mut self, raw: &[u8]) -> Self {
        self.push(b" ");
        self.parts.push(Part::Mailbox(raw.to_vec()));
        self
    }

    /// The same without a space in front of it.
    pub fn glued_mailbox(mut self, raw: &[u8]) -> Self {
        self.parts.push(Part::Mailbox(raw.to_vec()));
        self
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

    proptest! {
        #[test]
        fn a_string_comes_back_whole(data in proptest::collection::vec(any::<u8>(), 0..60)) {
            let sent = Command::new("X").string(&data).to_bytes();
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
