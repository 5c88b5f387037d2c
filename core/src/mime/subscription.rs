//! The mailing list that a message came through, and the way out of it (RFC 2369, RFC 2919, RFC 8058).

use super::guarded;
use super::header::{self, section, tidy, tidy_start};
use mail_parser::MessageParser;
use url::Url;

/// A mailing list as one of its messages names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct List {
    /// As people call it; else its id.
    pub name: String,
    /// The way out; `None` = it names none that is safe to go.
    pub leave: Option<Leave>,
}

/// How a list is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leave {
    /// One request to this address over https says it, and nobody has to look at a page (RFC 8058).
    OneClick(String),
    /// By a message.
    Mail {
        /// To whom.
        to: String,
        /// What it is about.
        subject: String,
        /// What it says.
        text: String,
    },
    /// On a page that the user has to look at.
    Page(String),
}

/// What a message says of the list it came through; `None` = it came through none.
pub fn list(raw: &[u8]) -> Option<List> {
    guarded(|| {
        let m = MessageParser::new().parse_headers(section(raw))?;
        // As they are written: parsers take these for addresses.
        let field = |name: &'static str| m.header_raw(name).map(tidy).unwrap_or_default();
        let (id, ways) = (field("List-Id"), field("List-Unsubscribe"));
        if id.is_empty() && ways.is_empty() {
            return None;
        }
        let one_click = field("List-Unsubscribe-Post").eq_ignore_ascii_case("List-Unsubscribe=One-Click");
        let (name, inside) = header::list_of(&m);
        let name = if name.is_empty() { inside } else { name };
        Some(List { name: tidy_start(name.chars(), 100), leave: leave(&ways, one_click) })
    })
}

/// The easiest of the ways that a field names: one request, a message, a page.
fn leave(field: &str, one_click: bool) -> Option<Leave> {
    let mut ways: Vec<Leave> = field
        .split('<')
        .skip(1)
        .filter_map(|part| part.split_once('>'))
        .filter_map(|(url, _)| way(&url.split_whitespace().collect::<String>(), one_click))
        .take(10)
        .collect();
    let order = |w: &Leave| match w {
        Leave::OneClick(_) => 0,
        Leave::Mail { .. } => 1,
        Leave::Page(_) => 2,
    };
    ways.sort_by_key(order);
    ways.into_iter().next()
}

fn way(url: &str, one_click: bool) -> Option<Leave> {
    // `+` stands for itself in a mailto: link (RFC 6068 section 5).
    let url = Url::parse(&if url.starts_with("mailto:") { url.replace('+', "%2B") } else { url.to_owned() })
        .ok()?;
    match url.scheme() {
        "https" if one_click => Some(Leave::OneClick(url.into())),
        "https" => Some(Leave::Page(url.into())),
        "mailto" => {
            let decoded = |text: &str| {
                url::form_urlencoded::parse(format!("x={text}").as_bytes())
                    .next()
                    .map(|(_, v)| v.into_owned())
                    .unwrap_or_default()
            };
            let to = tidy(&decoded(url.path()));
            let field = |name: &str| {
                let found = url.query_pairs().find(|(k, _)| k.eq_ignore_ascii_case(name));
                found.map(|(_, v)| v.into_owned()).unwrap_or_default()
            };
            // To one, and to nobody else: a link that writes to many is no way out.
            let one = to.contains('@') && !to.contains([',', ';', ' ']);
            one.then(|| Leave::Mail { to, subject: tidy(&field("subject")), text: field("body") })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &str) -> Option<List> {
        list(format!("From: a@b.test\r\n{fields}\r\nhttps://not.header.test\r\n").as_bytes())
    }

    #[test]
    fn the_easiest_way_out_that_is_safe() {
        assert_eq!(of(""), None);
        let both = "List-Unsubscribe: <mailto:sair+x@lista.test?subject=sair%20j%C3%A1&body=id%3D1>,\r\n <https://lista.test/u?x=1>\r\n";
        let mail =
            Leave::Mail { to: "sair+x@lista.test".into(), subject: "sair já".into(), text: "id=1".into() };
        assert_eq!(of(both).and_then(|l| l.leave), Some(mail));
        let click = format!("{both}List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
        assert_eq!(
            of(&click).and_then(|l| l.leave),
            Some(Leave::OneClick("https://lista.test/u?x=1".into()))
        );
        let page = "List-Id: =?utf-8?Q?Promo=C3=A7=C3=B5es?= <promo.lista.test>\r\nList-Unsubscribe: <https://lista.test/>\r\n";
        let named = of(page).unwrap_or_default();
        assert_eq!(
            (named.name.as_str(), named.leave),
            ("Promoções", Some(Leave::Page("https://lista.test/".into())))
        );
        assert_eq!(
            of("List-Id: <dev.lista.test>\r\n").map(|l| (l.name, l.leave)),
            Some(("dev.lista.test".into(), None))
        );
    }

    #[test]
    fn what_is_no_way_out_is_none() {
        for bad in [
            "<http://lista.test/u>",
            "<javascript:alert(1)>",
            "<file:///etc/passwd>",
            "<mailto:a@b.test,c@d.test>",
            "<mailto:?bcc=x@y.test>",
            "https://lista.test/u",
            "<",
            "",
        ] {
            let fields =
                format!("List-Unsubscribe: {bad}\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
            assert_eq!(of(&fields).and_then(|l| l.leave), None, "{bad}");
        }
        let header = "List-Unsubscribe: <mailto:a@b.test?subject=x%0D%0ABcc:%20y@z.test&cc=w@z.test>\r\n";
        let Some(Leave::Mail { subject, .. }) = of(header).and_then(|l| l.leave) else { panic!("no way") };
        assert_eq!(subject, "x Bcc: y@z.test");
    }
}
