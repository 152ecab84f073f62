//! What was decided of each record, for the closing report and the demo's books.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use dashstream::policy::Cause;
use dashstream_demo::{Decision, Ledger};

/// Counts what the consumer decides, on whichever thread it does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Decisions {
    counted: Arc<Mutex<Counted>>,
    ledger: Option<Arc<Ledger>>,
}

/// How many records were decided, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) received: u64,
    pub(crate) decoded: u64,
    pub(crate) unprocessable: BTreeMap<Cause, u64>,
    /// The first offset met in each partition.
    pub(crate) first: BTreeMap<i32, i64>,
}

impl Decisions {
    pub(crate) fn new(ledger: Option<Arc<Ledger>>) -> Self {
        Self {
            counted: Arc::default(),
            ledger,
        }
    }

    pub(crate) fn decided(&self, partition: i32, offset: i64, rejected: Option<Cause>) {
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

    pub(crate) fn counted(&self) -> Counted {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.clone()
    }
}
