//! Compression into a frame that declares its size.

use alloc::vec::Vec;
use core::fmt;

use crate::error::CompressError;
use crate::libzstd::Compressor;
use crate::limits::Limits;
use crate::plan::Plan;

/// Compresses messages, each into one frame that declares the size of its content.
///
/// libzstd's context is created by the first message, and reused.
pub struct Encoder {
    level: Level,
    checksum: bool,
    reader: Option<Limits>,
    context: Compressor,
}

/// A compression level from 1 (fastest) to 19 (smallest).
///
/// libzstd's levels 20 to 22 use windows beyond the 8 MiB that RFC 9659 has every decoder support,
/// and it silently takes any other number for one in range; neither can be asked for here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(i32);

impl Level {
    /// Level 1.
    pub const FASTEST: Self = Self(1);
    /// Level 3, libzstd's own default.
    pub const DEFAULT: Self = Self(3);
    /// Level 19.
    pub const SMALLEST: Self = Self(19);

    /// The level `level`, when it is in 1 to 19.
    #[must_use]
    pub const fn new(level: i32) -> Option<Self> {
        if level >= Self::FASTEST.0 && level <= Self::SMALLEST.0 {
            Some(Self(level))
        } else {
            None
        }
    }

    /// The level as a number.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl Encoder {
    /// Makes an encoder that writes no checksums. Allocates nothing until the first message.
    #[must_use]
    pub const fn new(level: Level) -> Self {
        Self {
            level,
            checksum: false,
            reader: None,
            context: Compressor::new(),
        }
    }

    /// Sets whether frames carry a checksum of their content: 4 bytes, verified by decoders.
    #[must_use]
    pub fn with_checksum(mut self, checksum: bool) -> Self {
        self.checksum = checksum;
        // A context keeps the setting that it was made with: the next message makes another.
        self.context = Compressor::new();
        self
    }

    /// Sets the limits that frames are read with: one that they refuse is not written.
    ///
    /// Frames of this encoder are within the default limits, but for content over the output limit.
    #[must_use]
    pub fn with_reader(mut self, limits: Limits) -> Self {
        self.reader = Some(limits);
        self
    }

    /// Compresses `content` into a new vector.
    ///
    /// # Errors
    ///
    /// [`CompressError::OutOfMemory`] when the frame or the context cannot be allocated,
    /// [`CompressError::Refused`] when its reader would refuse the frame.
    pub fn compress(&mut self, content: &[u8]) -> Result<Vec<u8>, CompressError> {
        let mut frame = Vec::new();
        self.compress_into(content, &mut frame)?;
        Ok(frame)
    }

    /// Compresses `content` into `frame`, whose old content is dropped and whose capacity is
    /// reused, and returns the length of the frame.
    ///
    /// The capacity grows to libzstd's bound for the worst case, a little more than the content.
    /// After an error `frame` is empty.
    ///
    /// # Errors
    ///
    /// As [`compress`](Self::compress).
    pub fn compress_into(
        &mut self,
        content: &[u8],
        frame: &mut Vec<u8>,
    ) -> Result<usize, CompressError> {
        frame.clear();
        let written = self
            .context
            .compress(self.level.get(), self.checksum, content, frame);
        let checked = written.and_then(|size| {
            if let Some(limits) = &self.reader {
                // Headers suffice: all that limits ask about stands in them, and what was written decodes.
                let _plan = Plan::inspect(frame, limits).map_err(CompressError::Refused)?;
            }
            Ok(size)
        });
        if checked.is_err() {
            frame.clear();
        }
        checked
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder")
            .field("level", &self.level)
            .field("checksum", &self.checksum)
            .finish_non_exhaustive()
    }
}
