//! A scripted server: says exactly what a test tells it to, byte for byte.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// One answer: when a command contains `on`, say `say`; `{tag}` becomes the command's tag. `cut` hangs up afterwards.
#[derive(Clone)]
pub struct Step {
    pub on: &'static str,
    pub say: String,
    pub cut: bool,
}

/// Answers a command.
pub fn on(on: &'static str, say: impl Into<String>) -> Step {
    Step { on, say: say.into(), cut: false }
}

/// Answers a command and hangs up.
pub fn cut(on: &'static str, say: impl Into<String>) -> Step {
    Step { on, say: say.into(), cut: true }
}

/// A scripted server on loopback.
pub struct Fake {
    pub port: u16,
    task: JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Fake {
    /// Greets, then answers each line with the first step that fits; a line that fits none gets a tagged OK.
    pub async fn start(greeting: &'static str, steps: Vec<Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("address").port();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let steps = steps.clone();
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    let _ = stream.get_mut().write_all(greeting.as_bytes()).await;
                    let mut line = String::new();
                    while stream.read_line(&mut line).await.is_ok_and(|n| n > 0) {
                        let tag = line.split(' ').next().unwrap_or_default().to_owned();
                        let step = steps.iter().find(|s| line.contains(s.on));
                        let answer = step.map_or_else(|| "{tag} OK done\r\n".to_owned(), |s| s.say.clone());
                        let _ = stream.get_mut().write_all(answer.replace("{tag}", &tag).as_bytes()).await;
                        if step.is_some_and(|s| s.cut) {
                            let _ = stream.get_mut().shutdown().await;
                            return;
                        }
                        line.clear();
                    }
                });
            }
        });
        Self { port, task }
    }
}
