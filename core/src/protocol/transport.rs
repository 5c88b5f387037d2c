//! A byte stream to a server: resolved, connected, protected, bounded in time and metered.
//!
//! The meter counts bytes in both directions and *round trips*: one each time we start to wait for the server after having
//! said something. Tests assert round trips exactly; the byte budget of an account reads the bytes.

use crate::error::{Error, Kind, Result};
use crate::model::{Endpoint, Tls};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// What went over the wire, shared by all connections of an account.
#[derive(Debug, Default)]
pub struct Meter {
    down: AtomicU64,
    up: AtomicU64,
    turns: AtomicU64,
}

impl Meter {
    /// Bytes received, after decryption.
    pub fn down(&self) -> u64 {
        self.down.load(Ordering::Relaxed)
    }
    /// Bytes sent, before encryption.
    pub fn up(&self) -> u64 {
        self.up.load(Ordering::Relaxed)
    }
    /// Round trips: how many times we waited for an answer to something we said.
    pub fn round_trips(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }
}

trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// A connection to a server.
pub struct Transport {
    io: Box<dyn Io>,
    host: String,
    meter: Arc<Meter>,
    spoke: bool,
    encrypted: bool,
}

/// What TLS trusts: the platform's roots and, where the user named a file, those in it.
#[derive(Clone, Default)]
pub struct Trust {
    extra: Vec<CertificateDer<'static>>,
}

impl Trust {
    /// Adds the certificates of a PEM file.
    pub fn with_file(path: &Path) -> Result<Self> {
        let subject = path.display().to_string();
        let certs = CertificateDer::pem_file_iter(path)
            .and_then(|found| found.collect::<std::result::Result<Vec<_>, _>>())
            .map_err(|e| Error::new(Kind::Usage, subject.clone()).because(e))?;
        if certs.is_empty() {
            return Err(Error::new(Kind::Usage, subject).because("no certificate in it"));
        }
        Ok(Self { extra: certs })
    }

    fn config(&self) -> Result<rustls::ClientConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = |e: rustls::Error| Error::new(Kind::Certificate, "").because(e);
        let builder = rustls::ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(tls)?;
        #[cfg(all(unix, not(any(target_os = "android", target_os = "ios", target_os = "macos"))))]
        let platform = rustls_platform_verifier::Verifier::new_with_extra_roots(
            self.extra.iter().cloned(),
            provider.clone(),
        );
        #[cfg(not(all(unix, not(any(target_os = "android", target_os = "ios", target_os = "macos")))))]
        let platform = if self.extra.is_empty() {
            rustls_platform_verifier::Verifier::new(provider.clone())
        } else {
            Err(rustls::Error::General("own roots replace the platform's here".into()))
        };
        match platform {
            Ok(verifier) => Ok(builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(verifier))
                .with_no_client_auth()),
            // A machine without any root of its own still has the user's file.
            Err(_) if !self.extra.is_empty() => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(self.extra.iter().cloned());
                Ok(builder.with_root_certificates(roots).with_no_client_auth())
            }
            Err(e) => Err(tls(e)),
        }
    }
}

impl Transport {
    /// Connects and, for implicit TLS, shakes hands. With STARTTLS the caller goes on to [`Transport::start_tls`].
    pub async fn connect(to: &Endpoint, trust: &Trust, meter: Arc<Meter>) -> Result<Self> {
        let name = format!("{}:{}", to.host, to.port);
        let addresses: Vec<SocketAddr> =
            match timeout(CONNECT_TIMEOUT, tokio::net::lookup_host((to.host.as_str(), to.port))).await {
                Err(_) => return Err(Error::new(Kind::HostUnknown, &to.host).because("no answer")),
                Ok(Err(e)) => return Err(Error::new(Kind::HostUnknown, &to.host).because(e)),
                Ok(Ok(found)) => found.collect(),
            };
        if addresses.is_empty() {
            return Err(Error::new(Kind::HostUnknown, &to.host));
        }
        if to.tls == Tls::None && !addresses.iter().all(|a| is_loopback(a.ip())) {
            return Err(
                Error::new(Kind::NoTls, &to.host).because("unencrypted connections stay on this machine")
            );
        }
        let mut last = Error::new(Kind::Unreachable, &name);
        for address in addresses {
            match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
                Err(_) => last = Error::new(Kind::Unreachable, &name).because("timed out"),
                Ok(Err(e)) => last = Error::new(Kind::Unreachable, &name).because(e),
                Ok(Ok(tcp)) => {
                    // Pipelined commands are written whole: waiting to fill a segment only costs time.
                    let _ = tcp.set_nodelay(true);
                    let mut transport = Self {
                        io: Box::new(tcp),
                        host: to.host.clone(),
                        meter,
                        spoke: false,
                        encrypted: false,
                    };
                    if to.tls == Tls::Implicit {
                        transport = transport.start_tls(trust).await?;
                    }
                    return Ok(transport);
                }
            }
        }
        Err(last)
    }

    /// Shakes hands. The caller has made sure that nothing received in clear is kept (RFC 3501 section 6.2.1).
    pub async fn start_tls(self, trust: &Trust) -> Result<Self> {
        let Self { io, host, meter, .. } = self;
        let server = ServerName::try_from(host.clone())
            .map_err(|e| Error::new(Kind::HostUnknown, &host).because(e))?;
        let connector = tokio_rustls::TlsConnector::from(Arc::new(trust.config()?));
        let tls = match timeout(CONNECT_TIMEOUT, connector.connect(server, io)).await {
            Err(_) => return Err(Error::new(Kind::Timeout, &host).because("TLS handshake")),
            Ok(Err(e)) => return Err(handshake_error(&host, e)),
            Ok(Ok(tls)) => tls,
        };
        Ok(Self { io: Box::new(tls), host, meter, spoke: false, encrypted: true })
    }

    /// True once TLS protects the stream.
    pub fn encrypted(&self) -> bool {
        self.encrypted
    }

    /// The host as the user named it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Sends all of it.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let sent = async {
            self.io.write_all(bytes).await?;
            self.io.flush().await
        };
        match timeout(Duration::from_secs(60), sent).await {
            Err(_) => Err(Error::new(Kind::Timeout, &self.host)),
            Ok(Err(e)) => Err(Error::new(Kind::ConnectionLost, &self.host).because(e)),
            Ok(Ok(())) => {
                self.meter.up.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                self.spoke = true;
                Ok(())
            }
        }
    }

    /// Appends what arrives to `buffer`, waiting at most `patience` for the first byte. The end of the stream is an error.
    /// Safe to cancel: nothing that was read is lost.
    pub async fn read(&mut self, buffer: &mut Vec<u8>, patience: Duration) -> Result<usize> {
        if std::mem::take(&mut self.spoke) {
            self.meter.turns.fetch_add(1, Ordering::Relaxed);
        }
        let mut chunk = [0u8; 16 * 1024];
        match timeout(patience, self.io.read(&mut chunk)).await {
            Err(_) => Err(Error::new(Kind::Timeout, &self.host)),
            Ok(Err(e)) => Err(Error::new(Kind::ConnectionLost, &self.host).because(e)),
            Ok(Ok(0)) => {
                Err(Error::new(Kind::ConnectionLost, &self.host).because("the server closed the connection"))
            }
            Ok(Ok(n)) => {
                self.meter.down.fetch_add(n as u64, Ordering::Relaxed);
                buffer.extend_from_slice(&chunk[..n]);
                Ok(n)
            }
        }
    }
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.is_loopback()
}

/// Tells "not trusted" from "does not speak TLS" from "hung up".
fn handshake_error(host: &str, e: std::io::Error) -> Error {
    let cause = e.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let kind = match cause {
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) => {
            Kind::Certificate
        }
        Some(rustls::Error::InvalidMessage(_) | rustls::Error::InappropriateMessage { .. }) => Kind::NoTls,
        Some(_) => Kind::Certificate,
        None => Kind::ConnectionLost,
    };
    Error::new(kind, host).because(e)
}
