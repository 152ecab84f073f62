//! What the peek says is what the decoded message says; arbitrary bytes.
#![no_main]

#[path = "../../crates/dashstream-codec/tests/props/record.rs"]
#[allow(dead_code, reason = "each target checks one of the properties")]
mod record;

libfuzzer_sys::fuzz_target!(|data: &[u8]| record::peek_agrees(data));
