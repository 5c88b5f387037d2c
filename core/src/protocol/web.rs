//! Small questions over https: settings of a provider, tokens of an OAuth issuer, and the pictures of a message where the user wants them.
//! Not for pages.
//!
//! The same transport as for mail, hence the same trust, proxy and bounds. https only, except to this machine.

use super::proxy::Proxy;
use super::tls::Trust;
use super::transport::{Meter, Transport};
use crate::error::{Error, Kind, Result};
use crate::model::{Endpoint, Tls};
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use url::Url;

/// No answer that we ask for is longer. Bytes.
const LONGEST: usize = 256 * 1024;
/// No picture that we show is larger: 6 MiB.
const LARGEST_PICTURE: usize = 6 << 20;
const REDIRECTS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(20);

/// Where a host and port are, instead of where the network says; `None` = nowhere. For tests: the network is passed in.
pub type Detour = Arc<dyn Fn(&str, u16) -> Option<SocketAddr> + Send + Sync>;

/// The way to servers that are asked over https.
#[derive(Clone, Default)]
pub struct Web {
    /// What TLS trusts.
    pub trust: Trust,
    /// The way there.
    pub proxy: Option<Proxy>,
    /// Instead of the network.
    pub detour: Option<Detour>,
}

/// The host that a link over https leads to. Usage where it leads nowhere of that kind.
pub fn host(url: &str) -> Result<String> {
    let url = parse(url)?;
    Ok(url.host_str().unwrap_or_default().to_owned())
}

/// Whether a host is on this device or in its own network, as far as the name service says now.
pub async fn is_private(host: &str) -> Result<bool> {
    let unknown = |e: std::io::Error| Error::new(Kind::HostUnknown, host).because(e);
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let all = tokio::net::lookup_host((bare, 443)).await.map_err(unknown)?;
    let inside = |ip: IpAddr| match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let shared = ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64; // RFC 6598
            shared
                || ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_broadcast()
                || ip.is_multicast()
        }
        IpAddr::V6(ip) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                || ip.is_multicast()
        }
    };
    Ok(all.into_iter().any(|a| inside(a.ip())))
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// At most 256 KiB, of a picture 6 MiB.
    pub body: Vec<u8>,
    next: Option<String>,
}

impl Answer {
    /// For tests of what reads one.
    pub fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, body, next: None }
    }
}

impl Web {
    /// Connects, and shakes hands where TLS comes first.
    pub async fn reach(&self, to: &Endpoint) -> Result<Transport> {
        let meter = Arc::<Meter>::default();
        let Some(detour) = &self.detour else {
            return Transport::connect(to, &self.trust, self.proxy.as_ref(), meter).await;
        };
        let at = detour(&to.host, to.port).ok_or_else(|| Error::new(Kind::HostUnknown, &to.host))?;
        let tcp =
            TcpStream::connect(at).await.map_err(|e| Error::new(Kind::Unreachable, &to.host).because(e))?;
        let transport = Transport::over(Box::new(tcp), &to.host, meter);
        if to.tls == Tls::Implicit { transport.start_tls(&self.trust).await } else { Ok(transport) }
    }

    /// Asks for a document; follows redirects that stay under https.
    pub async fn get(&self, url: &str) -> Result<Answer> {
        let mut url = parse(url)?;
        for _ in 0..=REDIRECTS {
            let request = Request::get(path(&url)).body(Full::default());
            let answer = self.ask(&url, request, LONGEST).await?;
            let Some(next) = &answer.next else { return Ok(answer) };
            url = parse(url.join(next).map_err(|e| unusable(&url).because(e))?.as_str())?;
        }
        Err(unusable(&url).because("redirected in circles"))
    }

    /// Posts a form (application/x-www-form-urlencoded). Redirects are not followed: a form may hold secrets.
    pub async fn post(&self, url: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let url = parse(url)?;
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path(&url))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(Full::from(body));
        self.ask(&url, request, LONGEST).await
    }

    /// Fetches a picture: without cookies, and without a word of where it is shown. Redirects are followed as in [`Web::get`]. What lies in
    /// this device's own network is fetched only where `inside`. (A name that means another address a moment later has no certificate there.)
    pub async fn picture(&self, url: &str, inside: bool) -> Result<Answer> {
        let mut url = parse(url)?;
        for _ in 0..=REDIRECTS {
            let host = url.host_str().unwrap_or_default();
            if self.proxy.is_none() && self.detour.is_none() && !inside && is_private(host).await? {
                return Err(Error::new(Kind::Refused, host).because("an address of a private network"));
            }
            let request = Request::get(path(&url)).body(Full::default());
            let answer = self.ask(&url, request, LARGEST_PICTURE).await?;
            let Some(next) = &answer.next else { return Ok(answer) };
            url = parse(url.join(next).map_err(|e| unusable(&url).because(e))?.as_str())?;
        }
        Err(unusable(&url).because("redirected in circles"))
    }

    async fn ask(
        &self,
        url: &Url,
        request: hyper::http::Result<Request<Full<Bytes>>>,
        longest: usize,
    ) -> Result<Answer> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let failed = |e: String| Error::new(Kind::ConnectionLost, &host).because(e);
        let tls = if url.scheme() == "https" { Tls::Implicit } else { Tls::None };
        let to = Endpoint { host: host.clone(), port: url.port_or_known_default().unwrap_or(443), tls };
        let mut request = request.map_err(|e| unusable(url).because(e))?;
        let named = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        let headers = [("Host", named.as_str()), ("User-Agent", "Malote"), ("Accept", "*/*")];
        for (name, value) in headers {
            let value = value.parse().map_err(|_| unusable(url))?;
            request.headers_mut().insert(name, value);
        }
        let asking = async {
            let io = TokioIo::new(self.reach(&to).await?.into_io());
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(io).await.map_err(|e| failed(e.to_string()))?;
            let connection = tokio::spawn(connection);
            let answer = async {
                let answer = sender.send_request(request).await.map_err(|e| failed(e.to_string()))?;
                let (head, body) = answer.into_parts();
                let next = head.headers.get("location").and_then(|l| l.to_str().ok()).map(str::to_owned);
                let next = next.filter(|_| head.status.is_redirection());
                let body = Limited::new(body, longest).collect().await;
                let body = body.map_err(|e| failed(e.to_string()))?.to_bytes().to_vec();
                Ok(Answer { status: head.status.as_u16(), body, next })
            }
            .await;
            connection.abort();
            answer
        };
        tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| Err(Error::new(Kind::Timeout, &host)))
    }
}

fn unusable(url: &Url) -> Error {
    Error::new(Kind::Protocol, url.host_str().unwrap_or_default())
}

fn parse(url: &str) -> Result<Url> {
    let parsed = Url::parse(url).map_err(|e| Error::new(Kind::Usage, "url").because(e))?;
    let here = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match parsed.scheme() {
        "https" => Ok(parsed),
        "http" if here => Ok(parsed),
        _ => Err(Error::new(Kind::NoTls, parsed.host_str().unwrap_or_default()).because("https only")),
    }
}

fn path(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    /// Addresses as they are written need no name service.
    #[tokio::test]
    async fn what_is_private_is_known() {
        let inside = [
            "127.0.0.1",
            "[::1]",
            "10.1.2.3",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "[fd00::1]",
            "[fe80::1]",
            "[::ffff:10.0.0.1]",
        ];
        for host in inside {
            assert_eq!(super::is_private(host).await.ok(), Some(true), "{host}");
        }
        for host in ["192.0.2.1", "100.128.0.1", "172.32.0.1", "[2001:db8::1]"] {
            assert_eq!(super::is_private(host).await.ok(), Some(false), "{host}");
        }
    }
}
