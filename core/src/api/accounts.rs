//! Calls about accounts: finding servers, signing in, and what the user chooses for each. Those that sign in wait for the server,
//! because that is the question.

use super::core::Core;
use super::types::{AccountChange, Added, NewAccount, PassphraseState};
use crate::account::oauth::Grant;
use crate::account::{self, AccountRow, Credentials};
use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, Budget, FoundServers, Hint, Identity, Keep, Leave, Protocol};
use std::sync::Arc;
use std::time::Duration;

/// As people and providers count them.
const MEGABYTE: u64 = 1_000_000;

/// What a new or changed account signs in with.
enum SignIn {
    Password(String),
    Command,
    Grant(Grant),
}

impl Core {
    /// Where the servers of an address are, and how one signs in there, within five seconds; nothing when it is no address. Nobody
    /// is told the address.
    pub async fn find_servers(&self, address: String, proxy: String) -> Result<Option<FoundServers>> {
        let Some(mut found) = account::find_servers(&address, &proxy, &self.dirs.data).await? else {
            return Ok(None);
        };
        let issuers = self.vault.issuers();
        let wanted = found.sign_in.clone();
        found.sign_in.retain(|way| way == "password" || issuers.has(way));
        if found.sign_in.is_empty() && !wanted.is_empty() {
            // This provider takes nothing else, and whoever ships this Malote has not registered it there.
            found.hints.insert(0, Hint { code: "no_client".to_owned(), url: String::new() });
        }
        Ok(Some(found))
    }

    /// Signs in, and keeps the account when that worked.
    pub async fn account_add(&self, new: NewAccount) -> Result<Added> {
        if !account::is_address(&new.address) {
            return Err(Error::new(Kind::Usage, &new.address).because("not an address"));
        }
        let keep = if new.keep.is_empty() { "30d" } else { &new.keep };
        let leave = if new.leave.is_empty() { "always" } else { &new.leave };
        let mut row = AccountRow {
            id: AccountId(0),
            address: new.address.trim().to_owned(),
            name: new.name.trim().to_owned(),
            user: if new.user.is_empty() { new.address.trim().to_owned() } else { new.user.clone() },
            protocol: new.protocol,
            incoming: new.incoming.clone(),
            smtp: new.smtp.clone(),
            issuer: String::new(),
            ca_file: new.ca_file.clone(),
            password_command: new.password_command.clone(),
            sealed_password: Vec::new(),
            pin: new.pin.trim().to_owned(),
            proxy: new.proxy.trim().to_owned(),
            sealed_proxy: Vec::new(),
            keep: Keep::parse(keep).ok_or_else(|| Error::new(Kind::Usage, keep))?,
            budget: account::usual_budget(&new.incoming.host),
            created: self.clock.now(),
            paused: false,
            leave: Leave::parse(leave).ok_or_else(|| Error::new(Kind::Usage, leave))?,
            size_limit: u64::from(new.size_limit) * MEGABYTE,
        };
        let with = if new.grant.is_empty() && new.password_command.is_empty() {
            SignIn::Password(new.password.clone())
        } else if new.grant.is_empty() {
            SignIn::Command
        } else {
            let (issuer, grant) = self.granted(&new.grant).await?;
            row.issuer = issuer;
            SignIn::Grant(grant)
        };
        self.try_sign_in(&row, &with).await?;
        let sealed = self.seal(&row.address, &with).await;
        row.sealed_password = sealed.clone().unwrap_or_default();
        account::seal_proxy(&mut row, &self.vault).await?;
        let mut tx = self.store.begin().await?;
        let id = tx.add_account(&row).await?;
        self.remember(id, &with, sealed.is_some()).await;
        tx.commit().await?;
        if !new.grant.is_empty() {
            self.browser_cancel(new.grant).await?;
        }
        self.look_at_sending(id);
        Ok(Added { id, password_kept: sealed.is_some() })
    }

    async fn try_sign_in(&self, row: &AccountRow, with: &SignIn) -> Result<()> {
        let who = match with {
            SignIn::Password(password) => Credentials::password(&row.user, password),
            SignIn::Grant(grant) => Credentials::token(&row.user, &grant.access.token),
            SignIn::Command => self.vault.credentials(row).await?,
        };
        account::try_credentials(row, &self.vault, &who).await
    }

    /// What is kept of it in the database; `None` where this device has no safe place.
    async fn seal(&self, address: &str, with: &SignIn) -> Option<Vec<u8>> {
        let secret = match with {
            SignIn::Command => return Some(Vec::new()),
            SignIn::Password(password) => password,
            SignIn::Grant(grant) => &grant.refresh,
        };
        let sealed = self.vault.seal(address, secret).await;
        sealed.inspect_err(|e| tracing::warn!(error = %e, "the secret cannot be kept")).ok()
    }

    async fn remember(&self, id: AccountId, with: &SignIn, kept: bool) {
        match with {
            SignIn::Grant(grant) => {
                self.vault.remember_access(id, &grant.access).await;
                if !kept {
                    self.vault.remember(id, &grant.refresh);
                }
            }
            SignIn::Password(password) if !kept => self.vault.remember(id, password),
            _ => {}
        }
    }

    /// Signs in to the submission server and out again: would it let this account send?
    pub async fn check_sending(&self, id: AccountId) -> Result<()> {
        let row = self.store.account(id).await?;
        account::connect_submission(&row, &self.vault, Arc::default()).await?.quit().await;
        Ok(())
    }

    /// The same in the background of an app that is open: receiving works all the same, so nobody waits for it. What is wrong is told
    /// as a notice.
    fn look_at_sending(&self, id: AccountId) {
        if self.supervisor().is_none() {
            return;
        }
        let core = self.clone();
        tokio::spawn(async move {
            let Err(e) = core.check_sending(id).await else { return };
            let code = match e.kind {
                Kind::SubmissionOff => "sending_off",
                Kind::SignInRefused | Kind::PasswordExpired => "sending_refused",
                // What cannot be reached now may be there when something is to be sent.
                _ => return,
            };
            tracing::info!(error = %e, "this account cannot send");
            let told = async {
                let host = core.store.account(id).await?.smtp.map(|at| at.host).unwrap_or_default();
                let mut tx = core.store.begin().await?;
                tx.add_notice_once(id, core.clock.now(), code, &host).await?;
                tx.commit().await
            };
            if let Err(e) = told.await {
                tracing::warn!(error = %e, "the notice could not be kept");
            }
        });
    }

    /// The user has signed in again at the issuer: tried first, then kept.
    pub async fn account_grant(&self, id: AccountId, grant: String) -> Result<Added> {
        let (issuer, token) = self.granted(&grant).await?;
        self.browser_cancel(grant).await?;
        let row = AccountRow { issuer, ..self.store.account(id).await? };
        self.sign_in_again(row, SignIn::Grant(token)).await
    }

    /// Another password for an account: tried first, then kept.
    pub async fn account_password(&self, id: AccountId, password: String) -> Result<Added> {
        self.sign_in_again(self.store.account(id).await?, SignIn::Password(password)).await
    }

    async fn sign_in_again(&self, row: AccountRow, with: SignIn) -> Result<Added> {
        self.try_sign_in(&row, &with).await?;
        let sealed = self.seal(&row.address, &with).await;
        let kept = sealed.is_some();
        self.vault.forget(row.id);
        self.remember(row.id, &with, kept).await;
        let mut tx = self.store.begin().await?;
        tx.set_sealed_password(row.id, &sealed.unwrap_or_default()).await?;
        tx.commit().await?;
        self.begin_anew(row.id).await?;
        Ok(Added { id: row.id, password_kept: kept })
    }

    /// Whether a passphrase of the user's locks the secrets of this device, and whether it is still to be entered.
    pub async fn passphrase_state(&self) -> Result<PassphraseState> {
        let (set, locked) = self.vault.lock_state().await?;
        Ok(PassphraseState { set, locked })
    }

    /// Locks the secrets with a passphrase from now on, where the system has no store for them; or with another one.
    pub async fn passphrase_set(&self, passphrase: String) -> Result<()> {
        self.vault.set_passphrase(passphrase).await
    }

    /// Opens the secrets with the user's passphrase; the accounts connect again.
    pub async fn passphrase_unlock(&self, passphrase: String) -> Result<()> {
        self.vault.unlock(passphrase).await?;
        self.begin_all_anew().await
    }

    /// The user does not know the passphrase any more: the passwords it locks are forgotten with it, and asked for again.
    pub async fn passphrase_forget(&self) -> Result<()> {
        self.vault.forget_passphrase().await?;
        self.begin_all_anew().await
    }

    async fn begin_all_anew(&self) -> Result<()> {
        for account in self.store.accounts().await? {
            self.begin_anew(account.id).await?;
        }
        Ok(())
    }

    async fn begin_anew(&self, id: AccountId) -> Result<()> {
        match self.supervisor() {
            Some(supervisor) => supervisor.restart(id).await,
            None => Ok(()),
        }
    }

    /// Other servers, another user name or another name of the user for an account: tried first, then kept.
    pub async fn account_change(&self, id: AccountId, change: AccountChange) -> Result<()> {
        let mut row = self.store.account(id).await?;
        let same = (&row.user, &row.incoming) == (&change.user, &change.incoming);
        let sends_as_before = same && row.smtp == change.smtp;
        row.name = change.name.trim().to_owned();
        row.user = change.user.trim().to_owned();
        row.incoming = change.incoming;
        row.smtp = change.smtp;
        if !same {
            let who = self.vault.credentials(&row).await?;
            account::try_credentials(&row, &self.vault, &who).await?;
        }
        let mut tx = self.store.begin().await?;
        tx.set_servers(&row).await?;
        tx.commit().await?;
        if !sends_as_before {
            self.look_at_sending(id);
        }
        if same { Ok(()) } else { self.begin_anew(id).await }
    }

    /// No connection for this account for now, or one again. What is here stays; what the user does waits.
    pub async fn account_pause(&self, id: AccountId, paused: bool) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.set_paused(id, paused).await?;
        tx.commit().await
    }

    /// The order of the accounts.
    pub async fn account_order(&self, ids: Vec<AccountId>) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.set_order(&ids).await?;
        tx.commit().await
    }

    /// POP3: what stays on the server (always, 30d, until_deleted, never), and from how many megabytes on only the header comes
    /// (0 = all comes).
    pub async fn account_leave(&self, id: AccountId, leave: String, size_limit: u32) -> Result<()> {
        let leave = Leave::parse(&leave).ok_or_else(|| Error::new(Kind::Usage, leave))?;
        if self.store.account(id).await?.protocol != Protocol::Pop3 {
            return Err(Error::new(Kind::Usage, "leave").because("only POP3 takes mail from the server"));
        }
        let mut tx = self.store.begin().await?;
        tx.set_leave(id, leave, u64::from(size_limit) * MEGABYTE).await?;
        tx.commit().await?;
        self.check_now().await
    }

    /// The addresses that the user writes as, besides the account's own.
    pub async fn account_identities(&self, id: AccountId, identities: Vec<Identity>) -> Result<()> {
        let tidy: Vec<Identity> = identities
            .into_iter()
            .map(|i| Identity { name: i.name.trim().to_owned(), address: i.address.trim().to_owned() })
            .collect();
        if let Some(bad) = tidy.iter().find(|i| !account::is_address(&i.address)) {
            return Err(Error::new(Kind::Usage, &bad.address).because("not an address"));
        }
        let mut tx = self.store.begin().await?;
        tx.set_identities(id, &tidy).await?;
        tx.commit().await
    }

    /// What came over POP3 may be nowhere else: it is never removed from the device to save room.
    async fn imap_only(&self, id: AccountId) -> Result<()> {
        match self.store.account(id).await?.protocol {
            Protocol::Imap => Ok(()),
            Protocol::Pop3 => Err(Error::new(Kind::Usage, "keep").because("over POP3 everything stays here")),
        }
    }

    /// Trusts this very certificate of the account's server from now on, whatever else is wrong with it: the user has seen it
    /// and chosen so. Empty takes that back.
    pub async fn account_trust(&self, id: AccountId, fingerprint: String) -> Result<()> {
        if !fingerprint.is_empty()
            && (fingerprint.len() != 64 || !fingerprint.bytes().all(|b| b.is_ascii_hexdigit()))
        {
            return Err(Error::new(Kind::Usage, fingerprint).because("a SHA-256 in hex"));
        }
        let mut tx = self.store.begin().await?;
        tx.set_pin(id, &fingerprint.to_ascii_lowercase()).await?;
        tx.commit().await?;
        self.begin_anew(id).await
    }

    /// Takes an account off this device. Nothing is removed on the server.
    pub async fn account_remove(&self, id: AccountId) -> Result<()> {
        let row = self.store.account(id).await?;
        if !row.issuer.is_empty() {
            // Its tokens are worth nothing from now on, as far as the issuer can be reached; the account goes in any case.
            let revoking = tokio::time::timeout(Duration::from_secs(5), self.vault.revoke(&row)).await;
            if !matches!(revoking, Ok(Ok(()))) {
                tracing::info!("the token could not be called back");
            }
        }
        let mut tx = self.store.begin().await?;
        let files = tx.remove_account(id).await?;
        tx.commit().await?;
        self.store.remove_body_files(&files);
        self.vault.forget(id);
        Ok(())
    }

    /// How much of an account's mail this device keeps: headers, 30d, all … What is over that is removed from the device at once.
    pub async fn account_keep(&self, id: AccountId, keep: String) -> Result<()> {
        let keep = Keep::parse(&keep).ok_or_else(|| Error::new(Kind::Usage, keep))?;
        self.imap_only(id).await?;
        let mut tx = self.store.begin().await?;
        tx.set_keep(id, keep).await?;
        self.trim(tx, id, keep).await
    }

    /// How many megabytes an account may move in a day; 0 = as many as it likes. Near the limit nothing is fetched any more that
    /// nobody asked for.
    pub async fn account_budget(&self, id: AccountId, down: u32, up: u32) -> Result<()> {
        let budget = Budget { down: u64::from(down) * MEGABYTE, up: u64::from(up) * MEGABYTE };
        let mut tx = self.store.begin().await?;
        tx.set_budget(id, budget).await?;
        tx.commit().await?;
        self.check_now().await
    }

    pub(super) async fn trim(&self, mut tx: crate::store::Tx, account: AccountId, keep: Keep) -> Result<()> {
        let now = self.clock.now();
        let rows = tx.mailboxes(account).await?;
        let since: Vec<_> =
            rows.iter().map(|m| (m.id, m.keep.unwrap_or(keep).since(now).unwrap_or(i64::MAX))).collect();
        let files = tx.trim_bodies(account, &since).await?;
        tx.commit().await?;
        self.store.remove_body_files(&files);
        // More may be wanted now.
        self.check_now().await
    }
}
