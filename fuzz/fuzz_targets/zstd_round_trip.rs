//! What the encoder writes, the strictest decoder reads.
#![no_main]

#[path = "../../crates/dashstream-zstd/tests/props"]
mod props {
    pub(crate) mod oracle;
    pub(crate) mod round_trip;
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| props::round_trip::check(data));
