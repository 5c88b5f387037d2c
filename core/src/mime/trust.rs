//! What can be said of who a message is from: what the user's own provider found when it came in (Authentication-Results, RFC 8601), and
//! what a message does that honest ones do not.
//!
//! A field counts only when it stands above all others of its kind and bears the name of the user's provider: everything below one that does not
//! can be written by whoever wrote the message. What nobody looked at is neither good nor bad.

use super::guarded;
use super::header::{self, section};
use crate::model::Address;
use mail_parser::{Message, MessageParser, MimeHeaders};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The longest field that is read.
const LONGEST: usize = 16 << 10;

/// What the provider of the user found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(rename_all = "snake_case")]
pub enum Verdict {
    /// It comes from where it says.
    Passed,
    /// It does not, and who owns the address asks for it to be doubted.
    Failed,
    /// Nobody can tell.
    #[default]
    Unknown,
}

/// What one should know of who wrote it; all of it may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(rename = "TrustView")]
pub struct Trust {
    /// What the provider found.
    pub verdict: Verdict,
    /// Who found it; empty where nobody did.
    pub by: String,
    /// The name that the author goes by holds another address than theirs: this one.
    pub posing_as: String,
    /// The address is written so that it looks like another one: letters of several scripts in one word. This is its plain form.
    pub lookalike: String,
    /// Answers go to another domain than the author's: there.
    pub answers_to: String,
    /// More people than one are named as authors: the others.
    pub others: Vec<Address>,
    /// signed_pgp, signed_smime, encrypted_pgp, encrypted_smime; empty = neither. No signature is checked yet.
    pub sealed: String,
}

/// Looks at a message for the account of a provider (`host` of its server, the user's own `address`).
pub fn trust(raw: &[u8], host: &str, address: &str) -> Trust {
    guarded(|| {
        let m = MessageParser::new().parse_headers(section(raw))?;
        let authors: Vec<Address> = match m.from() {
            Some(all) => all.iter().take(20).map(header::address).collect(),
            None => Vec::new(),
        };
        let (first, others) =
            authors.split_first().map(|(a, rest)| (a.clone(), rest.to_vec())).unwrap_or_default();
        let domain = domain_of(&first.address);
        // Some providers write one field for each method, one upon the other.
        let fields =
            m.headers().iter().filter(|h| h.name.as_str().eq_ignore_ascii_case("Authentication-Results"));
        let bytes = fields.filter_map(|h| raw.get(h.offset_start() as usize..h.offset_end() as usize));
        let read = bytes.map(|b| Results::read(&String::from_utf8_lossy(&b[..b.len().min(LONGEST)])));
        let own: Vec<Results> = read.take_while(|r| is_of(&r.by, host, address)).take(10).collect();
        let by = own.first().map(|r| r.by.clone()).unwrap_or_default();
        let all = Results { by, methods: own.into_iter().flat_map(|r| r.methods).collect() };
        let verdict = match all.verdict(&domain) {
            Verdict::Passed if !takes_out_forgeries(&all.by) => Verdict::Unknown,
            verdict => verdict,
        };
        let by = all.by;
        let from_list = m.header_raw("List-Id").is_some() || m.header_raw("List-Post").is_some();
        let reply = m.reply_to().and_then(|a| a.first()).map(header::address).unwrap_or_default();
        let elsewhere = !from_list
            && !reply.address.is_empty()
            && !domain.is_empty()
            && organisation(&domain_of(&reply.address)) != organisation(&domain);
        Some(Trust {
            verdict,
            by,
            posing_as: posing(&first),
            lookalike: lookalike(&domain),
            answers_to: if elsewhere { reply.address } else { String::new() },
            others,
            sealed: sealed(&m, raw),
        })
    })
    .unwrap_or_default()
}

/// What follows the last sign of an address, in small letters.
fn domain_of(address: &str) -> String {
    address.rsplit_once('@').map(|(_, d)| d.trim_end_matches('.').to_lowercase()).unwrap_or_default()
}

/// The part of a domain that somebody registered: `a.b.com.br` is `b.com.br`'s.
pub fn organisation(domain: &str) -> &str {
    psl::domain_str(domain).unwrap_or(domain)
}

/// Whether a field was written by the user's own provider.
fn is_of(by: &str, host: &str, address: &str) -> bool {
    // Names of border servers that are not below the domain of the server that people use.
    const KIN: [(&str, &str); 5] = [
        ("gmail.com", "google.com"),
        ("googlemail.com", "google.com"),
        ("outlook.com", "microsoft.com"),
        ("office365.com", "microsoft.com"),
        ("me.com", "icloud.com"),
    ];
    if by.is_empty() {
        return false;
    }
    let own = [organisation(host).to_owned(), organisation(&domain_of(address)).to_owned()];
    let by = organisation(by);
    let kin = |own: &String| KIN.iter().any(|(a, b)| own == a && by == *b);
    own.iter().any(|o| !o.is_empty() && (o == by || kin(o)))
}

/// Providers that take out what a message brings along under their name (RFC 8601 section 5), as is known of them (2026-11). Anybody can write a
/// field under the name of one that does not: from those a doubt is believed, and no confirmation.
fn takes_out_forgeries(by: &str) -> bool {
    const KNOWN: [&str; 14] = [
        "google.com",
        "microsoft.com",
        "icloud.com",
        "yahoo.com",
        "aol.com",
        "messagingengine.com",
        "fastmail.com",
        "zoho.com",
        "gmx.net",
        "web.de",
        "yandex.ru",
        "yandex.net",
        "mail.ru",
        "mailbox.org",
    ];
    KNOWN.contains(&organisation(by))
}

/// An Authentication-Results field (RFC 8601 section 2.2).
#[derive(Debug, Default)]
struct Results {
    by: String,
    methods: Vec<Found>,
}

/// Method, result, properties.
type Found = (String, String, Vec<(String, String)>);

impl Results {
    fn read(field: &str) -> Self {
        let plain = without_comments(field);
        let mut parts = plain.split(';').map(str::trim);
        let mut first = parts.next().unwrap_or_default();
        // Microsoft names nobody and begins with the first method.
        let unnamed = first.contains('=');
        if unnamed {
            parts = plain.split(';').map(str::trim);
            first = "";
        }
        let by = first.split_whitespace().next().unwrap_or_default().to_lowercase();
        let mut methods = Vec::new();
        for part in parts.take(50) {
            let mut words = part.split_whitespace();
            let Some((method, result)) = words.next().and_then(|w| w.split_once('=')) else { continue };
            let method = method.split('/').next().unwrap_or_default().to_lowercase();
            let property = |w: &str| {
                let (name, value) = w.split_once('=')?;
                Some((name.to_lowercase(), value.trim_matches('"').to_lowercase()))
            };
            methods.push((method, result.to_lowercase(), words.filter_map(property).collect()));
        }
        let by = if unnamed { "microsoft.com".to_owned() } else { by };
        Self { by, methods }
    }

    fn verdict(&self, domain: &str) -> Verdict {
        let of = |method: &'static str| self.methods.iter().filter(move |(m, ..)| m == method);
        let says = |method: &'static str, result: &str| of(method).any(|(_, r, _)| r == result);
        // The verdict is about the domain that is seen, or about none.
        let about = |p: &[(String, String)], name: &str| {
            p.iter().any(|(n, v)| n == name && same(domain_or_all(v), domain))
        };
        let dmarc = of("dmarc").next();
        match dmarc.map(|(_, r, _)| r.as_str()) {
            Some("pass") => return Verdict::Passed,
            // A list on the way breaks signatures, and says what they were (RFC 8617).
            Some("fail") if !says("arc", "pass") => return Verdict::Failed,
            _ => {}
        }
        let signed = of("dkim").any(|(_, r, p)| {
            r == "pass" && (about(p, "header.d") || about(p, "header.i") || about(p, "header.from"))
        });
        let sent = of("spf").any(|(_, r, p)| r == "pass" && about(p, "smtp.mailfrom"));
        if signed || sent { Verdict::Passed } else { Verdict::Unknown }
    }
}

fn domain_or_all(value: &str) -> &str {
    value.rsplit_once('@').map_or(value, |(_, d)| d)
}

fn same(one: &str, other: &str) -> bool {
    !one.is_empty() && organisation(one) == organisation(other)
}

/// A field without its comments, which nest.
fn without_comments(field: &str) -> String {
    let (mut depth, mut quoted, mut escaped) = (0u32, false, false);
    let mut out = String::with_capacity(field.len());
    for c in field.chars() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match c {
            '\\' => escaped = true,
            '"' if depth == 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            ';' if quoted => out.push(' '),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

/// The address that a name holds and that is not the author's own.
fn posing(author: &Address) -> String {
    let word = |w: &str| w.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let is_address = |w: &String| {
        w.split_once('@').is_some_and(|(l, d)| !l.is_empty() && d.contains('.') && !d.contains('@'))
    };
    let found = author
        .name
        .split(|c: char| c.is_whitespace() || "<>()[]\"',;".contains(c))
        .map(word)
        .find(is_address);
    found.filter(|a| !same(&domain_of(a), &domain_of(&author.address))).unwrap_or_default()
}

/// The plain form of a domain of which a label mixes scripts that look alike; empty for any other.
pub fn lookalike(domain: &str) -> String {
    let (shown, ascii) = idna(domain);
    let mixed = shown.split('.').any(|label| {
        let mut scripts = label.chars().filter(|c| c.is_alphabetic()).map(script).collect::<Vec<_>>();
        scripts.sort_unstable();
        scripts.dedup();
        scripts.len() > 1 && scripts.iter().all(|s| *s != 0)
    });
    // A whole word of another script under a name of ours reads as a word of ours.
    let whole = shown.split('.').any(|label| {
        let letters: Vec<char> = label.chars().filter(|c| c.is_alphabetic()).collect();
        !letters.is_empty() && letters.iter().all(|c| "аеорсухіјѕԁһԛԝɡοα".contains(*c))
    });
    if mixed || whole { ascii } else { String::new() }
}

/// A domain as people read it, and as the network does (RFC 5891).
fn idna(domain: &str) -> (String, String) {
    let ascii = ::idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_owned());
    (::idna::domain_to_unicode(&ascii).0, ascii)
}

/// Latin, Greek, Cyrillic, whose letters look alike; 0 for all others.
fn script(c: char) -> u8 {
    match c {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => 1,
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => 2,
        '\u{400}'..='\u{52f}' => 3,
        _ => 0,
    }
}

/// How it is signed or encrypted (RFC 1847, RFC 3156, RFC 8551 section 3).
fn sealed(m: &Message<'_>, raw: &[u8]) -> String {
    let Some(root) = m.parts.first() else { return String::new() };
    let Some(kind) = root.content_type() else { return String::new() };
    let subtype = kind.subtype().unwrap_or_default().to_ascii_lowercase();
    let has =
        |name: &str, what: &str| kind.attribute(name).is_some_and(|v| v.to_ascii_lowercase().contains(what));
    let found = match (kind.ctype().to_ascii_lowercase().as_str(), subtype.as_str()) {
        ("multipart", "signed") if has("protocol", "pgp") => "signed_pgp",
        ("multipart", "signed") if has("protocol", "pkcs7") => "signed_smime",
        ("multipart", "encrypted") if has("protocol", "pgp") => "encrypted_pgp",
        ("application", "pkcs7-mime" | "x-pkcs7-mime") if has("smime-type", "signed") => "signed_smime",
        ("application", "pkcs7-mime" | "x-pkcs7-mime") => "encrypted_smime",
        ("text", "plain") => {
            let body = &raw[section(raw).len()..];
            let start = String::from_utf8_lossy(&body[..body.len().min(2048)]).trim_start().to_owned();
            if start.starts_with("-----BEGIN PGP MESSAGE-----") {
                "encrypted_pgp"
            } else if start.starts_with("-----BEGIN PGP SIGNED MESSAGE-----") {
                "signed_pgp"
            } else {
                ""
            }
        }
        _ => "",
    };
    found.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &str) -> Trust {
        let raw = format!("{}\r\n\r\noi", fields.replace('\n', "\r\n"));
        trust(raw.as_bytes(), "imap.exemplo.test", "ana@exemplo.test")
    }

    #[test]
    fn what_the_own_provider_found_counts_and_nothing_else() {
        let at = |by: &str, host: &str, rest: &str| {
            let raw = format!("Authentication-Results: {by}; {rest}\r\nFrom: B <b@loja.test>\r\n\r\n");
            trust(raw.as_bytes(), host, "ana@exemplo.test").verdict
        };
        let ours = |rest: &str| at("mx.google.com", "imap.gmail.com", rest);
        assert_eq!(ours("dmarc=pass header.from=loja.test"), Verdict::Passed);
        assert_eq!(
            ours("spf=fail smtp.mailfrom=x.test; dmarc=fail (p=reject) header.from=loja.test"),
            Verdict::Failed
        );
        assert_eq!(ours("dmarc=fail header.from=loja.test; arc=pass (i=1)"), Verdict::Unknown);
        assert_eq!(
            ours("dkim=pass (2048-bit; a \"b\" (c)) header.d=mail.loja.test header.s=s1"),
            Verdict::Passed
        );
        assert_eq!(
            ours("dkim=pass header.d=outra.test; spf=pass smtp.mailfrom=x@outra.test"),
            Verdict::Unknown
        );
        assert_eq!(ours("spf=pass smtp.mailfrom=bounce@loja.test"), Verdict::Passed);
        assert_eq!(ours("none"), Verdict::Unknown);
        // Of a server of one's own, whose name anybody can write: its doubts count.
        assert_eq!(at("mx1.exemplo.test", "imap.exemplo.test", "dmarc=pass"), Verdict::Unknown);
        assert_eq!(at("mx1.exemplo.test", "imap.exemplo.test", "dmarc=fail"), Verdict::Failed);
        // Of somebody else, or below one of somebody else.
        assert_eq!(
            of("Authentication-Results: mx.evil.test; dmarc=pass\nFrom: b@loja.test").verdict,
            Verdict::Unknown
        );
        let below = "Authentication-Results: mx.evil.test; none\nAuthentication-Results: mx1.exemplo.test; dmarc=pass\nFrom: b@loja.test";
        assert_eq!(of(below).verdict, Verdict::Unknown);
        let gmail = b"Authentication-Results: mx.google.com;\r\n       dkim=pass header.i=@loja.com.br header.s=s header.b=Ab;\r\n       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=loja.com.br\r\nFrom: <b@loja.com.br>\r\n\r\n";
        assert_eq!(trust(gmail, "imap.gmail.com", "ana@gmail.com").by, "mx.google.com");
        let outlook = b"Authentication-Results: spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=loja.test; dkim=pass (signature was verified)\r\n header.d=loja.test;dmarc=bestguesspass action=none header.from=loja.test;compauth=pass reason=109\r\nFrom: <b@loja.test>\r\n\r\n";
        assert_eq!(trust(outlook, "outlook.office365.com", "ana@outlook.com").verdict, Verdict::Passed);
        assert_eq!(trust(outlook, "outlook.office365.com", "ana@empresa.test").verdict, Verdict::Passed);
        assert_eq!(trust(outlook, "imap.exemplo.test", "ana@exemplo.test").verdict, Verdict::Unknown);
        let icloud = b"Authentication-Results: bimi.icloud.com; bimi=skipped\r\nAuthentication-Results: dmarc.icloud.com; dmarc=pass header.from=loja.test\r\nFrom: <b@loja.test>\r\n\r\n";
        assert_eq!(trust(icloud, "imap.mail.me.com", "ana@icloud.com").verdict, Verdict::Passed);
    }

    #[test]
    fn what_honest_mail_does_not_do() {
        assert_eq!(of("From: \"suporte@banco.test\" <x@evil.test>").posing_as, "suporte@banco.test");
        assert_eq!(
            of("From: =?utf-8?b?c3Vwb3J0ZUBiYW5jby50ZXN0AA==?= <x@evil.test>").posing_as,
            "suporte@banco.test"
        );
        assert_eq!(of("From: \"Ana (ana@exemplo.test)\" <ana@mail.exemplo.test>").posing_as, "");
        assert_eq!(of("From: Ana <a@p\u{430}ypal.test>").lookalike, "xn--pypal-4ve.test");
        assert_eq!(of("From: Ana <a@xn--pypal-4ve.test>").lookalike, "xn--pypal-4ve.test");
        for fine in ["a@açaí.test", "a@почта.test", "a@日本.test", "a@paypal.test"] {
            assert_eq!(of(&format!("From: Ana <{fine}>")).lookalike, "", "{fine}");
        }
        assert_eq!(of("From: a@loja.test\nReply-To: b@evil.test").answers_to, "b@evil.test");
        assert_eq!(of("From: a@loja.test\nReply-To: b@mail.loja.test").answers_to, "");
        assert_eq!(of("From: a@loja.test\nReply-To: l@lista.test\nList-Id: <l.lista.test>").answers_to, "");
        assert_eq!(of("From: a@loja.test, Presidente <p@gov.test>").others.len(), 1);
    }

    #[test]
    fn what_is_sealed_is_said() {
        let kind = |k: &str| of(&format!("Content-Type: {k}")).sealed;
        assert_eq!(
            kind("multipart/signed; protocol=\"application/pgp-signature\"; boundary=a"),
            "signed_pgp"
        );
        assert_eq!(
            kind("multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=a"),
            "signed_smime"
        );
        assert_eq!(kind("application/pkcs7-mime; smime-type=enveloped-data"), "encrypted_smime");
        assert_eq!(
            kind("multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=a"),
            "encrypted_pgp"
        );
        assert_eq!(kind("multipart/mixed; boundary=a"), "");
    }
}
