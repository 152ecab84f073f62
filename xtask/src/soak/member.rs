//! One gateway process. It is killed, by its own id, when this value goes.

use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::http;

pub(super) struct Member {
    process: Child,
    port: u16,
}

impl Member {
    pub(super) fn start<'a>(program: &Path, args: impl Iterator<Item = &'a str>) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new(program)
            .args(args)
            .args(["--report", "json", "--listen", &format!("127.0.0.1:{port}")])
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("the gateway does not start")?;
        Ok(Self { process, port })
    }

    /// Its health page; nothing while it does not answer.
    pub(super) fn health(&self) -> Option<Value> {
        let page = http::get(self.port, "/health").ok()?;
        serde_json::from_str(&page).ok()
    }

    /// Waits for its end and reads its report. It must have found that its books agree.
    pub(super) fn report(mut self) -> Result<Value> {
        let mut text = String::new();
        let mut stdout = self
            .process
            .stdout
            .take()
            .context("its report is read once")?;
        stdout.read_to_string(&mut text)?;
        let status = self.process.wait()?;
        ensure!(status.success(), "the gateway ended with {status}: {text}");
        let line = text.lines().last().context("no report")?;
        Ok(serde_json::from_str(line)?)
    }

    /// Asks it to end in order.
    pub(super) fn interrupt(&self) -> Result<()> {
        let id = self.process.id().to_string();
        let told = Command::new("kill").args(["-INT", &id]).status()?;
        ensure!(told.success(), "the gateway is gone already");
        Ok(())
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // Fails for a process that has ended, which is as well.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}
