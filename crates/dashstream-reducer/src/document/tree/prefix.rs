//! How far two trees, and a tree and a number of bytes, go together in canonical text.
//!
//! A container's text is a mark and an entry, a mark and an entry, and a last mark: the bracket in
//! front of the first entry stands where a comma stands in front of the others.

use std::sync::Arc;

use super::{Child, Entry, Kids, Tree};
use crate::document::node::Node;

impl Node {
    /// A number of bytes that the canonical texts of both surely have in common from their start.
    ///
    /// Costs what the versions do not share on the way to their first difference.
    pub(crate) fn common_prefix(&self, other: &Self) -> u64 {
        if self.is_same(other) {
            return self.weight().bytes;
        }
        match (self, other) {
            (Self::Array(a), Self::Array(b)) => a.common_prefix(b).bytes,
            (Self::Object(a), Self::Object(b)) => a.common_prefix(b).bytes,
            _ => 0,
        }
    }
}

struct Common {
    bytes: u64,
    /// Whether one ends before they differ.
    ended: bool,
}

impl<E: Entry> Tree<E> {
    /// Recursion is bounded by the depth of documents and the levels of trees.
    fn common_prefix(&self, other: &Self) -> Common {
        let mut bytes = 0_u64;
        match (&self.kids, &other.kids) {
            (Kids::Leaf(a), Kids::Leaf(b)) => {
                for (a, b) in a.iter().zip(b) {
                    let same = a.has_name_of(b);
                    if same && a.node().is_same(b.node()) {
                        bytes = bytes.saturating_add(marked(a));
                        continue;
                    }
                    let name = if same {
                        a.name_bytes()
                    } else {
                        return Common {
                            bytes,
                            ended: false,
                        };
                    };
                    let inner = a.node().common_prefix(b.node());
                    let bytes = bytes
                        .saturating_add(1)
                        .saturating_add(name)
                        .saturating_add(inner);
                    return Common {
                        bytes,
                        ended: false,
                    };
                }
                Common { bytes, ended: true }
            }
            (Kids::Branch(a), Kids::Branch(b)) => {
                for (a, b) in a.iter().zip(b) {
                    if Arc::ptr_eq(&a.tree, &b.tree) {
                        bytes = bytes.saturating_add(a.bytes());
                        continue;
                    }
                    let inner = a.tree.common_prefix(&b.tree);
                    bytes = bytes.saturating_add(inner.bytes);
                    // One child may hold more of the same entries: the next no longer compare.
                    if !inner.ended || a.len != b.len {
                        return Common {
                            bytes,
                            ended: false,
                        };
                    }
                }
                Common { bytes, ended: true }
            }
            // A tree that grew a level: no doubt there is more, and it is not looked for.
            (Kids::Leaf(_), Kids::Branch(_)) | (Kids::Branch(_), Kids::Leaf(_)) => Common {
                bytes,
                ended: false,
            },
        }
    }

    /// How many entries, with their marks, `bytes` of text hold completely, and how many of the
    /// bytes those are.
    pub(crate) fn entries_within(&self, bytes: u64) -> (usize, u64) {
        let (mut tree, mut left, mut passed) = (self, bytes, 0_usize);
        loop {
            match &tree.kids {
                Kids::Leaf(entries) => {
                    for entry in entries {
                        let Some(rest) = left.checked_sub(marked(entry)) else {
                            break;
                        };
                        left = rest;
                        passed = passed.saturating_add(1);
                    }
                    return (passed, bytes.saturating_sub(left));
                }
                Kids::Branch(children) => {
                    let mut next = None;
                    for child in children {
                        let Some(rest) = left.checked_sub(child.bytes()) else {
                            next = Some(&child.tree);
                            break;
                        };
                        left = rest;
                        passed = passed.saturating_add(child.len);
                    }
                    match next {
                        Some(child) => tree = child,
                        None => return (passed, bytes.saturating_sub(left)),
                    }
                }
            }
        }
    }
}

impl<E: Entry> Child<E> {
    /// The text of its entries and their marks.
    fn bytes(&self) -> u64 {
        self.tree.sum.bytes.saturating_add(self.len as u64)
    }
}

fn marked<E: Entry>(entry: &E) -> u64 {
    entry.weight().bytes.saturating_add(1)
}
