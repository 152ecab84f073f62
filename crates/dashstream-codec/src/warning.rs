//! Header fields of an accepted record that contradict it.

use crate::frame::Encoding;
use crate::kind::Kind;
use crate::stats::{HeaderFields, PayloadStats};
use crate::v1::CompressionType;

/// A header field that contradicts the record.
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

/// The header fields that contradict the record, in a fixed order.
pub(crate) fn warnings(
    kind: Kind,
    stats: &PayloadStats<'_>,
    encoding: Encoding,
) -> [Option<Warning>; 3] {
    let said = match encoding {
        Encoding::Raw => CompressionType::None,
        Encoding::Zstd => CompressionType::Zstd,
    };
    // Of a batch these two hold the envelope's header alone; `unrouted` comes from the events' headers.
    let compression = |header: HeaderFields| header.compression != said as i32;
    let kind = |header: HeaderFields| {
        // A negative type has no number in common with a kind, and contradicts it.
        header.message_type != 0 && u32::try_from(header.message_type) != Ok(kind.number())
    };
    let header = stats.header;
    [
        header
            .is_some_and(compression)
            .then_some(Warning::CompressionFlag),
        header.is_some_and(kind).then_some(Warning::MessageType),
        stats.unrouted.then_some(Warning::BlankThreadId),
    ]
}
