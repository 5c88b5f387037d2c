//! What is printed: a few aligned columns for people, one JSON document for programs.

use malote_core::api::{RowView, civil};
use serde_json::{Value, json};

/// A row of a list as JSON, with the field names of DESIGN section 10.
pub fn row(r: &RowView, folder: &str) -> Value {
    let mut flags: Vec<String> = Vec::new();
    let system = [
        (r.read, "\\Seen"),
        (r.starred, "\\Flagged"),
        (r.answered, "\\Answered"),
        (r.deleted, "\\Deleted"),
        (r.draft, "\\Draft"),
    ];
    for (set, name) in system {
        if set {
            flags.push(name.to_owned());
        }
    }
    flags.extend(r.keywords.iter().cloned());
    json!({
        "id": r.id, "folder": folder, "from": r.who, "address": r.address, "subject": r.subject, "date": iso(r.date),
        "flags": flags, "size": r.size, "attachments": r.attachments,
    })
}

/// A row of a list as a line.
pub fn line(r: &RowView) -> String {
    let mark = |on: bool, c: char| if on { c } else { ' ' };
    format!(
        "{:>8} {}{}{} {} {:<24} {}",
        r.id.to_string(),
        mark(!r.read, '●'),
        mark(r.starred, '★'),
        mark(r.attachments, '@'),
        &iso(r.date)[..16].replace('T', " "),
        cut(&r.who, 24),
        cut(&r.subject, 80)
    )
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        text.to_owned()
    } else {
        text.chars().take(width - 1).collect::<String>() + "…"
    }
}

/// ISO 8601 in UTC, of seconds since 1970.
pub fn iso(seconds: i64) -> String {
    let (year, month, day, hour, minute, second) = civil(seconds);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Prints one JSON document.
pub fn json(value: &Value) {
    say!("{value:#}");
}

#[cfg(test)]
mod tests {
    #[test]
    fn dates_are_right() {
        assert_eq!(super::iso(0), "1970-01-01T00:00:00Z");
        assert_eq!(super::iso(837_596_665), "1996-07-17T09:44:25Z");
        assert_eq!(super::iso(951_782_400), "2000-02-29T00:00:00Z");
    }
}
