//! What only the platform can do: its folders, its windows, opening files and links.

use malote_core::api::Dirs;
use malote_core::api::types::ErrorView;
use malote_core::error::{Error, Kind};
use malote_core::model::PlacementId;
use std::path::{Path, PathBuf};
use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Emitter, Manager, Url, WebviewUrl, WebviewWindowBuilder};
use tauri_plugin_opener::OpenerExt;

use crate::outside;

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

/// The window that shows the mail. Others, for what is written in a window of its own, are called after their draft: [`compose_label`].
pub const MAIN: &str = "main";

/// What the window of a draft is called; `None` for what is no draft's key.
pub fn compose_label(draft: &str) -> Option<String> {
    let key = draft.len() == 16 && draft.bytes().all(|b| b.is_ascii_hexdigit());
    key.then(|| format!("compose-{draft}"))
}

/// Opens the window that shows the mail.
pub fn open_main(app: &AppHandle) -> tauri::Result<()> {
    let builder = window(app, MAIN, WebviewUrl::default());
    #[cfg(desktop)]
    let builder = {
        let (width, height) = window_size();
        builder.title("Malote").inner_size(width, height).min_inner_size(320.0, 480.0)
    };
    builder.build()?;
    Ok(())
}

/// Shows the window that shows the mail, also where it was closed and one for writing stayed.
#[cfg(desktop)]
pub fn to_the_front(app: &AppHandle) {
    match app.get_webview_window(MAIN) {
        // A window system may keep it where it is: nothing else is to be done.
        Some(window) => drop((window.unminimize(), window.show(), window.set_focus())),
        None => drop(open_main(app)),
    }
}

/// Opens a draft in a window of its own. `draft` is its key, `id` the version to open.
#[cfg(desktop)]
pub fn open_composer(app: &AppHandle, draft: &str, id: PlacementId) -> Result<(), ErrorView> {
    let label = compose_label(draft).ok_or_else(|| Error::new(Kind::Usage, draft))?;
    if raise(app, &label) {
        return Ok(());
    }
    let page = WebviewUrl::App(format!("index.html?draft={id}").into());
    let builder = window(app, &label, page).title("Malote");
    let built = builder.inner_size(720.0, 680.0).min_inner_size(320.0, 400.0).build();
    built.map(drop).map_err(|e| ErrorView::from(Error::new(Kind::Storage, "window").because(e)))
}

/// Brings a window to the front; false where there is none.
#[cfg(desktop)]
pub fn raise(app: &AppHandle, label: &str) -> bool {
    let window = app.get_webview_window(label);
    if let Some(window) = &window {
        drop((window.unminimize(), window.set_focus()));
    }
    window.is_some()
}

/// Where an app has one window, nothing is written in another.
#[cfg(mobile)]
pub fn open_composer(_: &AppHandle, draft: &str, _: PlacementId) -> Result<(), ErrorView> {
    Err(ErrorView::from(Error::new(Kind::Usage, draft)))
}

/// See [`open_composer`].
#[cfg(mobile)]
pub fn raise(_: &AppHandle, _: &str) -> bool {
    false
}

/// A window with our page. Links of a mail never navigate it: they open outside.
fn window<'a>(
    app: &'a AppHandle,
    label: &str,
    page: WebviewUrl,
) -> WebviewWindowBuilder<'a, tauri::Wry, AppHandle> {
    let (outside, navigated) = (app.clone(), app.clone());
    let asks = label == MAIN;
    let builder = WebviewWindowBuilder::new(app, label, page);
    #[cfg(desktop)]
    let builder = builder.on_document_title_changed(|window, title| drop(window.set_title(&title)));
    builder
        .on_new_window(move |url, _| {
            if asks && matches!(url.scheme(), "http" | "https") {
                // A link of a message: the page asks first where it is not as it looks.
                let _ = outside.emit_to(MAIN, "link", url.as_str());
            } else {
                open_link(&outside, &url);
            }
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
        })
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

/// Opens a link where it belongs: in the user's browser, or here.
pub fn open_link(app: &AppHandle, url: &Url) {
    if outside::SCHEMES.contains(&url.scheme()) {
        // Writing to somebody, and opening a message, is what this app is for.
        outside::want(app, outside::read([url.to_string()], Path::new("")));
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
