//! Knows what signs in.

use super::issuers::Issuers;
use super::oauth::{self, Access};
use super::passphrase::LockedKey;
use super::secrets::{MasterKey, Secrets};
use super::{AccountRow, proxy, sealed_proxy_name, trust};
use crate::account::run_password_command;
use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, Endpoint};
use crate::protocol::pop3;
use crate::protocol::sasl::{Credentials, Secret};
use crate::protocol::web::Web;
use crate::store::Store;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::time::Instant;

/// On a thread that may take its time: secret stores ask D-Bus, the keychain or the user, and a passphrase costs a tenth of a second.
async fn slowly<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::new(Kind::SecretStore, "").because(e))?
}

/// Knows what signs in: passwords and refresh tokens sealed in the database with a key from the operating system's store,
/// or one that a passphrase opens, printed by a command of the user's, or only for this session in memory; access tokens only ever in memory.
pub struct Vault {
    secrets: Arc<dyn Secrets>,
    issuers: Issuers,
    store: Option<Store>,
    /// What is only in memory is sealed there too.
    passing: OnceLock<Result<MasterKey>>,
    session: Mutex<HashMap<AccountId, Vec<u8>>>,
    /// One renewal at a time for each account: issuers take a second one at the same time for theft.
    tokens: Mutex<HashMap<AccountId, Arc<tokio::sync::Mutex<Option<Held>>>>>,
    /// The master key in hex, where a passphrase has opened it; sealed like what is only in memory.
    opened: Mutex<Option<Vec<u8>>>,
    /// What POP3 servers offer to whom they do not know yet: asked once, each later visit is a round trip shorter.
    pub(super) offers: Mutex<HashMap<Endpoint, pop3::Capabilities>>,
}

/// An access token as it is held in memory: sealed, and until when it is used.
type Held = (Vec<u8>, Instant);

/// What the passing key binds to.
const IN_MEMORY: &str = "memory";
/// The setting that holds the locked key.
const LOCKED_KEY: &str = "secrets.locked_key";

impl Vault {
    /// Over a secret store, without tokens.
    pub fn new(secrets: Arc<dyn Secrets>) -> Self {
        Self {
            secrets,
            passing: OnceLock::new(),
            issuers: Issuers::default(),
            store: None,
            session: Mutex::default(),
            tokens: Mutex::default(),
            opened: Mutex::default(),
            offers: Mutex::default(),
        }
    }

    /// Tokens of these issuers too; renewed ones are kept in the store.
    pub fn with_issuers(self, issuers: Issuers, store: Store) -> Self {
        Self { issuers, store: Some(store), ..self }
    }

    /// Who issues tokens for us.
    pub fn issuers(&self) -> &Issuers {
        &self.issuers
    }

    /// Seals a password for keeping in the database. Fails where the operating system has no store for the key.
    pub async fn seal(&self, address: &str, password: &str) -> Result<Vec<u8>> {
        let key = self.master_key(true).await?;
        key.seal(address, password)
    }

    fn passing(&self) -> Result<&MasterKey> {
        self.passing.get_or_init(MasterKey::passing).as_ref().map_err(Clone::clone)
    }

    /// Remembers a password, or a refresh token, until the process ends, where it cannot be kept.
    pub fn remember(&self, id: AccountId, password: &str) {
        if let Ok(sealed) = self.passing().and_then(|key| key.seal(IN_MEMORY, password)) {
            self.session.lock().unwrap_or_else(PoisonError::into_inner).insert(id, sealed);
        }
    }

    fn remembered(&self, id: AccountId) -> Option<String> {
        let sealed = self.session.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()?;
        self.passing().and_then(|key| key.open(IN_MEMORY, &sealed)).ok()
    }

    /// Remembers an access token.
    pub async fn remember_access(&self, id: AccountId, access: &Access) {
        *self.place(id).lock().await = self.hold(access);
    }

    fn hold(&self, access: &Access) -> Option<Held> {
        let sealed = self.passing().and_then(|key| key.seal(IN_MEMORY, &access.token));
        sealed.ok().map(|sealed| (sealed, access.until))
    }

    /// Nothing of this account is known any more in memory.
    pub fn forget(&self, id: AccountId) {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    fn place(&self, id: AccountId) -> Arc<tokio::sync::Mutex<Option<Held>>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default().clone()
    }

    /// The key that is locked with the user's passphrase, where the user has chosen one.
    async fn locked_key(&self) -> Result<Option<LockedKey>> {
        let Some(store) = &self.store else { return Ok(None) };
        let Some(text) = store.setting(LOCKED_KEY).await?.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let bad = |e| Error::new(Kind::SecretStore, "").because(e);
        serde_json::from_str(&text).map(Some).map_err(bad)
    }

    /// Whether a passphrase locks the secrets, and whether it is still to be entered.
    pub async fn lock_state(&self) -> Result<(bool, bool)> {
        let set = self.locked_key().await?.is_some();
        Ok((set, set && self.opened_key()?.is_none()))
    }

    fn opened_key(&self) -> Result<Option<String>> {
        let held = self.opened.lock().unwrap_or_else(PoisonError::into_inner).clone();
        held.map(|sealed| self.passing()?.open(IN_MEMORY, &sealed)).transpose()
    }

    fn hold_key(&self, digits: &str) -> Result<()> {
        let sealed = self.passing()?.seal(IN_MEMORY, digits)?;
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(sealed);
        Ok(())
    }

    /// Opens the secrets with the user's passphrase.
    pub async fn unlock(&self, passphrase: String) -> Result<()> {
        let Some(locked) = self.locked_key().await? else { return Ok(()) };
        let digits = slowly(move || locked.open(&passphrase)).await?;
        self.hold_key(&digits)
    }

    /// Nobody knows the passphrase any more: what it locks is worth nothing, and is asked for again. A proxy that was locked with it stays
    /// locked: without it the account would go to its server by another way than the user chose.
    pub async fn forget_passphrase(&self) -> Result<()> {
        let Some(store) = &self.store else { return Ok(()) };
        // Without one the passwords are sealed with the system's key, and stay. One that cannot be read locks all the same.
        if matches!(self.locked_key().await, Ok(None)) {
            return Ok(());
        }
        let mut tx = store.begin().await?;
        for account in store.accounts().await?.iter().filter(|a| !a.sealed_password.is_empty()) {
            tx.set_sealed_password(account.id, &[]).await?;
        }
        tx.put_setting(LOCKED_KEY, "").await?;
        tx.commit().await?;
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    /// Locks the secrets with a passphrase from now on, or with another one; what is known in this session is kept with it.
    pub async fn set_passphrase(&self, passphrase: String) -> Result<()> {
        let Some(store) = &self.store else { return Err(Error::new(Kind::SecretStore, "")) };
        let (set, locked) = self.lock_state().await?;
        if locked {
            return Err(Error::new(Kind::Locked, ""));
        }
        let digits = match self.opened_key()? {
            Some(digits) => digits,
            None => {
                let mut fresh = [0u8; 32];
                getrandom::fill(&mut fresh).map_err(|e| Error::new(Kind::SecretStore, "").because(e))?;
                fresh.iter().map(|b| format!("{b:02x}")).collect()
            }
        };
        let key = MasterKey::of_hex(&digits)?;
        // What the system's store had sealed until now, as far as it can be opened.
        let old = if set { None } else { self.master_key(false).await.ok() };
        let to_lock = digits.clone();
        let kept = slowly(move || LockedKey::lock(&to_lock, &passphrase)).await?;
        let text = serde_json::to_string(&kept).map_err(|e| Error::new(Kind::SecretStore, "").because(e))?;
        let mut tx = store.begin().await?;
        for account in store.accounts().await? {
            let opened = |name: &str, sealed: &[u8]| old.as_ref().and_then(|key| key.open(name, sealed).ok());
            let secret =
                self.remembered(account.id).or_else(|| opened(&account.address, &account.sealed_password));
            if let Some(secret) = secret.filter(|_| account.password_command.is_empty()) {
                tx.set_sealed_password(account.id, &key.seal(&account.address, &secret)?).await?;
            }
            let name = sealed_proxy_name(&account);
            if let Some(proxy) = opened(&name, &account.sealed_proxy) {
                tx.set_sealed_proxy(account.id, &key.seal(&name, &proxy)?).await?;
            }
        }
        tx.put_setting(LOCKED_KEY, &text).await?;
        tx.commit().await?;
        self.hold_key(&digits)
    }

    pub(super) async fn master_key(&self, make: bool) -> Result<MasterKey> {
        if self.locked_key().await?.is_some() {
            let digits = self.opened_key()?.ok_or_else(|| Error::new(Kind::Locked, ""))?;
            return MasterKey::of_hex(&digits);
        }
        let secrets = self.secrets.clone();
        slowly(move || MasterKey::load(secrets.as_ref(), make)).await
    }

    /// The password, or the refresh token.
    async fn secret(&self, account: &AccountRow) -> Result<String> {
        if let Some(secret) = self.remembered(account.id) {
            Ok(secret)
        } else if !account.password_command.is_empty() {
            run_password_command(&account.password_command).await
        } else if account.sealed_password.is_empty() {
            Err(Error::new(Kind::SecretMissing, &account.address))
        } else {
            self.master_key(false).await?.open(&account.address, &account.sealed_password)
        }
    }

    /// What signs in to the account.
    pub async fn credentials(&self, account: &AccountRow) -> Result<Credentials> {
        if account.issuer.is_empty() {
            return Ok(Credentials::password(&account.user, self.secret(account).await?));
        }
        let place = self.place(account.id);
        let mut held = place.lock().await;
        if let Some((sealed, until)) = held.as_ref()
            && oauth::is_fresh(*until)
        {
            return Ok(Credentials::token(&account.user, self.passing()?.open(IN_MEMORY, sealed)?));
        }
        let access = self.renew(account).await?;
        let who = Credentials::token(&account.user, &access.token);
        *held = self.hold(&access);
        Ok(who)
    }

    async fn renew(&self, account: &AccountRow) -> Result<Access> {
        let unknown = || Error::new(Kind::ConsentNeeded, &account.issuer).because("no such issuer here");
        let issuer = self.issuers.get(&account.issuer).ok_or_else(unknown)?;
        let old = self.secret(account).await?;
        let web = self.web(account).await?;
        let (access, rotated) = oauth::refresh(&web, issuer, &old).await?;
        if let Some(new) = rotated.filter(|new| *new != old) {
            self.keep_secret(account, &new).await?;
        }
        Ok(access)
    }

    /// The way to the account's issuer.
    pub(super) async fn web(&self, account: &AccountRow) -> Result<Web> {
        Ok(Web { trust: trust(account)?, proxy: proxy(account, self).await?, detour: None })
    }

    /// The issuer has changed the refresh token: the old one may be worth nothing any more.
    async fn keep_secret(&self, account: &AccountRow, new: &str) -> Result<()> {
        self.remember(account.id, new);
        let Some(store) = &self.store else { return Ok(()) };
        // Where it cannot be kept, the user signs in again after the next start, and was told so.
        let Ok(sealed) = self.seal(&account.address, new).await else { return Ok(()) };
        let mut tx = store.begin().await?;
        tx.set_sealed_password(account.id, &sealed).await?;
        tx.commit().await
    }

    /// The server refused this token: it is not used again.
    pub(super) async fn reject(&self, account: &AccountRow, who: &Credentials) {
        let place = self.place(account.id);
        let mut held = place.lock().await;
        let Some((sealed, _)) = held.as_ref() else { return };
        let known = self.passing().and_then(|key| key.open(IN_MEMORY, sealed));
        let refused = matches!((&who.secret, known), (Secret::Token(t), Ok(k)) if *t == k);
        if refused {
            *held = None;
        }
    }

    /// Calls the account's refresh token back at its issuer, as far as that can be had.
    pub async fn revoke(&self, account: &AccountRow) -> Result<()> {
        let Some(issuer) = self.issuers.get(&account.issuer) else { return Ok(()) };
        let token = self.secret(account).await?;
        let web = self.web(account).await?;
        oauth::revoke(&web, issuer, &token).await
    }
}
