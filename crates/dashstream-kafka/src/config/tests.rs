use super::*;

fn config() -> Config {
    Config::new("b:9092", "t", "g").unwrap()
}

#[test]
fn what_kafka_would_refuse_is_refused_here() {
    for topic in [".", "..", "a b", "a/b", "ä"] {
        let error = Config::new("b", topic, "g").err();
        assert_eq!(
            error,
            Some(ConfigError::TopicName { name: "topic" }),
            "{topic}"
        );
    }
    for (brokers, topic, group, name) in [
        (" ", "t", "g", "brokers"),
        ("b", "", "g", "topic"),
        ("b", "t", "", "group"),
    ] {
        let error = Config::new(brokers, topic, group).err();
        assert_eq!(error, Some(ConfigError::Missing { name }));
    }
}

#[test]
fn the_archive_is_never_the_consumed_topic() {
    assert_eq!(
        config().archive_topic("t").err(),
        Some(ConfigError::ArchiveIsSource)
    );
}

#[test]
fn a_topic_is_consumed_once_and_is_no_archive_and_has_no_crash_marker_beside_another() {
    let several = config().add_topic("u").unwrap();
    assert_eq!(several.topics().collect::<Vec<_>>(), ["t", "u"]);
    for (added, error) in [
        ("t", ConfigError::TopicTwice),
        ("u", ConfigError::TopicTwice),
        ("t-dlq", ConfigError::ArchiveIsSource),
        ("a b", ConfigError::TopicName { name: "topic" }),
    ] {
        assert_eq!(several.clone().add_topic(added).err(), Some(error));
    }
    let archive = several.clone().archive_topic("u").err();
    assert_eq!(archive, Some(ConfigError::ArchiveIsSource));
    let marked = several.crash_loop("never read", 3).unwrap();
    let checked = crate::settings::check(&marked);
    assert_eq!(checked.err(), Some(ConfigError::CrashLoopTopics));
}

#[test]
fn a_token_is_in_no_debug_form() {
    let token = OAuthToken {
        token: "hunter2".to_owned(),
        principal: "reader".to_owned(),
        expires_at: Duration::ZERO,
    };
    assert!(!format!("{token:?}").contains("hunter2"));
}

#[test]
fn a_disclosure_that_the_format_cannot_show_is_refused() {
    for format in LetterFormat::ALL {
        for disclosure in Disclosure::ALL {
            let refused = config().letters(format, disclosure).err();
            let expected = (!format.can_show(disclosure)).then(|| ConfigError::Letters {
                format: format.label(),
                disclosure: disclosure.label(),
            });
            assert_eq!(refused, expected);
        }
    }
    let late = config()
        .letters(LetterFormat::Record, Disclosure::Full)
        .unwrap();
    let late = crate::settings::check(&late.disclosure(Disclosure::Truncated));
    assert!(matches!(late, Err(ConfigError::Letters { .. })));
}

#[test]
fn debug_shows_names_of_settings_but_no_value() {
    let shown = format!("{:?}", config().set("sasl.password", "hunter2").unwrap());
    assert!(shown.contains("sasl.password"));
    assert!(!shown.contains("hunter2"));
}

#[test]
fn settings_on_which_offsets_depend_are_refused_by_name() {
    for (names, why) in refused::REFUSED {
        for name in *names {
            let error = Config::new("b", "t", "g").unwrap().set(*name, "true").err();
            assert_eq!(error, Some(ConfigError::Refused { name, why }));
        }
    }
}

#[test]
fn the_longest_topic_name_is_accepted_where_the_archive_topic_has_another() {
    for len in [245, 246, 249] {
        let config = Config::new("b", "x".repeat(len), "g").unwrap();
        assert!(config.archive_topic("letters").is_ok(), "{len}");
    }
    assert!(Config::new("b", "x".repeat(250), "g").is_err());
}
