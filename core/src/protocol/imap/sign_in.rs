//! Greeting, STARTTLS, capabilities, sign-in.
//!
//! STARTTLS fails closed (RFC 9051 section 6.2.1 and the NO STARTTLS study): nothing said before TLS is kept, neither
//! bytes nor capabilities nor alerts; a PREAUTH greeting on a connection that is to be upgraded is an attack and refused,
//! and so are bytes behind the answer to STARTTLS; a server that does not offer it is never spoken to in clear.

use super::command::Command;
use super::outcome::{self, Outcome};
use super::response::{Code, Response, Status};
use super::session::{PATIENCE, Session};
use crate::error::{Error, Kind, Result, Scope};
use crate::model::{Endpoint, Tls};
use crate::protocol::proxy::Proxy;
use crate::protocol::sasl::{Exchange, Mechanism, Secret};
use crate::protocol::tls::Trust;
use crate::protocol::transport::{Meter, Transport};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;
use std::time::Duration;

pub use crate::protocol::sasl::Credentials;

const GREETING: Duration = Duration::from_secs(30);

impl Session {
    /// Connects and signs in.
    pub async fn open(to: &Endpoint, trust: &Trust, who: &Credentials, meter: Arc<Meter>) -> Result<Session> {
        Self::open_through(None, to, trust, who, meter).await
    }

    /// The same through a proxy.
    pub async fn open_through(
        proxy: Option<&Proxy>,
        to: &Endpoint,
        trust: &Trust,
        who: &Credentials,
        meter: Arc<Meter>,
    ) -> Result<Session> {
        // Boxed: once and large, while what carries it is polled all day.
        let transport = Box::pin(Transport::connect(to, trust, proxy, meter)).await?;
        Box::pin(Self::start(transport, to, trust, who)).await
    }

    /// From a connection that was just made.
    pub async fn start(
        transport: Transport,
        to: &Endpoint,
        trust: &Trust,
        who: &Credentials,
    ) -> Result<Session> {
        let mut session = Session::new(transport);
        let mut signed_in = session.greet(to).await?;
        if to.tls == Tls::Starttls {
            session = session.upgrade(to, trust).await?;
            signed_in = false;
        }
        if !signed_in {
            session.authenticate(to, who).await?;
        }
        session.signed_in = true;
        if session.capabilities.is_empty() {
            session.run(Command::new("CAPABILITY")).await?;
        }
        Ok(session)
    }

    /// Reads the greeting; true when the server says that we are signed in already.
    async fn greet(&mut self, to: &Endpoint) -> Result<bool> {
        let greeting = self.read_response(GREETING).await.map_err(|e| match e.kind {
            // Silence or nonsense on connecting mostly means TLS on one side only.
            Kind::Protocol => Error::new(Kind::NoTls, &to.host),
            _ => e,
        })?;
        match greeting {
            Response::Status { status: Status::Ok, code, .. } => {
                if let Some(Code::Capability(list)) = code {
                    self.capabilities = list.into_iter().collect();
                }
                Ok(false)
            }
            Response::Status { status: Status::Preauth, .. } if to.tls == Tls::Starttls => {
                Err(Error::new(Kind::NoTls, &to.host).because("PREAUTH before STARTTLS is refused"))
            }
            Response::Status { status: Status::Preauth, code, .. } => {
                if let Some(Code::Capability(list)) = code {
                    self.capabilities = list.into_iter().collect();
                }
                Ok(true)
            }
            Response::Status { status: Status::Bye, code, text } => {
                let said = outcome::refusal(code.as_ref(), &text, &to.host);
                Err(match said.kind {
                    Kind::Refused => Error::new(Kind::Unreachable, &to.host).because(text),
                    _ => said,
                })
            }
            _ => Err(Error::new(Kind::Protocol, &to.host).because("that is not an IMAP server's greeting")),
        }
    }

    async fn upgrade(mut self, to: &Endpoint, trust: &Trust) -> Result<Session> {
        let answer = self.run(Command::new("STARTTLS")).await?;
        if answer.status != Status::Ok {
            return Err(Error::new(Kind::NoTls, &to.host).because("STARTTLS was refused"));
        }
        if !self.framer.is_empty() {
            return Err(Error::new(Kind::NoTls, &to.host).because("something was slipped in before TLS"));
        }
        let Session { transport, .. } = self; // buffer, capabilities and everything heard end here
        Ok(Session::new(transport.start_tls(trust).await?))
    }

    async fn authenticate(&mut self, to: &Endpoint, who: &Credentials) -> Result<()> {
        if self.capabilities.is_empty() {
            self.run(Command::new("CAPABILITY")).await?;
        }
        let offered = |session: &Session, name: &str| session.capabilities.contains(&format!("AUTH={name}"));
        let binding = self.transport.binding().cloned();
        let mut tried: Vec<Mechanism> = Vec::new();
        let outcome = loop {
            let bound =
                binding.as_ref().filter(|_| !tried.iter().any(|m| matches!(m, Mechanism::Scram(_, true))));
            let next = Mechanism::choose(who, bound, |name| {
                let plain_scram = tried.iter().any(|m| matches!(m, Mechanism::Scram(_, false)));
                offered(self, name) && !(plain_scram && name.starts_with("SCRAM"))
            });
            let Some(mechanism) = next else {
                break self.login(to, who).await?;
            };
            let plus = self.capabilities.iter().any(|c| c.starts_with("AUTH=SCRAM-") && c.ends_with("-PLUS"));
            let exchange = Exchange::new(mechanism, who, &to.host, to.port, binding.as_ref(), plus)?;
            let (outcome, told) = self.exchange(mechanism, exchange).await?;
            let again = outcome.status != Status::Ok
                && match mechanism {
                    // A server that does not know our kind of binding (RFC 5802 section 7,
                    // unsupported-channel-binding-type): Cyrus SASL 2.1 knows none that TLS 1.3 gives. Nothing was given away.
                    Mechanism::Scram(_, true) => binding_unknown(&outcome, &told),
                    // One that keeps hashes offers SCRAM and cannot do it (GNU mailutils 3.15): it gives no reason, where a
                    // wrong password has its code.
                    Mechanism::Scram(_, false) => outcome.code.is_none() && self.transport.is_private(),
                    _ => false,
                };
            if !again {
                break outcome;
            }
            tried.push(mechanism);
        };
        // Some servers say what they can do after sign-in with the OK; what they said before says nothing about it.
        if !matches!(outcome.code, Some(Code::Capability(_))) {
            self.capabilities.clear();
        }
        match outcome.ok(&to.host) {
            Ok(_) => Ok(()),
            Err(e) => Err(match e.kind {
                Kind::Busy
                | Kind::TooManyConnections
                | Kind::PasswordExpired
                | Kind::ContactAdmin
                | Kind::NoTls => e.scoped(Scope::Account),
                // Whatever the words, any other NO here is a refused sign-in.
                _ => Error::new(Kind::SignInRefused, &to.host).because(e.detail),
            }),
        }
    }

    /// The command LOGIN, where no mechanism will do.
    async fn login(&mut self, to: &Endpoint, who: &Credentials) -> Result<Outcome> {
        let Secret::Password(password) = &who.secret else {
            return Err(Error::new(Kind::SignInRefused, &to.host).because("no way to sign in with a token"));
        };
        if self.capabilities.contains("LOGINDISABLED") {
            return Err(
                Error::new(Kind::SignInRefused, &to.host).because("no way to sign in with a password")
            );
        }
        self.run(Command::new("LOGIN").string(who.user.as_bytes()).string(password.as_bytes())).await
    }

    /// `authenticate = "AUTHENTICATE" SP auth-type [SP initial-resp] *(CRLF base64)`, with the initial response where the
    /// server takes it (RFC 4959). Also gives back the last thing the server told besides.
    async fn exchange(&mut self, mechanism: Mechanism, mut exchange: Exchange) -> Result<(Outcome, Vec<u8>)> {
        self.usable()?;
        self.broken = true;
        let tag = self.tag();
        let mut line = format!("{tag} AUTHENTICATE {}", mechanism.name());
        if self.can("SASL-IR")
            && let Some(initial) = exchange.initial()
        {
            // "=" is an initial response of no bytes (RFC 4959 section 3).
            line +=
                &if initial.is_empty() { " =".to_owned() } else { format!(" {}", STANDARD.encode(initial)) };
        }
        line += "\r\n";
        self.transport.write(line.as_bytes()).await?;
        let mut told = Vec::new();
        // No mechanism of ours has more than three challenges.
        for _ in 0..8 {
            let response = loop {
                let response = self.read_response(PATIENCE).await?;
                self.take_note(&response);
                if matches!(response, Response::Continue(_) | Response::Tagged { .. }) {
                    break response;
                }
            };
            match response {
                Response::Tagged { tag: theirs, status, code, text } if theirs == tag => {
                    self.broken = false;
                    if status == Status::Ok && !exchange.is_done() {
                        // It lets us in without having shown that it knows the password.
                        self.broken = true;
                        return Err(Error::new(Kind::SignInRefused, self.transport.host())
                            .because("the server cannot be believed: it did not prove itself"));
                    }
                    return Ok((Outcome { status, code, text }, told));
                }
                Response::Continue(text) => {
                    let challenge = STANDARD.decode(text.trim()).unwrap_or_default();
                    let answer = match exchange.respond(&challenge) {
                        Ok(answer) => STANDARD.encode(answer),
                        Err(e) => {
                            self.transport.write(b"*\r\n").await?; // "cancel" (RFC 9051 section 6.2.2)
                            return Err(Error { subject: self.transport.host().to_owned(), ..e });
                        }
                    };
                    told = challenge;
                    self.transport.write(format!("{answer}\r\n").as_bytes()).await?;
                }
                _ => break,
            }
        }
        Err(Error::new(Kind::Protocol, self.transport.host()).because("the sign-in has no end"))
    }
}

fn binding_unknown(outcome: &Outcome, told: &[u8]) -> bool {
    let said = String::from_utf8_lossy(told).contains("channel-binding");
    let words = outcome.text.to_ascii_lowercase();
    said || words.contains("channel binding") || words.contains("bad protocol") || words.contains("mechanism")
}
