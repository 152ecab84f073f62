//! Hashes of keys, and of the lanes that are made of them.

use core::hash::{BuildHasher, Hash as _, Hasher};
use std::hash::{DefaultHasher, RandomState};

/// Hashes of lanes. A key's part of a lane is a hash already; the seed keeps others from choosing keys
/// whose lanes meet.
pub(super) struct LaneHashes(u64);

pub(super) struct LaneHash(u64);

impl Default for LaneHashes {
    fn default() -> Self {
        // `RandomState` is seeded at random, so that its hash of a constant is a random number.
        Self(RandomState::new().hash_one(0))
    }
}

impl BuildHasher for LaneHashes {
    type Hasher = LaneHash;

    fn build_hasher(&self) -> LaneHash {
        LaneHash(self.0)
    }
}

impl Hasher for LaneHash {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u16(&mut self, part: u16) {
        self.write_u64(u64::from(part));
    }

    fn write_i32(&mut self, part: i32) {
        self.write_u64(u64::from(part.cast_unsigned()));
    }

    fn write_u64(&mut self, part: u64) {
        // The upper half of a product depends on most of the bits; a table looks at the lower one.
        self.0 = (self.0 ^ part).wrapping_mul(GOLDEN).rotate_left(32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A hash of a record's key, the same in every process of this version.
pub(crate) fn key_hash(key: &[u8]) -> u64 {
    // Made this way it has no random seed, unlike the one of a `HashMap`.
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// 2^64 over the golden ratio, made odd: multiplying by it spreads neighbours widely.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
