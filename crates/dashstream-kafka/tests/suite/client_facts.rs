//! Facts about librdkafka that the adapter is built around, each shown on the client itself.
//!
//! When an update of the client changes one of them, its test fails and says which part of the
//! adapter to look at again.

use std::time::{Duration, Instant};

use crate::support::child;
use crate::support::{Broker, assign, list, offsets, unique, within};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

const LIMIT: Duration = Duration::from_secs(60);
const QUIET: Duration = Duration::from_secs(3);
const FETCH: Duration = Duration::from_secs(15);

/// A consumer of ten records in partition 0, assigned at the beginning.
fn reading_ten(broker: &Broker) -> (BaseConsumer, String, String) {
    let (topic, group) = (broker.topic(1), unique("g"));
    broker.fill(&topic, 0, 10);
    let consumer = broker.consumer(&group);
    assign(&consumer, &topic, &[(0, Offset::Beginning)]);
    (consumer, topic, group)
}

fn store(consumer: &BaseConsumer, topic: &str, next: i64) -> Result<(), KafkaError> {
    consumer.store_offsets(&list(topic, &[(0, Offset::Offset(next))]))
}

fn commit_stored(consumer: &BaseConsumer) -> Result<(), KafkaError> {
    consumer.commit_consumer_state(CommitMode::Sync)
}

fn is(result: Result<(), KafkaError>, code: RDKafkaErrorCode) -> bool {
    result.is_err_and(|error| error.rdkafka_error_code() == Some(code))
}

#[test]
fn e1_the_offset_store_keeps_the_last_value_not_the_highest() {
    within(LIMIT, || {
        let broker = Broker::start();
        let (consumer, topic, group) = reading_ten(&broker);
        assert_eq!(offsets(&consumer, 10, FETCH).len(), 10);
        store(&consumer, &topic, 9).unwrap();
        store(&consumer, &topic, 4).unwrap();
        commit_stored(&consumer).unwrap();
        assert_eq!(broker.committed(&group, &topic, 0), Some(4));
    });
}

#[test]
fn e1b_only_an_explicit_commit_moves_a_committed_offset_back() {
    within(LIMIT, || {
        let broker = Broker::start();
        let (consumer, topic, group) = reading_ten(&broker);
        assert_eq!(offsets(&consumer, 10, FETCH).len(), 10);
        store(&consumer, &topic, 10).unwrap();
        commit_stored(&consumer).unwrap();
        store(&consumer, &topic, 3).unwrap();
        assert!(is(commit_stored(&consumer), RDKafkaErrorCode::NoOffset));
        assert_eq!(broker.committed(&group, &topic, 0), Some(10));
        consumer
            .commit(&list(&topic, &[(0, Offset::Offset(2))]), CommitMode::Sync)
            .unwrap();
        assert_eq!(broker.committed(&group, &topic, 0), Some(2));
    });
}

#[test]
fn e2_the_two_store_functions_differ_by_one() {
    within(LIMIT, || {
        let broker = Broker::start();
        let (consumer, topic, group) = reading_ten(&broker);
        assert_eq!(offsets(&consumer, 10, FETCH).len(), 10);
        consumer.store_offset(&topic, 0, 5).unwrap();
        commit_stored(&consumer).unwrap();
        assert_eq!(broker.committed(&group, &topic, 0), Some(6));
        store(&consumer, &topic, 7).unwrap();
        commit_stored(&consumer).unwrap();
        assert_eq!(broker.committed(&group, &topic, 0), Some(7));
    });
}

#[test]
fn e3_with_automatic_stores_ours_are_overwritten_or_refused() {
    within(LIMIT, || {
        let broker = Broker::start();
        let (topic, group) = (broker.topic(1), unique("g"));
        broker.fill(&topic, 0, 10);
        let consumer = broker.consumer_with(&group, &[("enable.auto.offset.store", "true")]);
        assign(&consumer, &topic, &[(0, Offset::Beginning)]);
        assert_eq!(offsets(&consumer, 5, FETCH), [0, 1, 2, 3, 4]);
        consumer.store_offset(&topic, 0, 1).unwrap();
        assert!(is(
            store(&consumer, &topic, 2),
            RDKafkaErrorCode::InvalidArgument
        ));
        assert_eq!(offsets(&consumer, 4, FETCH), [5, 6, 7, 8]);
        commit_stored(&consumer).unwrap();
        assert_eq!(broker.committed(&group, &topic, 0), Some(9));
    });
}

#[test]
fn e4_resume_goes_on_after_the_last_delivered_record_unless_it_seeks() {
    within(LIMIT, || {
        let broker = Broker::start();
        let (consumer, topic, _) = reading_ten(&broker);
        assert_eq!(offsets(&consumer, 5, FETCH), [0, 1, 2, 3, 4]);
        store(&consumer, &topic, 1).unwrap();
        consumer
            .pause(&list(&topic, &[(0, Offset::Invalid)]))
            .unwrap();
        assert_eq!(
            offsets(&consumer, 1, Duration::from_millis(500)),
            Vec::<i64>::new()
        );
        consumer
            .resume(&list(&topic, &[(0, Offset::Invalid)]))
            .unwrap();
        assert_eq!(
            offsets(&consumer, 1, FETCH),
            [5],
            "neither 1 nor the stored offset"
        );

        consumer
            .pause(&list(&topic, &[(0, Offset::Invalid)]))
            .unwrap();
        consumer.seek(&topic, 0, Offset::Offset(2), FETCH).unwrap();
        consumer
            .resume(&list(&topic, &[(0, Offset::Invalid)]))
            .unwrap();
        assert_eq!(offsets(&consumer, 2, FETCH), [2, 3]);
    });
}

#[test]
fn e5_a_store_after_unassign_fails_and_a_pause_survives_it() {
    within(LIMIT, || {
        let broker = Broker::start();
        let (consumer, topic, _) = reading_ten(&broker);
        assert_eq!(offsets(&consumer, 3, FETCH), [0, 1, 2]);
        consumer
            .pause(&list(&topic, &[(0, Offset::Invalid)]))
            .unwrap();
        consumer.unassign().unwrap();
        assert!(is(store(&consumer, &topic, 2), RDKafkaErrorCode::State));
        assign(&consumer, &topic, &[(0, Offset::Offset(0))]);
        assert_eq!(
            offsets(&consumer, 1, QUIET),
            Vec::<i64>::new(),
            "the old pause still holds"
        );
        consumer
            .resume(&list(&topic, &[(0, Offset::Invalid)]))
            .unwrap();
        assert_eq!(offsets(&consumer, 2, FETCH), [0, 1]);
    });
}

#[test]
fn e6_a_pause_that_does_not_seek_back_loses_the_record_it_paused_for() {
    within(LIMIT, || {
        let broker = Broker::start();
        let (consumer, topic, group) = reading_ten(&broker);
        assert_eq!(offsets(&consumer, 6, FETCH), [0, 1, 2, 3, 4, 5]);
        // Record 5 is poison: nothing is stored for it, and the partition is paused.
        store(&consumer, &topic, 5).unwrap();
        consumer
            .pause(&list(&topic, &[(0, Offset::Invalid)]))
            .unwrap();
        consumer
            .resume(&list(&topic, &[(0, Offset::Invalid)]))
            .unwrap();
        assert_eq!(
            offsets(&consumer, 1, FETCH),
            [6],
            "the poison is not delivered again"
        );
        store(&consumer, &topic, 7).unwrap();
        commit_stored(&consumer).unwrap();
        assert_eq!(
            broker.committed(&group, &topic, 0),
            Some(7),
            "and the next good record passes it"
        );
    });
}

#[test]
fn a_marker_at_an_unchanged_offset_needs_an_explicit_commit() {
    within(LIMIT, || {
        let broker = Broker::embedded();
        let (consumer, topic, group) = reading_ten(&broker);
        assert_eq!(offsets(&consumer, 10, FETCH).len(), 10);
        store(&consumer, &topic, 5).unwrap();
        commit_stored(&consumer).unwrap();

        let marked = || {
            let mut marked = TopicPartitionList::new();
            let mut element = marked.add_partition(&topic, 0);
            element.set_offset(Offset::Offset(5)).unwrap();
            element.set_metadata("attempt=1");
            marked
        };
        consumer.store_offsets(&marked()).unwrap();
        assert!(is(commit_stored(&consumer), RDKafkaErrorCode::NoOffset));
        assert_eq!(marker(&broker, &group, &topic), "");
        consumer.commit(&marked(), CommitMode::Sync).unwrap();
        assert_eq!(marker(&broker, &group, &topic), "attempt=1");
        store(&consumer, &topic, 6).unwrap();
        commit_stored(&consumer).unwrap();
        assert_eq!(
            marker(&broker, &group, &topic),
            "",
            "a plain store clears it"
        );
    });
}

fn marker(broker: &Broker, group: &str, topic: &str) -> String {
    let client = broker.consumer(group);
    let mut asked = TopicPartitionList::new();
    asked.add_partition(topic, 0);
    let answer = client.committed_offsets(asked, FETCH).unwrap();
    let element = answer.find_partition(topic, 0).unwrap();
    element.metadata().to_owned()
}

/// Assign, pause, unassign, assign again and resume; then counts the partitions that deliver.
fn delivering(broker: &Broker, one_list_for_all: bool) -> usize {
    const PARTITIONS: i32 = 16;
    let topic = broker.topic(16);
    for partition in 0..PARTITIONS {
        broker.fill(&topic, partition, 3);
    }
    let all: Vec<_> = (0..PARTITIONS).map(|p| (p, Offset::Beginning)).collect();
    let consumer = broker.consumer(&unique("g"));
    let mut seen = std::collections::BTreeSet::new();
    {
        let kept = list(&topic, &all);
        let call = |f: &dyn Fn(&TopicPartitionList)| {
            if one_list_for_all {
                f(&kept);
            } else {
                f(&list(&topic, &all));
            }
        };
        call(&|list| consumer.assign(list).unwrap());
        call(&|list| consumer.pause(list).unwrap());
        consumer.unassign().unwrap();
        call(&|list| consumer.assign(list).unwrap());
        call(&|list| consumer.resume(list).unwrap());
        let deadline = Instant::now() + Duration::from_secs(6);
        while Instant::now() < deadline && seen.len() < 16 {
            if let Some(Ok(message)) = consumer.poll(Duration::from_millis(50)) {
                seen.insert(message.partition());
            }
        }
    }
    seen.len()
}

#[test]
fn a_list_used_for_more_than_one_call_silences_partitions() {
    within(LIMIT, || {
        let broker = Broker::embedded();
        assert_eq!(delivering(&broker, false), 16, "a fresh list for each call");
        // Nearly always all sixteen fall silent; now and then the client is quick enough.
        let silenced = (0..5).any(|_round| delivering(&broker, true) < 16);
        assert!(silenced, "one list for all calls");
    });
}

/// The process that librdkafka ends. It does nothing unless a test starts it.
#[test]
fn child_with_a_list_of_two_clients() {
    if child::told().is_none() {
        return;
    }
    let broker = Broker::embedded();
    let topic = broker.topic(16);
    let all: Vec<_> = (0..16).map(|p| (p, Offset::Beginning)).collect();
    let kept = list(&topic, &all);
    let clients = [(); 2].map(|()| broker.consumer(&unique("g")));
    for client in &clients {
        client.assign(&kept).unwrap();
        client.pause(&kept).unwrap();
        client.unassign().unwrap();
        client.assign(&kept).unwrap();
        client.resume(&kept).unwrap();
        let _polled = client.poll(Duration::from_secs(1));
    }
}

#[test]
fn a_list_used_with_two_clients_ends_the_process() {
    within(LIMIT, || {
        let status = child::run(
            "client_facts::child_with_a_list_of_two_clients",
            "now",
            LIMIT,
        );
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        assert_eq!(
            signal,
            Some(6),
            "an assertion of the client fails: {status}"
        );
    });
}
