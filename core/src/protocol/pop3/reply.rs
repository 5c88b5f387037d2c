//! What a POP3 server says, without I/O.

use crate::error::{Error, Kind};
use memchr::memmem;

/// A status line: `+OK …` or `-ERR …` (RFC 1939 section 3), with its response code (RFC 2449 section 8, RFC 3206).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// `+OK`
    pub ok: bool,
    /// Upper case, without brackets; empty when there is none.
    pub code: String,
    /// The rest, for people.
    pub text: String,
}

impl Status {
    /// Reads a line; `None` for what is no status line.
    pub fn read(line: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(line);
        let (ok, rest) = match text.get(..4) {
            Some("-ERR") => (false, &text[4..]),
            _ => (true, text.strip_prefix("+OK")?),
        };
        if !rest.is_empty() && !rest.starts_with(' ') {
            return None;
        }
        let rest = rest.trim();
        // resp-code = "[" resp-level *( "/" resp-level ) "]", without regard to case
        let (code, words) = match rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
            Some((code, words)) if !code.contains(char::is_whitespace) => {
                (code.to_ascii_uppercase(), words.trim())
            }
            _ => (String::new(), rest),
        };
        Some(Self { ok, code, text: words.to_owned() })
    }

    /// Nothing for `+OK`; else why not, about `subject`.
    pub fn check(&self, subject: &str) -> Result<(), Error> {
        if self.ok {
            return Ok(());
        }
        let kind = match self.code.as_str() {
            "IN-USE" | "LOGIN-DELAY" | "SYS/TEMP" => Kind::Busy,
            "SYS/PERM" => Kind::ContactAdmin,
            "AUTH" => Kind::SignInRefused,
            _ => Kind::Refused,
        };
        Err(Error::new(kind, subject).because(&self.text))
    }
}

/// Takes the dots out of data as they come, and finds its end (RFC 1939 section 3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unstuff(At);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum At {
    /// The beginning of a line.
    #[default]
    Start,
    Middle,
    /// Behind CR.
    Cr,
    /// Behind the dot that begins a line.
    Dot,
    /// Behind that dot and CR.
    DotCr,
}

impl Unstuff {
    /// Takes what came, and gives what it means; how much of it was taken when it ends here.
    pub fn feed(&mut self, input: &[u8], out: &mut Vec<u8>) -> Option<usize> {
        let mut i = 0;
        while i < input.len() {
            let byte = input[i];
            self.0 = match (self.0, byte) {
                (At::Start, b'.') => At::Dot,
                (At::Dot, b'\r') => At::DotCr,
                (At::DotCr, b'\n') => return Some(i + 1),
                (At::DotCr, _) => {
                    // A line that begins with a dot and has a CR in it.
                    out.push(b'\r');
                    self.0 = At::Cr;
                    continue;
                }
                (At::Cr, b'\n') => {
                    out.push(byte);
                    At::Start
                }
                _ => {
                    // Up to the next line that begins with a dot at once.
                    let rest = &input[i..];
                    let plain = memmem::find(rest, b"\r\n.").map_or(rest.len(), |at| at + 2);
                    out.extend_from_slice(&rest[..plain]);
                    i += plain;
                    self.0 = match &rest[..plain] {
                        [.., b'\r', b'\n'] => At::Start,
                        [.., b'\r'] => At::Cr,
                        _ => At::Middle,
                    };
                    continue;
                }
            };
            i += 1;
        }
        None
    }
}

/// A line of LIST: message number and octets (RFC 1939 section 5).
pub fn scan_listing(line: &[u8]) -> Option<(u32, u64)> {
    let text = std::str::from_utf8(line).ok()?;
    let mut words = text.split_ascii_whitespace();
    Some((words.next()?.parse().ok().filter(|n| *n > 0)?, words.next()?.parse().ok()?))
}

/// A line of UIDL: message number and unique-id (RFC 1939 section 7: 1 to 70 characters from 0x21 to 0x7E). Longer ones are taken,
/// since they are still the server's.
pub fn unique_id(line: &[u8]) -> Option<(u32, String)> {
    let text = std::str::from_utf8(line).ok()?;
    let (number, id) = text.trim().split_once([' ', '\t'])?;
    let id = id.trim();
    let fine = !id.is_empty() && id.len() <= 512 && id.bytes().all(|b| (0x21..=0x7e).contains(&b));
    fine.then_some((number.parse().ok().filter(|n| *n > 0)?, id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lines() {
        let read = |text: &str| Status::read(text.as_bytes());
        let some = |ok, code: &str, text: &str| Some(Status { ok, code: code.into(), text: text.into() });
        assert_eq!(read("+OK"), some(true, "", ""));
        assert_eq!(read("+OK 2 320"), some(true, "", "2 320"));
        assert_eq!(read("-ERR [in-use] locked"), some(false, "IN-USE", "locked"));
        assert_eq!(read("-ERR [SYS/TEMP]"), some(false, "SYS/TEMP", ""));
        assert_eq!(read("-ERR [no code at all] x"), some(false, "", "[no code at all] x"));
        for bad in ["", "OK", "+OKAY", "* OK", "-ERROR", "+ok"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(
            read("-ERR [LOGIN-DELAY] wait").and_then(|s| s.check("x").err()).map(|e| e.kind),
            Some(Kind::Busy)
        );
    }

    #[test]
    fn data_ends_with_a_dot_alone_and_with_nothing_else() {
        let cases: [(&[u8], &[u8], &[u8]); 8] = [
            (b".\r\n", b"", b""),
            (b"a\r\n.\r\n+OK", b"a\r\n", b"+OK"),
            (b"..\r\n...x\r\n.\r\n", b".\r\n..x\r\n", b""),
            (b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n", b""),
            (b"a\r.\r\n.\r\n", b"a\r.\r\n", b""),
            (b"a\r\n.\rb\r\n.\r\n", b"a\r\n\rb\r\n", b""),
            (b"a\r\n.\n\r\n.\r\n", b"a\r\n\n\r\n", b""),
            (b"a\r\r\n.\r\n", b"a\r\r\n", b""),
        ];
        for (came, means, rest) in cases {
            // Whole, and cut in two anywhere.
            for cut in 0..=came.len() {
                let (mut unstuff, mut out) = (Unstuff::default(), Vec::new());
                let end = match unstuff.feed(&came[..cut], &mut out) {
                    Some(end) => Some(end),
                    None => unstuff.feed(&came[cut..], &mut out).map(|n| cut + n),
                };
                let end = end.unwrap_or_else(|| panic!("{} has no end", came.escape_ascii()));
                assert_eq!((out.as_slice(), &came[end..]), (means, rest), "{} at {cut}", came.escape_ascii());
            }
        }
    }

    #[test]
    fn listings() {
        assert_eq!(scan_listing(b"1 120"), Some((1, 120)));
        assert_eq!(scan_listing(b"2 200 and more"), Some((2, 200)));
        assert_eq!(scan_listing(b"0 1"), None);
        assert_eq!(unique_id(b"1 whqtswO00WBw418f9t5JxYwZ"), Some((1, "whqtswO00WBw418f9t5JxYwZ".into())));
        assert_eq!(unique_id(b"2 "), None);
        assert_eq!(unique_id("3 \u{e7}".as_bytes()), None);
    }
}
