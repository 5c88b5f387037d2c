//! Our SMTP client: submission (RFC 6409) over what all our protocols share: the way to the server, what TLS trusts, sign-in, meter.
//!
//! [`session`] is the conversation, [`sign_in`] what comes before mail, [`submit`] one message on its way, [`content`] that message
//! piece by piece, [`reply`] what a server
//! says. Nothing is ever tried a second time in here: whether a message may be sent again is for its outbox to say, and
//! [`submit::Failure`] tells it the one thing that it must know, whether the server may have the message.

pub mod content;
pub mod reply;
pub mod session;
mod sign_in;
pub mod submit;

pub use session::Session;
