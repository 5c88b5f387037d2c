//! Two devices write on from each other's drafts, lose their power and their connections, and when it clears up, every newest version is
//! there with every file, what two wrote from the same version is there twice, and nothing is left over: on each device, and on the
//! server, read by a parser of somebody else's.
//!
//! `MALOTE_SEED` begins elsewhere, `MALOTE_SEEDS` runs several, `MALOTE_STEPS` takes more steps.

use base64::Engine;
use futures_util::TryStreamExt;
use mailparse::MailHeaderMap;
use malote_core::api::Letter;
use malote_core::model::Address;
use serde_json::{Value, json};
use servers::app::App;
use servers::chance::{Chance, number};
use servers::cyrus::Cyrus;
use servers::device::Device;
use servers::dovecot::{Dovecot, PASSWORD};
use servers::line::Line;
use servers::loader::Loader;
use servers::other::Other;
use servers::place::Place;
use servers::weather::Weather;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

/// Name and bytes of a file.
type Files = BTreeMap<String, Vec<u8>>;

/// Every version that was put down, by its subject.
#[derive(Default)]
struct Written {
    files: BTreeMap<String, Files>,
    /// Replaced by another, or thrown away.
    over: BTreeSet<String>,
    /// What was done, for whoever has to find out why something is there or not.
    story: Vec<String>,
}

impl Written {
    /// What has to be there in the end.
    fn newest(&self) -> BTreeMap<&str, &Files> {
        let live = self.files.iter().filter(|(version, _)| !self.over.contains(*version));
        live.map(|(version, files)| (version.as_str(), files)).collect()
    }

    fn tell(&mut self, device: usize, what: &str) {
        self.story.push(format!("{device}: {what}"));
    }

    /// The chapters in which one of these versions is named.
    fn chapters(&self, versions: &BTreeSet<&str>) -> String {
        let named = |chapter: &&String| chapter.split([' ', ':']).any(|word| versions.contains(word));
        self.story.iter().filter(named).map(|chapter| format!("\n{chapter}")).collect()
    }
}

/// A file of up to 60 kB, taken in by a device.
fn new_file(app: &App, chance: &mut Chance, step: usize) -> (Value, String, Vec<u8>) {
    let name = format!("relatório {step}.bin");
    let bytes: Vec<u8> = (0..chance.below(60_000)).map(|_| chance.draw() as u8).collect();
    let data = base64::engine::general_purpose::STANDARD.encode(&bytes);
    let file =
        json!({ "id": "", "name": name, "media_type": "application/x-test", "size": 0, "content_id": "" });
    (app.must("file_take", json!({ "file": file, "data": data })), name, bytes)
}

/// Puts a version down; gives its row.
fn save(app: &App, content: &mut Value, replaces: &Value, step: usize) -> Value {
    content["subject"] = json!(format!("v{step}"));
    content["html"] = json!(format!("<div>texto de v{step} — açaí</div>"));
    let saved = app.must("draft_save", json!({ "content": content, "replaces": replaces }));
    content["draft"] = saved["draft"].clone();
    saved["id"].clone()
}

/// One deed of a device.
fn deed(app: &mut App, device: usize, chance: &mut Chance, written: &mut Written, step: usize) {
    let Some(folder) = app.folder("drafts") else { return };
    let rows = app.rows(&folder);
    let version = format!("v{step}");
    match chance.below(20) {
        0..=2 => {
            let view = app.must("draft_begin", json!({ "kind": "new", "about": null }));
            let mut content = view["content"].clone();
            content["to"] = json!([{ "name": "Bia", "address": "bia@exemplo.test" }]);
            let mut files = Files::new();
            if chance.percent(60) {
                let (file, name, bytes) = new_file(app, chance, step);
                content["files"] = json!([file]);
                files.insert(name, bytes);
            }
            save(app, &mut content, &Value::Null, step);
            written.tell(device, &format!("{version} begun"));
            written.files.insert(version, files);
        }
        3 if !rows.is_empty() => {
            let row = chance.pick(&rows);
            if app.call("trash", json!({ "ids": [row["id"]] })).is_ok() {
                let version = row["subject"].as_str().expect("a subject").to_owned();
                written.tell(device, &format!("{version} thrown away at {step}"));
                written.over.insert(version);
            }
        }
        4 => {
            written.tell(device, &format!("power cut at {step}"));
            app.power_cut();
        }
        5 => drop(app.call("check_now", json!({}))),
        _ if !rows.is_empty() => {
            let row = chance.pick(&rows);
            // Its text may be on the server only, and that out of reach; or another device has just replaced it.
            let Ok(view) = app.call("draft_open", json!({ "id": row["id"] })) else { return };
            let before = view["content"]["subject"].as_str().expect("a subject").to_owned();
            let mut files = written.files.get(&before).cloned().unwrap_or_default();
            let mut content = view["content"].clone();
            assert_eq!(content["files"].as_array().map(Vec::len), Some(files.len()), "files of {before}");
            if chance.percent(25) {
                let (file, name, bytes) = new_file(app, chance, step);
                content["files"].as_array_mut().expect("a list").push(file);
                files.insert(name, bytes);
            }
            let mut id = save(app, &mut content, &view["id"], step);
            written.tell(device, &format!("{version} from {before}"));
            written.over.insert(before);
            written.files.insert(version.clone(), files.clone());
            // Some type on, and the next version follows at once.
            for more in 1..=chance.below(3) {
                let next = step * 10 + 1_000_000 + more;
                id = save(app, &mut content, &id, next);
                let before = if more == 1 { version.clone() } else { format!("v{}", next - 1) };
                written.tell(device, &format!("v{next} from {before}"));
                written.over.insert(before);
                written.files.insert(format!("v{next}"), files.clone());
            }
            let ids: Vec<&Value> =
                content["files"].as_array().expect("a list").iter().map(|f| &f["id"]).collect();
            app.must("files_drop", json!({ "ids": ids }));
        }
        _ => {}
    }
}

/// The drafts on the server, by subject, with what another parser finds in them.
async fn on_server(other: &mut Other) -> BTreeMap<String, (String, Files)> {
    other.0.select("Drafts").await.expect("select");
    let fetched = other.0.uid_fetch("1:*", "(UID BODY.PEEK[])").await.expect("fetch");
    let fetched: Vec<_> = fetched.try_collect().await.expect("fetch");
    let mut all = BTreeMap::new();
    for f in fetched {
        let mail = mailparse::parse_mail(f.body().expect("a body")).expect("a message");
        let subject = mail.headers.get_first_value("Subject").expect("a subject");
        let (mut text, mut files) = (String::new(), Files::new());
        for part in mail.parts() {
            let said = part.get_content_disposition();
            if let Some(name) = said.params.get("filename") {
                files.insert(name.clone(), part.get_body_raw().expect("bytes"));
            } else if part.ctype.mimetype == "text/plain" {
                text = part.get_body().expect("text");
            }
        }
        assert!(all.insert(subject.clone(), (text, files)).is_none(), "{subject} lies there twice");
    }
    all
}

async fn run(server: &Place, user: &str, seed: u64, steps: usize) {
    let begun = Instant::now();
    Loader::sign_in(server.imap, user, PASSWORD).append("INBOX", &servers::loader::mails(&["oi"]));
    let weather = Weather::start(server.imaps, seed).await;
    let homes = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    let mut devices: Vec<App> =
        homes.iter().map(|home| signed_in(home.path(), server, user, &weather)).collect();
    let mut other = Other::sign_in(server.imap, user).await;
    let mut chance = Chance::new(seed);
    let mut written = Written::default();
    for step in 0..steps {
        let which = chance.below(2);
        let device = &mut devices[which];
        deed(device, which, &mut chance, &mut written, step);
        if chance.percent(30) {
            // Until the server was heard, or it is taken too long: it is the other's turn.
            let _ = device.call("check_now", json!({}));
            let waits = Instant::now();
            while !device.in_step() && waits.elapsed() < Duration::from_millis(600) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    let struck = weather.struck();
    weather.clear_up();
    let cleared = Instant::now();
    let newest = written.newest();
    let expected: BTreeSet<&str> = newest.keys().copied().collect();
    loop {
        for device in &devices {
            device.must("check_now", json!({}));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        let there = on_server(&mut other).await;
        let mut seen = vec![there.keys().cloned().collect::<Vec<_>>()];
        for device in &devices {
            let rows = device.folder("drafts").map(|f| device.rows(&f)).unwrap_or_default();
            let mut subjects: Vec<String> =
                rows.iter().filter_map(|r| Some(r["subject"].as_str()?.to_owned())).collect();
            subjects.sort();
            seen.push(subjects);
        }
        let right = seen.iter().all(|all| all.iter().map(String::as_str).eq(expected.iter().copied()));
        if right && devices.iter().all(App::in_step) {
            for (version, (text, files)) in &there {
                assert_eq!(text.trim(), format!("texto de {version} — açaí"), "seed {seed}");
                assert!(
                    newest[version.as_str()] == files,
                    "seed {seed}: the files of {version} are not what was attached"
                );
            }
            break;
        }
        if cleared.elapsed() > Duration::from_secs(90) {
            let seen: Vec<BTreeSet<&str>> =
                seen.iter().map(|all| all.iter().map(String::as_str).collect()).collect();
            let wrong = seen.iter().flat_map(|all| all.symmetric_difference(&expected).copied()).collect();
            let notices: Vec<Value> = devices.iter().map(|d| d.must("notices", json!({}))).collect();
            panic!(
                "seed {seed}: {wrong:?} should not be there, or should, of {seen:?}{}\n{notices:?}",
                written.chapters(&wrong)
            );
        }
    }
    println!(
        "seed {seed}: {steps} steps, {} versions, {} left, {struck} connections struck, agreed {:.1} s after it cleared up, {:.0} s in all",
        written.files.len(),
        expected.len(),
        cleared.elapsed().as_secs_f32(),
        begun.elapsed().as_secs_f32()
    );
}

/// A device that knows the account, and reaches it through the weather from now on.
fn signed_in(home: &Path, server: &Place, user: &str, weather: &Weather) -> App {
    let program = Path::new(env!("CARGO_BIN_EXE_bridge"));
    let mut app = App::start(program, home);
    let mut new = serde_json::to_value(servers::device::account(server, user, "all")).expect("json");
    new["password"] = json!("");
    new["password_command"] = json!(format!("echo {PASSWORD}"));
    app.must("account_add", json!({ "new": new }));
    let begun = Instant::now();
    while !(app.in_step() && app.folder("drafts").is_some()) {
        assert!(begun.elapsed() < Duration::from_secs(30), "never in step");
        std::thread::sleep(Duration::from_millis(20));
    }
    servers::cli::sqlite(&home.join("malote.db"), &format!("UPDATE account SET port = {}", weather.port));
    app.power_cut();
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn on_dovecot() {
    let server = Dovecot::start();
    let first = number("MALOTE_SEED", 1);
    for seed in first..first + number("MALOTE_SEEDS", 1) {
        run(&server, &format!("d{seed}"), seed, number("MALOTE_STEPS", 150) as usize).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_cyrus() {
    let first = number("MALOTE_SEED", 1);
    let seeds = first..first + number("MALOTE_SEEDS", 1);
    let users: Vec<String> = seeds.clone().map(|seed| format!("d{seed}")).collect();
    let Some(server) = Cyrus::start(&users.iter().map(String::as_str).collect::<Vec<_>>()) else { return };
    for seed in seeds {
        run(&server, &format!("d{seed}"), seed, number("MALOTE_STEPS", 150) as usize).await;
    }
}

/// Wherever the line breaks while a version goes up: thrown away by another program meanwhile, it does not come back; and what the
/// server never had goes up again.
#[tokio::test(flavor = "multi_thread")]
async fn a_version_thrown_away_elsewhere_stays_away() {
    let server = Dovecot::start();
    Loader::sign_in(server.imap, "fora", PASSWORD).append("INBOX", &servers::loader::mails(&["oi"]));
    let line = Line::start(server.imaps).await;
    let mut new = servers::device::account(&server, "fora", "all");
    new.incoming.port = line.port;
    let device = Device::with(new).await;
    device.sync().await;
    let mut other = Other::sign_in(server.imap, "fora").await;
    let (mut thrown, mut again) = (0, 0);
    for n in 0..60 {
        let word = format!("v{n}");
        let from = Address { name: String::new(), address: "fora@exemplo.test".into() };
        let letter = Letter { from, subject: word.clone(), text: "oi".into(), ..Letter::default() };
        device.core.draft_put(device.account, letter, None).await.expect("kept");
        line.cut_after(2000 + n * 60);
        let cut = device.core.sync_once(None).await.is_err();
        line.cut_after(i64::MAX);
        let arrived = other.uids("Drafts").await;
        for uid in &arrived {
            other.move_to(*uid, "Trash").await;
        }
        device.sync().await;
        let places = (other.uids("Drafts").await, other.uids("Trash").await);
        let expected = if arrived.is_empty() { (1, 0) } else { (0, 1) };
        assert_eq!((places.0.len(), places.1.len()), expected, "cut after {} octets", 2000 + n * 60);
        assert_eq!(device.core.accounts().await.expect("accounts")[0].waiting, 0, "nothing waits");
        thrown += usize::from(cut && !arrived.is_empty());
        again += usize::from(arrived.is_empty());
        for (mailbox, uids) in [("Drafts", places.0), ("Trash", places.1)] {
            other.uids(mailbox).await; // selects it
            for uid in uids {
                other.store(uid, "+FLAGS (\\Deleted)").await;
                other.expunge(uid).await;
            }
        }
        device.sync().await;
    }
    assert!(thrown > 2 && again > 2, "{thrown} thrown away in doubt, {again} never arrived");
    println!("{thrown} thrown away in doubt, {again} never arrived");
}
