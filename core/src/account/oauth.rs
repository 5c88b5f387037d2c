//! OAuth 2.0 for installed apps (RFC 6749, RFC 7636 PKCE, RFC 8252): the user signs in at the issuer, in the system's browser,
//! and comes back to this machine.
//!
//! ```text
//! begin    a verifier and a state by chance, a listener on 127.0.0.1 (or the app's own link)   -> address for the browser
//! wait     the browser comes back with the state and a code; the code becomes tokens            -> Grant
//! refresh  the refresh token becomes an access token
//! ```
//! Nothing but the state that was given out opens the door; the code is worth nothing without the verifier, which never leaves
//! this process but to the issuer. No token is ever in a log, an error or a web address of ours.

use super::issuers::Issuer;
use crate::error::{Error, Kind, Result};
use crate::protocol::web::{Answer, Web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// The user may take so long at the issuer.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// Before it runs out, a token is renewed.
const MARGIN: Duration = Duration::from_secs(60);
/// Where an app link leads; the system knows that it is ours.
pub const APP_LINK: &str = "org.malote.mail:/oauth";

/// What the issuer gave. Its Debug shows nothing.
#[derive(Clone)]
pub struct Grant {
    /// Signs in, for a while.
    pub access: Access,
    /// Gives new ones.
    pub refresh: String,
}

/// A token that signs in.
#[derive(Clone)]
pub struct Access {
    /// The token.
    pub token: String,
    /// Until when it is used, by the clock that nobody sets: a wrong date on this device changes nothing.
    pub until: Instant,
}

/// True while a token that holds until then is worth trying.
pub fn is_fresh(until: Instant) -> bool {
    Instant::now() + MARGIN < until
}

/// How the browser comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    /// To a port of this machine (RFC 8252 section 7.3).
    Loopback,
    /// To a link that the system opens with the app (RFC 8252 section 7.1).
    AppLink,
}

/// A sign-in that waits for the browser.
pub struct Pending {
    /// What the browser is to open.
    pub url: String,
    issuer: Issuer,
    verifier: String,
    state: String,
    redirect: String,
    listener: Option<TcpListener>,
    returned: oneshot::Receiver<String>,
}

/// Where the address that the browser came back to is put, for an app link.
pub type Returned = oneshot::Sender<String>;

fn chance() -> Result<String> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|e| Error::new(Kind::SecretStore, "").because(e))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Begins; `address` only tells the issuer whom to ask about.
pub async fn begin(issuer: &Issuer, address: &str, back: Return) -> Result<(Pending, Returned)> {
    let (verifier, state) = (chance()?, chance()?);
    let listener = match back {
        Return::Loopback => Some(TcpListener::bind("127.0.0.1:0").await?),
        Return::AppLink => None,
    };
    let redirect = match &listener {
        Some(listener) => format!("http://127.0.0.1:{}/", listener.local_addr()?.port()),
        None => APP_LINK.to_owned(),
    };
    let mut url =
        url::Url::parse(&issuer.authorize).map_err(|e| Error::new(Kind::Usage, &issuer.name).because(e))?;
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &issuer.client)
        .append_pair("redirect_uri", &redirect)
        .append_pair("scope", &issuer.scopes)
        .append_pair("state", &state)
        .append_pair("code_challenge", &challenge(&verifier))
        .append_pair("code_challenge_method", "S256")
        .append_pair("login_hint", address)
        .extend_pairs(url::form_urlencoded::parse(issuer.more.as_bytes()));
    let (sender, returned) = oneshot::channel();
    let issuer = issuer.clone();
    let pending = Pending { url: url.into(), issuer, verifier, state, redirect, listener, returned };
    Ok((pending, sender))
}

/// RFC 7636 section 4.2.
fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

impl Pending {
    /// Waits until the browser is back, and makes tokens of what it brings. `farewell` is what the user reads there.
    pub async fn wait(self, web: &Web, farewell: &str) -> Result<Grant> {
        let Self { issuer, verifier, state, redirect, listener, returned, .. } = self;
        let coming = async {
            match &listener {
                Some(listener) => caught(listener, &state, farewell).await,
                None => {
                    let url = returned.await.map_err(|_| Error::new(Kind::Cancelled, &issuer.name))?;
                    let query = url.split_once('?').map(|(_, q)| q).unwrap_or_default();
                    read_return(query, &state).unwrap_or_else(|| {
                        Err(Error::new(Kind::TokenRefused, &issuer.name).because("not our state"))
                    })
                }
            }
        };
        let code = match tokio::time::timeout(PATIENCE, coming).await {
            Ok(code) => code.map_err(|e| Error { subject: issuer.name.clone(), ..e })?,
            Err(_) => return Err(Error::new(Kind::Cancelled, &issuer.name).because("nobody came back")),
        };
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &redirect),
            ("code_verifier", &verifier),
        ];
        let (access, refresh) = ask(web, &issuer, &fields).await?;
        let refresh = refresh
            .ok_or_else(|| Error::new(Kind::TokenRefused, &issuer.name).because("no refresh token"))?;
        Ok(Grant { access, refresh })
    }
}

/// Waits for the one request that brings our state; whatever else knocks is turned away.
async fn caught(listener: &TcpListener, state: &str, farewell: &str) -> Result<String> {
    loop {
        let (mut caller, from) = listener.accept().await?;
        if !from.ip().is_loopback() {
            continue;
        }
        let heard = tokio::time::timeout(Duration::from_secs(5), request_line(&mut caller)).await;
        let Ok(Some(line)) = heard else { continue };
        let target = line.split(' ').nth(1).unwrap_or_default();
        let query = target.split_once('?').map(|(_, q)| q).unwrap_or_default();
        let outcome = read_return(query, state);
        let (status, text) = match &outcome {
            Some(_) => ("200 OK", farewell),
            None => ("404 Not Found", ""),
        };
        let page = format!(
            "<!doctype html><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>Malote</title><body style=\"font:1.2rem system-ui;display:grid;place-items:center;min-height:90vh\"><p>{text}</p>"
        );
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{page}",
            page.len()
        );
        let _ = caller.write_all(answer.as_bytes()).await; // the browser may be gone: we have what we wanted
        let _ = caller.shutdown().await;
        if let Some(outcome) = outcome {
            return outcome;
        }
    }
}

async fn request_line(caller: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.windows(2).any(|w| w == b"\r\n") {
        if head.len() > 16 * 1024 || caller.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let line = head.split(|b| *b == b'\r').next()?;
    String::from_utf8(line.to_vec()).ok()
}

/// The code of an authorization response (RFC 6749 section 4.1.2), or why there is none; `None` where it is not about our request.
fn read_return(query: &str, state: &str) -> Option<Result<String>> {
    let fields: std::collections::BTreeMap<String, String> =
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    if fields.get("state").map(String::as_str) != Some(state) {
        return None;
    }
    Some(match (fields.get("code"), fields.get("error")) {
        (Some(code), None) if !code.is_empty() => Ok(code.clone()),
        (_, Some(error)) if error == "access_denied" => {
            Err(Error::new(Kind::Cancelled, "").because("the user said no"))
        }
        (_, error) => Err(Error::new(Kind::TokenRefused, "").because(error.cloned().unwrap_or_default())),
    })
}

/// A new access token, and a new refresh token where the issuer changes them. ConsentNeeded when the old one is worth nothing any
/// more.
pub async fn refresh(web: &Web, issuer: &Issuer, token: &str) -> Result<(Access, Option<String>)> {
    ask(web, issuer, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

/// Calls a refresh token back (RFC 7009), as far as the issuer takes that.
pub async fn revoke(web: &Web, issuer: &Issuer, token: &str) -> Result<()> {
    if issuer.revoke.is_empty() {
        return Ok(());
    }
    let fields = [("token", token), ("client_id", issuer.client.as_str())];
    web.post(&issuer.revoke, &fields).await.map(drop)
}

async fn ask(web: &Web, issuer: &Issuer, fields: &[(&str, &str)]) -> Result<(Access, Option<String>)> {
    let mut fields = fields.to_vec();
    fields.push(("client_id", &issuer.client));
    if !issuer.secret.is_empty() {
        fields.push(("client_secret", &issuer.secret));
    }
    let answer = web.post(&issuer.token, &fields).await?;
    understand(&issuer.name, &answer)
}

/// RFC 6749 sections 5.1 and 5.2. What the issuer says in its own words is not repeated: it may quote a token.
fn understand(issuer: &str, answer: &Answer) -> Result<(Access, Option<String>)> {
    let refused = |why: &str| Error::new(Kind::TokenRefused, issuer).because(why);
    if answer.status >= 500 || answer.status == 429 {
        return Err(Error::new(Kind::Busy, issuer).because(answer.status));
    }
    let told: serde_json::Value = serde_json::from_slice(&answer.body).map_err(|_| refused("no JSON"))?;
    let text = |name: &str| told.get(name).and_then(|v| v.as_str()).map(str::to_owned);
    match (answer.status, text("access_token"), text("error")) {
        (200, Some(token), None) if !token.is_empty() => {
            // Some write it as a text; where it is missing an hour is usual.
            let seconds =
                told.get("expires_in").and_then(|v| v.as_u64().or_else(|| v.as_str()?.parse().ok()));
            let seconds = seconds.unwrap_or(3600).min(30 * 86_400);
            let until = Instant::now() + Duration::from_secs(seconds);
            Ok((Access { token, until }, text("refresh_token").filter(|t| !t.is_empty())))
        }
        (_, _, Some(error)) => Err(match error.as_str() {
            "invalid_grant" | "interaction_required" | "consent_required" | "login_required" => {
                Error::new(Kind::ConsentNeeded, issuer)
            }
            "temporarily_unavailable" | "server_error" => Error::new(Kind::Busy, issuer),
            "invalid_client" | "unauthorized_client" | "invalid_scope" | "invalid_request" => refused(&error),
            _ => refused("an error we do not know"),
        }),
        _ => Err(refused("no token in it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636 appendix B.
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn only_our_own_request_opens_the_door() {
        assert!(read_return("code=a&state=other", "mine").is_none());
        assert!(read_return("code=a", "mine").is_none());
        assert_eq!(read_return("state=mine&code=a%2Fb", "mine").and_then(Result::ok).as_deref(), Some("a/b"));
        let kind = |q| read_return(q, "mine").and_then(Result::err).map(|e| e.kind);
        assert_eq!(kind("state=mine&error=access_denied"), Some(Kind::Cancelled));
        assert_eq!(kind("state=mine&error=server_error"), Some(Kind::TokenRefused));
        assert_eq!(kind("state=mine"), Some(Kind::TokenRefused));
    }

    #[tokio::test]
    async fn what_issuers_answer() {
        let said = |status, body: &str| {
            let body = body.as_bytes().to_vec();
            understand("x", &Answer::new(status, body))
                .map(|(a, r)| (a.token.clone(), is_fresh(a.until), r))
                .map_err(|e| e.kind)
        };
        let fine = said(200, r#"{"access_token":"t","expires_in":"3599","refresh_token":"r"}"#);
        assert_eq!(fine, Ok(("t".into(), true, Some("r".into()))));
        assert_eq!(said(200, r#"{"access_token":"t","expires_in":30}"#), Ok(("t".into(), false, None)));
        assert_eq!(
            said(400, r#"{"error":"invalid_grant","error_description":"secret"}"#),
            Err(Kind::ConsentNeeded)
        );
        assert_eq!(said(503, "busy"), Err(Kind::Busy));
        assert_eq!(said(200, "<html>"), Err(Kind::TokenRefused));
        assert_eq!(said(401, r#"{"error":"invalid_client"}"#), Err(Kind::TokenRefused));
    }
}
