//! The IMAP cases of the NO STARTTLS study (Poddebniak et al., USENIX Security 2021), played to our client: no password in
//! clear, and nothing said before TLS survives it. One table: what each case must end in.

use malote_core::error::{Error, Kind};
use malote_core::model::{Endpoint, Tls};
use malote_core::protocol::imap::Session;
use malote_core::protocol::imap::sign_in::Credentials;
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
    state: State,
    #[serde(default)]
    greeting: Greeting,
    caps: Vec<Cap>,
    caps_tls: Vec<Cap>,
    caps_tls_auth: Vec<Cap>,
    implicit_tls: bool,
    starttls_response: Option<String>,
    #[serde(default = "yes")]
    starttls_transition: bool,
    response_after_greeting: Option<String>,
    #[serde(default)]
    override_response: BTreeMap<String, String>,
    #[serde(default)]
    hide_commands: Vec<String>,
    #[serde(default)]
    ignore_commands: Vec<String>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize, Clone, Copy, Debug, PartialEq)]
enum State {
    NotAuthenticated,
    Authenticated,
}

#[derive(Deserialize, Clone, Debug, Default)]
struct Greeting {
    kind: Word,
    code: Option<Code>,
    text: Text,
}

#[derive(Deserialize, Clone, Copy, Debug, Default)]
enum Word {
    #[default]
    Ok,
    PreAuth,
    Bye,
}

#[derive(Deserialize, Clone, Debug, Default)]
struct Text(String);

#[derive(Deserialize, Clone, Debug)]
enum Code {
    Alert,
    Parse,
    BadCharset { allowed: Vec<Atom> },
    Capability(NonEmptyVec),
}

#[derive(Deserialize, Clone, Debug)]
enum Atom {
    Atom(Inner),
}

#[derive(Deserialize, Clone, Debug)]
#[serde(rename = "Atom")]
struct Inner(String);

#[derive(Deserialize, Clone, Debug)]
struct NonEmptyVec(Vec<Cap>);

#[derive(Deserialize, Clone, Debug)]
enum Cap {
    Imap4Rev1,
    StartTls,
    LoginDisabled,
    MailboxReferrals,
    LoginReferrals,
    Idle,
    Enable,
    Auth(Mechanism),
    Compress { algorithm: Algorithm },
    Other(CapabilityOther),
}

#[derive(Deserialize, Clone, Debug)]
enum Mechanism {
    Plain,
    Login,
    Other(AuthMechanismOther),
}

#[derive(Deserialize, Clone, Debug)]
struct AuthMechanismOther(Inner);

#[derive(Deserialize, Clone, Debug)]
enum Algorithm {
    Deflate,
}

#[derive(Deserialize, Clone, Debug)]
struct CapabilityOther {
    inner: Inner,
}

impl Cap {
    fn name(&self) -> String {
        match self {
            Cap::Imap4Rev1 => "IMAP4rev1".into(),
            Cap::StartTls => "STARTTLS".into(),
            Cap::LoginDisabled => "LOGINDISABLED".into(),
            Cap::MailboxReferrals => "MAILBOX-REFERRALS".into(),
            Cap::LoginReferrals => "LOGIN-REFERRALS".into(),
            Cap::Idle => "IDLE".into(),
            Cap::Enable => "ENABLE".into(),
            Cap::Auth(Mechanism::Plain) => "AUTH=PLAIN".into(),
            Cap::Auth(Mechanism::Login) => "AUTH=LOGIN".into(),
            Cap::Auth(Mechanism::Other(AuthMechanismOther(Inner(name)))) => format!("AUTH={name}"),
            Cap::Compress { algorithm: Algorithm::Deflate } => "COMPRESS=DEFLATE".into(),
            Cap::Other(CapabilityOther { inner: Inner(name) }) => name.clone(),
        }
    }
}

fn names(caps: &[Cap]) -> String {
    caps.iter().map(Cap::name).collect::<Vec<_>>().join(" ")
}

fn greeting(case: &Case) -> String {
    if let Some(own) = case.override_response.get("greeting") {
        return own.clone();
    }
    let g = &case.greeting;
    let word = match g.kind {
        Word::Ok => "OK",
        Word::PreAuth => "PREAUTH",
        Word::Bye => "BYE",
    };
    let code = match &g.code {
        None => String::new(),
        Some(Code::Alert) => "[ALERT] ".into(),
        Some(Code::Parse) => "[PARSE] ".into(),
        Some(Code::BadCharset { allowed }) => {
            let all: Vec<&str> = allowed.iter().map(|Atom::Atom(Inner(a))| a.as_str()).collect();
            format!("[BADCHARSET ({})] ", all.join(" "))
        }
        Some(Code::Capability(NonEmptyVec(caps))) => format!("[CAPABILITY {}] ", names(caps)),
    };
    format!("* {word} {code}{}\r\n", g.text.0)
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
    stream.write_all(greeting(&case).as_bytes()).await?;
    if let Some(injected) = &case.response_after_greeting {
        stream.write_all(injected.as_bytes()).await?;
    }
    let mut stream = BufReader::new(stream);
    let mut signed_in = case.state == State::Authenticated;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        if !secure {
            heard.lock().expect("a lock").push_str(&line);
        }
        let mut words = line.split_whitespace();
        let (tag, verb) =
            (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_lowercase());
        let hidden = !secure && case.hide_commands.contains(&verb);
        if !secure && case.ignore_commands.contains(&verb) {
            continue;
        }
        let own = case.override_response.get(&verb).filter(|_| !secure);
        let answer = match verb.as_str() {
            _ if hidden => format!("{tag} BAD unknown command\r\n"),
            _ if own.is_some() => own.expect("some").replace("<tag>", &tag),
            "capability" => {
                let caps = match (secure, signed_in) {
                    (true, true) => &case.caps_tls_auth,
                    (true, false) => &case.caps_tls,
                    (false, _) => &case.caps,
                };
                format!("* CAPABILITY {}\r\n{tag} OK done\r\n", names(caps))
            }
            "starttls" => {
                let text =
                    case.starttls_response.clone().unwrap_or_else(|| "<tag> OK begin TLS now\r\n".to_owned());
                stream.get_mut().write_all(text.replace("<tag>", &tag).as_bytes()).await?;
                stream.get_mut().flush().await?;
                if case.starttls_transition && text.contains("<tag> OK") {
                    let bare = std::mem::replace(
                        stream.get_mut(),
                        Box::new(tokio::io::join(tokio::io::empty(), tokio::io::sink())),
                    );
                    stream = BufReader::new(Box::new(acceptor.accept(bare).await?));
                    secure = true;
                    signed_in = false;
                }
                continue;
            }
            "authenticate" | "login" => {
                if verb == "authenticate" {
                    stream.get_mut().write_all(b"+ \r\n").await?;
                    stream.get_mut().flush().await?;
                    let mut response = String::new();
                    stream.read_line(&mut response).await?;
                    if !secure {
                        heard.lock().expect("a lock").push_str(&response);
                    }
                }
                signed_in = true;
                format!("{tag} OK in\r\n")
            }
            "list" => format!("* LIST () \"/\" INBOX\r\n{tag} OK done\r\n"),
            "status" => {
                format!("* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1 UNSEEN 0)\r\n{tag} OK done\r\n")
            }
            "noop" => format!("{tag} OK done\r\n"),
            _ => format!("{tag} BAD what\r\n"),
        };
        stream.get_mut().write_all(answer.as_bytes()).await?;
        stream.get_mut().flush().await?;
    }
}

/// Signs in, as the user asked: with STARTTLS, or at once with TLS where the case is about that.
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
    let to = Endpoint { host: "localhost".into(), port: 143, tls };
    let who = Credentials::password("ana", PASSWORD);
    let result = async {
        let mut transport = Transport::over(Box::new(ours), "localhost", Default::default());
        if case.implicit_tls {
            transport = transport.start_tls(&trust).await?;
        }
        let mut session = Session::start(transport, &to, &trust, &who).await?;
        let survey = session.survey(None, true).await?;
        let listed: Vec<&[u8]> = survey.mailboxes.iter().map(|m| m.name.as_slice()).collect();
        assert_eq!(listed, [b"INBOX"], "a mailbox of before TLS");
        assert_eq!(
            survey.statuses.iter().filter_map(|s| s.messages).max().unwrap_or(0),
            0,
            "counters of before TLS"
        );
        Ok(session)
    }
    .await;
    served.abort();
    let said = heard.lock().expect("a lock").clone();
    (result, said)
}

/// `Ok` = signed in over TLS with nothing of before; else the kinds of refusal that are right.
fn expected(case: &Case) -> Result<(), &'static [Kind]> {
    // The server says that we are signed in already, in clear: TLS could never begin (Negotiation/M and P, stripping).
    if matches!(case.greeting.kind, Word::PreAuth) {
        return Err(&[Kind::NoTls]);
    }
    if matches!(case.greeting.kind, Word::Bye) {
        return Err(&[Kind::Unreachable]);
    }
    if case.override_response.contains_key("greeting") {
        return Err(&[Kind::Protocol]);
    }
    // STARTTLS is not there (Negotiation/D), refused, or never answered (O).
    if case.hide_commands.iter().any(|c| c == "starttls")
        || case.ignore_commands.iter().any(|c| c == "starttls")
    {
        return Err(&[Kind::NoTls, Kind::Timeout]);
    }
    match &case.starttls_response {
        Some(r) if !r.contains("<tag> OK") => Err(&[Kind::NoTls, Kind::Timeout]),
        Some(r) if !case.starttls_transition && r.contains("<tag> OK") => {
            Err(&[Kind::Timeout, Kind::ConnectionLost, Kind::NoTls])
        }
        // Something behind the answer, for the client to find once it believes to be safe (Buffering).
        Some(r) if r.split("<tag> OK").nth(1).is_some_and(|rest| rest.matches("\r\n").count() > 1) => {
            Err(&[Kind::NoTls])
        }
        _ => Ok(()),
    }
}

#[test]
fn all_imap_cases_of_the_study() {
    let Some(folder) = corpora::folder("security/nostarttls-fake-mail-server/testcases/imap") else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let certificates = tls::make(dir.path());
    let server = Arc::new(tls::server_config(&certificates));
    let cases = study::cases(&folder, Extensions::empty(), "//starttls_response: ", |case: &Case, line| {
        Case { starttls_response: ron::from_str(line).expect("a response"), ..case.clone() }
    });
    assert!(cases.len() >= 74, "{} cases", cases.len());
    study::play(&cases, async |case| {
        let (result, said) = attempt(case, &certificates, server.clone()).await;
        judge(case, result, &said)
    });
}

fn judge(case: &Case, result: Result<Session, Error>, said: &str) -> Result<String, String> {
    let clear = said.to_lowercase();
    if said.contains(PASSWORD)
        || clear.contains(" login ")
        || clear.contains(" authenticate ")
        || clear.contains(" select ")
    {
        return Err(format!("spoken in clear: {said}"));
    }
    let want = expected(case);
    match (result, want) {
        (Ok(mut session), Ok(())) => {
            let own: Vec<String> = case.caps_tls_auth.iter().map(|c| c.name().to_uppercase()).collect();
            let known: Vec<&str> = session.capabilities().collect();
            if let Some(foreign) = known.iter().find(|c| !own.iter().any(|o| o == *c)) {
                return Err(format!("{foreign} was learned before TLS"));
            }
            let alerts = session.take_alerts();
            if !alerts.is_empty() || session.take_stirred() || session.unreadable > 0 {
                return Err(format!("something of before TLS was kept: {alerts:?}"));
            }
            Ok("signed in over TLS, nothing of before".into())
        }
        (Err(e), Err(kinds)) if kinds.contains(&e.kind) => Ok(format!("refused: {e}")),
        (Ok(_), want) => Err(format!("signed in, instead of {want:?}")),
        (Err(e), want) => Err(format!("{e}, instead of {want:?}")),
    }
}
