//! Puts mail into a mailbox fast: MULTIAPPEND (RFC 3502) with non-synchronising literals over a plain socket.

use crate::chance::Chance;
use crate::device::small;
use crate::dovecot::PASSWORD;
use crate::place::Place;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

const DATE: &str = "03-Mar-2026 09:15:00 -0300";

/// A message to be put into a mailbox.
pub struct Mail {
    /// The whole message.
    pub raw: Vec<u8>,
    /// Flags, separated by spaces.
    pub flags: String,
    /// INTERNALDATE, such as `17-Jul-2026 02:44:25 -0300`.
    pub date: String,
}

/// Small messages of these words.
pub fn mails(words: &[&str]) -> Vec<Mail> {
    words.iter().map(|w| Mail { raw: small(w), flags: String::new(), date: DATE.to_owned() }).collect()
}

/// The letters of base64 (RFC 4648 section 4).
pub const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A message with a text and a file of `size` bytes that does not compress.
pub fn with_file(word: &str, size: usize) -> Mail {
    let mut chance = Chance::new(size as u64);
    let line = |chance: &mut Chance| -> Vec<u8> {
        (0..76).map(|_| *chance.pick(BASE64)).chain(*b"\r\n").collect::<Vec<u8>>()
    };
    let mut raw = format!(
        "From: Ana <ana@exemplo.test>\r\nSubject: {word}\r\nMessage-ID: <{word}>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"=_x y\"\r\n\r\n--=_x y\r\nContent-Type: text/plain\r\n\r\nSegue a planta de {word}.\r\n\
         --=_x y\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=planta.pdf\r\n\r\n"
    )
    .into_bytes();
    while raw.len() < size {
        raw.extend(line(&mut chance));
    }
    raw.extend_from_slice(b"--=_x y--\r\n");
    Mail { raw, flags: String::new(), date: DATE.to_owned() }
}

/// Puts them into a mailbox of a user.
pub fn fill(server: &Place, user: &str, mailbox: &str, words: &[&str]) {
    Loader::sign_in(server.imap, user, PASSWORD).append(mailbox, &mails(words));
}

/// A connection that only puts mail in.
pub struct Loader {
    reader: BufReader<TcpStream>,
    tag: u32,
    /// The last line that came.
    last: String,
}

impl Loader {
    /// Signs in to a server on loopback.
    pub fn sign_in(port: u16, user: &str, password: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("connect");
        let mut loader = Self { reader: BufReader::new(stream), tag: 0, last: String::new() };
        loader.line();
        loader.command(format!("LOGIN {user} {password}").as_bytes());
        loader
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let came = self.reader.read_line(&mut line).expect("read");
        assert!(came > 0, "the server hung up after {:?}", self.last);
        self.last.clone_from(&line);
        line
    }

    /// Sends a command and insists on OK.
    pub fn command(&mut self, command: &[u8]) {
        let said = self.attempt(command);
        assert!(said.starts_with("OK"), "{said}");
    }

    /// Sends a command; what the server says of it at the end.
    pub fn attempt(&mut self, command: &[u8]) -> String {
        self.tag += 1;
        let tag = format!("L{}", self.tag);
        let whole = [tag.as_bytes(), b" ", command, b"\r\n"].concat();
        self.reader.get_mut().write_all(&whole).expect("write");
        loop {
            let line = self.line();
            if let Some(rest) = line.strip_prefix(&format!("{tag} ")) {
                return rest.to_owned();
            }
        }
    }

    /// Makes a mailbox.
    pub fn create(&mut self, mailbox: &str) {
        self.command(format!("CREATE \"{mailbox}\"").as_bytes());
    }

    /// Puts messages into a mailbox, a hundred at a time.
    pub fn append(&mut self, mailbox: &str, mails: &[Mail]) {
        for chunk in mails.chunks(100) {
            let mut command = format!("APPEND \"{mailbox}\"").into_bytes();
            for m in chunk {
                command.extend_from_slice(
                    format!(" ({}) \"{}\" {{{}+}}\r\n", m.flags, m.date, m.raw.len()).as_bytes(),
                );
                command.extend_from_slice(&m.raw);
            }
            self.command(&command);
        }
    }
}
