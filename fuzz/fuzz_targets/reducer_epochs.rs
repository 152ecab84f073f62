//! Producers that begin again, and all that happens to their messages: what is shown was produced.
#![no_main]

#[path = "../../crates/dashstream-reducer/tests/props/mod.rs"]
mod props;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _seen = props::epochs::shows_only_what_was_produced(data);
});
