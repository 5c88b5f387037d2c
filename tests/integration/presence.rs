//! The device sleeps, changes networks, lies in a pocket: what was on the way is noticed within seconds, not when a timer fires.

use malote_core::account::secrets::MemorySecrets;
use malote_core::api::Core;
use malote_core::api::types::Mark;
use malote_core::clock::{Clock, SystemClock};
use servers::device::{Device, account, dirs, ids, small};
use servers::dovecot::Dovecot;
use servers::line::Line;
use servers::loader;
use servers::other::Other;
use servers::place::Place;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// The longest that anything here may take. Timers that would help without anybody noticing are at two minutes and more, and a
/// dead connection would be waited for for one.
const NOTICED: Duration = Duration::from_secs(40);

async fn until(what: &str, mut ready: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !ready().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(tokio::time::timeout(NOTICED, waiting).await.is_ok(), "not within {NOTICED:?}: {what}");
}

/// A device that is connected through a line, with the watch listening.
async fn connected(server: &Dovecot, line: &Line, user: &str) -> Device {
    loader::fill(server, user, "INBOX", &["velha"]);
    let place = Place { imaps: line.port, ca: server.ca.clone(), ..**server };
    let device = Device::with(account(&place, user, "headers")).await;
    device.core.start().await.expect("start");
    let here = async || device.core.list(None, 0, 10).await.map_or(0, |rows| rows.len());
    until("in step", async || here().await == 1).await;
    // The watch is there once what others do comes by itself.
    let mut other = Other::sign_in(server.imap, user).await;
    other.append("INBOX", &small("a-watch-hears-it")).await;
    until("heard", async || device.rows("INBOX").await.len() == 2).await;
    device
}

#[tokio::test(flavor = "multi_thread")]
async fn another_network() {
    let server = Dovecot::start();
    let line = Line::start(server.imaps).await;
    let device = connected(&server, &line, "rede").await;
    line.go_dead();
    let mut other = Other::sign_in(server.imap, "rede").await;
    other.append("INBOX", &small("nova")).await;
    device.core.network_changed().await.expect("told");
    until("the new message", async || device.rows("INBOX").await.len() == 3).await;
    // And what the user does goes out.
    line.go_dead();
    device.core.network_changed().await.expect("told");
    device.core.mark(ids(&device, "INBOX", "velha").await, Mark::Star).await.expect("mark");
    until("sent", async || other.contents("INBOX").await["velha"][0].contains(&"Flagged".to_owned())).await;
}

/// A clock that can jump, as it does over a sleep.
struct Jumpy(AtomicI64);

impl Clock for Jumpy {
    fn now(&self) -> i64 {
        SystemClock.now() + self.0.load(Ordering::SeqCst)
    }
    fn chance(&self, bound: u64) -> u64 {
        SystemClock.chance(bound)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_sleep() {
    let server = Dovecot::start();
    loader::fill(&server, "sono", "INBOX", &["velha"]);
    let line = Line::start(server.imaps).await;
    let dir = tempfile::tempdir().expect("a directory");
    let clock = Arc::new(Jumpy(AtomicI64::new(0)));
    let (core, _events) =
        Core::open(dirs(dir.path()), Arc::new(MemorySecrets::default()), clock.clone()).await.expect("open");
    let place = Place { imaps: line.port, ca: server.ca.clone(), ..*server };
    core.account_add(account(&place, "sono", "headers")).await.expect("add");
    core.start().await.expect("start");
    let rows = async || core.list(None, 0, 10).await.map_or(0, |rows| rows.len());
    until("in step", async || rows().await == 1).await;
    line.go_dead();
    let mut other = Other::sign_in(server.imap, "sono").await;
    other.append("INBOX", &small("durante-o-sono")).await;
    clock.0.store(8 * 3600, Ordering::SeqCst);
    until("what came over night", async || rows().await == 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_in_the_pocket_keeps_no_connection_and_a_laptop_does() {
    let server = Dovecot::start();
    let line = Line::start(server.imaps).await;
    let phone = connected(&server, &line, "bolso").await;
    phone.core.shown(false).await.expect("hidden");
    assert!(line.open() > 0, "a laptop stays connected");
    phone.core.rest_when_hidden();
    // What the user does last still goes out.
    phone.core.mark(ids(&phone, "INBOX", "velha").await, Mark::Star).await.expect("mark");
    phone.core.shown(false).await.expect("hidden");
    until("no connection", async || line.open() == 0).await;
    let mut other = Other::sign_in(server.imap, "bolso").await;
    assert!(
        other.contents("INBOX").await["velha"][0].contains(&"Flagged".to_owned()),
        "sent before it rested"
    );
    other.append("INBOX", &small("no-bolso")).await;
    // The system grants a few seconds, without a screen.
    let made = line.made();
    assert!(phone.core.background_sync(30).await.expect("sync"), "in step");
    assert_eq!((phone.rows("INBOX").await.len(), line.made() - made), (3, 1), "one connection did it");
    until("no connection", async || line.open() == 0).await;
    // Back in the hand.
    other.append("INBOX", &small("na-mao")).await;
    phone.core.shown(true).await.expect("shown");
    until("all of it", async || phone.rows("INBOX").await.len() == 4).await;
    other.append("INBOX", &small("ao-vivo")).await;
    until("by itself again", async || phone.rows("INBOX").await.len() == 5).await;
}
