//! A sample mailbox that we wrote: about 2,000 messages in three languages, threads, newsletters, attachments, nested
//! folders. No real people; every domain is reserved for examples (RFC 2606).

mod texts;

use crate::chance::Chance;
use crate::loader::{BASE64, Loader, Mail};
use texts::{LANGUAGES, Language, NEWSLETTERS, PEOPLE, Person};

/// The sample is dated up to here: 23 November 2026, 15:00 UTC.
pub const NOW: i64 = 1_795_446_000;
const DAY: i64 = 86_400;

/// Folders beside those that the server makes, and how many messages each gets.
const FOLDERS: &[(&str, usize)] = &[
    ("Trabalho", 120),
    ("Trabalho/Projetos", 90),
    ("Trabalho/Projetos/Aurora", 110),
    ("Trabalho/Reuni&APU-es", 60),
    ("Fam&AO0-lia", 90),
    ("Viagens", 40),
    ("Viagens/2025 Lisboa", 35),
    ("Viagens/2026 Cusco", 45),
    ("Recibos", 130),
    ("Newsletters", 240),
];

/// `23-Nov-2026 15:00:00 +0000`
pub fn internal_date(seconds: i64) -> String {
    let (y, m, d) = civil(seconds);
    let t = seconds.rem_euclid(DAY);
    format!("{d:02}-{}-{y} {:02}:{:02}:{:02} +0000", MONTHS[m as usize - 1], t / 3600, t % 3600 / 60, t % 60)
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn civil(seconds: i64) -> (i64, i64, i64) {
    let z = seconds.div_euclid(DAY) + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

fn header_date(seconds: i64) -> String {
    let (y, m, d) = civil(seconds);
    let t = seconds.rem_euclid(DAY);
    let day =
        ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(seconds.div_euclid(DAY)).rem_euclid(7) as usize];
    format!(
        "{day}, {d:02} {} {y} {:02}:{:02}:{:02} +0000",
        MONTHS[m as usize - 1],
        t / 3600,
        t % 3600 / 60,
        t % 60
    )
}

/// `=?utf-8?B?…?=` where it is needed.
fn encoded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut out = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        if word.len() + c.len_utf8() > 42 {
            out.push(format!("=?utf-8?B?{}?=", base64(word.as_bytes())));
            word.clear();
        }
        word.push(c);
    }
    out.push(format!("=?utf-8?B?{}?=", base64(word.as_bytes())));
    out.join("\r\n ")
}

fn base64(bytes: &[u8]) -> String {
    const A: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let n = chunk.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            out.push(if i <= chunk.len() { A[(n >> (18 - 6 * i)) as usize & 63] as char } else { '=' });
        }
    }
    out
}

fn wrapped(bytes: &[u8]) -> String {
    let text = base64(bytes);
    text.as_bytes()
        .chunks(76)
        .map(|l| String::from_utf8_lossy(l).into_owned())
        .collect::<Vec<_>>()
        .join("\r\n")
}

/// A message being written.
struct Draft {
    from: String,
    to: String,
    subject: String,
    id: String,
    references: Vec<String>,
    at: i64,
    extra: String,
    body: String,
}

impl Draft {
    fn finish(self) -> Vec<u8> {
        let mut head = format!(
            "Return-Path: <bounce@exemplo.test>\r\nDate: {}\r\nFrom: {}\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}>\r\n",
            header_date(self.at),
            self.from,
            self.to,
            encoded(&self.subject),
            self.id
        );
        if let Some(last) = self.references.last() {
            head += &format!(
                "In-Reply-To: <{last}>\r\nReferences: {}\r\n",
                self.references.iter().map(|r| format!("<{r}>")).collect::<Vec<_>>().join("\r\n ")
            );
        }
        format!("{head}{}MIME-Version: 1.0\r\n{}", self.extra, self.body).into_bytes()
    }
}

fn text_part(text: &str) -> String {
    format!(
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        wrapped(text.as_bytes())
    )
}

fn html_part(html: &str) -> String {
    format!(
        "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        wrapped(html.as_bytes())
    )
}

fn multipart(kind: &str, boundary: &str, parts: &[String]) -> String {
    let inside: String = parts.iter().map(|p| format!("--{boundary}\r\n{p}")).collect();
    format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\r\n\r\n{inside}--{boundary}--\r\n")
}

fn attachment(chance: &mut Chance, language: &Language, number: u64) -> String {
    let (name, kind, bytes): (String, &str, Vec<u8>) = match chance.below(4) {
        0 => (format!("{}-{number}.pdf", language.file), "application/pdf", pdf(language.file, number)),
        1 => (format!("{}.csv", language.sheet), "text/csv", format!("data;item;valor\r\n2026-11-0{};{};{}\r\n", number % 9 + 1, language.file, number % 5000).into_bytes()),
        2 => ("foto.png".to_owned(), "image/png", PIXELS.to_vec()),
        _ => ("convite.ics".to_owned(), "text/calendar; method=REQUEST", format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:{number}@exemplo.test\r\nDTSTART:20261201T130000Z\r\nSUMMARY:{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", language.meeting).into_bytes()),
    };
    format!(
        "Content-Type: {kind}; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        wrapped(&bytes)
    )
}

/// The smallest page that a viewer opens.
fn pdf(title: &str, number: u64) -> Vec<u8> {
    let text = format!("BT /F1 20 Tf 60 760 Td ({title} {number}) Tj ET");
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
            .to_owned(),
        format!("<</Length {}>>stream\n{text}\nendstream", text.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned(),
    ];
    let mut out = "%PDF-1.4\n".to_owned();
    let mut offsets = Vec::new();
    for (i, object) in objects.iter().enumerate() {
        offsets.push(out.len());
        out += &format!("{} 0 obj{object}endobj\n", i + 1);
    }
    let xref = out.len();
    out += &format!(
        "xref\n0 6\n0000000000 65535 f \n{}",
        offsets.iter().map(|o| format!("{o:010} 00000 n \n")).collect::<String>()
    );
    out += &format!("trailer<</Size 6/Root 1 0 R>>\nstartxref\n{xref}\n%%EOF\n");
    out.into_bytes()
}

/// A teal square of 24 by 24.
const PIXELS: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00,
    0x00, 0x00, 0x18, 0x00, 0x00, 0x00, 0x18, 0x08, 0x02, 0x00, 0x00, 0x00, 0x6f, 0x15, 0xaa, 0xaf, 0x00,
    0x00, 0x00, 0x1f, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x10, 0x29, 0xc9, 0xa2, 0x0a, 0x62, 0x18,
    0x35, 0x68, 0xd4, 0xa0, 0x51, 0x83, 0x46, 0x0d, 0x1a, 0x35, 0x68, 0xd4, 0xa0, 0x81, 0x37, 0x08, 0x00,
    0xe8, 0x72, 0x20, 0x9f, 0xe3, 0x19, 0x7f, 0x85, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae,
    0x42, 0x60, 0x82,
];

/// One of these sentences, about one of the language's things.
fn about(chance: &mut Chance, language: &Language, sentences: &[&'static str]) -> String {
    let thing = *chance.pick(language.things);
    let text = chance.pick(sentences).replace("{}", thing);
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

const ME: &str = "Ana Prado <ana@exemplo.test>";

fn mailbox_of(p: &Person) -> String {
    let (name, address) = p;
    if name.is_ascii() { format!("{name} <{address}>") } else { format!("{} <{address}>", encoded(name)) }
}

/// One letter from a person, perhaps the reply to another, with what it answers quoted.
fn letter(
    chance: &mut Chance,
    number: u64,
    at: i64,
    thread: Option<(&str, &[String], usize)>,
) -> (Vec<u8>, String, String, usize) {
    let language_at = thread.map_or_else(|| chance.below(LANGUAGES.len()), |(_, _, l)| l);
    let language = &LANGUAGES[language_at];
    let person = *chance.pick(&PEOPLE[language.people.clone()]);
    let subject = match thread {
        Some((subject, _, _)) => format!("Re: {subject}"),
        None => about(chance, language, language.subjects),
    };
    let id = format!("{number}.{}@exemplo.test", chance.draw() % 1_000_000);
    let mut text = format!("{}\r\n\r\n", chance.pick(language.greetings));
    for _ in 0..2 + chance.below(4) {
        for _ in 0..1 + chance.below(3) {
            text += &about(chance, language, language.sentences);
            text.push(' ');
        }
        text += "\r\n\r\n";
    }
    text += &format!("{}\r\n{}\r\n", chance.pick(language.farewells), person.0);
    if thread.is_some() {
        text += &format!(
            "\r\n{}\r\n> {}\r\n> {}\r\n",
            language.wrote,
            about(chance, language, language.sentences),
            ME
        );
    }
    let mut body = text_part(&text);
    if chance.percent(35) {
        let paragraphs: String = text
            .split("\r\n\r\n")
            .map(|p| {
                format!("<p>{}</p>", p.replace('<', "&lt;").replace('>', "&gt;").replace("\r\n", "<br>"))
            })
            .collect();
        body = multipart(
            "alternative",
            &format!("alt-{number}"),
            &[
                body,
                html_part(&format!(
                    "<html><body style=\"font-family:Georgia,serif\">{paragraphs}</body></html>"
                )),
            ],
        );
    }
    if chance.percent(22) {
        let files: Vec<String> =
            (0..1 + chance.below(2)).map(|_| attachment(chance, language, number)).collect();
        body = multipart("mixed", &format!("mix-{number}"), &[vec![body], files].concat());
    }
    let references = thread.map(|(_, r, _)| r.to_vec()).unwrap_or_default();
    let plain = subject.strip_prefix("Re: ").unwrap_or(&subject).to_owned();
    let draft = Draft {
        from: mailbox_of(&person),
        to: ME.to_owned(),
        subject,
        id: id.clone(),
        references,
        at,
        extra: String::new(),
        body,
    };
    (draft.finish(), plain, id, language_at)
}

/// A newsletter, as they come: a table, colours, pictures from elsewhere, a way out.
fn newsletter(chance: &mut Chance, number: u64, at: i64) -> Vec<u8> {
    let (title, from, colour, language) = *chance.pick(NEWSLETTERS);
    let language = &LANGUAGES[language];
    let mut items = String::new();
    let mut text = String::new();
    for _ in 0..3 + chance.below(3) {
        let head = about(chance, language, language.subjects);
        let more = about(chance, language, language.sentences);
        items += &format!(
            "<tr><td style=\"padding:14px 28px;border-bottom:1px solid #e8e6df\"><h3 style=\"margin:0 0 4px;color:{colour}\">{head}</h3><p style=\"margin:0;line-height:1.5\">{more}</p><p><a href=\"https://{from}/n/{number}\" style=\"color:{colour}\">{}</a></p></td></tr>",
            language.read_on
        );
        text += &format!("{head}\r\n{more}\r\n\r\n");
    }
    let html = format!(
        "<html><body style=\"background:#f4f2ec;margin:0\"><table width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr><td align=\"center\">\
         <table width=\"600\" cellpadding=\"0\" cellspacing=\"0\" style=\"background:#ffffff;max-width:600px;font-family:Helvetica,Arial,sans-serif\">\
         <tr><td style=\"background:{colour};color:#ffffff;padding:26px 28px\"><h1 style=\"margin:0;font-size:26px\">{title}</h1></td></tr>{items}\
         <tr><td style=\"padding:18px 28px;color:#77746a;font-size:12px\">{}<img src=\"https://track.{from}/o/{number}.gif\" width=\"1\" height=\"1\"></td></tr></table></td></tr></table></body></html>",
        language.way_out
    );
    let body = multipart("alternative", &format!("n-{number}"), &[text_part(&text), html_part(&html)]);
    let draft = Draft {
        from: format!("{} <news@{from}>", encoded(title)),
        to: ME.to_owned(),
        subject: about(chance, language, language.subjects),
        id: format!("n{number}@{from}"),
        references: Vec::new(),
        at,
        extra: format!("List-Id: <news.{from}>\r\nList-Unsubscribe: <https://{from}/out/{number}>\r\n"),
        body,
    };
    draft.finish()
}

/// Messages for one folder, spread over `days` back from now, oldest first; threads run through them.
fn folder(chance: &mut Chance, count: usize, days: i64, news: usize, first: u64) -> Vec<Mail> {
    let mut threads: Vec<(String, Vec<String>, usize)> = Vec::new();
    (0..count)
        .map(|i| {
            let number = first + i as u64;
            // Denser towards now, as mailboxes are.
            let left = (count - i) as f64 / count as f64;
            let at = NOW - (left * left * (days * DAY) as f64) as i64 - chance.below(3000) as i64;
            let raw = if chance.percent(news) {
                newsletter(chance, number, at)
            } else {
                let open = if chance.percent(42) && !threads.is_empty() {
                    Some(threads.len() - 1 - chance.below(threads.len().min(5)))
                } else {
                    None
                };
                let thread = open.map(|t| threads[t].clone());
                let (raw, subject, id, language) = letter(
                    chance,
                    number,
                    at,
                    thread.as_ref().map(|(s, r, l)| (s.as_str(), r.as_slice(), *l)),
                );
                match open {
                    Some(t) => threads[t].1.push(id),
                    None => threads.push((subject, vec![id], language)),
                }
                raw
            };
            let mut flags = Vec::new();
            if chance.percent(if left < 0.06 { 35 } else { 92 }) {
                flags.push("\\Seen");
            }
            if chance.percent(6) {
                flags.push("\\Flagged");
            }
            if chance.percent(14) {
                flags.push("\\Answered");
            }
            Mail { raw, flags: flags.join(" "), date: internal_date(at) }
        })
        .collect()
}

/// Fills an account with everyday mail.
pub fn everyday(loader: &mut Loader, seed: u64) {
    let mut chance = Chance::new(seed);
    let mut number = 1;
    let mut put = |loader: &mut Loader, name: &str, count: usize, days: i64, news: usize| {
        loader.append(name, &folder(&mut chance, count, days, news, number));
        number += count as u64;
    };
    put(loader, "INBOX", 620, 400, 18);
    for (name, count) in FOLDERS {
        loader.create(name);
        put(loader, name, *count, 900, if *name == "Newsletters" { 100 } else { 2 });
    }
    put(loader, "Sent", 190, 700, 0);
    put(loader, "Archive", 210, 1500, 10);
    put(loader, "Drafts", 3, 20, 0);
    put(loader, "Junk", 24, 30, 60);
    put(loader, "Trash", 18, 30, 20);
}

/// Fills the inbox with `count` small messages; fast.
pub fn large(loader: &mut Loader, count: usize) {
    let mut chance = Chance::new(7);
    for begin in (0..count).step_by(1000) {
        let mails: Vec<Mail> = (begin..(begin + 1000).min(count))
            .map(|i| {
                let at = NOW - ((count - i) as i64) * 600;
                let language = &LANGUAGES[i % LANGUAGES.len()];
                let person = chance.pick(&PEOPLE[language.people.clone()]);
                let subject = about(&mut chance, language, language.subjects);
                let raw = format!(
                    "Date: {}\r\nFrom: {}\r\nTo: {ME}\r\nSubject: {}\r\nMessage-ID: <large-{i}@exemplo.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}\r\n",
                    header_date(at), mailbox_of(person), encoded(&format!("{subject} #{i}")), chance.pick(language.sentences)
                );
                let flags = if chance.percent(95) { "\\Seen" } else { "" };
                Mail { raw: raw.into_bytes(), flags: flags.to_owned(), date: internal_date(at) }
            })
            .collect();
        loader.append("INBOX", &mails);
    }
}

/// `count` messages over these mailboxes, which are made: texts of 1 to 20 kB, one in ten with a file of 260 kB that does not
/// compress, 30 kB on average; without `files` only the texts. For comparing with other programs.
pub fn spread(loader: &mut Loader, mailboxes: &[String], count: usize, files: bool) {
    let mut chance = Chance::new(11);
    for (n, mailbox) in mailboxes.iter().enumerate() {
        if mailbox != "INBOX" {
            loader.create(mailbox);
        }
        let mine: Vec<Mail> =
            (n..count).step_by(mailboxes.len()).map(|i| one_of_many(&mut chance, i, count, files)).collect();
        loader.append(mailbox, &mine);
    }
}

/// The `i`-th of `count` messages of [`spread`].
pub fn one_of_many(chance: &mut Chance, i: usize, count: usize, files: bool) -> Mail {
    let at = NOW - ((count - i) as i64) * 600;
    let language = &LANGUAGES[i % LANGUAGES.len()];
    let person = chance.pick(&PEOPLE[language.people.clone()]);
    let subject = about(chance, language, language.subjects);
    let mut text = String::new();
    for _ in 0..1 + chance.below(200) {
        text.push_str(chance.pick::<&str>(language.sentences));
        text.push_str(if chance.percent(20) { "\r\n" } else { " " });
        text.push_str(&format!("{:x} ", chance.draw() & 0xffff));
    }
    let head = format!(
        "Date: {}\r\nFrom: {}\r\nTo: {ME}\r\nSubject: {}\r\nMessage-ID: <spread-{i}@exemplo.test>\r\nMIME-Version: 1.0\r\n",
        header_date(at),
        mailbox_of(person),
        encoded(&format!("{subject} #{i}"))
    );
    let part = format!(
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
    );
    let raw = if files && i % 10 == 7 {
        let mut file = String::new();
        for _ in 0..3_400 {
            let line: String = (0..76).map(|_| char::from(*chance.pick(BASE64))).collect();
            file.push_str(&line);
            file.push_str("\r\n");
        }
        format!(
            "{head}Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n{part}--b{i}\r\nContent-Type: application/pdf\r\n\
             Content-Disposition: attachment; filename=f{i}.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n{file}--b{i}--\r\n"
        )
    } else {
        format!("{head}{part}")
    };
    let flags = if chance.percent(95) { "\\Seen" } else { "" };
    Mail { raw: raw.into_bytes(), flags: flags.to_owned(), date: internal_date(at) }
}
