//! The order in which records reach their handlers, and what one slow record costs the others.

use std::time::Duration;

use dashstream_kafka::policy::{
    Archiving, Backlog, Backoff, Cause, Command, Config, Mode, Ordering, Scope,
};
use dashstream_kafka::{Record, RecordIds, Status};

use crate::support::host::{Host, Place, held, held_at, run};
use crate::support::{Broker, within};
const LIMIT: Duration = Duration::from_secs(60);
const JOIN: Duration = Duration::from_secs(20);
const QUIET: Duration = Duration::from_millis(500);

const CAUSE: Cause = Cause::DecodeError;

fn policy() -> Config {
    let wait = Duration::from_millis(20);
    Config::default().archiving(Archiving::Off).retry(
        3,
        Duration::from_secs(30),
        Backoff::new(wait, wait),
    )
}

/// Receives `count` records, releases those at `bad` and accepts the others; what came, in order.
async fn received(host: &mut Host, count: usize, bad: i64) -> Vec<(i64, u32)> {
    let mut seen = Vec::new();
    while seen.len() < count {
        let record = host.next(JOIN).await.unwrap();
        seen.push((record.offset(), record.attempt()));
        if record.offset() == bad {
            record.release(CAUSE, RecordIds::none());
        } else {
            record.accept();
        }
    }
    seen
}

#[test]
fn a_retry_does_not_reorder_its_partition() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 4);
        run(async {
            let mut host = Host::start(place.config(), policy()).await;
            let seen = received(&mut host, 6, 1).await;
            assert_eq!(seen, [(0, 1), (1, 1), (1, 2), (1, 3), (2, 1), (3, 1)]);
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(4));
    });
}

#[test]
fn a_retry_does_not_reorder_its_partition_after_a_hold_either() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 4);
        run(async {
            let policy = policy().mode(Mode::Pause).scope(Scope::Partition);
            let mut host = Host::start(place.config(), policy).await;
            let tried = [(1, 1), (1, 2), (1, 3)];
            let seen = received(&mut host, 4, 1).await;
            assert_eq!((seen[0], &seen[1..]), ((0, 1), &tried[..]));
            host.until("held", |status| held(status, 0).is_some()).await;
            host.order(0, Command::Retry).await;
            assert_eq!(received(&mut host, 3, 1).await, tried);
            host.until("held again", |status| held(status, 0).is_some())
                .await;
            host.order(0, Command::SkipOne).await;
            assert_eq!(received(&mut host, 2, 1).await, [(2, 1), (3, 1)]);
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(4));
    });
}

#[test]
fn a_batch_ends_at_the_first_record_that_is_released() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 6);
        run(async {
            let mut host = Host::start(place.config(), policy()).await;
            host.until("all have come", |status| status.received == 6)
                .await;
            let batch = host.consumer.recv_batch(4).await;
            assert_eq!(offsets(&batch), [0, 1, 2, 3]);
            for record in batch {
                // What the host says of the two behind it is void.
                match record.offset() {
                    1 => record.release(CAUSE, RecordIds::none()),
                    _ => record.accept(),
                }
            }
            let again = host.consumer.recv_batch(4).await;
            assert_eq!((offsets(&again), again[0].attempt()), (vec![1], 2));
            again.into_iter().for_each(Record::accept);
            let rest = host.consumer.recv_batch(10).await;
            assert_eq!(offsets(&rest), [2, 3, 4, 5]);
            rest.into_iter().for_each(Record::accept);
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(6));
    });
}

/// A record that the policy rejects by itself is no exception: it is judged when those before it are.
#[test]
fn a_record_without_a_value_waits_for_those_before_it() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.append(&place.topic, 0, &[Some("bad"), None, Some("good")]);
        run(async {
            let policy = policy().mode(Mode::Pause).scope(Scope::Partition);
            let mut host = Host::start(place.config(), policy).await;
            host.until("all have come", |status| status.received == 3)
                .await;
            let first = host.next(JOIN).await.unwrap();
            tokio::time::sleep(QUIET).await;
            let status = host.consumer.status().unwrap();
            assert_eq!(held(&status, 0), None, "nothing is judged before it");
            first.reject(CAUSE, RecordIds::none());
            host.until("held", |status| held_at(status, 0) == Some(0))
                .await;
            let rejected = |status: &Status, cause| {
                status
                    .policy
                    .counters
                    .unprocessable(cause, Backlog::Current)
                    + status.policy.counters.unprocessable(cause, Backlog::Old)
            };
            let status = host.consumer.status().unwrap();
            assert_eq!(rejected(&status, CAUSE), 1);
            assert_eq!(rejected(&status, Cause::NullPayload), 0);
            host.order(0, Command::SkipOne).await;
            host.until("held at the next", |status| held_at(status, 0) == Some(1))
                .await;
            host.order(0, Command::SkipOne).await;
            let last = host.next(JOIN).await.unwrap();
            assert_eq!(last.offset(), 2);
            last.accept();
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(3));
    });
}

#[test]
fn one_slow_record_stops_its_partition_and_no_other() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 2);
        for partition in [0, 1] {
            broker.fill(&place.topic, partition, 200);
        }
        run(async {
            // Far less room than there are records of the slow partition.
            let policy = policy().outstanding_max(20);
            let mut host = Host::start(place.config(), policy).await;
            let mut slow = None;
            let mut other = Vec::new();
            while other.len() < 200 || slow.is_none() {
                let record = host.next(JOIN).await.unwrap();
                if record.partition() == 0 {
                    assert!(slow.is_none(), "one record of a partition is out at a time");
                    slow = Some(record);
                } else {
                    other.push(record.offset());
                    record.accept();
                }
            }
            assert_eq!(other, (0..200).collect::<Vec<_>>());
            assert!(host.next(QUIET).await.is_none());
            slow.unwrap().accept();
            let rest = host.judge(199, JOIN, CAUSE).await;
            assert_eq!(rest, (1..200).map(|at| (0, at)).collect::<Vec<_>>());
            let _ = host.shutdown().await;
        });
        for partition in [0, 1] {
            let committed = broker.committed(&place.group, &place.topic, partition);
            assert_eq!(committed, Some(200));
        }
    });
}

#[test]
fn without_order_every_record_comes_whatever_became_of_the_others() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 10);
        run(async {
            let policy = policy().ordering(Ordering::Unordered);
            let mut host = Host::start(place.config(), policy).await;
            let mut out = Vec::new();
            while out.len() < 10 {
                out.push(host.next(JOIN).await.unwrap());
            }
            assert_eq!(offsets(&out), (0..10).collect::<Vec<_>>());
            out.into_iter().for_each(Record::accept);
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(10));
    });
}

fn offsets(records: &[Record]) -> Vec<i64> {
    records.iter().map(Record::offset).collect()
}
