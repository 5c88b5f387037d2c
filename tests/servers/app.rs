//! A device of ours in a process of its own, spoken to as the screens do, that can lose its power.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running device. Ends with its power, or when this is dropped; its data stays.
pub struct App {
    program: PathBuf,
    home: PathBuf,
    child: Child,
    at: String,
}

impl App {
    /// Starts the bridge on the data in `home`.
    pub fn start(program: &Path, home: &Path) -> Self {
        let (child, at) = run(program, home);
        Self { program: program.to_owned(), home: home.to_owned(), child, at }
    }

    /// The power fails, and comes back.
    pub fn power_cut(&mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("wait");
        (self.child, self.at) = run(&self.program, &self.home);
    }

    /// Makes a call of the contract; an error is what the screens would show.
    pub fn call(&self, name: &str, params: Value) -> Result<Value, Value> {
        let body = params.to_string();
        let mut stream = TcpStream::connect(&self.at).expect("the bridge");
        let head = format!(
            "POST /api/call/{name} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a whole answer");
        let value = serde_json::from_str(body).unwrap_or_else(|e| panic!("{name}: {e} in {answer}"));
        if head.contains(" 200 ") { Ok(value) } else { Err(value) }
    }

    /// The same, where it has to succeed.
    pub fn must(&self, name: &str, params: Value) -> Value {
        self.call(name, params).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// The number of the folder with this role; `None` = it is not known yet.
    pub fn folder(&self, role: &str) -> Option<String> {
        let all = self.must("mailboxes", json!({}));
        let found = all.as_array()?.iter().find(|m| m["role"] == role)?;
        Some(found["id"].as_str()?.to_owned())
    }

    /// The rows of a folder.
    pub fn rows(&self, folder: &str) -> Vec<Value> {
        let window = self.must("window_open", json!({ "mailbox": folder, "filter": "", "count": 500 }));
        self.must("window_close", json!({ "window": window["window"] }));
        window["rows"].as_array().cloned().unwrap_or_default()
    }

    /// True when nothing waits and the server was heard.
    pub fn in_step(&self) -> bool {
        let waiting = self.must("accounts", json!({}))[0]["waiting"] == 0;
        waiting && self.must("states", json!({}))[0]["phase"] == "in_step"
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(program: &Path, home: &Path) -> (Child, String) {
    let mut command = Command::new(program);
    command.arg(home).arg(home).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the bridge starts");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("stdout")).read_line(&mut line).expect("a line");
    let said: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"));
    let url = said["url"].as_str().expect("a url");
    (child, url.trim_start_matches("http://").to_owned())
}
