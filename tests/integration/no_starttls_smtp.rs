//! The SMTP cases of the NO STARTTLS study (Poddebniak et al., USENIX Security 2021), played to our client: no password and no mail in
//! clear, and nothing said before TLS survives it.

use malote_core::error::{Error, Kind};
use malote_core::model::{Endpoint, Tls};
use malote_core::protocol::sasl::Credentials;
use malote_core::protocol::smtp::Session;
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

#[derive(Deserialize, Clone, Debug, PartialEq)]
enum Capability {
    StartTLS,
    Auth(Vec<Mechanism>),
}

#[derive(Deserialize, Clone, Debug, PartialEq)]
enum Mechanism {
    Plain,
    Login,
    Other(String),
}

#[derive(Deserialize, Clone, Debug)]
struct Case {
    #[serde(default)]
    greeting: Option<String>,
    capabilities: Vec<Capability>,
    capabilities_tls: Vec<Capability>,
    implicit_tls: bool,
    #[serde(default)]
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

fn said(capabilities: &[Capability]) -> String {
    let mut lines = vec!["exemplo.test".to_owned()];
    for capability in capabilities {
        lines.push(match capability {
            Capability::StartTLS => "STARTTLS".to_owned(),
            Capability::Auth(ways) => {
                let names: Vec<String> = ways
                    .iter()
                    .map(|way| match way {
                        Mechanism::Other(name) => name.clone(),
                        known => format!("{known:?}").to_uppercase(),
                    })
                    .collect();
                format!("AUTH {}", names.join(" "))
            }
        });
    }
    let last = lines.len() - 1;
    let line = |(i, text): (usize, &String)| format!("250{}{text}\r\n", if i == last { " " } else { "-" });
    lines.iter().enumerate().map(line).collect()
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
    let greeting = case.greeting.clone().unwrap_or_else(|| "220 exemplo.test ESMTP\r\n".to_owned());
    stream.write_all(greeting.as_bytes()).await?;
    stream.flush().await?;
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        if !secure {
            heard.lock().expect("a lock").push_str(&line);
        }
        let verb = line.split_whitespace().next().unwrap_or_default().to_lowercase();
        let own = case.override_response.iter().find(|(k, _)| !secure && k.to_lowercase() == verb);
        let answer = match verb.as_str() {
            _ if !secure && case.hide_commands.contains(&verb) => "500 unknown command\r\n".to_owned(),
            _ if own.is_some() => own.expect("some").1.clone(),
            "ehlo" => said(if secure { &case.capabilities_tls } else { &case.capabilities }),
            "starttls" => {
                let text = case.stls_response.clone().unwrap_or_else(|| "220 begin TLS now\r\n".to_owned());
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
            "auth" => "235 2.7.0 in\r\n".to_owned(),
            "quit" => "221 bye\r\n".to_owned(),
            _ => "500 what\r\n".to_owned(),
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
    let to = Endpoint { host: "localhost".into(), port: 587, tls };
    let who = Credentials::password("ana", PASSWORD);
    let result = async {
        let mut transport = Transport::over(Box::new(ours), "localhost", Default::default());
        if case.implicit_tls {
            transport = transport.start_tls(&trust).await?;
        }
        Session::start(transport, &to, &trust, &who).await
    }
    .await;
    served.abort();
    let said = heard.lock().expect("a lock").clone();
    (result, said)
}

/// `Ok` = signed in over TLS with nothing of before; else the kinds of refusal that are right.
fn expected(case: &Case) -> Result<(), &'static [Kind]> {
    if case.greeting.as_ref().is_some_and(|g| !g.starts_with("220 ")) {
        return Err(&[Kind::Unreachable, Kind::Busy]);
    }
    if case.implicit_tls {
        return Ok(());
    }
    let own = |verb: &str| case.override_response.iter().find(|(k, _)| k.to_lowercase() == verb);
    if own("ehlo").is_some_and(|(_, text)| !text.starts_with("250"))
        || case.hide_commands.contains(&"ehlo".into())
    {
        return Err(&[Kind::Protocol, Kind::Busy]);
    }
    if !case.capabilities.contains(&Capability::StartTLS) {
        return Err(&[Kind::NoTls]);
    }
    let answer = own("starttls").map(|(_, text)| text).or(case.stls_response.as_ref());
    let answer = answer.map(String::as_str).unwrap_or("220 \r\n");
    let transition = case.stls_make_transition && own("starttls").is_none();
    match answer {
        a if !a.starts_with("220") => Err(&[Kind::NoTls]),
        // Something behind the answer, for the client to find once it believes to be safe.
        a if a.matches("\r\n").count() > 1 => Err(&[Kind::NoTls]),
        // It says that TLS begins, and goes on in clear.
        _ if !transition => Err(&[Kind::Timeout, Kind::ConnectionLost, Kind::NoTls, Kind::Protocol]),
        _ => Ok(()),
    }
}

fn judge(case: &Case, result: Result<Session, Error>, said: &str) -> Result<String, String> {
    let clear = said.to_lowercase();
    if said.contains(PASSWORD) || ["auth", "mail ", "rcpt ", "data", "bdat"].iter().any(|v| clear.contains(v))
    {
        return Err(format!("spoken in clear: {said}"));
    }
    match (result, expected(case)) {
        (Ok(session), Ok(())) => {
            let auth = case.capabilities_tls.iter().any(|c| matches!(c, Capability::Auth(_)));
            match session.offers().find(|name| *name != "AUTH" && *name != "STARTTLS") {
                Some(foreign) => Err(format!("{foreign} was learned before TLS")),
                None if session.can("AUTH") != auth => Err("the sign-in was learned before TLS".into()),
                None => Ok("signed in over TLS, nothing of before".into()),
            }
        }
        (Err(e), Err(kinds)) if kinds.contains(&e.kind) => Ok(format!("refused: {e}")),
        (Ok(_), want) => Err(format!("signed in, instead of {want:?}")),
        (Err(e), want) => Err(format!("{e}, instead of {want:?}")),
    }
}

#[test]
fn all_smtp_cases_of_the_study() {
    let Some(folder) = corpora::folder("security/nostarttls-fake-mail-server/testcases/smtp") else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let certificates = tls::make(dir.path());
    let server = Arc::new(tls::server_config(&certificates));
    let cases = study::cases(&folder, Extensions::IMPLICIT_SOME, "//stls_response: ", |case: &Case, line| {
        Case { stls_response: Some(ron::from_str(line).expect("a response")), ..case.clone() }
    });
    assert!(cases.len() >= 59, "{} cases", cases.len());
    study::play(&cases, async |case| {
        let (result, said) = attempt(case, &certificates, server.clone()).await;
        judge(case, result, &said)
    });
}
