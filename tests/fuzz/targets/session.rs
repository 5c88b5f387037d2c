//! The driver against a server that says whatever the fuzzer thinks of: every verb ends, with a result or an error, without
//! a panic and without waiting longer than the driver's own patience (time is the test's, so that costs nothing).
//!
//! The input is what the server says. `~` in front of a line is put into the tag of the command that waits, so that the
//! fuzzer can answer without guessing numbers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use malote_core::model::{Endpoint, Tls};
use malote_core::protocol::imap::Session;
use malote_core::protocol::imap::append::Upload;
use malote_core::protocol::imap::mailboxes::SelectRequest;
use malote_core::protocol::imap::messages::Which;
use malote_core::protocol::imap::sign_in::Credentials;
use malote_core::protocol::tls::Trust;
use malote_core::protocol::transport::Transport;
use malote_core::uid_set::UidSet;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// Says the input, one response for each line that the client says, and the rest when it has said enough.
async fn server(mut stream: DuplexStream, input: Vec<u8>) {
    let mut lines = input.split_inclusive(|b| *b == b'\n');
    let mut heard = [0u8; 4096];
    let mut tag = b"m1".to_vec();
    loop {
        // Up to and including the next line that answers something.
        let mut spoke = false;
        for line in lines.by_ref() {
            let answers = line.first() == Some(&b'~') || line.first() == Some(&b'+');
            let whole = match line.strip_prefix(b"~") {
                Some(rest) => [&tag[..], b" ", rest].concat(),
                None => line.to_vec(),
            };
            spoke = true;
            if stream.write_all(&whole).await.is_err() {
                return;
            }
            if answers {
                break;
            }
        }
        if !spoke {
            return; // hangs up
        }
        match stream.read(&mut heard).await {
            Ok(0) | Err(_) => return,
            Ok(n) => {
                // The last tag in what was said.
                let said = &heard[..n];
                let last = said.split(|b| *b == b'\n').filter(|l| l.first() == Some(&b'm')).next_back();
                if let Some(t) = last.and_then(|l| l.split(|b| *b == b' ').next()).filter(|t| t.len() < 12) {
                    tag = t.to_vec();
                }
            }
        }
    }
}

async fn client(stream: DuplexStream) {
    let to = Endpoint { host: "fuzz".into(), port: 143, tls: Tls::None };
    let transport = Transport::over(Box::new(stream), "fuzz", Default::default());
    let who = Credentials::password("ana", "secret");
    let Ok(mut session) = Session::start(transport, &to, &Trust::default(), &who).await else { return };
    let _ = session.compress().await;
    let request = SelectRequest { mailbox: b"INBOX".to_vec(), known: Some((7, 9)) };
    let uids = UidSet::range(1, 5);
    let _ = session.survey(Some(request.clone()), true).await;
    let _ = session.select(&request).await;
    let _ = session.fetch_headers(&Which::Uids(uids.clone()), |_| Ok(())).await;
    let _ = session.fetch_newest(50, 100, |_| Ok(())).await;
    let _ = session.fetch_flags(Some(4), |_| Ok(())).await;
    let _ = session.fetch_matching("UNSEEN", |_| Ok(())).await;
    let _ = session.search("ALL").await;
    let _ = session.fetch_piece(3, 0).await;
    let _ = session.fetch_binary(3, "1").await;
    let _ = session.store_flags(&uids, '+', "\\Seen").await;
    let _ = session.move_to(&uids, b"Archive").await;
    let _ = session.expunge(&uids).await;
    let upload = Upload { flags: String::new(), date: String::new(), message: b"a\r\n\r\nb".to_vec() };
    let _ = session.append_all(b"INBOX", vec![upload.clone(), upload.clone()]).await;
    let _ = session.replace(3, b"Drafts", upload).await;
    let _ = session.quota(b"INBOX").await;
    let _ = session.metadata(b"", &["/private/comment"], 100).await;
    let _ = session.notify().await;
    let _ = session.idle(Duration::from_secs(60), std::future::pending()).await;
    let _ = session.unselect().await;
    for alert in session.take_alerts() {
        assert!(!alert.chars().any(char::is_control));
    }
    session.logout().await;
}

fuzz_target!(|bytes: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let input = bytes.to_vec();
        let done = async {
            tokio::join!(client(ours), server(theirs, input));
        };
        tokio::time::timeout(Duration::from_secs(24 * 3600), done).await.expect("it ends");
    });
});
