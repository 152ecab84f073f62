//! How far two trees, and a tree and a number of bytes, go together in canonical text.
//!
//! A container's text is a mark and an entry, a mark and an entry, and a last mark: the bracket in
//! front of the first entry stands where a comma stands in front of the others.

use std::sync::Arc;

use super::cursor::{Ahead, Cursor, End, enter_larger};
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
            (Self::Array(a), Self::Array(b)) => a.common_prefix(b),
            (Self::Object(a), Self::Object(b)) => a.common_prefix(b),
            // Scalars that differ are not compared byte by byte: a lower bound is enough.
            _ => 0,
        }
    }
}

impl<E: Entry> Tree<E> {
    /// Recursion is bounded by the depth of documents.
    fn common_prefix(&self, other: &Self) -> u64 {
        let mut bytes = 0_u64;
        let mut ours = Cursor::new(self, End::Front);
        let mut theirs = Cursor::new(other, End::Front);
        // However their nodes have been split, the same entry stands ahead in both.
        loop {
            match (ours.ahead(), theirs.ahead()) {
                (Some(Ahead::Subtree(a)), Some(Ahead::Subtree(b))) => {
                    // Equally many entries were passed in both, so that a shared subtree ahead stands at the
                    // same place.
                    if !Arc::ptr_eq(&a.tree, &b.tree) {
                        enter_larger((&mut ours, a), (&mut theirs, b));
                        continue;
                    }
                    bytes = bytes.saturating_add(a.bytes());
                }
                (Some(Ahead::Entry(a)), Some(Ahead::Entry(b))) => {
                    if !a.has_name_of(b) {
                        return bytes;
                    }
                    if !a.node().is_same(b.node()) {
                        // The mark and the name are common, and the value as far as it goes.
                        let inner = a.node().common_prefix(b.node());
                        let name = a.name_bytes().saturating_add(1);
                        return bytes.saturating_add(name).saturating_add(inner);
                    }
                    bytes = bytes.saturating_add(marked(a));
                }
                (Some(Ahead::Subtree(_)), Some(Ahead::Entry(_))) => {
                    ours.enter();
                    continue;
                }
                (Some(Ahead::Entry(_)), Some(Ahead::Subtree(_))) => {
                    theirs.enter();
                    continue;
                }
                (None, _) | (_, None) => return bytes,
            }
            ours.pass();
            theirs.pass();
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
                        // An entry that is held in part is not passed: the sink cuts its text.
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
