//! Reading JSON under budgets: text by a parser of our own, anything else as serde hands it over. Both
//! count before they build, so that a value is refused where it crosses a limit.

mod parser;

use core::cell::Cell;
use core::fmt;
use std::sync::Arc;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use crate::document::node::{Float, Member, Node};
use crate::document::text::{INLINE_MAX, Text, has_escape, heap_of};
use crate::document::tree::{Builder, Entry, TREE_BYTES, Tree, branch_bytes};
use crate::document::{DEPTH_MAX, LoneSurrogates, ReadError, ReadLimits};

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
    parser::parse(
        text,
        &budget,
        limits.lone_surrogates == LoneSurrogates::Replace,
    )
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
                    let digit = byte.wrapping_sub(b'0');
                    if digit > 9 {
                        return None;
                    }
                    value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
                }
                Some(Self::Node(Node::Int(value)))
            }
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

/// Builds from any format, with the default limits.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
    Value::root(&Budget::new(&ReadLimits::default())).deserialize(deserializer)
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
        float(number.as_f64().unwrap_or(f64::NAN))
    }
}

fn float(value: f64) -> Node {
    if value.is_finite() {
        Node::Float(Float::new(value))
    } else {
        Node::Null
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
        self.heap(TREE_BYTES)?;
        Ok(inner)
    }

    /// The entries of a container are complete.
    fn packed<E: Entry>(&self, entries: usize) -> Result<(), ReadError> {
        self.heap(branch_bytes::<E>(entries))
    }

    fn text(&self, text: &str) -> Result<Text, ReadError> {
        // Charged by its length before it is copied; a short text costs nothing beyond its slot.
        if text.len() > INLINE_MAX {
            self.heap(heap_of(text.len()))?;
        }
        Ok(Text::new(text))
    }

    fn heap(&self, bytes: u64) -> Result<(), ReadError> {
        let left = self.heap.get().checked_sub(bytes);
        let limit = self.heap_limit;
        self.heap
            .set(left.ok_or(ReadError::HeapTooLarge { limit })?);
        Ok(())
    }

    /// Stops a deserializer.
    fn stop<E: serde::de::Error>(error: ReadError) -> E {
        E::custom(error)
    }
}

/// Where a value stands.
#[derive(Clone, Copy)]
enum Slot {
    Root,
    Element,
    Member,
}

impl Slot {
    const fn bytes(self) -> u64 {
        match self {
            Self::Root => 0,
            Self::Element => <Node as Entry>::BYTES,
            Self::Member => <Member as Entry>::BYTES,
        }
    }
}

/// Members in the order of their names.
fn object(mut members: Vec<Member>) -> Result<Tree<Member>, ReadError> {
    if !members.is_sorted_by(|a, b| a.key < b.key) {
        members.sort_by(|a, b| a.key.cmp(&b.key));
        if members
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.key == b.key))
        {
            return Err(ReadError::DuplicateMember);
        }
    }
    Ok(members.into())
}

/// One value inside `depth` containers.
#[derive(Clone, Copy)]
struct Value<'b> {
    budget: &'b Budget,
    depth: u16,
    slot: Slot,
}

impl<'b> Value<'b> {
    const fn root(budget: &'b Budget) -> Self {
        Self {
            budget,
            depth: 0,
            slot: Slot::Root,
        }
    }

    fn count<E: serde::de::Error>(self) -> Result<(), E> {
        self.budget.node(self.slot).map_err(Budget::stop)
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Node, E> {
        self.count()?;
        Ok(Node::Null)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Node, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Node, E> {
        self.count()?;
        Ok(Node::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Node, E> {
        self.count()?;
        Ok(Node::Int(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Node, E> {
        self.count()?;
        Ok(Node::of_u64(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
        self.count()?;
        Ok(float(value))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Node, E> {
        self.count()?;
        self.budget
            .text(text)
            .map(Node::String)
            .map_err(Budget::stop)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Node, A::Error> {
        self.count()?;
        let budget = self.budget;
        let depth = budget.enter(self.depth).map_err(Budget::stop)?;
        let mut builder = Builder::new();
        while let Some(node) = elements.next_element_seed(Value {
            budget,
            depth,
            slot: Slot::Element,
        })? {
            builder.push(node);
        }
        let tree = builder.finish();
        budget.packed::<Node>(tree.len()).map_err(Budget::stop)?;
        Ok(Node::Array(Arc::new(tree)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        self.count()?;
        let budget = self.budget;
        let depth = budget.enter(self.depth).map_err(Budget::stop)?;
        let mut members = Vec::new();
        while let Some(key) = map.next_key_seed(Key(budget))? {
            if members.is_empty() && key.as_bytes() == NUMBER_NAME && numbers_come_as_text() {
                let text = map.next_value_seed(Key(budget))?;
                return number_from_text(text.as_str()).ok_or_else(|| A::Error::custom("number"));
            }
            let node = map.next_value_seed(Value {
                budget,
                depth,
                slot: Slot::Member,
            })?;
            members.push(Member { key, node });
        }
        budget
            .packed::<Member>(members.len())
            .map_err(Budget::stop)?;
        let tree = object(members).map_err(Budget::stop)?;
        Ok(Node::Object(Arc::new(tree)))
    }
}

/// How serde_json hands numbers over when anything in the build switched on
/// `arbitrary_precision`: as an object with this one member. Features unify, so it must be expected.
const NUMBER_NAME: &[u8] = b"$serde_json::private::Number";

/// Whether this build of serde_json does so. Only asked when an object begins with that name.
fn numbers_come_as_text() -> bool {
    struct Probe;
    impl<'de> Visitor<'de> for Probe {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number")
        }

        fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
            Ok(false)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(true)
        }
    }
    serde_json::Deserializer::from_slice(b"1")
        .deserialize_any(Probe)
        .unwrap_or(false)
}

/// A number's text as serde_json reads it by default: integers as far as 64 bits go, then floats.
fn number_from_text(text: &str) -> Option<Node> {
    if text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-')
        && text != "-0"
    {
        if let Ok(value) = text.parse() {
            return Some(Node::Int(value));
        }
        if let Ok(value) = text.parse() {
            return Some(Node::UInt(value));
        }
    }
    text.parse()
        .ok()
        .filter(|value: &f64| value.is_finite())
        .map(|value| Node::Float(Float::new(value)))
}

/// The name of a member.
struct Key<'b>(&'b Budget);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Text;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text, E> {
        self.0.text(text).map_err(Budget::stop)
    }
}
