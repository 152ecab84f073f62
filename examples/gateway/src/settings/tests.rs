//! Each variable ends where the table says, and what cannot be read is refused by name.

use super::*;
use dashstream::{VARIABLES, Values, Variable};

fn parse(args: &[&str], env: Env) -> Result<Settings, String> {
    let args = core::iter::once("dashstream-gateway").chain(args.iter().copied());
    Settings::parse_from(args, env).map_err(|error| error.to_string())
}

/// The settings with these variables and no arguments.
fn with(vars: &[(&str, &str)]) -> Result<Settings, String> {
    let matches = command()
        .try_get_matches_from(["dashstream-gateway"])
        .unwrap();
    let args = Args::from_arg_matches(&matches).unwrap();
    let found = |name: &str| {
        let var = vars.iter().find(|(var, _)| *var == name);
        var.map(|(_, value)| (*value).to_owned())
    };
    Settings::resolve(&args, flags::read(&matches, found)?)
}

/// Everything that is built from settings, as text.
fn built(settings: &Settings) -> String {
    let Settings {
        cluster,
        policy,
        max_payload_bytes,
        cluster_id,
        listen,
        hosts,
        operator_token,
        log,
        ..
    } = settings;
    let kafka = settings.kafka("b:1").unwrap();
    format!(
        "{cluster:?} {policy:#?} {kafka:#?} max_payload_bytes: {max_payload_bytes} \
         cluster_id: {cluster_id:?} listen: {listen:?} {hosts:?} \
         {operator_token:?} log: {log}"
    )
}

/// A value for each variable that is not its default, and what the built configuration then says.
const SAMPLES: &[(&str, &str, &str)] = &[
    ("KAFKA_TOPIC", "other", "topic: \"other\""),
    ("KAFKA_GROUP_ID", "mine", "group: \"mine\""),
    ("KAFKA_CLUSTER_ID", "c1", "cluster_id: Some(\"c1\")"),
    ("KAFKA_ON_DECODE_ERROR", "pause", "mode: Pause"),
    ("KAFKA_PAUSE_SCOPE", "partition", "scope: Partition"),
    ("KAFKA_NULL_PAYLOAD", "ignore", "null_payload: Ignore"),
    ("KAFKA_ARCHIVE", "required", "archiving: Required"),
    (
        "KAFKA_ARCHIVE_ACCEPT_REDUCED",
        "true",
        "accept_reduced: true",
    ),
    ("KAFKA_DLQ_TOPIC", "dead", "archive_topic: \"dead\""),
    ("DLQ_INCLUDE_FULL_PAYLOAD", "1", "disclosure: Full"),
    ("KAFKA_DLQ_FORMAT", "record", "letter_format: Record"),
    ("DLQ_SEND_TIMEOUT_SECS", "7", "archive_timeout: 7s"),
    (
        "MAX_CONCURRENT_DLQ_SENDS",
        "1000",
        "archive_in_flight_max: 1000",
    ),
    ("WEBSOCKET_MAX_PAYLOAD_BYTES", "77", "max_payload_bytes: 77"),
    ("WEBSOCKET_HOST", "::1", "[::1]:3002"),
    ("WEBSOCKET_PORT", "4711", "listen: [127.0.0.1:4711]"),
    (
        "WEBSOCKET_ALLOWED_HOSTS",
        "Dash.example",
        "Hosts([\"dash.example\"])",
    ),
    (
        "DASHSTREAM_OPERATOR_TOKEN",
        "0123456789abcdef",
        "Some(OperatorToken)",
    ),
    ("KAFKA_AUTO_OFFSET_RESET", "latest", "start: Latest"),
    (
        "KAFKA_OLD_DATA_USE_TIMESTAMP",
        "true",
        "old_data: OlderThan",
    ),
    (
        "KAFKA_LAG_CHECK_INTERVAL_SECS",
        "3",
        "watermark_interval: 3s",
    ),
    ("KAFKA_LAG_STALE_PARTITION_SECS", "9", "stall_after: 9s"),
    ("RUST_LOG", "warn", "log: warn"),
];

/// The variables that [`SAMPLES`] leaves to tests of their own.
const APART: [&str; 2] = ["KAFKA_BROKERS", "KAFKA_OLD_DATA_GRACE_SECONDS"];

fn without_spaces(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn each_variable_ends_in_the_built_configuration() {
    let before = without_spaces(&built(&with(&[]).unwrap()));
    for (name, value, says) in SAMPLES {
        let after = without_spaces(&built(&with(&[(name, value)]).unwrap()));
        let says = without_spaces(says);
        assert!(!before.contains(&says), "{name}: {says} is the default");
        assert!(after.contains(&says), "{name}: {says} in {after}");
    }
    let both = with(&[("DLQ_SEND_TIMEOUT_SECS", "7")]).unwrap();
    assert_eq!(both.policy.archive_timeout, Duration::from_secs(7));
    let aged = [
        ("KAFKA_OLD_DATA_USE_TIMESTAMP", "true"),
        ("KAFKA_OLD_DATA_GRACE_SECONDS", "8"),
    ];
    let aged = without_spaces(&built(&with(&aged).unwrap()));
    assert!(aged.contains("grace:8s"), "{aged}");
    let known = |row: &&Variable| {
        row.client.is_none()
            && !APART.contains(&row.name)
            && !SAMPLES.iter().any(|(name, ..)| *name == row.name)
    };
    let left = VARIABLES.iter().find(known);
    assert!(left.is_none(), "{left:?} is documented and not tested");
}

#[test]
fn each_connection_setting_reaches_both_clients() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for row in VARIABLES {
        let Some(setting) = row.client else { continue };
        let value = match row.values {
            // The second word is never the default, and needs no TLS in the other cases.
            Values::Words(words) if row.name == "KAFKA_SECURITY_PROTOCOL" => words[2],
            Values::Words(words) => words[0],
            Values::Path => file,
            Values::Text(_) | Values::Whole(..) => "anything",
        };
        let settings = with(&[(row.name, value)]).unwrap();
        let kafka = format!("{:?}", settings.kafka("b:1").unwrap());
        assert!(kafka.contains(&format!("\"{setting}\"")), "{kafka}");
        let producer = settings.producer("b:1");
        assert_eq!(producer.get(setting), Some(value), "{}", row.name);
        assert_eq!(with(&[]).unwrap().producer("b:1").get(setting), None);
    }
}

#[test]
fn each_end_of_a_range_is_accepted_and_one_beyond_is_refused_by_name() {
    let refused = |name: &str, value: &str| {
        let why = with(&[(name, value)]).unwrap_err();
        assert!(why.contains(name), "{name}={value}: {why}");
    };
    for row in VARIABLES {
        match row.values {
            Values::Whole(min, max) => {
                for value in [min, max] {
                    assert!(with(&[(row.name, &value.to_string())]).is_ok(), "{row:?}");
                }
                refused(row.name, &(max + 1).to_string());
                if let Some(below) = min.checked_sub(1) {
                    refused(row.name, &below.to_string());
                }
                refused(row.name, "many");
            }
            Values::Words(words) => {
                for word in words {
                    let loud = word.to_uppercase();
                    let read = with(&[(row.name, &loud)]);
                    let needs_tls = read.as_ref().is_err_and(|why| why.contains("OpenSSL"));
                    assert!(read.is_ok() || needs_tls, "{}={word}: {read:?}", row.name);
                }
                refused(row.name, "nonsense");
            }
            Values::Path => refused(row.name, "/no/such/file"),
            Values::Text(_) => {}
        }
    }
    // Texts that can be wrong all the same.
    for (name, value) in [
        ("KAFKA_TOPIC", "no spaces"),
        ("KAFKA_DLQ_TOPIC", "a/b"),
        ("WEBSOCKET_HOST", "localhost"),
        ("WEBSOCKET_ALLOWED_HOSTS", "dash.example:3002"),
        ("DASHSTREAM_OPERATOR_TOKEN", "guess-me"),
        ("RUST_LOG", "gateway=loud"),
    ] {
        refused(name, value);
    }
}

#[test]
fn without_arguments_it_is_a_demo_with_existing_names_and_defaults() {
    let settings = parse(&[], |_| None).unwrap();
    assert_eq!(settings.cluster, Cluster::Embedded { partitions: 4 });
    assert!(settings.demo.is_some());
    assert_eq!(settings.policy, policy::Config::default());
    assert_eq!(settings.max_payload_bytes, 256 * 1024);
    assert_eq!(settings.log, "info");
    let kafka = settings.kafka("127.0.0.1:9").unwrap();
    assert_eq!(kafka.topic_name(), "dashstream-quality");
    assert_eq!(kafka.group_name(), "websocket-server-v4");
    assert_eq!(kafka.archive_topic_name(), "dashstream-quality-dlq");
    assert_eq!(kafka.broker_list(), "127.0.0.1:9");
}

#[test]
fn brokers_from_either_side_mean_no_demo_and_the_production_limit() {
    fn env(name: &str) -> Option<String> {
        match name {
            "KAFKA_BROKERS" => Some("a:9092,b:9092".to_owned()),
            "KAFKA_GROUP_ID" => Some("g".to_owned()),
            _ => None,
        }
    }
    for settings in [
        parse(&[], env),
        parse(&["--brokers", "a:9092,b:9092", "--group", "g"], |_| None),
    ] {
        let settings = settings.unwrap();
        let brokers = "a:9092,b:9092".to_owned();
        assert_eq!(settings.cluster, Cluster::Remote { brokers });
        assert_eq!(settings.demo, None);
        assert_eq!(settings.max_payload_bytes, 10 * 1024 * 1024);
    }
    assert!(parse(&["--demo"], env).unwrap().demo.is_some());
}

#[test]
fn the_group_of_existing_consumers_is_joined_on_purpose_only() {
    let group = |args: &[&str]| {
        let settings = parse(&[&["--brokers", "b:9092"], args].concat(), |_| None)?;
        Ok::<_, String>(settings.kafka("x").unwrap().group_name().to_owned())
    };
    let why = group(&[]).unwrap_err();
    for said in ["--group (KAFKA_GROUP_ID)", "--take-over", EXISTING_GROUP] {
        assert!(why.contains(said), "{said}: {why}");
    }
    // An empty variable is an unset one.
    fn empty(name: &str) -> Option<String> {
        (name == "KAFKA_GROUP_ID").then(|| " ".to_owned())
    }
    assert!(parse(&["--brokers", "b:9092"], empty).is_err());
    assert_eq!(group(&["--group", "trial"]).unwrap(), "trial");
    assert_eq!(group(&["--take-over"]).unwrap(), EXISTING_GROUP);
    assert_eq!(group(&["--group", EXISTING_GROUP]).unwrap(), EXISTING_GROUP);
    let named = ["--take-over", "--group", EXISTING_GROUP];
    assert_eq!(group(&named).unwrap(), EXISTING_GROUP);
    let why = group(&["--take-over", "--group", "trial"]).unwrap_err();
    assert!(why.contains("trial"), "{why}");
}

#[test]
fn a_flag_wins_over_its_variable_and_an_empty_variable_is_unset() {
    fn env(name: &str) -> Option<String> {
        match name {
            "KAFKA_ON_DECODE_ERROR" => Some(" PAUSE ".to_owned()),
            "KAFKA_TOPIC" => Some(String::new()),
            _ => None,
        }
    }
    assert_eq!(parse(&[], env).unwrap().policy.mode, policy::Mode::Pause);
    let settings = parse(&["--on-unprocessable", "skip", "--topic", "t"], env).unwrap();
    assert_eq!(settings.policy.mode, policy::Mode::Skip);
    assert_eq!(settings.kafka("x").unwrap().topic_name(), "t");
    assert_eq!(
        parse(&[], env).unwrap().kafka("x").unwrap().topic_name(),
        "dashstream-quality"
    );
}

#[test]
fn a_wrong_flag_is_named_with_its_variable() {
    let why = parse(&["--archive", "sometimes"], |_| None).unwrap_err();
    assert!(
        why.contains("--archive (KAFKA_ARCHIVE) must be one of: off, best_effort, required"),
        "{why}"
    );
    let why = parse(&["--topic", "a b"], |_| None).unwrap_err();
    assert!(why.contains("--topic (KAFKA_TOPIC)"), "{why}");
    for spelling in ["best-effort", "best_effort"] {
        let settings = parse(&["--archive", spelling], |_| None).unwrap();
        assert_eq!(settings.policy.archiving, policy::Archiving::BestEffort);
    }
}

#[cfg(not(feature = "tls"))]
#[test]
fn tls_that_was_not_built_in_is_refused_with_the_way_out() {
    for (name, value) in [
        ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"),
        ("KAFKA_SASL_MECHANISM", "scram-sha-512"),
    ] {
        let why = with(&[(name, value)]).unwrap_err();
        assert!(
            why.contains(name) && why.contains("--features tls"),
            "{why}"
        );
    }
}

#[test]
fn a_stated_address_is_the_only_one_tried() {
    let listen = |args: &[&str]| parse(args, |_| None).unwrap().listen;
    assert_eq!(listen(&[]).len(), PORTS.len());
    assert_eq!(
        listen(&["--listen", "127.0.0.1:4711"]),
        ["127.0.0.1:4711".parse().unwrap()]
    );
}
