//! What we write is read back as it was meant, and can neither end a line nor a string.
#![no_main]

use libfuzzer_sys::fuzz_target;
use malote_core::protocol::imap::command::Command;
use malote_core::utf7;
use malote_core::protocol::imap::value::Cursor;
use malote_core::uid_set::UidSet;

fuzz_target!(|bytes: &[u8]| {
    // A string, as the server would read it.
    let line = Command::new("X").string(bytes).to_bytes();
    let mut c = Cursor::new(&line[2..]);
    let value = c.value().expect("a value");
    assert!(c.rest().is_empty());
    assert!(value.bytes() == Some(bytes), "a string came back as another");
    // A raw part cannot end the line.
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert!(!Command::new("X").raw(text).to_bytes().contains(&b'\n'));
        let name = utf7::encode(text);
        assert!(name.bytes().all(|b| (0x20..0x7f).contains(&b)), "modified UTF-7 is printable ASCII");
        assert_eq!(utf7::decode(&name), text);
        // A set says what it was read from.
        if let Some(set) = UidSet::parse(text) {
            assert_eq!(UidSet::parse(&set.to_string()), Some(set));
        }
        let _ = utf7::decode(text);
    }
});
