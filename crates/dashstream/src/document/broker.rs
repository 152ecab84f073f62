//! The connection to the brokers.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::document::Fields;
use crate::document::seconds_ago;
use crate::facts::Facts;

/// Whether the brokers answer, and whether the group reads what they have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerPart {
    /// Seconds for which no broker has answered; null while one does.
    pub unreachable_seconds: Option<u64>,
    /// What the brokers refuse, in their own words; null while they refuse nothing.
    pub refusal: Option<String>,
    /// For how many seconds.
    pub refusal_seconds: Option<u64>,
    /// Records that wait in partitions that no member of the group owns.
    pub unowned_records: u64,
    /// Those partitions; left out while there are none, and where it is not known which.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unowned_partitions: Vec<i32>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: Fields,
}

impl BrokerPart {
    pub(super) fn new(now: Duration, facts: &Facts) -> Self {
        let (refusal, unowned) = (facts.broker_refusal.as_ref(), facts.unowned.as_ref());
        Self {
            unreachable_seconds: seconds_ago(now, facts.broker_unreachable_since),
            refusal: refusal.map(|refusal| refusal.words.as_ref().into()),
            refusal_seconds: seconds_ago(now, refusal.map(|refusal| refusal.since)),
            unowned_records: unowned.map_or(0, |unowned| unowned.records),
            unowned_partitions: unowned.map_or_else(Vec::new, |unowned| unowned.numbers.clone()),
            other: Fields::new(),
        }
    }
}
