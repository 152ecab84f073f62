//! The state in a checkpoint: inflated, and held against its checksum.

use alloc::vec::Vec;

use dashstream_zstd::DecompressError;
use sha2::{Digest, Sha256};

use crate::v1::{Checkpoint, CompressionType};

/// Opens checkpoints, each within one limit, and keeps its buffer between them.
#[derive(Debug)]
pub struct CheckpointReader {
    zstd: dashstream_zstd::Decoder,
    content: Vec<u8>,
}

/// Why a checkpoint's state cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The state is larger than the limit.
    #[error("state of {len} bytes, limit {limit}")]
    StateTooLarge {
        /// The state's size.
        len: usize,
        /// The most bytes of a state.
        limit: u64,
    },
    /// The state was compressed in a way that nobody writes.
    #[error("unsupported compression type {number}")]
    UnsupportedCompression {
        /// The number of the `CompressionType`.
        number: i32,
    },
    /// The compressed state was refused, or is corrupt.
    #[error(transparent)]
    Decompression(#[from] DecompressError),
    /// The checkpoint says another size than its state has.
    #[error("state of {len} bytes, {declared} declared")]
    SizeMismatch {
        /// The state's size.
        len: usize,
        /// The size that `compression_info` says.
        declared: u64,
    },
    /// The checksum does not have the length of a SHA-256 digest.
    #[error("checksum of {len} bytes")]
    BadChecksum {
        /// Its length.
        len: usize,
    },
    /// The checksum is of other bytes.
    #[error("checksum mismatch")]
    ChecksumMismatch,
}

impl CheckpointError {
    /// A stable name for logs and labels.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::StateTooLarge { .. } => "state_too_large",
            Self::UnsupportedCompression { .. } => "unsupported_compression",
            Self::Decompression(error) => error.code(),
            Self::SizeMismatch { .. } => "size_mismatch",
            Self::BadChecksum { .. } => "bad_checksum",
            Self::ChecksumMismatch => "checksum_mismatch",
        }
    }

    /// Whether the state was refused on its length, before or in place of inflating it.
    #[must_use]
    pub const fn is_too_large(&self) -> bool {
        match self {
            Self::StateTooLarge { .. } => true,
            Self::Decompression(error) => error.is_too_large(),
            Self::UnsupportedCompression { .. }
            | Self::SizeMismatch { .. }
            | Self::BadChecksum { .. }
            | Self::ChecksumMismatch => false,
        }
    }
}

impl CheckpointReader {
    /// A reader that holds each state against `limits`, whose output limit bounds plain states too.
    #[must_use]
    pub const fn new(limits: dashstream_zstd::Limits) -> Self {
        Self {
            zstd: dashstream_zstd::Decoder::new(limits),
            content: Vec::new(),
        }
    }

    /// The state of `checkpoint`: inflated as its `compression_info` says, and held against its checksum,
    /// which is of the bytes before compression. A checkpoint without a checksum is taken as it is: whether
    /// one was compared is whether the checkpoint has one.
    ///
    /// The bytes are JSON by convention, and stand in the reader's buffer or in the checkpoint. The buffer
    /// keeps the capacity of the largest state it held.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the state, as a [`CheckpointError`].
    pub fn open<'a>(&'a mut self, checkpoint: &'a Checkpoint) -> Result<&'a [u8], CheckpointError> {
        let info = checkpoint.compression_info.as_ref();
        let number = info.map_or(CompressionType::None as i32, |info| info.r#type);
        let state = match CompressionType::try_from(number) {
            Ok(CompressionType::None) => {
                // A plain state does not pass the decompressor, so that the output limit is held here.
                let (len, limit) = (checkpoint.state.len(), self.zstd.limits().output_bytes());
                if len as u64 > limit {
                    return Err(CheckpointError::StateTooLarge { len, limit });
                }
                checkpoint.state.as_ref()
            }
            Ok(CompressionType::Zstd) => {
                self.zstd
                    .decompress_into(&checkpoint.state, &mut self.content)?;
                self.content.as_slice()
            }
            Ok(CompressionType::Lz4 | CompressionType::Snappy) | Err(_) => {
                return Err(CheckpointError::UnsupportedCompression { number });
            }
        };
        // proto3 reads 0 where the size is missing. Compared before the digest, which reads the whole state.
        let declared = info.map_or(0, |info| info.uncompressed_size);
        if declared != 0 && declared != state.len() as u64 {
            return Err(CheckpointError::SizeMismatch {
                len: state.len(),
                declared,
            });
        }
        match checkpoint.checksum.len() {
            0 => Ok(state),
            32 if Sha256::digest(state).as_slice() == checkpoint.checksum => Ok(state),
            32 => Err(CheckpointError::ChecksumMismatch),
            len => Err(CheckpointError::BadChecksum { len }),
        }
    }
}
