//! The Tauri adapter: the core's calls and events, and what only the platform can do. No logic of mail lives here.

mod outside;
mod platform;

use malote_core::api::types::ErrorView;
use malote_core::api::{Core, OsSecrets, SystemClock, contract};
use malote_core::model::{MessageId, PlacementId};
use outside::{Told, Waiting, Wanted};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tauri::{AppHandle, Emitter, Manager, RunEvent, State, WebviewWindow, WindowEvent};
use tokio::sync::OnceCell;

/// The core, or why it could not be opened: then every call answers with that, and the screen says it.
#[derive(Default)]
struct Opened(OnceCell<Result<Core, ErrorView>>);

impl Opened {
    /// Opens the core with the first call that needs it.
    async fn core(&self, app: &AppHandle) -> Result<Core, ErrorView> {
        self.0.get_or_init(|| open(app)).await.clone()
    }
}

async fn open(app: &AppHandle) -> Result<Core, ErrorView> {
    let dirs = platform::dirs(app)?;
    let (core, mut events) = Core::open(dirs, Arc::new(OsSecrets), SystemClock::shared()).await?;
    let handle = app.clone();
    tauri::async_runtime::spawn(async move {
        while let Some(event) = events.next().await {
            // No window to hear it: it reads everything when it opens.
            let _ = handle.emit("malote", event);
        }
    });
    if cfg!(mobile) {
        core.rest_when_hidden();
    }
    core.start().await?;
    Ok(core)
}

#[tauri::command]
async fn call(
    app: AppHandle,
    opened: State<'_, Opened>,
    name: String,
    params: Value,
) -> Result<Value, ErrorView> {
    contract::call(&opened.core(&app).await?, &name, params).await
}

#[tauri::command]
async fn open_attachment(
    app: AppHandle,
    opened: State<'_, Opened>,
    message: MessageId,
    part: String,
) -> Result<(), ErrorView> {
    let saved = opened.core(&app).await?.attachment_open(message, part).await?;
    platform::open_file(&app, &saved.path)
}

/// What other programs want written; each is told once.
#[tauri::command]
async fn wanted(
    app: AppHandle,
    opened: State<'_, Opened>,
    waiting: State<'_, Waiting>,
) -> Result<Vec<Told>, ErrorView> {
    let core = opened.core(&app).await?;
    let mut all = Vec::new();
    for wanted in waiting.take() {
        let mut told = Told::default();
        match wanted {
            Wanted::Link(link) => told.link = link,
            Wanted::Files(files) => {
                for file in files {
                    match core.file_in(&file).await {
                        Ok(file) => told.files.push(file),
                        Err(e) => told.failed = Some(ErrorView::from(e)),
                    }
                }
            }
        }
        all.push(told);
    }
    Ok(all)
}

/// True where a draft can have a window of its own.
#[tauri::command]
fn several_windows() -> bool {
    cfg!(desktop)
}

/// Opens a draft in a window of its own.
#[tauri::command]
async fn pop_out(app: AppHandle, draft: String, id: PlacementId) -> Result<(), ErrorView> {
    platform::open_composer(&app, &draft, id)
}

/// Brings the window in which a draft is written to the front; false where there is none.
#[tauri::command]
async fn raise(app: AppHandle, draft: String) -> bool {
    platform::compose_label(&draft).is_some_and(|label| platform::raise(&app, &label))
}

/// Windows that were asked to close and have not said yet that all is put down.
#[derive(Default)]
struct Closing(Mutex<BTreeSet<String>>);

impl Closing {
    fn with<T>(&self, what: impl FnOnce(&mut BTreeSet<String>) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How long a page may take to put down what is written, with large files. One that hangs must not keep its window for ever.
const PUTTING_DOWN: Duration = Duration::from_secs(15);

/// A window is to close: its page puts down first what is written.
fn close(app: &AppHandle, label: &str) {
    app.state::<Closing>().with(|all| all.insert(label.to_owned()));
    let _ = app.emit_to(label, "closing", ());
    let (app, label) = (app.clone(), label.to_owned());
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(PUTTING_DOWN).await;
        if app.state::<Closing>().with(|all| all.remove(&label))
            && let Some(window) = app.get_webview_window(&label)
        {
            let _ = window.destroy();
        }
    });
}

/// This window is done; `note` is for the one that shows the mail.
#[tauri::command]
async fn leave(app: AppHandle, window: WebviewWindow, note: Option<Value>) {
    app.state::<Closing>().with(|all| all.remove(window.label()));
    if let Some(note) = note {
        let _ = app.emit_to(platform::MAIN, "note", note);
    }
    let _ = window.destroy();
}

/// The last window is closed: the app ends when what is about to leave has left, unless a window is opened again meanwhile.
async fn end(app: AppHandle) {
    if let Some(Ok(core)) = app.state::<Opened>().0.get() {
        let _ = core.settled().await; // data that cannot be read keeps nobody here
    }
    if app.webview_windows().is_empty() {
        app.exit(0);
    }
}

/// This window has something that could not be put down, and stays.
#[tauri::command]
fn stay(window: WebviewWindow, closing: State<'_, Closing>) {
    closing.with(|all| all.remove(window.label()));
}

#[tauri::command]
fn open_link(app: AppHandle, url: tauri::Url) {
    platform::open_link(&app, &url);
}

/// Runs the app.
#[cfg_attr(mobile, tauri::mobile_entry_point)]
pub fn run() {
    let builder = tauri::Builder::default();
    #[cfg(desktop)]
    let builder = builder.plugin(outside::one_instance()); // first: a second start gets no further
    let app = builder
        .plugin(tauri_plugin_opener::init())
        .manage(Opened::default())
        .manage(Waiting::default())
        .manage(Closing::default())
        .invoke_handler(tauri::generate_handler![
            call,
            open_attachment,
            open_link,
            wanted,
            several_windows,
            pop_out,
            raise,
            leave,
            stay
        ])
        .setup(|app| {
            // The core opens while the web view starts: the first rows are ready when the page asks.
            let handle = app.handle().clone();
            tauri::async_runtime::spawn(async move {
                let _ = handle.state::<Opened>().core(&handle).await;
            });
            let from = std::env::current_dir().unwrap_or_default();
            let args = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned());
            outside::want(app.handle(), outside::read(args, &from));
            platform::open_main(app.handle())?;
            Ok(())
        })
        .build(tauri::generate_context!());
    match app {
        Ok(app) => app.run(|app, event| match event {
            RunEvent::WindowEvent { label, event: WindowEvent::CloseRequested { api, .. }, .. } => {
                api.prevent_close();
                close(app, &label);
            }
            RunEvent::ExitRequested { api, code: None, .. } => {
                api.prevent_exit();
                tauri::async_runtime::spawn(end(app.clone()));
            }
            #[cfg(any(target_os = "macos", target_os = "ios", target_os = "android"))]
            RunEvent::Opened { urls } => {
                outside::want(app, outside::read(urls.into_iter().map(String::from), Default::default()));
            }
            _ => {}
        }),
        Err(e) => platform::fatal(&e.to_string()),
    }
}
