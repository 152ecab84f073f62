//! Insertion and removal below the root: splitting what is full, merging what is sparse.

use std::sync::Arc;

use super::{Child, Entry, FANOUT, Kids, Tree, locate, own, take};
use crate::document::fuel::Fuel;
use crate::document::node::Weight;

/// A node with fewer entries or children than this is merged with a neighbour. Far below half, so
/// that alternating insertions and removals do not split and merge each time.
const SPARSE: usize = FANOUT / 4;

impl<E: Entry> Tree<E> {
    /// Inserts, and hands back the right half if the node had to be split.
    pub(super) fn insert_below(
        &mut self,
        at: usize,
        (entry, weight): (E, Weight),
        fuel: &mut Fuel,
    ) -> Option<Child<E>> {
        let (overfull, heap) = match &mut self.kids {
            Kids::Leaf(entries) => {
                // The callers have checked the position; `Vec::insert` panics beyond the end.
                let at = at.min(entries.len());
                entries.insert(at, entry);
                (entries.len() > FANOUT, weight.heap)
            }
            Kids::Branch(children) => {
                let (index, rest) = locate_insertion(children, at)?;
                let child = children.get_mut(index)?;
                // Only an entry in front of all others in the child has a lower key. Array keys are equal.
                let key = entry.key();
                if key < child.first {
                    child.first = key;
                }
                // A copy has the same room, so that the difference is what the insertion took. A split may
                // give room back: the difference wraps, as in `Delta`.
                let before = child.tree.heap();
                let right = own(&mut child.tree, fuel).insert_below(rest, (entry, weight), fuel);
                child.len = child.tree.len;
                let mut heap = child.tree.heap().wrapping_sub(before);
                if let Some(right) = right {
                    heap = heap.wrapping_add(right.tree.heap());
                    children.insert(index.saturating_add(1), right);
                }
                (children.len() > FANOUT, heap)
            }
        };
        self.len = self.len.saturating_add(1);
        self.sum = Weight {
            nodes: self.sum.nodes.saturating_add(weight.nodes),
            bytes: self.sum.bytes.saturating_add(weight.bytes),
            heap: self.sum.heap.wrapping_add(heap),
            depth: self.sum.depth.max(weight.depth),
        };
        if overfull {
            // The new entry is counted in `len` by now.
            let at_end = at.saturating_add(1) == self.len;
            self.split(at_end)
        } else {
            None
        }
    }

    const fn has_room(&self) -> bool {
        self.kids.len() < FANOUT
    }

    /// Splits in half, or, after an insertion at the end, leaves the left part full: what grows at
    /// the end is packed densely.
    fn split(&mut self, at_end: bool) -> Option<Child<E>> {
        let cut = if at_end { FANOUT } else { FANOUT / 2 };
        let right = self.kids.split_off(cut);
        // `split_off` leaves the left part the room of both.
        match &mut self.kids {
            Kids::Leaf(entries) => give_back(entries),
            Kids::Branch(children) => give_back(children),
        }
        self.len = self.len.saturating_sub(right.len);
        // Added up again, 16 at most: the depth is a maximum, from which nothing can be taken off.
        self.sum = self.kids.sum();
        Child::of(right)
    }

    /// Brings what lies below a branch up to date.
    fn recount_heap(&mut self) {
        if let Kids::Branch(children) = &self.kids {
            let heaps = children.iter().map(|child| child.tree.heap());
            self.sum.heap = heaps.fold(0, u64::saturating_add);
        }
    }

    /// Takes an entry out, with what it weighs.
    pub(super) fn remove_below(&mut self, at: usize, fuel: &mut Fuel) -> Option<(E, Weight)> {
        match &mut self.kids {
            Kids::Leaf(entries) => {
                if at >= entries.len() {
                    return None;
                }
                let entry = entries.remove(at);
                give_back(entries);
                let weight = entry.weight();
                self.forget(weight, 0_u64.wrapping_sub(weight.heap));
                Some((entry, weight))
            }
            Kids::Branch(children) => {
                let (index, rest) = locate(children, at)?;
                let child = children.get_mut(index)?;
                let before = child.tree.heap();
                let (entry, weight) = own(&mut child.tree, fuel).remove_below(rest, fuel)?;
                child.len = child.tree.len;
                match child.tree.first_key() {
                    // The first key stays exact: where a new name belongs is decided by it alone.
                    Some(first) if rest == 0 => child.first = first,
                    Some(_) => {}
                    // The child is empty: a split at the end makes leaves of one entry.
                    None => {
                        children.remove(index);
                        give_back(children);
                        self.forget(weight, 0_u64.wrapping_sub(before));
                        return Some((entry, weight));
                    }
                }
                // Merging moves entries among the children and leaves their totals alone, but for the memory:
                // that is counted again afterwards.
                let heap = child.tree.heap().wrapping_sub(before);
                let is_sparse = child.tree.kids.len() < SPARSE;
                if is_sparse {
                    merge_around(children, index, fuel);
                }
                self.forget(weight, heap);
                if is_sparse {
                    self.recount_heap();
                }
                Some((entry, weight))
            }
        }
    }

    /// Takes an entry that has left off the sums. What lies below changed by `heap`, modulo 2^64.
    fn forget(&mut self, weight: Weight, heap: u64) {
        self.len = self.len.saturating_sub(1);
        self.sum.nodes = self.sum.nodes.saturating_sub(weight.nodes);
        self.sum.bytes = self.sum.bytes.saturating_sub(weight.bytes);
        self.sum.heap = self.sum.heap.wrapping_add(heap);
        self.replace_depth(weight.depth, 0);
    }

    /// Gives back the spare room on the way to position `at`, where an entry was taken out again.
    pub(crate) fn trim(&mut self, at: usize) {
        match &mut self.kids {
            Kids::Leaf(entries) => entries.shrink_to_fit(),
            Kids::Branch(children) => {
                children.shrink_to_fit();
                let mut start = 0_usize;
                for child in children {
                    // At the boundary between two children either may have taken the entry.
                    if let Some(rest) = at.checked_sub(start)
                        && rest <= child.len
                        // A shared node was not grown: the insertion would have copied it.
                        && let Some(tree) = Arc::get_mut(&mut child.tree)
                    {
                        let before = tree.heap();
                        tree.trim(rest);
                        let change = tree.heap().wrapping_sub(before);
                        self.sum.heap = self.sum.heap.wrapping_add(change);
                    }
                    start = start.saturating_add(child.len);
                }
            }
        }
    }
}

impl<E: Entry> Kids<E> {
    const fn len(&self) -> usize {
        match self {
            Self::Leaf(entries) => entries.len(),
            Self::Branch(children) => children.len(),
        }
    }

    fn split_off(&mut self, at: usize) -> Tree<E> {
        match self {
            Self::Leaf(entries) => Tree::leaf(entries.split_off(at)),
            Self::Branch(children) => Tree::branch(children.split_off(at)),
        }
    }
}

/// Keeps no more than twice the room that is used: what a document holds is judged by what is in it.
fn give_back<T>(slots: &mut Vec<T>) {
    let used = slots.len();
    // Half of the room may stay spare: if it went at once, the next insertion would have to grow again.
    if slots.capacity() / 2 > used && (used == 0 || slots.capacity() > SMALLEST) {
        slots.shrink_to_fit();
    }
}

/// The room that the first entry makes.
// So little goes only with the last entry: the next one would take it again.
const SMALLEST: usize = 4;

/// Joins the sparse child at `index` with a neighbour, and halves the two again if they are too many
/// for one.
fn merge_around<E: Entry>(children: &mut Vec<Child<E>>, index: usize, fuel: &mut Fuel) {
    // With its left neighbour; the first child, which has none, with its right one.
    let left_index = index.saturating_sub(1);
    let right_index = left_index.saturating_add(1);
    if right_index >= children.len() {
        // An only child has no neighbour: its parent is sparse as well and is merged one level up, or is the
        // root, which gives way to it.
        return;
    }
    let right = children.remove(right_index);
    let Some(left) = children.get_mut(left_index) else {
        return;
    };
    let right_tree = take(right.tree, fuel);
    let left_tree = own(&mut left.tree, fuel);
    match (&mut left_tree.kids, right_tree.kids) {
        (Kids::Leaf(entries), Kids::Leaf(more)) => entries.extend(more),
        (Kids::Branch(children), Kids::Branch(more)) => children.extend(more),
        // All leaves stand on one level, so siblings are of one kind.
        (Kids::Leaf(_), Kids::Branch(_)) | (Kids::Branch(_), Kids::Leaf(_)) => {}
    }
    left_tree.len = left_tree.len.saturating_add(right_tree.len);
    let count = left_tree.kids.len();
    let again = (count > FANOUT).then(|| left_tree.kids.split_off(count / 2));
    let moved = again.as_ref().map_or(0, |tree| tree.len);
    left_tree.len = left_tree.len.saturating_sub(moved);
    left_tree.sum = left_tree.kids.sum();
    // `left.first` stays: its first entry is the same.
    left.len = left_tree.len;
    if let Some(child) = again.and_then(Child::of) {
        children.insert(right_index, child);
    }
}

/// The child that takes an entry at position `at`, and the position within it.
///
/// Between two children the left one takes it, at its end, unless only the right one has room:
/// split there again and again, the left one would leave a node of one entry behind each time.
fn locate_insertion<E: Entry>(children: &[Child<E>], mut at: usize) -> Option<(usize, usize)> {
    for (index, child) in children.iter().enumerate() {
        if at < child.len {
            return Some((index, at));
        }
        if at == child.len {
            let next = index.saturating_add(1);
            let right = children.get(next).filter(|right| right.tree.has_room());
            return match right {
                Some(_) if !child.tree.has_room() => Some((next, 0)),
                _ => Some((index, at)),
            };
        }
        at = at.saturating_sub(child.len);
    }
    // Beyond the end: the last child takes it.
    let index = children.len().checked_sub(1)?;
    Some((index, children.get(index)?.len))
}
