//! The archive: a topic, and a producer whose acknowledgements are waited for.

mod check;

use core::fmt;
use core::time::Duration;
use std::sync::mpsc::Sender;

use dashstream_policy::envelope::{Disclosure, Subject};
use dashstream_policy::{ArchiveFault, ArchiveId, ArchiveRequest, ArchiveResult};
use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseRecord, ProducerContext, ThreadedProducer};

pub use self::check::ArchiveFinding;
pub(crate) use self::check::check;
use crate::config::Config;
use crate::error::{ClientCode, StartError};
use crate::event::Event;
use crate::record::Kept;
use crate::settings;
use crate::standing::ClientRole;

/// Sends envelopes; every answer comes back as an [`Event::Archived`].
pub(crate) struct Archive {
    producer: ThreadedProducer<Answers>,
    topic: String,
    group: String,
    client_id: String,
    disclosure: Disclosure,
    bytes_max: usize,
}

impl Archive {
    pub(crate) fn new(config: &Config, answers: Sender<Event>) -> Result<Self, StartError> {
        let settings = settings::producer(config);
        let producer = settings
            .create_with_context(Answers(answers))
            .map_err(|_| settings::culprit(&settings, config))?;
        Ok(Self {
            producer,
            topic: config.archive_topic.clone(),
            group: config.group.clone(),
            client_id: config.client_id.clone(),
            disclosure: config.disclosure,
            bytes_max: config.envelope_bytes,
        })
    }

    /// Hands an envelope to the producer. An error is the answer; without one it comes later.
    pub(crate) fn send(
        &self,
        request: &ArchiveRequest,
        kept: &Kept,
        found_at: Duration,
        received: u64,
    ) -> Result<(), ArchiveFault> {
        let (message, known) = (&kept.message, &kept.evidence);
        let trace_id = trace_id(
            &self.group,
            message.partition,
            message.offset,
            &message.topic,
        );
        let subject = Subject::new(
            &message.topic,
            message.partition,
            message.offset,
            message.payload.as_deref(),
            request.cause,
            found_at,
            &trace_id,
        )
        .read_under(request.attempt, kept.epoch, message.age)
        .consumed_by(&self.client_id, received)
        .record_timestamp_ms(message.timestamp_ms)
        .routed(known.thread_id.as_deref(), known.tenant_id.as_deref())
        .sent_by(
            known.node_id.as_deref(),
            known.parent_trace_id.as_deref(),
            known.span_id.as_deref(),
        );
        let sealed = self
            .disclosure
            .seal(&subject, request.form, self.bytes_max)
            .map_err(|_| ArchiveFault::TooLarge)?;
        let record = BaseRecord::with_opaque_to(&self.topic, Box::new(request.id))
            .key(sealed.key())
            .payload(sealed.value());
        self.producer
            .send(record)
            .map_err(|(error, _record)| fault(&error))
    }
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive")
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

/// Passes the broker's answers on, from the producer's own thread.
struct Answers(Sender<Event>);

impl ClientContext for Answers {
    fn error(&self, error: KafkaError, _reason: &str) {
        let code = ClientCode::of(&error);
        let _closed = self.0.send(Event::ClientFailed(ClientRole::Archive, code));
    }
}

impl ProducerContext for Answers {
    type DeliveryOpaque = Box<ArchiveId>;

    fn delivery(&self, result: &DeliveryResult<'_>, id: Self::DeliveryOpaque) {
        let (result, error) = match result {
            Ok(_) => (ArchiveResult::Acked, None),
            Err((error, _)) => {
                let failed = ArchiveResult::Failed(fault(error));
                (failed, Some(ClientCode::of(error)))
            }
        };
        // Without its receiver the consumer is closed, and nobody waits for the answer.
        let _closed = self.0.send(Event::Archived(*id, result, error));
    }
}

/// What a producer's error means for the archive: the one place that says so.
fn fault(error: &KafkaError) -> ArchiveFault {
    use RDKafkaErrorCode as Code;
    let Some(code) = error.rdkafka_error_code() else {
        return ArchiveFault::Broker;
    };
    let is = |codes: &[Code]| codes.contains(&code);
    if is(&[Code::QueueFull]) {
        ArchiveFault::QueueFull
    } else if is(&[
        Code::MessageTimedOut,
        Code::OperationTimedOut,
        Code::RequestTimedOut,
        Code::TimedOutQueue,
    ]) {
        ArchiveFault::TimedOut
    } else if is(&[Code::MessageSizeTooLarge, Code::InvalidMessageSize]) {
        ArchiveFault::TooLarge
    } else if is(&[
        Code::UnknownTopic,
        Code::UnknownTopicOrPartition,
        Code::UnknownPartition,
        Code::InvalidTopic,
        Code::TopicAuthorizationFailed,
        Code::ClusterAuthorizationFailed,
        Code::SaslAuthenticationFailed,
        Code::PolicyViolation,
        Code::UnsupportedForMessageFormat,
    ]) {
        ArchiveFault::Refused
    } else {
        ArchiveFault::Broker
    }
}

/// The trace id under which a record is archived: a version 8 UUID made from where the record
/// stands, so that a record that is archived twice, after a crash between the two, has one id.
fn trace_id(group: &str, partition: i32, offset: i64, topic: &str) -> String {
    let partition = partition.to_be_bytes();
    let offset = offset.to_be_bytes();
    // The lengths of all but the last part are fixed or said, so no two places read alike.
    let group_len = u64::try_from(group.len()).unwrap_or(u64::MAX).to_be_bytes();
    let parts: [&[u8]; 5] = [
        &group_len,
        group.as_bytes(),
        &partition,
        &offset,
        topic.as_bytes(),
    ];
    let hash = parts
        .iter()
        .flat_map(|part| part.iter())
        .fold(FNV_OFFSET, |hash, byte| {
            (hash ^ u128::from(*byte)).wrapping_mul(FNV_PRIME)
        });
    // RFC 9562 section 5.8: the version in the high bits of octet 6, the variant in those of octet 8.
    let hash = hash & !(0xF << 76) | 0x8 << 76;
    let hash = hash & !(0b11 << 62) | 0b10 << 62;
    let hex = format!("{hash:032x}");
    let mut id = String::with_capacity(36);
    for (at, digit) in hex.chars().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            id.push('-');
        }
        id.push(digit);
    }
    id
}

// FNV-1a with 128 bits: the parameters of its published definition.
const FNV_OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const FNV_PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use dashstream_policy::FailureReason;

    use super::*;

    #[test]
    fn every_producer_error_has_one_of_the_three_reasons() {
        let reason = |code| FailureReason::from(fault(&KafkaError::MessageProduction(code)));
        use RDKafkaErrorCode as Code;
        for (code, label) in [
            (Code::MessageTimedOut, "timeout"),
            (Code::RequestTimedOut, "timeout"),
            (Code::QueueFull, "backpressure"),
            (Code::MessageSizeTooLarge, "kafka_error"),
            (Code::TopicAuthorizationFailed, "kafka_error"),
            (Code::NotEnoughReplicas, "kafka_error"),
            (Code::PurgeQueue, "kafka_error"),
            (Code::AllBrokersDown, "kafka_error"),
        ] {
            assert_eq!(reason(code).label(), label, "{code:?}");
        }
        assert_eq!(fault(&KafkaError::Canceled), ArchiveFault::Broker);
    }

    #[test]
    fn a_trace_id_is_a_uuid_that_depends_on_the_place_alone() {
        let id = trace_id("g", 1, 2, "t");
        assert_eq!(id, trace_id("g", 1, 2, "t"));
        assert_eq!(id.len(), 36);
        let bytes = id.as_bytes();
        for dash in [8, 13, 18, 23] {
            assert_eq!(bytes[dash], b'-');
        }
        assert_eq!(bytes[14], b'8');
        assert!(matches!(bytes[19], b'8' | b'9' | b'a' | b'b'));
    }

    #[test]
    fn no_two_places_share_a_trace_id() {
        let mut ids = BTreeSet::new();
        for (group, topic) in [("g", "t"), ("gt", ""), ("", "gt"), ("t", "g")] {
            for partition in 0..8 {
                for offset in 0..64 {
                    assert!(ids.insert(trace_id(group, partition, offset, topic)));
                }
            }
        }
    }
}
