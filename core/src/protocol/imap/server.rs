//! Verbs about the server and the account on it: quota (RFC 9208), annotations (RFC 5464), identification (RFC 2971),
//! and what we switch on (RFC 5161).

use super::command::Command;
use super::response::{Metadata, QuotaResource, Response};
use super::session::Session;
use crate::error::{Error, Kind, Result};

/// A quota root and what it limits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quota {
    /// Its name; servers mean nothing by it.
    pub root: String,
    /// Its resources.
    pub resources: Vec<QuotaResource>,
}

/// Entries and their values; `None` for those that have none.
pub type Entries = Vec<(String, Option<Vec<u8>>)>;

impl Session {
    /// What we say first on a new connection, as commands to be sent along with others: ENABLE and ID.
    pub(super) fn introduction(&self) -> Vec<Command> {
        let mut commands = Vec::new();
        if self.can("ENABLE") {
            let wanted: Vec<&str> =
                ["QRESYNC", "UTF8=ACCEPT"].into_iter().filter(|e| self.can(e) && !self.enabled(e)).collect();
            // RFC 6855 section 6: a server may insist on it.
            let only = self.can("UTF8=ONLY") && !self.enabled("UTF8=ACCEPT");
            let only = if only { &["UTF8=ACCEPT"][..] } else { &[] };
            let wanted = [&wanted[..], only].concat();
            if !wanted.is_empty() {
                commands.push(Command::new("ENABLE").raw(&wanted.join(" ")));
            } else if self.can("CONDSTORE") && !self.can("QRESYNC") && !self.enabled("CONDSTORE") {
                commands.push(Command::new("ENABLE").raw("CONDSTORE"));
            }
        }
        if self.can("ID") {
            // Only the name: a version would help to single out a user (RFC 2971 section 4).
            commands.push(Command::new("ID").raw("(\"name\" \"Malote\")"));
        }
        commands
    }

    /// Says who we are and switches on what we use; for a connection that makes no survey.
    pub async fn introduce(&mut self) -> Result<()> {
        let commands = self.introduction();
        if !commands.is_empty() {
            self.batch(commands, |_, _| Ok(())).await?;
        }
        Ok(())
    }

    /// The quotas that a mailbox is under; none where the server has none.
    pub async fn quota(&mut self, mailbox: &[u8]) -> Result<Vec<Quota>> {
        if !self.can("QUOTA") {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        let command = Command::new("GETQUOTAROOT").mailbox(mailbox);
        let outcome = self
            .run_with(command, |response| {
                if let Response::Quota { root, resources } = response {
                    found.push(Quota { root, resources });
                }
                Ok(())
            })
            .await?;
        outcome.ok(&String::from_utf8_lossy(mailbox))?;
        Ok(found)
    }

    /// Annotations of a mailbox, or with an empty name of the server: values no larger than `most` bytes.
    pub async fn metadata(&mut self, mailbox: &[u8], entries: &[&str], most: usize) -> Result<Entries> {
        let offered = self.can("METADATA") || (mailbox.is_empty() && self.can("METADATA-SERVER"));
        if !offered {
            return Err(Error::new(Kind::Refused, "METADATA"));
        }
        let mut found = Entries::new();
        // getmetadata = "GETMETADATA" [SP getmetadata-options] SP mailbox SP entries
        let command = Command::new("GETMETADATA")
            .raw(&format!("(MAXSIZE {most})"))
            .mailbox(mailbox)
            .raw(&format!("({})", entries.join(" ")));
        let outcome = self
            .run_with(command, |response| {
                match response {
                    Response::Metadata(Metadata { mailbox: of, entries, .. }) if of == mailbox => {
                        found.extend(entries)
                    }
                    _ => {}
                }
                Ok(())
            })
            .await?;
        // [METADATA LONGENTRIES n] comes with an OK: what fits is here.
        outcome.ok(&String::from_utf8_lossy(mailbox))?;
        Ok(found)
    }

    /// Sets an annotation, or with `None` takes it away.
    pub async fn set_metadata(&mut self, mailbox: &[u8], entry: &str, value: Option<Vec<u8>>) -> Result<()> {
        let command = Command::new("SETMETADATA").mailbox(mailbox).raw(&format!("({entry}"));
        let command = match value {
            // A value with NUL must be a literal8; any value may be one (RFC 5464 section 5).
            Some(value) if value.contains(&0) => command.literal8(value),
            Some(value) => command.string(&value),
            None => command.raw("NIL"),
        };
        self.run(command.glued(")")).await?.ok(&String::from_utf8_lossy(mailbox)).map(drop)
    }
}
