//! Throw-away servers on loopback, mail to put into them, and other devices that act at the same time.
//!
//! Everything here is for tests and the demo; it may panic with a clear message.

pub mod app;
pub mod chance;
pub mod cli;
pub mod corpora;
pub mod cyrus;
pub mod device;
pub mod directory;
pub mod disk;
pub mod distance;
pub mod dovecot;
pub mod fake;
pub mod issuer;
pub mod line;
pub mod loader;
pub mod mailutils;
pub mod model;
pub mod office;
pub mod other;
pub mod place;
pub mod postfix;
pub mod proxy;
pub mod relay;
pub mod sample;
pub mod scenario;
pub mod scenario_folders;
pub mod script;
pub mod shelf;
pub mod station;
pub mod study;
pub mod tls;
pub mod weather;
