//! What comes after a message was sent or read: reports of what became of it, passing it on as it is or whole, leaving the list that it
//! came through. A real Postfix delivers into a real Dovecot and writes the reports.

use mailparse::MailHeaderMap;
use malote_core::api::types::NewAccount;
use malote_core::error::Kind;
use malote_core::model::{Address, Endpoint, PlacementId, Report, Tls};
use malote_core::query::draft::Wishes;
use malote_core::query::invitation::{Answer, InvitationView};
use servers::device::{self, Device};
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::loader::{Loader, Mail};
use servers::other::Other;
use servers::postfix::{Postfix, VANISHED};
use servers::tls;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

struct World {
    dovecot: Dovecot,
    postfix: Postfix,
}

impl World {
    fn start() -> Option<Self> {
        let dovecot = Dovecot::start_with(Options { delivers: true, ..Options::default() });
        let postfix = Postfix::start(&dovecot)?;
        Some(Self { dovecot, postfix })
    }

    fn account(&self, user: &str) -> NewAccount {
        let smtp = Endpoint { host: "localhost".into(), port: self.postfix.submissions, tls: Tls::Implicit };
        NewAccount { smtp: Some(smtp), ..device::account(&self.dovecot, user, "all") }
    }

    /// Sends, waits for what comes of it, and fetches that.
    async fn around(&self, device: &Device) {
        device.sync().await;
        self.postfix.settle();
        device.sync().await;
    }

    async fn lies(&self, user: &str, folder: &str) -> Vec<Vec<u8>> {
        let mut other = Other::sign_in(self.dovecot.imap, user).await;
        let mut all = Vec::new();
        for uid in other.uids(folder).await {
            all.push(other.whole(uid).await);
        }
        all
    }
}

fn put(port: u16, user: &str, raw: &[u8]) {
    let mail = Mail { raw: raw.to_vec(), flags: String::new(), date: "27-Nov-2026 09:15:00 -0300".into() };
    Loader::sign_in(port, user, PASSWORD).append("INBOX", &[mail]);
}

fn to(address: &str) -> Address {
    Address { name: String::new(), address: address.into() }
}

async fn row(device: &Device, folder: &str, subject: &str) -> PlacementId {
    let rows = device.rows(folder).await;
    let found = rows.iter().find(|r| r.subject.contains(subject));
    found.unwrap_or_else(|| panic!("no {subject} in {folder}: {rows:?}")).id
}

async fn told(device: &Device, id: PlacementId) -> Vec<(String, String)> {
    let mut all: Vec<Report> = device.core.message(id).await.expect("a message").reports;
    all.sort_by(|a, b| (&a.recipient, &a.outcome).cmp(&(&b.recipient, &b.outcome)));
    all.into_iter().map(|r| (r.recipient, r.outcome)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_a_message_is_shown_at_it() {
    let Some(world) = World::start() else { return };
    let ana = Device::with(world.account("ana")).await;
    ana.sync().await;
    let mut content = ana.core.draft_begin("new".into(), None).await.expect("begun").content;
    content.to = vec![to("rui@exemplo.test"), to(VANISHED)];
    content.subject = "Convite".into();
    content.html = "<div>Venha</div>".into();
    content.wishes = Wishes { importance: 1, receipt: true, report: true, ..Wishes::default() };
    ana.core.draft_send(content, None, 0, 0, -180).await.expect("sent");
    world.around(&ana).await;
    ana.sync().await;
    let sent = row(&ana, "Sent", "Convite").await;
    // Dovecot's LMTP says nothing of what it delivers, so Postfix vouches only for having passed it on.
    let expected = [("rui@exemplo.test", "relayed"), (VANISHED, "failed")];
    let expected: Vec<_> = expected.iter().map(|(to, what)| ((*to).to_owned(), (*what).to_owned())).collect();
    assert_eq!(told(&ana, sent).await, expected);
    let why = ana.core.message(sent).await.expect("sent").reports;
    assert!(why.iter().any(|r| r.words.contains("mailbox gone")), "{why:?}");
    let notices = ana.core.notices().await.expect("notices");
    let bounced: Vec<_> =
        notices.iter().filter(|n| n.code == "bounced").map(|n| n.subject.as_str()).collect();
    assert_eq!(bounced, ["Convite"]);
    // The bounce says so too, and who reads it on another device sees the same.
    let bounce = row(&ana, "INBOX", "Undelivered").await;
    assert_eq!(told(&ana, bounce).await, [(VANISHED.to_owned(), "failed".to_owned())]);
    let other = Device::with(world.account("ana")).await;
    other.sync().await;
    assert_eq!(told(&other, row(&other, "Sent", "Convite").await).await, expected);

    // What the recipient got asks for a receipt and says that it matters; their program answers.
    let raw = &world.lies("rui", "INBOX").await[0];
    let got = mailparse::parse_mail(raw).expect("readable");
    let field = |name: &str| got.headers.get_first_value(name).unwrap_or_default();
    assert_eq!(field("Disposition-Notification-To"), "<ana@exemplo.test>");
    assert_eq!((field("Importance"), field("X-Malote-Wishes")), ("high".into(), String::new()));
    let receipt = format!(
        "From: rui@exemplo.test\r\nTo: ana@exemplo.test\r\nSubject: Lida\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nLida.\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822;rui@exemplo.test\r\nOriginal-Message-ID: {}\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--\r\n",
        field("Message-ID")
    );
    put(world.dovecot.imap, "ana", receipt.as_bytes());
    ana.sync().await;
    assert!(told(&ana, sent).await.contains(&("rui@exemplo.test".into(), "displayed".into())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_passed_on_as_it_is_or_whole() {
    let Some(world) = World::start() else { return };
    let raw = b"From: Zoe <zoe@longe.test>\r\nTo: ana@exemplo.test\r\nBcc: oculto@exemplo.test\r\nSubject: =?utf-8?Q?Proposta_=C3=A9_esta?=\r\nDate: Tue, 03 Mar 2026 09:15:00 -0300\r\nMessage-ID: <p1@longe.test>\r\n\r\nSegue.\r\n.\r\nFim\r\n";
    put(world.dovecot.imap, "ana", raw);
    let ana = Device::with(world.account("ana")).await;
    ana.sync().await;
    let id = row(&ana, "INBOX", "Proposta").await;
    let mut caio = to("caio@exemplo.test");
    caio.name = "Caio\r\nBcc: x@exemplo.test".into();
    // Taken back, nothing has gone.
    let back = ana.core.redirect(id, vec![caio.clone()], 10, -180).await.expect("queued");
    ana.core.outbox_withdraw(back.id).await.expect("taken back");
    ana.core.redirect(id, vec![caio], 0, -180).await.expect("queued");
    world.around(&ana).await;
    let got = world.lies("caio", "INBOX").await;
    assert_eq!(got.len(), 1);
    let m = mailparse::parse_mail(&got[0]).expect("readable");
    let field = |name: &str| m.headers.get_first_value(name).unwrap_or_default();
    assert_eq!(
        (field("From"), field("Message-ID")),
        ("Zoe <zoe@longe.test>".into(), "<p1@longe.test>".into())
    );
    assert_eq!(field("Resent-From"), "ana <ana@exemplo.test>");
    assert!(
        field("Resent-To").contains("caio@exemplo.test") && field("Bcc").is_empty(),
        "{:?}",
        field("Resent-To")
    );
    assert!(!field("Resent-Message-ID").is_empty() && field("Resent-Date").ends_with("-0300"));
    assert!(got[0].ends_with(b"\r\n\r\nSegue.\r\n.\r\nFim\r\n"));
    assert!(ana.core.outbox().await.expect("outbox").is_empty());
    assert_eq!(ana.rows("Sent").await.len(), 1);

    // Whole, as a file of another message: and so it comes out again.
    let begun = ana.core.draft_begin("attach".into(), Some(id)).await.expect("begun");
    assert!(begun.quote.is_none());
    let mut content = begun.content;
    assert_eq!(
        (content.subject.as_str(), content.files[0].media_type.as_str()),
        ("Fwd: Proposta é esta", "message/rfc822")
    );
    content.to = vec![to("rui@exemplo.test")];
    content.html = "<div>Veja</div>".into();
    content.wishes.plain = true;
    ana.core.draft_send(content, None, 0, 0, 0).await.expect("sent");
    world.around(&ana).await;
    let got = world.lies("rui", "INBOX").await;
    let m = mailparse::parse_mail(&got[0]).expect("readable");
    let kinds: Vec<_> = m.subparts.iter().map(|p| p.ctype.mimetype.as_str()).collect();
    assert_eq!(kinds, ["text/plain", "message/rfc822"], "plain text alone, and the message");
    let rui = Device::with(world.account("rui")).await;
    rui.sync().await;
    let id = row(&rui, "INBOX", "Proposta").await;
    let view = rui.core.message(id).await.expect("a message");
    let file = &view.body.expect("here").attachments[0];
    assert_eq!(file.name, "Proposta é esta.eml");
    let saved = rui.core.attachment_save(view.message, file.part.clone()).await.expect("saved");
    assert_eq!(std::fs::read(saved.path).expect("a file"), raw);

    // The same words as a new message: nobody is answered, and it is written by who writes.
    let again = ana.core.draft_open(row(&ana, "INBOX", "Proposta").await).await.expect("opened");
    assert_eq!((again.id, again.content.draft.as_str()), (None, ""));
    assert_eq!(
        (again.content.from.address.as_str(), again.content.subject.as_str()),
        ("ana@exemplo.test", "Proposta é esta")
    );
}

/// An https server that writes down what it is asked, and answers as told.
async fn lists(dovecot: &Dovecot, status: &'static str) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls::server_config(&dovecot.certificates)));
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let log = asked.clone();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(tcp).await else { continue };
            let mut said = Vec::new();
            while !said.ends_with(b"One-Click") {
                match stream.read_u8().await {
                    Ok(byte) => said.push(byte),
                    Err(_) => break,
                }
            }
            log.lock().expect("log").push(String::from_utf8_lossy(&said).into_owned());
            let answer = format!(
                "HTTP/1.1 {status}\r\nLocation: /elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (port, asked)
}

fn newsletter(subject: &str, fields: &str) -> Vec<u8> {
    format!("From: n@lista.test\r\nTo: ana@exemplo.test\r\nSubject: {subject}\r\nMessage-ID: <{subject}@lista.test>\r\nList-Id: Promos <p.lista.test>\r\n{fields}\r\nOi\r\n")
        .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_left_without_a_page_and_without_a_trace() {
    let dovecot = Dovecot::start();
    let (port, asked) = lists(&dovecot, "200 OK").await;
    let (broken, _) = lists(&dovecot, "302 Found").await;
    let click = |port: u16| {
        format!(
            "List-Unsubscribe: <mailto:sair@lista.test>, <https://localhost:{port}/u?quem=ana>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        )
    };
    let mails = [
        ("um", click(port)),
        ("dois", click(broken)),
        ("tres", "List-Unsubscribe: <mailto:sair@lista.test?subject=adeus&body=por%20favor>\r\n".to_owned()),
        ("quatro", "List-Unsubscribe: <https://lista.test/u>\r\n".to_owned()),
        ("cinco", String::new()),
    ];
    for (subject, fields) in &mails {
        put(dovecot.imap, "ana", &newsletter(subject, fields));
    }
    let smtp = Endpoint { host: "localhost".into(), port: 9, tls: Tls::Implicit };
    let ana = Device::with(NewAccount { smtp: Some(smtp), ..device::account(&dovecot, "ana", "all") }).await;
    ana.sync().await;
    let mut ways = Vec::new();
    for (subject, _) in &mails {
        let list =
            ana.core.message(row(&ana, "INBOX", subject).await).await.expect("here").list.expect("a list");
        assert_eq!(list.name, "Promos");
        ways.push((list.leave, list.to));
    }
    let expected = [
        ("one_click", "localhost"),
        ("one_click", "localhost"),
        ("mail", "sair@lista.test"),
        ("page", "lista.test"),
        ("", ""),
    ];
    for ((leave, to), expected) in ways.iter().zip(expected) {
        assert_eq!((leave.as_str(), to.split(':').next().unwrap_or_default()), expected);
    }
    let leave = async |subject: &str| ana.core.list_leave(row(&ana, "INBOX", subject).await).await;
    leave("um").await.expect("left");
    let said = asked.lock().expect("log").join("\n");
    let (head, body) = said.split_once("\r\n\r\n").expect("a request");
    assert!(head.starts_with("POST /u?quem=ana HTTP/1.1\r\n"), "{head}");
    assert_eq!(body, "List-Unsubscribe=One-Click");
    let fields: Vec<String> =
        head.lines().skip(1).filter_map(|l| Some(l.split_once(':')?.0.to_lowercase())).collect();
    for traitor in ["cookie", "referer", "accept-language", "authorization", "from"] {
        assert!(!fields.contains(&traitor.to_owned()), "{fields:?}");
    }
    // A redirection is not followed, and what was not done is not said to be.
    assert_eq!(leave("dois").await.map_err(|e| e.kind), Err(Kind::Refused));
    leave("tres").await.expect("written");
    let outbox = ana.core.outbox().await.expect("outbox");
    let out: Vec<_> = outbox.iter().map(|o| (o.subject.as_str(), o.to[0].address.as_str())).collect();
    assert_eq!(out, [("adeus", "sair@lista.test")]);
    for none in ["quatro", "cinco"] {
        assert_eq!(leave(none).await.map_err(|e| e.kind), Err(Kind::NotFound));
    }
}

/// An appointment of rui's, as calendars send it.
fn appointment(method: &str, sequence: u32, from: &str) -> Vec<u8> {
    format!(
        "From: Rui <{from}>\r\nTo: ana@exemplo.test\r\nSubject: {method} {sequence}\r\nMessage-ID: <{method}.{sequence}.{from}>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nVenha.\r\n--b\r\nContent-Type: text/calendar; method={method}; charset=utf-8\r\n\r\n\
         BEGIN:VCALENDAR\r\nPRODID:-//x\r\nVERSION:2.0\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nUID:visita@exemplo.test\r\nSEQUENCE:{sequence}\r\nDTSTAMP:2026112{sequence}T120000Z\r\nDTSTART:20261201T130000Z\r\nDTEND:20261201T143000Z\r\nSUMMARY:Visita\r\nORGANIZER;CN=Rui:mailto:rui@exemplo.test\r\nATTENDEE;CN=Ana;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ana@exemplo.test\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n--b--\r\n"
    )
    .into_bytes()
}

async fn invited(device: &Device, subject: &str) -> InvitationView {
    let view = device.core.message(row(device, "INBOX", subject).await).await.expect("a message");
    view.invitation.unwrap_or_else(|| panic!("no invitation in {subject}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_answered_once_for_all_devices() {
    let Some(world) = World::start() else { return };
    put(world.dovecot.imap, "ana", &appointment("REQUEST", 1, "rui@exemplo.test"));
    let (laptop, phone) =
        (Device::with(world.account("ana")).await, Device::with(world.account("ana")).await);
    laptop.sync().await;
    phone.sync().await;
    let id = row(&laptop, "INBOX", "REQUEST 1").await;
    let fresh = invited(&laptop, "REQUEST 1").await;
    assert_eq!((fresh.me.as_str(), fresh.answer, fresh.asks), ("ana@exemplo.test", Answer::None, true));
    assert!(laptop.rows("INBOX").await[0].event, "marked in the list");

    // Taken back, nobody has answered.
    let said = |answer| laptop.core.invitation_answer(id, answer, "Re".into(), "Vou.\n".into(), 30, -180);
    let queued = said(Answer::Declined).await.expect("queued");
    let leaving = invited(&laptop, "REQUEST 1").await;
    assert_eq!((leaving.answer, leaving.pending), (Answer::Declined, true));
    laptop.core.outbox_withdraw(queued.id).await.expect("taken back");
    assert_eq!(invited(&laptop, "REQUEST 1").await.answer, Answer::None);

    let send = laptop.core.invitation_answer(
        id,
        Answer::Accepted,
        "Aceito: Visita".into(),
        "Vou.\n".into(),
        0,
        -180,
    );
    send.await.expect("queued");
    world.around(&laptop).await;
    // Who invites gets what their calendar reads, and what a person reads.
    let got = world.lies("rui", "INBOX").await;
    let m = mailparse::parse_mail(&got[0]).expect("readable");
    assert_eq!(m.headers.get_first_value("In-Reply-To").unwrap_or_default(), "<REQUEST.1.rui@exemplo.test>");
    let kinds: Vec<_> = m.subparts.iter().map(|p| p.ctype.mimetype.as_str()).collect();
    assert_eq!(kinds, ["text/plain", "text/calendar"]);
    assert_eq!(m.subparts[1].ctype.params.get("method").map(String::as_str), Some("REPLY"));
    let calendar = m.subparts[1].get_body().expect("text");
    for line in
        ["METHOD:REPLY", "UID:visita@exemplo.test", "SEQUENCE:1", "ORGANIZER;CN=Rui:mailto:rui@exemplo.test"]
    {
        assert!(calendar.lines().any(|l| l == line), "{line} in {calendar}");
    }
    let attendees: Vec<_> = calendar.lines().filter(|l| l.starts_with("ATTENDEE")).collect();
    assert!(attendees.len() == 1 && attendees[0].contains("PARTSTAT=ACCEPTED"), "{attendees:?}");

    // The other device sees it in the user's own mailbox.
    for device in [&laptop, &phone] {
        device.sync().await;
        let view = invited(device, "REQUEST 1").await;
        assert_eq!((view.answer, view.pending), (Answer::Accepted, false));
    }
    // And rui's sees that ana comes.
    let rui = Device::with(world.account("rui")).await;
    rui.sync().await;
    let reply = invited(&rui, "Aceito").await;
    assert_eq!((reply.event.guests[0].answer, reply.own), (Answer::Accepted, true));

    // A stranger cannot call it off; who invited can, and can change it.
    put(world.dovecot.imap, "ana", &appointment("CANCEL", 2, "mal@exemplo.test"));
    phone.sync().await;
    assert!(!invited(&phone, "REQUEST 1").await.cancelled);
    put(world.dovecot.imap, "ana", &appointment("REQUEST", 3, "rui@exemplo.test"));
    phone.sync().await;
    let (old, new) = (invited(&phone, "REQUEST 1").await, invited(&phone, "REQUEST 3").await);
    assert_eq!((old.changed, old.asks, new.changed, new.answer), (true, false, false, Answer::None));
    put(world.dovecot.imap, "ana", &appointment("CANCEL", 4, "rui@exemplo.test"));
    phone.sync().await;
    assert!(invited(&phone, "REQUEST 3").await.cancelled);
    let late = row(&phone, "INBOX", "REQUEST 3").await;
    let late = phone.core.invitation_answer(late, Answer::Accepted, String::new(), String::new(), 0, 0).await;
    assert_eq!(late.map_err(|e| e.kind).err(), Some(Kind::NotFound));
}
