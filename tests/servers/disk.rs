//! A disk that fails, under a `malote` process: tests/disk/disk.c, compiled once and preloaded.

use crate::cli::Home;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// How it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It does not.
    None,
    /// From that write on there is no space.
    Full,
    /// That write or sync fails.
    Broken,
    /// That write is half done when the process is killed.
    Kill,
    /// The power fails there: what was not synced is lost or not, by chance.
    Power,
}

impl Fault {
    fn name(self) -> &'static str {
        match self {
            Fault::None => "",
            Fault::Full => "full",
            Fault::Broken => "broken",
            Fault::Kill => "kill",
            Fault::Power => "power",
        }
    }
}

fn shim() -> &'static Path {
    static SHIM: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = SHIM.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a directory");
        let to = dir.path().join("disk.so");
        let from = concat!(env!("CARGO_MANIFEST_DIR"), "/disk/disk.c");
        let built = Command::new("cc")
            .args(["-O1", "-shared", "-fPIC", "-o"])
            .arg(&to)
            .args([from, "-ldl", "-lpthread"])
            .status();
        assert!(built.is_ok_and(|s| s.success()), "cc {from}");
        (dir, to)
    });
    path
}

/// Runs a command of a device on such a disk: what came of it, and how many writes and syncs there were.
pub fn run(home: &Home, args: &[&str], fault: Fault, at: u64) -> (Output, u64) {
    let count = home.path().with_extension("count");
    let dir = home.path().canonicalize().expect("a home");
    let out = home
        .command(args)
        .env("LD_PRELOAD", shim())
        .env("MALOTE_DISK", dir)
        .env("MALOTE_DISK_FAULT", fault.name())
        .env("MALOTE_DISK_AT", at.to_string())
        .env("MALOTE_DISK_SEED", at.to_string())
        .env("MALOTE_DISK_COUNT", &count)
        .output()
        .expect("malote runs");
    let writes = std::fs::read_to_string(&count).ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    let _ = std::fs::remove_file(count);
    (out, writes)
}

/// Copies a directory with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
