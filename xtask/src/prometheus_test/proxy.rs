//! Stands between Prometheus and the gateway, and drops one metric from the page when told to.

use core::sync::atomic::{AtomicBool, Ordering};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use anyhow::{Result, ensure};
use dashstream::metrics::{Format, ScrapeDifference, compare};
use dashstream::{Metrics, Options};

use super::LOST_ALONE;
use crate::http;

pub(super) struct Proxy {
    port: u16,
    loses: Arc<AtomicBool>,
    ended: Arc<AtomicBool>,
}

impl Proxy {
    /// Hands on the page of the gateway at `gateway`, complete at first.
    pub(super) fn start(gateway: u16, metric: &'static str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let proxy = Self {
            port: listener.local_addr()?.port(),
            loses: Arc::default(),
            ended: Arc::default(),
        };
        let (loses, ended) = (Arc::clone(&proxy.loses), Arc::clone(&proxy.ended));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                // An answer that fails is a failed scrape, which Prometheus reports.
                let _ = stream.map_err(Into::into).and_then(|stream| {
                    let page = http::get(gateway, "/metrics")?;
                    let lost = loses.load(Ordering::Relaxed);
                    answer(stream, &if lost { without(&page, metric) } else { page })
                });
            }
        });
        Ok(proxy)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// From now on the metric is not on the page.
    pub(super) fn lose(&self) {
        self.loses.store(true, Ordering::Relaxed);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Wakes the listener, which then closes.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// The gateway's page is complete, and without a family it lacks that family and nothing else.
pub(super) fn drops_exactly_one_family(page: &str) -> Result<()> {
    let options = Options::default().without_clients().without_breaker();
    let metrics = Metrics::register(options, core::time::Duration::ZERO)?;
    let families = metrics.catalogue().families();
    let partitions: Vec<i32> = page
        .lines()
        .filter_map(|line| line.strip_prefix("websocket_kafka_consumer_lag{partition=\""))
        .filter_map(|rest| rest.split('"').next()?.parse().ok())
        .collect();
    ensure!(!partitions.is_empty(), "the gateway has no partition");
    let ids = partitions.iter().map(ToString::to_string).collect();
    let open = [("partition", ids)];
    let differences = compare(page, families, &open);
    ensure!(
        differences.is_empty(),
        "the gateway's page: {differences:?}"
    );
    for name in LOST_ALONE {
        let differences = compare(&without(page, name), families, &open);
        let expected = [ScrapeDifference::MissingMetric { name }];
        ensure!(differences == expected, "without {name}: {differences:?}");
    }
    eprintln!(
        "the gateway's page has the {} metrics of the catalogue for partitions {partitions:?}",
        families.len()
    );
    Ok(())
}

/// The page without the comments and samples of one counter or gauge.
fn without(page: &str, lost: &str) -> String {
    let kept = page.lines().filter(|line| {
        let series = line
            .strip_prefix("# HELP ")
            .or_else(|| line.strip_prefix("# TYPE "))
            .unwrap_or(line);
        series.split(['{', ' ']).next() != Some(lost)
    });
    kept.map(|line| format!("{line}\n")).collect()
}

fn answer(mut stream: TcpStream, page: &str) -> Result<()> {
    let mut request = [0; 4096];
    let _ = stream.read(&mut request)?;
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        Format::Text.content_type(),
        page.len()
    )?;
    Ok(())
}
