//! Why a message was not decompressed, or not compressed.

use crate::refusal::Refusal;

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
    /// The crate was built without its feature `libzstd`. Nothing is known against the input, whose plan
    /// was admitted.
    #[error("built without a decompressor")]
    Unavailable,
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
            Self::Unavailable => "no_decompressor",
            Self::OutOfMemory { .. } => "out_of_memory",
        }
    }

    /// Where in the input the field is that gave the reason; `None` of what decoding found.
    #[must_use]
    pub const fn offset(&self) -> Option<usize> {
        if let Self::Refused(refusal) = self {
            Some(refusal.offset())
        } else {
            None
        }
    }

    /// Whether the content was refused on its length.
    #[must_use]
    pub const fn is_too_large(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.is_too_large(),
            Self::OutputTooLarge { .. } => true,
            Self::ChecksumMismatch
            | Self::Corrupt { .. }
            | Self::Unavailable
            | Self::OutOfMemory { .. } => false,
        }
    }
}

/// Why one attempt to decode did not end well.
pub(crate) enum Failure {
    /// The capacity did not suffice.
    #[cfg_attr(
        not(feature = "libzstd"),
        expect(dead_code, reason = "libzstd finds it")
    )]
    Full,
    Other(DecompressError),
}

/// Why a message was not compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompressError {
    /// There is no memory for the compressed bytes or for libzstd's context.
    #[error("no memory for {bytes} bytes and the context")]
    OutOfMemory {
        /// The most bytes that the frame can have.
        bytes: usize,
    },
    /// The [reader](crate::Encoder::with_reader) would refuse the frame.
    #[error("its reader would refuse the frame: {0}")]
    Refused(Refusal),
    /// The crate was built without its feature `libzstd`.
    #[error("built without a compressor")]
    Unavailable,
    /// libzstd refused its parameters or its input.
    #[error("libzstd status {status}")]
    Status {
        /// libzstd's `ZSTD_ErrorCode`.
        status: u32,
    },
}

impl CompressError {
    /// A stable name for metrics and stored records; never changes once released.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OutOfMemory { .. } => "out_of_memory",
            Self::Refused(refusal) => refusal.code(),
            Self::Unavailable => "no_compressor",
            Self::Status { .. } => "libzstd_status",
        }
    }
}
