//! What the list needs to know of a BODYSTRUCTURE (RFC 9051 section 7.5.2): does the message carry attachments?

use super::value::Value;

/// True when a part is marked as an attachment, or is neither text nor an image inside a multipart/related.
pub fn has_attachments(structure: &Value) -> bool {
    // A stack of ours: (part, inside multipart/related or multipart/alternative). Depth is bounded by the parser.
    let mut parts = vec![(structure, false)];
    while let Some((part, bundled)) = parts.pop() {
        let items = part.list();
        if matches!(items.first(), Some(Value::List(_))) {
            let children = items.iter().take_while(|v| matches!(v, Value::List(_)));
            let subtype = items.iter().find_map(Value::text).unwrap_or_default().to_ascii_lowercase();
            parts.extend(children.map(|c| (c, matches!(subtype.as_str(), "related" | "alternative"))));
            continue;
        }
        let kind = items.first().and_then(Value::text).unwrap_or_default().to_ascii_lowercase();
        if kind.is_empty() {
            continue;
        }
        // body-fld-dsp = "(" string SP body-fld-param ")": the one list of the extension data that begins with a disposition.
        let disposition = items.iter().skip(3).filter_map(|v| v.list().first()).filter_map(Value::text);
        let mut attached = false;
        for word in disposition {
            attached |= word.eq_ignore_ascii_case("attachment");
        }
        if attached || (!bundled && !matches!(kind.as_str(), "text" | "multipart")) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::imap::value::Cursor;

    fn attached(text: &str) -> bool {
        Cursor::new(text.as_bytes()).value().is_ok_and(|v| has_attachments(&v))
    }

    #[test]
    fn finds_what_a_person_would_call_an_attachment() {
        let text = r#"("TEXT" "PLAIN" ("CHARSET" "UTF-8") NIL NIL "7BIT" 12 1 NIL NIL NIL)"#;
        let pdf = r#"("APPLICATION" "PDF" ("NAME" "a.pdf") NIL NIL "BASE64" 99 NIL ("ATTACHMENT" ("FILENAME" "a.pdf")) NIL)"#;
        let inline = r#"("IMAGE" "PNG" NIL "<x>" NIL "BASE64" 99 NIL ("INLINE" NIL) NIL)"#;
        assert!(!attached(text));
        assert!(attached(&format!("({text}{pdf} \"MIXED\" (\"BOUNDARY\" \"b\") NIL NIL)")));
        assert!(!attached(&format!("({text}{inline} \"RELATED\" (\"BOUNDARY\" \"b\") NIL NIL)")));
        assert!(attached(&format!("({text}{inline} \"MIXED\" NIL NIL NIL)")));
        assert!(!attached("NIL"));
    }
}
