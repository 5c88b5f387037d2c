//! Greeting, STLS, capabilities, sign-in.
//!
//! STLS fails closed (RFC 2595 section 4 and the NO STARTTLS study): nothing said before TLS is kept, bytes behind the answer to STLS are an
//! attack, and a server that does not begin TLS is told neither user nor password. APOP is not spoken: it is MD5 over what a man in
//! the middle chooses (RFC 6151), and every server that has it has TLS too.

use super::reply::Status;
use super::{Capabilities, Session};
use crate::error::{Error, Kind, Result, Scope};
use crate::model::{Endpoint, Tls};
use crate::protocol::proxy::Proxy;
use crate::protocol::sasl::{Credentials, Exchange, Mechanism, Secret};
use crate::protocol::tls::Trust;
use crate::protocol::transport::{Meter, Transport};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;

/// An initial response goes into the command only when the line stays this short (RFC 5034 section 4).
const LONGEST_COMMAND: usize = 255;

impl Session {
    /// Connects and signs in. `known` is the server's [`Session::offer`] of another time: it is not asked again unless the sign-in
    /// is refused, and then tried once more only where it has changed.
    pub async fn open(
        proxy: Option<&Proxy>,
        to: &Endpoint,
        trust: &Trust,
        who: &Credentials,
        meter: Arc<Meter>,
        known: Option<Capabilities>,
    ) -> Result<Session> {
        let transport = Box::pin(Transport::connect(to, trust, proxy, meter)).await?;
        Box::pin(Self::start(transport, to, trust, who, known)).await
    }

    /// From a connection that was just made.
    pub async fn start(
        transport: Transport,
        to: &Endpoint,
        trust: &Trust,
        who: &Credentials,
        known: Option<Capabilities>,
    ) -> Result<Session> {
        let mut session = Session::new(transport);
        let greeting = session.status().await.map_err(|e| match e.kind {
            // Silence or nonsense on connecting mostly means TLS on one side only.
            Kind::Protocol if to.tls != Tls::Implicit => e.because("that is not a POP3 server's greeting"),
            _ => e,
        })?;
        if !greeting.ok {
            let said =
                greeting.check(&to.host).err().unwrap_or_else(|| Error::new(Kind::Unreachable, &to.host));
            return Err(match said.kind {
                Kind::Refused | Kind::SignInRefused => {
                    Error::new(Kind::Unreachable, &to.host).because(said.detail)
                }
                _ => said.scoped(Scope::Account),
            });
        }
        if to.tls == Tls::Starttls {
            session = session.upgrade(to, trust).await?;
        }
        let remembered = known.is_some();
        match known {
            Some(known) => session.capabilities = known,
            None => session.ask_capabilities().await?,
        }
        session.offer = session.capabilities.clone();
        match session.authenticate(to, who).await {
            Err(e) if remembered && e.kind == Kind::SignInRefused => {
                let asked = session.ask_capabilities().await;
                if asked.is_err() || session.capabilities == session.offer {
                    return Err(e);
                }
                session.offer = session.capabilities.clone();
                session.authenticate(to, who).await?;
            }
            other => other?,
        }
        Ok(session)
    }

    async fn upgrade(mut self, to: &Endpoint, trust: &Trust) -> Result<Session> {
        let answer = self.command("STLS").await?;
        if !answer.ok {
            return Err(Error::new(Kind::NoTls, &to.host).because("STLS was refused"));
        }
        if self.taken < self.received.len() {
            return Err(Error::new(Kind::NoTls, &to.host).because("something was slipped in before TLS"));
        }
        // Buffer, capabilities and everything heard end here.
        Ok(Session::new(self.transport.start_tls(trust).await?))
    }

    async fn authenticate(&mut self, to: &Endpoint, who: &Credentials) -> Result<()> {
        let sasl = self.capabilities.iter().find_map(|c| c.strip_prefix("SASL ")).unwrap_or_default();
        let offered: Vec<String> = sasl.split(' ').map(str::to_owned).collect();
        let binding = self.transport.binding().cloned();
        let chosen = Mechanism::choose(who, binding.as_ref(), |name| offered.iter().any(|o| o == name));
        let status = match chosen {
            Some(mechanism) => {
                let plus = offered.iter().any(|o| o.starts_with("SCRAM-") && o.ends_with("-PLUS"));
                let exchange = Exchange::new(mechanism, who, &to.host, to.port, binding.as_ref(), plus)?;
                self.exchange(mechanism, exchange).await?
            }
            None => self.user_and_pass(to, who).await?,
        };
        match status.check(&to.host) {
            Ok(()) => Ok(()),
            Err(e) => Err(match e.kind {
                Kind::Busy | Kind::ContactAdmin => e.scoped(Scope::Account),
                // Whatever the words, any other -ERR here is a refused sign-in.
                _ => Error::new(Kind::SignInRefused, &to.host).because(e.detail),
            }),
        }
    }

    /// USER and PASS (RFC 1939 section 7), where no mechanism will do.
    async fn user_and_pass(&mut self, to: &Endpoint, who: &Credentials) -> Result<Status> {
        let Secret::Password(password) = &who.secret else {
            return Err(Error::new(Kind::SignInRefused, &to.host).because("no way to sign in with a token"));
        };
        if [&who.user, password].iter().any(|s| s.contains(['\r', '\n', '\0'])) {
            return Err(Error::new(Kind::Usage, "").because("a user name and a password hold no line end"));
        }
        let user = self.command(&format!("USER {}", who.user)).await?;
        if !user.ok {
            return Ok(user);
        }
        // The rest of the line is the password, spaces and all.
        self.command(&format!("PASS {password}")).await
    }

    /// `auth = "AUTH" SP mechanism [SP initial-response] *(CRLF [base64]) CRLF` (RFC 5034 section 4).
    async fn exchange(&mut self, mechanism: Mechanism, mut exchange: Exchange) -> Result<Status> {
        let mut line = format!("AUTH {}", mechanism.name());
        // Asked for twice, an exchange goes on where it is: what is not said at once is kept for the first challenge.
        let mut kept = exchange.initial();
        if let Some(initial) = kept.as_ref() {
            let encoded = if initial.is_empty() { "=".to_owned() } else { STANDARD.encode(initial) };
            if line.len() + 1 + encoded.len() <= LONGEST_COMMAND {
                line = format!("{line} {encoded}");
                kept = None;
            }
        }
        self.say(&line).await?;
        for _ in 0..8 {
            let answer = self.line().await?;
            let Some(challenge) =
                answer.strip_prefix(b"+ ").or_else(|| answer.strip_prefix(b"+").filter(|r| r.is_empty()))
            else {
                let status =
                    Status::read(&answer).ok_or_else(|| Error::new(Kind::Protocol, self.transport.host()))?;
                if status.ok && !exchange.is_done() {
                    // It lets us in without having shown that it knows the password.
                    return Err(Error::new(Kind::SignInRefused, self.transport.host())
                        .because("the server cannot be believed: it did not prove itself"));
                }
                self.broken = false;
                return Ok(status);
            };
            let response = match kept.take() {
                Some(initial) => initial,
                None => {
                    let challenge = STANDARD.decode(challenge.trim_ascii()).unwrap_or_default();
                    match exchange.respond(&challenge) {
                        Ok(response) => response,
                        Err(e) => {
                            self.transport.write(b"*\r\n").await?; // "cancel" (RFC 5034 section 4)
                            return Err(Error { subject: self.transport.host().to_owned(), ..e });
                        }
                    }
                }
            };
            self.transport.write(format!("{}\r\n", STANDARD.encode(response)).as_bytes()).await?;
        }
        Err(Error::new(Kind::Protocol, self.transport.host()).because("the sign-in has no end"))
    }
}
