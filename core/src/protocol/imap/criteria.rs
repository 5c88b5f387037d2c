//! What a SEARCH asks for (RFC 9051 section 6.4.4), as a list of its words: strings of the user apart from what we write ourselves.
//!
//! ```text
//! search-key = "BODY" SP astring / "FROM" SP astring / "NOT" SP search-key / "OR" SP search-key SP search-key / "(" search-key *(SP search-key) ")" …
//! ```

use super::command::Command;

/// One search key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// One that takes nothing of the user: `SEEN`, `LARGER 5000`, `SINCE 1-May-2024`.
    Plain(String),
    /// FROM, TO, CC, SUBJECT, BODY, TEXT or HEADER with the name of a field, and a string.
    Text(&'static str, String),
    /// All of them; there is at least one.
    All(Vec<Key>),
    /// One of them; there is at least one.
    Any(Vec<Key>),
    /// The others.
    Not(Box<Key>),
}

impl Key {
    /// A string of it has more than ASCII: the server must be told the character set.
    pub(super) fn is_beyond_ascii(&self) -> bool {
        match self {
            Key::Plain(_) => false,
            Key::Text(_, text) => !text.is_ascii(),
            Key::All(keys) | Key::Any(keys) => keys.iter().any(Key::is_beyond_ascii),
            Key::Not(key) => key.is_beyond_ascii(),
        }
    }

    /// Appends it to a command. `first` stands behind an opening bracket, without a space.
    pub(super) fn write(&self, command: Command, first: bool) -> Command {
        let word = |c: Command, text: &str| if first { c.glued(text) } else { c.raw(text) };
        match self {
            Key::Plain(text) => word(command, text),
            Key::Text(name, text) => word(command, name).string(text.as_bytes()),
            Key::Not(key) => key.write(word(command, "NOT"), false),
            Key::All(keys) if keys.len() == 1 => keys[0].write(command, first),
            Key::All(keys) => {
                let mut command = word(command, "(");
                for (n, key) in keys.iter().enumerate() {
                    command = key.write(command, n == 0);
                }
                command.glued(")")
            }
            // OR takes two.
            Key::Any(keys) => match keys.split_first() {
                Some((one, [])) => one.write(command, first),
                Some((one, others)) => {
                    let command = one.write(word(command, "OR"), false);
                    Key::Any(others.to_vec()).write(command, false)
                }
                None => word(command, "ALL"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &'static str, text: &str) -> Key {
        Key::Text(name, text.to_owned())
    }

    #[test]
    fn written_as_the_grammar_wants_it() {
        let to = Key::Any(vec![text("TO", "ana"), text("CC", "ana"), text("BCC", "ana")]);
        let not = Key::Not(Box::new(Key::All(vec![text("BODY", "a \"b\""), Key::Plain("SEEN".to_owned())])));
        let all = Key::All(vec![to, not]);
        let sent = all.write(Command::new("UID SEARCH"), false).to_bytes();
        assert_eq!(
            String::from_utf8_lossy(&sent),
            "UID SEARCH (OR TO \"ana\" OR CC \"ana\" BCC \"ana\" NOT (BODY \"a \\\"b\\\"\" SEEN))"
        );
        let sent = text("TEXT", "ação").write(Command::new("UID SEARCH"), false).to_bytes();
        assert_eq!(sent, "UID SEARCH TEXT {6+}\r\nação".as_bytes());
    }
}
