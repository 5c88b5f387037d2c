//! Putting messages on the server: APPEND, MULTIAPPEND, CATENATE, REPLACE, within what the server takes.

use super::command::Command;
use super::outcome::Outcome;
use super::response::{Code, Response};
use super::session::Session;
use crate::error::{Error, Kind, Result};
use crate::uid_set::UidSet;

/// A message to be put into a mailbox.
#[derive(Clone)]
pub struct Upload {
    /// Flags, separated by spaces.
    pub flags: String,
    /// INTERNALDATE, such as `17-Jul-2026 02:44:25 -0300`; empty = now.
    pub date: String,
    /// The whole message.
    pub message: Vec<u8>,
}

/// date-time of RFC 9051 section 9, in UTC, of seconds since 1970.
pub fn date_time(seconds: i64) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (year, month, day, hour, minute, second) = crate::clock::civil(seconds);
    let month = MONTHS.get(month.saturating_sub(1) as usize).copied().unwrap_or("Jan");
    format!("{day:02}-{month}-{year:04} {hour:02}:{minute:02}:{second:02} +0000")
}

/// A piece of a message that is put together on the server (RFC 4469).
#[derive(Clone)]
pub enum Piece {
    /// Bytes of ours.
    Text(Vec<u8>),
    /// What the server has: a URL (RFC 5092) relative to it, such as `/Drafts;UIDVALIDITY=3/;UID=7/;SECTION=2`.
    Url(String),
}

/// Where messages came to lie: UIDVALIDITY and UIDs in the order they were sent. `None` where the server does not tell.
pub type Appended = Option<(u32, Vec<u32>)>;

fn appended(outcome: &Outcome, count: usize) -> Appended {
    match &outcome.code {
        Some(Code::AppendUid { validity, uids }) if uids.len() == count => Some((*validity, uids.clone())),
        _ => None,
    }
}

impl Session {
    /// The largest message the server takes (RFC 7889), in bytes: the same for all mailboxes, or asked for this one.
    pub async fn append_limit(&mut self, mailbox: &[u8]) -> Result<Option<u64>> {
        if let Some(limit) = self.capabilities.iter().find_map(|c| c.strip_prefix("APPENDLIMIT=")) {
            return Ok(limit.parse().ok());
        }
        if !self.can("APPENDLIMIT") {
            return Ok(None);
        }
        let mut limit = None;
        let command = Command::new("STATUS").mailbox(mailbox).raw("(APPENDLIMIT)");
        let outcome = self
            .run_with(command, |response| {
                if let Response::MailboxStatus(status) = response {
                    limit = status.append_limit;
                }
                Ok(())
            })
            .await?;
        outcome.ok(&String::from_utf8_lossy(mailbox))?;
        Ok(limit)
    }

    /// Refuses here what the server would refuse after it was sent.
    async fn within_limit(&mut self, mailbox: &[u8], largest: usize) -> Result<()> {
        match self.append_limit(mailbox).await? {
            Some(limit) if largest as u64 > limit => {
                Err(Error::new(Kind::TooLarge, String::from_utf8_lossy(mailbox))
                    .because(format!("{largest} bytes, the server takes {limit}")))
            }
            _ => Ok(()),
        }
    }

    /// A literal for a message; after UTF8=ACCEPT its header may be UTF-8 (RFC 6855 section 4).
    fn message_part(&self, command: Command, message: Vec<u8>) -> Command {
        if self.enabled("UTF8=ACCEPT") {
            command.raw("UTF8 (").glued_literal8(message).glued(")")
        } else {
            command.literal(message)
        }
    }

    /// Adds one message.
    pub async fn append(
        &mut self,
        mailbox: &[u8],
        flags: &str,
        message: Vec<u8>,
    ) -> Result<Option<(u32, u32)>> {
        let one = Upload { flags: flags.to_owned(), date: String::new(), message };
        let there = self.append_all(mailbox, vec![one]).await?;
        Ok(there.and_then(|(validity, uids)| uids.first().map(|uid| (validity, *uid))))
    }

    /// Adds messages: all or none where the server has MULTIAPPEND (RFC 3502), in one command; else one after another,
    /// pipelined, and an error tells nothing about those in front of it.
    pub async fn append_all(&mut self, mailbox: &[u8], uploads: Vec<Upload>) -> Result<Appended> {
        let (count, subject) = (uploads.len(), String::from_utf8_lossy(mailbox).into_owned());
        if count == 0 {
            return Ok(None);
        }
        self.within_limit(mailbox, uploads.iter().map(|u| u.message.len()).max().unwrap_or(0)).await?;
        let begin = || Command::new("APPEND").mailbox(mailbox);
        if count > 1 && self.can("MULTIAPPEND") {
            let mut command = begin();
            for upload in uploads {
                command = self.upload_part(command, upload);
            }
            let outcome = self.run(command).await?.ok(&subject)?;
            return Ok(appended(&outcome, count));
        }
        let commands = uploads.into_iter().map(|u| self.upload_part(begin(), u)).collect();
        let outcomes = self.batch(commands, |_, _| Ok(())).await?;
        let mut all: Appended = None;
        let mut told = true;
        for outcome in outcomes {
            let outcome = outcome.ok(&subject)?;
            match (appended(&outcome, 1), &mut all) {
                (Some((validity, uids)), Some((same, known))) if *same == validity => known.extend(uids),
                (Some(first), none @ None) => *none = Some(first),
                _ => told = false,
            }
        }
        Ok(all.filter(|(_, uids)| told && uids.len() == count))
    }

    fn upload_part(&self, command: Command, upload: Upload) -> Command {
        let command = command.raw(&format!("({})", upload.flags));
        let command = if upload.date.is_empty() { command } else { command.string(upload.date.as_bytes()) };
        self.message_part(command, upload.message)
    }

    /// Adds a message put together from pieces, of which the server has some (RFC 4469): a draft with a large attachment is
    /// saved again without sending the attachment again. `Kind::Refused` where the server cannot.
    pub async fn append_pieces(
        &mut self,
        mailbox: &[u8],
        flags: &str,
        pieces: Vec<Piece>,
    ) -> Result<Appended> {
        if !self.can("CATENATE") {
            return Err(Error::new(Kind::Refused, "CATENATE"));
        }
        let mut command =
            Command::new("APPEND").mailbox(mailbox).raw(&format!("({flags})")).raw("CATENATE (");
        for (i, piece) in pieces.into_iter().enumerate() {
            // cat-part = text-literal / url = "TEXT" SP literal / "URL" SP astring
            let space = if i == 0 { "" } else { " " };
            command = match piece {
                Piece::Text(text) => command.glued(&format!("{space}TEXT")).literal(text),
                Piece::Url(url) => command.glued(&format!("{space}URL")).string(url.as_bytes()),
            };
        }
        let outcome = self.run(command.glued(")")).await?.ok(&String::from_utf8_lossy(mailbox))?;
        Ok(appended(&outcome, 1))
    }

    /// Puts a message in the place of another one of the open mailbox: in one step where the server has REPLACE (RFC 8508);
    /// else the new one first and then the old one away, so that at every moment at least one of them is there.
    pub async fn replace(&mut self, uid: u32, mailbox: &[u8], upload: Upload) -> Result<Appended> {
        let subject = String::from_utf8_lossy(mailbox).into_owned();
        self.within_limit(mailbox, upload.message.len()).await?;
        if self.can("REPLACE") {
            let command = Command::new("UID REPLACE").raw(&uid.to_string()).mailbox(mailbox);
            let command = self.upload_part(command, upload);
            // APPENDUID comes in an untagged OK, in front of the expunge (RFC 8508 section 3.4).
            let mut there = None;
            let outcome = self
                .run_with(command, |response| {
                    if let Response::Status { code: Some(Code::AppendUid { validity, uids }), .. } = response
                    {
                        there = Some((validity, uids));
                    }
                    Ok(())
                })
                .await?;
            let outcome = outcome.ok(&subject)?;
            return Ok(appended(&outcome, 1).or(there));
        }
        let there = self.append_all(mailbox, vec![upload]).await?;
        let old = UidSet::range(uid, uid);
        self.store_flags(&old, '+', "\\Deleted").await?;
        self.expunge(&old).await?;
        Ok(there)
    }
}
