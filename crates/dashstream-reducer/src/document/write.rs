//! Canonical text: members by name, no white space, numbers in one of the dialects.

use crate::document::node::tree::{Entry, Tree};
use crate::document::node::{Member, Node};
use crate::document::number::NumberText;
use crate::document::sink::Sink;
use crate::hash::Dialect;

/// Appends the canonical text of `node`. Recursion is bounded by the depth of documents.
pub(crate) fn write(node: &Node, dialect: Dialect, out: &mut impl Sink) {
    match node {
        Node::Null => out.extend(b"null"),
        Node::Bool(true) => out.extend(b"true"),
        Node::Bool(false) => out.extend(b"false"),
        Node::Int(value) => out.extend(NumberText::of_i64(*value).as_bytes()),
        Node::UInt(value) => out.extend(NumberText::of_u64(*value).as_bytes()),
        Node::Float(float) => out.extend(NumberText::of_f64(float.get(), dialect).as_bytes()),
        Node::Big(big) => {
            out.extend(NumberText::of_f64(big.float().get(), dialect).as_bytes());
        }
        Node::String(text) => text.write_between(*b"\"", *b"\"", out),
        Node::Array(tree) => {
            // This does not repeat itself: `room_for` of a `Vec` is `None`.
            if let Some(buffer) = out.room_for(tree.container_weight().bytes) {
                return write(node, dialect, buffer);
            }
            let start = pass(tree, out);
            for (index, node) in (start..).zip(tree.iter_from(start)) {
                // `pass` counts each entry with the mark in front of it, the first with the bracket.
                out.push(if index == 0 { b'[' } else { b',' });
                write(node, dialect, out);
            }
            out.extend(if tree.len() == 0 { b"[]" } else { b"]" });
        }
        Node::Object(tree) => {
            if let Some(buffer) = out.room_for(tree.container_weight().bytes) {
                return write(node, dialect, buffer);
            }
            let start = pass(tree, out);
            // `pass` counts entries in UTF-8 order. In JavaScript's order no sink leaves anything out:
            // `start` is 0.
            match dialect {
                Dialect::Current | Dialect::Ryu => {
                    write_members(tree.iter_from(start), start, dialect, out);
                }
                Dialect::JavaScript => {
                    write_members(by_utf16(tree).into_iter(), 0, dialect, out);
                }
            }
            out.extend(if tree.len() == 0 { b"{}" } else { b"}" });
        }
    }
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
) {
    for (index, member) in (start..).zip(members) {
        let mark = if index == 0 { b'{' } else { b',' };
        member.key.write_between([mark, b'"'], *b"\":", out);
        write(&member.node, dialect, out);
    }
}

fn by_utf16(tree: &Tree<Member>) -> Vec<&Member> {
    let mut members: Vec<_> = tree.iter().collect();
    // UTF-16 writes a character beyond U+FFFF as surrogates, which are below U+E000; in UTF-8 it comes last.
    if members.iter().any(|member| has_high(member.key.as_bytes())) {
        members.sort_by(|a, b| {
            let (a, b) = (a.key.as_str(), b.key.as_str());
            a.encode_utf16().cmp(b.encode_utf16())
        });
    }
    members
}

/// Characters from U+E000 up begin with a byte from 0xEE up; below, both orders agree.
pub(super) fn has_high(name: &[u8]) -> bool {
    name.iter().any(|byte| *byte >= 0xEE)
}

#[cfg(test)]
mod tests;
