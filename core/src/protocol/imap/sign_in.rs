//! Greeting, STARTTLS, capabilities, sign-in.
//!
//! STARTTLS fails closed (RFC 9051 section 6.2.1 and the NO STARTTLS study): nothing said before TLS is kept, neither
//! bytes nor capabilities; a PREAUTH greeting on a connection that is to be upgraded is an attack and refused; a server
//! that does not offer it is refused, never spoken to in clear.

use super::command::Command;
use super::response::{Code, Response, Status};
use super::session::Session;
use crate::error::{Error, Kind, Result, Scope};
use crate::model::{Endpoint, Tls};
use crate::protocol::transport::{Meter, Transport, Trust};
use base64::Engine;
use std::sync::Arc;
use std::time::Duration;

const GREETING: Duration = Duration::from_secs(30);

/// What signs in. Its Debug shows no password.
#[derive(Clone)]
pub struct Credentials {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({})", self.user)
    }
}

impl Session {
    /// Connects and signs in.
    pub async fn open(to: &Endpoint, trust: &Trust, who: &Credentials, meter: Arc<Meter>) -> Result<Session> {
        let transport = Transport::connect(to, trust, meter).await?;
        let mut session = Session::new(transport);
        let mut signed_in = session.greet(to).await?;
        if to.tls == Tls::Starttls {
            session = session.upgrade(to, trust).await?;
            signed_in = false;
        }
        if !signed_in {
            session.authenticate(to, who).await?;
        }
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
            Response::Status { status: Status::Preauth, .. } => Ok(true),
            Response::Status { status: Status::Bye, text, .. } => {
                Err(Error::new(Kind::Unreachable, &to.host).because(text))
            }
            _ => Err(Error::new(Kind::Protocol, &to.host).because("that is not an IMAP server's greeting")),
        }
    }

    async fn upgrade(mut self, to: &Endpoint, trust: &Trust) -> Result<Session> {
        let answer = self.run(Command::new("STARTTLS")).await?;
        if answer.status != Status::Ok {
            return Err(Error::new(Kind::NoTls, &to.host).because("STARTTLS was refused"));
        }
        let Session { transport, .. } = self; // buffer and capabilities end here
        Ok(Session::new(transport.start_tls(trust).await?))
    }

    async fn authenticate(&mut self, to: &Endpoint, who: &Credentials) -> Result<()> {
        if self.capabilities.is_empty() {
            self.run(Command::new("CAPABILITY")).await?;
        }
        let known = std::mem::take(&mut self.capabilities);
        let outcome = if known.contains("AUTH=PLAIN") && known.contains("SASL-IR") {
            // RFC 4616: authzid NUL authcid NUL passwd; RFC 4959: with the command.
            let message = format!("\0{}\0{}", who.user, who.password);
            let encoded = base64::engine::general_purpose::STANDARD.encode(message);
            self.run(Command::new("AUTHENTICATE PLAIN").raw(&encoded)).await?
        } else if !known.contains("LOGINDISABLED") {
            self.capabilities = known; // LITERAL+ may matter for the strings
            let login = Command::new("LOGIN").string(who.user.as_bytes()).string(who.password.as_bytes());
            let before = self.capabilities.clone();
            let outcome = self.run(login).await?;
            if self.capabilities == before {
                self.capabilities.clear(); // those before sign-in say nothing about those after
            }
            outcome
        } else {
            return Err(
                Error::new(Kind::SignInRefused, &to.host).because("no way to sign in with a password")
            );
        };
        match outcome.ok(&to.host) {
            Ok(_) => Ok(()),
            // Whatever the words, a NO here is a refused sign-in, unless it says that the server is busy.
            Err(e) if e.kind == Kind::Timeout => Err(e.scoped(Scope::Account)),
            Err(e) => Err(Error::new(Kind::SignInRefused, &to.host).because(e.detail)),
        }
    }
}
