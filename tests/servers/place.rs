//! Where a throw-away server listens, and what starting and ending one has in common.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where a server listens, on loopback.
pub struct Place {
    /// In clear and STARTTLS.
    pub imap: u16,
    /// Implicit TLS; 0 where there is none.
    pub imaps: u16,
    /// The certificate authority to trust.
    pub ca: PathBuf,
}

/// A port that nobody listens on, and that this process gives out once: servers bind theirs later, so a port that the system chooses
/// could be chosen again for the next one. All are below those that systems give to connections on their way out (32768 and up on Linux,
/// 49152 elsewhere).
pub fn free_port() -> u16 {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 22_000;
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    // Another process begins elsewhere.
    let begin = std::process::id().wrapping_mul(331);
    for _ in 0..COUNT {
        let next = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let port = (FIRST + begin.wrapping_add(next) % COUNT) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("all ports are taken");
}

pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id");
    id.stdout.starts_with(b"0")
}

/// So that it ends with all its children, and nothing else does.
pub fn in_own_group(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        command.process_group(0);
    }
    command
}

/// Ends it now, as a power cut would.
pub fn kill_group(child: &mut Child) {
    let group = format!("-{}", child.id());
    let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
    let _ = child.wait();
}

/// Waits until an IMAP server greets; `log` is for the words of a failure.
pub fn wait_for_greeting(port: u16, log: impl Fn() -> String) {
    wait_for(port, "* OK", log);
}

/// Waits until a server says a line that begins so.
pub fn wait_for(port: u16, greeting: &str, log: impl Fn() -> String) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
            let mut line = String::new();
            if BufReader::new(stream).read_line(&mut line).is_ok() && line.starts_with(greeting) {
                return;
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("no greeting at port {port}: {}", log());
}

/// What scripts/servers.sh unpacked; `None`, said loudly, where it could not.
pub fn unpacked(name: &str) -> Option<PathBuf> {
    let place = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/servers")).join(name);
    if place.join(".complete").exists() {
        return Some(place.canonicalize().expect("a path"));
    }
    eprintln!("\n*** SKIPPED: no {name} in target/servers (scripts/servers.sh, on Debian) ***\n");
    None
}

/// Where its libraries are.
pub fn libraries(place: &std::path::Path) -> String {
    let triple = format!("{}-linux-gnu", std::env::consts::ARCH);
    ["usr/lib", "lib"].map(|d| place.join(d).join(&triple).display().to_string()).join(":")
}
