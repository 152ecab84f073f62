//! Arbitrary bytes are read as serde_json reads them, and within small budgets.
#![no_main]

#[path = "../../crates/dashstream-reducer/tests/props/mod.rs"]
mod props;

libfuzzer_sys::fuzz_target!(|data: &[u8]| props::reading::agrees_with_serde_json(data));
