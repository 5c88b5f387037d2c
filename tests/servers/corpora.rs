//! Material that nobody here wrote: recorded servers, other clients' cases. It is never committed; where it is absent the
//! tests that read it say so in a way that cannot be overlooked.

use std::path::{Path, PathBuf};

/// A folder of the corpora: below `MALOTE_CORPORA`, or beside the project. `None` where there is none.
pub fn folder(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora");
    let root = std::env::var_os("MALOTE_CORPORA").map_or(beside, PathBuf::from);
    let found = root.join(name);
    if found.is_dir() {
        return Some(found);
    }
    eprintln!("\n*** SKIPPED: no corpus `{name}` at {} (set MALOTE_CORPORA) ***\n", root.display());
    None
}

/// All files below a folder with this ending, sorted by path.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(dir) = todo.pop() {
        for entry in std::fs::read_dir(&dir).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                todo.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Messages of an mbox.
pub fn mbox(path: &Path) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(path).expect("an mbox");
    let mut all: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.starts_with("From ") {
            all.push(String::new());
        } else if let Some(last) = all.last_mut() {
            last.push_str(line);
            last.push_str("\r\n");
        }
    }
    all.into_iter().map(String::into_bytes).collect()
}
