//! Thin binaries, one idea each, in `src/bin`; here is only the capture format that two of them share.
#![forbid(unsafe_code)]

pub mod capture;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
