//! Applying operations, all or none.

use std::sync::Arc;

use crate::document::{Container, DEPTH_MAX, Document, Fuel, Node, OutOfFuel};
use crate::patch::change::{Change, Room, Undo, Want, find};
use crate::patch::edit::{Verb, shared};
use crate::patch::encoded::Form;
use crate::patch::{Encoded, Operation, Operations, PatchError, PatchErrorKind, PatchLimits};
use crate::pointer::Pointer;

/// What an accepted patch cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "the cost of a patch belongs to a budget"]
pub struct Applied {
    /// Work units: one for each operation, one for each container on the way to its place and each
    /// level of 16 entries within it, one for each node of its value and each 64 bytes of it.
    pub fuel: u64,
    /// An upper bound of the bytes that the version before alone holds from now on, if it is kept.
    pub left_behind: u64,
    /// The same of any earlier version: it may share what lies below a root that has one owner.
    pub(crate) left_to_earlier: u64,
    /// An upper bound of the bytes of memory that were newly given to the document: what it copies
    /// within itself is shared and takes none.
    pub given: u64,
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
    // One loop for each form: none asks per operation which form it is in.
    match operations.0 {
        Form::Owned(operations) => run(document, operations.iter().map(Operation::encoded), limits),
        Form::Encoded(operations) => run(document, operations.iter().map(|op| (*op, None)), limits),
        #[cfg(feature = "wire")]
        Form::View(diff) => run(
            document,
            diff.operations().map(|op| (op.into(), None)),
            limits,
        ),
    }
}

/// An operation; its value where that is a document.
type Edit<'a> = (Encoded<'a>, Option<&'a Document>);

fn run<'a>(
    document: &mut Document,
    edits: impl ExactSizeIterator<Item = Edit<'a>>,
    limits: &PatchLimits,
) -> Result<Applied, PatchError> {
    // A shared root costs nothing to keep: every change goes to a copy of it anyway. A second handle on a
    // root with one owner would make each change copy its path, so that such a root is changed in place, with
    // a journal.
    let safety = if is_shared(&document.root) {
        Safety::Previous(document.root.clone())
    } else {
        Safety::Journal(Vec::new())
    };
    let room = Room {
        nodes: limits.state_nodes.min(SUM_MAX),
        bytes: limits.state_bytes.min(SUM_MAX),
        heap: limits.state_heap_bytes.min(SUM_MAX),
    };
    let mut patching = Patching {
        root: &mut document.root,
        limits,
        change: Change::new(room, Fuel::new(limits.fuel)),
        given: 0,
        copied_nodes: 0,
        left: edits.len(),
        safety,
    };
    for (index, edit) in edits.enumerate() {
        patching.left = patching.left.saturating_sub(1);
        if let Err(kind) = patching.apply(&edit) {
            patching.roll_back();
            return Err(PatchError { index, kind });
        }
    }
    let fuel = &patching.change.fuel;
    let left_to_earlier = fuel.left_behind();
    Ok(Applied {
        fuel: limits.fuel.saturating_sub(fuel.left),
        left_behind: match patching.safety {
            Safety::Previous(_) => left_to_earlier,
            Safety::Journal(_) => fuel.copied,
        },
        left_to_earlier,
        // Values as they were read, growth and copies as they happened. What `copy` and `move` put elsewhere
        // is shared, and not counted again.
        given: patching
            .given
            .saturating_add(patching.change.grown)
            .saturating_add(fuel.copied),
    })
}

/// Whether the root has another owner, which then keeps the previous version alive at no cost.
fn is_shared(root: &Node) -> bool {
    match root.container() {
        Some(Container::Array(tree)) => Arc::strong_count(tree) > 1,
        Some(Container::Object(tree)) => Arc::strong_count(tree) > 1,
        // A scalar clones in constant time.
        None => true,
    }
}

/// How a failed patch is taken back.
enum Safety<'a> {
    /// By the previous root, which something else owns as well: every change goes to copies.
    Previous(Node),
    /// By undoing what was done, newest first: changes are made in place.
    Journal(Vec<(Pointer<'a>, Undo)>),
}

struct Patching<'a, 'd> {
    root: &'d mut Node,
    limits: &'d PatchLimits,
    change: Change<'a>,
    given: u64,
    copied_nodes: u64,
    /// Operations that are still to come.
    left: usize,
    safety: Safety<'a>,
}

impl<'a> Patching<'a, '_> {
    fn apply(&mut self, edit: &Edit<'a>) -> Result<(), PatchErrorKind> {
        self.change.fuel.spend(1)?;
        let (operation, _) = edit;
        let verb = operation.verb()?;
        let path = self.pointer(operation.path)?;
        match verb {
            Verb::Add => {
                self.value(edit)?;
                self.put(path, Want::Add)
            }
            Verb::Replace => {
                self.value(edit)?;
                self.put(path, Want::Replace)
            }
            Verb::Remove => {
                self.change.perform(self.root, &path, Want::Remove)?;
                self.displace();
                self.note(path, self.left == 0);
                Ok(())
            }
            Verb::Move => {
                let from = self.pointer(operation.from)?;
                self.relocate(from, path)
            }
            Verb::Copy => {
                let from = self.pointer(operation.from)?;
                // Shares the value: a later change in one of the two places copies its path first.
                let value = find(self.root, &from, &mut self.change.fuel)?.clone();
                self.pay_for_copy(&value)?;
                self.change.weight = value.weight();
                self.change.value = value;
                self.put(path, Want::Add)
            }
            Verb::Test => {
                self.value(edit)?;
                let found = find(self.root, &path, &mut self.change.fuel)?;
                if found.is_equal(&self.change.value) {
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
            // Moved onto itself nothing changes, but the value has to exist.
            return find(self.root, &from, &mut self.change.fuel).map(|_| ());
        }
        // RFC 6902, section 4.4: a removal, and then an addition to what is left.
        self.change.perform(self.root, &from, Want::Remove)?;
        let value = self.change.value.clone();
        // Never the last change: the addition may still fail. A journal takes the value out of `change`,
        // hence the clone, which is a second handle and no copy.
        self.note(from, false);
        self.change.weight = value.weight();
        self.change.value = value;
        self.put(path, Want::Add)
    }

    /// Puts the change's value.
    #[inline]
    fn put(&mut self, path: Pointer<'a>, want: Want) -> Result<(), PatchErrorKind> {
        // No document is ever deeper than its recursions allow.
        let limit = self.limits.state_depth.min(DEPTH_MAX);
        // Each token of the path is a container around the value.
        let depth = (path.len() as u64).saturating_add(u64::from(self.change.weight.depth));
        if depth > u64::from(limit) {
            return Err(PatchErrorKind::TooDeep { limit, depth });
        }
        self.change.perform(self.root, &path, want)?;
        self.displace();
        self.note(path, self.left == 0);
        Ok(())
    }

    /// Counts what the change took away.
    fn displace(&mut self) {
        if let Some(old) = self.change.displaced() {
            let bytes = old.heap_bytes();
            self.change.fuel.displaced(bytes);
        }
    }

    /// Keeps what takes the change back. The last one needs nothing: nothing can fail after it.
    fn note(&mut self, path: Pointer<'a>, last: bool) {
        match &mut self.safety {
            Safety::Previous(_) => {}
            Safety::Journal(_) if last => {}
            Safety::Journal(journal) => {
                if journal.is_empty() {
                    // Not before the first entry: a patch of one operation has none, unless that is a move.
                    // No more room than `JOURNAL`, since how many operations there are is up to the sender.
                    journal.reserve(self.left.saturating_add(1).min(JOURNAL));
                }
                journal.push((path, self.change.undo()));
            }
        }
    }

    fn roll_back(mut self) {
        match self.safety {
            Safety::Previous(root) => *self.root = root,
            Safety::Journal(journal) => {
                // Newest first: a position is right only in the document as that change left it.
                for (path, undo) in journal.into_iter().rev() {
                    let undone = self.change.take_back(self.root, &path, undo);
                    debug_assert!(undone);
                }
            }
        }
    }

    /// Reads the operation's value and pays for it.
    #[inline]
    fn value(&mut self, (operation, document): &Edit<'a>) -> Result<(), PatchErrorKind> {
        let (value, weight) = match document {
            Some(document) => shared(document, self.limits)?,
            None => operation.value(self.limits)?,
        };
        self.change.value = value;
        self.change.weight = weight;
        self.given = self.given.saturating_add(weight.heap);
        // Paid after the value was read, which `value_bytes` bounds.
        self.change
            .fuel
            .spend(weight.nodes.saturating_add(weight.bytes / 64))?;
        Ok(())
    }

    #[inline]
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

/// Changes for which a journal has room from the start.
const JOURNAL: usize = 128;

/// Sums beyond this are refused whatever the limits say: a state and a value that each stay below it
/// can be added.
const SUM_MAX: u64 = u64::MAX >> 2;

impl From<OutOfFuel> for PatchErrorKind {
    fn from(spent: OutOfFuel) -> Self {
        Self::OutOfFuel { limit: spent.limit }
    }
}
