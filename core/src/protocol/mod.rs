//! Speaks to servers and knows no store.
//!
//! [`transport`] opens the connection, through a [`proxy`] or not, protects it ([`tls`]), compresses it ([`deflate`]) and
//! counts what goes through it; [`sasl`] is how one signs in, whatever the protocol; [`imap`] is our own IMAP client on top
//! (docs/adr/0001-imap-is-ours.md), [`pop3`] and [`smtp`] are ours too, over the lines of [`wire`]; [`autoconfig`] finds the servers of an address, over
//! the small questions of [`web`].

pub mod autoconfig;
pub mod deflate;
pub mod imap;
pub mod pop3;
pub mod proxy;
pub mod sasl;
pub mod scram;
pub mod smtp;
pub mod tls;
pub mod transport;
pub mod web;
pub mod wire;
