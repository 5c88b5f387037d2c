//! Calls about junk and about whose mail always is, or never.

use super::commands::done;
use super::core::Core;
use super::types::{Done, SenderView};
use crate::error::{Error, Kind, Result};
use crate::journal::junk;
use crate::model::{PlacementId, Role};
use crate::store::sender::SenderRow;

impl Core {
    /// Moves to junk.
    pub async fn junk(&self, ids: Vec<PlacementId>) -> Result<Done> {
        self.to_role(ids, Role::Junk).await
    }

    /// Moves out of the junk, to the inbox.
    pub async fn not_junk(&self, ids: Vec<PlacementId>) -> Result<Done> {
        let done = self.to_role(ids, Role::Inbox).await?;
        Ok(Done { label: "not_junk".to_owned(), ..done })
    }

    /// Blocks who wrote a message: all of theirs in the inboxes goes to the junk, and what comes later too.
    pub async fn sender_block(&self, id: PlacementId) -> Result<Done> {
        let mut tx = self.store.begin().await?;
        let (actions, ids) = junk::block(&mut tx, self.clock.now(), id).await?;
        tx.commit().await?;
        Ok(done(actions, "block", None, &ids))
    }

    /// Trusts who wrote a message not to send junk.
    pub async fn sender_trust(&self, id: PlacementId) -> Result<Done> {
        let mut tx = self.store.begin().await?;
        let actions = junk::trust(&mut tx, self.clock.now(), id).await?;
        tx.commit().await?;
        Ok(done(actions, "trust", None, &[id]))
    }

    /// Blocks or trusts an address, or everybody of a domain (`@domain`), for what comes from now on.
    pub async fn sender_judge(&self, address: String, blocked: bool) -> Result<()> {
        let address = address.trim().to_lowercase();
        let (local, domain) = address.rsplit_once('@').unwrap_or_default();
        let fine =
            |s: &str| !s.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;\"".contains(c));
        if !domain.contains('.') || !fine(local) || !fine(domain) || address.len() > 320 {
            return Err(Error::new(Kind::Usage, address).because("neither an address nor a domain"));
        }
        let mut tx = self.store.begin().await?;
        tx.judge_sender(&SenderRow { address, blocked, since: self.clock.now() }, None).await?;
        tx.commit().await
    }

    /// An address is one like all others again.
    pub async fn sender_forget(&self, address: String) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.forget_sender(&address).await?;
        tx.commit().await
    }

    /// The senders that the user judged, by address.
    pub async fn senders(&self) -> Result<Vec<SenderView>> {
        let all = self.store.senders().await?.into_iter();
        Ok(all.map(|s| SenderView { address: s.address, blocked: s.blocked }).collect())
    }
}
