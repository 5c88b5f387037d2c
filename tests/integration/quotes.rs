//! Where the history begins: scored on replies that nobody here wrote, and on what programs in Brazil write.

use malote_core::mime::history;
use malote_core::mime::quote::own_end;
use malote_core::mime::text::first_text;
use servers::corpora;
use std::collections::BTreeMap;
use std::path::Path;

/// The line at which the history begins, from 1; 0 = there is none.
fn begins(text: &str) -> usize {
    let end = own_end(text);
    if end == text.len() { 0 } else { text[..end].lines().count() + 1 }
}

fn text_of(path: &Path) -> String {
    let raw = std::fs::read(path).expect("a file of the corpora");
    match path.extension().is_some_and(|e| e == "eml") {
        true => first_text(&raw),
        false => String::from_utf8_lossy(&raw).into_owned(),
    }
}

/// Files by what we call them, and where they are.
const SETS: [(&str, &str); 3] = [
    ("crisp", "quote-crisp/test/fixtures"),
    ("willdurand", "quote-willdurand/tests/Fixtures"),
    ("jetbrains", "jetbrains-email-parser/src/test/resources/testEmls"),
];

/// Prints how many of a set are right; 95 of a hundred must be.
fn scored(set: &str, right: usize, wrong: &[String]) {
    let all = right + wrong.len();
    let score = 100.0 * right as f64 / all as f64;
    println!("{set}: {right} of {all}, {score:.1} % {wrong:?}");
    assert!(all > 40 && score >= 95.0, "{set}: {wrong:#?}");
}

#[test]
fn replies_of_others_are_folded_right() {
    let expected: BTreeMap<&str, usize> = include_str!("../quotes/begins.txt")
        .lines()
        .filter(|l| !l.starts_with('#'))
        .filter_map(|l| l.split_once(' '))
        .map(|(name, line)| (name, line.parse().expect("a number")))
        .collect();
    for (set, at) in SETS {
        let Some(dir) = corpora::folder(at) else { return };
        let (mut right, mut wrong) = (0, Vec::new());
        for file in corpora::files(&dir, if set == "jetbrains" { ".eml" } else { ".txt" }) {
            let name = format!("{set}/{}", file.strip_prefix(&dir).expect("inside").display());
            let Some(expected) = expected.get(name.as_str()) else { continue };
            match begins(&text_of(&file)) {
                found if found == *expected => right += 1,
                found => wrong.push(format!("{name}: {found} instead of {expected}")),
            }
        }
        scored(set, right, &wrong);
    }
}

/// Tells the words of a text, or of markup, apart from how they are laid out.
fn words(text: &str) -> String {
    let mut inside = false;
    let markup = text.starts_with('<');
    let said = |c: &char| {
        let tag = markup && (inside || *c == '<');
        inside = tag && *c != '>';
        !tag && !c.is_whitespace()
    };
    text.replace("&nbsp;", "").chars().filter(said).collect()
}

#[test]
fn replies_in_portuguese_are_folded_right() {
    let (mut right, mut wrong) = (0, Vec::new());
    for reply in include_str!("../quotes/pt-BR.txt").split("\n=== ").skip(1) {
        let (program, text) = reply.split_once('\n').expect("a reply");
        let expected = text.split('§').next().unwrap_or_default();
        let text = text.replace('§', "");
        let begins = match text.starts_with('<') {
            true => history::begins(&text).unwrap_or(text.len()),
            false => own_end(&text),
        };
        match words(&text[..begins]) {
            found if found == words(expected) => right += 1,
            found => wrong.push(format!("{program}: {found}")),
        }
    }
    scored("pt-BR", right, &wrong);
}
