//! Servers that want to hurt: each attack ends in a bounded error, within 100 MB of memory and one second of processor.
//!
//! The client runs in a process of its own (this program again), so that what is measured is the client alone.

use flate2::{Compress, Compression, FlushCompress};
use malote_core::model::{Endpoint, Tls};
use malote_core::protocol::imap::Session;
use malote_core::protocol::imap::command::Command as Imap;
use malote_core::protocol::imap::messages::Which;
use malote_core::protocol::imap::sign_in::Credentials;
use malote_core::protocol::tls::Trust;
use malote_core::uid_set::UidSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Command;

const GREETING: &str = "* PREAUTH [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE LITERAL+] here\r\n";
/// No attacker sends more than this; none of these attacks gets so far.
const MOST: usize = 1 << 30;

/// What the server answers to the client's second line (the first one is a NOOP, or COMPRESS).
fn attack(name: &str, tag: &str, out: &mut impl Write) -> std::io::Result<()> {
    let endless = |out: &mut dyn Write, piece: &[u8]| -> std::io::Result<()> {
        let many = piece.repeat(64 * 1024 / piece.len());
        for _ in 0..MOST / many.len() {
            out.write_all(&many)?;
        }
        Ok(())
    };
    match name {
        "nested" => {
            let (open, close) = ("(".repeat(100_000), ")".repeat(100_000));
            write!(
                out,
                "* 1 FETCH (UID 1 BODYSTRUCTURE {open}{close} BODY[HEADER.FIELDS (DATE)] \"\")\r\n{tag} OK\r\n"
            )
        }
        "literal" => {
            write!(out, "* 1 FETCH (UID 1 BODY[HEADER.FIELDS (DATE)] {{1073741824}}\r\n")?;
            endless(out, b"abcdefgh")
        }
        "flags" => {
            out.write_all(b"* 1 FETCH (UID 1 FLAGS (")?;
            for _ in 0..10_000_000 / 10 {
                out.write_all(b"a b c d e f g h i j ")?;
            }
            write!(out, "))\r\n{tag} OK\r\n")
        }
        "lines" => endless(out, b"* OK still here\r\n* 1 FETCH (UID 1 BODY[HEADER.FIELDS (DATE)] \"\")\r\n"),
        "line" => endless(out, b"* XHELLO abcdefgh"),
        "bomb" => {
            let mut deflate = Compress::new(Compression::best(), false);
            let zeros = b"* OK aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".repeat(16 * 1024);
            let mut bytes = Vec::with_capacity(1 << 20);
            for _ in 0..2000 {
                bytes.clear();
                deflate
                    .compress_vec(&zeros, &mut bytes, FlushCompress::Sync)
                    .map_err(std::io::Error::other)?;
                out.write_all(&bytes)?;
            }
            Ok(())
        }
        other => panic!("{other}"),
    }
}

fn serve(name: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
        let mut stream = stream;
        stream.write_all(GREETING.as_bytes()).expect("greet");
        let mut line = String::new();
        reader.read_line(&mut line).expect("a command");
        let tag = line.split(' ').next().unwrap_or_default().to_owned();
        stream.write_all(format!("{tag} OK go on\r\n").as_bytes()).expect("answer");
        line.clear();
        let tag = if name == "bomb" {
            String::new() // what follows is compressed, and we do not care to read it
        } else {
            reader.read_line(&mut line).expect("a command");
            line.split(' ').next().unwrap_or_default().to_owned()
        };
        let _ = attack(name, &tag, &mut stream); // the client hangs up in the middle, as it should
    });
    port
}

fn kib(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    let line = status.lines().find(|l| l.starts_with(field)).expect("a field");
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number")
}

/// Processor time of this process in milliseconds.
fn cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("stat");
    let rest = stat.rsplit_once(')').expect("a name").1;
    let fields: Vec<u64> =
        rest.split_whitespace().skip(11).take(2).map(|f| f.parse().expect("ticks")).collect();
    (fields[0] + fields[1]) * 10
}

/// The client; does nothing unless the test below starts it.
#[test]
fn the_client() {
    let (Ok(port), Ok(name)) = (std::env::var("MALOTE_HOSTILE_PORT"), std::env::var("MALOTE_HOSTILE_NAME"))
    else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let result = runtime.block_on(async {
        let to = Endpoint { host: "127.0.0.1".into(), port: port.parse().expect("a port"), tls: Tls::None };
        let who = Credentials::password("ana", "secret");
        let mut session = Session::open(&to, &Trust::default(), &who, Default::default()).await?;
        if name == "bomb" {
            session.compress().await?;
        } else {
            session.run(Imap::new("NOOP")).await?;
        }
        let which = Which::Uids(UidSet::range(1, 1));
        session.fetch_headers(&which, |_| Ok(())).await.map(|()| session.unreadable)
    });
    let said = match result {
        Ok(strange) => format!("ok strange={strange}"),
        Err(e) => format!("error {}", e.kind.code()),
    };
    println!("RESULT {said} hwm={} cpu={}", kib("VmHWM:"), cpu());
}

#[test]
fn no_attack_costs_more_than_its_bound() {
    if std::env::var("MALOTE_HOSTILE_PORT").is_ok() || !cfg!(target_os = "linux") {
        return;
    }
    for (name, want) in [
        ("nested", "ok strange=1"),
        ("literal", "error protocol"),
        ("flags", "error protocol"),
        ("line", "error protocol"),
        ("lines", "error protocol"),
        ("bomb", "error protocol"),
    ] {
        let port = serve(name);
        let output = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "the_client", "--nocapture"])
            .env("MALOTE_HOSTILE_PORT", port.to_string())
            .env("MALOTE_HOSTILE_NAME", name)
            .output()
            .expect("the client runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text.lines().find_map(|l| l.split_once("RESULT ")).map(|(_, r)| r.to_owned());
        let line =
            line.unwrap_or_else(|| panic!("{name}: {text} {}", String::from_utf8_lossy(&output.stderr)));
        let number = |key: &str| -> u64 {
            line.split(key)
                .nth(1)
                .and_then(|r| r.split(' ').next())
                .and_then(|n| n.parse().ok())
                .expect("a number")
        };
        println!("{name}: {line}");
        assert!(line.starts_with(want), "{name}: {line}, not {want}");
        assert!(number("hwm=") < 100_000, "{name}: {line}");
        assert!(number("cpu=") < 1000, "{name}: {line}");
    }
}
