//! A model of a submission server, in this process: it writes down what it took, and at a given step it cuts, hangs or refuses. A
//! *step* is a line that arrives, or the end of a message, counted over all connections.

use malote_core::protocol::transport::{Dial, Dialling, Io};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};

/// Longer than any client waits for the reply to a message (10 minutes).
const HANG: Duration = Duration::from_secs(700);

/// What goes wrong at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// The line, or the message, is lost with the connection.
    CutBefore,
    /// It is done; the reply is lost with the connection.
    CutAfter,
    /// It is done; half of the reply arrives.
    CutHalfway,
    /// Nobody answers; it was not done.
    HangBefore,
    /// The same, and it was done.
    HangAfter,
    /// It is not done, and this is said of it.
    Says(&'static str),
}

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub from: String,
    pub to: Vec<String>,
    pub raw: Vec<u8>,
}

type Hook = Arc<dyn Fn() + Send + Sync>;
type Takes = Arc<dyn Fn(&Taken) + Send + Sync>;

#[derive(Default)]
pub struct Inside {
    /// Everything that was taken, in order.
    pub taken: Vec<Taken>,
    /// What was said at each step.
    pub log: Vec<String>,
    mishap: Option<(u64, Mishap)>,
    then: Option<Hook>,
    on_taken: Option<Takes>,
}

/// A running server. Clones are the same one.
#[derive(Clone)]
pub struct Office {
    inside: Arc<Mutex<Inside>>,
    offers: &'static str,
}

impl Office {
    /// One that offers these extensions, separated by blanks.
    pub fn new(offers: &'static str) -> Self {
        Self { inside: Arc::default(), offers }
    }

    pub fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().expect("office")
    }

    /// What becomes of each message that is taken.
    pub fn on_taken(&self, call: impl Fn(&Taken) + Send + Sync + 'static) {
        self.inside().on_taken = Some(Arc::new(call));
    }

    /// What is to go wrong from now on, and whom to tell then; steps are counted anew.
    pub fn plan(&self, mishap: Option<(u64, Mishap)>, then: impl Fn() + Send + Sync + 'static) {
        let mut inside = self.inside();
        inside.mishap = mishap;
        inside.then = Some(Arc::new(then));
        inside.log.clear();
    }

    fn step(&self, what: &str) -> Option<Mishap> {
        let mut inside = self.inside();
        let now = inside.log.len() as u64;
        inside.log.push(what.to_owned());
        let mishap = inside.mishap.filter(|(at, _)| *at == now).map(|(_, mishap)| mishap);
        let then = inside.then.clone().filter(|_| mishap.is_some());
        drop(inside);
        if let Some(then) = then {
            then();
        }
        mishap
    }
}

impl Dial for Office {
    fn dial(&self) -> Dialling<'_> {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        tokio::spawn(serve(self.clone(), theirs));
        Box::pin(async { Ok(Box::new(ours) as Box<dyn Io>) })
    }
}

struct Line {
    stream: BufReader<DuplexStream>,
}

impl Line {
    async fn read(&mut self) -> Option<String> {
        let mut line = String::new();
        let n = self.stream.read_line(&mut line).await.ok()?;
        (n > 0).then(|| line.trim_end().to_owned())
    }

    async fn say(&mut self, text: &str) -> Option<()> {
        self.stream.get_mut().write_all(text.as_bytes()).await.ok()
    }

    /// The body of DATA, unstuffed.
    async fn data(&mut self) -> Option<Vec<u8>> {
        let mut raw = Vec::new();
        loop {
            let mut line = Vec::new();
            if self.stream.read_until(b'\n', &mut line).await.ok()? == 0 {
                return None;
            }
            if line == b".\r\n" {
                return Some(raw);
            }
            raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }

    /// The octets behind `BDAT n`.
    async fn octets(&mut self, said: &str) -> Option<Vec<u8>> {
        let mut raw = vec![0; said.split(' ').nth(1)?.parse().ok()?];
        self.stream.read_exact(&mut raw).await.ok()?;
        Some(raw)
    }

    /// Lets time pass, once the client has begun to wait, until it goes.
    async fn hang(&mut self) {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        tokio::time::advance(HANG).await;
        let mut heard = [0; 1024];
        while self.stream.read(&mut heard).await.is_ok_and(|n| n > 0) {}
    }
}

async fn serve(office: Office, stream: DuplexStream) -> Option<()> {
    let mut line = Line { stream: BufReader::new(stream) };
    line.say("220 office.test ESMTP\r\n").await?;
    let (mut from, mut to) = (String::new(), Vec::new());
    loop {
        let said = line.read().await?;
        let verb = said.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        let path = || said.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        let mishap = office.step(if verb == "AUTH" { "AUTH" } else { &said });
        if verb == "BDAT" && matches!(mishap, Some(Mishap::HangBefore | Mishap::Says(_))) {
            line.octets(&said).await?; // they come all the same (RFC 3030 section 2)
        }
        if prevented(&mut line, mishap).await? {
            continue;
        }
        let mut answer = match verb.as_str() {
            "EHLO" => {
                let mut all = vec!["office.test", "AUTH PLAIN"];
                all.extend(office.offers.split_whitespace());
                let last = all.len() - 1;
                all.iter()
                    .enumerate()
                    .map(|(i, o)| format!("250{}{o}\r\n", if i == last { ' ' } else { '-' }))
                    .collect()
            }
            "AUTH" => "235 2.7.0 in\r\n".to_owned(),
            "MAIL" => {
                (from, to) = (path(), Vec::new());
                "250 2.1.0 OK\r\n".to_owned()
            }
            "RCPT" => {
                to.push(path());
                "250 2.1.5 OK\r\n".to_owned()
            }
            "RSET" => "250 2.0.0 OK\r\n".to_owned(),
            "DATA" => "354 go on\r\n".to_owned(),
            "QUIT" => "221 2.0.0 bye\r\n".to_owned(),
            "BDAT" => String::new(),
            _ => "500 5.5.2 what\r\n".to_owned(),
        };
        let mut mishap = mishap;
        if verb == "DATA" || verb == "BDAT" {
            if verb == "DATA" {
                ended(&mut line, mishap, &answer).await?;
            }
            let raw = if verb == "DATA" { line.data().await? } else { line.octets(&said).await? };
            mishap = office.step("the end of the message");
            if prevented(&mut line, mishap).await? {
                continue;
            }
            let taken = Taken { from: from.clone(), to: to.clone(), raw };
            let call = office.inside().on_taken.clone();
            if let Some(call) = call {
                call(&taken);
            }
            office.inside().taken.push(taken);
            answer = "250 2.0.0 taken\r\n".to_owned();
        }
        ended(&mut line, mishap, &answer).await?;
        if verb == "QUIT" {
            return None;
        }
    }
}

/// True when the mishap kept it from being done and said so; `None` when it ends the connection.
async fn prevented(line: &mut Line, mishap: Option<Mishap>) -> Option<bool> {
    match mishap {
        Some(Mishap::CutBefore) => None,
        Some(Mishap::HangBefore) => {
            line.hang().await;
            None
        }
        Some(Mishap::Says(text)) => line.say(&format!("{text}\r\n")).await.map(|()| true),
        _ => Some(false),
    }
}

/// Answers, as far as the mishap lets it.
async fn ended(line: &mut Line, mishap: Option<Mishap>, answer: &str) -> Option<()> {
    match mishap {
        Some(Mishap::CutAfter) => None,
        Some(Mishap::CutHalfway) => {
            line.say(&answer[..answer.len() / 2]).await;
            None
        }
        Some(Mishap::HangAfter) => {
            line.hang().await;
            None
        }
        _ => line.say(answer).await,
    }
}
