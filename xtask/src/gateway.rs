//! A gateway process of our own. It is killed, by its own id, when this value goes.

use std::io::Read as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{http, sh};

pub(crate) struct Gateway {
    process: Child,
    port: u16,
}

impl Gateway {
    /// Builds the program and says where it is.
    pub(crate) fn build() -> Result<PathBuf> {
        sh::built("dashstream-gateway", "dashstream-gateway", "")
    }

    pub(crate) fn start<'a>(program: &Path, args: impl Iterator<Item = &'a str>) -> Result<Self> {
        let mut command = Command::new(program);
        Self::spawn(command.args(args).env("RUST_LOG", "error"))
    }

    /// Starts `command`, a gateway with what is its own.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = command
            .args(["--report", "json", "--listen", &format!("127.0.0.1:{port}")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("the gateway does not start")?;
        Ok(Self { process, port })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Fails when the process has ended.
    pub(crate) fn runs(&mut self) -> Result<()> {
        match self.process.try_wait()? {
            Some(status) => bail!("the gateway ended: {status}"),
            None => Ok(()),
        }
    }

    /// Its exposition now.
    pub(crate) fn metrics(&self) -> Result<String> {
        http::get(self.port, "/metrics")
    }

    /// Its health page; nothing while it does not answer.
    pub(crate) fn health(&self) -> Option<Value> {
        let page = http::get(self.port, "/health").ok()?;
        serde_json::from_str(&page).ok()
    }

    /// Waits for its end and reads its report. It must have found that its books agree.
    pub(crate) fn report(mut self) -> Result<Value> {
        let mut text = String::new();
        let stdout = self.process.stdout.take();
        stdout
            .context("its report is read once")?
            .read_to_string(&mut text)?;
        let status = self.process.wait()?;
        ensure!(status.success(), "the gateway ended with {status}: {text}");
        let line = text.lines().last().context("no report")?;
        Ok(serde_json::from_str(line)?)
    }

    /// Sends it a signal by its name: INT asks it to end in order.
    pub(crate) fn signal(&self, name: &str) -> Result<()> {
        let id = self.process.id().to_string();
        let told = Command::new("kill").args(["-s", name, &id]).status()?;
        ensure!(told.success(), "the gateway is gone already");
        Ok(())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Fails for a process that has ended, which is as well.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}
