//! Random states and patches end as the naive model ends them; in place and on shared documents.
#![no_main]

#[path = "../../crates/dashstream-reducer/tests/props/mod.rs"]
mod props;

libfuzzer_sys::fuzz_target!(|data: &[u8]| props::patching::follows_the_model(data));
