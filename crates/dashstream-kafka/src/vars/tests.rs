use super::*;

fn with(vars: &'static [(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_vars(move |name| {
        let found = vars.iter().find(|(var, _)| *var == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn without_variables_the_defaults_of_existing_deployments_hold() {
    let config = with(&[]).unwrap();
    assert_eq!(config.broker_list(), "127.0.0.1:9092");
    assert_eq!(config.topic_name(), "dashstream-quality");
    assert_eq!(config.archive_topic_name(), "dashstream-quality-dlq");
    assert_eq!(config.group_name(), "websocket-server-v4");
    assert_eq!(config.start, Start::Earliest);
    assert_eq!(config.old_data, OldData::BelowWatermark);
    assert_eq!(config.archive_in_flight, 100);
    assert_eq!(config.archive_timeout, Duration::from_secs(5));
    assert_eq!(config.watermark_interval, Duration::from_secs(10));
    assert_eq!(config.stall_after, Duration::from_secs(60));
}

#[test]
fn every_variable_arrives_where_it_belongs() {
    let config = with(&[
        ("KAFKA_BROKERS", "a:1,b:2"),
        ("KAFKA_TOPIC", "in"),
        ("KAFKA_DLQ_TOPIC", "dead"),
        ("KAFKA_GROUP_ID", "me"),
        ("KAFKA_AUTO_OFFSET_RESET", "LATEST"),
        ("KAFKA_OLD_DATA_USE_TIMESTAMP", "1"),
        ("KAFKA_OLD_DATA_GRACE_SECONDS", "7"),
        ("KAFKA_LAG_CHECK_INTERVAL_SECS", "3"),
        ("KAFKA_LAG_STALE_PARTITION_SECS", "9"),
        ("MAX_CONCURRENT_DLQ_SENDS", "5"),
        ("DLQ_SEND_TIMEOUT_SECS", "0"),
        ("DLQ_INCLUDE_FULL_PAYLOAD", "TRUE"),
        ("KAFKA_SECURITY_PROTOCOL", "sasl_ssl"),
        ("KAFKA_SASL_PASSWORD", " secret "),
        ("KAFKA_BROKER_ADDRESS_FAMILY", "v4"),
    ])
    .unwrap();
    assert_eq!(config.broker_list(), "a:1,b:2");
    assert_eq!(config.topic_name(), "in");
    assert_eq!(config.archive_topic_name(), "dead");
    assert_eq!(config.group_name(), "me");
    assert_eq!(config.start, Start::Latest);
    let grace = Duration::from_secs(7);
    assert_eq!(config.old_data, OldData::OlderThan { grace });
    assert_eq!(config.watermark_interval, Duration::from_secs(3));
    assert_eq!(config.stall_after, Duration::from_secs(9));
    assert_eq!(config.archive_in_flight, 5);
    assert_eq!(config.archive_timeout, Duration::from_secs(5));
    assert_eq!(config.disclosure, Disclosure::Full);
    let set = |name| config.settings.iter().find(|(n, _)| *n == name);
    assert_eq!(set("security.protocol").unwrap().1, "sasl_ssl");
    assert_eq!(set("broker.address.family").unwrap().1, "v4");
}

#[test]
fn letters_stay_what_they_are_unless_another_format_is_named() {
    let letters = |vars| {
        let config = with(vars).unwrap();
        (config.letter_format, config.disclosure)
    };
    for (unset, set, format, without) in LETTERS {
        assert_eq!(letters(unset), (format, without));
        assert_eq!(letters(set), (format, Disclosure::Full));
    }
}

type Letters = &'static [(&'static str, &'static str)];

const FORMAT: &str = "KAFKA_DLQ_FORMAT";
const FULL: (&str, &str) = ("DLQ_INCLUDE_FULL_PAYLOAD", "1");
const LETTERS: [(Letters, Letters, LetterFormat, Disclosure); 4] = [
    (&[], &[FULL], LetterFormat::Versioned, Disclosure::Truncated),
    (
        &[(FORMAT, "record")],
        &[(FORMAT, "record"), FULL],
        LetterFormat::Record,
        Disclosure::Hashed,
    ),
    (
        &[(FORMAT, "library")],
        &[(FORMAT, "library"), FULL],
        LetterFormat::Library,
        Disclosure::Truncated,
    ),
    (
        &[(FORMAT, "server")],
        &[(FORMAT, "server"), FULL],
        LetterFormat::Server,
        Disclosure::Truncated,
    ),
];

#[test]
fn what_cannot_be_understood_is_an_error_with_the_variable_s_name() {
    type Case = (&'static [(&'static str, &'static str)], ConfigError);
    let cases: [Case; 6] = [
        (
            &[("KAFKA_AUTO_OFFSET_RESET", "newest")],
            ConfigError::UnknownWord {
                name: "KAFKA_AUTO_OFFSET_RESET",
                words: "earliest, latest",
            },
        ),
        (
            &[("MAX_CONCURRENT_DLQ_SENDS", "many")],
            ConfigError::NotANumber {
                name: "MAX_CONCURRENT_DLQ_SENDS",
            },
        ),
        (
            &[("MAX_CONCURRENT_DLQ_SENDS", "10001")],
            ConfigError::OutOfRange {
                name: "MAX_CONCURRENT_DLQ_SENDS",
                value: 10_001,
                min: 1,
                max: 10_000,
            },
        ),
        (
            &[("DLQ_SEND_TIMEOUT_SECS", "901")],
            ConfigError::OutOfRange {
                name: "DLQ_SEND_TIMEOUT_SECS",
                value: 901,
                min: 0,
                max: 900,
            },
        ),
        (
            &[("KAFKA_TOPIC", "a b")],
            ConfigError::TopicName {
                name: "KAFKA_TOPIC",
            },
        ),
        (
            &[("KAFKA_TOPIC", "t"), ("KAFKA_DLQ_TOPIC", "t")],
            ConfigError::ArchiveIsSource,
        ),
    ];
    for (vars, error) in cases {
        assert_eq!(with(vars).err(), Some(error), "{vars:?}");
    }
}

fn policy(vars: &'static [(&str, &str)]) -> Result<dashstream_policy::Config, ConfigError> {
    policy_from_vars(move |name| {
        let found = vars.iter().find(|(var, _)| *var == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn the_policy_is_read_whatever_its_case_and_a_misspelt_one_is_an_error() {
    let default = dashstream_policy::Config::default();
    assert_eq!(policy(&[]).unwrap(), default);
    assert_eq!(
        policy(&[
            ("KAFKA_ON_DECODE_ERROR", " Pause "),
            ("KAFKA_PAUSE_SCOPE", "partition"),
            ("KAFKA_ARCHIVE", "required"),
            ("KAFKA_ARCHIVE_ACCEPT_REDUCED", "true"),
            ("KAFKA_NULL_PAYLOAD", "ignore"),
        ])
        .unwrap(),
        default
            .mode(Mode::Pause)
            .scope(Scope::Partition)
            .archiving(Archiving::Required)
            .accept_reduced(true)
            .null_payload(NullPayload::Ignore)
    );
    assert_eq!(
        policy(&[("KAFKA_ON_DECODE_ERROR", "paus")]).err(),
        Some(ConfigError::UnknownWord {
            name: "KAFKA_ON_DECODE_ERROR",
            words: "skip, pause",
        })
    );
}

#[test]
fn an_empty_variable_is_an_unset_one() {
    let config = with(&[("KAFKA_TOPIC", " "), ("MAX_CONCURRENT_DLQ_SENDS", "")]).unwrap();
    assert_eq!(config.topic_name(), "dashstream-quality");
    assert_eq!(config.archive_in_flight, 100);
}
