//! The six operations in the form in which they are applied: paths borrowed, the value built.

use crate::document::{Node, ReadError, ReadLimits, Text, read};
use crate::patch::{Encoded, Operation, PatchErrorKind, PatchLimits};

/// One operation, ready to be applied.
pub(crate) enum Edit<'a> {
    Add { path: &'a str, value: Node },
    Remove { path: &'a str },
    Replace { path: &'a str, value: Node },
    Move { from: &'a str, path: &'a str },
    Copy { from: &'a str, path: &'a str },
    Test { path: &'a str, value: Node },
}

impl<'a> Edit<'a> {
    /// Shares the operation's value.
    pub(crate) fn owned(
        operation: &'a Operation,
        limits: &PatchLimits,
    ) -> Result<Self, PatchErrorKind> {
        let share = |value: &crate::Document| {
            let len = usize::try_from(value.canonical_len()).unwrap_or(usize::MAX);
            check_value(len, limits).map(|()| value.root.clone())
        };
        Ok(match operation {
            Operation::Add { path, value } => Self::Add {
                path,
                value: share(value)?,
            },
            Operation::Remove { path } => Self::Remove { path },
            Operation::Replace { path, value } => Self::Replace {
                path,
                value: share(value)?,
            },
            Operation::Move { from, path } => Self::Move { from, path },
            Operation::Copy { from, path } => Self::Copy { from, path },
            Operation::Test { path, value } => Self::Test {
                path,
                value: share(value)?,
            },
        })
    }

    /// Reads the operation's value, if the operation has one.
    pub(crate) fn encoded(
        encoded: Encoded<'a>,
        limits: &PatchLimits,
    ) -> Result<Self, PatchErrorKind> {
        let Encoded {
            op,
            path,
            from,
            value,
            encoding,
        } = encoded;
        // Also where there is no value: a producer that announces another encoding there is not one
        // that this wire knows.
        let encoding = ValueEncoding::try_from(encoding)?;
        let value = || encoding.read(value, limits);
        Ok(match op {
            0 => Self::Add {
                path,
                value: value()?,
            },
            1 => Self::Remove { path },
            2 => Self::Replace {
                path,
                value: value()?,
            },
            3 => Self::Move { from, path },
            4 => Self::Copy { from, path },
            5 => Self::Test {
                path,
                value: value()?,
            },
            _ => return Err(PatchErrorKind::UnknownOperation),
        })
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

impl ValueEncoding {
    fn read(self, value: &[u8], limits: &PatchLimits) -> Result<Node, PatchErrorKind> {
        check_value(value.len(), limits)?;
        if value.is_empty() {
            return Ok(Node::Null);
        }
        match self {
            Self::Json => {
                let limits = ReadLimits {
                    text_bytes: limits.value_bytes,
                    nodes: limits.state_nodes,
                    depth: limits.state_depth,
                    ..ReadLimits::default()
                };
                read(value, &limits).map_err(PatchErrorKind::Value)
            }
            Self::Raw => core::str::from_utf8(value)
                .map(|text| Node::String(Text::new(text)))
                .map_err(|_| PatchErrorKind::Value(ReadError::NotUtf8)),
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
