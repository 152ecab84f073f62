//! Why a patch was refused.

use thiserror::Error;

use crate::document::ReadError;

/// A refused patch: which operation, and why. Nothing of the patch was applied.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("operation {index}: {kind}")]
#[non_exhaustive]
pub struct PatchError {
    /// The operation's place in the patch, from 0. For a patch that was refused before its
    /// operations were looked at this is the first operation that is too many, or 0.
    pub index: usize,
    /// Why.
    pub kind: PatchErrorKind,
}

impl PatchError {
    /// A stable name, fit for a metric label.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }
}

/// Why an operation was refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatchErrorKind {
    /// The patch is not JSON, or a patch's JSON text is too large to be read.
    #[error("the patch cannot be read: {0}")]
    Document(ReadError),
    /// The patch is JSON, but not an array of objects.
    #[error("a patch is an array of objects")]
    Shape,
    /// A member that this operation needs is missing, or is not of the type it must be.
    #[error("member {0} is missing or of the wrong type")]
    Member(&'static str),
    /// The operation is none of the six.
    #[error("unknown operation")]
    UnknownOperation,
    /// The value's encoding is not JSON or raw text.
    #[error("value encoding {0} is not supported")]
    Encoding(i32),
    /// The value cannot be read.
    #[error("the value cannot be read: {0}")]
    Value(ReadError),
    /// The pointer does not begin with a slash, or holds a tilde without 0 or 1 after it.
    #[error("malformed pointer")]
    Pointer,
    /// The pointer names nothing, or leads through a value that has no children.
    #[error("the pointer names nothing")]
    NotFound,
    /// The token is not an array index.
    #[error("not an array index")]
    Index,
    /// The index is beyond the array's end.
    #[error("index beyond the end of the array")]
    OutOfBounds,
    /// The root cannot be removed.
    #[error("the root cannot be removed")]
    RemoveRoot,
    /// A value cannot be moved into itself.
    #[error("a value cannot be moved into itself")]
    MoveIntoSelf,
    /// The value at `path` is not the one that `test` names.
    #[error("the tested value differs")]
    TestFailed,
    /// More operations than allowed.
    #[error("{len} operations, limit {limit}")]
    TooManyOperations {
        /// The most operations of one patch.
        limit: usize,
        /// Operations in the patch.
        len: usize,
    },
    /// A pointer with more bytes than allowed.
    #[error("pointer of {len} bytes, limit {limit}")]
    PathTooLong {
        /// The most bytes of a pointer.
        limit: usize,
        /// Bytes of the pointer.
        len: usize,
    },
    /// A pointer with more tokens than allowed.
    #[error("pointer of more than {limit} tokens")]
    TooManyTokens {
        /// The most tokens of a pointer.
        limit: usize,
    },
    /// A value with more bytes than allowed.
    #[error("value of {len} bytes, limit {limit}")]
    ValueTooLarge {
        /// The most bytes of a value.
        limit: usize,
        /// Bytes of the value.
        len: usize,
    },
    /// The copies of this patch multiply more nodes than allowed.
    #[error("more than {limit} nodes copied")]
    TooMuchCopied {
        /// The most nodes that the copies of one patch may multiply.
        limit: u64,
    },
    /// The state would become larger than allowed.
    #[error("state of {len} bytes, limit {limit}")]
    StateTooLarge {
        /// The most bytes of canonical text.
        limit: u64,
        /// Bytes of the canonical text that the state would have.
        len: u64,
    },
    /// The state would have more nodes than allowed.
    #[error("state of {nodes} nodes, limit {limit}")]
    TooManyNodes {
        /// The most nodes of a state.
        limit: u64,
        /// Nodes that the state would have.
        nodes: u64,
    },
    /// The state would take more memory than allowed.
    #[error("state of more than {limit} bytes of memory")]
    HeapTooLarge {
        /// The most bytes of memory.
        limit: u64,
    },
    /// The state would become deeper than allowed.
    #[error("state of depth {depth}, limit {limit}")]
    TooDeep {
        /// The most containers inside each other.
        limit: u16,
        /// The depth that the state would have.
        depth: u64,
    },
    /// The patch needs more work than allowed.
    #[error("more than {limit} work units")]
    OutOfFuel {
        /// The most work units of one patch.
        limit: u64,
    },
}

impl PatchErrorKind {
    /// A stable name, fit for a metric label.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Document(_) => "patch_document",
            Self::Shape => "patch_shape",
            Self::Member(_) => "patch_member",
            Self::UnknownOperation => "unknown_operation",
            Self::Encoding(_) => "value_encoding",
            Self::Value(_) => "value_unreadable",
            Self::Pointer => "pointer_malformed",
            Self::NotFound => "path_not_found",
            Self::Index => "index_malformed",
            Self::OutOfBounds => "index_out_of_bounds",
            Self::RemoveRoot => "remove_root",
            Self::MoveIntoSelf => "move_into_self",
            Self::TestFailed => "test_failed",
            Self::TooManyOperations { .. } => "too_many_operations",
            Self::PathTooLong { .. } => "path_too_long",
            Self::TooManyTokens { .. } => "too_many_tokens",
            Self::ValueTooLarge { .. } => "value_too_large",
            Self::TooMuchCopied { .. } => "too_much_copied",
            Self::StateTooLarge { .. } => "state_too_large",
            Self::TooManyNodes { .. } => "too_many_nodes",
            Self::HeapTooLarge { .. } => "heap_too_large",
            Self::TooDeep { .. } => "too_deep",
            Self::OutOfFuel { .. } => "out_of_fuel",
        }
    }
}
