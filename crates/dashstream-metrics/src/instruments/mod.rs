//! What counts. Every handle comes from a registration, and what it counts is on the page.

mod counter;
mod histogram;
mod latency;
mod owned;
mod tally;
mod window;

use core::fmt::Debug;
use core::time::Duration;

pub(crate) use counter::{Cells, Levels};
pub use counter::{Counter, Gauge};
pub use histogram::Histogram;
pub(crate) use histogram::HistogramCells;
pub(crate) use histogram::Numbers;
pub(crate) use latency::Core as LatencyCore;
pub use latency::{Latency, LatencyRecorder};
pub(crate) use latency::{QUANTILES, Quantiles};
pub(crate) use tally::Core as TallyCore;
pub use tally::{Tally, TallyCounts, TallyOptions, TallyRecorder};
pub use window::Window;

use crate::window::Sums;

/// What a catalogue does with each instrument, whatever it counts.
pub(crate) trait Instrument: Send + Sync + Debug {
    /// Its numbers at `now`.
    fn freeze(&self, now: Duration) -> Frozen;

    /// How many cells [`Instrument::poke`] can move.
    fn cells(&self) -> usize;

    /// Moves one cell as recording does, to see whether anything shows it.
    fn poke(&self, now: Duration, cell: usize);
}

/// An instrument's numbers, that no writer changes any more.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Frozen {
    Counts(Box<[u64]>),
    Levels(Box<[f64]>),
    Histograms(Box<[Numbers]>),
    Latencies(Box<[(Numbers, Quantiles)]>),
    Tally(tally::TallySums),
    Window(Sums),
}

/// All instruments of a catalogue at one moment: every page is made from it, so that pages agree.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    pub(crate) taken_at: Duration,
    pub(crate) frozen: Box<[Frozen]>,
}

impl Reading {
    /// When it was taken.
    #[must_use]
    pub const fn taken_at(&self) -> Duration {
        self.taken_at
    }

    pub(crate) fn get(&self, id: usize) -> Option<&Frozen> {
        self.frozen.get(id)
    }
}

/// A host without a snapshot of its own has the reading for one.
impl AsRef<Self> for Reading {
    fn as_ref(&self) -> &Self {
        self
    }
}
