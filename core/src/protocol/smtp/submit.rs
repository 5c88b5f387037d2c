//! One message on its way (RFC 5321 section 3.3).
//!
//! Until the last octet of the message has gone out the server does not have it, whatever happens; from then on, until its reply
//! is heard, nobody knows. [`Failure::handed_over`] is that line, and nothing here crosses it twice.

use super::Session;
use super::content::Content;
use super::reply::Reply;
use super::session::PATIENCE;
use crate::error::{Error, Kind, Result as Fallible};
use std::time::Duration;
use tokio::sync::mpsc::Receiver;

/// How long a server may take to think about a whole message: 10 minutes (RFC 5321 section 4.5.3.2.6).
const DIGESTING: Duration = Duration::from_secs(600);

/// So many octets are kept back until it is written down that the server may have the message: without them it has none.
const LAST: usize = 3;

/// A message and to whom it goes.
#[derive(Clone)]
pub struct Submission<'m> {
    /// Where failures are reported to; empty = to nobody.
    pub from: &'m str,
    /// To whom, each once.
    pub to: &'m [String],
    /// The message.
    pub content: &'m Content,
    /// Report delivery as well as failure and delay (RFC 3461), where the server can.
    pub report_delivery: bool,
    /// Refuse to let it go on without TLS (RFC 8689).
    pub require_tls: bool,
}

impl<'m> Submission<'m> {
    /// With nothing asked for that does not go without saying.
    pub fn new(from: &'m str, to: &'m [String], content: &'m Content) -> Self {
        Self { from, to, content, report_delivery: false, require_tls: false }
    }
}

/// A message that the server took for all it was meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// What it said to that; often a number by which its people find it.
    pub reply: Reply,
}

/// A message that the server did not take, or may not have taken.
#[derive(Debug)]
pub struct Failure {
    /// Why.
    pub error: Error,
    /// All of it had gone out, and no reply came: the server may have it. False = it has not, for certain.
    pub handed_over: bool,
    /// Those of the recipients who were refused, each with the server's answer. Nobody was sent anything.
    pub refused: Vec<(String, Reply)>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, handed_over: false, refused: Vec::new() }
    }
}

impl Session {
    /// Hands a message over, to all its recipients or to none: one that the server refuses is the user's to put right first. `brink` is
    /// called before the last octets go out: whoever must not send twice writes down there, durably, that from now on the server may
    /// have it. What it returns in the way of an error stops short of that.
    pub async fn submit(
        &mut self,
        mail: &Submission<'_>,
        brink: impl AsyncFnOnce() -> Result<(), Error>,
    ) -> Result<Taken, Failure> {
        let host = self.wire.host().to_owned();
        let (from, rcpts) = self.envelope(mail)?;
        // MAIL and RCPT in one breath where the server takes them so (RFC 2920 section 3.1). DATA waits for their answers: behind it,
        // with one recipient refused, there would be no way back.
        let replies = if self.can("PIPELINING") {
            let all: Vec<&str> = std::iter::once(&from).chain(&rcpts).map(String::as_str).collect();
            self.wire.say(&all.join("\r\n")).await?;
            let mut replies = Vec::with_capacity(all.len());
            for _ in &all {
                replies.push(self.reply(PATIENCE).await?);
            }
            self.wire.broken = false;
            replies
        } else {
            let mut replies = vec![self.command(&from).await?];
            if replies[0].is_positive() {
                for rcpt in &rcpts {
                    replies.push(self.command(rcpt).await?);
                }
            }
            replies
        };
        replies[0].check(&host)?;
        let refused: Vec<(String, Reply)> = mail
            .to
            .iter()
            .zip(&replies[1..])
            .filter(|(_, reply)| !reply.is_positive())
            .map(|(to, reply)| (to.clone(), reply.clone()))
            .collect();
        if let Some((to, reply)) = refused.first() {
            // One that may be taken later must not hide one that never will.
            let worst = refused.iter().find(|(_, reply)| reply.is_permanent());
            let (to, reply) = worst.map_or((to, reply), |(to, reply)| (to, reply));
            let error = Error::new(reply.kind(), to).because(reply);
            let _ = self.command("RSET").await;
            return Err(Failure { error, handed_over: false, refused });
        }
        let reply = if self.can("CHUNKING") {
            self.chunk(mail.content, brink).await?
        } else {
            self.data(mail.content, brink).await?
        };
        match reply.check(&host) {
            Ok(()) => Ok(Taken { reply }),
            Err(error) => Err(error.into()),
        }
    }

    /// BDAT (RFC 3030 section 2).
    async fn chunk(
        &mut self,
        content: &Content,
        brink: impl AsyncFnOnce() -> Result<(), Error>,
    ) -> Result<Reply, Failure> {
        self.wire.say(&format!("BDAT {} LAST", content.size)).await?;
        self.hand_over(content.stream(false), brink).await
    }

    /// DATA (RFC 5321 section 4.1.1.4).
    async fn data(
        &mut self,
        content: &Content,
        brink: impl AsyncFnOnce() -> Result<(), Error>,
    ) -> Result<Reply, Failure> {
        let ready = self.command("DATA").await?;
        if ready.code != 354 {
            let host = self.wire.host().to_owned();
            ready.check(&host)?;
            return Err(Error::new(Kind::Protocol, &host)
                .because("DATA is answered with something else")
                .into());
        }
        self.wire.broken = true;
        self.hand_over(content.stream(true), brink).await
    }

    async fn hand_over(
        &mut self,
        mut pieces: Receiver<Fallible<Vec<u8>>>,
        brink: impl AsyncFnOnce() -> Result<(), Error>,
    ) -> Result<Reply, Failure> {
        // All but the last octets first: should the line break before those, the server cannot have taken it.
        let mut held: Vec<u8> = Vec::new();
        while let Some(piece) = pieces.recv().await {
            held.extend(piece?);
            let most = held.len().saturating_sub(LAST);
            self.wire.transport.write(&held[..most]).await?;
            held.drain(..most);
        }
        brink().await?;
        let unknown = |error| Failure { error, handed_over: true, refused: Vec::new() };
        self.wire.transport.write(&held).await.map_err(unknown)?;
        let reply = self.reply(DIGESTING).await.map_err(unknown)?;
        self.wire.broken = false;
        Ok(reply)
    }

    /// MAIL and RCPT with all that they say.
    fn envelope(&self, mail: &Submission<'_>) -> Result<(String, Vec<String>), Error> {
        let host = self.wire.host();
        if mail.to.is_empty() {
            return Err(Error::new(Kind::Usage, "to").because("nobody to send it to"));
        }
        if let Some(bad) =
            std::iter::once(mail.from).chain(mail.to.iter().map(String::as_str)).find(|a| !is_path(a))
        {
            return Err(Error::new(Kind::Usage, bad).because("not an address"));
        }
        if self.size_limit().is_some_and(|limit| mail.content.size > limit) {
            return Err(Error::new(Kind::TooLarge, host).because("larger than the server says it takes"));
        }
        let eight = mail.content.eight_bits;
        if eight && !self.can("8BITMIME") {
            return Err(Error::new(Kind::Refused, host).because("8 bits for a server that takes 7"));
        }
        let international =
            !mail.from.is_ascii() || mail.to.iter().any(|a| !a.is_ascii()) || mail.content.eight_bits_in_head;
        if international && !self.can("SMTPUTF8") {
            let whose = mail.to.iter().map(String::as_str).find(|a| !a.is_ascii()).unwrap_or(mail.from);
            return Err(Error::new(Kind::NoForeignLetters, whose).because("the server has no SMTPUTF8"));
        }
        if mail.require_tls && !self.can("REQUIRETLS") {
            return Err(Error::new(Kind::NoPromise, host).because("the server has no REQUIRETLS"));
        }
        let mut from = format!("MAIL FROM:<{}>", mail.from);
        if self.can("SIZE") {
            from += &format!(" SIZE={}", mail.content.size);
        }
        if eight {
            from += " BODY=8BITMIME";
        }
        if international {
            from += " SMTPUTF8";
        }
        if mail.require_tls {
            from += " REQUIRETLS";
        }
        // Only the header comes back with a report (RFC 3461 section 4.3).
        let reports = mail.report_delivery && self.can("DSN");
        if reports {
            from += " RET=HDRS";
        }
        let notify = if reports { " NOTIFY=SUCCESS,FAILURE,DELAY" } else { "" };
        Ok((from, mail.to.iter().map(|to| format!("RCPT TO:<{to}>{notify}")).collect()))
    }
}

/// What fits between `<` and `>`: no line end and no bracket, or a command could be written into it.
fn is_path(address: &str) -> bool {
    address.len() <= 320 && !address.chars().any(|c| c.is_control() || c == '<' || c == '>' || c == ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_can_be_written_into_a_command() {
        for bad in ["a@b>\r\nRCPT TO:<c@d", "a b@c", "a<b@c", "a\0@b", "a@b\n"] {
            assert!(!is_path(bad), "{}", bad.escape_debug());
        }
        assert!(is_path("") && is_path("josé@exemplo.test"));
    }
}
