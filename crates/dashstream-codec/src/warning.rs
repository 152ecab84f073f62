//! What an accepted record says about itself and is not so.

use core::array;
use core::iter::Flatten;

use crate::frame::Encoding;
use crate::kind::Kind;
use crate::survey::Survey;
use crate::v1::CompressionType;

/// One thing that a record says about itself and is not so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Warning {
    /// The header's `compression` is not what the frame byte says. The frame byte decides.
    CompressionFlag,
    /// The header's `type` is not the kind of the message. The kind decides. A type of 0 says nothing.
    MessageType,
    /// The header, or that of an event of a batch, has no thread id, or only white space: the record
    /// belongs to no run, and the encoder would refuse to write it.
    BlankThreadId,
}

impl Warning {
    /// A stable name for logs and labels.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::CompressionFlag => "compression_mismatch",
            Self::MessageType => "message_type_mismatch",
            Self::BlankThreadId => "blank_thread_id",
        }
    }
}

/// The warnings about one record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Warnings {
    compression_flag: bool,
    message_type: bool,
    blank_thread_id: bool,
}

impl Warnings {
    pub(crate) fn of(kind: Kind, survey: &Survey<'_>, encoding: Encoding) -> Self {
        let Some(header) = survey.header else {
            return Self {
                blank_thread_id: survey.unrouted,
                ..Self::default()
            };
        };
        let said = match encoding {
            Encoding::Raw => CompressionType::None,
            Encoding::Zstd => CompressionType::Zstd,
        };
        Self {
            compression_flag: header.compression != said as i32,
            message_type: header.message_type != 0
                && u32::try_from(header.message_type) != Ok(kind.number()),
            blank_thread_id: survey.unrouted,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        !self.compression_flag && !self.message_type && !self.blank_thread_id
    }

    /// Whether `warning` is among them.
    #[must_use]
    pub const fn contains(self, warning: Warning) -> bool {
        match warning {
            Warning::CompressionFlag => self.compression_flag,
            Warning::MessageType => self.message_type,
            Warning::BlankThreadId => self.blank_thread_id,
        }
    }

    /// The warnings in a fixed order.
    pub fn iter(self) -> impl Iterator<Item = Warning> {
        self.into_iter()
    }
}

impl IntoIterator for Warnings {
    type Item = Warning;
    type IntoIter = Flatten<array::IntoIter<Option<Warning>, 3>>;

    fn into_iter(self) -> Self::IntoIter {
        let all = [
            Warning::CompressionFlag,
            Warning::MessageType,
            Warning::BlankThreadId,
        ];
        all.map(|warning| self.contains(warning).then_some(warning))
            .into_iter()
            .flatten()
    }
}
