//! What a server keeps, and what any client can do to it.

use std::collections::BTreeSet;
use std::sync::Arc;

/// A message in a mailbox.
#[derive(Debug, Clone)]
pub struct Mail {
    pub uid: u32,
    pub raw: Arc<Vec<u8>>,
    pub flags: BTreeSet<String>,
    pub modseq: u64,
    /// The same wherever the message lies (RFC 8474 EMAILID).
    pub object: u64,
}

impl Mail {
    /// The subject, which names the message in the tests.
    pub fn word(&self) -> String {
        let text = String::from_utf8_lossy(&self.raw);
        text.lines().find_map(|l| l.strip_prefix("Subject: ")).unwrap_or_default().to_owned()
    }

    pub fn header(&self) -> &[u8] {
        let end = self.raw.windows(4).position(|w| w == b"\r\n\r\n").map_or(self.raw.len(), |i| i + 4);
        &self.raw[..end]
    }
}

/// A mailbox.
#[derive(Debug, Clone)]
pub struct Folder {
    pub name: String,
    pub role: &'static str,
    pub validity: u32,
    pub uid_next: u32,
    pub modseq: u64,
    /// Ascending by UID.
    pub mails: Vec<Mail>,
    /// (mod-sequence, UID) of what is gone.
    pub vanished: Vec<(u64, u32)>,
    pub subscribed: bool,
    pub selectable: bool,
    /// RFC 8474 MAILBOXID: stays through a rename.
    pub id: u64,
}

impl Folder {
    fn bump(&mut self) -> u64 {
        self.modseq += 1;
        self.modseq
    }

    fn change(&mut self, add: bool, flags: &[&str], which: impl Fn(&Mail) -> bool) -> Vec<u32> {
        let mut touched = Vec::new();
        let modseq = self.modseq + 1;
        for m in self.mails.iter_mut().filter(|m| which(m)) {
            touched.push(m.uid);
            let before = m.flags.clone();
            for flag in flags {
                if add {
                    m.flags.insert((*flag).to_owned());
                } else {
                    m.flags.remove(*flag);
                }
            }
            if m.flags != before {
                m.modseq = modseq;
                self.modseq = modseq;
            }
        }
        touched
    }

    fn take(&mut self, object: u64) {
        if let Some(i) = self.mails.iter().position(|m| m.object == object) {
            let uid = self.mails.remove(i).uid;
            let modseq = self.bump();
            self.vanished.push((modseq, uid));
        }
    }

    pub fn mail(&self, uid: u32) -> Option<&Mail> {
        self.mails.iter().find(|m| m.uid == uid)
    }
}

/// Everything.
#[derive(Debug, Clone)]
pub struct World {
    pub folders: Vec<Folder>,
    next: u64,
    /// Mailboxes are labels of one message, as Gmail has it ([`World::gmail`]).
    labels: bool,
}

/// Where Gmail keeps everything that is not in the two below.
pub const ALL: &str = "[Gmail]/All Mail";
/// What lies here lies nowhere else.
const APART: [&str; 2] = ["[Gmail]/Trash", "[Gmail]/Spam"];

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// Only an inbox.
    pub fn new() -> Self {
        let mut world = Self { folders: Vec::new(), next: 100, labels: false };
        world.create("INBOX");
        world
    }

    /// Gmail's shape (developers.google.com/workspace/gmail/imap/imap-extensions and its help pages): a message is there once and has
    /// labels, which are shown as mailboxes. What carries no label is in All Mail alone; putting it into Trash or Spam takes
    /// all labels off; EXPUNGE takes one label off, and removes for good only in those two; flags are the message's.
    pub fn gmail() -> Self {
        let mut world = Self { labels: true, ..Self::new() };
        for (name, role) in [
            (ALL, "\\All"),
            ("[Gmail]/Drafts", "\\Drafts"),
            ("[Gmail]/Sent Mail", "\\Sent"),
            (APART[0], "\\Trash"),
            (APART[1], "\\Junk"),
        ] {
            world.create_for(name, role);
        }
        world
    }

    fn draw(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn at(&self, name: &str) -> Option<usize> {
        self.folders
            .iter()
            .position(|f| f.name == name || (name.eq_ignore_ascii_case("INBOX") && f.name == "INBOX"))
    }

    pub fn folder(&self, name: &str) -> Option<&Folder> {
        self.at(name).map(|i| &self.folders[i])
    }

    pub fn folder_mut(&mut self, name: &str) -> Option<&mut Folder> {
        self.at(name).map(|i| &mut self.folders[i])
    }

    /// Makes a mailbox; false where there is one.
    pub fn create(&mut self, name: &str) -> bool {
        if self.at(name).is_some() {
            return false;
        }
        let (validity, id) = (self.draw() as u32, self.draw());
        self.folders.push(Folder {
            name: name.to_owned(),
            role: "",
            validity,
            uid_next: 1,
            modseq: 1,
            mails: Vec::new(),
            vanished: Vec::new(),
            subscribed: true,
            selectable: true,
            id,
        });
        true
    }

    /// With a special use, such as `\Trash`.
    pub fn create_for(&mut self, name: &str, role: &'static str) {
        self.create(name);
        if let Some(f) = self.folder_mut(name) {
            f.role = role;
        }
    }

    pub fn delete(&mut self, name: &str) -> bool {
        match self.at(name) {
            Some(i) if name != "INBOX" => {
                self.folders.remove(i);
                true
            }
            _ => false,
        }
    }

    /// Gives a mailbox and those below it another name (RFC 9051 section 6.3.6).
    pub fn rename(&mut self, from: &str, to: &str) -> bool {
        if self.at(from).is_none() || self.at(to).is_some() || from == "INBOX" {
            return false;
        }
        let below = format!("{from}/");
        for f in &mut self.folders {
            if f.name == from {
                f.name = to.to_owned();
            } else if let Some(rest) = f.name.strip_prefix(&below) {
                f.name = format!("{to}/{rest}");
            }
        }
        true
    }

    /// Puts a message in; its UID.
    pub fn append(&mut self, name: &str, raw: &[u8], flags: &[&str]) -> Option<u32> {
        let object = self.draw();
        self.put(name, Arc::new(raw.to_vec()), flags.iter().map(|f| (*f).to_owned()).collect(), object)
    }

    fn put(&mut self, name: &str, raw: Arc<Vec<u8>>, flags: BTreeSet<String>, object: u64) -> Option<u32> {
        if self.labels {
            if let Some(there) = self.folder(name)?.mails.iter().find(|m| m.object == object) {
                return Some(there.uid);
            }
            let apart = APART.contains(&name);
            for place in self.folders.iter_mut().filter(|f| apart || APART.contains(&f.name.as_str())) {
                place.take(object);
            }
            if !apart && name != ALL {
                self.put(ALL, raw.clone(), flags.clone(), object);
            }
        }
        let f = self.folder_mut(name)?;
        let (uid, modseq) = (f.uid_next, f.bump());
        f.uid_next += 1;
        f.mails.push(Mail { uid, raw, flags, modseq, object });
        Some(uid)
    }

    /// Sets or clears flags; the UIDs that are there.
    pub fn store(&mut self, name: &str, uids: &[u32], add: bool, flags: &[&str]) -> Vec<u32> {
        let Some(f) = self.folder_mut(name) else { return Vec::new() };
        let touched = f.change(add, flags, |m| uids.contains(&m.uid));
        let objects: BTreeSet<u64> =
            f.mails.iter().filter(|m| touched.contains(&m.uid)).map(|m| m.object).collect();
        if self.labels {
            // Marked to be expunged it is in one mailbox; everything else is the message's.
            let flags: Vec<&str> = flags.iter().copied().filter(|f| *f != "\\Deleted").collect();
            for other in self.folders.iter_mut().filter(|f| f.name != name) {
                other.change(add, &flags, |m| objects.contains(&m.object));
            }
        }
        touched
    }

    /// Removes these.
    pub fn remove(&mut self, name: &str, uids: &[u32]) {
        if self.labels && name == ALL {
            return; // archived it is already
        }
        let Some(f) = self.folder_mut(name) else { return };
        for uid in uids {
            if let Some(i) = f.mails.iter().position(|m| m.uid == *uid) {
                f.mails.remove(i);
                let modseq = f.bump();
                f.vanished.push((modseq, *uid));
            }
        }
    }

    /// Removes those of these that carry `\Deleted`; all that do when `only` is `None`.
    pub fn expunge(&mut self, name: &str, only: Option<&[u32]>) {
        let Some(f) = self.folder(name) else { return };
        let marked: Vec<u32> = f
            .mails
            .iter()
            .filter(|m| m.flags.contains("\\Deleted") && only.is_none_or(|o| o.contains(&m.uid)))
            .map(|m| m.uid)
            .collect();
        self.remove(name, &marked);
    }

    /// Copies; (old UID, new UID) of each that is there.
    pub fn copy(&mut self, from: &str, uids: &[u32], to: &str) -> Vec<(u32, u32)> {
        let Some(f) = self.folder(from) else { return Vec::new() };
        let found: Vec<Mail> = f.mails.iter().filter(|m| uids.contains(&m.uid)).cloned().collect();
        found.into_iter().filter_map(|m| Some((m.uid, self.put(to, m.raw, m.flags, m.object)?))).collect()
    }

    pub fn relocate(&mut self, from: &str, uids: &[u32], to: &str) -> Vec<(u32, u32)> {
        let pairs = self.copy(from, uids, to);
        let gone: Vec<u32> = pairs.iter().map(|p| p.0).collect();
        self.remove(from, &gone);
        pairs
    }

    /// The server lost its index and made a new one: another UIDVALIDITY, other UIDs, mod-sequences from the start.
    pub fn revalidate(&mut self, name: &str) {
        let validity = self.draw() as u32;
        let Some(f) = self.folder_mut(name) else { return };
        f.validity = validity;
        f.modseq = 1;
        f.vanished.clear();
        let first = 1 + f.mails.len() as u32;
        for (i, m) in f.mails.iter_mut().enumerate() {
            m.uid = first + i as u32;
            m.modseq = 1;
        }
        f.uid_next = first * 2;
    }

    /// What a mailbox holds: flags by word.
    pub fn contents(&self, name: &str) -> std::collections::BTreeMap<String, Vec<Vec<String>>> {
        let mut out: std::collections::BTreeMap<String, Vec<Vec<String>>> = Default::default();
        for m in self.folder(name).map(|f| f.mails.as_slice()).unwrap_or_default() {
            out.entry(m.word()).or_default().push(m.flags.iter().cloned().collect());
        }
        for all in out.values_mut() {
            all.sort();
        }
        out
    }
}
