//! What a host does with its records: drops, defers and keeps them, panics, falls behind.

use std::time::Duration;

use crate::support::host::{Host, POISON, Place, at, held, run};
use crate::support::{Broker, eventually, within};
use dashstream_kafka::ConsumerEvent;
use dashstream_kafka::policy::{
    Archiving, Backoff, Cause, Command, CommandOutcome, Config, Count, Disposition, Grade, HeldBy,
    Mode, Offset as Position, Scope, Taking,
};

const LIMIT: Duration = Duration::from_secs(80);
const JOIN: Duration = Duration::from_secs(20);
const QUIET: Duration = Duration::from_secs(1);
const CAUSE: Cause = Cause::DecodeError;

#[test]
fn dropping_a_consumer_never_hangs_whatever_is_held_paused_or_out() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 2);
        broker.append(&place.topic, 0, &[Some("good"), Some(POISON), Some("good")]);
        broker.append(&place.topic, 1, &[Some("good"); 3]);
        run(async {
            let policy = Config::default().mode(Mode::Pause).scope(Scope::Partition);
            let mut host = Host::start(place.config(), policy.clone()).await;
            let kept = host.next(JOIN).await.unwrap();
            while held(&host.status(), 0).is_none() && held(&host.status(), 1).is_none() {
                host.judge(1, QUIET, CAUSE).await;
                if kept.partition() == 0 {
                    break;
                }
            }
            let handle = host.consumer.handle();
            drop(host);
            eventually("closed", Duration::from_secs(15), || {
                handle.status().is_some_and(|status| status.closed)
            });
            // A record that outlives its consumer does no harm.
            kept.accept();

            // The group is free for the next member.
            let mut host = Host::start(place.config(), policy).await;
            assert!(host.next(JOIN).await.is_some());
            let closing = host.shutdown().await;
            assert!(closing.closed, "{closing:?}");
        });
    });
}

#[test]
fn a_dropped_record_comes_back_and_is_rejected_as_dropped_when_its_attempts_are_spent() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 4);
        run(async {
            let policy = Config::default().archiving(Archiving::Required);
            let mut host = Host::start(place.config(), policy).await;
            let mut attempts = Vec::new();
            for _ in 0..6 {
                let record = host.next(JOIN).await.unwrap();
                if record.offset() == 1 {
                    attempts.push(record.attempt());
                    drop(record);
                } else {
                    record.accept();
                }
            }
            assert_eq!(attempts, [1, 2, 3]);
            let (partition, offset) = (0, 1);
            let undone = ConsumerEvent::Dropped {
                partition: at(partition),
                offset,
            };
            host.told(&undone).await;
            host.told(&ConsumerEvent::Count(Count::Settled {
                cause: Cause::Dropped,
                disposition: Disposition::Archived,
            }))
            .await;
            let times = host
                .events()
                .iter()
                .filter(|event| **event == undone)
                .count();
            assert_eq!(times, 3, "each time it was dropped");
            assert!(host.next(QUIET).await.is_none(), "it does not come again");
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(4));
        let letters = broker.letters(&place.archive);
        let [letter] = letters.as_slice() else {
            panic!("one letter: {letters:?}");
        };
        assert_eq!(letter.source.offset.map(|offset| offset.get()), Some(1));
        assert!(letter.error.contains("dropped"), "{}", letter.error);
    });
}

#[test]
fn a_record_that_a_shutdown_drops_is_not_rejected_and_comes_again() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 2);
        run(async {
            // One attempt: the first drop would be the last.
            let one = || Config::default().retry(1, JOIN, Backoff::default());
            let mut host = Host::start(place.config(), one()).await;
            assert_eq!(host.judge(1, JOIN, CAUSE).await, [(0, 0)]);
            let record = host.next(JOIN).await.unwrap();
            let work = tokio::spawn(async move {
                tokio::time::sleep(QUIET).await;
                drop(record);
            });
            let closing = host.shutdown().await;
            assert!(closing.committed && closing.closed, "{closing:?}");
            work.await.unwrap();
            assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(1));
            let mut host = Host::start(place.config(), one()).await;
            assert_eq!(host.judge(1, JOIN, CAUSE).await, [(0, 1)]);
            let _ = host.shutdown().await;
        });
        assert_eq!(
            broker.read(&place.archive, 0),
            Vec::<Option<Vec<u8>>>::new()
        );
    });
}

#[test]
fn a_handler_that_panics_stops_nothing_but_its_own_record() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 2);
        broker.fill(&place.topic, 0, 30);
        broker.fill(&place.topic, 1, 30);
        run(async {
            let policy = Config::default()
                .archiving(Archiving::Off)
                .outstanding_max(4);
            let mut host = Host::start(place.config(), policy).await;
            let (mut done, mut panicked) = (0, Vec::new());
            while done < 58 || panicked.len() < 6 {
                let record = host.next(JOIN).await.expect("the consumer goes on");
                let attempt = (record.partition(), record.attempt());
                let task = tokio::spawn(async move {
                    assert_ne!(record.offset(), 7, "a bug of the handler");
                    record.accept();
                });
                match task.await {
                    Ok(()) => done += 1,
                    Err(_) => panicked.push(attempt),
                }
            }
            panicked.sort_unstable();
            let three = |partition| [1, 2, 3].map(|attempt| (partition, attempt));
            assert_eq!((done, panicked), (58, [three(0), three(1)].concat()));
            host.until("both are given up", |status| {
                let tally = &status.policy.counters;
                tally.settled(Cause::Dropped, Disposition::Dropped) == 2
            })
            .await;
            let _ = host.shutdown().await;
        });
        for partition in [0, 1] {
            let committed = broker.committed(&place.group, &place.topic, partition);
            assert_eq!(committed, Some(30));
        }
    });
}

#[test]
fn a_host_that_keeps_its_records_is_seen_with_the_oldest_and_goes_on_when_it_returns_them() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 30);
        run(async {
            let policy = Config::default()
                .ordering(dashstream_policy::Ordering::Unordered)
                .archiving(Archiving::Off)
                .outstanding_max(4);
            let mut host = Host::start(place.config(), policy).await;
            let begun = host.consumer.handle().now();
            // Three hang in their handlers, the fourth is leaked for good.
            let mut out = Vec::new();
            while out.len() < 3 {
                out.push(host.next(JOIN).await.unwrap());
            }
            core::mem::forget(host.next(JOIN).await.unwrap());
            host.told(&ConsumerEvent::Stalled { partition: at(0) })
                .await;
            host.until("the status says so", |status| {
                status.partitions[0].stalled_since.is_some()
            })
            .await;
            let status = host.status();
            let of = &status.policy.partitions[0];
            let (oldest, since) = of.oldest_with_host.unwrap();
            assert_eq!((of.with_host, oldest.get()), (4, 0));
            assert!(begun <= since && since < status.at);
            let full = matches!(status.policy.taking, Taking::Full { .. });
            assert!(full && status.policy.grade == Grade::Warn, "{status:?}");

            // It goes on as far as there is room behind the leaked record, which stays visible.
            for record in out {
                record.accept();
            }
            let rest = host.judge(10, QUIET * 2, CAUSE).await;
            assert_eq!(rest, [(0, 4), (0, 5), (0, 6)]);
            host.told(&ConsumerEvent::Unstalled { partition: at(0) })
                .await;
            let status = host.status();
            let of = &status.policy.partitions[0];
            let (oldest, _) = of.oldest_with_host.unwrap();
            assert_eq!((of.with_host, oldest.get()), (1, 3));
            assert_eq!(of.stored.map(|next| next.get()), Some(3));
            let stalled = ConsumerEvent::Stalled { partition: at(0) };
            host.wait_for_times(&stalled, 2).await;
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(3));
    });
}

#[test]
fn a_deferred_record_counts_no_attempt_is_shown_and_comes_back_before_what_lies_behind_it() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 2);
        broker.fill(&place.topic, 0, 20);
        run(async {
            // One attempt: a deferral that counted as one would reject the record.
            let policy = Config::default().mode(Mode::Skip).retry(
                1,
                Duration::from_millis(1),
                Backoff::default(),
            );
            let mut host = Host::start(place.config(), policy).await;
            assert_eq!(host.judge(3, JOIN, CAUSE).await, [(0, 0), (0, 1), (0, 2)]);
            for _ in 0..4 {
                let record = host.next(JOIN).await.unwrap();
                assert_eq!((record.offset(), record.attempt()), (3, 1));
                record.defer();
                host.until("it says so", |status| {
                    held(status, 0) == Some((HeldBy::HostResources, None, Some(3)))
                })
                .await;
            }
            assert_eq!(host.status().policy.grade, Grade::Warn);
            // The other partition does not wait.
            broker.fill(&place.topic, 1, 2);
            let mut others = Vec::new();
            while others.len() < 2 {
                let record = host.next(JOIN).await.unwrap();
                if record.partition() == 0 {
                    record.defer();
                } else {
                    others.push(record.offset());
                    record.accept();
                }
            }
            assert_eq!(others, [0, 1]);
            assert_eq!(
                host.order(0, Command::Retry).await,
                CommandOutcome::Applied {
                    offset: Position::new(3).ok(),
                }
            );
            let rest = host.judge(17, JOIN, CAUSE).await;
            let expected: Vec<_> = (3..20).map(|offset| (0, offset)).collect();
            assert_eq!(rest, expected, "in order, each once");
            host.until("it runs again", |status| held(status, 0).is_none())
                .await;
            assert!(host.status().policy.counters.deferred >= 4);
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(20));
        assert_eq!(
            broker.read(&place.archive, 0),
            Vec::<Option<Vec<u8>>>::new()
        );
    });
}

#[test]
fn a_record_that_is_deferred_at_the_end_is_read_again_by_the_next() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 3);
        run(async {
            let mut host = Host::start(place.config(), Config::default()).await;
            assert_eq!(host.judge(1, JOIN, CAUSE).await, [(0, 0)]);
            let record = host.next(JOIN).await.unwrap();
            record.defer();
            host.until("deferred", |status| held(status, 0).is_some())
                .await;
            let begun = std::time::Instant::now();
            let closing = host.shutdown().await;
            assert!(closing.committed && closing.closed, "{closing:?}");
            assert!(
                begun.elapsed() < Duration::from_secs(2),
                "nobody waits for it"
            );
            let mut host = Host::start(place.config(), Config::default()).await;
            assert_eq!(host.judge(2, JOIN, CAUSE).await, [(0, 1), (0, 2)]);
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(3));
    });
}

#[test]
fn a_host_that_falls_behind_stops_the_intake_and_keeps_its_place_in_the_group() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 30);
        run(async {
            let policy = Config::default()
                .ordering(dashstream_policy::Ordering::Unordered)
                .archiving(Archiving::Off)
                .outstanding_max(4);
            let mut host = Host::start(place.config(), policy).await;
            let first = host.next(JOIN).await.unwrap();
            let mut out = vec![first];
            // Long enough for the engine to pause everything and to let the client be polled.
            while let Some(record) = host.next(Duration::from_secs(3)).await {
                out.push(record);
            }
            assert_eq!(out.len(), 4, "no more than the policy allows");
            host.until("paused", |status| {
                status.partitions.iter().all(|p| p.paused)
            })
            .await;
            for record in out {
                record.accept();
            }
            let rest = host.judge(26, JOIN, CAUSE).await;
            let expected: Vec<_> = (4..30).map(|offset| (0, offset)).collect();
            assert_eq!(rest, expected, "nothing is lost, nothing comes twice");
            assert!(
                !host
                    .events()
                    .iter()
                    .any(|f| matches!(f, ConsumerEvent::Revoked { .. }))
            );
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(30));
    });
}

#[test]
fn what_a_hold_gives_up_before_the_host_had_it_is_no_verdict_that_comes_too_late() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.append(&place.topic, 0, &[POISON, "a", "b", "c"].map(Some));
        run(async {
            let policy = Config::default()
                .mode(Mode::Pause)
                .archiving(Archiving::Off);
            let mut host = Host::start(place.config(), policy).await;
            assert_eq!(host.judge(1, JOIN, CAUSE).await, [(0, 0)]);
            host.until("held", |status| held(status, 0).is_some()).await;
            assert_eq!(host.status().policy.counters.fenced, 0);
            host.order(0, Command::SkipOne).await;
            let rest = host.judge(3, JOIN, CAUSE).await;
            assert_eq!(rest, [(0, 1), (0, 2), (0, 3)]);
            let _ = host.shutdown().await;
        });
    });
}
