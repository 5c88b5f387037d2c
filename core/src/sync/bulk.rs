//! The connection that carries bodies. Compression makes lists and headers a fifth, but attachments no smaller, and servers deflate
//! at 7 to 8 MB/s: on a line that is faster than that gains, a connection without it takes over (RFC 4978 has no way back).

use super::{Connected, Context};
use crate::protocol::imap::Session;
use std::time::Duration;

/// What a line must carry, in bytes of mail a second, for compression to be in the way.
const FAST: u64 = 1_500_000;
/// Fewer bytes tell nothing about a line.
const ENOUGH: u64 = 2 << 20;

/// What carries bodies now.
pub struct Bulk<'s> {
    session: &'s mut Session,
    plain: Option<Connected>,
    /// It was found out, one way or the other.
    settled: bool,
}

impl<'s> Bulk<'s> {
    /// Begins with the connection there is.
    pub fn over(session: &'s mut Session) -> Self {
        let settled = !session.is_compressed();
        Self { session, plain: None, settled }
    }

    /// The connection to use.
    pub fn session(&mut self) -> &mut Session {
        match &mut self.plain {
            Some(plain) => plain,
            None => self.session,
        }
    }

    /// Somebody else needs the place: the connection there was before goes on.
    pub fn give_way(&mut self, ctx: &Context) {
        if !ctx.connections.roomy() {
            self.plain = None;
        }
    }

    /// So much came in so much time. Where that is fast, and the server lets us have one more, a connection without compression is
    /// used from now on.
    pub async fn measured(&mut self, ctx: &Context, bytes: u64, took: Duration) {
        if self.settled || bytes < ENOUGH {
            return;
        }
        self.settled = true;
        if (bytes as f64) < took.as_secs_f64() * FAST as f64 {
            return;
        }
        let Some(slot) = ctx.connections.carrier() else { return };
        // Without one it goes on as it is.
        self.plain = ctx.connect_with(slot).await.ok();
    }

    /// Nothing more is to be carried.
    pub async fn end(self) {
        if let Some(plain) = self.plain {
            plain.logout().await;
        }
    }
}
