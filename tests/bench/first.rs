//! The first look: how soon the newest 50 of 100,000 are stored, and the headers of 10,000 in 40 folders, 50 ms away, beside a raw
//! socket that asks for the same in one breath and throws it away.

use crate::headers::drain;
use servers::device::{Device, account};
use servers::distance::Distance;
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::loader::Loader;
use servers::place::Place;
use servers::sample::{large, spread};
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

const TRIP: Duration = Duration::from_millis(50);
const FOLDERS: usize = 40;
const ITEMS: &str = "(UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE MODSEQ BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES LIST-ID)])";

/// Prints the rows; false when a goal is missed.
pub fn run() -> bool {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    let rows = runtime.block_on(first_rows());
    let headers = runtime.block_on(headers_of_all());
    rows & headers
}

/// From the start of the core (its connection, TLS and sign-in included) until 50 rows can be listed; the median of five devices.
async fn first_rows() -> bool {
    let server = Dovecot::start_with(Options { store: Some("mdbox"), ..Options::default() });
    large(&mut Loader::sign_in(server.imap, "ana", PASSWORD), 100_000);
    let distance = Distance::start(server.imaps, TRIP).await;
    let place = Place { imaps: distance.port, ca: server.ca.clone(), ..*server };
    let mut all = Vec::new();
    for _ in 0..6 {
        let device = Device::with(account(&place, "ana", "headers")).await;
        let begun = Instant::now();
        device.core.start().await.expect("start");
        while device.core.list(None, 0, 50).await.map_or(0, |rows| rows.len()) < 50 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        all.push(begun.elapsed());
    }
    all.remove(0); // the server's cache was cold
    all.sort();
    let took = all[all.len() / 2].as_secs_f64();
    println!(
        "50 newest of 100,000 stored, 50 ms      malote {took:.2} s with connecting, TLS and sign-in (goal 0.5)"
    );
    took <= 0.5
}

async fn headers_of_all() -> bool {
    let server = Dovecot::start_with(Options { store: Some("mdbox"), ..Options::default() });
    let mut folders = vec!["INBOX".to_owned()];
    folders.extend((1..FOLDERS).map(|n| format!("Pasta {n}")));
    spread(&mut Loader::sign_in(server.imap, "ana", PASSWORD), &folders, 10_000, true);
    let distance = Distance::start(server.imap, TRIP).await;
    let port = distance.port;
    let (mut raw, mut mine) = (Vec::new(), Vec::new());
    for round in 0..4 {
        let names = folders.clone();
        let floor = tokio::task::spawn_blocking(move || floor(port, &names)).await.expect("floor");
        let home = tempfile::tempdir().expect("a directory");
        crate::sync::add_account(home.path(), port, "headers");
        let begun = Instant::now();
        let done = crate::sync::ours(home.path(), &["sync"]).status();
        assert!(done.is_ok_and(|s| s.success()), "sync");
        if round > 0 {
            raw.push(floor);
            mine.push(begun.elapsed());
        }
    }
    raw.sort();
    mine.sort();
    let (raw, mine) = (raw[1].as_secs_f64(), mine[1].as_secs_f64());
    let ratio = mine / raw;
    println!(
        "headers of 10,000 in {FOLDERS} folders, 50 ms  raw pipelined socket {raw:.2} s, malote stored {mine:.2} s, ratio {ratio:.2} (goal 1.5)"
    );
    ratio <= 1.5
}

/// Everything in one breath.
fn floor(port: u16, folders: &[String]) -> Duration {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("connect");
    stream.set_nodelay(true).expect("nodelay");
    let mut all = format!("a LOGIN ana {PASSWORD}\r\n");
    for (i, folder) in folders.iter().enumerate() {
        all += &format!("s{i} SELECT \"{folder}\"\r\nf{i} FETCH 1:* {ITEMS}\r\n");
    }
    stream.write_all(all.as_bytes()).expect("write");
    drain(&mut stream, &format!("f{} OK", folders.len() - 1));
    begun.elapsed()
}
