//! Where the demo is produced to.

use rdkafka::ClientConfig;

/// Where the demo writes, and what it needs to know about the reader.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever produces names all of it"
)]
pub struct Target {
    /// The producing client's settings, with the brokers.
    pub client: ClientConfig,
    /// The topic, which exists.
    pub topic: String,
    /// Its partitions.
    pub partitions: Vec<i32>,
    /// Longest value that the reader takes, in bytes.
    pub max_payload_bytes: usize,
    /// Microseconds since 1970, for the headers of messages.
    pub clock: fn() -> i64,
}
