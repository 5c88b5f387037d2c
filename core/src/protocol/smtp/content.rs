//! The message as it goes out: read piece by piece, so that a large one is never in memory whole.
//!
//! It is read twice: once to know what has to be said of it before (its size, whether it has eight bits), and once to be sent.

use crate::error::{Error, Kind, Result};
use std::io::{self, Read};
use std::sync::Arc;
use tokio::sync::mpsc::Receiver;

/// Octets read at a time.
const PIECE: usize = 64 << 10;
/// Pieces that are ready before the line has taken the one in front of them.
const READY: usize = 2;

/// Where a message is read from, from its beginning and as often as it takes.
pub trait Source: Send + Sync + 'static {
    /// The message.
    fn open(&self) -> io::Result<Box<dyn Read + Send>>;
}

impl Source for Arc<[u8]> {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(io::Cursor::new(self.clone())))
    }
}

/// A message, and what a server has to be told of it before. Lines that end otherwise are made to end with CRLF.
#[derive(Clone)]
pub struct Content {
    source: Arc<dyn Source>,
    /// Octets, as they go out and without what DATA adds.
    pub size: u64,
    /// It has eight bits somewhere.
    pub eight_bits: bool,
    /// Its header has.
    pub eight_bits_in_head: bool,
}

impl Content {
    /// Reads all of it once.
    pub async fn of(source: impl Source) -> Result<Self> {
        let mut content =
            Self { source: Arc::new(source), size: 0, eight_bits: false, eight_bits_in_head: false };
        let measure = move || -> io::Result<Self> {
            let (mut in_head, mut after_end) = (true, false);
            let mut pieces = Pieces::open(&*content.source, false)?;
            while let Some(piece) = pieces.next()? {
                content.size += piece.len() as u64;
                content.eight_bits |= !piece.is_ascii();
                if in_head {
                    // No piece ends in the middle of a line end.
                    let blank = match after_end && piece.starts_with(b"\r\n") {
                        true => Some(0),
                        false => memchr::memmem::find(&piece, b"\r\n\r\n"),
                    };
                    content.eight_bits_in_head |= !piece[..blank.unwrap_or(piece.len())].is_ascii();
                    in_head = blank.is_none();
                    after_end = piece.ends_with(b"\r\n");
                }
            }
            Ok(content)
        };
        let measured = tokio::task::spawn_blocking(measure).await.map_err(unreadable)?;
        measured.map_err(unreadable)
    }

    /// All of it, in pieces; with `dots`, as DATA takes it: one before each that begins a line, and one that ends it all (RFC 5321
    /// section 4.5.2). What is no longer what was measured ends in an error, before the last octets.
    pub(super) fn stream(&self, dots: bool) -> Receiver<Result<Vec<u8>>> {
        let (to, pieces) = tokio::sync::mpsc::channel(READY);
        let content = self.clone();
        tokio::task::spawn_blocking(move || {
            let read = || -> io::Result<()> {
                let mut pieces = Pieces::open(&*content.source, dots)?;
                let other = || io::Error::other("it is another message than a moment ago");
                while let Some(piece) = pieces.next()? {
                    if pieces.size > content.size {
                        return Err(other());
                    }
                    if to.blocking_send(Ok(piece)).is_err() {
                        return Ok(()); // nobody waits for it any more
                    }
                }
                if pieces.size == content.size { Ok(()) } else { Err(other()) }
            };
            if let Err(e) = read() {
                let _ = to.blocking_send(Err(unreadable(e)));
            }
        });
        pieces
    }
}

fn unreadable(why: impl std::fmt::Display) -> Error {
    Error::new(Kind::NotFound, "body").because(why)
}

/// A message in pieces, each line ended by CRLF. A lone CR or LF is what one server takes for an end and another does not, and
/// between the two a second message can be smuggled in (RFC 5321 section 2.3.8).
struct Pieces {
    from: Box<dyn Read + Send>,
    dots: bool,
    /// A CR was read, and not yet what comes after it.
    after_cr: bool,
    /// The next octet begins a line.
    line_start: bool,
    over: bool,
    /// Octets so far, without dots that were added.
    size: u64,
}

impl Pieces {
    fn open(source: &dyn Source, dots: bool) -> io::Result<Self> {
        Ok(Self { from: source.open()?, dots, after_cr: false, line_start: true, over: false, size: 0 })
    }

    /// The next piece, of one octet at least; `None` at the end.
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut read = vec![0; PIECE];
        let mut out = Vec::with_capacity(PIECE + PIECE / 32);
        while out.is_empty() && !self.over {
            match self.from.read(&mut read) {
                Ok(0) => self.end(&mut out),
                Ok(n) => self.feed(&read[..n], &mut out),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(Some(out).filter(|out| !out.is_empty()))
    }

    fn feed(&mut self, mut read: &[u8], out: &mut Vec<u8>) {
        if std::mem::take(&mut self.after_cr) {
            self.line_end(out);
            read = read.strip_prefix(b"\n").unwrap_or(read);
        }
        let mut from = 0;
        for i in memchr::memchr2_iter(b'\r', b'\n', read) {
            if i < from {
                continue; // the LF of a CRLF
            }
            self.text(&read[from..i], out);
            if read[i] == b'\r' && i + 1 == read.len() {
                self.after_cr = true;
                return;
            }
            self.line_end(out);
            from = i + if read[i..].starts_with(b"\r\n") { 2 } else { 1 };
        }
        self.text(&read[from..], out);
    }

    fn text(&mut self, text: &[u8], out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        if self.dots && self.line_start && text[0] == b'.' {
            out.push(b'.');
        }
        out.extend_from_slice(text);
        self.size += text.len() as u64;
        self.line_start = false;
    }

    fn line_end(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\r\n");
        self.size += 2;
        self.line_start = true;
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if self.after_cr || !self.line_start || self.size == 0 {
            self.line_end(out);
        }
        if self.dots {
            out.extend_from_slice(b".\r\n");
        }
        self.over = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A message that is read in pieces of so many octets.
    struct Slow(Vec<u8>, usize);

    impl Source for Slow {
        fn open(&self) -> io::Result<Box<dyn Read + Send>> {
            struct Sips(io::Cursor<Vec<u8>>, usize);
            impl Read for Sips {
                fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                    let n = self.1.min(into.len());
                    self.0.read(&mut into[..n])
                }
            }
            Ok(Box::new(Sips(io::Cursor::new(self.0.clone()), self.1)))
        }
    }

    fn out(raw: &[u8], sip: usize, dots: bool) -> Vec<u8> {
        let mut pieces = Pieces::open(&Slow(raw.to_vec(), sip), dots).unwrap_or_else(|e| panic!("{e}"));
        let mut all = Vec::new();
        while let Some(piece) = pieces.next().unwrap_or_else(|e| panic!("{e}")) {
            assert!(!piece.ends_with(b"\r"), "a piece ends in the middle of a line end");
            all.extend(piece);
        }
        all
    }

    fn sent(raw: &[u8]) -> Vec<u8> {
        out(raw, usize::MAX, true)
    }

    #[test]
    fn line_ends_and_dots() {
        assert_eq!(sent(b"a\r\n"), b"a\r\n.\r\n");
        assert_eq!(sent(b"a"), b"a\r\n.\r\n");
        assert_eq!(sent(b""), b"\r\n.\r\n");
        assert_eq!(sent(b".\r\n..\r\n.x"), b"..\r\n...\r\n..x\r\n.\r\n");
        // SMTP smuggling (SEC Consult, 2023): each of these ends the message for some server.
        for end in ["\n.\n", "\r.\r", "\n.\r\n", "\r\n.\n", "\r\n.\r", "\r.\r\n", "\r\n.\r\r\n"] {
            let raw = format!("a{end}MAIL FROM:<x@y>\r\n");
            let out = sent(raw.as_bytes());
            let ends = out.windows(5).filter(|w| w == b"\r\n.\r\n").count();
            assert_eq!((ends, out.ends_with(b"\r\n.\r\n")), (1, true), "{}", end.escape_debug());
        }
    }

    #[tokio::test]
    async fn what_is_said_of_it() {
        for (raw, size, eight, in_head) in [
            ("A: b\n\noi", 12, false, false),
            ("A: b\r\n\r\nação\r\n", 16, true, false),
            ("A: ç\r\n\r\noi\r\n", 13, true, true),
            ("A: b\r\nC: ç", 13, true, true),
            ("", 2, false, false),
        ] {
            for sip in [1, 2, 3, 7, 100] {
                let c = Content::of(Slow(raw.into(), sip)).await.unwrap_or_else(|e| panic!("{e}"));
                assert_eq!(
                    (c.size, c.eight_bits, c.eight_bits_in_head),
                    (size, eight, in_head),
                    "{raw:?} {sip}"
                );
            }
        }
    }

    /// One that says something else each time that it is read.
    struct Fickle(std::sync::Mutex<Vec<&'static str>>);

    impl Source for Fickle {
        fn open(&self) -> io::Result<Box<dyn Read + Send>> {
            Ok(Box::new(self.0.lock().unwrap_or_else(|e| panic!("{e}")).pop().unwrap_or_default().as_bytes()))
        }
    }

    #[tokio::test]
    async fn another_message_than_was_announced_is_not_sent() {
        for (second, right) in [("abc\r\n", true), ("abcd\r\n", false), ("ab\r\n", false), ("", false)] {
            let content =
                Content::of(Fickle(vec![second, "abc\r\n"].into())).await.unwrap_or_else(|e| panic!("{e}"));
            let mut pieces = content.stream(false);
            let mut all = Vec::new();
            let mut told = Ok(());
            while let Some(piece) = pieces.recv().await {
                match piece {
                    Ok(piece) => all.extend(piece),
                    Err(e) => told = Err(e.kind),
                }
            }
            assert_eq!((told.is_ok(), all == b"abc\r\n"), (right, right), "{second:?}");
            assert!(all.len() <= 5, "more than was said");
        }
    }

    proptest! {
        /// What a server unstuffs is what was to be sent, no line end in it stands alone, and where it is cut makes no difference.
        #[test]
        fn what_arrives_is_what_was_sent(
            raw in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), any::<u8>()], 0..200),
            sip in 1usize..9,
        ) {
            let canonical = out(&raw, sip, false);
            prop_assert_eq!(&out(&canonical, sip, false), &canonical);
            let out = out(&raw, sip, true);
            prop_assert_eq!(&out, &sent(&raw));
            let body = out.strip_suffix(b".\r\n").unwrap_or_default();
            let mut arrived = Vec::new();
            for line in body.split_inclusive(|b| *b == b'\n') {
                prop_assert!(line.ends_with(b"\r\n") && !line[..line.len() - 2].contains(&b'\r'));
                prop_assert!(line != b".\r\n", "an end in the middle");
                arrived.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
            }
            prop_assert_eq!(&arrived, &canonical);
        }
    }
}
