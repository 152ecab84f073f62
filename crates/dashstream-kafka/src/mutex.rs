//! Locks that outlive a panic.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks what a thread that panicked may have held. Only under the driver's lock does code of the host run
/// that may panic; that ends the consumer's thread. The client is dropped while it unwinds, and its callbacks
/// lock the driver again, where a second panic would abort the process.
pub(crate) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
