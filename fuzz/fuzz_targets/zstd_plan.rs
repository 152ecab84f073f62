//! What is accepted libzstd accepts too, and nothing else is malformed; arbitrary bytes.
#![no_main]

#[path = "../../crates/dashstream-zstd/tests/props"]
mod props {
    pub(crate) mod oracle;
    pub(crate) mod plan;
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| props::plan::check(data));
