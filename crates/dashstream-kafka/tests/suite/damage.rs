//! Batches that cannot be read: what the client does about them, and what the adapter does.

use std::thread;
use std::time::{Duration, Instant};

use crate::support::host::{Host, Place, at, held, run};
use crate::support::raw::{self, Damage};
use crate::support::{Broker, assign, offsets, unique, within};
use dashstream_kafka::policy::{
    Cause, Command, Config, HeldBy, Offset as Position, Ordering, Scope,
};
use dashstream_kafka::{ConsumerEvent, Status};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::Message as _;
use rdkafka::topic_partition_list::Offset;

const LIMIT: Duration = Duration::from_secs(60);
const FETCH: Duration = Duration::from_secs(15);

/// Records 0 to 2, a damaged batch at 3 and 4, records 5 to 7.
fn damaged(broker: &Broker, topic: &str, damage: Damage) {
    broker.fill(topic, 0, 3);
    raw::append(broker.list(), topic, damage);
    broker.fill(topic, 0, 3);
}

fn reading(broker: &Broker, damage: Damage) -> (BaseConsumer, String) {
    let topic = broker.topic(1);
    damaged(broker, &topic, damage);
    let consumer = broker.consumer(&unique("g"));
    assign(&consumer, &topic, &[(0, Offset::Beginning)]);
    assert_eq!(offsets(&consumer, 3, FETCH), [0, 1, 2]);
    (consumer, topic)
}

/// What polling says for `time`: offsets and errors.
fn poll(consumer: &BaseConsumer, time: Duration) -> (Vec<i64>, Vec<RDKafkaErrorCode>) {
    let (mut offsets, mut errors) = (Vec::new(), Vec::new());
    let end = Instant::now() + time;
    while Instant::now() < end {
        match consumer.poll(Duration::from_millis(50)) {
            Some(Ok(message)) => offsets.push(message.offset()),
            Some(Err(error)) => errors.extend(error.rdkafka_error_code()),
            None => {}
        }
    }
    (offsets, errors)
}

fn position(consumer: &BaseConsumer, topic: &str) -> Offset {
    let position = consumer.position().unwrap();
    position.find_partition(topic, 0).unwrap().offset()
}

#[test]
fn e7_a_batch_that_cannot_be_inflated_is_an_error_without_a_place_for_ever() {
    within(LIMIT, || {
        let broker = Broker::embedded();
        let (consumer, topic) = reading(&broker, Damage::BadCompression);
        let (delivered, errors) = poll(&consumer, Duration::from_secs(3));
        assert!(delivered.is_empty(), "{delivered:?}");
        assert!(errors.len() >= 3, "{errors:?}");
        assert!(
            errors
                .iter()
                .all(|code| *code == RDKafkaErrorCode::BadCompression)
        );
        assert_eq!(position(&consumer, &topic), Offset::Offset(3));
        consumer.seek(&topic, 0, Offset::Offset(5), FETCH).unwrap();
        assert_eq!(offsets(&consumer, 3, FETCH), [5, 6, 7]);
    });
}

#[test]
fn e9_a_batch_of_garbage_is_no_record_and_no_error() {
    within(LIMIT, || {
        let broker = Broker::embedded();
        let (consumer, _) = reading(&broker, Damage::BadRecords);
        let seen = poll(&consumer, Duration::from_secs(5));
        assert_eq!(seen, (Vec::new(), Vec::new()));
    });
}

#[test]
fn a_seek_into_a_bad_batch_changes_nothing_but_the_position() {
    within(LIMIT, || {
        let broker = Broker::embedded();
        let (consumer, topic) = reading(&broker, Damage::BadCompression);
        consumer.seek(&topic, 0, Offset::Offset(4), FETCH).unwrap();
        let (delivered, errors) = poll(&consumer, Duration::from_secs(2));
        assert!(
            delivered.is_empty() && !errors.is_empty(),
            "{delivered:?} {errors:?}"
        );
        assert_eq!(position(&consumer, &topic), Offset::Invalid);
        consumer.seek(&topic, 0, Offset::Offset(5), FETCH).unwrap();
        assert_eq!(offsets(&consumer, 3, FETCH), [5, 6, 7]);
    });
}

#[test]
fn an_undecodable_batch_is_found_held_and_passed_by_order_only() {
    within(LIMIT, || {
        let threads = [Scope::Consumer, Scope::Partition].map(|scope| {
            thread::spawn(move || {
                let broker = Broker::embedded();
                let place = Place::new(&broker, 2);
                damaged(&broker, &place.topic, Damage::BadCompression);
                broker.fill(&place.topic, 1, 3);
                undecodable(scope, &broker, &place);
            })
        });
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

fn undecodable(scope: Scope, broker: &Broker, place: &Place) {
    let policy = || Config::default().scope(scope);
    let poison = (HeldBy::Unfetchable, Some(Cause::UndecodableBatch), Some(3));
    run(async {
        let mut host = Host::start(place.config(), policy()).await;
        assert_eq!(host.judge(6, FETCH, Cause::DecodeError).await.len(), 6);
        host.until("held where the batch begins", |status| {
            held(status, 0) == Some(poison)
        })
        .await;
        let other = held(&host.status(), 1);
        assert_eq!(other, None, "the other partition is not blamed");
        let _ = host.shutdown().await;
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(3));

        let mut host = Host::start(place.config(), policy()).await;
        host.until("held again", |status| held(status, 0) == Some(poison))
            .await;
        let to = Position::new(5).unwrap();
        host.order(0, Command::SkipTo(to)).await;
        let seen = host.judge(3, FETCH, Cause::DecodeError).await;
        assert_eq!(seen, [(0, 5), (0, 6), (0, 7)]);
        let _ = host.shutdown().await;
    });
    assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(8));
}

#[test]
fn a_partition_that_ends_with_a_marker_is_at_rest_and_has_no_lag() {
    within(LIMIT, || {
        let broker = Broker::embedded();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 5);
        raw::append_marker(broker.list(), &place.topic);
        run(async {
            let mut host = Host::start(place.config(), Config::default()).await;
            assert_eq!(host.judge(5, FETCH, Cause::DecodeError).await.len(), 5);
            let is_read = |status: &Status| {
                let of = status.partitions.first();
                of.is_some_and(|of| (of.next, of.high, of.lag()) == (Some(6), Some(6), Some(0)))
            };
            host.until("nothing is left to read", is_read).await;
            // Longer than it takes to call a partition stalled.
            tokio::time::sleep(Duration::from_secs(5)).await;
            assert!(!host.saw(&ConsumerEvent::Stalled { partition: at(0) }));
            // On a busy machine the group may form anew meanwhile.
            host.until("nothing is left to read", is_read).await;
            // What follows is read, and what follows unread is a stall.
            broker.fill(&place.topic, 0, 1);
            assert_eq!(host.judge(1, FETCH, Cause::DecodeError).await, [(0, 6)]);
            raw::append(broker.list(), &place.topic, Damage::BadRecords);
            host.told(&ConsumerEvent::Stalled { partition: at(0) })
                .await;
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(7));
    });
}

#[test]
fn a_silent_stall_is_reported_and_an_idle_partition_is_not() {
    within(LIMIT, || {
        let broker = Broker::embedded();
        let place = Place::new(&broker, 2);
        damaged(&broker, &place.topic, Damage::BadRecords);
        broker.fill(&place.topic, 1, 3);
        run(async {
            let mut host = Host::start(place.config(), Config::default()).await;
            assert_eq!(host.judge(6, FETCH, Cause::DecodeError).await.len(), 6);
            host.told(&ConsumerEvent::Stalled { partition: at(0) })
                .await;
            host.until("the status says so", |status| {
                let of = status.partitions.first();
                of.is_some_and(|of| of.stalled_since.is_some() && of.lag() == Some(5))
            })
            .await;
            assert!(!host.saw(&ConsumerEvent::Stalled { partition: at(1) }));
            let closing = host.shutdown().await;
            assert!(closing.closed, "{closing:?}");
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(3));
    });
}

#[test]
fn a_batch_that_cannot_be_decoded_is_not_blamed_on_a_partition_whose_records_the_host_keeps() {
    within(LIMIT, || {
        let broker = Broker::embedded();
        let place = Place::new(&broker, 2);
        // The partition that is looked at first is the innocent one.
        broker.fill(&place.topic, 0, 9);
        run(async {
            let policy = Config::default()
                .scope(Scope::Partition)
                .ordering(Ordering::Unordered)
                .partition_outstanding_max(Some(4));
            let mut host = Host::start(place.config(), policy).await;
            let mut kept = Vec::new();
            while kept.len() < 4 {
                kept.push(host.next(FETCH).await.unwrap());
            }
            raw::append_to(broker.list(), &place.topic, 1, Damage::BadCompression);
            host.until("the other one is held", |status| held(status, 1).is_some())
                .await;
            assert_eq!(held(&host.status(), 0), None);
            for record in kept {
                record.accept();
            }
            assert_eq!(host.judge(5, FETCH, Cause::DecodeError).await.len(), 5);
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(9));
    });
}
