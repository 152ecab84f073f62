//! A catalogue as one collector in a caller's `prometheus::Registry`.

use std::collections::HashMap;
use std::sync::Arc;

use prometheus::core::{Collector, Desc};
use prometheus::{Registry, proto};

use crate::catalogue::{Catalogue, RegisterError};
use crate::family::{Family, MetricKind};
use crate::instruments::{Numbers, Reading};
use crate::samples::{Samples, Value, level};

/// Registers a whole catalogue as one collector in `registry`: all of it or nothing. It shows the
/// snapshot that `latest` gives.
///
/// # Errors
///
/// [`RegisterError::NameTaken`] when the registry already holds one of the names, or one whose samples
/// would collide; it names both. Nothing is exported then, and a host drops its handles. A registry of
/// this library remembers the label names of what it refused, so that a name can be taken later only
/// with the labels that the catalogue gives it.
pub fn register_in<S: AsRef<Reading> + 'static>(
    registry: &Registry,
    catalogue: &Arc<Catalogue<S>>,
    latest: impl Fn() -> Arc<S> + Send + Sync + 'static,
) -> Result<(), RegisterError> {
    let families = catalogue.families();
    // The registry compares whole names only. It accepts a counter `x_count` beside a histogram `x`, whose
    // samples would collide: that is looked for here, among the families that have samples.
    for theirs in registry.gather() {
        if let Some(ours) = families.iter().find(|ours| collides(&theirs, ours)) {
            return Err(taken(ours, theirs.name()));
        }
    }
    let collector = CatalogueCollector {
        catalogue: Arc::clone(catalogue),
        latest: Box::new(latest),
        descriptions: descriptions(families)?,
    };
    let registered = registry.register(Box::new(collector));
    // What can still be refused is a family without samples, which `gather` leaves out, or a name that the
    // registry remembers with other labels.
    registered.map_err(|_| culprit(registry, families))
}

struct CatalogueCollector<S> {
    catalogue: Arc<Catalogue<S>>,
    latest: Box<dyn Fn() -> Arc<S> + Send + Sync>,
    descriptions: Vec<Desc>,
}

impl<S: AsRef<Reading>> Collector for CatalogueCollector<S> {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        let snapshot = (self.latest)();
        let families = self.catalogue.families().iter().enumerate();
        let shown = families.map(|(at, family)| shown(&self.catalogue, at, family, &snapshot));
        shown.collect()
    }
}

fn descriptions(families: &[Family]) -> Result<Vec<Desc>, RegisterError> {
    families
        .iter()
        .map(|metric| {
            let labels = metric.labels.iter().map(|label| label.name.into());
            let (name, help) = (metric.name.into(), metric.help.into());
            // Refused only for a malformed name or help, which the catalogue's tests rule out.
            let desc = Desc::new(name, help, labels.collect(), HashMap::new());
            desc.map_err(|_| taken(metric, metric.name))
        })
        .collect()
}

/// The first name that the registry refuses: it holds a family that shows no samples yet.
fn culprit(registry: &Registry, families: &[Family]) -> RegisterError {
    for metric in families {
        let probe = || {
            descriptions(core::slice::from_ref(metric))
                .map(|descriptions| Box::new(Probe(descriptions)))
        };
        // Two equal ones, because registering takes the first, and unregistering needs one to say which.
        let (Ok(first), Ok(second)) = (probe(), probe()) else {
            continue;
        };
        if registry.register(first).is_err() {
            return taken(metric, metric.name);
        }
        // Cannot fail: an equal probe was accepted just before.
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

/// Whether one of a family's names is one of those of a family that is there already.
fn collides(theirs: &proto::MetricFamily, metric: &Family) -> bool {
    let suffixes = match theirs.get_field_type() {
        proto::MetricType::COUNTER | proto::MetricType::GAUGE | proto::MetricType::UNTYPED => {
            MetricKind::Counter.suffixes()
        }
        proto::MetricType::HISTOGRAM => MetricKind::Histogram.suffixes(),
        proto::MetricType::SUMMARY => &["", "_sum", "_count"],
    };
    suffixes.iter().any(|suffix| {
        let theirs = format!("{}{suffix}", theirs.name());
        metric.names().any(|ours| ours == theirs)
    })
}

fn taken(metric: &Family, theirs: &str) -> RegisterError {
    RegisterError::NameTaken {
        ours: metric.name,
        theirs: theirs.into(),
    }
}

fn shown<S: AsRef<Reading>>(
    catalogue: &Catalogue<S>,
    at: usize,
    metric: &Family,
    snapshot: &S,
) -> proto::MetricFamily {
    let mut samples = Vec::new();
    let mut emit = |values: &[&str], value: Value<'_>| samples.push(sample(metric, values, value));
    catalogue.samples(at, snapshot, &mut Samples::new(&mut emit));
    let mut family = proto::MetricFamily::default();
    family.set_name(metric.name.into());
    family.set_help(metric.help.into());
    family.set_field_type(match metric.kind {
        MetricKind::Counter => proto::MetricType::COUNTER,
        MetricKind::Gauge => proto::MetricType::GAUGE,
        MetricKind::Histogram => proto::MetricType::HISTOGRAM,
    });
    family.set_metric(samples);
    family
}

fn sample(metric: &Family, values: &[&str], value: Value<'_>) -> proto::Metric {
    let labels = metric.labels.iter().zip(values).map(|(label, value)| {
        let mut pair = proto::LabelPair::default();
        pair.set_name(label.name.into());
        pair.set_value((*value).into());
        pair
    });
    let mut sample = proto::Metric::from_label(labels.collect());
    let number = match value {
        Value::Count(n) => level(n),
        Value::Gauge(number) => number,
        Value::Histogram(numbers) => {
            sample.set_histogram(histogram(numbers));
            return sample;
        }
    };
    // By the family's kind and not by the value's: a counter of seconds has a fraction, and is handed out
    // as a gauge's number (`process_cpu_seconds_total`).
    if metric.kind == MetricKind::Counter {
        let mut counter = proto::Counter::default();
        counter.set_value(number);
        sample.set_counter(counter);
    } else {
        let mut gauge = proto::Gauge::default();
        gauge.set_value(number);
        sample.set_gauge(gauge);
    }
    sample
}

fn histogram(numbers: &Numbers) -> proto::Histogram {
    let mut histogram = proto::Histogram::default();
    histogram.set_sample_count(numbers.count());
    histogram.set_sample_sum(numbers.sum_in_units());
    // The encoder adds the infinite bucket itself.
    let finite = numbers.buckets.bounds.iter().zip(numbers.cumulative());
    let finite = finite.map(|(bound, count)| {
        let mut bucket = proto::Bucket::default();
        bucket.set_upper_bound(numbers.buckets.in_units(*bound));
        bucket.set_cumulative_count(count);
        bucket
    });
    histogram.set_bucket(finite.collect());
    histogram
}
