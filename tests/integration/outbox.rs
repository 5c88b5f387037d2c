//! The outbox: sent once, or shown as unknown or refused; never twice, never silently gone. A device is stopped dead before and after
//! every commit and every line of the dialogue, the server cuts, hangs and refuses at every line, and then at random.

use malote_core::error::Error;
use malote_core::journal::send::{self, Letter};
use malote_core::model::{Address, Keep, OutgoingId};
use malote_core::store::account::AccountRow;
use malote_core::store::outbox::{Outgoing, State, Step};
use malote_core::sync::outbox;
use servers::chance::Chance;
use servers::model::world::World;
use servers::model::{Model, TIERS};
use servers::office::{Mishap, Office};
use servers::station::{Crash, Station, on_virtual_time, scratch};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Everything, and nothing.
const OFFERS: [&str; 2] = ["PIPELINING CHUNKING 8BITMIME ENHANCEDSTATUSCODES", ""];

const MISHAPS: [Mishap; 7] = [
    Mishap::CutBefore,
    Mishap::CutAfter,
    Mishap::CutHalfway,
    Mishap::HangBefore,
    Mishap::HangAfter,
    Mishap::Says("451 4.3.0 not now"),
    Mishap::Says("554 5.7.1 never"),
];

fn world() -> World {
    let mut world = World::new();
    world.create_for("Sent", "\\Sent");
    world.create_for("Drafts", "\\Drafts");
    world
}

/// A device that knows its folders, with these messages in its outbox.
struct Case {
    device: Station,
    office: Office,
    model: Model,
}

impl Case {
    async fn new(dir: &Path, offers: &'static str, words: &[&str]) -> Self {
        let model = Model::with(world(), TIERS[3].1);
        let device = Station::open(&model, dir, Keep::All).await;
        device.sync().await.expect("the first look");
        let case = Self { device, office: Office::new(offers), model };
        for word in words {
            case.queue(word).await;
        }
        case
    }

    async fn queue(&self, word: &str) -> OutgoingId {
        let ctx = self.device.context();
        let now = ctx.clock.now();
        let address = |user: &str| Address { name: String::new(), address: format!("{user}@exemplo.test") };
        let letter = Letter {
            from: address("ana"),
            to: vec![address("rui"), address("eva")],
            bcc: vec![address("segredo")],
            subject: word.to_owned(),
            text: format!(".\n{word}\n.\n"),
            date: now,
            message_id: format!("{word}@exemplo.test"),
            ..Letter::default()
        };
        let raw = send::compose(&letter).expect("composed");
        let account = self.device.store.account(self.device.account).await.expect("account");
        let account = AccountRow { smtp: Some(account.incoming.clone()), ..account };
        let (new, raw) = send::ready(&account, raw, (now, now), [1, 2]).expect("ready");
        let packed = self.device.store.pack(word, raw).await.expect("packed");
        let mut tx = self.device.tx().await;
        let id = send::queue(&mut tx, new, packed).await.expect("queued");
        tx.commit().await.expect("commit");
        id
    }

    /// As `malote sync` does it: what is due goes, then the copies.
    async fn visit(&self) -> Result<(), Error> {
        let mut ctx = self.device.context();
        ctx.way_out = Some(Arc::new(self.office.clone()));
        let sent = outbox::deliver(&ctx).await;
        self.device.sync().await?;
        sent.map(drop)
    }

    /// Visits until nothing waits any more, hours apart.
    async fn calm(&self) {
        for _ in 0..6 {
            self.device.clock.pass(7200);
            self.visit().await.expect("a visit in good weather");
        }
    }

    async fn left(&self) -> BTreeMap<String, Outgoing> {
        let all = self.device.store.outbox().await.expect("outbox");
        all.into_iter().map(|o| (o.subject.clone(), o)).collect()
    }

    fn times(&self, word: &str) -> usize {
        let mark = format!("Message-ID: <{word}@exemplo.test>");
        let inside = self.office.inside();
        for taken in &inside.taken {
            let text = String::from_utf8_lossy(&taken.raw);
            assert!(!text.contains("segredo"), "who is unseen is seen: {text}");
            assert_eq!(taken.to, ["rui@exemplo.test", "eva@exemplo.test", "segredo@exemplo.test"]);
        }
        inside.taken.iter().filter(|t| String::from_utf8_lossy(&t.raw).contains(&mark)).count()
    }

    fn copies(&self, word: &str) -> usize {
        self.model.world().contents("Sent").get(word).map_or(0, Vec::len)
    }

    /// What is wrong, in good weather, with a message that was sent; whether it may be unknown.
    async fn judge(&self, word: &str) -> Result<Option<State>, String> {
        let (times, copies) = (self.times(word), self.copies(word));
        let state = self.left().await.get(word).map(|o| o.state);
        let right = match state {
            None => times == 1 && copies == 1,
            Some(State::Unknown) => times <= 1 && copies == 0,
            Some(State::Refused) => times == 0 && copies == 0,
            Some(_) => false,
        };
        if right {
            Ok(state)
        } else {
            Err(format!("{word}: {state:?}, taken {times} times, {copies} copies in Sent"))
        }
    }

    /// The user answers what nobody knows, truthfully; then everything is where it belongs.
    async fn answer(&self, words: &[&str]) -> Result<(), String> {
        for (word, o) in self.left().await {
            let mut tx = self.device.tx().await;
            let times = self.times(&word);
            if o.state == State::Unknown && times == 1 {
                let raw = self.device.store.outgoing_raw(o.id).await.expect("it is here");
                send::sent(&mut tx, (0, 7), &o, Step::Arrived, &raw, true).await.expect("arrived");
            } else {
                send::again(&mut tx, 0, &o).await.expect("again");
            }
            tx.commit().await.expect("commit");
        }
        self.calm().await;
        for word in words {
            match self.judge(word).await? {
                None => {}
                Some(state) => return Err(format!("{word}: still {state:?}")),
            }
        }
        Ok(())
    }
}

fn each<T>(work: impl AsyncFnOnce(&Path) -> T) -> T {
    let dir = scratch();
    on_virtual_time(work(dir.path()))
}

/// How many commits and how many steps it takes when nothing goes wrong; the steps in words.
fn fair_weather(offers: &'static str) -> (u64, Vec<String>) {
    each(async |dir| {
        let case = Case::new(dir, offers, &["um", "dois"]).await;
        case.device.take_commits();
        case.visit().await.expect("a visit");
        let (commits, steps) = (case.device.take_commits(), case.office.inside().log.clone());
        for word in ["um", "dois"] {
            assert_eq!(case.judge(word).await, Ok(None));
        }
        assert_eq!(case.device.wrongs().await, Vec::<String>::new());
        (commits, steps)
    })
}

#[test]
fn stopped_dead_at_every_durable_step() {
    let mut wrong = Vec::new();
    let mut points = 0;
    for offers in OFFERS {
        let (commits, _) = fair_weather(offers);
        for at in (0..commits).flat_map(|n| [Crash::BeforeCommit(n), Crash::AfterCommit(n)]) {
            points += 1;
            each(async |dir| {
                let mut case = Case::new(dir, offers, &["um", "dois"]).await;
                assert!(case.device.crash_in(at, case.visit()).await, "{at:?} is reached");
                case.device.restart().await;
                case.calm().await;
                for word in ["um", "dois"] {
                    if let Err(e) = case.judge(word).await {
                        wrong.push(format!("{offers:?} {at:?}: {e}"));
                    }
                }
                if let Err(e) = case.answer(&["um", "dois"]).await {
                    wrong.push(format!("{offers:?} {at:?}, answered: {e}"));
                }
            });
        }
    }
    assert!(points >= 40, "{points} points");
    assert_eq!(wrong, Vec::<String>::new(), "of {points}");
}

/// Only where the end of a message and its reply are lost apart may nobody know.
#[test]
fn every_mishap_at_every_line() {
    let mut wrong = Vec::new();
    let (mut points, mut unknown) = (0, 0);
    for offers in OFFERS {
        let (_, steps) = fair_weather(offers);
        for (n, step) in steps.iter().enumerate() {
            for (mishap, dies) in MISHAPS.into_iter().flat_map(|m| [(m, false), (m, true)]) {
                points += 1;
                each(async |dir| {
                    let mut case = Case::new(dir, offers, &["um", "dois"]).await;
                    let stopper = case.device.stopper();
                    case.office.plan(Some((n as u64, mishap)), move || {
                        if dies {
                            stopper()
                        }
                    });
                    if case.device.until_stopped(case.visit()).await {
                        case.device.restart().await;
                    }
                    case.office.plan(None, || {});
                    case.calm().await;
                    let what = format!("{offers:?} {mishap:?} at {n} ({step}), dies {dies}");
                    for word in ["um", "dois"] {
                        match case.judge(word).await {
                            Err(e) => wrong.push(format!("{what}: {e}")),
                            Ok(Some(State::Unknown))
                                if step != "the end of the message" && !step.starts_with("BDAT") =>
                            {
                                wrong.push(format!("{what}: {word} is unknown without need"));
                            }
                            Ok(Some(State::Refused)) if mishap != MISHAPS[6] => {
                                wrong.push(format!("{what}: {word} is refused"));
                            }
                            Ok(state) => unknown += usize::from(state == Some(State::Unknown)),
                        }
                    }
                    if let Err(e) = case.answer(&["um", "dois"]).await {
                        wrong.push(format!("{what}, answered: {e}"));
                    }
                });
            }
        }
    }
    assert!(points > 300, "{points} points");
    assert!(unknown >= 8, "the cut behind the last octets is among them: {unknown}");
    assert_eq!(wrong, Vec::<String>::new(), "of {points}");
}

/// A server that files what it sends answers what nobody else knows, and gets no second copy.
#[test]
fn a_copy_on_the_server_is_an_answer() {
    let (_, steps) = fair_weather(OFFERS[1]);
    let end = steps.iter().position(|s| s == "the end of the message").expect("an end") as u64;
    for mishap in [Mishap::CutAfter, Mishap::CutHalfway, Mishap::HangAfter] {
        each(async |dir| {
            let case = Case::new(dir, OFFERS[1], &["um"]).await;
            let model = case.model.clone();
            case.office.on_taken(move |taken| {
                model.world().append("Sent", &taken.raw, &["\\Seen"]);
            });
            case.office.plan(Some((end, mishap)), || {});
            assert!(case.visit().await.is_err());
            // The visit that finds the copy comes behind the look at the server.
            case.office.plan(None, || {});
            case.calm().await;
            assert_eq!(case.judge("um").await, Ok(None), "{mishap:?}");
        });
    }
}

/// The same message sent a second time: the copy of the first says nothing of it.
#[test]
fn an_old_copy_proves_nothing() {
    let (_, steps) = fair_weather(OFFERS[1]);
    let end = steps.iter().position(|s| s == "the end of the message").expect("an end") as u64;
    for (mishap, times) in [(Mishap::CutBefore, 1), (Mishap::CutAfter, 2)] {
        each(async |dir| {
            let case = Case::new(dir, OFFERS[1], &["um"]).await;
            case.calm().await;
            assert_eq!(case.judge("um").await, Ok(None));
            case.queue("um").await;
            case.office.plan(Some((end, mishap)), || {});
            assert!(case.visit().await.is_err());
            case.office.plan(None, || {});
            case.calm().await;
            let state = case.left().await.get("um").map(|o| o.state);
            assert_eq!((state, case.times("um")), (Some(State::Unknown), times), "{mishap:?}");
        });
    }
}

/// One that is told at random to wait, refuse, cut and hang, with a user who takes back, sends again and adds.
#[test]
fn at_random() {
    let number =
        |name: &str, usual: u64| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(usual);
    let (first, seeds) = (number("MALOTE_SEED", 1), number("MALOTE_SEEDS", 60));
    for seed in first..first + seeds {
        each(async |dir| {
            let mut chance = Chance::new(seed);
            let mut case = Case::new(dir, OFFERS[seed as usize % 2], &[]).await;
            let mut words: Vec<String> = Vec::new();
            let (mut withdrawn, mut repeated): (Vec<String>, BTreeMap<String, usize>) = Default::default();
            for _ in 0..12 {
                for _ in 0..chance.below(3) {
                    let word = format!("m{}", words.len());
                    case.queue(&word).await;
                    words.push(word);
                }
                for (word, o) in case.left().await {
                    let mut tx = case.device.tx().await;
                    match o.state {
                        State::Queued | State::Refused | State::Unknown if chance.percent(10) => {
                            send::withdraw(&mut tx, &o).await.expect("withdrawn");
                            withdrawn.push(word);
                        }
                        State::Refused | State::Unknown if chance.percent(30) => {
                            send::again(&mut tx, 0, &o).await.expect("again");
                            *repeated.entry(word).or_default() += usize::from(o.state == State::Unknown);
                        }
                        _ => continue,
                    }
                    tx.commit().await.expect("commit");
                }
                let stopper = case.device.stopper();
                let dies = chance.percent(30);
                let mishap = (chance.below(14) as u64, *chance.pick(&MISHAPS));
                case.office.plan(Some(mishap).filter(|_| chance.percent(70)), move || {
                    if dies {
                        stopper()
                    }
                });
                let crash = Crash::BeforeCommit(chance.draw() % 12);
                let stopped = if chance.percent(30) {
                    case.device.crash_in(crash, case.visit()).await
                } else {
                    case.device.until_stopped(case.visit()).await
                };
                if stopped {
                    case.device.restart().await;
                }
                case.device.clock.pass(chance.below(4000) as i64);
            }
            case.office.plan(None, || {});
            case.calm().await;
            let left = case.left().await;
            for word in &words {
                let (times, copies) = (case.times(word), case.copies(word));
                // Who sends again what may have arrived accepts that it arrives twice; nobody else makes it so.
                let most = 1 + repeated.get(word).copied().unwrap_or(0);
                let state = left.get(word).map(|o| o.state);
                let right = match state {
                    None if withdrawn.contains(word) => times <= most && copies == 0,
                    None => (1..=most).contains(&times) && copies == 1,
                    Some(State::Unknown) => times <= most && copies == 0,
                    Some(State::Refused) => times < most && copies == 0,
                    Some(_) => false,
                };
                assert!(
                    right,
                    "seed {seed}: {word} {state:?}, taken {times} of at most {most} times, {copies} copies"
                );
            }
        });
    }
}
