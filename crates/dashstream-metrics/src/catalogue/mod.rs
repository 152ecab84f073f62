//! One table of every metric: what it is called, what it means, where it is shown, who watches it.

mod metric;
mod sample;
mod table;

pub use metric::{Kind, LabelSpec, LabelValues, Metric, Watch};
#[cfg(feature = "prometheus")]
pub(crate) use sample::approximate;
pub(crate) use sample::{Samples, Value};
pub use table::CATALOGUE;

/// The metric of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Metric> {
    CATALOGUE.iter().find(|metric| metric.name == name)
}
