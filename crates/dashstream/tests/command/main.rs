//! The command `dashstream`: its exit codes by table, and the tutorial's commands with what they print.
#![cfg(feature = "cli")]
#![expect(clippy::unwrap_used, reason = "a test may panic: that is how it fails")]

mod ends;
mod prints;
mod setup;
