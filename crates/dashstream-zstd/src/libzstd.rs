//! libzstd's contexts: everything that calls it.

use alloc::vec::Vec;
use core::ops::Range;

use zstd_safe::{
    CCtx, CParameter, DCtx, DParameter, InBuffer, OutBuffer, ResetDirective, compress_bound,
};

use crate::error::{CompressError, DecompressError, Failure};
use crate::limits::Limits;
use crate::plan::{Frames, Plan};

/// The decompression context, once there was something to decompress.
pub(crate) struct Decompressor(Option<DCtx<'static>>);

impl Decompressor {
    pub(crate) const AVAILABLE: bool = true;

    pub(crate) const fn new() -> Self {
        Self(None)
    }

    /// Decodes once, into the capacity that is there.
    #[inline(always)]
    pub(crate) fn attempt(
        &mut self,
        plan: &Plan,
        limits: &Limits,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<usize, Failure> {
        let capacity = output.capacity();
        let context = match &mut self.0 {
            Some(context) => context,
            none => none.insert(create().ok_or_else(|| failure(MEMORY, capacity))?),
        };
        if plan.one_shot {
            // This call begins by resetting the state of decoding, so that nothing has to be reset after it.
            return context
                .decompress(output, input)
                .map_err(|code| failure(status(code), capacity));
        }
        let size = block_by_block(context, limits, input, output);
        // Whatever happened, the next message starts from a context without a session.
        if context.reset(ResetDirective::SessionOnly).is_err() {
            self.0 = None;
        }
        size
    }
}

/// The compression context, once there was something to compress.
pub(crate) struct Compressor(Option<CCtx<'static>>);

impl Compressor {
    pub(crate) const fn new() -> Self {
        Self(None)
    }

    /// Writes `content` as one frame into `frame`, which is empty.
    pub(crate) fn compress(
        &mut self,
        level: i32,
        checksum: bool,
        content: &[u8],
        frame: &mut Vec<u8>,
    ) -> Result<usize, CompressError> {
        let bytes = compress_bound(content.len());
        let out_of_memory = CompressError::OutOfMemory { bytes };
        let failed = |code| CompressError::Status {
            status: status(code),
        };
        let context = match &mut self.0 {
            Some(context) => context,
            none => {
                let mut context = CCtx::try_create().ok_or(out_of_memory)?;
                let parameters = [
                    CParameter::CompressionLevel(level),
                    CParameter::ContentSizeFlag(true),
                    CParameter::ChecksumFlag(checksum),
                ];
                for parameter in parameters {
                    context.set_parameter(parameter).map_err(failed)?;
                }
                // Kept with its parameters only: they stay set from one `compress2` to the next.
                none.insert(context)
            }
        };
        // Room for the worst case: libzstd cannot run out of it, and short memory is an error, not an abort.
        frame.try_reserve_exact(bytes).map_err(|_| out_of_memory)?;
        context.compress2(frame, content).map_err(failed)
    }
}

/// Decodes each frame block by block, directly into `output`.
///
/// libzstd's one-shot decoder does not check that a compressed block stays within its frame's
/// largest block; its streaming decoder does. It would take the one-shot path for a whole frame of
/// declared size, so that it is handed the last block separately. With a stable output buffer it
/// keeps no window of its own.
#[inline(never)]
fn block_by_block(
    context: &mut DCtx<'static>,
    limits: &Limits,
    input: &[u8],
    output: &mut Vec<u8>,
) -> Result<usize, Failure> {
    let capacity = output.capacity();
    let mut frames = Frames::new(input, limits);
    let mut out = OutBuffer::around(output);
    // The plan has accepted these frames: they are walked again for where they and their last blocks begin.
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
    // The limits bound the window, at most to this; libzstd's own default is 2^27 bytes, which may be less. A
    // stable output buffer needs no memory for the window.
    context
        .set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX))
        .ok()?;
    context
        .set_parameter(DParameter::StableOutBuffer(true))
        .ok()?;
    Some(context)
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

/// libzstd's `ZSTD_ErrorCode` of a failed call, whose value is its negation.
fn status(code: usize) -> u32 {
    u32::try_from(code.wrapping_neg()).unwrap_or(u32::MAX)
}

/// `ZSTD_error_checksum_wrong`; zstd_errors.h keeps codes below 100 stable.
const CHECKSUM: u32 = 22;

/// `ZSTD_error_memory_allocation`.
const MEMORY: u32 = 64;

/// `ZSTD_error_dstSize_tooSmall`.
pub(crate) const FULL: u32 = 70;

/// The largest window that libzstd supports on every target: 1 GiB.
const WINDOW_LOG_MAX: u32 = 30;
