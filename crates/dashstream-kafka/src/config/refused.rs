//! Settings of the client that are not the caller's.

use crate::error::ConfigError;

/// The error for a setting that is not the caller's to choose; nothing for any other.
pub(super) fn refusal(setting: &str) -> Option<ConfigError> {
    REFUSED.iter().find_map(|(names, why)| {
        let name = names.iter().find(|name| **name == setting)?;
        Some(ConfigError::Refused { name, why })
    })
}

/// Settings on which the promise about offsets rests, and what each would break.
pub(super) const REFUSED: &[(&[&str], &str)] = &[
    (
        &["bootstrap.servers", "metadata.broker.list"],
        "it is Config's first argument",
    ),
    (&["group.id"], "it is Config's third argument"),
    (&["client.id"], "Config::client_id sets it"),
    (
        &["enable.auto.offset.store"],
        "a record's offset would be stored when it is delivered, before anybody looked at it",
    ),
    (
        &["enable.auto.commit", "auto.commit.enable"],
        "stored offsets would be committed at shutdown only, or by nobody",
    ),
    (
        &["auto.commit.interval.ms"],
        "Config::commit_interval sets it within a range",
    ),
    (
        &["auto.offset.reset"],
        "it would move a group past records it has not seen; Config::start says where a group begins",
    ),
    (
        &["offset.store.method"],
        "offsets are kept by the group, nowhere else",
    ),
    (
        &["enable.partition.eof"],
        "the end of a partition is not an error",
    ),
    (
        &["allow.auto.create.topics"],
        "a misspelt topic would be created and read for ever",
    ),
    (
        &["max.poll.interval.ms"],
        "Config::max_poll_interval sets it within a range",
    ),
    (&["consume_cb"], "records are polled"),
    (&["rebalance_cb"], "the adapter handles rebalances"),
    (
        &["acks", "request.required.acks"],
        "an archive record counts when all replicas have it",
    ),
    (
        &["linger.ms", "queue.buffering.max.ms"],
        "no batching delay: an offset may be waiting for the dead letter",
    ),
    (
        &["queue.buffering.max.messages"],
        "the policy's archive_in_flight_max sets it",
    ),
    (
        &["enable.idempotence"],
        "one attempt must not archive a record twice",
    ),
    (
        &["message.timeout.ms", "delivery.timeout.ms"],
        "Config::archive_timeout sets it within a range",
    ),
];
