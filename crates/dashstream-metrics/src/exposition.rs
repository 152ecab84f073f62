//! The Prometheus text format, version 0.0.4, written from the catalogue.

use core::fmt::Write as _;

use crate::catalogue::{CATALOGUE, Metric, Samples, Value};
use crate::cells::Histogram;
use crate::snapshot::Snapshot;

impl Snapshot {
    /// The media type of [`Snapshot::exposition`].
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// Everything as a page that Prometheus scrapes.
    ///
    /// Every metric of the catalogue is there with every label value, also when it is 0.
    #[must_use]
    pub fn exposition(&self) -> String {
        let mut page = String::with_capacity(64 * 1024);
        for metric in CATALOGUE {
            family(&mut page, metric, self);
        }
        page
    }
}

fn family(page: &mut String, metric: &Metric, snapshot: &Snapshot) {
    let Metric { name, help, .. } = metric;
    // Writing to a String cannot fail.
    let _ = writeln!(page, "# HELP {name} {help}");
    let _ = writeln!(page, "# TYPE {name} {}", metric.kind.as_str());
    let mut emit = |values: &[&str], value: Value<'_>| match value {
        Value::Count(n) => {
            series(page, metric, "", values, None);
            let _ = writeln!(page, " {n}");
        }
        Value::Gauge(level) => {
            series(page, metric, "", values, None);
            let _ = writeln!(page, " {level}");
        }
        Value::Histogram(histogram) => buckets(page, metric, values, histogram),
    };
    (metric.read)(snapshot, &mut Samples::new(&mut emit));
}

fn buckets(page: &mut String, metric: &Metric, values: &[&str], histogram: &Histogram) {
    for (edge, count) in histogram.cumulative() {
        series(page, metric, "_bucket", values, Some(&edge));
        let _ = writeln!(page, " {count}");
    }
    series(page, metric, "_sum", values, None);
    let _ = writeln!(page, " {}", histogram.sum_in_units());
    series(page, metric, "_count", values, None);
    let _ = writeln!(page, " {}", histogram.count());
}

fn series(page: &mut String, metric: &Metric, suffix: &str, values: &[&str], le: Option<&str>) {
    page.push_str(metric.name);
    page.push_str(suffix);
    let labels = metric
        .labels
        .iter()
        .map(|label| label.name)
        .zip(values.iter().copied());
    let mut open = '{';
    for (name, value) in labels.chain(le.map(|le| ("le", le))) {
        let _ = write!(page, "{open}{name}=\"{value}\"");
        open = ',';
    }
    if open == ',' {
        page.push('}');
    }
}
