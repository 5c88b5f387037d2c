//! Links that name a message by its Message-ID (RFC 2392): the same on every device, and for everybody who has it.
//!
//! ```text
//! mid-url = "mid" ":" message-id [ "/" content-id ]     ; ids without brackets, %-escaped
//! ```

/// No id is longer (RFC 5322 section 2.1.1).
const LONGEST: usize = 998;

/// The link that names a message; `None` for one without a name. `id` without brackets.
pub fn link(id: &str) -> Option<String> {
    let id = id.trim();
    if id.is_empty() || id.len() > LONGEST {
        return None;
    }
    let mut link = String::from("mid:");
    for octet in id.bytes() {
        // Of what may stand in a path (RFC 3986 section 3.3) that which nobody takes for the end of a link, or for a blank.
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' | b'$' | b'=' => {
                link.push(char::from(octet));
            }
            _ => link.push_str(&format!("%{octet:02X}")),
        }
    }
    Some(link)
}

/// The Message-ID that a link means, without brackets; `link` without `mid:`.
pub fn of_link(link: &str) -> Option<String> {
    unescaped(link.trim().split('/').next().unwrap_or_default()).filter(|id| fine(id))
}

/// The Message-ID that stands so in a header; without brackets only where it looks like one.
pub fn of_header(text: &str) -> Option<String> {
    let text = text.trim();
    let bare = text.strip_prefix('<').and_then(|t| t.strip_suffix('>'));
    let id = bare.or_else(|| Some(text).filter(|t| t.contains('@')))?;
    fine(id).then(|| id.to_owned())
}

fn fine(id: &str) -> bool {
    !id.is_empty() && id.len() <= LONGEST && !id.contains(|c: char| c.is_control() || c.is_whitespace())
}

fn unescaped(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, more)) = rest.split_first() {
        let digit = |at: usize| more.get(at).and_then(|c| char::from(*c).to_digit(16));
        match digit(0).zip(digit(1)).filter(|_| first == b'%') {
            Some((high, low)) => {
                octets.push((high * 16 + low) as u8);
                rest = &more[2..];
            }
            // A lone `%` stands for itself: ids have been seen to be copied into links as they are.
            None => {
                octets.push(first);
                rest = more;
            }
        }
    }
    String::from_utf8(octets).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn as_people_meet_them() {
        assert_eq!(link("a+b/c%d@x.test").as_deref(), Some("mid:a%2Bb%2Fc%25d@x.test"));
        assert_eq!(link(" "), None);
        for (text, meant) in [
            ("a%2Bb%2Fc%25d@x.test", Some("a+b/c%d@x.test")),
            ("960830.1639@XIson.com/partA.960830.1639@XIson.com", Some("960830.1639@XIson.com")),
            ("100%@x", Some("100%@x")),
            ("%+1@x", Some("%+1@x")),
            ("x", Some("x")),
            ("", None),
            ("a%20b@x", None),
            ("a%00@x", None),
            ("a%FF@x", None),
        ] {
            assert_eq!(of_link(text).as_deref(), meant, "{text}");
        }
        for (text, meant) in [
            ("<a/b%20c@x>", Some("a/b%20c@x")),
            ("a/b@x", Some("a/b@x")),
            ("<a>", Some("a")),
            ("a", None),
            ("<>", None),
        ] {
            assert_eq!(of_header(text).as_deref(), meant, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_link_leads_back(name in "[!-~é]{1,20}@[!-~]{1,20}") {
            let link = link(&name).unwrap_or_default();
            prop_assert_eq!(of_link(&link["mid:".len()..]), Some(name));
            prop_assert!(!link.contains(['"', '<', '>', '&', ' ', '(', ')']));
        }
    }
}
