//! An issuer of tokens on loopback (RFC 6749, RFC 7009, RFC 7636, RFC 7662), and a Dovecot that asks it about each token.

use crate::dovecot::{Dovecot, Options};
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// Who we are to it.
pub const CLIENT: &str = "malote-test-client";

type Fields = BTreeMap<String, String>;

/// What it knows.
#[derive(Default)]
pub struct Known {
    /// Codes that were given out: whose, the challenge, where the browser was sent.
    codes: BTreeMap<String, (String, String, String)>,
    /// Refresh tokens and whose they are.
    pub refresh: BTreeMap<String, String>,
    /// Access tokens and whose they are.
    pub access: BTreeMap<String, String>,
    /// How many tokens were renewed.
    pub renewals: usize,
    /// The user says no.
    pub deny: bool,
    /// What `expires_in` says, seconds.
    pub lifetime: u64,
    /// A renewal changes the refresh token, and the old one is worth nothing.
    pub rotate: bool,
    count: usize,
}

/// A running issuer.
#[derive(Clone)]
pub struct TokenIssuer {
    /// Where it listens.
    pub port: u16,
    known: Arc<Mutex<Known>>,
}

impl TokenIssuer {
    /// Starts it, within the runtime that this is called in.
    pub async fn start() -> Self {
        let known = Arc::new(Mutex::new(Known { lifetime: 3600, rotate: true, ..Known::default() }));
        let app = Router::new()
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/revoke", post(revoke))
            .route("/introspect", post(introspect))
            .with_state(known.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { port, known }
    }

    /// What it knows, to be changed.
    pub fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("known")
    }

    /// Access tokens are worth nothing from now on.
    pub fn expire(&self) {
        self.known().access.clear();
    }

    /// No token is worth anything from now on.
    pub fn revoke_all(&self) {
        let mut known = self.known();
        known.access.clear();
        known.refresh.clear();
    }

    /// As `issuers.txt` has it.
    pub fn line(&self) -> String {
        let at = format!("http://127.0.0.1:{}", self.port);
        format!(
            "exemplo | {at}/authorize | {at}/token | {at}/revoke | mail offline | prompt=consent | {CLIENT} | -\n"
        )
    }

    /// A Dovecot where tokens of this issuer sign in, and nothing else.
    pub fn dovecot(&self, dir: &std::path::Path) -> Dovecot {
        let conf = dir.join("oauth2.conf");
        let told = format!(
            "introspection_mode = post\nintrospection_url = http://127.0.0.1:{}/introspect\nusername_attribute = email\nactive_attribute = active\nactive_value = true\n",
            self.port
        );
        std::fs::write(&conf, told).expect("oauth2.conf");
        let open = std::process::Command::new("chmod").arg("-R").arg("a+rX").arg(dir).status();
        assert!(open.is_ok_and(|s| s.success()));
        let extra = format!(
            "auth_mechanisms = plain login xoauth2 oauthbearer\npassdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {}\n}}\n",
            conf.display()
        );
        Dovecot::start_with(Options { extra, pop3: true, delivers: true, ..Options::default() })
    }
}

fn refused(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error, "error_description": "said for people" })))
        .into_response()
}

/// The page where the user signs in and agrees; here both have happened already. Who it is, is what the app hinted at.
async fn authorize(State(known): State<Arc<Mutex<Known>>>, Query(q): Query<Fields>) -> Response {
    let mut known = known.lock().expect("known");
    let field = |name: &str| q.get(name).cloned().unwrap_or_default();
    let fine = field("client_id") == CLIENT
        && field("response_type") == "code"
        && field("code_challenge_method") == "S256"
        && field("code_challenge").len() == 43
        && field("state").len() >= 32
        && field("redirect_uri").starts_with("http://127.0.0.1:");
    if !fine {
        return refused("invalid_request");
    }
    if known.deny {
        return Redirect::to(&format!(
            "{}?error=access_denied&state={}",
            field("redirect_uri"),
            field("state")
        ))
        .into_response();
    }
    known.count += 1;
    let code = format!("code-{}", known.count);
    let user = field("login_hint").split('@').next().unwrap_or_default().to_owned();
    known.codes.insert(code.clone(), (user, field("code_challenge"), field("redirect_uri")));
    Redirect::to(&format!("{}?code={code}&state={}", field("redirect_uri"), field("state"))).into_response()
}

async fn token(State(known): State<Arc<Mutex<Known>>>, Form(f): Form<Fields>) -> Response {
    let mut known = known.lock().expect("known");
    let field = |name: &str| f.get(name).cloned().unwrap_or_default();
    if field("client_id") != CLIENT {
        return refused("invalid_client");
    }
    let (user, again) = match field("grant_type").as_str() {
        "authorization_code" => {
            let Some((user, challenge, redirect)) = known.codes.remove(&field("code")) else {
                return refused("invalid_grant");
            };
            if redirect != field("redirect_uri") || challenge_of(&field("code_verifier")) != challenge {
                return refused("invalid_grant");
            }
            (user, None)
        }
        "refresh_token" => match known.refresh.get(&field("refresh_token")).cloned() {
            Some(user) => (user, Some(field("refresh_token"))),
            None => return refused("invalid_grant"),
        },
        _ => return refused("unsupported_grant_type"),
    };
    known.count += 1;
    let access = format!("access-geheim-{}", known.count);
    known.access.insert(access.clone(), user.clone());
    let refresh = match again {
        Some(old) => {
            known.renewals += 1;
            if known.rotate {
                known.refresh.remove(&old);
                Some(format!("refresh-geheim-{}", known.count))
            } else {
                None
            }
        }
        None => Some(format!("refresh-geheim-{}", known.count)),
    };
    if let Some(refresh) = &refresh {
        known.refresh.insert(refresh.clone(), user);
    }
    Json(json!({
        "access_token": access, "token_type": "Bearer", "expires_in": known.lifetime, "refresh_token": refresh,
    }))
    .into_response()
}

/// RFC 7636 section 4.6, with the hash of another library than the app's.
fn challenge_of(verifier: &str) -> String {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut child = Command::new("openssl")
        .args(["dgst", "-sha256", "-binary"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl");
    child.stdin.take().expect("stdin").write_all(verifier.as_bytes()).expect("written");
    let digest = child.wait_with_output().expect("a digest").stdout;
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in digest.chunks(3) {
        let bits = chunk.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..=chunk.len() {
            out.push(char::from(letters[(bits >> (18 - 6 * i)) as usize & 63]));
        }
    }
    out
}

async fn revoke(State(known): State<Arc<Mutex<Known>>>, Form(f): Form<Fields>) -> StatusCode {
    let mut known = known.lock().expect("known");
    if let Some(user) = f.get("token").and_then(|t| known.refresh.remove(t)) {
        known.access.retain(|_, whose| *whose != user);
    }
    StatusCode::OK
}

async fn introspect(State(known): State<Arc<Mutex<Known>>>, Form(f): Form<Fields>) -> Json<Value> {
    let known = known.lock().expect("known");
    match f.get("token").and_then(|t| known.access.get(t)) {
        Some(user) => Json(json!({ "active": true, "email": user })),
        None => Json(json!({ "active": false })),
    }
}

/// What a browser does with an address: follows it to where it is sent, and shows what is there.
pub async fn browse(url: &str) -> String {
    let mut url = url.to_owned();
    loop {
        let rest = url.strip_prefix("http://").expect("http").to_owned();
        let (place, path) = rest.split_once('/').unwrap_or((&rest, ""));
        let mut stream = tokio::net::TcpStream::connect(place).await.expect("connect");
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let request = format!("GET /{path} HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("answered");
        match answer
            .lines()
            .find_map(|l| l.strip_prefix("location: ").or_else(|| l.strip_prefix("Location: ")))
        {
            Some(next) => url = next.to_owned(),
            None => return answer,
        }
    }
}
