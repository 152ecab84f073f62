//! The atomics of the crate, and nothing else, so that a checker can stand in for them.

#[cfg(not(any(loom, test)))]
pub(crate) use core::sync::atomic::AtomicU64;
#[cfg(not(loom))]
pub(crate) use core::sync::atomic::Ordering;

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};

#[cfg(all(test, not(loom)))]
pub(crate) use crate::interleave::AtomicU64;
