use rdkafka::admin::{ConfigEntry, ConfigSource, OwnedResourceSpecifier};

use super::*;

/// Kafka's defaults.
const KAFKA: [(&str, &str); 4] = [
    (RECORD_BYTES, "1048588"),
    (CLEANUP, "delete"),
    (MS, "604800000"),
    (BYTES, "-1"),
];

fn topic(settings: &[(&str, &str)]) -> TopicSettings {
    let entries = settings.iter().map(|(name, value)| ConfigEntry {
        name: (*name).to_owned(),
        value: Some((*value).to_owned()),
        source: ConfigSource::Default,
        is_read_only: false,
        is_default: true,
        is_sensitive: false,
    });
    TopicSettings::read(&ConfigResource {
        specifier: OwnedResourceSpecifier::Topic("t".to_owned()),
        entries: entries.collect(),
    })
}

fn with(name: &str, value: &str) -> TopicSettings {
    let settings = KAFKA.map(|(known, old)| (known, if known == name { value } else { old }));
    topic(&settings)
}

fn found(archive: &TopicSettings, source: &TopicSettings) -> Vec<ArchiveFinding> {
    judge(archive, source, 1_000, None)
}

#[test]
fn kafka_s_defaults_hold_the_default_letter() {
    let needs = settings::record_bytes(dashstream_dlq::ENCODED_BYTES_DEFAULT);
    assert_eq!(judge(&topic(&KAFKA), &topic(&KAFKA), needs, None), []);
}

#[test]
fn a_topic_that_replaces_timestamps_is_told_from_one_that_keeps_them() {
    for (kind, stamps) in [("LogAppendTime", true), ("CreateTime", false)] {
        assert_eq!(topic(&[(TIMESTAMP, kind)]).stamps, stamps);
    }
    assert!(!topic(&KAFKA).stamps, "which is the default");
    assert!(!ArchiveFinding::Stamped.is_fatal());
}

#[test]
fn a_letter_that_just_fits_is_fine_and_one_byte_more_is_not() {
    let source = topic(&KAFKA);
    for accepts in ["1001", "1000"] {
        assert_eq!(found(&with(RECORD_BYTES, accepts), &source), []);
    }
    assert_eq!(
        found(&with(RECORD_BYTES, "999"), &source),
        [ArchiveFinding::RecordsTooSmall {
            accepts: 999,
            needs: 1_000
        }]
    );
}

#[test]
fn a_source_whose_largest_record_just_fits_a_letter_is_fine_and_one_byte_more_is_not() {
    // 4 KiB for the headers about the failure.
    for (bytes, expected) in [("903", None), ("904", None), ("905", Some(905))] {
        let source = with(RECORD_BYTES, bytes);
        let finding = |source_bytes| ArchiveFinding::SourceLarger {
            whole: 904,
            source_bytes,
        };
        let expected = expected.map(finding);
        let archive = with(RECORD_BYTES, "5000");
        assert_eq!(source_larger(&archive, &source, 1_000_000), expected);
        assert_eq!(source_larger(&topic(&KAFKA), &source, 5_000), expected);
    }
}

#[test]
fn an_archive_keeps_as_long_as_its_source_or_as_configured() {
    let source = topic(&KAFKA);
    for ms in ["604800001", "604800000", "-1"] {
        assert_eq!(found(&with(MS, ms), &source), []);
    }
    let short = |ms, wanted| [ArchiveFinding::KeptTooShort { ms, wanted }];
    let day_less = with(MS, "604799999");
    assert_eq!(
        found(&day_less, &source),
        short(604_799_999, Some(604_800_000))
    );
    assert_eq!(
        found(&source, &with(MS, "-1")),
        short(604_800_000, None),
        "for ever is longer than any time"
    );
    let configured = |ms: u64| judge(&day_less, &source, 1, Some(Duration::from_millis(ms)));
    assert_eq!(configured(604_799_998), []);
    assert_eq!(configured(604_799_999), []);
    assert_eq!(
        configured(604_800_000),
        short(604_799_999, Some(604_800_000))
    );
}

#[test]
fn an_archive_keeps_as_much_as_its_source() {
    let source = with(BYTES, "100");
    for bytes in ["101", "100", "-1"] {
        assert_eq!(found(&with(BYTES, bytes), &source), []);
    }
    let little = |bytes, wanted| [ArchiveFinding::KeptTooLittle { bytes, wanted }];
    assert_eq!(found(&with(BYTES, "99"), &source), little(99, Some(100)));
    assert_eq!(found(&source, &topic(&KAFKA)), little(100, None));
}

#[test]
fn compaction_is_found_alone_and_beside_deletion() {
    for how in ["compact", "compact,delete", "delete, compact"] {
        let archive = with(CLEANUP, how);
        assert_eq!(found(&archive, &topic(&KAFKA)), [ArchiveFinding::Compacted]);
    }
}

#[test]
fn what_the_broker_does_not_tell_is_unknown_and_never_fine() {
    let unknown = |settings: &[&'static str]| {
        let unknown = |setting: &&'static str| ArchiveFinding::Unknown { setting };
        settings.iter().map(unknown).collect::<Vec<_>>()
    };
    assert_eq!(
        found(&topic(&[]), &topic(&KAFKA)),
        unknown(&[RECORD_BYTES, CLEANUP, MS, BYTES])
    );
    // The source's side is as unknown, unless the archive has no bound at all.
    assert_eq!(found(&topic(&KAFKA), &topic(&[])), unknown(&[MS]));
    assert_eq!(
        found(&with(MS, "-2"), &topic(&KAFKA)),
        unknown(&[MS]),
        "a number that is none"
    );
}

#[test]
fn a_retention_that_the_broker_does_not_tell_is_unknown() {
    // Nothing listens there.
    let config = Config::new("127.0.0.1:1", "t", "g").unwrap();
    let config = config.request_timeout(Duration::from_millis(100)).unwrap();
    assert_eq!(retention(&config), None);
}

#[test]
fn what_is_not_deleted_is_kept_for_ever_whatever_its_bounds_say() {
    let short = |ms, wanted| [ArchiveFinding::KeptTooShort { ms, wanted }];
    let compacted = with(CLEANUP, "compact");
    assert_eq!(found(&topic(&KAFKA), &compacted), short(604_800_000, None));
    assert_eq!(found(&topic(&KAFKA), &with(CLEANUP, "compact,delete")), []);
    // Without any policy, as Kafka 4 allows.
    let keeps_all = topic(&[
        (RECORD_BYTES, "1048588"),
        (CLEANUP, ""),
        (MS, "1"),
        (BYTES, "1"),
    ]);
    assert_eq!(found(&keeps_all, &compacted), []);
}
