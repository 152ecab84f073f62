//! Why a plan cannot be made.

/// Why an input was refused before anything was allocated.
///
/// `offset` is the position in the input of the field that gave the reason. Sizes are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The input has no bytes, or no frame with content: an empty input is not an empty frame.
    #[error("no frame in {len} bytes")]
    Empty {
        /// Bytes of the input.
        len: usize,
    },
    /// The input ends inside a field, a block, or a frame.
    #[error("cut off: {needed} bytes needed at offset {offset}, {left} left")]
    Truncated {
        /// Where the incomplete item begins.
        offset: usize,
        /// Bytes of that item.
        needed: u64,
        /// Bytes that are there.
        left: u64,
    },
    /// The input does not begin like a frame.
    #[error("no frame at offset {offset}: magic number {magic:#010x}")]
    BadMagic {
        /// Where the frame should begin.
        offset: usize,
        /// The four bytes there, read as little-endian.
        magic: u32,
    },
    /// The frame is of a format before zstd 0.8.
    #[error("frame of legacy format 0.{version} at offset {offset}")]
    LegacyMagic {
        /// Where the frame begins.
        offset: usize,
        /// The minor version of zstd that wrote the format: 1 to 7.
        version: u8,
    },
    /// The frame header sets the bit that the format reserves.
    #[error("reserved bit set in the frame header at offset {offset}")]
    ReservedBit {
        /// Where the frame header descriptor is.
        offset: usize,
    },
    /// A block has the type that the format reserves.
    #[error("reserved block type at offset {offset}")]
    ReservedBlock {
        /// Where the block header is.
        offset: usize,
    },
    /// A compressed block's sections do not fit into the block.
    #[error("malformed compressed block at offset {offset}")]
    MalformedBlock {
        /// Where the block's content begins.
        offset: usize,
    },
    /// A block is larger, or regenerates more, than its frame allows.
    #[error("block of {size} bytes at offset {offset}, limit {limit}")]
    BlockTooLarge {
        /// Where the block header is.
        offset: usize,
        /// Size that the block has or proves.
        size: u64,
        /// The frame's largest block: its window, at most 128 KiB.
        limit: u64,
    },
    /// The frame asks for a larger window than the limits allow.
    #[error("window of {window} bytes at offset {offset}, limit {limit}")]
    WindowTooLarge {
        /// Where the window descriptor is.
        offset: usize,
        /// The window it asks for.
        window: u64,
        /// The window limit.
        limit: u64,
    },
    /// The frame names a dictionary. This crate decodes without dictionaries.
    #[error("dictionary {id} required at offset {offset}")]
    DictionaryRequired {
        /// Where the dictionary's id is.
        offset: usize,
        /// The dictionary's id.
        id: u32,
    },
    /// The frame does not say how large its content is, and the limits ask for that.
    #[error("no content size in the frame header at offset {offset}")]
    UnknownSize {
        /// Where the frame header descriptor is.
        offset: usize,
    },
    /// The declared content is larger than the output limit leaves room for.
    #[error("declared {declared} bytes at offset {offset}, limit {limit}")]
    DeclaredTooLarge {
        /// Where the content size is.
        offset: usize,
        /// The content size it declares.
        declared: u64,
        /// The output limit, less the content of earlier frames.
        limit: u64,
    },
    /// The blocks so far prove more content than the output limit.
    #[error("proven {proven} bytes at offset {offset}, limit {limit}")]
    ProvenTooLarge {
        /// Where the block header is that crosses the limit.
        offset: usize,
        /// The least content of the blocks up to this one.
        proven: u64,
        /// The output limit, less the content of earlier frames.
        limit: u64,
    },
    /// The size is unknown, and the most that the blocks can yield is beyond the output limit.
    ///
    /// No plan is refused for this: what an unknown size may grow to is bounded while it is decoded. The
    /// variant is kept for records that are stored under its code.
    #[error("up to {bound} bytes at offset {offset}, limit {limit}")]
    BoundTooLarge {
        /// Where the block header is that crosses the limit.
        offset: usize,
        /// The most content of the blocks up to this one.
        bound: u64,
        /// The output limit, less the content of earlier frames.
        limit: u64,
    },
    /// The blocks prove more content than the frame declares.
    #[error("proven {proven} bytes at offset {offset}, declared {declared}")]
    DeclaredBelowProof {
        /// Where the block header is that crosses the declared size.
        offset: usize,
        /// The content size that the frame declares.
        declared: u64,
        /// The least content of the blocks up to this one.
        proven: u64,
    },
    /// The frame declares more content than its blocks can yield.
    #[error("at most {bound} bytes in the frame at offset {offset}, declared {declared}")]
    DeclaredAboveProof {
        /// Where the frame begins.
        offset: usize,
        /// The content size that the frame declares.
        declared: u64,
        /// The most content of its blocks.
        bound: u64,
    },
    /// The declared or proven content is beyond the ratio that the limits allow for this input.
    #[error("output of {output} bytes at offset {offset}, limit {limit} by ratio")]
    RatioTooHigh {
        /// Where the field is that declares or proves it.
        offset: usize,
        /// The content so far.
        output: u64,
        /// The most content that the ratio allows for an input of this length.
        limit: u64,
    },
    /// There are more frames with content than the limits allow.
    #[error("another frame at offset {offset}, limit {limit}")]
    TooManyFrames {
        /// Where the first frame too many begins.
        offset: usize,
        /// The frame limit.
        limit: u32,
    },
    /// There are more skippable frames than the limits allow.
    #[error("skippable frame at offset {offset}, limit {limit}")]
    SkippableFrame {
        /// Where the first skippable frame too many begins.
        offset: usize,
        /// The limit for skippable frames.
        limit: u32,
    },
    /// There are more blocks than the limits allow, or, where they set no number, more that hold no
    /// content, or more that bring tables for little of it.
    #[error("another block at offset {offset}, limit {limit}")]
    TooManyBlocks {
        /// Where the first block too many begins.
        offset: usize,
        /// The block limit; where none is set, how many blocks of this kind there may be.
        limit: u64,
    },
    /// Bytes that are no frame follow the last frame.
    #[error("{len} bytes after the last frame, at offset {offset}")]
    TrailingBytes {
        /// Where the last frame has ended.
        offset: usize,
        /// How many bytes follow.
        len: usize,
    },
}

impl Refusal {
    /// A stable name for metrics and stored records; never changes once released.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty { .. } => "empty",
            Self::Truncated { .. } => "truncated",
            Self::BadMagic { .. } => "bad_magic",
            Self::LegacyMagic { .. } => "legacy_magic",
            Self::ReservedBit { .. } => "reserved_bit",
            Self::ReservedBlock { .. } => "reserved_block",
            Self::MalformedBlock { .. } => "malformed_block",
            Self::BlockTooLarge { .. } => "block_too_large",
            Self::WindowTooLarge { .. } => "window_too_large",
            Self::DictionaryRequired { .. } => "dictionary_required",
            Self::UnknownSize { .. } => "unknown_size",
            Self::DeclaredTooLarge { .. } => "declared_too_large",
            Self::ProvenTooLarge { .. } => "proven_too_large",
            Self::BoundTooLarge { .. } => "bound_too_large",
            Self::DeclaredBelowProof { .. } => "declared_below_proof",
            Self::DeclaredAboveProof { .. } => "declared_above_proof",
            Self::RatioTooHigh { .. } => "ratio_too_high",
            Self::TooManyFrames { .. } => "too_many_frames",
            Self::SkippableFrame { .. } => "skippable_frame",
            Self::TooManyBlocks { .. } => "too_many_blocks",
            Self::TrailingBytes { .. } => "trailing_bytes",
        }
    }

    /// Whether the content, declared or proven, is longer than the output limit or the ratio allows.
    #[must_use]
    pub const fn is_too_large(&self) -> bool {
        match self {
            Self::DeclaredTooLarge { .. }
            | Self::ProvenTooLarge { .. }
            | Self::BoundTooLarge { .. }
            | Self::RatioTooHigh { .. } => true,
            Self::Empty { .. }
            | Self::Truncated { .. }
            | Self::BadMagic { .. }
            | Self::LegacyMagic { .. }
            | Self::ReservedBit { .. }
            | Self::ReservedBlock { .. }
            | Self::MalformedBlock { .. }
            | Self::BlockTooLarge { .. }
            | Self::WindowTooLarge { .. }
            | Self::DictionaryRequired { .. }
            | Self::UnknownSize { .. }
            | Self::DeclaredBelowProof { .. }
            | Self::DeclaredAboveProof { .. }
            | Self::TooManyFrames { .. }
            | Self::SkippableFrame { .. }
            | Self::TooManyBlocks { .. }
            | Self::TrailingBytes { .. } => false,
        }
    }

    /// Where in the input the field is that gave the reason.
    #[must_use]
    pub const fn offset(&self) -> usize {
        match self {
            Self::Empty { len } => *len,
            Self::Truncated { offset, .. }
            | Self::BadMagic { offset, .. }
            | Self::LegacyMagic { offset, .. }
            | Self::ReservedBit { offset }
            | Self::ReservedBlock { offset }
            | Self::MalformedBlock { offset }
            | Self::BlockTooLarge { offset, .. }
            | Self::WindowTooLarge { offset, .. }
            | Self::DictionaryRequired { offset, .. }
            | Self::UnknownSize { offset }
            | Self::DeclaredTooLarge { offset, .. }
            | Self::ProvenTooLarge { offset, .. }
            | Self::BoundTooLarge { offset, .. }
            | Self::DeclaredBelowProof { offset, .. }
            | Self::DeclaredAboveProof { offset, .. }
            | Self::RatioTooHigh { offset, .. }
            | Self::TooManyFrames { offset, .. }
            | Self::SkippableFrame { offset, .. }
            | Self::TooManyBlocks { offset, .. }
            | Self::TrailingBytes { offset, .. } => *offset,
        }
    }
}

/// Marks the way to a refusal as the unlikely one: what every message walks through stays
/// close together, where the decoder's own code leaves it in the cache.
#[cold]
#[inline(never)]
pub(crate) const fn cold(refusal: Refusal) -> Refusal {
    refusal
}
