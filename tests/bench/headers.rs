//! Headers of 100,000: ours beside a raw socket that sends the same commands and throws the answers away, in the same state of
//! the server's cache. Rounds alternate, so that whatever else the machine does meets both; the median counts.

use malote_core::model::{Endpoint, Tls};
use malote_core::protocol::imap::Session;
use malote_core::protocol::imap::mailboxes::SelectRequest;
use malote_core::protocol::imap::messages::Which;
use malote_core::protocol::imap::sign_in::Credentials;
use malote_core::protocol::tls::Trust;
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::loader::Loader;
use servers::sample;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const COUNT: u32 = 100_000;
const ROUNDS: usize = 7;

/// Reads until `mark` was seen at the beginning of a line; the bytes that came.
pub fn drain(stream: &mut TcpStream, mark: &str) -> usize {
    let (mut buffer, mut tail, mut total) = (vec![0u8; 64 * 1024], Vec::new(), 0);
    let mark = format!("\r\n{mark}");
    loop {
        let n = stream.read(&mut buffer).expect("read");
        assert!(n > 0, "the server hung up");
        total += n;
        tail.extend_from_slice(&buffer[..n]);
        if tail.windows(mark.len()).rev().take(4096).any(|w| w == mark.as_bytes()) {
            return total;
        }
        let keep = tail.len().saturating_sub(4096);
        tail.drain(..keep);
    }
}

/// The raw reader: sign in, select, fetch, throw away.
fn floor(port: u16, items: &str) -> (Duration, usize) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("connect");
    stream.set_nodelay(true).expect("nodelay");
    let say = |stream: &mut TcpStream, line: &str| stream.write_all(line.as_bytes()).expect("write");
    say(&mut stream, &format!("a LOGIN ana {PASSWORD}\r\nb SELECT INBOX (CONDSTORE)\r\n"));
    drain(&mut stream, "b OK");
    let begun = Instant::now();
    say(&mut stream, &format!("c FETCH 1:{COUNT} {items}\r\n"));
    let bytes = drain(&mut stream, "c OK");
    (begun.elapsed(), bytes)
}

/// Ours: the same commands, every message parsed into our types.
async fn ours(port: u16) -> Duration {
    let to = Endpoint { host: "127.0.0.1".into(), port, tls: Tls::None };
    let who = Credentials::password("ana", PASSWORD);
    let mut session = Session::open(&to, &Trust::default(), &who, Default::default()).await.expect("open");
    session.select(&SelectRequest { mailbox: b"INBOX".to_vec(), known: None }).await.expect("select");
    let begun = Instant::now();
    let mut complete = 0u32;
    session
        .fetch_headers(&Which::Seqs(1, COUNT), |f| {
            let whole = f.uid.is_some() && f.flags.is_some() && f.size.is_some() && f.structure.is_some();
            complete += u32::from(whole && f.internal_date.is_some() && f.section("BODY[HEADER").is_some());
            Ok(())
        })
        .await
        .expect("fetch");
    assert_eq!(complete, COUNT);
    begun.elapsed()
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all[all.len() / 2]
}

/// Prints the row; false when the goal is missed.
pub fn run() -> bool {
    let server = Dovecot::start_with(Options { store: Some("mdbox"), ..Options::default() });
    eprintln!("loading {COUNT} messages …");
    sample::large(&mut Loader::sign_in(server.imap, "ana", PASSWORD), COUNT as usize);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let items = "(UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE MODSEQ BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES LIST-ID)])";
    let (cold, bytes) = floor(server.imap, items); // fills the server's cache
    let (mut raw, mut parsed) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        raw.push(floor(server.imap, items).0);
        parsed.push(runtime.block_on(ours(server.imap)));
    }
    let (raw, parsed) = (median(raw), median(parsed));
    let ratio = parsed.as_secs_f64() / raw.as_secs_f64();
    println!(
        "headers of {COUNT} ({} MB): raw socket {:.2} s ({:.2} s with the server's cache cold), ours parsed {:.2} s, ratio {ratio:.2} (goal 1.5)",
        bytes / 1_000_000,
        raw.as_secs_f64(),
        cold.as_secs_f64(),
        parsed.as_secs_f64(),
    );
    ratio <= 1.5
}
