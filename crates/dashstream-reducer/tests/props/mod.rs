//! Property bodies, each a function of bytes: tests draw the bytes at random, fuzzing grows them.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::manual_is_multiple_of,
    clippy::std_instead_of_core,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "bodies of tests and of fuzz targets, which use some of them each, fail by panicking"
)]

pub mod diffing;
pub mod entropy;
pub mod epochs;
pub mod model;
pub mod patching;
pub mod reading;
pub mod running;
