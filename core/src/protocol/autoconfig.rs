//! Where the servers of an address probably are.
//!
//! A first guess without asking anybody: the well-known providers by the domain, else the convention `imap.DOMAIN` with
//! implicit TLS (RFC 8314 section 3.3). The user sees it and can change it before anything is sent there.

use crate::model::{Endpoint, Tls};

/// Domain of the address, incoming host, for providers whose host cannot be derived from the domain.
const PROVIDERS: &[(&str, &str)] = &[
    ("gmail.com", "imap.gmail.com"),
    ("googlemail.com", "imap.gmail.com"),
    ("outlook.com", "outlook.office365.com"),
    ("hotmail.com", "outlook.office365.com"),
    ("hotmail.com.br", "outlook.office365.com"),
    ("live.com", "outlook.office365.com"),
    ("msn.com", "outlook.office365.com"),
    ("icloud.com", "imap.mail.me.com"),
    ("me.com", "imap.mail.me.com"),
    ("mac.com", "imap.mail.me.com"),
    ("yahoo.com", "imap.mail.yahoo.com"),
    ("yahoo.com.br", "imap.mail.yahoo.com"),
    ("ymail.com", "imap.mail.yahoo.com"),
    ("aol.com", "imap.aol.com"),
    ("gmx.com", "imap.gmx.com"),
    ("gmx.net", "imap.gmx.net"),
    ("fastmail.com", "imap.fastmail.com"),
    ("uol.com.br", "imap.uol.com.br"),
    ("bol.com.br", "imap.bol.com.br"),
    ("terra.com.br", "imap.terra.com.br"),
    ("ig.com.br", "imap.ig.com.br"),
    ("globo.com", "imap.globo.com"),
    ("zoho.com", "imap.zoho.com"),
];

/// The domain of an address, lower case; `None` when it is not an address.
pub fn domain_of(address: &str) -> Option<String> {
    let (local, domain) = address.trim().rsplit_once('@')?;
    let plausible = !local.is_empty()
        && !domain.is_empty()
        && !domain.starts_with(['.', '-'])
        && !domain.ends_with('.')
        && !address.trim().contains(char::is_whitespace);
    plausible.then(|| domain.to_lowercase())
}

/// The incoming server that an address most likely has.
pub fn guess_imap(address: &str) -> Option<Endpoint> {
    let domain = domain_of(address)?;
    let host = PROVIDERS
        .iter()
        .find(|(d, _)| *d == domain)
        .map_or_else(|| format!("imap.{domain}"), |(_, host)| (*host).to_owned());
    Some(Endpoint { host, port: 993, tls: Tls::Implicit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_are_sane() {
        let host = |a: &str| guess_imap(a).map(|e| e.host);
        assert_eq!(host("ana@Gmail.com").as_deref(), Some("imap.gmail.com"));
        assert_eq!(host("ana@empresa.com.br").as_deref(), Some("imap.empresa.com.br"));
        for bad in ["", "ana", "@x.com", "a b@x.com", "ana@", "ana@.com"] {
            assert_eq!(host(bad), None, "{bad}");
        }
    }
}
