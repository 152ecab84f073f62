#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod artefacts;
mod buckets;
mod catalogue;
#[cfg(feature = "prometheus")]
mod collector;
mod counts;
mod error;
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
pub use error::SettingError;
pub use exposition::Format;
pub use family::{AlertCoverage, Family, LabelSpec, MetricDesc, MetricKind};
pub use health::{
    ActiveReasons, Finding, KEEP_ACTIVE, Level, Rate, Reason, Rule, Threshold, Wilson, judge,
};
pub use instruments::{
    Counter, Gauge, Histogram, Latency, LatencyRecorder, Reading, Tally, TallyCounts, TallyOptions,
    TallyRecorder, Window,
};
pub use label::Label;
pub use process::Process;
pub use samples::{Samples, age_or_never, level};
pub use scrape::{ScrapeDifference, compare};
pub use units::Age;
pub use window::{WindowCounts, WindowShape, WindowTotals};
