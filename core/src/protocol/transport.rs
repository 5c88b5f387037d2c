//! A byte stream to a server: through a proxy or not, protected, compressed, bounded in time and metered.
//!
//! The meter counts bytes in both directions as they are on the wire, compressed and encrypted, and *round trips*: one each
//! time we start to wait for the server after having said something. Tests assert round trips exactly; the byte budget of an
//! account reads the bytes.

use super::deflate::Deflate;
use super::proxy::Proxy;
use super::tls::{ChannelBinding, Seen, Trust, channel_binding, handshake_error};
use crate::error::{Error, Kind, Result};
use crate::model::{Endpoint, Tls};
use rustls::pki_types::ServerName;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Made ready for what comes. A server that sends a mailbox fills it at each turn.
const ROOM: usize = 64 << 10;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// What went over the wire, shared by all connections of an account.
#[derive(Debug, Default)]
pub struct Meter {
    down: AtomicU64,
    up: AtomicU64,
    turns: AtomicU64,
}

impl Meter {
    /// Bytes received.
    pub fn down(&self) -> u64 {
        self.down.load(Ordering::Relaxed)
    }
    /// Bytes sent.
    pub fn up(&self) -> u64 {
        self.up.load(Ordering::Relaxed)
    }
    /// Round trips: how many times we waited for an answer to something we said.
    pub fn round_trips(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }
}

/// What can carry a connection.
pub trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// A connection being made.
pub type Dialling<'a> = Pin<Box<dyn Future<Output = Result<Box<dyn Io>>> + Send + 'a>>;

/// A way to a server other than the network, such as a server in this process. The network is passed in like time and chance.
pub trait Dial: Send + Sync {
    /// Makes a connection.
    fn dial(&self) -> Dialling<'_>;
}

/// Counts what passes.
struct Metered {
    io: Box<dyn Io>,
    meter: Arc<Meter>,
}

impl AsyncRead for Metered {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let me = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut me.io).poll_read(cx, buf))?;
        me.meter.down.fetch_add((buf.filled().len() - before) as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<std::io::Result<usize>> {
        let me = self.get_mut();
        let n = ready!(Pin::new(&mut me.io).poll_write(cx, data))?;
        me.meter.up.fetch_add(n as u64, Ordering::Relaxed);
        Poll::Ready(Ok(n))
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

/// A connection to a server.
pub struct Transport {
    io: Box<dyn Io>,
    host: String,
    meter: Arc<Meter>,
    spoke: bool,
    encrypted: bool,
    binding: Option<ChannelBinding>,
}

impl Transport {
    /// Connects and, for implicit TLS, shakes hands. With STARTTLS the caller goes on to [`Transport::start_tls`].
    pub async fn connect(
        to: &Endpoint,
        trust: &Trust,
        proxy: Option<&Proxy>,
        meter: Arc<Meter>,
    ) -> Result<Self> {
        let tcp = match proxy {
            Some(proxy) => {
                if to.tls == Tls::None {
                    return Err(unprotected(to));
                }
                match timeout(CONNECT_TIMEOUT, proxy.connect(&to.host, to.port)).await {
                    Err(_) => return Err(Error::new(Kind::Proxy, &to.host).because("timed out")),
                    Ok(connected) => connected?,
                }
            }
            None => dial(to).await?,
        };
        // Pipelined commands are written whole: waiting to fill a segment only costs time.
        let _ = tcp.set_nodelay(true);
        notice_death(&tcp);
        let transport = Self::over(Box::new(tcp), &to.host, meter);
        if to.tls == Tls::Implicit { transport.start_tls(trust).await } else { Ok(transport) }
    }

    /// Over a stream that is there already; for tests and fuzzing, and for what carries it itself.
    pub fn over(io: Box<dyn Io>, host: &str, meter: Arc<Meter>) -> Self {
        let io = Box::new(Metered { io, meter: meter.clone() });
        Self { io, host: host.to_owned(), meter, spoke: false, encrypted: false, binding: None }
    }

    /// Shakes hands. The caller has made sure that nothing received in clear is kept (RFC 3501 section 6.2.1).
    pub async fn start_tls(self, trust: &Trust) -> Result<Self> {
        let Self { io, host, meter, .. } = self;
        let server = ServerName::try_from(host.clone())
            .map_err(|e| Error::new(Kind::HostUnknown, &host).because(e))?;
        let seen = Seen::default();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(trust.config(&seen)?));
        let tls = match timeout(CONNECT_TIMEOUT, connector.connect(server, io)).await {
            Err(_) => return Err(Error::new(Kind::Timeout, &host).because("TLS handshake")),
            Ok(Err(e)) => return Err(handshake_error(&host, e, &seen)),
            Ok(Ok(tls)) => tls,
        };
        let binding = channel_binding(tls.get_ref().1);
        Ok(Self { io: Box::new(tls), host, meter, spoke: false, encrypted: true, binding })
    }

    /// Begins to compress. `received` is what was read behind the answer that allowed it.
    pub fn deflate(self, received: Vec<u8>) -> Self {
        Self { io: Box::new(Deflate::new(self.io, received)), ..self }
    }

    /// The stream, for a protocol of a library's.
    pub fn into_io(self) -> Box<dyn Io> {
        self.io
    }

    /// True once TLS protects the stream.
    pub fn encrypted(&self) -> bool {
        self.encrypted
    }

    /// True where nobody in between can read along: under TLS, or without a network. Nothing else carries a password, since
    /// [`Transport::connect`] refuses to leave this machine without TLS.
    pub fn is_private(&self) -> bool {
        self.encrypted || matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "::1")
    }

    /// What a sign-in can be tied to.
    pub fn binding(&self) -> Option<&ChannelBinding> {
        self.binding.as_ref()
    }

    /// The host as the user named it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Sends all of it.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        // Piece by piece, since a large message on a thin line takes longer than we would wait for a dead one.
        for piece in bytes.chunks(32 * 1024) {
            let sent = async {
                self.io.write_all(piece).await?;
                self.io.flush().await
            };
            match timeout(Duration::from_secs(60), sent).await {
                Err(_) => return Err(Error::new(Kind::Timeout, &self.host)),
                Ok(Err(e)) => return Err(Error::new(Kind::ConnectionLost, &self.host).because(e)),
                Ok(Ok(())) => self.spoke = true,
            }
        }
        Ok(())
    }

    /// Appends what arrives to `buffer`, waiting at most `patience` for the first byte. The end of the stream is an error.
    /// Safe to cancel: nothing that was read is lost.
    pub async fn read(&mut self, buffer: &mut Vec<u8>, patience: Duration) -> Result<usize> {
        if std::mem::take(&mut self.spoke) {
            self.meter.turns.fetch_add(1, Ordering::Relaxed);
        }
        buffer.reserve(ROOM);
        match timeout(patience, self.io.read_buf(buffer)).await {
            Err(_) => Err(Error::new(Kind::Timeout, &self.host)),
            Ok(Err(e)) if e.kind() == std::io::ErrorKind::InvalidData => {
                Err(Error::new(Kind::Protocol, &self.host).because(e))
            }
            Ok(Err(e)) => Err(Error::new(Kind::ConnectionLost, &self.host).because(e)),
            Ok(Ok(0)) => {
                Err(Error::new(Kind::ConnectionLost, &self.host).because("the server closed the connection"))
            }
            Ok(Ok(n)) => Ok(n),
        }
    }
}

fn unprotected(to: &Endpoint) -> Error {
    Error::new(Kind::NoTls, &to.host).because("unencrypted connections stay on this machine")
}

/// Resolves and connects, address by address.
async fn dial(to: &Endpoint) -> Result<TcpStream> {
    let name = format!("{}:{}", to.host, to.port);
    let found = match timeout(CONNECT_TIMEOUT, tokio::net::lookup_host((to.host.as_str(), to.port))).await {
        Err(_) => return Err(Error::new(Kind::HostUnknown, &to.host).because("no answer")),
        Ok(Err(e)) => return Err(Error::new(Kind::HostUnknown, &to.host).because(e)),
        Ok(Ok(found)) => found.collect::<Vec<SocketAddr>>(),
    };
    if found.is_empty() {
        return Err(Error::new(Kind::HostUnknown, &to.host));
    }
    if to.tls == Tls::None && !found.iter().all(|a| is_loopback(a.ip())) {
        return Err(unprotected(to));
    }
    let mut last = Error::new(Kind::Unreachable, &name);
    for address in found {
        match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            Err(_) => last = Error::new(Kind::Unreachable, &name).because("timed out"),
            Ok(Err(e)) => last = Error::new(Kind::Unreachable, &name).because(e),
            Ok(Ok(tcp)) => return Ok(tcp),
        }
    }
    Err(last)
}

/// Lets the system find out that nobody is at the other end any more, within a minute or so, without a word of ours: that
/// is how a server that thinks long is told from one that is gone.
fn notice_death(tcp: &TcpStream) {
    let probes = socket2::TcpKeepalive::new()
        .with_time(Duration::from_secs(40))
        .with_interval(Duration::from_secs(10));
    let _ = socket2::SockRef::from(tcp).set_tcp_keepalive(&probes);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = socket2::SockRef::from(tcp).set_tcp_user_timeout(Some(Duration::from_secs(60)));
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.is_loopback()
}
