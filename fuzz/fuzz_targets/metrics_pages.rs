//! Whatever a page, an expression or a file of rules says, reading it ends and points into it.
#![no_main]

#[path = "../../crates/dashstream/tests/props/pages.rs"]
mod pages;

libfuzzer_sys::fuzz_target!(|text: &str| pages::reading_ends(text));
