//! What [`super`] promises, on a real database.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use super::*;
use crate::model::AccountId;
use crate::store::list::ListScope;
use crate::store::mailbox::Listed;
use crate::store::message::Identity;
use crate::store::placement::NewPlacement;
use proptest::prelude::*;

/// A message of the tests: its id, what it mentions, the server's number for its conversation.
#[derive(Debug, Clone)]
struct Letter {
    name: u8,
    mentions: Vec<u8>,
    thread: Option<u8>,
    folder: usize,
    date: i64,
}

fn letters() -> impl Strategy<Value = Vec<Letter>> {
    let one = (
        0u8..14,
        proptest::collection::vec(0u8..14, 0..3),
        proptest::option::weighted(0.1, 0u8..3),
        0usize..2,
        0i64..20,
    );
    let letter = |(name, mentions, thread, folder, date)| Letter { name, mentions, thread, folder, date };
    proptest::collection::vec(one.prop_map(letter), 1..14)
}

async fn shelf(dir: &std::path::Path) -> (Store, AccountId, Vec<MailboxId>) {
    let store = Store::open(dir, 0).await.expect("a store");
    sqlx::raw_sql("INSERT INTO account (address, user, host, port, tls, created) VALUES ('ana@a.test', 'ana', 'a.test', 993, 'implicit', 0)")
        .execute(&store.pools.writer)
        .await
        .expect("an account");
    let mut tx = store.begin().await.expect("begin");
    let mut folders = Vec::new();
    for name in ["INBOX", "Sent"] {
        let listed = Listed {
            raw: name.as_bytes().to_vec(),
            name: name.to_owned(),
            delimiter: "/".to_owned(),
            role: Role::from_name(&name.to_lowercase()),
            selectable: true,
            subscribed: true,
        };
        folders.push(tx.put_mailbox(AccountId(1), &listed).await.expect("a mailbox"));
    }
    tx.commit().await.expect("commit");
    (store, AccountId(1), folders)
}

async fn put(store: &Store, account: AccountId, folders: &[MailboxId], letters: &[(usize, Letter)]) {
    let id = |n: u8| format!("{n}@a.test");
    let new: Vec<NewMessage> = letters
        .iter()
        .map(|(n, l)| NewMessage {
            identity: Identity::of_object(&n.to_string()),
            envelope: Envelope {
                message_id: id(l.name),
                references: l.mentions.iter().map(|m| id(*m)).collect::<Vec<_>>().join(" "),
                subject: n.to_string(),
                ..Envelope::default()
            },
            size: 1,
            has_attachments: false,
            thread: l.thread.map(|t| t.to_string()),
            preview: None,
        })
        .collect();
    let mut tx = store.begin().await.expect("begin");
    let ids = tx.put_messages(account, &new).await.expect("messages");
    for ((n, l), m) in letters.iter().zip(&new) {
        let place = NewPlacement {
            message: ids[&m.identity],
            uid: *n as u32 + 1,
            base: Flags::default(),
            flags: Flags::default(),
            modseq: 0,
            received: l.date,
            sort_date: l.date,
        };
        tx.add_placements(folders[l.folder], &[place]).await.expect("a placement");
    }
    tx.commit().await.expect("commit");
}

/// Which letters are together, as sets of their numbers.
async fn together(store: &Store) -> BTreeSet<Vec<usize>> {
    let rows: Vec<(i64, i64, String)> = sqlx::query_as(
        "SELECT p.conversation, m.conversation, m.subject FROM placement p JOIN message m ON m.id = p.message_id ORDER BY CAST(m.subject AS INTEGER)",
    )
    .fetch_all(store.reader())
    .await
    .expect("rows");
    let mut sets: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (conversation, of_message, subject) in rows {
        assert_eq!(conversation, of_message, "the message and where it lies");
        sets.entry(conversation).or_default().push(subject.parse().expect("a number"));
    }
    sets.into_values().collect()
}

/// The lists and counts by conversations say what the placements say.
async fn lists_hold(store: &Store) {
    let wrong: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM placement p WHERE newest <> (hidden = 0 AND NOT EXISTS (SELECT 1 FROM placement q WHERE q.hidden = 0
             AND q.conversation = p.conversation AND p.conversation <> 0 AND q.mailbox_id = p.mailbox_id AND (q.sort_date, q.id) > (p.sort_date, p.id)))",
    )
    .fetch_one(store.reader())
    .await
    .expect("newest");
    assert_eq!(wrong, 0, "newest of their conversation");
    let wrong: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM mailbox b WHERE conversations <> (SELECT COUNT(*) FROM placement p WHERE p.mailbox_id = b.id AND newest = 1)
             OR total <> (SELECT COUNT(*) FROM placement p WHERE p.mailbox_id = b.id AND hidden = 0)",
    )
    .fetch_one(store.reader())
    .await
    .expect("counts");
    assert_eq!(wrong, 0, "counted");
}

/// What belongs together where nothing is said by the server.
fn expected(letters: &[Letter]) -> BTreeSet<Vec<usize>> {
    let mut sets = Sets::default();
    for (n, l) in letters.iter().enumerate() {
        for name in l.mentions.iter().chain([&l.name]) {
            sets.join(n as i64, 1000 + i64::from(*name));
        }
    }
    let mut found: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for n in 0..letters.len() {
        found.entry(sets.root(n as i64)).or_default().push(n);
    }
    found.into_values().collect()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn the_order_in_which_mail_comes_does_not_matter(letters in letters(), turn in 1usize..6, seed in any::<u64>()) {
        let letters: Vec<Letter> = letters.into_iter().map(|l| Letter { thread: None, ..l }).collect();
        let mut order: Vec<(usize, Letter)> = letters.iter().cloned().enumerate().collect();
        order.sort_by_key(|(n, _)| (*n as u64 + 1).wrapping_mul(seed | 1).rotate_left(17));
        run(async {
            let dir = tempfile::tempdir().expect("a place");
            let (store, account, folders) = shelf(dir.path()).await;
            for some in order.chunks(turn) {
                put(&store, account, &folders, some).await;
                lists_hold(&store).await;
            }
            prop_assert_eq!(together(&store).await, expected(&letters));
            // As mail of a version that knew no conversations.
            sqlx::raw_sql("UPDATE message SET conversation = 0; UPDATE placement SET conversation = 0; DELETE FROM conversation_key; DELETE FROM conversation_moved")
                .execute(&store.pools.writer)
                .await
                .expect("an older one");
            lists_hold(&store).await;
            while store.gather_older().await.expect("gathered") > 0 {}
            prop_assert_eq!(together(&store).await, expected(&letters));
            lists_hold(&store).await;
            Ok(())
        })?;
    }

    #[test]
    fn lists_hold_whatever_happens(letters in letters(), deeds in proptest::collection::vec((0usize..14, 0u8..4), 0..20)) {
        run(async {
            let dir = tempfile::tempdir().expect("a place");
            let (store, account, folders) = shelf(dir.path()).await;
            let numbered: Vec<(usize, Letter)> = letters.into_iter().enumerate().collect();
            let (before, after) = numbered.split_at(numbered.len() / 2);
            put(&store, account, &folders, before).await;
            for (n, (which, deed)) in deeds.into_iter().enumerate() {
                let mut tx = store.begin().await.expect("begin");
                let mut all = tx.placements_with_uid(folders[0]).await.expect("rows");
                all.extend(tx.placements_with_uid(folders[1]).await.expect("rows"));
                if let Some(p) = all.get(which) {
                    match deed {
                        0 => tx.set_hidden(p, !p.hidden).await.expect("hidden"),
                        1 => tx.remove_placement(p.id).await.expect("removed"),
                        2 => drop(tx.add_expected(folders[1], p).await.expect("moved")),
                        _ => {
                            let other = all[(which + 1) % all.len()].message;
                            tx.adopt(p, other, 1000 + n as u32).await.expect("adopted");
                        }
                    }
                }
                tx.commit().await.expect("commit");
                lists_hold(&store).await;
            }
            put(&store, account, &folders, after).await;
            lists_hold(&store).await;
        });
    }
}

fn letter(name: u8, mentions: &[u8], thread: Option<u8>) -> Letter {
    Letter { name, mentions: mentions.to_vec(), thread, folder: 0, date: i64::from(name) }
}

/// The server's word counts for what it speaks of; what it does not speak of finds its way by ids.
#[tokio::test]
async fn the_server_knows_better() {
    let dir = tempfile::tempdir().expect("a place");
    let (store, account, folders) = shelf(dir.path()).await;
    let all = [
        letter(0, &[], Some(1)),
        letter(1, &[0], Some(2)), // mentions another one, and is of another conversation all the same
        letter(2, &[], Some(1)),  // mentions nothing
        letter(3, &[1], None),    // not uploaded yet
    ];
    let all: Vec<(usize, Letter)> = all.into_iter().enumerate().collect();
    put(&store, account, &folders, &all).await;
    assert_eq!(together(&store).await, BTreeSet::from([vec![0, 2], vec![1, 3]]));
}

/// The parent of two that nobody knew to belong together comes last; the larger one keeps its number.
#[tokio::test]
async fn a_late_parent_joins_its_children() {
    let dir = tempfile::tempdir().expect("a place");
    let (store, account, folders) = shelf(dir.path()).await;
    let first = [letter(3, &[2], None), letter(4, &[3], None), letter(6, &[5], None)];
    let first: Vec<(usize, Letter)> = first.into_iter().enumerate().collect();
    put(&store, account, &folders, &first).await;
    assert_eq!(together(&store).await, BTreeSet::from([vec![0, 1], vec![2]]));
    let number = |row: usize| {
        let store = store.clone();
        async move {
            let sql = "SELECT conversation FROM message WHERE subject = ?";
            let n: i64 =
                sqlx::query_scalar(sql).bind(row.to_string()).fetch_one(store.reader()).await.expect("one");
            n
        }
    };
    let larger = number(0).await;
    put(&store, account, &folders, &[(3, letter(5, &[2], None))]).await;
    assert_eq!(together(&store).await, BTreeSet::from([vec![0, 1, 2, 3]]));
    assert_eq!(number(2).await, larger);
    // Who finds the smaller one by its old key finds the larger one.
    put(&store, account, &folders, &[(4, letter(7, &[6], None))]).await;
    assert_eq!(number(4).await, larger);
}

/// No list by conversations, and nothing about one, reads a whole table.
#[tokio::test]
async fn conversations_are_found_by_index() {
    let dir = tempfile::tempdir().expect("a place");
    let (store, ..) = shelf(dir.path()).await;
    let heads =
        "EXPLAIN QUERY PLAN SELECT p.sort_date, p.id FROM placement p WHERE p.mailbox_id = 1 AND p.newest = 1
         UNION ALL SELECT p.sort_date, p.id FROM placement p WHERE p.mailbox_id = 2 AND p.newest = 1
         ORDER BY sort_date DESC, id DESC LIMIT 50 OFFSET 50000";
    let top = "EXPLAIN QUERY PLAN SELECT p.id FROM placement p WHERE p.conversation = 7 AND p.conversation <> 0 AND p.mailbox_id = 1
         AND p.hidden = 0 ORDER BY p.sort_date DESC, p.id DESC LIMIT 1";
    for (sql, index) in [(heads, "placement_newest"), (top, "placement_conversation")] {
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sql).fetch_all(store.reader()).await.expect("a plan");
        let steps: Vec<&str> = plan.iter().map(|(.., step)| step.as_str()).collect();
        assert!(steps.iter().any(|s| s.contains(index)), "{steps:?}");
        assert!(!steps.iter().any(|s| s.contains("TEMP B-TREE") || s.starts_with("SCAN")), "{steps:?}");
    }
}

#[tokio::test]
async fn places_far_down_are_rows_of_the_list() {
    let dir = tempfile::tempdir().expect("a directory");
    let (store, account, folders) = shelf(dir.path()).await;
    let letter = |n: usize| Letter {
        name: n as u8,
        mentions: if n.is_multiple_of(5) { vec![(n / 2) as u8] } else { Vec::new() },
        thread: None,
        folder: n % 2,
        // Some at the same time.
        date: (n / 3) as i64,
    };
    put(&store, account, &folders, &(0..200).map(|n| (n, letter(n))).collect::<Vec<_>>()).await;
    for (boxes, grouped) in [(1, false), (2, false), (1, true), (2, true)] {
        let scope = ListScope::mailboxes(folders[..boxes].to_vec()).grouped(grouped);
        let total = store.list_total(&scope).await.expect("a total");
        let all = store.list_rows(&scope, 0, 500).await.expect("rows");
        assert_eq!(all.len() as u64, total);
        for apart in [1, 7, 64, 500] {
            let places = store.list_places(&scope, apart).await.expect("places");
            assert_eq!(places.len() as u64, total.div_ceil(apart));
            for (n, place) in places.into_iter().enumerate() {
                let (rest, _) = store.list_window(&scope, Some(place), 0, 500).await.expect("rows");
                assert_eq!(rest, all[n * apart as usize..], "{boxes} {grouped} {apart} {n}");
            }
        }
    }
    let none = ListScope::mailboxes(Vec::new());
    assert!(store.list_places(&none, 7).await.expect("none").is_empty());
}
