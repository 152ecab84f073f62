//! What an operation asks for, and its value.

use crate::document::{Document, Node, ReadError, ReadLimits, Text, Weight, read};
use crate::patch::{Encoded, PatchErrorKind, PatchLimits};

/// The six operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Add,
    Remove,
    Replace,
    Move,
    Copy,
    Test,
}

impl Encoded<'_> {
    #[inline]
    pub(super) fn verb(&self) -> Result<Verb, PatchErrorKind> {
        // Also where there is no value: a producer that announces another encoding there is not one
        // that this wire knows.
        if !matches!(self.encoding, JSON | RAW) {
            return Err(PatchErrorKind::Encoding(self.encoding));
        }
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

    /// Reads the value of an addition, a replacement or a test, whose encoding was looked at for its
    /// [`verb`](Self::verb); an empty one is null.
    pub(super) fn value(&self, limits: &PatchLimits) -> Result<(Node, Weight), PatchErrorKind> {
        check_value(self.value.len(), limits)?;
        let node = match self.encoding {
            // First, whatever the encoding: proto3 does not tell an absent value from an empty one.
            _ if self.value.is_empty() => Node::Null,
            RAW => match core::str::from_utf8(self.value) {
                Ok(text) => Node::String(Text::new(text)),
                Err(_) => return Err(PatchErrorKind::Value(ReadError::NotUtf8)),
            },
            _ => {
                // What the value may be by itself; `Change::fit` checks that it fits into the state.
                let limits = ReadLimits {
                    text_bytes: limits.value_bytes,
                    nodes: limits.state_nodes,
                    depth: limits.state_depth,
                    heap_bytes: limits.state_heap_bytes,
                    replace_lone_surrogates: limits.replace_lone_surrogates,
                };
                read(self.value, &limits).map_err(PatchErrorKind::Value)?
            }
        };
        let weight = node.weight();
        Ok((node, weight))
    }
}

/// Shares the value of an operation that has it as a document. With its weight, which costs as much as the rest.
#[inline]
pub(super) fn shared(
    value: &Document,
    limits: &PatchLimits,
) -> Result<(Node, Weight), PatchErrorKind> {
    let weight = value.root.weight();
    check_value(usize::try_from(weight.bytes).unwrap_or(usize::MAX), limits)?;
    Ok((value.root.clone(), weight))
}

/// The value encodings that are read.
const JSON: i32 = 0;
const RAW: i32 = 3;

const fn check_value(len: usize, limits: &PatchLimits) -> Result<(), PatchErrorKind> {
    if len > limits.value_bytes {
        return Err(PatchErrorKind::ValueTooLarge {
            limit: limits.value_bytes,
            len,
        });
    }
    Ok(())
}
