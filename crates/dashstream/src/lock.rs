//! Locks that a panic of their holder does not end.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Waits for the lock. What it guards is whole at every moment, so that a panic leaves nothing half done.
pub(crate) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
