//! Greeting, EHLO, STARTTLS, AUTH.
//!
//! STARTTLS fails closed (RFC 3207 and the NO STARTTLS study): what was offered before TLS is forgotten, bytes behind the answer to
//! STARTTLS are an attack, and a server that does not begin TLS is told neither user nor password nor mail.

use super::Session;
use super::session::PATIENCE;
use crate::error::{Error, Kind, Result, Scope};
use crate::model::{Endpoint, Tls};
use crate::protocol::proxy::Proxy;
use crate::protocol::sasl::{Credentials, Exchange, Mechanism};
use crate::protocol::tls::Trust;
use crate::protocol::transport::{Meter, Transport};
use crate::protocol::wire::Wire;
use std::sync::Arc;

/// A command line has 512 octets with its CRLF (RFC 5321 section 4.5.3.1.4, RFC 4954 section 4).
const LONGEST_COMMAND: usize = 510;

impl Session {
    /// Connects and signs in.
    pub async fn open(
        proxy: Option<&Proxy>,
        to: &Endpoint,
        trust: &Trust,
        who: &Credentials,
        meter: Arc<Meter>,
    ) -> Result<Session> {
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
        let mut session = Session::new(Wire::new(transport));
        let greeting = session.reply(PATIENCE).await.map_err(|e| match e.kind {
            // Silence or nonsense on connecting mostly means TLS on one side only.
            Kind::Protocol if to.tls != Tls::Implicit => e.because("that is not an SMTP server's greeting"),
            _ => e,
        })?;
        if greeting.code != 220 {
            let kind = if greeting.is_permanent() { Kind::Unreachable } else { Kind::Busy };
            return Err(Error::new(kind, &to.host).because(&greeting).scoped(Scope::Account));
        }
        session.greet().await?;
        if to.tls == Tls::Starttls {
            session = session.upgrade(to, trust).await?;
            session.greet().await?;
        }
        session.authenticate(to, who).await?;
        Ok(session)
    }

    async fn upgrade(mut self, to: &Endpoint, trust: &Trust) -> Result<Session> {
        let refused = |why: &str| Error::new(Kind::NoTls, &to.host).because(why);
        if !self.can("STARTTLS") {
            return Err(refused("STARTTLS is not offered"));
        }
        if self.command("STARTTLS").await?.code != 220 {
            return Err(refused("STARTTLS was refused"));
        }
        Ok(Session::new(self.wire.secured(trust).await?))
    }

    async fn authenticate(&mut self, to: &Endpoint, who: &Credentials) -> Result<()> {
        let Some(offered) = self.offers.get("AUTH") else {
            // Whoever asks nobody who they are may take mail all the same; the first command tells.
            return Ok(());
        };
        let offered: Vec<String> = offered.split(' ').map(str::to_ascii_uppercase).collect();
        let binding = self.wire.transport.binding().cloned();
        let mechanism = Mechanism::choose(who, binding.as_ref(), |name| offered.iter().any(|o| o == name))
            .ok_or_else(|| {
                Error::new(Kind::SignInRefused, &to.host).because("no way to sign in that both sides have")
            })?;
        let plus = offered.iter().any(|o| o.starts_with("SCRAM-") && o.ends_with("-PLUS"));
        let exchange = Exchange::new(mechanism, who, &to.host, to.port, binding.as_ref(), plus)?;
        let signed = self
            .wire
            .sign_in(mechanism, exchange, ("334", LONGEST_COMMAND), |_| String::new(), PATIENCE)
            .await?;
        let reply = self.rest(&signed.line, PATIENCE).await?;
        self.wire.broken = false;
        match reply.check(&to.host) {
            Ok(()) if !signed.proved => Err(Error::new(Kind::SignInRefused, &to.host)
                .because("the server cannot be believed: it did not prove itself")),
            Ok(()) => Ok(()),
            Err(e) => Err(match e.kind {
                Kind::Busy | Kind::SubmissionOff => e.scoped(Scope::Account),
                // Whatever the words, any other refusal here is a refused sign-in.
                _ => Error::new(Kind::SignInRefused, &to.host).because(e.detail),
            }),
        }
    }
}
