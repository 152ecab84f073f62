//! One frame with content, walked from its header to its end.

use crate::block::Block;
use crate::header::Header;
use crate::input::Input;
use crate::limits::{EMPTY_BLOCKS, LENT_BLOCKS, Limits, TABLES_BYTES, UnknownSize};
use crate::refusal::{Refusal, cold};

/// What is left for the frames of an input, each of which spends from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// Bytes of output that the limits leave.
    output: u64,
    /// Blocks of any kind that are left, where the limits set a number.
    blocks: Option<u64>,
    /// Blocks without content that are left, where the limits set none.
    empty: u64,
    /// Bytes of content that were proved or lent, and that no tables were paid with.
    unspent: u64,
}

impl Budget {
    /// The budget for an input of `len` bytes.
    #[inline]
    pub(crate) const fn new(len: usize, limits: &Limits) -> Self {
        Self {
            output: limits.output_bytes_for(len),
            blocks: limits.blocks,
            empty: EMPTY_BLOCKS,
            unspent: LENT_BLOCKS.saturating_mul(TABLES_BYTES as u64),
        }
    }

    /// Spends a block at `offset`.
    #[inline(always)]
    fn block(&mut self, offset: usize, block: &Block<'_>, limits: &Limits) -> Result<(), Refusal> {
        // Most blocks pay for tables, whether they bring some or not.
        if let (None, Some(more)) = (self.blocks, block.least.checked_sub(TABLES_BYTES)) {
            // At most 128 KiB a block, of three bytes or more of input: it cannot wrap.
            self.unspent = self.unspent.wrapping_add(u64::from(more));
            return Ok(());
        }
        self.small(offset, Some(block), limits)
    }

    /// Spends a block that proves little, or a skippable frame, which is a block of nothing.
    #[inline(never)]
    pub(crate) fn small(
        &mut self,
        offset: usize,
        block: Option<&Block<'_>>,
        limits: &Limits,
    ) -> Result<(), Refusal> {
        let (left, cost, limit) = match (&mut self.blocks, block) {
            (Some(left), _) => (left, 1, limits.blocks()),
            (None, Some(block)) if block.least > 0 => {
                // Earned before it is spent, so that a block pays for its own tables with its own content.
                self.unspent = self.unspent.saturating_add(u64::from(block.least));
                let cost = if block.brings_tables() {
                    u64::from(TABLES_BYTES)
                } else {
                    0
                };
                (&mut self.unspent, cost, LENT_BLOCKS)
            }
            (None, _) => (&mut self.empty, 1, EMPTY_BLOCKS),
        };
        match left.checked_sub(cost) {
            Some(fewer) => {
                *left = fewer;
                Ok(())
            }
            None => Err(cold(Refusal::TooManyBlocks { offset, limit })),
        }
    }

    /// Spends the content of a frame that was found within the budget.
    const fn frame(&mut self, bytes: u64) {
        // Never more than is left: `walk` has held both declared and proven content against it.
        self.output = self.output.saturating_sub(bytes);
    }
}

/// A frame whose headers were walked and found within limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Where the frame begins, where the header of its last block is, and where the frame ends.
    pub(crate) start: usize,
    pub(crate) last_block: usize,
    pub(crate) end: usize,
    pub(crate) blocks: u64,
    /// The least and the most content; both are the declared size where there is one.
    pub(crate) least: u64,
    pub(crate) most: u64,
    pub(crate) declared: bool,
    pub(crate) checksum: bool,
    /// Whether the total size of the content shows that no block exceeded the frame's largest.
    pub(crate) sized_by_total: bool,
}

impl Frame {
    /// Walks over the frame whose magic number, at `start`, was just read.
    #[inline(always)]
    pub(crate) fn walk(
        input: &mut Input<'_>,
        start: usize,
        limits: &Limits,
        budget: &mut Budget,
    ) -> Result<Self, Refusal> {
        let header = Header::parse(input)?;
        let Header { declared, .. } = header;
        let (len, left) = (input.total(), budget.output);
        // Before any block: what the header alone rules out costs no walk.
        admit(&header, limits, len, left)?;
        let block_max = header.block_bytes_max();
        // What is declared was held against the limits before.
        let least_max = declared.unwrap_or(left);
        let (mut least, mut most) = (0_u64, 0_u64);
        let (mut blocks, mut compressed_blocks) = (0_u64, 0_u64);
        let last_block = loop {
            let offset = input.offset();
            let block = Block::walk(input, block_max)?;
            budget.block(offset, &block, limits)?;
            // Each takes three bytes of the input.
            blocks = blocks.wrapping_add(1);
            // Wrapping is out of reach: at 128 KiB a block it takes 2^47 of them, 3 bytes each.
            least = least.wrapping_add(u64::from(block.least));
            most = most.wrapping_add(u64::from(block.most));
            compressed_blocks = compressed_blocks.wrapping_add(u64::from(block.compressed));
            // After each block, so that the walk ends at the first one too many.
            if least > least_max {
                return Err(over_proven(offset, least, declared, left, limits, len));
            }
            if block.last {
                break offset;
            }
        };
        let checksum = header.descriptor.checksum();
        if checksum {
            // Only stepped over: whether it is right is known after decoding.
            let &[_, _, _, _] = input.array()?;
        }
        if let Some(declared) = declared {
            if declared > most {
                return Err(cold(Refusal::DeclaredAboveProof {
                    offset: start,
                    declared,
                    bound: most,
                }));
            }
            // Decoding fails when the content has another size, so that both bounds are exact.
            (least, most) = (declared, declared);
        }
        budget.frame(least);
        Ok(Self {
            start,
            last_block,
            end: input.offset(),
            blocks,
            least,
            most,
            declared: declared.is_some(),
            checksum,
            // What one compressed block holds follows from the total, since the others are known;
            // and content no larger than the largest block has no larger block.
            sized_by_total: compressed_blocks <= 1 || most <= u64::from(block_max),
        })
    }
}

/// Holds a frame header against the limits, field by field in the order of the format.
#[inline(always)]
fn admit(header: &Header, limits: &Limits, len: usize, left: u64) -> Result<(), Refusal> {
    // A single segment's window is its content, which the output limit bounds.
    if !header.descriptor.single_segment() && header.window > limits.window_bytes() {
        return Err(cold(Refusal::WindowTooLarge {
            offset: header.window_at(),
            window: header.window,
            limit: limits.window_bytes(),
        }));
    }
    if header.dictionary != 0 {
        return Err(cold(Refusal::DictionaryRequired {
            offset: header.dictionary_at(),
            id: header.dictionary,
        }));
    }
    match header.declared {
        Some(declared) if declared > left => {
            let offset = header.declared_at();
            let otherwise = Refusal::DeclaredTooLarge {
                offset,
                declared,
                limit: left,
            };
            Err(exceeded(offset, declared, left, limits, len, otherwise))
        }
        None if limits.unknown_size() == UnknownSize::Reject => Err(cold(Refusal::UnknownSize {
            offset: header.offset,
        })),
        Some(_) | None => Ok(()),
    }
}

/// Refuses a frame whose blocks, up to the one at `offset`, prove more than it declares or than the
/// limits leave: at least `proven` bytes.
#[cold]
#[inline(never)]
fn over_proven(
    offset: usize,
    proven: u64,
    declared: Option<u64>,
    left: u64,
    limits: &Limits,
    len: usize,
) -> Refusal {
    match declared {
        Some(declared) => Refusal::DeclaredBelowProof {
            offset,
            declared,
            proven,
        },
        None => {
            let otherwise = Refusal::ProvenTooLarge {
                offset,
                proven,
                limit: left,
            };
            exceeded(offset, proven, left, limits, len, otherwise)
        }
    }
}

/// Refuses `output` bytes where `left` were: by ratio where that is the tighter limit, which then
/// names the whole, the frames before included.
#[cold]
#[inline(never)]
fn exceeded(
    offset: usize,
    output: u64,
    left: u64,
    limits: &Limits,
    len: usize,
    otherwise: Refusal,
) -> Refusal {
    let limit = limits.output_bytes_for(len);
    if limit == limits.output_bytes() {
        return otherwise;
    }
    let spent = limit.saturating_sub(left);
    Refusal::RatioTooHigh {
        offset,
        output: spent.saturating_add(output),
        limit,
    }
}
