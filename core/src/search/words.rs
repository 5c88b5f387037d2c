//! Words as they are searched: without case and accents, so that `acao` finds `ação`, and found in scripts that put no blanks between
//! words.
//!
//! Stems are left alone: what was typed is what is found. Text that is indexed and text that is looked for go through here alike, and
//! so do the words that a screen marks.

use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longer words are cut: nobody types them, and they are encoded files as a rule. Characters.
const LONGEST: usize = 64;

/// One letter as it is searched; more than one where a letter has no plain form of its own.
fn plain(c: char, out: &mut String) {
    match c {
        'ß' => out.push_str("ss"),
        'æ' | 'Æ' => out.push_str("ae"),
        'œ' | 'Œ' => out.push_str("oe"),
        'ø' | 'Ø' => out.push('o'),
        'ł' | 'Ł' => out.push('l'),
        'đ' | 'Đ' | 'ð' | 'Ð' => out.push('d'),
        'þ' | 'Þ' => out.push_str("th"),
        'ı' => out.push('i'),
        // Some of these have capitals of their own: `ẞ`.
        c => c.to_lowercase().filter(|c| !accent(*c)).for_each(|small| match small == c {
            true => out.push(small),
            false => plain(small, out),
        }),
    }
}

/// Marks that change no letter for who searches: Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowels, and what joins or
/// hides nothing but looks.
fn accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe2f}')
}

/// Hidden characters that may stand inside a word: soft hyphen, joiners, direction marks.
fn hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Scripts written without blanks: Han, kana, Hangul (whose particles stick to the words), Thai, Lao, Khmer, Burmese.
pub fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}' | '\u{1780}'..='\u{17ff}' | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30ff}' | '\u{3130}'..='\u{318f}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Below this a letter can be spelled without those beside it: nothing of what composes with them is kept (Unicode Latin blocks).
const ALONE: char = '\u{250}';

/// What each of these letters becomes; a blank where it ends a word.
static SPELLED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let spelled = |c: char| {
        let mut out = String::new();
        for c in c.to_string().nfkd().filter(|c| !accent(*c) && !hidden(*c)).nfc() {
            match is_letter(c) {
                true => plain(c, &mut out),
                false => out.push(' '),
            }
        }
        out
    };
    ('\0'..ALONE).map(spelled).collect()
});

/// The soft hyphen may stand between parts of one letter.
fn is_alone(c: char) -> bool {
    c < ALONE && c != '\u{ad}'
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// Appends the words of a text to `out`, a blank before each. A run of an unspaced script becomes its overlapping pairs of letters
/// and its last letter: two letters are found wherever they stand, one as the beginning of a pair.
pub fn spell(text: &str, out: &mut String) {
    let (mut word, mut folded) = (Word::default(), String::with_capacity(4));
    let (spelled, bytes) = (&*SPELLED, text.as_bytes());
    let mut at = 0;
    while let Some(first) = bytes.get(at) {
        let rest = &text[at..];
        if first.is_ascii() {
            // Most of most texts: letters without anything to them, and what parts them.
            let length = rest.bytes().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len());
            at += length.max(1);
            match length {
                0 => word.end(out),
                _ if word.text.is_empty() && bytes.get(at).is_none_or(u8::is_ascii) => {
                    let begin = out.len();
                    out.push(' ');
                    out.push_str(&rest[..length.min(LONGEST)]);
                    out[begin..].make_ascii_lowercase();
                }
                _ => word.push_ascii(&rest[..length]),
            }
            continue;
        }
        let alone = rest.find(|c: char| c.is_ascii() || !is_alone(c)).unwrap_or(rest.len());
        for c in rest[..alone].chars() {
            spelled[c as usize].chars().for_each(|c| word.take(c, out));
        }
        at += alone;
        let rest = &text[at..];
        let far = rest.find(is_alone).unwrap_or(rest.len());
        for c in rest[..far].nfkd().filter(|c| !accent(*c) && !hidden(*c)).nfc() {
            folded.clear();
            match is_letter(c) {
                true => plain(c, &mut folded),
                false => word.end(out),
            }
            folded.chars().for_each(|c| word.push(c));
        }
        at += far;
    }
    word.end(out);
}

/// The words of a text, as [`spell`] writes them.
pub fn words(text: &str) -> Vec<String> {
    let mut spelled = String::new();
    spell(text, &mut spelled);
    spelled.split_ascii_whitespace().map(str::to_owned).collect()
}

/// What finds a text in an index of [`spell`]ed ones, as FTS5 wants it (sqlite.org/fts5.html section 3): the words one after the other,
/// the last one as the beginning of a longer word where `beginning` says so. `None` where there is no word in it.
pub fn phrase(text: &str, beginning: bool) -> Option<String> {
    let mut words = words(text);
    let last = words.last()?.clone();
    let lone = last.chars().count() == 1 && last.chars().all(is_unspaced);
    // The last letter of a run stands alone only at the end of a run of the text; the pair before it has it already.
    let paired =
        lone && words.len() > 1 && words[words.len() - 2].ends_with(&last) && words[words.len() - 2] != last;
    if paired {
        words.pop();
    }
    let open = if beginning || (lone && !paired) { " *" } else { "" };
    Some(format!("\"{}\"{open}", words.join(" ")))
}

/// A text without case and accents, for comparing names.
pub fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !accent(*c) && !hidden(*c)).nfc() {
        plain(c, &mut out);
    }
    out
}

/// The word that is being read.
#[derive(Default)]
struct Word {
    text: String,
    length: usize,
    /// Of an unspaced script.
    unspaced: bool,
}

impl Word {
    /// A letter, or a blank.
    fn take(&mut self, c: char, out: &mut String) {
        match c {
            ' ' => self.end(out),
            c => self.push(c),
        }
    }

    /// Letters and figures.
    fn push_ascii(&mut self, letters: &str) {
        let room = if self.unspaced { letters.len() } else { LONGEST.saturating_sub(self.length) };
        let from = self.text.len();
        self.text.push_str(&letters[..letters.len().min(room)]);
        self.text[from..].make_ascii_lowercase();
        self.length += letters.len().min(room);
    }

    fn push(&mut self, c: char) {
        if self.length >= LONGEST && !self.unspaced {
            return;
        }
        self.unspaced |= is_unspaced(c);
        self.text.push(c);
        self.length += 1;
    }

    fn end(&mut self, out: &mut String) {
        match self.unspaced {
            false if self.text.is_empty() => {}
            false => {
                out.push(' ');
                out.push_str(&self.text);
            }
            true => pairs(&self.text, out),
        }
        self.text.clear();
        (self.length, self.unspaced) = (0, false);
    }
}

/// Words of other scripts inside of such a run stay whole.
fn pairs(run: &str, out: &mut String) {
    let mut letters = run.chars().peekable();
    while let Some(c) = letters.next() {
        out.push(' ');
        if !is_unspaced(c) {
            out.push(c);
            while let Some(next) = letters.next_if(|n| !is_unspaced(*n)) {
                out.push(next);
            }
            continue;
        }
        out.push(c);
        if let Some(next) = letters.peek().filter(|n| is_unspaced(**n)) {
            out.push(*next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{folded, phrase, words};
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    #[test]
    fn accents_and_case_do_not_matter() {
        assert_eq!(words("Ação: REUNIÃO às 9h"), ["acao", "reuniao", "as", "9h"]);
        assert_eq!(words("ana.souza@exemplo.com.br"), ["ana", "souza", "exemplo", "com", "br"]);
        assert_eq!(
            words("Straße, STRAẞE, Łódź, Øre, ﬁm, ＡＢ"),
            ["strasse", "strasse", "lodz", "ore", "fim", "ab"]
        );
        assert_eq!(words("a\u{303}ção sobre\u{ad}mesa"), words("ação sobremesa"));
        assert_eq!(folded("Não-Lidas"), "nao-lidas");
        assert!(words("!? … —").is_empty());
    }

    #[test]
    fn without_blanks_pairs_are_words() {
        assert_eq!(words("日本語"), ["日本", "本語", "語"]);
        assert_eq!(words("件名 v2日本"), ["件名", "名", "v2", "日本", "本"]);
        assert_eq!(words("日"), ["日"]);
        assert_eq!(words("한국어"), ["한국", "국어", "어"]);
    }

    #[test]
    fn what_is_looked_for_is_a_phrase() {
        assert_eq!(phrase("Ana Souza", false).as_deref(), Some("\"ana souza\""));
        assert_eq!(phrase("reuni", true).as_deref(), Some("\"reuni\" *"));
        assert_eq!(phrase("日本語", false).as_deref(), Some("\"日本 本語\""));
        assert_eq!(phrase("語", false).as_deref(), Some("\"語\" *"));
        assert_eq!(phrase("\"*", true), None);
    }

    #[test]
    fn a_long_word_is_cut() {
        assert_eq!(words(&"a".repeat(1000)), ["a".repeat(64)]);
    }

    /// All of it through the one way that is right for every script.
    fn slowly(text: &str) -> Vec<String> {
        let (mut word, mut out, mut folded) = (super::Word::default(), String::new(), String::new());
        for c in text.nfkd().filter(|c| !super::accent(*c) && !super::hidden(*c)).nfc() {
            folded.clear();
            match super::is_letter(c) {
                true => super::plain(c, &mut folded),
                false => folded.push(' '),
            }
            folded.chars().for_each(|c| word.take(c, &mut out));
        }
        word.end(&mut out);
        out.split_ascii_whitespace().map(str::to_owned).collect()
    }

    proptest! {
        /// The short way for letters that stand alone leads to the same words.
        #[test]
        fn the_short_way_is_right(text in "([a-zA-Z0-9 .]|[\u{80}-\u{24f}]|[\u{250}-\u{3ff}]|\\PC|日|ー|한|ᄒ|ᅡ|\u{301}|\u{ad}|[ก-๛]){0,90}") {
            prop_assert_eq!(words(&text), slowly(&text));
        }

        /// Nothing but letters, and the same again when they go through once more.
        #[test]
        fn words_are_stable(text in "\\PC{0,40}") {
            let once = words(&text);
            for word in &once {
                prop_assert!(!word.is_empty() && !word.contains(['"', '*', ' ']));
            }
            if once.iter().all(|w| !w.chars().any(super::is_unspaced)) {
                prop_assert_eq!(words(&once.join(" ")), once);
            }
        }
    }
}
