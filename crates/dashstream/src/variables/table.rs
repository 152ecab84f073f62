//! The table.

use super::Values::{Path, Text, Whole, Words};
use super::{Values, Variable};

/// Declares the rows: the name, what it may hold, and what else is known of it.
macro_rules! variables {
    ($( $name:literal $values:expr, $( $what:ident $text:literal $($about:literal)? ),+; )+) => {
        /// Every variable, in the order in which documentation shows them.
        pub const VARIABLES: &[Variable] =
            &[$( Variable::new($name, $values)$(.$what($text $(, $about)?))+ ),+];
    };
}

const FLAG: Values = Words(&["true", "1", "false", "0"]);

variables! {
    "KAFKA_BROKERS" Text("host:port, comma separated"), default "in-process Kafka and demo",
        goes "kafka `Config::new`", flag "brokers" "Bootstrap servers, comma separated";
    "KAFKA_TOPIC" Text("legal topic name"), default "dashstream-quality",
        goes "kafka `Config::new`", flag "topic" "Topic to consume";
    "KAFKA_GROUP_ID" Text("any text"),
        default "required with brokers; in-process Kafka: websocket-server-v4",
        goes "kafka `Config::new`", flag "group" "Consumer group; its members share the partitions";
    "KAFKA_CLUSTER_ID" Text("any text"), goes "resume namespace in `/version`";
    "KAFKA_ON_DECODE_ERROR" Words(&["skip", "pause"]), default "skip", goes "policy `mode`",
        flag "on-unprocessable" "What happens at a record that cannot be processed";
    "KAFKA_PAUSE_SCOPE" Words(&["consumer", "partition"]), default "consumer",
        goes "policy `scope`", flag "pause-scope" "How much a pause stops";
    "KAFKA_NULL_PAYLOAD" Words(&["process", "ignore", "unprocessable"]), default "unprocessable",
        goes "policy `null_payload`";
    "KAFKA_ARCHIVE" Words(&["off", "best_effort", "required"]), default "best_effort",
        goes "policy `archiving`",
        flag "archive" "Whether unprocessable records are archived, and whether their offset waits for it";
    "KAFKA_ARCHIVE_ACCEPT_REDUCED" FLAG, default "false", goes "policy `accept_reduced`";
    "KAFKA_DLQ_TOPIC" Text("another legal topic name"), default "the topic with `-dlq` behind it",
        goes "kafka `archive_topic`", flag "archive-topic" "Topic of the archive";
    "DLQ_INCLUDE_FULL_PAYLOAD" FLAG, default "false", goes "kafka `disclosure`";
    "KAFKA_DLQ_FORMAT" Words(&["record", "versioned", "library", "server"]), default "versioned",
        goes "kafka `letters`";
    "DLQ_SEND_TIMEOUT_SECS" Whole(0, 900), default "5; 0 means 5",
        goes "policy and kafka `archive_timeout`";
    "MAX_CONCURRENT_DLQ_SENDS" Whole(1, 10_000), default "100",
        goes "policy `archive_in_flight_max`";
    "WEBSOCKET_MAX_PAYLOAD_BYTES" Whole(64, 1 << 30), default "10485760; in-process Kafka: 262144",
        goes "decoder limits", flag "max-payload-bytes" "Longest record value decoded, in bytes";
    "WEBSOCKET_HOST" Text("IP address"), default "127.0.0.1", goes "address of the pages",
        flag "listen" "";
    "WEBSOCKET_PORT" Whole(0, 65_535), default "first free port of 3002 to 3005, then any",
        goes "address of the pages", flag "listen" "";
    "WEBSOCKET_ALLOWED_HOSTS" Text("names or addresses without ports, comma separated"),
        default "loopback and the bound address", goes "`Host` check of the pages",
        flag "allowed-hosts" "Further hosts that requests may be for";
    "DASHSTREAM_OPERATOR_TOKEN" Text("16 bytes or more"), default "unset: no orders",
        goes "`POST /orders`",
        flag "operator-token" "Token of whoever may give orders; others on this machine see a flag, not a variable";
    "KAFKA_AUTO_OFFSET_RESET" Words(&["earliest", "latest"]), default "earliest",
        goes "kafka `start`";
    "KAFKA_OLD_DATA_USE_TIMESTAMP" FLAG, default "false", goes "kafka `old_data`";
    "KAFKA_OLD_DATA_GRACE_SECONDS" Whole(0, 31_536_000), default "30",
        goes "kafka `old_data`, with timestamps";
    "KAFKA_LAG_CHECK_INTERVAL_SECS" Whole(1, 3_600), default "10",
        goes "kafka `watermark_interval`";
    "KAFKA_LAG_STALE_PARTITION_SECS" Whole(1, 86_400), default "60", goes "kafka `stall_after`";
    "KAFKA_SECURITY_PROTOCOL" Words(&["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]),
        client "security.protocol";
    "KAFKA_BROKER_ADDRESS_FAMILY" Words(&["any", "v4", "v6"]), client "broker.address.family";
    // The client library has others, which need more than these variables can say.
    "KAFKA_SASL_MECHANISM" Words(&["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]),
        client "sasl.mechanism";
    "KAFKA_SASL_USERNAME" Text("any text"), client "sasl.username";
    "KAFKA_SASL_PASSWORD" Text("any text"), client "sasl.password";
    "KAFKA_SSL_CA_LOCATION" Path, client "ssl.ca.location";
    "KAFKA_SSL_CERTIFICATE_LOCATION" Path, client "ssl.certificate.location";
    "KAFKA_SSL_KEY_LOCATION" Path, client "ssl.key.location";
    "KAFKA_SSL_KEY_PASSWORD" Text("any text"), client "ssl.key.password";
    "KAFKA_SSL_ENDPOINT_ALGORITHM" Words(&["none", "https"]),
        client "ssl.endpoint.identification.algorithm";
    "RUST_LOG" Text("filter of `tracing-subscriber`"), default "info", goes "log on stderr";
}
