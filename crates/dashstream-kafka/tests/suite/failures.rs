//! What happens when the archive, the group or the broker does not do its part.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::host::{Host, POISON, Place, held, run};
use crate::support::{Broker, list, unique, within};
use dashstream_kafka::policy::{
    ArchiveStatus, Archiving, Cause, Command, Config, Count, FailureReason, HeldBy, Scope,
};
use dashstream_kafka::{Consumer, ConsumerEvent, Embedded, Start, StartError, Status};
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::topic_partition_list::Offset;

const LIMIT: Duration = Duration::from_secs(80);
const JOIN: Duration = Duration::from_secs(20);
const QUIET: Duration = Duration::from_secs(1);
const CAUSE: Cause = Cause::DecodeError;

fn held_by(status: &Status, partition: i32) -> Option<HeldBy> {
    Some(held(status, partition)?.0)
}

fn reasons(events: &[ConsumerEvent]) -> BTreeSet<FailureReason> {
    let failed = events.iter().filter_map(|event| match event {
        ConsumerEvent::Count(Count::ArchiveFailed { reason, .. }) => Some(*reason),
        _ => None,
    });
    failed.collect()
}

#[test]
fn a_required_archive_that_is_down_holds_the_offset_and_recovery_drains_it() {
    within(LIMIT, || {
        let broker = Broker::embedded();
        let place = Place::new(&broker, 1);
        broker.append(&place.topic, 0, &[Some("good"), Some(POISON), Some("good")]);
        run(async {
            let policy = Config::default()
                .ordering(dashstream_policy::Ordering::Unordered)
                .archiving(Archiving::Required);
            broker.set_writable(false);
            let mut host = Host::start(place.config(), policy).await;
            assert_eq!(host.judge(3, JOIN, CAUSE).await.len(), 3);
            host.until("a failed attempt", |status| {
                status.policy.archive.again > 0
                    || status
                        .policy
                        .counters
                        .archive_failed(CAUSE, FailureReason::Timeout)
                        > 0
            })
            .await;
            host.told(&ConsumerEvent::Committed { ok: true }).await;
            assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(1));

            broker.set_writable(true);
            host.until("nothing waits for the archive", |status| {
                status.policy.archive == ArchiveStatus::default()
            })
            .await;
            let closing = host.shutdown().await;
            assert!(closing.committed && closing.unarchived == 0, "{closing:?}");
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(3));
        assert!(
            !broker.read(&place.archive, 0).is_empty(),
            "archived before it was passed"
        );
    });
}

#[test]
fn a_best_effort_archive_that_is_down_is_counted_and_passed() {
    within(LIMIT, || {
        let broker = Broker::embedded();
        let place = Place::new(&broker, 1);
        broker.append(&place.topic, 0, &[Some(POISON), Some("good")]);
        run(async {
            broker.set_writable(false);
            let mut host = Host::start(place.config(), Config::default()).await;
            assert_eq!(host.judge(2, JOIN, CAUSE).await.len(), 2);
            host.until("the send failed", |status| {
                FailureReason::ALL
                    .iter()
                    .any(|reason| status.policy.counters.archive_failed(CAUSE, *reason) > 0)
            })
            .await;
            assert_eq!(
                reasons(&host.events()),
                BTreeSet::from([FailureReason::Timeout])
            );
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(2));
    });
}

#[test]
fn a_full_archive_queue_is_backpressure_and_nothing_else() {
    within(LIMIT, || {
        let broker = Broker::embedded();
        let place = Place::new(&broker, 1);
        broker.append(&place.topic, 0, &[Some(POISON); 20]);
        run(async {
            broker.set_writable(false);
            let policy = Config::default().archive_in_flight_max(1);
            let mut host = Host::start(place.config(), policy).await;
            assert_eq!(host.judge(20, JOIN, CAUSE).await.len(), 20);
            host.until("refused for want of room", |status| {
                let tally = &status.policy.counters;
                tally.archive_failed(CAUSE, FailureReason::Backpressure) > 0
            })
            .await;
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(20));
    });
}

#[test]
fn two_members_share_and_hand_over_without_a_loss() {
    within(LIMIT, || {
        let broker = Broker::start();
        let strategies = ["range", "cooperative-sticky"];
        let threads = strategies.map(|strategy| {
            let place = Place::new(&broker, 4);
            for partition in 0..4 {
                broker.fill(&place.topic, partition, 25);
            }
            std::thread::spawn(move || hand_over(strategy, &place))
        });
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

fn hand_over(strategy: &'static str, place: &Place) {
    run(async {
        let broker = Broker::at(&place.brokers);
        let config = || {
            let config = place.config();
            config
                .set("partition.assignment.strategy", strategy)
                .unwrap()
        };
        let policy = || Config::default().archiving(Archiving::Off);
        let mut first = Host::start(config(), policy()).await;
        let mut seen: BTreeSet<_> = first.judge(50, JOIN, CAUSE).await.into_iter().collect();
        let mut second = Host::start(config(), policy()).await;
        // The first gives partitions up only while somebody reads it.
        let gave_up = |host: &Host| {
            let events = host.events();
            let revoked =
                |event: &ConsumerEvent| matches!(event, ConsumerEvent::Revoked { lost: false, .. });
            events.iter().any(revoked)
        };
        let has_two = |host: &Host| host.status().partitions.len() == 2;
        for _ in 0..100 {
            seen.extend(first.judge(5, Duration::from_millis(200), CAUSE).await);
            seen.extend(second.judge(5, Duration::from_millis(200), CAUSE).await);
            if gave_up(&first) && has_two(&first) && has_two(&second) && seen.len() == 100 {
                break;
            }
        }
        assert!(gave_up(&first), "{strategy}: nothing was handed over");
        let all: BTreeSet<_> = (0..4).flat_map(|p| (0..25).map(move |o| (p, o))).collect();
        assert_eq!(seen, all, "{strategy}: every record was met");
        // After a revocation nothing more is stored for the partition until it is assigned again.
        let mut ours = BTreeSet::new();
        for event in first.events() {
            match event {
                ConsumerEvent::Assigned { partition, .. } => {
                    ours.insert(partition);
                }
                ConsumerEvent::Revoked { partition, .. } => {
                    ours.remove(&partition);
                }
                ConsumerEvent::Stored { partition, .. } => assert!(ours.contains(&partition)),
                _ => {}
            }
        }
        let _ = first.shutdown().await;
        // What the first left goes to the second, some of it for the second time.
        let committed = || {
            let of = |partition| broker.committed(&place.group, &place.topic, partition);
            (0..4).map(of).collect::<Vec<_>>()
        };
        for _ in 0..20 {
            second.judge(100, QUIET, CAUSE).await;
            if committed() == [Some(25); 4] {
                break;
            }
        }
        let (status, events) = (second.status(), second.events());
        let _ = second.shutdown().await;
        let shown = || format!("{strategy}: {events:?} {status:?}");
        assert_eq!(committed(), [Some(25); 4], "{}", shown());
    });
}

#[test]
fn a_committed_offset_the_broker_no_longer_has_is_held_and_never_reset() {
    within(LIMIT, || {
        // Not every broker answers a fetch beyond the end with an error; Kafka and this one do.
        let broker = Broker::embedded();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 5);
        // A group that was at 99: the topic was deleted and made again since.
        let outsider = broker.consumer(&place.group);
        outsider
            .commit(
                &list(&place.topic, &[(0, Offset::Offset(99))]),
                CommitMode::Sync,
            )
            .unwrap();
        drop(outsider);
        // Whatever the scope, and over a restart.
        for scope in [Scope::Consumer, Scope::Partition] {
            run(async {
                let policy = Config::default().scope(scope);
                let config = place.config().start(Start::Earliest);
                let mut host = Host::start(config, policy).await;
                let beyond = (HeldBy::Unfetchable, Some(Cause::OffsetOutOfRange), Some(99));
                host.until("held", |status| held(status, 0) == Some(beyond))
                    .await;
                let read = host.next(QUIET).await;
                assert!(read.is_none(), "nothing is read in its place");
                let _ = host.shutdown().await;
            });
            assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(99));
        }
    });
}

#[test]
fn records_that_retention_deleted_unread_are_reported_and_passed_by_order_only() {
    within(LIMIT, || {
        // The embedded broker keeps 5 MiB a partition and drops the oldest.
        let broker = Broker::embedded();
        let place = Place::new(&broker, 2);
        broker.fill(&place.topic, 1, 3);
        let big = "x".repeat(900_000);
        broker.append(&place.topic, 0, &[Some("first")]);
        let outsider = broker.consumer(&place.group);
        outsider
            .commit(
                &list(&place.topic, &[(0, Offset::Offset(0))]),
                CommitMode::Sync,
            )
            .unwrap();
        drop(outsider);
        broker.append(&place.topic, 0, &vec![Some(big); 8]);
        run(async {
            let mut host =
                Host::start(place.config(), Config::default().scope(Scope::Partition)).await;
            let healthy = host.judge(3, JOIN, CAUSE).await;
            assert_eq!(healthy, [(1, 0), (1, 1), (1, 2)]);
            host.until("held", |status| {
                held_by(status, 0) == Some(HeldBy::RecordDeleted)
            })
            .await;
            let low = host.status().partitions[0].low.unwrap();
            assert!(low > 0);
            assert!(host.next(QUIET).await.is_none());
            let to = dashstream_kafka::policy::Offset::new(low).unwrap();
            host.order(0, Command::SkipTo(to)).await;
            let met = host.judge(1, JOIN, CAUSE).await;
            assert_eq!(met, [(0, low)], "{:?} {:?}", host.events(), host.status());
            // The client may have had to be assigned everything again: nothing comes twice.
            let mut rest = host.judge(20, QUIET * 2, CAUSE).await;
            broker.append(&place.topic, 1, &[Some("good")]);
            rest.extend(host.judge(1, JOIN, CAUSE).await);
            let mut expected: Vec<_> = (low + 1..9).map(|offset| (0, offset)).collect();
            expected.push((1, 3));
            assert_eq!(rest, expected);
            let _ = host.shutdown().await;
            assert!(broker.committed(&place.group, &place.topic, 0) > Some(low));
        });
    });
}

#[test]
fn a_missing_topic_or_required_archive_is_found_before_the_group_is_joined() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        run(async {
            let start = |config, policy| async {
                Consumer::start(config, policy, |_| {})
                    .await
                    .err()
                    .map(|error| error.code())
            };
            let missing = place.config().archive_topic(unique("missing")).unwrap();
            let required = Config::default().archiving(Archiving::Required);
            assert_eq!(start(missing, required).await, Some("no_such_topic"));

            let nowhere =
                dashstream_kafka::Config::new(&place.brokers, unique("none"), "g").unwrap();
            assert_eq!(
                start(nowhere, Config::default()).await,
                Some("no_such_topic")
            );

            let unknown = place.config().set("no.such.setting", "1").unwrap();
            let error = Consumer::start(unknown, Config::default(), |_| {})
                .await
                .err();
            let name = "no.such.setting";
            assert_eq!(
                error,
                Some(StartError::Setting {
                    name: name.to_owned()
                })
            );

            let nobody = dashstream_kafka::Config::new("127.0.0.1:1", "t", "g")
                .and_then(|config| config.request_timeout(Duration::from_millis(300)))
                .unwrap();
            assert_eq!(start(nobody, Config::default()).await, Some("unreachable"));
        });
    });
}

#[test]
fn a_shutdown_waits_for_what_is_out_and_no_longer_than_it_may() {
    within(LIMIT, || {
        let broker = Broker::start();
        let threads = [true, false].map(|comes_back| {
            let place = Place::new(&broker, 1);
            broker.fill(&place.topic, 0, 3);
            std::thread::spawn(move || drain(comes_back, &place))
        });
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

fn drain(comes_back: bool, place: &Place) {
    let broker = Broker::at(&place.brokers);
    run(async {
        let mut host = Host::start(place.config(), Config::default()).await;
        assert_eq!(host.judge(1, JOIN, CAUSE).await, [(0, 0)]);
        let record = host.next(JOIN).await.unwrap();
        // The third stays in the queue: nobody looks at it, and nobody waits for it.
        let begun = std::time::Instant::now();
        let work = tokio::spawn(async move {
            if comes_back {
                tokio::time::sleep(QUIET).await;
                record.accept();
            } else {
                tokio::time::sleep(JOIN).await;
                drop(record);
            }
        });
        let closing = host.shutdown().await;
        let took = begun.elapsed();
        assert!(closing.committed && closing.closed, "{closing:?}");
        assert_eq!(closing.unfinished, usize::from(!comes_back));
        let drain_timeout = Duration::from_secs(3);
        if comes_back {
            assert!(took >= QUIET && took < drain_timeout, "{took:?}");
        } else {
            assert!(took >= drain_timeout, "{took:?}");
        }
        work.abort();
    });
    let next = if comes_back { 2 } else { 1 };
    assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(next));
}

#[test]
fn a_record_that_the_embedded_broker_did_not_take_in_time_is_not_appended_later() {
    within(LIMIT, || {
        let broker = Embedded::start().unwrap();
        broker.create_topic("t", 1).unwrap();
        broker.produce("t", None, Some(b"before")).unwrap();
        broker.set_available(false).unwrap();
        assert!(broker.produce("t", None, Some(b"lost")).is_err());
        broker.set_available(true).unwrap();
        broker.produce("t", None, Some(b"after")).unwrap();
        // Longer than the client waits to connect again.
        std::thread::sleep(Duration::from_secs(3));
        let read = Broker::at(broker.brokers()).read("t", 0);
        let expected = ["before", "after"].map(|value| Some(value.as_bytes().to_vec()));
        assert_eq!(read, expected);
    });
}
