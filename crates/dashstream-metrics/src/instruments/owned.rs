//! Copies of counters that one recorder at a time writes to.

use std::sync::Arc;

use crate::sync::{AtomicBool, Ordering};

/// Which copies are taken.
#[derive(Clone, Debug)]
pub(super) struct OwnedCopies(Arc<[AtomicBool]>);

/// A copy that is somebody's until it is dropped.
#[derive(Debug)]
pub(super) struct OwnedCopy {
    copies: OwnedCopies,
    pub(super) at: usize,
}

impl OwnedCopies {
    pub(super) fn new(len: usize) -> Self {
        Self((0..len).map(|_| AtomicBool::new(false)).collect())
    }

    /// A free copy; `None` when all are taken.
    pub(super) fn take(&self) -> Option<OwnedCopy> {
        let mut copies = self.0.iter();
        // Acquire: what the last owner has written is where this one goes on. A seeded defect: it may
        // go on from an older number.
        let order = if cfg!(mutant = "place_not_handed_over") {
            Ordering::Relaxed
        } else {
            Ordering::Acquire
        };
        // A swap leaves a copy that is taken as it is; of two threads only one gets `false` for a free one.
        let at = copies.position(|taken| !taken.swap(true, order))?;
        let copies = self.clone();
        Some(OwnedCopy { copies, at })
    }
}

impl Drop for OwnedCopy {
    fn drop(&mut self) {
        if let Some(taken) = self.copies.0.get(self.at) {
            // Release, for the Acquire of `take`: the next owner loads what this one has stored.
            taken.store(false, Ordering::Release);
        }
    }
}
