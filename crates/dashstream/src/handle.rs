//! The one handle: it exists only after every metric of the catalogue was registered.

mod recorder;

use core::time::Duration;
use std::sync::{Arc, Mutex};

use dashstream_metrics::{Catalogue, ExportGap, Format, RegisterError, Registration, compare};
use dashstream_policy::FailureReason;

pub use self::recorder::Recorder;
use crate::catalogue::{Clients, Instruments, Replay, Runs, declare};
use crate::labels::{ErrorType, InfrastructureError, PollStatus};
use crate::lock::lock;
use crate::observation::Observation;
use crate::options::Options;
use crate::outcome::Outcome;
use crate::snapshot::Snapshot;

/// Everything that is counted. Clones share the counters.
///
/// What can be recorded has a method here or in the group it belongs to, and there is no value of this
/// type before every family of those groups is registered.
#[derive(Clone, Debug)]
pub struct Metrics {
    core: Arc<Core>,
    latest: Arc<Mutex<Arc<Snapshot>>>,
}

#[derive(Debug)]
struct Core {
    opened: Duration,
    catalogue: Arc<Catalogue<Snapshot>>,
    instruments: Instruments,
}

impl Metrics {
    /// Registers the whole catalogue and returns the handle that records into it.
    ///
    /// `now` is the start: uptime and the coverage of the windows count from it.
    ///
    /// # Errors
    ///
    /// None as long as the catalogue is sound, which its tests check.
    pub fn register(options: Options, now: Duration) -> Result<Self, RegisterError> {
        Self::register_with(options, now, |_| ()).map(|(metrics, ())| metrics)
    }

    /// The same with families of the host's own on the same page, which `own` registers first.
    ///
    /// # Errors
    ///
    /// [`RegisterError::NameTaken`] when one of those takes a name of the catalogue; it names both sides.
    /// Nothing is registered then, and no handle exists.
    pub fn register_with<H>(
        options: Options,
        now: Duration,
        own: impl FnOnce(&mut Registration<Snapshot>) -> H,
    ) -> Result<(Self, H), RegisterError> {
        let (catalogue, (instruments, own)) = Catalogue::build(now, |registration| {
            let own = own(registration);
            (declare(registration, options), own)
        })?;
        let core = Core {
            opened: now,
            catalogue: Arc::new(catalogue),
            instruments,
        };
        // There is a snapshot from the start, so that a page that is asked for before the first `observe` has
        // every family.
        let first = core.snapshot(now, Observation::default());
        let metrics = Self {
            core: Arc::new(core),
            latest: Arc::new(Mutex::new(Arc::new(first))),
        };
        Ok((metrics, own))
    }

    /// Registers the whole catalogue as one collector in `registry`: all of it or nothing.
    ///
    /// The collector shows the snapshot that was published last, see [`Metrics::observe`].
    ///
    /// # Errors
    ///
    /// As [`dashstream_metrics::register_in`]; no handle exists then.
    #[cfg(feature = "prometheus")]
    pub fn register_in(
        registry: &prometheus::Registry,
        options: Options,
        now: Duration,
    ) -> Result<Self, RegisterError> {
        let metrics = Self::register(options, now)?;
        // Clones share `latest`: the collector shows what `observe` publishes, and takes no snapshot itself.
        let shown = metrics.clone();
        let latest = move || shown.latest();
        dashstream_metrics::register_in(registry, &metrics.core.catalogue, latest)?;
        Ok(metrics)
    }

    /// The families that are exported.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue<Snapshot> {
        &self.core.catalogue
    }

    /// The group of runs; `None` when it was not chosen.
    #[must_use]
    pub fn runs(&self) -> Option<&Runs> {
        self.instruments().runs.as_ref()
    }

    /// The group of clients; `None` when it was not chosen.
    #[must_use]
    pub fn clients(&self) -> Option<&Clients> {
        self.instruments().clients.as_ref()
    }

    /// The group of the replay buffer; `None` when it was not chosen.
    #[must_use]
    pub fn replay(&self) -> Option<&Replay> {
        self.instruments().replay.as_ref()
    }

    /// Takes one of the copies that [`Options::recorders`] made room for; `None` when all are taken.
    /// [`Metrics::record`] works all the same.
    #[must_use]
    pub fn recorder(&self) -> Option<Recorder> {
        Some(Recorder {
            // When there is no second copy the first is dropped, and is free for the next that asks.
            outcomes: self.instruments().consumption.outcomes.recorder()?,
            latency: self.instruments().consumption.latency.recorder()?,
            metrics: self.clone(),
        })
    }

    /// Records what became of one consumed message: its total, its bucket, and both windows.
    ///
    /// Lock-free, allocates nothing. Call it exactly once for each record that was delivered.
    pub fn record(&self, now: Duration, outcome: Outcome) {
        self.instruments()
            .consumption
            .outcomes
            .record(now, outcome, 1);
    }

    /// Records an error of the broker connection. It is no record's outcome.
    pub fn infrastructure_error(&self, now: Duration, kind: InfrastructureError) {
        let infrastructure = &self.instruments().connection.infrastructure;
        infrastructure.record(now, kind, 1);
    }

    /// Records that the archive acknowledged a dead letter.
    pub fn dead_letter_acknowledged(&self, now: Duration, error_type: ErrorType) {
        self.instruments().letters.record(now, Ok(error_type), 1);
    }

    /// Records that a dead letter was not written.
    pub fn dead_letter_failed(&self, now: Duration, reason: FailureReason) {
        self.instruments().letters.record(now, Err(reason), 1);
    }

    /// Records the time from the producer's stamp to the end of processing, in microseconds.
    ///
    /// Less than nothing, or more than a minute, is a clock that differs and no latency: it is
    /// counted as skew and kept out of the histogram.
    pub fn latency(&self, now: Duration, micros: i64) {
        match plausible(micros) {
            Some(micros) => self
                .instruments()
                .consumption
                .latency
                .record(now, (), micros),
            None => self.clocks_differ(),
        }
    }

    /// Records how long an attempt to learn the partitions' ends took, and whether all of them are known
    /// by it.
    pub fn lag_polled(&self, took: Duration, complete: bool) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let connection = &self.instruments().connection;
        if complete {
            connection.lag_polls.observe(PollStatus::Success, micros);
        } else {
            connection.lag_polls.observe(PollStatus::Error, micros);
            connection.lag_poll_failures.add((), 1);
        }
    }

    /// Takes a snapshot of everything, with what the host says about itself, and publishes it.
    ///
    /// Call it about once a second, and at least every eight: it is also what tells the windows the
    /// time. `/metrics`, `/health` and the verdict are functions of the snapshot, so that they agree.
    pub fn observe(&self, now: Duration, observed: Observation) -> Arc<Snapshot> {
        // Taken before the lock: readers wait for the exchange of a pointer, and not for the counting.
        let snapshot = Arc::new(self.core.snapshot(now, observed));
        *lock(&self.latest) = Arc::clone(&snapshot);
        snapshot
    }

    /// The snapshot that was published last. Its [`Snapshot::taken_at`] says how old it is.
    #[must_use]
    pub fn latest(&self) -> Arc<Snapshot> {
        Arc::clone(&lock(&self.latest))
    }

    /// The page of a snapshot. Every family is there with every label value, also when it is 0.
    #[must_use]
    pub fn page(&self, snapshot: &Snapshot, format: Format) -> String {
        self.core.catalogue.page(snapshot, format)
    }

    /// By how many series a page in the text format, made from a snapshot with this observation, differs from the
    /// catalogue.
    #[must_use]
    pub fn self_scrape(&self, page: &str, observed: &Observation) -> u32 {
        let ids = observed
            .partitions
            .iter()
            .map(|partition| partition.id.to_string());
        // The one label of this catalogue without fixed values: they are the partitions assigned.
        let open = [("partition", ids.collect())];
        let differences = compare(page, self.core.catalogue.families(), &open).len();
        u32::try_from(differences).unwrap_or(u32::MAX)
    }

    /// What is counted and shown nowhere, and what is shown and never moves: for a host's tests, on
    /// metrics that count nothing else. `others` are observations that differ from the default.
    pub fn export_gaps(
        &self,
        now: Duration,
        others: impl IntoIterator<Item = Observation>,
    ) -> Vec<ExportGap> {
        let core = &self.core;
        let others: Vec<_> = others
            .into_iter()
            .map(|observed| core.snapshot(now, observed))
            .collect();
        let snapshot = |reading| {
            core.instruments
                .snapshot(core.opened, reading, Observation::default())
        };
        core.catalogue.export_gaps(now, snapshot, others)
    }

    fn instruments(&self) -> &Instruments {
        &self.core.instruments
    }

    pub(crate) fn clocks_differ(&self) {
        self.instruments().consumption.clock_skew.add((), 1);
    }
}

impl Core {
    fn snapshot(&self, now: Duration, observed: Observation) -> Snapshot {
        let reading = self.catalogue.read(now);
        self.instruments.snapshot(self.opened, reading, observed)
    }
}

/// A latency in microseconds; `None` for a clock that differs.
#[inline]
pub(crate) fn plausible(micros: i64) -> Option<u64> {
    // A negative latency fails here: the producer's clock is ahead.
    let micros = u64::try_from(micros).ok();
    micros.filter(|micros| *micros <= LATENCY_PLAUSIBLE_MICROS)
}

/// A latency beyond this is a clock that differs, as in existing consumers.
const LATENCY_PLAUSIBLE_MICROS: u64 = 60_000_000;
