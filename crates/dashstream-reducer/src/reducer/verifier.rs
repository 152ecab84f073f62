//! When hashes are checked, and what that may cost.

use crate::document::Document;
use crate::hash::{Hasher, Unproven, Verdict, Verification};

/// One run's hasher, and its budget.
#[derive(Clone, Debug)]
pub(super) struct Verifier {
    hasher: Hasher,
    /// Bytes that may be hashed now, and diffs since the last hash.
    fuel: u64,
    unverified: u32,
}

impl Verifier {
    pub(super) const fn new(policy: Verification) -> Self {
        Self {
            hasher: Hasher::new(),
            fuel: policy.bytes_per_diff.saturating_mul(FUEL_DIFFS),
            unverified: 0,
        }
    }

    /// Whether the next diff's hash is to be checked, fuel permitting.
    pub(super) const fn is_due(&self, policy: Verification, hash: &[u8]) -> bool {
        hash.len() == HASH_BYTES
            && policy.every != 0
            && self.unverified.saturating_add(1) >= policy.every
    }

    /// Checks a diff's hash when that is due and paid for.
    pub(super) fn diff(&mut self, policy: Verification, state: &Document, hash: &[u8]) -> Verdict {
        let most = policy.bytes_per_diff.saturating_mul(FUEL_DIFFS);
        self.fuel = self.fuel.saturating_add(policy.bytes_per_diff).min(most);
        let due = self.is_due(policy, hash);
        self.unverified = self.unverified.saturating_add(1);
        if !due {
            self.hasher.forget();
            return Verdict::NotComparable(match hash.len() {
                0 => Unproven::NoHash,
                HASH_BYTES => Unproven::NotDue,
                _ => Unproven::HashLength,
            });
        }
        let Some(left) = self.fuel.checked_sub(self.hasher.cost(state)) else {
            self.hasher.forget();
            return Verdict::NotComparable(Unproven::OutOfFuel);
        };
        self.fuel = left;
        self.unverified = 0;
        self.verify(state, hash)
    }

    /// Checks a full state's hash: its text was read as a whole anyway.
    pub(super) fn full(&mut self, state: &Document, hash: &[u8]) -> Verdict {
        self.verify(state, hash)
    }

    /// The run has no state any more.
    pub(super) fn forget(&mut self) {
        self.hasher.forget();
    }

    fn verify(&mut self, state: &Document, hash: &[u8]) -> Verdict {
        let verdict = self.hasher.verify(state, hash);
        match verdict {
            // What the hasher remembers is the run's own state.
            Verdict::Match
            | Verdict::Drift(_)
            | Verdict::NotComparable(Unproven::WideNumber | Unproven::LoneSurrogate) => {}
            // It would keep a state that nobody else has.
            Verdict::Mismatch
            | Verdict::NotComparable(
                Unproven::NoHash | Unproven::HashLength | Unproven::NotDue | Unproven::OutOfFuel,
            ) => self.hasher.forget(),
        }
        verdict
    }

    pub(super) fn bytes(&self) -> u64 {
        self.hasher.bytes()
    }
}

/// SHA-256; a hash of another length proves nothing, and costs nothing.
const HASH_BYTES: usize = 32;

/// Diffs' worth of hashing that are saved up at most.
const FUEL_DIFFS: u64 = 16;
