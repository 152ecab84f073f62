//! Building a tree from entries in order.

use super::{Child, Entry, FANOUT, TREE_BYTES, Tree};

/// Takes entries in order and packs them into full leaves.
pub(crate) struct Builder<E: Entry> {
    leaf: Vec<E>,
    leaves: Vec<Child<E>>,
}

impl<E: Entry> Builder<E> {
    pub(crate) const fn new() -> Self {
        Self {
            leaf: Vec::new(),
            leaves: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, entry: E) {
        // Only when another entry is at hand, so that the last leaf is never empty. The first leaf grows with
        // its entries; the others are given their room at once.
        if self.leaf.len() == FANOUT {
            let full = core::mem::replace(&mut self.leaf, Vec::with_capacity(FANOUT));
            self.leaves.extend(Child::of(Tree::leaf(full)));
        }
        self.leaf.push(entry);
    }

    /// Adds a full leaf. Another must follow.
    pub(crate) fn push_leaf(&mut self, entries: Vec<E>) {
        self.leaves.extend(Child::of(Tree::leaf(entries)));
    }

    pub(crate) fn finish(mut self) -> Tree<E> {
        let mut last = core::mem::take(&mut self.leaf);
        // What is read is charged by its entries: no leaf may keep spare room.
        last.shrink_to_fit();
        self.finish_with(last)
    }

    /// Finishes with the entries of the last leaf.
    pub(crate) fn finish_with(self, last: Vec<E>) -> Tree<E> {
        let mut level = self.leaves;
        if level.is_empty() {
            return Tree::leaf(last);
        }
        level.extend(Child::of(Tree::leaf(last)));
        // From the leaves up, so that every node is made once and none is split.
        while level.len() > FANOUT {
            let mut above = Vec::with_capacity(level.len().div_ceil(FANOUT));
            let mut children = level.into_iter().peekable();
            while children.peek().is_some() {
                // `take` knows its length, so that the group has no spare room either.
                let group: Vec<_> = children.by_ref().take(FANOUT).collect();
                above.extend(Child::of(Tree::branch(group)));
            }
            level = above;
        }
        level.shrink_to_fit();
        Tree::branch(level)
    }
}

/// Bytes of memory that the tree nodes below the root take, for so many entries that are packed.
pub(crate) fn branch_bytes<E: Entry>(entries: usize) -> u64 {
    let mut bytes = 0_u64;
    let mut level = entries;
    // The groups that `finish_with` makes, leaves first: each is a tree node and a slot in the level above.
    while level > FANOUT {
        level = level.div_ceil(FANOUT);
        let each = TREE_BYTES.saturating_add(E::CHILD_BYTES);
        bytes = bytes.saturating_add((level as u64).saturating_mul(each));
    }
    bytes
}

impl<E: Entry> From<Vec<E>> for Tree<E> {
    /// Few entries stay in their vector.
    fn from(mut entries: Vec<E>) -> Self {
        if entries.len() > FANOUT {
            return entries.into_iter().collect();
        }
        entries.shrink_to_fit();
        Self::leaf(entries)
    }
}

impl<E: Entry> FromIterator<E> for Tree<E> {
    fn from_iter<I: IntoIterator<Item = E>>(entries: I) -> Self {
        let mut builder = Builder::new();
        for entry in entries {
            builder.push(entry);
        }
        builder.finish()
    }
}
