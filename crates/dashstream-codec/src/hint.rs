//! What a record that was refused looks like: the mistakes that producers make.

use core::fmt;

use crate::frame::{Frame, RAW, ZSTD};
use crate::peek::Peek;

/// What a record that was refused looks like, for the person who looks for the producer's mistake.
///
/// A hint is a guess: nothing was decoded by it, and nothing is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Hint {
    /// A serializer for the Confluent Schema Registry wrote it: a zero byte, the schema's id and the
    /// indexes of the message stand in front.
    ConfluentPrefix {
        /// Where the message begins behind the prefix, in bytes.
        message_offset: usize,
    },
    /// The payload is compressed with gzip.
    Gzip,
    /// The payload is compressed with LZ4.
    Lz4,
    /// The record is text in base64.
    Base64,
    /// The record is JSON.
    Json,
    /// The record's bytes went through a string: each that is no UTF-8 was replaced.
    ThroughUtf8,
    /// The record was framed twice.
    DoubleFraming,
    /// Messages with their lengths in front, as written to streams.
    LengthDelimited,
    /// A message, or zstd, without frame byte in front.
    Unframed,
}

impl Hint {
    /// A stable name for logs and stored records.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::ConfluentPrefix { .. } => "confluent_prefix",
            Self::Gzip => "gzip",
            Self::Lz4 => "lz4",
            Self::Base64 => "base64",
            Self::Json => "json",
            Self::ThroughUtf8 => "through_utf8",
            Self::DoubleFraming => "double_framing",
            Self::LengthDelimited => "length_delimited",
            Self::Unframed => "unframed",
        }
    }

    /// What `record` looks like, `content` being what its payload was decompressed to.
    pub(crate) fn of(record: &[u8], content: Option<&[u8]>) -> Option<Self> {
        let payload = match record.split_first() {
            Some((&(RAW | ZSTD), payload)) => payload,
            Some(_) | None => record,
        };
        let inner = content.unwrap_or(payload);
        let framed = payload.len() < record.len();
        // The ones that can be told for certain first.
        if framed && is_framed(inner) {
            return Some(Self::DoubleFraming);
        }
        if let Some(message_offset) = behind_confluent(record) {
            return Some(Self::ConfluentPrefix { message_offset });
        }
        for bytes in [inner, payload] {
            match bytes {
                // gzip with deflate, its only method (RFC 1952); the magic number of an LZ4 frame.
                [0x1F, 0x8B, 0x08, ..] => return Some(Self::Gzip),
                [0x04, 0x22, 0x4D, 0x18, ..] => return Some(Self::Lz4),
                _ => {}
            }
        }
        if !framed && is_message_or_zstd(record) {
            return Some(Self::Unframed);
        }
        if is_delimited(inner) || is_delimited(record) {
            return Some(Self::LengthDelimited);
        }
        if is_json(inner) {
            return Some(Self::Json);
        }
        if went_through_utf8(record) {
            return Some(Self::ThroughUtf8);
        }
        is_base64(record).then_some(Self::Base64)
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::ConfluentPrefix { message_offset } => {
                return write!(
                    f,
                    "a Confluent Schema Registry prefix stands in front of the message at byte {message_offset}: \
                     produce without the registry's serializer"
                );
            }
            Self::Gzip => "compressed with gzip: only zstd behind the frame byte 01 is read",
            Self::Lz4 => "compressed with LZ4: only zstd behind the frame byte 01 is read",
            Self::Base64 => "text in base64: produce the bytes themselves",
            Self::Json => "JSON: produce protobuf",
            Self::ThroughUtf8 => {
                "the bytes went through a text string, which replaced some: use a byte-array serializer"
            }
            Self::DoubleFraming => "framed twice: two producers' layers each add the frame byte",
            Self::LengthDelimited => {
                "messages with their lengths in front: produce one message a record, without length"
            }
            Self::Unframed => "no frame byte in front: read it with compatible framing",
        };
        f.write_str(text)
    }
}

/// Whether bytes are a frame byte and what belongs behind it.
fn is_framed(bytes: &[u8]) -> bool {
    match bytes {
        [RAW, payload @ ..] => is_message(payload),
        [ZSTD, payload @ ..] => payload.starts_with(&ZSTD_MAGIC),
        _ => false,
    }
}

fn is_message(bytes: &[u8]) -> bool {
    Peek::of_payload(bytes, FIELDS_MAX).is_ok()
}

fn is_message_or_zstd(bytes: &[u8]) -> bool {
    Frame::parse(bytes, true).is_ok() && (bytes.starts_with(&ZSTD_MAGIC) || is_message(bytes))
}

/// Where a message begins behind a prefix of the registry: a zero byte, four of the schema's id, then how
/// many indexes there are and the indexes, as zigzag varints; a single 0 stands for one index of 0.
///
/// Registries count from 1 or 100,001, so that an id's first byte is 0, which no message begins with.
fn behind_confluent(record: &[u8]) -> Option<usize> {
    let ([RAW, 0, _, _, _], indexes) = record.split_first_chunk()? else {
        return None;
    };
    let (&count, mut rest) = indexes.split_first()?;
    // Zigzag doubles a number; messages are seldom nested more than a few deep.
    for _ in 0..count.min(8) / 2 {
        let (_, behind) = rest.split_first()?;
        rest = behind;
    }
    let found = is_message_or_zstd(rest) || is_framed(rest);
    found.then(|| record.len().saturating_sub(rest.len()))
}

/// Whether bytes are messages, each with its length in front, and nothing else.
fn is_delimited(bytes: &[u8]) -> bool {
    let mut input = crate::wire::Input::new(bytes);
    let mut messages = 0_u32;
    while !input.is_empty() {
        match input.bytes() {
            Ok(message) if is_message(message) => messages = messages.saturating_add(1),
            Ok(_) | Err(_) => return false,
        }
    }
    messages > 0
}

fn is_json(bytes: &[u8]) -> bool {
    // Its ends only: a hint is not worth parsing the record.
    matches!(bytes.trim_ascii(), [b'{', .., b'}'] | [b'[', .., b']'])
        && core::str::from_utf8(bytes).is_ok()
}

/// Whether a record is text in which bytes were replaced by U+FFFD, or each by the letter of its number.
fn went_through_utf8(record: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(record) else {
        return false;
    };
    // Each byte as the letter of its number in Latin-1: the magic number of zstd begins so.
    let magic = text.trim_start_matches(['\0', '\u{1}']);
    text.contains('\u{FFFD}') || magic.starts_with("(\u{B5}/\u{FD}")
}

/// Whether a record is base64, with either alphabet, of something that is framed.
fn is_base64(record: &[u8]) -> bool {
    let text = match record.trim_ascii() {
        [b'"', text @ .., b'"'] => text,
        text => text,
    };
    let is_digit = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
    };
    // Two digits hold the first byte and half of the second: 00 and a message's key, 0A to 4A, or 01 and
    // zstd's 28.
    let begins = matches!(text, [b'A', b'A'..=b'E' | b'S', ..]);
    begins && text.len() >= 8 && text.iter().all(is_digit)
}

/// The magic number of a zstd frame.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// How many fields are read for a guess.
const FIELDS_MAX: u32 = 10_000;
