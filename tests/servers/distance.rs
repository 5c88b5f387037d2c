//! A long way to a server: a proxy on loopback that holds everything back for half a round trip in each direction, and counts.
//! It stands in for a network emulator: no loss, no slow start, no limit of bandwidth.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// What went over.
#[derive(Debug, Default)]
pub struct Count {
    pub down: AtomicU64,
    pub up: AtomicU64,
    /// How often the client said something after having heard something.
    pub turns: AtomicU64,
    heard: AtomicBool,
}

impl Count {
    /// Down, up, turns since the last time.
    pub fn take(&self) -> (u64, u64, u64) {
        let take = |n: &AtomicU64| n.swap(0, Ordering::SeqCst);
        (take(&self.down), take(&self.up), take(&self.turns))
    }
}

/// A running proxy.
pub struct Distance {
    pub port: u16,
    pub count: Arc<Count>,
    task: JoinHandle<()>,
}

impl Drop for Distance {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Distance {
    /// Stands before the server at `port`, `trip` away there and back.
    pub async fn start(port: u16, trip: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("address").port();
        let count = Arc::new(Count::default());
        let counting = count.clone();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let count = counting.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(trip).await; // the handshake
                    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
                    for stream in [&client, &server] {
                        let _ = stream.set_nodelay(true);
                    }
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) = server.into_split();
                    let up = carry(from_client, to_server, trip / 2, count.clone(), true);
                    let down = carry(from_server, to_client, trip / 2, count, false);
                    tokio::join!(up, down);
                });
            }
        });
        Self { port: own, count, task }
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, half: Duration, count: Arc<Count>, up: bool) {
    let (sender, mut queue) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let sending = async move {
        while let Some((due, bytes)) = queue.recv().await {
            if !half.is_zero() {
                tokio::time::sleep_until(due).await;
            }
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        let _ = to.shutdown().await;
    };
    let reading = async move {
        let mut buffer = vec![0; 256 * 1024];
        while let Ok(n) = from.read(&mut buffer).await {
            if n == 0 {
                break;
            }
            if up {
                count.up.fetch_add(n as u64, Ordering::SeqCst);
                count.turns.fetch_add(u64::from(count.heard.swap(false, Ordering::SeqCst)), Ordering::SeqCst);
            } else {
                count.down.fetch_add(n as u64, Ordering::SeqCst);
                count.heard.store(true, Ordering::SeqCst);
            }
            if sender.send((Instant::now() + half, buffer[..n].to_vec())).is_err() {
                break;
            }
        }
    };
    tokio::join!(sending, reading);
}
