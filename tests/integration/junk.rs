//! Junk: what the user says of messages and senders reaches the server and the other devices, can be taken back, and is never said twice.

use malote_core::error::Kind;
use servers::device::{Device, agree, ids, maildrop};
use servers::dovecot::{Dovecot, Options};
use servers::other::Other;

const BOTH: [&str; 2] = ["INBOX", "Junk"];

fn mail(from: &str, word: &str, more: &str) -> Vec<u8> {
    format!(
        "{more}From: {from}\r\nTo: ana@exemplo.test\r\nSubject: {word}\r\nMessage-ID: <{word}>\r\nDate: Tue, 03 Mar 2026 09:15:00 -0300\r\n\r\nCorpo de {word}.\r\n"
    )
    .into_bytes()
}

/// What lies in the inbox and in the junk, by subject.
async fn lies(device: &Device) -> [Vec<String>; 2] {
    let mut found = BOTH.map(|_| Vec::new());
    for (at, folder) in BOTH.iter().enumerate() {
        found[at] = device.contents(folder).await.into_keys().collect();
    }
    found
}

/// As the stock client tells it.
fn keyword(name: &str) -> String {
    format!("Custom({name:?})")
}

fn words(inbox: &[&str], junk: &[&str]) -> [Vec<String>; 2] {
    [inbox, junk].map(|words| words.iter().map(|w| (*w).to_owned()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_junk_is_said_to_the_server() {
    let server = Dovecot::start();
    let mut other = Other::sign_in(server.imap, "ana").await;
    for word in ["um", "dois", "tres"] {
        other.append("INBOX", &mail("Loja <loja@x.test>", word, "")).await;
    }
    let device = Device::new(&server, "ana", "all").await;
    device.sync().await;
    device.core.junk(ids(&device, "INBOX", "um").await).await.expect("junk");
    let done = device.core.junk(ids(&device, "INBOX", "dois").await).await.expect("junk");
    // Taken back before the server knows: as if it had never been.
    let early = device.core.junk(ids(&device, "INBOX", "tres").await).await.expect("junk");
    assert!(device.core.undo(early.actions).await.expect("undo").whole);
    device.sync().await;
    agree(&device, &mut other, &BOTH).await;
    let flags = other.contents("Junk").await;
    assert_eq!(flags["um"], [[keyword("$Junk")]]);
    assert!(flags.contains_key("dois"));
    assert_eq!(other.contents("INBOX").await["tres"], [Vec::<String>::new()]);

    // Taken back after it was sent: it comes back without the keyword.
    assert!(device.core.undo(done.actions).await.expect("undo").whole);
    device.sync().await;
    device.sync().await;
    agree(&device, &mut other, &BOTH).await;
    assert_eq!(other.contents("INBOX").await["dois"], [Vec::<String>::new()]);

    // And out of the junk by being moved to wherever.
    device.core.not_junk(ids(&device, "Junk", "um").await).await.expect("not junk");
    device.sync().await;
    agree(&device, &mut other, &BOTH).await;
    assert_eq!(other.contents("INBOX").await["um"], [[keyword("$NotJunk")]]);
    assert_eq!(lies(&device).await, words(&["dois", "tres", "um"], &[]));
    assert!(device.core.decisions().await.expect("decisions").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_blocked_senders_send_goes_to_the_junk() {
    let server = Dovecot::start();
    let mut other = Other::sign_in(server.imap, "ana").await;
    let from = "Chato <Chato@Spam.test>";
    for word in ["a1", "a2"] {
        other.append("INBOX", &mail(from, word, "")).await;
    }
    other.append("INBOX", &mail("Bia <bia@x.test>", "b1", "")).await;
    let (phone, laptop) =
        (Device::new(&server, "ana", "all").await, Device::new(&server, "ana", "all").await);
    phone.sync().await;
    laptop.sync().await;
    let one = ids(&phone, "INBOX", "a1").await[0];
    let done = phone.core.sender_block(one).await.expect("block");
    assert_eq!((done.label.as_str(), done.count), ("block", 2));
    assert_eq!(lies(&phone).await, words(&["b1"], &["a1", "a2"]));
    let senders = phone.core.senders().await.expect("senders");
    assert_eq!(
        senders.iter().map(|s| (s.address.as_str(), s.blocked)).collect::<Vec<_>>(),
        [("chato@spam.test", true)]
    );
    // It is one thing to take back, the judgement with it; and to do again.
    assert!(phone.core.undo_last().await.expect("undo").whole);
    assert!(phone.core.senders().await.expect("senders").is_empty());
    assert_eq!(lies(&phone).await, words(&["a1", "a2", "b1"], &[]));
    phone.core.sender_block(one).await.expect("block");
    laptop.core.sender_judge("@spam.test".into(), true).await.expect("judged");
    phone.sync().await;
    laptop.sync().await;
    assert_eq!(lies(&laptop).await, words(&["b1"], &["a1", "a2"]));

    // What comes now is moved by whoever sees it first; the other one has nothing to say about it.
    other.append("INBOX", &mail(from, "a3", "")).await;
    other.append("INBOX", &mail("Chata <chata@news.spam.test>", "c1", "")).await;
    phone.sync().await;
    laptop.sync().await;
    phone.sync().await;
    for device in [&phone, &laptop] {
        agree(device, &mut other, &BOTH).await;
        assert_eq!(lies(device).await, words(&["b1"], &["a1", "a2", "a3", "c1"]));
        assert!(device.core.decisions().await.expect("decisions").is_empty());
        assert!(device.core.notices().await.expect("notices").is_empty());
    }
    assert_eq!(other.contents("Junk").await["a3"], [[keyword("$Junk")]]);

    // It is not what "undo" takes back, and what another device took out of the junk stays out of it.
    let undone = phone.core.undo_last().await.expect("undo");
    assert_eq!(undone.label, "block", "the last thing that the user did");
    phone.sync().await;
    phone.sync().await;
    laptop.sync().await;
    assert_eq!(lies(&phone).await, words(&["a1", "a2", "b1"], &["a3", "c1"]));
    assert_eq!(lies(&laptop).await, lies(&phone).await);
    agree(&laptop, &mut other, &BOTH).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_at_once_leave_nothing_to_decide() {
    let server = Dovecot::start();
    let mut other = Other::sign_in(server.imap, "ana").await;
    let devices = [Device::new(&server, "ana", "all").await, Device::new(&server, "ana", "all").await];
    for device in &devices {
        device.sync().await;
        device.core.sender_judge("Chato@spam.test".into(), true).await.expect("judged");
    }
    for n in 0..6 {
        other.append("INBOX", &mail("chato@spam.test", &format!("a{n}"), "")).await;
    }
    tokio::join!(devices[0].sync(), devices[1].sync());
    for device in &devices {
        device.sync().await;
    }
    devices[0].sync().await;
    for device in &devices {
        agree(device, &mut other, &BOTH).await;
        assert_eq!(lies(device).await[0], Vec::<String>::new());
        assert_eq!(lies(device).await[1].len(), 6);
        assert!(device.core.decisions().await.expect("decisions").is_empty());
        assert!(device.core.notices().await.expect("notices").is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trusted_senders_leave_the_junk_unless_they_are_forged() {
    let server = Dovecot::start();
    let mut other = Other::sign_in(server.imap, "ana").await;
    let from = "Bia <bia@x.test>";
    other.append("Junk", &mail(from, "antes", "")).await;
    other.append("Junk", &mail(from, "este", "")).await;
    let device = Device::new(&server, "ana", "all").await;
    device.sync().await;
    let done = device.core.sender_trust(ids(&device, "Junk", "este").await[0]).await.expect("trust");
    assert_eq!(lies(&device).await, words(&["este"], &["antes"]));
    let forged = "Authentication-Results: mx.exemplo.test; dmarc=fail header.from=x.test\r\n";
    other.append("Junk", &mail(from, "forjada", forged)).await;
    other.append("Junk", &mail(from, "nova", "")).await;
    other.append("Junk", &mail("Rui <rui@x.test>", "outra", "")).await;
    device.sync().await;
    device.sync().await;
    assert_eq!(lies(&device).await, words(&["este", "nova"], &["antes", "forjada", "outra"]));
    agree(&device, &mut other, &BOTH).await;
    assert_eq!(other.contents("INBOX").await["nova"], [[keyword("$NotJunk")]]);
    assert_eq!(
        device.core.message(ids(&device, "INBOX", "nova").await[0]).await.expect("read").judged,
        "safe"
    );
    assert!(device.core.undo(done.actions).await.expect("undo").whole);
    assert!(device.core.senders().await.expect("senders").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_maildrop_too() {
    let server = Dovecot::start_with(Options { pop3: true, ..Options::default() });
    let mut other = Other::sign_in(server.imap, "ana").await;
    let device = Device::with(maildrop(&server, "ana", "always")).await;
    device.core.sender_judge("@spam.test".into(), true).await.expect("judged");
    // Delivered now, as far as one can believe a clock.
    let now = "Received: from x.test by mx.exemplo.test; Tue, 03 Mar 2099 09:15:00 -0300\r\n";
    other.append("INBOX", &mail("chato@spam.test", "a1", now)).await;
    other.append("INBOX", &mail("bia@x.test", "b1", now)).await;
    device.sync().await;
    device.sync().await;
    assert_eq!(lies(&device).await, words(&["b1"], &["a1"]));
    for bad in ["", "nobody", "@", "a@b", "a b@c.test", "x@c.test,y@d.test", "<a@c.test>"] {
        let kind = device.core.sender_judge(bad.into(), true).await.map_err(|e| e.kind);
        assert_eq!(kind, Err(Kind::Usage), "{bad:?}");
    }
    device.core.sender_forget("@spam.test".into()).await.expect("forgotten");
    assert!(device.core.senders().await.expect("senders").is_empty());
}
