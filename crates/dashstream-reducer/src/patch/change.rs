//! Finding where an operation acts, and acting there.

use crate::document::{
    Container, Delta, Entry, Fuel, Member, Name, Node, Text, Tree, Visit, Weight, own,
};
use crate::patch::PatchErrorKind;
use crate::pointer::{Pointer, Token, Tokens};

/// What is to be done at the last token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// Insert an element, or insert or replace a member.
    Add,
    /// Replace what exists.
    Replace,
    /// Take out what exists.
    Remove,
}

/// What the state may become.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) nodes: u64,
    pub(super) bytes: u64,
    pub(super) heap: u64,
}

impl Room {
    const UNLIMITED: Self = Self {
        nodes: u64::MAX,
        bytes: u64::MAX,
        heap: u64::MAX,
    };
}

/// One change after another, each on its way to its place.
pub(super) struct Change<'a> {
    tokens: Tokens<'a>,
    // What to do; once that is done, what undoes it.
    want: Want,
    /// The value to put; once that is done, what was there before.
    pub(super) value: Node,
    pub(super) weight: Weight,
    /// The position in the array: found by the change itself, or given in advance where one is undone.
    at: Option<usize>,
    undoing: bool,
    /// The whole document before the change, and its limits.
    whole: Weight,
    room: Room,
    delta: Delta,
    /// Bytes of memory that containers grew by when an entry came or went, the entry's own aside.
    pub(super) grown: u64,
    pub(super) fuel: Fuel,
}

/// How a change is undone: by another at the same pointer and this position.
pub(super) struct Undo {
    want: Want,
    at: Option<usize>,
    /// What was there before.
    value: Node,
}

impl<'a> Change<'a> {
    pub(super) fn new(room: Room, fuel: Fuel) -> Self {
        Self {
            tokens: Tokens::default(),
            want: Want::Add,
            value: Node::Null,
            weight: Weight::default(),
            at: None,
            undoing: false,
            whole: Weight::default(),
            room,
            delta: Delta::default(),
            grown: 0,
            fuel,
        }
    }

    /// Changes what `pointer` names.
    ///
    /// When it fails nothing has changed, though containers on the way may have been copied.
    pub(super) fn perform(
        &mut self,
        root: &mut Node,
        pointer: &Pointer<'a>,
        want: Want,
    ) -> Result<(), PatchErrorKind> {
        // Left over from the change before, it would be taken for the place of this one.
        self.at = None;
        self.act(root, pointer, want)
    }

    /// What takes the last change back.
    pub(super) fn undo(&mut self) -> Undo {
        Undo {
            want: self.want,
            at: self.at,
            value: core::mem::replace(&mut self.value, Node::Null),
        }
    }

    /// What the last change took away, if it took something.
    pub(super) const fn displaced(&self) -> Option<&Node> {
        // `want` is the inverse by now. Only an insertion is undone by a removal, and it displaces nothing.
        match self.want {
            Want::Add | Want::Replace => Some(&self.value),
            Want::Remove => None,
        }
    }

    /// Makes what was changed at `pointer` what it was before, with limits and fuel aside.
    pub(super) fn take_back(&mut self, root: &mut Node, pointer: &Pointer<'a>, undo: Undo) -> bool {
        // A limit that stops here would leave the document half undone.
        self.fuel = Fuel::unlimited();
        self.room = Room::UNLIMITED;
        self.at = undo.at;
        self.undoing = true;
        self.weight = undo.value.weight();
        self.value = undo.value;
        // Undoing goes where doing went, so it finds its way.
        self.act(root, pointer, undo.want).is_ok()
    }

    fn act(
        &mut self,
        root: &mut Node,
        pointer: &Pointer<'a>,
        want: Want,
    ) -> Result<(), PatchErrorKind> {
        // A document always has a value: the root can be replaced, and not be taken out.
        if pointer.len() == 0 && want == Want::Remove {
            return Err(PatchErrorKind::RemoveRoot);
        }
        self.want = want;
        self.tokens = pointer.tokens();
        // Before anything changes: `fit` adds the change to it.
        self.whole = root.weight();
        self.visit(root)
    }

    /// At the last token of an array.
    fn element(&mut self, tree: &mut Tree<Node>, token: Token<'_>) -> Result<(), PatchErrorKind> {
        let len = tree.len();
        let at = match (self.at, self.want) {
            // A change that is undone. Its last token may be `-`, which names no element that exists.
            (Some(at), _) => at,
            (None, Want::Add) => token.place(len)?,
            (None, Want::Replace | Want::Remove) => token.element(len)?,
        };
        self.at = Some(at);
        match self.want {
            Want::Replace => tree.visit_at(at, self),
            Want::Add => self.insert(tree, at, self.weight, |node| node),
            Want::Remove => self.remove(tree, at),
        }
    }

    /// At the last token of an object.
    fn member(&mut self, tree: &mut Tree<Member>, text: &[u8]) -> Result<(), PatchErrorKind> {
        let name = Name::new(text);
        match self.want {
            Want::Replace => return tree.visit_member(&name, self),
            // RFC 6902, section 4.1: adding a member that exists replaces its value. No token is left for the
            // value itself, so that `NotFound` means that the member is missing.
            Want::Add => match tree.visit_member(&name, self) {
                Err(PatchErrorKind::NotFound) => {}
                done => {
                    self.want = Want::Replace;
                    return done;
                }
            },
            Want::Remove => {}
        }
        match (tree.position(&name), self.want) {
            (Err(at), Want::Add) => {
                // UTF-8: a token is cut from a `str` at ASCII bytes, and escapes stand for ASCII bytes.
                let key = Text::new(core::str::from_utf8(text).unwrap_or_default());
                let mut weight = self.weight;
                // And a colon.
                let name = key.canonical_len().saturating_add(1);
                weight.bytes = weight.bytes.saturating_add(name);
                weight.heap = weight.heap.saturating_add(key.heap_bytes());
                self.insert(tree, at, weight, |node| Member { key, node })
            }
            (Ok(at), Want::Remove) => self.remove(tree, at),
            (Ok(_) | Err(_), _) => Err(PatchErrorKind::NotFound),
        }
    }

    /// Puts the value into an entry of `weight`, and that into its container.
    fn insert<E: Entry>(
        &mut self,
        tree: &mut Tree<E>,
        at: usize,
        mut weight: Weight,
        entry: impl FnOnce(Node) -> E,
    ) -> Result<(), PatchErrorKind> {
        weight.bytes = weight.bytes.saturating_add(comma(tree.len()));
        // A tree that has to grow for it doubles the room of a node, or splits one on each level.
        weight.heap = weight.heap.saturating_add(GROWTH_BYTES);
        // Before the tree is touched, so that a refusal leaves it as it was. What it really grows by is known
        // only afterwards, hence the upper bound.
        self.fit(Delta::between(Weight::default(), weight))?;
        let entry = entry(core::mem::replace(&mut self.value, Node::Null));
        self.delta
            .deepen(tree, |tree| tree.insert(at, entry, &mut self.fuel));
        self.want = Want::Remove;
        // The container may have grown for it, and a name is part of the growth.
        self.grow(self.delta.heap.wrapping_sub(self.weight.heap));
        Ok(())
    }

    /// Counts by how much a container grew: modulo 2^64, below zero where it gave spare room back.
    fn grow(&mut self, room: u64) {
        let room = room.cast_signed().max(0).cast_unsigned();
        self.grown = self.grown.saturating_add(room);
    }

    /// Takes an entry out, and keeps its value; what an undone insertion left spare is given back as well.
    fn remove<E: Entry>(&mut self, tree: &mut Tree<E>, at: usize) -> Result<(), PatchErrorKind> {
        // Text and nodes only become fewer, so that no limit is looked at.
        let mut weight = tree.get(at).ok_or(PatchErrorKind::NotFound)?.weight();
        let others = tree.len().saturating_sub(1);
        weight.bytes = weight.bytes.saturating_add(comma(others));
        self.delta = Delta::between(weight, Weight::default());
        let undoing = self.undoing;
        let entry = self.delta.deepen(tree, |tree| {
            let entry = tree.remove(at, &mut self.fuel);
            if undoing {
                // A refused patch reports no `Applied::given`, so that what it grew by must not stay.
                tree.trim(at);
            }
            entry
        });
        // Two nodes that are merged may take more room than they had.
        self.grow(self.delta.heap.wrapping_add(weight.heap));
        let mut entry = entry.ok_or(PatchErrorKind::NotFound)?;
        // The value goes to `displaced`; the name is dropped here, and older versions may keep it.
        self.fuel.displaced(entry.name_heap());
        self.value = core::mem::replace(entry.node_mut(), Node::Null);
        self.want = Want::Add;
        Ok(())
    }

    /// Takes `delta` unless the whole document would grow beyond its limits.
    fn fit(&mut self, delta: Delta) -> Result<(), PatchErrorKind> {
        // Does not wrap upwards: the state and the value are each below `SUM_MAX`.
        let after = delta.apply(self.whole);
        if after.bytes > self.room.bytes {
            return Err(PatchErrorKind::StateTooLarge {
                limit: self.room.bytes,
                len: after.bytes,
            });
        }
        if after.nodes > self.room.nodes {
            return Err(PatchErrorKind::TooManyNodes {
                limit: self.room.nodes,
                nodes: after.nodes,
            });
        }
        if after.heap > self.room.heap {
            return Err(PatchErrorKind::HeapTooLarge {
                limit: self.room.heap,
            });
        }
        self.delta = delta;
        Ok(())
    }
}

impl Visit for Change<'_> {
    type Error = PatchErrorKind;

    /// Recursion is bounded by the depth of documents.
    fn visit(&mut self, node: &mut Node) -> Result<(), PatchErrorKind> {
        let Some(token) = self.tokens.next() else {
            // The value itself. `visit_at` and `visit_member` add the delta to each container above it.
            self.fit(Delta::between(node.weight(), self.weight))?;
            core::mem::swap(node, &mut self.value);
            return Ok(());
        };
        // Before `own`, which may copy the container.
        self.fuel.spend(step_cost(node))?;
        let last = self.tokens.is_empty();
        match node {
            Node::Array(tree) => {
                let tree = own(tree, &mut self.fuel);
                if last {
                    self.element(tree, token)?;
                } else {
                    tree.visit_at(token.element(tree.len())?, self)?;
                }
            }
            Node::Object(tree) => {
                let tree = own(tree, &mut self.fuel);
                if last {
                    token.with_name(|name| self.member(tree, name))?;
                } else {
                    token.with_name(|name| tree.visit_member(&Name::new(name), self))?;
                }
            }
            Node::Null
            | Node::Bool(_)
            | Node::Int(_)
            | Node::UInt(_)
            | Node::Float(_)
            | Node::Big(_)
            | Node::String(_) => return Err(PatchErrorKind::NotFound),
        }
        self.delta.wrap();
        Ok(())
    }

    fn delta(&mut self) -> &mut Delta {
        &mut self.delta
    }

    fn fuel(&mut self) -> &mut Fuel {
        &mut self.fuel
    }

    fn missing(&self) -> PatchErrorKind {
        PatchErrorKind::NotFound
    }
}

/// The value that `pointer` names.
pub(super) fn find<'n>(
    root: &'n Node,
    pointer: &Pointer<'_>,
    fuel: &mut Fuel,
) -> Result<&'n Node, PatchErrorKind> {
    let mut node = root;
    for token in pointer.tokens() {
        fuel.spend(step_cost(node))?;
        node = node.child(token)?;
    }
    Ok(node)
}

/// What a container may grow by beside the entry that is added: a full leaf or branch is given twice its
/// room, and where it is split there is a new one on its level and on each above.
const GROWTH_BYTES: u64 = 2 * 64 * 48;

/// There is a comma less than there are entries.
fn comma(others: usize) -> u64 {
    u64::from(others > 0)
}

/// One unit for the container, and one for each level that a packed tree of its size has. A function
/// of the value alone, so that a patch costs the same wherever it is replayed.
fn step_cost(container: &Node) -> u64 {
    let len = match container.container() {
        Some(Container::Array(tree)) => tree.len(),
        Some(Container::Object(tree)) => tree.len(),
        None => 0,
    };
    // Levels of 16: a quarter of the bits.
    u64::from(len.checked_ilog2().unwrap_or(0) / 4).saturating_add(1)
}
