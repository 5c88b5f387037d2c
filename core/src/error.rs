//! What can go wrong, as types.
//!
//! An [`Error`] answers three questions that a caller has: what is it ([`Kind`]), how much is affected
//! ([`Scope`]) and is it worth trying again ([`Retry`]). Nobody matches on strings. [`Kind::code`] is the small stable
//! name that screens and the command line have their words for; [`Error::subject`] is the one thing the words mention
//! (a host, a mailbox, a path). Neither ever carries mail text or a secret.

use std::fmt;

/// The result of anything in the core.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The server refused the user name or the password (RFC 5530 AUTHENTICATIONFAILED, or NO to the sign-in).
    SignInRefused,
    /// The password has run out (RFC 5530 EXPIRED).
    PasswordExpired,
    /// No password is known for the account on this device.
    SecretMissing,
    /// The operating system's secret store cannot be used.
    SecretStore,
    /// The secrets are locked with the user's passphrase, which was not entered since the start.
    Locked,
    /// That is not the passphrase.
    PassphraseWrong,
    /// The password command of the user failed.
    PasswordCommand,
    /// The host name has no address.
    HostUnknown,
    /// Nothing answers at that host and port.
    Unreachable,
    /// The connection was cut.
    ConnectionLost,
    /// The server stopped answering.
    Timeout,
    /// The proxy cannot be reached or refuses the way.
    Proxy,
    /// The server's certificate is not trusted, expired, or made out to another name.
    Certificate,
    /// The other side does not speak TLS there, or offers no STARTTLS.
    NoTls,
    /// The server said something that makes no sense or breaks a bound.
    Protocol,
    /// The server said NO or BAD.
    Refused,
    /// The server cannot do it for the moment (RFC 5530 UNAVAILABLE, INUSE, SERVERBUG).
    Busy,
    /// The server has enough connections of this account.
    TooManyConnections,
    /// The user may not do this there (RFC 5530 NOPERM).
    NotPermitted,
    /// There is one of that name already (RFC 5530 ALREADYEXISTS).
    AlreadyExists,
    /// Only the people who run the server can help (RFC 5530 CONTACTADMIN).
    ContactAdmin,
    /// The message is larger than the server takes (RFC 7889 APPENDLIMIT, RFC 9051 TOOBIG).
    TooLarge,
    /// The account is full (RFC 9208 OVERQUOTA).
    OverQuota,
    /// The mailbox is not on the server (any more).
    MailboxGone,
    /// The disk of this device is full.
    DiskFull,
    /// The database is damaged; the next start salvages it.
    StorageDamaged,
    /// The database is damaged, and so is its spare: there is nothing to salvage from.
    StorageLost,
    /// The database was written by a newer Malote.
    StorageNewer,
    /// Another Malote has this data open.
    StorageBusy,
    /// Any other failure of the local storage.
    Storage,
    /// There is no such message, mailbox or account.
    NotFound,
    /// The request makes no sense.
    Usage,
    /// The work was cancelled.
    Cancelled,
    /// The user has paused the account.
    Paused,
    /// The organisation has switched sending from mail apps off (Microsoft's "SMTP AUTH").
    SubmissionOff,
    /// The issuer of tokens wants the user to sign in again: the token was revoked, has run out, or was never given.
    ConsentNeeded,
    /// The issuer of tokens refused what was asked, or said something that makes no sense.
    TokenRefused,
    /// The submission server cannot promise TLS all the way, which the message asks for (RFC 8689).
    NoPromise,
    /// The submission server takes no addresses with other than ASCII letters (RFC 6531).
    NoForeignLetters,
    /// No submission server is known for the account.
    NoSubmission,
    /// A file that was to go along cannot be read.
    FileUnreadable,
    /// A file that was to go along is larger than any server takes.
    FileTooLarge,
    /// A file that does something when it is opened: it is only saved.
    FileDangerous,
}

impl Kind {
    /// The stable name that screens translate.
    pub fn code(self) -> &'static str {
        match self {
            Kind::SignInRefused => "sign_in_refused",
            Kind::PasswordExpired => "password_expired",
            Kind::SecretMissing => "secret_missing",
            Kind::SecretStore => "secret_store",
            Kind::Locked => "locked",
            Kind::PassphraseWrong => "passphrase_wrong",
            Kind::PasswordCommand => "password_command",
            Kind::HostUnknown => "host_unknown",
            Kind::Unreachable => "unreachable",
            Kind::ConnectionLost => "connection_lost",
            Kind::Timeout => "timeout",
            Kind::Proxy => "proxy",
            Kind::Certificate => "certificate",
            Kind::NoTls => "no_tls",
            Kind::Protocol => "protocol",
            Kind::Refused => "refused",
            Kind::Busy => "busy",
            Kind::TooManyConnections => "too_many_connections",
            Kind::NotPermitted => "not_permitted",
            Kind::AlreadyExists => "already_exists",
            Kind::ContactAdmin => "contact_admin",
            Kind::TooLarge => "too_large",
            Kind::OverQuota => "over_quota",
            Kind::MailboxGone => "mailbox_gone",
            Kind::DiskFull => "disk_full",
            Kind::StorageDamaged => "storage_damaged",
            Kind::StorageLost => "storage_lost",
            Kind::StorageNewer => "storage_newer",
            Kind::StorageBusy => "storage_busy",
            Kind::Storage => "storage",
            Kind::NotFound => "not_found",
            Kind::Usage => "usage",
            Kind::Cancelled => "cancelled",
            Kind::Paused => "paused",
            Kind::SubmissionOff => "submission_off",
            Kind::ConsentNeeded => "consent_needed",
            Kind::TokenRefused => "token_refused",
            Kind::NoPromise => "no_promise",
            Kind::NoForeignLetters => "no_foreign_letters",
            Kind::NoSubmission => "no_submission",
            Kind::FileUnreadable => "file_unreadable",
            Kind::FileTooLarge => "file_too_large",
            Kind::FileDangerous => "file_dangerous",
        }
    }

    /// How far the damage reaches and whether trying again can help, unless the place that raised it knows better.
    fn defaults(self) -> (Scope, Retry) {
        match self {
            Kind::SignInRefused
            | Kind::PasswordExpired
            | Kind::ContactAdmin
            | Kind::SecretMissing
            | Kind::SecretStore
            | Kind::Locked
            | Kind::PasswordCommand
            | Kind::Paused
            | Kind::SubmissionOff
            | Kind::ConsentNeeded => (Scope::Account, Retry::AfterUser),
            Kind::TokenRefused => (Scope::Account, Retry::Later),
            Kind::HostUnknown
            | Kind::Unreachable
            | Kind::Proxy
            | Kind::ConnectionLost
            | Kind::Busy
            | Kind::TooManyConnections
            | Kind::Timeout => (Scope::Account, Retry::Later),
            Kind::Certificate | Kind::NoTls => (Scope::Account, Retry::AfterUser),
            Kind::Protocol => (Scope::Account, Retry::Later),
            Kind::Refused | Kind::MailboxGone | Kind::NotPermitted | Kind::AlreadyExists => {
                (Scope::Mailbox, Retry::Never)
            }
            Kind::TooLarge
            | Kind::NoPromise
            | Kind::NoForeignLetters
            | Kind::FileUnreadable
            | Kind::FileTooLarge
            | Kind::FileDangerous => (Scope::Message, Retry::Never),
            Kind::NoSubmission => (Scope::Account, Retry::AfterUser),
            Kind::OverQuota => (Scope::Account, Retry::AfterUser),
            Kind::DiskFull => (Scope::Device, Retry::AfterUser),
            Kind::StorageBusy => (Scope::Device, Retry::Later),
            Kind::StorageDamaged | Kind::StorageLost | Kind::StorageNewer | Kind::Storage => {
                (Scope::Device, Retry::Never)
            }
            Kind::NotFound => (Scope::Message, Retry::Never),
            Kind::Usage | Kind::Cancelled | Kind::PassphraseWrong => (Scope::Message, Retry::Never),
        }
    }
}

/// How much is affected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// One message, or one request.
    Message,
    /// One mailbox.
    Mailbox,
    /// One account.
    Account,
    /// Everything on this device.
    Device,
}

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retry {
    /// The same request would fail again.
    Never,
    /// It may pass by itself: try again after a pause.
    Later,
    /// Only after the user did something (a new password, space on the disk).
    AfterUser,
}

/// An error of the core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What went wrong.
    pub kind: Kind,
    /// How much is affected.
    pub scope: Scope,
    /// Whether trying again can help.
    pub retry: Retry,
    /// The host, mailbox, path or rule the words mention. Never mail text, never a secret.
    pub subject: String,
    /// For the log: the cause in the words of the library or the server, bounded and without secrets.
    pub detail: String,
    /// The certificate that was not trusted ([`Kind::Certificate`]), to be shown.
    pub certificate: Option<Box<crate::model::Certificate>>,
}

impl Error {
    /// An error of a kind about a subject.
    pub fn new(kind: Kind, subject: impl Into<String>) -> Self {
        let (scope, retry) = kind.defaults();
        Self { kind, scope, retry, subject: subject.into(), detail: String::new(), certificate: None }
    }

    /// Adds the cause, for the log.
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        let mut detail = cause.to_string();
        if detail.len() > 300 {
            let end = (0..=300).rev().find(|i| detail.is_char_boundary(*i)).unwrap_or(0);
            detail.truncate(end);
        }
        self.detail = detail;
        self
    }

    /// Narrows or widens the scope.
    pub fn scoped(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// True where the connection that raised it cannot be used any more.
    pub fn ends_connection(&self) -> bool {
        matches!(self.kind, Kind::ConnectionLost | Kind::Timeout | Kind::Protocol | Kind::Cancelled)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind.code())?;
        if !self.subject.is_empty() {
            write!(f, " ({})", self.subject)?;
        }
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Files and sockets. A full disk is told apart, because the user can do something about it.
impl From<std::io::Error> for Error {
    fn from(e: std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let kind = match e.kind() {
            Io::StorageFull | Io::QuotaExceeded => Kind::DiskFull,
            Io::TimedOut => Kind::Timeout,
            Io::UnexpectedEof | Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe => {
                Kind::ConnectionLost
            }
            Io::ConnectionRefused | Io::HostUnreachable | Io::NetworkUnreachable => Kind::Unreachable,
            _ => Kind::Storage,
        };
        Error::new(kind, "").because(e)
    }
}
