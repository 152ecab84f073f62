//! Test support for the workspace: count allocations, run on a small stack, sweep malformed inputs,
//! freeze what others rely on.
//!
//! Linking this crate installs [`alloc::Counting`] as the global allocator. It depends on no other
//! crate of the workspace, so that each of them can use it in its tests.

pub mod alloc;
pub mod frozen;
pub mod rng;
pub mod stack;
pub mod sweep;
pub mod vectors;
