//! How much of a payload leaves the process, as a type.

/// How much of a payload an envelope of this type may hold. Sealed: the four types here are all.
pub trait Privacy: private::Sealed {
    /// The same as a value.
    const DISCLOSURE: Disclosure;
}

mod private {
    pub trait Sealed {}
}

/// The whole payload, as far as the byte budget allows.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Full;

/// The first bytes of the payload, its size and its hash.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Truncated;

/// The payload's size and hash.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Hashed;

/// The payload's size.
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
    #[default]
    Hashed,
    /// As [`Truncated`].
    Truncated,
    /// As [`Full`].
    Full,
}

impl private::Sealed for Full {}
impl private::Sealed for Truncated {}
impl private::Sealed for Hashed {}
impl private::Sealed for Nothing {}

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
