//! Canonical text: members by name, no white space, numbers in one of the dialects.

use crate::document::node::{Member, Node};
use crate::document::number::{NumberText, TEXT_MAX};
use crate::document::text::INLINE_MAX;
use crate::document::tree::{Entry, Tree};
use crate::hash::Dialect;

/// What was met while writing, which decides whether another dialect could look different.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// A float, whose text the dialects may disagree on.
    pub(crate) float: bool,
    /// A float beyond the 64-bit integers: the text may have been an integer that was rounded.
    pub(crate) wide: bool,
    /// A name with a character from U+E000 up, which UTF-16 order may place elsewhere.
    pub(crate) high_name: bool,
}

/// Bytes of a short piece of text: any number, and any string that is kept in place, in quotes.
pub(crate) const SHORT: usize = 32;

const _: () = assert!(SHORT == TEXT_MAX && SHORT >= INLINE_MAX + 2);

/// Where text goes: a buffer, or through one.
pub(crate) trait Sink {
    fn push(&mut self, byte: u8);
    fn extend(&mut self, bytes: &[u8]);

    /// Takes the first `len` of `bytes`. Copying a known number of bytes takes no call.
    fn short(&mut self, bytes: &[u8; SHORT], len: usize);

    /// How many bytes from here on are not wanted. What is written is taken off anyway; asking saves
    /// the writing.
    fn left_out(&self) -> u64 {
        0
    }

    /// The next `bytes` are not written at all, since they are not wanted.
    fn leave_out(&mut self, _bytes: u64) {}
}

impl Sink for Vec<u8> {
    fn push(&mut self, byte: u8) {
        Self::push(self, byte);
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn short(&mut self, bytes: &[u8; SHORT], len: usize) {
        let before = self.len();
        self.extend_from_slice(bytes);
        self.truncate(before.saturating_add(len));
    }
}

/// Appends the canonical text of `node`. Recursion is bounded by the depth of documents.
pub(crate) fn write(node: &Node, dialect: Dialect, out: &mut impl Sink, seen: &mut Seen) {
    match node {
        Node::Null => out.extend(b"null"),
        Node::Bool(true) => out.extend(b"true"),
        Node::Bool(false) => out.extend(b"false"),
        Node::Int(value) => write_number(&NumberText::of_i64(*value), out),
        Node::UInt(value) => write_number(&NumberText::of_u64(*value), out),
        Node::Float(float) => {
            let value = float.get();
            seen.float = true;
            seen.wide |= value.abs() >= TWO_TO_63;
            write_number(&NumberText::of_f64(value, dialect), out);
        }
        Node::String(text) => text.write(out),
        Node::Array(tree) => {
            let start = pass(tree, out);
            for (index, node) in (start..).zip(tree.iter_from(start)) {
                out.push(if index == 0 { b'[' } else { b',' });
                write(node, dialect, out, seen);
            }
            out.extend(if tree.len() == 0 { b"[]" } else { b"]" });
        }
        Node::Object(tree) => {
            let start = pass(tree, out);
            match dialect {
                Dialect::Current | Dialect::Ryu => {
                    write_members(tree.iter_from(start), start, dialect, out, seen);
                }
                Dialect::JavaScript => {
                    write_members(by_utf16(tree).into_iter(), 0, dialect, out, seen);
                }
            }
            out.extend(if tree.len() == 0 { b"{}" } else { b"}" });
        }
    }
}

/// The first magnitude that no `i64` holds on both sides of zero. An integer from there on may have
/// been read as a float, which a float below never is.
const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

fn write_number(text: &NumberText, out: &mut impl Sink) {
    out.short(text.whole(), usize::from(text.len()));
}

/// Passes the entries that are not wanted, and answers the first one that is.
fn pass<E: Entry>(tree: &Tree<E>, out: &mut impl Sink) -> usize {
    let left_out = out.left_out();
    if left_out == 0 {
        return 0;
    }
    let (entries, bytes) = tree.entries_within(left_out);
    out.leave_out(bytes);
    entries
}

fn write_members<'a>(
    members: impl Iterator<Item = &'a Member>,
    start: usize,
    dialect: Dialect,
    out: &mut impl Sink,
    seen: &mut Seen,
) {
    for (index, member) in (start..).zip(members) {
        out.push(if index == 0 { b'{' } else { b',' });
        seen.high_name |= has_high(member.key.as_bytes());
        member.key.write(out);
        out.push(b':');
        write(&member.node, dialect, out, seen);
    }
}

fn by_utf16(tree: &Tree<Member>) -> Vec<&Member> {
    let mut members: Vec<_> = tree.iter().collect();
    if members.iter().any(|member| has_high(member.key.as_bytes())) {
        members.sort_by(|a, b| {
            let (a, b) = (a.key.as_str(), b.key.as_str());
            a.encode_utf16().cmp(b.encode_utf16())
        });
    }
    members
}

/// Characters from U+E000 up begin with a byte from 0xEE up; below, both orders agree.
fn has_high(name: &[u8]) -> bool {
    name.iter().any(|byte| *byte >= 0xEE)
}
