//! Which message is which.

use crate::error::{Kind, Result};
use crate::mime::header;
use crate::protocol::pop3::Session;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// One message of a maildrop, in this conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number in this conversation.
    pub number: u32,
    /// Octets.
    pub size: u64,
    /// What it is known by across conversations; empty where only its content will tell.
    pub uidl: String,
}

/// Header fields that some servers write into a message when it is read.
const CHANGING: [&str; 4] = ["status:", "x-status:", "x-uidl:", "content-length:"];

/// Everything in the maildrop. Where the server has no UIDL, messages are told apart by their header (TOP); where it has
/// neither, by what comes.
pub async fn listing(session: &mut Session) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = session
        .survey()
        .await?
        .messages
        .into_iter()
        .map(|(number, size, uidl)| Entry { number, size, uidl })
        .collect();
    let nameless: Vec<(u32, u64)> =
        entries.iter().filter(|e| e.uidl.is_empty()).map(|e| (e.number, e.size)).collect();
    let mut names: BTreeMap<u32, String> = BTreeMap::new();
    let mut heads = session.top(&nameless, 0);
    while let Some((number, head)) = heads.next().await? {
        match head {
            Ok(head) => {
                names.insert(number, name_of(&head));
            }
            // No TOP either.
            Err(e) if e.kind == Kind::Refused => {}
            Err(e) => return Err(e),
        }
    }
    for entry in entries.iter_mut().filter(|e| e.uidl.is_empty()) {
        entry.uidl = names.remove(&entry.number).unwrap_or_default();
    }
    tell_apart(&mut entries);
    Ok(entries)
}

/// What stands for the unique-id of a message that has none.
pub fn name_of(raw: &[u8]) -> String {
    let mut hash = Sha256::new();
    let mut passed = false;
    for line in header::section(raw).split_inclusive(|b| *b == b'\n') {
        let text = String::from_utf8_lossy(&line[..line.len().min(20)]).to_ascii_lowercase();
        let folded = line.starts_with(b" ") || line.starts_with(b"\t");
        passed = if folded { passed } else { CHANGING.iter().any(|field| text.starts_with(field)) };
        if !passed {
            hash.update(line.trim_ascii_end());
            hash.update(b"\n");
        }
    }
    let digest = hash.finalize();
    // Longer than any unique-id may be (70 characters), so that it can be no server's.
    format!("#{}", digest.iter().map(|b| format!("{b:02x}")).collect::<String>()) + "........"
}

/// A server that gives two messages one unique-id gets a second one made up: better twice than not at all.
fn tell_apart(entries: &mut [Entry]) {
    let mut met: BTreeMap<String, u32> = BTreeMap::new();
    for entry in entries.iter_mut().filter(|e| !e.uidl.is_empty()) {
        let times = met.entry(entry.uidl.clone()).or_default();
        *times += 1;
        if *times > 1 {
            entry.uidl = format!("{} {times}", entry.uidl); // a unique-id has no space in it
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_outlives_what_servers_write_into_headers() {
        let plain = name_of(b"From: a\r\nSubject: b\r\n\r\nbody");
        assert_eq!(plain, name_of(b"From: a\r\nStatus: RO\r\n more\r\nX-UIDL: 7\r\nSubject: b\r\n\r\n"));
        assert_ne!(plain, name_of(b"From: a\r\nSubject: c\r\n\r\n"));
        assert!(plain.len() > 70);
    }

    #[test]
    fn one_id_for_two_messages_hides_none() {
        let entry = |number, uidl: &str| Entry { number, size: 1, uidl: uidl.to_owned() };
        let mut entries = vec![entry(1, "a"), entry(2, "a"), entry(3, ""), entry(4, "b"), entry(5, "")];
        tell_apart(&mut entries);
        let names: Vec<&str> = entries.iter().map(|e| e.uidl.as_str()).collect();
        assert_eq!(names, ["a", "a 2", "", "b", ""]);
    }
}
