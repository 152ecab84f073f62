//! A client error's code, and whether it can pass by itself.

use core::fmt;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// An error code of the Kafka client: negative for the client's own, positive for the broker's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientCode(RDKafkaErrorCode);

impl ClientCode {
    /// The number that librdkafka and the Kafka protocol give the error.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0 as i32
    }

    /// Whether the error lasts until somebody changes something: a refusal of a login, of a right, of a
    /// certificate or of a setting, or a client's being fenced by another one. Any other can pass by itself: a
    /// broker that is away, a leader that is being elected, a time that ran out.
    #[must_use]
    pub const fn is_permanent(self) -> bool {
        // An unknown topic is not among them: a topic that was
        // created a moment ago is unknown to some brokers.
        self.is_about_the_connection()
            || self.is_about_the_group()
            || self.is_about_a_topic()
            || matches!(
                self.0,
                RDKafkaErrorCode::ClusterAuthorizationFailed
                    | RDKafkaErrorCode::TransactionalIdAuthorizationFailed
                    | RDKafkaErrorCode::DelegationTokenAuthorizationFailed
                    | RDKafkaErrorCode::UnsupportedVersion
                    | RDKafkaErrorCode::InvalidProducerEpoch
                    | RDKafkaErrorCode::ProducerFenced
                    | RDKafkaErrorCode::Fenced
                    | RDKafkaErrorCode::Fatal
            )
    }

    /// A login that was refused or TLS that failed: the question itself did not reach the broker.
    pub(crate) const fn is_about_the_connection(self) -> bool {
        matches!(
            self.0,
            RDKafkaErrorCode::Authentication
                | RDKafkaErrorCode::SSL
                | RDKafkaErrorCode::SaslAuthenticationFailed
                | RDKafkaErrorCode::UnsupportedSASLMechanism
                | RDKafkaErrorCode::IllegalSASLState
                | RDKafkaErrorCode::SecurityDisabled
                | RDKafkaErrorCode::DelegationTokenAuthDisabled
        )
    }

    /// No TLS came about.
    pub(crate) const fn is_about_tls(self) -> bool {
        matches!(self.0, RDKafkaErrorCode::SSL)
    }

    /// A right that is missing.
    pub(crate) const fn is_about_a_right(self) -> bool {
        matches!(
            self.0,
            RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::GroupAuthorizationFailed
                | RDKafkaErrorCode::ClusterAuthorizationFailed
                | RDKafkaErrorCode::TransactionalIdAuthorizationFailed
        )
    }

    /// A group that this member may not join, or not with its settings.
    pub(crate) const fn is_about_the_group(self) -> bool {
        matches!(
            self.0,
            RDKafkaErrorCode::GroupAuthorizationFailed
                | RDKafkaErrorCode::InvalidGroupId
                | RDKafkaErrorCode::InvalidSessionTimeout
                | RDKafkaErrorCode::InconsistentGroupProtocol
                | RDKafkaErrorCode::FencedInstanceId
        )
    }

    /// A topic that may not be read, or written.
    pub(crate) const fn is_about_a_topic(self) -> bool {
        matches!(self.0, RDKafkaErrorCode::TopicAuthorizationFailed)
    }

    // Not `From`, which would show the client's types to every user of this crate.
    pub(crate) const fn new(code: RDKafkaErrorCode) -> Self {
        Self(code)
    }

    pub(crate) fn of(error: &KafkaError) -> Self {
        // Errors that carry text instead of a code come from calls with a local cause.
        Self(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail))
    }

    pub(crate) const fn raw(self) -> RDKafkaErrorCode {
        self.0
    }
}

impl fmt::Display for ClientCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
