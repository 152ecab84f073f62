//! The table.

use super::{Values, Variable};

const FLAG: Values = Values::Words(&["true", "1", "false", "0"]);

/// Every variable, in the order in which documentation shows them.
pub const VARIABLES: &[Variable] = &[
    Variable::new(
        "KAFKA_BROKERS",
        "in-process Kafka and demo",
        Values::Text("host:port, comma separated"),
        "kafka `Config::new`",
    )
    .flag("brokers", "Bootstrap servers, comma separated"),
    Variable::new(
        "KAFKA_TOPIC",
        "dashstream-quality",
        Values::Text("legal topic name"),
        "kafka `Config::new`",
    )
    .flag("topic", "Topic to consume"),
    Variable::new(
        "KAFKA_GROUP_ID",
        "required with brokers; in-process Kafka: websocket-server-v4",
        Values::Text("any text"),
        "kafka `Config::new`",
    )
    .flag("group", "Consumer group; its members share the partitions"),
    Variable::new(
        "KAFKA_CLUSTER_ID",
        "unset",
        Values::Text("any text"),
        "resume namespace in `/version`",
    ),
    Variable::new(
        "KAFKA_ON_DECODE_ERROR",
        "skip",
        Values::Words(&["skip", "pause"]),
        "policy `mode`",
    )
    .flag(
        "on-unprocessable",
        "What happens at a record that cannot be processed",
    ),
    Variable::new(
        "KAFKA_PAUSE_SCOPE",
        "consumer",
        Values::Words(&["consumer", "partition"]),
        "policy `scope`",
    )
    .flag("pause-scope", "How much a pause stops"),
    Variable::new(
        "KAFKA_NULL_PAYLOAD",
        "unprocessable",
        Values::Words(&["process", "ignore", "unprocessable"]),
        "policy `null_payload`",
    ),
    Variable::new(
        "KAFKA_ARCHIVE",
        "best_effort",
        Values::Words(&["off", "best_effort", "required"]),
        "policy `archiving`",
    )
    .flag(
        "archive",
        "Whether unprocessable records are archived, and whether their offset waits for it",
    ),
    Variable::new(
        "KAFKA_ARCHIVE_ACCEPT_REDUCED",
        "false",
        FLAG,
        "policy `accept_reduced`",
    ),
    Variable::new(
        "KAFKA_DLQ_TOPIC",
        "the topic with `-dlq` behind it",
        Values::Text("another legal topic name"),
        "kafka `archive_topic`",
    )
    .flag("archive-topic", "Topic of the archive"),
    Variable::new(
        "DLQ_INCLUDE_FULL_PAYLOAD",
        "false",
        FLAG,
        "kafka `disclosure`",
    ),
    Variable::new(
        "KAFKA_DLQ_FORMAT",
        "versioned",
        Values::Words(&["record", "versioned", "library", "server"]),
        "kafka `letters`",
    ),
    Variable::new(
        "DLQ_SEND_TIMEOUT_SECS",
        "5; 0 means 5",
        Values::Whole(0, 900),
        "policy and kafka `archive_timeout`",
    ),
    Variable::new(
        "MAX_CONCURRENT_DLQ_SENDS",
        "100",
        Values::Whole(1, 10_000),
        "policy `archive_in_flight_max`",
    ),
    Variable::new(
        "WEBSOCKET_MAX_PAYLOAD_BYTES",
        "10485760; in-process Kafka: 262144",
        Values::Whole(64, 1 << 30),
        "decoder limits",
    )
    .flag(
        "max-payload-bytes",
        "Longest record value decoded, in bytes",
    ),
    Variable::new(
        "WEBSOCKET_HOST",
        "127.0.0.1",
        Values::Text("IP address"),
        "address of the pages",
    )
    .flag("listen", ""),
    Variable::new(
        "WEBSOCKET_PORT",
        "first free port of 3002 to 3005, then any",
        Values::Whole(0, 65_535),
        "address of the pages",
    )
    .flag("listen", ""),
    Variable::new(
        "WEBSOCKET_ALLOWED_HOSTS",
        "loopback and the bound address",
        Values::Text("names or addresses without ports, comma separated"),
        "`Host` check of the pages",
    )
    .flag("allowed-hosts", "Further hosts that requests may be for"),
    Variable::new(
        "DASHSTREAM_OPERATOR_TOKEN",
        "unset: no orders",
        Values::Text("16 bytes or more"),
        "`POST /orders`",
    )
    .flag(
        "operator-token",
        "Token of whoever may give orders; others on this machine see a flag, not a variable",
    ),
    Variable::new(
        "KAFKA_AUTO_OFFSET_RESET",
        "earliest",
        Values::Words(&["earliest", "latest"]),
        "kafka `start`",
    ),
    Variable::new(
        "KAFKA_OLD_DATA_USE_TIMESTAMP",
        "false",
        FLAG,
        "kafka `old_data`",
    ),
    Variable::new(
        "KAFKA_OLD_DATA_GRACE_SECONDS",
        "30",
        Values::Whole(0, 31_536_000),
        "kafka `old_data`, with timestamps",
    ),
    Variable::new(
        "KAFKA_LAG_CHECK_INTERVAL_SECS",
        "10",
        Values::Whole(1, 3_600),
        "kafka `watermark_interval`",
    ),
    Variable::new(
        "KAFKA_LAG_STALE_PARTITION_SECS",
        "60",
        Values::Whole(1, 86_400),
        "kafka `stall_after`",
    ),
    Variable::connection(
        "KAFKA_SECURITY_PROTOCOL",
        "security.protocol",
        Values::Words(&["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]),
    ),
    Variable::connection(
        "KAFKA_BROKER_ADDRESS_FAMILY",
        "broker.address.family",
        Values::Words(&["any", "v4", "v6"]),
    ),
    Variable::connection(
        "KAFKA_SASL_MECHANISM",
        "sasl.mechanism",
        // The client library has others, which need more than these variables can say.
        Values::Words(&["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]),
    ),
    Variable::connection(
        "KAFKA_SASL_USERNAME",
        "sasl.username",
        Values::Text("any text"),
    ),
    Variable::connection(
        "KAFKA_SASL_PASSWORD",
        "sasl.password",
        Values::Text("any text"),
    ),
    Variable::connection("KAFKA_SSL_CA_LOCATION", "ssl.ca.location", Values::Path),
    Variable::connection(
        "KAFKA_SSL_CERTIFICATE_LOCATION",
        "ssl.certificate.location",
        Values::Path,
    ),
    Variable::connection("KAFKA_SSL_KEY_LOCATION", "ssl.key.location", Values::Path),
    Variable::connection(
        "KAFKA_SSL_KEY_PASSWORD",
        "ssl.key.password",
        Values::Text("any text"),
    ),
    Variable::connection(
        "KAFKA_SSL_ENDPOINT_ALGORITHM",
        "ssl.endpoint.identification.algorithm",
        Values::Words(&["none", "https"]),
    ),
    Variable::new(
        "RUST_LOG",
        "info",
        Values::Text("filter of `tracing-subscriber`"),
        "log on stderr",
    ),
];
