//! The driver: one connection, commands in, outcomes out.
//!
//! [`Session::batch`] sends any number of commands in one go and reads until each has its tagged answer; what comes in
//! between is handed to the caller as it arrives, so a FETCH of 100,000 messages is never held in memory. A connection on
//! which a batch was dropped half-way is broken and says so, since nobody could tell whose answers come next.

use super::command::{Command, Part};
use super::frame::Framer;
use super::response::{Code, Response, Status};
use crate::error::{Error, Kind, Result};
use crate::protocol::transport::Transport;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a server may be silent while it owes us an answer. Slow is not dead: every byte starts it anew.
const PATIENCE: Duration = Duration::from_secs(90);

/// The tagged answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// OK, NO or BAD.
    pub status: Status,
    /// Response code.
    pub code: Option<Code>,
    /// The server's words.
    pub text: String,
}

impl Outcome {
    /// Turns NO and BAD into an error about `subject`.
    pub fn ok(self, subject: &str) -> Result<Outcome> {
        if self.status == Status::Ok {
            return Ok(self);
        }
        let named = self.code.as_ref().map_or("", Code::name);
        let kind = match named {
            "AUTHENTICATIONFAILED" | "AUTHORIZATIONFAILED" | "EXPIRED" => Kind::SignInRefused,
            "OVERQUOTA" => Kind::OverQuota,
            "NONEXISTENT" | "TRYCREATE" => Kind::MailboxGone,
            "UNAVAILABLE" | "INUSE" | "LIMIT" | "SERVERBUG" => Kind::Timeout,
            _ => Kind::Refused,
        };
        // BAD means that we do not understand each other; the connection is of no use for this.
        Err(Error::new(kind, subject).because(format!("[{named}] {}", self.text)))
    }
}

/// A signed-in (or about to be) IMAP connection.
pub struct Session {
    pub(super) transport: Transport,
    pub(super) framer: Framer,
    pub(super) capabilities: BTreeSet<String>,
    pub(super) selected: Option<Vec<u8>>,
    /// The open mailbox gained or lost messages since it was opened, heard in passing.
    pub(super) stirred: bool,
    enabled: BTreeSet<String>,
    next_tag: u32,
    broken: bool,
    /// Responses that were not understood, for the log and the tests.
    pub unreadable: u64,
}

impl Session {
    pub(super) fn new(transport: Transport) -> Self {
        Self {
            transport,
            framer: Framer::default(),
            capabilities: BTreeSet::new(),
            selected: None,
            stirred: false,
            enabled: BTreeSet::new(),
            next_tag: 0,
            broken: false,
            unreadable: 0,
        }
    }

    /// True when the server offers the capability (upper case).
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.contains(capability)
    }

    /// All capabilities, for the log and `malote status`.
    pub fn capabilities(&self) -> impl Iterator<Item = &str> {
        self.capabilities.iter().map(String::as_str)
    }

    /// Takes a capability away, as if the server did not offer it. Tests run every sync tier on one server with it.
    pub fn forgo(&mut self, capability: &str) {
        self.capabilities.remove(capability);
    }

    /// True when ENABLE was confirmed for it.
    pub fn enabled(&self, extension: &str) -> bool {
        self.enabled.contains(extension)
    }

    /// The mailbox selected, as the server names it.
    pub fn selected(&self) -> Option<&[u8]> {
        self.selected.as_deref()
    }

    /// True when the connection must be thrown away.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    pub(super) async fn read_response(&mut self, patience: Duration) -> Result<Response> {
        loop {
            if let Some(bytes) = self.framer.next_response()? {
                let response = Response::parse(&bytes);
                if response.is_strange() {
                    self.unreadable += 1;
                    tracing::debug!(bytes = bytes.len(), "a response was not understood and is skipped");
                }
                return Ok(response);
            }
            self.transport.read(self.framer.input(), patience).await?;
        }
    }

    fn tag(&mut self) -> String {
        self.next_tag += 1;
        format!("m{}", self.next_tag)
    }

    /// Sends the commands back to back and waits for all of them. `on` gets every untagged response with the index of the
    /// oldest command that has no outcome yet, which is the one it most likely belongs to.
    ///
    /// An error means that the connection is lost; a NO or BAD is an [`Outcome`], one for each command.
    pub async fn batch(
        &mut self,
        commands: Vec<Command>,
        mut on: impl FnMut(usize, Response) -> Result<()> + Send,
    ) -> Result<Vec<Outcome>> {
        if self.broken {
            return Err(Error::new(Kind::ConnectionLost, self.transport.host()));
        }
        self.broken = true; // until every answer is here: this future may be dropped at any await
        let mut tags: Vec<String> = Vec::with_capacity(commands.len());
        let mut outcomes: Vec<Option<Outcome>> = vec![None; commands.len()];
        let mut buffer = Vec::new();
        for command in commands {
            let tag = self.tag();
            buffer.extend_from_slice(tag.as_bytes());
            tags.push(tag);
            buffer.push(b' ');
            let mut refused = false;
            for part in command.parts {
                match part {
                    Part::Text(text) => buffer.extend_from_slice(&text),
                    Part::Literal(data) => {
                        let plus = self.can("LITERAL+")
                            || ((self.can("LITERAL-") || self.can("IMAP4REV2")) && data.len() <= 4096);
                        let mark = if plus { "+" } else { "" };
                        buffer.extend_from_slice(format!("{{{}{mark}}}\r\n", data.len()).as_bytes());
                        if !plus {
                            self.transport.write(&std::mem::take(&mut buffer)).await?;
                            if !self.wait_to_go_on(&tags, &mut outcomes, &mut on).await? {
                                refused = true;
                                break;
                            }
                        }
                        buffer.extend_from_slice(&data);
                    }
                }
            }
            if !refused {
                buffer.extend_from_slice(b"\r\n");
            }
        }
        if !buffer.is_empty() {
            self.transport.write(&buffer).await?;
        }
        while outcomes.iter().any(Option::is_none) {
            let response = self.read_response(PATIENCE).await?;
            self.settle(response, &tags, &mut outcomes, &mut on)?;
        }
        self.broken = false;
        Ok(outcomes.into_iter().flatten().collect())
    }

    /// Waits for `+` before a synchronising literal; false when the server refused the command instead.
    async fn wait_to_go_on(
        &mut self,
        tags: &[String],
        outcomes: &mut [Option<Outcome>],
        on: &mut (impl FnMut(usize, Response) -> Result<()> + Send),
    ) -> Result<bool> {
        let mine = tags.len() - 1;
        loop {
            let response = self.read_response(PATIENCE).await?;
            if matches!(response, Response::Continue(_)) {
                return Ok(true);
            }
            self.settle(response, tags, outcomes, on)?;
            if outcomes[mine].is_some() {
                return Ok(false);
            }
        }
    }

    fn settle(
        &mut self,
        response: Response,
        tags: &[String],
        outcomes: &mut [Option<Outcome>],
        on: &mut (impl FnMut(usize, Response) -> Result<()> + Send),
    ) -> Result<()> {
        match response {
            Response::Tagged { tag, status, code, text } => {
                let Some(i) = tags.iter().position(|t| *t == tag) else {
                    return Err(Error::new(Kind::Protocol, self.transport.host())
                        .because("an answer to nothing we asked"));
                };
                if let Some(Code::Capability(list)) = &code {
                    self.capabilities = list.iter().cloned().collect();
                }
                outcomes[i] = Some(Outcome { status, code, text });
                Ok(())
            }
            Response::Capability(list) => {
                self.capabilities = list.into_iter().collect();
                Ok(())
            }
            Response::Enabled(list) => {
                self.enabled.extend(list);
                Ok(())
            }
            Response::Status { status: Status::Bye, code, text } => {
                // What follows is the end of the stream, unless this was our LOGOUT.
                tracing::debug!(?code, "the server says goodbye");
                on(self.current(outcomes), Response::Status { status: Status::Bye, code, text })
            }
            other => {
                self.stirred |= matches!(
                    &other,
                    Response::Exists(_) | Response::Expunge(_) | Response::Vanished { earlier: false, .. }
                );
                on(self.current(outcomes), other)
            }
        }
    }

    /// True once when the open mailbox gained or lost messages while other commands ran: the server has said so and will not
    /// say it again in IDLE.
    pub fn take_stirred(&mut self) -> bool {
        std::mem::take(&mut self.stirred)
    }

    fn current(&self, outcomes: &[Option<Outcome>]) -> usize {
        outcomes.iter().position(Option::is_none).unwrap_or(0)
    }

    /// One command whose untagged responses do not matter.
    pub async fn run(&mut self, command: Command) -> Result<Outcome> {
        self.run_with(command, |_| Ok(())).await
    }

    /// One command; `on` gets its untagged responses.
    pub async fn run_with(
        &mut self,
        command: Command,
        mut on: impl FnMut(Response) -> Result<()> + Send,
    ) -> Result<Outcome> {
        let outcomes = self.batch(vec![command], |_, r| on(r)).await?;
        outcomes.into_iter().next().ok_or_else(|| Error::new(Kind::Protocol, ""))
    }

    /// Waits in IDLE (RFC 2177) until the selected mailbox changes, `wake` resolves, or `renew` has passed; returns true
    /// when there is news. Servers drop an idle client after 30 minutes, so renew before 29 (RFC 9051 section 6.3.13).
    pub async fn idle(&mut self, renew: Duration, wake: impl Future<Output = ()>) -> Result<bool> {
        if self.broken {
            return Err(Error::new(Kind::ConnectionLost, self.transport.host()));
        }
        self.broken = true;
        let tag = self.tag();
        self.transport.write(format!("{tag} IDLE\r\n").as_bytes()).await?;
        let mut news = false;
        loop {
            match self.read_response(PATIENCE).await? {
                Response::Continue(_) => break,
                Response::Tagged { .. } => {
                    self.broken = false;
                    return Err(Error::new(Kind::Refused, "IDLE"));
                }
                other => news |= is_news(&other),
            }
        }
        if !news {
            let deadline = tokio::time::sleep(renew);
            tokio::pin!(deadline, wake);
            loop {
                tokio::select! {
                    response = self.read_response(renew + PATIENCE) => {
                        if is_news(&response?) {
                            news = true;
                            break;
                        }
                    }
                    () = &mut wake => break,
                    () = &mut deadline => break,
                }
            }
        }
        self.transport.write(b"DONE\r\n").await?;
        loop {
            match self.read_response(PATIENCE).await? {
                Response::Tagged { .. } => break,
                other => news |= is_news(&other),
            }
        }
        self.broken = false;
        Ok(news)
    }

    /// Says goodbye and does not mind the answer.
    pub async fn logout(mut self) {
        if !self.broken {
            let _ = tokio::time::timeout(Duration::from_secs(3), self.run(Command::new("LOGOUT"))).await;
        }
    }
}

/// True for what says that the selected mailbox changed.
fn is_news(response: &Response) -> bool {
    matches!(
        response,
        Response::Exists(_) | Response::Expunge(_) | Response::Vanished { .. } | Response::Fetch(_)
    )
}
