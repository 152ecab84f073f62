//! Reading JSON under budgets: text, and values of serde_json. Both count before they build, so that a
//! value is refused where it crosses a limit.

mod parser;

use core::cell::Cell;
use std::sync::Arc;

use crate::document::node::tree::{Builder, Entry, TREE_BYTES, Tree, branch_bytes};
use crate::document::node::{Float, Member, Node};
use crate::document::text::{INLINE_MAX, Text, has_escape, heap_of};
use crate::document::{DEPTH_MAX, ReadError, ReadLimits};

/// Reads one JSON text.
pub(crate) fn read(text: &[u8], limits: &ReadLimits) -> Result<Node, ReadError> {
    if text.len() > limits.text_bytes {
        return Err(ReadError::TextTooLong {
            limit: limits.text_bytes,
            len: text.len(),
        });
    }
    let budget = Budget::new(limits);
    if let Some(scalar) = Scalar::of(text) {
        return scalar.read(&budget);
    }
    parser::parse(text, &budget, limits.replace_lone_surrogates)
}

/// A text that is one scalar and nothing else, as most values of operations are. Reading it takes no
/// parser; what is not plainly one is left to that.
enum Scalar<'a> {
    Node(Node),
    Text(&'a str),
}

impl<'a> Scalar<'a> {
    #[inline]
    fn of(text: &'a [u8]) -> Option<Self> {
        match text {
            b"null" => Some(Self::Node(Node::Null)),
            b"true" => Some(Self::Node(Node::Bool(true))),
            b"false" => Some(Self::Node(Node::Bool(false))),
            [b'0'] => Some(Self::Node(Node::Int(0))),
            // As many digits as an i64 surely holds.
            [b'1'..=b'9', ..] if text.len() <= 18 => {
                let mut value = 0_i64;
                for byte in text {
                    // Bytes below `0` wrap to large numbers, so that one comparison finds all that are no
                    // digits.
                    let digit = byte.wrapping_sub(b'0');
                    if digit > 9 {
                        return None;
                    }
                    value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
                }
                Some(Self::Node(Node::Int(value)))
            }
            // A quote inside is found as well: two strings are not taken for one.
            [b'"', content @ .., b'"'] if !has_escape(content) => {
                core::str::from_utf8(content).ok().map(Self::Text)
            }
            _ => None,
        }
    }

    fn read(self, budget: &Budget) -> Result<Node, ReadError> {
        budget.node(Slot::Root)?;
        match self {
            Self::Node(node) => Ok(node),
            Self::Text(text) => budget.text(text).map(Node::String),
        }
    }
}

/// Copies a [`serde_json::Value`].
pub(crate) fn copy(value: &serde_json::Value, limits: &ReadLimits) -> Result<Node, ReadError> {
    copy_below(value, &Budget::new(limits), 0, Slot::Root)
}

fn copy_below(
    value: &serde_json::Value,
    budget: &Budget,
    depth: u16,
    slot: Slot,
) -> Result<Node, ReadError> {
    // A value that was built in memory may be nested deeper than serde_json reads: `enter` ends the
    // recursion.
    budget.node(slot)?;
    match value {
        serde_json::Value::Null => Ok(Node::Null),
        serde_json::Value::Bool(value) => Ok(Node::Bool(*value)),
        serde_json::Value::Number(number) => Ok(number_of(number)),
        serde_json::Value::String(text) => budget.text(text).map(Node::String),
        serde_json::Value::Array(values) => {
            let depth = budget.enter(depth)?;
            let mut builder = Builder::new();
            budget.packed::<Node>(values.len())?;
            for value in values {
                builder.push(copy_below(value, budget, depth, Slot::Element)?);
            }
            Ok(Node::Array(Arc::new(builder.finish())))
        }
        serde_json::Value::Object(map) => {
            let depth = budget.enter(depth)?;
            budget.packed::<Member>(map.len())?;
            // serde_json sorts its maps, unless its feature `preserve_order` is on: `object` sorts where it
            // is needed.
            let mut members = Vec::with_capacity(map.len());
            for (key, value) in map {
                let key = budget.text(key)?;
                let node = copy_below(value, budget, depth, Slot::Member)?;
                members.push(Member { key, node });
            }
            Ok(Node::Object(Arc::new(object(members)?)))
        }
    }
}

fn number_of(number: &serde_json::Number) -> Node {
    if let Some(value) = number.as_i64() {
        Node::Int(value)
    } else if let Some(value) = number.as_u64() {
        Node::UInt(value)
    } else {
        // Finite unless serde_json was built to keep numbers as text; those become null, as they
        // do when serde_json writes them.
        let float = number.as_f64().filter(|value| value.is_finite());
        float.map_or(Node::Null, |value| Node::Float(Float::new(value)))
    }
}

/// What is left of each limit.
struct Budget {
    nodes: Cell<u64>,
    node_limit: u64,
    heap: Cell<u64>,
    heap_limit: u64,
    depth: u16,
}

impl Budget {
    fn new(limits: &ReadLimits) -> Self {
        Self {
            nodes: Cell::new(limits.nodes),
            node_limit: limits.nodes,
            heap: Cell::new(limits.heap_bytes),
            heap_limit: limits.heap_bytes,
            depth: limits.depth.min(DEPTH_MAX),
        }
    }

    /// One more value, in this slot.
    fn node(&self, slot: Slot) -> Result<(), ReadError> {
        let left = self.nodes.get().checked_sub(1);
        let limit = self.node_limit;
        self.nodes
            .set(left.ok_or(ReadError::TooManyNodes { limit })?);
        self.heap(slot.bytes())
    }

    /// One more container inside `depth` others.
    fn enter(&self, depth: u16) -> Result<u16, ReadError> {
        let limit = self.depth;
        let inner = depth.saturating_add(1);
        if inner > limit {
            return Err(ReadError::TooDeep { limit });
        }
        // The root of its tree; the tree nodes below follow in `packed`, when their number is known.
        self.heap(TREE_BYTES)?;
        Ok(inner)
    }

    /// The entries of a container are complete.
    fn packed<E: Entry>(&self, entries: usize) -> Result<(), ReadError> {
        self.heap(branch_bytes::<E>(entries))
    }

    fn text(&self, text: &str) -> Result<Text, ReadError> {
        self.charge_text(text)?;
        Ok(Text::new(text))
    }

    /// Charged by its length before it is copied; a short text costs nothing beyond its slot.
    fn charge_text(&self, text: &str) -> Result<(), ReadError> {
        if text.len() > INLINE_MAX {
            self.heap(heap_of(text.len()))?;
        }
        Ok(())
    }

    fn heap(&self, bytes: u64) -> Result<(), ReadError> {
        let left = self.heap.get().checked_sub(bytes);
        let limit = self.heap_limit;
        self.heap
            .set(left.ok_or(ReadError::HeapTooLarge { limit })?);
        Ok(())
    }
}

/// Where a value stands, which decides what its slot is charged.
#[derive(Clone, Copy)]
enum Slot {
    Root,
    Element,
    Member,
}

impl Slot {
    const fn bytes(self) -> u64 {
        match self {
            // It stands in the `Document` itself, which is not on the heap.
            Self::Root => 0,
            Self::Element => <Node as Entry>::BYTES,
            Self::Member => <Member as Entry>::BYTES,
        }
    }
}

/// Members in the order of their names.
fn object(mut members: Vec<Member>) -> Result<Tree<Member>, ReadError> {
    // Strictly ascending: in order, and no name twice. Canonical text needs no sort.
    if !members.is_sorted_by(|a, b| a.key < b.key) {
        members.sort_by(|a, b| a.key.cmp(&b.key));
        if members
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.key == b.key))
        {
            // RFC 8259, section 4, leaves open which of the values counts: two readers could see two states.
            return Err(ReadError::DuplicateMember);
        }
    }
    Ok(members.into())
}
