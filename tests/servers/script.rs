//! A server that plays what another one once said, in five ways: whole, byte by byte, split in every literal, slowly, and
//! cut off. In this process and on the test's own clock, so that a slow server costs no time.

use malote_core::error::Result;
use malote_core::model::{Endpoint, Tls};
use malote_core::protocol::imap::Session;
use malote_core::protocol::imap::sign_in::Credentials;
use malote_core::protocol::tls::Trust;
use malote_core::protocol::transport::Transport;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// How it is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Whole,
    ByteByByte,
    /// A pause in the middle of every literal, and right behind its announcement.
    SplitInLiterals,
    /// Half a minute between pieces: slow, not dead.
    Slowly,
    /// Hangs up after so many bytes.
    Cut(usize),
}

/// What the client opens with: signed in already, and able to do everything.
pub const GREETING: &str = "* PREAUTH [CAPABILITY IMAP4rev1 IDLE UIDPLUS MOVE ESEARCH CONDSTORE QRESYNC NOTIFY ID ENABLE NAMESPACE QUOTA METADATA LITERAL+] here\r\n";

/// Ranges of bytes that are inside literals: what follows `{n}` CRLF.
fn literals(script: &[u8]) -> Vec<(usize, usize)> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(end) = script[at..].iter().position(|b| *b == b'\n').map(|i| at + i) {
        let line = &script[at..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        at = end + 1;
        if let Some(inner) = line.strip_suffix(b"}")
            && let Some(open) = inner.iter().rposition(|b| *b == b'{')
            && let Ok(size) =
                String::from_utf8_lossy(&inner[open + 1..]).trim_end_matches('+').parse::<usize>()
            && at + size <= script.len()
        {
            found.push((at, at + size));
            at += size;
        }
    }
    found
}

/// True for bytes that a reader may skip over: the inside of long literals.
pub fn is_inside_literal(script: &[u8]) -> impl Fn(usize) -> bool {
    let ranges = literals(script);
    move |at| ranges.iter().any(|(from, to)| at > from + 40 && at + 40 < *to)
}

async fn play(stream: &mut DuplexStream, script: &[u8], manner: Manner) -> std::io::Result<()> {
    let pieces: Vec<&[u8]> = match manner {
        Manner::Whole => vec![script],
        Manner::Cut(at) => vec![&script[..at.min(script.len())]],
        Manner::ByteByByte => script.chunks(1).collect(),
        Manner::Slowly => script.chunks((script.len() / 40).max(1)).collect(),
        Manner::SplitInLiterals => {
            let (mut pieces, mut from) = (Vec::new(), 0);
            for (begin, end) in literals(script) {
                let middle = begin + (end - begin) / 2;
                pieces.extend([&script[from..begin], &script[begin..middle]]);
                from = middle;
            }
            pieces.push(&script[from..]);
            pieces
        }
    };
    for piece in pieces {
        stream.write_all(piece).await?;
        match manner {
            Manner::Slowly => tokio::time::sleep(Duration::from_secs(30)).await,
            Manner::ByteByByte | Manner::SplitInLiterals => tokio::task::yield_now().await,
            Manner::Whole | Manner::Cut(_) => {}
        }
    }
    Ok(())
}

/// Greets, plays one script for each line the client says (from the second on in one piece with the first where it was
/// pipelined), and hangs up.
async fn serve(
    mut stream: DuplexStream,
    greeting: Vec<u8>,
    scripts: Vec<Vec<u8>>,
    manner: Manner,
) -> std::io::Result<()> {
    stream.write_all(&greeting).await?;
    let mut heard = [0u8; 4096];
    for script in scripts {
        if stream.read(&mut heard).await? == 0 {
            return Ok(());
        }
        play(&mut stream, &script, manner).await?;
        if matches!(manner, Manner::Cut(_)) {
            return Ok(()); // drops the stream
        }
    }
    // Stays until the client goes.
    while stream.read(&mut heard).await? > 0 {}
    Ok(())
}

/// Runs `client` against a server that plays these scripts; panics when either does not end within a day of its own clock.
pub fn run<T, F>(
    greeting: &[u8],
    scripts: &[Vec<u8>],
    manner: Manner,
    client: impl FnOnce(Result<Session>) -> F,
) -> T
where
    F: Future<Output = T>,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("runtime");
    runtime.block_on(async {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let server = serve(theirs, greeting.to_vec(), scripts.to_vec(), manner);
        let client = async {
            let to = Endpoint { host: "script".into(), port: 143, tls: Tls::None };
            let transport = Transport::over(Box::new(ours), "script", Default::default());
            let who = Credentials::password("ana", "secret");
            client(Session::start(transport, &to, &Trust::default(), &who).await).await
        };
        let both = async { tokio::join!(client, server) };
        tokio::time::timeout(Duration::from_secs(24 * 3600), both).await.expect("it ends").0
    })
}
