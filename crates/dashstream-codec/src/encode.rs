//! Messages in, records out.

use alloc::vec::Vec;

use dashstream_zstd::{CompressError, Level};

use crate::admit;
use crate::content::{self, SHARED_HEADER_BYTES};
use crate::error::{DecodeError, EncodeError};
use crate::frame::{Encoding, RAW, ZSTD};
use crate::limits::DecodeLimits;
use crate::options::EncodeOptions;
use crate::shape::HEAP_PER_BYTE_MAX;
use crate::stats::PayloadStats;
use crate::v1::dash_stream_message::Message;
use crate::v1::{CompressionType, Header};
use crate::validate::validate;

/// Writes records, and keeps its buffers between them.
#[derive(Debug)]
pub struct Encoder {
    options: EncodeOptions,
    zstd: dashstream_zstd::Encoder,
    /// A frame byte and the payload.
    raw: Vec<u8>,
    compressed: Vec<u8>,
    /// The headers' flags as the message came with them.
    flags: Vec<i32>,
}

/// A record that was written, in the encoder's buffer until the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Encoded<'a> {
    /// The record.
    pub record: &'a [u8],
    /// The size of the protobuf payload before compression.
    pub payload_bytes: usize,
    /// Whether the payload is compressed, and why not.
    pub compression: Compression,
}

/// Whether a payload is compressed, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a producer counts each of these")]
pub enum Compression {
    /// It is compressed.
    Kept,
    /// Compression is off, or the payload is not above the threshold.
    NotTried,
    /// Compressed it would not have been smaller, so that it is stored raw.
    NotSmaller,
    /// The compressor failed, so that it is stored raw; or the [reader](EncodeOptions::with_reader) would
    /// refuse the frame, for its window, say, and takes the payload raw.
    Failed(CompressError),
}

impl Encoder {
    /// An encoder that writes with `options`.
    #[must_use]
    pub fn new(options: EncodeOptions) -> Self {
        let zstd = dashstream_zstd::Encoder::new(Level::DEFAULT)
            .with_reader(content::limits(options.reader.limits()));
        Self {
            options,
            zstd,
            raw: Vec::new(),
            compressed: Vec::new(),
            flags: Vec::new(),
        }
    }

    /// Writes one message. Its headers' `compression` is set to what the record's frame byte says,
    /// those of a batch's events included; nothing else of it is changed, and nothing is left out.
    ///
    /// The flag stands inside of what it describes, so that it is set before the one serialisation.
    /// Only when a payload above the threshold turns out not to shrink, it is serialised again.
    ///
    /// Whatever is written is accepted by a decoder with the options that the
    /// [reader](EncodeOptions::with_reader) has. A payload that may be over a limit is walked as the
    /// decoder would; below 200 KiB no payload is over the default limits, and none is.
    ///
    /// # Errors
    ///
    /// What would not be accepted or could not be routed, as an [`EncodeError`]. Nothing is written
    /// then, and nothing is changed.
    pub fn encode(&mut self, message: &mut Message) -> Result<Encoded<'_>, EncodeError> {
        validate(message, &self.options)?;
        // `write` sets the flags before it knows of an error, after which they are put back.
        self.flags.clear();
        self.flags
            .extend(headers(message).map(|header| header.compression));
        match self.write(message) {
            Ok(compression) => {
                let compressed = compression == Compression::Kept;
                Ok(Encoded {
                    record: if compressed {
                        &self.compressed
                    } else {
                        &self.raw
                    },
                    // `raw` holds the payload before compression in either case.
                    payload_bytes: self.payload().len(),
                    compression,
                })
            }
            Err(error) => {
                for (header, flag) in headers(message).zip(&self.flags) {
                    header.compression = *flag;
                }
                Err(error)
            }
        }
    }

    /// Writes the record into one of the two buffers.
    fn write(&mut self, message: &mut Message) -> Result<Compression, EncodeError> {
        // This flag is 0, which proto3 does not write: threshold and limit see the size of a raw record.
        mark(message, CompressionType::None);
        let len = message.encoded_len();
        self.within_limit(len)?;
        let mut reason = Compression::NotTried;
        if self.options.compress && len > self.options.threshold_bytes {
            mark(message, CompressionType::Zstd);
            self.serialise(message);
            // With this flag each header is longer, so that the payload may be over the limit only now.
            self.within_limit(self.payload().len())?;
            let payload = self.raw.get(1..).unwrap_or_default();
            match self.zstd.compress_into(payload, &mut self.compressed) {
                Ok(size) if size < payload.len() => {
                    // `compress_into` clears its buffer, so that the frame byte is put in front afterwards.
                    self.compressed.insert(0, ZSTD);
                    self.readable(Encoding::Zstd)?;
                    return Ok(Compression::Kept);
                }
                Ok(_) => reason = Compression::NotSmaller,
                Err(error) => reason = Compression::Failed(error),
            }
            // The payload in `raw` says zstd: it is serialised again with the right flag.
            mark(message, CompressionType::None);
        }
        self.serialise(message);
        self.readable(Encoding::Raw)?;
        Ok(reason)
    }

    /// Holds the record against its reader's options. What the payload may be is asked of the walk only
    /// where it could be over a limit.
    fn readable(&self, encoding: Encoding) -> Result<(), EncodeError> {
        let reader = &self.options.reader;
        let (limits, payload) = (reader.limits(), self.payload());
        let record = match encoding {
            Encoding::Raw => &self.raw,
            Encoding::Zstd => &self.compressed,
        };
        let (len, limit) = (record.len(), limits.record_bytes());
        if len > limit {
            return Err(DecodeError::RecordTooLarge { len, limit }.into());
        }
        admit::payload_size(payload, limits)?;
        // The walk is left out where no payload of this length is over a limit. A field takes at least two
        // bytes, and so does an element; `validate` has checked the versions, and the depth against its
        // maximum.
        let len = payload.len() as u64;
        if len
            .saturating_mul(HEAP_PER_BYTE_MAX)
            .saturating_add(SHARED_HEADER_BYTES)
            <= limits.heap_bytes()
            && len / 2 <= limits.fields().min(limits.elements()).into()
            && limits.depth() == DecodeLimits::DEPTH_MAX
        {
            return Ok(());
        }
        let mut stats = PayloadStats::default();
        admit::admit(payload, encoding, reader, &mut stats)?;
        Ok(())
    }

    fn serialise(&mut self, message: &Message) {
        self.raw.clear();
        self.raw.push(RAW);
        message.encode(&mut self.raw);
    }

    fn payload(&self) -> &[u8] {
        self.raw.get(1..).unwrap_or_default()
    }

    fn within_limit(&self, len: usize) -> Result<(), EncodeError> {
        let limit = self.options.payload_bytes;
        if len > limit {
            Err(EncodeError::PayloadTooLarge { len, limit })
        } else {
            Ok(())
        }
    }
}

/// Sets the flag of every header that says how this record is stored.
fn mark(message: &mut Message, compression: CompressionType) {
    headers(message).for_each(|header| header.set_compression(compression));
}

/// The message's header and those of a batch's events.
fn headers(message: &mut Message) -> impl Iterator<Item = &mut Header> {
    let (own, events) = if let Message::EventBatch(batch) = message {
        (batch.header.as_mut(), batch.events.as_mut_slice())
    } else {
        (message.header_mut(), &mut [][..])
    };
    let events = events.iter_mut().filter_map(|event| event.header.as_mut());
    own.into_iter().chain(events)
}
