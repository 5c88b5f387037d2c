//! What can go wrong at a step.

use super::world::World;
use std::sync::Arc;

/// Another client, acting between two commands of ours.
pub type Deed = Arc<dyn Fn(&mut World) + Send + Sync>;

/// One thing that goes wrong.
#[derive(Clone)]
pub enum Fault {
    /// The command is lost with the connection.
    CutBefore,
    /// It is done; the answer is lost with the connection.
    CutAfter,
    /// It is done; half of the answer arrives.
    CutHalfway,
    /// The connection stays and nobody answers; it was not done.
    HangBefore,
    /// The same, and it was done.
    HangAfter,
    /// The answer comes byte by byte.
    Sliced,
    /// "NO", with a response code in brackets or none.
    No(&'static str),
    /// "BAD".
    Bad,
    /// "* BYE", and the end.
    Bye,
    /// All connections end and the server cannot be reached for a while (until the plan is replaced).
    Down,
    /// Lines that nobody has heard of, in front of the answer.
    Noise,
    /// Old news in front of the answer, as another server says it.
    Echo,
    /// OK, and nothing is done.
    Pretend,
    /// Untagged answers are left out: OK to half an answer.
    Silent,
    /// A search finds nothing, a list names only the inbox, a mailbox seems empty: once.
    Empty,
    /// Another client was faster.
    Overtaken(Deed),
}

impl std::fmt::Debug for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Fault::CutBefore => "cut before",
            Fault::CutAfter => "cut after",
            Fault::CutHalfway => "cut half-way",
            Fault::HangBefore => "hang before",
            Fault::HangAfter => "hang after",
            Fault::Sliced => "sliced",
            Fault::No(code) => return write!(f, "NO {code}"),
            Fault::Bad => "BAD",
            Fault::Bye => "BYE",
            Fault::Down => "down",
            Fault::Noise => "noise",
            Fault::Echo => "echo",
            Fault::Pretend => "pretend",
            Fault::Silent => "silent",
            Fault::Empty => "empty",
            Fault::Overtaken(_) => "overtaken",
        })
    }
}

/// Which faults, and when.
#[derive(Default)]
pub struct Plan {
    faults: Vec<(u64, Fault)>,
    seen: u64,
    committed: u64,
    down: bool,
    then: Option<Box<dyn Fn() + Send>>,
    log: Vec<String>,
}

impl Plan {
    /// This fault at this step, counted from 0.
    pub fn at(step: u64, fault: Fault) -> Self {
        Self { faults: vec![(step, fault)], ..Self::default() }
    }

    /// One more.
    pub fn and(mut self, step: u64, fault: Fault) -> Self {
        self.faults.push((step, fault));
        self
    }

    /// Called when a fault is committed.
    pub fn then(mut self, call: impl Fn() + Send + 'static) -> Self {
        self.then = Some(Box::new(call));
        self
    }

    pub(super) fn next(&mut self, command: &str) -> Option<Fault> {
        let step = self.seen;
        self.seen += 1;
        let fault = self.faults.iter().find(|(s, _)| *s == step).map(|(_, f)| f.clone());
        self.committed += u64::from(fault.is_some());
        if let (Some(_), Some(then)) = (&fault, &self.then) {
            then();
        }
        self.down |= matches!(fault, Some(Fault::Down));
        self.log.push(format!(
            "{step}: {command}{}",
            fault.as_ref().map(|f| format!("  <- {f:?}")).unwrap_or_default()
        ));
        fault
    }

    /// What was said at a step, for reading a failure.
    pub fn said(&self, step: u64) -> String {
        self.log.get(step as usize).cloned().unwrap_or_default()
    }

    pub(super) fn is_down(&self) -> bool {
        self.down
    }

    pub(super) fn steps(&self) -> u64 {
        self.seen
    }

    pub(super) fn committed(&self) -> u64 {
        self.committed
    }
}
