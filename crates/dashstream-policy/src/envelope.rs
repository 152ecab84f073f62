//! The dead-letter record: what the archive gets to see of a record that cannot be processed.
//!
//! The value is one JSON object that is a superset of both shapes which existing consumers write: the
//! one with `source_topic` and `original_payload_base64`, and the one with `kafka_partition` and
//! `payload_sha256`. [`KEY_VERSION`] tells it from either. The record key is the trace id, which
//! the host gives: the engine draws no random numbers.
//!
//! [`DeadLetter::read`] reads all three shapes into one type, strictly, so that one tool serves an
//! archive with a history.
//!
//! How much of the payload leaves the process is a type ([`Envelope<P>`](Envelope)), or a value for
//! configuration ([`Disclosure`]). What may be disclosed is cut to the byte budget, never refused:
//! only a budget that is too small for an envelope without any payload is an error.

mod dates;
mod fields;
mod letter;
mod privacy;
mod read;
mod scan;
mod text;
mod write;

pub use fields::KEY_VERSION;
pub use letter::{
    DeadLetter, LETTER_BYTES_DEFAULT, LetterError, Payload, Provenance, Shape, Source,
};
pub use privacy::{Disclosure, Full, Hashed, Nothing, Privacy, Truncated};
pub use write::{
    ENDS_BYTES, ENVELOPE_BYTES_DEFAULT, Envelope, EnvelopeError, REDUCED_BYTES_MAX, Sealed,
    Subject, TEXT_BYTES_MAX, VERSION,
};
