//! Why a send to the archive failed: three label values, decided here and nowhere else.

use crate::ArchiveFault;

/// The label values of failed sends; there are exactly three.
#[expect(
    clippy::exhaustive_enums,
    reason = "label values that alerts name; a fourth is a major release"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureReason {
    /// No answer in time.
    Timeout,
    /// The broker or its client said no.
    KafkaError,
    /// There was no room for the send.
    Backpressure,
}

impl FailureReason {
    /// Every reason, in the order of the labels.
    pub const ALL: [Self; 3] = [Self::Timeout, Self::KafkaError, Self::Backpressure];

    /// The stable label value.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::KafkaError => "kafka_error",
            Self::Backpressure => "backpressure",
        }
    }
}

impl From<ArchiveFault> for FailureReason {
    fn from(fault: ArchiveFault) -> Self {
        match fault {
            ArchiveFault::TimedOut => Self::Timeout,
            ArchiveFault::QueueFull => Self::Backpressure,
            ArchiveFault::Broker | ArchiveFault::TooLarge | ArchiveFault::Refused => {
                Self::KafkaError
            }
        }
    }
}
