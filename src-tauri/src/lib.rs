//! The Tauri adapter: the core's calls and events, and what only the platform can do. No logic of mail lives here.

mod platform;

use malote_core::api::types::ErrorView;
use malote_core::api::{Core, OsSecrets, SystemClock, contract};
use malote_core::model::MessageId;
use serde_json::Value;
use std::sync::Arc;
use tauri::{AppHandle, Emitter, Manager, State};
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
    part: u32,
) -> Result<(), ErrorView> {
    let saved = opened.core(&app).await?.attachment_open(message, part).await?;
    platform::open_file(&app, &saved.path)
}

#[tauri::command]
fn open_link(app: AppHandle, url: tauri::Url) {
    platform::open_link(&app, &url);
}

/// Runs the app.
#[cfg_attr(mobile, tauri::mobile_entry_point)]
pub fn run() {
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_opener::init())
        .manage(Opened::default())
        .invoke_handler(tauri::generate_handler![call, open_attachment, open_link])
        .setup(|app| {
            // The core opens while the web view starts: the first rows are ready when the page asks.
            let handle = app.handle().clone();
            tauri::async_runtime::spawn(async move {
                let _ = handle.state::<Opened>().core(&handle).await;
            });
            platform::open_window(app.handle())?;
            Ok(())
        })
        .build(tauri::generate_context!());
    match app {
        Ok(app) => app.run(|_, _| {}),
        Err(e) => platform::fatal(&e.to_string()),
    }
}
