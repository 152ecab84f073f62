//! Frames built field by field, with lies whose place is known.
#![no_main]

#[path = "../../crates/dashstream-zstd/tests/frames/mod.rs"]
mod frames;
#[path = "../../crates/dashstream-zstd/tests/props"]
mod props {
    pub(crate) mod oracle;
    pub(crate) mod plan;
    pub(crate) mod structured;
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| props::structured::check(data));
