//! Positions that the log does not have: where operators may skip to, topics that are created again,
//! and what a crash meets again.

use std::time::Duration;

use crate::support::child::{self, die};
use crate::support::host::{Host, POISON, Place, held, run};
use crate::support::{Broker, eventually, within};
use dashstream_kafka::policy::{
    Archiving, Cause, Command, CommandOutcome, Config, HeldBy, Mode, Offset as Position, Ordering,
    Scope,
};
use dashstream_kafka::{Consumer, ConsumerEvent, RecordIds};

const LIMIT: Duration = Duration::from_secs(80);
const JOIN: Duration = Duration::from_secs(20);
const QUIET: Duration = Duration::from_secs(1);
const CAUSE: Cause = Cause::DecodeError;

fn at(offset: i64) -> Position {
    Position::new(offset).unwrap()
}

#[test]
fn an_operator_skips_up_to_the_end_of_the_log_and_what_is_produced_there_later_is_read() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.append(&place.topic, 0, &[Some("good"), Some(POISON), Some("good")]);
        run(async {
            let policy = Config::default()
                .mode(Mode::Pause)
                .archiving(Archiving::Off);
            let mut host = Host::start(place.config(), policy).await;
            assert_eq!(host.judge(2, JOIN, CAUSE).await, [(0, 0), (0, 1)]);
            host.until("held", |status| held(status, 0).is_some()).await;
            // The end is asked for when the order is given: what the consumer knew is older.
            broker.append(&place.topic, 0, &[Some("good")]);
            for (to, outcome) in [
                (1, CommandOutcome::Backwards),
                (9, CommandOutcome::BeyondEnd { end: at(4) }),
                (5, CommandOutcome::BeyondEnd { end: at(4) }),
            ] {
                assert_eq!(host.order(0, Command::SkipTo(at(to))).await, outcome);
                assert!(held(&host.status(), 0).is_some(), "it stays as it was");
            }
            let audited = |event: &&ConsumerEvent| matches!(event, ConsumerEvent::Audit(_));
            assert_eq!(host.events().iter().filter(audited).count(), 3);
            let applied = CommandOutcome::Applied {
                offset: Some(at(1)),
            };
            assert_eq!(host.order(0, Command::SkipTo(at(4))).await, applied);
            host.until("passed", |status| held(status, 0).is_none())
                .await;
            broker.append(&place.topic, 0, &[Some("good"); 5]);
            let rest = host.judge(5, JOIN, CAUSE).await;
            let expected: Vec<_> = (4..9).map(|offset| (0, offset)).collect();
            assert_eq!(rest, expected);
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(9));
    });
}

#[test]
fn a_commit_beyond_the_end_is_held_and_an_operator_goes_back_for_good() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 5);
        // A group that was at 99 of a topic that was created again since.
        broker.commit(&place.group, &place.topic, 99);
        run(async {
            let policy = || Config::default().scope(Scope::Partition);
            let mut host = Host::start(place.config(), policy()).await;
            host.until("held", |status| held(status, 0) == beyond(99))
                .await;
            let refused = CommandOutcome::BeyondEnd { end: at(5) };
            for command in [
                Command::Retry,
                Command::SkipOne,
                Command::SkipTo(at(6)),
                Command::SkipTo(at(100)),
            ] {
                assert_eq!(host.order(0, command).await, refused, "{command:?}");
            }
            assert!(
                host.next(QUIET).await.is_none(),
                "nothing is read meanwhile"
            );
            let applied = CommandOutcome::Applied {
                offset: Some(at(99)),
            };
            assert_eq!(host.order(0, Command::SkipTo(at(0))).await, applied);
            let expected = [0, 1, 2].map(|offset| (0, offset));
            assert_eq!(host.judge(3, JOIN, CAUSE).await, expected);
            let closing = host.shutdown().await;
            assert!(closing.committed, "{closing:?}");
            assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(3));
            let mut host = Host::start(place.config(), policy()).await;
            let expected = [3, 4].map(|offset| (0, offset));
            assert_eq!(host.judge(2, JOIN, CAUSE).await, expected);
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(5));
    });
}

/// Where a partition is held whose log does not have offset `offset`.
const fn beyond(offset: i64) -> Option<(HeldBy, Option<Cause>, Option<i64>)> {
    Some((
        HeldBy::Unfetchable,
        Some(Cause::OffsetOutOfRange),
        Some(offset),
    ))
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn a_topic_that_is_created_again_under_a_consumer_is_held_and_read_from_where_an_operator_says() {
    within(LIMIT, || {
        let broker = Broker::outside();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 50);
        run(async {
            let mut host = Host::start(place.config(), Config::default()).await;
            assert_eq!(host.judge(50, JOIN, CAUSE).await.len(), 50);
            host.told(&ConsumerEvent::Committed { ok: true }).await;
            broker.recreate(&place.topic, 1);
            broker.fill(&place.topic, 0, 20);
            host.until("held", |status| held(status, 0) == beyond(50))
                .await;
            assert!(host.next(QUIET).await.is_none());
            assert_eq!(
                host.order(0, Command::SkipTo(at(21))).await,
                CommandOutcome::BeyondEnd { end: at(20) }
            );
            // It grows beyond the old position before anybody comes, and stays held.
            broker.fill(&place.topic, 0, 60);
            tokio::time::sleep(QUIET * 2).await;
            assert_eq!(held(&host.status(), 0), beyond(50));
            let applied = CommandOutcome::Applied {
                offset: Some(at(50)),
            };
            assert_eq!(host.order(0, Command::SkipTo(at(0))).await, applied);
            let expected: Vec<_> = (0..80).map(|offset| (0, offset)).collect();
            assert_eq!(host.judge(80, JOIN, CAUSE).await, expected);
            let closing = host.shutdown().await;
            assert!(closing.committed, "{closing:?}");
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(80));
    });
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn a_topic_that_is_created_again_between_two_starts_is_held_at_the_second() {
    within(LIMIT, || {
        let broker = Broker::outside();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 50);
        run(async {
            let mut host = Host::start(place.config(), Config::default()).await;
            assert_eq!(host.judge(50, JOIN, CAUSE).await.len(), 50);
            let _ = host.shutdown().await;
            assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(50));
            broker.recreate(&place.topic, 1);
            broker.fill(&place.topic, 0, 20);
            // Kafka forgets the commits of a topic that was deleted, a moment later; a group that another
            // cluster mirrors, or that was set by hand, keeps them.
            let committed = || broker.committed(&place.group, &place.topic, 0);
            eventually("forgotten", JOIN, || committed().is_none());
            broker.commit(&place.group, &place.topic, 50);
            let mut host = Host::start(place.config(), Config::default()).await;
            host.until("held", |status| held(status, 0) == beyond(50))
                .await;
            assert!(host.next(QUIET).await.is_none());
            host.order(0, Command::SkipTo(at(0))).await;
            assert_eq!(host.judge(20, JOIN, CAUSE).await.len(), 20);
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(20));
    });
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn records_that_were_deleted_before_the_committed_position_hold_it_and_the_start_may_be_skipped_to()
{
    within(LIMIT, || {
        let broker = Broker::outside();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 30);
        run(async {
            let mut host = Host::start(place.config(), Config::default()).await;
            assert_eq!(host.judge(1, JOIN, CAUSE).await, [(0, 0)]);
            let _ = host.shutdown().await;
            broker.delete_before(&place.topic, 0, 20);
            let mut host = Host::start(place.config(), Config::default()).await;
            let lost = (HeldBy::RecordDeleted, Some(Cause::RecordDeleted), Some(1));
            host.until("held", |status| held(status, 0) == Some(lost))
                .await;
            for (to, outcome) in [
                (19, CommandOutcome::BelowStart { start: at(20) }),
                (31, CommandOutcome::BeyondEnd { end: at(30) }),
                (
                    20,
                    CommandOutcome::Applied {
                        offset: Some(at(1)),
                    },
                ),
            ] {
                assert_eq!(host.order(0, Command::SkipTo(at(to))).await, outcome);
            }
            let expected: Vec<_> = (20..30).map(|offset| (0, offset)).collect();
            assert_eq!(host.judge(10, JOIN, CAUSE).await, expected);
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(30));
    });
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn a_topic_that_is_created_again_with_the_position_of_a_consumer_that_lags_is_held_by_its_lower_end()
 {
    within(LIMIT, || {
        let broker = Broker::outside();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 200);
        run(async {
            let policy = Config::default().outstanding_max(10);
            let mut host = Host::start(place.config(), policy).await;
            assert_eq!(host.judge(50, JOIN, CAUSE).await.len(), 50);
            host.told(&ConsumerEvent::Committed { ok: true }).await;
            host.until("nothing moves", |status| {
                status.partitions[0].next == Some(60) && status.partitions[0].high == Some(200)
            })
            .await;
            broker.recreate(&place.topic, 1);
            broker.fill(&place.topic, 0, 80);
            host.until("held", |status| held(status, 0) == beyond(60))
                .await;
            let applied = CommandOutcome::Applied {
                offset: Some(at(60)),
            };
            assert_eq!(host.order(0, Command::SkipTo(at(0))).await, applied);
            let expected: Vec<_> = (0..80).map(|offset| (0, offset)).collect();
            assert_eq!(host.judge(80, JOIN, CAUSE).await, expected);
            let closing = host.shutdown().await;
            assert!(closing.committed, "{closing:?}");
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(80));
    });
}

/// The process that is killed. It does nothing unless a test starts it with a place.
#[test]
fn child() {
    let Some(told) = child::told() else {
        return;
    };
    let (at_once, place) = told.split_once(' ').unwrap();
    let (at_once, place) = (at_once == "true", Place::parse(place));
    // The client's own commits come too late for all of this.
    let config = place
        .config()
        .commit_interval(JOIN * 3)
        .unwrap()
        .commit_rejections(at_once);
    run(async {
        let policy = Config::default()
            .archiving(Archiving::Required)
            .ordering(Ordering::Unordered);
        let mut consumer = Consumer::start(config, policy, |_| {}).await.unwrap();
        let mut next = async || {
            let record = tokio::time::timeout(JOIN, consumer.recv()).await;
            record.unwrap().unwrap()
        };
        let first = next().await;
        // A rejection is not committed before everything ahead of it is settled.
        next().await.reject(CAUSE, RecordIds::none());
        tokio::time::sleep(QUIET).await;
        let broker = Broker::at(&place.brokers);
        assert_eq!(broker.committed(&place.group, &place.topic, 0), None);
        first.accept();
        tokio::time::sleep(QUIET).await;
        die();
    });
}

#[test]
fn a_skipped_record_is_not_met_again_by_a_process_that_follows_one_killed_a_second_later() {
    within(LIMIT, || {
        let broker = Broker::start();
        let threads = [true, false].map(|at_once| {
            let place = Place::new(&broker, 1);
            broker.append(&place.topic, 0, &[Some("good"), Some(POISON), Some("good")]);
            std::thread::spawn(move || {
                let told = format!("{at_once} {}", place.print());
                let status = child::run("positions::child", &told, JOIN * 2);
                let signal = std::os::unix::process::ExitStatusExt::signal(&status);
                assert_eq!(signal, Some(9), "{status}");
                let expected: &[_] = match at_once {
                    true => &[(0, 2)],
                    // At least once: what the client had not committed comes again.
                    false => &[(0, 0), (0, 1), (0, 2)],
                };
                run(async {
                    let mut host = Host::start(place.config(), Config::default()).await;
                    let met = host.judge(expected.len(), JOIN, CAUSE).await;
                    assert_eq!(met, expected, "committed at once: {at_once}");
                    let _ = host.shutdown().await;
                });
            })
        });
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn an_operator_goes_back_once_in_a_topic_that_was_created_again_and_is_shorter() {
    within(LIMIT, || {
        let broker = Broker::outside();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 50);
        run(async {
            let mut host = Host::start(place.config(), Config::default()).await;
            assert_eq!(host.judge(50, JOIN, CAUSE).await.len(), 50);
            host.told(&ConsumerEvent::Committed { ok: true }).await;
            broker.recreate(&place.topic, 1);
            broker.fill(&place.topic, 0, 20);
            host.until("held", |status| held(status, 0) == beyond(50))
                .await;
            host.order(0, Command::SkipTo(at(0))).await;
            assert_eq!(host.judge(20, JOIN, CAUSE).await.len(), 20);
            // Several answers about the log's end.
            tokio::time::sleep(QUIET * 5).await;
            assert_eq!(held(&host.status(), 0), None, "not a second time");
            broker.fill(&place.topic, 0, 1);
            assert_eq!(host.judge(1, JOIN, CAUSE).await, [(0, 20)]);
            let _ = host.shutdown().await;
        });
    });
}
