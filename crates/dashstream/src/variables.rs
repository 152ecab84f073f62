//! Every variable that a consumer reads, in one table: command lines, checks, documentation and tests come
//! from it.

mod given;
mod table;

use core::fmt;
use std::path::Path;

pub use self::given::Given;
pub use self::table::VARIABLES;

/// A variable, and the flag that wins over it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Variable {
    /// Its name in the environment.
    pub name: &'static str,
    /// The long flag without its dashes.
    pub flag: Option<&'static str>,
    /// What a command line's help says of the flag; empty where the program declares it itself.
    pub about: &'static str,
    /// The default, in words where it depends on something.
    pub default: &'static str,
    /// What it may hold.
    pub values: Values,
    /// Where the value ends.
    pub goes: &'static str,
    /// The Kafka client's setting that gets the value as it is.
    pub client: Option<&'static str>,
}

/// What a variable may hold.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a command line's help has words for each"
)]
pub enum Values {
    /// Anything; in words what is refused later.
    Text(&'static str),
    /// One of these, in any case, with a hyphen for an underscore.
    Words(&'static [&'static str]),
    /// A whole number from the first to the second.
    Whole(u64, u64),
    /// A file or folder that is there.
    Path,
}

/// Says which variable cannot be understood. A default instead would lose what the operator meant:
/// existing consumers take a misspelt `pause` for `skip`.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VariableError {
    /// It holds none of its words.
    #[error("{name} must be one of: {values}")]
    UnknownWord {
        /// The variable.
        name: &'static str,
        /// Its words.
        values: Values,
    },
    /// It holds no whole number.
    #[error("{name} must be a whole number from {min} to {max}")]
    NotANumber {
        /// The variable.
        name: &'static str,
        /// The smallest value accepted.
        min: u64,
        /// The largest value accepted.
        max: u64,
    },
    /// It holds a number outside its range.
    #[error("{name} must be a whole number from {min} to {max}")]
    OutOfRange {
        /// The variable.
        name: &'static str,
        /// The smallest value accepted.
        min: u64,
        /// The largest value accepted.
        max: u64,
    },
    /// It names a file or folder that is not there.
    #[error("{name} is no existing path")]
    NoSuchPath {
        /// The variable.
        name: &'static str,
    },
}

impl VariableError {
    /// A name for logs and tests that does not change between releases.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownWord { .. } => "unknown_word",
            Self::NotANumber { .. } => "not_a_number",
            Self::OutOfRange { .. } => "out_of_range",
            Self::NoSuchPath { .. } => "no_such_path",
        }
    }
}

impl Variable {
    const fn new(name: &'static str, values: Values) -> Self {
        Self {
            name,
            flag: None,
            about: "",
            default: "unset",
            values,
            goes: "every Kafka client",
            client: None,
        }
    }

    const fn default(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    const fn goes(mut self, goes: &'static str) -> Self {
        self.goes = goes;
        self
    }

    const fn flag(mut self, flag: &'static str, about: &'static str) -> Self {
        (self.flag, self.about) = (Some(flag), about);
        self
    }

    /// A setting that every client needs to reach the brokers.
    const fn client(mut self, client: &'static str) -> Self {
        self.client = Some(client);
        self
    }

    /// The value in the table's spelling, or what is wrong with it.
    fn read(&self, given: &str) -> Result<String, VariableError> {
        let name = self.name;
        match self.values {
            Values::Text(_) => Ok(given.to_owned()),
            Values::Words(words) => words
                .iter()
                .find(|word| alike(given, word))
                .map(|word| (*word).to_owned())
                .ok_or(VariableError::UnknownWord {
                    name,
                    values: self.values,
                }),
            Values::Whole(min, max) => match given.parse::<u64>() {
                // In its plain spelling: `+4` is given on as `4`.
                Ok(number) if (min..=max).contains(&number) => Ok(number.to_string()),
                Ok(_) => Err(VariableError::OutOfRange { name, min, max }),
                Err(_) => Err(VariableError::NotANumber { name, min, max }),
            },
            Values::Path if Path::new(given).exists() => Ok(given.to_owned()),
            Values::Path => Err(VariableError::NoSuchPath { name }),
        }
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(what) => f.write_str(what),
            Self::Words(words) => f.write_str(&words.join(", ")),
            Self::Whole(min, max) => write!(f, "{min} to {max}"),
            Self::Path => f.write_str("an existing path"),
        }
    }
}

/// Whether a word is meant: its case does not matter, and a hyphen stands for an underscore.
fn alike(given: &str, word: &str) -> bool {
    // Not the other way round: `SCRAM_SHA_256` is no mechanism.
    let same = |(a, b): (u8, u8)| a.eq_ignore_ascii_case(&b) || (a, b) == (b'-', b'_');
    word.len() == given.len() && given.bytes().zip(word.bytes()).all(same)
}

#[cfg(test)]
mod tests;
