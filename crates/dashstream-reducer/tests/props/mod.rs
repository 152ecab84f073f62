//! Property bodies, each a function of bytes: tests draw the bytes at random, fuzzing grows them.

#![allow(
    dead_code,
    reason = "each test and each fuzz target uses some of these"
)]

pub mod entropy;
pub mod model;
pub mod patching;
pub mod reading;
