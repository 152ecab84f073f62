//! Several topics, whose partitions have the same numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use dashstream_kafka::policy::{
    Archiving, Cause, Command, CommandOutcome, Config, Form, Mode, PartitionState, Scope,
    TopicPartition,
};
use dashstream_kafka::{ConfigError, Consumer, ConsumerEvent, RecordIds, StartError, Status};

use crate::support::host::{Host, POISON, Place, run};
use crate::support::{Broker, unique, within};

const LIMIT: Duration = Duration::from_secs(90);
const JOIN: Duration = Duration::from_secs(20);
const QUIET: Duration = Duration::from_secs(2);

const FIRST: TopicPartition = TopicPartition::new(0, 0);
const SECOND: TopicPartition = TopicPartition::new(1, 0);

fn config(place: &Place, second: &str) -> dashstream_kafka::Config {
    place.config().add_topic(second).unwrap()
}

/// Judges records until none comes, and returns where they stood.
async fn judge(host: &mut Host, count: usize) -> BTreeMap<String, Vec<i64>> {
    let mut seen: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for at in 0..=count {
        let patience = if at < count { JOIN } else { QUIET };
        let Some(record) = host.next(patience).await else {
            break;
        };
        let offsets = seen.entry(record.topic().to_owned()).or_default();
        offsets.push(record.offset());
        if record.payload() == Some(POISON.as_bytes()) {
            record.reject(Cause::DecodeError, RecordIds::none());
        } else {
            record.accept();
        }
    }
    seen
}

const fn is_applied(outcome: &CommandOutcome) -> bool {
    matches!(outcome, CommandOutcome::Applied { .. })
}

fn held_at(status: &Status, at: TopicPartition) -> Option<i64> {
    let mut partitions = status.policy.partitions.iter();
    let found = partitions.find(|found| found.partition == at)?;
    match found.state {
        PartitionState::Held { offset, .. } => Some(offset?.get()),
        _ => None,
    }
}

#[test]
fn a_hold_in_one_topic_leaves_the_same_partition_of_another_alone() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        let second = broker.topic(1);
        broker.append(&place.topic, 0, &[Some("a"), Some(POISON), Some("b")]);
        broker.append(&second, 0, &[Some("c"), Some("d"), Some("e"), Some("f")]);
        run(async {
            let policy = Config::default().mode(Mode::Pause).scope(Scope::Partition);
            let mut host = Host::start(config(&place, &second), policy).await;
            let seen = judge(&mut host, 6).await;
            assert_eq!(seen.get(&place.topic), Some(&vec![0, 1]));
            assert_eq!(seen.get(&second), Some(&vec![0, 1, 2, 3]));
            host.until("held", |status| held_at(status, FIRST) == Some(1))
                .await;
            assert_eq!(held_at(&host.status(), SECOND), None);
            host.until("all of the second", |status| {
                let mut lags = status.partitions.iter();
                let lag = lags.find(|lag| lag.partition == SECOND);
                lag.is_some_and(|lag| lag.next == Some(4) && !lag.paused)
            })
            .await;
            // An order is for the partition of the topic that it names.
            let outcome = host.order_at(SECOND, Command::Retry).await;
            assert!(!is_applied(&outcome), "{outcome:?}");
            assert_eq!(held_at(&host.status(), FIRST), Some(1));
            let outcome = host.order_at(FIRST, Command::SkipOne).await;
            assert!(is_applied(&outcome), "{outcome:?}");
            let seen = judge(&mut host, 1).await;
            assert_eq!(seen, BTreeMap::from([(place.topic.clone(), vec![2])]));
            let closing = host.shutdown().await;
            assert!(closing.committed, "{closing:?}");
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(3));
        assert_eq!(broker.committed(&place.group, &second, 0), Some(4));
    });
}

#[test]
fn a_letter_and_an_event_name_the_topic_of_their_record() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        let second = broker.topic(2);
        for (topic, partition) in [(&place.topic, 0), (&second, 0), (&second, 1)] {
            broker.append(topic, partition, &[Some(POISON), Some("a")]);
        }
        run(async {
            let mut host = Host::start(config(&place, &second), Config::default()).await;
            let seen = judge(&mut host, 6).await;
            assert_eq!(seen.get(&place.topic), Some(&vec![0, 1]));
            host.until("archived", |status| {
                let counters = &status.policy.counters;
                counters.archive_acked(Cause::DecodeError, Form::Full) == 3
            })
            .await;
            let assigned = |at| {
                let is_meant = move |event: &ConsumerEvent| matches!(event, ConsumerEvent::Assigned { partition, .. } if *partition == at);
                host.events().iter().filter(|event| is_meant(event)).count()
            };
            let last = TopicPartition::new(1, 1);
            assert_eq!([FIRST, SECOND, last].map(assigned), [1, 1, 1]);
            let _ = host.shutdown().await;
        });
        let mut places: Vec<_> = broker
            .letters(&place.archive)
            .iter()
            .map(|letter| {
                let source = &letter.source;
                let offset = source.offset.map(|offset| offset.get());
                (source.topic.clone(), source.partition, offset)
            })
            .collect();
        places.sort();
        let mut expected = [(&place.topic, 0), (&second, 0), (&second, 1)]
            .map(|(topic, partition)| (Some(topic.clone()), Some(partition), Some(0)));
        expected.sort();
        assert_eq!(places, expected);
    });
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn an_archive_that_is_required_is_held_against_each_topic() {
    within(LIMIT, || {
        let broker = Broker::outside();
        let hour = [("retention.ms", "3600000")];
        let place = Place::set(&broker, &hour, &hour);
        let second = unique("t");
        broker.create(&second, 1, &[("retention.ms", "7200000")]);
        let start = |config| {
            let policy = Config::default().archiving(Archiving::Required);
            run(Consumer::start(config, policy, |_| {}))
        };
        assert_eq!(start(place.config()).err(), None);
        let error = start(config(&place, &second)).err().unwrap();
        assert_eq!(error.code(), "archive_kept_too_short");
    });
}

#[test]
fn a_topic_that_is_missing_among_several_is_no_start() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        let config = config(&place, "not-there")
            .request_timeout(Duration::from_secs(1))
            .unwrap();
        let started = run(Consumer::start(config, Config::default(), |_| {}));
        let error = started.err().unwrap();
        assert_eq!(error.code(), "no_such_topic");
        assert!(error.to_string().contains("not-there"), "{error}");
    });
}

#[test]
fn an_archive_topic_s_name_that_is_too_long_is_refused_at_the_start_of_a_consumer_that_archives() {
    within(LIMIT, || {
        let broker = Broker::embedded();
        run(async {
            for (len, archiving, refused) in [
                (245, Archiving::Required, false),
                (246, Archiving::Required, true),
                (249, Archiving::BestEffort, true),
                (249, Archiving::Off, false),
            ] {
                let config =
                    dashstream_kafka::Config::new(broker.list(), "x".repeat(len), "g").unwrap();
                let config = config.request_timeout(Duration::from_millis(100)).unwrap();
                let policy = Config::default().archiving(archiving);
                let error = Consumer::start(config, policy, |_| {}).await.err();
                let name = "archive_topic";
                let expected = StartError::Config(ConfigError::TopicName { name });
                assert_eq!(error == Some(expected), refused, "{len} {error:?}");
            }
        });
    });
}
