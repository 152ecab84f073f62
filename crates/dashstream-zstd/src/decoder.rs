//! Decoding what a plan admitted.

use alloc::vec::Vec;
use core::fmt;

use crate::error::{DecompressError, Failure};
use crate::libzstd::{Decompressor, FULL};
use crate::limits::Limits;
use crate::plan::Plan;

/// Decompresses messages; each is planned first, and nothing is allocated for one that is refused.
///
/// libzstd's context, about 96 KiB, is created by the first message that is admitted, and reused.
/// Messages of several compressed blocks, and of more than 128 KiB, add up to 128 KiB to it. Messages
/// that do not declare their size add the buffer that [`decompress`](Self::decompress) decodes them
/// into, at most twice the largest content and at most the output limit.
pub struct Decoder {
    limits: Limits,
    context: Decompressor,
    /// Where content of undeclared size is decoded before its size is known.
    undeclared: Vec<u8>,
}

impl Decoder {
    /// Makes a decoder. Allocates nothing until the first message.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            context: Decompressor::new(),
            undeclared: Vec::new(),
        }
    }

    /// The limits that every message is held against.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Decompresses `input` into a new vector of exactly its content's size, in length and capacity.
    ///
    /// Content of undeclared size is decoded into the decoder's own buffer and copied once its size
    /// is known: what a caller keeps never has room that no content fills.
    ///
    /// # Errors
    ///
    /// As [`decompress_into`](Self::decompress_into).
    pub fn decompress(&mut self, input: &[u8]) -> Result<Vec<u8>, DecompressError> {
        let mut output = Vec::new();
        let plan = Plan::walk(input, &self.limits)?;
        // After the plan: what it refuses has the same error in a build without libzstd.
        if !Decompressor::AVAILABLE {
            return Err(DecompressError::Unavailable);
        }
        match plan.declared_bytes() {
            Some(declared) => {
                self.decode_declared(declared, &plan, input, &mut output)?;
            }
            None => self.decompress_undeclared(&plan, input, &mut output)?,
        }
        Ok(output)
    }

    #[inline(never)]
    fn decompress_undeclared(
        &mut self,
        plan: &Plan,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), DecompressError> {
        // Taken out because the call borrows the decoder; put back after errors too, for its capacity.
        let mut buffer = core::mem::take(&mut self.undeclared);
        buffer.clear();
        let copied = self
            .decode_undeclared(plan, input, &mut buffer)
            .and_then(|size| grow(output, size as u64));
        if copied.is_ok() {
            output.extend_from_slice(&buffer);
        }
        self.undeclared = buffer;
        copied
    }

    /// Decompresses `input` into `output`, whose old content is dropped and whose capacity is
    /// reused, and returns the size of the content.
    ///
    /// The capacity grows only when it is below [`Plan::output_bytes_max`], and to exactly that;
    /// with [`Bounded`](crate::UnknownSize::Bounded) it grows by doubling, at most to the output
    /// limit. Old memory is given back before new memory is asked for.
    ///
    /// After an error `output` is empty, with the capacity that it had or grew to (none when memory
    /// was short), and the decoder takes the next message as a new one would.
    ///
    /// # Errors
    ///
    /// [`DecompressError::Refused`] when the plan refuses the input; the other variants when a
    /// compressed block does not hold what its headers promise, or memory is short.
    pub fn decompress_into(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<usize, DecompressError> {
        output.clear();
        let plan = Plan::walk(input, &self.limits)?;
        if !Decompressor::AVAILABLE {
            return Err(DecompressError::Unavailable);
        }
        let result = match plan.declared_bytes() {
            Some(declared) => self.decode_declared(declared, &plan, input, output),
            None => self.decode_undeclared(&plan, input, output),
        };
        if result.is_err() {
            output.clear();
        }
        result
    }

    /// Decodes what declares its size, into exactly that.
    // Inlined, and everything unusual kept out of it: it shares the cache with libzstd's loops.
    #[inline(always)]
    fn decode_declared(
        &mut self,
        declared: u64,
        plan: &Plan,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<usize, DecompressError> {
        if (output.capacity() as u64) < declared {
            grow(output, declared)?;
        }
        match self.context.attempt(plan, &self.limits, input, output) {
            Ok(size) if size as u64 == declared => Ok(size),
            // Not expected, since libzstd compares the size of each frame; held here all the same.
            Ok(_) => Err(DecompressError::Corrupt { status: 0 }),
            // There was room for all that the header declares, so that the content contradicts it.
            Err(Failure::Full) => Err(DecompressError::Corrupt { status: FULL }),
            Err(Failure::Other(error)) => Err(error),
        }
    }

    /// Decodes what does not say how large it is, up to what is proved or allowed.
    #[inline(never)]
    fn decode_undeclared(
        &mut self,
        plan: &Plan,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<usize, DecompressError> {
        let limit = self.limits.output_bytes_for(input.len());
        let most = plan.output_bytes_max.min(limit);
        // Any sound input fills what its blocks prove; what they may yield beyond that is allocated later.
        let first = plan.output_bytes_min.max(FIRST_BYTES);
        let mut capacity = first.max(output.capacity() as u64).min(most);
        loop {
            if (output.capacity() as u64) < capacity {
                grow(output, capacity)?;
            }
            // From the start in each round: `grow` has given back what was decoded before.
            match self.context.attempt(plan, &self.limits, input, output) {
                Ok(size) if (plan.output_bytes_min..=most).contains(&(size as u64)) => {
                    return Ok(size);
                }
                // The buffer brought more capacity than was planned, and the content used it.
                Ok(size) if size as u64 > limit => {
                    return Err(DecompressError::OutputTooLarge { limit });
                }
                Ok(_) => return Err(DecompressError::Corrupt { status: 0 }),
                Err(Failure::Full) if capacity < most => {
                    capacity = capacity.saturating_mul(2).min(most);
                }
                Err(Failure::Full) if most < plan.output_bytes_max => {
                    return Err(DecompressError::OutputTooLarge { limit });
                }
                Err(Failure::Full) => return Err(DecompressError::Corrupt { status: FULL }),
                Err(Failure::Other(error)) => return Err(error),
            }
        }
    }
}

/// Makes room for exactly `bytes` in an empty vector; its old memory is given back first.
#[cold]
#[inline(never)]
fn grow(output: &mut Vec<u8>, bytes: u64) -> Result<(), DecompressError> {
    let out_of_memory = DecompressError::OutOfMemory { bytes };
    let bytes = usize::try_from(bytes).map_err(|_| out_of_memory)?;
    *output = Vec::new();
    output.try_reserve_exact(bytes).map_err(|_| out_of_memory)
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// What is allocated first for content of unproved size: one block of the largest size.
const FIRST_BYTES: u64 = 128 * 1024;
