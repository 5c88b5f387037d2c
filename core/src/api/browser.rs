//! Calls about signing in at an issuer of tokens, in the system's browser.

use super::core::Core;
use super::types::BrowserSignIn;
use crate::account::oauth::{self, Grant, Pending, Return, Returned};
use crate::account::{self, Web};
use crate::error::{Error, Kind, Result};
use std::sync::Arc;
use tokio::sync::Notify;

/// One sign-in, from the browser to the account that it is for.
pub(super) struct Visit {
    issuer: String,
    url: String,
    web: Web,
    pending: Option<Pending>,
    returned: Option<Returned>,
    grant: Option<Grant>,
    cancel: Arc<Notify>,
}

impl Core {
    /// Begins to sign in at an issuer: what the browser is to open. `app_link`: the system brings the user back by a link of the
    /// app's (phones), not by a port of this machine.
    pub async fn browser_begin(
        &self,
        issuer: String,
        address: String,
        proxy: String,
        app_link: bool,
    ) -> Result<BrowserSignIn> {
        let unknown = || Error::new(Kind::TokenRefused, &issuer).because("no client id");
        let known = self.vault.issuers().get(&issuer).ok_or_else(unknown)?;
        let back = if app_link { Return::AppLink } else { Return::Loopback };
        let (pending, returned) = oauth::begin(known, &address, back).await?;
        let url = pending.url.clone();
        let visit = Visit {
            issuer,
            url: url.clone(),
            web: account::web(&proxy)?,
            pending: Some(pending),
            returned: Some(returned),
            grant: None,
            cancel: Arc::default(),
        };
        let mut visits = self.visits.lock().await;
        let id = visits.keys().next_back().map_or(1, |last| last + 1);
        visits.insert(id, visit);
        Ok(BrowserSignIn { id: id.to_string(), url })
    }

    /// Waits until the user is back from the browser. `farewell` is what the browser says then.
    pub async fn browser_wait(&self, id: String, farewell: String) -> Result<()> {
        let number = number(&id)?;
        let (pending, web, cancel) = {
            let mut visits = self.visits.lock().await;
            let visit = visits.get_mut(&number).ok_or_else(|| Error::new(Kind::NotFound, &id))?;
            let pending = visit.pending.take().ok_or_else(|| Error::new(Kind::Usage, &id))?;
            (pending, visit.web.clone(), visit.cancel.clone())
        };
        let outcome = tokio::select! {
            outcome = pending.wait(&web, &farewell) => outcome,
            () = cancel.notified() => Err(Error::new(Kind::Cancelled, "")),
        };
        let mut visits = self.visits.lock().await;
        match (outcome, visits.get_mut(&number)) {
            (Ok(grant), Some(visit)) => {
                visit.grant = Some(grant);
                Ok(())
            }
            (outcome, _) => {
                visits.remove(&number);
                outcome.map(drop)
            }
        }
    }

    /// The system has opened the app with this link.
    pub async fn browser_returned(&self, url: String) -> Result<()> {
        let state = |url: &str| {
            let query = url.split_once('?').map(|(_, q)| q.to_owned()).unwrap_or_default();
            query.split('&').find(|p| p.starts_with("state=")).map(str::to_owned)
        };
        let wanted = state(&url).ok_or_else(|| Error::new(Kind::NotFound, "state"))?;
        let mut visits = self.visits.lock().await;
        let visit = visits.values_mut().find(|v| state(&v.url).as_ref() == Some(&wanted));
        let returned =
            visit.and_then(|v| v.returned.take()).ok_or_else(|| Error::new(Kind::NotFound, "state"))?;
        let _ = returned.send(url); // nobody waits any more: fine
        Ok(())
    }

    /// Nobody needs it any more: it was used, or the user does not want to.
    pub async fn browser_cancel(&self, id: String) -> Result<()> {
        if let Some(visit) = self.visits.lock().await.remove(&number(&id)?) {
            visit.cancel.notify_one();
        }
        Ok(())
    }

    /// What a sign-in brought, and of whom. It stays until [`Core::browser_cancel`]: with other servers it may still work.
    pub(super) async fn granted(&self, id: &str) -> Result<(String, Grant)> {
        let visits = self.visits.lock().await;
        let visit = visits.get(&number(id)?).ok_or_else(|| Error::new(Kind::ConsentNeeded, ""))?;
        let grant = visit.grant.clone().ok_or_else(|| Error::new(Kind::ConsentNeeded, &visit.issuer))?;
        Ok((visit.issuer.clone(), grant))
    }
}

fn number(id: &str) -> Result<u32> {
    id.parse().map_err(|_| Error::new(Kind::NotFound, id))
}
