//! Any calls of the policy engine in any order.
#![no_main]

#[path = "../../crates/dashstream-policy/tests/props/calls.rs"]
mod calls;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| calls::check(bytes));
