//! What the user wants at the top of a list: on every device, by conversations, in every order, and where the server keeps no keywords.

use malote_core::api::types::Mark;
use malote_core::journal::pin;
use malote_core::model::{Flags, PlacementId};
use malote_core::query::list::{ListScope, Listed, Order, RowView, Source, Window};
use malote_core::store::Store;
use servers::device::{Device, agree, ids, small};
use servers::dovecot::Dovecot;
use servers::other::Other;
use servers::shelf::{Mail, Shelf};
use std::collections::HashSet;

/// What stands at the top of the inbox, and what below: subjects, the newest first.
async fn inbox(device: &Device, grouped: bool) -> [Vec<String>; 2] {
    let id = device.folder("INBOX").await.id;
    let open = device.core.window_open(Some(id), None, Some(grouped), None, 100).await.expect("a window");
    device.core.window_close(open.window).await.expect("closed");
    parted(&open.rows)
}

fn parted(rows: &[RowView]) -> [Vec<String>; 2] {
    let at = rows.iter().take_while(|r| r.pinned).count();
    assert!(rows[at..].iter().all(|r| !r.pinned), "at the top or nowhere: {rows:?}");
    [&rows[..at], &rows[at..]].map(|part| part.iter().map(|r| r.subject.clone()).collect())
}

fn answer(word: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(small(word)).expect("text");
    text.replace("Subject:", &format!("In-Reply-To: <{to}>\r\nReferences: <{to}>\r\nSubject:")).into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_device_has_it_at_the_top() {
    let server = Dovecot::start();
    let mut other = Other::sign_in(server.imap, "ana").await;
    for word in ["a", "b", "c", "d"] {
        other.append("INBOX", &small(word)).await;
    }
    let (phone, laptop) =
        (Device::new(&server, "ana", "all").await, Device::new(&server, "ana", "all").await);
    phone.sync().await;
    laptop.sync().await;
    let [_, by_time] = inbox(&phone, false).await;
    let (one, two) = (ids(&phone, "INBOX", "a").await[0], ids(&phone, "INBOX", "c").await[0]);
    let done = phone.core.mark(vec![one, two], Mark::Pin).await.expect("pinned");
    assert_eq!((done.label.as_str(), done.actions.len()), ("pin", 1));
    let top = |wanted: &[&str]| {
        let below: Vec<String> = by_time.iter().filter(|w| !wanted.contains(&w.as_str())).cloned().collect();
        let above: Vec<String> = by_time.iter().filter(|w| wanted.contains(&w.as_str())).cloned().collect();
        [above, below]
    };
    assert_eq!(inbox(&phone, false).await, top(&["a", "c"]));
    phone.sync().await;
    laptop.sync().await;
    agree(&phone, &mut other, &["INBOX"]).await;
    for grouped in [false, true] {
        assert_eq!(inbox(&laptop, grouped).await, top(&["a", "c"]), "by the server, on the other device");
    }
    // What a script reads is in the order of time, as ever.
    assert_eq!(laptop.rows("INBOX").await.iter().map(|r| r.subject.clone()).collect::<Vec<_>>(), by_time);
    let same = ids(&laptop, "INBOX", "c").await;
    assert_eq!(laptop.core.mark(same, Mark::Unpin).await.expect("unpinned").label, "unpin");
    laptop.sync().await;
    phone.sync().await;
    assert_eq!(inbox(&phone, false).await, top(&["a"]));
    // Taken back after it was sent: what was changed since by another device stays as that wanted it.
    phone.core.undo(done.actions).await.expect("undo");
    phone.sync().await;
    laptop.sync().await;
    assert_eq!(inbox(&laptop, false).await, top(&[]));
    agree(&laptop, &mut other, &["INBOX"]).await;

    // Another program spells it otherwise.
    let uid = other.uids("INBOX").await[1];
    other.store(uid, "+FLAGS ($PINNED)").await;
    laptop.sync().await;
    assert_eq!(inbox(&laptop, false).await[0].len(), 1);
    let id = device_top(&laptop).await;
    laptop.core.mark(vec![id], Mark::Unpin).await.expect("unpinned");
    laptop.sync().await;
    assert_eq!(inbox(&laptop, false).await, top(&[]));
    agree(&laptop, &mut other, &["INBOX"]).await;
}

async fn device_top(device: &Device) -> PlacementId {
    let id = device.folder("INBOX").await.id;
    let open = device.core.window_open(Some(id), None, None, None, 1).await.expect("a window");
    open.rows[0].id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_stays_there_when_somebody_answers() {
    let server = Dovecot::start();
    let mut other = Other::sign_in(server.imap, "ana").await;
    for word in ["x1", "x2"] {
        other.append("INBOX", &small(word)).await;
    }
    let device = Device::new(&server, "ana", "all").await;
    device.sync().await;
    let one = ids(&device, "INBOX", "x1").await;
    device.core.mark(one, Mark::Pin).await.expect("pinned");
    other.append("INBOX", &answer("x3", "x1")).await;
    device.sync().await;
    assert_eq!(inbox(&device, true).await, [["x3"], ["x2"]], "by its newest message");
    assert_eq!(inbox(&device, false).await[0], ["x1"]);
    let row = ids(&device, "INBOX", "x3").await;
    let all = device.core.spread(row, true).await.expect("all of it");
    device.core.mark(all, Mark::Unpin).await.expect("unpinned");
    assert_eq!(inbox(&device, true).await, [vec![], vec!["x3", "x2"]]);
}

async fn shelf(dir: &std::path::Path, count: i64) -> Shelf {
    let mut shelf = Shelf::open(dir).await;
    let mail = |n: i64| Mail {
        folder: "INBOX",
        raw: format!(
            "From: p{}@x.test\r\nSubject: s{n:03}\r\nMessage-ID: <s{n}>\r\n{}\r\n.\r\n",
            n % 5,
            if n % 3 == 0 { String::new() } else { format!("References: <s{}>\r\n", n - n % 3) }
        )
        .into_bytes(),
        date: 1_700_000_000 + n * 60,
        flags: Flags::default(),
        whole: true,
    };
    shelf.put((0..count).map(mail).collect()).await;
    shelf
}

async fn window(store: &Store, scope: ListScope, order: Order, first: u64, count: u32) -> Vec<RowView> {
    let list = Listed::new(scope, false).ordered(order, HashSet::new());
    let mut window = Window::open(store, 1, Source::List(list), count).await.expect("a window");
    window.show(store, first, count).await.expect("rows").rows
}

#[tokio::test]
async fn where_the_server_keeps_no_keywords_this_device_knows() {
    let dir = servers::station::scratch();
    let shelf = shelf(dir.path(), 30).await;
    let (store, inbox) = (&shelf.store, shelf.folder("INBOX"));
    let scope = || ListScope::mailbox(inbox);
    let all = window(store, scope(), Order::Newest, 0, 100).await;
    let mut tx = store.begin().await.expect("begin");
    tx.set_permanent(inbox, "\\Seen \\Deleted").await.expect("told");
    let chosen = [all[7].id, all[20].id];
    let (actions, here) = pin::pin(&mut tx, 0, &chosen, true).await.expect("pinned");
    tx.commit().await.expect("commit");
    assert!(actions.is_empty() && here, "nothing to tell the server");
    let now = window(store, scope(), Order::Newest, 0, 100).await;
    assert_eq!(now.iter().map(|r| r.id).take(2).collect::<Vec<_>>(), chosen);
    assert_eq!(now.len(), all.len());

    // Every window is a piece of the whole, in whatever order, also where it begins among those at the top.
    for order in [Order::Newest, Order::Oldest, Order::Person, Order::Subject] {
        for grouped in [false, true] {
            let whole = window(store, scope().grouped(grouped), order, 0, 100).await;
            let [top, below] = parted(&whole);
            assert!(top.len() == 2 && below.len() == if grouped { 8 } else { 28 }, "{order:?} {grouped}");
            for first in [0, 1, 2, 5] {
                let piece = window(store, scope().grouped(grouped), order, first, 3).await;
                assert_eq!(piece, whole[first as usize..first as usize + 3], "{order:?} {grouped} {first}");
            }
        }
    }

    // An open window moves with what is put above it, and comes back.
    let list = Listed::new(scope(), false).ordered(Order::Newest, HashSet::new());
    let mut open = Window::open(store, 1, Source::List(list), 5).await.expect("a window");
    let seen = open.show(store, 10, 5).await.expect("rows");
    let mut tx = store.begin().await.expect("begin");
    pin::pin(&mut tx, 0, &[all[25].id, all[26].id], true).await.expect("pinned");
    pin::pin(&mut tx, 0, &chosen, false).await.expect("unpinned");
    tx.commit().await.expect("commit");
    let update = open.refresh(store).await.expect("news").expect("it moved");
    assert_eq!((update.first, update.total), (11, 30), "two came from below, one of two went down there");
    assert_eq!(open.view().rows[0], seen.rows[0], "the row that it begins with");
    let now = window(store, scope(), Order::Newest, 0, 100).await;
    assert_eq!(parted(&now)[0], [all[25].subject.as_str(), all[26].subject.as_str()]);

    // What only this device knew goes too where the server has learnt to keep keywords.
    let mut tx = store.begin().await.expect("begin");
    tx.set_permanent(inbox, "\\*").await.expect("told");
    pin::pin(&mut tx, 0, &[all[26].id], false).await.expect("unpinned");
    tx.commit().await.expect("commit");
    assert_eq!(parted(&window(store, scope(), Order::Newest, 0, 100).await)[0], [all[25].subject.as_str()]);

    // What is gone leaves nothing behind.
    let mut tx = store.begin().await.expect("begin");
    let row = tx.placement(all[25].id).await.expect("row").expect("there");
    tx.set_hidden(&row, true).await.expect("hidden");
    tx.commit().await.expect("commit");
    assert_eq!(
        parted(&window(store, scope(), Order::Newest, 0, 100).await),
        [vec![], all.iter().filter(|r| r.id != row.id).map(|r| r.subject.clone()).collect::<Vec<_>>()]
    );
}
