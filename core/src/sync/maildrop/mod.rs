//! POP3: what lies in the maildrop comes here, whole and once, and is filed here.
//!
//! ```text
//! visit     one conversation: LIST and UIDL, what is new, what may go, QUIT
//! listing   which message is which, also where the server has no unique-ids
//! store     raw messages -> messages, placements, bodies and the ledger, in one transaction
//! filing    the journal, carried out here: this device is the server of the folders
//! actor     when: the user, the journal, every few minutes
//! ```
//! Each message is in the ledger (table `maildrop`) from the transaction on that keeps it. Power may fail at any point:
//!
//! * before that transaction: nothing was kept, it comes again;
//! * after it and before QUIT was answered: the server may have removed what was marked, or not. The ledger knows that it is here,
//!   the next listing tells whether it is still there, and then it is marked again;
//! * another device or a webmail took it away: it is missing from the listing, and stays here.
//!
//! Nothing is ever marked for removal but what the ledger knows under this unique-id and size, whole and committed, and only as the
//! user's policy says.

pub mod actor;
pub mod filing;
mod listing;
mod store;
pub mod visit;
