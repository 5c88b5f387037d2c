//! Our own IMAP client (docs/adr/0001-imap-is-ours.md says why).
//!
//! *Bytes in, responses out*: [`frame`] cuts the stream into responses within bounds, [`value`] reads the grammar of
//! RFC 9051 section 9 without recursion, [`response`] gives it types, with the help of [`code`], [`mailbox_data`],
//! [`search_data`], [`fetch_data`], [`envelope`] and [`structure`]. [`command`] writes commands, [`criteria`] what they search for. None of these does any
//! I/O. [`session`] is the thin driver on top: it sends commands, pipelined where it can, and hands each one exactly one
//! [`outcome`]. A tagged OK with all its data, or an error: a NO, a cut connection or half an answer is never a success.
//! [`sign_in`], [`mailboxes`], [`messages`], [`visits`], [`append`], [`server`] and [`listen`] are the verbs that sync uses.
//!
//! A line that nobody knows never ends a session: it is counted and skipped.

pub mod append;
pub mod code;
pub mod command;
pub mod criteria;
pub mod envelope;
pub mod fetch_data;
pub mod frame;
pub mod listen;
pub mod mailbox_data;
pub mod mailboxes;
pub mod messages;
pub mod outcome;
pub mod response;
pub mod search_data;
pub mod server;
pub mod session;
pub mod sign_in;
pub mod structure;
pub mod value;
pub mod visits;

pub use session::Session;
