//! How a metric's row hands out its numbers.

use crate::cells::Histogram;
use crate::label::{Key, Label};
use crate::units::Age;

/// One sample's number.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Count(u64),
    Gauge(f64),
    Histogram(&'a Histogram),
}

/// Receives the samples of one metric: label values in the order of the table, and the number.
pub(crate) struct Samples<'a> {
    emit: &'a mut dyn FnMut(&[&str], Value<'_>),
}

impl<'a> Samples<'a> {
    pub(crate) fn new(emit: &'a mut dyn FnMut(&[&str], Value<'_>)) -> Self {
        Self { emit }
    }

    pub(crate) fn count(&mut self, n: u64) {
        (self.emit)(&[], Value::Count(n));
    }

    pub(crate) fn gauge(&mut self, value: f64) {
        (self.emit)(&[], Value::Gauge(value));
    }

    /// A gauge of something that is counted now.
    pub(crate) fn level(&mut self, n: u64) {
        self.gauge(approximate(n));
    }

    /// Seconds, or −1 for never, as existing dashboards expect of the ages.
    pub(crate) fn age(&mut self, age: Option<Age>) {
        self.gauge(age_in_seconds(age));
    }

    pub(crate) fn counts<L: Label>(&mut self, mut read: impl FnMut(L) -> u64) {
        for label in L::VALUES {
            (self.emit)(&[label.as_str()], Value::Count(read(*label)));
        }
    }

    pub(crate) fn counts2<L: Label, M: Label>(&mut self, mut read: impl FnMut(L, M) -> u64) {
        for l in L::VALUES {
            for m in M::VALUES {
                (self.emit)(&[l.as_str(), m.as_str()], Value::Count(read(*l, *m)));
            }
        }
    }

    pub(crate) fn gauges<L: Label>(&mut self, mut read: impl FnMut(L) -> f64) {
        for label in L::VALUES {
            (self.emit)(&[label.as_str()], Value::Gauge(read(*label)));
        }
    }

    pub(crate) fn partition(&mut self, id: i32, value: f64) {
        (self.emit)(&[id.to_string().as_str()], Value::Gauge(value));
    }

    /// The same as [`Samples::age`], of a partition.
    pub(crate) fn partition_age(&mut self, id: i32, age: Option<Age>) {
        self.partition(id, age_in_seconds(age));
    }

    pub(crate) fn partition_and<L: Label>(&mut self, id: i32, mut read: impl FnMut(L) -> f64) {
        let id = id.to_string();
        for label in L::VALUES {
            (self.emit)(&[&id, label.as_str()], Value::Gauge(read(*label)));
        }
    }

    pub(crate) fn histogram(&mut self, histograms: &[Histogram]) {
        for histogram in histograms {
            (self.emit)(&[], Value::Histogram(histogram));
        }
    }

    pub(crate) fn histograms<L: Label + Key>(&mut self, histograms: &[Histogram]) {
        for (label, histogram) in L::VALUES.iter().zip(histograms) {
            (self.emit)(&[label.as_str()], Value::Histogram(histogram));
        }
    }
}

/// The exposition's numbers are doubles; above 2^53 they lose their last digits.
#[expect(
    clippy::cast_precision_loss,
    reason = "the format has no integers, and no gauge comes near 2^53"
)]
pub(crate) const fn approximate(n: u64) -> f64 {
    n as f64
}

fn age_in_seconds(age: Option<Age>) -> f64 {
    age.map_or(-1.0, Age::seconds)
}

pub(crate) const fn flag(on: bool) -> f64 {
    if on { 1.0 } else { 0.0 }
}
