//! What was decided of each record, for the closing report and the demo's books.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use dashstream_policy::Cause;

use crate::ledger::{Decision, Ledger};

/// Counts what the consumer decides, on whichever thread it does.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    counted: Arc<Mutex<Counted>>,
    ledger: Option<Arc<Ledger>>,
}

/// How many records were decided, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counted {
    /// Records decided.
    pub received: u64,
    /// Records decoded, or ignored.
    pub decoded: u64,
    /// Records rejected, by cause.
    pub unprocessable: BTreeMap<Cause, u64>,
    /// The first offset met in each partition.
    pub first: BTreeMap<i32, i64>,
}

impl Decisions {
    /// Nothing decided yet. What is decided goes into `ledger` as well, if there is one.
    #[must_use]
    pub fn new(ledger: Option<Arc<Ledger>>) -> Self {
        Self {
            counted: Arc::default(),
            ledger,
        }
    }

    /// Counts what was decided of a record.
    pub fn decided(&self, partition: i32, offset: i64, rejected: Option<Cause>) {
        let tick = |count: &mut u64| *count = count.saturating_add(1);
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        tick(&mut counted.received);
        match rejected {
            None => tick(&mut counted.decoded),
            Some(cause) => tick(counted.unprocessable.entry(cause).or_default()),
        }
        let first = counted.first.entry(partition).or_insert(offset);
        *first = offset.min(*first);
        if let Some(ledger) = &self.ledger {
            let decision = rejected.map_or(Decision::Processed, Decision::Unprocessable);
            ledger.decided(partition, offset, decision);
        }
    }

    /// What was counted until now.
    #[must_use]
    pub fn counted(&self) -> Counted {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.clone()
    }
}
