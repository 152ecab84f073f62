//! A real Prometheus scrapes an exporter of the catalogue that loses a metric, or goes away.
//!
//! Each case has its own Prometheus and exporter on loopback. The dashboard's own expression is asked
//! through the API: it must be empty first, show the loss within two minutes, and the alert must fire.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use dashstream_metrics::{Facts, Metrics, Options, Registry};
use serde_json::Value;

use crate::artefacts;

/// What is lost in each case: a metric, or everything.
const CASES: &[Option<&str>] = &[
    Some("websocket_decode_errors_total"),
    Some("websocket_dlq_sends_total"),
    Some("websocket_dlq_send_failures_total"),
    None,
];

/// Within this the panel must show the loss, and the alert must fire.
const SHOWN_WITHIN: Duration = Duration::from_secs(120);

pub(crate) fn run() -> Result<()> {
    let threads: Vec<_> = CASES
        .iter()
        .map(|lost| thread::spawn(|| case(*lost)))
        .collect();
    let mut failed = 0_usize;
    for (thread, lost) in threads.into_iter().zip(CASES) {
        let name = lost.unwrap_or("the whole target");
        match thread.join() {
            Ok(Ok(Seen { panel, alert })) => eprintln!(
                "{name}: the panel shows it after {:.1} s, the alert fires after {:.1} s",
                panel.as_secs_f64(),
                alert.as_secs_f64()
            ),
            Ok(Err(error)) => {
                failed = failed.saturating_add(1);
                eprintln!("{name}: {error:#}");
            }
            Err(_) => bail!("{name}: the case panicked"),
        }
    }
    if failed > 0 {
        bail!("{failed} of {} cases failed", CASES.len());
    }
    Ok(())
}

/// How long it took after the loss.
struct Seen {
    panel: Duration,
    alert: Duration,
}

fn case(lost: Option<&'static str>) -> Result<Seen> {
    let exporter = Exporter::start()?;
    let prometheus = Prometheus::start(exporter.port)?;
    // The whole target takes every metric with it; any panel shows that.
    let shown = lost.unwrap_or("websocket_decode_errors_total");
    let (panel, alert) = (
        panel(shown)?,
        lost.map_or("DashstreamTargetDown", |_| "DashstreamMetricMissing"),
    );

    prometheus.wait("the first scrape", Duration::from_secs(60), || {
        Ok(!prometheus.query(shown)?.is_empty())
    })?;
    // Three scrapes and one evaluation of the rules with everything in place.
    thread::sleep(Duration::from_secs(7));
    if !prometheus.query(&panel)?.is_empty()
        || prometheus.alerts()?.iter().any(|name| is_missing(name))
    {
        bail!("something is missing before anything was lost");
    }

    let start = Instant::now();
    exporter.lose(lost);
    prometheus.wait("the panel", SHOWN_WITHIN, || {
        Ok(!prometheus.query(&panel)?.is_empty())
    })?;
    let panel = start.elapsed();
    let wanted = lost.map_or_else(|| alert.to_owned(), |metric| format!("{alert}/{metric}"));
    let left = SHOWN_WITHIN.saturating_sub(start.elapsed());
    prometheus.wait("the alert", left, || {
        Ok(prometheus.alerts()?.contains(&wanted))
    })?;
    let alert = start.elapsed();
    let others = prometheus.alerts()?;
    if lost.is_some()
        && others
            .iter()
            .any(|name| is_missing(name) && *name != wanted)
    {
        bail!("more is said to be missing than was lost: {others:?}");
    }
    Ok(Seen { panel, alert })
}

fn is_missing(alert: &str) -> bool {
    alert.starts_with("DashstreamMetricMissing") || alert == "DashstreamTargetDown"
}

/// The expression of the dashboard's own panel.
fn panel(metric: &str) -> Result<String> {
    let text = std::fs::read_to_string(artefacts::folder().join("dashboard.json"))?;
    let dashboard: Value = serde_json::from_str(&text)?;
    let targets = dashboard
        .pointer("/panels/0/targets")
        .and_then(Value::as_array);
    let target = targets
        .context("the first panel has targets")?
        .iter()
        .find(|target| text_at(target, "/legendFormat") == Some(metric));
    let expr = target.and_then(|target| text_at(target, "/expr"));
    expr.map(str::to_owned)
        .with_context(|| format!("no panel for {metric}"))
}

fn text_at<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value.pointer(path).and_then(Value::as_str)
}

/// Serves the exposition until it is told to lose it.
struct Exporter {
    port: u16,
    lost: Arc<Mutex<Option<&'static str>>>,
    down: Arc<AtomicBool>,
}

impl Exporter {
    fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let exporter = Self {
            port: listener.local_addr()?.port(),
            lost: Arc::default(),
            down: Arc::default(),
        };
        let (lost, down) = (Arc::clone(&exporter.lost), Arc::clone(&exporter.down));
        let metrics = Metrics::register(&mut Registry::new(), Options::default(), Duration::ZERO)?;
        thread::spawn(move || {
            let start = Instant::now();
            for stream in listener.incoming() {
                if down.load(Ordering::Relaxed) {
                    return;
                }
                let page = metrics
                    .observe(start.elapsed(), Facts::default())
                    .exposition();
                let lost = *lost.lock().unwrap_or_else(PoisonError::into_inner);
                // One client, which reads what it asked for; an answer that fails is its loss.
                let _ = stream.and_then(|stream| answer(stream, &without(&page, lost)));
            }
        });
        Ok(exporter)
    }

    fn lose(&self, metric: Option<&'static str>) {
        match metric {
            Some(metric) => {
                *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(metric)
            }
            None => self.stop(),
        }
    }

    fn stop(&self) {
        self.down.store(true, Ordering::Relaxed);
        // Wakes the listener, which then closes.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.stop();
    }
}

fn without(page: &str, lost: Option<&str>) -> String {
    let kept = page
        .lines()
        .filter(|line| lost.is_none_or(|lost| !line.contains(lost)));
    kept.map(|line| format!("{line}\n")).collect()
}

fn answer(mut stream: TcpStream, page: &str) -> std::io::Result<()> {
    let mut request = [0; 4096];
    let _ = stream.read(&mut request)?;
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        dashstream_metrics::Snapshot::CONTENT_TYPE,
        page.len()
    )
}

/// A Prometheus of our own; it ends with this value.
struct Prometheus {
    port: u16,
    child: Child,
    folder: PathBuf,
}

impl Prometheus {
    fn start(target: u16) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = std::env::temp_dir().join(format!("dashstream-prometheus-{port}"));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("prometheus.yml"), config(target))?;
        let child = Command::new("prometheus")
            .current_dir(&folder)
            .arg("--config.file=prometheus.yml")
            .arg("--storage.tsdb.path=data")
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--log.level=error")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("could not start prometheus; Debian's package is called prometheus")?;
        Ok(Self {
            port,
            child,
            folder,
        })
    }

    fn wait(
        &self,
        what: &str,
        limit: Duration,
        mut done: impl FnMut() -> Result<bool>,
    ) -> Result<()> {
        let start = Instant::now();
        loop {
            // Prometheus refuses connections until it is up.
            if matches!(done(), Ok(true)) {
                return Ok(());
            }
            if start.elapsed() > limit {
                bail!("{what}: not within {} s", limit.as_secs());
            }
            thread::sleep(Duration::from_millis(500));
        }
    }

    fn query(&self, expr: &str) -> Result<Vec<Value>> {
        let mut path = String::from("/api/v1/query?query=");
        for byte in expr.bytes() {
            path.push_str(&format!("%{byte:02X}"));
        }
        let answer = self.get(&path)?;
        let result = answer.pointer("/data/result").and_then(Value::as_array);
        result.cloned().with_context(|| format!("{expr}: {answer}"))
    }

    /// The firing alerts, with their metric behind a slash if they have one.
    fn alerts(&self) -> Result<Vec<String>> {
        let answer = self.get("/api/v1/alerts")?;
        let alerts = answer.pointer("/data/alerts").and_then(Value::as_array);
        Ok(alerts
            .context("no alerts in the answer")?
            .iter()
            .filter(|alert| text_at(alert, "/state") == Some("firing"))
            .filter_map(|alert| {
                let name = text_at(alert, "/labels/alertname")?;
                Some(match text_at(alert, "/labels/metric") {
                    Some(metric) => format!("{name}/{metric}"),
                    None => name.to_owned(),
                })
            })
            .collect())
    }

    fn get(&self, path: &str) -> Result<Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (_, body) = answer.split_once("\r\n\r\n").context("no body")?;
        Ok(serde_json::from_str(body)?)
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended already; there is nothing else to do about it here.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(Path::new(&self.folder));
    }
}

fn config(target: u16) -> String {
    let rules = artefacts::folder().join("alerts.yml");
    format!(
        "global:\n  scrape_interval: 2s\n  evaluation_interval: 2s\nrule_files:\n  - {}\nscrape_configs:\n  - job_name: dashstream\n    static_configs:\n      - targets: ['127.0.0.1:{target}']\n",
        rules.display()
    )
}
