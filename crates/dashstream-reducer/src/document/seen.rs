//! What a document holds that another printer could write differently.

use crate::document::node::Node;
use crate::document::write::has_high;

/// Why two dialects could disagree on a document's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// A float, whose text the dialects may disagree on.
    pub(crate) float: bool,
    /// A float beyond the 64-bit integers: the text may have been an integer that was rounded.
    pub(crate) wide: bool,
    /// A name with a character from U+E000 up, which UTF-16 order may place elsewhere.
    pub(crate) high_name: bool,
}

impl Seen {
    /// Looks at every node. Recursion is bounded by the depth of documents.
    pub(crate) fn look(&mut self, node: &Node) {
        match node {
            Node::Null | Node::Bool(_) | Node::Int(_) | Node::UInt(_) | Node::String(_) => {}
            Node::Float(float) => {
                self.float = true;
                self.wide |= float.get().abs() >= TWO_TO_63;
            }
            Node::Array(tree) => tree.iter().for_each(|node| self.look(node)),
            Node::Object(tree) => {
                for member in tree.iter() {
                    self.high_name |= has_high(member.key.as_bytes());
                    self.look(&member.node);
                }
            }
        }
    }
}

/// The first magnitude that no `i64` holds on both sides of zero. An integer from there on may have
/// been read as a float, which a float below never is.
const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
