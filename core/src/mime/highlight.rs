//! Marks what was searched in the markup of a message. This happens *before* it is cleaned, so that whatever a hostile message makes of
//! our marks is cleaned with it, and nothing is written again afterwards.

use crate::search::words::{folded, is_unspaced};
use mail_parser::decoders::html::add_html_token;
use std::ops::Range;

/// More than that is shown without marks: 1 MiB.
const LARGEST: usize = 1 << 20;
/// More marks than that help nobody.
const MOST: usize = 500;
/// In these is no text that anybody reads.
const SILENT: [&str; 8] = ["style", "script", "title", "textarea", "template", "head", "noscript", "xmp"];

/// Words to mark, one after the other, without case and accents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    words: Vec<Vec<char>>,
    /// The last one may be the beginning of a longer one.
    beginning: bool,
}

impl Mark {
    /// `None` where there is nothing to mark.
    pub fn new(text: &str, beginning: bool) -> Option<Self> {
        let folded = folded(text);
        let words: Vec<Vec<char>> = folded
            .split(|c: char| !c.is_alphanumeric())
            .filter(|w| !w.is_empty())
            .map(|w| w.chars().collect())
            .collect();
        (!words.is_empty()).then_some(Self { words, beginning })
    }
}

/// The same markup with `<mark>` around what is searched.
pub fn marked(html: &str, marks: &[Mark]) -> String {
    if marks.is_empty() || html.len() > LARGEST {
        return html.to_owned();
    }
    let mut out = String::with_capacity(html.len() + 256);
    let (mut at, mut left) = (0, MOST);
    while at < html.len() {
        let end = html[at..].find('<').map_or(html.len(), |n| at + n);
        put(&html[at..end], marks, &mut left, &mut out);
        at = end + tag(&html[end..]);
        out.push_str(&html[end..at]);
    }
    out
}

/// Octets of a tag or comment that begins here; with what is inside, where nobody reads that.
pub(super) fn tag(rest: &str) -> usize {
    if rest.is_empty() {
        return 0;
    }
    if rest.starts_with("<!--") {
        return rest.find("-->").map_or(rest.len(), |n| n + 3);
    }
    let name: String = rest[1..].chars().take_while(char::is_ascii_alphanumeric).take(12).collect();
    let name = name.to_ascii_lowercase();
    let mut quote = None;
    let mut end = rest.len();
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (None, '>') => {
                end = at + 1;
                break;
            }
            (Some(q), c) if c == q => quote = None,
            _ => {}
        }
    }
    if SILENT.contains(&name.as_str()) {
        let close = format!("</{name}");
        let inside = rest.as_bytes()[end..]
            .windows(close.len())
            .position(|w| w.eq_ignore_ascii_case(close.as_bytes()));
        return inside.map_or(rest.len(), |n| end + n);
    }
    end
}

/// A text between two tags.
fn put(text: &str, marks: &[Mark], left: &mut usize, out: &mut String) {
    let letters = letters(text);
    let mut done = 0;
    let mut at = 0;
    while at < letters.len() && *left > 0 {
        let inside = at > 0 && letters[at - 1].0.is_alphanumeric() && !is_unspaced(letters[at].0);
        let end = if inside { 0 } else { marks.iter().map(|m| reach(&letters, at, m)).max().unwrap_or(0) };
        if end == 0 {
            at += 1;
            continue;
        }
        let place = letters[at].1.start..letters[end - 1].1.end;
        // A letter that is written as several folded ones is marked once.
        if place.start >= done {
            out.push_str(&text[done..place.start]);
            out.push_str("<mark>");
            out.push_str(&text[place.clone()]);
            out.push_str("</mark>");
            done = place.end;
            *left -= 1;
        }
        at = end;
    }
    out.push_str(&text[done..]);
}

/// Where these words end that begin here; 0 = they do not stand here.
fn reach(letters: &[(char, Range<usize>)], from: usize, mark: &Mark) -> usize {
    let letter = |at: usize| letters.get(at).map(|l| l.0);
    let is_word = |at: usize| letter(at).is_some_and(char::is_alphanumeric);
    let mut at = from;
    for (n, word) in mark.words.iter().enumerate() {
        while n > 0 && at < letters.len() && !is_word(at) {
            at += 1;
        }
        if !word.iter().enumerate().all(|(i, c)| letter(at + i) == Some(*c)) {
            return 0;
        }
        at += word.len();
        if is_word(at) && letter(at - 1).is_some_and(|c| !is_unspaced(c)) {
            if n + 1 < mark.words.len() || !mark.beginning {
                return 0;
            }
            while is_word(at) {
                at += 1;
            }
        }
    }
    at
}

/// The letters of a text as they are searched, and where each stands: `&eacute;` is one.
fn letters(text: &str) -> Vec<(char, Range<usize>)> {
    let mut letters = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let inside = |b: &u8| b.is_ascii_alphanumeric() || *b == b'#';
        let length = if c == '&' {
            text.as_bytes()[at + 1..].iter().take(32).take_while(|b| inside(b)).count()
        } else {
            0
        };
        let entity =
            (text.as_bytes().get(at + 1 + length) == Some(&b';') && length > 0).then(|| at..at + length + 2);
        let place = entity.unwrap_or(at..at + c.len_utf8());
        let mut plain = String::new();
        if place.len() > c.len_utf8() {
            add_html_token(&mut plain, &text.as_bytes()[place.clone()], false);
            plain = if plain.starts_with('&') { " ".to_owned() } else { folded(&plain) };
        } else if c.is_ascii() {
            plain.push(c.to_ascii_lowercase());
        } else {
            plain = folded(&text[place.clone()]);
        }
        at = place.end;
        letters.extend(plain.chars().map(|c| (c, place.clone())));
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(html: &str, wanted: &[(&str, bool)]) -> String {
        let marks: Vec<Mark> = wanted.iter().filter_map(|(w, b)| Mark::new(w, *b)).collect();
        marked(html, &marks).replace("<mark>", "[").replace("</mark>", "]")
    }

    #[test]
    fn words_are_marked() {
        for (html, wanted, marked) in [
            ("<p>Reunião de orçamento</p>", ("orcamento", false), "<p>Reunião de [orçamento]</p>"),
            ("or&ccedil;amento e orçamentos", ("orçamento", false), "[or&ccedil;amento] e orçamentos"),
            ("orçamentos", ("orca", true), "[orçamentos]"),
            (
                "nota, <b>nota</b> fiscal; nota&nbsp;fiscal",
                ("nota fiscal", false),
                "nota, <b>nota</b> fiscal; [nota&nbsp;fiscal]",
            ),
            (
                "<a title=\"a > ana\" href=ana>ana</a><!-- ana --><style>ana{}</style>",
                ("ana", false),
                "<a title=\"a > ana\" href=ana>[ana]</a><!-- ana --><style>ana{}</style>",
            ),
            ("日本語の本文", ("本語", false), "日[本語]の本文"),
            ("ana <ana", ("ana", false), "[ana] <ana"),
            ("a &amp; b & ana;", ("ana", false), "a &amp; b & [ana];"),
        ] {
            assert_eq!(told(html, &[wanted]), marked);
        }
        assert_eq!(Mark::new("!?", true), None);
    }

    proptest! {
        /// Nothing but marks is added, whatever it is.
        #[test]
        fn nothing_else_changes(html in "[a<>&;\"'é語 /!-]{0,60}", word in "[aé語]{1,3}", beginning: bool) {
            let marks: Vec<Mark> = Mark::new(&word, beginning).into_iter().collect();
            prop_assert_eq!(marked(&html, &marks).replace("<mark>", "").replace("</mark>", ""), html);
        }
    }
}
