//! The walk over both states, which writes the operations down.

use core::fmt::Write;
use std::sync::Arc;

use crate::diff::element::{ElementMatch, ElementMatcher};
use crate::diff::patience::patience_lcs;
use crate::diff::{DiffError, DiffLimits, Difference};
use crate::document::{
    Cursor, Document, End, Member, Node, Tree, Unshared, escape_extra, next_unshared, pass_shared,
};
use crate::patch::Operation;

/// One comparison: what may still be spent, and what was found.
pub(super) struct Comparison<'l> {
    limits: &'l DiffLimits,
    elements: ElementMatcher<'l>,
    operations: Vec<Operation>,
    /// Bytes of the operations as text, each with the comma after it.
    bytes: u64,
    /// The pointer to the value at hand.
    path: String,
    tokens: usize,
    /// How many of the tokens existing consumers refuse.
    feared: usize,
}

/// Why a container is not compared any further.
enum Halt {
    /// It is to be replaced as a whole.
    Whole,
    Failed(DiffError),
}

impl From<DiffError> for Halt {
    fn from(error: DiffError) -> Self {
        Self::Failed(error)
    }
}

/// Where a container's operations begin, and what replacing it instead would take.
#[derive(Clone, Copy)]
struct Mark {
    operations: usize,
    bytes: u64,
    whole: u64,
}

/// Two arrays, walked from one end, and how many pairs of elements lie behind.
struct Walk<'a> {
    old: Cursor<'a, Node>,
    new: Cursor<'a, Node>,
    passed: usize,
}

impl<'l> Comparison<'l> {
    pub(super) const fn new(limits: &'l DiffLimits) -> Self {
        Self {
            limits,
            elements: ElementMatcher::new(limits),
            operations: Vec::new(),
            bytes: 0,
            path: String::new(),
            tokens: 0,
            feared: 0,
        }
    }

    pub(super) fn run(mut self, old: &Node, new: &Node) -> Result<Difference, DiffError> {
        match self.value(old, new) {
            Err(Halt::Failed(error)) => return Err(error),
            // The pointer to the root is empty, so that it can always be replaced.
            Ok(()) | Err(Halt::Whole) => {}
        }
        Ok(Difference {
            // Two brackets, and no comma after the last.
            text_bytes: self.bytes.saturating_add(1).max(2),
            operations: self.operations,
            fuel: self.elements.spent(),
        })
    }

    /// Recursion is bounded by the depth of documents.
    fn value(&mut self, old: &Node, new: &Node) -> Result<(), Halt> {
        self.elements.spend(1)?;
        match (old, new) {
            (Node::Array(a), Node::Array(b)) if Arc::ptr_eq(a, b) => Ok(()),
            (Node::Object(a), Node::Object(b)) if Arc::ptr_eq(a, b) => Ok(()),
            (Node::Array(a), Node::Array(b)) => {
                self.container(new, |this, mark| this.elements(a, b, mark))
            }
            (Node::Object(a), Node::Object(b)) => {
                self.container(new, |this, mark| this.members(a, b, mark))
            }
            (old, new) => {
                // Strings are compared byte by byte, no further than the shorter one.
                self.elements
                    .spend(old.weight().bytes.min(new.weight().bytes) / 64)?;
                if old.is_same(new) {
                    Ok(())
                } else {
                    self.replaced(new)
                }
            }
        }
    }

    /// Compares inside a container, and replaces it as a whole if that is shorter, or if a pointer
    /// inside would be too long.
    fn container(
        &mut self,
        new: &Node,
        inside: impl FnOnce(&mut Self, Mark) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let mark = Mark {
            operations: self.operations.len(),
            bytes: self.bytes,
            // Whether the root is better sent as a whole is for the caller to say.
            whole: if self.tokens == 0 {
                u64::MAX
            } else {
                self.cost(REPLACE, Some(new))
            },
        };
        match inside(self, mark) {
            Err(Halt::Whole) => {
                // What was found inside is dropped. Its work stays paid for: it was done.
                self.operations.truncate(mark.operations);
                self.bytes = mark.bytes;
                self.replaced(new)
            }
            result => result,
        }
    }

    /// Stops once the operations since `mark` are longer than replacing the container as a whole. The root is
    /// not replaced for that, so that there the number of operations is checked instead.
    fn worthwhile(&self, mark: Mark) -> Result<(), Halt> {
        let (limit, len) = (self.limits.operations, self.operations.len());
        if self.bytes.saturating_sub(mark.bytes) > mark.whole {
            Err(Halt::Whole)
        } else if self.tokens == 0 && len > limit {
            Err(DiffError::TooManyOperations { limit, len }.into())
        } else {
            Ok(())
        }
    }

    fn members(&mut self, old: &Tree<Member>, new: &Tree<Member>, mark: Mark) -> Result<(), Halt> {
        // Members are named, so that no operation depends on the ones before it.
        let mut old = Cursor::new(old, End::Front);
        let mut new = Cursor::new(new, End::Front);
        loop {
            let mut steps = 0;
            let unshared = next_unshared(&mut old, &mut new, &mut steps);
            self.elements.spend(steps)?;
            match unshared {
                Some(Unshared::Both(a, b)) => {
                    self.member(a, |this| this.value(&a.node, &b.node))?;
                }
                Some(Unshared::Old(member)) => self.member(member, Self::removed)?,
                Some(Unshared::New(member)) => {
                    self.member(member, |this| this.added(&member.node))?;
                }
                None => return Ok(()),
            }
            self.worthwhile(mark)?;
        }
    }

    fn elements(&mut self, old: &Tree<Node>, new: &Tree<Node>, mark: Mark) -> Result<(), Halt> {
        let most = old.len().min(new.len());
        // Nothing is inserted or removed yet: a place counted from the front is the same in both arrays.
        let mut front = Walk::new(old, new, End::Front);
        while let Some((at, a, b)) = self.next_changed(&mut front, most)? {
            self.element(at, |this| this.value(a, b))?;
            self.worthwhile(mark)?;
        }
        // Only collected: their places follow from the new length, which the array has once the stretch in
        // between is done. No element belongs to both ends, hence the limit.
        let mut back = Walk::new(old, new, End::Back);
        let mut tail = Vec::new();
        while let Some(changed) = self.next_changed(&mut back, most.saturating_sub(front.passed))? {
            tail.push(changed);
        }
        let between = |len: usize| len.saturating_sub(front.passed).saturating_sub(back.passed);
        let (olds, news) = (between(old.len()), between(new.len()));
        // Paid before the stretch is collected, so that the fuel bounds this memory as well.
        self.elements
            .spend((olds as u64).saturating_add(news as u64))?;
        // The cursors of the front stand at the first element of the stretch.
        let olds: Vec<_> = front.old.take(olds).collect();
        let news: Vec<_> = front.new.take(news).collect();
        self.stretch(front.passed, (&olds, &news), mark)?;
        for (from_end, a, b) in tail.into_iter().rev() {
            let at = new.len().saturating_sub(from_end).saturating_sub(1);
            self.element(at, |this| this.value(a, b))?;
            self.worthwhile(mark)?;
        }
        Ok(())
    }

    /// Passes pairs that are identical, up to the next one that has the same identity and may differ; `None`
    /// at the first pair that does not belong together, and after `most` pairs. Answers the pair's place from
    /// the walk's end.
    fn next_changed<'a>(
        &mut self,
        walk: &mut Walk<'a>,
        most: usize,
    ) -> Result<Option<(usize, &'a Node, &'a Node)>, DiffError> {
        loop {
            let mut steps = 0;
            let left = most.saturating_sub(walk.passed);
            let (more, pair) = pass_shared(&mut walk.old, &mut walk.new, left, &mut steps);
            self.elements.spend(steps)?;
            walk.passed = walk.passed.saturating_add(more);
            // The pair ahead is answered even if `most` pairs lie behind.
            let Some((a, b)) = pair.filter(|_| walk.passed < most) else {
                return Ok(None);
            };
            let matched = self.elements.compare(a, b)?;
            if matched == ElementMatch::Unrelated {
                return Ok(None);
            }
            let at = walk.passed;
            walk.passed = at.saturating_add(1);
            walk.old.pass();
            walk.new.pass();
            if matched == ElementMatch::SameIdentity {
                return Ok(Some((at, a, b)));
            }
        }
    }

    /// The elements between those that both ends have in common; the first stands at `at`.
    fn stretch(
        &mut self,
        mut at: usize,
        (olds, news): (&[&Node], &[&Node]),
        mark: Mark,
    ) -> Result<(), Halt> {
        let together = patience_lcs(&mut self.elements, olds, news)?;
        // The sentinel stands after the last element of both.
        let sentinel = (olds.len(), news.len());
        let (all_olds, all_news) = sentinel;
        let (mut olds, mut news) = (olds.iter(), news.iter());
        for (old, new) in together.into_iter().chain([sentinel]) {
            let apart_old = old.saturating_sub(all_olds.saturating_sub(olds.len()));
            let apart_new = new.saturating_sub(all_news.saturating_sub(news.len()));
            let pairs = apart_old.min(apart_new);
            // Unrelated ones by position, and then the pair that belongs together.
            // `take` is outermost: it stops before `zip` draws an old element that it has no partner for.
            for (a, b) in olds.by_ref().zip(news.by_ref()).take(pairs) {
                self.element(at, |this| this.value(a, b))?;
                at = at.saturating_add(1);
                self.worthwhile(mark)?;
            }
            // All at the same place, since those behind move up.
            for _ in olds.by_ref().take(apart_old.saturating_sub(pairs)) {
                self.element(at, Self::removed)?;
                self.worthwhile(mark)?;
            }
            for new in news.by_ref().take(apart_new.saturating_sub(pairs)) {
                self.element(at, |this| this.added(new))?;
                at = at.saturating_add(1);
                self.worthwhile(mark)?;
            }
            if let (Some(a), Some(b)) = (olds.next(), news.next()) {
                self.element(at, |this| this.value(a, b))?;
                at = at.saturating_add(1);
                self.worthwhile(mark)?;
            }
        }
        Ok(())
    }

    fn member(
        &mut self,
        member: &Member,
        body: impl FnOnce(&mut Self) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let outer = self.path.len();
        let feared = usize::from(FEARED.contains(&member.key.as_str()));
        self.path.push('/');
        for character in member.key.as_str().chars() {
            match character {
                '~' => self.path.push_str("~0"),
                '/' => self.path.push_str("~1"),
                plain => self.path.push(plain),
            }
        }
        self.feared = self.feared.saturating_add(feared);
        let result = self.inside(outer, body);
        self.feared = self.feared.saturating_sub(feared);
        result
    }

    fn element(
        &mut self,
        at: usize,
        body: impl FnOnce(&mut Self) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let outer = self.path.len();
        // A string takes everything.
        let _written = write!(self.path, "/{at}");
        self.inside(outer, body)
    }

    /// Runs `body` one token further inside, and comes back.
    fn inside(
        &mut self,
        outer: usize,
        body: impl FnOnce(&mut Self) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        self.tokens = self.tokens.saturating_add(1);
        let result = body(self);
        // Also where `body` failed: a container above goes on from its own path and replaces itself.
        self.tokens = self.tokens.saturating_sub(1);
        self.path.truncate(outer);
        result
    }

    fn removed(&mut self) -> Result<(), Halt> {
        let path = self.pointer(REMOVE, None)?;
        self.operations.push(Operation::Remove { path });
        Ok(())
    }

    fn added(&mut self, new: &Node) -> Result<(), Halt> {
        let path = self.pointer(ADD, Some(new))?;
        let value = Document { root: new.clone() };
        self.operations.push(Operation::Add { path, value });
        Ok(())
    }

    fn replaced(&mut self, new: &Node) -> Result<(), Halt> {
        let path = self.pointer(REPLACE, Some(new))?;
        let value = Document { root: new.clone() };
        self.operations.push(Operation::Replace { path, value });
        Ok(())
    }

    /// The pointer to the value at hand, for an operation that is counted now.
    fn pointer(&mut self, frame: &str, value: Option<&Node>) -> Result<String, Halt> {
        let too_long =
            self.path.len() > self.limits.path_bytes || self.tokens > self.limits.path_tokens;
        if too_long || self.feared > 0 {
            // The nearest container above with a usable pointer is replaced instead; the root always has one.
            return Err(Halt::Whole);
        }
        self.bytes = self.bytes.saturating_add(self.cost(frame, value));
        Ok(self.path.clone())
    }

    /// Bytes of an operation at the path at hand, as text, with a comma after it.
    fn cost(&self, frame: &str, value: Option<&Node>) -> u64 {
        // A frame is all of an operation but its path and value, with the comma behind it. The path is
        // escaped once more, as it stands in a JSON string.
        let path = self.path.as_bytes();
        let path = (path.len() as u64).saturating_add(escape_extra(path));
        let value = value.map_or(0, |value| value.weight().bytes);
        (frame.len() as u64)
            .saturating_add(path)
            .saturating_add(value)
    }
}

impl<'a> Walk<'a> {
    fn new(old: &'a Tree<Node>, new: &'a Tree<Node>, end: End) -> Self {
        Self {
            old: Cursor::new(old, end),
            new: Cursor::new(new, end),
            passed: 0,
        }
    }
}

/// Names that existing consumers take as data in a full state and refuse in a pointer, since they mean
/// something else to JavaScript.
const FEARED: [&str; 3] = ["__proto__", "constructor", "prototype"];

const ADD: &str = r#"{"op":"add","path":"","value":},"#;
const REMOVE: &str = r#"{"op":"remove","path":""},"#;
const REPLACE: &str = r#"{"op":"replace","path":"","value":},"#;
