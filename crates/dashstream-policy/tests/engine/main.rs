//! What an operator and a host see of the engine, case by case. The invariants over arbitrary
//! sequences stand in dashstream-sim.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::arithmetic_side_effects,
    reason = "a test may panic: that is how it fails"
)]

mod cases;
mod deferral;
mod host;
mod limits;
mod log_range;
mod ordering;
