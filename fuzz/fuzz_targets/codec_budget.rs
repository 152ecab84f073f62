//! A record is decoded within its budget or refused without keeping anything; arbitrary bytes.
#![no_main]

#[path = "../../crates/dashstream-codec/tests/props/record.rs"]
#[allow(dead_code, reason = "each target checks one of the properties")]
mod record;

libfuzzer_sys::fuzz_target!(|data: &[u8]| record::decodes_within_budget(data));
