//! Accounts: their secrets and what signs in with them.

#[cfg(feature = "keyring")]
pub mod os_store;
pub mod secrets;

use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, Budget, Endpoint, Tls};
use crate::protocol::autoconfig;
use crate::protocol::imap::Session;
use crate::protocol::imap::sign_in::Credentials;
use crate::protocol::proxy::Proxy;
use crate::protocol::tls::Trust;
use crate::protocol::transport::{Dial, Meter, Transport};
pub use crate::store::account::AccountRow;
use secrets::{MasterKey, Secrets};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What a provider lets an account move in a day, by its server, as of November 2026. Gmail: 2,500 MB down, 500 MB up
/// (support.google.com/a/answer/1071518).
pub fn usual_budget(host: &str) -> Budget {
    match host.to_ascii_lowercase().as_str() {
        "imap.gmail.com" | "imap.googlemail.com" => Budget { down: 2_500_000_000, up: 500_000_000 },
        _ => Budget::default(),
    }
}

/// Knows the passwords: sealed in the database with a key from the operating system's store, printed by a command of the
/// user's, or only for this session in memory.
pub struct Vault {
    secrets: Arc<dyn Secrets>,
    session: Mutex<HashMap<AccountId, String>>,
}

impl Vault {
    /// Over a secret store.
    pub fn new(secrets: Arc<dyn Secrets>) -> Self {
        Self { secrets, session: Mutex::default() }
    }

    /// Seals a password for keeping in the database. Fails where the operating system has no store for the key.
    pub async fn seal(&self, address: &str, password: &str) -> Result<Vec<u8>> {
        let key = self.master_key(true).await?;
        key.seal(address, password)
    }

    /// Remembers a password until the process ends, where it cannot be kept.
    pub fn remember(&self, id: AccountId, password: &str) {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).insert(id, password.to_owned());
    }

    async fn master_key(&self, make: bool) -> Result<MasterKey> {
        let secrets = self.secrets.clone();
        // Secret stores ask D-Bus, the keychain or the user: not on a thread that others wait for.
        tokio::task::spawn_blocking(move || MasterKey::load(secrets.as_ref(), make))
            .await
            .map_err(|e| Error::new(Kind::SecretStore, "").because(e))?
    }

    /// What signs in to the account.
    pub async fn credentials(&self, account: &AccountRow) -> Result<Credentials> {
        let remembered =
            self.session.lock().unwrap_or_else(PoisonError::into_inner).get(&account.id).cloned();
        let password = if let Some(password) = remembered {
            password
        } else if !account.password_command.is_empty() {
            run_password_command(&account.password_command).await?
        } else if account.sealed_password.is_empty() {
            return Err(Error::new(Kind::SecretMissing, &account.address));
        } else {
            self.master_key(false).await?.open(&account.address, &account.sealed_password)?
        };
        Ok(Credentials::password(&account.user, password))
    }
}

/// The way to an account's server; its password is opened only here.
async fn proxy(account: &AccountRow, vault: &Vault) -> Result<Option<Proxy>> {
    if account.sealed_proxy.is_empty() {
        return Proxy::parse(&account.proxy);
    }
    let key = vault.master_key(false).await?;
    Proxy::parse(&key.open(&sealed_proxy_name(account), &account.sealed_proxy)?)
}

/// What a sealed proxy is bound to, so that it cannot be put in another account's place.
fn sealed_proxy_name(account: &AccountRow) -> String {
    format!("{}#proxy", account.address)
}

/// Seals the proxy where it has a password, which must not lie in the database as it is.
pub async fn seal_proxy(account: &mut AccountRow, vault: &Vault) -> Result<()> {
    if Proxy::parse(&account.proxy)?.is_some_and(|p| p.has_secret()) {
        account.sealed_proxy = vault.seal(&sealed_proxy_name(account), &account.proxy).await?;
        account.proxy.clear();
    }
    Ok(())
}

/// The first line that the command prints. Neither the line nor what the command says on stderr is ever logged.
async fn run_password_command(command: &str) -> Result<String> {
    let failed = |why: String| Error::new(Kind::PasswordCommand, "").because(why);
    let shell = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let run = tokio::process::Command::new(shell.0)
        .arg(shell.1)
        .arg(command)
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(60), run)
        .await
        .map_err(|_| failed("no answer within a minute".to_owned()))?
        .map_err(|e| failed(e.to_string()))?;
    if !output.status.success() {
        return Err(failed(format!("exit status {}", output.status)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(failed("it printed nothing".to_owned())),
    }
}

/// The incoming server that an address most likely has; `None` when it is no address.
pub fn guess(address: &str) -> Option<Endpoint> {
    autoconfig::guess_imap(address)
}

/// True for what can be an address.
pub fn is_address(address: &str) -> bool {
    autoconfig::domain_of(address).is_some()
}

/// Signs in and out again: do these credentials work?
pub async fn try_password(account: &AccountRow, vault: &Vault, password: &str) -> Result<()> {
    let who = Credentials::password(&account.user, password);
    sign_in(account, &who, proxy(account, vault).await?, Arc::default()).await?.logout().await;
    Ok(())
}

/// What the account's TLS trusts.
pub fn trust(account: &AccountRow) -> Result<Trust> {
    let trust = Trust::default().with_pin(&account.pin);
    if account.ca_file.is_empty() { Ok(trust) } else { trust.with_file(Path::new(&account.ca_file)) }
}

/// Connects and signs in.
pub async fn connect(account: &AccountRow, vault: &Vault, meter: Arc<Meter>) -> Result<Session> {
    let who = vault.credentials(account).await?;
    sign_in(account, &who, proxy(account, vault).await?, meter).await
}

/// The same over a way of the caller's own, which protects itself.
pub async fn connect_over(
    way: &dyn Dial,
    account: &AccountRow,
    vault: &Vault,
    meter: Arc<Meter>,
) -> Result<Session> {
    let who = vault.credentials(account).await?;
    let transport = Transport::over(way.dial().await?, &account.imap.host, meter);
    let to = Endpoint { tls: Tls::None, ..account.imap.clone() };
    Session::start(transport, &to, &trust(account)?, &who).await
}

/// Connects and signs in with these credentials, whatever is kept.
async fn sign_in(
    account: &AccountRow,
    who: &Credentials,
    proxy: Option<Proxy>,
    meter: Arc<Meter>,
) -> Result<Session> {
    Session::open_through(proxy.as_ref(), &account.imap, &trust(account)?, who, meter).await
}
