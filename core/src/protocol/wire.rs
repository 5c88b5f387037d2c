//! Lines of text over a transport, for the protocols that are spoken in them: POP3 and SMTP.

use super::sasl::{Exchange, Mechanism};
use super::transport::Transport;
use crate::error::{Error, Kind, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;

/// RFC 1939 section 3, RFC 2449 section 4 and RFC 5321 section 4.5.3.1.5 say 512; people's greetings are longer.
const LONGEST_LINE: usize = 8 * 1024;

/// A conversation in lines.
pub struct Wire {
    /// What carries it.
    pub transport: Transport,
    /// What has come; up to [`Wire::taken`] it was read.
    pub received: Vec<u8>,
    /// See [`Wire::received`].
    pub taken: usize,
    /// Something was said whose answer was not heard to its end: whatever comes next cannot be told apart.
    pub broken: bool,
}

/// How a sign-in ended.
pub struct Signed {
    /// The first line that is no challenge.
    pub line: Vec<u8>,
    /// The server has done its part: with SCRAM, proved that it knows the password.
    pub proved: bool,
    /// It sent a challenge.
    pub challenged: bool,
}

impl Wire {
    /// Nothing said, nothing heard.
    pub fn new(transport: Transport) -> Self {
        Self { transport, received: Vec::new(), taken: 0, broken: false }
    }

    /// Whom this is with.
    pub fn host(&self) -> &str {
        self.transport.host()
    }

    /// Says a line, or several with CRLF between them. The caller clears [`Wire::broken`] once the answer is here: its future
    /// may be dropped at any await.
    pub async fn say(&mut self, line: &str) -> Result<()> {
        if self.broken {
            return Err(Error::new(Kind::ConnectionLost, self.host()));
        }
        self.broken = true;
        self.transport.write(format!("{line}\r\n").as_bytes()).await
    }

    /// Waits for more.
    pub async fn more(&mut self, patience: Duration) -> Result<()> {
        if self.taken > 0 {
            self.received.drain(..self.taken);
            self.taken = 0;
        }
        self.transport.read(&mut self.received, patience).await.map(drop)
    }

    /// A line without its CRLF.
    pub async fn line(&mut self, patience: Duration) -> Result<Vec<u8>> {
        let mut looked = self.taken;
        loop {
            let found = self.received[looked..].windows(2).position(|w| w == b"\r\n");
            if let Some(at) = found {
                let line = self.received[self.taken..looked + at].to_vec();
                self.taken = looked + at + 2;
                return Ok(line);
            }
            let pending = self.received.len() - self.taken;
            if pending > LONGEST_LINE {
                return Err(Error::new(Kind::Protocol, self.host()).because("a line without an end"));
            }
            self.more(patience).await?; // begins with what is pending
            looked = pending.saturating_sub(1);
        }
    }

    /// Goes over to TLS after the server said so. Bytes behind its answer are an attack (the NO STARTTLS study), and everything
    /// heard ends here.
    pub async fn secured(self, trust: &super::tls::Trust) -> Result<Self> {
        if self.taken < self.received.len() {
            return Err(Error::new(Kind::NoTls, self.host()).because("something was slipped in before TLS"));
        }
        Ok(Self::new(self.transport.start_tls(trust).await?))
    }

    /// `AUTH mechanism [initial-response]` and what follows (RFC 5034 section 4, RFC 4954 section 4). A challenge is a line that begins
    /// with `mark`; an initial response goes along where the command stays below `longest` octets. `more`, told whether it did, is said
    /// with the command.
    pub async fn sign_in(
        &mut self,
        mechanism: Mechanism,
        mut exchange: Exchange,
        (mark, longest): (&str, usize),
        more: impl FnOnce(bool) -> String,
        patience: Duration,
    ) -> Result<Signed> {
        let mut line = format!("AUTH {}", mechanism.name());
        // Asked for twice, an exchange goes on where it is: what is not said at once is kept for the first challenge.
        let mut kept = exchange.initial();
        if let Some(initial) = kept.as_ref() {
            let encoded = if initial.is_empty() { "=".to_owned() } else { STANDARD.encode(initial) };
            if line.len() + 1 + encoded.len() <= longest {
                line = format!("{line} {encoded}");
                kept = None;
            }
        }
        let more = more(kept.is_none());
        self.say(&format!("{line}{more}")).await?;
        let mut challenged = false;
        for _ in 0..8 {
            let answer = self.line(patience).await?;
            let rest = answer.strip_prefix(mark.as_bytes());
            let Some(challenge) = rest.filter(|r| r.is_empty() || r.starts_with(b" ")) else {
                return Ok(Signed { line: answer, proved: exchange.is_done(), challenged });
            };
            challenged = true;
            let response = match kept.take() {
                Some(initial) => initial,
                None => {
                    match exchange.respond(&STANDARD.decode(challenge.trim_ascii()).unwrap_or_default()) {
                        Ok(response) => response,
                        Err(e) => {
                            self.transport.write(b"*\r\n").await?; // "cancel" (RFC 5034 section 4, RFC 4954 section 4)
                            return Err(Error { subject: self.host().to_owned(), ..e });
                        }
                    }
                }
            };
            self.transport.write(format!("{}\r\n", STANDARD.encode(response)).as_bytes()).await?;
        }
        Err(Error::new(Kind::Protocol, self.host()).because("the sign-in has no end"))
    }
}
