//! What a search finds, and that the index is never more than a mirror of the mail.

use malote_core::api::{CoveredView, Event};
use malote_core::model::{Flags, MessageId};
use malote_core::query::find::Search;
use malote_core::query::indexing;
use malote_core::search::language::Moment;
use malote_core::store::Store;
use malote_core::sync::ask::ask;
use malote_core::uid_set::UidSet;
use servers::cli::Home;
use servers::device::{Device, context};
use servers::dovecot::{Dovecot, Options, PASSWORD};
use servers::loader::{self, Loader};
use servers::shelf::{Mail, Shelf};

/// 2024-05-15 12:00 UTC.
const NOW: i64 = 1_715_774_400;
const DAY: i64 = 86_400;

fn mail(folder: &'static str, age: i64, flags: &[&str], raw: &str) -> Mail {
    Mail {
        folder,
        raw: raw.replace('\n', "\r\n").into_bytes(),
        date: NOW - age * DAY,
        flags: Flags::from_names(flags.iter().copied()),
        whole: true,
    }
}

fn text(from: &str, to: &str, subject: &str, body: &str) -> String {
    format!(
        "From: {from}\nTo: {to}\nSubject: {subject}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{body}\n"
    )
}

const ANA: &str = "Ana <ana@exemplo.test>";

async fn shelf(dir: &std::path::Path) -> Shelf {
    let mut shelf = Shelf::open(dir).await;
    let with_file = "From: Banco <avisos@banco.test>\nTo: ana@exemplo.test\nSubject: Fatura de maio\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n\
--m\nContent-Type: text/html; charset=utf-8\n\n<table><tr><td>Vencimento</td><td>20/05</td></tr></table>\n\
--m\nContent-Type: application/octet-stream; name=\"extrato-cartão.txt\"\nContent-Disposition: attachment; filename*=utf-8''extrato-cart%C3%A3o.txt\n\npadaria Estrela 12,50\n--m--\n";
    shelf
        .put(vec![
            mail(
                "INBOX",
                1,
                &[],
                &text(
                    "João Conceição <joao@loja.test>",
                    ANA,
                    "Reunião de orçamento",
                    "Segue a pauta da reunião: ações e metas.",
                ),
            ),
            mail("INBOX", 2, &["\\Seen"], with_file),
            mail(
                "INBOX",
                3,
                &["\\Seen", "\\Flagged"],
                &text("田中 <tanaka@kaisha.test>", ANA, "会議の件名", "日本語の本文です。"),
            ),
            mail(
                "Sent",
                4,
                &["\\Seen"],
                &text(
                    ANA,
                    "Beto Lima <beto@amigo.test>",
                    "Viagem",
                    "Vamos à praia em novembro, com a Conceição.",
                ),
            ),
            mail(
                "Trabalho",
                400,
                &["\\Seen"],
                &text("Carla <carla@firma.test>", ANA, "Contrato antigo", "O orçamento do ano passado."),
            ),
            mail(
                "Trash",
                5,
                &["\\Seen"],
                &text("Loja <promo@loja.test>", ANA, "Promoção", "Orçamento grátis!"),
            ),
        ])
        .await;
    shelf
}

#[tokio::test]
async fn what_is_asked_is_found() {
    let dir = tempfile::tempdir().expect("a directory");
    let shelf = shelf(dir.path()).await;
    let cases: &[(&str, &[&str])] = &[
        // Words, in all that people read; without case and accents; newest first.
        ("orcamento", &["Reunião de orçamento", "Contrato antigo"]),
        ("ORÇAMENTO pauta", &["Reunião de orçamento"]),
        ("conceicao", &["Reunião de orçamento", "Viagem"]),
        ("orçament", &[]),
        ("orçament*", &["Reunião de orçamento", "Contrato antigo"]),
        ("\"ano passado\"", &["Contrato antigo"]),
        ("\"passado ano\"", &[]),
        ("20/05", &["Fatura de maio"]),
        // Scripts without blanks.
        ("会議", &["会議の件名"]),
        ("本語", &["会議の件名"]),
        ("日本語", &["会議の件名"]),
        ("語", &["会議の件名"]),
        ("議会", &[]),
        // Fields.
        ("from:joao", &["Reunião de orçamento"]),
        ("de:conceição", &["Reunião de orçamento"]),
        ("from:joao@loja.test", &["Reunião de orçamento"]),
        ("from:loja", &["Reunião de orçamento"]),
        ("to:beto", &["Viagem"]),
        ("para:eu", &["Reunião de orçamento", "Fatura de maio", "会議の件名", "Contrato antigo"]),
        ("from:me", &["Viagem"]),
        ("assunto:orcamento", &["Reunião de orçamento"]),
        ("body:orcamento", &["Contrato antigo"]),
        ("filename:cartao", &["Fatura de maio"]),
        ("padaria", &["Fatura de maio"]),
        // State and place.
        ("is:unread", &["Reunião de orçamento"]),
        ("is:starred", &["会議の件名"]),
        ("-is:unread in:inbox", &["Fatura de maio", "会議の件名"]),
        ("has:attachment", &["Fatura de maio"]),
        ("in:trabalho orcamento", &["Contrato antigo"]),
        ("in:trab orcamento", &["Contrato antigo"]),
        ("in:lixeira orcamento", &["Promoção"]),
        ("-in:trabalho orcamento", &["Reunião de orçamento"]),
        ("in:anywhere orcamento", &["Reunião de orçamento", "Promoção", "Contrato antigo"]),
        ("in:nowhere orcamento", &[]),
        ("after:2024-05-13", &["Reunião de orçamento", "Fatura de maio"]),
        ("before:2024", &["Contrato antigo"]),
        ("orcamento after:30d", &["Reunião de orçamento"]),
        ("larger:10k", &[]),
        ("smaller:10k in:sent", &["Viagem"]),
        // Together.
        ("pauta OR praia", &["Reunião de orçamento", "Viagem"]),
        ("orcamento -pauta", &["Contrato antigo"]),
        ("-orcamento in:inbox", &["Fatura de maio", "会議の件名"]),
        ("(from:carla OR from:joao) orcamento -is:unread", &["Contrato antigo"]),
        ("is:unread OR is:starred", &["Reunião de orçamento", "会議の件名"]),
        ("pauta OR is:starred", &["Reunião de orçamento", "会議の件名"]),
        ("-(pauta OR maio) in:inbox", &["会議の件名"]),
        // Nothing is asked.
        ("", &[]),
        ("from:", &[]),
        ("\"", &[]),
    ];
    let moment = Moment { now: NOW, ..Moment::default() };
    for (asked, found) in cases {
        assert_eq!(&shelf.find_as(asked, moment, None).await, found, "{asked}");
    }
    // Still being typed; and in one folder.
    let typing = Moment { typing: true, ..moment };
    assert_eq!(shelf.find_as("reuni", typing, None).await, ["Reunião de orçamento"]);
    let within = Some(shelf.folder("Trabalho"));
    assert_eq!(shelf.find_as("orcamento", moment, within).await, ["Contrato antigo"]);
}

/// A link that was made on one device finds the message on every other, also where it was thrown away meanwhile, and nothing else.
#[tokio::test]
async fn a_link_finds_what_it_names() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut shelf = Shelf::open(dir.path()).await;
    let named = |id: &str, answers: &str, subject: &str| {
        format!(
            "Message-ID: <{id}>\nReferences: {answers}\n{}",
            text("Beto <beto@amigo.test>", ANA, subject, "Oi")
        )
    };
    shelf
        .put(vec![
            mail("INBOX", 1, &[], &named("c+3@x.test", "<a/1@x.test> <b%2@x.test>", "Três")),
            mail("INBOX", 2, &[], &named("b%2@x.test", "<a/1@x.test>", "Dois")),
            mail("Trash", 3, &[], &named("a/1@x.test", "", "Um")),
            mail("INBOX", 4, &[], &text("Beto <beto@amigo.test>", ANA, "Sem nome", "a/1@x.test")),
        ])
        .await;
    for (asked, found) in [
        ("mid:a%2F1@x.test", &["Um"] as &[&str]),
        ("mid:b%252@x.test", &["Dois"]),
        ("id:<b%2@x.test>", &["Dois"]),
        ("rfc822msgid:c+3@x.test", &["Três"]),
        ("mid:a%2F1@x.test OR mid:c%2B3@x.test", &["Três", "Um"]),
        ("-id:<b%2@x.test> in:inbox", &["Três", "Sem nome"]),
        ("mid:a%2F1@x.test dois", &[]),
        ("mid:d@x.test", &[]),
    ] {
        assert_eq!(shelf.find(asked).await, found, "{asked}");
    }
}

/// The text comes after the header; the text is not kept any longer; the message goes.
#[tokio::test]
async fn the_index_follows_the_mail() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut shelf = Shelf::open(dir.path()).await;
    let raw = text("Beto <beto@amigo.test>", ANA, "Oi", "palavra rara");
    let header_only = Mail { whole: false, ..mail("INBOX", 1, &[], &raw) };
    let bytes = header_only.raw.clone();
    shelf.put(vec![header_only]).await;
    assert_eq!(shelf.find("oi").await, ["Oi"]);
    assert!(shelf.find("rara").await.is_empty());
    let searched = shelf.store.searched().await.expect("numbers");
    assert_eq!((searched.texts, searched.waiting), (0, 0));
    assert!(shelf.store.lacks_text(shelf.account).await.expect("an answer"), "the server is to be asked");

    let id = MessageId(1);
    let fill = async |shelf: &Shelf| {
        let packed = shelf.store.pack("1", bytes.clone()).await.expect("packed");
        let mut tx = shelf.store.begin().await.expect("begin");
        tx.put_bodies(&[(id, packed, String::new())]).await.expect("a body");
        tx.commit().await.expect("commit");
    };
    fill(&shelf).await;
    assert_eq!(shelf.find("rara").await, ["Oi"]);
    assert!(!shelf.store.lacks_text(shelf.account).await.expect("an answer"));

    // What was read before something changed is not taken for the newest.
    let entries = shelf.store.unindexed(true).await.expect("nothing");
    assert!(entries.is_empty());
    let mut tx = shelf.store.begin().await.expect("begin");
    tx.forget_body(id).await.expect("forgotten");
    tx.commit().await.expect("commit");
    assert_eq!(shelf.find("rara").await, ["Oi"], "a text that is no longer kept is still found");

    let mut tx = shelf.store.begin().await.expect("begin");
    for p in tx.placements_of(id).await.expect("places") {
        tx.remove_placement(p.id).await.expect("gone");
    }
    tx.sweep_orphans(shelf.account).await.expect("swept");
    tx.commit().await.expect("commit");
    assert!(shelf.find("rara").await.is_empty() && shelf.find("oi").await.is_empty());
    assert_eq!(shelf.store.searched().await.expect("numbers").texts, 0);
}

/// Whatever happens to its file, or when the power goes, everything is found again.
#[tokio::test]
async fn the_index_can_be_lost() {
    let dir = tempfile::tempdir().expect("a directory");
    let shelf = shelf(dir.path()).await;
    let before = shelf.find("in:anywhere orcamento").await;
    assert_eq!(before.len(), 3);
    let file = dir.path().join("search.db");
    let reopened = async || {
        let store = Store::open(dir.path(), 0).await.expect("it opens");
        indexing::finish(&store).await.expect("an index");
        let found = store.searched().await.expect("numbers");
        store.close().await;
        found.texts
    };
    shelf.store.close().await;
    drop(shelf);
    let spoil: [(&str, &dyn Fn()); 4] = [
        ("deleted", &|| std::fs::remove_file(&file).expect("deleted")),
        ("overwritten", &|| std::fs::write(&file, vec![7u8; 20_000]).expect("written")),
        ("cut", &|| {
            let long = std::fs::OpenOptions::new().write(true).open(&file).expect("opened");
            long.set_len(5000).expect("cut");
        }),
        ("emptied", &|| std::fs::write(&file, b"").expect("written")),
    ];
    for (how, spoil) in spoil {
        for ending in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(dir.path().join(format!("search.db{ending}")));
        }
        spoil();
        // What is only met by a query is mended at the start after.
        let texts = match Store::open(dir.path(), 0).await {
            Ok(store) => {
                let done = indexing::finish(&store).await;
                if done.is_err() || store.searched().await.is_err() {
                    store.suspect_index();
                }
                store.close().await;
                drop(store);
                reopened().await
            }
            Err(e) => panic!("{how}: {e}"),
        };
        assert_eq!(texts, 6, "{how}");
    }
}

/// Many messages of one second, and more hits than a screen shows.
#[tokio::test]
async fn newest_first_whatever_the_number() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut shelf = Shelf::open(dir.path()).await;
    let many = (0..1500)
        .map(|n| mail("INBOX", if n < 700 { 1 } else { 2 }, &[], &text(ANA, ANA, &format!("n{n}"), "igual")));
    shelf.put(many.collect()).await;
    let found = shelf.find("igual").await;
    assert_eq!(found.len(), 200, "so many at first");
    let number = |s: &String| s[1..].parse::<u32>().expect("a number");
    assert!(found.iter().all(|s| number(s) < 700), "the newer day first");
    let mut search = malote_core::query::find::Search::new(&shelf.store, "igual", Moment::default(), None)
        .await
        .expect("a search");
    search.want(10_000);
    search.look(&shelf.store).await.expect("an answer");
    assert_eq!(search.hits().len(), 1500);
}

/// Asks the servers about an open search, and waits until all have answered.
async fn asked(device: &mut Device, window: u32) -> CoveredView {
    device.core.search_ask(window).await.expect("asked");
    loop {
        match device.events.next().await.expect("an event") {
            Event::Searched { window: w, covered }
                if w == window && covered.asking == 0 && covered.answered + covered.failed > 0 =>
            {
                return covered;
            }
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_here_is_asked_of_the_server() {
    for capability in [None, Some("IMAP4rev1 UIDPLUS IDLE")] {
        let server =
            Dovecot::start_with(Options { capability: capability.map(str::to_owned), ..Options::default() });
        loader::fill(&server, "pede", "INBOX", &["um", "dois", "tres"]);
        let far = text("Beto <beto@amigo.test>", ANA, "Contas", "Segue a prestação de contas do ano.");
        let far =
            loader::Mail { raw: far.replace('\n', "\r\n").into_bytes(), ..loader::mails(&["x"]).remove(0) };
        Loader::sign_in(server.imap, "pede", PASSWORD).append("INBOX", &[far]);
        let mut device = Device::new(&server, "pede", "headers").await;
        device.sync().await;
        device.core.start().await.expect("start");
        let mut states = device.core.states().await.expect("states");
        while states.first().is_none_or(|s| s.phase != "in_step") {
            device.events.next().await.expect("an event");
            states = device.core.states().await.expect("states");
        }
        let open = async |device: &Device, text: &str| {
            device.core.search_open(text.to_owned(), None, false, 0, 50).await.expect("a search")
        };
        // Its text is not here; its header is.
        let found = open(&device, "prestação").await;
        assert_eq!((found.window.rows.len(), found.covered.here, found.covered.texts), (0, 4, 0));
        let covered = asked(&mut device, found.window.window).await;
        assert_eq!((covered.answered, covered.failed, covered.elsewhere), (1, 0, 0));
        let window = device.core.window_show(found.window.window, 0, 50).await.expect("rows");
        assert_eq!(window.rows.iter().map(|r| r.subject.as_str()).collect::<Vec<_>>(), ["Contas"]);
        // What the server does not know is applied here; a phrase stays one.
        let found = open(&device, "\"prestação de contas\" -has:attachment -assunto:dois").await;
        asked(&mut device, found.window.window).await;
        assert_eq!(device.core.window_show(found.window.window, 0, 50).await.expect("rows").total, 1);
        let found = open(&device, "prestação has:attachment").await;
        asked(&mut device, found.window.window).await;
        assert_eq!(device.core.window_show(found.window.window, 0, 50).await.expect("rows").total, 0);
        // The server is gone: it is said.
        drop(server);
        let found = open(&device, "corpo").await;
        let covered = asked(&mut device, found.window.window).await;
        assert_eq!((covered.answered, covered.failed), (0, 1));
    }
}

/// A first sync is under way: what the server finds comes before its turn.
#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_is_not_here_yet_comes_for_a_search() {
    let server = Dovecot::start();
    loader::fill(&server, "cedo", "INBOX", &["um", "dois", "tres"]);
    let device = Device::new(&server, "cedo", "headers").await;
    device.sync().await;
    let inbox = device.folder("INBOX").await.id;
    let ctx = context(&device).await;
    for text in ["\"Corpo de dois\"", "mid:dois"] {
        let missing = servers::device::ids(&device, "INBOX", "dois").await[0];
        let uid = ctx.store.placement(missing).await.expect("a place").uid;
        let mut tx = ctx.store.begin().await.expect("begin");
        tx.remove_placement(missing).await.expect("removed");
        tx.set_todo(inbox, &UidSet::range(uid, uid)).await.expect("to be done");
        tx.commit().await.expect("commit");
        let search = Search::new(&ctx.store, text, Moment::default(), None).await.expect("a search");
        let (tell, mut told) = tokio::sync::mpsc::channel(4);
        ask(&ctx, &search.wanted, &[inbox], &tell).await.expect("asked");
        let found = told.recv().await.expect("an answer");
        assert_eq!((found.messages.len(), found.elsewhere), (1, 0), "{text}");
        assert_eq!(device.rows("INBOX").await.len(), 3);
        assert!(ctx.store.mailbox(inbox).await.expect("a mailbox").todo.is_empty());
    }
}

/// Over IMAP and POP3 alike; exact words, a word's beginning with a star; what was looked through is said beside the results.
#[test]
fn the_command_line_searches() {
    let server = Dovecot::start_with(Options { pop3: true, ..Options::default() });
    loader::fill(&server, "linha", "INBOX", &["um", "dois", "tres"]);
    let imap = Home::new();
    imap.sign_in(&server, "linha", "all");
    let pop3 = Home::new();
    pop3.sign_in_to_maildrop(&server, "linha", "always");
    for home in [&imap, &pop3] {
        home.run(&["sync"]);
        let subjects = |query: &str| -> Vec<String> {
            let found = home.json(&["search", query]);
            let rows = found.as_array().expect("a list").clone();
            rows.iter().map(|r| r["subject"].as_str().expect("a subject").to_owned()).collect()
        };
        assert_eq!(subjects("\"corpo de dois\""), ["dois"]);
        assert_eq!(subjects("corpo -assunto:um -subject:tres"), ["dois"]);
        assert_eq!(subjects("corp*").len(), 3);
        assert!(subjects("corp").is_empty());
        let out = home.output(&["search", "--limit", "2", "corpo"]);
        assert_eq!(String::from_utf8_lossy(&out.stdout).lines().count(), 2);
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(said.contains("2+ found. Searched: 3 of 3 headers and 3 texts of 1 account(s)"), "{said}");
    }
}

/// What merging leaves empty goes back to the disk.
#[tokio::test]
async fn the_index_holds_no_empty_room() {
    let dir = servers::station::scratch();
    let mut shelf = Shelf::open(dir.path()).await;
    let mail = |n: i64| Mail {
        folder: "INBOX",
        raw: format!("From: p@x.test\r\nSubject: s{n}\r\nMessage-ID: <s{n}>\r\n\r\n{}\r\n", {
            (0..40).map(|k| format!("w{} ", n * 7919 * (k + 1) % 9973)).collect::<String>()
        })
        .into_bytes(),
        date: 1_700_000_000 + n,
        flags: Flags::default(),
        whole: true,
    };
    shelf.put((0..6000).map(mail).collect()).await;
    indexing::finish(&shelf.store).await.expect("an index");
    shelf.store.settle().await.expect("settled");
    let file = std::fs::read(dir.path().join("search.db")).expect("the index");
    // Pages that nothing is in, by the header of the file (sqlite.org/fileformat2.html section 1.3).
    let number = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().expect("four octets"));
    let (pages, free) = (number(28), number(36));
    assert!(pages > 300 && free <= 256, "{free} of {pages} pages are empty");
}
