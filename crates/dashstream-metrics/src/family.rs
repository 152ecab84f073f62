//! What is said about a metric: its name, its kind, its labels, where it is shown, who watches it.

use crate::buckets::Buckets;
use crate::label::Label;

/// What a host says about a family when it registers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricDesc {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) health: Option<&'static str>,
    pub(crate) alert: AlertCoverage,
}

/// One family of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Family {
    /// The name in the exposition.
    pub name: &'static str,
    /// What it means, in one sentence.
    pub help: &'static str,
    /// What kind of numbers it has.
    pub kind: MetricKind,
    /// The buckets of a histogram.
    pub buckets: Option<Buckets>,
    /// Its labels with all of their values.
    pub labels: Vec<LabelSpec>,
    /// The group that it belongs to.
    pub group: &'static str,
    /// The field of the host's health document that shows it, as a dotted path.
    pub health: Option<&'static str>,
    /// Which alert watches it, or why none does.
    pub alert: AlertCoverage,
}

/// The kind of a family.
#[expect(
    clippy::exhaustive_enums,
    reason = "the kinds of the exposition format that a catalogue uses"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetricKind {
    /// Only grows, until the process restarts.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations by size.
    Histogram,
}

/// A label of a family and the values that it can have.
#[expect(clippy::exhaustive_structs, reason = "a label is a name with values")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelSpec {
    /// The label's name.
    pub name: &'static str,
    /// Its values, each of which has a series from the start; `None` when they come and go, such as
    /// the numbers of partitions.
    pub values: Option<Vec<&'static str>>,
}

/// Who looks at a family when nobody looks at a dashboard.
#[expect(
    clippy::exhaustive_enums,
    reason = "either an alert watches it or a reason says why none does"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertCoverage {
    /// The alert of this name, besides the one for its absence.
    Alert(&'static str),
    /// Nothing but the alert for its absence, for this reason.
    Waived(&'static str),
}

impl MetricDesc {
    /// A family of this name and meaning.
    #[must_use]
    pub const fn new(name: &'static str, help: &'static str, alert: AlertCoverage) -> Self {
        Self {
            name,
            help,
            health: None,
            alert,
        }
    }

    /// The same, shown in this field of the health document.
    #[must_use]
    pub const fn shown_as(mut self, health: &'static str) -> Self {
        self.health = Some(health);
        self
    }
}

impl Family {
    /// Whether a sample of this name is one of the family's.
    #[must_use]
    pub fn has_sample(&self, name: &str) -> bool {
        let suffixes: &[&str] = match self.kind {
            MetricKind::Counter | MetricKind::Gauge => &[""],
            // Not its bare name, which stands on the `# TYPE` line only.
            MetricKind::Histogram => &["_bucket", "_sum", "_count"],
        };
        let suffix = name.strip_prefix(self.name);
        suffix.is_some_and(|suffix| suffixes.contains(&suffix))
    }

    /// In OpenMetrics a counter's family is named without `_total`; its samples keep the suffix.
    pub(crate) fn name_in_open_metrics(&self) -> &'static str {
        match self.kind {
            MetricKind::Counter => self.name.strip_suffix("_total").unwrap_or(self.name),
            MetricKind::Gauge | MetricKind::Histogram => self.name,
        }
    }

    /// Whether a label of this name is one of the family's.
    #[must_use]
    pub fn has_label(&self, name: &str) -> bool {
        self.labels.iter().any(|label| label.name == name)
            // The exposition adds `le` to the samples of the buckets; no registration lists it.
            || (self.kind == MetricKind::Histogram && name == "le")
    }

    /// Every name under which it takes room on a page.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        let suffixes = self.kind.suffixes().iter();
        suffixes.map(|suffix| format!("{}{suffix}", self.name))
    }
}

impl LabelSpec {
    /// A label with values that come and go.
    #[must_use]
    pub const fn open(name: &'static str) -> Self {
        Self { name, values: None }
    }
}

impl<K: Copy> From<Label<K>> for LabelSpec {
    fn from(label: Label<K>) -> Self {
        Self {
            name: label.name,
            values: Some(label.texts()),
        }
    }
}

impl MetricKind {
    /// The kind's name in the exposition.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }

    /// What is appended to a family's name to get the names that it takes.
    pub(crate) const fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Counter | Self::Gauge => &[""],
            // With the bare name: a counter of that name would have the same `# TYPE` line.
            Self::Histogram => &["", "_bucket", "_sum", "_count"],
        }
    }
}
