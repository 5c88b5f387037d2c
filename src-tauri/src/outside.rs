//! What comes from outside of the app: `mailto:` and `mid:` links, files to be sent, a second start of it.
//!
//! Each waits here until a window asks, so that none is lost while the app starts or an account is still being added. A link fills a
//! composer or opens a message, and nothing more; files go along only where whoever started us said `--share`, which no link can say.

use crate::platform;
use malote_core::api::DraftFile;
use malote_core::api::types::ErrorView;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tauri::{AppHandle, Emitter, Manager, Url};

/// No link says more: 64 KiB.
const LONGEST_LINK: usize = 64 << 10;

/// Links that lead here: to somebody (RFC 6068), to a message (RFC 2392).
pub const SCHEMES: [&str; 2] = ["mailto", "mid"];

/// What somebody wants written or opened.
#[derive(Debug)]
pub enum Wanted {
    /// A link of [`SCHEMES`].
    Link(String),
    /// These files sent to somebody.
    Files(Vec<PathBuf>),
}

/// The same, as a window is told.
#[derive(Debug, Default, Serialize)]
pub struct Told {
    /// The link; empty = none.
    pub link: String,
    /// The files, taken in.
    pub files: Vec<DraftFile>,
    /// Why one of them was not.
    pub failed: Option<ErrorView>,
}

/// What nobody has looked at yet.
#[derive(Default)]
pub struct Waiting(Mutex<Vec<Wanted>>);

impl Waiting {
    /// All of it, once.
    pub fn take(&self) -> Vec<Wanted> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads the arguments of a start, without the program's name.
pub fn read(args: impl IntoIterator<Item = String>, from: &Path) -> Vec<Wanted> {
    let mut args = args.into_iter();
    let (mut wanted, mut files) = (Vec::new(), Vec::new());
    while let Some(arg) = args.next() {
        if arg == "--share" {
            files.extend(args.by_ref().filter_map(|file| place(&file, from)));
        } else {
            wanted.extend(link(&arg));
        }
    }
    if !files.is_empty() {
        wanted.push(Wanted::Files(files));
    }
    wanted
}

fn link(text: &str) -> Option<Wanted> {
    let ours = text
        .split_once(':')
        .is_some_and(|(scheme, _)| SCHEMES.iter().any(|s| scheme.eq_ignore_ascii_case(s)));
    (ours && text.len() <= LONGEST_LINK).then(|| Wanted::Link(text.to_owned()))
}

/// A file as the desktop names it: a path or a `file:` URL.
fn place(file: &str, from: &Path) -> Option<PathBuf> {
    match Url::parse(file) {
        Ok(url) if url.scheme() == "file" => url.to_file_path().ok(),
        _ => Some(from.join(file)),
    }
}

/// Keeps what is wanted, and says so to the window.
pub fn want(app: &AppHandle, wanted: Vec<Wanted>) {
    if !wanted.is_empty() {
        let waiting = app.state::<Waiting>();
        waiting.0.lock().unwrap_or_else(PoisonError::into_inner).extend(wanted);
        // Not heard yet: the window asks when it is ready.
        let _ = app.emit_to(platform::MAIN, "wanted", ());
    }
}

/// The app was started while it runs: that one hands over what it was started with, and this one comes to the front.
#[cfg(desktop)]
pub fn one_instance() -> tauri::plugin::TauriPlugin<tauri::Wry> {
    let builder = tauri_plugin_single_instance::Builder::new().callback(|app, args, from| {
        want(app, read(args.into_iter().skip(1), Path::new(&from)));
        platform::to_the_front(app);
    });
    // Another device of the same machine is another app: for tests and the demo.
    match std::env::var("MALOTE_HOME") {
        Ok(home) => {
            use std::hash::{DefaultHasher, Hash, Hasher};
            let mut hash = DefaultHasher::new();
            home.hash(&mut hash);
            builder.dbus_id(format!("org.malote.mail.h{:016x}", hash.finish())).build()
        }
        Err(_) => builder.build(),
    }
}
