//! Cards of people that come as files (RFC 6350 and what came before it).

use super::guarded;
use super::header::tidy_start;
use calcard::vcard::{VCardEntry, VCardProperty as Property, VCardValue};
use calcard::{Entry, Parser};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Files above this are only saved: 2 MiB, most of it pictures.
const LARGEST: usize = 2 << 20;
/// More people are not shown.
const PEOPLE: usize = 200;
/// Of each no more of a kind, and so many characters.
const EACH: usize = 20;
const LONG: usize = 300;

/// What a card says of somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(rename = "PersonCard")]
pub struct Card {
    /// Who.
    pub name: String,
    /// What they do, and where.
    pub work: String,
    /// Addresses of mail.
    pub mail: Vec<String>,
    /// Telephones.
    pub phones: Vec<String>,
    /// Where they live and work, each on one line.
    pub places: Vec<String>,
    /// Their pages.
    pub pages: Vec<String>,
    /// Anything else.
    pub note: String,
}

/// The people in a file; empty where it is none of cards.
pub fn cards(bytes: &[u8]) -> Vec<Card> {
    if bytes.len() > LARGEST {
        return Vec::new();
    }
    guarded(move || {
        let text = String::from_utf8_lossy(bytes);
        let mut parser = Parser::new(&text);
        let mut all = Vec::new();
        // A line that is none is told one by one.
        for _ in 0..50_000 {
            match parser.entry() {
                Entry::VCard(card) => all.push(read(&card.entries)),
                Entry::Eof | Entry::TooManyComponents => break,
                _ => {}
            }
            if all.len() == PEOPLE {
                break;
            }
        }
        Some(all)
    })
    .unwrap_or_default()
}

fn read(entries: &[VCardEntry]) -> Card {
    let all = |of: Property| -> Vec<String> {
        let said = entries.iter().filter(|e| e.name == of).map(|e| line(e, ", ")).filter(|l| !l.is_empty());
        said.take(EACH).collect()
    };
    let first = |of: Property| all(of).into_iter().next().unwrap_or_default();
    let mail = all(Property::Email);
    let parts = || entries.iter().find(|e| e.name == Property::N).map(parts).unwrap_or_default();
    let name = [first(Property::Fn), in_order(&parts()), first(Property::Org)];
    let name = name.into_iter().find(|n| !n.is_empty());
    let work = [first(Property::Title), first(Property::Org)];
    Card {
        name: name.or_else(|| mail.first().cloned()).unwrap_or_default(),
        work: work.into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(", "),
        phones: all(Property::Tel).into_iter().map(|t| t.trim_start_matches("tel:").to_owned()).collect(),
        places: all(Property::Adr),
        pages: all(Property::Url),
        note: first(Property::Note),
        mail,
    }
}

/// Family, given, further names, in front, behind (RFC 6350 section 6.2.2): as people say them.
fn in_order(parts: &[String]) -> String {
    let order = [3, 1, 2, 0, 4].iter().filter_map(|n| parts.get(*n));
    order.filter(|p| !p.is_empty()).cloned().collect::<Vec<_>>().join(" ")
}

fn parts(entry: &VCardEntry) -> Vec<String> {
    entry.values.iter().map(said).collect()
}

fn line(entry: &VCardEntry, between: &str) -> String {
    parts(entry).into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(between)
}

fn said(value: &VCardValue) -> String {
    match value {
        VCardValue::Component(parts) => {
            let parts = parts.iter().map(|p| tidy_start(p.chars(), LONG)).filter(|p| !p.is_empty());
            parts.collect::<Vec<_>>().join(" ")
        }
        other => tidy_start(other.as_text().unwrap_or_default().chars(), LONG),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_of_all_ages() {
        let new = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ana Souza\r\nORG:Obra Boa;Projetos\r\nTITLE:Arquiteta\r\nEMAIL;TYPE=work:ana@exemplo.test\r\nEMAIL:a@x.test\r\nTEL;VALUE=uri:tel:+55-11-5555-0100\r\nADR;TYPE=work:;;Rua das Flores 10;São Paulo;SP;01000-000;Brasil\r\nURL:https://exemplo.test\r\nNOTE:Fala\\nalto\r\nEND:VCARD\r\n";
        let all = cards(new.as_bytes());
        assert_eq!(all.len(), 1);
        let ana = &all[0];
        assert_eq!((ana.name.as_str(), ana.work.as_str()), ("Ana Souza", "Arquiteta, Obra Boa, Projetos"));
        assert_eq!(ana.mail, ["ana@exemplo.test", "a@x.test"]);
        assert_eq!(ana.phones, ["+55-11-5555-0100"]);
        assert_eq!(ana.places, ["Rua das Flores 10, São Paulo, SP, 01000-000, Brasil"]);
        assert_eq!(ana.note, "Fala alto");
        let old = b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Concei=C3=A7=C3=A3o;Z=C3=A9\r\nTEL;CELL:11 5555 0101\r\nEND:VCARD\r\nBEGIN:VCARD\r\nVERSION:3.0\r\nEMAIL:b@x.test\r\nEND:VCARD\r\n";
        let names: Vec<String> = cards(old).into_iter().map(|c| c.name).collect();
        assert_eq!(names, ["Zé Conceição", "b@x.test"]);
        for bad in
            [&b""[..], b"BEGIN:VCARD", b"nada", b"BEGIN:VCARD\r\nBEGIN:VCARD\r\nEND:VCARD", &[0xff; 100]]
        {
            let _ = cards(bad);
        }
    }
}
