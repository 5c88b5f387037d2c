//! The way through a proxy: SOCKS5 (RFC 1928, RFC 1929) and HTTP CONNECT (RFC 9110 section 9.3.6).
//!
//! The server's name is resolved by the proxy, so that nothing about it leaks beside it. Without the proxy there is no
//! connection at all: falling back to a direct one would betray whoever set it up.

use crate::error::{Error, Kind, Result};
use base64::Engine;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A proxy. Its Debug shows no password.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    scheme: Scheme,
    host: String,
    port: u16,
    sign_in: Option<(String, String)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Socks5,
    Http,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proxy({}:{})", self.host, self.port)
    }
}

impl Proxy {
    /// Reads `socks5://[user:password@]host[:port]` or `http://…`; `None` for an empty text.
    pub fn parse(text: &str) -> Result<Option<Self>> {
        let text = text.trim().trim_end_matches('/');
        if text.is_empty() {
            return Ok(None);
        }
        // The text may hold a password: it is never repeated in an error.
        let bad = |why: &str| Error::new(Kind::Usage, "proxy").because(why);
        let (scheme, rest) =
            text.split_once("://").ok_or_else(|| bad("socks5://host:port or http://host:port"))?;
        let (scheme, usual) = match scheme.to_ascii_lowercase().as_str() {
            "socks5" | "socks5h" => (Scheme::Socks5, 1080),
            "http" => (Scheme::Http, 8080),
            _ => return Err(bad("only socks5 and http are known")),
        };
        let (sign_in, place) = match rest.rsplit_once('@') {
            Some((who, place)) => {
                let (user, password) = who.split_once(':').unwrap_or((who, ""));
                (Some((user.to_owned(), password.to_owned())), place)
            }
            None => (None, rest),
        };
        // [::1]:1080 has its colons in brackets.
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => {
                (host, port.parse().map_err(|_| bad("no such port"))?)
            }
            _ => (place, usual),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(bad("no host"));
        }
        Ok(Some(Self { scheme, host, port, sign_in }))
    }

    /// True when it has a password.
    pub fn has_secret(&self) -> bool {
        self.sign_in.as_ref().is_some_and(|(_, password)| !password.is_empty())
    }

    /// A connection to `host:port` through the proxy.
    pub(super) async fn connect(&self, host: &str, port: u16) -> Result<TcpStream> {
        let failed = |why: String| Error::new(Kind::Proxy, &self.host).because(why);
        let tcp =
            TcpStream::connect((self.host.as_str(), self.port)).await.map_err(|e| failed(e.to_string()))?;
        match self.scheme {
            Scheme::Socks5 => {
                let connected = match &self.sign_in {
                    Some((user, password)) => {
                        tokio_socks::tcp::Socks5Stream::connect_with_password_and_socket(
                            tcp,
                            (host, port),
                            user,
                            password,
                        )
                        .await
                    }
                    None => tokio_socks::tcp::Socks5Stream::connect_with_socket(tcp, (host, port)).await,
                };
                Ok(connected.map_err(|e| failed(e.to_string()))?.into_inner())
            }
            Scheme::Http => self.tunnel(tcp, host, port).await.map_err(|e| failed(e.detail)),
        }
    }

    async fn tunnel(&self, mut tcp: TcpStream, host: &str, port: u16) -> Result<TcpStream> {
        let place = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        if place.bytes().any(|b| b <= b' ') {
            return Err(Error::new(Kind::Proxy, "").because("no host name"));
        }
        let mut request = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n");
        if let Some((user, password)) = &self.sign_in {
            let token = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
            request += &format!("Proxy-Authorization: Basic {token}\r\n");
        }
        request += "\r\n";
        tcp.write_all(request.as_bytes()).await?;
        // Byte by byte, since what follows the empty line belongs to the server behind; a header is short.
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() > 16 * 1024 {
                return Err(Error::new(Kind::Proxy, "").because("its answer has no end"));
            }
            head.push(tcp.read_u8().await?);
        }
        let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
        match line.split(' ').nth(1) {
            Some(code) if code.len() == 3 && code.starts_with('2') => Ok(tcp),
            _ => Err(Error::new(Kind::Proxy, "").because(line)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let p = |s: &str| Proxy::parse(s).ok().flatten();
        assert_eq!(p(""), None);
        let plain = p("socks5://127.0.0.1").map(|p| (p.host, p.port, p.sign_in));
        assert_eq!(plain, Some(("127.0.0.1".into(), 1080, None)));
        let full = p("http://ana:p@ss:1@proxy.exemplo.test:3128/").map(|p| (p.host, p.port, p.sign_in));
        assert_eq!(full, Some(("proxy.exemplo.test".into(), 3128, Some(("ana".into(), "p@ss:1".into())))));
        assert_eq!(p("socks5h://[::1]:9").map(|p| (p.host, p.port)), Some(("::1".into(), 9)));
        for bad in ["ana", "ftp://x", "socks5://", "http://x:y"] {
            assert!(Proxy::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(format!("{:?}", p("http://ana:secret@x")), "Some(Proxy(x:8080))");
    }
}
