use super::*;
use crate::config::Config;

fn config() -> Config {
    Config::new("b:9092", "t", "g").unwrap()
}

fn out_of_range(result: Result<Config, ConfigError>) -> bool {
    matches!(result, Err(ConfigError::OutOfRange { .. }))
}

#[test]
fn sixty_four_topics_are_accepted_and_one_more_is_not() {
    let with =
        |topics| (1..topics).try_fold(config(), |config, n| config.add_topic(format!("t{n}")));
    for topics in [63, 64] {
        assert_eq!(with(topics).unwrap().topics().count(), topics);
    }
    assert!(out_of_range(with(65)));
}

#[test]
fn each_end_of_a_range_is_accepted_and_one_beyond_is_not() {
    let ms = Duration::from_millis;
    type Set = fn(Config, Duration) -> Result<Config, ConfigError>;
    let durations: [(&Range, Set); 8] = [
        (&COMMIT_INTERVAL, Config::commit_interval),
        (&ARCHIVE_TIMEOUT, Config::archive_timeout),
        (&MAX_POLL_INTERVAL, Config::max_poll_interval),
        (&REQUEST_TIMEOUT, Config::request_timeout),
        (&WATERMARK_INTERVAL, Config::watermark_interval),
        (&STALL_AFTER, Config::stall_after),
        (&DRAIN_TIMEOUT, Config::drain_timeout),
        (&ARCHIVE_KEEPS, Config::archive_keeps),
    ];
    for (range, set) in durations {
        let (min, max) = (range.min, range.max);
        assert!(set(config(), ms(min)).is_ok(), "{}", range.name);
        assert!(set(config(), ms(max)).is_ok(), "{}", range.name);
        assert!(out_of_range(set(config(), ms(max + 1))), "{}", range.name);
        if let Some(below) = min.checked_sub(1) {
            assert!(out_of_range(set(config(), ms(below))), "{}", range.name);
        }
    }
    for (range, set) in [
        (&LETTER_BYTES, Config::letter_bytes as fn(_, _) -> _),
        (&TRACE_CALLS, |config: Config, calls| {
            config.trace("t", calls)
        }),
        (&CRASH_DEATHS, |config: Config, deaths| {
            config.crash_loop("never read", u32::try_from(deaths).unwrap())
        }),
    ] {
        let size = |value| usize::try_from(value).unwrap();
        let (min, max) = (size(range.min), size(range.max));
        assert!(set(config(), min).is_ok(), "{}", range.name);
        assert!(set(config(), max).is_ok(), "{}", range.name);
        assert!(out_of_range(set(config(), min - 1)), "{}", range.name);
        assert!(out_of_range(set(config(), max + 1)), "{}", range.name);
    }
}

#[test]
fn a_topic_name_of_249_bytes_is_legal_and_of_250_is_not() {
    let named = |len: usize| {
        Config::new("b", "t", "g")
            .unwrap()
            .archive_topic("x".repeat(len))
    };
    assert!(named(248).is_ok());
    assert!(named(249).is_ok());
    assert_eq!(
        named(250).err(),
        Some(ConfigError::TopicName {
            name: "archive_topic"
        })
    );
}
