//! One conversation with a submission server.

use super::reply::Reply;
use crate::error::{Error, Kind, Result};
use crate::protocol::wire::Wire;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a server may think about a command (RFC 5321 section 4.5.3.2 asks for 5 minutes; nobody in front of a screen waits so long).
pub(super) const PATIENCE: Duration = Duration::from_secs(120);
/// No reply has more lines.
const MOST_LINES: usize = 200;
/// Whom we say we are: not the name of the user's machine (RFC 5321 section 4.1.3).
const OURSELVES: &str = "[127.0.0.1]";

/// A conversation that got as far as mail.
pub struct Session {
    pub(super) wire: Wire,
    /// What EHLO told: keyword in upper case, parameters.
    pub(super) offers: BTreeMap<String, String>,
}

impl Session {
    pub(super) fn new(wire: Wire) -> Self {
        Self { wire, offers: BTreeMap::new() }
    }

    /// True where the server offers it (upper case).
    pub fn can(&self, name: &str) -> bool {
        self.offers.contains_key(name)
    }

    /// What the server offers.
    pub fn offers(&self) -> impl Iterator<Item = &str> {
        self.offers.keys().map(String::as_str)
    }

    /// The largest message that the server takes, in octets; `None` where it does not say (RFC 1870 section 4).
    pub fn size_limit(&self) -> Option<u64> {
        self.offers.get("SIZE")?.split(' ').next()?.parse().ok().filter(|n| *n > 0)
    }

    /// Something was begun and not ended: nothing more can be said.
    pub fn is_broken(&self) -> bool {
        self.wire.broken
    }

    pub(super) async fn reply(&mut self, patience: Duration) -> Result<Reply> {
        let line = self.wire.line(patience).await?;
        self.rest(&line, patience).await
    }

    /// A reply of which the first line was read.
    pub(super) async fn rest(&mut self, first: &[u8], patience: Duration) -> Result<Reply> {
        let host = self.wire.host().to_owned();
        let odd = |why: &str| Error::new(Kind::Protocol, &host).because(why);
        let (code, text, mut last) = Reply::line(first).ok_or_else(|| odd("that is no reply"))?;
        let mut lines = vec![text];
        while !last {
            if lines.len() > MOST_LINES {
                return Err(odd("a reply without an end"));
            }
            let line = self.wire.line(patience).await?;
            let (same, text, ends) = Reply::line(&line).ok_or_else(|| odd("that is no reply"))?;
            if same != code {
                return Err(odd("two codes in one reply"));
            }
            lines.push(text);
            last = ends;
        }
        Ok(Reply::of(code, lines))
    }

    pub(super) async fn command(&mut self, line: &str) -> Result<Reply> {
        self.wire.say(line).await?;
        let reply = self.reply(PATIENCE).await?;
        self.wire.broken = false;
        Ok(reply)
    }

    /// EHLO (RFC 5321 section 4.1.1.1).
    pub(super) async fn greet(&mut self) -> Result<()> {
        let host = self.wire.host().to_owned();
        let reply = self.command(&format!("EHLO {OURSELVES}")).await?;
        if reply.code != 250 {
            let kind = if reply.kind() == Kind::Busy { Kind::Busy } else { Kind::Protocol };
            return Err(Error::new(kind, &host).because(format!("to EHLO it says {reply}")));
        }
        self.offers.clear();
        for line in reply.lines.iter().skip(1) {
            // "AUTH=LOGIN" is how it was written before RFC 2554.
            let line = line.replacen("AUTH=", "AUTH ", 1);
            let (keyword, parameters) = line.split_once(' ').unwrap_or((&line, ""));
            let known = self.offers.entry(keyword.to_ascii_uppercase()).or_default();
            *known = format!("{known} {}", parameters.trim()).trim().to_owned();
        }
        Ok(())
    }

    /// Says goodbye. What was accepted before is the server's whatever it answers.
    pub async fn quit(mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(5), self.command("QUIT")).await;
    }
}
