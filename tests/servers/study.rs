//! The cases of the NO STARTTLS study (Poddebniak et al., USENIX Security 2021), read and played to a client of ours.

use crate::corpora;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// What the server heard in clear.
pub type Heard = Arc<Mutex<String>>;

/// What carries a conversation, in clear or protected.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Reads all cases below a folder. The study's buffering cases are done by hand: each has its injections commented out behind
/// `marker`. `variant` makes a case of one, and they are all tried.
pub fn cases<C: DeserializeOwned>(
    folder: &Path,
    extensions: ron::extensions::Extensions,
    marker: &str,
    variant: impl Fn(&C, &str) -> C,
) -> Vec<(String, C)> {
    let options = ron::Options::default().with_default_extension(extensions);
    let mut all = Vec::new();
    for path in corpora::files(folder, ".ron") {
        let name = path.strip_prefix(folder).expect("inside").display().to_string();
        let text = std::fs::read_to_string(&path).expect("a file");
        let case: C = options.from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        if name.starts_with("Buffering") {
            for line in text.lines().filter_map(|l| l.trim().strip_prefix(marker)) {
                all.push((format!("{name} with {line}"), variant(&case, line.trim_end_matches(','))));
            }
        }
        all.push((name, case));
    }
    all
}

/// Plays each on a clock of its own, on which waiting costs nothing, and insists that `verdict` finds nothing wrong.
pub fn play<C>(cases: &[(String, C)], verdict: impl AsyncFn(&C) -> Result<String, String>) {
    let mut wrong = Vec::new();
    for (name, case) in cases {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("runtime");
        let day = Duration::from_secs(24 * 3600);
        let said =
            runtime.block_on(async { tokio::time::timeout(day, verdict(case)).await.expect("it ends") });
        println!("{name}: {}", said.as_deref().unwrap_or_else(|e| e));
        if let Err(why) = said {
            wrong.push(format!("{name}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
