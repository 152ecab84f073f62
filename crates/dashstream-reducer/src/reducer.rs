//! One run's state.

mod limits;
mod outcome;
mod reason;
mod update;

use core::time::Duration;

pub use self::limits::ReducerLimits;
pub use self::outcome::{Effect, Outcome};
pub use self::reason::{Phase, ResyncReason};
pub use self::update::{Stamp, Update};
use crate::document::Document;
use crate::history::History;

/// One run's state, rebuilt from its messages: right, or known not to be.
#[derive(Clone, Debug)]
pub struct Reducer {
    phase: Phase,
    history: History,
}

impl Reducer {
    /// A run of which nothing has been seen: it needs a full state.
    #[must_use]
    pub fn new(limits: ReducerLimits) -> Self {
        let _ = limits;
        Self {
            phase: Phase::NeedsResync(ResyncReason::NoSnapshot),
            history: History::default(),
        }
    }

    /// Takes the next message of the run. Drain [`Reducer::poll_effect`] afterwards.
    pub fn apply(&mut self, now: Duration, stamp: Stamp, update: Update<'_>) -> Outcome {
        let _ = (now, stamp, update);
        Outcome::Unchanged
    }

    /// Whether the state can be relied on.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// The state, when it can be relied on.
    #[must_use]
    pub fn state(&self) -> Option<&Document> {
        None
    }

    /// The state whether it can be relied on or not: the last one that was applied.
    #[must_use]
    pub fn last_state(&self) -> Option<&Document> {
        None
    }

    /// Why the run needs a full state, if it does.
    #[must_use]
    pub const fn needs_resync(&self) -> Option<ResyncReason> {
        match self.phase {
            Phase::Synced => None,
            Phase::NeedsResync(reason) => Some(reason),
        }
    }

    /// The sequence number of the message that made the state.
    #[must_use]
    pub const fn sequence(&self) -> Option<u64> {
        None
    }

    /// Previous versions, if the limits keep any.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// The next thing the host is asked to do.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        None
    }

    /// When [`Reducer::handle_timeout`] wants to be called, if it does.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Duration> {
        None
    }

    /// Tells the reducer that time has passed. Drain [`Reducer::poll_effect`] afterwards.
    pub fn handle_timeout(&mut self, now: Duration) {
        let _ = now;
    }
}
