//! Proxies on loopback that do what proxies do: SOCKS5 (RFC 1928, RFC 1929) and HTTP CONNECT.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Who may pass, and with what password.
pub const USER: &str = "ana";
pub const PASSWORD: &str = "senha-do-proxy";

/// A running proxy.
pub struct Relay {
    pub port: u16,
    passed: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

/// The connection and where it wants to go, once the client has said so and may.
type Asked = Pin<Box<dyn Future<Output = Option<(TcpStream, String)>> + Send>>;

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Relay {
    /// How many connections went through.
    pub fn passed(&self) -> usize {
        self.passed.load(Ordering::SeqCst)
    }

    pub async fn socks5() -> Self {
        Self::start(|stream| Box::pin(socks5(stream))).await
    }

    pub async fn http() -> Self {
        Self::start(|stream| Box::pin(http(stream))).await
    }

    async fn start(speak: fn(TcpStream) -> Asked) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let passed = Arc::new(AtomicUsize::new(0));
        let counter = passed.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let counter = counter.clone();
                tokio::spawn(async move {
                    let Some((mut here, place)) = speak(stream).await else { return };
                    // The name is resolved here, not by who asks.
                    let Ok(mut there) = TcpStream::connect(place.as_str()).await else { return };
                    counter.fetch_add(1, Ordering::SeqCst);
                    let _ = copy_bidirectional(&mut here, &mut there).await;
                });
            }
        });
        Self { port, passed, task }
    }
}

async fn socks5(mut stream: TcpStream) -> Option<(TcpStream, String)> {
    let mut head = [0u8; 2];
    stream.read_exact(&mut head).await.ok()?;
    let mut methods = vec![0u8; usize::from(head[1])];
    stream.read_exact(&mut methods).await.ok()?;
    if !methods.contains(&2) {
        stream.write_all(&[5, 0xff]).await.ok()?;
        return None;
    }
    stream.write_all(&[5, 2]).await.ok()?;
    let (_, user) = (stream.read_u8().await.ok()?, short(&mut stream).await?);
    let right = user == USER && short(&mut stream).await? == PASSWORD;
    stream.write_all(&[1, u8::from(!right)]).await.ok()?;
    if !right {
        return None;
    }
    let mut request = [0u8; 4];
    stream.read_exact(&mut request).await.ok()?;
    if request[..2] != [5, 1] || request[3] != 3 {
        return None; // only CONNECT, only by name
    }
    let place = format!("{}:{}", short(&mut stream).await?, stream.read_u16().await.ok()?);
    stream.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0]).await.ok()?;
    Some((stream, place))
}

/// A byte of length and so many bytes.
async fn short(stream: &mut TcpStream) -> Option<String> {
    let mut text = vec![0u8; usize::from(stream.read_u8().await.ok()?)];
    stream.read_exact(&mut text).await.ok()?;
    String::from_utf8(text).ok()
}

async fn http(stream: TcpStream) -> Option<(TcpStream, String)> {
    let mut stream = BufReader::new(stream);
    let (mut place, mut allowed) = (String::new(), false);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        match line.trim_end().split_once(' ') {
            None => break,
            Some(("CONNECT", rest)) => place = rest.split(' ').next()?.to_owned(),
            // "ana:senha-do-proxy"
            Some(("Proxy-Authorization:", rest)) => allowed = rest == "Basic YW5hOnNlbmhhLWRvLXByb3h5",
            _ => {}
        }
    }
    let mut stream = stream.into_inner();
    if !allowed {
        stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await.ok()?;
        return None;
    }
    stream.write_all(b"HTTP/1.1 200 Connection established\r\nX-Via: test\r\n\r\n").await.ok()?;
    Some((stream, place))
}
