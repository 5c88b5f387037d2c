//! The one outcome of a command, and what a refusal means.

use super::code::Code;
use super::response::Status;
use crate::error::{Error, Kind, Result, Scope};

/// The tagged answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// OK, NO or BAD.
    pub status: Status,
    /// Response code.
    pub code: Option<Code>,
    /// The server's words.
    pub text: String,
}

impl Outcome {
    /// Turns NO and BAD into an error about `subject`.
    pub fn ok(self, subject: &str) -> Result<Outcome> {
        if self.status == Status::Ok {
            Ok(self)
        } else {
            Err(refusal(self.code.as_ref(), &self.text, subject))
        }
    }
}

/// What a NO, a BAD or a BYE with this code means (RFC 5530 section 3, RFC 9051 section 7.1).
pub(super) fn refusal(code: Option<&Code>, text: &str, subject: &str) -> Error {
    let name = match code {
        Some(code) => code.name(),
        // GNU mailutils 3.15 puts it into the middle of the text.
        None if text.contains("[TRYCREATE]") => "TRYCREATE",
        None => "",
    };
    let (kind, scope) = match name {
        _ if too_many(name, text) => (Kind::TooManyConnections, Scope::Account),
        "AUTHENTICATIONFAILED" | "AUTHORIZATIONFAILED" => (Kind::SignInRefused, Scope::Account),
        "EXPIRED" => (Kind::PasswordExpired, Scope::Account),
        "PRIVACYREQUIRED" => (Kind::NoTls, Scope::Account),
        "CONTACTADMIN" => (Kind::ContactAdmin, Scope::Account),
        "UNAVAILABLE" => (Kind::Busy, Scope::Account),
        // The mailbox is locked, or the server stumbled over it: the others are fine.
        "INUSE" | "SERVERBUG" => (Kind::Busy, Scope::Mailbox),
        "OVERQUOTA" => (Kind::OverQuota, Scope::Account),
        "NONEXISTENT" | "TRYCREATE" => (Kind::MailboxGone, Scope::Mailbox),
        "NOPERM" => (Kind::NotPermitted, Scope::Mailbox),
        "ALREADYEXISTS" => (Kind::AlreadyExists, Scope::Mailbox),
        "TOOBIG" => (Kind::TooLarge, Scope::Message),
        // CANNOT, LIMIT, CORRUPTION, HASCHILDREN, BADCHARSET and silence: this, here, will never do.
        _ => (Kind::Refused, Scope::Mailbox),
    };
    Error::new(kind, subject).because(format!("[{name}] {text}")).scoped(scope)
}

/// How servers say that there are enough connections: mostly in words, sometimes behind [LIMIT] or [UNAVAILABLE].
/// Dovecot, Gmail, Courier, Yahoo and Exchange in this order.
pub(super) fn too_many(code: &str, text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let said = [
        "maximum number of connections",
        "too many simultaneous connections",
        "maximum connection limit",
        "too many connections",
        "connection limit exceeded",
        "session limit",
    ];
    (code.is_empty() || code == "LIMIT" || code == "UNAVAILABLE" || code == "ALERT")
        && said.iter().any(|s| text.contains(s))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Retry;
    use crate::protocol::imap::response::Response;

    fn of(line: &str) -> (Kind, Scope, Retry) {
        let (code, text) = match Response::parse(line.as_bytes()) {
            Response::Tagged { code, text, .. } | Response::Status { code, text, .. } => (code, text),
            other => panic!("{other:?}"),
        };
        let e = refusal(code.as_ref(), &text, "x");
        (e.kind, e.scope, e.retry)
    }

    #[test]
    fn each_code_has_its_scope_and_its_retry() {
        for (line, kind, scope, retry) in [
            ("a NO [AUTHENTICATIONFAILED] no", Kind::SignInRefused, Scope::Account, Retry::AfterUser),
            ("a NO [EXPIRED] old", Kind::PasswordExpired, Scope::Account, Retry::AfterUser),
            ("a NO [CONTACTADMIN]", Kind::ContactAdmin, Scope::Account, Retry::AfterUser),
            ("* BYE [UNAVAILABLE] later", Kind::Busy, Scope::Account, Retry::Later),
            ("a NO [INUSE] locked", Kind::Busy, Scope::Mailbox, Retry::Later),
            ("a NO [OVERQUOTA] full", Kind::OverQuota, Scope::Account, Retry::AfterUser),
            ("a NO [TRYCREATE] none", Kind::MailboxGone, Scope::Mailbox, Retry::Never),
            ("a NO [CANNOT] no such name", Kind::Refused, Scope::Mailbox, Retry::Never),
            ("a NO [NOPERM] not yours", Kind::NotPermitted, Scope::Mailbox, Retry::Never),
            ("a NO [ALREADYEXISTS] twice", Kind::AlreadyExists, Scope::Mailbox, Retry::Never),
            ("a NO [LIMIT] At most 32 flags", Kind::Refused, Scope::Mailbox, Retry::Never),
            ("a NO [TOOBIG] no", Kind::TooLarge, Scope::Message, Retry::Never),
            ("a BAD what?", Kind::Refused, Scope::Mailbox, Retry::Never),
            (
                "a NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)",
                Kind::TooManyConnections,
                Scope::Account,
                Retry::Later,
            ),
            (
                "* BYE [ALERT] Too many simultaneous connections. (Failure)",
                Kind::TooManyConnections,
                Scope::Account,
                Retry::Later,
            ),
            ("a NO [LIMIT] session limit reached", Kind::TooManyConnections, Scope::Account, Retry::Later),
        ] {
            assert_eq!(of(line), (kind, scope, retry), "{line}");
        }
    }
}
