//! The contract over loopback HTTP: `bridge HOME UI_DIST`.
//!
//! For tests only. A plain browser shows the real screens over the real core, with touch and phone sizes. Prints
//! `{"url": …}` when it listens, and ends when its standard input does.

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::sse::{Event as Sse, KeepAlive};
use axum::response::{IntoResponse, Response, Sse as Stream};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::stream;
use malote_core::account::secrets::{MemorySecrets, Secrets};
use malote_core::api::{Core, contract};
use malote_core::clock::SystemClock;
use serde_json::Value;
use servers::device::NoSecrets;
use std::convert::Infallible;
use std::future::IntoFuture;
use std::sync::Arc;
use tokio::io::AsyncReadExt;

async fn call(State(core): State<Core>, Path(name): Path<String>, Json(params): Json<Value>) -> Response {
    match contract::call(&core, &name, params).await {
        Ok(value) => Json(value).into_response(),
        Err(e) => (StatusCode::UNPROCESSABLE_ENTITY, Json(e)).into_response(),
    }
}

/// HTML of strangers as the reader would get it: each text as the body of a message of its own.
async fn render(Json(bodies): Json<Vec<String>>) -> Json<Vec<Value>> {
    use base64::Engine;
    let rendered = |html: String| {
        let body = base64::engine::general_purpose::STANDARD.encode(html);
        let head = "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64";
        let seen = malote_core::api::rendered(format!("{head}\r\n\r\n{body}\r\n").as_bytes());
        serde_json::json!({ "html": seen.html, "styles": seen.styles, "plain": seen.plain })
    };
    let all = tokio::task::spawn_blocking(move || bodies.into_iter().map(rendered).collect());
    Json(all.await.expect("rendered"))
}

async fn events(State(core): State<Core>) -> impl IntoResponse {
    let events = stream::unfold(core.events(), |mut events| async {
        let event = events.next().await?;
        let sse = Sse::default().json_data(&event).unwrap_or_default();
        Some((Ok::<_, Infallible>(sse), events))
    });
    Stream::new(events).keep_alive(KeepAlive::default())
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let (Some(home), Some(dist)) = (args.next(), args.next()) else { panic!("bridge HOME UI_DIST") };
    let dirs = servers::device::dirs(std::path::Path::new(&home));
    // MALOTE_NO_STORE: a system that keeps no secrets.
    let secrets: Arc<dyn Secrets> = match std::env::var_os("MALOTE_NO_STORE") {
        Some(_) => Arc::new(NoSecrets),
        None => Arc::new(MemorySecrets::default()),
    };
    let (core, _events) = Core::open(dirs, secrets, SystemClock::shared()).await.expect("open");
    core.start().await.expect("start");
    let app = Router::new()
        .route("/api/call/{name}", post(call))
        .route("/api/events", get(events))
        .route("/api/render", post(render).layer(DefaultBodyLimit::max(64 << 20)))
        .fallback_service(tower_http::services::ServeDir::new(dist))
        .with_state(core);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{{\"url\": \"http://{}\"}}", listener.local_addr().expect("address"));
    let ended = async {
        let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
    };
    tokio::select! {
        r = axum::serve(listener, app).into_future() => r.expect("serve"),
        () = ended => {}
    }
}
