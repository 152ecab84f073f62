//! A word of a vocabulary that may have grown since this client was built.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::labels::Worded;

/// A word that is known, or the text of one that is not.
#[expect(clippy::exhaustive_enums, reason = "a word is known or it is not")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word<L> {
    /// A word of this version.
    Known(L),
    /// A word of a later one, or of another program.
    Unknown(String),
}

impl<L: Worded> Word<L> {
    /// The word's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(word) => (L::LABEL.text)(*word),
            Self::Unknown(text) => text,
        }
    }

    /// The word, if it is known.
    #[must_use]
    pub const fn known(&self) -> Option<L> {
        match self {
            Self::Known(word) => Some(*word),
            Self::Unknown(_) => None,
        }
    }
}

impl<L: Worded> From<L> for Word<L> {
    fn from(word: L) -> Self {
        Self::Known(word)
    }
}

impl<L: Worded> Serialize for Word<L> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de, L: Worded> Deserialize<'de> for Word<L> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Ok(L::LABEL
            .value(&text)
            .map_or(Self::Unknown(text), Self::Known))
    }
}
