//! What servers and readers say became of a message (RFC 3464, RFC 8098): bounces, delays, receipts.

use super::guarded;
use super::header::{section, tidy, tidy_start};
use crate::model::Report;
use mail_parser::{Message, MessageParser, MimeHeaders, PartType};

/// A report names no more recipients than so many that are kept.
const RECIPIENTS: usize = 50;
/// A server's words are kept so far, in characters.
const WORDS: usize = 300;

/// Reads a report; empty where a message is none.
pub fn reports(raw: &[u8]) -> Vec<Report> {
    let head = section(raw);
    let is_one = head.to_ascii_lowercase().windows(16).any(|w| w == b"multipart/report");
    if !is_one || raw.len() > 4 << 20 {
        return Vec::new();
    }
    guarded(|| MessageParser::default().parse(raw).map(|m| read(&m))).unwrap_or_default()
}

fn read(m: &Message<'_>) -> Vec<Report> {
    let mut original = String::new();
    let mut all = Vec::new();
    for part in m.parts.iter().take(50) {
        let kind = part.content_type();
        let kind = kind.map(|c| format!("{}/{}", c.ctype(), c.subtype().unwrap_or_default()).to_lowercase());
        match (kind.as_deref(), &part.body) {
            (Some("message/delivery-status" | "message/global-delivery-status"), _) => {
                for fields in groups(part.contents()) {
                    all.extend(delivery(&fields));
                }
            }
            (Some("message/disposition-notification" | "message/global-disposition-notification"), _) => {
                for fields in groups(part.contents()) {
                    if let Some(receipt) = receipt(&fields) {
                        original = bare(field(&fields, "original-message-id"));
                        all.push(receipt);
                    }
                }
            }
            (_, PartType::Message(inner)) => original = inner.message_id().map(tidy).unwrap_or_default(),
            (Some("text/rfc822-headers" | "message/rfc822-headers" | "message/global-headers"), _) => {
                let head = MessageParser::new().parse_headers(part.contents());
                original = head.and_then(|h| h.message_id().map(tidy)).unwrap_or_default();
            }
            _ => {}
        }
    }
    all.truncate(RECIPIENTS);
    for one in &mut all {
        one.original.clone_from(&original);
    }
    all
}

type Fields = Vec<(String, String)>;

/// Fields in groups that empty lines part (RFC 3464 section 2.1).
fn groups(text: &[u8]) -> Vec<Fields> {
    let text = String::from_utf8_lossy(text);
    let mut all: Vec<Fields> = vec![Vec::new()];
    for line in text.lines() {
        let Some(group) = all.last_mut() else { break };
        if line.trim().is_empty() {
            if !group.is_empty() {
                all.push(Vec::new());
            }
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = group.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            group.push((name.trim().to_lowercase(), value.trim().to_owned()));
        }
        if all.len() > RECIPIENTS + 1 {
            break;
        }
    }
    all
}

fn field<'f>(fields: &'f Fields, name: &str) -> &'f str {
    fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

/// What stands behind its type: `rfc822; ana@exemplo.test`, `smtp; 550 no such user`.
fn typed(value: &str) -> &str {
    value.split_once(';').map_or(value, |(_, rest)| rest).trim()
}

fn bare(id: &str) -> String {
    tidy(id).trim_matches(['<', '>']).to_owned()
}

fn delivery(fields: &Fields) -> Option<Report> {
    let outcome = field(fields, "action").to_lowercase();
    let known = ["failed", "delayed", "delivered", "relayed", "expanded"].contains(&outcome.as_str());
    // Who the author wrote to says more to them than where that was forwarded.
    let to = [field(fields, "original-recipient"), field(fields, "final-recipient")];
    let recipient = to.into_iter().map(typed).find(|r| r.contains('@'))?;
    let words = [typed(field(fields, "diagnostic-code")), field(fields, "status")];
    let words = words.into_iter().find(|w| !w.is_empty()).unwrap_or_default();
    known.then(|| Report {
        recipient: tidy_start(recipient.trim_matches(['<', '>']).chars(), 320),
        outcome,
        words: tidy_start(words.chars(), WORDS),
        ..Report::default()
    })
}

fn receipt(fields: &Fields) -> Option<Report> {
    let disposition = field(fields, "disposition").to_lowercase();
    let recipient = typed(field(fields, "final-recipient"));
    let shown = disposition.rsplit(';').next().unwrap_or_default().trim().starts_with("displayed");
    (shown && recipient.contains('@')).then(|| Report {
        recipient: tidy_start(recipient.trim_matches(['<', '>']).chars(), 320),
        outcome: "displayed".to_owned(),
        ..Report::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(kind: &str, fields: &str, last: &str) -> Vec<u8> {
        format!(
            "From: MAILER-DAEMON@mx.test\r\nContent-Type: multipart/report; report-type={kind};\r\n boundary=b\r\nMIME-Version: 1.0\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nDesculpe.\r\n--b\r\nContent-Type: message/{kind}\r\n\r\n{fields}\r\n{last}--b--\r\n"
        )
        .into_bytes()
    }

    #[test]
    fn a_bounce_names_the_message_and_why() {
        let fields = "Reporting-MTA: dns; mx.test\r\n\r\nFinal-Recipient: rfc822; ze@fim.test\r\nOriginal-Recipient: rfc822;ze@exemplo.test\r\nAction: Failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1\r\n no such user\u{202e}\r\n\r\nFinal-Recipient: rfc822; ana@exemplo.test\r\nAction: delayed\r\nStatus: 4.0.0\r\n\r\nFinal-Recipient: rfc822; x\r\nAction: failed\r\n";
        for last in [
            "--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <id1@x>\r\nSubject: oi\r\n\r\ntexto\r\n",
            "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <id1@x>\r\nSubject: oi\r\n",
        ] {
            let all = reports(&mail("delivery-status", fields, last));
            let told: Vec<_> =
                all.iter().map(|r| [&r.original, &r.recipient, &r.outcome, &r.words]).collect();
            assert_eq!(
                told,
                [
                    ["id1@x", "ze@exemplo.test", "failed", "550 5.1.1 no such user"],
                    ["id1@x", "ana@exemplo.test", "delayed", "4.0.0"]
                ]
            );
        }
    }

    #[test]
    fn a_receipt_says_that_it_was_read() {
        let fields = "Final-Recipient: rfc822;ze@exemplo.test\r\nOriginal-Message-ID: <id2@x>\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n";
        let all = reports(&mail("disposition-notification", fields, ""));
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].original.as_str(), all[0].outcome.as_str()), ("id2@x", "displayed"));
        let deleted = fields.replace("displayed", "deleted");
        assert!(reports(&mail("disposition-notification", &deleted, "")).is_empty());
    }

    #[test]
    fn other_mail_is_no_report() {
        let fields = "Final-Recipient: rfc822; ze@fim.test\r\nAction: failed\r\n";
        let plain = String::from_utf8_lossy(&mail("delivery-status", fields, ""))
            .replace("multipart/report", "multipart/mixed");
        assert!(reports(plain.as_bytes()).is_empty());
        let many = format!("{fields}\r\n").repeat(500);
        assert_eq!(reports(&mail("delivery-status", &many, "")).len(), RECIPIENTS);
        assert!(reports(b"Content-Type: multipart/report\r\n\r\n").is_empty());
    }
}
