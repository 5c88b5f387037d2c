//! Filters the `style` attribute of mail: a list of harmless properties, and no value that could fetch anything.

use cssparser::{Parser, Token};

const PROPERTIES: &[&str] = &[
    "background-color",
    "border",
    "border-bottom",
    "border-bottom-color",
    "border-bottom-style",
    "border-bottom-width",
    "border-collapse",
    "border-color",
    "border-left",
    "border-left-color",
    "border-left-style",
    "border-left-width",
    "border-radius",
    "border-right",
    "border-right-color",
    "border-right-style",
    "border-right-width",
    "border-spacing",
    "border-style",
    "border-top",
    "border-top-color",
    "border-top-style",
    "border-top-width",
    "border-width",
    "clear",
    "color",
    "direction",
    "display",
    "empty-cells",
    "float",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-variant",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "list-style-type",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-height",
    "max-width",
    "min-height",
    "min-width",
    "opacity",
    "overflow-wrap",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "table-layout",
    "text-align",
    "text-decoration",
    "text-indent",
    "text-transform",
    "vertical-align",
    "white-space",
    "width",
    "word-break",
    "word-spacing",
    "word-wrap",
    "background",
];

/// What is left of a style attribute.
pub(super) fn filter(style: &str) -> String {
    let mut parser = Parser::new(style);
    let mut out = String::new();
    while !parser.is_exhausted() {
        let start = parser.position();
        // Up to the next semicolon at this level, whatever is in between.
        let fine = parser.parse_until_after(cssparser::Delimiter::Semicolon, |p| {
            Ok::<bool, cssparser::ParseError<()>>(declaration(p))
        });
        let text = parser.slice_from(start).trim().trim_end_matches(';');
        // The contents of a function are one token here, so the text is looked at once more.
        let reaches = text.to_ascii_lowercase().contains("url");
        if matches!(fine, Ok(true)) && !reaches && !text.contains(['\\', '<', '>', '{', '}']) {
            out.push_str(text);
            out.push(';');
        }
    }
    out
}

/// True when the declaration is on the list and its value fetches nothing.
fn declaration(p: &mut Parser<'_>) -> bool {
    let named = p
        .expect_ident()
        .is_ok_and(|name| PROPERTIES.iter().any(|allowed| allowed.eq_ignore_ascii_case(name)));
    let colon = p.expect_colon().is_ok();
    let mut harmless = named && colon;
    while let Ok(token) = p.next() {
        harmless &= match token {
            Token::Function(f) => {
                ["rgb", "rgba", "hsl", "hsla", "calc"].iter().any(|ok| f.eq_ignore_ascii_case(ok))
            }
            Token::UnquotedUrl(_) | Token::BadUrl(_) | Token::BadString(_) | Token::AtKeyword(_) => false,
            Token::CurlyBracketBlock | Token::SquareBracketBlock => false,
            _ => true,
        };
    }
    harmless
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn keeps_looks_and_drops_reach() {
        assert_eq!(filter("color: red; position: fixed; margin:0 auto"), "color: red;margin:0 auto;");
        for evil in [
            "background:url(http://x)",
            "background: URL('//x')",
            "background:image-set('x' 1x)",
            "width:expression(1)",
            "color:red;}body{color:blue",
            "background:u\\72l(http://x)",
            "behavior:url(x)",
            "-moz-binding:url(x)",
            "@import 'x'",
        ] {
            let left = filter(evil).to_lowercase();
            assert!(
                !left.contains("url") && !left.contains("http") && !left.contains('}') && !left.contains('x'),
                "{evil} -> {left}"
            );
        }
    }
}
