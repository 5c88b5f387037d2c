//! Our own POP3 client (RFC 1939): status lines and data without I/O in [`reply`], the conversation in [`session`].
//!
//! POP3 says little, so the little is taken strictly: a line ends with CRLF and nothing else, a message ends with CRLF.CRLF and
//! nothing else (a bare LF in a mail ends nothing), and a deletion counts only once QUIT was answered with OK (section 6).

pub mod reply;
pub mod session;
pub mod sign_in;

pub use session::{Capabilities, Session};
