//! What the engine asks of an operation, in whatever form it is held.

use crate::document::{Node, ReadError, ReadLimits, Text, Weight, read};
use crate::patch::{Encoded, Operation, PatchErrorKind, PatchLimits};

/// The six operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Add,
    Remove,
    Replace,
    Move,
    Copy,
    Test,
}

/// One operation.
pub(crate) trait Edit<'a>: Copy {
    fn verb(self) -> Result<Verb, PatchErrorKind>;
    fn path(self) -> &'a str;
    /// Where a move or a copy takes its value.
    fn source(self) -> &'a str;
    /// Of an addition, a replacement or a test, and its weight.
    fn value(self, limits: &PatchLimits) -> Result<(Node, Weight), PatchErrorKind>;
}

impl<'a> Edit<'a> for &'a Operation {
    #[inline]
    fn verb(self) -> Result<Verb, PatchErrorKind> {
        Ok(match self {
            Operation::Add { .. } => Verb::Add,
            Operation::Remove { .. } => Verb::Remove,
            Operation::Replace { .. } => Verb::Replace,
            Operation::Move { .. } => Verb::Move,
            Operation::Copy { .. } => Verb::Copy,
            Operation::Test { .. } => Verb::Test,
        })
    }

    #[inline]
    fn path(self) -> &'a str {
        match self {
            Operation::Add { path, .. }
            | Operation::Remove { path }
            | Operation::Replace { path, .. }
            | Operation::Move { path, .. }
            | Operation::Copy { path, .. }
            | Operation::Test { path, .. } => path,
        }
    }

    #[inline]
    fn source(self) -> &'a str {
        match self {
            Operation::Move { from, .. } | Operation::Copy { from, .. } => from,
            Operation::Add { .. }
            | Operation::Remove { .. }
            | Operation::Replace { .. }
            | Operation::Test { .. } => "",
        }
    }

    /// Shares the operation's value.
    #[inline]
    fn value(self, limits: &PatchLimits) -> Result<(Node, Weight), PatchErrorKind> {
        match self {
            Operation::Add { value, .. }
            | Operation::Replace { value, .. }
            | Operation::Test { value, .. } => {
                let weight = value.root.weight();
                check_value(usize::try_from(weight.bytes).unwrap_or(usize::MAX), limits)?;
                Ok((value.root.clone(), weight))
            }
            Operation::Remove { .. } | Operation::Move { .. } | Operation::Copy { .. } => {
                Ok((Node::Null, Node::Null.weight()))
            }
        }
    }
}

impl<'a> Edit<'a> for Encoded<'a> {
    #[inline]
    fn verb(self) -> Result<Verb, PatchErrorKind> {
        // Also where there is no value: a producer that announces another encoding there is not one
        // that this wire knows.
        ValueEncoding::try_from(self.encoding)?;
        Ok(match self.op {
            0 => Verb::Add,
            1 => Verb::Remove,
            2 => Verb::Replace,
            3 => Verb::Move,
            4 => Verb::Copy,
            5 => Verb::Test,
            _ => return Err(PatchErrorKind::UnknownOperation),
        })
    }

    #[inline]
    fn path(self) -> &'a str {
        self.path
    }

    #[inline]
    fn source(self) -> &'a str {
        self.from
    }

    /// Reads the operation's value; an empty one is null.
    fn value(self, limits: &PatchLimits) -> Result<(Node, Weight), PatchErrorKind> {
        check_value(self.value.len(), limits)?;
        let node = match ValueEncoding::try_from(self.encoding)? {
            _ if self.value.is_empty() => Node::Null,
            ValueEncoding::Json => {
                let limits = ReadLimits {
                    text_bytes: limits.value_bytes,
                    nodes: limits.state_nodes,
                    depth: limits.state_depth,
                    heap_bytes: limits.state_heap_bytes,
                    replace_lone_surrogates: limits.replace_lone_surrogates,
                };
                read(self.value, &limits).map_err(PatchErrorKind::Value)?
            }
            ValueEncoding::Raw => match core::str::from_utf8(self.value) {
                Ok(text) => Node::String(Text::new(text)),
                Err(_) => return Err(PatchErrorKind::Value(ReadError::NotUtf8)),
            },
        };
        let weight = node.weight();
        Ok((node, weight))
    }
}

#[derive(Clone, Copy)]
enum ValueEncoding {
    Json,
    Raw,
}

impl TryFrom<i32> for ValueEncoding {
    type Error = PatchErrorKind;

    fn try_from(encoding: i32) -> Result<Self, PatchErrorKind> {
        match encoding {
            0 => Ok(Self::Json),
            3 => Ok(Self::Raw),
            other => Err(PatchErrorKind::Encoding(other)),
        }
    }
}

const fn check_value(len: usize, limits: &PatchLimits) -> Result<(), PatchErrorKind> {
    if len > limits.value_bytes {
        return Err(PatchErrorKind::ValueTooLarge {
            limit: limits.value_bytes,
            len,
        });
    }
    Ok(())
}
