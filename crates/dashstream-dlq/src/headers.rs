//! A letter that is the record: the headers that say what is known about the failure.
//!
//! The record's own headers come first, whatever their names; the block that is added follows, from
//! [`TOPIC`] to [`VERSION_HEADER`]. So a source that already carries such names is told from the
//! letter by position alone, and nothing of it has to be renamed.

use std::borrow::Cow;

use dashstream_policy::{Form, Offset};
use sha2::{Digest, Sha256};

use crate::date::rfc3339;
use crate::encode::{EncodeError, EncodedRecord, RejectedRecord};
use crate::letter::{Source, identity};
use crate::record::header_bytes;
use crate::text::{cut, hex};
use crate::{Disclosure, REDUCED_BYTES_MAX, TEXT_BYTES_MAX, VERSION};

// KIP-1191; all values are text.
pub(crate) const TOPIC: &str = "__dlq.errors.topic";
pub(crate) const PARTITION: &str = "__dlq.errors.partition";
pub(crate) const OFFSET: &str = "__dlq.errors.offset";
pub(crate) const GROUP: &str = "__dlq.errors.group";
pub(crate) const DELIVERIES: &str = "__dlq.errors.delivery.count";
pub(crate) const MESSAGE: &str = "__dlq.errors.message";

pub(crate) const CAUSE: &str = "dashstream.dlq.cause";
pub(crate) const ERROR_TYPE: &str = "dashstream.dlq.error_type";
pub(crate) const DETAIL: &str = "dashstream.dlq.detail";
pub(crate) const TRACE_ID: &str = "dashstream.dlq.trace_id";
pub(crate) const REJECTED_AT: &str = "dashstream.dlq.rejected_at";
pub(crate) const CONSUMER: &str = "dashstream.dlq.consumer";
pub(crate) const AGE: &str = "dashstream.dlq.age";
pub(crate) const ASSIGNMENT: &str = "dashstream.dlq.assignment";
/// The source's own time: a topic may be set to stamp what is appended.
pub(crate) const TIMESTAMP: &str = "dashstream.dlq.timestamp";
/// Not there for a record without a value: that tells it from one whose value is withheld.
pub(crate) const SIZE: &str = "dashstream.dlq.size";
pub(crate) const SHA256: &str = "dashstream.dlq.sha256";
pub(crate) const THREAD_ID: &str = "dashstream.dlq.thread_id";
pub(crate) const TENANT_ID: &str = "dashstream.dlq.tenant_id";
pub(crate) const NODE_ID: &str = "dashstream.dlq.node_id";
pub(crate) const PARENT_TRACE_ID: &str = "dashstream.dlq.parent_trace_id";
pub(crate) const SPAN_ID: &str = "dashstream.dlq.span_id";
/// [`crate::DeadLetter::identity`]: what names the place is not changed by accident.
pub(crate) const IDENTITY: &str = "dashstream.dlq.identity";
pub(crate) const DISCLOSURE: &str = "dashstream.dlq.disclosure";
pub(crate) const FORM: &str = "dashstream.dlq.form";
pub(crate) const WRITER: &str = "dashstream.dlq.writer";
/// Always the last of the block.
pub(crate) const VERSION_HEADER: &str = "dashstream.dlq.version";

/// Every name that the block may have.
pub(crate) const NAMES: [&str; 27] = [
    TOPIC,
    PARTITION,
    OFFSET,
    GROUP,
    DELIVERIES,
    MESSAGE,
    CAUSE,
    ERROR_TYPE,
    DETAIL,
    TRACE_ID,
    REJECTED_AT,
    CONSUMER,
    AGE,
    ASSIGNMENT,
    TIMESTAMP,
    SIZE,
    SHA256,
    THREAD_ID,
    TENANT_ID,
    NODE_ID,
    PARENT_TRACE_ID,
    SPAN_ID,
    IDENTITY,
    DISCLOSURE,
    FORM,
    WRITER,
    VERSION_HEADER,
];

impl<'a> RejectedRecord<'a> {
    /// Writes the letter that is the record, or where it does not fit or may not be shown, one that
    /// only names its source.
    pub(crate) fn encode_record(
        &self,
        disclosure: Disclosure,
        form: Form,
        bytes_max: usize,
    ) -> Result<EncodedRecord<'a>, EncodeError> {
        let shows = disclosure == Disclosure::Full && form == Form::Full;
        let full = self.block(disclosure, Form::Full);
        let source = self
            .headers
            .iter()
            .map(|(name, value)| header_bytes(name, value.as_ref().map_or(0, bytes::Bytes::len)));
        let own = |block: &[(&str, String)]| {
            let sizes = block
                .iter()
                .map(|(name, value)| header_bytes(name, value.len()));
            sizes.fold(0, usize::saturating_add)
        };
        let parts = [self.key, self.payload].map(|part| part.map_or(0, <[u8]>::len));
        let needed = parts.into_iter().chain(source);
        let needed = needed.fold(own(&full), usize::saturating_add);
        let timestamp_ms = self.timestamp_ms.filter(|ms| {
            // Brokers refuse what is ahead of their clock; the header has it all the same.
            u128::try_from(*ms).is_ok_and(|ms| ms <= self.at.as_millis())
        });
        if shows && needed <= bytes_max {
            return Ok(EncodedRecord {
                key: self.key.map(Cow::Borrowed),
                value: self.payload.map(Cow::Borrowed),
                source_headers: self.headers,
                own_headers: full,
                timestamp_ms,
                form: Form::Full,
            });
        }
        let block = self.block(disclosure, Form::Reduced);
        let (needed, limit) = (own(&block), bytes_max.min(REDUCED_BYTES_MAX));
        if needed > limit {
            return Err(EncodeError::Budget { needed, limit });
        }
        Ok(EncodedRecord {
            key: None,
            value: None,
            source_headers: &[],
            own_headers: block,
            timestamp_ms,
            form: Form::Reduced,
        })
    }

    fn block(&self, disclosure: Disclosure, form: Form) -> Vec<(&'static str, String)> {
        let text = |text: &str| cut(text, TEXT_BYTES_MAX).to_owned();
        let id = |id: Option<&str>| id.filter(|_| disclosure == Disclosure::Full).map(text);
        let hashed = self.payload.filter(|_| disclosure >= Disclosure::Hashed);
        let (topic, group) = (text(self.topic), text(self.group));
        let sha256 = hashed.map(|bytes| Sha256::digest(bytes).into());
        let identity = identity(
            &group,
            &Source {
                topic: Some(topic.clone()),
                partition: Some(self.partition),
                offset: Offset::new(self.offset).ok(),
            },
            "",
            self.timestamp_ms,
            self.payload.map_or(0, <[u8]>::len) as u64,
            sha256.as_ref(),
        );
        let headers = [
            (TOPIC, Some(topic)),
            (PARTITION, Some(self.partition.to_string())),
            (OFFSET, Some(self.offset.to_string())),
            (GROUP, Some(group)),
            (DELIVERIES, Some(self.attempt.to_string())),
            (MESSAGE, Some(self.error().into_owned())),
            (CAUSE, Some(self.cause.label().to_owned())),
            (ERROR_TYPE, Some(self.cause.error_type().to_owned())),
            (DETAIL, self.detail.map(text)),
            (TRACE_ID, Some(text(self.trace_id))),
            (REJECTED_AT, Some(rfc3339(self.at))),
            (CONSUMER, Some(text(self.consumer_id))),
            (AGE, Some(self.backlog.label().to_owned())),
            (ASSIGNMENT, Some(self.assignment.to_string())),
            (TIMESTAMP, self.timestamp_ms.map(|ms| ms.to_string())),
            (SIZE, self.payload.map(|bytes| bytes.len().to_string())),
            (SHA256, sha256.map(|hash| hex(&hash))),
            (THREAD_ID, id(self.thread_id)),
            (TENANT_ID, id(self.tenant_id)),
            (NODE_ID, id(self.node_id)),
            (PARENT_TRACE_ID, id(self.parent_trace_id)),
            (SPAN_ID, id(self.span_id)),
            (IDENTITY, Some(hex(&identity))),
            (DISCLOSURE, Some(disclosure.label().to_owned())),
            (FORM, Some(form.label().to_owned())),
            (WRITER, Some(env!("CARGO_PKG_VERSION").to_owned())),
            (VERSION_HEADER, Some(VERSION.to_string())),
        ];
        let present = headers.into_iter();
        present
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }
}
