//! Greeting, STLS, capabilities, sign-in.
//!
//! STLS fails closed (RFC 2595 section 4 and the NO STARTTLS study): nothing said before TLS is kept, bytes behind the answer to STLS are an
//! attack, and a server that does not begin TLS is told neither user nor password. APOP is not spoken: it is MD5 over what a man in
//! the middle chooses (RFC 6151), and every server that has it has TLS too.

use super::reply::Status;
use super::session::{PATIENCE, SURVEY};
use super::{Capabilities, Session};
use crate::error::{Error, Kind, Result, Scope};
use crate::model::{Endpoint, Tls};
use crate::protocol::proxy::Proxy;
use crate::protocol::sasl::{Credentials, Exchange, Mechanism, Secret};
use crate::protocol::tls::Trust;
use crate::protocol::transport::{Meter, Transport};
use crate::protocol::wire::Wire;
use std::sync::Arc;
use std::time::Duration;

/// How long a server that has let us in may take to answer what was said with the sign-in, before we take it for lost.
const LOST: Duration = Duration::from_secs(15);
/// An initial response goes into the command only when the line stays this short (RFC 5034 section 4).
const LONGEST_COMMAND: usize = 255;

impl Session {
    /// Connects and signs in. `known` is the server's [`Session::offer`] of another time: it is not asked again unless the sign-in
    /// is refused, and then tried once more only where it has changed. Where the server takes commands in advance, CAPA, LIST and
    /// UIDL go with the sign-in; one that loses them there, as one does that hands the connection on, is asked anew, one by one.
    pub async fn open(
        proxy: Option<&Proxy>,
        to: &Endpoint,
        trust: &Trust,
        who: &Credentials,
        meter: Arc<Meter>,
        known: Option<Capabilities>,
    ) -> Result<Session> {
        let transport = Box::pin(Transport::connect(to, trust, proxy, meter.clone())).await?;
        let mut session = Box::pin(Self::start(transport, to, trust, who, known)).await?;
        if session.ahead && !session.heard().await {
            let mut known = std::mem::take(&mut session.offer);
            drop(session);
            known.remove("PIPELINING");
            let transport = Box::pin(Transport::connect(to, trust, proxy, meter)).await?;
            session = Box::pin(Self::start(transport, to, trust, who, Some(known))).await?;
        }
        Ok(session)
    }

    /// Whether the first answer comes to what was said with the sign-in.
    async fn heard(&mut self) -> bool {
        let answer = tokio::time::timeout(LOST, self.listed()).await;
        answer.ok().and_then(Result::ok).map(|answer| self.can_do(answer)).is_some()
    }

    /// From a connection that was just made.
    pub async fn start(
        transport: Transport,
        to: &Endpoint,
        trust: &Trust,
        who: &Credentials,
        known: Option<Capabilities>,
    ) -> Result<Session> {
        let mut session = Session::new(Wire::new(transport));
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
        session.ahead = remembered && session.can("PIPELINING");
        match session.authenticate(to, who).await {
            Err(e) if remembered && e.kind == Kind::SignInRefused => {
                if session.ahead && !session.skip_survey().await {
                    return Err(e);
                }
                let asked = session.ask_capabilities().await;
                if asked.is_err() || session.capabilities == session.offer {
                    return Err(e);
                }
                session.offer = session.capabilities.clone();
                session.authenticate(to, who).await?;
            }
            other => other?,
        }
        if session.challenged {
            session.offer.remove("PIPELINING");
        }
        Ok(session)
    }

    /// Hears what a refused sign-in left to be said of the maildrop: nothing.
    async fn skip_survey(&mut self) -> bool {
        for _ in 0..3 {
            if self.listed().await.is_err() {
                return false;
            }
        }
        (self.ahead, self.wire.broken) = (false, false);
        true
    }

    async fn upgrade(mut self, to: &Endpoint, trust: &Trust) -> Result<Session> {
        let answer = self.command("STLS").await?;
        if !answer.ok {
            return Err(Error::new(Kind::NoTls, &to.host).because("STLS was refused"));
        }
        // Capabilities end here too.
        Ok(Session::new(self.wire.secured(trust).await?))
    }

    async fn authenticate(&mut self, to: &Endpoint, who: &Credentials) -> Result<()> {
        let sasl = self.capabilities.iter().find_map(|c| c.strip_prefix("SASL ")).unwrap_or_default();
        let offered: Vec<String> = sasl.split(' ').map(str::to_owned).collect();
        let binding = self.wire.transport.binding().cloned();
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
        if self.ahead {
            self.wire.say(&format!("USER {}\r\nPASS {password}\r\n{SURVEY}", who.user)).await?;
            let (user, pass) = (self.status().await?, self.status().await?);
            return Ok(if user.ok { pass } else { user });
        }
        let user = self.command(&format!("USER {}", who.user)).await?;
        if !user.ok {
            return Ok(user);
        }
        // The rest of the line is the password, spaces and all.
        self.command(&format!("PASS {password}")).await
    }

    /// AUTH (RFC 5034 section 4).
    async fn exchange(&mut self, mechanism: Mechanism, exchange: Exchange) -> Result<Status> {
        let mut ahead = self.ahead;
        let more = |at_once: bool| {
            // Only where the answer cannot be a challenge: what follows it would be taken for the response.
            ahead &= mechanism == Mechanism::Plain && at_once;
            if ahead { format!("\r\n{SURVEY}") } else { String::new() }
        };
        let signed = self.wire.sign_in(mechanism, exchange, ("+", LONGEST_COMMAND), more, PATIENCE).await?;
        self.ahead = ahead;
        self.challenged |= signed.challenged && mechanism == Mechanism::Plain;
        let host = self.wire.host();
        let status = Status::read(&signed.line).ok_or_else(|| Error::new(Kind::Protocol, host))?;
        if status.ok && !signed.proved {
            // It lets us in without having shown that it knows the password.
            return Err(Error::new(Kind::SignInRefused, host)
                .because("the server cannot be believed: it did not prove itself"));
        }
        self.wire.broken = self.ahead;
        Ok(status)
    }
}
