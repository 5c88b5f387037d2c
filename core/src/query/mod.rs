//! What screens read: mailboxes, windows of a list, messages. Only from the store; a query never waits for a server.

pub mod accounts;
pub mod conversation;
pub mod draft;
pub mod find;
pub mod indexing;
pub mod invitation;
pub mod list;
pub mod mailboxes;
pub mod message;
pub mod order;
pub mod outbox;
pub mod preview;
