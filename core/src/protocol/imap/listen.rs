//! Waiting for news: IDLE (RFC 2177) for the open mailbox, NOTIFY (RFC 5465) for all of them.

use super::command::Command;
use super::response::{Response, Status};
use super::session::{PATIENCE, Session};
use crate::error::{Error, Kind, Result};
use std::collections::BTreeSet;
use std::time::Duration;

/// How soon a server that is there says goodbye to an IDLE.
const DONE_PATIENCE: Duration = Duration::from_secs(8);

/// What was heard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// The open mailbox changed.
    pub here: bool,
    /// These changed, by name; only with NOTIFY.
    pub elsewhere: BTreeSet<Vec<u8>>,
    /// Mailboxes came, went or were renamed; only with NOTIFY.
    pub tree: bool,
}

impl Heard {
    /// True when there is something to be done.
    pub fn anything(&self) -> bool {
        self.here || self.tree || !self.elsewhere.is_empty()
    }
}

impl Session {
    /// Asks to be told of all the user's mailboxes, not only of the open one; false where the server cannot.
    ///
    /// The open mailbox is told of "delayed": messages go away only while a command of ours allows it, or in IDLE, so that
    /// sequence numbers stay what they are (RFC 5465 section 3.1).
    pub async fn notify(&mut self) -> Result<bool> {
        if !self.can("NOTIFY") {
            return Ok(false);
        }
        let events = "MessageNew MessageExpunge FlagChange";
        let command = Command::new("NOTIFY").raw(&format!(
            "SET (selected-delayed ({events})) (personal ({events} MailboxName SubscriptionChange))"
        ));
        let outcome = self.run(command).await?;
        // [BADEVENT] and [NOTIFICATIONOVERFLOW] leave us with IDLE alone.
        self.heard_of.clear();
        Ok(outcome.status == Status::Ok)
    }

    /// Waits until something changes, `wake` resolves, or `renew` has passed. Servers drop an idle client after 30 minutes,
    /// so renew before 29 (RFC 9051 section 6.3.13), or sooner where the server or the way to it is less patient.
    pub async fn idle(&mut self, renew: Duration, wake: impl Future<Output = ()>) -> Result<Heard> {
        self.listen(renew, wake, || ()).await
    }

    /// The same; `listening` is called once the server listens with us. What happened before that, nobody may tell: Dovecot
    /// 2.3 compares with what it finds then, not with what was when NOTIFY was set.
    pub async fn listen(
        &mut self,
        renew: Duration,
        wake: impl Future<Output = ()>,
        listening: impl FnOnce(),
    ) -> Result<Heard> {
        self.usable()?;
        self.broken = true;
        // What was said in passing while other commands ran is not said again.
        let mut heard = Heard {
            here: std::mem::take(&mut self.stirred),
            elsewhere: std::mem::take(&mut self.heard_of),
            tree: false,
        };
        let tag = self.tag();
        self.transport.write(format!("{tag} IDLE\r\n").as_bytes()).await?;
        loop {
            let response = self.read_response(PATIENCE).await?;
            self.take_note(&response);
            match response {
                Response::Continue(_) => break,
                Response::Tagged { .. } => {
                    self.broken = false;
                    return Err(Error::new(Kind::Refused, "IDLE"));
                }
                other => note(&mut heard, &other),
            }
        }
        listening();
        heard.elsewhere.append(&mut self.heard_of);
        if !heard.anything() {
            let deadline = tokio::time::sleep(renew);
            tokio::pin!(deadline, wake);
            loop {
                tokio::select! {
                    response = self.read_response(renew + PATIENCE) => {
                        let response = response?;
                        self.take_note(&response);
                        note(&mut heard, &response);
                        heard.elsewhere.append(&mut self.heard_of);
                        if heard.anything() {
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
            let response = self.read_response(DONE_PATIENCE).await?;
            self.take_note(&response);
            match response {
                Response::Tagged { .. } => break,
                other => note(&mut heard, &other),
            }
        }
        heard.elsewhere.append(&mut self.heard_of);
        self.stirred = false; // told
        self.broken = false;
        Ok(heard)
    }
}

fn note(heard: &mut Heard, response: &Response) {
    match response {
        Response::Exists(_) | Response::Expunge(_) | Response::Vanished { .. } | Response::Fetch(_) => {
            heard.here = true
        }
        Response::List(_) => heard.tree = true,
        _ => {}
    }
}
