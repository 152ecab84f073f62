//! The state hash: SHA-256 of the canonical text, and what a comparison says.

mod hasher;

use core::time::Duration;

pub use self::hasher::Hasher;

/// How a producer prints numbers, and orders members, in the text that it hashes.
///
/// The three differ for few states only: fractions that are whole, very large and very small
/// numbers, and member names outside the basic plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a host that labels verdicts must know every dialect"
)]
pub enum Dialect {
    /// What this crate emits, and current Rust producers do: `1.0`, `1e+16`, members by UTF-8.
    Current,
    /// Rust producers built before their float printer changed: `1e16`.
    Ryu,
    /// JavaScript: `1`, `10000000000000000`, members by UTF-16 code unit.
    JavaScript,
}

/// Why a hash says nothing about the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a host that labels verdicts must know every reason"
)]
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
#[expect(
    clippy::exhaustive_enums,
    reason = "a host must decide about every verdict; a new one is a major release"
)]
pub enum Verdict {
    /// The state is the producer's, byte for byte.
    Match,
    /// The state is the producer's, who prints it in another dialect.
    Drift(Dialect),
    /// The state is not the producer's.
    Mismatch,
    /// Nothing was proved, and nothing refuted.
    NotComparable(Unproven),
}

impl Verdict {
    /// A stable name, fit for a metric label.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Drift(_) => "drift",
            Self::Mismatch => "mismatch",
            Self::NotComparable(_) => "not_comparable",
        }
    }
}

/// When a diff's hash is checked. Full states are checked whenever they carry a hash.
///
/// A hash covers the whole state, so that a match proves the newest state whatever was skipped before.
/// It is not checked for each diff, but over time; the last one of a burst is checked when
/// [`Reducer::handle_timeout`](crate::Reducer::handle_timeout) is called. What has been proved is said by
/// [`Reducer::proof`](crate::Reducer::proof), and by nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "written as a literal, with `..Default::default()` for the rest"
)]
pub struct Verification {
    /// The shortest time between two checks of one run. Default 250 ms: what a person takes for at once.
    /// Zero checks each diff, [`Duration::MAX`] none.
    pub interval: Duration,
    /// Bytes of canonical text that may be hashed in a second, for one run; unused ones are saved up,
    /// for two seconds, and what a longer text takes is owed. Default 8 MiB, so that the largest state is
    /// checked every other second: about a hundredth of a core. 0 checks none.
    pub bytes_per_second: u64,
}

impl Default for Verification {
    fn default() -> Self {
        Self {
            interval: Duration::from_millis(250),
            bytes_per_second: 8 << 20,
        }
    }
}

#[cfg(test)]
mod tests;
