//! HTML of strangers to HTML that cannot run, fetch or pretend.
//!
//! Allowed is what ammonia allows, plus the attributes that mail is laid out with; `style` passes [`super::css`]; images
//! come only from the message itself (`cid:` turned into `data:`) or were fetched by the core at the user's wish. The frame that shows it forbids scripts and the network
//! once more, so that each guard alone would do.

use super::{css, guarded, remote};
use ammonia::UrlRelative;
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};

/// Bigger HTML is shown as plain text. The largest newsletters are a tenth of it.
const MAX_BYTES: usize = 2 << 20;
/// Octets of pictures in the sheets of a message, each as often as it is asked for: 16 MiB.
const MAX_PAINT: usize = 16 << 20;
/// The HTML parser is quadratic in depth; real mail stays below 100.
const MAX_DEPTH: usize = 256;

/// Safe HTML and what was taken out of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clean {
    /// The body, without html, head and body elements.
    pub html: String,
    /// How many remote images and other remote things were left out.
    pub blocked: u32,
}

/// Cleans `html`; `inline` maps Content-IDs, and addresses of pictures that were fetched ([`remote::address`]), to `data:` URLs. `None` when it is too large or too deep to be looked at safely.
/// `named`: classes and ids stay, for the sheets of a document of its own.
pub fn clean(html: &str, inline: &BTreeMap<String, String>, named: bool) -> Option<Clean> {
    if html.len() > MAX_BYTES || depth(html) > MAX_DEPTH {
        return None;
    }
    let (html, inline) = (html.to_owned(), inline.clone());
    guarded(move || Some(run(&html, &inline, named)))
}

/// The same with the looks of its `body` on an element that stays: cleaning takes the body away.
pub fn with_ground(html: &str) -> Cow<'_, str> {
    let Some((at, tag)) = body_tag(html) else { return Cow::Borrowed(html) };
    let colour = |name: &str| {
        let lower = tag.to_ascii_lowercase();
        let value = tag.get(lower.find(name)? + name.len()..)?.trim_start_matches(['"', '\'', ' ']);
        let value: String =
            value.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '#').take(20).collect();
        (!value.is_empty()).then_some(value)
    };
    let ground = colour(" bgcolor=").map(|c| format!("background-color:{c};")).unwrap_or_default();
    let ink = colour(" text=").map(|c| format!("color:{c};")).unwrap_or_default();
    let mut out = html[..at].to_owned();
    if !(ground.is_empty() && ink.is_empty()) {
        out.push_str(&format!("<div style=\"{ground}{ink}\">"));
    }
    out.push_str("<div");
    out.push_str(&html[at + "<body".len()..]);
    Cow::Owned(out)
}

/// Where the body begins, and its tag; not one in a comment.
fn body_tag(html: &str) -> Option<(usize, &str)> {
    let mut at = 0;
    loop {
        at += memchr::memchr(b'<', html.as_bytes().get(at..)?)?;
        let rest = &html[at..];
        if rest.starts_with("<!--") {
            at += rest.find("-->")?;
        } else if rest.get(..5).is_some_and(|tag| tag.eq_ignore_ascii_case("<body"))
            && rest[5..].starts_with([' ', '>', '\t', '\r', '\n'])
        {
            return Some((at, &rest[..rest.find('>')?]));
        }
        at += 1;
    }
}

thread_local! {
    // ammonia wants its filter to be Send + Sync + 'static; the count comes back over the thread it runs on.
    static BLOCKED: Cell<u32> = const { Cell::new(0) };
}

fn run(html: &str, inline: &BTreeMap<String, String>, named: bool) -> Clean {
    BLOCKED.set(0);
    let layout = [
        "align",
        "bgcolor",
        "border",
        "cellpadding",
        "cellspacing",
        "color",
        "dir",
        "face",
        "height",
        "size",
        "style",
        "valign",
        "width",
    ];
    let schemes: HashSet<&str> = ["http", "https", "mailto", "mid", "tel", "data", "cid"].into();
    let inline = inline.clone();
    let mut builder = ammonia::Builder::default();
    builder
        .add_clean_content_tags(["title"])
        .add_tags(["font", "center", "u", "s", "big", "tt", "mark"])
        .add_generic_attributes(layout)
        .rm_generic_attributes(["title"])
        .add_tag_attributes("table", ["background"])
        .add_tag_attributes("td", ["background", "colspan", "rowspan"])
        .url_schemes(schemes)
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank")
        .strip_comments(true)
        .attribute_filter(move |element, attribute, value| filter(&inline, element, attribute, value));
    if named {
        builder.add_generic_attributes(["class", "id"]);
    }
    let html = builder.clean(html).to_string();
    Clean { html, blocked: BLOCKED.get() }
}

fn filter<'v>(
    inline: &BTreeMap<String, String>,
    element: &str,
    attribute: &str,
    value: &'v str,
) -> Option<Cow<'v, str>> {
    let lower = value.trim_start().to_ascii_lowercase();
    match (element, attribute) {
        (_, "style") => Some(Cow::Owned(css::filter(value, &|url| {
            let found = picture(inline, url);
            if found.is_none() {
                BLOCKED.set(BLOCKED.get() + 1);
            }
            found.map(str::to_owned)
        }))),
        ("img", "src") => {
            if lower.starts_with("cid:") {
                return picture(inline, value).map(|data| Cow::Owned(data.to_owned()));
            }
            let picture = ["data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp"];
            if picture.iter().any(|p| lower.starts_with(p)) {
                return Some(Cow::Borrowed(value));
            }
            fetched(inline, value)
        }
        (_, "background") => fetched(inline, value),
        ("a", "href") => {
            let fine =
                ["http://", "https://", "mailto:", "mid:", "tel:"].iter().any(|s| lower.starts_with(s));
            fine.then_some(Cow::Borrowed(value))
        }
        (_, "src" | "href" | "cite" | "action" | "poster" | "srcset" | "data") => None,
        _ => Some(Cow::Borrowed(value)),
    }
}

/// A picture that lies elsewhere, where the user wanted it and it was fetched.
fn fetched<'v>(inline: &BTreeMap<String, String>, value: &str) -> Option<Cow<'v, str>> {
    let found = picture(inline, value);
    if found.is_none() {
        BLOCKED.set(BLOCKED.get() + 1);
    }
    found.map(|data| Cow::Owned(data.to_owned()))
}

/// What is here of what a message calls so: it came with the message (RFC 2392), or was fetched.
fn picture<'i>(inline: &'i BTreeMap<String, String>, value: &str) -> Option<&'i str> {
    let value = value.trim();
    let found = match value.split_at_checked(4) {
        Some((scheme, id)) if scheme.eq_ignore_ascii_case("cid:") => inline.get(id),
        _ => inline.get(&remote::address(value)?),
    };
    found.map(String::as_str)
}

/// The style sheets of a message, with the pictures that are here.
pub fn sheets(html: &str, inline: &BTreeMap<String, String>) -> String {
    let left = Cell::new(MAX_PAINT);
    css::sheets(html, &|url| {
        let data = picture(inline, url).filter(|data| data.len() <= left.get())?;
        left.set(left.get() - data.len());
        Some(data.to_owned())
    })
}

/// How deep elements nest, counted roughly and in linear time: open tags less closed ones.
fn depth(html: &str) -> usize {
    const VOID: [&str; 12] =
        ["br", "img", "hr", "meta", "link", "input", "col", "area", "base", "wbr", "source", "!doctype"];
    let (mut now, mut most) = (0usize, 0usize);
    let bytes = html.as_bytes();
    for (i, _) in html.match_indices('<') {
        match bytes.get(i + 1) {
            Some(b'/') => now = now.saturating_sub(1),
            Some(c) if c.is_ascii_alphabetic() => {
                let rest = &bytes[i + 1..(i + 12).min(bytes.len())];
                let name: String = rest
                    .iter()
                    .take_while(|b| b.is_ascii_alphanumeric())
                    .map(|b| b.to_ascii_lowercase() as char)
                    .collect();
                // Paragraphs and cells are mostly left open and close each other.
                if !VOID.contains(&name.as_str()) && !["p", "li", "td", "tr", "th"].contains(&name.as_str()) {
                    now += 1;
                    most = most.max(now);
                }
            }
            _ => {}
        }
    }
    most
}

/// Plain text as HTML: escaped, with links and quoted lines marked.
pub fn from_plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for line in text.lines() {
        let quoted = line.starts_with('>');
        if quoted {
            out.push_str("<span class=\"quote\">");
        }
        for (i, word) in line.split(' ').enumerate() {
            if i > 0 {
                out.push(' ');
            }
            let link = word.trim_matches(|c: char| "<>()[],;\"'.!?".contains(c));
            let leads = ["https://", "http://", "mid:"].iter().any(|scheme| link.starts_with(scheme));
            if leads && link.len() > 10 {
                let at = word.find(link).unwrap_or(0);
                escape(&word[..at], &mut out);
                out.push_str("<a target=\"_blank\" rel=\"noopener noreferrer nofollow\" href=\"");
                escape(link, &mut out);
                out.push_str("\">");
                escape(link, &mut out);
                out.push_str("</a>");
                escape(&word[at + link.len()..], &mut out);
            } else {
                escape(word, &mut out);
            }
        }
        if quoted {
            out.push_str("</span>");
        }
        out.push('\n');
    }
    out
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_out_what_runs_or_reaches() {
        let inline = BTreeMap::from([("Logo@x".to_owned(), "data:image/png;base64,AA".to_owned())]);
        let c = clean(
            "<script>x</script><p onclick=x style='color:red;background:url(http://t)'>oi <img src='http://t/p.gif'>\
             <img src='CID:Logo@x'><a href='javascript:x'>a</a><a href='https://ok.test'>b</a><iframe src=x></iframe>\
             <form action=http://t><input></form><td background='http://t'>",
            &inline,
            false,
        )
        .unwrap_or_default();
        assert!(
            !c.html.contains("http://t") && !c.html.contains("script") && !c.html.contains("onclick"),
            "{}",
            c.html
        );
        assert!(c.html.contains("data:image/png;base64,AA") && c.html.contains("color:red"));
        assert!(c.html.contains("https://ok.test") && c.html.contains("noopener"));
        assert!(c.blocked >= 2);
    }

    #[test]
    fn the_ground_of_a_page_stays() {
        let html = "<!-- <body class=no> --><html><head><title>t</title></head><BODY bgcolor=\"#eee\" text=red class='w' style='margin:0'>x</body></html>";
        let c = clean(&with_ground(html), &BTreeMap::new(), true).unwrap_or_default();
        assert_eq!(
            c.html,
            "<div style=\"background-color:#eee;color:red;\"><div bgcolor=\"#eee\" class=\"w\" style=\"margin:0;\">x</div></div>"
        );
        for same in ["<p>a", "<bodyguard>", "<!-- <body", "<body", "<"] {
            assert_eq!(with_ground(same), same);
        }
    }

    #[test]
    fn depth_and_size_are_bounded() {
        assert_eq!(clean(&"<div>".repeat(100_000), &BTreeMap::new(), true), None);
        assert_eq!(clean(&"x".repeat(MAX_BYTES + 1), &BTreeMap::new(), true), None);
        assert!(clean(&"<p>a<br>".repeat(5_000), &BTreeMap::new(), true).is_some());
    }

    #[test]
    fn plain_text_is_escaped_and_linked() {
        let html = from_plain("<b> & (https://a.test/x?a=1&b=2).\n> citado");
        assert!(html.starts_with("&lt;b&gt; &amp; (<a "));
        assert!(html.contains("href=\"https://a.test/x?a=1&amp;b=2\"") && html.contains("class=\"quote\""));
        assert!(
            from_plain("Veja mid:a%2Bb@x.test.").contains("href=\"mid:a%2Bb@x.test\">mid:a%2Bb@x.test</a>.")
        );
    }
}
