//! What the user looks for: plain data and pure functions, for all layers.
//!
//! [`language`] reads what was typed, [`words`] says which words a text has. The store answers it from its index, the
//! sync asks the server the same, screens mark what was found.

pub mod language;
pub mod words;

use crate::model::MailboxId;

/// Which messages are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Those that are wanted by all of these; everything for none.
    All(Vec<Wanted>),
    /// Those that are wanted by one of these; nothing for none.
    Any(Vec<Wanted>),
    /// The others.
    Not(Box<Wanted>),
    /// These words one after the other.
    Words(Words),
    /// In a folder that is called so, or is for that.
    Folder(String),
    /// In one of these.
    Mailboxes(Vec<MailboxId>),
    /// From or to the user.
    Me(Field),
    /// The one that is called so by its Message-ID, without brackets.
    Named(String),
    /// The same, and where an account's conversations know the name (`store::conversation::tie`).
    Tied(String, Vec<i64>),
    /// With files.
    Attachment,
    /// With these flags, bits of [`crate::model::Flags`].
    Flag(u8),
    /// Sent or received before this time, seconds since 1970.
    Before(i64),
    /// At this time or after it.
    After(i64),
    /// Of more octets than this.
    Larger(u64),
    /// Of fewer.
    Smaller(u64),
}

/// A word, or several that stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Where they stand.
    pub field: Field,
    /// As they were typed.
    pub text: String,
    /// The last one may be the beginning of a longer one.
    pub beginning: bool,
}

/// Where words are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Everywhere.
    Any,
    /// Name or address of the author.
    From,
    /// Names or addresses of To and Cc.
    To,
    /// The subject.
    Subject,
    /// The text.
    Body,
    /// Names of files, and the text in them.
    File,
}

impl Wanted {
    /// True when nothing is asked for.
    pub fn is_everything(&self) -> bool {
        matches!(self, Wanted::All(all) if all.iter().all(Wanted::is_everything))
    }

    /// Does something with each condition that is not made of others.
    pub fn each(&self, see: &mut impl FnMut(&Wanted)) {
        match self {
            Wanted::All(parts) | Wanted::Any(parts) => parts.iter().for_each(|p| p.each(see)),
            Wanted::Not(part) => part.each(see),
            leaf => see(leaf),
        }
    }

    /// The same with each condition that is not made of others replaced.
    pub fn map(self, replace: &impl Fn(Wanted) -> Wanted) -> Wanted {
        let all = |parts: Vec<Wanted>| parts.into_iter().map(|p| p.map(replace)).collect();
        match self {
            Wanted::All(parts) => Wanted::All(all(parts)),
            Wanted::Any(parts) => Wanted::Any(all(parts)),
            Wanted::Not(part) => Wanted::Not(Box::new(part.map(replace))),
            leaf => replace(leaf),
        }
    }

    /// All of it but the words: what is left to apply to what a server found by them.
    pub fn without_words(&self) -> Wanted {
        let mut words = false;
        self.each(&mut |w| words |= matches!(w, Wanted::Words(_)));
        match self {
            Wanted::All(parts) => Wanted::All(parts.iter().map(Wanted::without_words).collect()),
            _ if words => Wanted::All(Vec::new()),
            other => other.clone(),
        }
    }
}
