//! Table `outbox`: mail on its way out, and the one table of which step may follow which.
//!
//! A message is sent once or the user is told that nobody knows. What makes it so is the order of durable steps: [`Step::Claim`]
//! before anything is said, [`Step::HandOver`] before the last octets go out, and nothing but a reply, a copy found on the
//! server, or the user leads out of [`State::Handed`] and [`State::Unknown`]. No step exists from there back to the queue by itself.

use super::body::{Packed, Stored};
use super::{Store, Tx};
use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, OutgoingId, Role};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row};

/// Where a message is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It waits for its time.
    Queued,
    /// This device is about to send it; the server cannot have it.
    Claimed,
    /// All but the last octets are out: from here on the server may have it.
    Handed,
    /// The server may have it, and nobody will tell.
    Unknown,
    /// The server does not want it, for certain.
    Refused,
}

impl State {
    /// As it is written down.
    pub fn name(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Claimed => "claimed",
            State::Handed => "handed",
            State::Unknown => "unknown",
            State::Refused => "refused",
        }
    }

    fn read(name: &str) -> Self {
        match name {
            "queued" => State::Queued,
            "claimed" => State::Claimed,
            "handed" => State::Handed,
            "refused" => State::Refused,
            // Not understood, it is never sent by itself.
            _ => State::Unknown,
        }
    }
}

/// What leads from one state to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Its time has come.
    Claim,
    /// The last octets are about to go out.
    HandOver,
    /// The server took it: the row goes, and the copy is filed.
    Taken,
    /// Not taken, for certain, and it may be another time.
    PutBack,
    /// Not taken, for certain, and it never will be.
    Refuse,
    /// No reply came.
    Lose,
    /// A copy was found on the server, or the user says that it arrived.
    Arrived,
    /// The user wants it sent (again), whatever may have happened.
    Again,
    /// The user takes it back: the row goes.
    Withdraw,
}

/// All there is. `None` = the row is gone.
const STEPS: [(State, Step, Option<State>); 14] = [
    (State::Queued, Step::Claim, Some(State::Claimed)),
    (State::Queued, Step::Withdraw, None),
    (State::Claimed, Step::HandOver, Some(State::Handed)),
    (State::Claimed, Step::PutBack, Some(State::Queued)),
    (State::Claimed, Step::Refuse, Some(State::Refused)),
    (State::Handed, Step::Taken, None),
    (State::Handed, Step::PutBack, Some(State::Queued)),
    (State::Handed, Step::Refuse, Some(State::Refused)),
    (State::Handed, Step::Lose, Some(State::Unknown)),
    (State::Unknown, Step::Arrived, None),
    (State::Unknown, Step::Again, Some(State::Queued)),
    (State::Unknown, Step::Withdraw, None),
    (State::Refused, Step::Again, Some(State::Queued)),
    (State::Refused, Step::Withdraw, None),
];

/// The states as a diagram (Mermaid), which ARCHITECTURE.md shows; a test compares.
pub fn diagram() -> String {
    let mut out = String::from("stateDiagram-v2\n    [*] --> queued: send\n");
    for (from, step, to) in STEPS {
        let to = to.map_or("[*]", State::name);
        out += &format!("    {} --> {to}: {}\n", from.name(), words(step));
    }
    out
}

fn words(step: Step) -> &'static str {
    match step {
        Step::Claim => "its time has come",
        Step::HandOver => "the last octets go out",
        Step::Taken => "250, copy filed in Sent",
        Step::PutBack => "4xx, or cut before that",
        Step::Refuse => "5xx",
        Step::Lose => "no reply",
        Step::Arrived => "found in Sent, or the user says so",
        Step::Again => "the user sends it again",
        Step::Withdraw => "the user takes it back",
    }
}

/// A recipient, and what the server said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// The address, as the envelope has it.
    pub address: String,
    /// In the server's words; empty = it said nothing of this one.
    #[serde(default)]
    pub reply: String,
}

/// A message to be sent.
#[derive(Debug, Clone)]
pub struct NewOutgoing {
    /// Through which account.
    pub account: AccountId,
    /// Message-ID, without brackets; empty = a copy on the server would prove nothing, since one lay there before.
    pub message_id: String,
    /// Where failures are reported to.
    pub from: String,
    /// To whom, each once.
    pub to: Vec<String>,
    /// For the screen.
    pub subject: String,
    /// Octets.
    pub size: u64,
    /// Ask for a report of delivery.
    pub report_delivery: bool,
    /// Refuse a way without TLS.
    pub require_tls: bool,
    /// Now, seconds since 1970.
    pub made: i64,
    /// Not before then.
    pub not_before: i64,
}

/// A message on its way out.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its number.
    pub id: OutgoingId,
    /// Through which account.
    pub account: AccountId,
    /// Message-ID, without brackets; empty = a copy on the server would prove nothing, since one lay there before.
    pub message_id: String,
    /// Where failures are reported to.
    pub from: String,
    /// To whom.
    pub to: Vec<Recipient>,
    /// For the screen.
    pub subject: String,
    /// Octets.
    pub size: u64,
    /// Ask for a report of delivery.
    pub report_delivery: bool,
    /// Refuse a way without TLS.
    pub require_tls: bool,
    /// Where it is.
    pub state: State,
    /// When the user sent it, seconds since 1970.
    pub made: i64,
    /// Not before then.
    pub not_before: i64,
    /// How often the server said "not now".
    pub tries: u32,
    /// Why it is not gone: a kind's code, its subject, and the server's words; empty = nothing is wrong.
    pub error: (String, String, String),
}

const COLUMNS: &str = "id, account_id, message_id, sender, recipients, subject, size, report_delivery, require_tls, state, made, not_before, tries, code, about, detail";

fn read(r: &SqliteRow) -> Result<Outgoing> {
    let (to, state): (String, String) = (r.try_get("recipients")?, r.try_get("state")?);
    Ok(Outgoing {
        id: OutgoingId(r.try_get("id")?),
        account: AccountId(r.try_get("account_id")?),
        message_id: r.try_get("message_id")?,
        from: r.try_get("sender")?,
        to: serde_json::from_str(&to).map_err(|e| Error::new(Kind::Storage, "outbox").because(e))?,
        subject: r.try_get("subject")?,
        size: r.try_get::<i64, _>("size")? as u64,
        report_delivery: r.try_get("report_delivery")?,
        require_tls: r.try_get("require_tls")?,
        state: State::read(&state),
        made: r.try_get("made")?,
        not_before: r.try_get("not_before")?,
        tries: r.try_get::<i64, _>("tries")? as u32,
        error: (r.try_get("code")?, r.try_get("about")?, r.try_get("detail")?),
    })
}

fn json(to: &[Recipient]) -> String {
    serde_json::to_string(to).unwrap_or_else(|_| "[]".to_owned())
}

impl Store {
    /// Everything on its way out, in the order in which it was sent.
    pub async fn outbox(&self) -> Result<Vec<Outgoing>> {
        let sql = AssertSqlSafe(format!("SELECT {COLUMNS} FROM outbox ORDER BY id"));
        sqlx::query(sql).fetch_all(self.reader()).await?.iter().map(read).collect()
    }

    /// What an account has on its way out.
    pub async fn outbox_of(&self, account: AccountId) -> Result<Vec<Outgoing>> {
        let sql = AssertSqlSafe(format!("SELECT {COLUMNS} FROM outbox WHERE account_id = ? ORDER BY id"));
        sqlx::query(sql).bind(account.0).fetch_all(self.reader()).await?.iter().map(read).collect()
    }

    /// One of them.
    pub async fn outgoing(&self, id: OutgoingId) -> Result<Outgoing> {
        let sql = AssertSqlSafe(format!("SELECT {COLUMNS} FROM outbox WHERE id = ?"));
        let row = sqlx::query(sql).bind(id.0).fetch_optional(self.reader()).await?;
        read(&row.ok_or_else(|| Error::new(Kind::NotFound, id.to_string()))?)
    }

    /// The message itself, as it was written.
    pub async fn outgoing_raw(&self, id: OutgoingId) -> Result<Vec<u8>> {
        self.unpack(self.outgoing_packed(id).await?).await
    }

    /// The same, to be read in pieces.
    pub async fn outgoing_stored(&self, id: OutgoingId) -> Result<Stored> {
        Ok(self.stored(self.outgoing_packed(id).await?))
    }

    async fn outgoing_packed(&self, id: OutgoingId) -> Result<Packed> {
        let row = sqlx::query("SELECT raw, file FROM outbox WHERE id = ?").bind(id.0);
        let row = row.fetch_optional(self.reader()).await?;
        let row = row.ok_or_else(|| Error::new(Kind::NotFound, id.to_string()))?;
        Ok(Packed::of(row.try_get(0)?, row.try_get(1)?))
    }
}

impl Tx {
    /// Puts a message into the outbox.
    pub async fn add_outgoing(&mut self, new: &NewOutgoing, packed: Packed) -> Result<OutgoingId> {
        let to: Vec<Recipient> =
            new.to.iter().map(|a| Recipient { address: a.clone(), reply: String::new() }).collect();
        let (raw, file) = packed.parts();
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO outbox (account_id, message_id, sender, recipients, subject, size, report_delivery, require_tls, made, not_before, raw, file)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        )
        .bind(new.account.0)
        .bind(&new.message_id)
        .bind(&new.from)
        .bind(json(&to))
        .bind(&new.subject)
        .bind(new.size as i64)
        .bind(new.report_delivery)
        .bind(new.require_tls)
        .bind(new.made)
        .bind(new.not_before)
        .bind(raw)
        .bind(file)
        .fetch_one(self.conn())
        .await?;
        self.touched.outbox.insert(new.account);
        self.touched.sending.insert(new.account);
        Ok(OutgoingId(id))
    }

    /// Does a step of [`STEPS`]. False, and nothing changed, where the message is not where that step begins: somebody was faster.
    pub async fn step(&mut self, o: &Outgoing, step: Step) -> Result<bool> {
        let mut done = false;
        for (from, _, to) in STEPS.iter().filter(|(_, s, _)| *s == step) {
            let sql = match to {
                Some(_) => "UPDATE outbox SET state = ?3 WHERE id = ?1 AND state = ?2",
                None => "DELETE FROM outbox WHERE id = ?1 AND state = ?2",
            };
            let query = sqlx::query(sql).bind(o.id.0).bind(from.name());
            let query = match to {
                Some(to) => query.bind(to.name()),
                None => query,
            };
            if query.execute(self.conn()).await?.rows_affected() > 0 {
                done = true;
                break; // the state it came into may be where the same step begins
            }
        }
        if done {
            self.touched.outbox.insert(o.account);
            if step == Step::Again {
                self.touched.sending.insert(o.account);
            }
        }
        Ok(done)
    }

    /// Writes down how a try ended: when the next one is, and why.
    pub async fn note_try(&mut self, o: &Outgoing) -> Result<()> {
        let (code, about, detail) = &o.error;
        sqlx::query("UPDATE outbox SET recipients = ?, not_before = ?, tries = ?, code = ?, about = ?, detail = ? WHERE id = ?")
            .bind(json(&o.to))
            .bind(o.not_before)
            .bind(i64::from(o.tries))
            .bind(code)
            .bind(about)
            .bind(detail)
            .bind(o.id.0)
            .execute(self.conn())
            .await?;
        self.touched.outbox.insert(o.account);
        Ok(())
    }

    /// The message's body, to be filed elsewhere in this transaction.
    pub async fn outgoing_body(&mut self, id: OutgoingId) -> Result<Packed> {
        let row = sqlx::query("SELECT raw, file FROM outbox WHERE id = ?").bind(id.0).fetch_one(self.conn());
        let row = row.await?;
        Ok(Packed::of(row.try_get(0)?, row.try_get(1)?))
    }

    /// Where the server has a message of this Message-ID (without brackets) that is no draft: `Some(true)` in Sent, `Some(false)` only
    /// elsewhere, such as the inbox of somebody who writes to himself. `None` = nowhere that is known here.
    pub async fn found_sent(&mut self, account: AccountId, message_id: &str) -> Result<Option<bool>> {
        let roles: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT b.role FROM message m JOIN placement p ON p.message_id = m.id JOIN mailbox b ON b.id = p.mailbox_id
             WHERE m.account_id = ? AND m.message_id = ? AND m.message_id <> '' AND p.uid > 0 AND b.gone = 0",
        )
        .bind(account.0)
        .bind(message_id)
        .fetch_all(self.conn())
        .await?;
        let draft = Role::Drafts.as_str();
        if !roles.iter().any(|r| r != draft) {
            return Ok(None);
        }
        // Drafts lie in All Mail too.
        let sent = roles.iter().any(|r| r == Role::Sent.as_str());
        let only_all = roles.iter().all(|r| r == draft || r == Role::All.as_str());
        Ok(if sent {
            Some(true)
        } else if only_all {
            None
        } else {
            Some(false)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing leads by itself from where the server may have a message to where it would be sent.
    #[test]
    fn what_may_have_been_sent_is_not_sent_again_by_itself() {
        let back: Vec<_> = STEPS
            .iter()
            .filter(|(from, _, to)| {
                matches!(from, State::Handed | State::Unknown) && *to == Some(State::Queued)
            })
            .map(|(from, step, _)| (*from, *step))
            .collect();
        // The server's own "not now", and the user's word.
        assert_eq!(back, [(State::Handed, Step::PutBack), (State::Unknown, Step::Again)]);
        let claims: Vec<_> = STEPS.iter().filter(|(_, step, _)| *step == Step::HandOver).collect();
        assert_eq!(claims, [&(State::Claimed, Step::HandOver, Some(State::Handed))]);
    }

    #[test]
    fn the_diagram_in_architecture_is_this_one() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../ARCHITECTURE.md");
        let page = std::fs::read_to_string(page).unwrap_or_default();
        assert!(page.contains(&diagram()), "ARCHITECTURE.md should show:\n```mermaid\n{}```", diagram());
    }
}
