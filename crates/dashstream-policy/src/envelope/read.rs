//! Reading the three shapes into one type.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::{Age, Cause, Form, Offset};

use super::dates::parse_rfc3339;
use super::letter::{DeadLetter, LetterError, Payload, Provenance, Shape, Source};
use super::scan::Keys;
use super::text::{unhex, unhex_list};
use super::{Disclosure, ENDS_BYTES, KEY_VERSION, VERSION};

impl DeadLetter {
    /// Reads the value of an archived record, of any shape, of at most `bytes_max` bytes.
    ///
    /// Takes at most twice the value's size of memory beyond the letter, and reads a whole payload
    /// once for its hash. The older shapes are frozen and a key that they do not have is refused;
    /// this crate's own may have grown keys within its version, and those are passed over.
    ///
    /// # Errors
    ///
    /// [`LetterError`] for what no writer of the shape writes, and for a letter that contradicts
    /// itself.
    pub fn read(value: &[u8], bytes_max: usize) -> Result<Self, LetterError> {
        if value.len() > bytes_max {
            return Err(LetterError::TooLarge {
                len: value.len(),
                limit: bytes_max,
            });
        }
        let keys = Keys::scan(value)?;
        let letter = if keys.has(KEY_VERSION) {
            versioned(&keys)
        } else if keys.has("source_topic") {
            keys.only(LIBRARY)?;
            library(&keys)
        } else if keys.has("kafka_partition") {
            keys.only(SERVER)?;
            server(&keys)
        } else {
            Err(LetterError::UnknownShape)
        }?;
        letter.agrees()?;
        Ok(letter)
    }

    /// What every shape has.
    fn begin(keys: &Keys<'_>, shape: Shape) -> Result<Self, LetterError> {
        let owned = |text: &str| text.to_owned();
        let at = parse_rfc3339(keys.text("timestamp")?);
        Ok(Self {
            shape,
            trace_id: keys.text("trace_id").map(owned)?,
            at: at.ok_or(LetterError::Value { key: "timestamp" })?,
            error: keys.text("error").map(owned)?,
            error_type: keys.text("error_type").map(owned)?,
            source: Source::default(),
            payload: Payload::Withheld,
            size: 0,
            sha256: None,
            first: Vec::new(),
            last: Vec::new(),
            consumer_id: None,
            message_count: None,
            thread_id: None,
            tenant_id: None,
            node_id: None,
            parent_trace_id: None,
            span_id: None,
            provenance: None,
        })
    }

    /// Compares what the letter says of the payload with the payload, as far as it is here.
    fn agrees(&self) -> Result<(), LetterError> {
        let wrong = |key| Err(LetterError::Contradiction { key });
        let size = usize::try_from(self.size).ok();
        let ends = self.first.len().max(self.last.len());
        if size.is_some_and(|size| ends > size) {
            return wrong("message_size");
        }
        let bytes = match &self.payload {
            Payload::Null | Payload::Withheld => return Ok(()),
            Payload::Beginning(bytes) => {
                if size.is_some_and(|size| bytes.len() >= size) {
                    return wrong("original_payload_included_bytes");
                }
                let common = bytes.len().min(self.first.len());
                if bytes.get(..common) != self.first.get(..common) {
                    return wrong("original_payload_base64");
                }
                return Ok(());
            }
            Payload::Whole(bytes) => bytes,
        };
        if Some(bytes.len()) != size
            || !bytes.starts_with(&self.first)
            || !bytes.ends_with(&self.last)
        {
            return wrong("original_payload_base64");
        }
        match self.sha256 {
            Some(sha256) if sha256.as_slice() != Sha256::digest(bytes).as_slice() => {
                wrong("payload_sha256")
            }
            Some(_) | None => Ok(()),
        }
    }
}

const LIBRARY: &[&str] = &[
    "consumer_id",
    "error",
    "error_type",
    "node_id",
    "original_payload_base64",
    "original_payload_included_bytes",
    "original_payload_sha256",
    "original_payload_size_bytes",
    "original_payload_truncated",
    "parent_trace_id",
    "source_offset",
    "source_partition",
    "source_topic",
    "span_id",
    "tenant_id",
    "thread_id",
    "timestamp",
    "trace_id",
];

fn library(keys: &Keys<'_>) -> Result<DeadLetter, LetterError> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let mut letter = DeadLetter::begin(keys, Shape::Library)?;
    letter.source = source(keys, ["source_partition", "source_offset"])?;
    letter.source.topic = Some(keys.text("source_topic")?.to_owned());
    letter.consumer_id = Some(keys.text("consumer_id")?.to_owned());
    letter.thread_id = owned(keys.text_if_there("thread_id")?);
    letter.tenant_id = owned(keys.text_if_there("tenant_id")?);
    letter.node_id = owned(keys.text_if_there("node_id")?);
    letter.parent_trace_id = owned(keys.text_if_there("parent_trace_id")?);
    letter.span_id = owned(keys.text_if_there("span_id")?);
    let bytes = base64(keys.text("original_payload_base64")?)?;
    (letter.size, letter.payload) = cut_or_whole(keys, bytes)?;
    if keys.has("original_payload_truncated") {
        letter.sha256 = Some(sha256(keys, "original_payload_sha256")?);
    }
    Ok(letter)
}

const SERVER: &[&str] = &[
    "error",
    "error_type",
    "first_bytes_hex",
    "kafka_offset",
    "kafka_partition",
    "last_bytes_hex",
    "message_count",
    "message_size",
    "original_payload_base64",
    "payload_sha256",
    "payload_truncation_note",
    "tenant_id",
    "thread_id",
    "timestamp",
    "trace_id",
];

fn server(keys: &Keys<'_>) -> Result<DeadLetter, LetterError> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let mut letter = DeadLetter::begin(keys, Shape::Server)?;
    letter.source = source(keys, ["kafka_partition", "kafka_offset"])?;
    letter.message_count = Some(keys.number("message_count")?);
    letter.size = keys.number("message_size")?;
    letter.sha256 = Some(sha256(keys, "payload_sha256")?);
    letter.thread_id = owned(keys.text_or_nothing("thread_id")?);
    letter.tenant_id = owned(keys.text_or_nothing("tenant_id")?);
    keys.nullable_text("payload_truncation_note")?;
    (letter.first, letter.last) = listed_ends(keys)?;
    if let Some(text) = keys.nullable_text("original_payload_base64")? {
        letter.payload = Payload::Whole(base64(text)?);
    }
    Ok(letter)
}

fn versioned(keys: &Keys<'_>) -> Result<DeadLetter, LetterError> {
    let found = keys.number(KEY_VERSION)?;
    if found != VERSION {
        return Err(LetterError::Version { found });
    }
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let mut letter = DeadLetter::begin(keys, Shape::Versioned(found))?;
    letter.source = source(keys, ["source_partition", "source_offset"])?;
    if letter.source != source(keys, ["kafka_partition", "kafka_offset"])? {
        return Err(LetterError::Contradiction {
            key: "kafka_offset",
        });
    }
    letter.source.topic = Some(keys.text("source_topic")?.to_owned());
    letter.consumer_id = Some(keys.text("consumer_id")?.to_owned());
    letter.message_count = Some(keys.number("message_count")?);
    letter.size = keys.number("message_size")?;
    letter.thread_id = owned(keys.nullable_text("thread_id")?);
    letter.tenant_id = owned(keys.nullable_text("tenant_id")?);
    letter.node_id = owned(keys.text_if_there("node_id")?);
    letter.parent_trace_id = owned(keys.text_if_there("parent_trace_id")?);
    letter.span_id = owned(keys.text_if_there("span_id")?);
    if keys.nullable_text("payload_sha256")?.is_some() {
        letter.sha256 = Some(sha256(keys, "payload_sha256")?);
    }
    let plain = |key| -> Result<Option<Vec<u8>>, LetterError> {
        let text = keys.nullable_text(key)?;
        text.map(|text| unhex(text).ok_or(LetterError::Value { key }))
            .transpose()
    };
    let (first, last) = (plain("payload_first_hex")?, plain("payload_last_hex")?);
    (letter.first, letter.last) = listed_ends(keys)?;
    let same = first.as_ref().is_none_or(|first| *first == letter.first)
        && last.as_ref().is_none_or(|last| *last == letter.last);
    if !same {
        return Err(LetterError::Contradiction {
            key: "payload_first_hex",
        });
    }
    keys.nullable_text("payload_truncation_note")?;
    let mut provenance = Provenance {
        cause: keys.one_of("cause", &Cause::ALL, Cause::label)?,
        age: keys.one_of("age", &Age::ALL, Age::label)?,
        form: keys.one_of("form", &Form::ALL, Form::label)?,
        disclosure: keys.one_of("disclosure", &Disclosure::ALL, Disclosure::label)?,
        attempt: keys.number("attempt")?,
        assignment_epoch: keys.number("assignment_epoch")?,
        record_timestamp_ms: keys.nullable_number("record_timestamp_ms")?,
        engine_version: keys.text("engine_version")?.to_owned(),
    };
    let body = keys.nullable_text("original_payload_base64")?;
    let is_null = keys.flag("payload_is_null")?;
    discloses(&letter, &provenance, body.is_some(), is_null)?;
    if is_null {
        letter.payload = Payload::Null;
    } else if let Some(text) = body {
        let (size, payload) = cut_or_whole(keys, base64(text)?)?;
        if size != letter.size {
            return Err(LetterError::Contradiction {
                key: "message_size",
            });
        }
        match (&payload, provenance.form) {
            // Earlier releases called a cut envelope a full one.
            (Payload::Beginning(_), _) => provenance.form = Form::Reduced,
            (_, Form::Full) => {}
            (_, Form::Reduced) => return Err(LetterError::Contradiction { key: "form" }),
        }
        letter.payload = payload;
        if keys.text_if_there("original_payload_sha256")?.is_some()
            && Some(sha256(keys, "original_payload_sha256")?) != letter.sha256
        {
            return Err(LetterError::Contradiction {
                key: "original_payload_sha256",
            });
        }
    }
    letter.provenance = Some(provenance);
    Ok(letter)
}

/// Refuses an envelope that shows more than it says it may, or anything of a value that is not.
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
        return Err(LetterError::Contradiction { key: "disclosure" });
    }
    if is_null && (has_body || has_ends || letter.sha256.is_some() || letter.size > 0) {
        return Err(LetterError::Contradiction {
            key: "payload_is_null",
        });
    }
    Ok(())
}

/// The partition and the offset under these keys; -1 is what writers without one write.
fn source(keys: &Keys<'_>, [partition, offset]: [&'static str; 2]) -> Result<Source, LetterError> {
    let number: i32 = keys.number(partition)?;
    let at: i64 = keys.number(offset)?;
    if number < -1 {
        return Err(LetterError::Value { key: partition });
    }
    let offset = match at {
        -1 => None,
        _ => Some(Offset::new(at).map_err(|_| LetterError::Value { key: offset })?),
    };
    Ok(Source {
        topic: None,
        partition: (number >= 0).then_some(number),
        offset,
    })
}

/// The size of a payload, and whether the bytes that are here are all of it.
fn cut_or_whole(keys: &Keys<'_>, bytes: Vec<u8>) -> Result<(u64, Payload), LetterError> {
    let key = "original_payload_truncated";
    if !keys.has(key) {
        for key in [
            "original_payload_size_bytes",
            "original_payload_included_bytes",
            "original_payload_sha256",
        ] {
            if keys.has(key) {
                return Err(LetterError::Contradiction { key });
            }
        }
        return Ok((bytes.len() as u64, Payload::Whole(bytes)));
    }
    if !keys.flag(key)? {
        return Err(LetterError::Value { key });
    }
    let included: u64 = keys.number("original_payload_included_bytes")?;
    if included != bytes.len() as u64 {
        return Err(LetterError::Contradiction {
            key: "original_payload_included_bytes",
        });
    }
    let size = keys.number("original_payload_size_bytes")?;
    Ok((size, Payload::Beginning(bytes)))
}

/// The ends of a payload in the spelling of lists.
fn listed_ends(keys: &Keys<'_>) -> Result<(Vec<u8>, Vec<u8>), LetterError> {
    let end = |key| {
        let bytes = unhex_list(keys.text(key)?);
        bytes
            .filter(|bytes| bytes.len() <= ENDS_BYTES)
            .ok_or(LetterError::Value { key })
    };
    Ok((end("first_bytes_hex")?, end("last_bytes_hex")?))
}

fn sha256(keys: &Keys<'_>, key: &'static str) -> Result<[u8; 32], LetterError> {
    let bytes = unhex(keys.text(key)?).and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or(LetterError::Value { key })
}

fn base64(text: &str) -> Result<Vec<u8>, LetterError> {
    STANDARD.decode(text).map_err(|_| LetterError::Value {
        key: "original_payload_base64",
    })
}
