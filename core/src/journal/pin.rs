//! The user wants a message at the top of its mailbox: the keyword `$Pinned`, so that every device shows it there. A server that keeps no
//! keywords (RFC 9051 section 7.1: PERMANENTFLAGS) could not be asked for it; there only this device knows.

use super::flag;
use crate::error::Result;
use crate::model::{ActionId, FlagChange, Flags, PlacementId};
use crate::store::Tx;

/// As other programs and servers may spell it: keywords have no case (RFC 9051 section 2.3.2).
const SPELT: [&str; 3] = [Flags::PINNED, "$pinned", "$PINNED"];

/// Puts messages at the top of their mailboxes, or takes them from there; true when only this device knows of some of it.
pub async fn pin(tx: &mut Tx, now: i64, ids: &[PlacementId], wanted: bool) -> Result<(Vec<ActionId>, bool)> {
    let (mut told, mut own) = (Vec::new(), Vec::new());
    for id in ids {
        let Some(p) = tx.placement(*id).await? else { continue };
        let mailbox = tx.mailbox(p.mailbox).await?;
        let here = !mailbox.permanent.is_empty() && !mailbox.keeps(Flags::PINNED);
        // Taken down from both: a server can learn to keep keywords.
        if !here || !wanted {
            told.push(p.id);
        }
        if here || !wanted {
            own.push(p);
        }
    }
    for p in &own {
        tx.pin_here(p, wanted).await?;
    }
    let words = |all: &[&str]| Flags { bits: 0, keywords: all.iter().map(|k| (*k).to_owned()).collect() };
    let (change, label) = match wanted {
        true => (FlagChange { add: words(&[Flags::PINNED]), remove: Flags::default() }, "pin"),
        false => (FlagChange { add: Flags::default(), remove: words(&SPELT) }, "unpin"),
    };
    Ok((flag::mark(tx, now, &told, &change, label).await?, wanted && !own.is_empty()))
}
