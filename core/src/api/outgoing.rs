//! Calls about sending. Each returns when the disk has it; no server is waited for.

use super::core::Core;
use crate::account;
use crate::error::{Error, Kind, Result};
use crate::journal::send::{self, Leave, Letter};
use crate::model::{AccountId, Address, OutgoingId, PlacementId};
use crate::query::draft::Queued;
use crate::query::invitation::{self, Answer, InvitationView};
use crate::query::outbox::{self, OutgoingView};
use crate::store::outbox::{NewOutgoing, Outgoing, State, Step};
use std::time::{Duration, Instant};

/// A message that leaves later than that leaves the next time that the app runs: the longest time to take one back, and the sending.
const LONGEST: Duration = Duration::from_secs(90);
/// Changes are waited for so long.
const CHANGES: Duration = Duration::from_secs(10);

impl Core {
    /// Everything on its way out, in the order in which it was sent.
    pub async fn outbox(&self) -> Result<Vec<OutgoingView>> {
        outbox::outbox(&self.store).await
    }

    /// Returns when nothing is about to leave any more that its user takes for gone: a message that can still be taken back for a
    /// moment, changes that a server hears of just now. Who closes the app ends it then. What cannot leave is not waited for, and nothing
    /// for longer than a while.
    pub async fn settled(&self) -> Result<()> {
        let (begun, mut mail) = (Instant::now(), Instant::now());
        while begun.elapsed() < LONGEST {
            if self.mail_leaves().await? {
                mail = Instant::now(); // what comes of it, a copy in Sent, is a change
            } else if mail.elapsed() > CHANGES || !self.changes_leave().await? {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    async fn mail_leaves(&self) -> Result<bool> {
        let soon = self.clock.now() + LONGEST.as_secs() as i64;
        let states = self.states().await?;
        let paused = |account| states.iter().any(|s| s.account == account && s.phase == "paused");
        let leaves = |o: &Outgoing| match o.state {
            State::Queued => {
                o.not_before <= soon && o.tries == 0 && o.error.0.is_empty() && !paused(o.account)
            }
            State::Claimed | State::Handed => true,
            State::Unknown | State::Refused => false,
        };
        Ok(self.store.outbox().await?.iter().any(leaves))
    }

    async fn changes_leave(&self) -> Result<bool> {
        let soon = self.clock.now() + CHANGES.as_secs() as i64;
        let states = self.states().await?;
        for s in states.iter().filter(|s| matches!(s.phase.as_str(), "in_step" | "working")) {
            if self.store.waiting_intents(s.account).await?.iter().any(|i| i.not_before <= soon) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sends what somebody wrote, not before `at` (seconds since 1970). Its date and Message-ID are given here.
    pub async fn send(&self, account: AccountId, letter: Letter, at: i64) -> Result<OutgoingId> {
        let message_id = send::message_id(&letter.from.address, self.two_chances());
        // People read when it was sent, not when it was written.
        let letter = Letter { message_id, date: at.max(self.clock.now()), ..letter };
        self.send_raw(account, send::compose(&letter)?, at).await
    }

    /// Sends a message that was made elsewhere, to all that its header names. What it lacks of date and Message-ID is added.
    pub async fn send_raw(&self, account: AccountId, raw: Vec<u8>, at: i64) -> Result<OutgoingId> {
        let account = self.store.account(account).await?;
        let (new, raw) = send::ready(&account, raw, (self.clock.now(), at), self.two_chances())?;
        self.queue(new, raw).await
    }

    async fn queue(&self, new: NewOutgoing, raw: Vec<u8>) -> Result<OutgoingId> {
        let (now, nonce) = (self.clock.now(), self.clock.chance(u64::MAX));
        let packed = self.store.pack(&format!("out-{now}-{nonce:x}"), raw).await?;
        let mut tx = self.store.begin().await?;
        let id = send::queue(&mut tx, new, packed).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Passes a message on to others as it is: it stays its author's, and answers go to them (RFC 5322 section 3.6.6). It leaves after
    /// `hold` seconds; `zone` as in [`Core::draft_send`].
    pub async fn redirect(&self, id: PlacementId, to: Vec<Address>, hold: u32, zone: i32) -> Result<Queued> {
        let (account, raw) = self.whole(id).await?;
        let from = self.written_to(account, &raw).await?;
        let now = self.clock.now();
        let message_id = send::message_id(&from.address, self.two_chances());
        let by = Letter { from, to, zone, message_id, date: now + i64::from(hold), ..Letter::default() };
        let account = self.store.account(account).await?;
        let (new, raw) = send::ready_again(&account, &raw, &by, now)?;
        let at = new.not_before;
        Ok(Queued { id: self.queue(new, raw).await?, at })
    }

    /// Leaves the mailing list that a message came through: by one request over https, which is waited for, or by a message. NotFound
    /// where it names no such way.
    pub async fn list_leave(&self, id: PlacementId) -> Result<()> {
        let (account, raw) = self.whole(id).await?;
        let row = self.store.account(account).await?;
        match send::list(&raw).and_then(|l| l.leave) {
            Some(Leave::OneClick(url)) => account::leave_list(&row, &self.vault, &url).await,
            Some(Leave::Mail { to, subject, text }) => {
                let from = self.written_to(account, &raw).await?;
                let to = vec![Address { name: String::new(), address: to }];
                let letter = Letter { from, to, subject, text, ..Letter::default() };
                self.send(account, letter, 0).await.map(drop)
            }
            Some(Leave::Page(_)) | None => Err(Error::new(Kind::NotFound, "List-Unsubscribe")),
        }
    }

    /// Answers the invitation that a message brings, to who invites, with a subject and a text for people. It leaves after `hold` seconds;
    /// `zone` as in [`Core::draft_send`]. NotFound where the message brings none that can be answered.
    pub async fn invitation_answer(
        &self,
        id: PlacementId,
        answer: Answer,
        subject: String,
        text: String,
        hold: u32,
        zone: i32,
    ) -> Result<Queued> {
        let (account, raw) = self.whole(id).await?;
        let row = self.store.account(account).await?;
        let asked = self.invitation(id, &raw).await?;
        let from = match asked.me.is_empty() {
            true => self.written_to(account, &raw).await?,
            false => self.own(account, &asked.me).await?,
        };
        let now = self.clock.now();
        let said = invitation::reply(&raw, &from, answer, now).filter(|_| asked.asks);
        let said = said.ok_or_else(|| Error::new(Kind::NotFound, "invitation"))?;
        let about = send::answer(&raw, &[], false);
        let date = now + i64::from(hold);
        let letter = Letter {
            message_id: send::message_id(&from.address, self.two_chances()),
            from,
            to: vec![said.to],
            subject,
            text,
            calendar: said.calendar,
            in_reply_to: about.in_reply_to,
            references: about.references,
            date,
            zone,
            ..Letter::default()
        };
        let (new, raw) = send::ready(&row, send::compose(&letter)?, (now, date), self.two_chances())?;
        let at = new.not_before;
        Ok(Queued { id: self.queue(new, raw).await?, at })
    }

    async fn invitation(&self, id: PlacementId, raw: &[u8]) -> Result<InvitationView> {
        let message = self.store.message(self.store.placement(id).await?.message).await?;
        let event = invitation::event(raw).ok_or_else(|| Error::new(Kind::NotFound, "invitation"))?;
        invitation::invitation(&self.store, message.account, &message.envelope.from.address, event).await
    }

    pub(super) fn two_chances(&self) -> [u64; 2] {
        [(); 2].map(|()| self.clock.chance(u64::MAX))
    }

    /// Takes a message back that has not been sent, or gives up one that was refused or of which nobody knows. Busy where it is just being
    /// sent.
    pub async fn outbox_withdraw(&self, id: OutgoingId) -> Result<()> {
        let o = self.store.outgoing(id).await?;
        let mut tx = self.store.begin().await?;
        let files = send::withdraw(&mut tx, &o).await?;
        tx.commit().await?;
        self.store.remove_body_files(&files);
        Ok(())
    }

    /// Sends one again that was refused, or that may have arrived: the user knows.
    pub async fn outbox_again(&self, id: OutgoingId) -> Result<()> {
        let o = self.store.outgoing(id).await?;
        let mut tx = self.store.begin().await?;
        send::again(&mut tx, self.clock.now(), &o).await?;
        tx.commit().await
    }

    /// The user knows that a message arrived of which nobody else knew: it goes into Sent.
    pub async fn outbox_arrived(&self, id: OutgoingId) -> Result<()> {
        let o = self.store.outgoing(id).await?;
        let raw = self.store.outgoing_raw(id).await?;
        let chance = (self.clock.now(), self.clock.chance(u64::MAX));
        let mut tx = self.store.begin().await?;
        let there = tx.found_sent(o.account, &o.message_id).await? == Some(true);
        let files = send::sent(&mut tx, chance, &o, Step::Arrived, &raw, !there).await?;
        let files = files.ok_or_else(|| Error::new(Kind::NotFound, id.to_string()))?;
        tx.commit().await?;
        self.store.remove_body_files(&files);
        Ok(())
    }
}
