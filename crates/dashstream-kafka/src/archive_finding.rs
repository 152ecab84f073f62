//! What is wrong with how the archive topic is set.

use crate::client_code::ClientCode;

/// Something about the archive topic by which dead letters would be lost, or that cannot be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "a health page shows each of them")]
pub enum ArchiveFinding {
    /// The broker does not say how its topics are set, so nothing is known about this one.
    #[error("is set in a way that the broker does not tell: {code}")]
    Unanswered {
        /// What the client made of the question.
        code: ClientCode,
    },
    /// The broker left this setting out of its answer, or gave a value that is none.
    #[error("has a {setting} that the broker does not tell")]
    Unknown {
        /// The topic's setting.
        setting: &'static str,
    },
    /// Its `max.message.bytes` is less than the largest letter needs.
    #[error("takes records of up to {accepts} bytes and a letter may need {needs}")]
    RecordsTooSmall {
        /// What the topic takes, in bytes.
        accepts: u64,
        /// What the largest letter needs, in bytes.
        needs: u64,
    },
    /// The consumed topic takes records of which no letter would hold the whole: what stands in a letter
    /// beside the record takes room. Such a record is held where the archive is required, and is
    /// archived without its payload otherwise.
    #[error(
        "holds records of up to {whole} bytes whole, and the consumed topic takes {source_bytes}"
    )]
    SourceLarger {
        /// The largest record that is archived whole: key, value and headers, in bytes.
        whole: u64,
        /// What the consumed topic takes, in bytes.
        source_bytes: u64,
    },
    /// Its `message.timestamp.type` is `LogAppendTime`: a letter's timestamp is when it was written, and the
    /// record's own is lost.
    #[error("gives records the time at which they are appended, so that their own is lost")]
    Stamped,
    /// Its `cleanup.policy` compacts: records are deleted for other reasons than their age.
    #[error("is compacted")]
    Compacted,
    /// Its `retention.ms` is shorter than the consumed topic's, or than
    /// [`Config::archive_keeps`](crate::Config::archive_keeps).
    #[error("keeps records for {ms} ms, which is shorter than wanted")]
    KeptTooShort {
        /// For how long the topic keeps a record, in milliseconds.
        ms: u64,
        /// For how long it should, in milliseconds; nothing for ever.
        wanted: Option<u64>,
    },
    /// Its `retention.bytes` is less than the consumed topic's.
    #[error("keeps {bytes} bytes, which is less than the consumed topic")]
    KeptTooLittle {
        /// How much the topic keeps in a partition, in bytes.
        bytes: u64,
        /// How much the consumed topic does; nothing for everything.
        wanted: Option<u64>,
    },
}

impl ArchiveFinding {
    /// A name for logs and tests that does not change between releases.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unanswered { .. } => "archive_unanswered",
            Self::Unknown { .. } => "archive_unknown",
            Self::RecordsTooSmall { .. } => "archive_records_too_small",
            Self::SourceLarger { .. } => "archive_source_larger",
            Self::Stamped => "archive_stamped",
            Self::Compacted => "archive_compacted",
            Self::KeptTooShort { .. } => "archive_kept_too_short",
            Self::KeptTooLittle { .. } => "archive_kept_too_little",
        }
    }

    /// Whether a consumer that requires the archive refuses to start for it. What is only unknown, holds a
    /// record and loses none, or loses a record's timestamp alone, is reported and no more.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        match self {
            Self::Unanswered { .. }
            | Self::Unknown { .. }
            | Self::SourceLarger { .. }
            | Self::Stamped => false,
            Self::RecordsTooSmall { .. }
            | Self::Compacted
            | Self::KeptTooShort { .. }
            | Self::KeptTooLittle { .. } => true,
        }
    }
}
