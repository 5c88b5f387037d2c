//! Where the servers of an address are.
//!
//! ```text
//! providers   our own list, by the domain: no question asked           -> at once
//! names       MX -> our own list                                       \
//! xml         the domain's autoconfig, over https                       | side by side; the best of those
//! names       SRV (RFC 6186, RFC 8314 section 5.1)                      | that answered within five seconds
//! xml         the public list at thunderbird.net                        |
//! mod         the domain's Exchange (autodiscover version 2)            |
//! mod         the usual names, where something answers with TLS        /
//! ```
//! Nobody is told the address: the domain's own servers, the public list and Exchange get the domain only. Nothing found here
//! is used before the user has seen it.

pub mod names;
pub mod providers;
pub mod xml;

use super::web::Web;
use crate::error::Kind;
use crate::model::{Endpoint, FoundServers, Hint, Source, Tls};
use names::Names;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

/// By then there is a result, or the form.
const PATIENCE: Duration = Duration::from_secs(5);

/// The domain of an address, lower case; `None` when it is not an address.
pub fn domain_of(address: &str) -> Option<String> {
    let (local, domain) = address.trim().rsplit_once('@')?;
    let plausible = !local.is_empty()
        && domain.contains('.')
        && !domain.starts_with(['.', '-'])
        && !domain.ends_with('.')
        && !address.trim().contains(char::is_whitespace);
    plausible.then(|| domain.to_lowercase())
}

/// Who is asked.
#[derive(Clone)]
pub struct Search {
    /// Over https.
    pub web: Web,
    /// The name service.
    pub names: Names,
    /// Where the public list is.
    pub ispdb: String,
    /// More providers, in the form of our own list: those of whoever ships the app.
    pub more: String,
}

impl Search {
    /// Over this way to the network. Behind a proxy no name service is asked beside it.
    pub fn new(web: Web, more: String) -> Self {
        let names = if web.proxy.is_some() { Names::default() } else { Names::system() };
        Self { web, names, ispdb: "https://autoconfig.thunderbird.net/v1.1".to_owned(), more }
    }

    /// The servers of an address, within five seconds; `None` when it is no address.
    pub async fn find(&self, address: &str) -> Option<FoundServers> {
        let address = address.trim();
        let domain = domain_of(address)?;
        if let Some(provider) = providers::by_domain(&domain, &self.more) {
            return Some(provider.servers(address, Source::Provider));
        }
        Some(match self.ask_all(address, &domain).await {
            Some(found) => found,
            None => guess(address, &domain),
        })
    }

    async fn ask_all(&self, address: &str, domain: &str) -> Option<FoundServers> {
        let asked = Arc::new(Question {
            search: self.clone(),
            address: address.to_owned(),
            domain: domain.to_owned(),
            exchangers: OnceCell::new(),
        });
        let mut answers: Vec<Option<Option<FoundServers>>> = vec![None; ORDER.len()];
        let mut asking = JoinSet::new();
        for (rank, source) in ORDER.into_iter().enumerate() {
            let asked = asked.clone();
            asking.spawn(async move { (rank, asked.ask(source).await) });
        }
        let until = tokio::time::Instant::now() + PATIENCE;
        while let Ok(Some(answer)) = tokio::time::timeout_at(until, asking.join_next()).await {
            let Ok((rank, found)) = answer else { continue };
            answers[rank] = Some(found);
            // What is better is through: there is nothing to wait for.
            let settled = answers.iter().take_while(|a| a.is_some());
            if let Some(best) = settled.flatten().flatten().next() {
                return Some(best.clone());
            }
        }
        answers.into_iter().flatten().flatten().next()
    }
}

/// Who is asked where the list does not know a domain, best first.
const ORDER: [Source; 6] =
    [Source::Exchanger, Source::Autoconfig, Source::Srv, Source::Ispdb, Source::Autodiscover, Source::Guess];

/// One address, being looked for.
struct Question {
    search: Search,
    address: String,
    domain: String,
    /// Asked for once, by whoever needs it first.
    exchangers: OnceCell<Vec<String>>,
}

impl Question {
    async fn ask(&self, source: Source) -> Option<FoundServers> {
        match source {
            Source::Provider => None, // nobody is asked for that
            Source::Exchanger => self.exchanger().await,
            Source::Autoconfig => self.autoconfig().await,
            Source::Srv => self.srv().await,
            Source::Ispdb => self.public_list().await,
            Source::Autodiscover => self.autodiscover().await,
            Source::Guess => self.usual_names().await,
        }
    }

    async fn exchangers(&self) -> &[String] {
        self.exchangers.get_or_init(|| self.search.names.exchangers(&self.domain)).await
    }

    async fn exchanger(&self) -> Option<FoundServers> {
        let names = self.exchangers().await;
        let provider = names.iter().find_map(|name| providers::by_exchanger(name, &self.search.more))?;
        Some(provider.servers(&self.address, Source::Exchanger))
    }

    /// The domain's own word.
    async fn autoconfig(&self) -> Option<FoundServers> {
        let domain = &self.domain;
        let own = format!("https://autoconfig.{domain}/mail/config-v1.1.xml");
        let well_known = format!("https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml");
        let (a, b) = tokio::join!(
            self.document(&own, Source::Autoconfig),
            self.document(&well_known, Source::Autoconfig)
        );
        a.or(b)
    }

    /// The public list, for the domain and for whoever receives its mail.
    async fn public_list(&self) -> Option<FoundServers> {
        let direct = format!("{}/{}", self.search.ispdb, self.domain);
        let (direct, exchangers) = tokio::join!(self.document(&direct, Source::Ispdb), self.exchangers());
        if direct.is_some() {
            return direct;
        }
        let exchanger = exchangers.first()?;
        let mut labels: Vec<&str> = exchanger.split('.').collect();
        // The domain of mx1.mail.example.com.br is not known without a list of all registries: two tries do.
        while labels.len() > 3 {
            labels.remove(0);
        }
        for name in [labels.join("."), labels[labels.len().saturating_sub(2)..].join(".")] {
            let found = self.document(&format!("{}/{name}", self.search.ispdb), Source::Ispdb).await;
            if found.is_some() {
                return found;
            }
        }
        None
    }

    async fn document(&self, url: &str, source: Source) -> Option<FoundServers> {
        let answer = self.search.web.get(url).await.ok().filter(|a| a.status == 200)?;
        xml::read(&answer.body, &self.address, source)
    }

    async fn srv(&self) -> Option<FoundServers> {
        let domain = &self.domain;
        let (imap, pop3, smtp) = tokio::join!(
            self.search.names.service(domain, &[("imaps", Tls::Implicit), ("imap", Tls::Starttls)]),
            self.search.names.service(domain, &[("pop3s", Tls::Implicit), ("pop3", Tls::Starttls)]),
            self.search
                .names
                .service(domain, &[("submissions", Tls::Implicit), ("submission", Tls::Starttls)]),
        );
        if imap.is_none() && pop3.is_none() {
            return None;
        }
        Some(FoundServers { imap, pop3, smtp, source: Source::Srv, ..self.guess() })
    }

    /// Exchange tells where it is to whoever asks for any name of the domain; ours stays unsaid. It says nothing of IMAP: in
    /// Microsoft's cloud that is known, and elsewhere it is tried at the same host.
    async fn autodiscover(&self) -> Option<FoundServers> {
        let domain = &self.domain;
        let url = format!(
            "https://autodiscover.{domain}/autodiscover/autodiscover.json?Email=postmaster%40{domain}&Protocol=ActiveSync"
        );
        let answer = self.search.web.get(&url).await.ok().filter(|a| a.status == 200)?;
        let told: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
        let at = url::Url::parse(told.get("Url")?.as_str()?).ok()?;
        let host = at.host_str()?.to_ascii_lowercase();
        if host.ends_with(".office365.com") || host.ends_with(".outlook.com") {
            let cloud = providers::by_domain("office365.com", "")?;
            return Some(cloud.servers(&self.address, Source::Autodiscover));
        }
        let imap = self.answers(&[(&host, 993)]).await;
        imap.as_ref()?;
        let smtp = Some(Endpoint { host, port: 587, tls: Tls::Starttls });
        Some(FoundServers { imap, pop3: None, smtp, source: Source::Autodiscover, ..self.guess() })
    }

    fn guess(&self) -> FoundServers {
        guess(&self.address, &self.domain)
    }

    /// Where something answers with TLS.
    async fn usual_names(&self) -> Option<FoundServers> {
        let domain = self.domain.as_str();
        let at = |prefix: &str| format!("{prefix}.{domain}");
        let (imap, mail, pop, pop3, smtp) = (at("imap"), at("mail"), at("pop"), at("pop3"), at("smtp"));
        let imaps = [(imap.as_str(), 993), (&mail, 993), (domain, 993)];
        let pops = [(pop.as_str(), 995), (&pop3, 995), (&mail, 995), (domain, 995)];
        let smtps = [(smtp.as_str(), 465), (&mail, 465), (&smtp, 587), (&mail, 587)];
        let (imap_there, pop_there, smtp_there) =
            tokio::join!(self.answers(&imaps), self.answers(&pops), self.answers(&smtps));
        if imap_there.is_none() && pop_there.is_none() {
            return None;
        }
        Some(FoundServers { imap: imap_there, pop3: pop_there, smtp: smtp_there, ..self.guess() })
    }

    /// The first of these that answers; one whose certificate is not trusted only where there is no other.
    async fn answers(&self, candidates: &[(&str, u16)]) -> Option<Endpoint> {
        let mut trying = JoinSet::new();
        for (rank, (host, port)) in candidates.iter().enumerate() {
            let tls = if *port == 587 { Tls::Starttls } else { Tls::Implicit };
            let to = Endpoint { host: (*host).to_owned(), port: *port, tls };
            let web = self.search.web.clone();
            trying.spawn(async move {
                let worth = match web.reach(&to).await {
                    Ok(_) => Some(rank),
                    Err(e) if e.kind == Kind::Certificate => Some(rank + 100),
                    Err(_) => None,
                };
                worth.map(|worth| (worth, to))
            });
        }
        let mut found: Vec<(usize, Endpoint)> = Vec::new();
        while let Some(tried) = trying.join_next().await {
            found.extend(tried.ok().flatten());
        }
        found.sort_by_key(|(worth, _)| *worth);
        found.into_iter().next().map(|(_, to)| to)
    }
}

/// Without having asked anybody: the convention, with TLS from the first byte (RFC 8314 section 3.3).
fn guess(address: &str, domain: &str) -> FoundServers {
    let at =
        |prefix: &str, port| Some(Endpoint { host: format!("{prefix}.{domain}"), port, tls: Tls::Implicit });
    FoundServers {
        provider: String::new(),
        source: Source::Guess,
        imap: at("imap", 993),
        pop3: None,
        smtp: at("smtp", 465),
        user: address.to_owned(),
        sign_in: vec!["password".to_owned()],
        hints: Vec::<Hint>::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_told_apart() {
        assert_eq!(domain_of(" ana@Empresa.com.br ").as_deref(), Some("empresa.com.br"));
        for bad in ["", "ana", "@x.com", "a b@x.com", "ana@", "ana@.com"] {
            assert_eq!(domain_of(bad), None, "{bad}");
        }
    }
}
