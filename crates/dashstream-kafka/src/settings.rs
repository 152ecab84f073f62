//! The client's settings: which ones are ours, and the two clients made from them.

use rdkafka::ClientConfig;

use crate::config::Config;
use crate::error::StartError;

/// Says why a setting is not the caller's to choose, or nothing when it is.
pub(crate) fn refusal(name: &str) -> Option<&'static str> {
    let found = REFUSED.iter().find(|(refused, _)| *refused == name);
    found.map(|(_, why)| *why)
}

/// The consuming client's configuration.
pub(crate) fn consumer(config: &Config) -> ClientConfig {
    let mut client = base(config);
    for (name, value) in &config.settings {
        if !is_producer_only(name) {
            client.set(*name, value);
        }
    }
    client
        .set("group.id", &config.group)
        .set("enable.auto.commit", "true")
        .set("enable.auto.offset.store", "false")
        // Never moves a group: the adapter gives every partition its start explicitly.
        .set("auto.offset.reset", "error")
        .set("enable.partition.eof", "false")
        .set("allow.auto.create.topics", "false")
        .set(
            "max.poll.interval.ms",
            config.max_poll_interval.as_millis().to_string(),
        );
    client
}

/// The configuration of a client that only asks the broker questions: it never joins the group.
pub(crate) fn observer(config: &Config) -> ClientConfig {
    let mut client = base(config);
    for (name, value) in &config.settings {
        if is_connection(name) {
            client.set(*name, value);
        }
    }
    client
        .set("group.id", &config.group)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("allow.auto.create.topics", "false");
    client
}

/// The archive's producing client's configuration.
pub(crate) fn producer(config: &Config) -> ClientConfig {
    let mut client = base(config);
    for (name, value) in &config.settings {
        if is_connection(name) || is_producer_only(name) {
            client.set(*name, value);
        }
    }
    client
        .set("acks", "all")
        // The engine retries, with the same id; within one attempt the client must not duplicate.
        .set("enable.idempotence", "true")
        // The queue counts a record until it is acknowledged, so its size bounds what is in flight.
        .set(
            "queue.buffering.max.messages",
            config.archive_in_flight.to_string(),
        )
        // Evidence that waits for company only waits.
        .set("linger.ms", "0")
        .set(
            "message.timeout.ms",
            config.archive_timeout.as_millis().to_string(),
        );
    client
}

/// Finds which setting the client library refuses, by setting one at a time.
pub(crate) fn culprit(client: &ClientConfig, config: &Config) -> StartError {
    let refused = config.settings.iter().find(|(name, value)| {
        let mut alone = ClientConfig::new();
        alone.set(*name, value);
        client.get(name).is_some() && alone.create_native_config().is_err()
    });
    refused.map_or(StartError::Client, |(name, _)| StartError::Setting { name })
}

fn base(config: &Config) -> ClientConfig {
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", &config.brokers)
        .set("client.id", &config.client_id);
    client
}

/// Settings about reaching and proving oneself to a broker: every client needs them alike.
fn is_connection(name: &str) -> bool {
    const PREFIXES: [&str; 7] = [
        "security.",
        "sasl.",
        "ssl.",
        "broker.",
        "socket.",
        "reconnect.",
        "enable.ssl.",
    ];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
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

/// Settings on which the promise about offsets rests, and what each would break.
const REFUSED: [(&str, &str); 23] = [
    ("bootstrap.servers", "it is Config's first argument"),
    ("metadata.broker.list", "it is Config's first argument"),
    ("group.id", "it is Config's third argument"),
    ("client.id", "Config::client_id sets it"),
    (
        "enable.auto.offset.store",
        "a record's offset would be stored when it is delivered, before anybody looked at it",
    ),
    (
        "enable.auto.commit",
        "stored offsets would be committed at shutdown only, or by nobody",
    ),
    (
        "auto.commit.enable",
        "stored offsets would be committed at shutdown only, or by nobody",
    ),
    (
        "auto.offset.reset",
        "it would move a group past records it has not seen; Config::start says where a group begins",
    ),
    (
        "offset.store.method",
        "offsets are kept by the group, nowhere else",
    ),
    (
        "enable.partition.eof",
        "the end of a partition is not an error",
    ),
    (
        "allow.auto.create.topics",
        "a misspelt topic would be created and read for ever",
    ),
    (
        "max.poll.interval.ms",
        "Config::max_poll_interval sets it within a range",
    ),
    (
        "group.protocol",
        "only the classic protocol's rebalances are tested",
    ),
    ("consume_cb", "records are polled"),
    ("rebalance_cb", "the adapter handles rebalances"),
    ("acks", "an archive record counts when all replicas have it"),
    (
        "request.required.acks",
        "an archive record counts when all replicas have it",
    ),
    ("linger.ms", "evidence does not wait for company"),
    (
        "queue.buffering.max.ms",
        "evidence does not wait for company",
    ),
    (
        "queue.buffering.max.messages",
        "Config::archive_in_flight sets it within a range",
    ),
    (
        "enable.idempotence",
        "one attempt must not archive a record twice",
    ),
    (
        "message.timeout.ms",
        "Config::archive_timeout sets it within a range",
    ),
    (
        "delivery.timeout.ms",
        "Config::archive_timeout sets it within a range",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ConfigError;

    #[test]
    fn settings_on_which_offsets_depend_are_refused_by_name() {
        for (name, why) in REFUSED {
            let error = Config::new("b", "t", "g").unwrap().set(name, "true").err();
            assert_eq!(error, Some(ConfigError::Refused { name, why }));
        }
    }

    #[test]
    fn every_client_gets_a_password_and_only_the_producer_a_codec() {
        let config = Config::new("b", "t", "g").unwrap();
        let config = config.set("sasl.password", "x").unwrap();
        let config = config.set("compression.type", "zstd").unwrap();
        for client in [consumer(&config), observer(&config), producer(&config)] {
            assert_eq!(client.get("sasl.password"), Some("x"));
        }
        assert_eq!(consumer(&config).get("compression.type"), None);
        assert_eq!(observer(&config).get("compression.type"), None);
        assert_eq!(producer(&config).get("compression.type"), Some("zstd"));
    }

    #[test]
    fn a_setting_the_client_does_not_know_is_named() {
        let config = Config::new("b", "t", "g").unwrap();
        let config = config.set("fetch.wait.max.ms", "50").unwrap();
        let config = config.set("no.such.setting", "x").unwrap();
        assert_eq!(
            culprit(&consumer(&config), &config),
            StartError::Setting {
                name: "no.such.setting"
            }
        );
    }
}
