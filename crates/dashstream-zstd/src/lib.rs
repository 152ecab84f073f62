//! Zstandard decompression that allocates nothing the input has not proved.
//!
//! A zstd frame says how large its content is, and may lie. [`Plan::inspect`] walks every frame
//! header and every block header of an input, without decoding and without allocating, and answers
//! with bounds on the size of the content that hold whatever the compressed blocks contain. Lies are
//! refused there, with a typed [`Refusal`]. [`Decoder`] runs that plan first, always, then allocates
//! once and decodes once.
//!
#![cfg_attr(feature = "libzstd", doc = "```")]
#![cfg_attr(not(feature = "libzstd"), doc = "```ignore")]
//! use dashstream_zstd::{Decoder, Encoder, Level, Limits};
//!
//! let frame = Encoder::new(Level::DEFAULT).compress(b"state of the run")?;
//! let mut decoder = Decoder::new(Limits::new().with_output_bytes(1024));
//! assert_eq!(decoder.decompress(&frame)?, b"state of the run");
//!
//! let mut strict = Decoder::new(Limits::new().with_output_bytes(15));
//! assert_eq!(strict.decompress(&frame).unwrap_err().code(), "declared_too_large");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Without the default feature `libzstd` the crate is the plan alone, without C: its decoder refuses what a
//! plan admits, by the code `no_decompressor`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(any(test, doctest))]
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

#[cfg(all(doctest, feature = "libzstd"))]
#[doc = include_str!("../README.md")]
struct Readme;
