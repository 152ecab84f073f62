//! Entries in order.

use core::slice;

use super::{Child, Entry, Kids, Tree, locate};

/// The entries of a tree in order. Allocates only for a tree of several levels.
pub(crate) struct Iter<'a, E: Entry> {
    leaf: slice::Iter<'a, E>,
    above: Vec<slice::Iter<'a, Child<E>>>,
    left: usize,
}

impl<'a, E: Entry> Iter<'a, E> {
    pub(super) fn new(tree: &'a Tree<E>, start: usize) -> Self {
        let mut iter = Self {
            leaf: [].iter(),
            above: Vec::new(),
            left: tree.len.saturating_sub(start),
        };
        iter.descend(tree, start);
        iter
    }

    /// Goes down to the entry at `at`.
    fn descend(&mut self, mut tree: &'a Tree<E>, mut at: usize) {
        loop {
            match &tree.kids {
                Kids::Leaf(entries) => {
                    self.leaf = entries.get(at..).unwrap_or_default().iter();
                    return;
                }
                Kids::Branch(children) => {
                    // A start at the end, or beyond it: nothing is left.
                    let Some((index, rest)) = locate(children, at) else {
                        return;
                    };
                    let mut children = children.get(index..).unwrap_or_default().iter();
                    let Some(child) = children.next() else { return };
                    self.above.push(children);
                    tree = &child.tree;
                    at = rest;
                }
            }
        }
    }
}

impl<'a, E: Entry> Iterator for Iter<'a, E> {
    type Item = &'a E;

    fn next(&mut self) -> Option<&'a E> {
        loop {
            if let Some(entry) = self.leaf.next() {
                self.left = self.left.saturating_sub(1);
                return Some(entry);
            }
            // No child is empty, so that each descent finds an entry.
            match self.above.last_mut()?.next() {
                Some(child) => self.descend(&child.tree, 0),
                None => {
                    self.above.pop();
                }
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}
