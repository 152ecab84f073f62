//! The page that Prometheus scrapes, in both of its formats.

use core::fmt::Write as _;
use std::borrow::Cow;

use crate::catalogue::Catalogue;
use crate::family::Family;
use crate::instruments::{Numbers, Reading};
use crate::samples::{Samples, Value};

/// A format of the page.
#[expect(
    clippy::exhaustive_enums,
    reason = "the two text formats that Prometheus scrapes"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The Prometheus text format, version 0.0.4.
    #[default]
    Text,
    /// OpenMetrics, version 1.0.0.
    OpenMetrics,
}

impl Format {
    /// The format that a client prefers, by the `Accept` header of its request: OpenMetrics where it is
    /// named with at least the weight of plain text.
    #[must_use]
    pub fn accepted(accept: &str) -> Self {
        let weight = |media: &str| {
            let named = accept
                .split(',')
                .filter(|part| part.trim_start().starts_with(media));
            let weights = named.map(|part| {
                let parameters = part.split(';').map(str::trim);
                let q = parameters
                    .filter_map(|parameter| parameter.strip_prefix("q="))
                    .next();
                // A range without a weight has 1 (RFC 9110, section 12.4.2). A weight that is no number
                // counts as 0.
                q.map_or(1.0, |q| q.parse::<f64>().unwrap_or(0.0))
            });
            // `f64::max` ignores NaN: `q=nan` is read as a weight and counts as 0.
            weights.fold(0.0, f64::max)
        };
        let open_metrics = weight("application/openmetrics-text");
        if open_metrics > 0.0 && open_metrics >= weight("text/plain") {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }

    /// The media type to answer with.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

impl<S: AsRef<Reading>> Catalogue<S> {
    /// Everything that `snapshot` says, as a page.
    ///
    /// Every family is there with every label value, also when it is 0.
    #[must_use]
    pub fn page(&self, snapshot: &S, format: Format) -> String {
        let mut page = Page {
            text: String::with_capacity(64 * 1024),
            format,
        };
        for (at, family) in self.families().iter().enumerate() {
            self.family(&mut page, at, family, snapshot);
        }
        if format == Format::OpenMetrics {
            // OpenMetrics requires the marker, which tells a whole page from a truncated one.
            page.text.push_str("# EOF\n");
        }
        page.text
    }

    /// The page's text by family.
    pub(crate) fn sections(&self, snapshot: &S) -> Vec<String> {
        let families = self.families().iter().enumerate();
        let sections = families.map(|(at, family)| {
            let mut page = Page {
                text: String::new(),
                format: Format::Text,
            };
            self.family(&mut page, at, family, snapshot);
            page.text
        });
        sections.collect()
    }

    fn family(&self, page: &mut Page, at: usize, family: &Family, snapshot: &S) {
        page.head(family);
        let mut emit = |values: &[&str], value: Value<'_>| page.sample(family, values, value);
        self.samples(at, snapshot, &mut Samples::new(&mut emit));
    }
}

struct Page {
    text: String,
    format: Format,
}

// Results of `write!` are ignored: writing to a `String` cannot fail.
impl Page {
    fn head(&mut self, family: &Family) {
        let Family { name, help, .. } = family;
        let name = match self.format {
            Format::OpenMetrics => family.name_in_open_metrics(),
            Format::Text => name,
        };
        let kind = family.kind.as_str();
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, family: &Family, values: &[&str], value: Value<'_>) {
        match value {
            Value::Count(n) => {
                self.series(family, "", values, None);
                let _ = writeln!(self.text, " {n}");
            }
            Value::Gauge(level) => {
                self.series(family, "", values, None);
                let _ = writeln!(self.text, " {level}");
            }
            Value::Histogram(numbers) => self.buckets(family, values, numbers),
        }
    }

    fn buckets(&mut self, family: &Family, values: &[&str], numbers: &Numbers) {
        for (bound, count) in numbers
            .buckets
            .texts()
            .into_iter()
            .zip(numbers.cumulative())
        {
            let bound = match self.format {
                // OpenMetrics wants canonical numbers in `le`: `1.0` where the text format has `1`.
                Format::OpenMetrics if bound.bytes().all(|byte| byte.is_ascii_digit()) => {
                    bound + ".0"
                }
                Format::OpenMetrics | Format::Text => bound,
            };
            self.series(family, "_bucket", values, Some(&bound));
            let _ = writeln!(self.text, " {count}");
        }
        self.series(family, "_sum", values, None);
        let _ = writeln!(self.text, " {}", numbers.sum_in_units());
        // Added up from the same frozen numbers as the `+Inf` bucket, so that both agree.
        self.series(family, "_count", values, None);
        let _ = writeln!(self.text, " {}", numbers.count());
    }

    fn series(&mut self, family: &Family, suffix: &str, values: &[&str], le: Option<&str>) {
        self.text.push_str(family.name);
        self.text.push_str(suffix);
        let labels = family.labels.iter().map(|label| label.name);
        let labels = labels.zip(values.iter().copied());
        let mut open = '{';
        for (name, value) in labels.chain(le.map(|le| ("le", le))) {
            let _ = write!(self.text, "{open}{name}=\"{}\"", escaped(value));
            open = ',';
        }
        if open == ',' {
            self.text.push('}');
        }
    }
}

/// A label's value as both formats want it. Nearly all are plain; those of an open label may be any text.
fn escaped(value: &str) -> Cow<'_, str> {
    if !value.contains(['\\', '"', '\n']) {
        return value.into();
    }
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    value.replace('\n', "\\n").into()
}
