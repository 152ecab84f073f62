//! Hashing states one after another, through one buffer.

use sha2::{Digest, Sha256};

use super::{Dialect, Unproven, Verdict};
use crate::document::{Document, Seen, Sink};

/// Computes state hashes, the SHA-256 of the canonical text, without ever holding that text.
///
/// What it keeps between calls makes the next hash cheaper and changes no result; a clone starts
/// with the same.
#[derive(Clone, Debug, Default)]
pub struct Hasher {
    /// Canonical text that was not yet hashed; [`STRIDE`] bytes at most.
    text: Vec<u8>,
}

impl Hasher {
    /// Holds nothing until it is used.
    #[must_use]
    pub const fn new() -> Self {
        Self { text: Vec::new() }
    }

    /// The hash of `state`, as producers send it: of the canonical text in [`Dialect::Current`].
    #[must_use]
    pub fn hash(&mut self, state: &Document) -> [u8; 32] {
        self.printed_as(Dialect::Current, state).0
    }

    /// Holds `state` against a producer's hash of it.
    ///
    /// Hashes once; again, in the other dialects, only when the hash differs and the state holds
    /// something that they print differently.
    pub fn verify(&mut self, state: &Document, hash: &[u8]) -> Verdict {
        if hash.is_empty() {
            return Verdict::NotComparable(Unproven::NoHash);
        }
        let Ok(expected) = <[u8; 32]>::try_from(hash) else {
            return Verdict::NotComparable(Unproven::HashLength);
        };
        let (hash, seen) = self.printed_as(Dialect::Current, state);
        if hash == expected {
            return Verdict::Match;
        }
        // Only floats, and names outside the basic plane, look different in another dialect.
        if seen.float || seen.high_name {
            for dialect in [Dialect::Ryu, Dialect::JavaScript] {
                if self.printed_as(dialect, state).0 == expected {
                    return Verdict::Drift(dialect);
                }
            }
        }
        if seen.wide {
            Verdict::NotComparable(Unproven::WideNumber)
        } else {
            Verdict::Mismatch
        }
    }

    /// Bytes of text that [`Hasher::hash`] would hash now. Constant time.
    #[must_use]
    pub fn cost(&self, state: &Document) -> u64 {
        state.canonical_len()
    }

    /// Lets go of the state that was hashed last, if it is kept. Its buffer stays.
    pub fn forget(&mut self) {}

    /// Bytes of memory that it holds beside the state that was hashed last.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.text.capacity() as u64
    }

    fn printed_as(&mut self, dialect: Dialect, state: &Document) -> ([u8; 32], Seen) {
        let mut stream = Stream {
            sha: Sha256::new(),
            text: &mut self.text,
        };
        let seen = state.write(dialect, &mut stream);
        (stream.finish(), seen)
    }
}

/// Bytes that are hashed at a time: they stay in the first cache between writing and hashing.
const STRIDE: usize = 16 * 1024;

/// Text on its way into a hash.
struct Stream<'h> {
    sha: Sha256,
    text: &'h mut Vec<u8>,
}

impl Stream<'_> {
    fn flush(&mut self) {
        self.sha.update(&*self.text);
        self.text.clear();
    }

    fn finish(mut self) -> [u8; 32] {
        self.flush();
        self.sha.finalize().into()
    }
}

impl Sink for Stream<'_> {
    fn push(&mut self, byte: u8) {
        self.text.push(byte);
        if self.text.len() >= STRIDE {
            self.flush();
        }
    }

    fn extend(&mut self, mut bytes: &[u8]) {
        loop {
            let room = STRIDE.saturating_sub(self.text.len());
            match bytes.split_at_checked(room) {
                Some((now, rest)) => {
                    self.text.extend_from_slice(now);
                    self.flush();
                    bytes = rest;
                }
                None => return self.text.extend_from_slice(bytes),
            }
        }
    }
}
