//! COMPRESS=DEFLATE (RFC 4978): raw deflate (RFC 1951) in both directions over whatever carries it.
//!
//! A server that answers a kilobyte with a gigabyte is refused: what comes out may be at most [`RATIO`] times what went in,
//! after a start that small mailboxes of equal lines may need.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Deflate itself reaches 1032; mail and its metadata stay below 60.
const RATIO: u64 = 200;
/// Bytes that may come out whatever went in.
const START: u64 = 4 << 20;
const CHUNK: usize = 16 * 1024;

/// A compressed stream.
pub struct Deflate<T> {
    inner: T,
    inflate: Decompress,
    deflate: Compress,
    /// Compressed bytes read and not yet inflated: `received[taken..]`.
    received: Vec<u8>,
    taken: usize,
    /// Compressed bytes not yet written: `ready[written..]`.
    ready: Vec<u8>,
    written: usize,
    /// True when something was compressed since the last flush.
    dirty: bool,
    /// True while the inflater may hold more output for what it has taken.
    pending: bool,
}

impl<T> Deflate<T> {
    /// Over a stream on which both sides begin to compress now; `received` is what was read of it already.
    pub fn new(inner: T, received: Vec<u8>) -> Self {
        Self {
            inner,
            inflate: Decompress::new(false),
            deflate: Compress::new(Compression::default(), false),
            received,
            taken: 0,
            ready: Vec::new(),
            written: 0,
            dirty: false,
            pending: false,
        }
    }

    /// Inflates into `buf` what is here; true when anything came out or the stream ended.
    fn inflate_some(&mut self, buf: &mut ReadBuf<'_>) -> Result<bool> {
        let mut chunk = [0u8; CHUNK];
        let room = buf.remaining().min(CHUNK);
        let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self
            .inflate
            .decompress(&self.received[self.taken..], &mut chunk[..room], FlushDecompress::None)
            .map_err(|e| Error::new(ErrorKind::InvalidData, e))?;
        self.taken += (self.inflate.total_in() - before_in) as usize;
        let produced = (self.inflate.total_out() - before_out) as usize;
        if self.inflate.total_out() > START + self.inflate.total_in() * RATIO {
            return Err(Error::new(ErrorKind::InvalidData, "compressed beyond all measure"));
        }
        if self.taken == self.received.len() {
            self.received.clear();
            self.taken = 0;
        }
        self.pending = produced == room;
        buf.put_slice(&chunk[..produced]);
        Ok(produced > 0 || status == Status::StreamEnd)
    }

    fn compress(&mut self, data: &[u8], flush: FlushCompress) -> Result<()> {
        let mut rest = data;
        loop {
            self.ready.reserve(CHUNK);
            let before = self.deflate.total_in();
            let room = self.ready.capacity() - self.ready.len();
            let have = self.ready.len();
            self.deflate.compress_vec(rest, &mut self.ready, flush).map_err(Error::other)?;
            rest = &rest[(self.deflate.total_in() - before) as usize..];
            if rest.is_empty() && self.ready.len() - have < room {
                return Ok(());
            }
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Deflate<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let me = self.get_mut();
        loop {
            if (me.taken < me.received.len() || me.pending) && me.inflate_some(buf)? {
                return Poll::Ready(Ok(()));
            }
            let mut chunk = [0u8; CHUNK];
            let mut read = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut me.inner).poll_read(cx, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(())); // the end of the stream
            }
            me.received.extend_from_slice(read.filled());
        }
    }
}

impl<T: AsyncWrite + Unpin> Deflate<T> {
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        while self.written < self.ready.len() {
            let n = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.ready[self.written..]))?;
            if n == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
            self.written += n;
        }
        self.ready.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Deflate<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize>> {
        let me = self.get_mut();
        ready!(me.poll_drain(cx))?;
        let n = data.len().min(CHUNK);
        me.compress(&data[..n], FlushCompress::None)?;
        me.dirty = true;
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let me = self.get_mut();
        if std::mem::take(&mut me.dirty) {
            me.compress(&[], FlushCompress::Sync)?;
        }
        ready!(me.poll_drain(cx))?;
        Pin::new(&mut me.inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn both_sides_understand_each_other() {
        let (a, b) = tokio::io::duplex(700);
        let (mut a, mut b) = (Deflate::new(a, Vec::new()), Deflate::new(b, Vec::new()));
        let text: Vec<u8> = (0..200_000u32).flat_map(|n| (n % 977).to_string().into_bytes()).collect();
        let sent = text.clone();
        let writer = tokio::spawn(async move {
            for piece in sent.chunks(30_001) {
                a.write_all(piece).await?;
                a.flush().await?;
            }
            Ok::<_, Error>(a)
        });
        let mut got = vec![0u8; text.len()];
        b.read_exact(&mut got).await.ok();
        assert!(got == text);
        assert!(writer.await.is_ok_and(|r| r.is_ok()));
    }

    #[tokio::test]
    async fn a_bomb_does_not_go_off() {
        let mut bomb = Compress::new(Compression::best(), false);
        let mut bytes = Vec::with_capacity(2 << 20);
        let zeros = vec![0u8; 1 << 20];
        while bytes.len() < 200_000 {
            let _ = bomb.compress_vec(&zeros, &mut bytes, FlushCompress::Sync);
        }
        let mut stream = Deflate::new(std::io::Cursor::new(bytes), Vec::new());
        let (mut total, mut buffer) = (0usize, vec![0u8; 64 * 1024]);
        let end = loop {
            match stream.read(&mut buffer).await {
                Ok(0) => break None,
                Ok(n) => total += n,
                Err(e) => break Some(e.kind()),
            }
        };
        assert_eq!(end, Some(ErrorKind::InvalidData));
        assert!(total < 8 << 20, "{total} bytes came out");
    }
}
