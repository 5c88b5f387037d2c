//! A throw-away mail server with a sample mailbox: `testserver [--large N] [--empty] [--oauth]`.
//!
//! Prints one JSON line when it is ready, takes commands on standard input (`kill` ends the mail server as a power cut would,
//! `drop FOLDER` deletes a folder, `mail SUBJECT` delivers a message, `noise SUBJECT` a large one,
//! `file WORD` one with a file of 6 MB; with `--oauth`, where tokens sign in: `expire` and `revoke` them, `kick` cuts connections, `deny` and `allow`
//! new ones, `renewals` tells how many there were), and ends when its standard input does.

use servers::chance::Chance;
use servers::device::small;
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::issuer::TokenIssuer;
use servers::loader::{Loader, Mail, with_file};
use servers::sample;
use std::io::BufRead;

const USER: &str = "ana";

fn with(issuer: &Option<TokenIssuer>, work: impl Fn(&TokenIssuer)) {
    if let Some(issuer) = issuer {
        work(issuer);
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    let issuer = args.iter().any(|a| a == "--oauth").then(|| runtime.block_on(TokenIssuer::start()));
    let keys = tempfile::Builder::new().prefix("malote-oauth-").tempdir_in("/tmp").expect("a directory");
    let mut server = match &issuer {
        Some(issuer) => issuer.dovecot(keys.path()),
        None => Dovecot::start_with(Options { pop3: true, ..Options::default() }),
    };
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
        serde_json::json!({
            "imap": server.imap, "imaps": server.imaps, "ca": server.ca, "address": format!("{USER}@exemplo.test"),
            "user": USER, "password": PASSWORD, "pop3s": server.pop3s,
            "issuers": issuer.as_ref().map(TokenIssuer::line),
            // Other ports than the usual ones are taken with STARTTLS.
            "providers": format!(
                "Exemplo | exemplo.test | - | localhost:{} | localhost:{} | - | local | {} | - | test, 2026-11\n",
                server.imap, server.pop3, if issuer.is_some() { "exemplo" } else { "password" }
            ),
        })
    );
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("kill", _) => server.kill(),
            ("drop", folder) => loader.command(format!("DELETE \"{folder}\"").as_bytes()),
            ("mail", subject) => {
                let now = sample::internal_date(sample::NOW);
                loader.append("INBOX", &[Mail { raw: small(subject), flags: String::new(), date: now }]);
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
            ("kick", _) => server.kick(USER),
            ("expire", _) => with(&issuer, TokenIssuer::expire),
            ("revoke", _) => with(&issuer, TokenIssuer::revoke_all),
            ("deny", _) => with(&issuer, |i| i.known().deny = true),
            ("allow", _) => with(&issuer, |i| i.known().deny = false),
            _ => {}
        }
        let renewals = issuer.as_ref().map_or(0, |i| i.known().renewals);
        println!("{{\"done\": true, \"renewals\": {renewals}}}");
    }
}
