//! A provider's own settings: config-v1.1.xml, as Thunderbird made it common.
//!
//! Read leniently, since half of these files are written by hand: what is whole is taken, the rest is passed over. A server
//! without TLS is not taken.

use crate::model::{Endpoint, FoundServers, Hint, Source, Tls};
use quick_xml::Reader;
use quick_xml::events::Event;

#[derive(Default)]
struct Server {
    kind: String,
    host: String,
    port: u16,
    socket: String,
    user: String,
}

impl Server {
    fn endpoint(&self) -> Option<Endpoint> {
        let tls = match self.socket.to_ascii_uppercase().as_str() {
            "SSL" | "TLS" => Tls::Implicit,
            "STARTTLS" => Tls::Starttls,
            _ => return None,
        };
        let fine = !self.host.is_empty()
            && self.port > 0
            && self.host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
        fine.then(|| Endpoint { host: self.host.to_ascii_lowercase(), port: self.port, tls })
    }
}

/// The servers of an address; `None` where the document names none at all.
pub fn read(document: &[u8], address: &str, source: Source) -> Option<FoundServers> {
    let (local, domain) = address.rsplit_once('@')?;
    let fill = |text: &str| {
        text.trim()
            .replace("%EMAILADDRESS%", address)
            .replace("%EMAILLOCALPART%", local)
            .replace("%EMAILDOMAIN%", domain)
    };
    let (servers, provider) = scan(document, fill);
    if servers.is_empty() {
        return None;
    }
    // The first with TLS from the first byte, else the first with STARTTLS (RFC 8314 section 3).
    let best = |kind: &str| {
        let offered: Vec<&Server> =
            servers.iter().filter(|s| s.kind == kind && s.endpoint().is_some()).collect();
        let implicit = offered.iter().find(|s| s.endpoint().is_some_and(|e| e.tls == Tls::Implicit));
        implicit.or(offered.first()).map(|s| (s.endpoint(), s.user.clone()))
    };
    let (imap, pop3, smtp) = (best("imap"), best("pop3"), best("smtp"));
    let mut hints = Vec::new();
    if imap.is_none() && pop3.is_none() {
        hints.push(Hint { code: "unencrypted".to_owned(), url: String::new() });
    }
    let user = imap.iter().chain(pop3.iter()).map(|(_, user)| user.clone()).find(|u| !u.is_empty());
    Some(FoundServers {
        provider,
        source,
        imap: imap.and_then(|(e, _)| e),
        pop3: pop3.and_then(|(e, _)| e),
        smtp: smtp.and_then(|(e, _)| e),
        user: user.unwrap_or_else(|| address.to_owned()),
        sign_in: vec!["password".to_owned()],
        hints,
    })
}

fn scan(document: &[u8], fill: impl Fn(&str) -> String) -> (Vec<Server>, String) {
    let text = String::from_utf8_lossy(document);
    let mut reader = Reader::from_str(&text);
    reader.config_mut().check_end_names = false;
    let (mut servers, mut provider, mut open): (Vec<Server>, String, Option<Server>) = Default::default();
    let mut element = String::new();
    // Broken from here on: what was whole before counts.
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Eof => break,
            Event::Start(start) => {
                element = start.name().as_ref().to_owned();
                if matches!(element.as_str(), "incomingServer" | "outgoingServer") {
                    let kind = start.try_get_attribute("type").ok().flatten();
                    let kind = kind.map(|k| k.value.to_ascii_lowercase());
                    open = Some(Server { kind: kind.unwrap_or_default(), ..Server::default() });
                }
            }
            Event::Text(text) => {
                let text = fill(&text);
                match (&mut open, element.as_str()) {
                    (Some(s), "hostname") => s.host = text,
                    (Some(s), "port") => s.port = text.parse().unwrap_or(0),
                    (Some(s), "socketType") => s.socket = text,
                    (Some(s), "username") => s.user = text,
                    (None, "displayName") if provider.is_empty() => provider = text,
                    _ => {}
                }
            }
            Event::End(end) => {
                if matches!(end.name().as_ref(), "incomingServer" | "outgoingServer") {
                    servers.extend(open.take());
                }
                element.clear();
            }
            _ => {}
        }
    }
    provider.truncate(provider.char_indices().nth(80).map_or(provider.len(), |(at, _)| at));
    (servers, provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_is_whole_and_protected() {
        let text = br#"<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="x"><displayName>Empresa</displayName>
            <incomingServer type="imap"><hostname>imap.%EMAILDOMAIN%</hostname><port>143</port><socketType>plain</socketType></incomingServer>
            <incomingServer type="imap"><hostname>imap.%EMAILDOMAIN%</hostname><port>143</port><socketType>STARTTLS</socketType><username>%EMAILLOCALPART%</username></incomingServer>
            <incomingServer type="imap"><hostname>IMAP2.x.test</hostname><port>993</port><socketType>SSL</socketType><username>%EMAILADDRESS%</username></incomingServer>
            <incomingServer type="pop3"><hostname>evil.test/../</hostname><port>995</port><socketType>SSL</socketType></incomingServer>
            <outgoingServer type="smtp"><hostname>smtp.x.test</hostname><port>465</port><socketType>SSL</socketType></outgoingServer>
            <outgoingServer type="smtp"><hostname>broken"#;
        let Some(found) = read(text, "ana@x.test", Source::Autoconfig) else { panic!("nothing") };
        assert_eq!(found.provider, "Empresa");
        assert_eq!(found.imap.map(|e| (e.host, e.port)), Some(("imap2.x.test".to_owned(), 993)));
        assert_eq!((found.pop3, found.user.as_str()), (None, "ana@x.test"));
        assert_eq!(found.smtp.map(|e| e.host).as_deref(), Some("smtp.x.test"));
    }

    #[test]
    fn servers_without_tls_are_said_to_be_so() {
        let text = br#"<clientConfig><incomingServer type="imap"><hostname>imap.x.test</hostname><port>143</port><socketType>plain</socketType></incomingServer></clientConfig>"#;
        let Some(found) = read(text, "ana@x.test", Source::Autoconfig) else { panic!("nothing") };
        assert_eq!((found.imap, found.hints[0].code.as_str()), (None, "unencrypted"));
        assert_eq!(read(b"<html>Not found</html>", "ana@x.test", Source::Autoconfig), None);
        assert_eq!(read(b"\xff\xfe<<<>>>&&&", "ana@x.test", Source::Autoconfig), None);
    }
}
