//! BODYSTRUCTURE (RFC 9051 section 7.5.2): which parts a message has, and how to ask for each.
//!
//! The tree is kept flat, a parent before its children, so that nothing here calls itself on what a server says. What a
//! server leaves out or gets wrong costs that field: Gmail's `("RELATED" NIL ("ATTACHMENT" NIL) NIL)` is a multipart
//! without parts.

use super::envelope::{self, Envelope};
use super::value::Value;

/// All parts of a message; the first one is the message itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Structure {
    /// Parents before children, in the order of the message.
    pub parts: Vec<Part>,
}

/// One part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// Index of the part around it.
    pub parent: Option<usize>,
    /// What to put into `BODY[…]` (RFC 9051 section 6.4.5.1); empty for a multipart that is the whole message.
    pub section: String,
    /// Media type in lower case; `multipart` also where the server does not spell it.
    pub kind: String,
    /// Media subtype in lower case.
    pub subtype: String,
    /// Parameters, names in lower case.
    pub parameters: Vec<(String, String)>,
    /// Content-ID
    pub id: Option<String>,
    /// Content-Description
    pub description: Option<String>,
    /// Content-Transfer-Encoding in lower case.
    pub encoding: String,
    /// Bytes, encoded.
    pub size: u64,
    /// Lines, of text and of messages.
    pub lines: Option<u64>,
    /// The header of an embedded message, whose body is the part's one child.
    pub envelope: Option<Box<Envelope>>,
    /// Content-MD5
    pub md5: Option<String>,
    /// Content-Disposition in lower case and its parameters.
    pub disposition: Option<(String, Vec<(String, String)>)>,
    /// Content-Language
    pub language: Vec<String>,
    /// Content-Location
    pub location: Option<String>,
    /// What later standards may add (`body-extension`).
    pub extension: Vec<Value>,
}

impl Structure {
    /// Reads one; `None` for what is no list.
    pub fn read(value: &Value) -> Option<Self> {
        if !matches!(value, Value::List(_)) {
            return None;
        }
        let mut parts: Vec<Part> = Vec::new();
        // What is still to be read: value, parent, section. Last in, first out, so children go in backwards.
        let mut todo = vec![(value, None, String::new())];
        while let Some((value, parent, section)) = todo.pop() {
            let items = value.list();
            let at = parts.len();
            let multipart = is_multipart(items);
            let mut part = if multipart { read_multipart(items) } else { read_single(items) };
            let below = |n: usize| if section.is_empty() { n.to_string() } else { format!("{section}.{n}") };
            if multipart {
                let children = items.iter().take_while(|v| matches!(v, Value::List(_))).enumerate();
                let children: Vec<_> = children.map(|(i, v)| (v, Some(at), below(i + 1))).collect();
                todo.extend(children.into_iter().rev());
            } else if part.envelope.is_some()
                && let Some(body) = items.get(8).filter(|b| matches!(b, Value::List(_)))
            {
                // A message's multipart has the message's own number; anything else in it is its part 1.
                let own = if section.is_empty() { "1".to_owned() } else { section.clone() };
                let number = if is_multipart(body.list()) { own } else { format!("{own}.1") };
                todo.push((body, Some(at), number));
            }
            part.section = if section.is_empty() && !multipart { "1".to_owned() } else { section };
            part.parent = parent;
            parts.push(part);
        }
        Some(Self { parts })
    }

    /// True when a part is marked as an attachment, or is neither text nor an image inside a multipart/related.
    pub fn has_attachments(&self) -> bool {
        self.parts.iter().any(|part| {
            let around = part.parent.map_or("", |p| self.parts[p].subtype.as_str());
            let bundled = matches!(around, "related" | "alternative");
            let attached = part.disposition.as_ref().is_some_and(|(kind, _)| kind == "attachment");
            match part.kind.as_str() {
                "" | "multipart" => false,
                "text" => attached,
                _ => attached || !bundled,
            }
        })
    }
}

/// A list begins with its parts; one without parts has no second string where a media subtype would be.
fn is_multipart(items: &[Value]) -> bool {
    matches!(items.first(), Some(Value::List(_)))
        || (items.first().is_some_and(|v| v.bytes().is_some())
            && items.get(1).is_none_or(|v| v.bytes().is_none()))
}

fn lower(value: Option<&Value>) -> String {
    value.and_then(Value::text).unwrap_or_default().to_ascii_lowercase()
}

/// `body-fld-param = "(" string SP string *(SP string SP string) ")" / nil`
fn parameters(value: Option<&Value>) -> Vec<(String, String)> {
    let pairs = value.map_or(&[][..], Value::list).chunks_exact(2);
    pairs.map(|p| (lower(Some(&p[0])), p[1].text().unwrap_or_default())).collect()
}

/// `body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]`
fn read_multipart(items: &[Value]) -> Part {
    let rest = &items[items.iter().take_while(|v| matches!(v, Value::List(_))).count()..];
    let mut part = Part {
        kind: "multipart".to_owned(),
        subtype: lower(rest.first()),
        parameters: parameters(rest.get(1)),
        ..Part::default()
    };
    extension(&mut part, rest.get(2..).unwrap_or_default());
    part
}

/// `body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]`
fn read_single(items: &[Value]) -> Part {
    let mut part = Part {
        kind: lower(items.first()),
        subtype: lower(items.get(1)),
        parameters: parameters(items.get(2)),
        id: items.get(3).and_then(Value::text),
        description: items.get(4).and_then(Value::text),
        encoding: lower(items.get(5)),
        size: items.get(6).and_then(Value::number).unwrap_or(0),
        ..Part::default()
    };
    let mut rest = items.get(7..).unwrap_or_default();
    if part.kind == "message" && matches!(rest.first(), Some(Value::List(_))) {
        part.envelope = rest.first().and_then(envelope::envelope).map(Box::new);
        part.lines = rest.get(2).and_then(Value::number);
        rest = rest.get(3..).unwrap_or_default();
    } else if part.kind == "text"
        && let Some(lines) = rest.first().and_then(Value::number)
    {
        part.lines = Some(lines);
        rest = &rest[1..];
    }
    part.md5 = rest.first().and_then(Value::text);
    extension(&mut part, rest.get(1..).unwrap_or_default());
    part
}

/// `[SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc *(SP body-extension)]]]`
fn extension(part: &mut Part, items: &[Value]) {
    part.disposition = items
        .first()
        .filter(|d| !d.list().is_empty())
        .map(|d| (lower(d.list().first()), parameters(d.list().get(1))));
    part.language = match items.get(1) {
        Some(Value::List(all)) => all.iter().filter_map(Value::text).collect(),
        one => one.and_then(Value::text).into_iter().collect(),
    };
    part.location = items.get(2).and_then(Value::text);
    part.extension = items.get(3..).unwrap_or_default().to_vec();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::imap::value::Cursor;

    fn read(text: &str) -> Structure {
        Cursor::new(text.as_bytes()).value().ok().and_then(|v| Structure::read(&v)).unwrap_or_default()
    }

    const TEXT: &str = r#"("TEXT" "PLAIN" ("CHARSET" "UTF-8") NIL NIL "7BIT" 12 1 NIL NIL NIL)"#;
    const PDF: &str = r#"("APPLICATION" "PDF" ("NAME" "a.pdf") NIL NIL "BASE64" 99 NIL ("ATTACHMENT" ("FILENAME" "a.pdf")) NIL)"#;

    #[test]
    fn finds_what_a_person_would_call_an_attachment() {
        let inline = r#"("IMAGE" "PNG" NIL "<x>" NIL "BASE64" 99 NIL ("INLINE" NIL) NIL)"#;
        let attached = |text: &str| read(text).has_attachments();
        assert!(!attached(TEXT));
        assert!(attached(&format!("({TEXT}{PDF} \"MIXED\" (\"BOUNDARY\" \"b\") NIL NIL)")));
        assert!(!attached(&format!("({TEXT}{inline} \"RELATED\" (\"BOUNDARY\" \"b\") NIL NIL)")));
        assert!(attached(&format!("({TEXT}{inline} \"MIXED\" NIL NIL NIL)")));
        assert!(!attached("NIL"));
    }

    #[test]
    fn sections_are_numbered_as_fetch_wants_them() {
        let envelope = "(NIL \"s\" NIL NIL NIL NIL NIL NIL NIL NIL)";
        let inner = format!("({TEXT}{PDF} \"MIXED\")");
        let message =
            |body: &str| format!("(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 9 {envelope} {body} 3)");
        let s = read(&format!("({TEXT}{}{} \"MIXED\")", message(&inner), message(TEXT)));
        let sections: Vec<&str> = s.parts.iter().map(|p| p.section.as_str()).collect();
        assert_eq!(sections, ["", "1", "2", "2", "2.1", "2.2", "3", "3.1"]);
        let parents: Vec<_> = s.parts.iter().map(|p| p.parent).collect();
        assert_eq!(parents, [None, Some(0), Some(0), Some(2), Some(3), Some(3), Some(0), Some(6)]);
        assert_eq!(read(TEXT).parts[0].section, "1");
    }

    #[test]
    fn a_multipart_without_parts_is_one() {
        let s = read(&format!("({TEXT}(\"RELATED\" NIL (\"ATTACHMENT\" NIL) NIL) \"MIXED\")"));
        assert_eq!((s.parts[2].kind.as_str(), s.parts[2].subtype.as_str()), ("multipart", "related"));
        assert!(!s.has_attachments());
    }
}
