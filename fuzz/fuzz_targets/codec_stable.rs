//! What was decoded is written and read again as the same, and prost agrees; arbitrary bytes.
#![no_main]

#[path = "../../crates/dashstream-codec/tests/props/record.rs"]
#[allow(dead_code, reason = "each target checks one of the properties")]
mod record;

libfuzzer_sys::fuzz_target!(|data: &[u8]| record::decoding_is_stable(data));
