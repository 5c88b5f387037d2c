//! The language of the search field.
//!
//! ```text
//! query = *( item [ "OR" item ] )          ; one after the other: all of them; OR binds closer
//! item  = ["-"] ( "(" query ")" / [ name ":" ] value )
//! value = word [ "*" ] / DQUOTE text DQUOTE
//! ```
//! The names of [`NAMES`] are understood in Portuguese, English and Spanish alike. Nothing that is typed is an error: what is no
//! condition is words, and a condition that has no value yet asks for nothing.

use super::{Field, Wanted, Words};
use crate::clock::civil;
use crate::mid_url;
use crate::model::Flags;
use crate::search::words::folded;

/// More than this many conditions, or brackets in brackets, are not looked at.
const MOST: usize = 40;
const DEEPEST: usize = 8;

/// A condition as it was understood, for a screen to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// from, to, subject, body, file, in, has, is, before, after, larger, smaller, id, words.
    pub name: &'static str,
    /// What it asks for; where that has a name in each language, the English one.
    pub value: String,
    /// It excludes.
    pub not: bool,
    /// Where it stands in the text, bytes.
    pub place: std::ops::Range<usize>,
}

/// A text that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// What is wanted.
    pub wanted: Wanted,
    /// Its conditions one by one.
    pub parts: Vec<Part>,
}

/// Whose day it is, and how the text came.
#[derive(Debug, Clone, Copy, Default)]
pub struct Moment {
    /// Seconds since 1970.
    pub now: i64,
    /// Minutes east of UTC.
    pub zone: i32,
    /// The user is still typing: the last word may be the beginning of a longer one.
    pub typing: bool,
}

/// Reads what was typed.
pub fn read(text: &str, moment: Moment) -> Read {
    let mut reader = Reader { text, at: 0, moment, parts: Vec::new() };
    let mut all = Vec::new();
    // A closing bracket too many closes nothing.
    while reader.at < text.len() {
        all.extend(reader.query(0));
        reader.at += usize::from(reader.rest().starts_with(')'));
    }
    Read { wanted: Wanted::All(all), parts: reader.parts }
}

/// Names of conditions, folded, and what each is.
const NAMES: &[(&str, &[&str])] = &[
    ("from", &["from", "de"]),
    ("to", &["to", "para"]),
    ("subject", &["subject", "assunto", "asunto"]),
    ("body", &["body", "corpo", "cuerpo", "texto"]),
    ("file", &["filename", "file", "arquivo", "archivo"]),
    ("in", &["in", "em", "en"]),
    ("has", &["has", "tem", "tiene"]),
    ("is", &["is", "esta", "es"]),
    ("before", &["before", "antes", "older"]),
    ("after", &["after", "depois", "despues", "desde", "since", "newer"]),
    ("larger", &["larger", "maior", "mayor"]),
    ("smaller", &["smaller", "menor"]),
    ("id", &["id", "rfc822msgid"]),
    ("mid", &["mid"]),
];

/// What `is:` can ask for: its name, bits, whether they are set, and how people call it.
const STATES: &[(&str, u8, bool, &[&str])] = &[
    (
        "unread",
        Flags::SEEN,
        false,
        &["unread", "unseen", "nao-lida", "naolida", "nao-lido", "no-leido", "noleido"],
    ),
    ("read", Flags::SEEN, true, &["read", "seen", "lida", "lido", "leido"]),
    ("starred", Flags::FLAGGED, true, &["starred", "flagged", "estrela", "destacada", "destacado"]),
    ("answered", Flags::ANSWERED, true, &["answered", "replied", "respondida", "respondido"]),
    ("draft", Flags::DRAFT, true, &["draft", "rascunho", "borrador"]),
];

struct Reader<'t> {
    text: &'t str,
    at: usize,
    moment: Moment,
    parts: Vec<Part>,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Up to a closing bracket or the end.
    fn query(&mut self, depth: usize) -> Vec<Wanted> {
        let mut all: Vec<Wanted> = Vec::new();
        let mut or = false;
        loop {
            self.skip_blanks();
            if self.rest().is_empty() || self.rest().starts_with(')') || self.parts.len() >= MOST {
                if self.parts.len() >= MOST {
                    self.at = self.text.len();
                }
                return all;
            }
            let word = self.rest().split([' ', '(', ')']).next().unwrap_or_default();
            if ["OR", "OU", "|"].contains(&word) && !all.is_empty() {
                self.at += word.len();
                or = true;
                continue;
            }
            let item = self.item(depth);
            match (item, std::mem::take(&mut or), all.pop()) {
                (Some(item), true, Some(Wanted::Any(mut any))) => {
                    any.push(item);
                    all.push(Wanted::Any(any));
                }
                (Some(item), true, Some(before)) => all.push(Wanted::Any(vec![before, item])),
                (item, _, before) => all.extend(before.into_iter().chain(item)),
            }
        }
    }

    fn item(&mut self, depth: usize) -> Option<Wanted> {
        let start = self.at;
        let not = self.rest().starts_with('-')
            && !self.rest()[1..].starts_with([' ', '-'])
            && self.rest().len() > 1;
        self.at += usize::from(not);
        let wanted = if self.rest().starts_with('(') && depth < DEEPEST {
            self.at += 1;
            let first = self.parts.len();
            let inside = self.query(depth + 1);
            self.at += usize::from(self.rest().starts_with(')'));
            // One thing to take away.
            for part in self.parts.iter_mut().skip(first) {
                part.not ^= not;
                part.place = start..self.at;
            }
            (!inside.is_empty()).then_some(Wanted::All(inside))
        } else {
            let name = self.name();
            let (value, quoted) = self.value(name.is_some());
            let starred = !quoted && value.ends_with('*');
            let ends = self.at == self.text.len() && self.moment.typing && !quoted;
            let read = self.condition(name, &value, starred || ends);
            let place = start..self.at;
            let part = |(name, value)| Part { name, value, not, place };
            let (wanted, said) = read?;
            self.parts.push(part(said));
            Some(wanted)
        };
        wanted.map(|w| if not { Wanted::Not(Box::new(w)) } else { w })
    }

    /// The name of a condition, if one stands here.
    fn name(&mut self) -> Option<&'static str> {
        let (before, _) = self.rest().split_once(':')?;
        if before.len() > 12 || before.contains(char::is_whitespace) {
            return None;
        }
        let before_folded = folded(before);
        let (name, _) = NAMES.iter().find(|(_, names)| names.contains(&before_folded.as_str()))?;
        self.at += before.len() + 1;
        Some(name)
    }

    /// A quoted text, or everything up to a blank or a bracket. After a name a blank may stand in front of it.
    fn value(&mut self, named: bool) -> (String, bool) {
        if named && self.rest().starts_with(' ') {
            self.skip_blanks();
        }
        if let Some(inside) = self.rest().strip_prefix('"') {
            let text = inside.split('"').next().unwrap_or_default();
            self.at += (text.len() + 2).min(self.rest().len());
            return (text.to_owned(), true);
        }
        let end = self.rest().find(|c: char| c.is_whitespace() || c == ')' || (c == '"' && !named));
        let text = &self.rest()[..end.unwrap_or(self.rest().len())];
        // Something is always taken.
        let length = text.len().max(self.rest().chars().next().map_or(0, char::len_utf8));
        self.at += length;
        (text.to_owned(), false)
    }

    /// What a condition wants, and how it is said; `None` when that is nothing.
    fn condition(
        &self,
        name: Option<&'static str>,
        value: &str,
        beginning: bool,
    ) -> Option<(Wanted, (&'static str, String))> {
        let words = |field, text: &str| {
            let text = text.trim_end_matches('*').to_owned();
            let some = !super::words::words(&text).is_empty();
            some.then_some(Wanted::Words(Words { field, text, beginning }))
        };
        let said = |name| (name, value.to_owned());
        let person = |field| match folded(value).as_str() {
            "me" | "mim" | "eu" | "mi" | "yo" => Some(Wanted::Me(field)),
            _ => words(field, value),
        };
        let Some(name) = name else { return Some((words(Field::Any, value)?, said("words"))) };
        if value.is_empty() {
            return None;
        }
        let understood = match name {
            "from" => person(Field::From),
            "to" => person(Field::To),
            "subject" => words(Field::Subject, value),
            "body" => words(Field::Body, value),
            "file" => words(Field::File, value),
            "in" => Some(Wanted::Folder(value.to_owned())),
            "has" => {
                let files =
                    ["attachment", "attachments", "file", "files", "anexo", "anexos", "adjunto", "adjuntos"];
                files.contains(&folded(value).as_str()).then_some(Wanted::Attachment)
            }
            "is" => {
                let folded = folded(value).replace(['_', ' '], "-");
                let state = STATES.iter().find(|(.., names)| names.contains(&folded.as_str()));
                let (state, bits, set, _) = state?;
                let flag = Wanted::Flag(*bits);
                let wanted = if *set { flag } else { Wanted::Not(Box::new(flag)) };
                return Some((wanted, ("is", (*state).to_owned())));
            }
            "before" => day(value, self.moment).map(Wanted::Before),
            "after" => day(value, self.moment).map(Wanted::After),
            "larger" => octets(value).map(Wanted::Larger),
            "smaller" => octets(value).map(Wanted::Smaller),
            "id" => mid_url::of_header(value).map(Wanted::Named),
            "mid" => mid_url::of_link(value).map(Wanted::Named),
            _ => None,
        };
        match understood {
            Some(Wanted::Attachment) => Some((Wanted::Attachment, (name, "attachment".to_owned()))),
            Some(Wanted::Me(field)) => Some((Wanted::Me(field), (name, "me".to_owned()))),
            Some(Wanted::Named(id)) => Some((Wanted::Named(id.clone()), ("id", id))),
            Some(wanted) => Some((wanted, said(name))),
            // `Re: budget`, `10:30`: words after all.
            None => {
                Some((words(Field::Any, &format!("{name} {value}"))?, ("words", format!("{name}:{value}"))))
            }
        }
    }
}

/// The beginning of a day, month or year: 2024-05-01, 2024/05/01, 01/05/2024 (day first), 2024-05, 2024; or so long ago: 7d, 2w, 3m, 1y.
fn day(text: &str, moment: Moment) -> Option<i64> {
    let east = i64::from(moment.zone) * 60;
    let (year, month, today, ..) = civil(moment.now + east);
    if let Some((count, unit)) =
        text.char_indices().last().and_then(|(at, c)| Some((text[..at].parse::<i64>().ok()?, c)))
    {
        if !(0..=10_000).contains(&count) {
            return None;
        }
        let months = |n: i64| {
            let all = year * 12 + i64::from(month) - 1 - n;
            (all.div_euclid(12), all.rem_euclid(12) as u32 + 1)
        };
        match unit.to_ascii_lowercase() {
            'd' => return Some(start_of(year, month, today) - count * 86_400 - east),
            'w' | 's' => return Some(start_of(year, month, today) - count * 7 * 86_400 - east),
            'm' => {
                let (year, month) = months(count);
                return Some(start_of(year, month, today) - east);
            }
            'y' | 'a' => return Some(start_of(year - count, month, today) - east),
            _ => {}
        }
    }
    let numbers: Vec<i64> = text.split(['-', '/', '.']).map(|n| n.parse().ok()).collect::<Option<_>>()?;
    let (year, month, day) = match numbers[..] {
        [year] => (year, 1, 1),
        [year, month] if year > 31 => (year, month, 1),
        [month, year] if year > 31 => (year, month, 1),
        [year, month, day] if year > 31 => (year, month, day),
        [day, month, year] => (year, month, day),
        _ => return None,
    };
    let fine = (1900..=2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    fine.then(|| start_of(year, month as u32, day as u32) - east)
}

/// Seconds from 1970 to the beginning of a day in UTC; of one that its month does not have, of one in the next.
fn start_of(year: i64, month: u32, day: u32) -> i64 {
    let shifted = year - i64::from(month <= 2);
    let era = shifted.div_euclid(400);
    let in_march = (i64::from(month) + 9) % 12;
    let of_year = (153 * in_march + 2) / 5 + i64::from(day) - 1;
    let of_era =
        shifted.rem_euclid(400) * 365 + shifted.rem_euclid(400) / 4 - shifted.rem_euclid(400) / 100 + of_year;
    (era * 146_097 + of_era - 719_468) * 86_400
}

/// 500, 500k, 5M, 1.5MB, 1G; thousands, as people count files.
fn octets(text: &str) -> Option<u64> {
    let text = text.to_ascii_lowercase().replace(',', ".");
    let number = text.trim_end_matches('b');
    let (number, unit) = match number.chars().last()? {
        'k' => (&number[..number.len() - 1], 1e3),
        'm' => (&number[..number.len() - 1], 1e6),
        'g' => (&number[..number.len() - 1], 1e9),
        _ => (number, 1.0),
    };
    let number: f64 = number.parse().ok()?;
    (0.0..1e12).contains(&number).then_some((number * unit) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2024-05-15 12:00 in São Paulo.
    const NOON: Moment = Moment { now: 1_715_785_200, zone: -180, typing: false };

    /// In a short notation.
    fn told(w: &Wanted) -> String {
        let all = |parts: &[Wanted], by: &str| parts.iter().map(told).collect::<Vec<_>>().join(by);
        match w {
            Wanted::All(parts) if parts.len() == 1 => told(&parts[0]),
            Wanted::All(parts) => format!("({})", all(parts, " & ")),
            Wanted::Any(parts) => format!("({})", all(parts, " | ")),
            Wanted::Not(part) => format!("!{}", told(part)),
            Wanted::Words(w) => format!("{:?}={}{}", w.field, w.text, if w.beginning { "*" } else { "" }),
            other => format!("{other:?}"),
        }
    }

    fn reads(text: &str) -> String {
        told(&read(text, NOON).wanted)
    }

    #[test]
    fn conditions() {
        for (text, means) in [
            ("", "()"),
            ("nota fiscal", "(Any=nota & Any=fiscal)"),
            ("\"nota fiscal\"", "Any=nota fiscal"),
            ("from:ana subject:\"nota fiscal\"", "(From=ana & Subject=nota fiscal)"),
            ("de:Ana para:eu", "(From=Ana & Me(To))"),
            ("-assunto:boleto vence", "(!Subject=boleto & Any=vence)"),
            ("boleto OR fatura pago", "((Any=boleto | Any=fatura) & Any=pago)"),
            ("a OR b OR c", "(Any=a | Any=b | Any=c)"),
            ("(a b) OR -c", "((Any=a & Any=b) | !Any=c)"),
            ("has:attachment is:unread", "(Attachment & !Flag(1))"),
            ("tem:anexo está:não-lida", "(Attachment & !Flag(1))"),
            ("-is:starred in:Trabalho", "(!Flag(4) & Folder(\"Trabalho\"))"),
            ("larger:5M smaller:1,5g", "(Larger(5000000) & Smaller(1500000000))"),
            ("reuni*", "Any=reuni*"),
            ("from: ana", "From=ana"),
            ("id:<a/b@c>", "Named(\"a/b@c\")"),
            ("mid:a%2Fb@c boleto", "(Named(\"a/b@c\") & Any=boleto)"),
            // Not conditions.
            ("from:", "()"),
            ("Re: orçamento", "(Any=Re: & Any=orçamento)"),
            ("às 10:30", "(Any=às & Any=10:30)"),
            ("is:blue", "()"),
            ("id: 4711", "Any=id 4711"),
            ("larger:nine", "Any=larger nine"),
            ("a - b", "(Any=a & Any=b)"),
            ("OR a", "(Any=OR & Any=a)"),
            ("a OR", "Any=a"),
            (") a (b", "(Any=a & Any=b)"),
            ("\"open", "Any=open"),
        ] {
            assert_eq!(reads(text), means, "{text}");
        }
    }

    #[test]
    fn days_are_those_of_the_user() {
        // Midnight in São Paulo is three in the morning in UTC.
        let may = 1_714_532_400; // 2024-05-01T03:00:00Z
        for text in ["2024-05-01", "2024/5/1", "01/05/2024", "2024-05", "05/2024", "14d", "2w"] {
            assert_eq!(day(text, NOON), Some(may), "{text}");
        }
        assert_eq!(day("2024", NOON), Some(1_704_078_000));
        assert_eq!(day("1y", NOON), day("2023-05-15", NOON));
        assert_eq!(day("5m", NOON), day("2023-12-15", NOON));
        for text in ["", "32/13/2024", "yesterday", "d", "99999999d", "2024-05-01-02"] {
            assert_eq!(day(text, NOON), None, "{text}");
        }
    }

    #[test]
    fn what_is_still_typed_is_a_beginning() {
        let typing = Moment { typing: true, ..NOON };
        assert_eq!(told(&read("nota fis", typing).wanted), "(Any=nota & Any=fis*)");
        assert_eq!(told(&read("from:an", typing).wanted), "From=an*");
        assert_eq!(told(&read("nota fiscal ", typing).wanted), "(Any=nota & Any=fiscal)");
        assert_eq!(told(&read("\"nota fis\"", typing).wanted), "Any=nota fis");
    }

    #[test]
    fn parts_say_where_they_stand() {
        let text = "boleto -de:ana (x y)";
        let parts = read(text, NOON).parts;
        let said: Vec<(&str, &str, bool, &str)> =
            parts.iter().map(|p| (p.name, p.value.as_str(), p.not, &text[p.place.clone()])).collect();
        assert_eq!(
            said,
            [
                ("words", "boleto", false, "boleto"),
                ("from", "ana", true, "-de:ana"),
                ("words", "x", false, "(x y)"),
                ("words", "y", false, "(x y)"),
            ]
        );
    }

    #[test]
    fn days_and_dates_agree() {
        for days in (-30_000..90_000).step_by(13) {
            let (year, month, day, ..) = civil(days * 86_400);
            assert_eq!(start_of(year, month, day), days * 86_400);
        }
    }

    proptest! {
        /// Whatever is typed is read to its end, soon and within bounds.
        #[test]
        fn everything_is_read(text in "[-a-z:()\" *|é語OR]{0,200}", typing: bool) {
            let read = read(&text, Moment { typing, ..NOON });
            prop_assert!(read.parts.len() <= MOST);
            for part in &read.parts {
                prop_assert!(text.get(part.place.clone()).is_some());
            }
        }
    }
}
