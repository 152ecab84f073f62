//! A difference makes the new state, here and in json-patch; a consumer follows its producer.
#![no_main]

#[path = "../../crates/dashstream-reducer/tests/props/mod.rs"]
mod props;

libfuzzer_sys::fuzz_target!(|data: &[u8]| props::diffing::is_right_on_both_sides(data));
