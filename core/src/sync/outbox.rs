//! The outbox to the submission server: each message once, or the user is told that nobody knows.
//!
//! What each step leaves behind when everything stops there is in the table of [`crate::store::outbox`]. Before anything else, what
//! an earlier try left behind is put right: claimed and no more was never handed over, and goes back to the queue; handed over
//! without a reply is unknown. Then the server's own folders are asked for what is unknown: a copy there is an answer.

use super::Context;
use super::actor::back_off;
use crate::account;
use crate::error::{Error, Kind, Result, Retry, Scope};
use crate::journal::send;
use crate::mime::compose::leaving;
use crate::protocol::smtp::Session;
use crate::protocol::smtp::content::{Content, Source};
use crate::protocol::smtp::submit::{Failure, Submission};
use crate::store::Tx;
use crate::store::body::Stored;
use crate::store::outbox::{Outgoing, State, Step};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Between the first "not now" and the next try; doubled each time. Seconds.
const FIRST_PAUSE: i64 = 60;
/// No longer than that. Seconds.
const LONGEST_PAUSE: i64 = 3600;
/// After five days of "not now" (RFC 5321 section 4.5.4.1) it is a refusal.
const TRIES: u32 = 125;

/// Sends what is due; how many messages have gone. An error is about the way to the server: nothing can be sent now. What is wrong
/// with one message stands with that message.
pub async fn deliver(ctx: &Context) -> Result<u32> {
    let _only = ctx.turns.sending.lock().await;
    if ctx.store.mailboxes(ctx.account).await?.is_empty() {
        return Ok(0); // where its copies go is not known before the first look at the server
    }
    put_right(ctx).await?;
    let mut session = None;
    let gone = send_due(ctx, &mut session).await;
    if let Some(session) = session {
        session.quit().await;
    }
    ctx.note_traffic().await?;
    gone
}

/// When the next message is due, seconds since 1970; `None` = there is none.
pub async fn next_due(ctx: &Context) -> Option<i64> {
    let all = ctx.store.outbox_of(ctx.account).await.unwrap_or_default();
    all.iter().filter(|o| o.state == State::Queued).map(|o| o.not_before).min()
}

async fn put_right(ctx: &Context) -> Result<()> {
    for o in ctx.store.outbox_of(ctx.account).await? {
        if matches!(o.state, State::Queued | State::Refused) {
            continue; // as it should be: nobody has to wait for the writer
        }
        let mut tx = ctx.store.begin().await?;
        match o.state {
            State::Claimed => {
                tx.step(&o, Step::PutBack).await?;
            }
            State::Handed => lose(ctx, &mut tx, &o).await?,
            _ => {
                let found = tx.found_sent(o.account, &o.message_id).await?;
                drop(tx);
                if let Some(in_sent) = found {
                    settle(ctx, &o, Step::Arrived, in_sent).await?;
                }
                continue;
            }
        }
        tx.commit().await?;
    }
    Ok(())
}

async fn send_due(ctx: &Context, session: &mut Option<Session>) -> Result<u32> {
    let mut gone = 0;
    let mut tried = Vec::new();
    loop {
        let now = ctx.clock.now();
        let all = ctx.store.outbox_of(ctx.account).await?;
        // Who asks for a sync means now what was to be tried again later; what was to be sent later stays so.
        let is_due = |o: &Outgoing| o.not_before <= now || (ctx.release_held && o.tries > 0);
        let due = all.into_iter().find(|o| o.state == State::Queued && is_due(o) && !tried.contains(&o.id));
        let Some(o) = due else { return Ok(gone) };
        tried.push(o.id);
        let mut tx = ctx.store.begin().await?;
        if !tx.step(&o, Step::Claim).await? {
            continue; // taken back at the last moment
        }
        tx.commit().await?;
        gone += u32::from(one(ctx, session, &o).await?);
    }
}

/// Sends one that was claimed; true when it has gone.
async fn one(ctx: &Context, session: &mut Option<Session>, o: &Outgoing) -> Result<bool> {
    let content = match content(ctx, o).await {
        Ok(content) => content,
        Err(e) => {
            not_taken(ctx, o, &Error { retry: Retry::Never, ..e }, Vec::new()).await?;
            return Ok(false);
        }
    };
    let way = match session {
        Some(way) => way,
        None => match connect(ctx).await {
            Ok(new) => session.insert(new),
            Err(e) => {
                put_back(ctx, o, &e).await?;
                return Err(e);
            }
        },
    };
    let to: Vec<String> = o.to.iter().map(|r| r.address.clone()).collect();
    let mail = Submission {
        from: &o.from,
        to: &to,
        content: &content,
        report_delivery: o.report_delivery,
        require_tls: o.require_tls,
    };
    let brink = async || {
        let mut tx = ctx.store.begin().await?;
        if !tx.step(o, Step::HandOver).await? {
            return Err(Error::new(Kind::Cancelled, ""));
        }
        tx.commit().await
    };
    match way.submit(&mail, brink).await {
        Ok(_) => {
            settle(ctx, o, Step::Taken, false).await?;
            Ok(true)
        }
        Err(failure) if failure.handed_over => {
            *session = None;
            let mut tx = ctx.store.begin().await?;
            lose(ctx, &mut tx, o).await?;
            tx.note_try(&Outgoing { error: told(&failure.error), ..o.clone() }).await?;
            tx.commit().await?;
            Err(failure.error)
        }
        Err(Failure { error, refused, .. }) => {
            // Whatever comes next on this line cannot be told apart.
            let cut = error.ends_connection() || error.scope >= Scope::Account || way.is_broken();
            if cut {
                *session = None;
            }
            // "Not now" and a full account may be about this message; a broken line, a sign-in that ended or a full disk are not.
            let ours = !refused.is_empty() || matches!(error.kind, Kind::Busy | Kind::OverQuota);
            if cut && !ours {
                put_back(ctx, o, &error).await?;
                return Err(error);
            }
            let refused = refused.into_iter().map(|(to, reply)| (to, reply.to_string())).collect();
            not_taken(ctx, o, &error, refused).await?;
            Ok(false)
        }
    }
}

/// The message as it leaves, to be read in pieces.
async fn content(ctx: &Context, o: &Outgoing) -> Result<Content> {
    struct Leaving(Stored);
    impl Source for Leaving {
        fn open(&self) -> std::io::Result<Box<dyn std::io::Read + Send>> {
            leaving(self.0.open()?)
        }
    }
    Content::of(Leaving(ctx.store.outgoing_stored(o.id).await?)).await
}

async fn connect(ctx: &Context) -> Result<Session> {
    let account = ctx.store.account(ctx.account).await?;
    match &ctx.way_out {
        Some(way) => account::submission_over(way.as_ref(), &account, &ctx.vault, ctx.meter.clone()).await,
        None => account::connect_submission(&account, &ctx.vault, ctx.meter.clone()).await,
    }
}

/// True where the server files what it sends by itself, into a mailbox that this account sees.
async fn keeps_sent(ctx: &Context) -> Result<bool> {
    Ok(account::keeps_sent(&ctx.store.account(ctx.account).await?))
}

/// It has gone: out of the outbox, and a copy into Sent unless the server has one or makes it.
async fn settle(ctx: &Context, o: &Outgoing, step: Step, in_sent: bool) -> Result<()> {
    let raw = match ctx.store.outgoing_raw(o.id).await {
        // Nothing is left to file, and that it has gone is certain all the same.
        Err(e) if e.kind == Kind::NotFound => None,
        other => Some(other?),
    };
    let copy = raw.is_some() && !in_sent && !keeps_sent(ctx).await?;
    let raw = raw.unwrap_or_default();
    let chance = (ctx.clock.now(), ctx.clock.chance(u64::MAX));
    let mut tx = ctx.store.begin().await?;
    if let Some(files) = send::sent(&mut tx, chance, o, step, &raw, copy).await? {
        tx.commit().await?;
        ctx.store.remove_body_files(&files);
    }
    Ok(())
}

/// The way broke before anything was handed over: it waits as it did.
async fn put_back(ctx: &Context, o: &Outgoing, e: &Error) -> Result<()> {
    let mut tx = ctx.store.begin().await?;
    tx.step(o, Step::PutBack).await?;
    tx.note_try(&Outgoing { error: told(e), ..o.clone() }).await?;
    tx.commit().await
}

/// No reply came, and nobody will tell but a copy or the user.
async fn lose(ctx: &Context, tx: &mut Tx, o: &Outgoing) -> Result<()> {
    if tx.step(o, Step::Lose).await? {
        tx.add_notice(ctx.account, ctx.clock.now(), "send_unknown", &o.subject, 1).await?;
    }
    Ok(())
}

/// The server said no to this message, for now or for good.
async fn not_taken(ctx: &Context, o: &Outgoing, e: &Error, refused: Vec<(String, String)>) -> Result<()> {
    let tries = o.tries + 1;
    let later = e.retry == Retry::Later && tries < TRIES;
    let pause = FIRST_PAUSE.checked_shl(o.tries.min(20)).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
    let jitter = ctx.clock.chance(pause as u64 / 4 + 1) as i64;
    let mut now = Outgoing { tries, error: told(e), ..o.clone() };
    for (address, reply) in refused {
        if let Some(r) = now.to.iter_mut().find(|r| r.address == address) {
            r.reply = reply;
        }
    }
    if later {
        now.not_before = ctx.clock.now() + pause + jitter;
    }
    let mut tx = ctx.store.begin().await?;
    tx.step(o, if later { Step::PutBack } else { Step::Refuse }).await?;
    tx.note_try(&now).await?;
    if !later {
        tx.add_notice(ctx.account, ctx.clock.now(), "send_refused", &o.subject, 1).await?;
    }
    tx.commit().await
}

fn told(e: &Error) -> (String, String, String) {
    (e.kind.code().to_owned(), e.subject.clone(), e.detail.clone())
}

/// Sends whatever comes due, for as long as the account is there.
pub async fn outbox(ctx: Arc<Context>, wake: Arc<Notify>) {
    let mut failures = 0u32;
    loop {
        let pause = match deliver(&ctx).await {
            Ok(_) => {
                failures = 0;
                let now = ctx.clock.now();
                next_due(&ctx).await.map(|at| Duration::from_secs((at - now).max(1) as u64))
            }
            Err(e) => {
                failures += 1;
                tracing::info!(account = %ctx.account, error = %e, "nothing can be sent now");
                let waits = next_due(&ctx).await.is_some();
                waits.then(|| back_off(&ctx, failures, e.retry))
            }
        };
        tokio::select! {
            () = wake.notified() => {}
            () = ctx.doubted(), if failures > 0 => {} // another network may let it through
            () = tokio::time::sleep(pause.unwrap_or(Duration::MAX)), if pause.is_some() => {}
        }
    }
}
