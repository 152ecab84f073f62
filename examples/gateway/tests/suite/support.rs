//! The gateway as a process of its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use core::time::Duration;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use serde_json::Value;

pub(crate) fn gateway(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dashstream-gateway"));
    // What the machine's own deployment sets must not change a test.
    command.env_clear().args(args).stdin(Stdio::null());
    command
}

/// A gateway that runs until it is told to stop, and is killed if a test fails before.
pub(crate) struct Running {
    process: Child,
    address: String,
}

impl Running {
    pub(crate) fn start(args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = gateway(&[&["--listen", "127.0.0.1:0"], args].concat());
        command.envs(env.iter().copied());
        Self::spawn(command)
    }

    /// A gateway that may have no more than so many descriptors.
    pub(crate) fn start_within(descriptors: u32, args: &[&str]) -> Self {
        let script = format!("ulimit -n {descriptors} && exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command
            .env_clear()
            .args(["-c", &script, env!("CARGO_BIN_EXE_dashstream-gateway")])
            .args(["--listen", "127.0.0.1:0"])
            .args(args)
            .stdin(Stdio::null());
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                Some(
                    line.split_once("pages at http://")?
                        .1
                        .trim_end_matches('/')
                        .to_owned(),
                )
            })
            .unwrap();
        // Somebody has to read on, or the process blocks when the pipe is full.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { process, address }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let address = &self.address;
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close"
        ))
    }

    /// The answer to a request with this head.
    pub(crate) fn ask(&self, head: &str) -> String {
        let mut stream = self.connect();
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        write!(stream, "{head}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// The page once it says `text`.
    pub(crate) fn wait_for(&self, path: &str, text: &str) -> String {
        self.wait_until(path, text, |answer| answer.contains(text))
    }

    pub(crate) fn wait_until(
        &self,
        path: &str,
        what: &str,
        ready: impl Fn(&str) -> bool,
    ) -> String {
        self.wait(path, what, PATIENCE, ready)
    }

    /// The same for what takes longer than joining a group.
    pub(crate) fn wait_for_long(
        &self,
        path: &str,
        patience: Duration,
        ready: impl Fn(&str) -> bool,
    ) -> String {
        self.wait(path, "it in time", patience, ready)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a test waits for another process"
    )]
    fn wait(
        &self,
        path: &str,
        what: &str,
        patience: Duration,
        ready: impl Fn(&str) -> bool,
    ) -> String {
        let begun = Instant::now();
        loop {
            let answer = self.get(path);
            if ready(&answer) {
                return answer;
            }
            assert!(
                begun.elapsed() < patience,
                "{path} never said {what}: {answer}"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub(crate) fn interrupt(&mut self) -> (Option<i32>, String) {
        let id = self.process.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        let mut stdout = String::new();
        self.process
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut stdout)
            .unwrap();
        (self.process.wait().unwrap().code(), stdout)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails for a process that has ended, which is as well.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// The document behind an answer of `/health`.
pub(crate) fn health(page: &str) -> Value {
    let (_, body) = page.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// The level of the reason with this code, if it is given.
pub(crate) fn level(page: &str, code: &str) -> Option<String> {
    let document = health(page);
    let mut reasons = document.get("reasons")?.as_array()?.iter();
    let reason = reasons.find(|reason| reason.get("code").is_some_and(|it| it == code))?;
    Some(reason.get("level")?.as_str()?.to_owned())
}

pub(crate) fn is_ready(gateway: &Running) -> bool {
    gateway.get("/readyz").starts_with("HTTP/1.1 200")
}

pub(crate) fn joined(gateway: &Running) {
    gateway.wait_until("/health", "a partition", |page| {
        let document = health(page);
        let partitions = document.get("partitions").and_then(Value::as_array);
        partitions.is_some_and(|all| !all.is_empty())
    });
}

/// Joining a group at the in-process broker takes up to ten seconds.
const PATIENCE: Duration = Duration::from_secs(30);
