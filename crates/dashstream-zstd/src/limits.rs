//! What an input may ask for.

/// What an input may ask for; every value has a default that suits telemetry messages.
///
/// | limit | default | source |
/// |---|---|---|
/// | output | 10 MiB | the largest message that existing consumers accept |
/// | window | 8 MiB | RFC 9659: the largest window a decoder of web content has to support |
/// | frames | 1 | a message is one frame |
/// | skippable frames | 0 | no producer writes them |
/// | blocks | one for each byte of content, and 16; of those that bring tables, one for each 128 bytes that are proved, and 8,192 | an encoder that is flushed after each byte writes no more |
/// | ratio | none | telemetry legitimately compresses a thousandfold |
/// | unknown size | reject | a caller that knows its producers says so: RFC 8878 leaves the content size optional |
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Limits {
    output_bytes: u64,
    window_bytes: u64,
    frames: u32,
    skippable_frames: u32,
    /// The most blocks, where a number was set.
    pub(crate) blocks: Option<u64>,
    /// Factor and slack.
    ratio: Option<(u64, u64)>,
    unknown_size: UnknownSize,
}

/// What happens to a frame that does not say how large its content is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownSize {
    /// The frame is refused.
    #[default]
    Reject,
    /// The frame is accepted when the lower bound that its blocks prove is within the output limit,
    /// and decoding stops at that limit.
    ///
    /// This is for producers that stream: they write a frame before they know how long it will be.
    /// Memory starts at what the blocks prove, or 128 KiB, and doubles only after it was filled, so
    /// that it exceeds neither twice the content nor the output limit. Each doubling decodes from the
    /// start again, so that a first message costs up to twice its time; with a buffer that has room,
    /// which [`Decoder::decompress`](crate::Decoder::decompress) keeps, it costs its time once.
    Bounded,
}

impl Limits {
    /// The largest value that [`with_output_bytes`](Self::with_output_bytes) and
    /// [`with_window_bytes`](Self::with_window_bytes) take, 1 GiB: the largest window that libzstd
    /// supports on every target.
    pub const BYTES_MAX: u64 = 1 << 30;

    /// The defaults of the table above.
    pub const fn new() -> Self {
        Self {
            output_bytes: OUTPUT_BYTES,
            window_bytes: WINDOW_BYTES,
            frames: 1,
            skippable_frames: 0,
            blocks: None,
            ratio: None,
            unknown_size: UnknownSize::Reject,
        }
    }

    /// Sets the most bytes of content that all frames together may have.
    ///
    /// Values above [`BYTES_MAX`](Self::BYTES_MAX) mean that maximum.
    pub const fn with_output_bytes(mut self, bytes: u64) -> Self {
        self.output_bytes = at_most_bytes_max(bytes);
        self
    }

    /// Sets the largest window, in bytes, that a frame may ask its decoder to keep.
    ///
    /// It binds frames with a window descriptor. A single-segment frame has none: its window is its
    /// content, which the output limit bounds. Values above [`BYTES_MAX`](Self::BYTES_MAX) mean that
    /// maximum.
    pub const fn with_window_bytes(mut self, bytes: u64) -> Self {
        self.window_bytes = at_most_bytes_max(bytes);
        self
    }

    /// Sets how many frames with content an input may consist of. 0 refuses every input.
    pub const fn with_frames(mut self, frames: u32) -> Self {
        self.frames = frames;
        self
    }

    /// Sets how many skippable frames may stand before, between and after the others.
    pub const fn with_skippable_frames(mut self, frames: u32) -> Self {
        self.skippable_frames = frames;
        self
    }

    /// Sets how many blocks all frames together may have; a skippable frame counts as one.
    ///
    /// This bounds the work of the walk and the overhead of decoding: about 20 ns a block for
    /// the one, and for the other 0.3 µs, or up to 10 µs where a block brings
    /// a Huffman tree or distributions of its own.
    ///
    /// Until it is called a block that holds content is free, since input and output bound those: each
    /// takes four bytes of input. 16 may hold none. One that brings tables costs 128 bytes of the content
    /// that the blocks prove, and 1 MiB of those is lent: an input takes at most some 60 ns for each of
    /// its bytes, and 80 ms on top.
    pub const fn with_blocks(mut self, blocks: u64) -> Self {
        self.blocks = Some(blocks);
        self
    }

    /// Sets the largest ratio of output to input: an input of `n` bytes may yield `n * factor + slack`.
    ///
    /// The slack lets short inputs through, whose ratio says nothing.
    pub const fn with_ratio(mut self, factor: u64, slack: u64) -> Self {
        self.ratio = Some((factor, slack));
        self
    }

    /// Sets what happens to frames that do not say how large their content is.
    pub const fn with_unknown_size(mut self, policy: UnknownSize) -> Self {
        self.unknown_size = policy;
        self
    }

    /// The most bytes of content.
    #[must_use]
    pub const fn output_bytes(&self) -> u64 {
        self.output_bytes
    }

    /// The largest window in bytes.
    #[must_use]
    pub const fn window_bytes(&self) -> u64 {
        self.window_bytes
    }

    /// The most frames with content.
    #[must_use]
    pub const fn frames(&self) -> u32 {
        self.frames
    }

    /// The most skippable frames.
    #[must_use]
    pub const fn skippable_frames(&self) -> u32 {
        self.skippable_frames
    }

    /// The most blocks: as set, or one for each byte of output and 16 without content.
    #[must_use]
    pub const fn blocks(&self) -> u64 {
        match self.blocks {
            Some(blocks) => blocks,
            // Those with tables are among them.
            None => EMPTY_BLOCKS.saturating_add(self.output_bytes),
        }
    }

    /// The largest ratio of output to input, as factor and slack in bytes, when there is one.
    #[must_use]
    pub const fn ratio(&self) -> Option<(u64, u64)> {
        self.ratio
    }

    /// What happens to frames that do not say how large their content is.
    #[must_use]
    pub const fn unknown_size(&self) -> UnknownSize {
        self.unknown_size
    }

    /// The most bytes of content that an input of `len` bytes may have, by size and by ratio.
    #[inline]
    pub(crate) const fn output_bytes_for(&self, len: usize) -> u64 {
        let Some((factor, slack)) = self.ratio else {
            return self.output_bytes;
        };
        // Saturating: a product beyond 64 bits is above the output limit, which then decides.
        let by_ratio = (len as u64).saturating_mul(factor).saturating_add(slack);
        if by_ratio < self.output_bytes {
            by_ratio
        } else {
            self.output_bytes
        }
    }
}

const fn at_most_bytes_max(bytes: u64) -> u64 {
    if bytes > Limits::BYTES_MAX {
        Limits::BYTES_MAX
    } else {
        bytes
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

/// Existing consumers refuse larger messages, so that no producer can rely on them.
const OUTPUT_BYTES: u64 = 10 * 1024 * 1024;

/// RFC 9659 section 3: decoders support windows up to 8 MB, encoders stay within that.
const WINDOW_BYTES: u64 = 8 * 1024 * 1024;

/// How many blocks may hold no content. RFC 8878 section 3.1.1.2 sets no least size of a block, and an
/// encoder that is flushed after each byte writes one a byte; but encoders write an empty block only
/// to end a frame, or at a flush with nothing to flush.
pub(crate) const EMPTY_BLOCKS: u64 = 16;

/// The content that has to be proved for the tables of a block: up to four, of 2,048 entries, which take as
/// long to build as some thousand bytes take to decode.
///
/// RFC 8878 lets every block bring some, but encoders take the smaller form. libzstd (1.5.7, levels 1 to 19)
/// writes at most one such block in 380 bytes of content, however often it is flushed; its rules are
/// `ZSTD_selectEncodingType` and `ZSTD_minLiteralsToCompress`.
pub(crate) const TABLES_BYTES: u32 = 128;

/// How many blocks may bring tables before any content was proved: that much is lent, 1 MiB.
pub(crate) const LENT_BLOCKS: u64 = 8192;
