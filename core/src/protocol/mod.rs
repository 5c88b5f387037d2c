//! Speaks to servers and knows no store.
//!
//! [`transport`] opens the connection, protects it and counts what goes through it; [`imap`] is our own IMAP client on top
//! (docs/adr/0001-imap-is-ours.md); [`autoconfig`] guesses where the servers of an address are.

pub mod autoconfig;
pub mod imap;
pub mod transport;
