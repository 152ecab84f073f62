//! Errors that last, and how long they are said to.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use dashstream_kafka::policy::{Archiving, Cause, Command, Config};
use dashstream_kafka::{ClientRole, Consumer, ConsumerEvent, Status};
use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use crate::support::host::{Host, POISON, Place, run};
use crate::support::{Broker, within};

const LIMIT: Duration = Duration::from_secs(90);
const JOIN: Duration = Duration::from_secs(20);
const CAUSE: Cause = Cause::DecodeError;

/// The permanent errors that stand: whose they are, and the protocol's numbers.
fn permanent(status: &Status) -> Vec<(ClientRole, i32)> {
    let errors = status.standing_errors.iter();
    errors
        .filter(|error| error.code.is_permanent())
        .map(|error| (error.client, error.code.number()))
        .collect()
}

#[test]
fn a_broker_that_is_away_is_one_fact_until_it_is_back() {
    within(LIMIT, || {
        let broker = Broker::embedded();
        let place = Place::new(&broker, 1);
        run(async {
            // The clients come back as soon as the broker does.
            let config = place.config();
            let config = config.set("reconnect.backoff.max.ms", "300").unwrap();
            let mut host = Host::start(config, Config::default()).await;
            host.until("a member", |status| status.partitions.len() == 1)
                .await;
            broker.set_available(false);
            host.until("the outage repeats itself", |status| {
                let mut errors = status.standing_errors.iter();
                errors.any(|error| error.times >= 3)
            })
            .await;
            let mut events = BTreeMap::new();
            for event in host.events() {
                if let ConsumerEvent::ClientError(code) = event {
                    *events.entry(code.number()).or_insert(0) += 1;
                }
            }
            // Several clients may report the same; none of them more than once.
            assert!(
                !events.is_empty() && events.values().all(|times| *times <= 3),
                "{events:?}"
            );
            assert_eq!(permanent(&host.status()), []);

            broker.set_available(true);
            broker.append(&place.topic, 0, &[Some("good")]);
            assert_eq!(host.judge(1, JOIN, CAUSE).await, [(0, 0)]);
            host.until("nothing stands", |status| status.standing_errors.is_empty())
                .await;
        });
    });
}

/// A cluster in this process that can be told to refuse.
fn refusing() -> (
    MockCluster<'static, rdkafka::producer::DefaultProducerContext>,
    Place,
) {
    let cluster = MockCluster::new(1).unwrap();
    let place = Place::not_made(&Broker::at(&cluster.bootstrap_servers()));
    for topic in [&place.topic, &place.archive] {
        cluster.create_topic(topic, 1, 1).unwrap();
    }
    (cluster, place)
}

const OFTEN: usize = 10_000;

#[test]
fn a_group_that_may_not_be_joined_stands_until_it_is_joined() {
    within(LIMIT, || {
        let (cluster, place) = refusing();
        let refused = RDKafkaRespErr::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
        cluster.request_errors(RDKafkaApiKey::JoinGroup, &[refused; OFTEN]);
        run(async {
            let mut host = Host::start(place.config(), Config::default()).await;
            let stands = [(ClientRole::Consumer, refused as i32)];
            host.until("refused", |status| permanent(status) == stands)
                .await;
            let since = host.status().standing_errors[0].since;
            tokio::time::sleep(Duration::from_secs(3)).await;
            let error = host.status().standing_errors[0];
            assert_eq!(
                (error.since, permanent(&host.status())),
                (since, stands.to_vec())
            );

            cluster.clear_request_errors(RDKafkaApiKey::JoinGroup);
            Broker::at(&place.brokers).append(&place.topic, 0, &[Some("good")]);
            assert_eq!(host.judge(1, JOIN, CAUSE).await, [(0, 0)]);
            // The status is renewed a few times a second.
            host.until("nothing stands", |status| permanent(status).is_empty())
                .await;
        });
    });
}

#[test]
fn an_archive_that_may_not_be_written_stands_until_it_acknowledges() {
    within(LIMIT, || {
        for archiving in [Archiving::BestEffort, Archiving::Required] {
            let (cluster, place) = refusing();
            let broker = Broker::at(&place.brokers);
            broker.append(&place.topic, 0, &[Some(POISON)]);
            let refused = RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
            cluster.request_errors(RDKafkaApiKey::Produce, &[refused]);
            run(async {
                let policy = Config::default().archiving(archiving);
                let mut host = Host::start(place.config(), policy).await;
                assert_eq!(host.judge(1, JOIN, CAUSE).await, [(0, 0)]);
                let stands = [(ClientRole::Archive, refused as i32)];
                host.until("refused", |status| permanent(status) == stands)
                    .await;
                tokio::time::sleep(Duration::from_secs(1)).await;
                assert_eq!(permanent(&host.status()), stands);

                if archiving == Archiving::Required {
                    host.order(0, Command::SkipOne).await;
                } else {
                    broker.append(&place.topic, 0, &[Some(POISON)]);
                    assert_eq!(host.judge(1, JOIN, CAUSE).await, [(0, 1)]);
                }
                host.until("acknowledged", |status| permanent(status).is_empty())
                    .await;
            });
        }
    });
}

#[test]
fn a_producer_that_the_broker_refuses_for_ever_is_made_anew() {
    within(LIMIT, || {
        let (cluster, place) = refusing();
        let broker = Broker::at(&place.brokers);
        broker.append(&place.topic, 0, &[Some(POISON); 3]);
        run(async {
            let policy = Config::default().archiving(Archiving::Required);
            let mut host = Host::start(place.config(), policy).await;
            assert_eq!(host.judge(1, JOIN, CAUSE).await, [(0, 0)]);
            let passed = |next| move |status: &Status| stored(status) == Some(next);
            host.until("the first is archived", passed(1)).await;
            // The broker has lost its place in the producer's sequence: fatal by the client's rules.
            let lost = RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
            cluster.request_errors(RDKafkaApiKey::Produce, &[lost]);
            assert_eq!(host.judge(2, JOIN, CAUSE).await, [(0, 1), (0, 2)]);
            host.until("all are archived", passed(3)).await;
            assert_eq!(permanent(&host.status()), []);
            let is_fatal = |event: &ConsumerEvent| {
                let ConsumerEvent::ClientError(code) = event else {
                    return false;
                };
                code.is_permanent() || code.number() == lost as i32
            };
            assert!(host.events().iter().any(is_fatal), "{:?}", host.events());
            let closing = host.shutdown().await;
            assert!(closing.committed && closing.unarchived == 0, "{closing:?}");
        });
        let places: BTreeSet<_> = broker
            .letters(&place.archive)
            .into_iter()
            .map(|letter| letter.source.offset.unwrap().get())
            .collect();
        assert_eq!(places, BTreeSet::from([0, 1, 2]));
    });
}

fn stored(status: &Status) -> Option<i64> {
    let partition = status.policy.partitions.first()?;
    Some(partition.stored?.get())
}

// The embedded broker deletes no topics; the test before this one shows what the client makes of it.
#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn letters_go_on_when_the_archive_s_topic_was_made_anew() {
    within(LIMIT, || {
        let broker = Broker::outside();
        let place = Place::new(&broker, 1);
        run(async {
            let policy = Config::default().archiving(Archiving::Required);
            let mut host = Host::start(place.config(), policy).await;
            for round in 0..3_i64 {
                broker.append(&place.topic, 0, &[Some(POISON); 2]);
                assert_eq!(host.judge(2, JOIN, CAUSE).await.len(), 2);
                host.until("both are archived", |status| {
                    stored(status) == Some(2 * round + 2)
                })
                .await;
                broker.recreate(&place.archive, 1);
            }
            let closing = host.shutdown().await;
            assert!(closing.committed && closing.unarchived == 0, "{closing:?}");
        });
    });
}

#[test]
fn each_end_of_each_range_starts_a_consumer() {
    within(LIMIT * 2, || {
        let broker = Broker::start();
        let ms = Duration::from_millis;
        type Set = fn(
            dashstream_kafka::Config,
            Duration,
        ) -> Result<dashstream_kafka::Config, dashstream_kafka::ConfigError>;
        let durations: [(Set, u64, u64); 8] = [
            (dashstream_kafka::Config::commit_interval, 10, 60_000),
            (dashstream_kafka::Config::archive_timeout, 100, 900_000),
            (
                dashstream_kafka::Config::max_poll_interval,
                10_000,
                86_400_000,
            ),
            (dashstream_kafka::Config::request_timeout, 100, 60_000),
            (dashstream_kafka::Config::watermark_interval, 100, 3_600_000),
            (dashstream_kafka::Config::stall_after, 1_000, 86_400_000),
            (dashstream_kafka::Config::drain_timeout, 0, 600_000),
            (
                dashstream_kafka::Config::archive_keeps,
                60_000,
                315_360_000_000,
            ),
        ];
        // With the client's own session timeout, which existing deployments have.
        let place = Place::new(&broker, 1);
        let plain = || {
            dashstream_kafka::Config::new(&place.brokers, &place.topic, &place.group)
                .and_then(|config| config.archive_topic(&place.archive))
                .unwrap()
        };
        let mut configs = Vec::new();
        for (set, min, max) in durations {
            configs.extend([min, max].map(|end| set(plain(), ms(end)).unwrap()));
        }
        for end in [4 * 1024, 64 * 1024 * 1024] {
            configs.push(plain().letter_bytes(end).unwrap());
        }
        for config in configs {
            let shown = format!("{config:?}");
            let started = run(Consumer::start(config, Config::default(), |_| {}));
            assert_eq!(started.err(), None, "{shown}");
        }
    });
}

#[test]
fn a_broker_that_is_away_may_come_back() {
    within(LIMIT, || {
        let away = dashstream_kafka::Config::new("127.0.0.1:1", "t", "g").unwrap();
        assert_eq!(refused(away), "unreachable");
    });
}

/// Why a consumer does not start.
fn refused(config: dashstream_kafka::Config) -> &'static str {
    let started = run(Consumer::start(config, Config::default(), |_| {}));
    match started {
        Ok(_) => panic!("nothing may be consumed"),
        Err(error) => error.code(),
    }
}

/// Needs the users of the broker that `cargo xtask broker-test` starts; `--brokers` leaves them out.
mod logins {
    use super::*;

    fn login(place: &Place, user: &str) -> dashstream_kafka::Config {
        let mut place = place.clone();
        place.brokers = std::env::var("DASHSTREAM_TEST_LOGIN").expect("where users log in");
        let config = place.config().set("security.protocol", "sasl_plaintext");
        let config = config.and_then(|config| config.set("sasl.mechanism", "PLAIN"));
        let config = config.and_then(|config| config.set("sasl.username", user));
        let config = config.and_then(|config| config.set("sasl.password", "secret"));
        config.unwrap()
    }

    #[test]
    #[ignore = "needs Apache Kafka: cargo xtask broker-test"]
    fn a_missing_right_is_told_from_a_broker_that_is_away() {
        within(LIMIT, || {
            let place = Place::new(&Broker::outside(), 1);
            assert_eq!(refused(login(&place, "stranger")), "not_authorized");
        });
    }

    #[test]
    #[ignore = "needs Apache Kafka: cargo xtask broker-test"]
    fn a_wrong_password_is_told_from_a_broker_that_is_away() {
        within(LIMIT, || {
            let place = Place::new(&Broker::outside(), 1);
            for (name, value) in [("sasl.password", "wrong"), ("sasl.username", "nobody")] {
                let config = login(&place, "reader").set(name, value).unwrap();
                assert_eq!(refused(config), "authentication_failed", "{name}");
            }
        });
    }

    #[test]
    #[ignore = "needs Apache Kafka: cargo xtask broker-test"]
    fn an_archive_without_the_right_to_write_is_named_by_the_broker_s_own_code() {
        within(LIMIT, || {
            let broker = Broker::outside();
            let place = Place::new(&broker, 1);
            broker.append(&place.topic, 0, &[Some(POISON)]);
            let config = login(&place, "reader");
            run(async {
                let mut host = Host::start(config, Config::default()).await;
                assert_eq!(host.judge(1, JOIN, CAUSE).await, [(0, 0)]);
                host.until("refused", |status| {
                    let errors = permanent(status);
                    !errors.is_empty()
                        && errors
                            .iter()
                            .all(|(client, _)| *client == ClientRole::Archive)
                })
                .await;
            });
        });
    }
}
