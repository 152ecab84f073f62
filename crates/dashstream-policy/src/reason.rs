//! Why a send to the archive failed: three label values, decided here and nowhere else.

use crate::ArchiveFault;

labels! {
    /// The label values of failed sends; there are exactly three.
    FailureReason {
        /// No answer in time.
        Timeout = "timeout",
        /// The broker or its client said no.
        KafkaError = "kafka_error",
        /// There was no room for the send.
        Backpressure = "backpressure",
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
