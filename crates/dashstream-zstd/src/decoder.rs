//! Decoding what a plan admitted.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, ResetDirective};

use crate::limits::Limits;
use crate::plan::{Frames, Plan};
use crate::refusal::Refusal;

/// Decompresses messages; each is planned first, and nothing is allocated for one that is refused.
///
/// libzstd's context, about 96 KiB, is created by the first message that is admitted, and reused.
/// Messages of several compressed blocks, and of more than 128 KiB, add up to 128 KiB to it. Messages
/// that do not declare their size add the buffer that [`decompress`](Self::decompress) decodes them
/// into, at most twice the largest content and at most the output limit.
pub struct Decoder {
    limits: Limits,
    context: Option<DCtx<'static>>,
    /// Where content of undeclared size is decoded before its size is known.
    undeclared: Vec<u8>,
}

/// Why a message was not decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecompressError {
    /// The plan refused the input before anything was allocated for it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The content does not match the frame's checksum.
    #[error("checksum mismatch")]
    ChecksumMismatch,
    /// A compressed block is damaged, or yields less or more than the plan proved or the frame
    /// declares.
    #[error("corrupt content, libzstd status {status}")]
    Corrupt {
        /// libzstd's `ZSTD_ErrorCode`; 0 where this crate found the difference.
        status: u32,
    },
    /// The size was unknown, and decoding reached the output limit or the ratio.
    #[error("more than {limit} bytes of content")]
    OutputTooLarge {
        /// The most bytes that the limits allow for this input.
        limit: u64,
    },
    /// There is no memory for the content or for libzstd's context.
    #[error("no memory for {bytes} bytes and the context")]
    OutOfMemory {
        /// The bytes that were asked for.
        bytes: u64,
    },
}

impl DecompressError {
    /// A stable name for metrics and stored records; never changes once released.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::ChecksumMismatch => "checksum_mismatch",
            Self::Corrupt { .. } => "corrupt",
            Self::OutputTooLarge { .. } => "output_too_large",
            Self::OutOfMemory { .. } => "out_of_memory",
        }
    }

    /// Where in the input the field is that gave the reason; `None` of what decoding found.
    #[must_use]
    pub const fn offset(&self) -> Option<usize> {
        match self {
            Self::Refused(refusal) => Some(refusal.offset()),
            Self::ChecksumMismatch
            | Self::Corrupt { .. }
            | Self::OutputTooLarge { .. }
            | Self::OutOfMemory { .. } => None,
        }
    }

    /// Whether the content was refused on its length.
    #[must_use]
    pub const fn is_too_large(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.is_too_large(),
            Self::OutputTooLarge { .. } => true,
            Self::ChecksumMismatch | Self::Corrupt { .. } | Self::OutOfMemory { .. } => false,
        }
    }
}

impl Decoder {
    /// Makes a decoder. Allocates nothing until the first message.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            context: None,
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
        match self.attempt(plan, input, output) {
            Ok(size) if size as u64 == declared => Ok(size),
            Ok(_) => Err(DecompressError::Corrupt { status: 0 }),
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
        let most = plan.output_bytes_max().min(limit);
        let first = plan.output_bytes_min().max(FIRST_BYTES);
        let mut capacity = first.max(output.capacity() as u64).min(most);
        loop {
            if (output.capacity() as u64) < capacity {
                grow(output, capacity)?;
            }
            match self.attempt(plan, input, output) {
                Ok(size) if (plan.output_bytes_min()..=most).contains(&(size as u64)) => {
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
                Err(Failure::Full) if most < plan.output_bytes_max() => {
                    return Err(DecompressError::OutputTooLarge { limit });
                }
                Err(Failure::Full) => return Err(DecompressError::Corrupt { status: FULL }),
                Err(Failure::Other(error)) => return Err(error),
            }
        }
    }

    /// Decodes once, into the capacity that is there.
    #[inline(always)]
    fn attempt(
        &mut self,
        plan: &Plan,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<usize, Failure> {
        let capacity = output.capacity();
        let context = match &mut self.context {
            Some(context) => context,
            none => none.insert(create().ok_or_else(|| failure(MEMORY, capacity))?),
        };
        if plan.one_shot() {
            return context
                .decompress(output, input)
                .map_err(|code| failure(status(code), capacity));
        }
        self.attempt_by_blocks(input, output)
    }

    /// As [`attempt`](Self::attempt), block by block, in the context that is there.
    #[inline(never)]
    fn attempt_by_blocks(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<usize, Failure> {
        let Some(context) = &mut self.context else {
            return Err(failure(MEMORY, output.capacity()));
        };
        let size = block_by_block(context, &self.limits, input, output);
        // Whatever happened, the next message starts from a context without a session.
        if context.reset(ResetDirective::SessionOnly).is_err() {
            self.context = None;
        }
        size
    }
}

/// Why one attempt to decode did not end well.
enum Failure {
    /// The capacity did not suffice.
    Full,
    Other(DecompressError),
}

/// Decodes each frame block by block, directly into `output`.
///
/// libzstd's one-shot decoder does not check that a compressed block stays within its frame's
/// largest block; its streaming decoder does. It would take the one-shot path for a whole frame of
/// declared size, so that it is handed the last block separately. With a stable output buffer it
/// keeps no window of its own.
fn block_by_block(
    context: &mut DCtx<'static>,
    limits: &Limits,
    input: &[u8],
    output: &mut Vec<u8>,
) -> Result<usize, Failure> {
    let capacity = output.capacity();
    let mut frames = Frames::new(input, limits);
    let mut out = OutBuffer::around(output);
    while let Some(frame) = frames.next_frame().map_err(|r| Failure::Other(r.into()))? {
        let start = out.pos();
        let mut feed = |part: Range<usize>| {
            let mut part = InBuffer::around(input.get(part).unwrap_or_default());
            let hint = context
                .decompress_stream(&mut out, &mut part)
                .map_err(|code| failure(status(code), capacity))?;
            // One call takes the whole part: the output has room, or the call fails.
            if part.pos() == part.src.len() {
                Ok(hint)
            } else {
                Err(CORRUPT)
            }
        };
        let more = feed(frame.start..frame.last_block)?;
        let left = feed(frame.last_block..frame.end)?;
        // The frame ends with its last block, where the plan saw it end, and holds what it declares:
        // behind an empty last block the streaming decoder does not check that.
        let size = out.pos().saturating_sub(start) as u64;
        if more == 0 || left != 0 || size < frame.least || size > frame.most {
            return Err(CORRUPT);
        }
    }
    Ok(out.pos())
}

/// A difference from the plan that this crate found, and not libzstd.
const CORRUPT: Failure = Failure::Other(DecompressError::Corrupt { status: 0 });

#[cold]
#[inline(never)]
fn create() -> Option<DCtx<'static>> {
    let mut context = DCtx::try_create()?;
    // The limits bound the window, at most to this; a stable output buffer needs no memory for it.
    context
        .set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX))
        .ok()?;
    context
        .set_parameter(DParameter::StableOutBuffer(true))
        .ok()?;
    Some(context)
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

/// What libzstd's status means for an attempt to fill `capacity` bytes.
#[cold]
#[inline(never)]
fn failure(status: u32, capacity: usize) -> Failure {
    match status {
        FULL => Failure::Full,
        MEMORY => Failure::Other(DecompressError::OutOfMemory {
            bytes: capacity as u64,
        }),
        CHECKSUM => Failure::Other(DecompressError::ChecksumMismatch),
        status => Failure::Other(DecompressError::Corrupt { status }),
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// libzstd's `ZSTD_ErrorCode` of a failed call, whose value is its negation.
pub(crate) fn status(code: usize) -> u32 {
    u32::try_from(code.wrapping_neg()).unwrap_or(u32::MAX)
}

/// `ZSTD_error_checksum_wrong`; zstd_errors.h keeps codes below 100 stable.
const CHECKSUM: u32 = 22;

/// `ZSTD_error_memory_allocation`.
const MEMORY: u32 = 64;

/// `ZSTD_error_dstSize_tooSmall`.
const FULL: u32 = 70;

/// The largest window that libzstd supports on every target: 1 GiB.
const WINDOW_LOG_MAX: u32 = 30;

/// What is allocated first for content of unproved size: one block of the largest size.
const FIRST_BYTES: u64 = 128 * 1024;
