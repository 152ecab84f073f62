//! The columns of the catalogue.

use core::fmt;

use crate::catalogue::Samples;
use crate::cells::Edges;
use crate::label::Label;
use crate::snapshot::Snapshot;

/// One metric. There are no values of this type but those of the table.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Metric {
    /// The name in the exposition.
    pub name: &'static str,
    /// What it means, in one sentence.
    pub help: &'static str,
    /// What kind of numbers it has.
    pub kind: Kind,
    /// The buckets of a histogram.
    pub(crate) edges: Option<Edges>,
    /// Its labels with all of their values.
    pub labels: &'static [LabelSpec],
    /// The field of the health document that shows it, as a dotted path.
    pub health: Option<&'static str>,
    /// Which alert watches it, or why none does.
    pub watch: Watch,
    /// Where its numbers come from.
    pub(crate) read: fn(&Snapshot, &mut Samples<'_>),
}

/// The kind of a metric.
#[expect(
    clippy::exhaustive_enums,
    reason = "the kinds of the exposition format that the catalogue uses"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Only grows, until the process restarts.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations by size.
    Histogram,
}

/// A label and the values it can have.
#[expect(
    clippy::exhaustive_structs,
    reason = "a column of a static table; a new field is a new major version"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelSpec {
    /// The label's name.
    pub name: &'static str,
    /// What it can be.
    pub values: LabelValues,
}

/// The values a label can have.
#[expect(
    clippy::exhaustive_enums,
    reason = "a free string is never a label value, so there is no third kind"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelValues {
    /// These, each of which has a series from the start.
    Closed(&'static [&'static str]),
    /// The numbers of the partitions that are assigned now.
    Partitions,
}

/// Who looks at a metric when nobody looks at a dashboard.
#[expect(
    clippy::exhaustive_enums,
    reason = "either an alert watches it or a reason says why none does"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// The alert of this name, besides the one for its absence.
    Alert(&'static str),
    /// Nothing but the alert for its absence, for this reason.
    Waived(&'static str),
}

impl Metric {
    /// The upper edges of a histogram as the exposition prints them, `+Inf` included; `None` for
    /// the other kinds.
    #[must_use]
    pub fn edges(&self) -> Option<Vec<String>> {
        self.edges.map(Edges::texts)
    }
}

impl LabelSpec {
    pub(crate) const fn of<L: Label>() -> Self {
        Self {
            name: L::NAME,
            values: LabelValues::Closed(L::TEXTS),
        }
    }

    pub(crate) const PARTITION: Self = Self {
        name: "partition",
        values: LabelValues::Partitions,
    };
}

impl Kind {
    /// The kind's name in the exposition.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }

    /// What is appended to the metric's name to get those of its samples.
    #[must_use]
    pub const fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Counter | Self::Gauge => &[""],
            Self::Histogram => &["", "_bucket", "_sum", "_count"],
        }
    }
}

impl fmt::Debug for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metric")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("labels", &self.labels)
            .field("health", &self.health)
            .field("watch", &self.watch)
            .finish_non_exhaustive()
    }
}
