//! One frame with content, walked from its header to its end.

use crate::block::Block;
use crate::header::Header;
use crate::input::Input;
use crate::limits::{Limits, UnknownSize};
use crate::refusal::Refusal;

/// What is left for the frames of an input, each of which spends from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// Bytes of output that the limits leave.
    output: u64,
    /// Whether the ratio, not the output limit, set `output`.
    by_ratio: bool,
    /// Output of the frames before, so that refusals by ratio name the whole.
    spent: u64,
    blocks: u64,
    blocks_limit: u64,
}

impl Budget {
    /// The budget for an input of `len` bytes.
    pub(crate) const fn new(len: usize, limits: &Limits) -> Self {
        let limit = limits.output_bytes();
        let (output, by_ratio) = match limits.ratio() {
            Some(ratio) if ratio.output_bytes(len) < limit => (ratio.output_bytes(len), true),
            _ => (limit, false),
        };
        let blocks = limits.blocks();
        Self {
            output,
            by_ratio,
            spent: 0,
            blocks,
            blocks_limit: blocks,
        }
    }

    /// Spends a block, or a skippable frame, that begins at `offset`.
    pub(crate) const fn block(&mut self, offset: usize) -> Result<(), Refusal> {
        match self.blocks.checked_sub(1) {
            Some(left) => {
                self.blocks = left;
                Ok(())
            }
            None => Err(Refusal::TooManyBlocks {
                offset,
                limit: self.blocks_limit,
            }),
        }
    }

    /// Spends the content of a frame that was found within the budget.
    const fn frame(&mut self, bytes: u64) {
        self.output = self.output.saturating_sub(bytes);
        self.spent = self.spent.saturating_add(bytes);
    }

    /// The refusal for `output` bytes at `offset`: by ratio where that is the tighter limit.
    const fn exceeded(&self, offset: usize, output: u64, otherwise: Refusal) -> Refusal {
        if self.by_ratio {
            Refusal::RatioTooHigh {
                offset,
                output: self.spent.saturating_add(output),
                limit: self.spent.saturating_add(self.output),
            }
        } else {
            otherwise
        }
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
        admit(&header, limits, budget)?;
        let block_max = header.block_bytes_max();
        let mut proof = Proof { least: 0, most: 0 };
        let (mut blocks, mut compressed_blocks) = (0_u64, 0_u64);
        let last_block = loop {
            let offset = input.offset();
            budget.block(offset)?;
            let block = Block::walk(input, block_max)?;
            blocks = blocks.saturating_add(1);
            compressed_blocks = compressed_blocks.saturating_add(u64::from(block.compressed));
            proof.add(&block);
            proof.check(offset, &header, limits, budget)?;
            if block.last {
                break offset;
            }
        };
        let checksum = header.descriptor.checksum();
        if checksum {
            let &[_, _, _, _] = input.array()?;
        }
        let (least, most) = match header.declared {
            None => (proof.least, proof.most),
            Some(declared) if declared > proof.most => {
                let bound = proof.most;
                return Err(Refusal::DeclaredAboveProof {
                    offset: start,
                    declared,
                    bound,
                });
            }
            Some(declared) => (declared, declared),
        };
        budget.frame(least);
        Ok(Self {
            start,
            last_block,
            end: input.offset(),
            blocks,
            least,
            most,
            declared: header.declared.is_some(),
            checksum,
            // What one compressed block holds follows from the total, since the others are known;
            // and content no larger than the largest block has no larger block.
            sized_by_total: compressed_blocks <= 1 || most <= u64::from(block_max),
        })
    }
}

/// What the blocks so far prove about the content.
struct Proof {
    least: u64,
    most: u64,
}

impl Proof {
    const fn add(&mut self, block: &Block) {
        self.least = self.least.saturating_add(block.least as u64);
        self.most = self.most.saturating_add(block.most as u64);
    }

    /// Holds the proof against what the frame declares, or against the limits where it does not.
    fn check(
        &self,
        offset: usize,
        header: &Header,
        limits: &Limits,
        budget: &Budget,
    ) -> Result<(), Refusal> {
        let (proven, limit) = (self.least, budget.output);
        match header.declared {
            Some(declared) if proven > declared => Err(Refusal::DeclaredBelowProof {
                offset,
                declared,
                proven,
            }),
            // The declared size was held against the limits before.
            Some(_) => Ok(()),
            None if proven > limit => Err(budget.exceeded(
                offset,
                proven,
                Refusal::ProvenTooLarge {
                    offset,
                    proven,
                    limit,
                },
            )),
            None => match limits.unknown_size() {
                UnknownSize::Evidence if self.most > limit => {
                    let bound = self.most;
                    Err(budget.exceeded(
                        offset,
                        bound,
                        Refusal::BoundTooLarge {
                            offset,
                            bound,
                            limit,
                        },
                    ))
                }
                UnknownSize::Reject | UnknownSize::Evidence | UnknownSize::Bounded => Ok(()),
            },
        }
    }
}

/// Holds a frame header against the limits, field by field in the order of the format.
fn admit(header: &Header, limits: &Limits, budget: &Budget) -> Result<(), Refusal> {
    if !header.descriptor.single_segment() && header.window > limits.window_bytes() {
        return Err(Refusal::WindowTooLarge {
            offset: header.window_at(),
            window: header.window,
            limit: limits.window_bytes(),
        });
    }
    if header.dictionary != 0 {
        return Err(Refusal::DictionaryRequired {
            offset: header.dictionary_at(),
            id: header.dictionary,
        });
    }
    match header.declared {
        Some(declared) if declared > budget.output => {
            let (offset, limit) = (header.declared_at(), budget.output);
            Err(budget.exceeded(
                offset,
                declared,
                Refusal::DeclaredTooLarge {
                    offset,
                    declared,
                    limit,
                },
            ))
        }
        None if limits.unknown_size() == UnknownSize::Reject => Err(Refusal::UnknownSize {
            offset: header.offset,
        }),
        Some(_) | None => Ok(()),
    }
}
