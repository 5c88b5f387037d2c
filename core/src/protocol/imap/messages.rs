//! Verbs about messages of the open mailbox: fetch, search, store, copy, move, expunge, append.
//!
//! Sets of UIDs are cut so that no command line exceeds what servers take (RFC 7162 section 4 speaks of 8192 bytes), and
//! the pieces travel pipelined.

use super::command::Command;
use super::criteria::Key;
use super::mailboxes::FlagNews;
use super::response::{Code, Fetched, Response};
use super::session::Session;
use super::structure::Structure;
use crate::error::{Error, Kind, Result};
use crate::uid_set::UidSet;

/// Bytes of a body asked for at once: small enough to give way to what the user wants, large enough to fill the line.
pub const PIECE: u64 = 512 * 1024;

const FIELDS: &str = "DATE FROM TO CC SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES LIST-ID";

/// Which messages of the open mailbox.
#[derive(Debug, Clone)]
pub enum Which {
    /// By UID.
    Uids(UidSet),
    /// By message sequence number, both ends included.
    Seqs(u32, u32),
}

/// New UIDs of copied or moved messages, as COPYUID pairs them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copied {
    /// UIDVALIDITY of the target; 0 when the server did not say.
    pub uid_validity: u32,
    /// (UID in the source, UID in the target).
    pub pairs: Vec<(u32, u32)>,
}

/// Cuts a set into texts of at most `max` bytes.
fn texts(set: &UidSet, max: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let whole = set.to_string();
    for range in whole.split(',').filter(|r| !r.is_empty()) {
        match out.last_mut() {
            Some(last) if last.len() + range.len() < max => {
                last.push(',');
                last.push_str(range);
            }
            _ => out.push(range.to_owned()),
        }
    }
    out
}

/// Hands on each message that was asked for, once. A server may add news of others, which is not much; one that answers
/// without an end is stopped, since callers collect what they get.
fn only_asked(
    asked: Option<UidSet>,
    most: u64,
    mut on: impl FnMut(Fetched) -> Result<()> + Send,
) -> impl FnMut(Fetched) -> Result<()> + Send {
    let (mut seen, mut strangers) = (UidSet::new(), 0u64);
    move |f| {
        let uid = f.uid.unwrap_or(0);
        // News of flags alone may come in front of the answer itself.
        let wanted = f.section("BODY[HEADER").is_some()
            && asked.as_ref().is_none_or(|a| a.contains(uid))
            && !seen.contains(uid)
            && seen.len() < most * 2 + 10;
        if !wanted {
            strangers += 1;
            let patience = most * 10 + 20_000;
            return if strangers > patience { Err(endless()) } else { Ok(()) };
        }
        seen.insert(uid);
        on(f)
    }
}

fn endless() -> Error {
    Error::new(Kind::Protocol, "FETCH").because("more messages than were asked for")
}

impl Session {
    pub(super) fn header_items(&self) -> String {
        let modseq = if self.can("CONDSTORE") { " MODSEQ" } else { "" };
        let identity = if self.can("X-GM-EXT-1") {
            " X-GM-MSGID X-GM-THRID X-GM-LABELS"
        } else if self.can("OBJECTID") {
            " EMAILID THREADID"
        } else {
            ""
        };
        format!(
            "(UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE{modseq}{identity} BODY.PEEK[HEADER.FIELDS ({FIELDS})])"
        )
    }

    async fn fetch_each(
        &mut self,
        commands: Vec<Command>,
        mut on: impl FnMut(Fetched) -> Result<()> + Send,
    ) -> Result<()> {
        if commands.is_empty() {
            return Ok(());
        }
        let outcomes = self
            .batch(commands, |_, response| match response {
                Response::Fetch(f) if f.uid.is_some() => on(*f),
                _ => Ok(()),
            })
            .await?;
        for outcome in outcomes {
            outcome.ok("FETCH")?;
        }
        Ok(())
    }

    /// Flags, dates, sizes, structure and the header fields that a list shows.
    pub async fn fetch_headers(
        &mut self,
        which: &Which,
        on: impl FnMut(Fetched) -> Result<()> + Send,
    ) -> Result<()> {
        let items = self.header_items();
        let (most, asked) = match which {
            Which::Uids(uids) => (uids.len(), Some(uids.clone())),
            Which::Seqs(lo, hi) => (u64::from(hi.saturating_sub(*lo)) + 1, None),
        };
        let on = only_asked(asked, most, on);
        let commands = match which {
            Which::Seqs(lo, hi) => vec![Command::new("FETCH").raw(&format!("{lo}:{hi} {items}"))],
            Which::Uids(uids) => texts(uids, 4000)
                .into_iter()
                .map(|set| Command::new("UID FETCH").raw(&set).raw(&items))
                .collect(),
        };
        self.fetch_each(commands, on).await
    }

    /// The same for the newest `count` messages: by UID where the server has PARTIAL (RFC 9394 section 3.4), so that a message
    /// that comes or goes meanwhile shifts nothing; else by sequence number, counted back from `exists`.
    pub async fn fetch_newest(
        &mut self,
        count: u32,
        exists: u32,
        on: impl FnMut(Fetched) -> Result<()> + Send,
    ) -> Result<()> {
        if exists == 0 {
            return Ok(());
        }
        if !self.can("PARTIAL") {
            let first = exists.saturating_sub(count - 1).max(1);
            return self.fetch_headers(&Which::Seqs(first, exists), on).await;
        }
        let (items, on) = (self.header_items(), only_asked(None, u64::from(count), on));
        let command = Command::new("UID FETCH").raw("1:*").raw(&items).raw(&format!("(PARTIAL -1:-{count})"));
        self.fetch_each(vec![command], on).await
    }

    /// UID and flags of everything, or of what changed since a mod-sequence (RFC 7162 section 3.1.4.1).
    pub async fn fetch_flags(
        &mut self,
        changed_since: Option<u64>,
        mut on: impl FnMut(FlagNews) -> Result<()> + Send,
    ) -> Result<()> {
        let command = match changed_since {
            Some(modseq) => Command::new("UID FETCH")
                .raw("1:*")
                .raw("(UID FLAGS MODSEQ)")
                .raw(&format!("(CHANGEDSINCE {modseq})")),
            None => Command::new("UID FETCH").raw("1:*").raw("(UID FLAGS)"),
        };
        self.fetch_each(vec![command], |f| FlagNews::of(f).map_or(Ok(()), &mut on)).await
    }

    /// Whole messages, each in one piece; for messages up to [`PIECE`].
    pub async fn fetch_bodies(
        &mut self,
        uids: &UidSet,
        mut on: impl FnMut(u32, Vec<u8>) -> Result<()> + Send,
    ) -> Result<()> {
        let commands = texts(uids, 4000)
            .into_iter()
            .map(|set| Command::new("UID FETCH").raw(&set).raw("(UID BODY.PEEK[])"))
            .collect();
        self.fetch_each(commands, |f| {
            match (f.uid, f.sections.into_iter().find(|(name, _)| name == "BODY[]")) {
                (Some(uid), Some((_, bytes))) => on(uid, bytes),
                _ => Ok(()),
            }
        })
        .await
    }

    /// One piece of a message from an offset; shorter than asked for at its end, `None` when the message is gone.
    pub async fn fetch_piece(&mut self, uid: u32, offset: u64) -> Result<Option<Vec<u8>>> {
        let mut piece = None;
        let command = Command::new("UID FETCH").raw(&format!("{uid} (UID BODY.PEEK[]<{offset}.{PIECE}>)"));
        self.fetch_each(vec![command], |f| {
            if f.uid == Some(uid)
                && let Some((_, bytes)) = f.sections.into_iter().find(|(name, _)| name.starts_with("BODY[]"))
            {
                piece = Some(bytes);
            }
            Ok(())
        })
        .await?;
        Ok(piece)
    }

    /// Which parts a message has; `None` when it is gone.
    pub async fn fetch_structure(&mut self, uid: u32) -> Result<Option<Structure>> {
        let mut found = None;
        let command = Command::new("UID FETCH").raw(&format!("{uid} (UID BODYSTRUCTURE)"));
        self.fetch_each(vec![command], |f| {
            if f.uid == Some(uid) && f.structure.is_some() {
                found = f.structure;
            }
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// Several parts of a message at once, as they are, encoded: names as the server spells them, such as `BODY[1.MIME]`.
    pub async fn fetch_sections(&mut self, uid: u32, sections: &[String]) -> Result<Vec<(String, Vec<u8>)>> {
        let mut found = Vec::new();
        let items: Vec<String> = sections.iter().map(|s| format!("BODY.PEEK[{s}]")).collect();
        let command = Command::new("UID FETCH").raw(&format!("{uid} (UID {})", items.join(" ")));
        self.fetch_each(vec![command], |f| {
            if f.uid == Some(uid) {
                found.extend(f.sections);
            }
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// One part of a message, decoded: by the server where it can (BINARY, RFC 3516), else `None` and the caller decodes
    /// what [`Session::fetch_section`] gives. `None` also where the server does not know the encoding (UNKNOWN-CTE).
    pub async fn fetch_binary(&mut self, uid: u32, section: &str) -> Result<Option<Vec<u8>>> {
        if !self.can("BINARY") {
            return Ok(None);
        }
        let command = Command::new("UID FETCH").raw(&format!("{uid} (UID BINARY.PEEK[{section}])"));
        match self.fetch_one_section(command, uid, "BINARY[").await {
            Err(e) if e.kind == Kind::Refused => Ok(None),
            other => other,
        }
    }

    /// One part of a message as it is, encoded.
    pub async fn fetch_section(&mut self, uid: u32, section: &str) -> Result<Option<Vec<u8>>> {
        let command = Command::new("UID FETCH").raw(&format!("{uid} (UID BODY.PEEK[{section}])"));
        self.fetch_one_section(command, uid, "BODY[").await
    }

    async fn fetch_one_section(&mut self, command: Command, uid: u32, name: &str) -> Result<Option<Vec<u8>>> {
        let mut found = None;
        self.fetch_each(vec![command], |f| {
            if f.uid == Some(uid)
                && let Some(bytes) = f.section(name)
            {
                found = Some(bytes.to_vec());
            }
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// The first words of messages as the server makes them (RFC 8970), without waiting for those it has not made yet.
    pub async fn fetch_previews(
        &mut self,
        uids: &UidSet,
        mut on: impl FnMut(u32, String) -> Result<()> + Send,
    ) -> Result<()> {
        if !self.can("PREVIEW") {
            return Ok(());
        }
        let commands = texts(uids, 4000)
            .into_iter()
            .map(|set| Command::new("UID FETCH").raw(&set).raw("(UID PREVIEW (LAZY))"))
            .collect();
        self.fetch_each(commands, |f| match (f.uid, f.preview) {
            (Some(uid), Some(text)) => on(uid, text),
            _ => Ok(()),
        })
        .await
    }

    /// Flags and sizes of what matches a search, without the UIDs going to and fro: the server keeps the result (SEARCHRES,
    /// RFC 5182). Else they are searched first and then named.
    pub async fn fetch_matching(
        &mut self,
        criteria: &str,
        mut on: impl FnMut(Fetched) -> Result<()> + Send,
    ) -> Result<()> {
        if !self.can("SEARCHRES") {
            let found = self.search(criteria).await?;
            let commands = texts(&found, 4000)
                .into_iter()
                .map(|set| Command::new("UID FETCH").raw(&set).raw("(UID FLAGS RFC822.SIZE)"))
                .collect();
            return self.fetch_each(commands, on).await;
        }
        let search = Command::new("UID SEARCH RETURN (SAVE)").raw(criteria);
        let fetch = Command::new("UID FETCH").raw("$").raw("(UID FLAGS RFC822.SIZE)");
        let outcomes = self
            .batch(vec![search, fetch], |_, response| match response {
                Response::Fetch(f) if f.uid.is_some() => on(*f),
                _ => Ok(()),
            })
            .await?;
        for outcome in outcomes {
            outcome.ok("SEARCH")?;
        }
        Ok(())
    }

    /// Sets (`+`) or clears (`-`) Gmail labels (X-GM-EXT-1).
    pub async fn store_labels(&mut self, uids: &UidSet, sign: char, labels: &[String]) -> Result<()> {
        if !self.can("X-GM-EXT-1") {
            return Err(Error::new(Kind::Refused, "X-GM-EXT-1"));
        }
        for set in texts(uids, 4000) {
            let mut command = Command::new("UID STORE").raw(&set).raw(&format!("{sign}X-GM-LABELS.SILENT ("));
            for (i, label) in labels.iter().enumerate() {
                // System labels are atoms with a backslash, the user's are mailbox names.
                command = match (i, label.starts_with('\\')) {
                    (0, true) => command.glued(label),
                    (_, true) => command.raw(label),
                    (0, false) => command.glued_mailbox(label.as_bytes()),
                    (_, false) => command.mailbox(label.as_bytes()),
                };
            }
            self.run(command.glued(")")).await?.ok("X-GM-LABELS")?;
        }
        Ok(())
    }

    /// The UIDs that match a search of ours, such as `ALL` or `UID 4:9`.
    pub async fn search(&mut self, criteria: &str) -> Result<UidSet> {
        self.search_for(&Key::Plain(criteria.to_owned())).await
    }

    /// The UIDs that match. ESEARCH where offered, since its answer is short.
    pub async fn search_for(&mut self, key: &Key) -> Result<UidSet> {
        let extended = self.can("ESEARCH");
        let mut command = Command::new(if extended { "UID SEARCH RETURN (ALL)" } else { "UID SEARCH" });
        // With UTF8=ACCEPT it is UTF-8 anyway, and a charset is an error (RFC 6855 section 3).
        if key.is_beyond_ascii() && !self.enabled("UTF8=ACCEPT") {
            command = command.raw("CHARSET UTF-8");
        }
        let mut found = None;
        let outcome = self
            .run_with(key.write(command, false), |response| {
                match response {
                    Response::Search { found: uids, .. } => found = Some(uids),
                    // No ALL in it is how it says "nothing" (RFC 4731 section 3.1). Numbers that are no UIDs are not for us.
                    Response::Esearch(e) if e.uid => found = Some(e.all.unwrap_or_default()),
                    _ => {}
                }
                Ok(())
            })
            .await?;
        outcome.ok("SEARCH")?;
        // OK without any SEARCH line is half an answer: "nothing" must be said.
        found.ok_or_else(|| Error::new(Kind::Protocol, "SEARCH").because("the answer is missing"))
    }

    /// Which of these UIDs the mailbox still has.
    pub async fn still_there(&mut self, uids: &UidSet) -> Result<UidSet> {
        let mut there = UidSet::new();
        for set in texts(uids, 4000) {
            there = there.union(&self.search(&format!("UID {set}")).await?);
        }
        Ok(there.intersect(uids))
    }

    /// Sets (`+`) or clears (`-`) flags. Returns the mod-sequences that the server told (RFC 7162 section 3.1.3).
    pub async fn store_flags(&mut self, uids: &UidSet, sign: char, names: &str) -> Result<Vec<Fetched>> {
        let mut told = Vec::new();
        let commands = texts(uids, 4000)
            .into_iter()
            .map(|set| Command::new("UID STORE").raw(&set).raw(&format!("{sign}FLAGS.SILENT ({names})")))
            .collect();
        self.fetch_each(commands, |f| {
            told.push(f);
            Ok(())
        })
        .await?;
        Ok(told)
    }

    /// Copies to another mailbox.
    pub async fn copy(&mut self, uids: &UidSet, to: &[u8]) -> Result<Copied> {
        self.relocate("UID COPY", uids, to).await
    }

    /// Moves to another mailbox, where the server has MOVE (RFC 6851).
    pub async fn move_to(&mut self, uids: &UidSet, to: &[u8]) -> Result<Copied> {
        self.relocate("UID MOVE", uids, to).await
    }

    async fn relocate(&mut self, verb: &'static str, uids: &UidSet, to: &[u8]) -> Result<Copied> {
        let mut copied = Copied::default();
        let mut note = |code: Option<Code>| {
            if let Some(Code::CopyUid { validity, from, to }) = code {
                copied.uid_validity = validity;
                copied.pairs.extend(from.into_iter().zip(to));
            }
        };
        let commands =
            texts(uids, 4000).into_iter().map(|set| Command::new(verb).raw(&set).mailbox(to)).collect();
        // MOVE sends COPYUID in an untagged OK, before the expunges (RFC 6851 section 4.3).
        let outcomes = self
            .batch(commands, |_, response| {
                if let Response::Status { code, .. } = response {
                    note(code);
                }
                Ok(())
            })
            .await?;
        for outcome in outcomes {
            note(outcome.ok(&String::from_utf8_lossy(to))?.code);
        }
        Ok(copied)
    }

    /// Removes exactly these messages, which carry `\Deleted` (UIDPLUS, RFC 4315 section 2.1).
    pub async fn expunge(&mut self, uids: &UidSet) -> Result<()> {
        if self.can("UIDPLUS") {
            for set in texts(uids, 4000) {
                self.run(Command::new("UID EXPUNGE").raw(&set)).await?.ok("EXPUNGE")?;
            }
            return Ok(());
        }
        // A plain EXPUNGE takes everything that anybody marked: only when that is nothing but ours. Otherwise ours stay
        // marked \Deleted, hidden here, until another client expunges.
        let marked = self.search("DELETED").await?;
        if marked.minus(uids).is_empty() {
            self.run(Command::new("EXPUNGE")).await?.ok("EXPUNGE")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_cut_at_commas() {
        let set: UidSet = (1..2000).map(|n| n * 2).collect();
        let cut = texts(&set, 100);
        assert!(cut.iter().all(|t| t.len() <= 100));
        assert_eq!(cut.join(","), set.to_string());
        assert!(texts(&UidSet::new(), 100).is_empty());
    }
}
