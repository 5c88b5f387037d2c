//! A model of an IMAP server, in this process: stateful, deterministic, with the capabilities it is given and the faults it is
//! told to commit at a given step. Many devices of ours and other clients act on one [`World`] at the same time.
//!
//! ```text
//! world    mailboxes, messages, flags, mod-sequences: what a server keeps, and what any client can do to it. No wire.
//! session  one connection: commands in, answers out, as RFC 3501/9051 and the extensions say
//! fault    what can go wrong at a step: cut, hung, refused, lied to, overtaken
//! ```
//! A *step* is one command that arrives, counted over all connections, so that "the 17th thing that was said" means the same
//! in every run of a seed. Nothing here waits for the clock of the machine.

pub mod fault;
mod session;
pub mod world;

use fault::{Fault, Plan};
use malote_core::error::{Error, Kind};
use malote_core::protocol::transport::{Dial, Dialling, Io};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Notify;
use world::World;

/// What a server offers, from everything down to nothing.
pub const TIERS: [(&str, &str); 6] = [
    (
        "objectid",
        "IMAP4rev1 IDLE ENABLE NAMESPACE UIDPLUS MOVE QRESYNC CONDSTORE ESEARCH LIST-EXTENDED LIST-STATUS SPECIAL-USE UNSELECT LITERAL+ OBJECTID METADATA",
    ),
    (
        "qresync",
        "IMAP4rev1 IDLE ENABLE NAMESPACE UIDPLUS MOVE QRESYNC CONDSTORE ESEARCH LIST-EXTENDED LIST-STATUS SPECIAL-USE UNSELECT LITERAL+",
    ),
    (
        "condstore",
        "IMAP4rev1 IDLE ENABLE NAMESPACE UIDPLUS MOVE CONDSTORE ESEARCH LIST-EXTENDED LIST-STATUS LITERAL+",
    ),
    ("uidplus", "IMAP4rev1 IDLE NAMESPACE UIDPLUS MOVE ESEARCH LITERAL+"),
    ("copy", "IMAP4rev1 NAMESPACE UIDPLUS LITERAL+"),
    ("bare", "IMAP4rev1"),
];

/// What Gmail offers, as far as the model has it.
pub const GMAIL: &str = "IMAP4rev1 IDLE ENABLE NAMESPACE UIDPLUS MOVE CONDSTORE ESEARCH LIST-EXTENDED LIST-STATUS SPECIAL-USE UNSELECT LITERAL+ X-GM-EXT-1";

/// A running model. Clones are the same server.
#[derive(Clone)]
pub struct Model(Arc<Inner>);

struct Inner {
    world: Mutex<World>,
    plan: Mutex<Plan>,
    capabilities: BTreeSet<String>,
    changed: Notify,
}

impl Model {
    /// A server with these capabilities and nothing in it but an inbox.
    pub fn new(capabilities: &str) -> Self {
        Self::with(World::new(), capabilities)
    }

    /// A server that begins with this world.
    pub fn with(world: World, capabilities: &str) -> Self {
        Self(Arc::new(Inner {
            world: Mutex::new(world),
            plan: Mutex::default(),
            capabilities: capabilities.split(' ').map(str::to_owned).collect(),
            changed: Notify::new(),
        }))
    }

    /// The server's state, to look at or to act on as another client.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.0.world.lock().expect("world")
    }

    /// Says that something changed, so that those who IDLE hear of it.
    pub fn tell(&self) {
        self.0.changed.notify_waiters();
    }

    /// What is to go wrong from now on; steps are counted anew. Gives the plan that was.
    pub fn plan(&self, plan: Plan) -> Plan {
        std::mem::replace(&mut *self.0.plan.lock().expect("plan"), plan)
    }

    /// How many commands came since the plan was set, and how many faults were committed.
    pub fn steps(&self) -> (u64, u64) {
        let plan = self.0.plan.lock().expect("plan");
        (plan.steps(), plan.committed())
    }

    pub fn can(&self, capability: &str) -> bool {
        self.0.capabilities.contains(capability)
    }

    fn capability_line(&self) -> String {
        self.0.capabilities.iter().cloned().collect::<Vec<_>>().join(" ")
    }

    fn next_fault(&self, command: &str) -> Option<Fault> {
        self.0.plan.lock().expect("plan").next(command)
    }
}

impl Dial for Model {
    fn dial(&self) -> Dialling<'_> {
        Box::pin(async {
            if self.0.plan.lock().expect("plan").is_down() {
                return Err(Error::new(Kind::Unreachable, "model"));
            }
            let (ours, theirs) = tokio::io::duplex(1 << 20);
            tokio::spawn(session::serve(self.clone(), theirs));
            Ok(Box::new(ours) as Box<dyn Io>)
        })
    }
}
