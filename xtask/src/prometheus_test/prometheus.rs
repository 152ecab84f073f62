//! A Prometheus of our own on a free port, asked through its HTTP API.

use core::time::Duration;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{artefacts, http, sh};

/// It ends with this value.
pub(super) struct Prometheus {
    port: u16,
    child: Child,
    folder: PathBuf,
}

impl Prometheus {
    /// Starts one that scrapes the port `target` of this machine every two seconds.
    pub(super) fn start(name: &str, target: u16) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = sh::scratch(&format!("prometheus-{name}"))?;
        fs::write(folder.join("prometheus.yml"), config(target))?;
        let child = Command::new("prometheus")
            .current_dir(&folder)
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("log"))?)
            .spawn()
            .context("prometheus does not start")?;
        Ok(Self {
            port,
            child,
            folder,
        })
    }

    /// Asks twice a second until the answer is yes, and says how long after `start` that was.
    pub(super) fn until(
        &self,
        what: &str,
        start: Instant,
        limit: Duration,
        mut done: impl FnMut() -> Result<bool>,
    ) -> Result<Duration> {
        loop {
            // Prometheus refuses connections until it is up; its last answer is said in the end.
            let answer = done();
            if matches!(answer, Ok(true)) {
                return Ok(start.elapsed());
            }
            if start.elapsed() > limit {
                let log = self.folder.join("log");
                answer.with_context(|| format!("see {}", log.display()))?;
                bail!("{what}: not within {} s", limit.as_secs());
            }
            thread::sleep(Duration::from_millis(500));
        }
    }

    /// The samples that `expr` has now.
    pub(super) fn query(&self, expr: &str) -> Result<Vec<Value>> {
        let answer = self.get(&format!("/api/v1/query?query={}", http::encoded(expr)))?;
        let result = answer.pointer("/data/result").and_then(Value::as_array);
        result.cloned().with_context(|| format!("{expr}: {answer}"))
    }

    /// The firing alerts, with their metric behind a slash if they have one.
    pub(super) fn firing(&self) -> Result<Vec<String>> {
        let answer = self.get("/api/v1/alerts")?;
        let alerts = answer.pointer("/data/alerts").and_then(Value::as_array);
        let firing = alerts
            .context("no alerts in the answer")?
            .iter()
            .filter(|alert| text(alert, "/state") == Some("firing"))
            .filter_map(|alert| {
                let name = text(alert, "/labels/alertname")?;
                Some(match text(alert, "/labels/metric") {
                    Some(metric) => format!("{name}/{metric}"),
                    None => name.to_owned(),
                })
            });
        Ok(firing.collect())
    }

    /// Whether every rule has been evaluated, and none has failed.
    pub(super) fn rules_were_evaluated(&self) -> Result<bool> {
        let answer = self.get("/api/v1/rules")?;
        let groups = answer.pointer("/data/groups").and_then(Value::as_array);
        let rules: Vec<&Value> = groups
            .context("no groups in the answer")?
            .iter()
            .filter_map(|group| group.pointer("/rules")?.as_array())
            .flatten()
            .collect();
        if let Some(failed) = rules
            .iter()
            .find(|rule| text(rule, "/health") == Some("err"))
        {
            bail!("a rule fails: {failed}");
        }
        Ok(!rules.is_empty() && rules.iter().all(|rule| text(rule, "/health") == Some("ok")))
    }

    fn get(&self, path: &str) -> Result<Value> {
        Ok(serde_json::from_str(&http::get(self.port, path)?)?)
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended already; there is nothing else to do about it here.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(self.folder.join("data"));
    }
}

fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value.pointer(path).and_then(Value::as_str)
}

/// The rules are those of the artefacts, unchanged; only scrapes and evaluations are more frequent than
/// the usual fifteen seconds, so that what is measured is the rules' own delay.
fn config(target: u16) -> String {
    let rules = artefacts::folder().join("alerts.yml");
    format!(
        "global:\n  scrape_interval: 2s\n  evaluation_interval: 2s\nrule_files:\n  - {}\n\
         scrape_configs:\n  - job_name: dashstream\n    static_configs:\n      - targets: ['127.0.0.1:{target}']\n",
        rules.display()
    )
}
