//! One conversation with a POP3 server.

use super::reply::{Status, Unstuff, scan_listing, unique_id};
use crate::error::{Error, Kind, Result};
use crate::protocol::wire::Wire;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a server may think.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// A mailbox with more messages than this is none.
const MOST: usize = 5_000_000;
/// Memory is made ready for messages up to this size before they come. Bytes.
const BELIEVED: usize = 1 << 20;
/// How many commands may be under way: less than half of the smallest receive buffer in use (64 KiB), so that neither side can wait
/// for the other to read (RFC 2449 section 6.8).
const WINDOW: usize = 2000;

/// What is to be known of a maildrop: what can be done with it, and what is in it.
pub(super) const SURVEY: &str = "CAPA\r\nLIST\r\nUIDL";

/// What a server offers: upper case, with parameters, such as `SASL PLAIN`.
pub type Capabilities = BTreeSet<String>;

/// A signed-in conversation. Deletions happen when [`Session::quit`] was answered.
pub struct Session {
    pub(super) wire: Wire,
    pub(super) capabilities: Capabilities,
    /// What it offered before the sign-in.
    pub(super) offer: Capabilities,
    /// [`SURVEY`] was said with the sign-in, and LIST and UIDL are to be heard.
    pub(super) ahead: bool,
    /// PLAIN was answered with a challenge: what follows it must wait, the next time too.
    pub(super) challenged: bool,
    /// QUIT was answered.
    gone: bool,
}

/// What lies in the maildrop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Maildrop {
    /// Number, octets and unique-id, in order; the id is empty where the server has none.
    pub messages: Vec<(u32, u64, String)>,
}

impl Session {
    pub(super) fn new(wire: Wire) -> Self {
        Self {
            wire,
            capabilities: Capabilities::new(),
            offer: Capabilities::new(),
            ahead: false,
            challenged: false,
            gone: false,
        }
    }

    /// True where the server offers it (upper case, without parameters).
    pub fn can(&self, name: &str) -> bool {
        self.capabilities.iter().any(|c| c.split(' ').next() == Some(name))
    }

    /// What the server offers.
    pub fn capabilities(&self) -> impl Iterator<Item = &str> {
        self.capabilities.iter().map(String::as_str)
    }

    /// What the server offered before the sign-in, for the next one.
    pub fn offer(&self) -> &Capabilities {
        &self.offer
    }

    pub(super) async fn status(&mut self) -> Result<Status> {
        let line = self.wire.line(PATIENCE).await?;
        Status::read(&line)
            .ok_or_else(|| Error::new(Kind::Protocol, self.wire.host()).because("that is no status line"))
    }

    /// The data behind a status line, unstuffed: about `size` bytes, at most `limit`.
    async fn data(&mut self, size: usize, limit: usize) -> Result<Vec<u8>> {
        let (mut unstuff, mut out) = (Unstuff::default(), Vec::with_capacity(size.min(BELIEVED)));
        loop {
            if let Some(n) = unstuff.feed(&self.wire.received[self.wire.taken..], &mut out) {
                self.wire.taken += n;
                return Ok(out);
            }
            self.wire.taken = self.wire.received.len();
            if out.len() > limit {
                return Err(Error::new(Kind::Protocol, self.wire.host()).because("more than it said"));
            }
            self.wire.more(PATIENCE).await?;
        }
    }

    /// A command whose answer is one line.
    pub(super) async fn command(&mut self, line: &str) -> Result<Status> {
        self.wire.say(line).await?;
        let status = self.status().await?;
        self.wire.broken = false;
        Ok(status)
    }

    /// A command whose answer has data behind `+OK`.
    pub(super) async fn listing(&mut self, line: &str) -> Result<(Status, Vec<u8>)> {
        self.wire.say(line).await?;
        let answer = self.listed().await?;
        self.wire.broken = false;
        Ok(answer)
    }

    pub(super) async fn listed(&mut self) -> Result<(Status, Vec<u8>)> {
        let status = self.status().await?;
        let data = if status.ok { self.data(0, MOST * 100).await? } else { Vec::new() };
        Ok((status, data))
    }

    /// Asks what the server can do (RFC 2449); one that does not know the question can do what RFC 1939 demands.
    pub(super) async fn ask_capabilities(&mut self) -> Result<()> {
        let answer = self.listing("CAPA").await?;
        self.can_do(answer);
        Ok(())
    }

    pub(super) fn can_do(&mut self, (status, data): (Status, Vec<u8>)) {
        self.capabilities = if status.ok { capabilities(&data) } else { Capabilities::new() };
    }

    /// What lies in the maildrop, and what the server can do now: some tell that only to those they know (RFC 2449 section 5). In
    /// one round trip where the server takes commands in advance, in none where it was asked with the sign-in.
    pub async fn survey(&mut self) -> Result<Maildrop> {
        let host = self.wire.host().to_owned();
        let (sizes, ids) = if self.ahead {
            let both = (self.listed().await?, self.listed().await?);
            (self.ahead, self.wire.broken) = (false, false);
            both
        } else if self.can("PIPELINING") {
            self.wire.say(SURVEY).await?;
            let can = self.listed().await?;
            let both = (self.listed().await?, self.listed().await?);
            self.wire.broken = false;
            self.can_do(can);
            both
        } else {
            self.ask_capabilities().await?;
            (self.listing("LIST").await?, self.listing("UIDL").await?)
        };
        sizes.0.check(&host)?;
        let sizes: Vec<(u32, u64)> = lines(&sizes.1).filter_map(scan_listing).collect();
        // Without UIDL the caller tells messages apart by their header.
        let ids = if ids.0.ok { lines(&ids.1).filter_map(unique_id).collect() } else { Vec::new() };
        let ids: std::collections::BTreeMap<u32, String> = ids.into_iter().collect();
        let messages = sizes.into_iter().map(|(n, size)| (n, size, ids.get(&n).cloned().unwrap_or_default()));
        Ok(Maildrop { messages: messages.collect() })
    }

    /// Fetches messages whole, pipelined. `wanted` has numbers and sizes; a size bounds what is believed: a message may be twice as
    /// long as it said, and a megabyte.
    pub fn retrieve<'s>(&'s mut self, wanted: &'s [(u32, u64)]) -> Retrieval<'s> {
        Retrieval { session: self, wanted, lines: None, last: false, said: 0, heard: 0 }
    }

    /// The same where nothing was or will be marked: QUIT goes with the last command where the server takes commands in advance, and
    /// its answer comes behind the last message.
    pub fn retrieve_last<'s>(&'s mut self, wanted: &'s [(u32, u64)]) -> Retrieval<'s> {
        let last = self.can("PIPELINING");
        Retrieval { last, ..self.retrieve(wanted) }
    }

    /// Fetches headers, with so many lines of the body (TOP, RFC 1939 section 7).
    pub fn top<'s>(&'s mut self, wanted: &'s [(u32, u64)], lines: u32) -> Retrieval<'s> {
        Retrieval { session: self, wanted, lines: Some(lines), last: false, said: 0, heard: 0 }
    }

    /// Marks messages as deleted, to happen with [`Session::quit`]; gives those for which the server said so.
    pub async fn delete(&mut self, numbers: &[u32]) -> Result<Vec<u32>> {
        let window = if self.can("PIPELINING") { WINDOW } else { 1 };
        let mut marked = Vec::new();
        for chunk in numbers.chunks(window) {
            let commands: Vec<String> = chunk.iter().map(|n| format!("DELE {n}")).collect();
            self.wire.say(&commands.join("\r\n")).await?;
            for n in chunk {
                if self.status().await?.ok {
                    marked.push(*n);
                }
            }
            self.wire.broken = false;
        }
        Ok(marked)
    }

    /// Takes all marks back.
    pub async fn reset(&mut self) -> Result<()> {
        let host = self.wire.host().to_owned();
        self.command("RSET").await?.check(&host)
    }

    /// Says goodbye, and with it removes what was marked. An error leaves open whether it happened: only the next UIDL tells.
    pub async fn quit(mut self) -> Result<()> {
        if self.gone {
            return Ok(());
        }
        if self.ahead {
            self.survey().await?;
        }
        let host = self.wire.host().to_owned();
        self.command("QUIT").await?.check(&host)
    }
}

/// Messages on their way.
pub struct Retrieval<'s> {
    session: &'s mut Session,
    wanted: &'s [(u32, u64)],
    lines: Option<u32>,
    last: bool,
    said: usize,
    heard: usize,
}

impl Retrieval<'_> {
    /// The next one with its number, in the order asked for; `None` after the last. One that is gone or refused is an error of its own
    /// and ends nothing.
    pub async fn next(&mut self) -> Result<Option<(u32, Result<Vec<u8>>)>> {
        let Some((number, size)) = self.wanted.get(self.heard).copied() else { return Ok(None) };
        let session = &mut *self.session;
        let window = if session.can("PIPELINING") { WINDOW } else { 1 };
        // Half a window in advance at any time, so that the line never runs dry.
        if self.said - self.heard <= window / 2 && self.said < self.wanted.len() {
            let next = (self.heard + window).min(self.wanted.len());
            let mut commands: Vec<String> = self.wanted[self.said..next]
                .iter()
                .map(|(n, _)| match self.lines {
                    None => format!("RETR {n}"),
                    Some(lines) => format!("TOP {n} {lines}"),
                })
                .collect();
            if self.last && next == self.wanted.len() {
                commands.push("QUIT".to_owned());
            }
            session.wire.broken = false;
            session.wire.say(&commands.join("\r\n")).await?;
            self.said = next;
        }
        let host = session.wire.host().to_owned();
        let outcome = match session.status().await?.check(&host) {
            Ok(()) => Ok({
                let size = size as usize;
                session.data(size, size.saturating_mul(2) + (1 << 20)).await?
            }),
            Err(e) => Err(e),
        };
        self.heard += 1;
        if self.heard == self.wanted.len() && self.last {
            // Nothing was marked: whatever it says, nothing depends on it.
            session.gone = true;
            let _ = session.status().await;
        } else if self.said == self.heard {
            session.wire.broken = false;
        }
        Ok(Some((number, outcome)))
    }
}

fn lines(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|b| *b == b'\n').map(|l| l.strip_suffix(b"\r").unwrap_or(l)).filter(|l| !l.is_empty())
}

fn capabilities(data: &[u8]) -> Capabilities {
    lines(data).take(200).map(|l| String::from_utf8_lossy(l).trim().to_ascii_uppercase()).collect()
}
