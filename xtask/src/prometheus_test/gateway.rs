//! A gateway of our own with its in-process Kafka and a demo without hostile records.

use core::time::Duration;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::{http, sh};

/// It starts a Kafka, a topic and a producer first.
const STARTS_WITHIN: Duration = Duration::from_secs(60);

pub(super) struct Gateway {
    port: u16,
    child: Child,
}

impl Gateway {
    /// Builds and starts it, and waits until its pages show partitions.
    pub(super) fn start(lives: Duration) -> Result<Self> {
        let program = sh::built("dashstream-gateway", "dashstream-gateway")?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new(program)
            // No hostile record: nothing but what this test takes away may be wrong.
            .args(["--demo-hostile-every", "0", "--demo-rate", "50"])
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(["--for", &format!("{}s", lives.as_secs())])
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("the gateway does not start")?;
        let mut gateway = Self { port, child };
        let start = Instant::now();
        while !gateway
            .page()
            .is_ok_and(|page| page.contains("websocket_kafka_consumer_lag{"))
        {
            if let Some(status) = gateway.child.try_wait()? {
                bail!("the gateway ended: {status}");
            }
            if start.elapsed() > STARTS_WITHIN {
                bail!("the gateway shows no partition in {STARTS_WITHIN:?}");
            }
            thread::sleep(Duration::from_millis(200));
        }
        Ok(gateway)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Its exposition now.
    pub(super) fn page(&self) -> Result<String> {
        http::get(self.port, "/metrics")
    }

    /// Ends it at once, as a crash would. It must have run until now.
    pub(super) fn end(mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("the gateway ended before its time: {status}");
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended already; there is nothing else to do about it here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
