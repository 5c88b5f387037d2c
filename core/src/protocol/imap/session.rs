//! The driver: one connection, commands in, outcomes out.
//!
//! [`Session::batch`] sends any number of commands in one go and reads until each has its tagged answer; what comes in
//! between is handed to the caller as it arrives, so a FETCH of 100,000 messages is never held in memory. A connection on
//! which a batch was dropped half-way is broken and says so, since nobody could tell whose answers come next.

use super::command::{Command, Part};
use super::frame::Framer;
use super::outcome::{self, Outcome};
use super::response::{Code, Response, Status};
use crate::error::{Error, Kind, Result};
use crate::protocol::transport::Transport;
use crate::utf7;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a server may be silent while it owes us the answer to something quick. Every byte starts it anew.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// The same for what may take a while on a large mailbox. That the server is still there at all, the system watches over
/// meanwhile (`transport::notice_death`): slow is not dead.
const LONG_PATIENCE: Duration = Duration::from_secs(300);

/// What every IMAP4rev2 server can do (RFC 9051 appendix E), by the names these things had before.
const IMPLIED_BY_REV2: &[&str] = &[
    "NAMESPACE",
    "UNSELECT",
    "UIDPLUS",
    "ESEARCH",
    "SEARCHRES",
    "ENABLE",
    "IDLE",
    "SASL-IR",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "MOVE",
    "LITERAL-",
    "BINARY",
    "SPECIAL-USE",
    "STATUS=SIZE",
];

/// A signed-in (or about to be) IMAP connection.
pub struct Session {
    pub(super) transport: Transport,
    pub(super) framer: Framer,
    pub(super) capabilities: BTreeSet<String>,
    /// Taken away by [`Session::forgo`].
    forgone: BTreeSet<String>,
    pub(super) selected: Option<Vec<u8>>,
    /// The open mailbox gained or lost messages since it was opened, heard in passing.
    pub(super) stirred: bool,
    /// Mailboxes that are not open and of which NOTIFY has told something.
    pub(super) heard_of: BTreeSet<Vec<u8>>,
    pub(super) enabled: BTreeSet<String>,
    pub(super) compressed: bool,
    /// True once the server knows who we are: only then its alerts are believed to be its own.
    pub(super) signed_in: bool,
    alerts: Vec<String>,
    /// What the server said when it hung up.
    farewell: Option<Error>,
    next_tag: u32,
    pub(super) broken: bool,
    /// Responses that were not understood, for the log and the tests.
    pub unreadable: u64,
}

impl Session {
    pub(super) fn new(transport: Transport) -> Self {
        Self {
            transport,
            framer: Framer::default(),
            capabilities: BTreeSet::new(),
            forgone: BTreeSet::new(),
            selected: None,
            stirred: false,
            heard_of: BTreeSet::new(),
            enabled: BTreeSet::new(),
            compressed: false,
            signed_in: false,
            alerts: Vec::new(),
            farewell: None,
            next_tag: 0,
            broken: false,
            unreadable: 0,
        }
    }

    /// True when the server offers the capability (upper case), or what it offers contains it.
    pub fn can(&self, capability: &str) -> bool {
        let offered = self.capabilities.contains(capability)
            || (self.capabilities.contains("IMAP4REV2") && IMPLIED_BY_REV2.contains(&capability))
            || (capability == "CONDSTORE" && self.capabilities.contains("QRESYNC")); // RFC 7162 section 3.2.3
        offered && !self.forgone.contains(capability)
    }

    /// All capabilities, for the log and `malote status`.
    pub fn capabilities(&self) -> impl Iterator<Item = &str> {
        self.capabilities.iter().map(String::as_str)
    }

    /// Takes a capability away, as if the server did not offer it. Tests run every sync tier on one server with it.
    pub fn forgo(&mut self, capability: &str) {
        self.forgone.insert(capability.to_owned());
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

    /// True when both directions are compressed.
    pub fn is_compressed(&self) -> bool {
        self.compressed
    }

    /// What the server wants its user to read ([ALERT], RFC 9051 section 7.1), as said after sign-in; once.
    pub fn take_alerts(&mut self) -> Vec<String> {
        std::mem::take(&mut self.alerts)
    }

    /// True when mailbox names travel as UTF-8: after ENABLE UTF8=ACCEPT (RFC 6855 section 3), and with a server that only
    /// knows IMAP4rev2 (RFC 9051 section 5.1). On our side of the session they are modified UTF-7 all the same, so that a
    /// mailbox keeps its name when a server learns something new.
    fn names_are_utf8(&self) -> bool {
        self.enabled.contains("UTF8=ACCEPT")
            || (self.capabilities.contains("IMAP4REV2") && !self.capabilities.contains("IMAP4REV1"))
    }

    pub(super) async fn read_response(&mut self, patience: Duration) -> Result<Response> {
        loop {
            if let Some(bytes) = self.framer.next_response()? {
                let mut response = Response::parse(&bytes);
                if response.is_strange() {
                    self.unreadable += 1;
                    tracing::debug!(bytes = bytes.len(), "a response was not understood and is skipped");
                }
                if self.names_are_utf8() {
                    with_utf7_names(&mut response);
                }
                return Ok(response);
            }
            if let Err(e) = self.transport.read(self.framer.input(), patience).await {
                // What it said before it hung up says more than that it did.
                return Err(match self.farewell.take() {
                    Some(said) if e.kind == Kind::ConnectionLost => said,
                    _ => e,
                });
            }
        }
    }

    pub(super) fn tag(&mut self) -> String {
        self.next_tag += 1;
        format!("m{}", self.next_tag)
    }

    pub(super) fn usable(&self) -> Result<()> {
        if self.broken { Err(Error::new(Kind::ConnectionLost, self.transport.host())) } else { Ok(()) }
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
        self.usable()?;
        self.broken = true; // until every answer is here: this future may be dropped at any await
        let patience = if commands.iter().all(Command::is_quick) { PATIENCE } else { LONG_PATIENCE };
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
                let part = match part {
                    Part::Mailbox(raw) => self.written_name(&raw),
                    other => other,
                };
                let (mark, data) = match part {
                    Part::Text(text) | Part::Mailbox(text) => {
                        buffer.extend_from_slice(&text);
                        continue;
                    }
                    Part::Literal(data) => ("", data),
                    Part::Literal8(data) => ("~", data),
                };
                let plus = self.can("LITERAL+") || (self.can("LITERAL-") && data.len() <= 4096);
                let sign = if plus { "+" } else { "" };
                buffer.extend_from_slice(format!("{mark}{{{}{sign}}}\r\n", data.len()).as_bytes());
                if !plus {
                    self.transport.write(&std::mem::take(&mut buffer)).await?;
                    if !self.wait_to_go_on(&tags, &mut outcomes, &mut on).await? {
                        refused = true;
                        break;
                    }
                }
                buffer.extend_from_slice(&data);
            }
            if !refused {
                buffer.extend_from_slice(b"\r\n");
            }
        }
        if !buffer.is_empty() {
            self.transport.write(&buffer).await?;
        }
        while outcomes.iter().any(Option::is_none) {
            let response = self.read_response(patience).await?;
            self.settle(response, &tags, &mut outcomes, &mut on)?;
        }
        self.broken = false;
        Ok(outcomes.into_iter().flatten().collect())
    }

    /// A mailbox name as this connection wants it.
    fn written_name(&self, raw: &[u8]) -> Part {
        match std::str::from_utf8(raw) {
            Ok(text) if self.names_are_utf8() => Part::string(utf7::decode(text).as_bytes(), true),
            _ => Part::string(raw, false),
        }
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
            let response = self.read_response(LONG_PATIENCE).await?;
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
        self.take_note(&response);
        match response {
            Response::Tagged { tag, status, code, text } => {
                let Some(i) = tags.iter().position(|t| *t == tag).filter(|i| outcomes[*i].is_none()) else {
                    return Err(Error::new(Kind::Protocol, self.transport.host())
                        .because("an answer to nothing we asked"));
                };
                outcomes[i] = Some(Outcome { status, code, text });
                Ok(())
            }
            // "+" while nothing is to be continued: some servers send it to say that they are still there.
            Response::Continue(_) => Ok(()),
            other => on(outcomes.iter().position(Option::is_none).unwrap_or(0), other),
        }
    }

    /// What concerns the connection and not the command.
    pub(super) fn take_note(&mut self, response: &Response) {
        match response {
            Response::Capability(list) => self.capabilities = list.iter().cloned().collect(),
            Response::Enabled(list) if self.enabled.len() < 100 => {
                self.enabled.extend(list.iter().take(100).cloned())
            }
            Response::MailboxStatus(status)
                if self.selected.as_ref() != Some(&status.name) && self.heard_of.len() < 100_000 =>
            {
                self.heard_of.insert(status.name.clone());
            }
            Response::Exists(_) | Response::Expunge(_) | Response::Vanished { earlier: false, .. } => {
                self.stirred = true;
            }
            Response::Tagged { code: Some(code), text, .. }
            | Response::Status { code: Some(code), text, .. } => {
                match code {
                    Code::Capability(list) => self.capabilities = list.iter().cloned().collect(),
                    // Before sign-in anybody in between could have said it (NO STARTTLS, "UI spoofing").
                    Code::Other { name, .. } if name == "ALERT" && self.signed_in => self.hear_alert(text),
                    _ => {}
                }
            }
            _ => {}
        }
        if let Response::Status { status: Status::Bye, code, text } = response {
            let said = outcome::refusal(code.as_ref(), text, self.transport.host());
            // A goodbye without a reason is a lost connection like any other.
            self.farewell = Some(match said.kind {
                Kind::Refused => Error::new(Kind::ConnectionLost, self.transport.host()).because(text),
                _ => said,
            });
        }
    }

    fn hear_alert(&mut self, text: &str) {
        let text: String = text.chars().filter(|c| !c.is_control()).take(300).collect();
        if self.alerts.len() < 10 && !text.is_empty() && !self.alerts.contains(&text) {
            self.alerts.push(text);
        }
    }

    /// True once when the open mailbox gained or lost messages while other commands ran: the server has said so and will not
    /// say it again in IDLE.
    pub fn take_stirred(&mut self) -> bool {
        std::mem::take(&mut self.stirred)
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

    /// Compresses both directions from now on, where the server can (RFC 4978); costs one round trip.
    pub async fn compress(&mut self) -> Result<()> {
        if self.compressed || !self.can("COMPRESS=DEFLATE") {
            return Ok(());
        }
        let outcome = self.run(Command::new("COMPRESS DEFLATE")).await?;
        if outcome.status != Status::Ok {
            return Ok(()); // [COMPRESSIONACTIVE], or it changed its mind: it goes on as it is
        }
        let received = self.framer.take_rest();
        let bare = Transport::over(Box::new(tokio::io::empty()), self.transport.host(), Default::default());
        let transport = std::mem::replace(&mut self.transport, bare);
        self.transport = transport.deflate(received);
        self.compressed = true;
        Ok(())
    }

    /// Says goodbye and does not mind the answer.
    pub async fn logout(mut self) {
        if !self.broken {
            let _ = tokio::time::timeout(Duration::from_secs(3), self.run(Command::new("LOGOUT"))).await;
        }
    }
}

/// Names as our side knows them.
fn with_utf7_names(response: &mut Response) {
    let encode = |name: &mut Vec<u8>| {
        if let Ok(text) = std::str::from_utf8(name) {
            *name = utf7::encode(text).into_bytes();
        }
    };
    match response {
        Response::List(entry) => {
            encode(&mut entry.name);
            if let Some(old) = &mut entry.old_name {
                encode(old);
            }
        }
        Response::MailboxStatus(status) => encode(&mut status.name),
        Response::Namespace(n) => {
            for space in n.personal.iter_mut().chain(&mut n.other).chain(&mut n.shared) {
                encode(&mut space.prefix);
            }
        }
        Response::QuotaRoot { mailbox, .. } | Response::Acl { mailbox, .. } => encode(mailbox),
        Response::Metadata(m) => encode(&mut m.mailbox),
        _ => {}
    }
}
