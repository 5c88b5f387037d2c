//! Malote's core: everything but the screen.
//!
//! One [`api::Core`] is one device. It keeps what it knows in a database of its own, and the only thing that it shares with the
//! user's other devices is the mail server. Three promises shape everything in here.
//!
//! **Nothing is lost, nothing is doubled.** What the user does is written down as an *intent* in the same transaction that
//! changes what is shown ([`journal`]), durably, before the screen is told. Intents are claimed before they are sent and found
//! again after a crash ([`sync::replay`]). What a server says is only believed when it said all of it: a command ends in its
//! tagged OK or in an error, and many removals at once are asked about a second time ([`sync::pull`]).
//!
//! **No command waits for a server.** Calls of the [`api`] return when their transaction has committed; [`query`] reads only
//! the [`store`]; what the server has to do with it happens in [`sync`], one supervised actor for each account. Adding an
//! account is the one exception, because there the server's answer is the question.
//!
//! **Mail and servers are hostile.** [`protocol`] is bounded and never recursive on what a server sends; [`mime`] lets HTML
//! out only cleaned; errors ([`error`]) carry a kind, a scope and whether trying again can help, and neither mail text nor
//! secrets.
//!
//! ```text
//! down: server -> protocol -> sync -> store (commit, ChangeSet) -> query (windows, diffs) -> api (events) -> screens
//! up:   screens -> api -> journal (local change + intent, one transaction) -> sync -> protocol -> server -> base confirmed
//! ```
//!
//! Which module may use which is checked by `tests/layering.rs`. Time, chance, directories and the secret store are passed in
//! ([`clock`], [`api::Dirs`], [`account::secrets`]): the core asks neither the environment nor the user's home.

pub mod account;
pub mod api;
pub mod clock;
pub mod error;
pub mod journal;
pub mod mid_url;
pub mod mime;
pub mod model;
pub mod protocol;
pub mod query;
pub mod search;
pub mod store;
pub mod sync;
pub mod uid_set;
pub mod utf7;
