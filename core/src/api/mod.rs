//! The only public surface: commands, queries and events.
//!
//! [`contract`] declares every call once; from it come the dispatcher that the app and the test bridge use, and the
//! TypeScript that the screens are written against. [`Core`] holds the calls themselves; the command line uses it directly.

pub mod accounts;
pub mod browser;
pub mod commands;
pub mod contract;
pub mod core;
pub mod drafts;
pub mod events;
pub mod files;
pub mod junk;
pub mod outgoing;
pub mod queries;
pub mod search;
pub mod types;

pub use self::core::{Core, Dirs};
#[cfg(feature = "keyring")]
pub use crate::account::os_store::OsSecrets;
pub use crate::account::run_password_command;
pub use crate::account::secrets::{MemorySecrets, Secrets};
pub use crate::clock::{Clock, SystemClock, civil};
pub use crate::journal::send::{File, Letter, address_of, media_type, time_of};
pub use crate::query::draft::DraftFile;
pub use crate::query::find::CoveredView;
pub use crate::query::list::RowView;
pub use crate::query::mailboxes::MailboxView;
pub use crate::query::message::rendered;
pub use crate::query::outbox::OutgoingView;
pub use events::{Event, Events};
pub use search::SearchView;
