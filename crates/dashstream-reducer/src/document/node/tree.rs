//! The sequence behind arrays and objects: one flat leaf while small, a counted B+tree when large.
//!
//! Every tree node knows how many entries it holds and what they weigh, so that a position, the
//! length of the canonical text, the count of nodes and the depth are found without a walk. A node
//! that is shared is copied before it is changed; what that costs is metered.

use std::sync::Arc;

use crate::document::fuel::Fuel;
use crate::document::node::{Member, Node};
use crate::document::weight::{ARC_HEADER, Weight};

mod balance;
mod build;
mod cursor;
mod iter;
mod prefix;
mod search;
mod visit;

pub(crate) use self::build::{Builder, branch_bytes};
pub(crate) use self::cursor::{Cursor, End, Unshared, next_unshared, pass_shared};
pub(crate) use self::iter::Iter;
pub(crate) use self::visit::{Delta, Visit};

/// Entries of a leaf, and children of a branch, at most.
///
/// A changed version copies one node a level: 16 keeps that below 3 KiB for a state of a megabyte,
/// and a state of 4 M nodes at six levels.
pub(crate) const FANOUT: usize = 16;

/// An element of a sequence: an array's value, or an object's member.
pub(crate) trait Entry: Clone {
    /// Bytes of an entry's slot, and of a child's.
    const BYTES: u64;
    const CHILD_BYTES: u64;

    /// What a branch keeps to find an entry: the name for members, nothing for array elements.
    type Key: Clone + Ord;

    fn key(&self) -> Self::Key;
    fn node(&self) -> &Node;
    fn node_mut(&mut self) -> &mut Node;
    /// Bytes of the canonical text in front of the value.
    fn name_bytes(&self) -> u64;
    /// Bytes of memory that the text in front of the value takes beside its slot.
    fn name_heap(&self) -> u64;
    /// Whether both have the same text in front of the value.
    fn has_name_of(&self, other: &Self) -> bool;

    /// What the entry adds to its container.
    fn weight(&self) -> Weight {
        let weight = self.node().weight();
        Weight {
            bytes: weight.bytes.saturating_add(self.name_bytes()),
            heap: weight.heap.saturating_add(self.name_heap()),
            ..weight
        }
    }
}

/// A node of the tree; the root is embedded in the container.
#[derive(Clone)]
pub(crate) struct Tree<E: Entry> {
    len: usize,
    /// All entries together; `depth` is that of the deepest. `heap` is what lies below this node.
    sum: Weight,
    kids: Kids<E>,
}

enum Kids<E: Entry> {
    Leaf(Vec<E>),
    Branch(Vec<Child<E>>),
}

impl<E: Entry> Kids<E> {
    fn sum(&self) -> Weight {
        match self {
            Self::Leaf(entries) => sum(entries.iter().map(E::weight)),
            Self::Branch(children) => sum(children.iter().map(Child::weight)),
        }
    }
}

/// A copy has the room of what it is a copy of, so that both take the same bytes.
impl<E: Entry> Clone for Kids<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Leaf(entries) => Self::Leaf(with_room(entries)),
            Self::Branch(children) => Self::Branch(with_room(children)),
        }
    }
}

fn with_room<T: Clone>(slots: &Vec<T>) -> Vec<T> {
    // `Vec::clone` leaves spare room out. The sums of all levels above count it, and would be wrong.
    let mut copy = Vec::with_capacity(slots.capacity());
    copy.extend_from_slice(slots);
    copy
}

#[derive(Clone)]
struct Child<E: Entry> {
    len: usize,
    /// The first key below.
    first: E::Key,
    tree: Arc<Tree<E>>,
}

impl<E: Entry> Tree<E> {
    pub(crate) fn new() -> Self {
        Self::leaf(Vec::new())
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// What the array or object with these entries weighs.
    pub(crate) fn container_weight(&self) -> Weight {
        let commas = (self.len as u64).saturating_sub(1);
        Weight {
            nodes: self.sum.nodes.saturating_add(1),
            bytes: self.sum.bytes.saturating_add(commas).saturating_add(2),
            heap: self.heap(),
            depth: self.container_depth(),
        }
    }

    pub(crate) const fn container_depth(&self) -> u16 {
        self.sum.depth.saturating_add(1)
    }

    pub(crate) fn get(&self, mut at: usize) -> Option<&E> {
        let mut tree = self;
        loop {
            match &tree.kids {
                Kids::Leaf(entries) => return entries.get(at),
                Kids::Branch(children) => {
                    let (index, rest) = locate(children, at)?;
                    tree = &children.get(index)?.tree;
                    at = rest;
                }
            }
        }
    }

    pub(crate) fn iter(&self) -> Iter<'_, E> {
        self.iter_from(0)
    }

    /// The entries from `start` on.
    pub(crate) fn iter_from(&self, start: usize) -> Iter<'_, E> {
        Iter::new(self, start)
    }

    /// Inserts `entry` before the entry at `at`; at the end when `at` is the length.
    pub(crate) fn insert(&mut self, at: usize, entry: E, fuel: &mut Fuel) {
        let weight = entry.weight();
        if let Some(right) = self.insert_below(at, (entry, weight), fuel) {
            // The root stays where its container has it: its left half moves into a child of the new root.
            let left = core::mem::replace(self, Self::new());
            if let Some(left) = Child::of(left) {
                *self = Self::branch(vec![left, right]);
            }
        }
    }

    /// Takes the entry at `at` out.
    pub(crate) fn remove(&mut self, at: usize, fuel: &mut Fuel) -> Option<E> {
        let (entry, _) = self.remove_below(at, fuel)?;
        // A branch with one child says nothing: the child takes its place.
        while let Kids::Branch(children) = &mut self.kids {
            if children.len() > 1 {
                break;
            }
            *self = match children.pop() {
                Some(only) => take(only.tree, fuel),
                // The last entry below the branch was taken out.
                None => Self::new(),
            };
        }
        Some(entry)
    }

    fn first_key(&self) -> Option<E::Key> {
        match &self.kids {
            Kids::Leaf(entries) => entries.first().map(E::key),
            Kids::Branch(children) => children.first().map(|child| child.first.clone()),
        }
    }

    fn leaf(entries: Vec<E>) -> Self {
        Self::of(entries.len(), Kids::Leaf(entries))
    }

    fn branch(children: Vec<Child<E>>) -> Self {
        let len = children.iter().map(|child| child.len).sum();
        Self::of(len, Kids::Branch(children))
    }

    fn of(len: usize, kids: Kids<E>) -> Self {
        let sum = kids.sum();
        Self { len, sum, kids }
    }

    /// Keeps `sum.depth` the maximum. Only when the deepest entry became shallower are the others
    /// looked at.
    fn replace_depth(&mut self, before: u16, after: u16) {
        if after >= self.sum.depth {
            self.sum.depth = after;
        } else if before == self.sum.depth {
            self.sum.depth = self.deepest();
        }
    }

    /// The depth of the deepest entry.
    fn deepest(&self) -> u16 {
        let deepest = match &self.kids {
            Kids::Leaf(entries) => entries.iter().map(|entry| entry.node().depth()).max(),
            Kids::Branch(children) => children.iter().map(|child| child.tree.sum.depth).max(),
        };
        deepest.unwrap_or(0)
    }

    /// Bytes of memory of this tree node and all below it.
    #[inline]
    pub(crate) const fn heap(&self) -> u64 {
        self.own_bytes().saturating_add(self.sum.heap)
    }

    /// Bytes of this tree node's own memory, its children's aside.
    #[inline]
    const fn own_bytes(&self) -> u64 {
        let slots = match &self.kids {
            Kids::Leaf(entries) => (entries.capacity() as u64).saturating_mul(E::BYTES),
            Kids::Branch(children) => (children.capacity() as u64).saturating_mul(E::CHILD_BYTES),
        };
        slots.saturating_add(TREE_BYTES)
    }
}

/// A tree node with the counters in front of it.
pub(crate) const TREE_BYTES: u64 = ARC_HEADER + 72;

// Charges are those of a 64-bit target, which no other exceeds.
const _: () = assert!(
    size_of::<Tree<Node>>() as u64 + ARC_HEADER <= TREE_BYTES
        && size_of::<Tree<Member>>() as u64 + ARC_HEADER <= TREE_BYTES
        && size_of::<Child<Node>>() as u64 <= <Node as Entry>::CHILD_BYTES
        && size_of::<Child<Member>>() as u64 <= <Member as Entry>::CHILD_BYTES
);

impl<E: Entry> Child<E> {
    /// `None` for an empty tree, which is no child.
    fn of(tree: Tree<E>) -> Option<Self> {
        Some(Self {
            len: tree.len,
            first: tree.first_key()?,
            tree: Arc::new(tree),
        })
    }

    /// What the child adds to its parent.
    fn weight(&self) -> Weight {
        Weight {
            heap: self.tree.heap(),
            ..self.tree.sum
        }
    }
}

/// The node behind `shared`, copied first unless this is its only owner.
#[inline]
pub(crate) fn own<'a, E: Entry>(shared: &'a mut Arc<Tree<E>>, fuel: &mut Fuel) -> &'a mut Tree<E> {
    // Nothing holds a `Weak`, so that `make_mut` copies only then. If another thread lets go of its clone in
    // between, a copy is charged that is not made: the charge is an upper bound.
    if Arc::strong_count(shared) > 1 {
        fuel.copied(shared.own_bytes());
    }
    Arc::make_mut(shared)
}

/// The node that was `shared`, to be taken apart; copied, as by [`own`], unless this was its only owner.
fn take<E: Entry>(shared: Arc<Tree<E>>, fuel: &mut Fuel) -> Tree<E> {
    if Arc::strong_count(&shared) > 1 {
        fuel.copied(shared.own_bytes());
    }
    Arc::unwrap_or_clone(shared)
}

/// The child that holds position `at`, and the position within it.
fn locate<E: Entry>(children: &[Child<E>], mut at: usize) -> Option<(usize, usize)> {
    // At most 16. Running totals would be found faster, and would have to be rewritten with every insertion.
    for (index, child) in children.iter().enumerate() {
        match at.checked_sub(child.len) {
            Some(rest) => at = rest,
            None => return Some((index, at)),
        }
    }
    None
}

fn sum(weights: impl Iterator<Item = Weight>) -> Weight {
    // Sums stay below 2^64: what is read fits memory, and a patch that crosses a quarter of that is refused.
    weights.fold(Weight::default(), |sum, weight| Weight {
        nodes: sum.nodes.saturating_add(weight.nodes),
        bytes: sum.bytes.saturating_add(weight.bytes),
        heap: sum.heap.saturating_add(weight.heap),
        depth: sum.depth.max(weight.depth),
    })
}

#[cfg(test)]
mod tests;
