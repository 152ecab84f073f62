//! The client's settings: which ones are ours, and the clients made from them.

use core::time::Duration;
use std::io;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::KafkaError;
use tokio::runtime::Runtime;

use crate::client_code::ClientCode;
use crate::config::Config;
use crate::error::{ConfigError, StartError};

/// The consuming client's configuration.
pub(crate) fn consumer(config: &Config, partitions: usize) -> ClientConfig {
    let mut client = base(config);
    // Each partition has a queue of its own at the client, and its setting counts for each.
    // With no partition there is nothing to divide by.
    let kbytes = FETCHED_KBYTES
        .checked_div(partitions)
        .unwrap_or(FETCHED_KBYTES);
    client.set(
        "queued.max.messages.kbytes",
        kbytes.max(FETCHED_KBYTES_MIN).to_string(),
    );
    // Statistics say what no error says: how far a partition is read, and that it is not read any more.
    client.set("statistics.interval.ms", ms(config.watermark_interval));
    // Partitions that are added are found when the client asks which there are.
    client.set("topic.metadata.refresh.interval.ms", TOPICS_ASKED_MS);
    for (name, value) in &config.settings.0 {
        if !is_producer_only(name) {
            client.set(name, value);
        }
    }
    // Behind the host's settings, so that what offsets depend on holds even if one of them came through.
    client
        .set("group.id", &config.group)
        .set("enable.auto.commit", "true")
        .set("auto.commit.interval.ms", ms(config.commit_interval))
        .set("enable.auto.offset.store", "false")
        // Never moves a group: the adapter gives every partition its start explicitly.
        .set("auto.offset.reset", "error")
        .set("enable.partition.eof", "false")
        .set("allow.auto.create.topics", "false")
        .set("max.poll.interval.ms", ms(config.max_poll_interval));
    // A session may not be longer than the time between two polls; the client's default is. With the
    // protocol of KIP-848 the broker sets it, and the client refuses to.
    let is_classic = client.get("group.protocol") != Some("consumer");
    if is_classic && config.max_poll_interval < SESSION_DEFAULT && client.get(SESSION).is_none() {
        client.set(SESSION, ms(config.max_poll_interval));
    }
    client
}

/// How often the client asks which partitions there are, in milliseconds. librdkafka's default is five minutes.
const TOPICS_ASKED_MS: &str = "30000";

/// What the client may have fetched of all partitions: librdkafka's default for a queue.
const FETCHED_KBYTES: usize = 64 * 1024;

/// What it may have fetched of one, however many there are: one fetch of its default size.
const FETCHED_KBYTES_MIN: usize = 1024;

/// The configuration of a client that only asks the broker questions: it never joins the group.
pub(crate) fn admin(config: &Config) -> ClientConfig {
    let mut client = base(config);
    for (name, value) in &config.settings.0 {
        if is_connection(name) {
            client.set(name, value);
        }
    }
    // The group is needed to ask for its offsets. Under
    // `assign` such a client could commit some, and must not.
    client
        .set("group.id", &config.group)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("allow.auto.create.topics", "false");
    client
}

/// A client that reads and changes topics.
pub(crate) fn topic_admin(
    config: &Config,
) -> Result<(AdminClient<DefaultClientContext>, AdminOptions), ClientCode> {
    let client = admin(config).create();
    let client = client.map_err(|error| ClientCode::of(&error))?;
    let options = AdminOptions::new().request_timeout(Some(config.request_timeout));
    Ok((client, options))
}

/// What [`topic_admin`] runs on: nothing else runs on the caller's thread, and the client has one of its own.
pub(crate) fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().build()
}

/// The archive's producing client's configuration.
///
/// `in_flight` letters await the broker's acknowledgement at most: the policy sends no more.
pub(crate) fn producer(config: &Config, in_flight: usize) -> ClientConfig {
    let mut client = base(config);
    for (name, value) in &config.settings.0 {
        if is_connection(name) || is_producer_only(name) {
            client.set(name, value);
        }
    }
    client
        .set("acks", "all")
        // The engine retries, with the same id; within one attempt the client must not duplicate.
        .set("enable.idempotence", "true")
        // The queue counts a record until it is acknowledged, so its size bounds what is in flight.
        .set(
            "queue.buffering.max.messages",
            in_flight.min(QUEUED_MAX).to_string(),
        )
        // No batching delay: dead letters are rare, and an offset may be waiting for one.
        .set("linger.ms", "0")
        .set("message.timeout.ms", ms(config.archive_timeout));
    // A letter of the largest size must fit, whatever the client's default is.
    let largest = record_bytes(config.letter_bytes);
    if largest > MESSAGE_BYTES_DEFAULT && client.get(MESSAGE_BYTES).is_none() {
        client.set(MESSAGE_BYTES, largest.to_string());
    }
    client
}

/// What a broker counts for a letter whose value takes `letter_bytes`: the header of a batch (61
/// bytes), the record's own variable-length fields (at most 32) and the trace id in the key (36).
pub(crate) fn record_bytes(letter_bytes: usize) -> u64 {
    let bytes = letter_bytes.saturating_add(61 + 32 + 36);
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Holds settings against each other that are each in their range.
pub(crate) fn check(config: &Config) -> Result<(), ConfigError> {
    config.check_letters()?;
    if config.crash_loop.is_some() && !config.more_topics.is_empty() {
        return Err(ConfigError::CrashLoopTopics);
    }
    let number = |name| {
        let mut set = config.settings.0.iter();
        let (_, value) = set.find(|(set, _)| set == name)?;
        // What is no number is left to the client, which refuses it by its name.
        value.trim().parse::<u64>().ok()
    };
    let longest = u64::try_from(config.max_poll_interval.as_millis()).unwrap_or(u64::MAX);
    let largest = record_bytes(config.letter_bytes);
    for (name, value, min, max) in [
        (SESSION, number(SESSION), 0, longest),
        (MESSAGE_BYTES, number(MESSAGE_BYTES), largest, u64::MAX),
    ] {
        if let Some(value) = value.filter(|value| !(min..=max).contains(value)) {
            return Err(ConfigError::OutOfRange {
                name,
                value,
                min,
                max,
            });
        }
    }
    Ok(())
}

/// Finds which setting the client library refuses: by setting one at a time, or by the names in its
/// words where each is fine alone.
pub(crate) fn culprit(client: &ClientConfig, config: &Config, error: &KafkaError) -> StartError {
    let set = || {
        let given = config.settings.0.iter();
        given.filter(|(name, _)| client.get(name).is_some())
    };
    // This creates no client, only its settings, and takes no connection and no thread.
    let alone = set().find(|(name, value)| {
        let mut alone = ClientConfig::new();
        alone.set(name, value);
        alone.create_native_config().is_err()
    });
    let words = error.to_string();
    let named = || set().find(|(name, _)| words.contains(&format!("`{name}`")));
    let refused = alone.or_else(named);
    refused.map_or(StartError::Client, |(name, _)| StartError::Setting {
        name: name.clone(),
    })
}

/// A time as the client's settings have it.
pub(crate) fn ms(time: Duration) -> String {
    time.as_millis().to_string()
}

fn base(config: &Config) -> ClientConfig {
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", &config.brokers)
        .set("client.id", &config.client_id);
    client
}

/// Settings about the connection, the login, what a client asks brokers and what it logs, which every client
/// needs alike. Of those that librdkafka lists for consumers and producers (`*`) these are all but what is about
/// records, statistics, plugins and memory addresses.
fn is_connection(name: &str) -> bool {
    const PREFIXES: [&str; 14] = [
        "security.",
        "sasl.",
        "ssl.",
        "https.",
        "broker.",
        "socket.",
        "reconnect.",
        "connections.",
        "enable.ssl.",
        "enable.sasl.",
        "api.version.",
        "metadata.",
        "topic.metadata.",
        "retry.backoff.",
    ];
    const NAMES: [&str; 8] = [
        "client.dns.lookup",
        "client.rack",
        "receive.message.max.bytes",
        "enable.random.seed",
        "enable.metrics.push",
        "debug",
        "log_level",
        "log.connection.close",
    ];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Settings that only a producer knows.
fn is_producer_only(name: &str) -> bool {
    matches!(
        name,
        "compression.type"
            | "compression.codec"
            | "compression.level"
            | "message.max.bytes"
            | "queue.buffering.max.kbytes"
            | "batch.size"
            | "batch.num.messages"
    )
}

/// The largest queue that the client knows.
const QUEUED_MAX: usize = 2_147_483_647;

const SESSION: &str = "session.timeout.ms";
const MESSAGE_BYTES: &str = "message.max.bytes";

/// The client's defaults.
const SESSION_DEFAULT: Duration = Duration::from_secs(45);
const MESSAGE_BYTES_DEFAULT: u64 = 1_000_000;

#[cfg(test)]
mod tests;
