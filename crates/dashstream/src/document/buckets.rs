//! What was received, in parts that do not overlap.

use serde::{Deserialize, Serialize};

use crate::document::Fields;
use crate::document::counters::CountersPart;
use crate::outcome::Outcome;
use crate::snapshot::Totals;

/// Received records in disjoint parts. In a document of ours they sum to `received`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buckets {
    /// All of them.
    pub received: u64,
    /// Decoded and handed on.
    pub processed: u64,
    /// Without a payload, as their topic's rule allows.
    pub ignored: u64,
    /// Of this session and not decodable.
    pub decode_errors: u64,
    /// From before the session and not decodable.
    pub old_data_errors: u64,
    /// Without a payload.
    pub payload_missing: u64,
    /// Counted as errors by an existing consumer without being one of the above. Always 0 in ours.
    pub other_errors: u64,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: Fields,
}

impl Buckets {
    /// The sum of the parts.
    #[must_use]
    pub const fn sum(&self) -> u64 {
        self.processed
            .saturating_add(self.ignored)
            .saturating_add(self.decode_errors)
            .saturating_add(self.old_data_errors)
            .saturating_add(self.payload_missing)
            .saturating_add(self.other_errors)
    }

    pub(super) fn of_totals(totals: &Totals) -> Self {
        Self {
            received: totals.received(),
            processed: totals.processed(),
            ignored: totals.outcomes.get(Outcome::Ignored),
            decode_errors: totals.decode_errors(),
            old_data_errors: totals.old_data_errors(),
            payload_missing: totals.payload_missing(),
            other_errors: 0,
            other: Fields::new(),
        }
    }

    /// From counts of which some contain others: subtracted where they overlap, never below 0.
    pub(super) const fn of_overlapping(counters: &CountersPart) -> Self {
        let CountersPart {
            kafka_messages_received: received,
            kafka_errors,
            decode_errors,
            old_data_decode_errors: old_data_errors,
            payload_missing,
            ..
        } = *counters;
        let other_errors = kafka_errors.saturating_sub(decode_errors);
        Self {
            received,
            processed: received
                .saturating_sub(decode_errors)
                .saturating_sub(old_data_errors)
                .saturating_sub(payload_missing)
                .saturating_sub(other_errors),
            ignored: 0,
            decode_errors,
            old_data_errors,
            payload_missing,
            other_errors,
            other: Fields::new(),
        }
    }
}
