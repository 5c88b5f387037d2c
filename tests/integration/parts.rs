//! The parts of messages, decoded, held against what mime4j expects of its own test messages: each leaf in turn, to the octet, text to the
//! letter. What we read otherwise stands in [`DIFFERENCES`] with the reason; docs/scores.md says the same.

use malote_core::mime::{part, text};
use servers::corpora;
use std::collections::BTreeSet;

/// Message, and why ours differs.
const DIFFERENCES: &[(&str, &str)] = &[
    ("2002_06_12_doublebound", EMPTY),
    ("badbound", WITHOUT),
    ("double-bound", EMPTY),
    ("frag", CUT),
    ("intermediate-boundaries", MIDDLE),
    ("malformedHeader-noheader", HEADLESS),
    (
        "malformedHeaderStartsBody-nocrlfcrlf",
        "a line that is no field is left out, not the beginning of the text",
    ),
    ("malformedHeaderStartsBody-noheader", HEADLESS),
    ("misplaced-boundary", MIDDLE),
    ("missing-boundary", WITHOUT),
    ("missing-inner-boundary", WITHOUT),
    ("multi-bad", MIDDLE),
    ("multi-frag", CUT),
    ("multipartemptypart", EMPTY),
    ("multipartnopart", WITHOUT),
];
const EMPTY: &str = "a part without anything in it is not listed";
const WITHOUT: &str = "what has no boundary, or none that ends it, is text: something is shown";
const CUT: &str = "what was cut off in the middle of its encoding ends a few octets earlier or later";
const MIDDLE: &str = "a boundary is also taken for one in the middle of a line";
const HEADLESS: &str = "what has no header at all is shown as text, not as a part";

/// The decoded leaves of a message, those of messages in it too, in order.
fn leaves(raw: &[u8], out: &mut Vec<Vec<u8>>) {
    for number in 0..300 {
        let Some(file) = part::file(raw, &number.to_string(), false) else { continue };
        let Some(bytes) = file.bytes else { continue };
        if part::is_message(&file.about) && file.about.media_type.starts_with("message/") {
            leaves(&bytes, out);
        } else {
            out.push(bytes);
        }
    }
}

/// Lines end alike, and the empty ones at the end are nobody's.
fn told(bytes: &[u8]) -> String {
    text::of_bytes(bytes).replace("\r\n", "\n").trim_end().to_owned()
}

#[test]
fn parts_are_what_mime4j_says() {
    let Some(dir) = corpora::folder("mime4j/core/src/test/resources") else { return };
    let (mut right, mut listed, mut wrong) = (0, BTreeSet::new(), Vec::new());
    for path in corpora::files(&dir, ".msg") {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let Ok(expected) = std::fs::read_to_string(path.with_file_name(format!("{name}_decoded.xml"))) else {
            continue;
        };
        let names = expected.split("-body name=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let expected: Vec<Vec<u8>> =
            names.map(|n| std::fs::read(path.with_file_name(n)).unwrap_or_default()).collect();
        let mut ours = Vec::new();
        leaves(&std::fs::read(&path).expect("a message"), &mut ours);
        let same = ours.len() == expected.len()
            && ours.iter().zip(&expected).all(|(a, b)| a == b || told(a) == told(b));
        match (same, DIFFERENCES.iter().any(|(n, _)| *n == name)) {
            (true, false) => right += 1,
            (false, true) => drop(listed.insert(name)),
            _ => {
                let at = ours.iter().zip(&expected).position(|(a, b)| a != b && told(a) != told(b));
                let show = |all: &[Vec<u8>]| at.map(|n| told(&all[n]).chars().take(90).collect::<String>());
                wrong.push(format!(
                    "{name}: {} leaves, not {}; {at:?}: {:?} not {:?}",
                    ours.len(),
                    expected.len(),
                    show(&ours),
                    show(&expected)
                ));
            }
        }
    }
    println!("parts: {right} messages as expected, {} otherwise on purpose", listed.len());
    assert!(wrong.is_empty(), "{} {wrong:#?}", wrong.len());
    assert_eq!(listed.len(), DIFFERENCES.len(), "a difference that is none any more");
}
