//! A maildrop of 2,000 messages 50 ms away: ours, with everything stored, beside a raw socket that asks for all in one breath and
//! throws it away, and fdm (where it is installed), which writes a mbox.

use malote_core::model::{Endpoint, Tls};
use servers::device::{Device, maildrop};
use servers::distance::Distance;
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::loader::Loader;
use servers::sample::{large, spread};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const COUNT: usize = 2000;
const TRIP: Duration = Duration::from_millis(50);

/// Prints a row for everyday mail and one for the smallest; false when the goal is missed.
pub fn run() -> bool {
    let everyday = row("30 kB on average", |loader| spread(loader, &["INBOX".to_owned()], COUNT, true));
    let smallest = row("of 370 bytes", |loader| large(loader, COUNT));
    everyday && smallest
}

fn row(of: &str, fill: impl Fn(&mut Loader)) -> bool {
    let server = Dovecot::start_with(Options { pop3: true, ..Options::default() });
    fill(&mut Loader::sign_in(server.imap, "ana", PASSWORD));
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("runtime")
    };
    // The way there is no part of what is measured.
    let (way, own) = (runtime(), runtime());
    let distance = way.block_on(Distance::start(server.pop3, TRIP));
    let (mut raw, mut mine) = (Vec::new(), Vec::new());
    for round in 0..8 {
        let (floor, malote) = (floor(distance.port), own.block_on(malote(&server, distance.port)));
        if round > 0 {
            raw.push(floor);
            mine.push(malote);
        }
    }
    // Once: it asks for one message after the other, and takes minutes.
    let fdm = fdm_run(distance.port);
    let median = |all: &mut Vec<Duration>| {
        all.sort();
        all.get(all.len() / 2).map(Duration::as_secs_f64)
    };
    let (raw, mine) = (median(&mut raw).unwrap_or(0.0), median(&mut mine).unwrap_or(0.0));
    let ratio = mine / raw;
    let peer = match fdm.map(|took| took.as_secs_f64()) {
        Some(fdm) => format!("fdm {fdm:.2} s ({:.1}x ours)", fdm / mine),
        None => "fdm is not installed".to_owned(),
    };
    println!(
        "POP3, {COUNT} messages {of:<16}, 50 ms  raw pipelined socket {raw:.2} s, malote stored {mine:.2} s, ratio {ratio:.2} (goal 1.5); {peer}"
    );
    ratio <= 1.5
}

/// From connecting to everything stored, in an app that is running and where the account was just added.
async fn malote(server: &Dovecot, port: u16) -> Duration {
    let mut new = maildrop(server, "ana", "always");
    new.incoming = Endpoint { host: "127.0.0.1".to_owned(), port, tls: Tls::None };
    let device = Device::with(new).await;
    let begun = Instant::now();
    device.sync().await;
    let took = begun.elapsed();
    assert_eq!(device.folder("INBOX").await.total, COUNT as u64);
    took
}

/// Everything in two breaths: the listing tells how many there are.
fn floor(port: u16) -> Duration {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("connect");
    stream.set_nodelay(true).expect("nodelay");
    stream.write_all(format!("USER ana\r\nPASS {PASSWORD}\r\nLIST\r\nUIDL\r\n").as_bytes()).expect("write");
    let mut got = until_ends(&mut stream, Vec::new(), 2);
    got.clear();
    let all: String = (1..=COUNT).map(|n| format!("RETR {n}\r\n")).collect();
    let mut writer = stream.try_clone().expect("a second handle");
    let writing = std::thread::spawn(move || writer.write_all(all.as_bytes()));
    until_ends(&mut stream, got, COUNT);
    writing.join().expect("written").expect("written");
    begun.elapsed()
}

/// Reads until so many answers of several lines have ended.
fn until_ends(stream: &mut TcpStream, mut got: Vec<u8>, mut left: usize) -> Vec<u8> {
    let mut buffer = vec![0u8; 256 * 1024];
    while left > 0 {
        let n = stream.read(&mut buffer).expect("read");
        assert!(n > 0, "the server closed the connection");
        let from = got.len().saturating_sub(4);
        got.extend_from_slice(&buffer[..n]);
        left -= got[from..].windows(5).filter(|w| w == b"\r\n.\r\n").count().min(left);
        // Only what an end may straddle is needed.
        got.drain(..got.len().saturating_sub(4));
    }
    got
}

fn fdm_run(port: u16) -> Option<Duration> {
    Command::new("fdm").arg("-V").stderr(Stdio::null()).status().ok()?;
    let home = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: String| std::fs::write(home.path().join(name), text).expect("written");
    let path = |p: &Path| p.display().to_string();
    write(
        "fdm.conf",
        format!(
            "account \"a\" pop3 server \"127.0.0.1\" port {port} user \"ana\" pass \"{PASSWORD}\" no-apop keep cache \"{}/cache\"\naction \"m\" mbox \"{}/mbox\"\nmatch all action \"m\"\n",
            path(home.path()),
            path(home.path())
        ),
    );
    let begun = Instant::now();
    let ran = Command::new("fdm")
        .env("HOME", home.path())
        .args(["-f", &path(&home.path().join("fdm.conf")), "-l", "fetch"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    let took = begun.elapsed();
    let mails = std::fs::read(home.path().join("mbox")).ok()?;
    let count = mails.windows(6).filter(|w| w == b"\nFrom ").count() + 1;
    (ran.success() && count >= COUNT).then_some(took)
}
