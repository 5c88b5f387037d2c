//! Our own list of providers: `providers.txt`, which says how it is written.

use crate::model::{Endpoint, FoundServers, Hint, Source, Tls};

const LIST: &str = include_str!("providers.txt");

/// One provider, as the list has it.
pub struct Provider<'l> {
    name: &'l str,
    domains: &'l str,
    exchangers: &'l str,
    imap: Option<Endpoint>,
    pop3: Option<Endpoint>,
    smtp: Option<Endpoint>,
    local_user: bool,
    sign_in: &'l str,
    hints: &'l str,
}

/// Those of `more`, which has the same form, come first.
fn all(more: &str) -> impl Iterator<Item = Provider<'_>> {
    more.lines().chain(LIST.lines()).filter(|l| !l.is_empty() && !l.starts_with('#')).filter_map(read)
}

fn read(line: &str) -> Option<Provider<'_>> {
    let columns: Vec<&str> = line.split('|').map(str::trim).collect();
    let [name, domains, exchangers, imap, pop3, smtp, user, sign_in, hints, _source] = columns[..] else {
        return None;
    };
    Some(Provider {
        name,
        domains,
        exchangers,
        imap: endpoint(imap),
        pop3: endpoint(pop3),
        smtp: endpoint(smtp),
        local_user: user == "local",
        sign_in,
        hints,
    })
}

fn endpoint(text: &str) -> Option<Endpoint> {
    let (host, port) = text.rsplit_once(':')?;
    let port: u16 = port.parse().ok()?;
    let tls = if matches!(port, 993 | 995 | 465) { Tls::Implicit } else { Tls::Starttls };
    Some(Endpoint { host: host.to_owned(), port, tls })
}

/// The provider of a domain, itself or under another country (`yahoo.*` is yahoo.de and yahoo.com.br).
pub fn by_domain<'l>(domain: &str, more: &'l str) -> Option<Provider<'l>> {
    let under = |pattern: &str| {
        let Some(rest) = pattern.strip_suffix(".*").and_then(|p| domain.strip_prefix(p)?.strip_prefix('.'))
        else {
            return false;
        };
        match rest.split_once('.') {
            None => rest.len() >= 2,
            Some((second, country)) => ["com", "co", "org", "net"].contains(&second) && country.len() == 2,
        }
    };
    let listed = |p: &Provider<'_>, is: &dyn Fn(&str) -> bool| p.domains.split(' ').any(is);
    all(more).find(|p| listed(p, &|d| d == domain)).or_else(|| all(more).find(|p| listed(p, &under)))
}

/// The provider that receives a domain's mail, by the name of its mail exchanger.
pub fn by_exchanger<'l>(exchanger: &str, more: &'l str) -> Option<Provider<'l>> {
    let ends = |suffix: &str| {
        exchanger.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    // The longest that fits: mx.mail.yahoo.co.jp says more than yahoo.co.jp.
    let fits = all(more).filter_map(|p| {
        let best = p.exchangers.split(' ').filter(|s| *s != "-" && ends(s)).map(str::len).max()?;
        Some((best, p))
    });
    fits.max_by_key(|(length, _)| *length).map(|(_, p)| p)
}

impl Provider<'_> {
    /// For an address. At somebody else's domain the user is always the whole address.
    pub fn servers(&self, address: &str, source: Source) -> FoundServers {
        let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
        let user = if self.local_user && source == Source::Provider { local } else { address };
        let hints = self.hints.split(' ').filter(|h| *h != "-").map(|h| {
            let (code, url) = h.split_once('=').unwrap_or((h, ""));
            Hint { code: code.to_owned(), url: url.to_owned() }
        });
        FoundServers {
            provider: self.name.to_owned(),
            source,
            imap: self.imap.clone(),
            pop3: self.pop3.clone(),
            smtp: self.smtp.clone(),
            user: user.to_owned(),
            sign_in: self.sign_in.split(' ').map(str::to_owned).collect(),
            hints: hints.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_list_is_whole_and_nothing_in_it_is_unprotected() {
        let lines = LIST.lines().filter(|l| !l.is_empty() && !l.starts_with('#'));
        let mut domains = BTreeSet::new();
        for line in lines {
            let Some(p) = read(line) else { panic!("not ten columns: {line}") };
            for domain in p.domains.split(' ') {
                assert!(domains.insert(domain), "{domain} is there twice");
                assert_eq!(domain, domain.to_lowercase());
            }
            let source = line.rsplit('|').next().unwrap_or_default();
            assert!(source.contains(", 20"), "no date: {line}");
            let none = p.hints.starts_with("none=");
            assert!(none == (p.imap.is_none() && p.pop3.is_none()), "no server, and not said so: {line}");
            for (e, cleartext) in [(&p.imap, 143), (&p.pop3, 110), (&p.smtp, 25)] {
                let Some(e) = e else { continue };
                assert!(e.tls != Tls::None && e.port != cleartext && e.host.is_ascii(), "{line}");
            }
            for hint in p.hints.split(' ').filter_map(|h| h.split_once('=')) {
                assert!(hint.1.starts_with("https://"), "{line}");
            }
        }
        assert!(domains.len() > 200, "{}", domains.len());
    }

    #[test]
    fn a_name_that_only_looks_like_a_provider_is_none() {
        for other in ["live.example.org", "yahoo.evil.com", "notgmail.com", "outlook.com.evil.br", "live.x"] {
            assert!(by_domain(other, "").is_none(), "{other}");
        }
        for other in ["evilgoogle.com", "google.com.evil.br", "-"] {
            assert!(by_exchanger(other, "").is_none(), "{other}");
        }
    }
}
