//! What a device keeps and what it may spend: the byte budget, mail kept here, large messages in part and gone on with, folders used
//! for what the user says, other people's folders.

use malote_core::api::types::Mark;
use malote_core::api::{File, Letter};
use malote_core::model::{Address, PlacementId, Role};
use malote_core::sync::bodies;
use servers::chance::Chance;
use servers::cyrus::Cyrus;
use servers::device::{Device, account, agree, context, ids};
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::line::Line;
use servers::loader::{self, Loader, Mail, with_file};
use servers::other::Other;
use servers::place::Place;

async fn one(device: &Device, word: &str) -> PlacementId {
    ids(device, "INBOX", word).await[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn near_the_limit_of_a_day_the_background_stops_and_what_the_user_asks_for_goes_on() {
    let server = Dovecot::start();
    let mails: Vec<Mail> = (0..30).map(|n| with_file(&format!("n{n}"), 400_000)).collect();
    Loader::sign_in(server.imap, "gasta", PASSWORD).append("INBOX", &mails);
    let device = Device::new(&server, "gasta", "all").await;
    device.core.account_budget(device.account, 2, 0).await.expect("budget");
    device.sync().await;
    let here = async || {
        let rows = device.rows("INBOX").await;
        let mut bodies = 0;
        for r in &rows {
            bodies += usize::from(device.core.message(r.id).await.expect("message").body.is_some());
        }
        (rows.len(), bodies)
    };
    let (rows, bodies) = here().await;
    assert_eq!(rows, 30, "headers are here");
    let view = device.core.accounts().await.expect("accounts").remove(0);
    // A flight of bodies has eight megabytes at most: it was begun before the limit.
    assert!(view.spent && (1..30).contains(&bodies), "{bodies} bodies, {} bytes", view.down_today);
    device.sync().await;
    assert_eq!(here().await, (rows, bodies), "nothing more today");
    // New mail comes, and what is opened.
    loader::fill(&server, "gasta", "INBOX", &["nova"]);
    device.sync().await;
    let mut missing = None;
    for r in device.rows("INBOX").await {
        if device.core.message(r.id).await.expect("message").body.is_none() {
            missing = Some(r.id);
        }
    }
    device.core.fetch_once(missing.expect("one is missing")).await.expect("fetch");
    assert_eq!(here().await, (31, bodies + 1));
    // Another limit: the rest.
    device.core.account_budget(device.account, 0, 0).await.expect("budget");
    device.sync().await;
    assert_eq!(here().await, (31, 31));
}

/// A draft with a file of so many octets.
fn draft(subject: &str, octets: usize) -> Letter {
    let mut chance = Chance::new(octets as u64); // what a connection that compresses cannot make less of
    let bytes = (0..octets).map(|_| chance.draw() as u8).collect();
    let file =
        File { name: "a.bin".into(), media_type: "application/x-test".into(), bytes, ..File::default() };
    let from = Address { name: String::new(), address: "gasta@exemplo.test".into() };
    Letter { from, subject: subject.into(), text: "oi".into(), files: vec![file], ..Letter::default() }
}

/// What is being written stays on this device for today, in one version, and nothing else waits behind it.
#[tokio::test(flavor = "multi_thread")]
async fn near_the_limit_of_what_may_be_sent_drafts_stay_here() {
    let server = Dovecot::start();
    loader::fill(&server, "envia", "INBOX", &["uma"]);
    let device = Device::new(&server, "envia", "all").await;
    device.core.account_budget(device.account, 0, 2).await.expect("budget");
    device.sync().await;
    let mut other = Other::sign_in(server.imap, "envia").await;
    let mut there = async || other.uids("Drafts").await.len();
    let first = device.core.draft_put(device.account, draft("v1", 900_000), None).await.expect("kept");
    device.sync().await;
    assert_eq!(there().await, 1, "there is room for it");
    let second =
        device.core.draft_put(device.account, draft("v2", 900_000), Some(first)).await.expect("kept");
    device.core.mark(vec![one(&device, "uma").await], Mark::Star).await.expect("star");
    device.sync().await;
    let view = async || device.core.accounts().await.expect("accounts").remove(0);
    assert_eq!(
        (there().await, view().await.waiting),
        (1, 2),
        "the version before stays, and what replaces it waits"
    );
    device.core.account_budget(device.account, 0, 0).await.expect("budget");
    device.sync().await;
    assert_eq!((there().await, view().await.waiting), (1, 0));
    let subject = device.core.message(second).await.expect("it is this one").subject;
    assert_eq!(subject, "v2");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pinned_stays_whatever_the_policy_says() {
    let server = Dovecot::start();
    Loader::sign_in(server.imap, "prende", PASSWORD)
        .append("INBOX", &[with_file("presa", 3_000_000), with_file("solta", 200_000)]);
    let device = Device::new(&server, "prende", "headers").await;
    device.sync().await;
    let (kept, free) = (one(&device, "presa").await, one(&device, "solta").await);
    device.core.keep_here(vec![kept], true).await.expect("keep");
    device.sync().await;
    device.core.raw(kept).await.expect("it came, whole");
    device.core.fetch_once(free).await.expect("fetch");
    device.core.account_keep(device.account, "headers".into()).await.expect("trim");
    assert!(device.core.raw(free).await.is_err(), "over the policy");
    assert!(device.core.raw(kept).await.is_ok() && device.core.message(kept).await.expect("view").kept);
    device.core.keep_here(vec![kept], false).await.expect("let go");
    device.core.account_keep(device.account, "headers".into()).await.expect("trim");
    assert!(device.core.raw(kept).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_large_message_the_text_comes_first_and_the_file_when_it_is_wanted() {
    let server = Dovecot::start();
    let mail = with_file("grande", 3_000_000);
    let sent = mail.raw.clone();
    Loader::sign_in(server.imap, "planta", PASSWORD).append("INBOX", &[mail]);
    let device = Device::new(&server, "planta", "headers").await;
    device.sync().await;
    let id = one(&device, "grande").await;
    let message = device.core.message(id).await.expect("view").message;
    let ctx = context(&device).await;
    let mut session = ctx.connect().await.expect("connect");
    session.introduce().await.expect("introduce");
    let before = (ctx.meter.round_trips(), ctx.meter.down());
    bodies::fetch_one(&ctx, &mut session, message, false).await.expect("fetch");
    let turns = ctx.meter.round_trips() - before.0;
    assert!(
        turns <= 3 && ctx.meter.down() - before.1 < 10_000,
        "{turns} round trips, {} bytes",
        ctx.meter.down()
    );
    let body = device.core.message(id).await.expect("view").body.expect("body");
    assert!(body.html.contains("Segue a planta"), "{}", body.html);
    let file = &body.attachments[0];
    assert!(
        file.name == "planta.pdf" && !file.here && file.size.abs_diff(3_000_000 * 57 / 78) < 3000,
        "{file:?}"
    );
    assert!(device.core.raw(id).await.is_err(), "in part is not the message");
    device.core.start().await.expect("start");
    let saved = device.core.attachment_save(message, file.part.clone()).await.expect("save");
    assert!(std::fs::metadata(&saved.path).expect("saved").len() > 2_000_000);
    assert!(device.core.raw(id).await.expect("whole") == sent, "byte by byte");
    assert!(device.core.message(id).await.expect("view").body.expect("body").attachments[0].here);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_message_that_broke_off_is_gone_on_with() {
    let server = Dovecot::start();
    let mail = with_file("cortada", 6_000_000);
    let sent = mail.raw.clone();
    Loader::sign_in(server.imap, "corta", PASSWORD).append("INBOX", &[mail]);
    let line = Line::start(server.imaps).await;
    let place = Place { imaps: line.port, ca: server.ca.clone(), ..*server };
    let device = Device::with(account(&place, "corta", "headers")).await;
    device.sync().await;
    let id = one(&device, "cortada").await;
    line.cut_after(4_000_000);
    device.core.fetch_once(id).await.expect_err("the line was cut");
    let before = device.core.accounts().await.expect("accounts")[0].down;
    device.core.fetch_once(id).await.expect("fetch");
    let again = device.core.accounts().await.expect("accounts")[0].down - before;
    assert!(again < 3_500_000, "{again} bytes for what was left of 6,000,000 after 4,000,000");
    assert!(device.core.raw(id).await.expect("whole") == sent, "byte by byte");
    let left = std::fs::read_dir(device.path().join("bodies")).expect("bodies");
    assert!(left.flatten().all(|f| f.path().extension().is_none_or(|e| e != "coming")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_used_for_what_the_user_says() {
    let server = Dovecot::start();
    let mut setup = Loader::sign_in(server.imap, "usa", PASSWORD);
    setup.create("Guardados");
    loader::fill(&server, "usa", "INBOX", &["a", "b"]);
    let device = Device::new(&server, "usa", "headers").await;
    device.sync().await;
    let own = device.folder("Guardados").await.id;
    device.core.folder_use(own, Some(Role::Archive)).await.expect("use");
    let role = async |path: &str| device.folder(path).await.role;
    assert_eq!((role("Guardados").await, role("Archive").await), (Some(Role::Archive), None));
    device.core.archive(vec![one(&device, "a").await]).await.expect("archive");
    device.sync().await;
    device.sync().await;
    // The server goes on saying otherwise.
    assert_eq!((role("Guardados").await, role("Archive").await), (Some(Role::Archive), None));
    let mut other = Other::sign_in(server.imap, "usa").await;
    agree(&device, &mut other, &["INBOX", "Guardados", "Archive"]).await;
    assert_eq!(device.rows("Guardados").await.len(), 1);
    // Undone: the move, then the use.
    device.core.undo_last().await.expect("undo");
    device.core.undo_last().await.expect("undo");
    assert_eq!((role("Guardados").await, role("Archive").await), (None, Some(Role::Archive)));
    device.sync().await;
    assert_eq!((role("Guardados").await, role("Archive").await), (None, Some(Role::Archive)));
    agree(&device, &mut other, &["INBOX", "Guardados", "Archive"]).await;
    // The inbox stays what it is.
    let inbox = device.folder("INBOX").await.id;
    assert!(device.core.folder_use(inbox, Some(Role::Trash)).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_keeps_uses_tells_the_other_device() {
    let Some(server) = Cyrus::start(&["usa"]) else { return };
    let mut setup = Loader::sign_in(server.imap, "usa", PASSWORD);
    setup.create("Guardados");
    let laptop = Device::new(&server, "usa", "headers").await;
    let phone = Device::new(&server, "usa", "headers").await;
    laptop.sync().await;
    let own = laptop.folder("Guardados").await.id;
    laptop.core.folder_use(own, Some(Role::Archive)).await.expect("use");
    laptop.sync().await;
    phone.sync().await;
    assert_eq!(phone.folder("Guardados").await.role, Some(Role::Archive));
    assert_eq!(phone.folder("Archive").await.role, None);
    // And the other way round.
    phone.core.folder_use(phone.folder("Archive").await.id, Some(Role::Archive)).await.expect("use");
    phone.sync().await;
    laptop.sync().await;
    assert_eq!(laptop.folder("Archive").await.role, Some(Role::Archive));
    assert_eq!(laptop.folder("Guardados").await.role, None);
}

/// A namespace for everybody, in which one folder can only be read.
const PUBLIC: &str = r#"
mail_plugins = $mail_plugins acl
namespace public {
  type = public
  separator = /
  prefix = Todos/
  location = sdbox:@DIR@/mail/todos
  subscriptions = no
  list = yes
}
protocol imap {
  mail_plugins = $mail_plugins acl imap_acl
}
plugin {
  acl = vfile:@DIR@/acl
}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_everybody_is_shown_and_is_not_ours() {
    let extra = PUBLIC.to_owned();
    let server = Dovecot::start_with(Options { extra, acl: "* anyone lrwstipekxa\n", ..Options::default() });
    let mut setup = Loader::sign_in(server.imap, "ana", PASSWORD);
    for name in ["Todos/Avisos", "Todos/Trash", "Todos/Obras"] {
        setup.create(name);
    }
    setup.append("Todos/Avisos", &loader::mails(&["aviso"]));
    setup.append("Todos/Obras", &loader::mails(&["obra"]));
    server.set_acl("* anyone lrwstipekxa\nTodos/Avisos -anyone wstipekx\n");
    let device = Device::new(&server, "bia", "headers").await;
    device.sync().await;
    assert_eq!(device.folder("Todos/Trash").await.role, None, "everybody's trash is not mine");
    assert_eq!(device.folder("Trash").await.role, Some(Role::Trash));
    // Where the user may, it is done; where not, it is taken back and said.
    let first = async |path: &str| device.rows(path).await[0].id;
    device.core.trash(vec![first("Todos/Obras").await]).await.expect("trash");
    device.core.trash(vec![first("Todos/Avisos").await]).await.expect("trash");
    device.sync().await;
    device.sync().await;
    let mut other = Other::sign_in(server.imap, "bia").await;
    agree(&device, &mut other, &["INBOX", "Trash", "Todos/Obras", "Todos/Avisos", "Todos/Trash"]).await;
    assert_eq!((device.rows("Trash").await.len(), device.rows("Todos/Avisos").await.len()), (1, 1));
    assert_eq!(device.core.accounts().await.expect("accounts")[0].waiting, 0);
    let told = device.core.decisions().await.expect("decisions").len()
        + device.core.notices().await.expect("notices").len();
    assert!(told > 0, "nobody said that it was refused");
}
