//! What a verdict says: one word for dashboards, one for machines, and the reasons for people.
#![expect(
    clippy::exhaustive_enums,
    reason = "a host that shows a verdict must show each status and each kind of number"
)]

use core::fmt;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dashstream_metrics::{ActiveReasons, Age, Level, Rate};
use dashstream_policy::Breaker;

use crate::labels::labels;
use crate::reason_code::ReasonCode;

labels! {
    /// The word that existing consumers show.
    pub Status ("status") {
        /// Records arrive and are processed.
        Healthy = "healthy",
        /// Something is wrong; the reasons say what.
        Degraded = "degraded",
        /// No record arrives, and nothing says that one should.
        Waiting = "waiting",
        /// The broker connection had an error a short while ago.
        Reconnecting = "reconnecting",
    }
}

/// The health at one moment, and why.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct Verdict {
    /// The word that existing consumers show.
    pub status: Status,
    /// The word that machines act on: the highest level among the reasons.
    pub level: Level,
    /// Why, the most severe first. Empty when nothing is to be said.
    pub reasons: Vec<Reason>,
    /// The rates that were judged, whatever came out, with what each is the rate of.
    pub rates: Vec<(ReasonCode, Rate)>,
    /// Which gates are open, for the next verdict.
    pub gates: Gates,
    /// How old the snapshot was.
    pub snapshot_age: Age,
}

/// One thing that is wrong or worth knowing.
pub(crate) type Reason = dashstream_metrics::Reason<ReasonCode, Measured>;

/// The numbers behind a reason.
#[derive(Clone, Debug, PartialEq)]
pub enum Measured {
    /// A rate beyond its threshold.
    Rate(Rate),
    /// A number beyond its limit.
    Count {
        /// What was counted.
        value: u64,
        /// The most that passes.
        limit: u64,
    },
    /// Something is older than it may be; `None` for what never happened.
    Age {
        /// How old.
        age: Option<Age>,
        /// The oldest that passes.
        limit: Duration,
    },
    /// A partition that does not move.
    Partition {
        /// The partition's number.
        id: i32,
        /// The offset it is held at, when it is held.
        offset: Option<u64>,
        /// How long ago it came to stand.
        held: Age,
    },
    /// A partition that is far behind.
    Lag {
        /// The partition's number.
        id: i32,
        /// Records that it is behind.
        records: u64,
        /// The most that passes.
        limit: u64,
        /// How long ago it was as little behind as it has been since it went beyond the limit.
        lowest: Age,
    },
    /// A held record that retention will remove.
    Loss {
        /// The partition's number.
        id: i32,
        /// The record's offset.
        offset: Option<u64>,
        /// The least time until then.
        left: Duration,
        /// From how much time on it is a reason.
        limit: Duration,
    },
    /// Records that nobody reads.
    Unowned {
        /// Partitions without an owner.
        partitions: u64,
        /// Records that wait in them.
        records: u64,
        /// For how long.
        age: Age,
        /// How long passes.
        limit: Duration,
    },
    /// A refusal that does not end by itself.
    Refusal {
        /// The broker's own words.
        words: Arc<str>,
        /// How long ago it began.
        age: Age,
    },
}

/// What a verdict hands to the next one: which gates are open, and since when what cannot be seen in
/// one snapshot has lasted. Start from the default.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Gates {
    /// The rates that are beyond their thresholds: what each is the rate of, and the length of its window.
    pub open: BTreeSet<(ReasonCode, Duration)>,
    /// Since when the archive fails.
    pub(crate) archive_failing_since: Option<Duration>,
    /// Partitions beyond the limit of their lag, with the lowest since they are.
    pub(crate) lag: BTreeMap<i32, Low>,
    /// Which reasons are active, for [`Observation::active_reasons`](crate::Observation::active_reasons) of the next snapshot.
    pub active_reasons: ActiveReasons<ReasonCode>,
}

impl Default for Gates {
    fn default() -> Self {
        Self {
            open: BTreeSet::new(),
            archive_failing_since: None,
            lag: BTreeMap::new(),
            active_reasons: ActiveReasons::new(ReasonCode::LABEL),
        }
    }
}

impl Gates {
    /// Whether this rate is beyond its threshold in one of its windows.
    #[must_use]
    pub fn is_open(&self, of: ReasonCode) -> bool {
        self.open.iter().any(|(code, _)| *code == of)
    }
}

/// The lowest lag since a partition went beyond its limit, and when it was seen first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Low {
    pub(crate) records: u64,
    pub(crate) at: Duration,
}

impl Verdict {
    /// The reason of this code, if it is among them.
    #[must_use]
    pub fn reason(&self, code: ReasonCode) -> Option<&Reason> {
        self.reasons.iter().find(|reason| reason.code == code)
    }

    /// Whether the instance should get traffic: unless the verdict is fail.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        !matches!(self.level, Level::Fail)
    }

    /// Whether no record has arrived for longer than the policy allows, or ever.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.reason(ReasonCode::NoRecentMessages).is_some()
    }

    /// What a policy engine that escalates by rate should be told.
    #[must_use]
    pub fn breaker(&self) -> Breaker {
        // The two rates of this session's records. Old ones, sends and dead letters say nothing of what
        // arrives now.
        let bad = [ReasonCode::DecodeErrors, ReasonCode::PayloadMissing];
        let open = bad.into_iter().any(|code| self.gates.is_open(code));
        if open { Breaker::Open } else { Breaker::Closed }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate(rate) => write!(
                f,
                "{} of {} in {} s, surely more than {:.2} % with {:.2} % allowed",
                rate.k,
                rate.n,
                rate.covered.as_secs(),
                rate.lower * 100.0,
                rate.threshold * 100.0
            ),
            Self::Count { value, limit } => write!(f, "{value} with {limit} allowed"),
            Self::Age { age: None, .. } => f.write_str("never"),
            // A limit of zero means that it should not be at all: no time is allowed.
            Self::Age {
                age: Some(age),
                limit: Duration::ZERO,
            } => write!(f, "{age}"),
            Self::Age {
                age: Some(age),
                limit,
            } => write!(f, "{age} with {} s allowed", limit.as_secs()),
            Self::Partition { id, offset, held } => {
                let (place, held) = (place(*id, *offset), held.whole_seconds());
                write!(f, "{place} for {held} s")
            }
            Self::Lag {
                id,
                records,
                limit,
                lowest,
            } => write!(
                f,
                "partition {id} is {records} records behind with {limit} allowed, and has not been \
                 less behind for {} s",
                lowest.whole_seconds()
            ),
            Self::Loss {
                id,
                offset,
                left,
                limit,
            } => {
                let place = place(*id, *offset);
                let (left, limit) = (left.as_secs(), limit.as_secs());
                write!(
                    f,
                    "{place} is lost in {left} s or later, with {limit} s allowed"
                )
            }
            Self::Unowned {
                partitions,
                records,
                age,
                limit,
            } => write!(
                f,
                "{records} records wait in {partitions} partitions for {} s with {} s allowed",
                age.whole_seconds(),
                limit.as_secs()
            ),
            Self::Refusal { words, age } => {
                write!(f, "{words}, for {} s", age.whole_seconds())
            }
        }
    }
}

fn place(partition: i32, offset: Option<u64>) -> String {
    let offset = offset.map_or_else(String::new, |offset| format!(" at offset {offset}"));
    format!("partition {partition}{offset}")
}
