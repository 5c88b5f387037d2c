//! Three devices of ours, a stock client and a raw one do things at random to one account at the same time, through a network in
//! bad weather, on Dovecot and on Cyrus. When it clears up, all agree, message by message and folder by folder.
//!
//! `MALOTE_SEED` begins elsewhere, `MALOTE_SEEDS` runs several, `MALOTE_STEPS` takes more steps; `make weather` does. With `MALOTE_SAME`
//! all devices make, rename and remove the *same* few folders, which is harder; `make weather SAME=1`.

use malote_core::api::types::Mark;
use malote_core::model::{PlacementId, Role};
use servers::chance::{Chance, number};
use servers::cyrus::Cyrus;
use servers::device::{Device, account, small, told};
use servers::dovecot::{Dovecot, PASSWORD};
use servers::loader::{self, Loader};
use servers::other::{Contents, Other};
use servers::place::Place;
use servers::weather::Weather;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const FOLDERS: [&str; 4] = ["INBOX", "Archive", "Trash", "Trabalho"];

/// Intents that wait, with what they are about.
const LEFT: &str = "SELECT format('%d %s %s in %s (validity %d, hidden %d, gone %d) to %s expecting %d (uid %s); placement %d uid %s hidden %s in %s',
    i.id, i.state, i.kind, s.name, s.uid_validity, s.hidden, s.gone, t.name, i.expected_id, e.uid, i.placement_id, p.uid, p.hidden, b.name)
    FROM intent i LEFT JOIN placement p ON p.id = i.placement_id LEFT JOIN placement e ON e.id = i.expected_id
    LEFT JOIN mailbox b ON b.id = p.mailbox_id LEFT JOIN mailbox s ON s.id = i.mailbox_id LEFT JOIN mailbox t ON t.id = i.target_id
    WHERE i.state <> 'done'";

/// Rows without a UID, and hidden ones, with what brings or removes them.
const ODD: &str = "SELECT format('odd: %s in %s, uid %d, hidden %d (mailbox %d: validity %d, next %d, gone %d, hidden %d, todo %s); intents %s',
    m.subject, b.name, p.uid, p.hidden, b.id, b.uid_validity, b.uid_next, b.gone, b.hidden, b.todo,
    (SELECT group_concat(format('%d %s %s', i.id, i.kind, i.state)) FROM intent i WHERE p.id IN (i.placement_id, i.expected_id)))
    FROM placement p JOIN message m ON m.id = p.message_id JOIN mailbox b ON b.id = p.mailbox_id WHERE p.uid = 0 OR p.hidden = 1
    UNION ALL SELECT format('mailbox %d %s: validity %d, next %d, modseq %d, gone %d, hidden %d, todo %s', id, name, uid_validity, uid_next, modseq, gone, hidden, todo) FROM mailbox WHERE name LIKE 'Nova%' OR name LIKE 'Pasta%'";

/// One random deed of a device of ours.
async fn deed(device: &Device, who: usize, chance: &mut Chance, step: usize) {
    let all = device.core.mailboxes().await.expect("mailboxes");
    let usable: Vec<_> =
        all.iter().filter(|m| m.selectable && !m.gone && m.role != Some(Role::Drafts)).collect();
    let Some(from) = (!usable.is_empty()).then(|| *chance.pick(&usable)) else { return };
    let rows = device.core.list(Some(from.id), 0, 60).await.expect("list");
    let to = chance.pick(&usable).id;
    let some: Vec<PlacementId> =
        (0..1 + chance.below(3)).filter(|_| !rows.is_empty()).map(|_| chance.pick(&rows).id).collect();
    let core = &device.core;
    // Each device makes, renames and removes folders of its own; what lies in them is everybody's.
    let who = if std::env::var_os("MALOTE_SAME").is_some() { 0 } else { who };
    let made = |path: &str| path.contains(&format!(" {who}-"));
    // A row or a folder that another device took away meanwhile is no error of anybody's.
    match chance.below(40) {
        0..=5 => drop(core.mark(some, Mark::Read).await),
        6..=9 => drop(core.mark(some, Mark::Unread).await),
        10..=14 => drop(core.mark(some, Mark::Star).await),
        15 | 16 => drop(core.mark(some, Mark::Flag("Obra".into())).await),
        17..=19 => drop(core.archive(some).await),
        20 | 21 => drop(core.trash(some).await),
        22..=28 => drop(core.move_to(some, to).await),
        29 | 30 => drop(core.delete(some, 0).await),
        31 => drop(core.copy_to(some, to).await),
        32 | 33 => drop(core.append(to, small(&format!("u{step}")), &["\\Seen".to_owned()]).await),
        34..=36 => drop(core.undo_last().await),
        37 => drop(core.folder_create(device.account, format!("Pasta {who}-{}", step % 5)).await),
        38 if made(&from.path) => drop(core.folder_rename(from.id, format!("Nova {who}-{}", step % 7)).await),
        39 if made(&from.path) && chance.percent(30) => drop(core.folder_remove(from.id, 0).await),
        _ => {}
    }
}

/// One random deed of the stock client.
async fn stock(other: &mut Other, chance: &mut Chance, step: usize) {
    let folder = *chance.pick(&FOLDERS);
    if other.0.select(folder).await.is_err() {
        return;
    }
    let uids: Vec<u32> = other.0.uid_search("ALL").await.map(|u| u.into_iter().collect()).unwrap_or_default();
    if uids.is_empty() {
        return other.append("INBOX", &small(&format!("s{step}"))).await;
    }
    let uid = *chance.pick(&uids);
    match chance.below(6) {
        0 => other.store(uid, "+FLAGS (\\Flagged $Outra)").await,
        1 => other.store(uid, "-FLAGS (\\Seen)").await,
        2 => other.move_to(uid, ["Archive", "INBOX"][chance.below(2)]).await,
        3 => other.append("INBOX", &small(&format!("s{step}"))).await,
        4 if chance.percent(30) => other.expunge(uid).await,
        _ => other.store(uid, "+FLAGS (\\Answered)").await,
    }
}

/// One random deed of somebody at the bare protocol.
fn raw(loader: &mut Loader, chance: &mut Chance, step: usize) {
    loader.attempt(format!("SELECT {}", chance.pick(&FOLDERS)).as_bytes());
    let n = 1 + chance.below(20);
    let said = match chance.below(5) {
        0 => loader.attempt(format!("STORE {n} +FLAGS.SILENT (\\Seen)").as_bytes()),
        1 => loader.attempt(format!("COPY {n} INBOX").as_bytes()),
        2 => loader.attempt(format!("STORE {n} -FLAGS (\\Flagged)").as_bytes()),
        3 => {
            loader.append("INBOX", &loader::mails(&[&format!("r{step}")]));
            String::new()
        }
        _ => loader.attempt(b"NOOP"),
    };
    drop(said);
}

/// Everything on the server, and everything on a device, by folder.
async fn truth(other: &mut Other) -> BTreeMap<String, Contents> {
    use futures_util::TryStreamExt;
    let names: Vec<_> = other.0.list(None, Some("*")).await.expect("list").try_collect().await.expect("list");
    let mut all = BTreeMap::new();
    for name in names {
        let selectable =
            !name.attributes().iter().any(|a| matches!(a, async_imap::types::NameAttribute::NoSelect));
        let shown = malote_core::utf7::decode(name.name());
        if selectable && other.0.select(name.name()).await.is_ok() {
            all.insert(shown, other.contents(name.name()).await);
        }
    }
    all
}

async fn seen(device: &Device) -> BTreeMap<String, Contents> {
    let mut all = BTreeMap::new();
    for m in device.core.mailboxes().await.expect("mailboxes").iter().filter(|m| m.selectable && !m.gone) {
        if let Ok(rows) = device.rows_of(m.id).await {
            all.insert(m.path.clone(), told(rows));
        }
    }
    all
}

/// What differs, in few words.
fn difference(here: &BTreeMap<String, Contents>, there: &BTreeMap<String, Contents>) -> String {
    let mut out = Vec::new();
    for folder in here.keys().chain(there.keys()).collect::<std::collections::BTreeSet<_>>() {
        let none = Contents::new();
        match (here.get(folder), there.get(folder)) {
            (Some(a), Some(b)) if a == b => {}
            (a, b) => {
                let (a_is, b_is) = (a.is_some(), b.is_some());
                let (a, b) = (a.unwrap_or(&none), b.unwrap_or(&none));
                let words: Vec<String> = a
                    .keys()
                    .chain(b.keys())
                    .filter(|w| a.get(*w) != b.get(*w))
                    .take(5)
                    .map(|w| format!("{w}: here {:?}, there {:?}", a.get(w), b.get(w)))
                    .collect();
                out.push(format!("{folder} (here {a_is}, there {b_is}): {}", words.join("; ")));
            }
        }
    }
    out.join("\n")
}

async fn run(server: &Place, user: &str, seed: u64, steps: usize) {
    let begun = Instant::now();
    let mut setup = Loader::sign_in(server.imap, user, PASSWORD);
    setup.create("Trabalho");
    let words: Vec<String> = (0..60).map(|n| format!("m{n}")).collect();
    setup.append("INBOX", &loader::mails(&words.iter().map(String::as_str).collect::<Vec<_>>()));
    let mut devices = Vec::new();
    let weather = Weather::start(server.imaps, seed).await;
    for _ in 0..3 {
        let device = Device::with(account(server, user, "headers")).await;
        device.sync().await;
        // From now on through the weather.
        servers::cli::sqlite(
            &device.path().join("malote.db"),
            &format!("UPDATE account SET port = {}", weather.port),
        );
        device.core.start().await.expect("start");
        devices.push(device);
    }
    let mut other = Other::sign_in(server.imap, user).await;
    let mut chance = Chance::new(seed);
    for step in 0..steps {
        match chance.below(8) {
            6 => stock(&mut other, &mut chance, step).await,
            7 => raw(&mut setup, &mut chance, step),
            n => deed(&devices[n % 3], n % 3, &mut chance, step).await,
        }
        if step % 20 == 0 {
            // Whoever waits for better weather tries again now: users do.
            devices[chance.below(3)].core.check_now().await.expect("check");
        }
    }
    let struck = weather.struck();
    weather.clear_up();
    let cleared = Instant::now();
    loop {
        for device in &devices {
            device.core.check_now().await.expect("check");
        }
        tokio::time::sleep(Duration::from_millis(700)).await;
        let there = truth(&mut other).await;
        let mut wrong = String::new();
        for (i, device) in devices.iter().enumerate() {
            let waiting = device.core.accounts().await.expect("accounts")[0].waiting;
            let here = seen(device).await;
            if waiting > 0 || here != there {
                let state = device.core.states().await.expect("states").pop();
                let doing = state.map(|s| format!("{} {:?}", s.phase, s.error)).unwrap_or_default();
                wrong += &format!("device {i}, {doing}, {waiting} waiting: {}\n", difference(&here, &there));
            }
        }
        if wrong.is_empty() {
            break;
        }
        if cleared.elapsed() > Duration::from_secs(90) {
            let left: Vec<String> = devices
                .iter()
                .flat_map(|d| [LEFT, ODD].map(|sql| servers::cli::look(&d.path().join("malote.db"), sql)))
                .flatten()
                .collect();
            panic!("seed {seed}: they do not agree:\n{wrong}\n{}", left.join("\n"));
        }
    }
    println!(
        "seed {seed}: {steps} steps, {struck} connections struck, agreed {:.1} s after it cleared up, {:.0} s in all",
        cleared.elapsed().as_secs_f32(),
        begun.elapsed().as_secs_f32()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn on_dovecot() {
    let server = Dovecot::start();
    let first = number("MALOTE_SEED", 1);
    for seed in first..first + number("MALOTE_SEEDS", 1) {
        run(&server, &format!("u{seed}"), seed, number("MALOTE_STEPS", 800) as usize).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_cyrus() {
    let first = number("MALOTE_SEED", 1);
    let seeds = first..first + number("MALOTE_SEEDS", 1);
    let users: Vec<String> = seeds.clone().map(|seed| format!("u{seed}")).collect();
    let Some(server) = Cyrus::start(&users.iter().map(String::as_str).collect::<Vec<_>>()) else { return };
    for seed in seeds {
        run(&server, &format!("u{seed}"), seed, number("MALOTE_STEPS", 800) as usize).await;
    }
}
