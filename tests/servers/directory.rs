//! A name service and an https server on loopback, for what is found about a domain. Each remembers what it was asked.

use crate::tls::{self, Certificates};
use hickory_resolver::proto::op::{Message, OpCode};
use hickory_resolver::proto::rr::rdata::{MX, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use malote_core::protocol::tls::Trust;
use malote_core::protocol::web::Web;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

/// A running name service and web.
pub struct Directory {
    /// Where the name service is.
    pub names: SocketAddr,
    /// Where the https server is, for all names.
    pub web: SocketAddr,
    /// Everything that either was asked: `MX empresa.test`, `GET https://empresa.test/path?query`.
    pub asked: Arc<Mutex<Vec<String>>>,
    certificates: Certificates,
    _dir: tempfile::TempDir,
}

/// What there is to find.
#[derive(Default, Clone)]
pub struct Found {
    /// For the name service.
    pub records: Vec<(String, RecordType, RData)>,
    /// Status and text by place.
    pub pages: BTreeMap<String, (u16, String)>,
    /// The https server takes the question and never answers.
    pub silent: bool,
}

fn name(text: &str) -> Name {
    Name::from_ascii(format!("{}.", text.trim_end_matches('.'))).expect("a name")
}

impl Found {
    /// A domain's mail exchanger.
    pub fn mx(mut self, domain: &str, preference: u16, exchanger: &str) -> Self {
        let record = RData::MX(MX::new(preference, name(exchanger)));
        self.records.push((domain.to_owned(), RecordType::MX, record));
        self
    }

    /// Where a service is: `_imaps._tcp.empresa.test`.
    pub fn srv(mut self, service: &str, priority: u16, host: &str, port: u16) -> Self {
        let record = RData::SRV(SRV::new(priority, 0, port, name(host)));
        self.records.push((service.to_owned(), RecordType::SRV, record));
        self
    }

    /// A page: `empresa.test/path`, without what stands behind the question mark.
    pub fn page(mut self, place: &str, status: u16, text: &str) -> Self {
        self.pages.insert(place.to_owned(), (status, text.to_owned()));
        self
    }
}

impl Directory {
    /// Starts both. The https server has a certificate for these hosts.
    pub async fn start(found: Found, hosts: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let certificates = tls::make_for(dir.path(), hosts);
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let udp = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let names = udp.local_addr().expect("an address");
        tokio::spawn(name_service(udp, found.clone(), asked.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let web = listener.local_addr().expect("an address");
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls::server_config(&certificates)));
        let log = asked.clone();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (acceptor, found, log) = (acceptor.clone(), found.clone(), log.clone());
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(tcp).await else { return };
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        match stream.read_u8().await {
                            Ok(byte) => head.push(byte),
                            Err(_) => return,
                        }
                    }
                    let text = String::from_utf8_lossy(&head).into_owned();
                    let target = text.split(' ').nth(1).unwrap_or_default().to_owned();
                    let host = text
                        .lines()
                        .find_map(|l| l.strip_prefix("Host: ").or_else(|| l.strip_prefix("host: ")))
                        .unwrap_or_default();
                    log.lock().expect("log").push(format!("GET https://{host}{target}"));
                    if found.silent {
                        std::future::pending::<()>().await;
                    }
                    let place = format!("{host}{}", target.split('?').next().unwrap_or_default());
                    let (status, body) = found.pages.get(&place).cloned().unwrap_or((404, String::new()));
                    let more = if status == 302 { format!("Location: {body}\r\n") } else { String::new() };
                    let answer = format!(
                        "HTTP/1.1 {status} X\r\n{more}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { names, web, asked, certificates, _dir: dir }
    }

    /// The way there: https leads to this server whatever the host, other ports of those hosts where the test says.
    pub fn way(&self, others: impl Fn(&str, u16) -> Option<SocketAddr> + Send + Sync + 'static) -> Web {
        let web = self.web;
        Web {
            trust: Trust::default().with_file(&self.certificates.ca).expect("ca.pem"),
            proxy: None,
            detour: Some(Arc::new(
                move |host, port| if port == 443 { Some(web) } else { others(host, port) },
            )),
        }
    }

    /// Everything that was asked so far.
    pub fn questions(&self) -> Vec<String> {
        self.asked.lock().expect("log").clone()
    }
}

async fn name_service(socket: UdpSocket, found: Found, log: Arc<Mutex<Vec<String>>>) {
    let mut buffer = [0u8; 4096];
    while let Ok((n, from)) = socket.recv_from(&mut buffer).await {
        let Ok(question) = Message::from_vec(&buffer[..n]) else { continue };
        let Some(query) = question.queries.first().cloned() else { continue };
        let wanted = query.name().to_string().trim_end_matches('.').to_lowercase();
        log.lock().expect("log").push(format!("{} {wanted}", query.query_type()));
        let mut answer = Message::response(question.metadata.id, OpCode::Query);
        answer.metadata.recursion_available = true;
        let records = found.records.iter().filter(|(n, t, _)| *n == wanted && *t == query.query_type());
        answer.add_answers(
            records.map(|(_, _, data)| Record::from_rdata(query.name().clone(), 60, data.clone())),
        );
        answer.add_query(query);
        let _ = socket.send_to(&answer.to_vec().expect("an answer"), from).await;
    }
}
