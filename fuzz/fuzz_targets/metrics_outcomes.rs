//! Any sequence of outcomes at any pace: the buckets are disjoint and sum to the total.
#![no_main]

#[path = "../../crates/dashstream-metrics/tests/props/outcomes.rs"]
mod outcomes;

use dashstream_metrics::{Metrics, Options, Registry};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let options = Options::default().with_recorders(1);
    let metrics = Metrics::register(&mut Registry::new(), options, Default::default());
    outcomes::follow(&metrics.expect("a fresh registry"), bytes);
});
