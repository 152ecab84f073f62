use rdkafka::consumer::BaseConsumer;
use rdkafka::producer::BaseProducer;

use super::*;

#[test]
fn every_client_gets_a_password_and_only_the_producer_a_codec() {
    let config = Config::new("b", "t", "g").unwrap();
    let config = config.set("sasl.password", "x").unwrap();
    let config = config.set("compression.type", "zstd").unwrap();
    for client in [consumer(&config, 1), admin(&config), producer(&config, 100)] {
        assert_eq!(client.get("sasl.password"), Some("x"));
    }
    assert_eq!(consumer(&config, 1).get("compression.type"), None);
    assert_eq!(admin(&config).get("compression.type"), None);
    assert_eq!(producer(&config, 100).get("compression.type"), Some("zstd"));
}

#[test]
fn a_setting_the_client_does_not_know_is_named() {
    let config = Config::new("b", "t", "g").unwrap();
    let config = config.set("fetch.wait.max.ms", "50").unwrap();
    let config = config.set("no.such.setting", "x").unwrap();
    assert_eq!(
        refused(&consumer(&config, 1), &config),
        StartError::Setting {
            name: "no.such.setting".to_owned()
        }
    );
}

fn refused(client: &ClientConfig, config: &Config) -> StartError {
    let created = client.create::<BaseConsumer>();
    culprit(client, config, &created.err().unwrap())
}

#[test]
fn settings_that_contradict_each_other_are_named() {
    let config = Config::new("b", "t", "g").unwrap();
    // Each value is in its own range.
    let config = config.set("fetch.max.bytes", "1000").unwrap();
    let name = "fetch.max.bytes";
    assert_eq!(
        refused(&consumer(&config, 1), &config),
        StartError::Setting {
            name: name.to_owned()
        }
    );
    let config = Config::new("b", "t", "g").unwrap();
    let name = "reconnect.backoff.ms";
    let config = config.set("reconnect.backoff.max.ms", "10").unwrap();
    let config = config.set(name, "20").unwrap();
    let expected = StartError::Setting {
        name: "reconnect.backoff.max.ms".to_owned(),
    };
    assert_eq!(refused(&consumer(&config, 1), &config), expected);
}

#[test]
fn a_session_is_no_longer_than_the_time_between_two_polls() {
    let with = |poll_ms, session: Option<&str>| {
        let config = Config::new("b", "t", "g").unwrap();
        let config = config
            .max_poll_interval(Duration::from_millis(poll_ms))
            .unwrap();
        match session {
            Some(ms) => config.set(SESSION, ms).unwrap(),
            None => config,
        }
    };
    for (poll_ms, session) in [
        (10_000, Some("10000")),
        (44_999, Some("44999")),
        (45_000, None),
        (45_001, None),
    ] {
        let client = consumer(&with(poll_ms, None), 1);
        assert_eq!(client.get(SESSION), session, "{poll_ms}");
        assert!(client.create::<BaseConsumer>().is_ok(), "{poll_ms}");
    }
    for ms in ["19999", "20000"] {
        let config = with(20_000, Some(ms));
        assert_eq!(check(&config), Ok(()));
        let client = consumer(&config, 1);
        assert_eq!(client.get(SESSION), Some(ms));
        assert!(client.create::<BaseConsumer>().is_ok(), "{ms}");
    }
    let refused = ConfigError::OutOfRange {
        name: SESSION,
        value: 20_001,
        min: 0,
        max: 20_000,
    };
    assert_eq!(check(&with(20_000, Some("20001"))), Err(refused));
}

#[test]
fn the_largest_letter_is_one_that_the_producer_sends() {
    let with = |bytes| {
        Config::new("b", "t", "g")
            .unwrap()
            .letter_bytes(bytes)
            .unwrap()
    };
    for (bytes, limit) in [
        (4_096, None),
        (999_871, None),
        (999_872, Some("1000001")),
        (64 * 1024 * 1024, Some("67108993")),
    ] {
        let client = producer(&with(bytes), 100);
        assert_eq!(client.get(MESSAGE_BYTES), limit, "{bytes}");
        assert!(client.create::<BaseProducer>().is_ok(), "{bytes}");
    }
    for (limit, refused) in [("1000129", false), ("1000128", true), ("1000130", false)] {
        let config = with(1_000_000).set(MESSAGE_BYTES, limit).unwrap();
        assert_eq!(check(&config).is_err(), refused, "{limit}");
    }
}

#[test]
fn with_the_protocol_of_kip_848_the_session_is_the_brokers() {
    let config = Config::new("b", "t", "g").unwrap();
    let config = config.max_poll_interval(Duration::from_secs(10)).unwrap();
    // A name and a value that are known at run time.
    let (name, value) = (String::from("group.protocol"), String::from("consumer"));
    let client = consumer(&config.set(name, value).unwrap(), 1);
    assert_eq!(client.get(SESSION), None);
    assert!(client.create::<BaseConsumer>().is_ok());
}

#[test]
fn what_is_fetched_ahead_is_shared_among_partitions_and_a_host_may_say_otherwise() {
    let fetched = |config: &Config, partitions| {
        let client = consumer(config, partitions);
        client.get("queued.max.messages.kbytes").map(str::to_owned)
    };
    let config = Config::new("localhost:9092", "t", "g").unwrap();
    for (partitions, kbytes) in [
        (0, "65536"),
        (1, "65536"),
        (4, "16384"),
        (64, "1024"),
        (512, "1024"),
    ] {
        assert_eq!(fetched(&config, partitions).as_deref(), Some(kbytes));
    }
    let config = config.set("queued.max.messages.kbytes", "7").unwrap();
    assert_eq!(fetched(&config, 4).as_deref(), Some("7"));
}

#[test]
fn what_concerns_every_connection_reaches_every_client() {
    for (name, value) in [
        (
            "client.dns.lookup",
            "resolve_canonical_bootstrap_servers_only",
        ),
        ("connections.max.idle.ms", "1000"),
        ("metadata.max.age.ms", "60000"),
        ("metadata.recovery.strategy", "none"),
        ("topic.metadata.refresh.interval.ms", "1000"),
        ("api.version.request", "true"),
        ("api.version.request.timeout.ms", "1000"),
        ("receive.message.max.bytes", "200000000"),
        ("socket.connection.setup.timeout.ms", "1000"),
        ("retry.backoff.ms", "50"),
        ("enable.sasl.oauthbearer.unsecure.jwt", "true"),
        ("log.connection.close", "false"),
        ("log_level", "3"),
        ("debug", "broker"),
        ("client.rack", "a"),
        ("enable.metrics.push", "false"),
    ] {
        let config = Config::new("b", "t", "g").unwrap();
        let config = config.set(name, value).unwrap();
        for client in [consumer(&config, 1), admin(&config), producer(&config, 100)] {
            assert_eq!(client.get(name), Some(value), "{name}");
        }
    }
}
