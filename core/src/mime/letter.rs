//! A message that is being written: back from bytes to what its author wrote, the plain text of a rich one, and what an answer to
//! somebody else's begins with.

use super::compose::{FORWARDS, File, Letter, to_ascii_domain};
use super::header::{address, ids, tidy};
use super::part::{about, original};
use super::render::parsed;
use super::{flowed, guarded, sanitize, wishes};
use crate::model::Address;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};
use std::collections::BTreeMap;

/// A paragraph of the plain text is one line up to here: where it breaks is for whoever shows it (RFC 3676).
const WIDTH: usize = 20_000;
const FOLLOW_UP: &str = "Mail-Followup-To";

/// Reads a message so that its author can go on writing, whoever wrote it down. Pictures in its HTML stay `cid:`. `None` where it cannot
/// be read at all.
pub fn letter(raw: &[u8]) -> Option<Letter> {
    parsed(raw, |m| Some(read(m)))
}

fn read(m: &Message<'_>) -> Letter {
    let list = |value: Option<&mail_parser::Address<'_>>| -> Vec<Address> {
        value.map(|a| a.iter().map(address).filter(|a| !a.address.is_empty()).collect()).unwrap_or_default()
    };
    let first = |all: Vec<Address>| all.into_iter().next().unwrap_or_default();
    let html = m.html_body.first().and_then(|i| m.parts.get(*i as usize)).and_then(|p| match &p.body {
        PartType::Html(html) => Some(html.as_ref()),
        _ => None,
    });
    let from = first(list(m.from()));
    Letter {
        wishes: wishes::read(m, &from, html.is_none()),
        from,
        to: list(m.to()),
        cc: list(m.cc()),
        bcc: list(m.bcc()),
        subject: m.subject().map(tidy).unwrap_or_default(),
        text: flowed::text_of(m).replace("\r\n", "\n"),
        html: html.map(clean).unwrap_or_default(),
        files: m.attachments.iter().filter_map(|n| file(m, m.parts.get(*n as usize)?, *n)).collect(),
        date: m.date().map(|d| d.to_timestamp()).unwrap_or_default(),
        calendar: String::new(),
        zone: 0, // it is sent from where its author is then
        message_id: m.message_id().map(tidy).unwrap_or_default(),
        in_reply_to: ids(m.in_reply_to()).into_iter().next().unwrap_or_default(),
        references: ids(m.references()),
        forwards: m
            .header(FORWARDS)
            .and_then(|h| h.as_text())
            .map(|id| tidy(id).trim_matches(['<', '>']).to_owned())
            .unwrap_or_default(),
    }
}

fn file(m: &Message<'_>, part: &MessagePart<'_>, number: u32) -> Option<File> {
    let known = about(part, number, "", false);
    let content_id = part.content_id().map(|id| id.trim_matches(['<', '>']).to_owned()).unwrap_or_default();
    Some(File { name: known.name, media_type: known.media_type, content_id, bytes: original(m, part)? })
}

/// HTML that somebody wrote, without what could run or be fetched; pictures of the message stay `cid:`.
pub fn clean(html: &str) -> String {
    // Every content id leads to itself.
    let ids = html.match_indices("cid:").map(|(at, _)| {
        let rest = &html[at + 4..];
        &rest[..rest.find(['"', '\'', ' ', '>', ')']).unwrap_or(rest.len())]
    });
    let same: BTreeMap<String, String> = ids.map(|id| (id.to_owned(), format!("cid:{id}"))).collect();
    sanitize::clean(html, &same, false).map(|clean| clean.html).unwrap_or_default()
}

/// The plain text of what was written in HTML: quotes with `>`, links as notes, lists as lists.
pub fn plain(html: &str) -> String {
    let html = without_plain_links(html);
    guarded(move || {
        let config = html2text::config::plain_no_decorate()
            .link_footnotes(true)
            .no_link_wrapping()
            .allow_width_overflow();
        config.string_from_read(html.as_bytes(), WIDTH).ok()
    })
    .unwrap_or_default()
}

/// Plain text as an editor takes it: a block for each line, and quotes as quotes, however deep.
pub fn rich(text: &str) -> String {
    const DEEPEST: usize = 20;
    let (mut out, mut depth) = (String::new(), 0);
    for line in text.lines() {
        let (mut rest, mut level) = (line, 0);
        while let Some(inside) = rest.strip_prefix('>') {
            rest = inside.strip_prefix(' ').unwrap_or(inside);
            level = (level + 1).min(DEEPEST);
        }
        out += &"<blockquote>".repeat(level.saturating_sub(depth));
        out += &"</blockquote>".repeat(depth.saturating_sub(level));
        depth = level;
        let shown = sanitize::from_plain(&rest.replace("  ", " \u{a0}"));
        out += &format!(
            "<div>{}</div>",
            if rest.trim().is_empty() { "<br>" } else { shown.trim_end_matches('\n') }
        );
    }
    out + &"</blockquote>".repeat(depth)
}

/// Without the links that show nothing but where they lead: they need no note. For HTML that was cleaned.
fn without_plain_links(html: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(html.len()), html);
    while let Some(at) = rest.find("<a ") {
        let (before, link) = rest.split_at(at);
        out.push_str(before);
        let whole = link.split_once("</a>").and_then(|(inside, after)| {
            let (tag, text) = inside.split_once('>')?;
            let to = tag.split_once("href=\"")?.1.split('"').next()?;
            let to = to.trim_start_matches("mailto:").trim_end_matches('/');
            let same = [to, to.trim_start_matches("https://"), to.trim_start_matches("http://")];
            same.contains(&text.trim_end_matches('/')).then_some((text, after))
        });
        match whole {
            Some((text, after)) => {
                out.push_str(text);
                rest = after;
            }
            None => {
                out.push_str("<a ");
                rest = &link[3..];
            }
        }
    }
    out + rest
}

/// Whom an answer to a message goes to, and what it hangs on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Which of the author's own addresses it was sent to; empty = none of them is named.
    pub from: String,
    /// To whom.
    pub to: Vec<Address>,
    /// With a copy to whom.
    pub cc: Vec<Address>,
    /// Without `Re:`.
    pub subject: String,
    /// In-Reply-To: Message-ID, without brackets.
    pub in_reply_to: String,
    /// References, oldest first.
    pub references: Vec<String>,
}

/// What an answer begins with (RFC 5322 section 3.6.2 and 3.6.4). `mine` are the author's own addresses, who is not written to; `all`
/// = to everybody who had it. Who answers to what they sent themselves goes on writing to the same people.
pub fn answer(header: &[u8], mine: &[String], all: bool) -> Answer {
    // Not an RFC, but what lists and their readers do: where follow-ups shall go.
    let parser = || {
        let usual = MessageParser::new().with_address_headers().with_message_ids().default_header_text();
        usual.header_address(FOLLOW_UP)
    };
    guarded(|| parser().parse_headers(header).map(|m| answer_to(&m, mine, all))).unwrap_or_default()
}

fn answer_to(m: &Message<'_>, mine: &[String], all: bool) -> Answer {
    let list = |value: Option<&mail_parser::Address<'_>>| -> Vec<Address> {
        value.map(|a| a.iter().map(address).filter(|a| a.address.contains('@')).collect()).unwrap_or_default()
    };
    let is_mine = |a: &Address| mine.iter().any(|own| same(own, &a.address));
    let (from, to, cc) = (list(m.from()), list(m.to()), list(m.cc()));
    let named = to.iter().chain(&cc).find(|a| is_mine(a)).or_else(|| from.iter().find(|a| is_mine(a)));
    let named = named.map(|a| a.address.clone()).unwrap_or_default();
    let own = from.first().is_some_and(is_mine);
    let follow_up = m.header(FOLLOW_UP).and_then(|h| h.as_address());
    let reply_to = list(m.reply_to());
    let back = if reply_to.is_empty() { from.clone() } else { reply_to };
    let (first, second) = match (all, own) {
        (_, true) => (to.clone(), if all { cc } else { Vec::new() }),
        (true, false) if follow_up.is_some() => (list(follow_up), Vec::new()),
        (true, false) => (back, to.iter().cloned().chain(cc).collect()),
        (false, false) => (back, Vec::new()),
    };
    let mut known: Vec<String> = Vec::new();
    let mut each_once = |people: Vec<Address>, keep_mine: bool| -> Vec<Address> {
        let fresh = |a: &Address| {
            let new = (keep_mine || !is_mine(a)) && !known.iter().any(|k| same(k, &a.address));
            if new {
                known.push(a.address.clone());
            }
            new
        };
        people.into_iter().filter(fresh).collect()
    };
    let only_me = first.iter().all(is_mine);
    let first = each_once(first, only_me && second.iter().all(is_mine));
    let second = each_once(second, false);
    let (to, cc) = if first.is_empty() { (second, Vec::new()) } else { (first, second) };
    let id = m.message_id().map(tidy).unwrap_or_default();
    let mut references = ids(m.references());
    if references.is_empty() {
        references = ids(m.in_reply_to());
    }
    references.extend(Some(id.clone()).filter(|id| !id.is_empty()));
    if references.len() > 40 {
        references.drain(1..references.len() - 39);
    }
    Answer {
        from: named,
        to,
        cc,
        subject: bare_subject(m.subject().unwrap_or_default()),
        in_reply_to: id,
        references,
    }
}

/// Whether two addresses are one, as people see it.
fn same(one: &str, other: &str) -> bool {
    to_ascii_domain(one.trim()).eq_ignore_ascii_case(&to_ascii_domain(other.trim()))
}

/// A subject without the marks of answers and of passing on that programs put in front, in the languages that do.
pub fn bare_subject(subject: &str) -> String {
    const MARKS: [&str; 16] =
        ["re", "res", "rif", "r", "aw", "antw", "sv", "vs", "ref", "fwd", "fw", "enc", "rv", "wg", "tr", "i"];
    let mut rest = subject.trim();
    while let Some((mark, after)) = rest.split_once(':') {
        // `Re[2]:` counts them.
        let mark = mark.split('[').next().unwrap_or_default().trim();
        if !MARKS.iter().any(|m| m.eq_ignore_ascii_case(mark)) {
            break;
        }
        rest = after.trim_start();
    }
    tidy(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::compose::compose;

    fn mine() -> Vec<String> {
        vec!["ana@exemplo.test".into(), "vendas@exemplo.test".into()]
    }

    fn addresses(all: &[Address]) -> Vec<&str> {
        all.iter().map(|a| a.address.as_str()).collect()
    }

    #[test]
    fn an_answer_goes_to_the_right_people() {
        let raw = b"From: Bia <bia@x.test>\r\nTo: Vendas@exemplo.test, Carla <carla@x.test>\r\nCc: bia@x.test, davi@x.test, ana@exemplo.test\r\nSubject: RES: Re[2]: Obra\r\nMessage-ID: <m3@x>\r\nReferences: <m1@x> <m2@x>\r\n\r\n";
        let one = answer(raw, &mine(), false);
        assert_eq!((addresses(&one.to), addresses(&one.cc)), (vec!["bia@x.test"], vec![]));
        assert_eq!((one.from.as_str(), one.subject.as_str()), ("Vendas@exemplo.test", "Obra"));
        assert_eq!(one.references, ["m1@x", "m2@x", "m3@x"]);
        assert_eq!(one.in_reply_to, "m3@x");
        let all = answer(raw, &mine(), true);
        assert_eq!(addresses(&all.to), ["bia@x.test"]);
        assert_eq!(addresses(&all.cc), ["carla@x.test", "davi@x.test"]);
    }

    #[test]
    fn lists_and_reply_to_say_where_answers_go() {
        let raw = b"From: bia@x.test\r\nReply-To: obra@lista.test\r\nTo: obra@lista.test\r\n\r\n";
        assert_eq!(addresses(&answer(raw, &mine(), false).to), ["obra@lista.test"]);
        let all = answer(raw, &mine(), true);
        assert_eq!((addresses(&all.to), all.cc.len()), (vec!["obra@lista.test"], 0));
        let raw = b"From: bia@x.test\r\nMail-Followup-To: obra@lista.test, davi@x.test\r\nTo: obra@lista.test\r\nCc: z@x.test\r\n\r\n";
        assert_eq!(addresses(&answer(raw, &mine(), true).to), ["obra@lista.test", "davi@x.test"]);
        assert_eq!(addresses(&answer(raw, &mine(), false).to), ["bia@x.test"]);
    }

    #[test]
    fn who_answers_themselves_goes_on_writing_to_the_same_people() {
        let raw = b"From: ana@exemplo.test\r\nTo: bia@x.test\r\nCc: davi@x.test\r\n\r\n";
        assert_eq!(addresses(&answer(raw, &mine(), false).to), ["bia@x.test"]);
        let all = answer(raw, &mine(), true);
        assert_eq!((addresses(&all.to), addresses(&all.cc)), (vec!["bia@x.test"], vec!["davi@x.test"]));
        let note = b"From: ana@exemplo.test\r\nTo: ana@exemplo.test\r\n\r\n";
        assert_eq!(addresses(&answer(note, &mine(), true).to), ["ana@exemplo.test"], "a note to oneself");
        assert_eq!(answer(b"", &mine(), true), Answer::default());
    }

    #[test]
    fn subjects_lose_their_marks() {
        for (from, to) in [
            ("Re: RES: ENC: Fwd: a", "a"),
            ("AW: b: c", "b: c"),
            ("Reunião: hoje", "Reunião: hoje"),
            ("Re:", ""),
            ("", ""),
        ] {
            assert_eq!(bare_subject(from), to);
        }
    }

    #[test]
    fn however_large_it_is_it_can_be_opened_again() {
        let head = b"Subject: grande\r\nMIME-Version: 1.0\r\nContent-Type: application/pdf; name=g.pdf\r\nContent-Transfer-Encoding: binary\r\n\r\n";
        let raw = [&head[..], &vec![b'x'; 65 << 20]].concat();
        assert_eq!(letter(&raw).map(|l| l.subject).as_deref(), Some("grande"));
    }

    #[test]
    fn what_was_written_comes_back() {
        let file = |name: &str, id: &str, bytes: &[u8]| File {
            name: name.into(),
            media_type: if id.is_empty() { "application/pdf".into() } else { "image/png".into() },
            content_id: id.into(),
            bytes: bytes.to_vec(),
        };
        let html = "<div>Olá <b>você</b> <img src=\"cid:foto.1@x\"></div><blockquote>antes<table><tbody><tr><td>1</td></tr></tbody></table></blockquote>";
        let written = Letter {
            from: Address { name: "Ana Açaí".into(), address: "ana@exemplo.test".into() },
            to: vec![Address { name: "Zé".into(), address: "ze@exemplo.test".into() }],
            bcc: vec![Address { name: String::new(), address: "eva@exemplo.test".into() }],
            subject: "Reunião às 10h".into(),
            text: plain(html),
            html: html.into(),
            files: vec![
                file("vazio.pdf", "", b""),
                file("foto.png", "foto.1@x", b"\x89PNG"),
                file("é.pdf", "", b"%PDF\r\n.\r\n"),
            ],
            date: 1_790_000_000,
            message_id: "d.1@exemplo.test".into(),
            in_reply_to: "m2@x".into(),
            references: vec!["m1@x".into(), "m2@x".into(), "x\r\nBcc: y".into()],
            forwards: "f@x".into(),
            ..Letter::default()
        };
        let raw = compose(&written).unwrap_or_else(|e| panic!("{e}"));
        let back = letter(&raw).unwrap_or_else(|| panic!("unreadable"));
        assert_eq!((&back.from, &back.to, &back.bcc), (&written.from, &written.to, &written.bcc));
        assert_eq!(
            (&back.subject, &back.message_id, &back.in_reply_to),
            (&written.subject, &written.message_id, &written.in_reply_to)
        );
        assert_eq!(back.references, ["m1@x", "m2@x"], "nothing breaks out");
        assert_eq!((back.forwards.as_str(), back.text.trim()), ("f@x", written.text.trim()));
        assert!(back.html.contains("cid:foto.1@x") && back.html.contains("<td>1</td>"), "{}", back.html);
        let mut files: Vec<(&str, &str, &[u8])> =
            back.files.iter().map(|f| (f.name.as_str(), f.content_id.as_str(), f.bytes.as_slice())).collect();
        files.sort();
        assert_eq!(
            files,
            [
                ("foto.png", "foto.1@x", &b"\x89PNG"[..]),
                ("vazio.pdf", "", b""),
                ("é.pdf", "", b"%PDF\r\n.\r\n")
            ]
        );
    }

    #[test]
    fn plain_text_keeps_its_lines_and_quotes() {
        let text = "Olá <b>,\n\n> um\n> > dois\n>\n> três\ne  quatro";
        let html = rich(text);
        assert_eq!(
            html,
            "<div>Olá &lt;b&gt;,</div><div><br></div><blockquote><div>um</div><blockquote><div>dois</div></blockquote>\
             <div><br></div><div>três</div></blockquote><div>e \u{a0}quatro</div>"
        );
        let back = plain(&clean(&html));
        let long = format!("<div>{}fim</div>", "palavra ".repeat(100));
        assert_eq!(plain(&long).lines().count(), 1);
        let table = plain("<table><tr><td>um</td><td>dois</td></tr><tr><td>três</td><td>4</td></tr></table>");
        assert!(table.len() < 200 && table.contains("três"), "{table}");
        let rule = plain("<p>a</p><hr><p>b</p>");
        assert!(rule.len() < 200, "{} octets for a rule", rule.len());
        for line in ["Olá <b>,", "> um", "> > dois", "> três"] {
            assert!(back.lines().any(|l| l.trim_end() == line), "{line} in {back}");
        }
        assert!(rich(&"> ".repeat(5000)).len() < 1000);
    }

    #[test]
    fn the_plain_text_reads_well() {
        let html = "<div>Olá,</div><div><br></div><ul><li>um</li><li>dois</li></ul><blockquote>Ontem <b>disse</b>:<blockquote>antes</blockquote></blockquote><p><a href=\"https://exemplo.test/\">aqui</a></p>";
        let text = plain(html);
        assert!(text.starts_with("Olá,\n"), "{text}");
        for part in [
            "* um\n* dois\n",
            "\n> Ontem disse:\n",
            "\n> > antes\n",
            "[aqui][1]",
            "[1]: https://exemplo.test/",
        ] {
            assert!(text.contains(part), "{part:?} in {text}");
        }
        assert_eq!(plain("<script>alert(1)</script>").trim(), "");
        let bare = "a <a href=\"mailto:a@b.test\">a@b.test</a> e <a rel=\"x\" href=\"https://b.test/\">b.test</a> e <a x";
        assert_eq!(plain(bare).trim(), "a a@b.test e b.test e");
    }
}
