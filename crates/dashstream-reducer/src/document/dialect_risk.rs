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
    /// A string or a name in which U+FFFD replaces half a surrogate pair.
    pub(crate) replaced: bool,
    /// A name with a character from U+E000 up, which UTF-16 order may place elsewhere.
    pub(crate) high_name: bool,
}

impl DialectRisk {
    /// Looks at every node. Recursion is bounded by the depth of documents.
    pub(crate) fn look(&mut self, node: &Node) {
        // A walk, and not a sum that every edit keeps up to date: it is needed only after a hash differed.
        match node {
            // Integers of 64 bits are printed in full in every dialect.
            Node::Null | Node::Bool(_) | Node::Int(_) | Node::UInt(_) => {}
            Node::String(text) => self.replaced |= text.is_replaced(),
            Node::Float(_) => self.float = true,
            // It is printed as the float that it was rounded to.
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
