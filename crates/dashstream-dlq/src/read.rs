//! Reading the three shapes into one type.

use core::time::Duration;
use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dashstream_policy::{Backlog, Cause, Form, Offset};
use sha2::{Digest, Sha256};

use crate::date::parse_rfc3339;
use crate::letter::{DeadLetter, LetterError, LetterShape, Payload, Provenance, Source};
use crate::object;
use crate::shapes::{Library, Marks, Server, Versioned};
use crate::text::{unhex, unhex_list};
use crate::{Disclosure, ENDS_BYTES, VERSION};

impl DeadLetter {
    /// Reads the value of a record of a dead-letter topic, of one of the three JSON shapes, of at most
    /// `bytes_max` bytes.
    ///
    /// Takes at most twice the value's size of memory beyond the letter, and reads a whole payload
    /// once for its hash. The older shapes are frozen and a key that they do not have is refused;
    /// this crate's own may have grown keys within its version, and those are passed over.
    ///
    /// # Errors
    ///
    /// [`LetterError`] for what no writer of the shape writes, and for a letter that contradicts
    /// itself.
    pub fn read_json(value: &[u8], bytes_max: usize) -> Result<Self, LetterError> {
        if value.len() > bytes_max {
            return Err(LetterError::TooLarge {
                len: value.len(),
                limit: bytes_max,
            });
        }
        // The text is read twice, first for the shape alone. serde's `untagged` would try one struct after
        // the other on a copy of everything, and could not say which key is wrong.
        let marks: Marks = object::read(value)?;
        // The version first, since this crate's shape has the keys that tell the older two as well.
        let letter = match marks.envelope_version {
            Some(VERSION) => versioned(object::read(value)?),
            Some(found) => Err(LetterError::Version { found }),
            None if marks.source_topic.is_some() => library(object::read(value)?),
            None if marks.kafka_partition.is_some() => server(object::read(value)?),
            None => Err(LetterError::UnknownShape),
        }?;
        letter.agrees()?;
        Ok(letter)
    }

    /// Compares what the letter says of the payload with the payload, as far as it is here.
    pub(crate) fn agrees(&self) -> Result<(), LetterError> {
        // A size beyond `usize` is larger than anything that is here, and no whole payload has it.
        let size = usize::try_from(self.size).ok();
        let ends = self.first.len().max(self.last.len());
        if size.is_some_and(|size| ends > size) {
            return contradiction("message_size");
        }
        let bytes = match &self.payload {
            Payload::Null | Payload::Withheld => return Ok(()),
            Payload::Beginning(bytes) => {
                if size.is_some_and(|size| bytes.len() >= size) {
                    return contradiction("original_payload_included_bytes");
                }
                // The hash and the last bytes are of the whole payload: a part cannot be compared with them.
                let common = bytes.len().min(self.first.len());
                if bytes.get(..common) != self.first.get(..common) {
                    return contradiction("original_payload_base64");
                }
                return Ok(());
            }
            Payload::Whole(bytes) => bytes,
        };
        // Before the hash, which is the only comparison that reads the whole payload.
        if Some(bytes.len()) != size
            || !bytes.starts_with(&self.first)
            || !bytes.ends_with(&self.last)
        {
            return contradiction("original_payload_base64");
        }
        match self.sha256 {
            Some(sha256) if sha256.as_slice() != Sha256::digest(bytes).as_slice() => {
                contradiction("payload_sha256")
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn library(keys: Library) -> Result<DeadLetter, LetterError> {
    let bytes = base64(&keys.original_payload_base64)?;
    let cut = Cut {
        truncated: keys.original_payload_truncated,
        size: keys.original_payload_size_bytes,
        included: keys.original_payload_included_bytes,
        sha256: keys.original_payload_sha256.as_deref(),
    };
    let (size, payload) = cut.of(bytes)?;
    let key = "original_payload_sha256";
    // The writer has the hash with every payload that it cuts: nothing else tells the record by then.
    if cut.truncated.is_some() && cut.sha256.is_none() {
        return Err(LetterError::Missing { key });
    }
    Ok(DeadLetter {
        trace_id: keys.trace_id,
        at: time(&keys.timestamp)?,
        error: keys.error,
        error_type: keys.error_type,
        source: Source {
            topic: Some(keys.source_topic),
            ..source(keys.source_partition, keys.source_offset, SOURCE_KEYS)?
        },
        payload,
        size,
        sha256: hash(key, cut.sha256)?,
        consumer_id: Some(keys.consumer_id),
        thread_id: keys.thread_id,
        tenant_id: keys.tenant_id,
        node_id: keys.node_id,
        parent_trace_id: keys.parent_trace_id,
        span_id: keys.span_id,
        ..DeadLetter::blank(LetterShape::Library)
    })
}

fn server(keys: Server) -> Result<DeadLetter, LetterError> {
    let payload = match &keys.original_payload_base64 {
        Some(text) => Payload::Whole(base64(text)?.into()),
        None => Payload::Withheld,
    };
    Ok(DeadLetter {
        trace_id: keys.trace_id,
        at: time(&keys.timestamp)?,
        error: keys.error,
        error_type: keys.error_type,
        source: source(keys.kafka_partition, keys.kafka_offset, KAFKA_KEYS)?,
        payload,
        size: keys.message_size,
        sha256: hash("payload_sha256", Some(&keys.payload_sha256))?,
        first: end("first_bytes_hex", &keys.first_bytes_hex)?,
        last: end("last_bytes_hex", &keys.last_bytes_hex)?,
        message_count: Some(keys.message_count),
        thread_id: keys.thread_id,
        tenant_id: keys.tenant_id,
        ..DeadLetter::blank(LetterShape::Server)
    })
}

fn versioned(keys: Versioned<'_>) -> Result<DeadLetter, LetterError> {
    let place = source(keys.source_partition, keys.source_offset, SOURCE_KEYS)?;
    // The place is there twice, for the readers of either older shape.
    if place != source(keys.kafka_partition, keys.kafka_offset, KAFKA_KEYS)? {
        return contradiction("kafka_offset");
    }
    let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
    let mut letter = DeadLetter {
        trace_id: keys.trace_id.into_owned(),
        at: time(&keys.timestamp)?,
        error: keys.error.into_owned(),
        error_type: keys.error_type.into_owned(),
        source: Source {
            topic: Some(keys.source_topic.into_owned()),
            ..place
        },
        payload: Payload::Withheld,
        size: keys.message_size,
        sha256: hash("payload_sha256", keys.payload_sha256.as_deref())?,
        first: end("first_bytes_hex", &keys.first_bytes_hex)?,
        last: end("last_bytes_hex", &keys.last_bytes_hex)?,
        consumer_id: Some(keys.consumer_id.into_owned()),
        message_count: Some(keys.message_count),
        thread_id: owned(keys.thread_id),
        tenant_id: owned(keys.tenant_id),
        node_id: owned(keys.node_id),
        parent_trace_id: owned(keys.parent_trace_id),
        span_id: owned(keys.span_id),
        timestamp_ms: keys.record_timestamp_ms,
        ..DeadLetter::blank(LetterShape::Versioned(keys.envelope_version))
    };
    let ends = [
        ("payload_first_hex", keys.payload_first_hex, &letter.first),
        ("payload_last_hex", keys.payload_last_hex, &letter.last),
    ];
    for (key, text, listed) in ends {
        // Null where no ends are shown. `discloses` checks the lists against the disclosure.
        let Some(text) = text else { continue };
        if unhex(&text).ok_or(LetterError::Value { key })? != *listed {
            return contradiction(key);
        }
    }
    let mut provenance = Provenance {
        cause: one_of("cause", &keys.cause, &Cause::ALL, Cause::label)?,
        backlog: one_of("age", &keys.age, &Backlog::ALL, Backlog::label)?,
        form: one_of("form", &keys.form, &Form::ALL, Form::label)?,
        disclosure: one_of(
            "disclosure",
            &keys.disclosure,
            &Disclosure::ALL,
            Disclosure::label,
        )?,
        attempt: keys.attempt,
        assignment_epoch: keys.assignment_epoch,
        engine_version: keys.engine_version.into_owned(),
    };
    let body = keys.original_payload_base64.as_deref();
    // Before the payload is decoded: a letter that shows too much is refused for that.
    discloses(&letter, &provenance, body.is_some(), keys.payload_is_null)?;
    if keys.payload_is_null {
        letter.payload = Payload::Null;
    } else if let Some(text) = body {
        let cut = Cut {
            truncated: keys.original_payload_truncated,
            size: keys.original_payload_size_bytes,
            included: keys.original_payload_included_bytes,
            sha256: keys.original_payload_sha256.as_deref(),
        };
        let (size, payload) = cut.of(base64(text)?)?;
        // `Cut::of` counts a payload that is not cut, and takes the size of one that is from its own key.
        if size != letter.size {
            return contradiction("message_size");
        }
        match (&payload, provenance.form) {
            // Earlier releases called a cut letter a full one.
            (Payload::Beginning(_), _) => provenance.form = Form::Reduced,
            (_, Form::Full) => {}
            (_, Form::Reduced) => return contradiction("form"),
        }
        letter.payload = payload;
        let key = "original_payload_sha256";
        // Both are hashes of the whole payload: the second is there for readers of the library's shape.
        if cut.sha256.is_some() && hash(key, cut.sha256)? != letter.sha256 {
            return contradiction(key);
        }
    }
    letter.provenance = Some(provenance);
    Ok(letter)
}

/// Refuses a letter that shows more than its disclosure allows, or that shows anything of a record
/// without a value.
fn discloses(
    letter: &DeadLetter,
    provenance: &Provenance,
    has_body: bool,
    is_null: bool,
) -> Result<(), LetterError> {
    let disclosure = provenance.disclosure;
    let has_ends = !letter.first.is_empty() || !letter.last.is_empty();
    let ids = [
        &letter.thread_id,
        &letter.tenant_id,
        &letter.node_id,
        &letter.parent_trace_id,
        &letter.span_id,
    ];
    let has_ids = ids.into_iter().any(Option::is_some);
    let too_much = (has_body && disclosure < Disclosure::Full)
        || ((has_ends || has_ids) && disclosure < Disclosure::Truncated)
        || (letter.sha256.is_some() && disclosure < Disclosure::Hashed);
    if too_much {
        return contradiction("disclosure");
    }
    if is_null && (has_body || has_ends || letter.sha256.is_some() || letter.size > 0) {
        return contradiction("payload_is_null");
    }
    Ok(())
}

const SOURCE_KEYS: [&str; 2] = ["source_partition", "source_offset"];
const KAFKA_KEYS: [&str; 2] = ["kafka_partition", "kafka_offset"];

/// The partition and the offset under these keys; -1 is what writers without one write.
fn source(partition: i32, at: i64, keys: [&'static str; 2]) -> Result<Source, LetterError> {
    let [partition_key, key] = keys;
    if partition < -1 {
        return Err(LetterError::Value { key: partition_key });
    }
    let offset = match at {
        -1 => None,
        _ => Some(Offset::new(at).map_err(|_| LetterError::Value { key })?),
    };
    Ok(Source {
        topic: None,
        partition: (partition >= 0).then_some(partition),
        offset,
    })
}

/// What a letter says of a payload that was cut.
struct Cut<'a> {
    truncated: Option<bool>,
    size: Option<u64>,
    included: Option<u64>,
    sha256: Option<&'a str>,
}

impl Cut<'_> {
    /// The size of a payload, and whether the bytes that are here are all of it.
    fn of(&self, bytes: Vec<u8>) -> Result<(u64, Payload), LetterError> {
        let said = [
            ("original_payload_size_bytes", self.size.is_some()),
            ("original_payload_included_bytes", self.included.is_some()),
            ("original_payload_sha256", self.sha256.is_some()),
        ];
        match self.truncated {
            Some(true) => {}
            // A writer leaves the key out of a letter that is not cut.
            Some(false) => {
                let key = "original_payload_truncated";
                return Err(LetterError::Value { key });
            }
            // Without the flag the other keys of a cut leave open whether the payload is all of it.
            None => {
                return match said.into_iter().find(|(_, said)| *said) {
                    Some((key, _)) => contradiction(key),
                    None => Ok((bytes.len() as u64, Payload::Whole(bytes.into()))),
                };
            }
        }
        let key = "original_payload_included_bytes";
        if self.included.ok_or(LetterError::Missing { key })? != bytes.len() as u64 {
            return contradiction(key);
        }
        let key = "original_payload_size_bytes";
        let size = self.size.ok_or(LetterError::Missing { key })?;
        Ok((size, Payload::Beginning(bytes.into())))
    }
}

pub(crate) const fn contradiction<T>(key: &'static str) -> Result<T, LetterError> {
    Err(LetterError::Contradiction { key })
}

fn time(text: &str) -> Result<Duration, LetterError> {
    let key = "timestamp";
    parse_rfc3339(text).ok_or(LetterError::Value { key })
}

/// The value whose word `text` is.
pub(crate) fn one_of<T: Copy>(
    key: &'static str,
    text: &str,
    all: &[T],
    label: fn(T) -> &'static str,
) -> Result<T, LetterError> {
    let found = all.iter().copied().find(|value| label(*value) == text);
    found.ok_or(LetterError::Value { key })
}

/// An end of a payload in the spelling of lists.
fn end(key: &'static str, text: &str) -> Result<Vec<u8>, LetterError> {
    // No writer shows more, and a longer end could show a payload that is withheld.
    let bytes = unhex_list(text).filter(|bytes| bytes.len() <= ENDS_BYTES);
    bytes.ok_or(LetterError::Value { key })
}

pub(crate) fn hash(key: &'static str, text: Option<&str>) -> Result<Option<[u8; 32]>, LetterError> {
    let bytes = |text| unhex(text).and_then(|bytes| bytes.try_into().ok());
    text.map(|text| bytes(text).ok_or(LetterError::Value { key }))
        .transpose()
}

fn base64(text: &str) -> Result<Vec<u8>, LetterError> {
    // This engine refuses missing padding and stray last bits: a payload has one text only.
    STANDARD.decode(text).map_err(|_| LetterError::Value {
        key: "original_payload_base64",
    })
}
