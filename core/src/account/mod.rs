//! Accounts: their secrets and what signs in with them.

pub mod issuers;
pub mod oauth;
#[cfg(feature = "keyring")]
pub mod os_store;
pub mod passphrase;
pub mod secrets;
mod vault;

use crate::error::{Error, Kind, Result};
use crate::model::{Budget, Endpoint, FoundServers, Protocol, Tls};
use crate::protocol::autoconfig::{self, Search};
use crate::protocol::imap::Session;
use crate::protocol::pop3;
use crate::protocol::proxy::Proxy;
pub use crate::protocol::sasl::Credentials;
use crate::protocol::smtp;
use crate::protocol::tls::Trust;
use crate::protocol::transport::{Dial, Meter, Transport};
use crate::protocol::web;
pub use crate::protocol::web::Web;
pub use crate::store::account::AccountRow;
use futures_util::StreamExt;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
pub use vault::Vault;

/// Pictures that are fetched side by side, how long all of them are waited for, and how large they are together: 24 MiB.
const PICTURES_AT_ONCE: usize = 6;
const PICTURES_PATIENCE: Duration = Duration::from_secs(30);
const ALL_PICTURES: usize = 24 << 20;

/// What a provider lets an account move in a day, by its server, as of November 2026. Gmail: 2,500 MB down, 500 MB up
/// (support.google.com/a/answer/1071518).
pub fn usual_budget(host: &str) -> Budget {
    match host.to_ascii_lowercase().as_str() {
        "imap.gmail.com" | "imap.googlemail.com" => Budget { down: 2_500_000_000, up: 500_000_000 },
        _ => Budget::default(),
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
pub async fn run_password_command(command: &str) -> Result<String> {
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

/// Says to a mailing list that the account leaves it (RFC 8058 section 3.2): one request, nothing of ours in it. A link in a message
/// leads into a private network only where the account's own server is in one.
pub async fn leave_list(account: &AccountRow, vault: &Vault, url: &str) -> Result<()> {
    let host = web::host(url)?;
    let way = vault.web(account).await?;
    if way.proxy.is_none()
        && web::is_private(&host).await?
        && !web::is_private(&account.incoming.host).await.unwrap_or(false)
    {
        return Err(Error::new(Kind::Refused, host).because("an address of a private network"));
    }
    let answer = way.post(url, &[("List-Unsubscribe", "One-Click")]).await?;
    match answer.status {
        200..300 => Ok(()),
        status => Err(Error::new(Kind::Refused, host).because(format!("HTTP {status}"))),
    }
}

/// Fetches the pictures of a message, some at a time; those that cannot be had are left out. As for [`leave_list`], those in a private network
/// only where the account's own server is in one. Addresses and bytes.
pub async fn fetch_pictures(
    account: &AccountRow,
    vault: &Vault,
    urls: Vec<String>,
) -> Result<Vec<(String, Vec<u8>)>> {
    let way = vault.web(account).await?;
    let inside = web::is_private(&account.incoming.host).await.unwrap_or(false);
    let way = &way;
    let one = |url: String| async move {
        let answer = way.picture(&url, inside).await.ok()?;
        (answer.status == 200).then_some((url, answer.body))
    };
    let fetching = futures_util::stream::iter(urls).map(one).buffer_unordered(PICTURES_AT_ONCE);
    let (mut all, mut size) = (Vec::new(), 0);
    tokio::pin!(fetching);
    let deadline = tokio::time::Instant::now() + PICTURES_PATIENCE;
    while let Ok(Some(next)) = tokio::time::timeout_at(deadline, fetching.next()).await {
        let Some(picture) = next else { continue };
        size += picture.1.len();
        if size > ALL_PICTURES {
            break;
        }
        all.push(picture);
    }
    Ok(all)
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

async fn open_maildrop(
    account: &AccountRow,
    vault: &Vault,
    who: &Credentials,
    proxy: Option<Proxy>,
    meter: Arc<Meter>,
) -> Result<pop3::Session> {
    let who = Credentials { user: account.maildrop_user(), ..who.clone() };
    let at = &account.incoming;
    let offers = || vault.offers.lock().unwrap_or_else(PoisonError::into_inner);
    let known = offers().remove(at);
    let session = pop3::Session::open(proxy.as_ref(), at, &trust(account)?, &who, meter, known).await?;
    offers().insert(at.clone(), session.offer().clone());
    Ok(session)
}

/// Connects to the account's submission server and signs in.
pub async fn connect_submission(
    account: &AccountRow,
    vault: &Vault,
    meter: Arc<Meter>,
) -> Result<smtp::Session> {
    let at = account.smtp.clone().ok_or_else(|| Error::new(Kind::NoSubmission, &account.address))?;
    let way = proxy(account, vault).await?;
    with_credentials(account, vault, |who| {
        let (way, meter, at) = (way.clone(), meter.clone(), at.clone());
        async move { smtp::Session::open(way.as_ref(), &at, &trust(account)?, &who, meter).await }
    })
    .await
}

/// The same over a way of the caller's own, which protects itself.
pub async fn submission_over(
    way: &dyn Dial,
    account: &AccountRow,
    vault: &Vault,
    meter: Arc<Meter>,
) -> Result<smtp::Session> {
    let who = vault.credentials(account).await?;
    let to = Endpoint { tls: Tls::None, ..account.smtp.clone().unwrap_or_else(|| account.incoming.clone()) };
    let transport = Transport::over(way.dial().await?, &to.host, meter);
    smtp::Session::start(transport, &to, &trust(account)?, &who).await
}

/// True where the provider files what is sent through its submission server into the account's Sent by itself, as of November 2026:
/// Gmail (support.google.com/mail/answer/78892) and Microsoft (learn.microsoft.com, "Authenticated client SMTP submission"). Seen only over IMAP.
pub fn keeps_sent(account: &AccountRow) -> bool {
    let host = account.smtp.as_ref().map(|at| at.host.to_ascii_lowercase()).unwrap_or_default();
    let known = ["smtp.gmail.com", "smtp.googlemail.com", "smtp.office365.com", "smtp-mail.outlook.com"]
        .contains(&host.as_str());
    known && account.protocol == Protocol::Imap
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
