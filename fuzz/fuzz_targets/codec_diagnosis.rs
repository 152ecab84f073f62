//! What is refused, and nothing else, is explained, by a place that is in it; arbitrary bytes.
#![no_main]

#[path = "../../crates/dashstream-codec/tests/props/record.rs"]
#[allow(dead_code, reason = "each target checks one of the properties")]
mod record;

libfuzzer_sys::fuzz_target!(|data: &[u8]| record::refusals_are_explained(data));
