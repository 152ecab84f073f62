//! Changing one place of a document, and changing it back.

use crate::document::{Entry, Member, Meter, Node, Tree, own};
use crate::patch::PatchErrorKind;
use crate::pointer::{Pointer, Token, Tokens};

/// What is done to the last token's container.
pub(super) enum Action {
    /// Inserts an element, or inserts or replaces a member.
    Add(Node),
    /// Replaces what exists.
    Replace(Node),
    /// Takes out what exists.
    Remove,
    /// Undoes an earlier action, at the position where that one happened.
    Undo(Reverse),
}

/// How an action is undone: by position, since a position stays right until it is undone.
pub(super) enum Reverse {
    /// Take the entry at this position out again.
    Remove(usize),
    /// Put the old value back.
    Put(usize, Node),
    /// Insert the old value again.
    Insert(usize, Node),
    /// The old root.
    Root(Node),
}

/// Performs `action` where `pointer` points and answers how it is undone.
///
/// When it fails nothing has changed, though containers on the way may have been copied.
pub(super) fn act(
    root: &mut Node,
    pointer: Pointer<'_>,
    action: Action,
    meter: &mut Meter,
) -> Result<Reverse, PatchErrorKind> {
    let mut tokens = pointer.tokens();
    match tokens.next() {
        Some(token) => below(root, token, tokens, action, meter),
        None => match action {
            Action::Add(new) | Action::Replace(new) | Action::Undo(Reverse::Root(new)) => {
                Ok(Reverse::Root(core::mem::replace(root, new)))
            }
            Action::Remove | Action::Undo(_) => Err(PatchErrorKind::RemoveRoot),
        },
    }
}

/// The value that `pointer` names.
pub(super) fn find<'n>(
    root: &'n Node,
    pointer: Pointer<'_>,
    meter: &mut Meter,
) -> Result<&'n Node, PatchErrorKind> {
    let mut node = root;
    for token in pointer.tokens() {
        meter.spend(step_cost(node))?;
        node = token.child(node)?;
    }
    Ok(node)
}

/// Recursion is bounded by the tokens of a pointer and the levels of a tree.
fn below(
    node: &mut Node,
    token: Token<'_>,
    mut rest: Tokens<'_>,
    action: Action,
    meter: &mut Meter,
) -> Result<Reverse, PatchErrorKind> {
    meter.spend(step_cost(node))?;
    let next = rest.next();
    match node {
        Node::Array(tree) => {
            let Some(next) = next else {
                return in_array(own(tree, meter), token, action, meter);
            };
            let at = token.element(tree.len())?;
            own(tree, meter)
                .edit(at, meter, |child, meter| {
                    below(child, next, rest, action, meter)
                })
                .unwrap_or(Err(PatchErrorKind::OutOfBounds))
        }
        Node::Object(tree) => {
            let name = token.name();
            let found = tree.find(name.as_bytes());
            let Some(next) = next else {
                return in_object(own(tree, meter), &name, found, action, meter);
            };
            let at = found.map_err(|_| PatchErrorKind::NotFound)?;
            own(tree, meter)
                .edit(at, meter, |child, meter| {
                    below(child, next, rest, action, meter)
                })
                .unwrap_or(Err(PatchErrorKind::NotFound))
        }
        Node::Null
        | Node::Bool(_)
        | Node::Int(_)
        | Node::UInt(_)
        | Node::Float(_)
        | Node::String(_) => Err(PatchErrorKind::NotFound),
    }
}

fn in_array(
    tree: &mut Tree<Node>,
    token: Token<'_>,
    action: Action,
    meter: &mut Meter,
) -> Result<Reverse, PatchErrorKind> {
    let len = tree.len();
    match action {
        Action::Add(new) => {
            let at = token.place(len)?;
            tree.insert(at, new, meter);
            Ok(Reverse::Remove(at))
        }
        Action::Replace(new) => swap(tree, token.element(len)?, new, meter),
        Action::Remove => {
            let at = token.element(len)?;
            let old = tree.remove(at, meter).ok_or(PatchErrorKind::OutOfBounds)?;
            Ok(Reverse::Insert(at, old))
        }
        Action::Undo(Reverse::Remove(at)) => {
            let old = tree.remove(at, meter).ok_or(PatchErrorKind::OutOfBounds)?;
            Ok(Reverse::Insert(at, old))
        }
        Action::Undo(Reverse::Insert(at, old)) => {
            tree.insert(at, old, meter);
            Ok(Reverse::Remove(at))
        }
        Action::Undo(Reverse::Put(at, old)) => swap(tree, at, old, meter),
        Action::Undo(Reverse::Root(_)) => Err(PatchErrorKind::NotFound),
    }
}

fn in_object(
    tree: &mut Tree<Member>,
    name: &str,
    found: Result<usize, usize>,
    action: Action,
    meter: &mut Meter,
) -> Result<Reverse, PatchErrorKind> {
    match (action, found) {
        (Action::Add(new), Err(at)) => {
            tree.insert_member(at, name, new, meter);
            Ok(Reverse::Remove(at))
        }
        (Action::Add(new) | Action::Replace(new), Ok(at)) => swap(tree, at, new, meter),
        (Action::Remove, Ok(at)) => {
            let old = tree.remove(at, meter).ok_or(PatchErrorKind::NotFound)?;
            Ok(Reverse::Insert(at, old.node))
        }
        (Action::Replace(_) | Action::Remove, Err(_)) => Err(PatchErrorKind::NotFound),
        (Action::Undo(Reverse::Remove(at)), _) => {
            let old = tree.remove(at, meter).ok_or(PatchErrorKind::NotFound)?;
            Ok(Reverse::Insert(at, old.node))
        }
        (Action::Undo(Reverse::Insert(at, old)), _) => {
            tree.insert_member(at, name, old, meter);
            Ok(Reverse::Remove(at))
        }
        (Action::Undo(Reverse::Put(at, old)), _) => swap(tree, at, old, meter),
        (Action::Undo(Reverse::Root(_)), _) => Err(PatchErrorKind::NotFound),
    }
}

fn swap<E: Entry>(
    tree: &mut Tree<E>,
    at: usize,
    new: Node,
    meter: &mut Meter,
) -> Result<Reverse, PatchErrorKind> {
    tree.edit(at, meter, |node, _| {
        Ok(Reverse::Put(at, core::mem::replace(node, new)))
    })
    .unwrap_or(Err(PatchErrorKind::NotFound))
}

/// One unit for the container, and one for each level that a packed tree of its size has. A function
/// of the value alone, so that a patch costs the same wherever it is replayed.
fn step_cost(container: &Node) -> u64 {
    let len = match container {
        Node::Array(tree) => tree.len(),
        Node::Object(tree) => tree.len(),
        Node::Null
        | Node::Bool(_)
        | Node::Int(_)
        | Node::UInt(_)
        | Node::Float(_)
        | Node::String(_) => 0,
    };
    // Levels of 32: a fifth of the bits.
    u64::from(len.checked_ilog2().unwrap_or(0) / 5).saturating_add(1)
}
