#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod date;
mod disclosure;
mod encode;
mod format;
mod headers;
mod label;
mod letter;
mod object;
mod read;
mod read_record;
mod record;
mod redrive;
mod shapes;
mod text;

pub use date::{parse_rfc3339, rfc3339};
pub use disclosure::Disclosure;
pub use encode::{
    ENCODED_BYTES_DEFAULT, ENDS_BYTES, EncodedRecord, REDUCED_BYTES_MAX, RejectedRecord,
    TEXT_BYTES_MAX, VERSION,
};
pub use format::LetterFormat;
pub use letter::{
    DeadLetter, LETTER_BYTES_DEFAULT, LetterError, LetterShape, Payload, Provenance, Source,
};
pub use record::{Header, KafkaRecord};
pub use redrive::{
    LetterPlace, REDRIVES, Redrive, RedriveOptions, RedriveOutcome, RedriveReport, RedriveStep,
    Redriven,
};
pub use shapes::KEY_VERSION;
