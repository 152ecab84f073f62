//! The verdict: what degrades, how fast, what recovers, and what the numbers say meanwhile.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test draws its input, and fails by panicking"
)]

mod rates;
mod reasons;
mod stream;
mod verdicts;
