//! Looking into a document.

use core::fmt;

use crate::document::Document;
use crate::document::node::{Float, Member, Node};
use crate::document::tree::{Iter, Tree};

/// A value inside a document.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_enums, reason = "JSON has these six types")]
pub enum View<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string, unescaped.
    String(&'a str),
    /// An array.
    Array(Array<'a>),
    /// An object.
    Object(Object<'a>),
}

/// A JSON number as it is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a document keeps numbers in these three forms"
)]
pub enum Number {
    /// An integer that an `i64` holds.
    Int(i64),
    /// A larger one that a `u64` holds.
    UInt(u64),
    /// Any other number, rounded to the nearest.
    Float(f64),
}

impl<'a> View<'a> {
    pub(crate) fn of(node: &'a Node) -> Self {
        match node {
            Node::Null => Self::Null,
            Node::Bool(value) => Self::Bool(*value),
            Node::Int(value) => Self::Number(Number::Int(*value)),
            Node::UInt(value) => Self::Number(Number::UInt(*value)),
            Node::Float(value) => Self::Number(Number::Float(value.get())),
            Node::Big(big) => Self::Number(Number::Float(big.float().get())),
            Node::String(text) => Self::String(text.as_str()),
            Node::Array(tree) => Self::Array(Array { node, tree }),
            Node::Object(tree) => Self::Object(Object { node, tree }),
        }
    }

    /// The value as a document of its own, which shares its containers.
    #[must_use]
    pub fn to_document(&self) -> Document {
        let root = match self {
            Self::Null => Node::Null,
            Self::Bool(value) => Node::Bool(*value),
            Self::Number(Number::Int(value)) => Node::Int(*value),
            Self::Number(Number::UInt(value)) => Node::UInt(*value),
            Self::Number(Number::Float(value)) => Node::Float(Float::new(*value)),
            Self::String(text) => Node::String(crate::document::Text::new(text)),
            Self::Array(array) => array.node.clone(),
            Self::Object(object) => object.node.clone(),
        };
        Document { root }
    }

    /// Copies the value out.
    #[must_use]
    pub fn to_value(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Number(Number::Int(value)) => (*value).into(),
            Self::Number(Number::UInt(value)) => (*value).into(),
            Self::Number(Number::Float(value)) => (*value).into(),
            Self::String(text) => (*text).into(),
            Self::Array(array) => array.iter().map(|value| value.to_value()).collect(),
            Self::Object(object) => serde_json::Value::Object(
                object
                    .iter()
                    .map(|(name, value)| (name.to_owned(), value.to_value()))
                    .collect(),
            ),
        }
    }

    /// The string, if it is one.
    #[must_use]
    pub const fn as_str(&self) -> Option<&'a str> {
        match self {
            Self::String(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// The number, if it is one.
    #[must_use]
    pub const fn as_number(&self) -> Option<Number> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Null | Self::Bool(_) | Self::String(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// The array, if it is one.
    #[must_use]
    pub const fn as_array(&self) -> Option<Array<'a>> {
        match self {
            Self::Array(array) => Some(*array),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Object(_) => {
                None
            }
        }
    }

    /// The object, if it is one.
    #[must_use]
    pub const fn as_object(&self) -> Option<Object<'a>> {
        match self {
            Self::Object(object) => Some(*object),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Array(_) => None,
        }
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        })
    }
}

/// An array inside a document.
#[derive(Clone, Copy)]
pub struct Array<'a> {
    node: &'a Node,
    tree: &'a Tree<Node>,
}

impl<'a> Array<'a> {
    /// How many elements.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.tree.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at `index`, in logarithmic time.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<View<'a>> {
        self.tree.get(index).map(View::of)
    }

    /// The elements in order.
    #[must_use]
    pub fn iter(&self) -> Elements<'a> {
        Elements(self.tree.iter())
    }
}

impl fmt::Debug for Array<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Array").field("len", &self.len()).finish()
    }
}

impl<'a> IntoIterator for Array<'a> {
    type Item = View<'a>;
    type IntoIter = Elements<'a>;

    fn into_iter(self) -> Elements<'a> {
        self.iter()
    }
}

/// The elements of an [`Array`].
pub struct Elements<'a>(Iter<'a, Node>);

impl<'a> Iterator for Elements<'a> {
    type Item = View<'a>;

    fn next(&mut self) -> Option<View<'a>> {
        self.0.next().map(View::of)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Elements<'_> {}

impl fmt::Debug for Elements<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Elements")
            .field("left", &self.len())
            .finish()
    }
}

/// An object inside a document.
#[derive(Clone, Copy)]
pub struct Object<'a> {
    node: &'a Node,
    tree: &'a Tree<Member>,
}

impl<'a> Object<'a> {
    /// How many members.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.tree.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The member `name`, in logarithmic time.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<View<'a>> {
        self.tree.member(name.as_bytes()).map(View::of)
    }

    /// The members by name, in UTF-8 order.
    #[must_use]
    pub fn iter(&self) -> Members<'a> {
        Members(self.tree.iter())
    }
}

impl fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object").field("len", &self.len()).finish()
    }
}

impl<'a> IntoIterator for Object<'a> {
    type Item = (&'a str, View<'a>);
    type IntoIter = Members<'a>;

    fn into_iter(self) -> Members<'a> {
        self.iter()
    }
}

/// The members of an [`Object`].
pub struct Members<'a>(Iter<'a, Member>);

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, View<'a>);

    fn next(&mut self) -> Option<(&'a str, View<'a>)> {
        self.0
            .next()
            .map(|member| (member.key.as_str(), View::of(&member.node)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Members<'_> {}

impl fmt::Debug for Members<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Members")
            .field("left", &self.len())
            .finish()
    }
}
