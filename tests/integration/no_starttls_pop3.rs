//! The POP3 cases of the NO STARTTLS study (Poddebniak et al., USENIX Security 2021), played to our client: no password in clear,
//! and nothing said before TLS survives it.

use malote_core::error::{Error, Kind};
use malote_core::model::{Endpoint, Tls};
use malote_core::protocol::pop3::Session;
use malote_core::protocol::sasl::Credentials;
use malote_core::protocol::tls::Trust;
use malote_core::protocol::transport::Transport;
use ron::extensions::Extensions;
use serde::Deserialize;
use servers::corpora;
use servers::study::{self, Heard, Stream};
use servers::tls::{self, Certificates};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

const PASSWORD: &str = "senha-que-ninguem-pode-ler";

#[derive(Deserialize, Clone, Debug)]
struct Case {
    greeting: String,
    capa: Vec<String>,
    capa_auth: Vec<String>,
    capa_tls: Vec<String>,
    capa_tls_auth: Vec<String>,
    implicit_tls: bool,
    stls_response: Option<String>,
    #[serde(default = "yes")]
    stls_make_transition: bool,
    #[serde(default)]
    override_response: BTreeMap<String, String>,
    #[serde(default)]
    hide_commands: Vec<String>,
}

fn yes() -> bool {
    true
}

async fn serve(
    stream: tokio::io::DuplexStream,
    case: Case,
    certificates: Arc<rustls::ServerConfig>,
    heard: Heard,
) -> std::io::Result<()> {
    let acceptor = tokio_rustls::TlsAcceptor::from(certificates);
    let mut stream: Box<dyn Stream> = Box::new(stream);
    let mut secure = case.implicit_tls;
    if secure {
        stream = Box::new(acceptor.accept(stream).await?);
    }
    stream.write_all(case.greeting.as_bytes()).await?;
    stream.flush().await?;
    let mut stream = BufReader::new(stream);
    let mut signed_in = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        if !secure {
            heard.lock().expect("a lock").push_str(&line);
        }
        let verb = line.split_whitespace().next().unwrap_or_default().to_lowercase();
        let own = case.override_response.get(&verb).filter(|_| !secure);
        let answer = match verb.as_str() {
            _ if !secure && case.hide_commands.contains(&verb) => "-ERR unknown command\r\n".to_owned(),
            _ if own.is_some() => own.expect("some").clone(),
            "capa" => {
                let caps = match (secure, signed_in) {
                    (true, true) => &case.capa_tls_auth,
                    (true, false) => &case.capa_tls,
                    (false, true) => &case.capa_auth,
                    (false, false) => &case.capa,
                };
                format!("+OK\r\n{}.\r\n", caps.iter().map(|c| format!("{c}\r\n")).collect::<String>())
            }
            "stls" => {
                let text = case.stls_response.clone().unwrap_or_else(|| "+OK begin TLS now\r\n".to_owned());
                stream.get_mut().write_all(text.as_bytes()).await?;
                stream.get_mut().flush().await?;
                if case.stls_make_transition {
                    let bare = std::mem::replace(
                        stream.get_mut(),
                        Box::new(tokio::io::join(tokio::io::empty(), tokio::io::sink())),
                    );
                    stream = BufReader::new(Box::new(acceptor.accept(bare).await?));
                    secure = true;
                }
                continue;
            }
            "user" => "+OK\r\n".to_owned(),
            "pass" => {
                signed_in = true;
                "+OK in\r\n".to_owned()
            }
            "auth" => {
                stream.get_mut().write_all(b"+ \r\n").await?;
                stream.get_mut().flush().await?;
                let mut response = String::new();
                stream.read_line(&mut response).await?;
                if !secure {
                    heard.lock().expect("a lock").push_str(&response);
                }
                signed_in = true;
                "+OK in\r\n".to_owned()
            }
            "list" | "uidl" => "+OK\r\n.\r\n".to_owned(),
            "quit" => "+OK\r\n".to_owned(),
            _ => "-ERR what\r\n".to_owned(),
        };
        stream.get_mut().write_all(answer.as_bytes()).await?;
        stream.get_mut().flush().await?;
    }
}

async fn attempt(
    case: &Case,
    certificates: &Certificates,
    server: Arc<rustls::ServerConfig>,
) -> (Result<Session, Error>, String) {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let heard = Heard::default();
    let served = tokio::spawn(serve(theirs, case.clone(), server, heard.clone()));
    let trust = Trust::default().with_file(&certificates.ca).expect("trust");
    let tls = if case.implicit_tls { Tls::Implicit } else { Tls::Starttls };
    let to = Endpoint { host: "localhost".into(), port: 110, tls };
    let who = Credentials::password("ana", PASSWORD);
    let result = async {
        let mut transport = Transport::over(Box::new(ours), "localhost", Default::default());
        if case.implicit_tls {
            transport = transport.start_tls(&trust).await?;
        }
        let mut session = Session::start(transport, &to, &trust, &who, None).await?;
        assert_eq!(session.survey().await?.messages, [], "messages of before TLS");
        Ok(session)
    }
    .await;
    served.abort();
    let said = heard.lock().expect("a lock").clone();
    (result, said)
}

/// `Ok` = signed in over TLS with nothing of before; else the kinds of refusal that are right.
fn expected(case: &Case) -> Result<(), &'static [Kind]> {
    if case.greeting.starts_with("-ERR") {
        return Err(&[Kind::Unreachable, Kind::Busy, Kind::ContactAdmin]);
    }
    // No greeting, or more than one line of it: the second is taken for the answer to STLS, and is none.
    if !case.greeting.starts_with("+OK") || case.greeting.matches("\r\n").count() > 1 {
        return Err(&[Kind::Protocol]);
    }
    let own = case.override_response.get("stls");
    let answer = own.or(case.stls_response.as_ref()).map(String::as_str).unwrap_or("+OK\r\n");
    let transition = case.stls_make_transition && own.is_none();
    match answer {
        a if a.starts_with("-ERR") => Err(&[Kind::NoTls]),
        a if !a.starts_with("+OK ") && !a.starts_with("+OK\r") => Err(&[Kind::Protocol]),
        // Something behind the answer, for the client to find once it believes to be safe.
        a if a.matches("\r\n").count() > 1 || !a.ends_with("\r\n") => {
            Err(&[Kind::NoTls, Kind::Protocol, Kind::Timeout, Kind::ConnectionLost])
        }
        // It says that TLS begins, and goes on in clear.
        _ if !transition => Err(&[Kind::Timeout, Kind::ConnectionLost, Kind::NoTls, Kind::Protocol]),
        _ => Ok(()),
    }
}

fn judge(case: &Case, result: Result<Session, Error>, said: &str) -> Result<String, String> {
    let clear = said.to_lowercase();
    let secret = ["user ", "pass ", "auth ", "apop "].iter().any(|v| clear.contains(v));
    if said.contains(PASSWORD) || secret {
        return Err(format!("spoken in clear: {said}"));
    }
    match (result, expected(case)) {
        (Ok(session), Ok(())) => {
            let own: Vec<String> = case.capa_tls_auth.iter().map(|c| c.to_uppercase()).collect();
            match session.capabilities().find(|c| !own.iter().any(|o| o == c)) {
                Some(foreign) => Err(format!("{foreign} was learned before TLS")),
                None => Ok("signed in over TLS, nothing of before".into()),
            }
        }
        (Err(e), Err(kinds)) if kinds.contains(&e.kind) => Ok(format!("refused: {e}")),
        (Ok(_), want) => Err(format!("signed in, instead of {want:?}")),
        (Err(e), want) => Err(format!("{e}, instead of {want:?}")),
    }
}

#[test]
fn all_pop3_cases_of_the_study() {
    let Some(folder) = corpora::folder("security/nostarttls-fake-mail-server/testcases/pop3") else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let certificates = tls::make(dir.path());
    let server = Arc::new(tls::server_config(&certificates));
    let cases = study::cases(&folder, Extensions::IMPLICIT_SOME, "//stls_response: ", |case: &Case, line| {
        Case { stls_response: Some(ron::from_str(line).expect("a response")), ..case.clone() }
    });
    assert!(cases.len() >= 43, "{} cases", cases.len());
    study::play(&cases, async |case| {
        let (result, said) = attempt(case, &certificates, server.clone()).await;
        judge(case, result, &said)
    });
}
