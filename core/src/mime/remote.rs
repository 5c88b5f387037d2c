//! The pictures of a message that lie somewhere else: whoever fetches one tells its server that the message is being read.
//!
//! They are found before the markup is cleaned. Of each is said whether it is there to be seen, or to see: what is too small for the one,
//! or hidden, is there for the other, and so is what is known to count openings (`trackers.txt`).

use super::css;
use super::highlight::tag;
use mail_parser::decoders::html::html_to_text;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use url::Url;

/// More than that is not looked at: 2 MiB.
const LARGEST: usize = 2 << 20;
/// More pictures than that are not fetched.
const MOST: usize = 200;
/// A picture of so many pixels in one direction shows nothing.
const PIXELS: u32 = 2;
/// The longest address.
const LONGEST: usize = 4096;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Picture {
    /// Where it lies, over https (http only on this device itself).
    pub url: String,
    /// It watches who reads: the name of whose it is, or the host.
    pub tracker: Option<String>,
}

/// All that the markup asks for, each once, in the order in which they are asked for.
pub fn pictures(html: &str) -> Vec<Picture> {
    let html = &html[..html.floor_char_boundary(LARGEST)];
    let all = RefCell::new((BTreeSet::new(), Vec::new()));
    let add = |url: String, hidden: bool| {
        let (seen, found) = &mut *all.borrow_mut();
        if found.len() < MOST && seen.insert(url.clone()) {
            let tracker = known(&url).or_else(|| hidden.then(|| host(&url)));
            found.push(Picture { url, tracker });
        }
    };
    // As what is shown is painted, so that nothing else is asked for.
    let ground = |url: &str| {
        if let Some(url) = address(url) {
            add(url, false);
        }
        None
    };
    let mut at = 0;
    while let Some(next) = html[at..].find('<').map(|n| at + n) {
        at = next + tag(&html[next..]).max(1);
        let Some(element) = html.get(next..at) else { continue };
        let attributes = attributes(element);
        let of = |name: &str| attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        let picture = element.get(1..4).is_some_and(|n| n.eq_ignore_ascii_case("img"));
        if let Some(url) = of(if picture { "src" } else { "background" }).and_then(address) {
            add(url, picture && is_hidden(&of));
        }
        if let Some(style) = of("style").filter(|style| style.contains('(')) {
            css::filter(style, &ground);
        }
    }
    if html.as_bytes().windows(4).any(|w| w.eq_ignore_ascii_case(b"url(")) {
        css::sheets(html, &ground);
    }
    all.into_inner().1
}

/// Where a picture lies that the markup calls so; `None` for one that lies nowhere else.
pub fn address(value: &str) -> Option<String> {
    let value = value.trim();
    if value.len() > LONGEST {
        return None;
    }
    let absolute = if value.starts_with("//") { format!("https:{value}") } else { value.to_owned() };
    let mut url = Url::parse(&absolute).ok()?;
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1"));
    match url.scheme() {
        "https" => {}
        "http" if here => {}
        "http" => url.set_scheme("https").ok()?,
        _ => return None,
    }
    url.host_str()?;
    // A name and password in an address are no business of a picture.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    Some(url.into())
}

/// Names and values, decoded; names in small letters.
fn attributes(element: &str) -> Vec<(String, String)> {
    let mut rest = element.trim_start_matches('<').trim_end_matches('>');
    rest = rest.find(|c: char| c.is_whitespace() || c == '/').map_or("", |n| &rest[n..]);
    let mut all = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() || all.len() > 50 {
            return all;
        }
        // The first letter of a name may be any.
        let ends = |(n, c): &(usize, char)| *n > 0 && (c.is_whitespace() || "=/".contains(*c));
        let end = rest.char_indices().find(ends).map_or(rest.len(), |(n, _)| n);
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let Some(value) = rest.strip_prefix('=') else {
            all.push((name, String::new()));
            continue;
        };
        let value = value.trim_start();
        let quote = value.chars().next().filter(|c| "\"'".contains(*c));
        let (raw, after) = match quote {
            Some(q) => value[1..].split_once(q).unwrap_or((&value[1..], "")),
            None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        all.push((name, if raw.contains('&') { html_to_text(raw) } else { raw.to_owned() }));
        rest = after;
    }
}

fn is_hidden<'a>(of: &impl Fn(&str) -> Option<&'a str>) -> bool {
    let small = |text: &str| {
        let digits: String = text.trim().chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().is_ok_and(|n| n <= PIXELS) && !text.contains('%')
    };
    if ["width", "height"].into_iter().any(|name| of(name).is_some_and(small)) {
        return true;
    }
    let style = of("style").unwrap_or_default().to_ascii_lowercase();
    style.split(';').filter_map(|d| d.split_once(':')).any(|(name, value)| match name.trim() {
        "width" | "height" | "max-width" | "max-height" => small(value) && !value.contains("em"),
        "display" => value.trim().starts_with("none"),
        "visibility" => value.trim().starts_with("hidden"),
        "opacity" => value.trim() == "0",
        _ => false,
    })
}

/// Host, beginning of the path, name.
static TRACKERS: LazyLock<Vec<(&str, &str, &str)>> = LazyLock::new(|| {
    let lines = include_str!("trackers.txt").lines().filter(|l| !l.starts_with('#'));
    lines
        .filter_map(|l| {
            let (name, place) = l.split_once('\t')?;
            let (host, path) = place.split_once(' ').unwrap_or((place, ""));
            Some((host, path, name))
        })
        .collect()
});

fn known(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?;
    let below = |zone: &str| host == zone || host.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'));
    let found = TRACKERS.iter().find(|(zone, path, _)| below(zone) && url.path().starts_with(path));
    found.map(|(.., name)| (*name).to_owned())
}

fn host(url: &str) -> String {
    Url::parse(url).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default()
}

/// The media type of a picture that can be shown, by how it begins, whatever its server says.
pub fn kind(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_to_be_seen_and_what_to_see() {
        let html = "<img src='http://loja.test/capa.jpg?a=1&amp;b=2' width=600><IMG alt='a>b' SRC=//cdn.test/x.png >\
            <img width=1 height=1 src=https://conta.test/p?u=9><img src=\"https://x.list-manage.com/track/open.php?u=1\" width=\"300\">\
            <img style='display:none' src=https://h.test/h><td background=\"https://loja.test/fundo.png\"><img src=cid:logo><img src=data:image/png;base64,AA>\
            <p style=\"background:#eee url('https://loja.test/papel.png?a=1&amp;b=2')\"><p style='list-style:url(https://t.test/no)'>\
            <style>@font-face{src:url(https://t.test/no)}.a{background-image:url(//loja.test/folha.png)}</style>\
            <img src='https://loja.test/capa.jpg?a=1&amp;b=2'><img src='https://u:p@loja.test/q.png#x' style='width:1.5em'>";
        let found: Vec<(String, Option<String>)> =
            pictures(html).into_iter().map(|p| (p.url, p.tracker)).collect();
        let seen = |url: &str| (url.to_owned(), None);
        let sees = |url: &str, who: &str| (url.to_owned(), Some(who.to_owned()));
        assert_eq!(
            found,
            [
                seen("https://loja.test/capa.jpg?a=1&b=2"),
                seen("https://cdn.test/x.png"),
                sees("https://conta.test/p?u=9", "conta.test"),
                sees("https://x.list-manage.com/track/open.php?u=1", "Mailchimp"),
                sees("https://h.test/h", "h.test"),
                seen("https://loja.test/fundo.png"),
                seen("https://loja.test/papel.png?a=1&b=2"),
                seen("https://loja.test/q.png"),
                seen("https://loja.test/folha.png"),
            ]
        );
    }

    #[test]
    fn every_line_of_the_list_is_one() {
        let lines = include_str!("trackers.txt").lines().filter(|l| !l.starts_with('#')).count();
        assert_eq!(TRACKERS.len(), lines);
        assert!(TRACKERS.iter().all(|(host, ..)| Url::parse(&format!("https://{host}/")).is_ok()));
    }

    proptest::proptest! {
        #[test]
        fn whatever_it_is(html in "(<|>|img|IMG | src=| background=|'|\"|=|/|é|&amp;|https://a.test/|width=1| ){0,60}") {
            pictures(&html);
        }
    }
}
