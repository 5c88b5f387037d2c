//! The same as [`super::quote`] for markup: where in it the history of a reply begins, so that what stands in front of it and the history
//! can be cleaned and shown each by itself.

use super::highlight::tag;
use super::quote::own_end;
use mail_parser::decoders::html::html_to_text;

/// More than that is shown as one: 1 MiB.
const LARGEST: usize = 1 << 20;
/// Deeper quotations are quotations all the same.
const DEEPEST: usize = 20;
/// These stand within a line.
const INLINE: [&str; 18] = [
    "a", "abbr", "b", "bdi", "big", "code", "em", "font", "i", "img", "mark", "s", "small", "span", "strong",
    "sub", "sup", "u",
];

/// The text of markup in lines, and where in the markup each begins.
#[derive(Default)]
struct Lines {
    text: String,
    /// Where in the text a line begins; where in the markup the text in front of it ended, and where its own begins.
    starts: Vec<(usize, usize, usize)>,
    /// Where in the markup text was last.
    said: usize,
    /// Something stands in the line that is being written.
    begun: bool,
    /// Quotations that are open; `true` for those that people made by quoting.
    quotes: Vec<bool>,
}

impl Lines {
    fn end(&mut self) {
        self.text.push('\n');
        self.begun = false;
    }

    fn put(&mut self, run: &str, at: usize) {
        let plain = if run.contains('&') { html_to_text(run) } else { run.to_owned() };
        let words: Vec<&str> = plain.split_whitespace().collect();
        if words.is_empty() {
            if self.begun {
                self.text.push(' ');
            }
            return;
        }
        if !self.begun {
            self.starts.push((self.text.len(), self.said, at));
            if self.quotes.contains(&true) {
                self.text.push_str("> ");
            }
            self.begun = true;
        } else if plain.starts_with(char::is_whitespace) {
            self.text.push(' ');
        }
        self.text.push_str(&words.join(" "));
        if plain.ends_with(char::is_whitespace) {
            self.text.push(' ');
        }
        self.said = at + run.len();
    }

    fn element(&mut self, source: &str) {
        let closes = source.starts_with("</");
        let name = name_of(source);
        if name == "blockquote" {
            if closes {
                self.quotes.pop();
            } else if self.quotes.len() < DEEPEST {
                self.quotes.push(is_quotation(source));
            }
        }
        if !name.is_empty() && !INLINE.contains(&name.as_str()) {
            self.end();
        }
    }
}

/// Octet of the markup at which the history begins; `None` where there is none.
pub fn begins(html: &str) -> Option<usize> {
    if html.len() > LARGEST {
        return None;
    }
    let mut lines = Lines::default();
    let mut at = 0;
    while at < html.len() {
        let end = html[at..].find('<').map_or(html.len(), |n| at + n);
        lines.put(&html[at..end], at);
        at = end + tag(&html[end..]);
        lines.element(&html[end..at]);
    }
    let own = own_end(&lines.text);
    let &(_, said, begins) = lines.starts.iter().find(|(start, ..)| *start >= own)?;
    Some(said + between(&html[said..begins]))
}

/// Between the last own word and the first of the history: what is closed there belongs to the former, and so does a picture (a signature
/// has them); what is opened there belongs to the latter.
fn between(html: &str) -> usize {
    let (mut at, mut cut, mut closing) = (0, 0, true);
    while let Some(next) = html[at..].find('<').map(|n| at + n) {
        let end = next + tag(&html[next..]);
        let source = &html[next..end];
        let name = name_of(source);
        closing &= source.starts_with("</") || name == "br" || name.is_empty();
        if closing || name == "img" {
            cut = end;
        }
        at = end;
    }
    cut
}

fn name_of(source: &str) -> String {
    let name = source.trim_start_matches(['<', '/']);
    name.chars().take_while(char::is_ascii_alphanumeric).take(12).collect::<String>().to_ascii_lowercase()
}

/// Made by a program that quotes, not by somebody who lays out a text.
fn is_quotation(source: &str) -> bool {
    let source = source.to_ascii_lowercase();
    source.contains("cite")
        || source.contains("quote\"") && source.contains("class")
        || source.contains("border-left")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(html: &str) -> &str {
        &html[..begins(html).unwrap_or(html.len())]
    }

    #[test]
    fn replies_of_the_programs_people_use() {
        let gmail = r#"<div dir="ltr">Combinado, até <b>sexta</b>!</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">Em seg., 3 de mar. de 2026 às 09:15, Ana Prado &lt;<a href="mailto:ana@exemplo.test">ana@exemplo.test</a>&gt; escreveu:<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"><div>Vamos?</div></blockquote></div>"#;
        assert_eq!(own(gmail), r#"<div dir="ltr">Combinado, até <b>sexta</b>!</div><br>"#);
        let apple = r#"<html><body><div>Sure.</div><div><br><blockquote type="cite"><div>On 3 Mar 2026, at 09:15, Ana &lt;ana@a.test&gt; wrote:</div><br><div>Shall we?</div></blockquote></div></body></html>"#;
        assert_eq!(own(apple), "<html><body><div>Sure.</div>");
        let outlook = r#"<html><head><style>p{margin:0}</style></head><body><div class="elementToProof">Segue o contrato.<img src="cid:assinatura"></div><div id="appendonsend"></div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr"><b>De:</b> Ana Prado &lt;ana@a.test&gt;<br><b>Enviado:</b> segunda-feira, 3 de março de 2026 09:15<br><b>Para:</b> Bia &lt;bia@a.test&gt;<br><b>Assunto:</b> Contrato</div><div>Pode mandar?</div></body></html>"#;
        assert!(own(outlook).ends_with(r#"<img src="cid:assinatura">"#), "{}", own(outlook));
        let thunderbird = r#"<p>Genau.</p><div class="moz-cite-prefix">Am 03.03.26 um 09:15 schrieb Ana Prado:<br></div><blockquote type="cite" cite="mid:a@x"><p>Gehen wir?</p></blockquote>"#;
        assert_eq!(own(thunderbird), "<p>Genau.</p>");
    }

    #[test]
    fn what_is_no_history_stays() {
        for html in [
            "<p>Nothing of the kind.</p>",
            "<p>A poem:</p><blockquote>Two roads diverged</blockquote>",
            r#"<blockquote type="cite"><p>Shall we?</p></blockquote><p>We shall, and in between.</p>"#,
            "",
            "<div",
            "<p>a</p><!-- <blockquote type=cite>",
        ] {
            assert_eq!(begins(html), None, "{html}");
        }
    }

    proptest::proptest! {
        #[test]
        fn it_is_a_place_in_the_markup(html in "(<(div|p|br|blockquote type=cite|/blockquote|img)>|On Mon, A wrote:|> |é|&lt;|<|\n|word ){0,40}") {
            if let Some(at) = begins(&html) {
                proptest::prop_assert!(html.is_char_boundary(at) && at <= html.len());
            }
        }
    }
}
