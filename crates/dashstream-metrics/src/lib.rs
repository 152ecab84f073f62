//! Exact lock-free windows, latencies, metrics that exist only when they are on the page, and health
//! rules with their series and alerts.
//!
//! A service declares a [`Catalogue`] over its own snapshot type. What counts comes from the
//! registration and from nowhere else:
//!
//! - **No ghost metrics.** [`Counter`], [`Gauge`], [`Histogram`], [`Latency`], [`Tally`] and [`Window`]
//!   have no constructor. [`Catalogue::build`] returns them when everything was registered, and
//!   [`Catalogue::export_gaps`] moves each cell and requires the page to change.
//! - **No free label.** A [`Label`] is a value with all of its values, so that the enum of any crate can be
//!   one, and every series is there from the start.
//! - **No lifetime rates.** Verdicts come from windows of 120 seconds and an hour. Each event of a window
//!   is counted once or accounted for by name ([`WindowTotals`]).
//! - **No small-sample alarms, no blindness.** A rate is judged by its Wilson bounds ([`Wilson`]).
//! - **One rule, three outputs.** A [`Rule`] gives a reason of the verdict, a series that stays for longer
//!   than a scrape interval ([`ActiveReasons`]), and an alert that watches it ([`artefacts`]).
//!
//! No function reads a clock: `now` is the time since an origin that the caller picks, the same for
//! all calls. Nothing allocates on the recording path, and memory does not depend on the traffic.
//! A thread with much to record takes a recorder, whose counters nobody else writes to.
//!
//! # Features
//!
//! - `serde`: the generated dashboard, which is JSON.
//! - `prometheus`: a catalogue as one collector in a caller's registry.
#![forbid(unsafe_code)]

pub mod artefacts;
mod buckets;
mod catalogue;
#[cfg(feature = "prometheus")]
mod collector;
mod counts;
mod exposition;
mod family;
mod health;
mod instruments;
mod label;
pub mod lint;
mod process;
mod samples;
mod scrape;
mod shard;
mod sync;
#[cfg(all(test, loom))]
mod tests {
    pub(crate) mod explore;
}
mod units;
mod window;

pub use buckets::Buckets;
pub use catalogue::{Catalogue, ExportGap, RegisterError, Registration};
#[cfg(feature = "prometheus")]
pub use collector::register_in;
pub use counts::Counts;
pub use exposition::Format;
pub use family::{AlertCoverage, Family, LabelSpec, MetricDesc, MetricKind};
pub use health::{
    ActiveReasons, Finding, GateError, KEEP_ACTIVE, Level, Rate, Reason, Rule, Threshold, Wilson,
    judge,
};
pub use instruments::{
    Counter, Gauge, Histogram, Latency, LatencyRecorder, Reading, Tally, TallyCounts, TallyOptions,
    TallyRecorder, Window,
};
pub use label::Label;
pub use process::Process;
pub use samples::{Samples, age_or_never, level};
pub use scrape::{ScrapeDifference, compare};
pub use units::{Age, Ratio};
pub use window::{Slot, WindowCounts, WindowShape, WindowShapeError, WindowTotals};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
