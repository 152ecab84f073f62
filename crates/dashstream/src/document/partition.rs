//! One partition: what it does, what holds it and since when.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::document::Fields;
use crate::document::seconds_ago;
use crate::facts::PartitionFacts;
use crate::labels::PartitionState;
use dashstream_metrics::Age;

/// One assigned partition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartitionPart {
    /// The partition's number.
    pub id: i32,
    /// What it is doing: [`PartitionState`].
    pub state: String,
    /// For how long.
    pub state_seconds: f64,
    /// The offset it is held at; null while it is not held.
    pub held_at: Option<u64>,
    /// What made the record there unprocessable: [`Cause`](dashstream_policy::Cause).
    pub held_cause: Option<String>,
    /// The least seconds until retention removes the record there; null while nothing is held, where
    /// records are kept for ever, and where it is not known.
    pub loss_seconds: Option<f64>,
    /// Whether records are ahead and it does not move.
    pub stalled: bool,
    /// Records between the position and the end; null when the end is not known.
    pub lag: Option<u64>,
    /// Seconds since the stored offset moved; null for never.
    pub offset_age_seconds: Option<u64>,
    /// Whether records from before the session are read.
    pub catching_up: bool,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: Fields,
}

impl PartitionPart {
    pub(super) fn new(now: Duration, facts: &PartitionFacts) -> Self {
        Self {
            id: facts.id,
            state: facts.state.as_str().into(),
            state_seconds: Age::since(facts.since, now).seconds(),
            held_at: facts.held_at,
            held_cause: facts.held_cause.map(|cause| cause.label().into()),
            loss_seconds: facts.loss_in.map(|left| left.as_secs_f64()),
            stalled: facts.state == PartitionState::Stalled,
            lag: facts.lag,
            offset_age_seconds: seconds_ago(now, facts.offset_moved_at),
            catching_up: facts.catching_up,
            other: Fields::new(),
        }
    }
}
