//! Accounts: their secrets and what signs in with them.

pub mod issuers;
pub mod oauth;
#[cfg(feature = "keyring")]
pub mod os_store;
pub mod secrets;

use crate::error::{Error, Kind, Result};
use crate::model::{AccountId, Budget, Endpoint, FoundServers, Leave, Protocol, Tls};
use crate::protocol::autoconfig::{self, Search};
use crate::protocol::imap::Session;
use crate::protocol::pop3;
use crate::protocol::proxy::Proxy;
pub use crate::protocol::sasl::Credentials;
use crate::protocol::sasl::Secret;
use crate::protocol::tls::Trust;
use crate::protocol::transport::{Dial, Meter, Transport};
pub use crate::protocol::web::Web;
use crate::store::Store;
pub use crate::store::account::AccountRow;
use issuers::Issuers;
use oauth::Access;
use secrets::{MasterKey, Secrets};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What a provider lets an account move in a day, by its server, as of November 2026. Gmail: 2,500 MB down, 500 MB up
/// (support.google.com/a/answer/1071518).
pub fn usual_budget(host: &str) -> Budget {
    match host.to_ascii_lowercase().as_str() {
        "imap.gmail.com" | "imap.googlemail.com" => Budget { down: 2_500_000_000, up: 500_000_000 },
        _ => Budget::default(),
    }
}

/// Knows what signs in: passwords and refresh tokens sealed in the database with a key from the operating system's store,
/// printed by a command of the user's, or only for this session in memory; access tokens only ever in memory.
pub struct Vault {
    secrets: Arc<dyn Secrets>,
    issuers: Issuers,
    store: Option<Store>,
    /// What is only in memory is sealed there too.
    passing: OnceLock<Result<MasterKey>>,
    session: Mutex<HashMap<AccountId, Vec<u8>>>,
    /// One renewal at a time for each account: issuers take a second one at the same time for theft.
    tokens: Mutex<HashMap<AccountId, Arc<tokio::sync::Mutex<Option<Held>>>>>,
    /// What POP3 servers offer to whom they do not know yet: asked once, each later visit is a round trip shorter.
    offers: Mutex<HashMap<Endpoint, pop3::Capabilities>>,
}

/// An access token as it is held in memory: sealed, and until when it is used.
type Held = (Vec<u8>, Instant);

/// What the passing key binds to.
const IN_MEMORY: &str = "memory";

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

    async fn master_key(&self, make: bool) -> Result<MasterKey> {
        let secrets = self.secrets.clone();
        // Secret stores ask D-Bus, the keychain or the user: not on a thread that others wait for.
        tokio::task::spawn_blocking(move || MasterKey::load(secrets.as_ref(), make))
            .await
            .map_err(|e| Error::new(Kind::SecretStore, "").because(e))?
    }

    /// The password, or the refresh token.
    async fn secret(&self, account: &AccountRow) -> Result<String> {
        let remembered =
            self.session.lock().unwrap_or_else(PoisonError::into_inner).get(&account.id).cloned();
        if let Some(sealed) = remembered {
            self.passing()?.open(IN_MEMORY, &sealed)
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
    async fn web(&self, account: &AccountRow) -> Result<Web> {
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
    async fn reject(&self, account: &AccountRow, who: &Credentials) {
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

/// True for what can be an address.
pub fn is_address(address: &str) -> bool {
    autoconfig::domain_of(address).is_some()
}

/// Where the servers of an address are; see [`autoconfig`]. Whoever ships the app can add providers: a file of the list's form that
/// MALOTE_PROVIDERS names, or `providers.txt` beside the data.
pub async fn find_servers(address: &str, proxy: &str, data: &Path) -> Result<Option<FoundServers>> {
    let named = std::env::var_os("MALOTE_PROVIDERS").map(std::path::PathBuf::from);
    let files = [data.join("providers.txt")].into_iter().chain(named);
    let more: Vec<String> = files.filter_map(|f| std::fs::read_to_string(f).ok()).collect();
    Ok(Search::new(web(proxy)?, more.join("\n")).find(address).await)
}

/// The way to servers that are asked over https, before there is an account.
pub fn web(proxy: &str) -> Result<Web> {
    Ok(Web { proxy: Proxy::parse(proxy)?, ..Web::default() })
}

/// Signs in and out again: do these credentials work?
pub async fn try_credentials(account: &AccountRow, vault: &Vault, who: &Credentials) -> Result<()> {
    let way = proxy(account, vault).await?;
    match account.protocol {
        Protocol::Imap => sign_in(account, who, way, Arc::default()).await?.logout().await,
        Protocol::Pop3 => open_maildrop(account, vault, who, way, Arc::default()).await?.quit().await?,
    }
    Ok(())
}

/// What the account's TLS trusts.
pub fn trust(account: &AccountRow) -> Result<Trust> {
    let trust = Trust::default().with_pin(&account.pin);
    if account.ca_file.is_empty() { Ok(trust) } else { trust.with_file(Path::new(&account.ca_file)) }
}

/// Connects and signs in.
pub async fn connect(account: &AccountRow, vault: &Vault, meter: Arc<Meter>) -> Result<Session> {
    let way = proxy(account, vault).await?;
    with_credentials(account, vault, |who| {
        let (way, meter) = (way.clone(), meter.clone());
        async move { sign_in(account, &who, way, meter).await }
    })
    .await
}

/// Connects to a maildrop and signs in.
pub async fn connect_maildrop(
    account: &AccountRow,
    vault: &Vault,
    meter: Arc<Meter>,
) -> Result<pop3::Session> {
    let way = proxy(account, vault).await?;
    with_credentials(account, vault, |who| {
        let (way, meter) = (way.clone(), meter.clone());
        async move { open_maildrop(account, vault, &who, way, meter).await }
    })
    .await
}

/// Signs in with what the vault knows. A token that is refused before its time is renewed once; refused again, only the user can
/// help, and is asked plainly.
async fn with_credentials<T, F: Future<Output = Result<T>>>(
    account: &AccountRow,
    vault: &Vault,
    sign_in: impl Fn(Credentials) -> F,
) -> Result<T> {
    let who = vault.credentials(account).await?;
    let first = sign_in(who.clone()).await;
    let refused = |e: &Error| matches!(e.kind, Kind::SignInRefused | Kind::PasswordExpired);
    match first {
        Err(e) if refused(&e) && !account.issuer.is_empty() => {
            vault.reject(account, &who).await;
            let again = vault.credentials(account).await?;
            sign_in(again).await.map_err(|e| match refused(&e) {
                true => Error::new(Kind::ConsentNeeded, &account.incoming.host).because(e.detail),
                false => e,
            })
        }
        other => other,
    }
}

/// Gmail gives each message to one POP3 client only, unless the user name begins so; then it gives those of the last 30 days to
/// all (support.google.com/mail/answer/7104828). For as long as nothing is to be taken away, that is what several devices need.
pub fn maildrop_user(account: &AccountRow) -> String {
    let gmail = ["pop.gmail.com", "pop.googlemail.com"]
        .contains(&account.incoming.host.to_ascii_lowercase().as_str());
    if gmail && account.leave != Leave::Never && !account.user.starts_with("recent:") {
        return format!("recent:{}", account.user);
    }
    account.user.clone()
}

async fn open_maildrop(
    account: &AccountRow,
    vault: &Vault,
    who: &Credentials,
    proxy: Option<Proxy>,
    meter: Arc<Meter>,
) -> Result<pop3::Session> {
    let who = Credentials { user: maildrop_user(account), ..who.clone() };
    let at = &account.incoming;
    let offers = || vault.offers.lock().unwrap_or_else(PoisonError::into_inner);
    let known = offers().remove(at);
    let session = pop3::Session::open(proxy.as_ref(), at, &trust(account)?, &who, meter, known).await?;
    offers().insert(at.clone(), session.offer().clone());
    Ok(session)
}

/// The same over a way of the caller's own, which protects itself.
pub async fn connect_over(
    way: &dyn Dial,
    account: &AccountRow,
    vault: &Vault,
    meter: Arc<Meter>,
) -> Result<Session> {
    let who = vault.credentials(account).await?;
    let transport = Transport::over(way.dial().await?, &account.incoming.host, meter);
    let to = Endpoint { tls: Tls::None, ..account.incoming.clone() };
    Session::start(transport, &to, &trust(account)?, &who).await
}

/// Connects and signs in with these credentials, whatever is kept.
async fn sign_in(
    account: &AccountRow,
    who: &Credentials,
    proxy: Option<Proxy>,
    meter: Arc<Meter>,
) -> Result<Session> {
    Session::open_through(proxy.as_ref(), &account.incoming, &trust(account)?, who, meter).await
}
