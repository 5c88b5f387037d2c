//! How long a flag that another client sets takes until it is in our store, beside a bare reader that only sits in IDLE.

use malote_core::model::Protocol;
use malote_core::sync::actor::{Actor, Phase};
use servers::device::{Device, context};
use servers::distance::Distance;
use servers::dovecot::{Dovecot, PASSWORD};
use servers::loader;
use servers::other::Other;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

const ROUNDS: usize = 40;

/// Sits in IDLE on the inbox and tells of every flag that it hears of.
async fn bare_reader(port: u16, heard: mpsc::UnboundedSender<Instant>) {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("connect");
    stream.set_nodelay(true).expect("no delay");
    let mut reader = BufReader::new(stream);
    let commands = format!("a LOGIN ana {PASSWORD}\r\nb SELECT INBOX\r\nc IDLE\r\n");
    reader.get_mut().write_all(commands.as_bytes()).await.expect("write");
    let mut line = String::new();
    while reader.read_line(&mut line).await.is_ok_and(|n| n > 0) {
        if line.contains("FETCH (") && heard.send(Instant::now()).is_err() {
            return;
        }
        line.clear();
    }
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(0.0)
}

async fn measure(trip: Duration) -> bool {
    let server = Dovecot::start();
    loader::fill(&server, "ana", "INBOX", &["m0", "m1", "m2", "m3"]);
    let way = Distance::start(server.imap, trip).await;
    let device = Device::new(&server, "ana", "all").await;
    device.sync().await;
    let file = device.path().join("malote.db");
    let sql = format!("UPDATE account SET port = {}, host = '127.0.0.1', tls = 'none'", way.port);
    servers::cli::sqlite(&file, &sql);
    let context = context(&device).await;
    let (store, account) = (context.store.clone(), context.account);
    let mut changes = store.watch();
    let actor = Actor::start(context, Protocol::Imap, false);
    let mut state = actor.state.clone();
    state.wait_for(|s| s.phase == Phase::InStep).await.expect("in step");
    let (tell, mut heard) = mpsc::unbounded_channel();
    let bare = tokio::spawn(bare_reader(way.port, tell));
    // Both listen by now.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut other = Other::sign_in(server.imap, "ana").await;
    let uids = other.uids("INBOX").await;
    let inbox = store.mailboxes(account).await.expect("mailboxes").into_iter().find(|m| m.name == "INBOX");
    let inbox = inbox.expect("an inbox").id;
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        while changes.try_recv().is_ok() {}
        while heard.try_recv().is_ok() {}
        let on = round % 2 == 0;
        let begun = Instant::now();
        other
            .store(uids[0], if on { "+FLAGS.SILENT (\\Flagged)" } else { "-FLAGS.SILENT (\\Flagged)" })
            .await;
        let at = heard.recv().await.expect("the bare reader hears it");
        theirs.push((at - begun).as_secs_f64() * 1000.0);
        loop {
            let uid = [uids[0]].into_iter().collect();
            let mut tx = store.begin().await.expect("begin");
            let row = tx.placements_by_uid(inbox, &uid).await.expect("placement").pop().expect("a row");
            drop(tx);
            if row.flags.has(malote_core::model::Flags::FLAGGED) == on {
                break;
            }
            let _ = changes.recv().await;
        }
        ours.push(begun.elapsed().as_secs_f64() * 1000.0);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    bare.abort();
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours / theirs;
    println!(
        "a flag, {:>3} ms away                 in our store {ours:>7.1} ms, heard by a bare reader {theirs:>7.1} ms: {ratio:.2}x (goal 2)",
        trip.as_millis()
    );
    ratio <= 2.0
}

/// Prints the rows; false when the goal is missed.
pub fn run() -> bool {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    let near = runtime.block_on(measure(Duration::ZERO));
    runtime.block_on(measure(Duration::from_millis(50))) && near
}
