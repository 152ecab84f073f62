//! The grammar of RFC 8259, on text that is UTF-8 already.
//!
//! Every value is counted before it is built. Elements and members wait on one stack each, so that a
//! container is allocated once and in its final size.

use std::sync::Arc;

use super::{Budget, Slot, object};
use crate::document::ReadError;
use crate::document::node::tree::{Builder, FANOUT};
use crate::document::node::{BigInteger, Float, Member, Node};
use crate::document::text::{Text, first_escape};

/// Reads the one value that `bytes` hold.
pub(super) fn parse(bytes: &[u8], budget: &Budget, surrogates: bool) -> Result<Node, ReadError> {
    // Once for the whole text: strings are then slices of it. An error without a length is a character that
    // was cut at the end.
    let text = core::str::from_utf8(bytes).map_err(|error| match error.error_len() {
        Some(_) => syntax(bytes, error.valid_up_to()),
        None => ReadError::Truncated,
    })?;
    let mut parser = Parser {
        text,
        bytes,
        at: 0,
        budget,
        surrogates,
        nodes: Vec::new(),
        members: Vec::new(),
        unescaped: String::new(),
    };
    let node = parser.value(0, Slot::Root)?;
    match parser.next_token() {
        None => Ok(node),
        Some(_) => Err(parser.unexpected()),
    }
}

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    budget: &'t Budget,
    /// Whether half a surrogate pair is read as U+FFFD.
    surrogates: bool,
    /// What the containers that are still open hold.
    nodes: Vec<Node>,
    members: Vec<Member>,
    /// The string that is being read, if it holds escapes.
    unescaped: String,
}

impl<'t> Parser<'t> {
    fn value(&mut self, depth: u16, slot: Slot) -> Result<Node, ReadError> {
        let first = self.next_token().ok_or(ReadError::Truncated)?;
        self.budget.node(slot)?;
        match first {
            b'"' => self.string().map(Node::String),
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word(b"true", Node::Bool(true)),
            b'f' => self.word(b"false", Node::Bool(false)),
            b'n' => self.word(b"null", Node::Null),
            _ => Err(self.unexpected()),
        }
    }

    fn array(&mut self, depth: u16) -> Result<Node, ReadError> {
        let depth = self.budget.enter(depth)?;
        self.pass();
        let mut builder = Builder::new();
        let base = self.nodes.len();
        if self.next_token() == Some(b']') {
            self.pass();
            return Ok(Node::Array(Arc::new(builder.finish_with(Vec::new()))));
        }
        loop {
            let node = self.value(depth, Slot::Element)?;
            // Inner containers have taken theirs off the stack: all from `base` on are of this array. A full
            // leaf waits for one more element, so that the last leaf is never empty.
            if self.nodes.len().saturating_sub(base) == FANOUT {
                builder.push_leaf(self.nodes.drain(base..).collect());
            }
            self.nodes.push(node);
            match self.next_token() {
                Some(b',') => self.pass(),
                Some(b']') => break,
                _ => return Err(self.unexpected()),
            }
        }
        self.pass();
        let last = self.nodes.drain(base..).collect();
        let tree = builder.finish_with(last);
        // The number of elements is known only now: so far they were charged without the tree nodes that hold
        // them.
        self.budget.packed::<Node>(tree.len())?;
        Ok(Node::Array(Arc::new(tree)))
    }

    fn object(&mut self, depth: u16) -> Result<Node, ReadError> {
        let depth = self.budget.enter(depth)?;
        self.pass();
        let base = self.members.len();
        if self.next_token() == Some(b'}') {
            self.pass();
            return Ok(Node::Object(Arc::new(Vec::new().into())));
        }
        loop {
            if self.next_token() != Some(b'"') {
                return Err(self.unexpected());
            }
            let key = self.string()?;
            if self.next_token() != Some(b':') {
                return Err(self.unexpected());
            }
            self.pass();
            let node = self.value(depth, Slot::Member)?;
            self.members.push(Member { key, node });
            match self.next_token() {
                Some(b',') => self.pass(),
                Some(b'}') => break,
                _ => return Err(self.unexpected()),
            }
        }
        self.pass();
        let entries = self.members.len().saturating_sub(base);
        self.budget.packed::<Member>(entries)?;
        let members = self.members.drain(base..).collect();
        Ok(Node::Object(Arc::new(object(members)?)))
    }

    fn word(&mut self, word: &[u8], node: Node) -> Result<Node, ReadError> {
        for byte in word {
            if self.peek() != Some(*byte) {
                return Err(self.unexpected());
            }
            self.pass();
        }
        Ok(node)
    }

    fn number(&mut self) -> Result<Node, ReadError> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        if negative {
            self.pass();
        }
        let mut magnitude = Some(0_u64);
        match self.peek() {
            // RFC 8259, section 6, has no leading zeros: a digit behind it is refused by what comes next.
            Some(b'0') => self.pass(),
            Some(b'1'..=b'9') => {
                while let Some(byte @ b'0'..=b'9') = self.peek() {
                    let digit = u64::from(byte.wrapping_sub(b'0'));
                    // An overflow is only remembered: the digits are passed, and kept for a `Big`.
                    magnitude = magnitude
                        .and_then(|so_far| so_far.checked_mul(10))
                        .and_then(|so_far| so_far.checked_add(digit));
                    self.pass();
                }
            }
            _ => return Err(self.unexpected()),
        }
        if matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            self.fraction()?;
            return self.float(start).map(Node::Float);
        }
        let integer = match (magnitude, negative) {
            // Minus zero is no integer.
            (Some(0), true) => return self.float(start).map(Node::Float),
            (Some(magnitude), false) => Some(Node::of_u64(magnitude)),
            // Below `i64::MIN` it is `None`, as for one that 64 bits do not hold.
            (Some(magnitude), true) => 0_i64.checked_sub_unsigned(magnitude).map(Node::Int),
            (None, _) => None,
        };
        if let Some(integer) = integer {
            return Ok(integer);
        }
        let float = self.float(start)?;
        let digits = self.text.get(start..self.at).unwrap_or_default();
        self.budget.heap(BigInteger::bytes(digits))?;
        Ok(Node::Big(Arc::new(BigInteger::new(float, digits))))
    }

    /// Passes what follows the whole part of a float.
    fn fraction(&mut self) -> Result<(), ReadError> {
        if self.peek() == Some(b'.') {
            self.pass();
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.pass();
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.pass();
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), ReadError> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.unexpected());
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.pass();
        }
        Ok(())
    }

    /// The nearest float to the number that begins at `start`.
    fn float(&self, start: usize) -> Result<Float, ReadError> {
        let text = self.text.get(start..self.at).unwrap_or_default();
        // `parse` accepts more than JSON, such as `inf`, but the grammar was checked. It rounds to nearest.
        match text.parse() {
            Ok(value) if f64::is_finite(value) => Ok(Float::new(value)),
            // Larger than any float.
            Ok(_) | Err(_) => Err(syntax(self.bytes, self.at.saturating_sub(1))),
        }
    }

    fn string(&mut self) -> Result<Text, ReadError> {
        self.pass();
        let start = self.at;
        self.pass_plain();
        // Without an escape it is copied once, from the text. Quotes, backslashes and controls are ASCII, so
        // that slices between them end with a character.
        if self.peek() == Some(b'"') {
            let text = self.text.get(start..self.at).unwrap_or_default();
            self.pass();
            self.budget.charge_text(text)?;
            return Ok(Text::plain(text));
        }
        // One buffer for all strings. It never outgrows the text: no escape is shorter than its character.
        self.unescaped.clear();
        let mut start = start;
        let mut replaced = false;
        loop {
            let plain = self.text.get(start..self.at).unwrap_or_default();
            self.unescaped.push_str(plain);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    self.pass();
                    replaced |= self.escape()?;
                }
                // Controls stand in strings escaped only.
                Some(_) => return Err(self.unexpected()),
                None => return Err(ReadError::Truncated),
            }
            start = self.at;
            self.pass_plain();
        }
        self.pass();
        // Charged before it is copied to where it stays.
        self.budget.charge_text(&self.unescaped)?;
        let text = Text::new(&self.unescaped);
        Ok(if replaced { text.with_replaced() } else { text })
    }

    /// What stands behind a backslash. Answers whether it was half a pair that is written as U+FFFD.
    fn escape(&mut self) -> Result<bool, ReadError> {
        let character = match self.peek().ok_or(ReadError::Truncated)? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{C}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unit(),
            _ => return Err(self.unexpected()),
        };
        self.pass();
        self.unescaped.push(character);
        Ok(false)
    }

    /// A UTF-16 code unit, or two that belong together.
    fn unit(&mut self) -> Result<bool, ReadError> {
        let at = self.at;
        let first = self.hex()?;
        // Of all numbers of four digits only surrogates are no characters.
        if let Some(character) = char::from_u32(first) {
            self.unescaped.push(character);
            return Ok(false);
        }
        // RFC 8259, section 7: a character beyond the basic plane is a pair, its high half first.
        if first < LOW
            && self
                .bytes
                .get(self.at..)
                .is_some_and(|rest| rest.starts_with(b"\\u"))
        {
            let behind_first = self.at;
            self.pass();
            let second = self.hex()?;
            if (LOW..LOW_END).contains(&second) {
                let high = first.wrapping_sub(HIGH) << 10;
                let low = second.wrapping_sub(LOW);
                // Ten bits each: U+10FFFF at most, which is the last character.
                let character = char::from_u32((high | low).saturating_add(0x1_0000));
                self.unescaped.extend(character);
                return Ok(false);
            }
            // The second escape stands for itself and is read again.
            self.at = behind_first;
        }
        if !self.surrogates {
            // The escape begins with its backslash, one byte before the `u`.
            let (line, column) = place(self.bytes, at.saturating_sub(1));
            return Err(ReadError::LoneSurrogate { line, column });
        }
        self.unescaped.push(char::REPLACEMENT_CHARACTER);
        Ok(true)
    }

    /// Four digits behind a `u`, which is passed.
    fn hex(&mut self) -> Result<u32, ReadError> {
        self.pass();
        let mut unit = 0_u32;
        for _ in 0..4 {
            let digit = self.peek().ok_or(ReadError::Truncated)?;
            let Some(digit) = char::from(digit).to_digit(16) else {
                return Err(self.unexpected());
            };
            unit = unit << 4 | digit;
            self.pass();
        }
        Ok(unit)
    }

    /// Goes to the next quote, backslash or control, or to the end.
    #[inline]
    fn pass_plain(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at = self.at.saturating_add(first_escape(rest));
    }

    /// The next byte that is no white space, which is passed.
    #[inline]
    fn next_token(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.pass(),
                other => return other,
            }
        }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    const fn pass(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    #[cold]
    fn unexpected(&self) -> ReadError {
        if self.at < self.bytes.len() {
            syntax(self.bytes, self.at)
        } else {
            ReadError::Truncated
        }
    }
}

/// UTF-16 surrogates: the first half of a pair, the second, and what lies behind.
const HIGH: u32 = 0xD800;
const LOW: u32 = 0xDC00;
const LOW_END: u32 = 0xE000;

#[cold]
fn syntax(bytes: &[u8], at: usize) -> ReadError {
    let (line, column) = place(bytes, at);
    ReadError::Syntax { line, column }
}

/// The line and the column of the byte at `at`.
fn place(bytes: &[u8], at: usize) -> (usize, usize) {
    // Counted only for an error: counting while reading would cost every text.
    let before = bytes.get(..at).unwrap_or(bytes);
    let line = before.iter().filter(|byte| **byte == b'\n').count();
    let column = before.iter().rev().take_while(|byte| **byte != b'\n');
    (line.saturating_add(1), column.count().saturating_add(1))
}
