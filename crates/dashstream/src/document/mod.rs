//! The health document as types, for the server that writes it and the clients that read it.
#![expect(
    clippy::exhaustive_structs,
    reason = "a client must not be able to overlook a new field"
)]

mod archive;
mod broker;
mod buckets;
mod counters;
mod partition;
mod reason;
mod unprocessable;
mod windows;

use core::time::Duration;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use archive::{ArchivePart, BreakerPart, ReplayBufferPart, RestartBreakerPart, RunsPart};
pub use broker::BrokerPart;
pub use buckets::Buckets;
pub use counters::CountersPart;
pub use partition::PartitionPart;
pub use reason::{RateNumbers, RatePart, ReasonPart};
pub use unprocessable::UnprocessablePart;
pub use windows::{WindowPart, WindowsPart};

use dashstream_metrics::Level;

use crate::health::{Reason, Verdict};
use crate::snapshot::Snapshot;
use dashstream_metrics::Age;

/// The fields of an object that this version does not know, kept as they are: reading a document and
/// writing it loses nothing of it.
pub(crate) type Fields = BTreeMap<String, serde_json::Value>;

/// The document that `/health` answers with, always with HTTP status 200.
///
/// The fields that existing consumers have keep their names and meanings; the others are `None` in
/// a document that an existing consumer wrote. A client that takes the document apart without `..`
/// is told by its compiler about every field that is added. The words of statuses, codes, levels, states
/// and causes are texts, because a later version or another program may have more of them; the `LABEL` of
/// an enum finds the value of one that it knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// healthy, degraded, waiting or reconnecting: [`Status`](crate::Status).
    pub status: String,
    /// pass, warn or fail: [`Level`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// Why, the most severe first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasons: Option<Vec<ReasonPart>>,
    /// Every rate that was judged, whatever came out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rates: Option<Vec<RatePart>>,
    /// Counts since the start and of the last 120 seconds.
    pub metrics: CountersPart,
    /// The same counts as disjoint buckets that sum to the records received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buckets: Option<Buckets>,
    /// What could not be processed, and what became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unprocessable: Option<UnprocessablePart>,
    /// What the windows stand for, and whether they could show everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<WindowsPart>,
    /// The partitions that are assigned now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<Vec<PartitionPart>>,
    /// The archive for unprocessable records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<ArchivePart>,
    /// The connection to the brokers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broker: Option<BrokerPart>,
    /// The circuit breaker on unprocessable records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<BreakerPart>,
    /// The runs whose state is followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<RunsPart>,
    /// The replay buffer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_buffer: Option<ReplayBufferPart>,
    /// connected, waiting_for_messages or no_recent_messages.
    pub kafka_status: String,
    /// no_clients, or the number of clients followed by `_clients_connected`.
    pub websocket_status: String,
    /// The reasons that need attention as one line for people; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
    /// The breaker of existing consumers, which restarts the process. We have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit_breaker: Option<RestartBreakerPart>,
    /// How old the snapshot behind the document is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_age_seconds: Option<f64>,
    /// never, complete, or the number of series that differ from the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_scrape: Option<SelfScrapePart>,
    /// Fields that this version does not know. Every object of the document keeps its own.
    #[serde(flatten)]
    pub other: Fields,
}

/// What the last self-scrape found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfScrapePart {
    /// Whether the exposition was compared with the catalogue.
    pub compared: bool,
    /// Series by which they differed.
    pub differences: u32,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: Fields,
}

impl Document {
    /// Writes the document of `snapshot` and its `verdict` at `now`.
    ///
    /// Ages are those at `now`; counts are the snapshot's, whose own age is a field.
    #[must_use]
    pub fn new(now: Duration, snapshot: &Snapshot, verdict: &Verdict) -> Self {
        let clients = snapshot.facts.connected_clients;
        Self {
            status: verdict.status.as_str().into(),
            verdict: Some(verdict.level.as_str().into()),
            reasons: Some(verdict.reasons.iter().map(ReasonPart::new).collect()),
            rates: Some(
                verdict
                    .rates
                    .iter()
                    .map(|(of, rate)| RatePart::new(*of, rate))
                    .collect(),
            ),
            metrics: CountersPart::new(now, snapshot),
            buckets: Some(Buckets::of_totals(&snapshot.totals)),
            unprocessable: Some(UnprocessablePart::new(snapshot)),
            windows: Some(WindowsPart::new(snapshot)),
            partitions: Some(
                snapshot
                    .facts
                    .partitions
                    .iter()
                    .map(|partition| PartitionPart::new(now, partition))
                    .collect(),
            ),
            archive: Some(ArchivePart::new(now, snapshot)),
            broker: Some(BrokerPart::new(now, &snapshot.facts)),
            breaker: snapshot
                .facts
                .breaker
                .map(|breaker| BreakerPart::new(now, &breaker)),
            runs: Some(RunsPart::new(snapshot)),
            replay_buffer: snapshot
                .facts
                .replay_buffer
                .map(|facts| ReplayBufferPart::new(&facts, &snapshot.totals)),
            kafka_status: kafka_status(verdict, snapshot).into(),
            websocket_status: match clients {
                0 => "no_clients".into(),
                clients => format!("{clients}_clients_connected"),
            },
            alert: alert(&verdict.reasons),
            circuit_breaker: None,
            snapshot_age_seconds: Some(verdict.snapshot_age.seconds()),
            self_scrape: Some(SelfScrapePart {
                compared: snapshot.facts.self_scrape.is_some(),
                differences: snapshot.facts.self_scrape.unwrap_or(0),
                other: Fields::new(),
            }),
            other: Fields::new(),
        }
    }

    /// The received records as disjoint buckets, whoever wrote the document.
    ///
    /// In documents of existing consumers `kafka_errors` contains `decode_errors`; what is left of
    /// it is a bucket of its own here, and never less than nothing.
    #[must_use]
    pub fn disjoint(&self) -> Buckets {
        self.buckets
            .clone()
            .unwrap_or_else(|| Buckets::of_overlapping(&self.metrics))
    }
}

fn kafka_status(verdict: &Verdict, snapshot: &Snapshot) -> &'static str {
    if snapshot.last.message.is_none() {
        "waiting_for_messages"
    } else if verdict.is_silent() {
        "no_recent_messages"
    } else {
        "connected"
    }
}

fn alert(reasons: &[Reason]) -> Option<String> {
    let lines: Vec<String> = reasons
        .iter()
        .filter_map(|reason| match reason.level {
            Level::Pass => None,
            Level::Warn => Some(format!("WARNING: {reason}")),
            Level::Fail => Some(format!("CRITICAL: {reason}")),
        })
        .collect();
    (!lines.is_empty()).then(|| lines.join(" | "))
}

/// Whole seconds from `moment` to `now`; `None` for never.
fn seconds_ago(now: Duration, moment: Option<Duration>) -> Option<u64> {
    moment.map(|moment| Age::since(moment, now).whole_seconds())
}
