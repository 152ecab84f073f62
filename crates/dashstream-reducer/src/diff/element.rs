//! Which elements of two arrays are the same, or have the same identity.

use std::sync::Arc;

use crate::diff::{DiffError, DiffLimits};
use crate::document::Node;

/// Compares elements, and pays for it.
pub(super) struct ElementMatcher<'l> {
    limits: &'l DiffLimits,
    fuel: u64,
}

/// How two elements are related.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ElementMatch {
    Identical,
    /// The rest may differ.
    SameIdentity,
    Unrelated,
}

/// What tells an element apart: which member, and its value.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(super) enum Identity<'a> {
    Text(usize, &'a str),
    Int(usize, i64),
    UInt(usize, u64),
}

impl<'l> ElementMatcher<'l> {
    pub(super) const fn new(limits: &'l DiffLimits) -> Self {
        Self {
            limits,
            fuel: limits.fuel,
        }
    }

    /// Work units spent so far.
    pub(super) const fn spent(&self) -> u64 {
        self.limits.fuel.saturating_sub(self.fuel)
    }

    pub(super) fn spend(&mut self, units: u64) -> Result<(), DiffError> {
        let limit = self.limits.fuel;
        let left = self.fuel.checked_sub(units);
        self.fuel = left.ok_or(DiffError::OutOfFuel { limit })?;
        Ok(())
    }

    pub(super) fn compare(&mut self, a: &Node, b: &Node) -> Result<ElementMatch, DiffError> {
        self.spend(1)?;
        // Before their identities are looked up: what is shared is the same, whatever its size.
        let shared = match (a, b) {
            (Node::Array(a), Node::Array(b)) => Arc::ptr_eq(a, b),
            (Node::Object(a), Node::Object(b)) => Arc::ptr_eq(a, b),
            _ => false,
        };
        if shared {
            return Ok(ElementMatch::Identical);
        }
        match (self.identity(a), self.identity(b)) {
            // Whether they differ is found by the walk inside them, which writes the operations down as well.
            (Some(a), Some(b)) if a == b => return Ok(ElementMatch::SameIdentity),
            // Values of another length, count of nodes or depth differ: known without a look inside.
            (None, None) if a.weight().shape() == b.weight().shape() => {}
            _ => return Ok(ElementMatch::Unrelated),
        }
        self.spend(work(a))?;
        Ok(if a.is_identical(b) {
            ElementMatch::Identical
        } else {
            ElementMatch::Unrelated
        })
    }

    pub(super) fn identity<'n>(&self, node: &'n Node) -> Option<Identity<'n>> {
        let Node::Object(members) = node else {
            return None;
        };
        let mut names = self.limits.identity.iter().enumerate();
        // The first name that is there decides, even where its value is no identity. Which name it is counts:
        // `id` 7 and `key` 7 are two identities.
        let (at, value) =
            names.find_map(|(at, name)| Some((at, members.member(name.as_bytes())?)))?;
        match value {
            Node::String(text) => Some(Identity::Text(at, text.as_str())),
            Node::Int(number) => Some(Identity::Int(at, *number)),
            Node::UInt(number) => Some(Identity::UInt(at, *number)),
            Node::Null
            | Node::Bool(_)
            | Node::Float(_)
            | Node::Big(_)
            | Node::Array(_)
            | Node::Object(_) => None,
        }
    }
}

/// What looking at all of a value costs.
pub(super) fn work(node: &Node) -> u64 {
    let weight = node.weight();
    weight.nodes.saturating_add(weight.bytes / 64)
}
