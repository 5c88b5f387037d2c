//! What goes in and out, where no query has a type for it.

use crate::error::{Error, Retry};
use crate::model::{AccountId, ActionId, Certificate, Endpoint, MailboxId, Protocol};
use crate::sync::actor::{Phase, State};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// An error as screens get it: a code they have words for, and what the words mention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ErrorView {
    /// Stable name, see [`crate::error::Kind::code`].
    pub code: String,
    /// Host, mailbox or path.
    pub subject: String,
    /// True when it may pass by itself.
    pub passing: bool,
    /// The certificate that was not trusted, to be shown.
    #[serde(default)]
    pub certificate: Option<Box<Certificate>>,
}

impl From<&Error> for ErrorView {
    fn from(e: &Error) -> Self {
        Self {
            code: e.kind.code().to_owned(),
            subject: e.subject.clone(),
            passing: e.retry == Retry::Later,
            certificate: e.certificate.clone(),
        }
    }
}

impl From<Error> for ErrorView {
    fn from(e: Error) -> Self {
        Self::from(&e)
    }
}

/// An account to be added.
#[derive(Clone, Serialize, Deserialize, TS)]
pub struct NewAccount {
    /// The address of the user.
    pub address: String,
    /// The user's name; may be empty.
    pub name: String,
    /// User name at the server; empty = the address.
    pub user: String,
    /// What the incoming server speaks.
    #[serde(default)]
    pub protocol: Protocol,
    /// Incoming server.
    pub incoming: Endpoint,
    /// Submission server, if it is known.
    #[serde(default)]
    pub smtp: Option<Endpoint>,
    /// The password; empty with a password command or a grant.
    pub password: String,
    /// What [`Core::browser_begin`](super::Core::browser_begin) gave, once the user was back; empty for none.
    #[serde(default)]
    pub grant: String,
    /// Command that prints the password; empty for none.
    #[serde(default)]
    pub password_command: String,
    /// PEM file with roots of the user's own; empty for none.
    #[serde(default)]
    pub ca_file: String,
    /// SHA-256 of a certificate that the user has seen and chose to trust, in hex; empty for none.
    #[serde(default)]
    pub pin: String,
    /// `socks5://[user:password@]host[:port]` or `http://…`; empty for none.
    #[serde(default)]
    pub proxy: String,
    /// headers, 30d, all …; empty = 30d
    #[serde(default)]
    pub keep: String,
    /// POP3: what stays on the server: always, 30d, until_deleted, never; empty = always
    #[serde(default)]
    pub leave: String,
    /// POP3: from how many megabytes on only the header comes; 0 = all comes
    #[serde(default)]
    pub size_limit: u32,
}

impl std::fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewAccount({})", self.address)
    }
}

/// What the user corrects of an account.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct AccountChange {
    /// The user's name; may be empty.
    pub name: String,
    /// User name at the server.
    pub user: String,
    /// Incoming server.
    pub incoming: Endpoint,
    /// Submission server, if it is known.
    pub smtp: Option<Endpoint>,
}

/// A sign-in in the browser that has begun.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct BrowserSignIn {
    /// Its number.
    pub id: String,
    /// What the browser is to open.
    pub url: String,
}

/// How the secrets of this device are locked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PassphraseState {
    /// The user has chosen a passphrase.
    pub set: bool,
    /// It was not entered since the start.
    pub locked: bool,
}

/// An account was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Added {
    /// Its number.
    pub id: AccountId,
    /// False where the device has no safe place for the password, and it will be asked for after the next start.
    pub password_kept: bool,
}

/// A change of flags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// Set `\Seen`.
    Read,
    /// Clear `\Seen`.
    Unread,
    /// Set `\Flagged`.
    Star,
    /// Clear `\Flagged`.
    Unstar,
    /// At the top of its list.
    Pin,
    /// No longer.
    Unpin,
    /// Set a keyword.
    Flag(String),
    /// Clear a keyword.
    Unflag(String),
}

/// What a command did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Done {
    /// To be handed to undo.
    pub actions: Vec<ActionId>,
    /// read, unread, star, unstar, pin, pin_here (only this device knows of some of it), unpin, flag, unflag, move, archive, trash, junk, not_junk, block, trust, delete
    pub label: String,
    /// Where to, for moves.
    pub target: Option<MailboxId>,
    /// How many messages were asked for.
    pub count: u32,
}

/// A sender that the user judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SenderView {
    /// The address in small letters; everybody of a domain and below it: `@domain`.
    pub address: String,
    /// Blocked, or trusted not to send junk.
    pub blocked: bool,
}

/// What undo did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Undone {
    /// The label of what was undone; empty when there was nothing to undo.
    pub label: String,
    /// False when part of it could not be taken back.
    pub whole: bool,
}

/// What an account is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AccountState {
    /// Which account.
    pub account: AccountId,
    /// connecting, working, in_step, failed, paused
    pub phase: String,
    /// Why it failed.
    pub error: Option<ErrorView>,
    /// When it was last in step, seconds since 1970; 0 = not since the start.
    pub in_step_at: i64,
}

impl AccountState {
    /// From the actor's state.
    pub fn new(account: AccountId, state: &State) -> Self {
        let (phase, error) = match &state.phase {
            Phase::Connecting => ("connecting", None),
            Phase::Working => ("working", None),
            Phase::InStep => ("in_step", None),
            Phase::Paused => ("paused", None),
            Phase::Failed(e) => ("failed", Some(ErrorView::from(e))),
        };
        Self { account, phase: phase.to_owned(), error, in_step_at: state.in_step_at }
    }
}

/// A file that was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Saved {
    /// Where.
    pub path: String,
}
