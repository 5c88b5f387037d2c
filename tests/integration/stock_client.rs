//! Why IMAP is ours (docs/adr/0001-imap-is-ours.md): what a hostile or unlucky server makes the stock client believe, and
//! what ours says to the same bytes. Run again when the stock client changes, to look at the decision anew.

use futures_util::TryStreamExt;
use malote_core::error::Kind;
use malote_core::model::{Endpoint, Tls};
use malote_core::protocol::imap::command::Command;
use malote_core::protocol::imap::mailboxes::SelectRequest;
use malote_core::protocol::imap::messages::Which;
use malote_core::protocol::imap::response::Code;
use malote_core::protocol::imap::sign_in::Credentials;
use malote_core::protocol::imap::{Session, response::Response};
use malote_core::protocol::tls::Trust;
use malote_core::uid_set::UidSet;
use servers::fake::{Fake, Step, cut, on};
use servers::script::{Manner, run};
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

/// One line of each extension that the stock client's grammar does not have, and lines of real servers that are a little
/// wrong. To it each is the end of the session.
const FATAL: &[&str] = &[
    "* SEARCH 2 5 6 (MODSEQ 917162500)",
    "* STATUS INBOX (MESSAGES 1 SIZE 44)",
    "* STATUS INBOX (MESSAGES 1 MAILBOXID (F22))",
    "* STATUS INBOX (MESSAGES 1 DELETED 3)",
    "* STATUS INBOX (APPENDLIMIT 1000)",
    "* LIST () \"/\" Foo (\"CHILDINFO\" (\"SUBSCRIBED\"))",
    "* LIST () \"/\" New (\"OLDNAME\" (\"Old\"))",
    "* NAMESPACE ((\"\" \"/\")) NIL NIL",
    "* ESEARCH (TAG \"x\") UID ALL 1:3",
    "* ESEARCH (TAG \"x\") UID PARTIAL (-1:-100 200:250)",
    "* THREAD (2)(3 6 (4 23)(44 7 96))",
    "* 1 FETCH (BINARY[1] \"x\")",
    "* 1 FETCH (BINARY.SIZE[1] 5)",
    "* 1 FETCH (BINARY[1] ~{3}\r\na\0b)",
    "* CAPABILITY IMAP4rev2 AUTH=PLAIN",
    "* CAPABILITY  IMAP4rev1  IDLE",
    "* LIST () \"/\" Sent Items",
    "* 1 FETCH ()",
    "* 1 FETCH (ENVELOPE (NIL NIL () NIL NIL NIL NIL NIL NIL NIL))",
    "* 1 FETCH (BODYSTRUCTURE ((\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1)(\"RELATED\" NIL (\"ATTACHMENT\" NIL) NIL) \"MIXED\"))",
    "* XHELLO (a b)",
];

#[tokio::test]
async fn an_unknown_line_ends_the_session_of_the_stock_client() {
    for line in FATAL {
        let steps = || vec![on("NOOP", format!("{line}\r\n{{tag}} OK\r\n"))];
        let (_fake, mut theirs) = stock(steps()).await;
        assert!(theirs.noop().await.is_err() || theirs.noop().await.is_err(), "it reads {line} now");
        let (_fake, mut own) = ours(steps()).await;
        for _ in 0..2 {
            own.run(Command::new("NOOP")).await.expect("answered").ok("NOOP").expect("OK");
        }
        let strange = u64::from(line.contains("XHELLO")) * 2;
        assert_eq!(own.unreadable, strange, "{line}");
    }
}

/// What it reads and then drops: the values that sync lives on.
#[tokio::test]
async fn values_that_the_stock_client_throws_away() {
    // COPYUID and APPENDUID: its verbs return nothing.
    let steps = || {
        vec![
            on("UID COPY", "{tag} OK [COPYUID 7 3 9] done\r\n"),
            on("UID MOVE", "* OK [COPYUID 7 4 10] moved\r\n* 1 EXPUNGE\r\n{tag} OK done\r\n"),
        ]
    };
    let (_fake, mut theirs) = stock(steps()).await;
    let () = theirs.uid_copy("3", "Archive").await.expect("copy");
    let (_fake, mut own) = ours(steps()).await;
    assert_eq!(own.copy(&UidSet::range(3, 3), b"Archive").await.expect("copy").pairs, [(3, 9)]);
    assert_eq!(own.move_to(&UidSet::range(4, 4), b"Archive").await.expect("move").pairs, [(4, 10)]);

    // Of 500 messages that are gone, its channel keeps a hundred.
    let gone: String = (1..=500).map(|n| format!("* VANISHED {}\r\n", n * 2)).collect();
    let steps = || {
        vec![on(
            "SELECT",
            format!(
                "* 0 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [HIGHESTMODSEQ 9] x\r\n{gone}{{tag}} OK\r\n"
            ),
        )]
    };
    let (_fake, mut theirs) = stock(steps()).await;
    theirs.select("INBOX").await.expect("select");
    let mut kept = 0;
    while theirs.unsolicited_responses.try_recv().is_ok() {
        kept += 1;
    }
    assert!(kept <= 100, "{kept}");
    let (_fake, mut own) = ours(steps()).await;
    assert_eq!(own.select(&inbox()).await.expect("select").vanished.len(), 500);

    // A label in a literal, a size above 4 GiB, the first words, when it was saved: gone without a word.
    let line = "* 1 FETCH (UID 1 X-GM-LABELS ({5}\r\nObras) X-GM-THRID 12 RFC822.SIZE 5000000000 PREVIEW \"oi\" SAVEDATE \"17-Jul-1996 02:44:25 -0700\" EMAILID (M1) THREADID (T1))";
    let steps = || vec![on("FETCH", format!("{line}\r\n{{tag}} OK\r\n"))];
    let (_fake, mut theirs) = stock(steps()).await;
    let got: Vec<_> = theirs.uid_fetch("1", "ALL").await.expect("fetch").try_collect().await.expect("fetch");
    assert_eq!(got[0].size, None);
    assert!(got[0].gmail_labels().is_none_or(|l| l.is_empty()));
    let Response::Fetch(f) = Response::parse(line.as_bytes()) else { panic!("no fetch") };
    assert_eq!(f.gm_labels.as_deref(), Some(&["Obras".to_owned()][..]));
    assert_eq!((f.gm_thread_id, f.size, f.preview.as_deref()), (Some(12), Some(5_000_000_000), Some("oi")));
    assert_eq!(f.save_date, Some(837_596_665));
    assert_eq!((f.email_id.as_deref(), f.thread_id.as_deref()), (Some("M1"), Some("T1")));

    // MODIFIED and NOMODSEQ stay text for it.
    for (line, code) in [
        ("a OK [MODIFIED 7,9] x", Code::Modified([7, 9].into_iter().collect())),
        ("* OK [NOMODSEQ] x", Code::NoModSeq),
    ] {
        match Response::parse(line.as_bytes()) {
            Response::Tagged { code: found, .. } | Response::Status { code: found, .. } => {
                assert_eq!(found, Some(code))
            }
            other => panic!("{other:?}"),
        }
    }
    // ENABLED and CAPABILITY are the same to it.
    assert_eq!(Response::parse(b"* ENABLED QRESYNC"), Response::Enabled(vec!["QRESYNC".into()]));
}

/// An untagged line in front of "+", and a refusal with its reason.
#[tokio::test]
async fn appending_is_a_riddle_to_the_stock_client() {
    for (answer, kind) in [
        ("{tag} NO [TRYCREATE] no such mailbox\r\n", Kind::MailboxGone),
        ("{tag} NO [OVERQUOTA] full\r\n", Kind::OverQuota),
        ("{tag} NO [TOOBIG] too big\r\n", Kind::TooLarge),
    ] {
        let steps = || vec![on("APPEND", answer)];
        let (_fake, mut theirs) = stock(steps()).await;
        let said = format!("{:?}", theirs.append("X", None, None, b"a\r\n\r\nb").await.expect_err("refused"));
        assert_eq!(said, "Append", "the reason is lost");
        let (_fake, mut own) = ours(steps()).await;
        let refused = own.append(b"X", "", b"a\r\n\r\nb".to_vec()).await;
        assert_eq!(refused.map_err(|e| e.kind), Err(kind));
    }
    let steps = || vec![on("APPEND", "* 3 EXISTS\r\n+ go on\r\n")];
    let (_fake, mut theirs) = stock(steps()).await;
    assert!(theirs.append("X", None, None, b"b").await.is_err());
}

#[test]
fn an_untagged_line_in_front_of_the_go_ahead() {
    let greeting = b"* PREAUTH [CAPABILITY IMAP4rev1 UIDPLUS] in\r\n";
    let scripts = [b"* 3 EXISTS\r\n+ go on\r\n".to_vec(), b"m1 OK [APPENDUID 7 9] done\r\n".to_vec()];
    for manner in [Manner::Whole, Manner::ByteByByte, Manner::Slowly] {
        let there = run(greeting, &scripts, manner, |session| async {
            session.expect("open").append(b"X", "", b"a\r\n\r\nb".to_vec()).await
        });
        assert_eq!(there.expect("append"), Some((7, 9)));
    }
}

/// It has no session for a server that knows us already, and no way to say the password with the command.
#[tokio::test]
async fn a_greeting_that_says_welcome() {
    let fake = Fake::start("* PREAUTH [CAPABILITY IMAP4rev2 X] in\r\n", vec![]).await;
    let to = Endpoint { host: "127.0.0.1".into(), port: fake.port, tls: Tls::None };
    let who = Credentials::password("ana", "secret");
    let mut session = Session::open(&to, &Trust::default(), &who, Default::default()).await.expect("open");
    assert!(session.can("MOVE") && session.can("UIDPLUS"), "IMAP4rev2 contains them");
    session.run(Command::new("NOOP")).await.expect("answered").ok("NOOP").expect("OK");

    // SASL-IR: one line, no waiting for "+".
    let fake = Fake::start(
        "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi\r\n",
        vec![
            on("AUTHENTICATE PLAIN AGFuYQBzZWNyZXQ=", "{tag} OK [CAPABILITY IMAP4rev1] in\r\n"),
            on("AUTHENTICATE", "{tag} NO\r\n"),
        ],
    )
    .await;
    let to = Endpoint { host: "127.0.0.1".into(), port: fake.port, tls: Tls::None };
    let meter = std::sync::Arc::new(malote_core::protocol::transport::Meter::default());
    Session::open(&to, &Trust::default(), &who, meter.clone()).await.expect("open");
    assert_eq!(meter.round_trips(), 1);
}

/// Modified UTF-7 is shown raw by the stock client; names in UTF-8, where the server prefers them, are one name to us.
#[tokio::test]
async fn names_of_mailboxes() {
    let steps = || {
        vec![
            on("ENABLE", "* ENABLED UTF8=ACCEPT\r\n{tag} OK\r\n"),
            on("LIST", "* LIST () \"/\" \"Itens exclu\u{ed}dos\"\r\n{tag} OK\r\n"),
            on("SELECT \"Itens exclu\u{ed}dos\"", "* OK [UIDVALIDITY 7] x\r\n* 0 EXISTS\r\n{tag} OK\r\n"),
            on("SELECT", "{tag} NO [NONEXISTENT] who?\r\n"),
        ]
    };
    let fake = Fake::start("* PREAUTH [CAPABILITY IMAP4rev1 ENABLE UTF8=ACCEPT] in\r\n", steps()).await;
    let to = Endpoint { host: "127.0.0.1".into(), port: fake.port, tls: Tls::None };
    let who = Credentials::password("ana", "secret");
    let mut own = Session::open(&to, &Trust::default(), &who, Default::default()).await.expect("open");
    let survey = own.survey(None, true).await.expect("survey");
    assert_eq!(survey.mailboxes[0].name, b"Itens exclu&AO0-dos", "the same name as without UTF8=ACCEPT");
    let request = SelectRequest { mailbox: survey.mailboxes[0].name.clone(), known: None };
    own.select(&request).await.expect("and it is opened by it");

    let (_fake, mut theirs) =
        stock(vec![on("LIST", "* LIST () \"/\" \"Itens exclu&AO0-dos\"\r\n{tag} OK\r\n")]).await;
    let names: Vec<_> = theirs.list(None, Some("*")).await.expect("list").try_collect().await.expect("list");
    assert_eq!(names[0].name(), "Itens exclu&AO0-dos");
}

/// Its parse error holds the mail it could not read; ours holds none, nor a password.
#[tokio::test]
async fn errors_do_not_tell_secrets() {
    let steps = || {
        vec![on(
            "FETCH",
            "* 1 FETCH (UID 1 BODY[] \"meu segredo\" BINARY[1] \"meu segredo\")\r\nm99 OK meu segredo\r\n",
        )]
    };
    let (_fake, mut theirs) = stock(steps()).await;
    let failed: Result<Vec<_>, _> = theirs.uid_fetch("1", "ALL").await.expect("fetch").try_collect().await;
    assert!(
        format!("{:?}", failed.expect_err("it cannot read it")).contains("segredo")
            || cfg!(not(debug_assertions))
    );
    let (_fake, mut own) = ours(steps()).await;
    let failed =
        own.fetch_headers(&Which::Uids(UidSet::range(1, 1)), |_| Ok(())).await.expect_err("not our tag");
    assert!(!format!("{failed:?} {failed}").contains("segredo"), "{failed:?}");
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
