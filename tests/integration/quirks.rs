//! The table of server quirks (tests/quirks): each transcript, played in five ways, reads as it should.

use malote_core::protocol::imap::command::Command;
use malote_core::protocol::imap::frame::Framer;
use malote_core::protocol::imap::response::Response;
use servers::corpora;
use servers::script::{GREETING, Manner, run};
use std::path::Path;

/// What the client hears of a script, as text, whether its command has an outcome, and how much was strange.
fn heard(script: &[u8], manner: Manner) -> (Vec<String>, bool, u64) {
    run(GREETING.as_bytes(), &[script.to_vec()], manner, |session| async {
        let mut session = session.expect("the greeting is ours");
        let mut heard = Vec::new();
        let result = session
            .run_with(Command::new("NOOP"), |response| {
                heard.push(format!("{response:?}"));
                Ok(())
            })
            .await;
        (heard, result.is_ok(), session.unreadable)
    })
}

#[test]
fn every_quirk_is_survived_in_five_ways() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("quirks");
    let table = std::fs::read_to_string(folder.join("README.md")).expect("the table");
    let files = corpora::files(&folder, ".txt");
    for path in &files {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let bytes = std::fs::read(path).expect("a file");
        let split = bytes.windows(2).position(|w| w == b"\n\n").expect("an empty line");
        let (head, body) = (String::from_utf8(bytes[..split].to_vec()).expect("text"), &bytes[split + 2..]);
        let field = |key: &str| {
            head.lines().find_map(|l| l.strip_prefix(key)).unwrap_or_else(|| panic!("{name}: no {key}"))
        };
        let row = format!(
            "| {} {} | {} | {} | [{name}]({name}.txt) |",
            field("Server: "),
            field("Version: "),
            field("Odd: "),
            field("Ours: ")
        );
        assert!(table.contains(&row), "the table has no row such as\n{row}");

        // As the parser reads it.
        let mut framer = Framer::default();
        framer.input().extend_from_slice(body);
        let mut parsed = String::new();
        while let Some(response) = framer.next_response().expect("within bounds") {
            let response = Response::parse(&response);
            assert!(!response.is_strange(), "{name}: {response:?}");
            parsed += &format!("{response:?}\n");
        }
        for expected in head.lines().filter_map(|l| l.strip_prefix("Expect: ")) {
            assert!(parsed.contains(expected), "{name}: no {expected} in {parsed}");
        }

        // As the driver hears it. A transcript without an outcome of its own gets one.
        let mut script = body.to_vec();
        if !body.windows(3).any(|w| w == b"m1 ") {
            script.extend_from_slice(b"m1 OK done\r\n");
        }
        let whole = heard(&script, Manner::Whole);
        assert!(whole.1 && whole.2 == 0, "{name}: {whole:?}");
        for manner in [Manner::ByteByByte, Manner::SplitInLiterals, Manner::Slowly] {
            assert_eq!(heard(&script, manner), whole, "{name}: {manner:?}");
        }
        for at in 0..script.len() {
            assert!(!heard(&script, Manner::Cut(at)).1, "{name}: a success although cut at {at}");
        }
    }
    assert_eq!(table.matches(".txt)").count(), files.len(), "a row without a transcript");
    println!("{} quirks", files.len());
}
