//! A line to a server that goes dead: a proxy on loopback that from some moment on carries nothing more over the connections
//! there are, as when a device changes networks or sleeps, or that cuts them after so many bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A running proxy.
pub struct Line {
    pub port: u16,
    wire: Arc<Wire>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Wire {
    /// Connections up to this number are dead.
    dead: AtomicU64,
    made: AtomicU64,
    open: AtomicUsize,
    /// Bytes to the client before connections are cut; negative = never.
    left: AtomicI64,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Line {
    /// Stands before the server at `port`.
    pub async fn start(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("address").port();
        let wire = Arc::new(Wire { left: AtomicI64::new(i64::MIN), ..Wire::default() });
        let here = wire.clone();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                let number = here.made.fetch_add(1, Ordering::SeqCst) + 1;
                here.open.fetch_add(1, Ordering::SeqCst);
                let wire = here.clone();
                tokio::spawn(async move {
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) = server.into_split();
                    tokio::select! {
                        () = carry(from_client, to_server, number, &wire, false) => {}
                        () = carry(from_server, to_client, number, &wire, true) => {}
                    }
                    wire.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { port: own, wire, task }
    }

    /// The connections there are carry nothing more, without a word; new ones are fine.
    pub fn go_dead(&self) {
        self.wire.dead.store(self.wire.made.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    /// After so many more bytes to the client, connections are cut, once.
    pub fn cut_after(&self, bytes: i64) {
        self.wire.left.store(bytes, Ordering::SeqCst);
    }

    /// How many connections were ever made.
    pub fn made(&self) -> u64 {
        self.wire.made.load(Ordering::SeqCst)
    }

    /// How many there are.
    pub fn open(&self) -> usize {
        self.wire.open.load(Ordering::SeqCst)
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, number: u64, wire: &Wire, down: bool) {
    let mut buffer = vec![0; 32 * 1024];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        if number <= wire.dead.load(Ordering::SeqCst) {
            continue; // read, and never heard of again
        }
        if down && wire.left.load(Ordering::SeqCst) > i64::MIN {
            let left = wire.left.fetch_sub(n as i64, Ordering::SeqCst) - n as i64;
            if left < 0 {
                wire.left.store(i64::MIN, Ordering::SeqCst);
                return;
            }
        }
        if to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}
