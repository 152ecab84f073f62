//! Skip and pause, for every cause, with only that cause in the topic, and with a restart.

use std::thread;
use std::time::Duration;

use crate::support::host::{Host, POISON, Place, at, held, run};
use crate::support::{Broker, within};
use dashstream_kafka::policy::{
    Archiving, Cause, Command, CommandOutcome, Config, Count, HeldBy, Mode, NullPayload, Ordering,
    Scope,
};
use dashstream_kafka::{ConsumerEvent, Status};

const LIMIT: Duration = Duration::from_secs(90);
/// Longer than a group takes to form and a fetch to come back.
const JOIN: Duration = Duration::from_secs(20);
const QUIET: Duration = Duration::from_secs(1);

/// Runs `test` once for each cause, all at once, each with a topic of its own.
fn for_every_cause(broker: &Broker, partitions: u16, test: fn(Cause, Place)) {
    let threads: Vec<_> = Cause::ALL
        .into_iter()
        .map(|cause| {
            let place = Place::new(broker, partitions);
            let payload = (cause != Cause::NullPayload).then_some(POISON);
            broker.append(&place.topic, 0, &[Some("good"), payload, Some("good")]);
            if partitions > 1 {
                broker.append(&place.topic, 1, &[Some("good"); 3]);
            }
            (cause, thread::spawn(move || test(cause, place)))
        })
        .collect();
    let failed: Vec<_> = threads
        .into_iter()
        .filter_map(|(cause, thread)| thread.join().is_err().then_some(cause))
        .collect();
    assert!(failed.is_empty(), "failed for {failed:?}");
}

/// The policy under test, in which a null payload reaches the host like any other poison.
fn policy(mode: Mode, scope: Scope) -> Config {
    Config::default()
        .mode(mode)
        .scope(scope)
        .null_payload(NullPayload::Process)
}

#[test]
fn skip_passes_the_poison_and_a_restart_does_not_meet_it_again() {
    within(LIMIT, || {
        let broker = Broker::start();
        for_every_cause(&broker, 1, |cause, place| {
            run(async {
                let broker = Broker::at(&place.brokers);
                let policy = || policy(Mode::Skip, Scope::Consumer);
                let mut host = Host::start(place.config(), policy()).await;
                assert_eq!(host.judge(3, JOIN, cause).await, [(0, 0), (0, 1), (0, 2)]);
                let closing = host.shutdown().await;
                assert!(closing.committed && closing.closed, "{closing:?}");
                assert_eq!(closing.unfinished, 0);
                assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(3));
                assert_eq!(broker.read(&place.archive, 0).len(), 1);

                broker.append(&place.topic, 0, &[Some("good")]);
                let mut host = Host::start(place.config(), policy()).await;
                assert_eq!(host.judge(2, JOIN, cause).await[0], (0, 3));
                let _ = host.shutdown().await;
                assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(4));
                assert_eq!(broker.read(&place.archive, 0).len(), 1, "archived once");
            });
        });
    });
}

fn pause_holds(scope: Scope) {
    within(LIMIT, move || {
        let broker = Broker::start();
        let test = match scope {
            Scope::Consumer => |cause, place| pause(cause, &place, Scope::Consumer),
            Scope::Partition => |cause, place| pause(cause, &place, Scope::Partition),
        };
        for_every_cause(&broker, 2, test);
    });
}

/// Partition 0 has its poison at 1, partition 1 has none.
fn pause(cause: Cause, place: &Place, scope: Scope) {
    run(async {
        let broker = Broker::at(&place.brokers);
        let policy = || policy(Mode::Pause, scope);
        let mut host = Host::start(place.config(), policy()).await;
        let mut seen = host.judge(2, JOIN, cause).await;
        while !seen.contains(&(0, 1)) {
            seen.extend(host.judge(1, JOIN, cause).await);
        }
        host.until("held at the poison", |status| {
            held(status, 0) == Some((HeldBy::Policy, Some(cause), Some(1)))
        })
        .await;

        // What was on its way in the other partition is still handed out; then the scope says what
        // goes on.
        seen.extend(host.judge(10, QUIET, cause).await);
        assert!(!seen.contains(&(0, 2)), "behind the poison: {seen:?}");
        broker.append(&place.topic, 0, &[Some("good")]);
        broker.append(&place.topic, 1, &[Some("good")]);
        let later = host.judge(10, QUIET * 2, cause).await;
        match scope {
            Scope::Consumer => assert_eq!(later, [], "everything stops"),
            Scope::Partition => assert_eq!(later, [(1, 3)], "the other partition goes on"),
        }
        let _ = host.shutdown().await;
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(1));
        if scope == Scope::Partition {
            assert_eq!(broker.committed(&place.group, &place.topic, 1), Some(4));
        }

        let mut host = Host::start(place.config(), policy()).await;
        let first = loop {
            let record = host.next(JOIN).await.expect("the poison comes again");
            let at = (record.partition(), record.offset());
            if record.partition() == 0 {
                record.reject(cause, dashstream_kafka::RecordIds::none());
                break at;
            }
            record.accept();
        };
        assert_eq!(first, (0, 1), "the restart meets exactly the poison");
        let _ = host.shutdown().await;
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(1));
    });
}

#[test]
fn pause_of_the_whole_consumer_holds_the_poison_for_every_cause() {
    pause_holds(Scope::Consumer);
}

#[test]
fn pause_of_the_partition_holds_the_poison_for_every_cause() {
    pause_holds(Scope::Partition);
}

#[test]
fn nothing_behind_a_held_record_is_handed_out_before_it_is_released() {
    within(LIMIT, || {
        let broker = Broker::start();
        let threads = [Scope::Consumer, Scope::Partition].map(|scope| {
            let place = Place::new(&broker, 1);
            let mut payloads = vec![Some("good"); 40];
            payloads[1] = Some(POISON);
            broker.append(&place.topic, 0, &payloads);
            thread::spawn(move || nothing_behind(scope, &place))
        });
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

fn nothing_behind(scope: Scope, place: &Place) {
    run(async {
        let cause = Cause::DecodeError;
        let policy = policy(Mode::Pause, scope).ordering(Ordering::Unordered);
        let mut host = Host::start(place.config(), policy).await;
        host.until("all of it waits for the host", |status| {
            status.received == 40
        })
        .await;
        // No wait between the verdict and the next question: the engine has not heard it yet.
        assert_eq!(host.judge(40, QUIET * 2, cause).await, [(0, 0), (0, 1)]);
        host.until("held", |status| held(status, 0).is_some()).await;

        host.order(0, Command::SkipOne).await;
        let expected: Vec<_> = (2..40).map(|offset| (0, offset)).collect();
        assert_eq!(host.judge(40, JOIN / 4, cause).await, expected, "each once");
        assert!(
            !host.saw(&ConsumerEvent::Count(Count::Fenced)),
            "the host did no work in vain"
        );
        let _ = host.shutdown().await;
        let broker = Broker::at(&place.brokers);
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(40));
    });
}

#[test]
fn seeks_are_carried_out_in_order_when_holds_overtake_each_other() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.append(&place.topic, 0, &[Some("good"); 8]);
        run(async {
            let policy = policy(Mode::Pause, Scope::Partition).ordering(Ordering::Unordered);
            let mut host = Host::start(place.config(), policy).await;
            let mut out = Vec::new();
            while out.len() < 6 {
                out.push(host.next(JOIN).await.unwrap());
            }
            // Each hold lies before the last one, and each seeks; nothing waits in between.
            let cause = Cause::DecodeError;
            for offset in [5, 3, 1] {
                let record = out.remove(offset);
                record.reject(cause, dashstream_kafka::RecordIds::none());
            }
            let poison = (HeldBy::Policy, Some(cause), Some(1));
            host.until("held at the first", |status| {
                held(status, 0) == Some(poison)
            })
            .await;
            for record in out {
                record.accept();
            }
            host.order(0, Command::Retry).await;
            let expected: Vec<_> = (1..8).map(|offset| (0, offset)).collect();
            assert_eq!(host.judge(7, JOIN, cause).await, expected, "each once");
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(8));
    });
}

#[test]
fn an_operator_retries_then_skips_the_held_record() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.append(&place.topic, 0, &[Some("good"), Some(POISON), Some("good")]);
        run(async {
            let policy = policy(Mode::Pause, Scope::Consumer).archiving(Archiving::Off);
            let mut host = Host::start(place.config(), policy).await;
            let cause = Cause::DecodeError;
            assert_eq!(host.judge(2, JOIN, cause).await, [(0, 0), (0, 1)]);
            let is_held = |status: &Status| held(status, 0).is_some();
            host.until("held", is_held).await;
            assert_eq!(host.judge(10, QUIET, cause).await, [], "nothing behind it");

            let outcome = host.order(0, Command::Retry).await;
            assert!(
                matches!(outcome, CommandOutcome::Applied { .. }),
                "{outcome:?}"
            );
            assert_eq!(host.judge(1, JOIN, cause).await, [(0, 1)], "met again");
            host.until("held again", is_held).await;
            assert_eq!(host.judge(10, QUIET, cause).await, [], "nothing behind it");

            let outcome = host.order(0, Command::SkipOne).await;
            assert!(
                matches!(outcome, CommandOutcome::Applied { .. }),
                "{outcome:?}"
            );
            assert_eq!(host.judge(1, JOIN, cause).await, [(0, 2)], "and passed");
            let events = host.events();
            assert!(
                events
                    .iter()
                    .any(|event| matches!(event, ConsumerEvent::Audit(_)))
            );
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(3));
    });
}

#[test]
fn a_null_payload_that_no_host_sees_is_held_like_any_other() {
    within(LIMIT, || {
        let broker = Broker::start();
        let threads = [Scope::Consumer, Scope::Partition].map(|scope| {
            let place = Place::new(&broker, 1);
            broker.append(&place.topic, 0, &[Some("good"), None, Some("good")]);
            thread::spawn(move || null_payload_held(scope, &place))
        });
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

fn null_payload_held(scope: Scope, place: &Place) {
    run(async {
        let broker = Broker::at(&place.brokers);
        let cause = Cause::NullPayload;
        let poison = (HeldBy::Policy, Some(cause), Some(1));
        let is_rejected = |event: &ConsumerEvent| {
            matches!(
                event,
                ConsumerEvent::Rejected {
                    partition,
                    offset: 1,
                    cause: Cause::NullPayload,
                    ..
                } if *partition == at(0)
            )
        };
        // The record before it is met once: the second start begins at what the first one stored.
        for met in [1, 0] {
            let policy = Config::default().mode(Mode::Pause).scope(scope);
            let mut host = Host::start(place.config(), policy).await;
            assert_eq!(host.judge(met, JOIN, cause).await.len(), met);
            host.until("held", |status| held(status, 0) == Some(poison))
                .await;
            host.wait_for(is_rejected).await;
            assert_eq!(host.judge(3, QUIET, cause).await, [], "nothing behind it");
            let _ = host.shutdown().await;
            assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(1));
        }
    });
}

#[test]
fn a_null_payload_means_what_the_policy_says() {
    within(LIMIT, || {
        let broker = Broker::start();
        let meanings = [
            NullPayload::Process,
            NullPayload::Ignore,
            NullPayload::Unprocessable,
        ];
        let threads = meanings.map(|meaning| {
            let place = Place::new(&broker, 1);
            broker.append(&place.topic, 0, &[Some("good"), None, Some("good")]);
            thread::spawn(move || null_payload(meaning, &place))
        });
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

fn null_payload(meaning: NullPayload, place: &Place) {
    run(async {
        let policy = Config::default().null_payload(meaning);
        let mut host = Host::start(place.config(), policy).await;
        let mut offsets = Vec::new();
        let expected: &[i64] = match meaning {
            NullPayload::Process => &[0, 1, 2],
            NullPayload::Ignore | NullPayload::Unprocessable => &[0, 2],
        };
        while offsets.len() < expected.len() {
            let record = host.next(JOIN).await.unwrap();
            offsets.push(record.offset());
            record.accept();
        }
        assert_eq!(offsets, expected);
        let closing = host.shutdown().await;
        let broker = Broker::at(&place.brokers);
        let committed = broker.committed(&place.group, &place.topic, 0);
        assert_eq!(committed, Some(3), "{meaning:?}: {closing:?}");
        let archived = broker.read(&place.archive, 0).len();
        let unprocessable = meaning == NullPayload::Unprocessable;
        assert_eq!(archived, usize::from(unprocessable));
    });
}
