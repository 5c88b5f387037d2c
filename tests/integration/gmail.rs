//! Two devices on a server of Gmail's shape, where mailboxes are labels of one message.

use malote_core::journal::{delete, flag, folder, relocate, undo};
use malote_core::model::{ActionId, FlagChange, Flags, Keep, PlacementId, Role};
use malote_core::query::list::{ListScope, Listed, Source, Window};
use servers::chance::Chance;
use servers::device::small;
use servers::model::world::{ALL, World};
use servers::model::{GMAIL, Model};
use servers::station::{Station, on_virtual_time, scratch};

const TRASH: &str = "[Gmail]/Trash";

fn world() -> World {
    let mut world = World::gmail();
    world.create("Obras");
    world.create("Casa");
    for n in 0..8 {
        world.append("INBOX", &small(&format!("m{n}")), &[]);
    }
    let uids: Vec<u32> = world.folder("INBOX").expect("inbox").mails.iter().map(|m| m.uid).collect();
    world.copy("INBOX", &uids[..4], "Obras");
    world
}

async fn moved(device: &Station, ids: &[PlacementId], to: &str) -> Vec<ActionId> {
    let target = device.mailbox(to).await.expect("target");
    let mut tx = device.tx().await;
    let actions = relocate::move_to(&mut tx, 0, ids, target, "move").await.expect("move");
    tx.commit().await.expect("commit");
    actions
}

async fn to_role(device: &Station, ids: &[PlacementId], role: Role) -> Vec<ActionId> {
    let mut tx = device.tx().await;
    let actions = relocate::move_to_role(&mut tx, 0, ids, role, 0).await.expect("move");
    tx.commit().await.expect("commit");
    actions
}

async fn words(device: &Station, mailbox: &str) -> Vec<String> {
    let mut all: Vec<String> = device.rows(mailbox).await.into_iter().map(|(word, ..)| word).collect();
    all.sort();
    all
}

async fn in_step(devices: &[Station]) {
    for _ in 0..2 {
        for device in devices {
            device.sync().await.expect("sync");
        }
    }
    for device in devices {
        assert_eq!(device.wrongs().await, Vec::<String>::new());
    }
}

async fn devices(model: &Model, dir: &std::path::Path) -> Vec<Station> {
    let mut all = Vec::new();
    for name in ["laptop", "phone"] {
        all.push(Station::open(model, &dir.join(name), Keep::All).await);
    }
    in_step(&all).await;
    all
}

#[test]
fn a_message_is_there_once_whatever_its_labels() {
    on_virtual_time(async {
        let (model, dir) = (Model::with(world(), GMAIL), scratch());
        let all = devices(&model, dir.path()).await;
        let (laptop, phone) = (&all[0], &all[1]);
        let same = laptop.ids("INBOX", &["m1"]).await[0];
        let mut tx = laptop.tx().await;
        let message = tx.placement(same).await.expect("row").expect("there").message;
        assert_eq!(tx.placements_of(message).await.expect("rows").len(), 3, "inbox, label and All Mail");
        drop(tx);
        // A list shows the labels that its messages also have.
        let inbox = laptop.mailbox("INBOX").await.expect("inbox");
        let mut list = Listed::new(ListScope::mailbox(inbox), false);
        list.labels = true;
        let shown = Window::open(&laptop.store, 1, Source::List(list), 20).await.expect("a window").view();
        let label = laptop.mailbox("Obras").await.expect("a label");
        for row in shown.rows {
            let wanted =
                if ["m0", "m1", "m2", "m3"].contains(&row.subject.as_str()) { vec![label] } else { vec![] };
            assert_eq!(row.labels, wanted, "{}", row.subject);
        }

        // A star is the message's, whatever label it was set under.
        let mut tx = laptop.tx().await;
        let star =
            FlagChange { add: Flags { bits: Flags::FLAGGED, ..Flags::default() }, remove: Flags::default() };
        let starred = flag::mark(&mut tx, 0, &[same], &star, "star").await.expect("star");
        tx.commit().await.expect("commit");
        let shown = async |device: &Station, wanted: &[&str]| {
            for place in ["INBOX", "Obras", ALL] {
                let row = device.rows(place).await.into_iter().find(|(word, ..)| word == "m1").expect("m1");
                assert_eq!(row.1, wanted, "{place}");
            }
        };
        // Before the server knows, and taken back.
        shown(laptop, &["\\Flagged"]).await;
        let mut tx = laptop.tx().await;
        undo::undo(&mut tx, 0, starred[0]).await.expect("undo");
        flag::mark(&mut tx, 0, &[same], &star, "star").await.expect("star");
        tx.commit().await.expect("commit");
        shown(laptop, &["\\Flagged"]).await;
        in_step(&all).await;
        shown(phone, &["\\Flagged"]).await;
        shown(laptop, &["\\Flagged"]).await;

        // Archived it leaves the inbox and keeps its other labels; undone it is back.
        let archived = to_role(laptop, &laptop.ids("INBOX", &["m1", "m6"]).await, Role::Archive).await;
        in_step(&all).await;
        assert!(!words(phone, "INBOX").await.contains(&"m1".to_owned()));
        assert_eq!(words(phone, ALL).await.iter().filter(|w| *w == "m1").count(), 1);
        assert!(words(phone, "Obras").await.contains(&"m1".to_owned()));
        let mut tx = laptop.tx().await;
        undo::undo(&mut tx, 0, archived[0]).await.expect("undo");
        tx.commit().await.expect("commit");
        in_step(&all).await;
        assert!(words(phone, "INBOX").await.contains(&"m6".to_owned()));
        assert!(words(laptop, ALL).await.contains(&"m6".to_owned()));

        // In the trash it is nowhere else; out of it again it is in All Mail too.
        let gone = async |device: &Station| {
            for place in ["INBOX", "Obras", ALL] {
                assert!(!words(device, place).await.contains(&"m2".to_owned()), "{place}");
            }
        };
        let trashed = to_role(phone, &phone.ids("Obras", &["m2"]).await, Role::Trash).await;
        gone(phone).await;
        let mut tx = phone.tx().await;
        undo::undo(&mut tx, 0, trashed[0]).await.expect("undo");
        tx.commit().await.expect("commit");
        for place in ["INBOX", "Obras", ALL] {
            assert!(words(phone, place).await.contains(&"m2".to_owned()), "{place}");
        }
        to_role(phone, &phone.ids("Obras", &["m2"]).await, Role::Trash).await;
        in_step(&all).await;
        gone(phone).await;
        for place in ["INBOX", "Obras", ALL] {
            assert!(!words(laptop, place).await.contains(&"m2".to_owned()), "{place}");
        }
        assert_eq!(words(laptop, TRASH).await, ["m2"]);
        moved(laptop, &laptop.ids(TRASH, &["m2"]).await, "Casa").await;
        in_step(&all).await;
        assert!(words(phone, ALL).await.contains(&"m2".to_owned()));
        // Out of All Mail it gets a label, and stays there.
        moved(laptop, &laptop.ids(ALL, &["m7"]).await, "Casa").await;
        in_step(&all).await;
        assert_eq!(words(phone, "Casa").await, ["m2", "m7"]);
        assert!(words(laptop, ALL).await.contains(&"m7".to_owned()));
    });
}

/// Where a mailbox is a label, "for good" means the message, and removing the mailbox means the label.
#[test]
fn for_good_is_for_good_and_a_label_is_a_label() {
    on_virtual_time(async {
        let (model, dir) = (Model::with(world(), GMAIL), scratch());
        let all = devices(&model, dir.path()).await;
        let (laptop, phone) = (&all[0], &all[1]);
        let deleted = async |device: &Station, place: &str, word: &str| {
            let mut tx = device.tx().await;
            let ids = device.ids(place, &[word]).await;
            let actions = delete::delete(&mut tx, 0, &ids, 0).await.expect("delete");
            tx.commit().await.expect("commit");
            actions
        };
        // Taken back before the server was told, nothing has happened.
        let action = deleted(laptop, "Obras", "m0").await;
        assert!(!words(laptop, "Obras").await.contains(&"m0".to_owned()));
        let mut tx = laptop.tx().await;
        undo::undo(&mut tx, 0, action[0]).await.expect("undo");
        tx.commit().await.expect("commit");
        assert!(words(laptop, "Obras").await.contains(&"m0".to_owned()));
        deleted(laptop, "Obras", "m0").await;
        deleted(phone, ALL, "m7").await;
        in_step(&all).await;
        for device in &all {
            for place in ["INBOX", "Obras", ALL, TRASH] {
                let here = words(device, place).await;
                assert!(
                    !here.contains(&"m0".to_owned()) && !here.contains(&"m7".to_owned()),
                    "{place}: {here:?}"
                );
            }
        }
        // What was just put into a label that goes stays, as does what lay in it.
        moved(laptop, &laptop.ids("INBOX", &["m5"]).await, "Obras").await;
        let label = laptop.mailbox("Obras").await.expect("label");
        let mut tx = laptop.tx().await;
        folder::remove(&mut tx, 0, label, 0).await.expect("remove");
        tx.commit().await.expect("commit");
        in_step(&all).await;
        let kept: Vec<String> = {
            let world = model.world();
            assert!(world.folder("Obras").is_none() && world.contents(TRASH).is_empty());
            world.contents(ALL).into_keys().collect()
        };
        assert_eq!(kept, ["m1", "m2", "m3", "m4", "m5", "m6"]);
        assert_eq!(words(phone, ALL).await, kept);
    });
}

/// Two devices do at random what people do, offline for a few steps each; in the end both equal the server, and nothing is lost.
#[test]
fn two_devices_at_random_stay_right() {
    let seeds = std::env::var("MALOTE_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(12u64);
    for seed in 1..=seeds {
        println!("seed {seed}");
        on_virtual_time(async {
            let (model, dir) = (Model::with(world(), GMAIL), scratch());
            let all = devices(&model, dir.path()).await;
            let mut chance = Chance::new(seed);
            let places = ["INBOX", "Obras", "Casa", ALL, TRASH, "[Gmail]/Spam"];
            for _ in 0..40 {
                let device = &all[chance.below(2)];
                let from = *chance.pick(&places);
                let rows = device.rows(from).await;
                if !rows.is_empty() {
                    let id = chance.pick(&rows).2;
                    if chance.percent(25) {
                        let bit = Flags { bits: Flags::FLAGGED, ..Flags::default() };
                        let (add, remove) = if chance.percent(50) {
                            (bit, Flags::default())
                        } else {
                            (Flags::default(), bit)
                        };
                        let mut tx = device.tx().await;
                        flag::mark(&mut tx, 0, &[id], &FlagChange { add, remove }, "star")
                            .await
                            .expect("star");
                        tx.commit().await.expect("commit");
                    } else {
                        let to = *chance.pick(&places);
                        moved(device, &[id], to).await;
                    }
                }
                if chance.percent(40) {
                    device.sync().await.expect("sync");
                }
            }
            in_step(&all).await;
            let world = model.world();
            let kept: std::collections::BTreeSet<String> = [ALL, TRASH, "[Gmail]/Spam"]
                .iter()
                .flat_map(|place| world.contents(place).into_keys())
                .collect();
            assert_eq!(kept.len(), 8, "seed {seed}: {kept:?}");
        });
    }
}
