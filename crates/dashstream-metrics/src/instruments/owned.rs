//! Copies of counters that one recorder at a time writes to.

use std::sync::Arc;

use crate::sync::{AtomicBool, Ordering};

/// Which copies are taken.
#[derive(Clone, Debug)]
pub(super) struct Places(Arc<[AtomicBool]>);

/// A copy that is somebody's until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    pub(super) at: usize,
}

impl Places {
    pub(super) fn new(len: usize) -> Self {
        Self((0..len).map(|_| AtomicBool::new(false)).collect())
    }

    /// A free copy; `None` when all are taken.
    pub(super) fn take(&self) -> Option<Place> {
        let mut places = self.0.iter();
        // Acquire: what the last owner has written is where this one goes on. A seeded defect: it may
        // go on from an older number.
        let order = if cfg!(mutant = "place_not_handed_over") {
            Ordering::Relaxed
        } else {
            Ordering::Acquire
        };
        let at = places.position(|taken| !taken.swap(true, order))?;
        let places = self.clone();
        Some(Place { places, at })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(taken) = self.places.0.get(self.at) {
            taken.store(false, Ordering::Release);
        }
    }
}
