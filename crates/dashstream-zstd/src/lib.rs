#![cfg_attr(feature = "libzstd", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "libzstd"), doc = "The plan alone, without C.")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod block;
mod decoder;
mod encoder;
mod error;
mod frame;
mod header;
mod input;
#[cfg_attr(not(feature = "libzstd"), path = "without.rs")]
mod libzstd;
mod limits;
mod plan;
mod refusal;

pub use crate::decoder::Decoder;
pub use crate::encoder::{Encoder, Level};
pub use crate::error::{CompressError, DecompressError};
pub use crate::limits::{Limits, UnknownSize};
pub use crate::plan::Plan;
pub use crate::refusal::Refusal;
