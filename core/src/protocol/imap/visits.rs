//! Many mailboxes read in one flight: SELECT and FETCH of each, pipelined (RFC 9051 section 5.5), so that a first sync costs a
//! few round trips and not a few for every folder.
//!
//! A SELECT that fails leaves nothing open, so the FETCH behind it fails too and touches no other mailbox (RFC 9051 section
//! 6.3.2).

use super::command::Command;
use super::mailboxes::{SelectRequest, Selected, collect};
use super::response::{Fetched, Response, Status};
use super::session::Session;
use crate::error::{Error, Kind, Result};
use crate::uid_set::UidSet;

/// A mailbox to be opened and read in passing.
pub struct Visit {
    /// The name as the server sent it.
    pub mailbox: Vec<u8>,
    /// What to read.
    pub errand: Errand,
}

/// What to read of a mailbox.
pub enum Errand {
    /// What a list shows of everything in it; about so many messages.
    Headers(u32),
    /// These messages, whole.
    Bodies(UidSet),
}

impl Errand {
    /// More answers than this are not an answer.
    fn most(&self) -> usize {
        match self {
            Errand::Headers(about) => *about as usize * 4 + 10_000,
            Errand::Bodies(uids) => uids.len() as usize * 4 + 10_000,
        }
    }
}

/// What a visit brought.
pub struct Visited {
    /// The mailbox, or why it does not open.
    pub selected: Result<Selected>,
    /// What was fetched, or why that failed.
    pub fetched: Result<Vec<Fetched>>,
}

impl Session {
    /// Visits mailboxes one after the other, in one flight. The last one that opened is open afterwards.
    pub async fn visit_all(&mut self, visits: Vec<Visit>) -> Result<Vec<Visited>> {
        let mut commands = Vec::with_capacity(visits.len() * 2);
        for visit in &visits {
            commands
                .push(self.select_command(&SelectRequest { mailbox: visit.mailbox.clone(), known: None }));
            let (which, items) = match &visit.errand {
                Errand::Headers(_) => ("1:*".to_owned(), self.header_items()),
                Errand::Bodies(uids) => (uids.to_string(), "(UID BODY.PEEK[])".to_owned()),
            };
            commands.push(Command::new("UID FETCH").raw(&which).raw(&items));
        }
        let mut selected: Vec<Selected> = visits.iter().map(|_| Selected::default()).collect();
        let mut fetched: Vec<Vec<Fetched>> = visits.iter().map(|_| Vec::new()).collect();
        let outcomes = self
            .batch(commands, |i, response| match (i % 2, response) {
                (0, response) => collect(&mut selected[i / 2], response),
                (_, Response::Fetch(f)) if f.uid.is_some() && !f.sections.is_empty() => {
                    fetched[i / 2].push(*f);
                    if fetched[i / 2].len() > visits[i / 2].errand.most() {
                        return Err(
                            Error::new(Kind::Protocol, "FETCH").because("more messages than were asked for")
                        );
                    }
                    Ok(())
                }
                _ => Ok(()),
            })
            .await?;
        let mut out = Vec::with_capacity(visits.len());
        let mut outcomes = outcomes.into_iter();
        for ((visit, selected), fetched) in visits.into_iter().zip(selected).zip(fetched) {
            let (Some(opened), Some(read)) = (outcomes.next(), outcomes.next()) else { break };
            let failed = opened.status != Status::Ok;
            let request = SelectRequest { mailbox: visit.mailbox, known: None };
            let selected = self.selected_from(&request, selected, opened, false);
            let fetched = match read.ok("FETCH") {
                _ if failed => Ok(Vec::new()),
                Ok(_) => Ok(fetched),
                Err(e) => Err(e),
            };
            out.push(Visited { selected, fetched });
        }
        Ok(out)
    }
}
