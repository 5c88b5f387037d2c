//! Why IMAP is ours (docs/adr/0001-imap-is-ours.md): what a hostile or unlucky server makes the stock client believe, and
//! what ours says to the same bytes. Run again when the stock client changes, to look at the decision anew.

use futures_util::TryStreamExt;
use malote_core::error::Kind;
use malote_core::model::{Endpoint, Tls};
use malote_core::protocol::imap::mailboxes::SelectRequest;
use malote_core::protocol::imap::messages::Which;
use malote_core::protocol::imap::sign_in::Credentials;
use malote_core::protocol::imap::{Session, response::Response};
use malote_core::protocol::tls::Trust;
use malote_core::uid_set::UidSet;
use servers::fake::{Fake, Step, cut, on};
use std::time::Duration;
use tokio::net::TcpStream;

const GREETING: &str = "* OK [CAPABILITY IMAP4rev1 IDLE] hello\r\n";

async fn ours(steps: Vec<Step>) -> (Fake, Session) {
    let fake = Fake::start(GREETING, steps).await;
    let to = Endpoint { host: "127.0.0.1".into(), port: fake.port, tls: Tls::None };
    let who = Credentials::password("ana", "secret");
    let session = Session::open(&to, &Trust::default(), &who, Default::default()).await.expect("open");
    (fake, session)
}

async fn stock(steps: Vec<Step>) -> (Fake, async_imap::Session<TcpStream>) {
    let fake = Fake::start(GREETING, steps).await;
    let stream = TcpStream::connect(("127.0.0.1", fake.port)).await.expect("connect");
    let mut client = async_imap::Client::new(stream);
    client.read_response().await.expect("greeting");
    let session = client.login("ana", "secret").await.map_err(|(e, _)| e).expect("login");
    (fake, session)
}

fn inbox() -> SelectRequest {
    SelectRequest { mailbox: b"INBOX".to_vec(), known: None }
}

#[tokio::test]
async fn a_refused_search_is_an_empty_success_for_the_stock_client() {
    let steps = || vec![on("SEARCH", "{tag} NO server is busy\r\n")];
    let (_fake, mut theirs) = stock(steps()).await;
    assert_eq!(
        theirs.uid_search("ALL").await.expect("it says Ok").len(),
        0,
        "\"nothing is left\" is what a sync would delete by"
    );
    let (_fake, mut own) = ours(steps()).await;
    assert_eq!(own.search("ALL").await.map_err(|e| e.kind), Err(Kind::Refused));
}

#[tokio::test]
async fn a_cut_search_is_a_partial_success_for_the_stock_client() {
    let steps = || vec![cut("SEARCH", "* SEARCH 1 2 3\r\n")];
    let (_fake, mut theirs) = stock(steps()).await;
    assert_eq!(theirs.uid_search("ALL").await.expect("it says Ok").len(), 3);
    let (_fake, mut own) = ours(steps()).await;
    assert_eq!(own.search("ALL").await.map_err(|e| e.kind), Err(Kind::ConnectionLost));
}

#[tokio::test]
async fn a_cut_select_is_a_success_for_the_stock_client() {
    let steps = || vec![cut("SELECT", "* 0 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n")];
    let (_fake, mut theirs) = stock(steps()).await;
    assert_eq!(theirs.select("INBOX").await.expect("it says Ok").exists, 0);
    let (_fake, mut own) = ours(steps()).await;
    assert_eq!(own.select(&inbox()).await.map(|s| s.exists).map_err(|e| e.kind), Err(Kind::ConnectionLost));
}

#[tokio::test]
async fn a_refused_fetch_is_the_end_of_a_list_for_the_stock_client() {
    let steps = || vec![on("FETCH", "* 1 FETCH (UID 1 FLAGS ())\r\n{tag} NO out of memory\r\n")];
    let (_fake, mut theirs) = stock(steps()).await;
    let got: Vec<_> =
        theirs.uid_fetch("1:*", "FLAGS").await.expect("fetch").try_collect().await.expect("it says Ok");
    assert_eq!(got.len(), 1);
    let (_fake, mut own) = ours(steps()).await;
    let which = Which::Uids(UidSet::range(1, 9));
    assert_eq!(own.fetch_headers(&which, |_| Ok(())).await.map_err(|e| e.kind), Err(Kind::Refused));
}

#[tokio::test]
async fn an_unknown_line_ends_the_session_of_the_stock_client() {
    // ESEARCH, NAMESPACE, a capability line with two spaces, and something nobody has heard of.
    for line in [
        "* ESEARCH (TAG \"x\") UID ALL 1:3\r\n",
        "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n",
        "* XHELLO (a b)\r\n",
    ] {
        let steps = || vec![on("NOOP", format!("{line}{{tag}} OK\r\n"))];
        let (_fake, mut theirs) = stock(steps()).await;
        assert!(theirs.noop().await.is_err() || theirs.noop().await.is_err(), "{line}");
        let (_fake, mut own) = ours(steps()).await;
        for _ in 0..2 {
            let noop = malote_core::protocol::imap::command::Command::new("NOOP");
            own.run(noop).await.expect("answered").ok("NOOP").expect("OK");
        }
    }
}

#[tokio::test]
async fn a_refused_idle_hangs_the_stock_client() {
    let steps = || vec![on("IDLE", "{tag} NO not now\r\n")];
    let (_fake, theirs) = stock(steps()).await;
    let mut idle = theirs.idle();
    assert!(
        tokio::time::timeout(Duration::from_millis(700), idle.init()).await.is_err(),
        "it waits for ever"
    );
    let (_fake, mut own) = ours(steps()).await;
    let refused = own.idle(Duration::from_secs(60), std::future::pending()).await;
    assert_eq!(refused.map_err(|e| e.kind), Err(Kind::Refused));
    own.select(&inbox()).await.expect("the connection lives on");
}

#[tokio::test]
async fn quoted_names_come_back_escaped_from_the_stock_client() {
    let steps = || vec![on("LIST", "* LIST () \"/\" \"a\\\\b\\\"c\"\r\n{tag} OK\r\n")];
    let (_fake, mut theirs) = stock(steps()).await;
    let names: Vec<_> = theirs.list(None, Some("*")).await.expect("list").try_collect().await.expect("list");
    assert_eq!(names[0].name(), "a\\\\b\\\"c", "and would be escaped again by the next SELECT");
    let (_fake, mut own) = ours(steps()).await;
    let survey = own.survey(None, false).await.expect("survey");
    assert_eq!(survey.mailboxes[0].name, b"a\\b\"c");
}

/// `async_imap` 0.12 overflows the stack on this one and takes the process with it, so only ours is run: 500 levels already
/// do it in a release build.
#[tokio::test]
async fn a_deeply_nested_bodystructure_is_an_answer_not_a_crash() {
    let nested = format!("{}{}", "(".repeat(100_000), ")".repeat(100_000));
    let steps = vec![on(
        "FETCH",
        format!(
            "* 1 FETCH (UID 1 BODYSTRUCTURE {nested} BODY[HEADER.FIELDS (DATE)] \"\")\r\n* 2 FETCH (UID 2 BODY[HEADER.FIELDS (DATE)] \"\")\r\n{{tag}} OK\r\n"
        ),
    )];
    let (_fake, mut own) = ours(steps).await;
    let mut seen = Vec::new();
    let which = Which::Uids(UidSet::range(1, 2));
    own.fetch_headers(&which, |f| {
        seen.push(f.uid);
        Ok(())
    })
    .await
    .expect("both messages arrive");
    assert_eq!(seen, [Some(1), Some(2)], "the hostile item costs only itself");
    assert_eq!(own.unreadable, 1);
}

/// `INTERNALDATE NIL` and a multibyte letter after a response code panic inside the stock client's parser.
#[tokio::test]
async fn what_panics_the_stock_client_is_read_by_ours() {
    for line in ["* 1 FETCH (UID 1 INTERNALDATE NIL)", "* OK [ALERT]é"] {
        let steps = || vec![on("NOOP", format!("{line}\r\n{{tag}} OK\r\n"))];
        let (_fake, mut theirs) = stock(steps()).await;
        let died = tokio::spawn(async move { theirs.noop().await.is_err() }).await;
        assert!(
            died.is_err() || died.is_ok_and(|failed| failed),
            "the stock client now reads {line}: look at the decision again"
        );
        assert_ne!(Response::parse(line.as_bytes()), Response::Unreadable, "{line}");
    }
}
