//! A throw-away mail server with a sample mailbox: `testserver [--large N] [--empty] [--oauth] [--smtp]`.
//!
//! Prints one JSON line when it is ready, takes commands on standard input (`kill` ends the mail server as a power cut would,
//! `drop FOLDER` deletes a folder, `mail SUBJECT` delivers a message, `raw BASE64` any, `list SUBJECT` one of a mailing list, `noise SUBJECT` a large one,
//! `file WORD` one with a file of 6 MB; with `--oauth`, where tokens sign in: `expire` and `revoke` them, `kick` cuts connections, `deny` and `allow`
//! new ones, `renewals` tells how many there were; with `--smtp`, where a Postfix delivers, `delivered USER FOLDER` waits for it and tells
//! what lies in a folder of somebody, as a parser of somebody else's reads it), and ends when its standard input does.

use base64::Engine;
use mailparse::MailHeaderMap;
use serde_json::{Value, json};
use servers::chance::Chance;
use servers::device::small;
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::issuer::TokenIssuer;
use servers::loader::{Loader, Mail, with_file};
use servers::other::Other;
use servers::postfix::Postfix;
use servers::sample;
use std::io::BufRead;

const USER: &str = "ana";

fn with(issuer: &Option<TokenIssuer>, work: impl Fn(&TokenIssuer)) {
    if let Some(issuer) = issuer {
        work(issuer);
    }
}

/// What lies in a folder: of each message its header fields, its texts, and its files with their CRC-32.
async fn lies(imap: u16, user: &str, folder: &str) -> Value {
    let mut other = Other::sign_in(imap, user).await;
    let mut all = Vec::new();
    for uid in other.uids(folder).await {
        let raw = other.whole(uid).await;
        let mail = mailparse::parse_mail(&raw).expect("a message");
        let field = |name: &str| mail.headers.get_first_value(name).unwrap_or_default();
        let (mut text, mut html, mut files) = (String::new(), String::new(), Vec::new());
        for part in mail.parts() {
            let name = part.get_content_disposition().params.get("filename").cloned();
            match (name, part.ctype.mimetype.as_str()) {
                (Some(name), kind) => {
                    let bytes = part.get_body_raw().expect("bytes");
                    let mut crc = flate2::Crc::new();
                    crc.update(&bytes);
                    let id = part.headers.get_first_value("Content-ID").unwrap_or_default();
                    files.push(json!({ "name": name, "type": kind, "size": bytes.len(), "crc": crc.sum(), "id": id }));
                }
                (None, "text/plain") => text = part.get_body().expect("text"),
                (None, "text/html") => html = part.get_body().expect("text"),
                _ => {}
            }
        }
        all.push(json!({
            "subject": field("Subject"), "from": field("From"), "to": field("To"), "cc": field("Cc"), "bcc": field("Bcc"),
            "id": field("Message-ID"), "text": text, "html": html, "files": files, "size": raw.len(),
            "ascii": raw.is_ascii(), "fields": mail.headers.iter().map(|h| h.get_key()).collect::<Vec<_>>(),
        }));
    }
    Value::Array(all)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    let issuer = args.iter().any(|a| a == "--oauth").then(|| runtime.block_on(TokenIssuer::start()));
    let smtp = args.iter().any(|a| a == "--smtp");
    let keys = tempfile::Builder::new().prefix("malote-oauth-").tempdir_in("/tmp").expect("a directory");
    let mut server = match &issuer {
        Some(issuer) => issuer.dovecot(keys.path()),
        None => Dovecot::start_with(Options { pop3: true, delivers: smtp, ..Options::default() }),
    };
    let postfix = smtp.then(|| Postfix::start(&server)).flatten();
    let mut loader = Loader::sign_in(server.imap, USER, PASSWORD);
    let number =
        args.iter().position(|a| a == "--large").and_then(|i| args.get(i + 1)).and_then(|n| n.parse().ok());
    if let Some(n) = number {
        sample::large(&mut loader, n);
    } else if !args.iter().any(|a| a == "--empty") {
        sample::everyday(&mut loader, 2026);
    }
    println!(
        "{}",
        json!({
            "imap": server.imap, "imaps": server.imaps, "ca": server.ca, "address": format!("{USER}@exemplo.test"),
            "smtps": postfix.as_ref().map(|p| p.submissions), "user": USER, "password": PASSWORD, "pop3s": server.pop3s,
            "issuers": issuer.as_ref().map(TokenIssuer::line),
            // Other ports than the usual ones are taken with STARTTLS.
            "providers": format!(
                "Exemplo | exemplo.test | - | localhost:{} | localhost:{} | - | local | {} | - | test, 2026-11\n",
                server.imap, server.pop3, if issuer.is_some() { "exemplo" } else { "password" }
            ),
        })
    );
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let mut mail = Value::Null;
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("kill", _) => server.kill(),
            ("drop", folder) => loader.command(format!("DELETE \"{folder}\"").as_bytes()),
            ("mail", subject) => {
                let now = sample::internal_date(sample::NOW);
                loader.append("INBOX", &[Mail { raw: small(subject), flags: String::new(), date: now }]);
            }
            // Any message, in base64.
            ("raw", text) => {
                let raw = base64::engine::general_purpose::STANDARD.decode(text).expect("base64");
                let now = sample::internal_date(sample::NOW);
                loader.append("INBOX", &[Mail { raw, flags: String::new(), date: now }]);
            }
            // A message of a list that is left by a message.
            ("list", subject) => {
                let fields = b"List-Id: Obras e reformas <obras.exemplo.test>\r\nList-Unsubscribe: <mailto:sair@lista.exemplo.test?subject=sair>\r\n";
                let raw = [fields.as_slice(), &small(subject)].concat();
                let now = sample::internal_date(sample::NOW);
                loader.append("INBOX", &[Mail { raw, flags: String::new(), date: now }]);
            }
            // A message of a megabyte that does not compress.
            ("noise", subject) => {
                let mut chance = Chance::new(subject.len() as u64);
                let noise: Vec<u8> = (0..1_000_000)
                    .map(|i| if i % 77 == 76 { b'\n' } else { b'!' + chance.below(90) as u8 })
                    .collect();
                let raw = [small(subject), noise].concat();
                let now = sample::internal_date(sample::NOW);
                loader.append("INBOX", &[Mail { raw, flags: String::new(), date: now }]);
            }
            ("file", word) => {
                let date = sample::internal_date(sample::NOW);
                loader.append("INBOX", &[Mail { date, ..with_file(word, 6_000_000) }]);
            }
            ("delivered", whose) => {
                let (user, folder) = whose.split_once(' ').unwrap_or((whose, "INBOX"));
                if let Some(postfix) = &postfix {
                    postfix.settle();
                }
                mail = runtime.block_on(lies(server.imap, user, folder));
            }
            ("kick", _) => server.kick(USER),
            ("expire", _) => with(&issuer, TokenIssuer::expire),
            ("revoke", _) => with(&issuer, TokenIssuer::revoke_all),
            ("deny", _) => with(&issuer, |i| i.known().deny = true),
            ("allow", _) => with(&issuer, |i| i.known().deny = false),
            _ => {}
        }
        let renewals = issuer.as_ref().map_or(0, |i| i.known().renewals);
        println!("{}", json!({ "done": true, "renewals": renewals, "mail": mail }));
    }
}
