//! Which schema versions a consumer accepts.

/// The schema version that this crate's types are of. Headers without a version are read as 1.
pub const SCHEMA_VERSION: u32 = 1;

/// Which schema versions a consumer accepts, compared with [`SCHEMA_VERSION`].
///
/// The header of a message decides, and in a batch each event's header as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaPolicy {
    /// This version only.
    #[default]
    Exact,
    /// This version and newer ones, whose new fields are lost in decoding.
    AcceptNewer,
    /// This version and older ones.
    AcceptOlder,
}

impl SchemaPolicy {
    /// Whether a header that says `version` is acceptable; 0 is how a header without one reads.
    #[must_use]
    pub const fn admits(self, version: u32) -> bool {
        let version = if version == 0 { 1 } else { version };
        match self {
            Self::Exact => version == SCHEMA_VERSION,
            Self::AcceptNewer => version >= SCHEMA_VERSION,
            Self::AcceptOlder => version <= SCHEMA_VERSION,
        }
    }
}

#[cfg(test)]
mod tests;
