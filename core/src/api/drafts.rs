//! Calls about writing. Each returns when the disk has it; no server is waited for, but for a message that is not here yet.

use super::core::Core;
use crate::error::{Error, Kind, Result};
use crate::journal::draft::{self, Version};
use crate::journal::send;
use crate::model::{AccountId, Address, OutgoingId, PlacementId, Role};
use crate::query::draft as shown;
use crate::query::draft::{DraftContent, DraftFile, DraftSaved, DraftView, Queued, Wishes};

impl Core {
    /// Begins to write: `kind` is new, reply, reply_all, forward or attach (passed on as a file); the last four are about a message, which
    /// is fetched where it is not here.
    pub async fn draft_begin(&self, kind: String, about: Option<PlacementId>) -> Result<DraftView> {
        let Some(about) = about else {
            let accounts = self.store.accounts().await?;
            let first = accounts.first().ok_or_else(|| Error::new(Kind::NotFound, "account"))?.id;
            return self.begun(first, send::Letter::default(), None).await;
        };
        let (account, raw) = self.whole(about).await?;
        let mine = self.store.addresses_of(account).await?;
        let said = send::letter(&raw).unwrap_or_default();
        let quote = (kind != "attach").then(|| shown::quote(&raw, &said));
        let answer = send::answer(&raw, &mine, kind == "reply_all");
        let from = Address { name: String::new(), address: answer.from };
        let letter = if kind == "forward" || kind == "attach" {
            let subject = format!("Fwd: {}", answer.subject);
            let files = match kind == "forward" {
                true => said.files,
                false => vec![send::whole_as_file(&answer.subject, raw)],
            };
            send::Letter { from, subject, files, forwards: answer.in_reply_to, ..send::Letter::default() }
        } else {
            // Pictures of what is quoted stay in it; files are not sent back.
            let files = said.files.into_iter().filter(|f| !f.content_id.is_empty()).collect();
            send::Letter {
                from,
                to: answer.to,
                cc: answer.cc,
                subject: format!("Re: {}", answer.subject),
                in_reply_to: answer.in_reply_to,
                references: answer.references,
                files,
                ..send::Letter::default()
            }
        };
        self.begun(account, letter, quote).await
    }

    /// Opens a message to go on writing: a draft of any device and program, which is then replaced; any other becomes a new draft.
    pub async fn draft_open(&self, id: PlacementId) -> Result<DraftView> {
        let p = self.store.placement(id).await?;
        let (account, mut letter) = self.draft_letter(id).await?;
        let is_draft = self.store.mailbox(p.mailbox).await?.role == Some(Role::Drafts);
        if !is_draft {
            // A new message with the same words: it answers nothing, and somebody of this account writes it.
            letter = send::Letter { in_reply_to: String::new(), references: Vec::new(), ..letter };
            letter.from = self.own(account, &letter.from.address).await?;
        }
        let version = Version::of(&letter.message_id).filter(|_| is_draft);
        let draft = version.map(|v| v.draft.to_owned()).unwrap_or_default();
        let view = self.view(account, &draft, letter, None).await?;
        let others = match draft.is_empty() {
            true => 0,
            false => self.store.count_beginning(p.mailbox, &format!("{draft}.")).await?.saturating_sub(1),
        };
        Ok(DraftView { id: is_draft.then_some(id), others, ..view })
    }

    /// Puts a draft down, in the place of the version that it was made from.
    pub async fn draft_save(
        &self,
        content: DraftContent,
        replaces: Option<PlacementId>,
    ) -> Result<DraftSaved> {
        let draft = match content.draft.is_empty() {
            true => self.new_id(),
            false => content.draft.clone(),
        };
        let account = content.account;
        let letter = self.letter(content).await?;
        let id = self.put_down(account, &draft, letter, replaces, None).await?;
        let mailbox = self.store.placement(id).await?.mailbox;
        let others = self.store.count_beginning(mailbox, &format!("{draft}.")).await?.saturating_sub(1);
        Ok(DraftSaved { id, draft, others })
    }

    /// Sends what was written, not before `at` (seconds since 1970) and not before `hold` seconds have passed, so that it can be taken
    /// back. `zone` is how far the author's clock is east of UTC, minutes. The draft goes in the same transaction.
    pub async fn draft_send(
        &self,
        content: DraftContent,
        replaces: Option<PlacementId>,
        at: i64,
        hold: u32,
        zone: i32,
    ) -> Result<Queued> {
        let (now, nonce) = (self.clock.now(), self.clock.chance(u64::MAX));
        let account = self.store.account(content.account).await?;
        let letter = self.letter(content).await?;
        let wishes = letter.wishes.clone();
        let at = at.max(now + i64::from(hold));
        let final_letter = send::Letter {
            message_id: send::message_id(&letter.from.address, self.two_chances()),
            date: at,
            zone,
            forwards: String::new(),
            // Said to the server, and to nobody else.
            wishes: Wishes { report: false, only_tls: false, ..wishes.clone() },
            ..letter.clone()
        };
        let raw = send::compose(&final_letter)?;
        let (mut new, raw) = send::ready(&account, raw, (now, at), self.two_chances())?;
        (new.report_delivery, new.require_tls) = (wishes.report, wishes.only_tls);
        let packed = self.store.pack(&format!("out-{now}-{nonce:x}"), raw).await?;
        let mut tx = self.store.begin().await?;
        let id = send::queue(&mut tx, new, packed).await?;
        draft::remove(&mut tx, now, replaces).await?;
        draft::mark_source(&mut tx, now, account.id, &letter).await?;
        tx.commit().await?;
        Ok(Queued { id, at })
    }

    /// Takes a message back that has not gone, to write on: it is a draft again, in the same transaction. Busy where it is just being sent.
    pub async fn outbox_edit(&self, id: OutgoingId) -> Result<DraftView> {
        let o = self.store.outgoing(id).await?;
        let raw = self.store.outgoing_raw(id).await?;
        let mut letter =
            send::letter(&raw).ok_or_else(|| Error::new(Kind::NotFound, &o.subject).because("unreadable"))?;
        (letter.wishes.report, letter.wishes.only_tls) = (o.report_delivery, o.require_tls);
        letter.from = self.own(o.account, &letter.from.address).await?; // what was passed on has another author
        let draft = self.new_id();
        let view = self.view(o.account, &draft, letter.clone(), None).await?;
        let placement = self.put_down(o.account, &draft, letter, None, Some(&o)).await?;
        Ok(DraftView { id: Some(placement), ..view })
    }

    /// Whom the user may mean by what they typed, most likely first.
    pub async fn people(&self, typed: String, count: u32) -> Result<Vec<Address>> {
        Ok(shown::matching(&self.store.people().await?, &typed, count.min(50) as usize))
    }

    /// Writes a version down; with `instead_of`, that message leaves the outbox for it.
    async fn put_down(
        &self,
        account: AccountId,
        draft: &str,
        mut letter: send::Letter,
        replaces: Option<PlacementId>,
        instead_of: Option<&crate::store::outbox::Outgoing>,
    ) -> Result<PlacementId> {
        let (now, nonce) = (self.clock.now(), self.clock.chance(u64::MAX));
        let before = match replaces {
            Some(id) => self.store.version(id).await?,
            None => None,
        };
        let before = before.map(|(id, references, waits)| draft::ancestors(&id, &references, waits));
        letter.references.extend(before.unwrap_or_default());
        let version = Version { draft, version: &self.new_id() };
        letter.message_id = version.message_id(&letter.from.address);
        letter.date = now;
        let raw = send::compose(&letter)?;
        let packed = self.store.pack(&format!("draft-{now}-{nonce:x}"), raw.clone()).await?;
        let mut tx = self.store.begin().await?;
        let files = match instead_of {
            Some(o) => send::withdraw(&mut tx, o).await?,
            None => Vec::new(),
        };
        let id = draft::save(&mut tx, (now, nonce), account, &raw, packed, replaces).await?;
        tx.commit().await?;
        self.store.remove_body_files(&files);
        Ok(id)
    }

    async fn begun(
        &self,
        account: AccountId,
        mut letter: send::Letter,
        quote: Option<shown::Quote>,
    ) -> Result<DraftView> {
        letter.from = self.own(account, &letter.from.address).await?;
        // Which pictures are shown is told by what quotes them.
        letter.html = quote.as_ref().map(|q| q.html.clone()).unwrap_or_default();
        let mut view = self.view(account, "", letter, quote).await?;
        view.content.html.clear();
        Ok(view)
    }

    /// The user as this address of an account; as the account's own where it is none of them.
    /// The user as one of an account's addresses.
    pub(super) async fn own(&self, account: AccountId, address: &str) -> Result<Address> {
        let row = self.store.account(account).await?;
        let identities = self.store.identities(account).await?;
        let chosen = identities.into_iter().find(|i| i.address.eq_ignore_ascii_case(address));
        Ok(match chosen {
            Some(i) => Address { name: i.name, address: i.address },
            None => Address { name: row.name, address: row.address },
        })
    }

    /// The user as the address that a message was sent to.
    pub(super) async fn written_to(&self, account: AccountId, raw: &[u8]) -> Result<Address> {
        let mine = self.store.addresses_of(account).await?;
        self.own(account, &send::answer(raw, &mine, false).from).await
    }

    async fn view(
        &self,
        account: AccountId,
        draft: &str,
        letter: send::Letter,
        quote: Option<shown::Quote>,
    ) -> Result<DraftView> {
        let pictures = shown::pictures(&letter);
        let mut files = Vec::new();
        for file in &letter.files {
            let size = file.bytes.len() as u64;
            let id = self.new_id();
            let path = self.staged(&id)?;
            if let Some(dir) = path.parent() {
                tokio::fs::create_dir_all(dir).await?;
            }
            tokio::fs::write(path, &file.bytes).await?;
            // One that the text does not show is a file like any other.
            let content_id =
                if pictures.contains_key(&file.content_id) { file.content_id.clone() } else { String::new() };
            files.push(DraftFile {
                id,
                name: file.name.clone(),
                media_type: file.media_type.clone(),
                size,
                content_id,
            });
        }
        let content = shown::content(account, draft, &letter, files);
        Ok(DraftView { id: None, content, quote, others: 0, pictures })
    }

    /// What a composer holds, as a letter with its files.
    async fn letter(&self, content: DraftContent) -> Result<send::Letter> {
        let mut files = Vec::new();
        for file in content.files {
            let gone = |e: std::io::Error| Error::new(Kind::FileUnreadable, &file.name).because(e);
            let bytes = tokio::fs::read(self.staged(&file.id)?).await.map_err(gone)?;
            let (name, media_type, content_id) = (file.name, file.media_type, file.content_id);
            // Plain text shows no pictures: they go along as files.
            let content_id = if content.wishes.plain { String::new() } else { content_id };
            files.push(send::File { name, media_type, content_id, bytes });
        }
        let html = send::clean(&content.html);
        let text = send::plain(&html);
        Ok(send::Letter {
            from: content.from,
            to: content.to,
            cc: content.cc,
            bcc: content.bcc,
            subject: content.subject,
            text,
            html: if content.wishes.plain { String::new() } else { html },
            files,
            in_reply_to: content.in_reply_to,
            references: content.references,
            forwards: content.forwards,
            wishes: content.wishes,
            ..send::Letter::default()
        })
    }

    /// Puts a draft down that was written elsewhere than in a composer, in the place of a version; for the command line.
    pub async fn draft_put(
        &self,
        account: AccountId,
        letter: send::Letter,
        replaces: Option<PlacementId>,
    ) -> Result<PlacementId> {
        let before = match replaces {
            Some(id) => self.store.version(id).await?,
            None => None,
        };
        let known = before.and_then(|(id, ..)| Version::of(&id).map(|v| v.draft.to_owned()));
        let draft = known.unwrap_or_else(|| self.new_id());
        self.put_down(account, &draft, letter, replaces, None).await
    }

    /// What a message says, to be written on, without the versions of a draft that led to it.
    pub async fn draft_letter(&self, id: PlacementId) -> Result<(AccountId, send::Letter)> {
        let (account, raw) = self.whole(id).await?;
        let mut letter = send::letter(&raw).ok_or_else(|| Error::new(Kind::NotFound, id.to_string()))?;
        letter.references.retain(|id| Version::of(id).is_none());
        Ok((account, letter))
    }

    /// The account and all of a message, fetched now where it is not here.
    pub(super) async fn whole(&self, id: PlacementId) -> Result<(AccountId, Vec<u8>)> {
        let p = self.store.placement(id).await?;
        let row = self.store.message(p.message).await?;
        if !row.is_here(true)
            && let Some(supervisor) = self.supervisor()
        {
            supervisor.fetch(row.account, p.message, true).await?;
        }
        Ok((row.account, self.raw(id).await?))
    }

    pub(super) fn new_id(&self) -> String {
        format!("{:016x}", self.clock.chance(u64::MAX))
    }
}
