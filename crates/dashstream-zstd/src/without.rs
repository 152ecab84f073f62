//! What stands in for libzstd where the crate is built without it: nothing is decompressed or compressed.

use alloc::vec::Vec;

use crate::error::{CompressError, DecompressError, Failure};
use crate::limits::Limits;
use crate::plan::Plan;

pub(crate) struct Decompressor;

impl Decompressor {
    pub(crate) const AVAILABLE: bool = false;

    pub(crate) const fn new() -> Self {
        Self
    }

    pub(crate) const fn attempt(
        &mut self,
        _: &Plan,
        _: &Limits,
        _: &[u8],
        _: &mut Vec<u8>,
    ) -> Result<usize, Failure> {
        // The decoder asks `AVAILABLE` first; whoever does not gets the same answer.
        Err(Failure::Other(DecompressError::Unavailable))
    }
}

pub(crate) struct Compressor;

impl Compressor {
    pub(crate) const fn new() -> Self {
        Self
    }

    pub(crate) const fn compress(
        &mut self,
        _: i32,
        _: bool,
        _: &[u8],
        _: &mut Vec<u8>,
    ) -> Result<usize, CompressError> {
        Err(CompressError::Unavailable)
    }
}

/// What a full buffer is to libzstd.
pub(crate) const FULL: u32 = 70;
