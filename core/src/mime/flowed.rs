//! Plain text whose paragraphs flow (RFC 3676): a line that ends with a space goes on in the next, so that a phone can break it anew.
//! On our side a paragraph is one line, and each `> ` in front of it is a level of quoting.

use mail_parser::{Message, MimeHeaders, PartType};

/// Lines are no longer than that, their mark of going on included (RFC 3676 section 4.2).
const WIDTH: usize = 72;
/// Deeper quotes are shown as deep as this.
const DEEPEST: usize = 40;
/// Over the signature (RFC 3676 section 4.3): it never flows.
const SIGNATURE: &str = "-- ";

/// Breaks paragraphs into lines that flow. Lines end with LF.
pub fn flow(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 20);
    for line in text.lines() {
        let (depth, said) = quoted(line);
        if said == SIGNATURE {
            put(&mut out, depth, said);
            continue;
        }
        let mut rest = said.trim_end_matches(' ');
        let room = WIDTH.saturating_sub(depth + 1).max(20);
        while let Some(at) = break_of(rest, room) {
            put(&mut out, depth, &rest[..at]);
            rest = &rest[at..];
        }
        put(&mut out, depth, rest);
    }
    out
}

/// After which octet a line breaks: behind the last space that fits, else behind the first; `None` where it need not or cannot.
fn break_of(line: &str, room: usize) -> Option<usize> {
    let mut best = None;
    for (n, (at, c)) in line.char_indices().enumerate() {
        if n >= room && best.is_some() {
            break;
        }
        // A line that says no more than "-- " would be a signature.
        if c == ' ' && !line[..at].trim().is_empty() && &line[..at] != "--" {
            best = Some(at + 1);
        }
    }
    best.filter(|at| line.chars().count() > room && !line[*at..].trim().is_empty())
}

fn put(out: &mut String, depth: usize, said: &str) {
    out.extend(std::iter::repeat_n('>', depth));
    // Space-stuffing (RFC 3676 section 4.4).
    let stuffed = said.starts_with([' ', '>']) || said.starts_with("From ");
    if stuffed || (depth > 0 && !said.is_empty()) {
        out.push(' ');
    }
    out.push_str(said);
    out.push('\n');
}

/// How deep a line of ours is quoted, and what it says. A mark with a word right behind it was written, not quoted.
fn quoted(line: &str) -> (usize, &str) {
    let (mut depth, mut rest) = (0, line);
    while depth < DEEPEST
        && let Some(inside) = rest.strip_prefix('>').filter(|i| i.is_empty() || i.starts_with([' ', '>']))
    {
        rest = inside.strip_prefix(' ').unwrap_or(inside);
        depth += 1;
    }
    (depth, rest)
}

/// The paragraphs again, one on a line. `delsp`: the space that marks a line as going on is no part of the text.
pub fn unflow(text: &str, delsp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let depth = line.bytes().take_while(|b| *b == b'>').count();
        let said = &line[depth..];
        let said = said.strip_prefix(' ').unwrap_or(said);
        let depth = depth.min(DEEPEST);
        let signs = said == SIGNATURE;
        let goes_on = open.take() == Some(depth) && !signs;
        if !goes_on {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&"> ".repeat(depth));
        }
        let flows = said.ends_with(' ') && !signs;
        out.push_str(if flows && delsp { &said[..said.len() - 1] } else { said });
        open = flows.then_some(depth);
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// The text of a message, a paragraph on a line where it says that it flows.
pub(super) fn text_of(m: &Message<'_>) -> String {
    let text = m.body_text(0).unwrap_or_default();
    let part = m.text_body.first().and_then(|i| m.parts.get(*i as usize));
    let part = part.filter(|p| matches!(p.body, PartType::Text(_)));
    let Some(kind) = part.and_then(|p| p.content_type()) else { return text.into_owned() };
    let says = |name: &str, value: &str| kind.attribute(name).is_some_and(|v| v.eq_ignore_ascii_case(value));
    if says("format", "flowed") { unflow(&text, says("delsp", "yes")) } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paragraphs_flow_and_come_back() {
        let long = "Esta frase é bem mais longa do que uma linha deveria ser, e por isso continua na linha seguinte sem acabar.";
        let text = format!("{long}\n\nFrom aqui\n>From ali\n > recuado\n> > {long}\n> -- \n-- \nAna\n");
        let flowed = flow(&text);
        assert!(flowed.lines().all(|l| l.chars().count() <= WIDTH), "{flowed}");
        for line in ["", " From aqui", " >From ali", "  > recuado", "> -- ", "-- ", "Ana"] {
            assert!(flowed.lines().any(|l| l == line), "{line:?} in {flowed}");
        }
        assert!(flowed.lines().any(|l| l.starts_with(">> Esta frase")), "{flowed}");
        assert_eq!(unflow(&flowed, false), text);
    }

    #[test]
    fn what_others_flow_is_read() {
        assert_eq!(
            unflow("um \ndois\n>> a \n>> b\n> c \nd\n-- \nx", false),
            "um dois\n> > a b\n> c \nd\n-- \nx\n"
        );
        assert_eq!(unflow("日本 \n語\n", true), "日本語\n");
        assert_eq!(unflow("", false), "");
        assert!(unflow(&">".repeat(5000), false).len() < 100);
    }

    proptest! {
        #[test]
        fn what_is_written_comes_back(lines in prop::collection::vec("(> ){0,3}[a-z>-][a-zç>日 -]{0,200}[a-z]", 0..8)) {
            let text: String = lines.iter().map(|l| format!("{l}\n")).collect();
            // One way of writing quotes: `> > a`, not `>> a`.
            let usual: String = text.lines().map(|l| { let (d, s) = quoted(l); format!("{}{s}\n", "> ".repeat(d)) }).collect();
            prop_assert_eq!(unflow(&flow(&text), false), usual);
        }
    }
}
