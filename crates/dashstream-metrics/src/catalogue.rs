//! Registration: the only place where instruments come from, and all of them or none.

use core::fmt;
use core::num::NonZeroUsize;
use core::time::Duration;
use std::sync::Arc;

use thiserror::Error;

use crate::buckets::Buckets;
use crate::family::{Family, LabelSpec, MetricDesc, MetricKind};
use crate::instruments::{
    Cells, Counter, Gauge, Histogram, HistogramCells, Instrument, Latency, LatencyCore, Levels,
    QUANTILES, Reading, Tally, TallyCore, TallyOptions, Window,
};
use crate::label::Label;
use crate::samples::{Part, Samples, Value, texts};
use crate::window::{Rings, WindowShape};

mod export_gaps;

pub use export_gaps::ExportGap;

/// The families of one page, over the host's own snapshot `S`, and what feeds them.
///
/// A host's snapshot holds the [`Reading`] that it was made from (`AsRef<Reading>`), and whatever else
/// its families are read from. Every page is a function of one snapshot, so that pages agree.
pub struct Catalogue<S> {
    // Parallel: the source at a place feeds the family at that place.
    families: Vec<Family>,
    sources: Vec<Source<S>>,
    instruments: Vec<Named>,
}

/// Takes the declarations of a catalogue and hands out its instruments.
///
/// There is no other way to an instrument, and none leaves [`Catalogue::build`] unless everything was
/// registered.
#[expect(
    missing_debug_implementations,
    reason = "it exists within one call of `Catalogue::build`"
)]
pub struct Registration<S> {
    now: Duration,
    group: &'static str,
    catalogue: Catalogue<S>,
    // The first refusal. Kept instead of returned, so that each declaration gives its handle without a
    // `Result`; `Catalogue::build` drops the handles when there is one.
    error: Option<RegisterError>,
}

type Read<S> = Box<dyn Fn(&S, &mut Samples<'_>) + Send + Sync>;

/// Where a family's numbers come from.
enum Source<S> {
    Instrument {
        id: usize,
        part: Part,
        texts: Vec<&'static str>,
    },
    Snapshot(Read<S>),
}

#[derive(Debug)]
struct Named {
    name: &'static str,
    instrument: Arc<dyn Instrument>,
}

/// Why a catalogue was not built. Nothing was registered, and no handle exists.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The page already has this name, or one whose series would collide with it.
    #[error("metric {ours} collides with {theirs}, which is registered already")]
    NameTaken {
        /// The name that was to be registered.
        ours: &'static str,
        /// The name that is there.
        theirs: Box<str>,
    },
    /// A label has no values, or places a value elsewhere than its list does.
    #[error("label {label} of {metric} does not place its values as it lists them")]
    Label {
        /// The metric.
        metric: &'static str,
        /// The label.
        label: &'static str,
    },
    /// A view of a histogram has a bucket that the histogram does not have.
    #[error("{metric} has a bucket that its histogram does not have")]
    Buckets {
        /// The metric.
        metric: &'static str,
    },
    /// The caller's registry refuses the catalogue, but none of its names alone.
    #[error("the registry refuses the catalogue")]
    Refused,
}

impl RegisterError {
    /// A stable name for logs and tests.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NameTaken { .. } => "metric_name_taken",
            Self::Label { .. } => "metric_label",
            Self::Buckets { .. } => "metric_edges",
            Self::Refused => "metrics_refused",
        }
    }
}

impl<S> Catalogue<S> {
    /// Builds a catalogue from what `declare` registers, and returns it with the handles that `declare`
    /// made. `now` is the start: the windows' coverage counts from it.
    ///
    /// # Errors
    ///
    /// The first thing that could not be registered. The handles are dropped then.
    pub fn build<H>(
        now: Duration,
        declare: impl FnOnce(&mut Registration<S>) -> H,
    ) -> Result<(Self, H), RegisterError> {
        let mut registration = Registration {
            now,
            group: "",
            catalogue: Self {
                families: Vec::new(),
                sources: Vec::new(),
                instruments: Vec::new(),
            },
            error: None,
        };
        let handles = declare(&mut registration);
        match registration.error {
            None => Ok((registration.catalogue, handles)),
            Some(error) => Err(error),
        }
    }

    /// Every family, in the order of the exposition.
    #[must_use]
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// The family of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Family> {
        self.families.iter().find(|family| family.name == name)
    }

    /// Reads every instrument at `now`. It also tells the windows the time: call it about once a second,
    /// and at least every eight.
    #[must_use]
    pub fn read(&self, now: Duration) -> Reading {
        let instruments = self.instruments.iter();
        Reading {
            taken_at: now,
            // By the id of each instrument. They are frozen one after another while writers go on, so that
            // two instruments may differ by the events in between; all pages of this reading still agree.
            frozen: instruments
                .map(|named| named.instrument.freeze(now))
                .collect(),
        }
    }
}

impl<S: AsRef<Reading>> Catalogue<S> {
    /// Hands out the samples of one family, by its place among [`Catalogue::families`].
    pub(crate) fn samples(&self, at: usize, snapshot: &S, out: &mut Samples<'_>) {
        match self.sources.get(at) {
            Some(Source::Snapshot(read)) => read(snapshot, out),
            Some(Source::Instrument { id, part, texts }) => {
                if let Some(frozen) = snapshot.as_ref().get(*id) {
                    out.frozen(texts, frozen, *part);
                }
            }
            None => {}
        }
    }
}

impl<S> Registration<S> {
    /// Begins a group: the families that follow belong to it. A host that feeds no part of a group leaves
    /// it out altogether.
    pub const fn group(&mut self, name: &'static str) {
        self.group = name;
    }

    /// A counter for each value of `label`.
    pub fn counter<K: Copy>(&mut self, desc: MetricDesc, label: Label<K>) -> Counter<K> {
        let counter = Counter {
            // The id that `instrument` gives it below.
            id: self.catalogue.instruments.len(),
            cells: Arc::new(Cells::zero(label.values.len())),
            label,
        };
        let cells = Arc::clone(&counter.cells);
        self.instrument(desc, MetricKind::Counter, None, label, cells);
        counter
    }

    /// A gauge for each value of `label`, 0 until it is set.
    pub fn gauge<K: Copy>(&mut self, desc: MetricDesc, label: Label<K>) -> Gauge<K> {
        let levels = Arc::new(Levels::zero(label.values.len()));
        let cells = Arc::clone(&levels);
        self.instrument(desc, MetricKind::Gauge, None, label, cells);
        Gauge { label, levels }
    }

    /// A histogram for each value of `label`.
    pub fn histogram<K: Copy>(
        &mut self,
        desc: MetricDesc,
        label: Label<K>,
        buckets: Buckets,
    ) -> Histogram<K> {
        let cells = Arc::new(HistogramCells::zero(buckets, label.values.len()));
        let (kind, instrument) = (MetricKind::Histogram, Arc::clone(&cells));
        self.instrument(desc, kind, Some(buckets), label, instrument);
        Histogram { label, cells }
    }

    /// Latencies by `label`: a classic histogram with [`Buckets::LATENCY`], and the quantiles of the last two
    /// minutes in seconds. `views` are more families of the same histogram, with some of its buckets.
    /// `recorders`, at most 256, is how many [`Latency::recorder`]s there may be at once; each takes 24 KiB
    /// for each stage.
    pub fn latency<K: Copy>(
        &mut self,
        classic: MetricDesc,
        quantiles: MetricDesc,
        views: &[(MetricDesc, Buckets)],
        label: Label<K>,
        recorders: usize,
    ) -> Latency<K> {
        let buckets = Buckets::LATENCY;
        let stages = label.values.len();
        let cells = || HistogramCells::zero(buckets, stages);
        let core = Arc::new(LatencyCore::new(stages, cells, recorders, self.now));
        // The id that `instrument` gives the classic family below; the other families read the same one.
        let id = self.catalogue.instruments.len();
        let cells = Arc::clone(&core);
        self.instrument(classic, MetricKind::Histogram, Some(buckets), label, cells);
        let part = |part| Source::Instrument {
            id,
            part,
            texts: texts(label),
        };
        let mut labels = specs(label);
        labels.push(LabelSpec {
            name: "quantile",
            values: Some(QUANTILES.map(|(name, _)| name).into()),
        });
        let source = part(Part::Quantiles);
        self.family(quantiles, MetricKind::Gauge, None, labels, source);
        for (desc, view) in views {
            let mut bounds = view.bounds.iter();
            // `Numbers::view` moves whole buckets: one that a bound of the view divides could not be shown.
            if !bounds.all(|bound| buckets.bounds.contains(bound)) {
                let metric = desc.name;
                self.error.get_or_insert(RegisterError::Buckets { metric });
            }
            let (kind, source) = (MetricKind::Histogram, part(Part::View(*view)));
            self.family(*desc, kind, Some(*view), specs(label), source);
        }
        Latency { label, core }
    }

    /// Events by kind, in total and in windows. `fold` gives the kind under which the windows count one,
    /// so that they may tell fewer kinds apart. It has no family: [`Registration::derive`] some.
    pub fn tally<K: Copy, W: Copy>(
        &mut self,
        name: &'static str,
        label: Label<K>,
        window: Label<W>,
        fold: fn(K) -> W,
        options: TallyOptions,
    ) -> Tally<K, W> {
        self.sound(name, &label);
        self.sound(name, &window);
        let kinds = label.values.iter();
        // Asked once for each kind, so that recording looks the window's key up in a table.
        let window_of: Vec<_> = kinds.map(|kind| (window.index)(fold(*kind))).collect();
        let core = TallyCore::new(&window_of, window.values.len(), options, self.now);
        let core = Arc::new(core);
        Tally {
            id: self.unshown(name, core.clone()),
            label,
            window,
            core,
        }
    }

    /// A window of any shape, whose writers spread over `shards` copies of the rings, rounded up to a
    /// power of two and at most 256. It has no family: [`Registration::derive`] one.
    pub fn window<K: Copy>(
        &mut self,
        name: &'static str,
        label: Label<K>,
        shape: WindowShape,
        shards: NonZeroUsize,
    ) -> Window<K> {
        self.sound(name, &label);
        let shards = crate::shard::rounded(shards);
        let rings = Arc::new(Rings::new(shape, label.values.len(), shards, 0, self.now));
        Window {
            id: self.unshown(name, rings.clone()),
            label,
            rings,
        }
    }

    /// A family that is read from the host's snapshot: with these labels, each sample as `read` says.
    pub fn derive(
        &mut self,
        desc: MetricDesc,
        kind: MetricKind,
        labels: Vec<LabelSpec>,
        read: impl Fn(&S, &mut Samples<'_>) + Send + Sync + 'static,
    ) {
        self.family(desc, kind, None, labels, Source::Snapshot(Box::new(read)));
    }

    /// A counter for each value of `label` that is read from the host's snapshot.
    pub fn counts<K: Copy + Send + Sync>(
        &mut self,
        desc: MetricDesc,
        label: Label<K>,
        read: fn(&S, K) -> u64,
    ) where
        S: 'static,
    {
        self.each(desc, MetricKind::Counter, label, move |snapshot, value| {
            Value::Count(read(snapshot, value))
        });
    }

    /// A gauge for each value of `label` that is read from the host's snapshot.
    pub fn gauges<K: Copy + Send + Sync>(
        &mut self,
        desc: MetricDesc,
        label: Label<K>,
        read: fn(&S, K) -> f64,
    ) where
        S: 'static,
    {
        self.each(desc, MetricKind::Gauge, label, move |snapshot, value| {
            Value::Gauge(read(snapshot, value))
        });
    }

    fn each<K: Copy + Send + Sync>(
        &mut self,
        desc: MetricDesc,
        kind: MetricKind,
        label: Label<K>,
        read: impl Fn(&S, K) -> Value<'static> + Send + Sync + 'static,
    ) {
        self.sound(desc.name, &label);
        self.derive(desc, kind, specs(label), move |snapshot, out| {
            let values = label.values.iter().map(|value| read(snapshot, *value));
            out.by_value(&texts(label), values);
        });
    }

    fn instrument<K: Copy>(
        &mut self,
        desc: MetricDesc,
        kind: MetricKind,
        buckets: Option<Buckets>,
        label: Label<K>,
        instrument: Arc<dyn Instrument>,
    ) {
        self.sound(desc.name, &label);
        let source = Source::Instrument {
            id: self.unshown(desc.name, instrument),
            part: Part::All,
            texts: texts(label),
        };
        self.family(desc, kind, buckets, specs(label), source);
    }

    fn unshown(&mut self, name: &'static str, instrument: Arc<dyn Instrument>) -> usize {
        let id = self.catalogue.instruments.len();
        self.catalogue.instruments.push(Named { name, instrument });
        id
    }

    fn sound<K: Copy>(&mut self, metric: &'static str, label: &Label<K>) {
        if !label.is_sound() {
            let label = label.name;
            self.error
                .get_or_insert(RegisterError::Label { metric, label });
        }
    }

    fn family(
        &mut self,
        desc: MetricDesc,
        kind: MetricKind,
        buckets: Option<Buckets>,
        labels: Vec<LabelSpec>,
        source: Source<S>,
    ) {
        let family = Family {
            name: desc.name,
            help: desc.help,
            kind,
            buckets,
            labels,
            group: self.group,
            health: desc.health,
            alert: desc.alert,
        };
        // With the suffixes of histograms: `x_count` as a counter would share a line with the histogram
        // `x`.
        let taken = |theirs: &&Family| {
            let mut names = theirs.names();
            theirs.name_in_open_metrics() == family.name_in_open_metrics()
                || names.any(|name| family.names().any(|ours| ours == name))
        };
        if let Some(theirs) = self.catalogue.families.iter().find(taken) {
            let (ours, theirs) = (family.name, theirs.name.into());
            self.error
                .get_or_insert(RegisterError::NameTaken { ours, theirs });
        }
        // Also after a refusal: the catalogue is dropped then, and both lists stay parallel until that.
        self.catalogue.families.push(family);
        self.catalogue.sources.push(source);
    }
}

fn specs<K: Copy>(label: Label<K>) -> Vec<LabelSpec> {
    if label.name.is_empty() {
        Vec::new()
    } else {
        vec![label.into()]
    }
}

impl<S> fmt::Debug for Catalogue<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalogue")
            .field("families", &self.families.len())
            .field("instruments", &self.instruments.len())
            .finish_non_exhaustive()
    }
}
