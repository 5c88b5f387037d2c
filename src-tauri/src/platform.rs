//! What only the platform can do: its folders, its windows, opening files and links.

use malote_core::api::Dirs;
use malote_core::api::types::ErrorView;
use malote_core::error::{Error, Kind};
use std::path::PathBuf;
use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Emitter, Manager, Url, WebviewUrl, WebviewWindowBuilder};
use tauri_plugin_opener::OpenerExt;

/// Where this device keeps things. `MALOTE_HOME` makes another device of the same machine: for tests and the demo.
pub fn dirs(app: &AppHandle) -> Result<Dirs, ErrorView> {
    let failed = |e: tauri::Error| ErrorView::from(Error::new(Kind::Storage, "").because(e));
    if let Some(home) = std::env::var_os("MALOTE_HOME").map(PathBuf::from) {
        return Ok(Dirs { downloads: home.join("downloads"), cache: home.join("cache"), data: home });
    }
    let path = app.path();
    let data = path.app_data_dir().map_err(failed)?;
    Ok(Dirs {
        downloads: path.download_dir().unwrap_or_else(|_| data.join("downloads")),
        cache: path.app_cache_dir().map_err(failed)?,
        data,
    })
}

/// Opens the one window. Links of a mail never navigate it: they open outside.
pub fn open_window(app: &AppHandle) -> tauri::Result<()> {
    let (outside, navigated) = (app.clone(), app.clone());
    let builder = WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
        .on_new_window(move |url, _| {
            open_link(&outside, &url);
            NewWindowResponse::Deny
        })
        .on_navigation(move |url| {
            let ours = matches!(url.scheme(), "tauri" | "about")
                || (url.host_str() == Some("tauri.localhost"))
                || (cfg!(debug_assertions) && url.host_str() == Some("localhost"));
            if !ours {
                open_link(&navigated, url);
            }
            ours
        });
    #[cfg(desktop)]
    let builder = {
        let (width, height) = window_size();
        builder.title("Malote").inner_size(width, height).min_inner_size(320.0, 480.0)
    };
    builder.build()?;
    Ok(())
}

/// `MALOTE_WINDOW=390x844` asks for a size: for tests and the demo.
#[cfg(desktop)]
fn window_size() -> (f64, f64) {
    std::env::var("MALOTE_WINDOW")
        .ok()
        .and_then(|size| {
            let (w, h) = size.split_once('x')?;
            Some((w.parse().ok()?, h.parse().ok()?))
        })
        .unwrap_or((1280.0, 820.0))
}

/// Opens a link where it belongs: in the user's browser, or in a composer.
pub fn open_link(app: &AppHandle, url: &Url) {
    if url.scheme() == "mailto" {
        // Writing to somebody is what this app is for.
        let _ = app.emit("mailto", url.as_str());
    } else if matches!(url.scheme(), "http" | "https" | "tel") {
        // Nothing to open it with: the user sees that nothing happens, and no mail is harmed.
        let _ = app.opener().open_url(url.as_str(), None::<&str>);
    }
}

/// Opens a saved file with the user's program for it.
pub fn open_file(app: &AppHandle, path: &str) -> Result<(), ErrorView> {
    app.opener()
        .open_path(path, None::<&str>)
        .map_err(|e| ErrorView::from(Error::new(Kind::Storage, path).because(e)))
}

/// The window system did not start: there is no screen to say it on.
#[allow(clippy::print_stderr)]
pub fn fatal(why: &str) {
    eprintln!("malote: the window could not be opened: {why}");
}
