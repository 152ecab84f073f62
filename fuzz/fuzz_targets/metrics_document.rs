//! Whatever a health document says, reading and writing it loses nothing.
#![no_main]

#[path = "../../crates/dashstream/tests/props/document.rs"]
mod document;

libfuzzer_sys::fuzz_target!(|text: &str| document::nothing_is_lost(text));
