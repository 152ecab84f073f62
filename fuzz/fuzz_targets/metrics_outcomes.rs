//! Any sequence of outcomes at any pace: the buckets are disjoint and sum to the total.
#![no_main]

#[path = "../../crates/dashstream/tests/props/outcomes.rs"]
mod outcomes;

use dashstream::{Metrics, Options};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let options = Options::default().with_recorders(1);
    let metrics = Metrics::register(options, Default::default());
    outcomes::follow(&metrics.expect("a sound catalogue"), bytes);
});
