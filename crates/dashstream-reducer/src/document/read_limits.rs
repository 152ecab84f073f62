//! What reading one full state may cost, and why reading stops.

use thiserror::Error;

use crate::document::DEPTH_MAX;

/// Limits on reading one JSON text. Write it as a literal, with
/// `..Default::default()` for the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "written as a literal")]
pub struct ReadLimits {
    /// Bytes of text; a longer one is refused before it is looked at. Default 10 MiB, as in the
    /// existing consumers.
    pub text_bytes: usize,
    /// Values: every scalar, array and object is one. Default 4 M.
    pub nodes: u64,
    /// Containers inside each other. Default, and at most, 127, which is what serde_json reads.
    pub depth: u16,
    /// Bytes that the document may take in memory. Default 128 MiB, eight times the largest state.
    pub heap_bytes: u64,
    /// Whether an escape like `\ud83d`, which is half a character, is read as U+FFFD; otherwise the text is
    /// refused, with [`ReadError::LoneSurrogate`]. JavaScript and Python write it for a text that was cut
    /// inside an emoji; RFC 8259, section 8.2, leaves it open, and no UTF-8 has it. Default: refused; a
    /// run's limits replace it.
    ///
    /// While such a string is part of a state, a hash that does not match refutes nothing: the verdict is
    /// [`Unproven::LoneSurrogate`](crate::Unproven::LoneSurrogate).
    pub replace_lone_surrogates: bool,
}

#[cfg(feature = "wire")]
impl ReadLimits {
    /// A reader of checkpoints that inflates no more than a state may have.
    pub(crate) fn checkpoint_reader(&self) -> dashstream_codec::CheckpointReader {
        // The same bound as for text: what would be refused once it is inflated is not inflated.
        let bytes = u64::try_from(self.text_bytes).unwrap_or(u64::MAX);
        let limits = dashstream_codec::DecodeLimits::new();
        let limits = limits.zstd().clone().with_output_bytes(bytes);
        dashstream_codec::CheckpointReader::new(limits)
    }
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            text_bytes: 10 << 20,
            nodes: 4 << 20,
            depth: DEPTH_MAX,
            heap_bytes: 128 << 20,
            replace_lone_surrogates: false,
        }
    }
}

/// Why a JSON text, or a value, did not become a document.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// The text is longer than allowed. It was not looked at, and nothing was allocated.
    #[error("text of {len} bytes, limit {limit}")]
    TextTooLong {
        /// The most bytes of text.
        limit: usize,
        /// Bytes of the text.
        len: usize,
    },
    /// The text is not JSON.
    #[error("not JSON at line {line}, column {column}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1.
        column: usize,
    },
    /// A string holds half a surrogate pair, which no Unicode text does.
    #[error("lone surrogate at line {line}, column {column}")]
    LoneSurrogate {
        /// Line, from 1.
        line: usize,
        /// Column of the escape in bytes, from 1.
        column: usize,
    },
    /// The text ends inside a value.
    #[error("the text ends inside a value")]
    Truncated,
    /// Raw text is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// An object names a member twice.
    #[error("an object names a member twice")]
    DuplicateMember,
    /// More values than allowed.
    #[error("more than {limit} nodes")]
    TooManyNodes {
        /// The most values, each scalar, array and object counted.
        limit: u64,
    },
    /// Containers are nested deeper than allowed.
    #[error("deeper than {limit}")]
    TooDeep {
        /// The most containers inside each other.
        limit: u16,
    },
    /// The document would take more memory than allowed.
    #[error("more than {limit} bytes of memory")]
    HeapTooLarge {
        /// The most bytes of memory.
        limit: u64,
    },
}

impl ReadError {
    /// A stable name, fit for a metric label.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TextTooLong { .. } => "text_too_long",
            Self::Syntax { .. } => "json_syntax",
            Self::LoneSurrogate { .. } => "lone_surrogate",
            Self::Truncated => "json_truncated",
            Self::NotUtf8 => "not_utf8",
            Self::DuplicateMember => "duplicate_member",
            Self::TooManyNodes { .. } => "too_many_nodes",
            Self::TooDeep { .. } => "too_deep",
            Self::HeapTooLarge { .. } => "heap_too_large",
        }
    }
}
