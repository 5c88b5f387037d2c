//! A proxy on loopback that can lie and cut: between a device and a real server, in clear.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What becomes of a line that the server sends.
pub enum Fate {
    /// It goes through.
    Pass,
    /// Another one goes through instead.
    Say(String),
    /// The connection is cut here.
    Cut,
}

type Judge = dyn FnMut(&str) -> Fate + Send;

/// A running proxy.
pub struct Proxy {
    pub port: u16,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Listens before the server at `port`; `judge` is asked about every line of the server's.
    pub async fn start(port: u16, judge: impl FnMut(&str) -> Fate + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("address").port();
        let judge: Arc<Mutex<Judge>> = Arc::new(Mutex::new(judge));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                tokio::spawn(carry(client, server, judge.clone()));
            }
        });
        Self { port: own, task }
    }
}

async fn carry(client: TcpStream, server: TcpStream, judge: Arc<Mutex<Judge>>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let up = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
    });
    let mut lines = BufReader::new(from_server);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).await.is_ok_and(|n| n > 0) {
        let fate = judge.lock().expect("judge")(&String::from_utf8_lossy(&line));
        let sent = match fate {
            Fate::Pass => to_client.write_all(&line).await,
            Fate::Say(other) => to_client.write_all(other.as_bytes()).await,
            Fate::Cut => break,
        };
        if sent.is_err() {
            break;
        }
        line.clear();
    }
    up.abort();
}
