//! Every crash and every fault, at every step, on every kind of server: afterwards nothing is lost, nothing is doubled, and the
//! device equals the server. The method is isync's, taken to networks, lying servers and several devices.
//!
//! `MALOTE_ONLY=name` runs one scenario, `MALOTE_TIER` one kind of server, `MALOTE_FAULT` one kind of fault. Of all of them
//! together only every fifth step is tried, in each scenario other ones; `MALOTE_EVERY=1` (`make simulate`) tries each.

use malote_core::model::Keep;
use servers::chance::{Chance, number};
use servers::device::small;
use servers::model::fault::{Fault, Plan};
use servers::model::world::World;
use servers::model::{Model, TIERS};
use servers::scenario::{self, Scenario, uids};
use servers::station::{Crash, Station, beginning, copy_data, on_virtual_time, scratch};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// What everything comes down to: messages by word and mailbox.
fn outcome(world: &World) -> BTreeMap<String, BTreeMap<String, Vec<Vec<String>>>> {
    world.folders.iter().map(|f| (f.name.clone(), world.contents(&f.name))).collect()
}

/// A device in step with the beginning, on disk, to be copied.
struct Template {
    dir: tempfile::TempDir,
    world: World,
    capabilities: &'static str,
}

impl Template {
    async fn make(capabilities: &'static str) -> Self {
        let (dir, world) = (scratch(), beginning());
        let model = Model::with(world.clone(), capabilities);
        let station = Station::open(&model, dir.path(), Keep::All).await;
        station.sync().await.expect("first sync");
        let wrong = station.wrongs().await;
        assert!(wrong.is_empty(), "{wrong:#?}");
        station.store.close().await;
        Self { dir, world, capabilities }
    }

    /// A copy of it in which a scenario has just happened.
    async fn stage(&self, scenario: &Scenario) -> Template {
        let dir = scratch();
        copy_data(self.dir.path(), dir.path());
        let model = Model::with(self.world.clone(), self.capabilities);
        let station = Station::open(&model, dir.path(), Keep::All).await;
        (scenario.user)(&station).await;
        station.store.close().await;
        (scenario.others)(&mut model.world());
        let world = model.world().clone();
        Template { dir, world, capabilities: self.capabilities }
    }

    /// A device of its own, and its server.
    async fn copy(&self) -> (Station, tempfile::TempDir) {
        let dir = scratch();
        copy_data(self.dir.path(), dir.path());
        let model = Model::with(self.world.clone(), self.capabilities);
        (Station::open(&model, dir.path(), Keep::All).await, dir)
    }
}

/// Words that are there more or less often than they should be.
fn miscounted(world: &World, before: &World, deleted: &[&str], doubled: &[&str]) -> Vec<String> {
    let count = |w: &World| {
        let mut all: BTreeMap<String, usize> = BTreeMap::new();
        for m in w.folders.iter().flat_map(|f| &f.mails) {
            *all.entry(m.word()).or_default() += 1;
        }
        all
    };
    let (now, was) = (count(world), count(before));
    was.keys()
        .chain(now.keys())
        .filter(|word| {
            let n = now.get(*word).copied().unwrap_or(0);
            let may_be_gone = deleted.contains(&word.as_str());
            let should = if doubled.contains(&word.as_str()) { 2 } else { 1 };
            !(n == should || (n < should && may_be_gone))
        })
        .map(|word| format!("{word} is there {} times", now.get(word).copied().unwrap_or(0)))
        .collect()
}

/// A move in two halves (no MOVE), cut or overtaken in the middle, with the original taken elsewhere by another client: the copy
/// and the original both live, and nobody can tell that from a copy made on purpose. Where others act, a server without MOVE
/// may end with one too many; with one too few, never.
fn telling(capabilities: &str, mut counted: Vec<String>) -> Vec<String> {
    if !capabilities.contains("MOVE") {
        counted.retain(|w| w.ends_with(" 0 times"));
    }
    counted
}

/// Until nothing moves any more: twice, and once more where that was not enough.
async fn quiet(station: &Station) -> Result<(), String> {
    for round in 0..3 {
        if round == 2 && station.wrongs().await.is_empty() {
            break;
        }
        // Servers without mod-sequences are compared whole every quarter of an hour.
        station.clock.pass(1000);
        station.sync().await.map_err(|e| format!("the sync after it failed: {e}"))?;
    }
    Ok(())
}

/// Whether the nth thing that could be tried is, in a scenario on a kind of server: the same in every run.
fn is_tried(what: &str, n: usize) -> bool {
    let named = ["MALOTE_ONLY", "MALOTE_TIER"].iter().any(|v| std::env::var_os(v).is_some());
    let every = number("MALOTE_EVERY", if named { 1 } else { EVERY }) as usize;
    let begin: usize = what.bytes().map(usize::from).sum();
    (begin + n).is_multiple_of(every)
}

/// Of so many steps one is tried, where nothing else is said.
const EVERY: u64 = 5;

#[derive(Default)]
struct Tally {
    runs: AtomicUsize,
    failures: Mutex<Vec<String>>,
}

impl Tally {
    fn report(&self, what: &str, wrong: Vec<String>) {
        self.runs.fetch_add(1, Ordering::SeqCst);
        if !wrong.is_empty() {
            let mut failures = self.failures.lock().expect("failures");
            if failures.len() < 6 {
                failures.push(format!("{what}\n    {}", wrong.join("\n    ")));
            } else {
                failures.push(what.to_owned());
            }
        }
    }

    fn finish(self, name: &str, begun: Instant) -> usize {
        let failures = self.failures.into_inner().expect("failures");
        let runs = self.runs.into_inner();
        println!("{name}: {runs} runs in {:.0} s", begun.elapsed().as_secs_f32());
        assert!(failures.is_empty(), "{} of {runs} went wrong:\n{}", failures.len(), failures.join("\n"));
        runs
    }
}

/// Hands (tier, scenario) pairs to as many threads as there are cores.
fn on_all_cores(work: impl Fn(&'static str, &'static str, &Scenario) + Sync) {
    let only = std::env::var("MALOTE_ONLY").ok();
    let tier = std::env::var("MALOTE_TIER").ok();
    let jobs: Vec<(&str, &str, usize)> = TIERS
        .iter()
        .filter(|(name, _)| tier.as_ref().is_none_or(|t| t == name))
        .flat_map(|(name, capabilities)| (0..scenario::all().len()).map(move |i| (*name, *capabilities, i)))
        .filter(|(name, _, i)| scenario::all()[*i].runs_on(name))
        .filter(|(.., i)| only.as_ref().is_none_or(|o| scenario::all()[*i].name == o))
        .collect();
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((name, capabilities, i)) = jobs.get(next.fetch_add(1, Ordering::SeqCst)) {
                    work(name, capabilities, &scenario::all()[*i]);
                }
            });
        }
    });
}

/// Undisturbed: how far it comes, and where it could stop.
struct Course {
    after: World,
    commits: u64,
    steps: u64,
    said: Vec<String>,
}

impl Course {
    /// Every step, but of the STATUS of one mailbox after the other only some.
    fn worth_a_fault(&self) -> Vec<u64> {
        let routine = |n: u64| !n.is_multiple_of(5) && self.said[n as usize].contains(": STATUS ");
        (0..self.steps).filter(|n| !routine(*n)).collect()
    }
}

async fn undisturbed(stage: &Template, scenario: &Scenario, tally: &Tally, what: &str) -> Option<Course> {
    let (station, _dir) = stage.copy().await;
    station.take_commits();
    station.model.plan(Plan::default());
    let first = station.sync().await;
    let (commits, (steps, _)) = (station.take_commits(), station.model.steps());
    let plan = station.model.plan(Plan::default());
    let said = (0..steps).map(|n| plan.said(n)).collect();
    let mut wrong: Vec<String> = first.err().map(|e| e.to_string()).into_iter().collect();
    wrong.extend(quiet(&station).await.err());
    wrong.extend(station.wrongs().await);
    let after = station.model.world().clone();
    wrong.extend(miscounted(&after, &stage.world, scenario.deleted, scenario.doubled()));
    for (folder, word, flags) in scenario.wanted() {
        let there = after.contents(folder).remove(*word);
        let should = vec![flags.split_whitespace().map(str::to_owned).collect::<Vec<_>>()];
        if there.as_ref() != Some(&should) {
            wrong.push(format!("{word} in {folder} has {there:?} instead of {should:?}"));
        }
    }
    for name in scenario.unmade().iter().filter(|n| after.folder(n).is_some()) {
        wrong.push(format!("{name} is still there"));
    }
    // Deleted for good is gone, wherever it was.
    let left: Vec<String> = after.folders.iter().flat_map(|f| &f.mails).map(|m| m.word()).collect();
    wrong.extend(
        scenario
            .deleted
            .iter()
            .filter(|w| left.iter().any(|l| l == *w))
            .map(|w| format!("{w} is still there")),
    );
    station.store.close().await;
    let fine = wrong.is_empty();
    tally.report(&format!("{what}, undisturbed"), wrong);
    fine.then_some(Course { after, commits, steps, said })
}

#[test]
fn a_crash_at_every_step() {
    let begun = Instant::now();
    let tally = Tally::default();
    on_all_cores(|tier, capabilities, scenario| {
        on_virtual_time(async {
            let what = format!("{tier}, {}", scenario.name);
            let stage = Template::make(capabilities).await.stage(scenario).await;
            let Some(course) = undisturbed(&stage, scenario, &tally, &what).await else { return };
            let points = (0..course.commits)
                .flat_map(|n| [Crash::BeforeCommit(n), Crash::AfterCommit(n)])
                .chain((0..course.steps).flat_map(|n| [Crash::BeforeStep(n), Crash::AfterStep(n)]));
            // Before the next one is the same as after this one; for the many situations about folders once is enough.
            let once = |p: &Crash| matches!(p, Crash::BeforeCommit(_) | Crash::AfterStep(_));
            let points = points.filter(|p| !scenario.is_brief() || once(p)).enumerate();
            for (_, point) in points.filter(|(n, _)| is_tried(&what, *n)) {
                let (mut station, _dir) = stage.copy().await;
                let mut wrong = Vec::new();
                if !station.crash(point).await {
                    wrong.push("it did not get that far".to_owned());
                }
                station.restart().await;
                wrong.extend(quiet(&station).await.err());
                wrong.extend(station.wrongs().await);
                let after = station.model.world().clone();
                wrong.extend(miscounted(&after, &stage.world, scenario.deleted, scenario.doubled()));
                let (is, should) = (outcome(&after), outcome(&course.after));
                for (name, there) in is.iter().filter(|(name, there)| should.get(*name) != Some(there)) {
                    wrong.push(format!("{name} on the server: {there:?} instead of {:?}", should.get(name)));
                }
                station.store.close().await;
                tally.report(&format!("{what}, {point:?}"), wrong);
            }
        });
    });
    let runs = tally.finish("crashes", begun);
    let whole = std::env::var_os("MALOTE_ONLY").is_none() && std::env::var_os("MALOTE_TIER").is_none();
    let least = 10_000 / number("MALOTE_EVERY", EVERY) as usize;
    assert!(!whole || runs >= least, "{runs} crash points are too few");
}

/// A fault, and whether everything must come out as if it had not been.
type Trial = (&'static str, Fault, bool);

fn others(deed: impl Fn(&mut World) + Send + Sync + 'static) -> Fault {
    Fault::Overtaken(Arc::new(deed))
}

fn faults() -> Vec<Trial> {
    vec![
        ("cut before", Fault::CutBefore, true),
        ("cut after", Fault::CutAfter, true),
        ("cut half-way", Fault::CutHalfway, true),
        ("hang before", Fault::HangBefore, true),
        ("hang after", Fault::HangAfter, true),
        ("sliced", Fault::Sliced, true),
        ("BYE", Fault::Bye, true),
        ("down for a while", Fault::Down, true),
        ("noise", Fault::Noise, true),
        ("old news", Fault::Echo, true),
        ("NO, unavailable", Fault::No("[UNAVAILABLE]"), true),
        ("NO, in use", Fault::No("[INUSE]"), true),
        ("NO", Fault::No(""), false),
        ("NO, not permitted", Fault::No("[NOPERM]"), false),
        ("NO, full", Fault::No("[OVERQUOTA]"), false),
        ("BAD", Fault::Bad, false),
        ("OK and nothing done", Fault::Pretend, false),
        ("OK to half an answer", Fault::Silent, false),
        ("an empty answer", Fault::Empty, false),
        (
            "others flagged",
            others(|w| {
                let a = uids(w, "INBOX", &["m0", "m2", "m4", "m6"]);
                w.store("INBOX", &a, true, &["$Outra", "\\Answered"]);
            }),
            false,
        ),
        (
            "others removed",
            others(|w| {
                let (a, b) = (uids(w, "INBOX", &["m2", "m6", "w0"]), uids(w, "Works", &["w1"]));
                w.remove("INBOX", &a);
                w.remove("Works", &b);
            }),
            false,
        ),
        (
            "others moved",
            others(|w| {
                let (a, b) = (uids(w, "INBOX", &["m2", "m6", "w0"]), uids(w, "Works", &["w1", "w2"]));
                w.relocate("INBOX", &a, "Archive");
                w.relocate("Works", &b, "INBOX");
            }),
            false,
        ),
        (
            "new mail",
            others(|w| {
                w.append("INBOX", &small("x0"), &[]);
                w.append("Works/Old", &small("x1"), &[]);
            }),
            false,
        ),
        (
            "another UIDVALIDITY",
            others(|w| {
                for name in ["INBOX", "Works", "Works/Old", "Trash"] {
                    w.revalidate(name);
                }
            }),
            false,
        ),
        (
            "a mailbox made",
            others(|w| {
                w.create("Junk");
                w.create("Novo");
            }),
            false,
        ),
        (
            "others removed the target",
            others(|w| {
                w.delete("Works/Old");
            }),
            false,
        ),
        (
            "others renamed",
            others(|w| {
                w.rename("Works", "Obras");
            }),
            false,
        ),
    ]
}

/// What no client can find out: that a server which says OK did not do it, or that it left out news nobody asked for by name.
fn beyond_knowing(fault: &Fault, said: &str) -> bool {
    match fault {
        Fault::Pretend => {
            ["UID STORE", "UID EXPUNGE", "EXPUNGE", "CHANGEDSINCE"].iter().any(|v| said.contains(v))
        }
        Fault::Silent => said.contains("FLAGS"),
        _ => false,
    }
}

/// Messages that may be gone in a trial, besides those that the scenario deletes.
fn may_go(name: &str) -> &'static [&'static str] {
    match name {
        "others removed" => &["m2", "m6", "w0", "w1"],
        "others removed the target" => &["m2", "m4"],
        _ => &[],
    }
}

#[test]
fn every_fault_at_every_step() {
    let begun = Instant::now();
    let tally = Tally::default();
    assert!(faults().len() >= 20);
    on_all_cores(|tier, capabilities, scenario| {
        // Every verb there is, on every kind of server; and a mailbox that is made on the way, on half of them.
        let made = ["objectid", "condstore", "copy"].contains(&tier);
        let turn = scenario.name == "a bit of everything"
            || (made && scenario.name == "junk, where there is no such mailbox");
        if std::env::var_os("MALOTE_ONLY").is_none() && !turn {
            return;
        }
        on_virtual_time(async {
            let what = format!("{tier}, {}", scenario.name);
            let stage = Template::make(capabilities).await.stage(scenario).await;
            let Some(course) = undisturbed(&stage, scenario, &tally, &what).await else { return };
            let only = std::env::var("MALOTE_FAULT").ok();
            for (name, fault, exact) in faults() {
                if only.as_ref().is_some_and(|o| o != name) {
                    continue;
                }
                let steps = course.worth_a_fault().into_iter().enumerate();
                for (_, step) in steps.filter(|(n, _)| is_tried(&format!("{what}, {name}"), *n)) {
                    let (station, _dir) = stage.copy().await;
                    station.model.plan(Plan::at(step, fault.clone()));
                    let _ = station.sync().await; // it may say that it failed; what counts is what comes of it
                    let said = station.model.plan(Plan::default()).said(step);
                    let mut wrong: Vec<String> = quiet(&station).await.err().into_iter().collect();
                    if !beyond_knowing(&fault, &said) {
                        wrong.extend(station.wrongs().await);
                        let after = station.model.world().clone();
                        let gone = [scenario.deleted, may_go(name)].concat();
                        let mut counted = miscounted(&after, &stage.world, &gone, scenario.doubled());
                        if matches!(fault, Fault::Overtaken(_)) {
                            // What others took away before it was copied has no copy; the user is told.
                            let one = |c: &String| {
                                scenario.doubled().iter().any(|w| *c == format!("{w} is there 1 times"))
                            };
                            counted.retain(|c| !one(c));
                        }
                        // A copy whose original the server refuses to remove stays a copy, and the user is told.
                        let others =
                            matches!(fault, Fault::Overtaken(_) | Fault::No(_) | Fault::Bad) && !exact;
                        wrong.extend(if others { telling(capabilities, counted) } else { counted });
                        if exact && outcome(&after) != outcome(&course.after) {
                            wrong.push(format!("the server has {:?}", outcome(&after)));
                        }
                    }
                    station.store.close().await;
                    tally.report(&format!("{what}, {name} at {said}"), wrong);
                }
            }
        });
    });
    tally.finish("faults", begun);
}

/// Several devices and another client, at random, each sync with a crash or a fault somewhere in it.
async fn devices_at_random(seed: u64, capabilities: &'static str, template: &Template) -> Vec<String> {
    let mut chance = Chance::new(seed);
    let model = Model::with(template.world.clone(), capabilities);
    let mut stations = Vec::new();
    for _ in 0..3 {
        let dir = scratch();
        copy_data(template.dir.path(), dir.path());
        stations.push((Station::open(&model, dir.path(), Keep::All).await, dir));
    }
    let folders = ["INBOX", "Works", "Archive", "Trash", "Works/Old"];
    let mut deleted: BTreeSet<String> = BTreeSet::new();
    for round in 0..40 {
        let (station, _) = &mut stations[chance.below(3)];
        let folder = *chance.pick(&folders);
        let rows = station.rows(folder).await;
        match chance.below(10) {
            0..=4 if !rows.is_empty() => {
                let word = chance.pick(&rows).0.clone();
                let to = *chance.pick(&folders);
                match chance.below(6) {
                    0 => drop(station.mark(folder, &[&word], "\\Seen", "").await),
                    1 => drop(station.mark(folder, &[&word], "$Obra", "\\Seen").await),
                    2 if chance.percent(30) => {
                        deleted.insert(word.clone());
                        station.remove(folder, &[&word]).await;
                    }
                    3 => {
                        let done = station.move_to(folder, &[&word], to).await;
                        station.take_back(done).await;
                    }
                    _ => drop(station.move_to(folder, &[&word], to).await),
                }
            }
            5 | 6 => {
                let mut world = model.world();
                let there: Vec<(u32, String)> = world
                    .folder(folder)
                    .map(|f| f.mails.iter().map(|m| (m.uid, m.word())).collect())
                    .unwrap_or_default();
                if there.is_empty() || chance.percent(30) {
                    world.append(folder, &small(&format!("r{round}")), &[]);
                } else {
                    let (uid, word) = chance.pick(&there).clone();
                    match chance.below(4) {
                        0 => drop(world.relocate(folder, &[uid], chance.pick::<&str>(&folders))),
                        1 if chance.percent(40) => {
                            deleted.insert(word);
                            world.remove(folder, &[uid]);
                        }
                        2 if chance.percent(20) => world.revalidate(folder),
                        _ => drop(world.store(folder, &[uid], chance.percent(50), &["\\Flagged"])),
                    }
                }
            }
            _ => {
                let n = chance.below(25) as u64;
                let point = match chance.below(6) {
                    0 => Some(Crash::BeforeCommit(n)),
                    1 => Some(Crash::AfterCommit(n)),
                    2 => Some(Crash::BeforeStep(n)),
                    3 => Some(Crash::AfterStep(n)),
                    _ => None,
                };
                match point {
                    Some(point) => {
                        station.crash(point).await;
                        station.restart().await;
                    }
                    None => {
                        let trials = faults();
                        let exact: Vec<&Trial> = trials.iter().filter(|t| t.2).collect();
                        model.plan(Plan::at(n, chance.pick(&exact).1.clone()));
                        let _ = station.sync().await;
                        model.plan(Plan::default());
                    }
                }
            }
        }
    }
    let mut wrong = Vec::new();
    for _ in 0..2 {
        for (station, _) in &stations {
            wrong.extend(quiet(station).await.err());
        }
    }
    for (n, (station, _)) in stations.iter().enumerate() {
        wrong.extend(station.wrongs().await.into_iter().map(|w| format!("device {n}: {w}")));
        station.store.close().await;
    }
    let deleted: Vec<&str> = deleted.iter().map(String::as_str).collect();
    wrong.extend(telling(capabilities, miscounted(&model.world(), &template.world, &deleted, &[])));
    wrong
}

/// `MALOTE_SEED` begins elsewhere, `MALOTE_SEEDS` runs more (`make simulate SEEDS=n`).
#[test]
fn three_devices_at_random() {
    let (first, count) = (number("MALOTE_SEED", 1), number("MALOTE_SEEDS", 30));
    let begun = Instant::now();
    let tally = Tally::default();
    let next = AtomicU64::new(first);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                on_virtual_time(async {
                    let mut templates = Vec::new();
                    for (_, capabilities) in TIERS {
                        templates.push(Template::make(capabilities).await);
                    }
                    loop {
                        let seed = next.fetch_add(1, Ordering::SeqCst);
                        if seed >= first + count {
                            return;
                        }
                        let at = (seed % TIERS.len() as u64) as usize;
                        let wrong = devices_at_random(seed, TIERS[at].1, &templates[at]).await;
                        tally.report(&format!("seed {seed} ({})", TIERS[at].0), wrong);
                    }
                });
            });
        }
    });
    tally.finish("three devices", begun);
}
