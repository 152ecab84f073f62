//! Going to one value, changing it, and putting the sums right on the way back.

use super::{Entry, Kids, Tree, locate, own};
use crate::document::fuel::Fuel;
use crate::document::name::Name;
use crate::document::node::tree::search::child_of;
use crate::document::node::{Member, Node};
use crate::document::weight::Weight;

/// What changes a value.
pub(crate) trait Visit {
    type Error;

    /// Changes `node` and sets the delta, or fails and leaves it as it was.
    fn visit(&mut self, node: &mut Node) -> Result<(), Self::Error>;

    /// What the last visit changed.
    fn delta(&mut self) -> &mut Delta;

    /// Pays for copies.
    fn fuel(&mut self) -> &mut Fuel;

    /// There is nothing to visit.
    fn missing(&self) -> Self::Error;
}

/// How a change of one value changes what holds it. What it takes away is added modulo 2^64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delta {
    nodes: u64,
    bytes: u64,
    /// By how much the memory changed, modulo 2^64.
    pub(crate) heap: u64,
    /// The depth before and after.
    from: u16,
    to: u16,
}

impl Delta {
    /// `new` takes the place of `old`.
    pub(crate) const fn between(old: Weight, new: Weight) -> Self {
        Self {
            // Exact although it wraps: the sums before and after the change both fit 64 bits.
            nodes: new.nodes.wrapping_sub(old.nodes),
            bytes: new.bytes.wrapping_sub(old.bytes),
            heap: new.heap.wrapping_sub(old.heap),
            from: old.depth,
            to: new.depth,
        }
    }

    /// Lets `change` insert or remove, and takes over what that makes of the depth.
    pub(crate) fn deepen<E: Entry, T>(
        &mut self,
        tree: &mut Tree<E>,
        change: impl FnOnce(&mut Tree<E>) -> T,
    ) -> T {
        // The memory is measured, since the change may split, merge or resize tree nodes.
        self.from = tree.sum.depth;
        let before = tree.heap();
        let result = change(tree);
        self.heap = tree.heap().wrapping_sub(before);
        self.to = tree.sum.depth;
        result
    }

    /// From here on the depth is that of the container.
    pub(crate) const fn wrap(&mut self) {
        self.from = self.from.saturating_add(1);
        self.to = self.to.saturating_add(1);
    }

    /// The sums of `weight` after the change.
    pub(crate) const fn apply(self, weight: Weight) -> Weight {
        Weight {
            nodes: weight.nodes.wrapping_add(self.nodes),
            bytes: weight.bytes.wrapping_add(self.bytes),
            heap: weight.heap.wrapping_add(self.heap),
            // A maximum cannot be moved by a difference: `replace_depth` puts it right.
            depth: weight.depth,
        }
    }
}

impl<E: Entry> Tree<E> {
    /// Visits the value at `at`, with all on the way copied that is shared.
    ///
    /// Recursion is bounded by the levels of a tree.
    pub(crate) fn visit_at<V: Visit>(&mut self, at: usize, visit: &mut V) -> Result<(), V::Error> {
        match &mut self.kids {
            Kids::Leaf(entries) => match entries.get_mut(at) {
                Some(entry) => visit.visit(entry.node_mut())?,
                None => return Err(visit.missing()),
            },
            Kids::Branch(children) => {
                let place = locate(children, at);
                match place.and_then(|(index, at)| Some((children.get_mut(index)?, at))) {
                    // If the visit fails, the copy stays: it is equal to what it was copied from.
                    Some((child, at)) => {
                        own(&mut child.tree, visit.fuel()).visit_at(at, visit)?;
                    }
                    None => return Err(visit.missing()),
                }
            }
        }
        self.shift(visit.delta());
        Ok(())
    }

    #[inline]
    fn shift(&mut self, delta: &mut Delta) {
        self.sum = delta.apply(self.sum);
        // For the level above the depth changes from one maximum of this tree node to another, which may be
        // the same.
        if delta.from != delta.to {
            let before = self.sum.depth;
            self.replace_depth(delta.from, delta.to);
            (delta.from, delta.to) = (before, self.sum.depth);
        }
    }
}

impl Tree<Member> {
    /// Visits the value of the member `name`, as [`Tree::visit_at`] does.
    pub(crate) fn visit_member<V: Visit>(
        &mut self,
        name: &Name<'_>,
        visit: &mut V,
    ) -> Result<(), V::Error> {
        match &mut self.kids {
            Kids::Leaf(members) => {
                let at = name.position(members);
                match at.and_then(|at| members.get_mut(at)) {
                    Some(member) => visit.visit(&mut member.node)?,
                    None => return Err(visit.missing()),
                }
            }
            Kids::Branch(children) => {
                let at = child_of(children, name);
                match at.and_then(|at| children.get_mut(at)) {
                    Some(child) => {
                        own(&mut child.tree, visit.fuel()).visit_member(name, visit)?;
                    }
                    None => return Err(visit.missing()),
                }
            }
        }
        self.shift(visit.delta());
        Ok(())
    }
}
