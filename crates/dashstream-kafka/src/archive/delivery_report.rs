//! What becomes of a send to the archive.

use dashstream_policy::{ArchiveFault, ArchiveId, ArchiveRequest, Form};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::client_code::ClientCode;

/// One send of one record, which its answer is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) id: ArchiveId,
    pub(crate) attempt: u32,
    pub(crate) form: Form,
}

impl Sent {
    pub(crate) const fn of(request: &ArchiveRequest) -> Self {
        Self {
            id: request.id,
            attempt: request.attempt,
            form: request.form,
        }
    }
}

/// Why a send failed. The client's error is kept where it is about the archive,
/// and not where the letter is too large or the producer's queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SendFailure {
    pub(crate) fault: ArchiveFault,
    pub(crate) code: Option<ClientCode>,
}

impl SendFailure {
    pub(crate) fn of(error: &KafkaError) -> Self {
        let fault = fault(error);
        let code = match fault {
            ArchiveFault::TimedOut | ArchiveFault::Broker | ArchiveFault::Refused => {
                Some(ClientCode::of(error))
            }
            ArchiveFault::QueueFull | ArchiveFault::TooLarge => None,
        };
        Self { fault, code }
    }
}

/// The letter is larger than the archive takes, or than may be cut.
pub(super) const TOO_LARGE: SendFailure = SendFailure {
    fault: ArchiveFault::TooLarge,
    code: None,
};

/// What a producer's error means for the archive: the one place that says so.
fn fault(error: &KafkaError) -> ArchiveFault {
    use RDKafkaErrorCode as Code;
    match error.rdkafka_error_code() {
        Some(Code::QueueFull) => ArchiveFault::QueueFull,
        Some(
            Code::MessageTimedOut
            | Code::OperationTimedOut
            | Code::RequestTimedOut
            | Code::TimedOutQueue,
        ) => ArchiveFault::TimedOut,
        Some(Code::MessageSizeTooLarge | Code::InvalidMessageSize) => ArchiveFault::TooLarge,
        Some(
            Code::UnknownTopic
            | Code::UnknownTopicOrPartition
            | Code::UnknownPartition
            | Code::InvalidTopic
            | Code::TopicAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::SaslAuthenticationFailed
            | Code::PolicyViolation
            | Code::UnsupportedForMessageFormat,
        ) => ArchiveFault::Refused,
        // Anything else may pass, and is tried again. Errors
        // without a code, such as a cancelled send, are among them.
        Some(_) | None => ArchiveFault::Broker,
    }
}

#[cfg(test)]
mod tests;
