//! Filters the styles of mail, of attributes and of whole sheets: a list of harmless properties, and no value that could fetch anything.

use cssparser::{Delimiter, Parser, Token};
use std::borrow::Cow;

/// Rules of one sheet, and how deep `@media` stands in `@media`.
const RULES: usize = 4000;
const DEEPEST: usize = 3;
/// Octets of all sheets of a message that are read: 512 KiB.
const LARGEST: usize = 512 << 10;

const PROPERTIES: &[&str] = &[
    "align-content",
    "align-items",
    "align-self",
    "aspect-ratio",
    "background",
    "background-clip",
    "background-color",
    "background-image",
    "background-position",
    "background-repeat",
    "background-size",
    "block-size",
    "border",
    "border-block",
    "border-block-end",
    "border-block-start",
    "border-bottom",
    "border-bottom-color",
    "border-bottom-left-radius",
    "border-bottom-right-radius",
    "border-bottom-style",
    "border-bottom-width",
    "border-collapse",
    "border-color",
    "border-inline",
    "border-inline-end",
    "border-inline-start",
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
    "border-top-left-radius",
    "border-top-right-radius",
    "border-top-style",
    "border-top-width",
    "border-width",
    "box-shadow",
    "box-sizing",
    "caption-side",
    "clear",
    "color",
    "column-count",
    "column-gap",
    "columns",
    "direction",
    "display",
    "empty-cells",
    "flex",
    "flex-basis",
    "flex-direction",
    "flex-flow",
    "flex-grow",
    "flex-shrink",
    "flex-wrap",
    "float",
    "font",
    "font-family",
    "font-size",
    "font-stretch",
    "font-style",
    "font-variant",
    "font-weight",
    "gap",
    "grid-area",
    "grid-column",
    "grid-gap",
    "grid-row",
    "grid-template-columns",
    "grid-template-rows",
    "height",
    "hyphens",
    "inline-size",
    "justify-content",
    "justify-items",
    "justify-self",
    "letter-spacing",
    "line-height",
    "list-style",
    "list-style-position",
    "list-style-type",
    "margin",
    "margin-block",
    "margin-block-end",
    "margin-block-start",
    "margin-bottom",
    "margin-inline",
    "margin-inline-end",
    "margin-inline-start",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-block-size",
    "max-height",
    "max-inline-size",
    "max-width",
    "min-block-size",
    "min-height",
    "min-inline-size",
    "min-width",
    "object-fit",
    "opacity",
    "order",
    "outline",
    "outline-color",
    "outline-style",
    "outline-width",
    "overflow",
    "overflow-wrap",
    "padding",
    "padding-block",
    "padding-block-end",
    "padding-block-start",
    "padding-bottom",
    "padding-inline",
    "padding-inline-end",
    "padding-inline-start",
    "padding-left",
    "padding-right",
    "padding-top",
    "row-gap",
    "table-layout",
    "text-align",
    "text-align-last",
    "text-decoration",
    "text-decoration-color",
    "text-decoration-line",
    "text-decoration-style",
    "text-indent",
    "text-overflow",
    "text-shadow",
    "text-transform",
    "unicode-bidi",
    "vertical-align",
    "visibility",
    "white-space",
    "width",
    "word-break",
    "word-spacing",
    "word-wrap",
    "writing-mode",
];

/// Functions that fetch nothing, whatever stands in them.
const FUNCTIONS: &[&str] = &[
    "calc",
    "clamp",
    "color",
    "color-mix",
    "conic-gradient",
    "fit-content",
    "hsl",
    "hsla",
    "hwb",
    "lab",
    "lch",
    "light-dark",
    "linear-gradient",
    "max",
    "min",
    "minmax",
    "oklab",
    "oklch",
    "radial-gradient",
    "repeat",
    "repeating-linear-gradient",
    "repeating-radial-gradient",
    "rgb",
    "rgba",
];

/// Gives for where a picture lies its `data:` URL, if it is here and may be shown.
pub(super) type Paint<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What is left of a style attribute. A ground that is a picture is one that `paint` gives, or none.
pub(super) fn filter(style: &str, paint: Paint<'_>) -> String {
    let style = without_comments(style);
    let mut parser = Parser::new(&style);
    let mut out = String::new();
    while !parser.is_exhausted() {
        // Up to the next semicolon at this level, whatever is in between.
        let kept = parser.parse_until_after(Delimiter::Semicolon, |p| {
            Ok::<_, cssparser::ParseError<()>>(declaration(p, paint))
        });
        if let Ok(Some(text)) = kept {
            out.push_str(&text);
            out.push(';');
        }
    }
    out
}

/// What is left of the sheets of a message. It stands in a `style` element of a document of its own, and nothing leads out of that: no `<`.
pub(super) fn sheet(css: &str, paint: Paint<'_>) -> String {
    // Marks of old, around all of it.
    let css = css.trim().trim_start_matches("<!--").trim_end_matches("-->");
    let css = without_comments(&css[..css.floor_char_boundary(LARGEST)]);
    let (mut out, mut rules) = (String::new(), 0);
    rules_of(&mut Parser::new(&css), 0, &mut rules, paint, &mut out);
    out
}

/// One that does not end takes the rest with it.
fn without_comments(css: &str) -> Cow<'_, str> {
    if !css.contains("/*") {
        return Cow::Borrowed(css);
    }
    let (mut out, mut rest) = (String::with_capacity(css.len()), css);
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        out.push(' ');
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The sheets that stand in a message, each behind the other; what only Outlook reads stands in comments.
pub(super) fn sheets(html: &str, paint: Paint<'_>) -> String {
    let (mut out, mut rest, mut read) = (String::new(), html, 0);
    while let Some(at) = memchr::memchr(b'<', rest.as_bytes()) {
        rest = &rest[at..];
        if rest.starts_with("<!--") {
            rest = rest.find("-->").map_or("", |end| &rest[end + 3..]);
        } else if begins(rest, "<style") {
            let Some((tag, content)) = rest.split_once('>') else { break };
            let end = content.match_indices("</").find(|(at, _)| begins(&content[*at..], "</style"));
            let end = end.map_or(content.len(), |(at, _)| at);
            let safe = sheet(&content[..end], paint);
            read += end;
            match media(tag) {
                Some(media) => out.push_str(&format!("@media {media}{{{safe}}}\n")),
                None => out.push_str(&safe),
            }
            rest = &content[end..];
        } else {
            rest = &rest[1..];
        }
        if read > LARGEST {
            break;
        }
    }
    out
}

fn begins(text: &str, with: &str) -> bool {
    text.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with))
}

/// What a sheet as a whole is for.
fn media(tag: &str) -> Option<String> {
    let (_, value) = tag.split_once("media=")?;
    let value = value.trim_start_matches(['"', '\'']);
    let media: String =
        value.chars().take_while(|c| c.is_ascii_alphanumeric() || " ()-:,.".contains(*c)).take(200).collect();
    (media.matches('(').count() == media.matches(')').count())
        .then_some(media)
        .filter(|m| !m.trim().is_empty())
}

fn rules_of(parser: &mut Parser<'_>, depth: usize, rules: &mut usize, paint: Paint<'_>, out: &mut String) {
    parser.skip_whitespace();
    while !parser.is_exhausted() && *rules < RULES {
        *rules += 1;
        let begin = parser.position();
        let at = match parser.next() {
            Ok(Token::AtKeyword(name)) => Some(name.to_ascii_lowercase()),
            Ok(Token::CurlyBracketBlock) => {
                let _ = parser.parse_nested_block(skipped);
                continue;
            }
            Ok(_) => None,
            Err(_) => break,
        };
        // Up to the block, or to the semicolon of an at-rule that has none.
        let ends = if at.is_some() {
            Delimiter::CurlyBracketBlock | Delimiter::Semicolon
        } else {
            Delimiter::CurlyBracketBlock
        };
        let _ = parser.parse_until_before(ends, skipped);
        let prelude = parser.slice_from(begin).trim().to_owned();
        match parser.next() {
            Ok(Token::CurlyBracketBlock) => {}
            _ => continue,
        }
        let media = at.as_deref() == Some("media");
        let whole = ['"', '\''].iter().all(|quote| prelude.matches(*quote).count() % 2 == 0);
        let fetches = prelude.to_ascii_lowercase().contains("url(");
        let fine = whole
            && !fetches
            && !prelude.contains(['<', '\\', '{', '}', ';', '\0'])
            && (at.is_none() || media);
        let _ = parser.parse_nested_block(|inside| {
            let mut block = String::new();
            if !fine {
                skipped(inside)?;
            } else if media && depth < DEEPEST {
                rules_of(inside, depth + 1, rules, paint, &mut block);
            } else if !media {
                let begin = inside.position();
                skipped(inside)?;
                block = filter(inside.slice_from(begin), paint);
            }
            if !block.is_empty() {
                out.push_str(&format!("{prelude}{{{block}}}\n"));
            }
            Ok::<(), cssparser::ParseError<()>>(())
        });
        parser.skip_whitespace();
    }
}

fn skipped(parser: &mut Parser<'_>) -> Result<(), cssparser::ParseError<()>> {
    while parser.next().is_ok() {}
    Ok(())
}

/// The declaration, where it is on the list and its value fetches nothing.
fn declaration(p: &mut Parser<'_>, paint: Paint<'_>) -> Option<String> {
    p.skip_whitespace();
    let mut from = p.position();
    let name = p.expect_ident().ok().map(|name| name.to_ascii_lowercase());
    let known = name.as_deref().is_some_and(|name| PROPERTIES.contains(&name));
    let mut harmless = known && p.expect_colon().is_ok();
    let pictured = matches!(name.as_deref(), Some("background" | "background-image"));
    // What is kept, and the same without pictures.
    let (mut text, mut plain) = (String::new(), String::new());
    loop {
        let here = p.position();
        let url = match p.next_including_whitespace_and_comments() {
            Err(_) => break,
            Ok(Token::UnquotedUrl(url)) if pictured => Some(url.to_string()),
            Ok(Token::Function(f)) if pictured && f.eq_ignore_ascii_case("url") => {
                let url = p.parse_nested_block(|inside| {
                    let url = inside.expect_string_cloned()?;
                    Ok::<_, cssparser::ParseError<()>>(url.to_string())
                });
                harmless &= url.is_ok();
                url.ok()
            }
            Ok(token) => {
                harmless &= is_harmless(token);
                None
            }
        };
        if let Some(url) = url {
            let before = p.slice(from..here);
            let data = paint(&url)
                .filter(|data| data.starts_with("data:image/") && !data.contains(['"', '\\', '\n', '<']));
            text += before;
            text += &data.map_or_else(|| "none".to_owned(), |data| format!("url(\"{data}\")"));
            plain += before;
            plain += "none";
            from = p.position();
        }
    }
    text += p.slice_from(from);
    plain += p.slice_from(from);
    // The contents of a function are one token here, so the text is looked at once more.
    let reaches = plain.to_ascii_lowercase().contains("url") || plain.contains(['\\', '<', '>', '{', '}']);
    (harmless && !reaches).then(|| text.trim().to_owned())
}

fn is_harmless(token: &Token<'_>) -> bool {
    match token {
        Token::Function(f) => FUNCTIONS.iter().any(|ok| f.eq_ignore_ascii_case(ok)),
        Token::UnquotedUrl(_) | Token::BadUrl(_) | Token::BadString(_) | Token::AtKeyword(_) => false,
        Token::CurlyBracketBlock | Token::SquareBracketBlock => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{filter, sheet, sheets};

    fn nothing(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn sheets_keep_their_looks() {
        let css = "<!-- /* a } b */ .x > p:first-child, a[href=\"y\"]{color:red;background:url(http://t);margin:0 !important}\n\
            @import url(http://t/a.css); @font-face{font-family:x;src:url(http://t)} @media only screen and (max-width:600px){.c{width:100%!important} .d{position:fixed;padding:1px}}\
            @media (prefers-color-scheme: dark){body{background:#111;color:#eee}} .e{} -->";
        assert_eq!(
            sheet(css, &nothing),
            ".x > p:first-child, a[href=\"y\"]{color:red;background:none;margin:0 !important;}\n\
             @media only screen and (max-width:600px){.c{width:100%!important;}\n.d{padding:1px;}\n}\n\
             @media (prefers-color-scheme: dark){body{background:#111;color:#eee;}\n}\n"
        );
    }

    #[test]
    fn sheets_reach_nothing_and_do_not_break_out() {
        for evil in [
            "</style><script>x</script>",
            "a{color:red}</style>",
            "a<b{color:red}",
            "a{background:url(http://x)",
            "a{color:red;/* http://x",
            "a{x:y}} html{background:image-set('http://x' 1x)}",
            "@import 'http://x';",
            "@media screen{@import 'http://x';a{behavior:url(http://x)}}",
            "@media url(http://x){a{color:red}}",
            "a[x=\"{color:red}",
            "a{color:\"\n http://x}",
            "@namespace x 'http://x'; a{width:expression(http://x)}",
            "a{b:c}@supports (background:url(http://x)){a{color:red}}",
            "@keyframes x{from{background:url(http://x)}}",
            "a{background:u\\72l(http://x)}",
        ] {
            let left = sheet(evil, &nothing);
            let bad = ["<", "http", "url", "@import", "/*"].iter().any(|b| left.contains(b));
            assert!(!bad && left.matches('{').count() == left.matches('}').count(), "{evil} -> {left}");
        }
        assert!(sheet(&"a{".repeat(100_000), &nothing).len() < 10);
        assert!(sheet(&"@media all{".repeat(10_000), &nothing).len() < 10);
        assert_eq!(sheet(&"a{color:red}".repeat(10_000), &nothing).matches("color").count(), super::RULES);
    }

    #[test]
    fn sheets_are_found_where_they_stand() {
        let html = "<!--[if mso]><style>.m{color:red}</style><![endif]--><!--[if !mso]><!--><STYLE type=text/css media=\"screen and (max-width: 9px)\">.a{color:red}</Style><!--<![endif]--><style><!-- .b{color:blue} --></style><p><style>.c{color:green}";
        assert_eq!(
            sheets(html, &nothing),
            "@media screen and (max-width: 9px){.a{color:red;}\n}\n.b{color:blue;}\n.c{color:green;}\n"
        );
        assert_eq!(
            sheets("<style media='x}y'>a{color:red}</style>", &nothing),
            "@media x{a{color:red;}\n}\n"
        );
        assert_eq!(sheets("<style", &nothing), "");
    }

    #[test]
    fn a_picture_that_is_here_is_a_ground() {
        let here = |url: &str| {
            (url == "https://loja.test/a b.png" || url == "cid:x")
                .then(|| "data:image/png;base64,URLx".to_owned())
        };
        for (style, wanted) in [
            (
                "background:#fff url('https://loja.test/a b.png') no-repeat center",
                "background:#fff url(\"data:image/png;base64,URLx\") no-repeat center;",
            ),
            (
                "background-image : URL( cid:x ), url(\"http://t\")",
                "background-image : url(\"data:image/png;base64,URLx\"), none;",
            ),
            (
                "background:url(cid:x) #eee;color:red",
                "background:url(\"data:image/png;base64,URLx\") #eee;color:red;",
            ),
            ("background:#eee url(http://t) top", "background:#eee none top;"),
            ("list-style:url(cid:x)", ""),
            ("background:url(cid:x) url", ""),
            ("background:url(cid:x) linear-gradient(url(cid:x))", ""),
            ("background:url('cid:x' x)", ""),
            ("background:url(cid:x", "background:url(\"data:image/png;base64,URLx\");"),
        ] {
            assert_eq!(filter(style, &here), wanted, "{style}");
        }
        assert_eq!(
            sheet(".a{background:url(cid:x)}", &here),
            ".a{background:url(\"data:image/png;base64,URLx\");}\n"
        );
        for evil in [
            "data:text/html,x",
            "https://t/x",
            "data:image/png;base64,\"",
            "data:image/png;<",
            "data:image/svg\\",
        ] {
            assert_eq!(
                filter("background:url(cid:x)", &|_| Some(evil.to_owned())),
                "background:none;",
                "{evil}"
            );
        }
    }

    #[test]
    fn keeps_looks_and_drops_reach() {
        assert_eq!(
            filter("color: red; position: fixed; margin:0 auto", &nothing),
            "color: red;margin:0 auto;"
        );
        let gradient = "background-image:linear-gradient(to right, rgb(1 2 3), #fff);margin-inline:2px;";
        assert_eq!(filter(gradient, &nothing), gradient);
        let newer = "color:oklch(80% 0.12 225);background-color:color(display-p3 1 0.5 0 / 50%);";
        assert_eq!(filter(newer, &nothing), newer);
        for evil in [
            "background:url(http://x)",
            "background: URL('//x')",
            "background:image-set('x' 1x)",
            "width:expression(1)",
            "color:red;}body{color:blue",
            "background:u\\72l(http://x)",
            "background-image:linear-gradient(red,blue),image-set('x' 1x)",
            "background-image:image('x')",
            "background:cross-fade('x', 50%)",
            "background:-webkit-image-set('x' 1x)",
            "list-style:element(#x)",
            "behavior:url(x)",
            "color:color-mix(in srgb, url(x), red)",
            "-moz-binding:url(x)",
            "@import 'x'",
        ] {
            let left = filter(evil, &nothing).to_lowercase();
            assert!(
                !left.contains("url") && !left.contains("http") && !left.contains('}') && !left.contains('x'),
                "{evil} -> {left}"
            );
        }
    }
}
