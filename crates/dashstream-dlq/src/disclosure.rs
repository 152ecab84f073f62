//! How much of a record leaves the process.

use crate::label::labels;

labels! {
    /// How much of a record leaves the process in its dead letter. Each value shows what the ones before
    /// it show.
    #[expect(clippy::exhaustive_enums, reason = "a reader may meet each of them")]
    // Writer and reader compare with `<` and `>=`: the order of the variants is part of the meaning.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
    Disclosure {
        /// The payload's size and the record's place. A hash of a short payload can be guessed, so there
        /// is none.
        Nothing = "none",
        /// The payload's hash. No byte of the payload, no id from the record's key.
        Hashed = "hashed",
        /// The first and last 16 bytes of the payload, and the routing ids: what existing consumers write
        /// unless `DLQ_INCLUDE_FULL_PAYLOAD` is set. A payload of up to 16 bytes is shown whole, and one
        /// of up to 32 in two halves.
        #[default]
        Truncated = "truncated",
        /// The whole payload, as far as the byte budget allows.
        Full = "full",
    }
}

impl Disclosure {
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
}
