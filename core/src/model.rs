//! The plain types that all layers share. No I/O, no behaviour that needs any.
//!
//! A *message* is content; a *placement* is its presence in a mailbox. A UID means something only together with its
//! mailbox and that mailbox's UIDVALIDITY, so it is never an id of ours, and ours ([`MessageId`] …) are never sent to a server.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use ts_rs::TS;

macro_rules! local_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, TS)]
        #[ts(type = "string")]
        pub struct $name(pub i64);

        // Ids travel as strings: JavaScript's numbers are not wide enough for them.
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                text.parse().map($name).map_err(serde::de::Error::custom)
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

local_id!(
    /// An account on this device.
    AccountId
);
local_id!(
    /// A mailbox (folder) of an account.
    MailboxId
);
local_id!(
    /// A message: content, wherever it is placed.
    MessageId
);
local_id!(
    /// Messages that belong together.
    ConversationId
);
local_id!(
    /// The presence of a message in a mailbox. This is what a list shows a row for.
    PlacementId
);
local_id!(
    /// A message on its way out.
    OutgoingId
);
local_id!(
    /// One thing the user did, however many messages it touched; what undo takes back.
    ActionId
);

/// Flags of a placement: the system flags that mean something to us and the keywords of other clients, which are preserved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Flags {
    /// Bits of [`Flags::SEEN`] and its siblings.
    pub bits: u8,
    /// Keywords as the server spells them ($Forwarded, Work …).
    pub keywords: BTreeSet<String>,
}

impl Flags {
    /// `\Seen`
    pub const SEEN: u8 = 1;
    /// `\Answered`
    pub const ANSWERED: u8 = 2;
    /// `\Flagged`
    pub const FLAGGED: u8 = 4;
    /// `\Deleted`
    pub const DELETED: u8 = 8;
    /// `\Draft`
    pub const DRAFT: u8 = 16;
    /// The keyword of what the user wants at the top of its mailbox.
    pub const PINNED: &str = "$Pinned";

    const SYSTEM: [(u8, &'static str); 5] = [
        (Self::SEEN, "\\Seen"),
        (Self::ANSWERED, "\\Answered"),
        (Self::FLAGGED, "\\Flagged"),
        (Self::DELETED, "\\Deleted"),
        (Self::DRAFT, "\\Draft"),
    ];

    /// Reads flags as a server lists them (RFC 9051 section 2.3.2). `\Recent` and unknown system flags are dropped.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut flags = Self::default();
        for name in names {
            if let Some((bit, _)) = Self::SYSTEM.iter().find(|(_, n)| n.eq_ignore_ascii_case(name)) {
                flags.bits |= bit;
            } else if !name.starts_with('\\') && !name.is_empty() {
                flags.keywords.insert(name.to_owned());
            }
        }
        flags
    }

    /// The names as a command sends them, separated by spaces.
    pub fn names(&self) -> String {
        let system = Self::SYSTEM.iter().filter(|(b, _)| self.bits & b != 0).map(|(_, n)| *n);
        system.chain(self.keywords.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
    }

    /// Keywords as one string, for the store.
    pub fn keyword_text(&self) -> String {
        self.keywords.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// From the two columns of the store.
    pub fn from_columns(bits: i64, keywords: &str) -> Self {
        Self { bits: bits as u8, keywords: keywords.split_whitespace().map(str::to_owned).collect() }
    }

    /// These flags with a change applied.
    pub fn with(&self, change: &FlagChange) -> Self {
        let mut flags = self.clone();
        flags.bits = (flags.bits | change.add.bits) & !change.remove.bits;
        flags.keywords.extend(change.add.keywords.iter().cloned());
        flags.keywords.retain(|k| !change.remove.keywords.contains(k));
        flags
    }

    /// The change that leads from these flags to others.
    pub fn change_to(&self, to: &Self) -> FlagChange {
        FlagChange {
            add: Flags {
                bits: to.bits & !self.bits,
                keywords: to.keywords.difference(&self.keywords).cloned().collect(),
            },
            remove: Flags {
                bits: self.bits & !to.bits,
                keywords: self.keywords.difference(&to.keywords).cloned().collect(),
            },
        }
    }

    /// True when the user wants it at the top of its mailbox.
    pub fn is_pinned(&self) -> bool {
        self.keywords.iter().any(|k| k.eq_ignore_ascii_case(Self::PINNED))
    }

    /// True when `bit` is set.
    pub fn has(&self, bit: u8) -> bool {
        self.bits & bit != 0
    }

    /// True when nothing is set.
    pub fn is_empty(&self) -> bool {
        self.bits == 0 && self.keywords.is_empty()
    }
}

/// What the user asked to change of the flags of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlagChange {
    /// To be set.
    pub add: Flags,
    /// To be cleared.
    pub remove: Flags,
}

impl FlagChange {
    /// True when it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }

    /// The change that takes it back, given that it really changed everything it names.
    pub fn inverse(&self) -> Self {
        Self { add: self.remove.clone(), remove: self.add.clone() }
    }
}

/// What a mailbox is for (RFC 6154; INBOX is special by its name).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// INBOX
    Inbox,
    /// `\Flagged`
    Flagged,
    /// `\Drafts`
    Drafts,
    /// `\Sent`
    Sent,
    /// `\Archive`
    Archive,
    /// `\All`
    All,
    /// `\Junk`
    Junk,
    /// `\Trash`
    Trash,
}

impl Role {
    /// The name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Inbox => "inbox",
            Role::Flagged => "flagged",
            Role::Drafts => "drafts",
            Role::Sent => "sent",
            Role::Archive => "archive",
            Role::All => "all",
            Role::Junk => "junk",
            Role::Trash => "trash",
        }
    }

    /// From the name in the store.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Role::Inbox,
            Role::Flagged,
            Role::Drafts,
            Role::Sent,
            Role::Archive,
            Role::All,
            Role::Junk,
            Role::Trash,
        ]
        .into_iter()
        .find(|r| r.as_str() == name)
    }

    /// From a LIST attribute (RFC 6154 section 2).
    pub fn from_attribute(attribute: &str) -> Option<Self> {
        Some(match attribute.to_ascii_lowercase().as_str() {
            "\\flagged" => Role::Flagged,
            "\\drafts" => Role::Drafts,
            "\\sent" => Role::Sent,
            "\\archive" => Role::Archive,
            "\\all" => Role::All,
            "\\junk" => Role::Junk,
            "\\trash" => Role::Trash,
            _ => return None,
        })
    }

    /// The LIST attribute (RFC 6154 section 2); the inbox has none.
    pub fn attribute(self) -> Option<&'static str> {
        Some(match self {
            Role::Inbox => return None,
            Role::Flagged => "\\Flagged",
            Role::Drafts => "\\Drafts",
            Role::Sent => "\\Sent",
            Role::Archive => "\\Archive",
            Role::All => "\\All",
            Role::Junk => "\\Junk",
            Role::Trash => "\\Trash",
        })
    }

    /// What a name usually means on a server without SPECIAL-USE, in the languages of our users.
    pub fn guess(name: &str) -> Option<Self> {
        let last = name.rsplit(['/', '.']).next().unwrap_or(name).to_lowercase();
        Some(match last.as_str() {
            "inbox" => Role::Inbox,
            "drafts" | "draft" | "rascunhos" | "borradores" => Role::Drafts,
            "sent" | "sent items" | "sent messages" | "sent mail" | "enviados" | "itens enviados"
            | "elementos enviados" | "mensagens enviadas" => Role::Sent,
            "archive" | "archives" | "arquivo" | "arquivados" | "arquivo morto" | "archivo" => Role::Archive,
            "junk" | "spam" | "junk e-mail" | "junk email" | "lixo eletrônico" | "bulk mail"
            | "correo no deseado" => Role::Junk,
            "trash" | "deleted items" | "deleted messages" | "lixeira" | "itens excluídos" | "papelera" => {
                Role::Trash
            }
            _ => return None,
        })
    }
}

/// A person or list in a header field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Address {
    /// The display name, decoded; empty when there is none.
    pub name: String,
    /// `local@domain`, as written.
    pub address: String,
}

impl Address {
    /// What a row shows: the name, else the address.
    pub fn display(&self) -> &str {
        if self.name.is_empty() { &self.address } else { &self.name }
    }
}

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// TLS from the first byte (RFC 8314 section 3).
    Implicit,
    /// STARTTLS, and nothing before it is believed.
    Starttls,
    /// In clear. Refused outside loopback.
    None,
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
pub struct Endpoint {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Protection.
    pub tls: Tls,
}

/// Which protocol mail is received over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// IMAP: the server keeps everything, all devices are in step.
    #[default]
    Imap,
    /// POP3: mail is fetched from a maildrop, and filed on this device.
    Pop3,
}

impl Protocol {
    /// The name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Imap => "imap",
            Protocol::Pop3 => "pop3",
        }
    }
}

/// What became of one message for one recipient.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Report {
    /// Message-ID of the message that it is about, without brackets; empty = it does not say.
    pub original: String,
    /// For whom.
    pub recipient: String,
    /// failed, delayed, delivered, relayed, expanded, displayed.
    pub outcome: String,
    /// In the words of the server, on one line.
    pub words: String,
}

/// An address that the user writes as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Identity {
    /// As others shall see it; may be empty.
    pub name: String,
    /// `local@domain`
    pub address: String,
}

/// Who told where the servers of an address are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Our own list of providers, by the domain.
    Provider,
    /// Our own list, by who receives the domain's mail.
    Exchanger,
    /// The domain itself, over https.
    Autoconfig,
    /// The domain's name service (RFC 6186).
    Srv,
    /// The public list of providers at thunderbird.net.
    Ispdb,
    /// The domain's Exchange.
    Autodiscover,
    /// Nobody: the usual names were tried.
    Guess,
}

/// Something that a provider wants first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Hint {
    /// app_password, enable, bridge, paid, none, smtp_auth, sent, unencrypted; screens have the words.
    pub code: String,
    /// Where the provider explains it or where it is done; may be empty.
    pub url: String,
}

/// Where the servers of an address are, and how one signs in there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FoundServers {
    /// What the provider calls itself; may be empty.
    pub provider: String,
    /// Who told.
    pub source: Source,
    /// IMAP server.
    pub imap: Option<Endpoint>,
    /// POP3 server.
    pub pop3: Option<Endpoint>,
    /// Submission server.
    pub smtp: Option<Endpoint>,
    /// User name at the server.
    pub user: String,
    /// Ways to sign in, best first: password, or an OAuth issuer.
    pub sign_in: Vec<String>,
    /// What the provider wants first.
    pub hints: Vec<Hint>,
}

/// A server's certificate that was not trusted, as the user gets to see it before choosing to trust it all the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Certificate {
    /// SHA-256 of it, in lower-case hex: what is kept when the user chooses it.
    pub fingerprint: String,
    /// Whom it was made out to, as it says itself.
    pub subject: String,
    /// Who made it, as it says itself.
    pub issuer: String,
    /// Host names in it.
    pub names: Vec<String>,
    /// From when it holds, seconds since 1970.
    #[ts(type = "number")]
    pub not_before: i64,
    /// Until when it holds, seconds since 1970.
    #[ts(type = "number")]
    pub not_after: i64,
    /// Why it is not trusted.
    pub fault: CertificateFault,
}

/// Why a certificate is not trusted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CertificateFault {
    /// It is too old.
    Expired,
    /// It holds only later, or this device's clock is wrong.
    NotYetValid,
    /// It was made out to another host.
    OtherName,
    /// Nobody we trust made it; the server may have made it itself.
    UnknownIssuer,
    /// It was called back.
    Revoked,
    /// Anything else that is wrong with it.
    #[default]
    Invalid,
}

/// How much mail a device keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The list only; a message is fetched when it is opened.
    Headers,
    /// Whole messages of the last days.
    Days(u32),
    /// Everything.
    All,
}

impl Keep {
    /// Reads `headers`, `30d` or `all`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "headers" => Some(Keep::Headers),
            "all" => Some(Keep::All),
            days => days.strip_suffix('d')?.parse().ok().map(Keep::Days),
        }
    }
}

impl Keep {
    /// From when on whole messages are kept, seconds since 1970; `None` = none at all.
    pub fn since(self, now: i64) -> Option<i64> {
        match self {
            Keep::Headers => None,
            Keep::Days(days) => Some(now - i64::from(days) * 86_400),
            Keep::All => Some(i64::MIN),
        }
    }
}

/// What stays in a maildrop (POP3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Leave {
    /// Everything.
    #[default]
    Always,
    /// What came here less than so many days ago.
    Days(u32),
    /// What was not deleted here for good.
    UntilDeleted,
    /// Nothing: what has come here goes.
    Never,
}

impl Leave {
    /// Reads `always`, `30d`, `until_deleted` or `never`.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "always" => Leave::Always,
            "until_deleted" => Leave::UntilDeleted,
            "never" => Leave::Never,
            days => Leave::Days(days.strip_suffix('d')?.parse().ok().filter(|n| *n > 0)?),
        })
    }
}

impl std::fmt::Display for Leave {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Leave::Always => f.write_str("always"),
            Leave::Days(n) => write!(f, "{n}d"),
            Leave::UntilDeleted => f.write_str("until_deleted"),
            Leave::Never => f.write_str("never"),
        }
    }
}

/// How many bytes an account may move in a day; 0 = as many as it likes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// Received.
    pub down: u64,
    /// Sent.
    pub up: u64,
}

impl Budget {
    /// Of what may be received, what the background may use; `None` where there is no limit. The rest is for what the user asks
    /// for, and for new mail.
    pub fn for_background(self) -> Option<u64> {
        (self.down > 0).then_some(self.down / 100 * 90)
    }

    /// Of what may be sent, what versions of drafts may use; `None` where there is no limit. The rest is for messages that the user
    /// sends, and for what they file.
    pub fn for_drafts(self) -> Option<u64> {
        (self.up > 0).then_some(self.up / 100 * 90)
    }
}

impl std::fmt::Display for Keep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Keep::Headers => f.write_str("headers"),
            Keep::Days(n) => write!(f, "{n}d"),
            Keep::All => f.write_str("all"),
        }
    }
}

/// What the list knows of a message: the decoded header and what the server told of its size and parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// Message-ID without angle brackets; empty when missing.
    pub message_id: String,
    /// In-Reply-To and References, oldest first, without brackets, separated by spaces.
    pub references: String,
    /// Decoded subject.
    pub subject: String,
    /// Author.
    pub from: Address,
    /// To and Cc.
    pub to: Vec<Address>,
    /// The Date field, seconds since 1970; 0 when missing or absurd.
    pub date: i64,
    /// List-Id, when it came over a list.
    pub list_id: String,
}
