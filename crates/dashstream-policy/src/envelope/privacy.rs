//! How much of a payload leaves the process, as a type and as a value.

/// How much of a payload an envelope of this type may hold. The four types here are all there are.
pub trait Privacy: sealed::Sealed {
    /// The same as a value.
    const DISCLOSURE: Disclosure;
}

mod sealed {
    #[expect(
        unnameable_types,
        reason = "a sealed trait is one that cannot be named outside"
    )]
    pub trait Sealed {}
}

/// The whole payload, as far as the byte budget allows, and all that [`Truncated`] shows.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Full;

/// The first and last 16 bytes of the payload, which is all of a short one, the routing ids, and all
/// that [`Hashed`] shows.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Truncated;

/// The payload's hash, and all that [`Nothing`] shows. No byte of the payload, no id from the
/// record's key.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Hashed;

/// The payload's size and the record's place. A hash of a short payload can be guessed, so there is
/// none.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Nothing;

/// How much of a payload leaves the process, as a value: for configuration.
#[expect(
    clippy::exhaustive_enums,
    reason = "each value is one of the four types"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disclosure {
    /// As [`Nothing`].
    Nothing,
    /// As [`Hashed`].
    Hashed,
    /// As [`Truncated`]: what existing consumers write unless `DLQ_INCLUDE_FULL_PAYLOAD` is set. A
    /// payload of up to 16 bytes is shown whole, and one of up to 32 in two halves.
    #[default]
    Truncated,
    /// As [`Full`].
    Full,
}

impl Disclosure {
    /// Every value, from the least to the most.
    pub const ALL: [Self; 4] = [Self::Nothing, Self::Hashed, Self::Truncated, Self::Full];

    /// What dead letters show of a record, as a sentence for a host to print when it starts.
    #[must_use]
    pub const fn shows(self) -> &'static str {
        match self {
            Self::Nothing => {
                "dead letters hold a record's place and size, and nothing of its payload"
            }
            Self::Hashed => {
                "dead letters hold a record's size and hash, and nothing of its payload"
            }
            Self::Truncated => {
                "dead letters hold a record's size, hash, ids and the first and last 16 bytes of its \
                 payload, which is all of a short one; the rest is not kept"
            }
            Self::Full => "dead letters hold a record's whole payload, as far as it fits",
        }
    }

    /// The value that the envelope shows.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Hashed => "hashed",
            Self::Truncated => "truncated",
            Self::Full => "full",
        }
    }
}

impl sealed::Sealed for Full {}
impl sealed::Sealed for Truncated {}
impl sealed::Sealed for Hashed {}
impl sealed::Sealed for Nothing {}

impl Privacy for Full {
    const DISCLOSURE: Disclosure = Disclosure::Full;
}

impl Privacy for Truncated {
    const DISCLOSURE: Disclosure = Disclosure::Truncated;
}

impl Privacy for Hashed {
    const DISCLOSURE: Disclosure = Disclosure::Hashed;
}

impl Privacy for Nothing {
    const DISCLOSURE: Disclosure = Disclosure::Nothing;
}
