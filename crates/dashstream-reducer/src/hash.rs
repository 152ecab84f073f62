//! The state hash: SHA-256 of the canonical text, and what a comparison says.

mod hasher;

pub use self::hasher::Hasher;
pub(crate) use self::hasher::usable;

/// How a producer prints numbers, and orders members, in the text that it hashes.
///
/// The three differ for few states only: fractions that are whole, very large and very small
/// numbers, and member names outside the basic plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// What this crate emits, and current Rust producers do: `1.0`, `1e+16`, members by UTF-8.
    Current,
    /// Rust producers built before their float printer changed: `1e16`.
    Ryu,
    /// JavaScript: `1`, `10000000000000000`, members by UTF-16 code unit.
    JavaScript,
}

/// Why a hash says nothing about the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a host labels each")]
pub enum Unproven {
    /// The message carries no hash.
    NoHash,
    /// The hash is not 32 bytes long.
    HashLength,
    /// It is too early: this hash, or a later one, is checked when it is time.
    NotDue,
    /// The budget for hashing is spent for now: this hash, or a later one, is checked when there is some.
    OutOfFuel,
    /// No dialect matches, and the state holds an integer beyond 64 bits, which producers round
    /// differently.
    WideNumber,
    /// No dialect matches, and the state holds a string with half a surrogate pair, which was read as
    /// U+FFFD.
    LoneSurrogate,
}

/// What comparing a state with the producer's hash of it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "a mismatch means that the state is wrong"]
#[expect(clippy::exhaustive_enums, reason = "a new one is a major release")]
pub enum HashVerdict {
    /// The state is the producer's, byte for byte.
    Match,
    /// The state is the producer's, who prints numbers, or orders members, in another dialect: `1e16` or
    /// `1` in place of `1e+16` and `1.0`, as older Rust producers or JavaScript do.
    Drift,
    /// The state is not the producer's.
    Mismatch,
    /// Nothing was proved, and nothing refuted.
    NotComparable(Unproven),
}

impl HashVerdict {
    /// A stable name, fit for a metric label.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Drift => "drift",
            Self::Mismatch => "mismatch",
            Self::NotComparable(_) => "not_comparable",
        }
    }
}

#[cfg(test)]
mod tests;
