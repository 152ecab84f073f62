//! Applying operations, all or none.

use crate::document::{DEPTH_MAX, Document, Meter, Node, Spent, Weight};
use crate::patch::edit::Edit;
use crate::patch::encoded::Form;
use crate::patch::walk::{Action, Reverse, act, find};
use crate::patch::{Operations, PatchError, PatchErrorKind, PatchLimits};
use crate::pointer::Pointer;

/// What an accepted patch cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "the cost of a patch belongs to a budget"]
pub struct Applied {
    /// Work units: one for each operation, one for each container on the way to its place and each
    /// level of 32 entries within it, one for each node of its value and each 64 bytes of it.
    pub fuel: u64,
    /// An upper bound of the bytes that previous versions alone hold from now on, if any are kept.
    pub left_behind: u64,
}

/// Applies `operations` to `document`, all of them or none.
///
/// Costs O(operations × path), whatever the size of the document. Containers that another document
/// shares are copied, each at most once, and only those on the way to a change; the others are
/// changed in place and changed back should a later operation fail.
///
/// # Errors
///
/// The first operation that cannot be applied, or that crosses a limit, with the document as it was.
///
/// # Examples
///
/// ```
/// use dashstream_reducer::patch::{self, PatchLimits};
/// use dashstream_reducer::{Document, ReadLimits};
///
/// let mut state = Document::from_str(r#"{"turn": 1}"#, &ReadLimits::default())?;
/// let before = state.clone();
///
/// let limits = PatchLimits::default();
/// let operations = patch::parse(br#"[
///     {"op": "replace", "path": "/turn", "value": 2},
///     {"op": "test", "path": "/turn", "value": 1}
/// ]"#, &ReadLimits::default(), &limits)?;
///
/// let error = patch::apply(&mut state, operations.as_slice().into(), &limits).unwrap_err();
/// assert_eq!((error.index, error.code()), (1, "test_failed"));
/// assert!(state.is_same(&before));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn apply(
    document: &mut Document,
    operations: Operations<'_>,
    limits: &PatchLimits,
) -> Result<Applied, PatchError> {
    let len = operations.len();
    if len > limits.operations {
        let limit = limits.operations;
        let kind = PatchErrorKind::TooManyOperations { limit, len };
        return Err(PatchError { index: limit, kind });
    }
    match operations.0 {
        Form::Owned(operations) => {
            let edits = operations
                .iter()
                .map(|operation| Edit::owned(operation, limits));
            run(document, edits, limits)
        }
        Form::Encoded(operations) => {
            let edits = operations
                .iter()
                .map(|operation| Edit::encoded(*operation, limits));
            run(document, edits, limits)
        }
        #[cfg(feature = "wire")]
        Form::Wire(operations) => {
            let edits = operations
                .iter()
                .map(|operation| Edit::encoded(operation.into(), limits));
            run(document, edits, limits)
        }
    }
}

fn run<'a>(
    document: &mut Document,
    edits: impl Iterator<Item = Result<Edit<'a>, PatchErrorKind>>,
    limits: &PatchLimits,
) -> Result<Applied, PatchError> {
    let safety = if is_shared(&document.root) {
        Safety::Previous(document.root.clone())
    } else {
        Safety::Journal(Vec::new())
    };
    let mut patching = Patching {
        root: &mut document.root,
        limits,
        copied_nodes: 0,
        meter: Meter::new(limits.fuel),
        safety,
    };
    for (index, edit) in edits.enumerate() {
        if let Err(kind) = edit.and_then(|edit| patching.apply(edit)) {
            patching.roll_back();
            return Err(PatchError { index, kind });
        }
    }
    Ok(Applied {
        fuel: limits.fuel.saturating_sub(patching.meter.left()),
        left_behind: patching.meter.left_behind(),
    })
}

/// Whether the root has another owner, which then keeps the previous version alive at no cost.
fn is_shared(root: &Node) -> bool {
    use std::sync::Arc;
    match root {
        Node::Array(tree) => Arc::strong_count(tree) > 1,
        Node::Object(tree) => Arc::strong_count(tree) > 1,
        Node::Null
        | Node::Bool(_)
        | Node::Int(_)
        | Node::UInt(_)
        | Node::Float(_)
        | Node::String(_) => true,
    }
}

/// How a failed patch is taken back.
enum Safety<'a> {
    /// By the previous root, which something else owns as well: every change goes to copies.
    Previous(Node),
    /// By undoing what was done, newest first: changes are made in place.
    Journal(Vec<(Pointer<'a>, Reverse)>),
}

struct Patching<'a, 'd> {
    root: &'d mut Node,
    limits: &'d PatchLimits,
    copied_nodes: u64,
    meter: Meter,
    safety: Safety<'a>,
}

impl<'a> Patching<'a, '_> {
    fn apply(&mut self, edit: Edit<'a>) -> Result<(), PatchErrorKind> {
        self.meter.spend(1)?;
        match edit {
            Edit::Add { path, value } => {
                self.pay_for(&value)?;
                self.put(self.pointer(path)?, Action::Add, value)
            }
            Edit::Replace { path, value } => {
                self.pay_for(&value)?;
                self.put(self.pointer(path)?, Action::Replace, value)
            }
            Edit::Remove { path } => {
                let path = self.pointer(path)?;
                let reverse = act(self.root, path, Action::Remove, &mut self.meter)?;
                self.done(path, reverse)
            }
            Edit::Move { from, path } => {
                let (from, path) = (self.pointer(from)?, self.pointer(path)?);
                self.relocate(from, path)
            }
            Edit::Copy { from, path } => {
                let (from, path) = (self.pointer(from)?, self.pointer(path)?);
                let value = find(self.root, from, &mut self.meter)?.clone();
                self.pay_for_copy(&value)?;
                self.put(path, Action::Add, value)
            }
            Edit::Test { path, value } => {
                self.pay_for(&value)?;
                let path = self.pointer(path)?;
                let found = find(self.root, path, &mut self.meter)?;
                if found.is_equal(&value) {
                    Ok(())
                } else {
                    Err(PatchErrorKind::TestFailed)
                }
            }
        }
    }

    fn relocate(&mut self, from: Pointer<'a>, path: Pointer<'a>) -> Result<(), PatchErrorKind> {
        //= rfc6902#section-4.4
        //# The "from" location MUST NOT be a proper prefix of the "path"
        //# location; i.e., a location cannot be moved into one of its children.
        if from.contains(&path) {
            return Err(PatchErrorKind::MoveIntoSelf);
        }
        if from.text() == path.text() {
            return find(self.root, from, &mut self.meter).map(|_| ());
        }
        let reverse = act(self.root, from, Action::Remove, &mut self.meter)?;
        let value = match &reverse {
            Reverse::Insert(_, value) => value.clone(),
            Reverse::Remove(_) | Reverse::Put(..) | Reverse::Root(_) => Node::Null,
        };
        self.note(from, reverse);
        self.put(path, Action::Add, value)
    }

    fn put(
        &mut self,
        path: Pointer<'a>,
        action: fn(Node) -> Action,
        value: Node,
    ) -> Result<(), PatchErrorKind> {
        // Before the value is attached: no document is ever deeper than its recursions allow.
        let limit = self.limits.state_depth.min(DEPTH_MAX);
        let depth = (path.len() as u64).saturating_add(u64::from(value.depth()));
        if depth > u64::from(limit) {
            return Err(PatchErrorKind::TooDeep { limit, depth });
        }
        let reverse = act(self.root, path, action(value), &mut self.meter)?;
        self.done(path, reverse)
    }

    /// Remembers how to undo a change, and refuses it if the state crossed a limit.
    fn done(&mut self, path: Pointer<'a>, reverse: Reverse) -> Result<(), PatchErrorKind> {
        self.note(path, reverse);
        let Weight { nodes, bytes, .. } = self.root.weight();
        let PatchLimits {
            state_bytes,
            state_nodes,
            ..
        } = *self.limits;
        if bytes > state_bytes {
            return Err(PatchErrorKind::StateTooLarge {
                limit: state_bytes,
                len: bytes,
            });
        }
        if nodes > state_nodes {
            return Err(PatchErrorKind::TooManyNodes {
                limit: state_nodes,
                nodes,
            });
        }
        Ok(())
    }

    fn note(&mut self, path: Pointer<'a>, reverse: Reverse) {
        match &mut self.safety {
            Safety::Previous(_) => match &reverse {
                Reverse::Put(_, old) | Reverse::Insert(_, old) | Reverse::Root(old) => {
                    self.meter.displaced(old);
                }
                Reverse::Remove(_) => {}
            },
            Safety::Journal(journal) => journal.push((path, reverse)),
        }
    }

    fn roll_back(self) {
        match self.safety {
            Safety::Previous(root) => *self.root = root,
            Safety::Journal(journal) => {
                let mut meter = Meter::unlimited();
                for (path, reverse) in journal.into_iter().rev() {
                    // Undoing goes where doing went, so it finds its way.
                    let undone = act(self.root, path, Action::Undo(reverse), &mut meter);
                    debug_assert!(undone.is_ok());
                }
            }
        }
    }

    fn pointer(&self, text: &'a str) -> Result<Pointer<'a>, PatchErrorKind> {
        let limit = self.limits.path_bytes;
        if text.len() > limit {
            return Err(PatchErrorKind::PathTooLong {
                limit,
                len: text.len(),
            });
        }
        let pointer = Pointer::parse(text)?;
        let limit = self.limits.path_tokens;
        if pointer.len() > limit {
            return Err(PatchErrorKind::TooManyTokens { limit });
        }
        Ok(pointer)
    }

    fn pay_for(&mut self, value: &Node) -> Result<(), PatchErrorKind> {
        let weight = value.weight();
        self.meter
            .spend(weight.nodes.saturating_add(weight.bytes / 64))?;
        Ok(())
    }

    /// A copy shares, so it costs one unit; what it multiplies is limited on its own.
    fn pay_for_copy(&mut self, value: &Node) -> Result<(), PatchErrorKind> {
        let limit = self.limits.copied_nodes;
        self.copied_nodes = self.copied_nodes.saturating_add(value.weight().nodes);
        if self.copied_nodes > limit {
            return Err(PatchErrorKind::TooMuchCopied { limit });
        }
        Ok(())
    }
}

impl From<Spent> for PatchErrorKind {
    fn from(spent: Spent) -> Self {
        Self::OutOfFuel { limit: spent.limit }
    }
}
