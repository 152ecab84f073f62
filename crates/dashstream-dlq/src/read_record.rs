//! Reading a letter that is the record: ours, a broker's (KIP-1191), Spring Kafka's, Kafka Connect's.

use core::str::FromStr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use dashstream_policy::{Backlog, Cause, Form, Offset};

use crate::date::parse_rfc3339;
use crate::headers::*;
use crate::letter::{DeadLetter, LetterError, LetterShape, Payload, Provenance, Source};
use crate::read::{contradiction, hash, one_of};
use crate::record::{Header, KafkaRecord};
use crate::text::unhex;
use crate::{Disclosure, VERSION};

impl DeadLetter {
    /// Reads a record of a dead-letter topic, of at most `bytes_max` bytes, whoever wrote it.
    ///
    /// What the headers say decides which shape it is: of the names that only writers of letters add,
    /// the last one counts, since each writer adds its own behind what was there. A record without any
    /// of them is one of the JSON shapes, see [`DeadLetter::read_json`].
    ///
    /// # Errors
    ///
    /// [`LetterError`] for what no writer of the shape writes, and for a letter that contradicts
    /// itself.
    pub fn read(record: &KafkaRecord, bytes_max: usize) -> Result<Self, LetterError> {
        let len = record.bytes();
        if len > bytes_max {
            return Err(LetterError::TooLarge {
                len,
                limit: bytes_max,
            });
        }
        let names = record.headers.iter().rev().map(|(name, _)| &**name);
        // From the end: a letter that was rejected in its turn has an earlier writer's headers as well.
        let mark = names.filter_map(mark).next();
        let mut letter = match mark {
            Some(Writer::This) => ours(record),
            // One of this crate's without its last header. Its `TOPIC` must not make it a broker's letter.
            Some(Writer::Torn) => Err(LetterError::Missing {
                key: VERSION_HEADER,
            }),
            Some(Writer::Broker) => broker(record),
            Some(Writer::Spring) => spring(record),
            Some(Writer::Connect) => connect(record),
            None => {
                let value = record.value.as_deref().ok_or(LetterError::UnknownShape)?;
                return Self::read_json(value, bytes_max);
            }
        }?;
        // Other writers' headers name no size, so that it is the one of the value that is in the letter.
        // `ours` has compared the two, and this changes nothing there.
        if letter.size == 0
            && let Payload::Whole(value) = &letter.payload
        {
            letter.size = value.len() as u64;
        }
        letter.agrees()?;
        Ok(letter)
    }
}

enum Writer {
    This,
    Torn,
    Broker,
    Spring,
    Connect,
}

/// Who adds a header of this name to a letter, and to nothing else.
fn mark(name: &str) -> Option<Writer> {
    match name {
        VERSION_HEADER => Some(Writer::This),
        IDENTITY => Some(Writer::Torn),
        TOPIC => Some(Writer::Broker),
        SPRING_TOPIC => Some(Writer::Spring),
        CONNECT_TOPIC => Some(Writer::Connect),
        _ => None,
    }
}

fn ours(record: &KafkaRecord) -> Result<DeadLetter, LetterError> {
    let named = |name: &str, within: &[Header]| within.iter().rposition(|(own, _)| **own == *name);
    let missing = LetterError::Missing { key: TOPIC };
    // The last ones of the record: what something appended on the way stands behind the block.
    let end = named(VERSION_HEADER, &record.headers).ok_or(missing)?;
    let (before, _) = record
        .headers
        .split_at_checked(end.saturating_add(1))
        .ok_or(missing)?;
    // The block begins with its only `TOPIC`, so that every earlier one is the source's own.
    let start = named(TOPIC, before).ok_or(missing)?;
    let (source, block) = before.split_at_checked(start).ok_or(missing)?;
    let block = Block::read(block, &NAMES)?;
    let version: u32 = block.number(VERSION_HEADER)?;
    if version != VERSION {
        return Err(LetterError::Version { found: version });
    }
    let provenance = Provenance {
        cause: one_of(CAUSE, block.text(CAUSE)?, &Cause::ALL, Cause::label)?,
        backlog: one_of(AGE, block.text(AGE)?, &Backlog::ALL, Backlog::label)?,
        form: one_of(FORM, block.text(FORM)?, &Form::ALL, Form::label)?,
        disclosure: one_of(
            DISCLOSURE,
            block.text(DISCLOSURE)?,
            &Disclosure::ALL,
            Disclosure::label,
        )?,
        attempt: block.number(DELIVERIES)?,
        assignment_epoch: block.number(ASSIGNMENT)?,
        engine_version: block.text(WRITER)?.to_owned(),
    };
    // Not there exactly where the record had no value.
    let size: Option<u64> = block.optional(SIZE)?;
    let sha256 = hash(SHA256, block.get(SHA256)?)?;
    let is_whole = provenance.form == Form::Full;
    // A reduced letter has nothing of the record. What stands in this one came from elsewhere, and
    // must not be sent again as the record.
    let shown = record.key.is_some() || record.value.is_some() || !source.is_empty();
    if !is_whole && shown {
        return contradiction(FORM);
    }
    let ids = [THREAD_ID, TENANT_ID, NODE_ID, PARENT_TRACE_ID, SPAN_ID];
    let has_ids = ids
        .into_iter()
        .any(|name| !matches!(block.get(name), Ok(None)));
    // What no writer writes: see `LetterFormat::can_show`, and `encode_record` for what is whole.
    if ((is_whole || has_ids) && provenance.disclosure != Disclosure::Full)
        || (sha256.is_some() && provenance.disclosure < Disclosure::Hashed)
        || provenance.disclosure == Disclosure::Truncated
    {
        return contradiction(DISCLOSURE);
    }
    let payload = match (&record.value, size) {
        (Some(bytes), Some(size)) if bytes.len() as u64 == size => Payload::Whole(bytes.clone()),
        (Some(_), _) => return contradiction(SIZE),
        (None, None) => Payload::Null,
        (None, Some(_)) if is_whole => return contradiction(SIZE),
        (None, Some(_)) => Payload::Withheld,
    };
    if sha256.is_some() && payload == Payload::Null {
        return contradiction(SHA256);
    }
    let text = |name| Ok::<_, LetterError>(block.get(name)?.map(str::to_owned));
    let letter = DeadLetter {
        trace_id: block.text(TRACE_ID)?.to_owned(),
        at: parse_rfc3339(block.text(REJECTED_AT)?).ok_or(value(REJECTED_AT))?,
        error: block.text(MESSAGE)?.to_owned(),
        error_type: block.text(ERROR_TYPE)?.to_owned(),
        source: block.source(TOPIC, PARTITION, OFFSET)?,
        group: text(GROUP)?,
        size: size.unwrap_or(0),
        sha256,
        consumer_id: text(CONSUMER)?,
        thread_id: text(THREAD_ID)?,
        tenant_id: text(TENANT_ID)?,
        node_id: text(NODE_ID)?,
        parent_trace_id: text(PARENT_TRACE_ID)?,
        span_id: text(SPAN_ID)?,
        detail: text(DETAIL)?,
        key: record.key.clone(),
        headers: source.to_vec(),
        has_record: is_whole,
        timestamp_ms: block.optional(TIMESTAMP)?,
        provenance: Some(provenance),
        payload,
        ..foreign(LetterShape::Record(version), record)
    };
    // Place, group and timestamp stand in the letter once. Only this hash shows that one was damaged.
    match unhex(block.text(IDENTITY)?) {
        Some(identity) if identity == letter.identity() => Ok(letter),
        Some(_) => contradiction(IDENTITY),
        None => Err(value(IDENTITY)),
    }
}

/// What a share group's broker writes. Key and value are copied only where the group is set so.
fn broker(record: &KafkaRecord) -> Result<DeadLetter, LetterError> {
    let (block, headers) = last_of_each(&record.headers, &BROKER)?;
    // A copy of a record with neither looks like a letter without a copy. Its record is then read
    // where it stood, which finds the same.
    let copied = record.key.is_some() || record.value.is_some();
    Ok(DeadLetter {
        source: block.source(TOPIC, PARTITION, OFFSET)?,
        group: block.get(GROUP)?.map(str::to_owned),
        error: block.get(MESSAGE)?.unwrap_or_default().to_owned(),
        payload: if copied {
            payload(record)
        } else {
            Payload::Withheld
        },
        has_record: copied,
        // No header has the record's time, and the letter's own need not be it.
        timestamp_ms: None,
        headers,
        ..foreign(LetterShape::ShareGroup, record)
    })
}

fn connect(record: &KafkaRecord) -> Result<DeadLetter, LetterError> {
    // Only with `errors.deadletterqueue.context.headers.enable` does Connect write headers. It produces
    // the letter with the record's own timestamp, which `foreign` takes.
    let (block, headers) = last_of_each(&record.headers, &CONNECT)?;
    Ok(DeadLetter {
        source: block.source(CONNECT_TOPIC, CONNECT_PARTITION, CONNECT_OFFSET)?,
        group: block.get(CONNECT_NAME)?.map(str::to_owned),
        error: block.get(CONNECT_MESSAGE)?.unwrap_or_default().to_owned(),
        error_type: block.get(CONNECT_CLASS)?.unwrap_or(UNKNOWN).to_owned(),
        headers,
        ..foreign(LetterShape::Connect, record)
    })
}

/// Spring's numbers are big-endian integers, not text.
fn spring(record: &KafkaRecord) -> Result<DeadLetter, LetterError> {
    let (block, headers) = last_of_each(&record.headers, &SPRING)?;
    let partition = i32::from_be_bytes(block.array(SPRING_PARTITION)?);
    let offset = i64::from_be_bytes(block.array(SPRING_OFFSET)?);
    let timestamp = block
        .bytes
        .get(SPRING_TIMESTAMP)
        .map(|_| block.array(SPRING_TIMESTAMP));
    // The exception itself is often Spring's `ListenerExecutionFailedException`, and its cause is what
    // the listener threw.
    let class = match block.get(SPRING_CAUSE)? {
        Some(class) => Some(class),
        None => block.get(SPRING_CLASS)?,
    };
    Ok(DeadLetter {
        source: source(
            block.text(SPRING_TOPIC)?,
            partition,
            offset,
            [SPRING_PARTITION, SPRING_OFFSET],
        )?,
        group: block.get(SPRING_GROUP)?.map(str::to_owned),
        error: block.get(SPRING_MESSAGE)?.unwrap_or_default().to_owned(),
        error_type: class.unwrap_or(UNKNOWN).to_owned(),
        // None without its header: the letter's own timestamp is that of the rejection.
        timestamp_ms: timestamp.transpose()?.map(i64::from_be_bytes),
        headers,
        ..foreign(LetterShape::Spring, record)
    })
}

/// What the letter says without its headers; everything else is left unknown.
fn foreign(shape: LetterShape, record: &KafkaRecord) -> DeadLetter {
    // Without a timestamp it is the epoch, and every later `RedriveOptions::from` leaves the letter out.
    let at = record.timestamp_ms.and_then(|ms| u64::try_from(ms).ok());
    DeadLetter {
        at: at.map(Duration::from_millis).unwrap_or_default(),
        error_type: UNKNOWN.to_owned(),
        payload: payload(record),
        key: record.key.clone(),
        has_record: true,
        timestamp_ms: record.timestamp_ms,
        ..DeadLetter::blank(shape)
    }
}

fn payload(record: &KafkaRecord) -> Payload {
    record.value.clone().map_or(Payload::Null, Payload::Whole)
}

/// The headers that a letter's writer added, by name.
struct Block<'a> {
    bytes: BTreeMap<&'static str, Option<&'a Bytes>>,
}

impl<'a> Block<'a> {
    /// Takes these names out of `headers`, each once at most. Others are passed over: a block may grow
    /// within its version.
    fn read(headers: &'a [Header], names: &[&'static str]) -> Result<Self, LetterError> {
        let mut bytes = BTreeMap::new();
        for (name, value) in headers {
            let Some(key) = names.iter().copied().find(|known| **name == **known) else {
                continue;
            };
            // The block has a beginning and an end, so that a second one is not the source's. Taking either
            // would be a guess.
            if bytes.insert(key, value.as_ref()).is_some() {
                return Err(LetterError::Twice { key });
            }
        }
        Ok(Self { bytes })
    }

    fn get(&self, key: &'static str) -> Result<Option<&'a str>, LetterError> {
        // A header without a value counts as one that is not there.
        let bytes = self.bytes.get(key).copied().flatten();
        let text = bytes.map(|bytes| core::str::from_utf8(bytes));
        text.transpose().map_err(|_| LetterError::Kind { key })
    }

    fn text(&self, key: &'static str) -> Result<&'a str, LetterError> {
        self.get(key)?.ok_or(LetterError::Missing { key })
    }

    fn optional<N: FromStr>(&self, key: &'static str) -> Result<Option<N>, LetterError> {
        let number = self.get(key)?.map(str::parse);
        number.transpose().map_err(|_| LetterError::Kind { key })
    }

    fn number<N: FromStr>(&self, key: &'static str) -> Result<N, LetterError> {
        self.optional(key)?.ok_or(LetterError::Missing { key })
    }

    fn array<const N: usize>(&self, key: &'static str) -> Result<[u8; N], LetterError> {
        let bytes = self.bytes.get(key).copied().flatten();
        let bytes = bytes.ok_or(LetterError::Missing { key })?;
        bytes[..].try_into().map_err(|_| LetterError::Kind { key })
    }

    fn source(
        &self,
        topic: &'static str,
        partition: &'static str,
        offset: &'static str,
    ) -> Result<Source, LetterError> {
        source(
            self.text(topic)?,
            self.number(partition)?,
            self.number(offset)?,
            [partition, offset],
        )
    }
}

/// Where a record stood. A writer that had the record knows all three.
fn source(
    topic: &str,
    partition: i32,
    offset: i64,
    keys: [&'static str; 2],
) -> Result<Source, LetterError> {
    let [partition_key, offset_key] = keys;
    if partition < 0 {
        return Err(value(partition_key));
    }
    Ok(Source {
        topic: Some(topic.to_owned()),
        partition: Some(partition),
        offset: Some(Offset::new(offset).map_err(|_| value(offset_key))?),
    })
}

/// The last header of each name, which the letter's writer added, and all others, which it found.
fn last_of_each<'a>(
    headers: &'a [Header],
    names: &[&'static str],
) -> Result<(Block<'a>, Vec<Header>), LetterError> {
    // From the end, since a writer appends. Such a block has no marked beginning: an earlier header of
    // a name that the last writer left out is taken for the last writer's.
    let mut bytes = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for (at, (name, value)) in headers.iter().enumerate().rev() {
        if let Some(key) = names.iter().copied().find(|known| **name == **known)
            && !bytes.contains_key(key)
        {
            bytes.insert(key, value.as_ref());
            taken.insert(at);
        }
    }
    let others = headers.iter().enumerate();
    let others = others.filter(|(at, _)| !taken.contains(at));
    let others = others.map(|(_, header)| header.clone()).collect();
    Ok((Block { bytes }, others))
}

const fn value(key: &'static str) -> LetterError {
    LetterError::Value { key }
}

/// The class of errors where a writer names none.
const UNKNOWN: &str = "unknown";

const BROKER: [&str; 6] = [TOPIC, PARTITION, OFFSET, GROUP, DELIVERIES, MESSAGE];

// Kafka Connect, `DeadLetterQueueReporter` (KIP-298): text.
const CONNECT_TOPIC: &str = "__connect.errors.topic";
const CONNECT_PARTITION: &str = "__connect.errors.partition";
const CONNECT_OFFSET: &str = "__connect.errors.offset";
const CONNECT_NAME: &str = "__connect.errors.connector.name";
const CONNECT_CLASS: &str = "__connect.errors.exception.class.name";
const CONNECT_MESSAGE: &str = "__connect.errors.exception.message";
const CONNECT: [&str; 10] = [
    CONNECT_TOPIC,
    CONNECT_PARTITION,
    CONNECT_OFFSET,
    CONNECT_NAME,
    "__connect.errors.task.id",
    "__connect.errors.stage",
    "__connect.errors.class.name",
    CONNECT_CLASS,
    CONNECT_MESSAGE,
    "__connect.errors.exception.stacktrace",
];

// Spring Kafka, `KafkaHeaders`.
const SPRING_TOPIC: &str = "kafka_dlt-original-topic";
const SPRING_PARTITION: &str = "kafka_dlt-original-partition";
const SPRING_OFFSET: &str = "kafka_dlt-original-offset";
const SPRING_TIMESTAMP: &str = "kafka_dlt-original-timestamp";
const SPRING_GROUP: &str = "kafka_dlt-original-consumer-group";
const SPRING_CLASS: &str = "kafka_dlt-exception-fqcn";
const SPRING_CAUSE: &str = "kafka_dlt-exception-cause-fqcn";
const SPRING_MESSAGE: &str = "kafka_dlt-exception-message";
const SPRING: [&str; 10] = [
    SPRING_TOPIC,
    SPRING_PARTITION,
    SPRING_OFFSET,
    SPRING_TIMESTAMP,
    "kafka_dlt-original-timestamp-type",
    SPRING_GROUP,
    SPRING_CLASS,
    SPRING_CAUSE,
    SPRING_MESSAGE,
    "kafka_dlt-exception-stacktrace",
];
