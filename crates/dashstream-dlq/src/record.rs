//! A Kafka record as its client delivers it and takes it.

use core::fmt;

use bytes::Bytes;

/// A header: a name, which need be no other's, and a value, if it has one.
pub type Header = (Box<str>, Option<Bytes>);

/// Key, value, headers and timestamp of a Kafka record. A clone copies no key and no value. Its debug
/// form shows sizes only.
#[expect(clippy::exhaustive_structs, reason = "a record has these four parts")]
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KafkaRecord {
    /// Its key, if it has one. An empty key is a key.
    pub key: Option<Bytes>,
    /// Its value, if it has one. An empty value is a value.
    pub value: Option<Bytes>,
    /// Its headers, in order.
    pub headers: Vec<Header>,
    /// Its timestamp, in milliseconds since the Unix epoch.
    pub timestamp_ms: Option<i64>,
}

impl KafkaRecord {
    /// What its key, value and headers take within a batch: their bytes, and for each header ten bytes
    /// of lengths (two varints of five).
    #[must_use]
    pub fn bytes(&self) -> usize {
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| header_bytes(name, value.as_ref().map_or(0, Bytes::len)));
        let parts = [&self.key, &self.value].map(|part| part.as_ref().map_or(0, Bytes::len));
        parts
            .into_iter()
            .chain(headers)
            .fold(0, usize::saturating_add)
    }
}

impl fmt::Debug for KafkaRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaRecord")
            .field("key_bytes", &self.key.as_ref().map(Bytes::len))
            .field("value_bytes", &self.value.as_ref().map(Bytes::len))
            .field("headers", &self.headers.len())
            .field("timestamp_ms", &self.timestamp_ms)
            .finish()
    }
}

/// What a header takes, with its two lengths at their longest.
pub(crate) const fn header_bytes(name: &str, value: usize) -> usize {
    // A length in a batch is a varint of at most 32 bits, so at most five bytes.
    name.len().saturating_add(value).saturating_add(10)
}
