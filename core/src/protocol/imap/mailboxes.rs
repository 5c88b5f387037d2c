//! Verbs about mailboxes: list them, ask what changed, open one.
//!
//! [`Session::survey`] is the first thing said after sign-in and the whole of a cycle in which nothing changed: ENABLE, ID,
//! NAMESPACE, LIST with special uses and counts, and the SELECT of one mailbox travel in one round trip.

use super::command::Command;
use super::outcome::Outcome;
use super::response::{Code, Fetched, ListEntry, MailboxStatus, Namespaces, Response, Status};
use super::session::Session;
use crate::error::{Error, Kind, Result};
use crate::model::Flags;
use crate::uid_set::UidSet;

/// More mailboxes, or more changed flags in one answer, than any server has: it does not mean us well.
const MOST_MAILBOXES: usize = 100_000;
const MOST_CHANGES: usize = 2_000_000;

fn too_much(what: &str) -> Error {
    Error::new(Kind::Protocol, what).because("more of it than any server has")
}

/// Which mailbox to open, and what we know of it.
#[derive(Debug, Clone)]
pub struct SelectRequest {
    /// The name as the server sent it.
    pub mailbox: Vec<u8>,
    /// UIDVALIDITY and HIGHESTMODSEQ of the last visit, for QRESYNC (RFC 7162 section 3.2.5).
    pub known: Option<(u32, u64)>,
}

/// An open mailbox.
#[derive(Debug, Clone, Default)]
pub struct Selected {
    /// EXISTS
    pub exists: u32,
    /// UIDVALIDITY; 0 when the server has none, and then nothing can be kept.
    pub uid_validity: u32,
    /// UIDNEXT; 0 when it was not told.
    pub uid_next: u32,
    /// HIGHESTMODSEQ; `None` when the mailbox has no mod-sequences.
    pub highest_modseq: Option<u64>,
    /// Flags that can be kept (PERMANENTFLAGS); `None` when it was not told, which means all of them.
    pub permanent_flags: Option<Vec<String>>,
    /// True when nothing can be changed in it.
    pub read_only: bool,
    /// Its identity (RFC 8474 section 4.2), as SELECT tells it.
    pub mailbox_id: Option<String>,
    /// QRESYNC: what is gone since the last visit.
    pub vanished: UidSet,
    /// QRESYNC: flags that changed since the last visit.
    pub changed: Vec<FlagNews>,
    /// True when the server answered the QRESYNC question, so that `vanished` and `changed` are complete.
    pub resynced: bool,
}

impl Selected {
    /// The flags that can be kept, as they are stored; where nothing was told that is all of them (RFC 9051 section 6.3.2).
    pub fn permanent(&self) -> String {
        match &self.permanent_flags {
            Some(_) if self.read_only => String::new(),
            Some(names) => names.join(" "),
            None => "\\*".to_owned(),
        }
    }
}

/// The flags of one message as the server has them now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagNews {
    /// Its UID.
    pub uid: u32,
    /// Its flags.
    pub flags: Flags,
    /// Its mod-sequence; 0 where there is none.
    pub modseq: u64,
}

impl FlagNews {
    /// From a FETCH that has them.
    pub fn of(f: Fetched) -> Option<Self> {
        Some(Self { uid: f.uid?, flags: f.flags?, modseq: f.modseq.unwrap_or(0) })
    }
}

/// What one survey learned.
#[derive(Debug, Default)]
pub struct Survey {
    /// Every mailbox listed.
    pub mailboxes: Vec<ListEntry>,
    /// Their counters; mailboxes that cannot be selected have none.
    pub statuses: Vec<MailboxStatus>,
    /// Where the user's own mailboxes are, other users' and everybody's; empty when it was not asked or not told.
    pub namespaces: Namespaces,
    /// The mailbox that was to be opened, or why it was not.
    pub selected: Option<Result<Selected>>,
}

impl Session {
    fn status_items(&self) -> &'static str {
        if self.can("CONDSTORE") {
            "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)"
        } else {
            "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN)"
        }
    }

    pub(super) fn select_command(&self, request: &SelectRequest) -> Command {
        let select = Command::new("SELECT").mailbox(&request.mailbox);
        match request.known {
            Some((validity, modseq)) if self.can("QRESYNC") && modseq > 0 => {
                select.raw(&format!("(QRESYNC ({validity} {modseq}))"))
            }
            _ if self.can("CONDSTORE") => select.raw("(CONDSTORE)"),
            _ => select,
        }
    }

    fn list_command(&self) -> Command {
        let list = Command::new("LIST").string(b"").string(b"*");
        if self.can("LIST-EXTENDED") && self.can("LIST-STATUS") {
            let special = if self.can("SPECIAL-USE") { " SPECIAL-USE" } else { "" };
            list.raw(&format!("RETURN (SUBSCRIBED{special} STATUS {})", self.status_items()))
        } else if self.can("LIST-EXTENDED") && self.can("SPECIAL-USE") {
            list.raw("RETURN (SUBSCRIBED SPECIAL-USE)")
        } else {
            list
        }
    }

    /// Lists all mailboxes with their counters and opens one, in one round trip where the server has LIST-STATUS and in two
    /// where each mailbox must be asked.
    pub async fn survey(&mut self, open: Option<SelectRequest>, first: bool) -> Result<Survey> {
        let mut commands = if first { self.introduction() } else { Vec::new() };
        if self.selected.is_some() {
            // "the STATUS command SHOULD NOT be used on a mailbox that is selected" (RFC 9051 section 6.3.11): Dovecot answers
            // with what this session has seen of it so far. A NOOP in front lets it see.
            commands.push(Command::new("NOOP"));
        }
        if first && self.can("NAMESPACE") {
            commands.push(Command::new("NAMESPACE"));
        }
        let list_at = commands.len();
        commands.push(self.list_command());
        let select_at = open.as_ref().map(|request| {
            commands.push(self.select_command(request));
            commands.len() - 1
        });
        let mut survey = Survey::default();
        let mut collected = Selected::default();
        let asked_resync = open.as_ref().is_some_and(|o| o.known.is_some()) && self.can("QRESYNC");
        let outcomes = self
            .batch(commands, |i, response| {
                if survey.mailboxes.len().max(survey.statuses.len()) > MOST_MAILBOXES {
                    return Err(too_much("LIST"));
                }
                match response {
                    Response::List(entry) => survey.mailboxes.push(entry),
                    Response::MailboxStatus(status) => survey.statuses.push(*status),
                    Response::Namespace(namespaces) => survey.namespaces = namespaces,
                    other if Some(i) == select_at => collect(&mut collected, other)?,
                    _ => {}
                }
                Ok(())
            })
            .await?;
        self.heard_of.clear(); // these counters were asked for
        let mut outcomes = outcomes.into_iter().map(Some).collect::<Vec<_>>();
        if let Some(listed) = outcomes[list_at].take() {
            listed.ok("LIST")?;
        }
        if let (Some(at), Some(request)) = (select_at, open) {
            let outcome = outcomes[at].take();
            survey.selected = outcome.map(|o| self.selected_from(&request, collected, o, asked_resync));
        }
        if survey.statuses.is_empty() {
            survey.statuses = self.ask_each_status(&survey.mailboxes).await?;
        }
        Ok(survey)
    }

    /// STATUS for every mailbox that can be opened, pipelined.
    async fn ask_each_status(&mut self, mailboxes: &[ListEntry]) -> Result<Vec<MailboxStatus>> {
        let items = self.status_items();
        let commands: Vec<Command> = mailboxes
            .iter()
            .filter(|m| selectable(m))
            .map(|m| Command::new("STATUS").mailbox(&m.name).raw(items))
            .collect();
        let mut statuses = Vec::new();
        if !commands.is_empty() {
            self.batch(commands, |_, response| {
                if let Response::MailboxStatus(status) = response {
                    statuses.push(*status);
                }
                Ok(())
            })
            .await?;
        }
        Ok(statuses)
    }

    /// Opens a mailbox.
    pub async fn select(&mut self, request: &SelectRequest) -> Result<Selected> {
        let mut collected = Selected::default();
        let asked = request.known.is_some() && self.can("QRESYNC");
        let command = self.select_command(request);
        let outcome = self.run_with(command, |response| collect(&mut collected, response)).await?;
        self.selected_from(request, collected, outcome, asked)
    }

    pub(super) fn selected_from(
        &mut self,
        request: &SelectRequest,
        mut collected: Selected,
        outcome: Outcome,
        asked_resync: bool,
    ) -> Result<Selected> {
        let name = String::from_utf8_lossy(&request.mailbox).into_owned();
        if outcome.status != Status::Ok {
            self.selected = None; // a failed SELECT leaves nothing selected (RFC 9051 section 6.3.2)
            return Err(match outcome.ok(&name) {
                // A SELECT that is refused without a reason mostly means that the mailbox is gone; the survey tells.
                Err(e) if matches!(e.kind, Kind::Refused | Kind::NotPermitted) => {
                    Error { kind: Kind::MailboxGone, ..e }
                }
                Err(e) => e,
                Ok(_) => Error::new(Kind::MailboxGone, name),
            });
        }
        collected.read_only = outcome.code.as_ref().is_some_and(|c| c.name() == "READ-ONLY");
        self.selected = Some(request.mailbox.clone());
        self.stirred = false;
        // QRESYNC answers only for the UIDVALIDITY it was asked about.
        let same_validity = request.known.is_some_and(|(validity, _)| validity == collected.uid_validity);
        collected.resynced = asked_resync && same_validity && collected.highest_modseq.is_some();
        Ok(collected)
    }

    /// Leaves the open mailbox without removing anything from it: UNSELECT (RFC 3691); else it is opened to be read only and
    /// closed, since CLOSE expunges what was opened to be written (RFC 9051 section 6.4.1).
    pub async fn unselect(&mut self) -> Result<()> {
        let Some(open) = self.selected.take() else { return Ok(()) };
        if self.can("UNSELECT") {
            return self.run(Command::new("UNSELECT")).await?.ok("UNSELECT").map(drop);
        }
        // A failed EXAMINE leaves nothing selected, which is what we want.
        let outcome = self.run(Command::new("EXAMINE").mailbox(&open)).await?;
        if outcome.status == Status::Ok {
            self.run(Command::new("CLOSE")).await?.ok("CLOSE")?;
        }
        Ok(())
    }

    /// Makes a mailbox, and says what it is for where the server keeps that (RFC 6154 section 3; `\\Trash` and so on).
    pub async fn create_mailbox(&mut self, raw: &[u8], special_use: Option<&str>) -> Result<()> {
        let create = Command::new("CREATE").mailbox(raw);
        let create = match special_use.filter(|_| self.can("CREATE-SPECIAL-USE")) {
            Some(attribute) => create.raw(&format!("(USE ({attribute}))")),
            None => create,
        };
        self.run(create).await?.ok(&String::from_utf8_lossy(raw)).map(drop)
    }

    /// Gives a mailbox, and those below it, another name (RFC 9051 section 6.3.6).
    pub async fn rename_mailbox(&mut self, from: &[u8], to: &[u8]) -> Result<()> {
        let rename = Command::new("RENAME").mailbox(from).mailbox(to);
        self.run(rename).await?.ok(&String::from_utf8_lossy(from)).map(drop)
    }

    /// Removes a mailbox with all that is in it. It must not be the open one.
    pub async fn delete_mailbox(&mut self, raw: &[u8]) -> Result<()> {
        self.run(Command::new("DELETE").mailbox(raw)).await?.ok(&String::from_utf8_lossy(raw)).map(drop)
    }

    /// Tells what a mailbox is used for (RFC 6154 section 4); `None` = for nothing special.
    pub async fn set_special_use(&mut self, raw: &[u8], attribute: Option<&str>) -> Result<()> {
        let entry = Command::new("SETMETADATA").mailbox(raw).raw("(/private/specialuse");
        let command = match attribute {
            Some(attribute) => entry.string(attribute.as_bytes()).glued(")"),
            None => entry.raw("NIL)"),
        };
        self.run(command).await?.ok(&String::from_utf8_lossy(raw)).map(drop)
    }

    /// Subscribes to a mailbox, or no more.
    pub async fn subscribe(&mut self, raw: &[u8], wanted: bool) -> Result<()> {
        let verb = if wanted { "SUBSCRIBE" } else { "UNSUBSCRIBE" };
        self.run(Command::new(verb).mailbox(raw)).await?.ok(&String::from_utf8_lossy(raw)).map(drop)
    }
}

/// True when a mailbox can be opened.
pub fn selectable(entry: &ListEntry) -> bool {
    !entry
        .attributes
        .iter()
        .any(|a| a.eq_ignore_ascii_case("\\Noselect") || a.eq_ignore_ascii_case("\\NonExistent"))
}

pub(super) fn collect(selected: &mut Selected, response: Response) -> Result<()> {
    match response {
        // What came before CLOSED belongs to the mailbox that was open until now (RFC 7162 section 3.2.11).
        Response::Status { code: Some(code), .. } if code.name() == "CLOSED" => {
            *selected = Selected::default()
        }
        Response::Status { code: Some(code), .. } => match code {
            Code::UidValidity(v) => selected.uid_validity = v,
            Code::UidNext(n) => selected.uid_next = n,
            Code::HighestModSeq(m) => selected.highest_modseq = Some(m),
            Code::NoModSeq => selected.highest_modseq = None,
            Code::PermanentFlags(names) => selected.permanent_flags = Some(names),
            Code::MailboxId(id) => selected.mailbox_id = Some(id),
            _ => {}
        },
        Response::Exists(n) => selected.exists = n,
        Response::Vanished { uids, .. } => selected.vanished = selected.vanished.union(&uids),
        Response::Fetch(f) => selected.changed.extend(FlagNews::of(*f)),
        _ => {}
    }
    if selected.changed.len() > MOST_CHANGES { Err(too_much("SELECT")) } else { Ok(()) }
}
