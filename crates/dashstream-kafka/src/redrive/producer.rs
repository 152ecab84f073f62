//! The producer of a redrive's transactions.

use core::error::Error;
use core::time::Duration;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use dashstream_dlq::{KafkaRecord, LetterPlace};
use dashstream_policy::ArchiveFault;
use rdkafka::ClientContext;
use rdkafka::client::OAuthToken;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{Producer as _, ProducerContext, ThreadedProducer};

use super::RedriveError;
use crate::archive::delivery_report::SendFailure;
use crate::config::{Config, LETTER_BYTES_MAX};
use crate::mutex::lock;
use crate::oauth::Tokens;
use crate::settings;

/// Which letters' records a broker has refused for their size, as it answers.
#[derive(Clone)]
pub(super) struct OversizeReports {
    too_large: Arc<Mutex<BTreeSet<LetterPlace>>>,
    tokens: Tokens,
}

impl OversizeReports {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            too_large: Arc::default(),
            tokens: config.tokens.clone(),
        }
    }

    /// Notes a refusal for size; another one is an error.
    pub(super) fn note(&self, error: &KafkaError, place: LetterPlace) -> Result<(), RedriveError> {
        if SendFailure::of(error).fault != ArchiveFault::TooLarge {
            return Err(RedriveError::of(error));
        }
        self.lock().insert(place);
        Ok(())
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, BTreeSet<LetterPlace>> {
        lock(&self.too_large)
    }
}

impl ClientContext for OversizeReports {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(&self, _config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.tokens.next()
    }
}

impl ProducerContext for OversizeReports {
    type DeliveryOpaque = Box<LetterPlace>;

    fn delivery(&self, result: &DeliveryResult<'_>, place: Self::DeliveryOpaque) {
        if let Err((error, _)) = result {
            // Every other failure also fails the commit, which reports it. A producer that is
            // dropped answers for its remaining records here too, and nobody needs that answer.
            let _other = self.note(error, *place);
        }
    }
}

/// A producer of transactions.
pub(super) fn producer(
    config: &Config,
    answers: OversizeReports,
) -> Result<ThreadedProducer<OversizeReports>, RedriveError> {
    let mut settings = settings::producer(config, QUEUED_MAX);
    settings
        // Of the archive topic, not of the name: what another name sends meanwhile is not in the ledger
        // that this one has read.
        .set(
            "transactional.id",
            format!("dashstream-redrive-{}", config.topic),
        )
        // A broker refuses a batch for its size, so that only one of a single record says whose it is, and
        // only uncompressed what is smaller is no larger there.
        .set("batch.num.messages", "1")
        .set("compression.type", "none")
        .set("message.timeout.ms", settings::ms(TRANSACTION_TIMEOUT))
        // What the broker takes is its topic's to say; the client's own limit is below many of them.
        .set("message.max.bytes", SENT_BYTES_MAX.to_string())
        // What Java producers do, so that a key stays in its partition of another topic.
        .set("partitioner", "murmur2_random");
    let made = settings.create_with_context(answers);
    Ok(made.map_err(|error| settings::culprit(&settings, config, &error))?)
}

/// Makes the broker abort what an earlier producer left open, and fence that one.
pub(super) fn init(
    producer: &ThreadedProducer<OversizeReports>,
    timeout: Duration,
) -> Result<(), RedriveError> {
    let begun = producer.init_transactions(timeout);
    begun.map_err(|error| RedriveError::of(&error))
}

/// What a record adds to a batch of its own, but for what every one does: its parts with their lengths, as
/// Kafka writes a record of message format 2.
pub(super) fn encoded_bytes(record: &KafkaRecord) -> usize {
    let part = |bytes: usize| {
        // A length is a varint of seven bits a byte. It is
        // signed, and zigzag encoding makes it one bit longer.
        let bits = usize::BITS.saturating_sub(bytes.leading_zeros());
        let digits = bits.saturating_add(1).div_ceil(7);
        bytes.saturating_add(usize::try_from(digits).unwrap_or(usize::MAX))
    };
    // No key, written as length -1, takes one byte as an empty one does.
    let own = [&record.key, &record.value].map(|bytes| part(bytes.as_ref().map_or(0, Bytes::len)));
    let headers = record
        .headers
        .iter()
        .flat_map(|(name, value)| [name.len(), value.as_ref().map_or(0, Bytes::len)].map(part));
    own.into_iter()
        .chain(headers)
        .fold(0, usize::saturating_add)
}

/// The largest letter that is read, and room for the headers of a redrive. Whoever wrote the letters may have
/// had another configuration than the redrive has.
const SENT_BYTES_MAX: usize = LETTER_BYTES_MAX + 64 * 1024;

/// librdkafka's default queue.
const QUEUED_MAX: usize = 100_000;

/// Half of the client's default `transaction.timeout.ms`, 60 s: the
/// client gives a record up before the broker aborts the transaction.
pub(super) const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(30);
