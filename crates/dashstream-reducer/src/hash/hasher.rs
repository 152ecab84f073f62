//! Hashing states one after another, from where the next begins to differ from the last.

use core::fmt;

use sha2::digest::core_api::CoreProxy;
use sha2::{Digest, Sha256};

use super::{Dialect, HashVerdict, Unproven};
use crate::document::{DialectRisk, Document, Sink, write};

/// Computes state hashes, the SHA-256 of the canonical text, without ever holding that text.
///
/// It remembers the state that it hashed last, and where the hash stood every 4 KiB of it: a state
/// that shares its beginning with that one is hashed from there on. An edit near the end of a state
/// of any size costs about as much as an edit of a small one. Remembering changes no result; a state
/// of less than 32 KiB is not remembered.
///
/// # Examples
///
/// ```
/// use dashstream_reducer::{Document, Hasher, ReadLimits, HashVerdict};
///
/// let state = Document::from_str(r#"{"b": 2, "a": 1}"#, &ReadLimits::default())?;
/// let mut hasher = Hasher::new();
/// let hash = hasher.hash(&state);
/// assert_eq!(hasher.verify(&state, &hash), HashVerdict::Match);
/// # Ok::<(), dashstream_reducer::ReadError>(())
/// ```
#[derive(Clone, Default)]
pub struct Hasher {
    /// Text that was not yet hashed; less than [`STRIDE`] bytes of canonical text.
    text: Vec<u8>,
    /// The state that was hashed last, if it is long enough.
    last: Option<Document>,
    /// Where its hash stood after each [`STRIDE`] bytes.
    marks: Vec<Mark>,
}

/// A hash between two blocks, where nothing waits in its buffer: 40 bytes in place of 112.
type Mark = <Sha256 as CoreProxy>::Core;

impl Hasher {
    /// Holds nothing until it is used.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            text: Vec::new(),
            last: None,
            marks: Vec::new(),
        }
    }

    /// The hash of `state`, as producers send it: of [`Document::to_canonical`].
    #[must_use]
    pub fn hash(&mut self, state: &Document) -> [u8; 32] {
        // `usable` compares with `last`, so that it goes first. While `last` is `None`, no mark is used.
        self.marks.truncate(self.usable(state));
        self.last = None;
        self.make_room(state);
        let stream = Stream {
            // From the last usable mark, or from where SHA-256 begins.
            sha: Sha256::from_core(self.marks.last().cloned().unwrap_or_default()),
            left_out: bytes_before(self.marks.len()),
            text: &mut self.text,
            marks: Some(&mut self.marks),
        };
        let hash = stream.hash(Dialect::Current, state);
        if self.marks.len() >= WORTH {
            self.last = Some(state.clone());
        } else {
            self.marks.clear();
        }
        hash
    }

    /// Holds `state` against a producer's hash of it.
    ///
    /// Hashes once, as [`Hasher::hash`] does. When the hash differs, and the state holds something
    /// that the dialects print differently, the whole text is hashed once or twice more.
    pub fn verify(&mut self, state: &Document, hash: &[u8]) -> HashVerdict {
        self.verify_counting(state, hash, &mut 0)
    }

    /// As [`Hasher::verify`]. Adds the bytes of text that were hashed beside [`Hasher::cost`].
    pub(crate) fn verify_counting(
        &mut self,
        state: &Document,
        hash: &[u8],
        beside: &mut u64,
    ) -> HashVerdict {
        let expected = match usable(hash) {
            Ok(expected) => expected,
            Err(why) => return HashVerdict::NotComparable(why),
        };
        if self.hash(state) == expected {
            return HashVerdict::Match;
        }
        // A full walk, which a state that matches does not pay for.
        let mut seen = DialectRisk::default();
        seen.look(&state.root);
        // Only floats, and names outside the basic plane, look different in another dialect.
        if seen.float || seen.high_name {
            for dialect in [Dialect::Ryu, Dialect::JavaScript] {
                *beside = beside.saturating_add(state.canonical_len());
                if self.printed_as(dialect, state) == expected {
                    return HashVerdict::Drift;
                }
            }
        }
        // Only after the dialects: one that matches proves the state, whatever is in it.
        if seen.wide {
            HashVerdict::NotComparable(Unproven::WideNumber)
        } else if seen.replaced {
            HashVerdict::NotComparable(Unproven::LoneSurrogate)
        } else {
            HashVerdict::Mismatch
        }
    }

    /// Bytes of text that [`Hasher::hash`] would hash now.
    ///
    /// Costs what the state does not share with the last one, up to their first difference.
    #[must_use]
    pub fn cost(&self, state: &Document) -> u64 {
        let known = bytes_before(self.usable(state));
        state.canonical_len().saturating_sub(known)
    }

    /// Lets go of the state that was hashed last. While it is remembered, a change of that state
    /// copies what lies on the way to the change.
    pub fn forget(&mut self) {
        self.last = None;
        self.marks.clear();
    }

    /// Whether the state that was hashed last is remembered.
    pub(crate) const fn remembers(&self) -> bool {
        self.last.is_some()
    }

    /// Bytes of memory that it holds beside the state that was hashed last.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let marks = self.marks.capacity().saturating_mul(size_of::<Mark>());
        marks.saturating_add(self.text.capacity()) as u64
    }

    /// How many of the marks lie within what `state` shares with the last one.
    fn usable(&self, state: &Document) -> usize {
        let Some(last) = &self.last else { return 0 };
        // Rounded down: what both share behind the last whole stride is hashed again.
        let common = last.root.common_prefix(&state.root);
        let marks = usize::try_from(common).unwrap_or(usize::MAX) / STRIDE;
        marks.min(self.marks.len())
    }

    /// Room for the marks of `state`, and for some that it may grow by: doubling would take twice as much.
    fn make_room(&mut self, state: &Document) {
        let marks = usize::try_from(state.canonical_len()).unwrap_or(usize::MAX) / STRIDE;
        if marks > self.marks.capacity() {
            let more = marks.saturating_sub(self.marks.len());
            self.marks.reserve_exact(more.saturating_add(WORTH));
        }
    }

    fn printed_as(&mut self, dialect: Dialect, state: &Document) -> [u8; 32] {
        let stream = Stream {
            // From the beginning and without marks: those that are kept are of the current dialect.
            sha: Sha256::new(),
            left_out: 0,
            text: &mut self.text,
            marks: None,
        };
        stream.hash(dialect, state)
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let marks = self.marks.len();
        f.debug_struct("Hasher")
            .field("marks", &marks)
            .finish_non_exhaustive()
    }
}

/// The hash of a message, if it is one.
pub(crate) fn usable(hash: &[u8]) -> Result<[u8; 32], Unproven> {
    hash.try_into().map_err(|_| match hash {
        [] => Unproven::NoHash,
        _ => Unproven::HashLength,
    })
}

/// Bytes between two marks, which are hashed at a time: whole blocks. The shorter, the less is hashed that
/// stands before an edit; this is the shortest with which the marks take less than a hundredth of the text.
const STRIDE: usize = 4 * 1024;

const _: () = assert!(size_of::<Mark>() * 100 <= STRIDE && STRIDE.is_multiple_of(64));

/// Marks from which on a state is remembered, 32 KiB: a change of a state that is remembered copies what lies
/// on the way to it.
const WORTH: usize = 8;

const fn bytes_before(marks: usize) -> u64 {
    (marks as u64).saturating_mul(STRIDE as u64)
}

/// Text on its way into a hash.
struct Stream<'h> {
    sha: Sha256,
    /// Bytes of text that are hashed already.
    left_out: u64,
    text: &'h mut Vec<u8>,
    marks: Option<&'h mut Vec<Mark>>,
}

impl Stream<'_> {
    fn hash(mut self, dialect: Dialect, state: &Document) -> [u8; 32] {
        self.text.clear();
        write(&state.root, dialect, &mut self);
        // The rest: shorter than a stride, but for what another dialect prints longer.
        self.sha.update(&*self.text);
        self.sha.finalize().into()
    }

    fn mark(&mut self) {
        self.sha.update(&*self.text);
        self.text.clear();
        if let Some(marks) = &mut self.marks {
            // A whole number of blocks: the buffer that is left aside is empty.
            // sha2 takes a full block of SHA-256 at once and does not keep it back.
            marks.push(self.sha.clone().decompose().0);
        }
    }

    #[cold]
    fn extend_after(&mut self, bytes: &[u8]) {
        let drop = usize::try_from(self.left_out).unwrap_or(usize::MAX);
        let rest = bytes.get(drop.min(bytes.len())..).unwrap_or_default();
        let dropped = bytes.len().saturating_sub(rest.len());
        self.leave_out(dropped as u64);
        if !rest.is_empty() {
            self.extend(rest);
        }
    }
}

impl Sink for Stream<'_> {
    fn push(&mut self, byte: u8) {
        // The buffer never fills up here, nor in `short` and `room_for`: at a full stride the hash is marked,
        // in `extend`.
        if self.left_out == 0 && self.text.len() < STRIDE.saturating_sub(1) {
            self.text.push(byte);
        } else {
            self.extend(&[byte]);
        }
    }

    fn extend(&mut self, mut bytes: &[u8]) {
        if self.left_out > 0 {
            return self.extend_after(bytes);
        }
        loop {
            // In another dialect `room_for` may have let in more than a stride: then the room is 0, and the
            // buffer is hashed as it is. No marks are kept there that would end up in the wrong place.
            let room = STRIDE.saturating_sub(self.text.len());
            match bytes.split_at_checked(room) {
                Some((now, rest)) => {
                    self.text.extend_from_slice(now);
                    self.mark();
                    bytes = rest;
                }
                None => return self.text.extend_from_slice(bytes),
            }
        }
    }

    fn short<const N: usize, const B: usize, const A: usize>(
        &mut self,
        before: [u8; B],
        bytes: [u8; N],
        len: usize,
        after: [u8; A],
    ) {
        let most = N.saturating_add(B).saturating_add(A);
        if self.left_out == 0 && self.text.len() < STRIDE.saturating_sub(most) {
            self.text.short(before, bytes, len, after);
        } else {
            self.extend(&before);
            self.extend(bytes.get(..len).unwrap_or_default());
            self.extend(&after);
        }
    }

    fn room_for(&mut self, bytes: u64) -> Option<&mut Vec<u8>> {
        // Not while bytes are left out: a plain buffer would keep them.
        let after = bytes.saturating_add(self.text.len() as u64);
        (self.left_out == 0 && after < STRIDE as u64).then_some(&mut *self.text)
    }

    fn left_out(&self) -> u64 {
        self.left_out
    }

    fn leave_out(&mut self, bytes: u64) {
        self.left_out = self.left_out.saturating_sub(bytes);
    }
}

#[cfg(test)]
mod tests;
