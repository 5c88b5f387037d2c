//! What an SMTP server says, without I/O.

use crate::error::{Error, Kind};

/// A reply (RFC 5321 section 4.2), with its enhanced status code (RFC 2034, RFC 3463).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 200 to 599.
    pub code: u16,
    /// class.subject.detail, such as 5.1.1.
    pub enhanced: Option<(u16, u16, u16)>,
    /// What it says to people, without codes, line by line.
    pub lines: Vec<String>,
}

impl Reply {
    /// Reads one line: its code, what it says, and whether it is the last. `None` for what is no reply.
    pub fn line(line: &[u8]) -> Option<(u16, String, bool)> {
        let digits = line.get(..3)?;
        if !digits.iter().all(u8::is_ascii_digit) || !(b'2'..=b'5').contains(&digits[0]) {
            return None;
        }
        let code = std::str::from_utf8(digits).ok()?.parse().ok()?;
        let (last, text) = match line.get(3) {
            None => (true, &[][..]),
            Some(b' ') => (true, &line[4..]),
            Some(b'-') => (false, &line[4..]),
            Some(_) => return None,
        };
        Some((code, String::from_utf8_lossy(text).trim_end().to_owned(), last))
    }

    /// From all its lines.
    pub fn of(code: u16, mut lines: Vec<String>) -> Self {
        let mut enhanced = None;
        for line in &mut lines {
            let Some((status, text)) = enhanced_status(line, code) else { continue };
            enhanced = enhanced.or(Some(status));
            *line = text;
        }
        Self { code, enhanced, lines }
    }

    /// 2xx, or 3xx where the server waits for more.
    pub fn is_positive(&self) -> bool {
        self.code < 400
    }

    /// 5xx: asked again, it would say the same.
    pub fn is_permanent(&self) -> bool {
        self.code >= 500
    }

    /// All it says to people.
    pub fn text(&self) -> String {
        self.lines.join(" ").trim().to_owned()
    }

    /// Nothing for a positive one; else why not, about `subject`.
    pub fn check(&self, subject: &str) -> Result<(), Error> {
        if self.is_positive() { Ok(()) } else { Err(Error::new(self.kind(), subject).because(self)) }
    }

    /// What a negative one means.
    pub fn kind(&self) -> Kind {
        match (self.code, self.enhanced) {
            // Microsoft: "SmtpClientAuthentication is disabled for the Tenant" (learn.microsoft.com, Authenticated client SMTP submission).
            (535, Some((5, 7, 139))) if self.text().contains("SmtpClientAuthentication") => {
                Kind::SubmissionOff
            }
            (535 | 534 | 538 | 530, _) | (_, Some((5, 7, 8 | 9))) => Kind::SignInRefused,
            (421, _) => Kind::Busy,
            (_, Some((_, 2 | 3, 3 | 4))) | (552, None) => Kind::TooLarge,
            (552, _) | (_, Some((_, 2, 2))) => Kind::OverQuota,
            (400..=499, _) => Kind::Busy,
            _ => Kind::Refused,
        }
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.enhanced {
            Some((a, b, c)) => write!(f, "{} {a}.{b}.{c} {}", self.code, self.text()),
            None => write!(f, "{} {}", self.code, self.text()),
        }
    }
}

/// `status-code = class "." subject "." detail` (RFC 3463 section 2), of the class that the reply has (RFC 2034 section 4).
fn enhanced_status(line: &str, code: u16) -> Option<((u16, u16, u16), String)> {
    let (status, text) = line.split_once(' ').unwrap_or((line, ""));
    let mut parts = status.split('.');
    let mut number = || {
        let part = parts.next()?;
        let fine = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<u16>().ok().filter(|_| fine)
    };
    let (class, subject, detail) = (number()?, number()?, number()?);
    let fits = class == code / 100 && matches!(class, 2 | 4 | 5);
    (fits && parts.next().is_none()).then(|| ((class, subject, detail), text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16, lines: &[&str]) -> Reply {
        Reply::of(code, lines.iter().map(|l| (*l).to_owned()).collect())
    }

    #[test]
    fn lines() {
        assert_eq!(Reply::line(b"250-SIZE 100"), Some((250, "SIZE 100".into(), false)));
        assert_eq!(Reply::line(b"250 OK"), Some((250, "OK".into(), true)));
        assert_eq!(Reply::line(b"354"), Some((354, String::new(), true)));
        for bad in [&b""[..], b"25", b"25x no", b"650 no", b"150 no", b"250+no", b"+OK"] {
            assert_eq!(Reply::line(bad), None, "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn enhanced_codes_of_its_own_class_only() {
        let refused = reply(550, &["5.1.1 <x@y>: no such", "5.1.1 user here"]);
        assert_eq!((refused.enhanced, refused.text()), (Some((5, 1, 1)), "<x@y>: no such user here".into()));
        assert_eq!(reply(550, &["2.1.1 odd"]).enhanced, None);
        assert_eq!(reply(250, &["10.0.0.1 is you"]).enhanced, None);
        assert_eq!(reply(250, &["2.0.0"]).enhanced, Some((2, 0, 0)));
    }

    #[test]
    fn what_they_mean() {
        let off = "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.";
        for (code, line, kind) in [
            (535, off, Kind::SubmissionOff),
            (535, "5.7.8 Error: authentication failed", Kind::SignInRefused),
            (534, "5.7.9 Application-specific password required", Kind::SignInRefused),
            (530, "5.7.0 Authentication required", Kind::SignInRefused),
            (552, "5.3.4 Message size exceeds fixed limit", Kind::TooLarge),
            (552, "5.2.2 mailbox full", Kind::OverQuota),
            (452, "4.2.2 over quota", Kind::OverQuota),
            (451, "4.7.1 greylisted", Kind::Busy),
            (421, "4.3.0 closing", Kind::Busy),
            (550, "5.1.1 no such user", Kind::Refused),
        ] {
            assert_eq!(reply(code, &[line]).kind(), kind, "{code} {line}");
        }
    }
}
