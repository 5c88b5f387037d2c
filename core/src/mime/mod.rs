//! Bytes to model, pure: no file, no network, no store.
//!
//! A message is hostile input. Parsing is bounded in size, guarded against panics of the parser, and never recursive in
//! code of ours; HTML leaves here only through [`sanitize`].

pub mod card;
pub mod charset;
pub mod compose;
mod css;
pub mod danger;
pub mod documents;
mod flowed;
pub mod header;
pub mod highlight;
pub mod history;
pub mod invite;
pub mod invite_reply;
#[cfg(test)]
mod invite_tests;
pub mod letter;
pub mod link;
pub mod part;
pub mod quote;
pub mod remote;
pub mod render;
pub mod report;
pub mod sanitize;
pub mod subscription;
pub mod text;
mod tnef;
pub mod trust;
pub mod wishes;

/// Runs `parse` on input that may be hostile; a panic inside becomes `None`.
fn guarded<T>(parse: impl FnOnce() -> Option<T> + std::panic::UnwindSafe) -> Option<T> {
    std::panic::catch_unwind(parse).ok().flatten()
}
