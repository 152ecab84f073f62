//! How a family hands out its numbers.

use core::time::Duration;

use crate::buckets::Buckets;
use crate::instruments::{Frozen, Numbers, QUANTILES};
use crate::label::Label;
use crate::units::Age;

/// One sample's number.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Count(u64),
    Gauge(f64),
    Histogram(&'a Numbers),
}

/// Receives the samples of one family: label values in the order of its labels, and the number.
#[expect(missing_debug_implementations, reason = "a function is all it holds")]
pub struct Samples<'a> {
    emit: &'a mut dyn FnMut(&[&str], Value<'_>),
}

impl<'a> Samples<'a> {
    pub(crate) fn new(emit: &'a mut dyn FnMut(&[&str], Value<'_>)) -> Self {
        Self { emit }
    }

    /// A sample of a counter.
    pub fn count(&mut self, labels: &[&str], n: u64) {
        (self.emit)(labels, Value::Count(n));
    }

    /// A sample of a gauge.
    pub fn gauge(&mut self, labels: &[&str], level: f64) {
        (self.emit)(labels, Value::Gauge(level));
    }

    /// A sample for each value of a label, by the values' order; `texts` are empty for no label.
    pub(crate) fn by_value<'v>(
        &mut self,
        texts: &[&'static str],
        values: impl Iterator<Item = Value<'v>>,
    ) {
        for (at, value) in values.enumerate() {
            (self.emit)(text_at(texts, at), value);
        }
    }

    /// The samples of a family that an instrument feeds.
    pub(crate) fn frozen(&mut self, texts: &[&'static str], frozen: &Frozen, part: Part) {
        match frozen {
            Frozen::Counts(counts) => self.by_value(texts, counts.iter().map(|n| Value::Count(*n))),
            Frozen::Levels(levels) => {
                self.by_value(texts, levels.iter().map(|level| Value::Gauge(*level)));
            }
            Frozen::Histograms(histograms) => {
                self.by_value(texts, histograms.iter().map(Value::Histogram));
            }
            Frozen::Latencies(latencies) => {
                for (at, (numbers, quantiles)) in latencies.iter().enumerate() {
                    let text = text_at(texts, at);
                    match part {
                        Part::All => (self.emit)(text, Value::Histogram(numbers)),
                        Part::View(buckets) => {
                            (self.emit)(text, Value::Histogram(&numbers.view(buckets)));
                        }
                        Part::Quantiles => {
                            for ((quantile, _), took) in QUANTILES.iter().zip(quantiles) {
                                // Without observations the series stays with NaN: 0 would be a latency, and
                                // a family without series would fire the alert on its absence.
                                let seconds = took.map_or(f64::NAN, |took| took.as_secs_f64());
                                // The label's text first, then the quantile: the order in which the
                                // registration lists them.
                                self.gauge(&[text, &[*quantile]].concat(), seconds);
                            }
                        }
                    }
                }
            }
            // They have no family of their own.
            Frozen::Tally(_) | Frozen::Window(_) => {}
        }
    }
}

/// Which of an instrument's families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    All,
    Quantiles,
    View(Buckets),
}

/// The text of one value of a label; nothing for no label.
fn text_at<'t>(texts: &'t [&'static str], at: usize) -> &'t [&'static str] {
    // For no label there are no texts, and the sample has no label values.
    texts.get(at..at.saturating_add(1)).unwrap_or_default()
}

/// The texts of a label's values; none for no label.
pub(crate) fn texts<K: Copy>(label: Label<K>) -> Vec<&'static str> {
    if label.name.is_empty() {
        Vec::new()
    } else {
        label.texts()
    }
}

/// Seconds since `moment` at `now`, or −1 for never: what dashboards expect of ages.
#[must_use]
pub fn age_or_never(now: Duration, moment: Option<Duration>) -> f64 {
    moment.map_or(-1.0, |moment| Age::since(moment, now).seconds())
}

/// A counted number as a gauge. The exposition's numbers are doubles; above 2^53 they lose their last
/// digits.
#[expect(
    clippy::cast_precision_loss,
    reason = "the format has no integers, and no gauge comes near 2^53"
)]
#[must_use]
pub const fn level(n: u64) -> f64 {
    n as f64
}
