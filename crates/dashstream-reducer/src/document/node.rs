//! One JSON value: scalars in place, containers shared.

use core::cmp::Ordering;
use core::fmt;
use std::sync::Arc;

use crate::document::number::{NumberText, decimal_len, equals_integer};
use crate::document::text::Text;
use crate::document::weight::{ARC_HEADER, Weight};
use crate::hash::Dialect;
use crate::patch::PatchErrorKind;
use crate::pointer::Token;

pub(crate) mod tree;

use self::tree::{Entry, Tree};

/// A JSON value that clones in constant time.
///
/// Every integer that an `i64` holds is an `Int`, so that equal integers look equal; a `Float` is
/// finite. Containers are never nested deeper than [`DEPTH_MAX`](crate::DEPTH_MAX):
/// whatever builds one checks it, and the recursions over nodes rely on it.
#[derive(Clone)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Int(i64),
    /// Above `i64::MAX`.
    UInt(u64),
    Float(Float),
    /// An integer literal beyond 64 bits.
    Big(Arc<BigInteger>),
    String(Text),
    Array(Arc<Tree<Self>>),
    Object(Arc<Tree<Member>>),
}

/// An array or an object.
#[derive(Clone, Copy)]
pub(crate) enum Container<'a> {
    Array(&'a Arc<Tree<Node>>),
    Object(&'a Arc<Tree<Member>>),
}

/// A finite number, and the length of its canonical text, which takes long to find.
#[derive(Clone, Copy)]
pub(crate) struct Float {
    value: f64,
    len: u8,
}

impl Float {
    pub(crate) fn new(value: f64) -> Self {
        let len = NumberText::of_f64(value, Dialect::Current).len();
        Self { value, len }
    }

    pub(crate) const fn get(self) -> f64 {
        self.value
    }

    const fn is_same(self, other: Self) -> bool {
        self.value.to_bits() == other.value.to_bits()
    }
}

/// An integer literal beyond 64 bits: the float that it is read as everywhere else, and its digits, by
/// which it is compared.
pub(crate) struct BigInteger {
    float: Float,
    digits: Box<str>,
}

impl BigInteger {
    pub(crate) fn new(float: Float, digits: &str) -> Self {
        Self {
            float,
            digits: digits.into(),
        }
    }

    pub(crate) const fn float(&self) -> Float {
        self.float
    }

    /// Whether the float is the literal's value. A float from 2^53 on is an integer, which prints in full.
    fn is_exact(&self) -> bool {
        let value = self.float.get();
        // Up to 309 digits, which are compared as they come and are never stored.
        let mut printed = Compared {
            rest: &self.digits,
            equal: true,
        };
        fmt::Write::write_fmt(&mut printed, format_args!("{value:.0}")).is_ok()
            && printed.equal
            && printed.rest.is_empty()
    }

    /// Bytes of memory that one with these digits takes: counters, float, pointer and length.
    pub(crate) const fn bytes(digits: &str) -> u64 {
        const FIXED: u64 = ARC_HEADER + 16 + 16;
        FIXED.saturating_add(digits.len() as u64)
    }
}

/// Text that is compared while it is printed.
struct Compared<'a> {
    rest: &'a str,
    equal: bool,
}

impl fmt::Write for Compared<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match self.rest.strip_prefix(text) {
            Some(rest) => self.rest = rest,
            None => self.equal = false,
        }
        Ok(())
    }
}

/// One member of an object.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) key: Text,
    pub(crate) node: Node,
}

// Leaves hold nodes side by side: a word more is a third more memory.
const _: () = assert!(size_of::<Node>() == 24 && size_of::<Member>() == 48);

impl Node {
    pub(crate) fn of_u64(value: u64) -> Self {
        i64::try_from(value).map_or(Self::UInt(value), Self::Int)
    }

    /// The child that `token` names.
    pub(crate) fn child(&self, token: Token<'_>) -> Result<&Self, PatchErrorKind> {
        match self.container() {
            // `element` has checked the index against the length, so that `get` finds it.
            Some(Container::Array(tree)) => tree
                .get(token.element(tree.len())?)
                .ok_or(PatchErrorKind::OutOfBounds),
            Some(Container::Object(tree)) => token
                .with_name(|name| tree.member(name))
                .ok_or(PatchErrorKind::NotFound),
            None => Err(PatchErrorKind::NotFound),
        }
    }

    /// Constant time.
    #[inline]
    pub(crate) fn weight(&self) -> Weight {
        match self {
            Self::Null => Weight::scalar(4),
            Self::Bool(value) => Weight::scalar(if *value { 4 } else { 5 }),
            Self::Int(value) => Weight::scalar(
                decimal_len(value.unsigned_abs()).saturating_add(u64::from(*value < 0)),
            ),
            Self::UInt(value) => Weight::scalar(decimal_len(*value)),
            Self::Float(float) => Weight::scalar(u64::from(float.len)),
            Self::Big(big) => Weight {
                heap: BigInteger::bytes(&big.digits),
                ..Weight::scalar(u64::from(big.float.len))
            },
            Self::String(text) => text.weight(),
            Self::Array(tree) => tree.container_weight(),
            Self::Object(tree) => tree.container_weight(),
        }
    }

    /// Bytes of memory that the value was given, its own slot aside. Constant time.
    #[inline]
    pub(crate) fn heap_bytes(&self) -> u64 {
        match self {
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::UInt(_) | Self::Float(_) => 0,
            Self::Big(big) => BigInteger::bytes(&big.digits),
            Self::String(text) => text.heap_bytes(),
            Self::Array(tree) => tree.heap(),
            Self::Object(tree) => tree.heap(),
        }
    }

    pub(crate) fn depth(&self) -> u16 {
        match self.container() {
            None => 0,
            Some(Container::Array(tree)) => tree.container_depth(),
            Some(Container::Object(tree)) => tree.container_depth(),
        }
    }

    /// The value, if it has others in it.
    #[inline]
    pub(crate) const fn container(&self) -> Option<Container<'_>> {
        match self {
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::UInt(_)
            | Self::Float(_)
            | Self::Big(_)
            | Self::String(_) => None,
            Self::Array(tree) => Some(Container::Array(tree)),
            Self::Object(tree) => Some(Container::Object(tree)),
        }
    }

    /// Whether both are the same allocation, or equal scalars. A string is a scalar here.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Array(a), Self::Array(b)) => Arc::ptr_eq(a, b),
            (Self::Object(a), Self::Object(b)) => Arc::ptr_eq(a, b),
            // By content, since short strings have no allocation; the pointers of long ones come first.
            (Self::String(a), Self::String(b)) => a == b,
            (a, b) => a.is_same_scalar(b),
        }
    }

    /// Whether both have the same canonical text: `1` and `1.0` differ.
    pub(crate) fn is_identical(&self, other: &Self) -> bool {
        fn all<E: Entry>(a: &Arc<Tree<E>>, b: &Arc<Tree<E>>) -> bool {
            Arc::ptr_eq(a, b)
                // The sums are at hand: most containers that differ are told apart without a walk.
                || a.container_weight().shape() == b.container_weight().shape()
                    && pairs(a, b, Node::is_identical)
        }
        match (self, other) {
            (Self::Array(a), Self::Array(b)) => all(a, b),
            (Self::Object(a), Self::Object(b)) => all(a, b),
            (Self::String(a), Self::String(b)) => a == b,
            (a, b) => a.is_same_scalar(b),
        }
    }

    fn is_same_scalar(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::UInt(a), Self::UInt(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.is_same(*b),
            // Only the float is printed, so that the digits do not count for the text.
            (Self::Big(a), Self::Big(b)) => a.float.is_same(b.float),
            // Both are written as floats.
            (Self::Float(float), Self::Big(big)) | (Self::Big(big), Self::Float(float)) => {
                float.is_same(big.float)
            }
            _ => false,
        }
    }

    /// Whether both are equal as RFC 6902 says: numbers by value, members in any order.
    pub(crate) fn is_equal(&self, other: &Self) -> bool {
        //= rfc6902#section-4.6
        //# numbers: are considered equal if their values are numerically equal.
        fn all<E: Entry>(a: &Arc<Tree<E>>, b: &Arc<Tree<E>>) -> bool {
            Arc::ptr_eq(a, b) || a.len() == b.len() && pairs(a, b, Node::is_equal)
        }
        match (self, other) {
            (Self::Array(a), Self::Array(b)) => all(a, b),
            // Members stand in one order in both, so comparing pairs is comparing sets.
            (Self::Object(a), Self::Object(b)) => all(a, b),
            (Self::Float(a), Self::Float(b)) => {
                // Not by bits: 0.0 and -0.0 are numerically equal. Finite floats always compare.
                a.value.partial_cmp(&b.value) == Some(Ordering::Equal)
            }
            // Equal digits are equal values: JSON has no leading zeros (RFC 8259, section 6).
            (Self::Big(a), Self::Big(b)) => a.digits == b.digits,
            // The float is what the literal was rounded to, so that only an exact one is equal.
            (Self::Float(float), Self::Big(big)) | (Self::Big(big), Self::Float(float)) => {
                float.is_same(big.float) && big.is_exact()
            }
            (Self::Float(float), Self::Int(whole)) | (Self::Int(whole), Self::Float(float)) => {
                equals_integer(float.value, (*whole).into())
            }
            (Self::Float(float), Self::UInt(whole)) | (Self::UInt(whole), Self::Float(float)) => {
                equals_integer(float.value, (*whole).into())
            }
            (Self::String(a), Self::String(b)) => a == b,
            // Integers of different kinds are never equal, since the ranges of the kinds do not overlap.
            (a, b) => a.is_same_scalar(b),
        }
    }
}

/// Whether the entries have the same names, in order, and values that are the `same`.
fn pairs<E: Entry>(a: &Tree<E>, b: &Tree<E>, same: impl Fn(&Node, &Node) -> bool) -> bool {
    // `zip` ends with the shorter tree. The callers have compared the lengths, or the counts of nodes: a
    // longer tree that begins alike has more nodes.
    let mut pairs = a.iter().zip(b.iter());
    pairs.all(|(a, b)| a.has_name_of(b) && same(a.node(), b.node()))
}

impl Entry for Node {
    const BYTES: u64 = 24;
    // A length and a pointer: an array has no keys.
    const CHILD_BYTES: u64 = 16;

    type Key = ();

    fn key(&self) {}

    fn node(&self) -> &Node {
        self
    }

    fn node_mut(&mut self) -> &mut Node {
        self
    }

    fn name_bytes(&self) -> u64 {
        0
    }

    fn name_heap(&self) -> u64 {
        0
    }

    fn has_name_of(&self, _: &Self) -> bool {
        true
    }
}

impl Entry for Member {
    const BYTES: u64 = 48;
    // A length, a pointer, and the first name.
    const CHILD_BYTES: u64 = 40;

    type Key = Text;

    fn key(&self) -> Text {
        self.key.clone()
    }

    fn node(&self) -> &Node {
        &self.node
    }

    fn node_mut(&mut self) -> &mut Node {
        &mut self.node
    }

    fn name_bytes(&self) -> u64 {
        self.key.canonical_len().saturating_add(1)
    }

    fn name_heap(&self) -> u64 {
        self.key.heap_bytes()
    }

    fn has_name_of(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
