//! Where a link really leads, and what about it is not as it looks.

use super::trust::{lookalike, organisation};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use ts_rs::TS;
use url::{Host, Url};

/// More of the words of a link is not looked at.
const LONGEST: usize = 500;

/// A link.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(rename = "LinkView")]
pub struct Link {
    /// The host it leads to, as the network reads it.
    pub host: String,
    /// The host that its words name, where that is another one's; empty otherwise.
    pub says: String,
    /// Its host is written with letters of several scripts, so that it looks like another one.
    pub lookalike: bool,
    /// It leads to a number instead of a name.
    pub number: bool,
    /// It has a name in front of the host that looks like one: `https://bank.example@other.example`.
    pub posing: bool,
}

/// Looks at a link and its words. One that leads to no host is empty.
pub fn look(url: &str, words: &str) -> Link {
    let Ok(url) = Url::parse(url.trim()) else { return Link::default() };
    let Some(host) = url.host() else { return Link::default() };
    let number = !matches!(host, Host::Domain(_));
    let host = host.to_string();
    let words = &words[..words.floor_char_boundary(LONGEST)];
    let says =
        words.split_whitespace().filter_map(named).find(|said| organisation(said) != organisation(&host));
    Link {
        says: says.unwrap_or_default(),
        lookalike: !lookalike(&host).is_empty(),
        number,
        posing: !url.username().is_empty(),
        host,
    }
}

/// The host that a word is: an address of the web, or a domain under an ending that there is.
fn named(word: &str) -> Option<String> {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '/');
    // An address of mail is no place that one goes to.
    if word.contains('@') {
        return None;
    }
    let (with_scheme, rest) = match word.split_once("://") {
        Some((scheme, rest)) => {
            (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"), rest)
        }
        None => (false, word),
    };
    let host = rest.split(['/', '?', '#', ':']).next()?.to_lowercase();
    if host.parse::<IpAddr>().is_ok() {
        return with_scheme.then_some(host);
    }
    let known = psl::suffix(host.as_bytes()).is_some_and(|s| s.is_known());
    // "Sr.Silva" and "v2.0" are no domains; "loja.com.br" is one.
    let is_domain = host.contains('.') && known && psl::domain_str(&host).is_some();
    (is_domain && (with_scheme || host.starts_with("www.") || !word.contains(char::is_uppercase)))
        .then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_as_it_looks() {
        assert_eq!(look("https://evil.example.org/x", "www.banco.com.br").says, "www.banco.com.br");
        assert_eq!(
            look("https://evil.example.org/x", "Entre em https://banco.com.br/conta agora").says,
            "banco.com.br"
        );
        assert!(look("https://p\u{430}ypal.com/", "aqui").lookalike);
        assert!(look("http://203.0.113.9/login", "aqui").number);
        assert!(look("https://banco.com.br@evil.com/", "aqui").posing);
    }

    #[test]
    fn what_is_as_it_looks() {
        for (url, words) in [
            ("https://www.loja.com.br/a?b=1", "loja.com.br"),
            ("https://click.loja.com.br/a?b=1", "https://www.loja.com.br/ofertas"),
            ("https://loja.com.br/", "Ver as ofertas. Sr.Silva, versão 2.0"),
            ("https://xn--aa-7ia0d.com.br/", "açaí"),
            ("https://loja.com.br/", "escreva a ana@outra.com.br"),
        ] {
            let link = look(url, words);
            let fine = link.says.is_empty() && !link.lookalike && !link.number && !link.posing;
            assert!(fine && !link.host.is_empty(), "{url} {words}: {link:?}");
        }
        assert_eq!(look("mailto:a@b.test", "x"), Link::default());
        assert_eq!(look("nonsense", "x"), Link::default());
    }
}
