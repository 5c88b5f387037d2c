//! One connection: commands in, answers out.

use super::Model;
use super::fault::Fault;
use super::world::{Folder, Mail};
use malote_core::uid_set::UidSet;
use std::fmt::Write;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};

/// The mailbox that a connection has open, as this connection has been told of it.
struct Open {
    name: String,
    validity: u32,
    /// UIDs by message sequence number.
    seen: Vec<u32>,
    /// Flags up to this mod-sequence were told.
    told: u64,
}

struct Session {
    model: Model,
    stream: BufReader<DuplexStream>,
    open: Option<Open>,
    qresync: bool,
    condstore: bool,
}

/// The words of a command; literals and quoted strings are one word each, parentheses stay as they are.
fn words(line: &[u8]) -> Vec<String> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at < line.len() {
        let mut word = Vec::new();
        let mut depth = 0;
        if line[at] == b'"' {
            at += 1;
            while at < line.len() && line[at] != b'"' {
                at += usize::from(line[at] == b'\\');
                word.push(line[at]);
                at += 1;
            }
            at += 1;
        } else {
            while at < line.len() && (line[at] != b' ' || depth > 0) {
                depth +=
                    i32::from(matches!(line[at], b'(' | b'[')) - i32::from(matches!(line[at], b')' | b']'));
                word.push(line[at]);
                at += 1;
            }
        }
        out.push(String::from_utf8_lossy(&word).into_owned());
        at += 1;
    }
    out
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn uids_of(text: &str, all: &[u32]) -> Vec<u32> {
    let mut out = Vec::new();
    for part in text.split(',') {
        let (lo, hi) = part.split_once(':').unwrap_or((part, part));
        let top = all.last().copied().unwrap_or(0);
        let number = |t: &str| if t == "*" { top } else { t.parse().unwrap_or(0) };
        let (lo, hi) = (number(lo).min(number(hi)), number(lo).max(number(hi)));
        out.extend(all.iter().copied().filter(|u| (lo..=hi).contains(u)));
    }
    out.sort_unstable();
    out.dedup();
    out
}

fn set(uids: impl IntoIterator<Item = u32>) -> String {
    uids.into_iter().collect::<UidSet>().to_string()
}

/// Longer than any patience of ours.
const HANG: Duration = Duration::from_secs(400);

pub(super) async fn serve(model: Model, stream: DuplexStream) {
    let mut session =
        Session { model, stream: BufReader::new(stream), open: None, qresync: false, condstore: false };
    let greeting = format!("* PREAUTH [CAPABILITY {}] model\r\n", session.model.capability_line());
    if session.stream.get_mut().write_all(greeting.as_bytes()).await.is_ok() {
        while session.one().await.is_some() {}
    }
}

impl Session {
    /// A whole command, with its literals in place as quoted words would be; `None` when the client hung up.
    async fn read(&mut self) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
        let (mut whole, mut literals) = (Vec::new(), Vec::new());
        loop {
            let mut line = Vec::new();
            if self.stream.read_until(b'\n', &mut line).await.ok()? == 0 || !line.ends_with(b"\r\n") {
                return None;
            }
            line.truncate(line.len() - 2);
            let open = line.iter().rposition(|b| *b == b'{').filter(|_| line.ends_with(b"}"));
            let Some(open) = open else {
                whole.extend_from_slice(&line);
                return Some((whole, literals));
            };
            let size = String::from_utf8_lossy(&line[open + 1..line.len() - 1]).into_owned();
            if !size.ends_with('+') {
                self.stream.get_mut().write_all(b"+ go on\r\n").await.ok()?;
            }
            let mut literal = vec![0; size.trim_end_matches('+').parse().ok()?];
            self.stream.read_exact(&mut literal).await.ok()?;
            whole.extend_from_slice(&line[..open]);
            whole.extend_from_slice(b"{}");
            literals.push(literal);
        }
    }

    async fn say(&mut self, bytes: &[u8]) -> Option<()> {
        self.stream.get_mut().write_all(bytes).await.ok()
    }

    /// One command; `None` ends the connection.
    async fn one(&mut self) -> Option<()> {
        let (line, literals) = self.read().await?;
        if self.model.0.plan.lock().expect("plan").is_down() {
            return None;
        }
        let mut all = words(&line);
        let tag = all.remove(0);
        let mut verb = all.remove(0).to_ascii_uppercase();
        if verb == "UID" {
            verb = format!("UID {}", all.remove(0).to_ascii_uppercase());
        }
        let fault = self.model.next_fault(&format!("{verb} {}", all.join(" ")));
        match &fault {
            Some(Fault::CutBefore | Fault::Down) => return None,
            Some(Fault::HangBefore) => return self.hang().await,
            Some(Fault::Bye) => {
                self.say(b"* BYE going down\r\n").await?;
                return None;
            }
            Some(Fault::No(code)) => {
                let space = if code.is_empty() { "" } else { " " };
                return self.say(format!("{tag} NO{space}{code} not now\r\n").as_bytes()).await;
            }
            Some(Fault::Bad) => return self.say(format!("{tag} BAD what?\r\n").as_bytes()).await,
            Some(Fault::Overtaken(deed)) => {
                deed(&mut self.model.world());
                self.model.tell();
            }
            _ => {}
        }
        if verb == "IDLE" {
            return self.idle(&tag).await;
        }
        if verb == "LOGOUT" {
            self.say(format!("* BYE\r\n{tag} OK\r\n").as_bytes()).await;
            return None;
        }
        let mut said = String::new();
        let pretend = matches!(fault, Some(Fault::Pretend));
        let empty = matches!(fault, Some(Fault::Empty));
        let done = if pretend {
            "OK done".to_owned()
        } else {
            self.perform(&verb, &all, &literals, empty, &mut said)
        };
        self.model.tell();
        if matches!(fault, Some(Fault::Silent)) {
            said.clear();
        }
        let quiet = matches!(verb.as_str(), "FETCH" | "STORE" | "SEARCH");
        if !quiet {
            self.catch_up(&mut said);
        }
        let before = match fault {
            Some(Fault::Noise) => {
                "* OK [X-WEATHER (sunny \"and {4} warm\")] hm\r\n* XYZZY 1 2 3\r\n* 7 FETCH (X-ODD NIL)\r\n"
            }
            Some(Fault::Echo) => {
                "* OK [ALERT] maintenance tonight\r\n* FLAGS (\\Seen \\Answered $Outra)\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] kept\r\n"
            }
            _ => "",
        };
        let answer = format!("{before}{said}{tag} {done}\r\n").into_bytes();
        match fault {
            Some(Fault::CutAfter) => None,
            Some(Fault::CutHalfway) => {
                self.say(&answer[..answer.len() / 2]).await;
                None
            }
            Some(Fault::HangAfter) => self.hang().await,
            Some(Fault::Sliced) => {
                for byte in answer {
                    self.say(&[byte]).await?;
                    tokio::task::yield_now().await;
                }
                Some(())
            }
            _ => self.say(&answer).await,
        }
    }

    /// Says nothing and lets time pass, once the client has begun to wait.
    async fn hang(&mut self) -> Option<()> {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        tokio::time::advance(HANG).await;
        let mut heard = [0; 1024];
        while self.stream.read(&mut heard).await.ok()? > 0 {}
        None
    }

    async fn idle(&mut self, tag: &str) -> Option<()> {
        self.say(b"+ idling\r\n").await?;
        let model = self.model.clone();
        let mut line = Vec::new();
        loop {
            let changed = model.0.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let mut said = String::new();
            self.catch_up(&mut said);
            self.say(said.as_bytes()).await?;
            tokio::select! {
                () = &mut changed => {}
                read = self.stream.read_until(b'\n', &mut line) => {
                    read.ok().filter(|n| *n > 0)?;
                    return self.say(format!("{tag} OK idled\r\n").as_bytes()).await;
                }
            }
        }
    }

    /// What happened in the open mailbox since this connection was last told.
    fn catch_up(&mut self, said: &mut String) {
        let Some(open) = &mut self.open else { return };
        let world = self.model.world();
        let Some(f) = world.folder(&open.name).filter(|f| f.validity == open.validity) else { return };
        let gone: Vec<u32> = open.seen.iter().copied().filter(|u| f.mail(*u).is_none()).collect();
        if !gone.is_empty() && self.qresync {
            let _ = write!(said, "* VANISHED {}\r\n", set(gone.iter().copied()));
        }
        for uid in &gone {
            let Some(at) = open.seen.iter().position(|u| u == uid) else { continue };
            open.seen.remove(at);
            if !self.qresync {
                let _ = write!(said, "* {} EXPUNGE\r\n", at + 1);
            }
        }
        let before = open.seen.len();
        let last = open.seen.last().copied().unwrap_or(0);
        open.seen.extend(f.mails.iter().map(|m| m.uid).filter(|u| *u > last));
        if open.seen.len() != before {
            let _ = write!(said, "* {} EXISTS\r\n", open.seen.len());
        }
        for m in f.mails.iter().filter(|m| m.modseq > open.told) {
            if let Some(at) = open.seen.iter().position(|u| *u == m.uid) {
                let modseq = if self.condstore { format!(" MODSEQ ({})", m.modseq) } else { String::new() };
                let _ = write!(said, "* {} FETCH (UID {} FLAGS ({}){modseq})\r\n", at + 1, m.uid, flags(m));
            }
        }
        open.told = f.modseq;
    }

    /// Does it; untagged answers go to `said`, the tagged one is returned.
    fn perform(
        &mut self,
        verb: &str,
        words: &[String],
        literals: &[Vec<u8>],
        empty: bool,
        said: &mut String,
    ) -> String {
        let word = |i: usize| words.get(i).map(String::as_str).unwrap_or_default();
        match verb {
            "CAPABILITY" => {
                let _ = write!(said, "* CAPABILITY {}\r\n", self.model.capability_line());
            }
            "NAMESPACE" => said.push_str("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n"),
            "ENABLE" => {
                self.qresync |= words.iter().any(|w| w == "QRESYNC");
                self.condstore |= self.qresync || words.iter().any(|w| w == "CONDSTORE");
                let _ = write!(said, "* ENABLED {}\r\n", words.join(" "));
            }
            "NOOP" | "ID" | "CHECK" => {}
            "LIST" => self.list(word(1), words.get(2..).unwrap_or_default(), empty, said),
            "STATUS" => {
                let world = self.model.world();
                let Some(f) = world.folder(word(0)) else { return "NO [NONEXISTENT] no such mailbox".into() };
                said.push_str(&self.status(f, word(1)));
            }
            "SELECT" | "EXAMINE" => return self.select(word(0), word(1), empty, said),
            "UNSELECT" | "CLOSE" => self.open = None,
            "CREATE" => {
                if !self.model.world().create(word(0)) {
                    return "NO [ALREADYEXISTS] there is one".into();
                }
            }
            "DELETE" | "RENAME" | "SUBSCRIBE" | "UNSUBSCRIBE" => {
                let mut world = self.model.world();
                let fine = match verb {
                    "DELETE" => world.delete(word(0)),
                    "RENAME" if world.folder(word(1)).is_some() => return "NO [ALREADYEXISTS] taken".into(),
                    "RENAME" => world.rename(word(0), word(1)),
                    _ => match world.folder_mut(word(0)) {
                        Some(f) => {
                            f.subscribed = verb == "SUBSCRIBE";
                            true
                        }
                        None => verb == "UNSUBSCRIBE",
                    },
                };
                if !fine {
                    return "NO [NONEXISTENT] no such mailbox".into();
                }
            }
            // Only what a mailbox is used for (RFC 6154 section 4), by one at a time.
            "SETMETADATA" if self.model.can("METADATA") => {
                let mut world = self.model.world();
                let roles = ["\\Drafts", "\\Sent", "\\Archive", "\\Junk", "\\Trash"];
                let role = roles.into_iter().find(|r| words.iter().any(|w| w.contains(r))).unwrap_or("");
                if !role.is_empty() && world.folders.iter().any(|f| f.role == role && f.name != word(0)) {
                    return "NO [CANNOT] another one is used for that".into();
                }
                match world.folder_mut(word(0)) {
                    Some(f) => f.role = role,
                    None => return "NO [NONEXISTENT] no such mailbox".into(),
                }
            }
            "APPEND" => {
                let mut world = self.model.world();
                let list = words.iter().find(|w| w.starts_with('(')).cloned().unwrap_or_default();
                let flags: Vec<&str> = list.trim_matches(['(', ')']).split_whitespace().collect();
                let Some(uid) =
                    world.append(word(0), literals.last().map(Vec::as_slice).unwrap_or_default(), &flags)
                else {
                    return "NO [TRYCREATE] no such mailbox".into();
                };
                let validity = world.folder(word(0)).map_or(0, |f| f.validity);
                if self.model.can("UIDPLUS") {
                    return format!("OK [APPENDUID {validity} {uid}] appended");
                }
            }
            _ => return self.in_mailbox(verb, words, empty, said),
        }
        "OK done".into()
    }

    fn list(&self, pattern: &str, rest: &[String], empty: bool, said: &mut String) {
        let returns = rest.join(" ");
        let items = returns.split_once("STATUS ").map(|(_, i)| i.trim_end_matches(')').to_owned() + ")");
        let world = self.model.world();
        for f in world
            .folders
            .iter()
            .filter(|f| (pattern == "*" || f.name == pattern) && !(empty && f.name != "INBOX"))
        {
            let mut attributes = vec!["\\HasNoChildren"];
            if f.subscribed && returns.contains("SUBSCRIBED") {
                attributes.push("\\Subscribed");
            }
            if !f.role.is_empty() {
                attributes.push(f.role);
            }
            if !f.selectable {
                attributes.push("\\Noselect");
            }
            let _ = write!(said, "* LIST ({}) \"/\" {}\r\n", attributes.join(" "), quoted(&f.name));
            if let Some(items) = items.as_ref().filter(|_| f.selectable) {
                said.push_str(&self.status(f, items));
            }
        }
    }

    fn status(&self, f: &Folder, items: &str) -> String {
        let unseen = f.mails.iter().filter(|m| !m.flags.contains("\\Seen")).count();
        let mut out = format!(
            "MESSAGES {} UIDNEXT {} UIDVALIDITY {} UNSEEN {unseen}",
            f.mails.len(),
            f.uid_next,
            f.validity
        );
        if items.contains("HIGHESTMODSEQ") {
            let _ = write!(out, " HIGHESTMODSEQ {}", f.modseq);
        }
        if items.contains("MAILBOXID") {
            let _ = write!(out, " MAILBOXID (F{})", f.id);
        }
        format!("* STATUS {} ({out})\r\n", quoted(&f.name))
    }

    fn select(&mut self, name: &str, options: &str, empty: bool, said: &mut String) -> String {
        self.open = None;
        self.condstore |= options.contains("CONDSTORE") || options.contains("QRESYNC");
        let world = self.model.world();
        let Some(f) = world.folder(name).filter(|f| f.selectable) else {
            return "NO [NONEXISTENT] no such mailbox".into();
        };
        let seen: Vec<u32> = if empty { Vec::new() } else { f.mails.iter().map(|m| m.uid).collect() };
        let _ = write!(
            said,
            "* {} EXISTS\r\n* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft)\r\n",
            seen.len()
        );
        let _ = write!(said, "* OK [UIDVALIDITY {}] .\r\n* OK [UIDNEXT {}] .\r\n", f.validity, f.uid_next);
        if self.model.can("OBJECTID") {
            let _ = write!(said, "* OK [MAILBOXID (F{})] .\r\n", f.id);
        }
        if self.model.can("CONDSTORE") {
            let _ = write!(said, "* OK [HIGHESTMODSEQ {}] .\r\n", f.modseq);
        }
        if let Some(known) = options.split_once("(QRESYNC (").map(|(_, k)| k.trim_end_matches(')')) {
            let mut numbers = known.split(' ').map(|n| n.parse::<u64>().unwrap_or(0));
            let (validity, since) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
            if validity == u64::from(f.validity) {
                let gone: Vec<u32> = f.vanished.iter().filter(|(m, _)| *m > since).map(|(_, u)| *u).collect();
                if !gone.is_empty() {
                    let _ = write!(said, "* VANISHED (EARLIER) {}\r\n", set(gone));
                }
                for (i, m) in f.mails.iter().enumerate().filter(|(_, m)| m.modseq > since) {
                    let _ = write!(
                        said,
                        "* {} FETCH (UID {} FLAGS ({}) MODSEQ ({}))\r\n",
                        i + 1,
                        m.uid,
                        flags(m),
                        m.modseq
                    );
                }
            }
        }
        self.open = Some(Open { name: f.name.clone(), validity: f.validity, seen, told: f.modseq });
        "OK [READ-WRITE] open".into()
    }

    fn in_mailbox(&mut self, verb: &str, words: &[String], empty: bool, said: &mut String) -> String {
        let Some(open) = &self.open else { return "BAD nothing is open".into() };
        let mut world = self.model.world();
        let Some(f) = world.folder(&open.name).filter(|f| f.validity == open.validity) else {
            return "NO [NONEXISTENT] it is gone".into();
        };
        let name = open.name.clone();
        let all: Vec<u32> = f.mails.iter().map(|m| m.uid).collect();
        let word = |i: usize| words.get(i).map(String::as_str).unwrap_or_default();
        match verb {
            "UID FETCH" | "FETCH" => {
                let by_uid = verb == "UID FETCH";
                let seqs: Vec<u32> = (1..=open.seen.len() as u32).collect();
                let wanted: Vec<u32> = if by_uid {
                    uids_of(word(0), &all)
                } else {
                    uids_of(word(0), &seqs)
                        .into_iter()
                        .filter_map(|n| open.seen.get(n as usize - 1).copied())
                        .collect()
                };
                let since: u64 = words
                    .iter()
                    .find_map(|w| w.strip_prefix("(CHANGEDSINCE "))
                    .and_then(|w| w.trim_end_matches(')').parse().ok())
                    .unwrap_or(0);
                for m in f.mails.iter().filter(|m| wanted.contains(&m.uid) && m.modseq > since) {
                    let Some(at) = open.seen.iter().position(|u| *u == m.uid) else { continue };
                    self.fetch(at + 1, m, word(1), said);
                }
            }
            "UID SEARCH" | "SEARCH" => {
                let extended = word(0) == "RETURN";
                let criteria = words[if extended { 2 } else { 0 }..].join(" ");
                let found: Vec<u32> = match criteria.strip_prefix("UID ") {
                    _ if empty => Vec::new(),
                    Some(uids) => uids_of(uids, &all),
                    None if criteria == "DELETED" => {
                        f.mails.iter().filter(|m| m.flags.contains("\\Deleted")).map(|m| m.uid).collect()
                    }
                    None => all,
                };
                if extended {
                    let list = if found.is_empty() { String::new() } else { format!(" ALL {}", set(found)) };
                    let _ = write!(said, "* ESEARCH (TAG \"x\") UID{list}\r\n");
                } else {
                    let list: Vec<String> = found.iter().map(u32::to_string).collect();
                    let _ = write!(said, "* SEARCH {}\r\n", list.join(" "));
                }
            }
            "UID STORE" => {
                let uids = uids_of(word(0), &all);
                let add = word(1).starts_with('+');
                let given: Vec<&str> = word(2).trim_matches(['(', ')']).split_whitespace().collect();
                let touched = world.store(&name, &uids, add, &given);
                if self.condstore {
                    for uid in touched {
                        let modseq = world.folder(&name).and_then(|f| f.mail(uid)).map_or(0, |m| m.modseq);
                        if let Some(at) = open.seen.iter().position(|u| *u == uid) {
                            let _ = write!(said, "* {} FETCH (UID {uid} MODSEQ ({modseq}))\r\n", at + 1);
                        }
                    }
                }
            }
            "UID COPY" | "UID MOVE" => {
                let uids = uids_of(word(0), &all);
                let Some(validity) = world.folder(word(1)).map(|t| t.validity) else {
                    return "NO [TRYCREATE] no such mailbox".into();
                };
                let moving = verb == "UID MOVE";
                let pairs = if moving {
                    world.relocate(&name, &uids, word(1))
                } else {
                    world.copy(&name, &uids, word(1))
                };
                if self.model.can("UIDPLUS") && !pairs.is_empty() {
                    let list = |side: fn(&(u32, u32)) -> u32| {
                        pairs.iter().map(|p| side(p).to_string()).collect::<Vec<_>>().join(",")
                    };
                    let code = format!("[COPYUID {validity} {} {}]", list(|p| p.0), list(|p| p.1));
                    if moving {
                        let _ = write!(said, "* OK {code} moved\r\n");
                    } else {
                        return format!("OK {code} copied");
                    }
                }
            }
            "UID EXPUNGE" => world.expunge(&name, Some(&uids_of(word(0), &all))),
            "EXPUNGE" => world.expunge(&name, None),
            _ => return "BAD unknown command".into(),
        }
        "OK done".into()
    }

    fn fetch(&self, seq: usize, m: &Mail, items: &str, said: &mut String) {
        let mut out = format!("UID {}", m.uid);
        if items.contains("FLAGS") {
            let _ = write!(out, " FLAGS ({})", flags(m));
        }
        if items.contains("MODSEQ") {
            let _ = write!(out, " MODSEQ ({})", m.modseq);
        }
        if items.contains("INTERNALDATE") {
            out.push_str(" INTERNALDATE \"03-Mar-2026 09:15:00 -0300\"");
        }
        if items.contains("RFC822.SIZE") {
            let _ = write!(out, " RFC822.SIZE {}", m.raw.len());
        }
        if items.contains("BODYSTRUCTURE") {
            let body = m.raw.len() - m.header().len();
            let _ = write!(out, " BODYSTRUCTURE (\"TEXT\" \"PLAIN\" NIL NIL NIL \"8BIT\" {body} 1)");
        }
        if items.contains("EMAILID") {
            let _ = write!(out, " EMAILID (M{})", m.object);
        }
        if items.contains("X-GM-MSGID") {
            let _ = write!(out, " X-GM-MSGID {} X-GM-THRID {} X-GM-LABELS ()", m.object, m.object);
        }
        if items.contains("HEADER.FIELDS") {
            let header = m.header();
            let _ = write!(
                out,
                " BODY[HEADER.FIELDS (SUBJECT)] {{{}}}\r\n{}",
                header.len(),
                String::from_utf8_lossy(header)
            );
        }
        if items.contains("BODY.PEEK[]") {
            let from = items.split_once("[]<").and_then(|(_, r)| r.split_once('.')?.0.parse::<usize>().ok());
            let rest = &m.raw[from.unwrap_or(0).min(m.raw.len())..];
            let mark = from.map(|n| format!("<{n}>")).unwrap_or_default();
            let _ = write!(out, " BODY[]{mark} {{{}}}\r\n{}", rest.len(), String::from_utf8_lossy(rest));
        }
        let _ = write!(said, "* {seq} FETCH ({out})\r\n");
    }
}

fn flags(m: &Mail) -> String {
    m.flags.iter().cloned().collect::<Vec<_>>().join(" ")
}
