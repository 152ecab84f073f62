//! A letter that is the record: the headers that say what is known about the failure.
//!
//! The record's own headers come first, whatever their names; the block that is added follows, from
//! [`TOPIC`] to [`VERSION_HEADER`]. So a source that already carries such names is told from the
//! letter by position alone, and nothing of it has to be renamed.

use std::borrow::Cow;

use dashstream_policy::{Form, Offset};
use sha2::{Digest, Sha256};

use crate::date::rfc3339;
use crate::encode::{EncodedRecord, RejectedRecord};
use crate::letter::{LetterError, Source, identity};
use crate::record::header_bytes;
use crate::text::{cut, hex};
use crate::{Disclosure, REDUCED_BYTES_MAX, TEXT_BYTES_MAX, VERSION};

/// Declares the names of the block's headers, and the list of all of them.
macro_rules! names {
    ($( $(#[$doc:meta])* $NAME:ident = $text:literal; )+) => {
        $( $(#[$doc])* pub(crate) const $NAME: &str = $text; )+

        /// Every name that the block may have.
        pub(crate) const NAMES: [&str; [$( $text ),+].len()] = [$( $text ),+];
    };
}

names! {
    // KIP-1191; all values are text.
    TOPIC = "__dlq.errors.topic";
    PARTITION = "__dlq.errors.partition";
    OFFSET = "__dlq.errors.offset";
    GROUP = "__dlq.errors.group";
    DELIVERIES = "__dlq.errors.delivery.count";
    MESSAGE = "__dlq.errors.message";

    CAUSE = "dashstream.dlq.cause";
    ERROR_TYPE = "dashstream.dlq.error_type";
    DETAIL = "dashstream.dlq.detail";
    TRACE_ID = "dashstream.dlq.trace_id";
    REJECTED_AT = "dashstream.dlq.rejected_at";
    CONSUMER = "dashstream.dlq.consumer";
    AGE = "dashstream.dlq.age";
    ASSIGNMENT = "dashstream.dlq.assignment";
    /// The source's own time: an archive topic with `LogAppendTime` replaces the letter's timestamp.
    TIMESTAMP = "dashstream.dlq.timestamp";
    /// Not there for a record without a value: that tells it from one whose value is withheld.
    SIZE = "dashstream.dlq.size";
    SHA256 = "dashstream.dlq.sha256";
    THREAD_ID = "dashstream.dlq.thread_id";
    TENANT_ID = "dashstream.dlq.tenant_id";
    NODE_ID = "dashstream.dlq.node_id";
    PARENT_TRACE_ID = "dashstream.dlq.parent_trace_id";
    SPAN_ID = "dashstream.dlq.span_id";
    /// [`crate::DeadLetter::identity`]: a damaged topic, partition, offset or time does not match it.
    IDENTITY = "dashstream.dlq.identity";
    DISCLOSURE = "dashstream.dlq.disclosure";
    FORM = "dashstream.dlq.form";
    WRITER = "dashstream.dlq.writer";
    /// Always the last of the block.
    VERSION_HEADER = "dashstream.dlq.version";
}

impl<'a> RejectedRecord<'a> {
    /// Writes the letter that is the record, or where it does not fit or may not be shown, one that
    /// only names its source.
    pub(crate) fn encode_record(
        &self,
        disclosure: Disclosure,
        form: Form,
        bytes_max: usize,
    ) -> Result<EncodedRecord<'a>, LetterError> {
        // The record is in the letter whole or not at all: a part of it could be taken for the record by
        // a consumer that does not know these headers.
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
        // Saturates instead of wrapping: a wrapped sum could fit any budget.
        let needed = needed.fold(own(&full), usize::saturating_add);
        let timestamp_ms = self.timestamp_ms.filter(|ms| {
            // A broker may refuse what is ahead of its clock (`message.timestamp.after.max.ms`, KIP-937), and
            // Kafka has no timestamp below zero. The header has either all the same.
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
        // Built again rather than changed, since `form` is in the middle of the block.
        let block = self.block(disclosure, Form::Reduced);
        let (needed, limit) = (own(&block), bytes_max.min(REDUCED_BYTES_MAX));
        if needed > limit {
            return Err(LetterError::Budget { needed, limit });
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
        // Cut before the identity is computed: the reader hashes what stands in the headers.
        let text = |text: &str| cut(text, TEXT_BYTES_MAX).to_owned();
        // The disclosures below `Truncated` show no ids, and this format cannot show `Truncated` itself.
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
            // No id: a consumed record is told by its place. `DeadLetter::identity` does the same.
            "",
            self.timestamp_ms,
            self.payload.map_or(0, <[u8]>::len) as u64,
            sha256.as_ref(),
        );
        // `TOPIC` comes first and `VERSION_HEADER` last: the reader finds the block by these two, and takes
        // a letter without the last for a torn one.
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
