//! Messages delivered in any order: what a run shows as right is what the producer had.
#![no_main]

#[path = "../../crates/dashstream-reducer/tests/props/mod.rs"]
mod props;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _tally = props::running::is_right_or_says_that_it_is_not(data);
});
