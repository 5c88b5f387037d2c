//! What the background may still spend today. Some providers close an account for a day when it moves too many bytes (Gmail:
//! 2,500 MB down and 500 MB up a day, support.google.com/a/answer/1071518): then nobody gets at his mail, on no device. So the
//! background stops in time, and what the user asks for goes on. What goes up by itself are versions of drafts: near the limit they
//! stay on this device, and the last of them goes up tomorrow.

use super::Context;
use crate::error::Result;
use crate::protocol::imap::Session;

/// Bytes after which what was used is written down, also in the middle of a long fetch.
const WRITE_DOWN: u64 = 16 << 20;

/// True while more may be fetched today that nobody asked for.
pub async fn allows(ctx: &Context, session: &mut Session) -> Result<bool> {
    if ctx.unwritten() > WRITE_DOWN {
        ctx.write_down(session).await?;
    }
    let Some(limit) = ctx.store.account(ctx.account).await?.budget.for_background() else {
        return Ok(true);
    };
    let today = ctx.clock.now().div_euclid(86_400);
    Ok(ctx.store.traffic_since(ctx.account, today).await?.down + ctx.unwritten() < limit)
}

/// True while a version of a draft of so many octets may go up today.
pub async fn allows_draft(ctx: &Context, octets: u64) -> Result<bool> {
    let Some(limit) = ctx.store.account(ctx.account).await?.budget.for_drafts() else { return Ok(true) };
    ctx.note_traffic().await?;
    let today = ctx.clock.now().div_euclid(86_400);
    Ok(ctx.store.traffic_since(ctx.account, today).await?.up + octets <= limit)
}
