//! The persistent JSON document.

mod dialect_risk;
mod fuel;
mod name;
mod node;
mod number;
mod read;
mod read_limits;
mod serialize;
mod sink;
mod text;
mod weight;
mod write;

use core::fmt;

pub(crate) use self::dialect_risk::DialectRisk;
pub(crate) use self::fuel::{Fuel, OutOfFuel};
pub(crate) use self::name::Name;
pub(crate) use self::node::tree::{
    Cursor, Delta, End, Entry, Tree, Unshared, Visit, next_unshared, own, pass_shared,
};
pub(crate) use self::node::{Container, Member, Node};
pub(crate) use self::number::{NumberText, decimal_len};
pub(crate) use self::read::read;
pub use self::read_limits::{ReadError, ReadLimits};
pub(crate) use self::sink::Sink;
pub(crate) use self::text::{Text, escape_extra};
pub(crate) use self::weight::Weight;
pub(crate) use self::write::write;
use crate::hash::Dialect;
use crate::pointer::Pointer;

/// Containers inside each other that a document may have: what serde_json reads by default.
// Reading, writing, comparing, serializing and dropping recurse into each container: this bounds their stack.
pub(crate) const DEPTH_MAX: u16 = 127;

/// A JSON value that clones in constant time and whose clones share what they have in common.
///
/// A document is changed by [`patch::apply`](crate::patch::apply), which copies only what lies on
/// the way to the change, and only if another document shares it. Its canonical length, its count
/// of nodes and its depth are kept up to date and cost nothing to read.
///
/// Numbers are `i64`, `u64` or `f64`. Equality is equality of the canonical text, so that `1` and
/// `1.0` differ; a patch's `test` compares numbers by value.
#[derive(Clone)]
pub struct Document {
    pub(crate) root: Node,
}

impl Document {
    /// Reads one JSON text.
    ///
    /// A text that is too long is refused before it is looked at and before anything is allocated;
    /// the other limits are checked while reading, at the value that crosses them.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    ///
    /// # Examples
    ///
    /// ```
    /// use dashstream_reducer::{Document, ReadLimits};
    ///
    /// let document = Document::from_slice(b"{\"b\": 1.50, \"a\": []}", &ReadLimits::default())?;
    /// assert_eq!(document.to_string(), r#"{"a":[],"b":1.5}"#);
    /// assert_eq!(document.canonical_len(), 16);
    /// # Ok::<(), dashstream_reducer::ReadError>(())
    /// ```
    pub fn from_slice(text: &[u8], limits: &ReadLimits) -> Result<Self, ReadError> {
        read(text, limits).map(|root| Self { root })
    }

    /// Reads one JSON text, as [`Document::from_slice`] does.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub fn from_str(text: &str, limits: &ReadLimits) -> Result<Self, ReadError> {
        Self::from_slice(text.as_bytes(), limits)
    }

    /// Copies a [`serde_json::Value`].
    ///
    /// # Errors
    ///
    /// [`ReadError::TooDeep`] and the other limits, the length of the text aside: there is none.
    pub fn from_value(value: &serde_json::Value, limits: &ReadLimits) -> Result<Self, ReadError> {
        read::copy(value, limits).map(|root| Self { root })
    }

    /// Copies the document out as a [`serde_json::Value`].
    #[must_use]
    pub fn to_value(&self) -> serde_json::Value {
        // Cannot fail: names are strings, and numbers are `i64`, `u64` or a finite `f64`.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// `null`.
    #[must_use]
    pub const fn null() -> Self {
        Self { root: Node::Null }
    }

    /// The value that an RFC 6901 pointer names, as a document of its own that shares it, or `None` if the
    /// pointer is malformed or names nothing.
    ///
    /// Costs the pointer's length and the logarithm of each container's.
    #[must_use]
    pub fn part(&self, pointer: &str) -> Option<Self> {
        let mut node = &self.root;
        for token in Pointer::parse(pointer).ok()?.tokens() {
            node = node.child(token).ok()?;
        }
        // Shares the value: a clone of a container or a long string counts one more owner.
        Some(Self { root: node.clone() })
    }

    /// The length of the canonical text in bytes. Constant time.
    #[must_use]
    pub fn canonical_len(&self) -> u64 {
        self.root.weight().bytes
    }

    /// Every scalar, array and object is one node. Constant time.
    #[must_use]
    pub fn nodes(&self) -> u64 {
        self.root.weight().nodes
    }

    /// Containers inside each other: 0 for a scalar, 1 for `[]`. Constant time.
    #[must_use]
    pub fn depth(&self) -> u16 {
        self.root.depth()
    }

    /// Bytes of memory that the document was given, those included that other documents share with it:
    /// what an allocator was asked for on a 64-bit target, and no less elsewhere. What stands in it more
    /// than once, by `copy`, counts each time. Constant time.
    #[must_use]
    pub fn heap_bytes(&self) -> u64 {
        self.root.heap_bytes()
    }

    /// Appends the canonical text to `out`, which is not cleared: members by name in UTF-8 order, no
    /// white space, numbers as current versions of serde_json print them: `1.0`, `1e+16`.
    ///
    /// Allocates only to grow `out`, once, and for containers of more than 16 entries.
    pub fn to_canonical(&self, out: &mut Vec<u8>) {
        // Exact in this dialect, so that `out` grows once. A length beyond `usize` reserves nothing.
        out.reserve(usize::try_from(self.canonical_len()).unwrap_or(0));
        write(&self.root, Dialect::Current, out);
    }

    /// Whether both are one and the same version: a shared allocation, or equal scalars.
    ///
    /// Constant time but for long strings. Two equal documents that were built apart are not the
    /// same.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.root.is_same(&other.root)
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.root.is_identical(&other.root)
    }
}

impl Eq for Document {}

/// Stays short whatever the document's size, and shows none of its content.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = self.root.weight();
        f.debug_struct("Document")
            .field("canonical_len", &weight.bytes)
            .field("nodes", &weight.nodes)
            .field("depth", &weight.depth)
            .finish()
    }
}

/// The canonical text.
impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        self.to_canonical(&mut text);
        // Always UTF-8: strings are written whole, and everything around them is ASCII.
        f.write_str(core::str::from_utf8(&text).unwrap_or_default())
    }
}
