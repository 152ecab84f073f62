//! A real Prometheus scrapes a running gateway that loses one metric, or goes away altogether.
//!
//! Every case has a Prometheus of its own, with the generated rules as they are. A metric is lost on
//! the way, in a proxy that drops its family from the page and nothing else. One Prometheus looks at the
//! gateway itself: for as long as the other cases take it is the control, in which nothing may fire,
//! and then the gateway ends. What is asked are the dashboard's own expressions, through the API.

mod dashboard;
mod prometheus;
mod proxy;

use core::time::Duration;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::gateway::Gateway;
use crate::rules;
use dashboard::Dashboard;
use prometheus::Prometheus;
use proxy::Proxy;

/// Within this the panels must show a loss, and the alert must fire.
const SHOWN_WITHIN: Duration = Duration::from_secs(120);

/// From the start of a Prometheus to rates and evaluated rules.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

/// The gateway ends by itself after this, whatever becomes of this program: settling, the losses,
/// and its own end, with room for each.
const GATEWAY_LIVES: Duration = Duration::from_secs(600);

/// The gateway starts a Kafka, a topic and a producer first.
const STARTS_WITHIN: Duration = Duration::from_secs(60);

pub(crate) fn run() -> Result<()> {
    rules::install()?;
    let dashboard = Dashboard::read()?;
    let gateway = start()?;
    proxy::drops_exactly_one_family(&gateway.metrics()?)?;

    let control = Prometheus::start("control", gateway.port())?;
    let begun = Instant::now();
    let losses: Vec<_> = LOST_ALONE
        .into_iter()
        .map(|metric| {
            let (dashboard, port) = (dashboard.clone(), gateway.port());
            let case = thread::spawn(move || loss(&dashboard, port, metric));
            (metric, case)
        })
        .collect();
    all_there(&control, &dashboard).context("control")?;
    let mut failed = 0_usize;
    for (metric, case) in losses {
        match case.join() {
            Ok(Ok(seen)) => seen.print(metric),
            Ok(Err(error)) => {
                failed = failed.saturating_add(1);
                eprintln!("{metric}: {error:#}");
            }
            Err(_) => bail!("{metric}: the case panicked"),
        }
    }
    if failed > 0 {
        bail!("{failed} of the cases with a lost metric failed");
    }
    // The longest that a loss needs to fire has passed, with everything there.
    let fired = all_there(&control, &dashboard).context("control")?;
    ensure!(fired.is_empty(), "nothing is lost, and yet: {fired:?}");
    eprintln!(
        "nothing lost: {} panels show numbers and nothing fires in {:.0} s",
        dashboard.panels.len(),
        begun.elapsed().as_secs_f64()
    );
    down(&control, &dashboard, gateway).context("the whole target")
}

/// A gateway with its in-process Kafka, once its pages show partitions. No record is hostile: nothing
/// but what this test takes away may be wrong.
fn start() -> Result<Gateway> {
    let life = format!("{}s", GATEWAY_LIVES.as_secs());
    let args = [
        "--demo-hostile-every",
        "0",
        "--demo-rate",
        "50",
        "--for",
        &life,
    ];
    let mut gateway = Gateway::start(&Gateway::build()?, args.into_iter())?;
    let begun = Instant::now();
    let shows = |page: String| page.contains("websocket_kafka_consumer_lag{");
    while !gateway.metrics().is_ok_and(shows) {
        gateway.runs()?;
        if begun.elapsed() > STARTS_WITHIN {
            bail!("the gateway shows no partition in {STARTS_WITHIN:?}");
        }
        thread::sleep(Duration::from_millis(200));
    }
    Ok(gateway)
}

/// The metrics that are lost one at a time: what existing dashboards could lose unseen.
const LOST_ALONE: [&str; 3] = [
    "websocket_decode_errors_total",
    "websocket_dlq_sends_total",
    "websocket_dlq_send_failures_total",
];

/// How long it took after the loss.
struct Seen {
    gap: Duration,
    row: Duration,
    alert: Duration,
}

impl Seen {
    fn print(&self, lost: &str) {
        let [gap, row, alert] = [self.gap, self.row, self.alert].map(|span| span.as_secs_f64());
        eprintln!(
            "{lost} lost: its panel is empty after {gap:.1} s, the table of missing metrics has it \
             after {row:.1} s, its alert fires after {alert:.1} s"
        );
    }
}

/// One metric is lost while everything else stays.
fn loss(dashboard: &Dashboard, gateway: u16, metric: &'static str) -> Result<Seen> {
    let proxy = Proxy::start(gateway, metric)?;
    let prometheus = Prometheus::start(metric, proxy.port())?;
    let fired = all_there(&prometheus, dashboard)?;
    ensure!(fired.is_empty(), "before anything was lost: {fired:?}");

    let start = Instant::now();
    proxy.lose();
    let gap = prometheus.until("the gap in the panel", start, SHOWN_WITHIN, || {
        Ok(prometheus.query(dashboard.panel(metric)?)?.is_empty())
    })?;
    let row = prometheus.until("the row of the table", start, SHOWN_WITHIN, || {
        Ok(!prometheus.query(dashboard.row(metric)?)?.is_empty())
    })?;
    let wanted = format!("DashstreamMetricMissing/{metric}");
    let alert = prometheus.until("the alert", start, SHOWN_WITHIN, || {
        Ok(prometheus.firing()?.contains(&wanted))
    })?;
    let fired = prometheus.firing()?;
    ensure!(
        fired.iter().all(|name| *name == wanted),
        "more fires than was lost: {fired:?}"
    );
    Ok(Seen { gap, row, alert })
}

/// The gateway ends: every panel of every metric is empty, and the alert on the target fires.
fn down(prometheus: &Prometheus, dashboard: &Dashboard, mut gateway: Gateway) -> Result<()> {
    let start = Instant::now();
    gateway.runs()?;
    drop(gateway);
    let empty = || -> Result<bool> {
        for (_, expr) in &dashboard.panels {
            if !prometheus.query(expr)?.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    };
    let gap = prometheus.until("the gap in every panel", start, SHOWN_WITHIN, empty)?;
    let rows = || -> Result<bool> {
        for metric in LOST_ALONE {
            if prometheus.query(dashboard.row(metric)?)?.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    };
    let row = prometheus.until("the rows of the table", start, SHOWN_WITHIN, rows)?;
    let alert = prometheus.until("the alert", start, SHOWN_WITHIN, || {
        Ok(prometheus
            .firing()?
            .iter()
            .any(|name| name == "DashstreamTargetDown"))
    })?;
    Seen { gap, row, alert }.print("the whole target");
    Ok(())
}

/// Waits until every panel has a number and no metric is said to be missing, and returns what fires.
fn all_there(prometheus: &Prometheus, dashboard: &Dashboard) -> Result<Vec<String>> {
    let mut lacking = String::new();
    let settled = prometheus.until("every panel", Instant::now(), SETTLED_WITHIN, || {
        for (metric, expr) in &dashboard.panels {
            if prometheus.query(expr)?.is_empty() {
                lacking = format!("the panel of {metric} is empty");
                return Ok(false);
            }
        }
        for (metric, expr) in &dashboard.rows {
            if !prometheus.query(expr)?.is_empty() {
                lacking = format!("{metric} is said to be missing");
                return Ok(false);
            }
        }
        prometheus.rules_were_evaluated()
    });
    settled.with_context(|| lacking)?;
    prometheus.firing()
}
