//! A proxy on loopback with bad weather: between devices and a real server, bytes are late, cut into slices, slow, stuck, or the
//! connection is reset or half closed. Seeded; it can clear up.

use crate::chance::Chance;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// A running proxy.
pub struct Weather {
    pub port: u16,
    sky: Arc<Sky>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Sky {
    calm: AtomicBool,
    cleared: Notify,
    struck: AtomicU64,
}

/// What is wrong with one direction of a connection.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Fine,
    /// So many milliseconds late, each piece.
    Late(u64),
    /// A few bytes at a time.
    Slices,
    /// So many bytes, then nothing for a while, then a reset.
    Lost(usize),
    /// So many bytes, then a reset.
    Reset(usize),
    /// So many bytes, then this direction ends and the other lives on for a while.
    HalfClosed(usize),
    /// So many bytes in a second.
    Limit(usize),
}

impl Fate {
    fn draw(chance: &mut Chance) -> Self {
        // Mostly within what one visit says; sometimes in the middle of much.
        let after = match chance.below(3) {
            0 => chance.below(600),
            1 => chance.below(6000),
            _ => chance.below(60_000),
        };
        match chance.below(12) {
            0 | 1 => Fate::Late(1 + chance.draw() % 30),
            2 => Fate::Slices,
            3 => Fate::Lost(after),
            4..=6 => Fate::Reset(after),
            7 => Fate::HalfClosed(after),
            8 => Fate::Limit(20_000 + chance.below(200_000)),
            _ => Fate::Fine,
        }
    }
}

impl Drop for Weather {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Weather {
    /// Listens before the server at `port`.
    pub async fn start(port: u16, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("address").port();
        let sky = Arc::new(Sky::default());
        let here = sky.clone();
        let task = tokio::spawn(async move {
            let mut chance = Chance::new(seed);
            while let Ok((client, _)) = listener.accept().await {
                let (up, down) = (Fate::draw(&mut chance), Fate::draw(&mut chance));
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                tokio::spawn(carry(client, server, up, down, here.clone()));
            }
        });
        Self { port: own, sky, task }
    }

    /// No more trouble; what is in trouble ends.
    pub fn clear_up(&self) {
        self.sky.calm.store(true, Ordering::SeqCst);
        self.sky.cleared.notify_waiters();
    }

    /// How many connections were struck.
    pub fn struck(&self) -> u64 {
        self.sky.struck.load(Ordering::SeqCst)
    }
}

async fn carry(client: TcpStream, server: TcpStream, up: Fate, down: Fate, sky: Arc<Sky>) {
    let calm = sky.calm.load(Ordering::SeqCst);
    let (up, down) = if calm { (Fate::Fine, Fate::Fine) } else { (up, down) };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let both = async {
        tokio::select! {
            () = pass(from_client, to_server, up, &sky) => {}
            () = pass(from_server, to_client, down, &sky) => {}
        }
    };
    if calm {
        both.await;
    } else {
        tokio::select! {
            () = both => {}
            () = sky.cleared.notified() => {}
        }
    }
}

/// Carries one direction until it ends, which ends the connection: dropped with bytes unread, the system resets it.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, fate: Fate, sky: &Sky) {
    let mut buffer = vec![0u8; 16 * 1024];
    let mut carried = 0;
    loop {
        let n = match from.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(n) => n,
        };
        let left = |limit: usize| limit.saturating_sub(carried).min(n);
        let (bytes, end) = match fate {
            Fate::Lost(limit) | Fate::Reset(limit) | Fate::HalfClosed(limit) => {
                (left(limit), carried + n >= limit)
            }
            _ => (n, false),
        };
        let piece = if let Fate::Slices = fate { 7 } else { n };
        for slice in buffer[..bytes].chunks(piece.max(1)) {
            match fate {
                Fate::Late(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                Fate::Limit(per_second) => {
                    tokio::time::sleep(Duration::from_micros((n * 1_000_000 / per_second) as u64)).await;
                }
                _ => {}
            }
            if to.write_all(slice).await.is_err() {
                return;
            }
        }
        carried += n;
        if end {
            sky.struck.fetch_add(1, Ordering::SeqCst);
            match fate {
                Fate::Lost(_) => tokio::time::sleep(Duration::from_secs(4)).await,
                Fate::HalfClosed(_) => {
                    let _ = to.shutdown().await;
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                _ => {}
            }
            return;
        }
    }
}
