//! SASL (RFC 4422): which mechanism, and what it says. The protocol around it carries the words.
//!
//! The best that both sides have: one that proves the password without giving it away before one that gives it, and that
//! only where TLS protects it, or where there is no network in between.

use super::scram::{Hash, Scram};
use super::tls::ChannelBinding;
use crate::error::{Error, Kind, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};

/// What signs in.
#[derive(Clone)]
pub enum Secret {
    /// A password.
    Password(String),
    /// An OAuth 2.0 access token (RFC 6749 section 1.4).
    Token(String),
    /// The certificate that TLS showed (RFC 4422 appendix A).
    Certificate,
}

/// Who signs in, with what. Its Debug shows no secret.
#[derive(Clone)]
pub struct Credentials {
    /// User name.
    pub user: String,
    /// The secret.
    pub secret: Secret,
    /// Allow CRAM-MD5 (RFC 2195), which is broken, for an old server that has nothing better without TLS.
    pub allow_cram_md5: bool,
}

impl Credentials {
    /// A user with a password.
    pub fn password(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: user.into(), secret: Secret::Password(password.into()), allow_cram_md5: false }
    }

    /// A user with an access token.
    pub fn token(user: impl Into<String>, token: impl Into<String>) -> Self {
        Self { user: user.into(), secret: Secret::Token(token.into()), allow_cram_md5: false }
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({})", self.user)
    }
}

/// A mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// SCRAM with a hash, bound to the channel or not.
    Scram(Hash, bool),
    /// PLAIN (RFC 4616)
    Plain,
    /// LOGIN (draft-murchison-sasl-login)
    Login,
    /// CRAM-MD5 (RFC 2195)
    CramMd5,
    /// OAUTHBEARER (RFC 7628)
    OauthBearer,
    /// XOAUTH2, Google's forerunner of it
    Xoauth2,
    /// EXTERNAL (RFC 4422 appendix A)
    External,
}

impl Mechanism {
    /// Its registered name.
    pub fn name(self) -> &'static str {
        match self {
            Mechanism::Scram(Hash::Sha256, true) => "SCRAM-SHA-256-PLUS",
            Mechanism::Scram(Hash::Sha1, true) => "SCRAM-SHA-1-PLUS",
            Mechanism::Scram(Hash::Sha256, false) => "SCRAM-SHA-256",
            Mechanism::Scram(Hash::Sha1, false) => "SCRAM-SHA-1",
            Mechanism::Plain => "PLAIN",
            Mechanism::Login => "LOGIN",
            Mechanism::CramMd5 => "CRAM-MD5",
            Mechanism::OauthBearer => "OAUTHBEARER",
            Mechanism::Xoauth2 => "XOAUTH2",
            Mechanism::External => "EXTERNAL",
        }
    }

    /// The best one for these credentials among those that `offered` says yes to.
    pub fn choose(
        who: &Credentials,
        binding: Option<&ChannelBinding>,
        offered: impl Fn(&str) -> bool,
    ) -> Option<Mechanism> {
        use Mechanism::{CramMd5, External, Login, OauthBearer, Plain, Scram, Xoauth2};
        let order: &[Mechanism] = match who.secret {
            Secret::Password(_) => &[
                Scram(Hash::Sha256, true),
                Scram(Hash::Sha1, true),
                Scram(Hash::Sha256, false),
                Scram(Hash::Sha1, false),
                Plain,
                Login,
                CramMd5,
            ],
            Secret::Token(_) => &[OauthBearer, Xoauth2],
            Secret::Certificate => &[External],
        };
        let usable = |m: &Mechanism| match m {
            Scram(_, true) => binding.is_some(),
            CramMd5 => who.allow_cram_md5,
            _ => true,
        };
        order.iter().copied().filter(usable).find(|m| offered(m.name()))
    }
}

/// One exchange under way.
pub enum Exchange {
    /// SCRAM keeps its own state.
    Scram(Box<Scram>),
    /// One message, said at once; afterwards only an error can be asked about.
    Once {
        /// The message.
        message: Vec<u8>,
        /// What acknowledges the server's error (RFC 7628 section 3.2.3), so that it says NO.
        afterwards: &'static [u8],
        /// True once it was said.
        said: bool,
    },
    /// LOGIN asks twice.
    Login {
        /// User name, then password.
        answers: Vec<Vec<u8>>,
    },
    /// CRAM-MD5 answers one challenge.
    CramMd5 {
        /// User name.
        user: String,
        /// Password.
        password: String,
    },
}

impl Exchange {
    /// Begins one. `host` and `port` are what OAUTHBEARER tells; `could_bind` is for SCRAM's notice of a downgrade.
    pub fn new(
        mechanism: Mechanism,
        who: &Credentials,
        host: &str,
        port: u16,
        binding: Option<&ChannelBinding>,
        offers_plus: bool,
    ) -> Result<Self> {
        let once = |message: String, afterwards: &'static [u8]| {
            Ok(Exchange::Once { message: message.into_bytes(), afterwards, said: false })
        };
        let (user, secret) = (who.user.as_str(), who.secret.text());
        if user.contains('\0') || secret.contains('\0') {
            return Err(Error::new(Kind::Usage, "").because("a user name and a password hold no NUL"));
        }
        match mechanism {
            Mechanism::Scram(hash, bound) => {
                let mut random = [0u8; 18];
                getrandom::fill(&mut random).map_err(|e| Error::new(Kind::Storage, "").because(e))?;
                let nonce = URL_SAFE_NO_PAD.encode(random);
                let tied = binding.filter(|_| bound);
                // "y" says: we could, and you do not offer it. Where the server offers a binding that it then does not
                // take, we say "n" like a client that cannot.
                let could = binding.is_some() && !offers_plus;
                Ok(Exchange::Scram(Box::new(Scram::new(hash, user, secret, nonce, tied, could))))
            }
            // authzid NUL authcid NUL passwd
            Mechanism::Plain => once(format!("\0{user}\0{secret}"), b""),
            Mechanism::OauthBearer => {
                let name = user.replace('=', "=3D").replace(',', "=2C");
                let message =
                    format!("n,a={name},\x01host={host}\x01port={port}\x01auth=Bearer {secret}\x01\x01");
                once(message, b"\x01")
            }
            Mechanism::Xoauth2 => once(format!("user={user}\x01auth=Bearer {secret}\x01\x01"), b""),
            Mechanism::External => once(user.to_owned(), b""),
            Mechanism::Login => {
                Ok(Exchange::Login { answers: vec![secret.as_bytes().to_vec(), user.as_bytes().to_vec()] })
            }
            Mechanism::CramMd5 => {
                Ok(Exchange::CramMd5 { user: user.to_owned(), password: secret.to_owned() })
            }
        }
    }

    /// What can be said before the server says anything; `None` where it speaks first.
    pub fn initial(&mut self) -> Option<Vec<u8>> {
        match self {
            Exchange::Scram(scram) => scram.respond(b"").ok(),
            Exchange::Once { message, said, .. } => {
                *said = true;
                Some(message.clone())
            }
            Exchange::Login { .. } | Exchange::CramMd5 { .. } => None,
        }
    }

    /// The answer to a challenge.
    pub fn respond(&mut self, challenge: &[u8]) -> Result<Vec<u8>> {
        let cheats = |why: &str| {
            Error::new(Kind::SignInRefused, "").because(format!("the server cannot be believed: {why}"))
        };
        match self {
            Exchange::Scram(scram) => scram.respond(challenge).map_err(cheats),
            Exchange::Once { message, afterwards, said } => {
                if std::mem::replace(said, true) {
                    Ok(afterwards.to_vec())
                } else {
                    Ok(message.clone())
                }
            }
            Exchange::Login { answers } => answers.pop().ok_or_else(|| cheats("it asks a third time")),
            Exchange::CramMd5 { user, password } => {
                let Ok(mut mac) = <Hmac<md5::Md5> as Mac>::new_from_slice(password.as_bytes()) else {
                    return Err(cheats("no key"));
                };
                mac.update(challenge);
                let digest: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
                Ok(format!("{user} {digest}").into_bytes())
            }
        }
    }

    /// An OK counts only when the server has done its part: with SCRAM, proved that it knows the password.
    pub fn is_done(&self) -> bool {
        match self {
            Exchange::Scram(scram) => scram.is_done(),
            Exchange::Once { said, .. } => *said,
            Exchange::Login { answers } => answers.is_empty(),
            Exchange::CramMd5 { .. } => true,
        }
    }
}

impl Secret {
    fn text(&self) -> &str {
        match self {
            Secret::Password(text) | Secret::Token(text) => text,
            Secret::Certificate => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(mechanism: Mechanism, who: &Credentials) -> Exchange {
        Exchange::new(mechanism, who, "imap.exemplo.test", 993, None, false)
            .unwrap_or(Exchange::Login { answers: Vec::new() })
    }

    #[test]
    fn the_best_that_both_sides_have() {
        let binding = ChannelBinding { name: "tls-exporter", data: vec![1] };
        let choose = |who: &Credentials, binding: Option<&ChannelBinding>, offered: &[&str]| {
            Mechanism::choose(who, binding, |name| offered.contains(&name)).map(Mechanism::name)
        };
        let password = Credentials::password("ana", "x");
        let all =
            ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "EXTERNAL"];
        assert_eq!(choose(&password, Some(&binding), &all), Some("SCRAM-SHA-256-PLUS"));
        assert_eq!(choose(&password, None, &all), Some("SCRAM-SHA-256"));
        assert_eq!(choose(&password, None, &["LOGIN", "PLAIN"]), Some("PLAIN"));
        assert_eq!(choose(&password, None, &["CRAM-MD5"]), None, "off by default");
        let old = Credentials { allow_cram_md5: true, ..password };
        assert_eq!(choose(&old, None, &["CRAM-MD5"]), Some("CRAM-MD5"));
        let token = Credentials::token("ana", "t");
        assert_eq!(choose(&token, None, &["PLAIN", "XOAUTH2"]), Some("XOAUTH2"));
        assert_eq!(choose(&token, None, &["XOAUTH2", "OAUTHBEARER"]), Some("OAUTHBEARER"));
        assert_eq!(choose(&token, None, &["PLAIN", "LOGIN"]), None, "a token is no password");
    }

    /// RFC 4616, RFC 7628 section 4.1, RFC 2195 section 2.
    #[test]
    fn what_they_say() {
        let password = Credentials::password("tim", "tanstaaftanstaaf");
        assert_eq!(
            exchange(Mechanism::Plain, &password).initial().as_deref(),
            Some(&b"\0tim\0tanstaaftanstaaf"[..])
        );
        let mut login = exchange(Mechanism::Login, &password);
        assert_eq!(login.initial(), None);
        assert_eq!(login.respond(b"User Name\0").ok().as_deref(), Some(&b"tim"[..]));
        assert!(!login.is_done());
        assert_eq!(login.respond(b"Password\0").ok().as_deref(), Some(&b"tanstaaftanstaaf"[..]));
        assert!(login.is_done() && login.respond(b"again").is_err());
        let mut cram = exchange(Mechanism::CramMd5, &password);
        let answer = cram.respond(b"<1896.697170952@postoffice.reston.mci.net>");
        assert_eq!(answer.ok().as_deref(), Some(&b"tim b913a602c7eda7a495b4e6e7334d3890"[..]));
        let token = Credentials::token("user@example.com", "vF9dft4qmT");
        let mut bearer = exchange(Mechanism::OauthBearer, &token);
        let said = bearer.initial().unwrap_or_default();
        assert_eq!(
            said,
            b"n,a=user@example.com,\x01host=imap.exemplo.test\x01port=993\x01auth=Bearer vF9dft4qmT\x01\x01"
        );
        assert_eq!(bearer.respond(b"{\"status\":\"invalid_token\"}").ok().as_deref(), Some(&b"\x01"[..]));
        assert!(
            Exchange::new(Mechanism::Plain, &Credentials::password("a\0b", "c"), "", 0, None, false).is_err()
        );
        assert_eq!(format!("{token:?}"), "Credentials(user@example.com)");
    }
}
