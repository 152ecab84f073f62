//! What a document holds that another printer could write differently.

use crate::document::node::Node;
use crate::document::write::has_high;

/// Why two dialects could disagree on a document's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DialectRisk {
    /// A float, whose text the dialects may disagree on.
    pub(crate) float: bool,
    /// An integer beyond 64 bits, which producers round differently.
    pub(crate) wide: bool,
    /// A string that could not be read as it was.
    pub(crate) replaced: bool,
    /// A name with a character from U+E000 up, which UTF-16 order may place elsewhere.
    pub(crate) high_name: bool,
}

impl DialectRisk {
    /// Looks at every node. Recursion is bounded by the depth of documents.
    pub(crate) fn look(&mut self, node: &Node) {
        match node {
            Node::Null | Node::Bool(_) | Node::Int(_) | Node::UInt(_) => {}
            Node::String(text) => self.replaced |= text.is_replaced(),
            Node::Float(_) => self.float = true,
            Node::Big(_) => (self.float, self.wide) = (true, true),
            Node::Array(tree) => tree.iter().for_each(|node| self.look(node)),
            Node::Object(tree) => {
                for member in tree.iter() {
                    self.high_name |= has_high(member.key.as_bytes());
                    self.replaced |= member.key.is_replaced();
                    self.look(&member.node);
                }
            }
        }
    }
}
