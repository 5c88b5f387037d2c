//! The response parser: whatever bytes come, in whatever pieces, it neither panics nor changes its mind about where a
//! response ends; and what it keeps is no larger than what was said.
#![no_main]

use libfuzzer_sys::fuzz_target;
use malote_core::protocol::imap::frame::{Framer, Limits};
use malote_core::protocol::imap::response::Response;

fn responses(bytes: &[u8], step: usize) -> (Vec<Vec<u8>>, bool) {
    let mut framer = Framer::with_limits(Limits { line: 64 << 10, literal: 32 << 10, response: 128 << 10 });
    let mut found = Vec::new();
    for piece in bytes.chunks(step) {
        framer.input().extend_from_slice(piece);
        loop {
            match framer.next_response() {
                Ok(Some(response)) => found.push(response),
                Ok(None) => break,
                Err(_) => return (found, true),
            }
        }
    }
    (found, false)
}

fuzz_target!(|bytes: &[u8]| {
    let (whole, refused) = responses(bytes, bytes.len().max(1));
    let step = 1 + bytes.first().map_or(0, |b| usize::from(*b) % 7);
    let (pieces, refused_too) = responses(bytes, step);
    assert_eq!((&whole, refused), (&pieces, refused_too), "the split makes a difference");
    for response in &whole {
        let parsed = Response::parse(response);
        if let Response::Fetch(f) = &parsed {
            assert!(f.sections.iter().all(|(_, data)| data.len() <= response.len()));
        }
    }
});
