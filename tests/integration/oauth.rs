//! Signing in with tokens: an issuer on loopback, a Dovecot that asks it about each token, and a browser that follows where it is
//! sent.

use malote_core::api::types::{BrowserSignIn, Mark, NewAccount};
use malote_core::api::{Core, Events, MemorySecrets, Secrets};
use malote_core::clock::{Clock, SystemClock};
use malote_core::error::{Error, Kind};
use malote_core::model::{AccountId, Endpoint, Protocol, Tls};
use servers::device::{account, dirs};
use servers::dovecot::Dovecot;
use servers::issuer::{TokenIssuer, browse};
use servers::loader;
use servers::other::Other;
use servers::station::TestClock;
use std::path::Path;
use std::sync::Arc;
use tokio::task::JoinHandle;

struct Place {
    issuer: TokenIssuer,
    server: Dovecot,
    dir: tempfile::TempDir,
    secrets: Arc<MemorySecrets>,
}

impl Place {
    async fn new() -> Self {
        let issuer = TokenIssuer::start().await;
        let dir = tempfile::Builder::new().prefix("malote-oauth-").tempdir_in("/tmp").expect("a directory");
        let server = issuer.dovecot(dir.path());
        for user in ["ana", "bia"] {
            loader::fill(&server, user, "INBOX", &["um", "dois", "tres"]);
        }
        Self { issuer, server, dir, secrets: Arc::default() }
    }

    fn data(&self) -> std::path::PathBuf {
        self.dir.path().join("device")
    }

    async fn core(&self, clock: Arc<dyn Clock>) -> Core {
        std::fs::create_dir_all(self.data()).expect("a directory");
        std::fs::write(self.data().join("issuers.txt"), self.issuer.line()).expect("issuers.txt");
        let secrets: Arc<dyn Secrets> = self.secrets.clone();
        Core::open(dirs(&self.data()), secrets, clock).await.expect("open").0
    }

    async fn now(&self) -> Core {
        self.core(SystemClock::shared()).await
    }

    fn new_account(&self, user: &str, grant: &str) -> NewAccount {
        NewAccount { password: String::new(), grant: grant.to_owned(), ..account(&self.server, user, "all") }
    }

    async fn add(&self, core: &Core, user: &str) -> AccountId {
        let grant = self.grant(core, user).await.expect("the browser came back");
        core.account_add(self.new_account(user, &grant)).await.expect("added").id
    }

    /// A sign-in that has begun, and the wait for it.
    async fn begin(
        &self,
        core: &Core,
        user: &str,
        farewell: &str,
    ) -> (BrowserSignIn, JoinHandle<Result<(), Error>>) {
        let address = format!("{user}@exemplo.test");
        let begun = core.browser_begin("exemplo".into(), address, String::new(), false).await.expect("begun");
        let (waiting, id, farewell) = (core.clone(), begun.id.clone(), farewell.to_owned());
        (begun, tokio::spawn(async move { waiting.browser_wait(id, farewell).await }))
    }

    /// Through the browser; what there is to hand over.
    async fn grant(&self, core: &Core, user: &str) -> Result<String, Error> {
        let (begun, wait) = self.begin(core, user, "De volta ao Malote.").await;
        let page = browse(&begun.url).await;
        wait.await.expect("waited")?;
        assert!(page.contains("De volta ao Malote."), "{page}");
        Ok(begun.id)
    }
}

/// Until so many accounts are there, all doing this.
async fn all(core: &Core, events: &mut Events, count: usize, phase: &str) {
    loop {
        let states = core.states().await.expect("states");
        if states.len() == count && states.iter().all(|s| s.phase == phase) {
            return;
        }
        events.next().await.expect("an event");
    }
}

async fn subjects(core: &Core) -> Vec<String> {
    let inbox =
        core.mailboxes().await.expect("mailboxes").into_iter().find(|m| m.path == "INBOX").expect("INBOX");
    let rows = core.list(Some(inbox.id), 0, 100).await.expect("rows");
    let mut subjects: Vec<String> = rows.into_iter().map(|r| r.subject).collect();
    subjects.sort();
    subjects
}

#[tokio::test(flavor = "multi_thread")]
async fn first_sign_in_renewal_and_the_next_start() {
    let place = Place::new().await;
    let core = place.now().await;
    place.add(&core, "ana").await;
    core.sync_once(None).await.expect("sync");
    assert_eq!(subjects(&core).await, ["dois", "tres", "um"]);
    assert_eq!(place.issuer.known().renewals, 0, "the first token was still good");
    // The server takes it no more, before its time: one renewal, without a word.
    place.issuer.expire();
    core.sync_once(None).await.expect("sync");
    assert_eq!(place.issuer.known().renewals, 1);
    // The issuer has changed the refresh token; after a restart the new one is used.
    core.close().await;
    drop(core);
    let core = place.now().await;
    core.sync_once(None).await.expect("sync");
    assert_eq!(place.issuer.known().renewals, 2);
    // Nothing of it lies about.
    for file in walk(&place.data()) {
        let bytes = std::fs::read(&file).expect("a file");
        assert!(!bytes.windows(6).any(|w| w == b"geheim"), "a token is in {}", file.display());
    }
    // An account that goes calls its token back.
    let id = core.accounts().await.expect("accounts")[0].id;
    core.account_remove(id).await.expect("removed");
    assert!(place.issuer.known().refresh.is_empty());
}

fn walk(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).expect("a directory").flatten();
    entries.flat_map(|e| if e.path().is_dir() { walk(&e.path()) } else { vec![e.path()] }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pop3_too() {
    let place = Place::new().await;
    let core = place.now().await;
    let grant = place.grant(&core, "bia").await.expect("back");
    let incoming = Endpoint { host: "localhost".into(), port: place.server.pop3s, tls: Tls::Implicit };
    let new = NewAccount { protocol: Protocol::Pop3, incoming, ..place.new_account("bia", &grant) };
    core.account_add(new).await.expect("added");
    place.issuer.expire();
    core.sync_once(None).await.expect("sync");
    assert_eq!(subjects(&core).await, ["dois", "tres", "um"]);
    assert_eq!(place.issuer.known().renewals, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_it_asks_once_and_loses_nothing() {
    let place = Place::new().await;
    let core = place.now().await;
    let id = place.add(&core, "ana").await;
    core.sync_once(None).await.expect("sync");
    let inbox = core.mailboxes().await.expect("mailboxes")[0].id;
    let row = core.list(Some(inbox), 0, 1).await.expect("rows").remove(0);
    place.issuer.revoke_all();
    core.mark(vec![row.id], Mark::Star).await.expect("marked");
    for _ in 0..2 {
        let said = core.sync_once(None).await.expect_err("revoked");
        assert_eq!(said.kind, Kind::ConsentNeeded, "{said}");
    }
    assert_eq!(core.accounts().await.expect("accounts")[0].waiting, 1, "what the user did waits");
    // Signed in again, as somebody else: not taken, and what was is kept.
    let other = place.grant(&core, "bia").await.expect("back");
    let wrong = core.account_grant(id, other).await.map_err(|e| e.kind);
    assert_eq!(wrong, Err(Kind::SignInRefused));
    let grant = place.grant(&core, "ana").await.expect("back");
    core.account_grant(id, grant).await.expect("signed in again");
    core.sync_once(None).await.expect("sync");
    let mut other = Other::sign_in(place.server.imap, "ana").await;
    let flagged: usize =
        other.contents("INBOX").await.values().flatten().filter(|f| f.contains(&"Flagged".into())).count();
    assert_eq!(flagged, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_changes_nothing() {
    for now in [86_400, 4_000_000_000] {
        let place = Place::new().await;
        let core = place.core(TestClock::at(now)).await;
        place.add(&core, "ana").await;
        core.sync_once(None).await.expect("sync");
        assert_eq!(place.issuer.known().renewals, 0, "the token's time is counted, not read from the date");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_back_or_says_no() {
    let place = Place::new().await;
    let core = place.now().await;
    // The browser was closed: the user says so here, and can begin again.
    let (begun, wait) = place.begin(&core, "ana", "").await;
    // Others may knock at that door: without our state they are turned away, and the wait goes on.
    let port = begun
        .url
        .split("127.0.0.1%3A")
        .nth(1)
        .and_then(|r| r.split("%2F").next())
        .expect("a port")
        .to_owned();
    for path in ["", "?code=evil", "?code=evil&state=evil", "favicon.ico"] {
        let page = browse(&format!("http://127.0.0.1:{port}/{path}")).await;
        assert!(page.starts_with("HTTP/1.1 404"), "{page}");
    }
    assert!(!wait.is_finished());
    core.browser_cancel(begun.id.clone()).await.expect("cancelled");
    assert_eq!(wait.await.expect("waited").map_err(|e| e.kind), Err(Kind::Cancelled));
    let gone = core.account_add(place.new_account("ana", &begun.id)).await.map_err(|e| e.kind);
    assert_eq!(gone.map(drop), Err(Kind::ConsentNeeded));
    // The user said no at the issuer.
    place.issuer.known().deny = true;
    let (begun, wait) = place.begin(&core, "ana", "").await;
    browse(&begun.url).await;
    assert_eq!(wait.await.expect("waited").map_err(|e| e.kind), Err(Kind::Cancelled));
    place.issuer.known().deny = false;
    place.add(&core, "ana").await;
    assert_eq!(core.accounts().await.expect("accounts").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_at_one_issuer_and_one_renewal_at_a_time() {
    let place = Place::new().await;
    let core = place.now().await;
    let (ana, bia) = (place.add(&core, "ana").await, place.add(&core, "bia").await);
    core.sync_once(None).await.expect("sync");
    // Five connections of each find their token refused at the same moment.
    place.issuer.expire();
    let mut events = core.events();
    core.start().await.expect("start");
    all(&core, &mut events, 2, "in_step").await;
    let known = place.issuer.known();
    assert_eq!(known.renewals, 2, "one for each account");
    assert_eq!(known.refresh.len(), 2);
    drop(known);
    assert_ne!(ana, bia);
}

/// The same in the app that stays open.
#[tokio::test(flavor = "multi_thread")]
async fn what_waited_goes_out_after_signing_in_again() {
    let place = Place::new().await;
    let core = place.now().await;
    let id = place.add(&core, "ana").await;
    core.sync_once(None).await.expect("sync");
    place.issuer.revoke_all();
    core.close().await;
    drop(core);
    let core = place.now().await;
    let mut events = core.events();
    core.start().await.expect("start");
    all(&core, &mut events, 1, "failed").await;
    let inbox = core.mailboxes().await.expect("mailboxes")[0].id;
    let row = core.list(Some(inbox), 0, 1).await.expect("rows").remove(0);
    core.mark(vec![row.id], Mark::Star).await.expect("marked");
    let grant = place.grant(&core, "ana").await.expect("back");
    core.account_grant(id, grant).await.expect("signed in again");
    all(&core, &mut events, 1, "in_step").await;
    while core.accounts().await.expect("accounts")[0].waiting > 0 {
        events.next().await.expect("an event");
    }
}
