//! Building a tree from entries in order.

use super::{Child, Entry, FANOUT, Tree};

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
        if self.leaf.len() == FANOUT {
            let full = core::mem::replace(&mut self.leaf, Vec::with_capacity(FANOUT));
            self.leaves.extend(Child::of(Tree::leaf(full)));
        }
        self.leaf.push(entry);
    }

    pub(crate) fn finish(mut self) -> Tree<E> {
        self.leaf.shrink_to_fit();
        let mut level = self.leaves;
        if level.is_empty() {
            return Tree::leaf(self.leaf);
        }
        level.extend(Child::of(Tree::leaf(self.leaf)));
        while level.len() > FANOUT {
            let mut above = Vec::with_capacity(level.len().div_ceil(FANOUT));
            let mut children = level.into_iter().peekable();
            while children.peek().is_some() {
                let group: Vec<_> = children.by_ref().take(FANOUT).collect();
                above.extend(Child::of(Tree::branch(group)));
            }
            level = above;
        }
        Tree::branch(level)
    }
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
