//! The archive: a topic, and a producer whose acknowledgements are waited for.

mod check;
pub(crate) mod delivery_report;

use core::error::Error;
use core::mem;
use core::time::Duration;
use std::sync::Arc;
use std::thread;

use dashstream_dlq::{Disclosure, EncodedRecord, LetterFormat, RejectedRecord};
use dashstream_policy::ArchiveRequest;
use rdkafka::client::OAuthToken;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::{ClientConfig, ClientContext};

pub(crate) use self::check::{check, retention};
use self::delivery_report::{SendFailure, Sent, TOO_LARGE};
use crate::client_code::ClientCode;
use crate::config::Config;
use crate::driver_message::DriverMessage;
use crate::error::StartError;
use crate::inbox::Inbox;
use crate::message::RejectedMessage;
use crate::oauth::Tokens;
use crate::settings;
use crate::standing_errors::ClientRole;

/// Sends dead letters; every answer comes back as an [`DriverMessage::Archived`].
pub(crate) struct Archive {
    producer: ThreadedProducer<DeliveryReports>,
    /// What the producer is made from, and made again.
    settings: ClientConfig,
    topic: String,
    group: String,
    client_id: String,
    format: LetterFormat,
    disclosure: Disclosure,
    bytes_max: usize,
}

impl Archive {
    pub(crate) fn new(
        config: &Config,
        in_flight: usize,
        answers: Arc<Inbox>,
    ) -> Result<Self, StartError> {
        let settings = settings::producer(config, in_flight);
        let producer = settings
            .create_with_context(DeliveryReports {
                inbox: answers.clone(),
                tokens: config.tokens.clone(),
            })
            .map_err(|error| settings::culprit(&settings, config, &error))?;
        Ok(Self {
            producer,
            settings,
            topic: config.archive_topic.clone(),
            group: config.group.clone(),
            client_id: config.client_id.clone(),
            format: config.letter_format,
            disclosure: config.disclosure,
            bytes_max: config.letter_bytes,
        })
    }

    /// Replaces the producer if it can never send again, and says whether that was so.
    ///
    /// A broker that has lost the producer's sequence numbers, because the topic was made anew or its
    /// last records are gone, refuses it for ever; another one is given an epoch of its own.
    pub(crate) fn renew(&mut self) -> bool {
        if self.producer.client().fatal_error().is_none() {
            return false;
        }
        // Made before the old one goes, so that there is always a producer. Where it
        // fails, the old one refuses this letter, and the next letter tries again.
        let made = self
            .settings
            .create_with_context(self.producer.context().as_ref().clone());
        let Ok(producer) = made else {
            return false;
        };
        let dead = mem::replace(&mut self.producer, producer);
        // What it still has is answered as failed; its end may take half a second, which is too long
        // for this thread.
        let ended = thread::Builder::new()
            .name("dashstream-archive-end".to_owned())
            .spawn(move || drop(dead));
        // Where no thread could be started, the closure is gone
        // already, and this thread has waited for the end.
        drop(ended);
        true
    }

    /// Hands a dead letter to the producer. An error is the answer; without one it comes later.
    pub(crate) fn send(
        &self,
        request: &ArchiveRequest,
        (topic, kept): (&str, &RejectedMessage),
        found_at: Duration,
        received: u64,
    ) -> Result<(), SendFailure> {
        let (message, known) = (&kept.message, &kept.ids);
        let number = message.partition.partition();
        let trace_id = trace_id(&self.group, number, message.offset, topic);
        let mut record = RejectedRecord::new(
            topic,
            number,
            message.offset,
            message.payload.as_deref(),
            request.cause,
            found_at,
            &trace_id,
        );
        (record.key, record.headers) = (message.key.as_deref(), message.headers());
        record.group = &self.group;
        (record.attempt, record.assignment) = (kept.attempts, kept.assignment);
        (record.backlog, record.timestamp_ms) = (message.backlog, message.timestamp_ms);
        (record.consumer_id, record.message_count) = (&self.client_id, received);
        record.thread_id = known.thread_id.as_deref();
        record.tenant_id = known.tenant_id.as_deref();
        record.node_id = known.node_id.as_deref();
        record.parent_trace_id = known.parent_trace_id.as_deref();
        record.span_id = known.span_id.as_deref();
        record.detail = known.detail.as_deref();
        let letter = record
            .encode(self.format, self.disclosure, request.form, self.bytes_max)
            .map_err(|_| TOO_LARGE)?;
        if letter.form() != request.form && !request.may_cut {
            // What would be archived is less than what the offset waits for.
            return Err(TOO_LARGE);
        }
        // The acknowledgement counts for the form that is sent,
        // which may be less than the one that was asked for.
        let form = letter.form();
        let sent = Sent {
            form,
            ..Sent::of(request)
        };
        self.producer
            .send(produced(&self.topic, &letter, sent))
            .map_err(|(error, _record)| SendFailure::of(&error))
    }
}

/// The letter as the client takes it.
fn produced<'a>(
    topic: &'a str,
    letter: &'a EncodedRecord<'_>,
    sent: Sent,
) -> BaseRecord<'a, [u8], [u8], Box<Sent>> {
    let mut record = BaseRecord::with_opaque_to(topic, Box::new(sent));
    (record.key, record.payload) = (letter.key(), letter.value());
    record.timestamp = letter.timestamp_ms();
    let headers = letter
        .headers()
        .fold(None, |headers: Option<OwnedHeaders>, (key, value)| {
            Some(headers.unwrap_or_default().insert(Header { key, value }))
        });
    record.headers = headers;
    record
}

/// Passes the broker's answers on, from the producer's own thread.
#[derive(Clone)]
struct DeliveryReports {
    inbox: Arc<Inbox>,
    tokens: Tokens,
}

impl ClientContext for DeliveryReports {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(&self, _config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.tokens.next()
    }

    fn error(&self, error: KafkaError, _reason: &str) {
        let code = ClientCode::of(&error);
        let failed = DriverMessage::ClientFailed(ClientRole::Archive, code);
        self.inbox.send(failed);
    }
}

impl ProducerContext for DeliveryReports {
    type DeliveryOpaque = Box<Sent>;

    fn delivery(&self, result: &DeliveryResult<'_>, sent: Self::DeliveryOpaque) {
        let result = match result {
            Ok(_) => Ok(()),
            Err((error, _)) => Err(SendFailure::of(error)),
        };
        // Where the inbox is closed the message is dropped: the
        // consumer has ended, and nobody waits for the answer.
        self.inbox.send(DriverMessage::Archived(*sent, result));
    }
}

/// The trace id under which a record is archived: a version 8 UUID made from where the record
/// stands, so that a record that is archived twice, after a crash between the two, has one id.
fn trace_id(group: &str, partition: i32, offset: i64, topic: &str) -> String {
    let partition = partition.to_be_bytes();
    let offset = offset.to_be_bytes();
    // The group is preceded by its length, the numbers have a fixed
    // one, and the topic is last: so no two places give the same bytes.
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
mod tests;
