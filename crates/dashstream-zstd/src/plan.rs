//! The walk over a whole input.

use crate::frame::{Budget, Frame};
use crate::header::FRAME_MAGIC;
use crate::input::Input;
use crate::limits::Limits;
use crate::refusal::Refusal;

/// Bounds on what an input decodes to, proved by its frame and block headers.
///
/// The bounds hold if the input decodes, not that it does: a compressed block can still turn out to be corrupt, or to
/// yield less or more than its frame declares, and [`Decoder`](crate::Decoder) then says so. But no
/// content is larger than [`output_bytes_max`](Self::output_bytes_max), and that is what is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Plan {
    /// The least bytes of content that the input can decode to.
    pub output_bytes_min: u64,
    /// The most bytes of content that the input can decode to.
    ///
    /// It is the declared size where every frame declares one. With
    /// [`UnknownSize::Bounded`](crate::UnknownSize::Bounded) it may lie beyond the output limit,
    /// where decoding stops.
    pub output_bytes_max: u64,
    /// How many blocks the frames have in total.
    pub blocks: u64,
    /// How many frames with content there are: at least one.
    pub frames: u32,
    /// How many skippable frames there are.
    pub skippable_frames: u32,
    /// Whether every frame carries a checksum of its content, which decoding verifies.
    pub has_checksum: bool,
    declared: bool,
    /// Whether one call of libzstd's one-shot decoder decodes the input exactly as the format says.
    pub(crate) one_shot: bool,
}

impl Plan {
    /// Walks every frame header and every block header of `input` and holds them against `limits`.
    ///
    /// The walk decodes nothing, allocates nothing, and reads a few bytes a block: its work is
    /// bounded by the output limit and the block limit, and by a block each three bytes of the input.
    /// Whatever it does not know it refuses; it never tries a second interpretation.
    ///
    /// # Errors
    ///
    /// The first [`Refusal`] in the order of the input. Within a frame header the fields are judged
    /// in their order: reserved bit, window, dictionary, content size.
    pub fn inspect(input: &[u8], limits: &Limits) -> Result<Self, Refusal> {
        Self::walk(input, limits)
    }

    /// As [`inspect`](Self::inspect), inlined into the decoder: a call costs a tenth of the walk.
    #[inline(always)]
    pub(crate) fn walk(input: &[u8], limits: &Limits) -> Result<Self, Refusal> {
        let mut frames = Frames::new(input, limits);
        // Nearly every input is one frame, and a message costs no more than this; what else there
        // may be stands out of the way.
        let Some(frame) = frames.at_once()? else {
            return Self::of_several(None, frames);
        };
        if !frames.input.rest().is_empty() {
            return Self::of_several(Some(Self::of(&frame)), frames);
        }
        Ok(Self::of(&frame))
    }

    /// The plan of an input that consists of one frame.
    const fn of(frame: &Frame) -> Self {
        Self {
            output_bytes_min: frame.least,
            output_bytes_max: frame.most,
            blocks: frame.blocks,
            frames: 1,
            skippable_frames: 0,
            declared: frame.declared,
            has_checksum: frame.checksum,
            one_shot: frame.sized_by_total,
        }
    }

    /// The plan of an input of which `first` is walked, and the rest stands before `frames`.
    #[cold]
    fn of_several(first: Option<Self>, mut frames: Frames<'_>) -> Result<Self, Refusal> {
        let mut plan = match first {
            Some(plan) => plan,
            // No frame at the front: there are skippable frames before it, or there is none at all.
            None => match frames.next_frame()? {
                Some(frame) => Self::of(&frame),
                None => {
                    let len = frames.input.total();
                    return Err(Refusal::Empty { len });
                }
            },
        };
        while let Some(frame) = frames.next_frame()? {
            plan.output_bytes_min = plan.output_bytes_min.saturating_add(frame.least);
            plan.output_bytes_max = plan.output_bytes_max.saturating_add(frame.most);
            plan.blocks = plan.blocks.saturating_add(frame.blocks);
            plan.declared &= frame.declared;
            plan.has_checksum &= frame.checksum;
        }
        plan.frames = frames.frames;
        plan.skippable_frames = frames.skippable_frames;
        // One call returns the total of several frames, which does not tell the size of each.
        plan.one_shot &= plan.frames == 1 && plan.skippable_frames == 0;
        Ok(plan)
    }

    /// The declared size of the content, when every frame declares one.
    #[must_use]
    pub const fn declared_bytes(&self) -> Option<u64> {
        if self.declared {
            Some(self.output_bytes_max)
        } else {
            None
        }
    }
}

/// The frames with content of an input, one after the other.
pub(crate) struct Frames<'a> {
    input: Input<'a>,
    limits: &'a Limits,
    budget: Budget,
    frames: u32,
    skippable_frames: u32,
}

impl<'a> Frames<'a> {
    pub(crate) const fn new(input: &'a [u8], limits: &'a Limits) -> Self {
        Self {
            input: Input::new(input),
            limits,
            budget: Budget::new(input.len(), limits),
            frames: 0,
            skippable_frames: 0,
        }
    }

    /// Walks over the frame that stands here; `None` where something else does, or nothing, or
    /// where the limits allow no more frames.
    // Inlined into the one function that every input goes through: half of a plan's time.
    #[inline(always)]
    fn at_once(&mut self) -> Result<Option<Frame>, Refusal> {
        let offset = self.input.offset();
        if self.frames >= self.limits.frames() || !self.input.take_if(FRAME_MAGIC) {
            return Ok(None);
        }
        self.frames = self.frames.saturating_add(1);
        Frame::walk(&mut self.input, offset, self.limits, &mut self.budget).map(Some)
    }

    /// Walks over the next frame with content, and over what stands before it; `None` at the end of
    /// the input.
    #[inline(never)]
    pub(crate) fn next_frame(&mut self) -> Result<Option<Frame>, Refusal> {
        while !self.input.rest().is_empty() {
            if let Some(frame) = self.at_once()? {
                return Ok(Some(frame));
            }
            self.no_frame()?;
        }
        Ok(None)
    }

    /// Walks over what is no frame that the limits allow, when that is a skippable frame.
    #[cold]
    fn no_frame(&mut self) -> Result<(), Refusal> {
        let (offset, len) = (self.input.offset(), self.input.rest().len());
        // What is no frame at all is trailing bytes where a frame came before.
        let first = self.frames == 0 && self.skippable_frames == 0;
        let trailing = Refusal::TrailingBytes { offset, len };
        let magic = match self.input.array() {
            Ok(&bytes) => u32::from_le_bytes(bytes),
            Err(truncated) => return Err(if first { truncated } else { trailing }),
        };
        let legacy = |version| Err(Refusal::LegacyMagic { offset, version });
        match magic {
            FRAME_MAGIC => {
                let limit = self.limits.frames();
                Err(Refusal::TooManyFrames { offset, limit })
            }
            // All sixteen are equivalent; the low four bits are for applications.
            0x184D_2A50..=0x184D_2A5F => self.skip(offset),
            // The formats of zstd 0.1 and 0.2 to 0.7, each with its own magic number.
            0xFD2F_B51E => legacy(1),
            0xFD2F_B522..=0xFD2F_B527 => legacy((magic & 0x0F) as u8),
            _ if first => Err(Refusal::BadMagic { offset, magic }),
            _ => Err(trailing),
        }
    }

    /// Walks over the skippable frame at `offset`, whose magic number was just read.
    fn skip(&mut self, offset: usize) -> Result<(), Refusal> {
        let limit = self.limits.skippable_frames();
        if self.skippable_frames >= limit {
            return Err(Refusal::SkippableFrame { offset, limit });
        }
        self.skippable_frames = self.skippable_frames.saturating_add(1);
        self.budget.small(offset, None, self.limits)?;
        let len = u32::from_le_bytes(*self.input.array()?);
        self.input.bytes(len)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
