//! The outbox as screens show it.

use crate::error::Result;
use crate::model::{AccountId, OutgoingId};
use crate::store::Store;
use crate::store::outbox::Outgoing;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A recipient of a message on its way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RecipientView {
    /// The address.
    pub address: String,
    /// What the server said of it; empty = nothing.
    pub reply: String,
}

/// A message on its way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OutgoingView {
    /// Its number.
    pub id: OutgoingId,
    /// Through which account.
    pub account: AccountId,
    /// What it is about.
    pub subject: String,
    /// To whom.
    pub to: Vec<RecipientView>,
    /// Octets.
    pub size: u64,
    /// queued, claimed or handed (it is just being sent), unknown (it may have arrived), refused
    pub state: String,
    /// When it was sent, seconds since 1970.
    pub made: i64,
    /// Not before then, seconds since 1970: undo, send later, or the next try.
    pub not_before: i64,
    /// How often the server said "not now".
    pub tries: u32,
    /// The code of the error it waits or was refused for; empty = none.
    pub error: String,
    /// What that is about.
    pub about: String,
    /// In the words of the server.
    pub detail: String,
}

impl From<Outgoing> for OutgoingView {
    fn from(o: Outgoing) -> Self {
        let (error, about, detail) = o.error;
        let to = o.to.into_iter().map(|r| RecipientView { address: r.address, reply: r.reply });
        Self {
            id: o.id,
            account: o.account,
            subject: o.subject,
            to: to.collect(),
            size: o.size,
            state: o.state.name().to_owned(),
            made: o.made,
            not_before: o.not_before,
            tries: o.tries,
            error,
            about,
            detail,
        }
    }
}

/// Everything on its way out.
pub async fn outbox(store: &Store) -> Result<Vec<OutgoingView>> {
    Ok(store.outbox().await?.into_iter().map(OutgoingView::from).collect())
}
