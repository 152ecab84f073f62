//! In which form a dead letter is written.

use crate::label::labels;

labels! {
    /// How a dead letter is written. All of them are read, whichever is written.
    #[expect(clippy::exhaustive_enums, reason = "a host offers each of them")]
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    LetterFormat {
        /// The record as it came: value, key, headers and timestamp. What is known about the failure is in
        /// headers behind its own. It can be sent again byte for byte. [`crate::Disclosure::Truncated`] has
        /// no meaning here.
        Record = "record",
        /// One JSON object with the keys of both older shapes. Neither key nor headers are kept.
        #[default]
        Versioned = "versioned",
        /// The JSON object of library consumers alone, for readers that refuse other keys. It has to show a
        /// hash, and it cannot tell a value of no bytes from none.
        Library = "library",
        /// The JSON object of existing servers alone, likewise. It does not name its topic.
        Server = "server",
    }
}

impl LetterFormat {
    /// Whether a letter in this form can show just this much.
    #[must_use]
    pub const fn can_show(self, disclosure: crate::Disclosure) -> bool {
        match (self, disclosure) {
            // `Record` holds the value whole or not at all, so that it has no place for two ends.
            // The older shapes cannot do without a hash, and `Nothing` shows none.
            (Self::Record, crate::Disclosure::Truncated)
            | (Self::Library | Self::Server, crate::Disclosure::Nothing) => false,
            (Self::Record | Self::Versioned | Self::Library | Self::Server, _) => true,
        }
    }
}
