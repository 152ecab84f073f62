//! Walking two trees at once, past what they share.

use core::cmp::Ordering;
use std::sync::Arc;

use super::{Child, Entry, Kids, Tree};
use crate::document::node::{Member, Node};

/// From which end a tree is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Front,
    Back,
}

/// A place between two entries. What lies ahead is a whole subtree until it is entered.
pub(crate) struct Cursor<'a, E: Entry> {
    end: End,
    leaf: &'a [E],
    above: Vec<&'a [Child<E>]>,
}

pub(super) enum Ahead<'a, E: Entry> {
    Entry(&'a E),
    Subtree(&'a Child<E>),
}

impl<'a, E: Entry> Cursor<'a, E> {
    pub(crate) fn new(tree: &'a Tree<E>, end: End) -> Self {
        let mut cursor = Self {
            end,
            leaf: &[],
            above: Vec::new(),
        };
        cursor.open(tree);
        cursor
    }

    /// Passes what is ahead, entry or subtree.
    pub(crate) fn pass(&mut self) {
        if let Some((_, rest)) = split(self.leaf, self.end) {
            self.leaf = rest;
        } else {
            let _passed = self.take_child();
        }
    }

    pub(super) fn ahead(&self) -> Option<Ahead<'a, E>> {
        if let Some((entry, _)) = split(self.leaf, self.end) {
            return Some(Ahead::Entry(entry));
        }
        // What is left of an inner branch is met before what is left of the branches around it.
        let mut levels = self.above.iter().rev();
        let (child, _) = levels.find_map(|children| split(children, self.end))?;
        Some(Ahead::Subtree(child))
    }

    pub(super) fn enter(&mut self) {
        // A leaf is opened only when no other is open: while entries are ahead there is no subtree to enter.
        if self.leaf.is_empty()
            && let Some(child) = self.take_child()
        {
            self.open(&child.tree);
        }
    }

    fn open(&mut self, tree: &'a Tree<E>) {
        match &tree.kids {
            Kids::Leaf(entries) => self.leaf = entries,
            Kids::Branch(children) => self.above.push(children),
        }
    }

    fn take_child(&mut self) -> Option<&'a Child<E>> {
        loop {
            let children = self.above.last_mut()?;
            if let Some((child, rest)) = split(children, self.end) {
                *children = rest;
                return Some(child);
            }
            self.above.pop();
        }
    }
}

/// The entries, however deep they lie.
impl<'a, E: Entry> Iterator for Cursor<'a, E> {
    type Item = &'a E;

    fn next(&mut self) -> Option<&'a E> {
        loop {
            match self.ahead()? {
                Ahead::Entry(entry) => {
                    self.pass();
                    return Some(entry);
                }
                Ahead::Subtree(_) => self.enter(),
            }
        }
    }
}

fn split<T>(slice: &[T], end: End) -> Option<(&T, &[T])> {
    match end {
        End::Front => slice.split_first(),
        End::Back => slice.split_last(),
    }
}

/// Passes the elements that both arrays share at this place, `most` at most. Answers how many they
/// were, and the two elements that stand ahead then.
pub(crate) fn pass_shared<'a>(
    old: &mut Cursor<'a, Node>,
    new: &mut Cursor<'a, Node>,
    most: usize,
    steps: &mut u64,
) -> (usize, Option<(&'a Node, &'a Node)>) {
    let mut passed = 0_usize;
    loop {
        // Each turn is a step that the caller pays for, also one that passes what is shared.
        *steps = steps.saturating_add(1);
        match (old.ahead(), new.ahead()) {
            (Some(Ahead::Entry(a)), Some(Ahead::Entry(b))) => return (passed, Some((a, b))),
            (Some(Ahead::Subtree(a)), Some(Ahead::Subtree(b))) => {
                // What is beyond `most` may have been passed by a walk from the other end: a subtree that
                // reaches there is entered.
                let after = passed.saturating_add(a.len);
                if Arc::ptr_eq(&a.tree, &b.tree) && after <= most {
                    old.pass();
                    new.pass();
                    passed = after;
                    continue;
                }
                enter_larger((old, a), (new, b));
            }
            (Some(Ahead::Subtree(_)), Some(Ahead::Entry(_))) => old.enter(),
            (Some(Ahead::Entry(_)), Some(Ahead::Subtree(_))) => new.enter(),
            (None, _) | (_, None) => return (passed, None),
        }
    }
}

/// A member that is not shared at its place.
pub(crate) enum Unshared<'a> {
    /// Its name stands in the old object only.
    Old(&'a Member),
    /// In the new one only.
    New(&'a Member),
    /// In both.
    Both(&'a Member, &'a Member),
}

/// The next member, by name, that the objects do not share.
pub(crate) fn next_unshared<'a>(
    old: &mut Cursor<'a, Member>,
    new: &mut Cursor<'a, Member>,
    steps: &mut u64,
) -> Option<Unshared<'a>> {
    loop {
        *steps = steps.saturating_add(1);
        match (old.ahead(), new.ahead()) {
            (None, None) => return None,
            (Some(Ahead::Entry(a)), Some(Ahead::Entry(b))) => match a.key.cmp(&b.key) {
                Ordering::Less => {
                    old.pass();
                    return Some(Unshared::Old(a));
                }
                Ordering::Greater => {
                    new.pass();
                    return Some(Unshared::New(b));
                }
                Ordering::Equal => {
                    old.pass();
                    new.pass();
                    return Some(Unshared::Both(a, b));
                }
            },
            (Some(Ahead::Subtree(a)), Some(Ahead::Subtree(b))) => {
                if Arc::ptr_eq(&a.tree, &b.tree) {
                    old.pass();
                    new.pass();
                    continue;
                }
                // A subtree that both objects share has the same first name in both. Of two with different
                // first names the one that begins earlier is entered.
                match a.first.cmp(&b.first) {
                    Ordering::Less => old.enter(),
                    Ordering::Greater => new.enter(),
                    Ordering::Equal => enter_larger((old, a), (new, b)),
                }
            }
            // The name may be in the subtree. One before its first name is not: the next two arms answer.
            (Some(Ahead::Entry(a)), Some(Ahead::Subtree(b))) if a.key >= b.first => new.enter(),
            (Some(Ahead::Subtree(a)), Some(Ahead::Entry(b))) if b.key >= a.first => old.enter(),
            (Some(Ahead::Entry(a)), Some(Ahead::Subtree(_)) | None) => {
                old.pass();
                return Some(Unshared::Old(a));
            }
            (Some(Ahead::Subtree(_)) | None, Some(Ahead::Entry(b))) => {
                new.pass();
                return Some(Unshared::New(b));
            }
            (Some(Ahead::Subtree(_)), None) => old.enter(),
            (None, Some(Ahead::Subtree(_))) => new.enter(),
        }
    }
}

/// Only the larger of two subtrees can hold the other; of two that are equally large neither does.
pub(super) fn enter_larger<'a, E: Entry>(
    (old, a): (&mut Cursor<'a, E>, &Child<E>),
    (new, b): (&mut Cursor<'a, E>, &Child<E>),
) {
    if a.len >= b.len {
        old.enter();
    }
    if b.len >= a.len {
        new.enter();
    }
}

#[cfg(test)]
mod tests;
