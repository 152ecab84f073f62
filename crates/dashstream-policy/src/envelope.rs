//! The dead-letter record: what the archive gets to see of a record.

mod privacy;
mod record;

pub use privacy::{Disclosure, Full, Hashed, Nothing, Privacy, Truncated};
pub use record::{
    ENVELOPE_BYTES_DEFAULT, Envelope, EnvelopeError, REDUCED_BYTES_MAX, Sealed, Subject,
};
