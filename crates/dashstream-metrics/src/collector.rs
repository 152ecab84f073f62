//! The whole catalogue as one collector in a caller's `prometheus::Registry`.

use core::time::Duration;
use std::collections::HashMap;

use prometheus::core::{Collector, Desc};
use prometheus::{Registry, proto};

use crate::catalogue::{CATALOGUE, Kind, Metric, Samples, Value, approximate};
use crate::cells::Histogram;
use crate::metrics::{Metrics, Options};
use crate::registry::RegisterError;
use crate::snapshot::Snapshot;

impl Metrics {
    /// Registers the whole catalogue as one collector in `registry`: all of it or nothing.
    ///
    /// The collector shows the snapshot that was published last, see [`Metrics::observe`].
    ///
    /// # Errors
    ///
    /// [`RegisterError::NameTaken`] when the registry already holds one of the names, or one whose
    /// samples would collide; it names both. No handle exists then and nothing is exported. A
    /// registry of this library remembers the label names of what it refused, so that a name can
    /// be taken later only with the labels that the catalogue gives it.
    pub fn register_in(
        registry: &Registry,
        options: Options,
        now: Duration,
    ) -> Result<Self, RegisterError> {
        for family in registry.gather() {
            let there = Family::of(&family);
            if let Some(metric) = CATALOGUE.iter().find(|metric| there.collides(metric)) {
                return Err(taken(metric, there.name));
            }
        }
        let metrics = Self::open(options, now);
        let collector = CatalogueCollector {
            metrics: metrics.clone(),
            descriptions: descriptions(CATALOGUE)?,
        };
        match registry.register(Box::new(collector)) {
            Ok(()) => Ok(metrics),
            Err(_) => Err(culprit(registry)),
        }
    }
}

struct CatalogueCollector {
    metrics: Metrics,
    descriptions: Vec<Desc>,
}

impl Collector for CatalogueCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        let snapshot = self.metrics.latest();
        CATALOGUE
            .iter()
            .map(|metric| family(metric, &snapshot))
            .collect()
    }
}

fn descriptions(metrics: &[Metric]) -> Result<Vec<Desc>, RegisterError> {
    metrics
        .iter()
        .map(|metric| {
            let labels = metric
                .labels
                .iter()
                .map(|label| label.name.into())
                .collect();
            // Refused only for a malformed name or help, which the catalogue's tests rule out.
            Desc::new(
                metric.name.into(),
                metric.help.into(),
                labels,
                HashMap::new(),
            )
            .map_err(|_| taken(metric, metric.name))
        })
        .collect()
}

/// The first name that the registry refuses: it holds a family that shows no samples yet.
fn culprit(registry: &Registry) -> RegisterError {
    for metric in CATALOGUE {
        let probe = || {
            descriptions(core::slice::from_ref(metric))
                .map(|descriptions| Box::new(Probe(descriptions)))
        };
        let (Ok(first), Ok(second)) = (probe(), probe()) else {
            continue;
        };
        if registry.register(first).is_err() {
            return taken(metric, metric.name);
        }
        // A probe that was just accepted can be taken out again.
        let _ = registry.unregister(second);
    }
    RegisterError::Refused
}

/// Claims names without showing samples.
struct Probe(Vec<Desc>);

impl Collector for Probe {
    fn desc(&self) -> Vec<&Desc> {
        self.0.iter().collect()
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        Vec::new()
    }
}

/// A family that is there already.
struct Family<'a> {
    name: &'a str,
    suffixes: &'static [&'static str],
}

impl<'a> Family<'a> {
    fn of(family: &'a proto::MetricFamily) -> Self {
        let suffixes = match family.get_field_type() {
            proto::MetricType::COUNTER | proto::MetricType::GAUGE | proto::MetricType::UNTYPED => {
                Kind::Counter.suffixes()
            }
            proto::MetricType::HISTOGRAM => Kind::Histogram.suffixes(),
            proto::MetricType::SUMMARY => &["", "_sum", "_count"],
        };
        Self {
            name: family.name(),
            suffixes,
        }
    }

    fn collides(&self, metric: &Metric) -> bool {
        self.suffixes.iter().any(|theirs| {
            metric.kind.suffixes().iter().any(|ours| {
                let (theirs, ours) = ((self.name, theirs), (metric.name, ours));
                theirs
                    .0
                    .bytes()
                    .chain(theirs.1.bytes())
                    .eq(ours.0.bytes().chain(ours.1.bytes()))
            })
        })
    }
}

fn taken(metric: &Metric, theirs: &str) -> RegisterError {
    RegisterError::NameTaken {
        ours: metric.name,
        theirs: theirs.into(),
    }
}

fn family(metric: &Metric, snapshot: &Snapshot) -> proto::MetricFamily {
    let mut samples = Vec::new();
    let mut emit = |values: &[&str], value: Value<'_>| samples.push(sample(metric, values, value));
    (metric.read)(snapshot, &mut Samples::new(&mut emit));
    let mut family = proto::MetricFamily::default();
    family.set_name(metric.name.into());
    family.set_help(metric.help.into());
    family.set_field_type(match metric.kind {
        Kind::Counter => proto::MetricType::COUNTER,
        Kind::Gauge => proto::MetricType::GAUGE,
        Kind::Histogram => proto::MetricType::HISTOGRAM,
    });
    family.set_metric(samples);
    family
}

fn sample(metric: &Metric, values: &[&str], value: Value<'_>) -> proto::Metric {
    let labels = metric.labels.iter().zip(values).map(|(label, value)| {
        let mut pair = proto::LabelPair::default();
        pair.set_name(label.name.into());
        pair.set_value((*value).into());
        pair
    });
    let mut sample = proto::Metric::from_label(labels.collect());
    match value {
        Value::Count(n) => {
            let mut counter = proto::Counter::default();
            counter.set_value(approximate(n));
            sample.set_counter(counter);
        }
        Value::Gauge(level) => {
            let mut gauge = proto::Gauge::default();
            gauge.set_value(level);
            sample.set_gauge(gauge);
        }
        Value::Histogram(numbers) => sample.set_histogram(histogram(numbers)),
    }
    sample
}

fn histogram(numbers: &Histogram) -> proto::Histogram {
    let mut histogram = proto::Histogram::default();
    histogram.set_sample_count(numbers.count());
    histogram.set_sample_sum(numbers.sum_in_units());
    // The encoder adds the infinite bucket itself.
    let finite = numbers.edges.edges.iter().zip(numbers.cumulative());
    histogram.set_bucket(
        finite
            .map(|(edge, (_, count))| {
                let mut bucket = proto::Bucket::default();
                bucket.set_upper_bound(numbers.edges.in_units(*edge));
                bucket.set_cumulative_count(count);
                bucket
            })
            .collect(),
    );
    histogram
}
