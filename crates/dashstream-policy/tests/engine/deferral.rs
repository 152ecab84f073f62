//! Records that the host has no resources for now.

use core::time::Duration;

use dashstream_policy::{
    Action, Admission, Archiving, Backlog, Backoff, Cause, Command, CommandOutcome, Config,
    Disposition, Grade, HeldBy, Input, Mode, PartitionState, RefusalReason,
};

use crate::host::{EPOCH, Host, P, Q, at, secs};

const NANO: Duration = Duration::from_nanos(1);
const MS: Duration = Duration::from_millis(1);

fn offsets(records: &[dashstream_policy::Delivered]) -> Vec<i64> {
    records.iter().map(|record| record.offset().get()).collect()
}

fn deferred(offset: i64, since: Duration) -> PartitionState {
    PartitionState::Held {
        by: HeldBy::HostResources,
        cause: None,
        offset: Some(at(offset)),
        since,
    }
}

#[test]
fn a_deferred_record_waits_in_its_partition_alone_however_often_and_keeps_its_attempts() {
    for mode in Mode::ALL {
        let config = Config::default()
            .mode(mode)
            .retry(2, secs(1), Backoff::new(MS, 4 * MS));
        let mut host = Host::new(config);
        let first = host.take(P, 0);
        host.engine
            .release(host.now, first, Cause::HandlerRefused, (), 1);
        host.pass(MS);
        let begun = host.now;
        // Far more deferrals than attempts, and far longer than attempts may take.
        for wait in [1, 2, 4, 4, 4, 4, 4, 4].map(|times| times * MS) {
            let [record] = host.came_back().try_into().expect("it comes back");
            assert_eq!(record.attempt(), 2, "{mode:?}");
            host.pass(secs(60));
            host.defer(record);
            assert_eq!(host.offer(P, 1), Admission::Refused(RefusalReason::Held));
            let other = host.take(Q, host.stored(Q).unwrap_or(0));
            host.done(other);
            let status = host.engine.status();
            assert_eq!(host.state(P), deferred(0, begun + secs(60)));
            assert_eq!(
                (status.grade, host.state(Q)),
                (Grade::Warn, PartitionState::Running)
            );
            host.pass(wait - NANO);
            assert!(host.came_back().is_empty(), "not before its wait is over");
            host.pass(NANO);
        }
        assert_eq!(host.engine.counters().deferred, 8);
        assert_eq!(
            host.engine
                .counters()
                .unprocessable(Cause::HandlerRefused, Backlog::Current),
            0
        );
        assert_eq!(host.stored(P), None);
        let [record] = host.came_back().try_into().expect("it comes back");
        host.done(record);
        assert_eq!(
            (host.stored(P), host.state(P)),
            (Some(1), PartitionState::Running)
        );
        assert_eq!(host.engine.status().grade, Grade::Pass);
    }
}

#[test]
fn the_time_of_the_attempts_stands_still_while_a_record_is_deferred() {
    // The wait before the second attempt fits exactly into what is left, or is too long.
    for (total, tried_again) in [
        (4 * MS - NANO, false),
        (4 * MS, true),
        (4 * MS + NANO, true),
    ] {
        let config = Config::default().retry(2, total, Backoff::new(MS, MS));
        let mut host = Host::new(config);
        let record = host.take(P, 0);
        host.pass(2 * MS);
        host.defer(record);
        host.pass(secs(600));
        let [record] = host.came_back().try_into().expect("it comes back");
        host.pass(MS);
        host.engine
            .release(host.now, record, Cause::HandlerRefused, (), 1);
        host.pass(MS);
        assert_eq!(host.came_back().len() == 1, tried_again, "{total:?}");
    }
}

#[test]
fn deferred_records_come_back_in_order_and_one_by_one() {
    let mut host = Host::new(Config::default());
    let records = [0, 1, 2, 3].map(|offset| host.take(P, offset));
    let [first, second, third, fourth] = records;
    host.defer(third);
    host.defer(first);
    host.defer(fourth);
    host.done(second);
    host.pass(secs(1));
    let mut back = host.came_back();
    assert_eq!(offsets(&back), [0]);
    host.pass(secs(60));
    assert!(
        host.came_back().is_empty(),
        "one tries whether the host can"
    );
    for (offset, next) in [(0, vec![2]), (2, vec![3]), (3, vec![])] {
        let record = back.remove(0);
        assert_eq!(record.offset(), at(offset));
        host.done(record);
        back = host.came_back();
        assert_eq!(offsets(&back), next, "without a wait");
    }
    assert_eq!(
        (host.stored(P), host.state(P)),
        (Some(4), PartitionState::Running)
    );
}

#[test]
fn a_deferred_record_that_cannot_be_processed_after_all_is_judged_like_any_other() {
    let mut host = Host::new(Config::default().archiving(Archiving::Off));
    let records = [host.take(P, 0), host.take(P, 1)];
    for record in records {
        host.defer(record);
    }
    host.pass(secs(1));
    let [record] = host.came_back().try_into().expect("the first");
    host.engine
        .reject(host.now, record, Cause::DecodeError, (), 1);
    host.drain();
    let counters = host.engine.counters();
    assert_eq!(
        counters.settled(Cause::DecodeError, Disposition::Dropped),
        1
    );
    assert_eq!(host.stored(P), Some(1));
    assert_eq!(offsets(&host.came_back()), [1]);
}

#[test]
fn an_operator_ends_the_wait_and_skips_nothing() {
    let mut host = Host::new(Config::default());
    let record = host.take(P, 0);
    host.defer(record);
    assert_eq!(host.order(Command::SkipOne), CommandOutcome::NotHeld);
    let offset = Some(at(0));
    assert_eq!(
        host.order(Command::Retry),
        CommandOutcome::Applied { offset }
    );
    let [record] = host.came_back().try_into().expect("at once");
    assert_eq!(
        host.state(P),
        deferred(0, secs(1)),
        "until it has a verdict"
    );
    // There is no wait to be ended, and the record that is shown as held is being tried.
    let again = host.order(Command::Retry);
    assert_eq!(again, CommandOutcome::Applied { offset });
    assert!(host.came_back().is_empty());
    host.defer(record);
    host.pass(secs(5));
    assert_eq!(offsets(&host.came_back()), [0], "and by itself again");
}

#[test]
fn what_is_deferred_leaves_with_its_assignment_with_a_hold_before_it_and_with_a_drain() {
    let config = Config::default().mode(Mode::Pause);
    let mut host = Host::new(config.clone());
    let (first, second) = (host.take(P, 0), host.take(P, 1));
    host.defer(second);
    host.engine
        .reject(host.now, first, Cause::DecodeError, (), 1);
    host.drain();
    host.pass(secs(60));
    assert!(
        host.came_back().is_empty(),
        "it will be delivered again behind the hold"
    );
    assert_eq!(host.engine.counters().forgotten, 1);

    let mut host = Host::new(config.clone());
    let record = host.take(P, 0);
    host.defer(record);
    host.tell(Input::Revoked {
        partition: P,
        assignment: EPOCH,
    });
    host.pass(secs(60));
    assert!(host.came_back().is_empty());

    let mut host = Host::new(config);
    let (first, second) = (host.take(P, 0), host.take(P, 1));
    host.defer(first);
    host.tell(Input::Drain);
    assert!(!host.engine.is_idle(), "a handler has a record");
    host.defer(second);
    assert!(host.engine.is_idle());
    host.pass(secs(60));
    assert!(host.came_back().is_empty());
    let stored = host.actions.iter().any(|a| matches!(a, Action::Store(_)));
    assert!(!stored, "the next consumer reads them");
}

#[test]
fn the_records_that_handlers_have_are_counted_and_the_one_out_longest_is_named() {
    let mut host = Host::new(Config::default());
    let seen = |host: &Host| {
        let status = host.engine.status();
        let of = status.partitions.first().copied().expect("assigned");
        let oldest = of.oldest_with_host;
        (
            of.with_host,
            oldest.map(|(offset, since)| (offset.get(), since)),
        )
    };
    assert_eq!(seen(&host), (0, None));
    let first = host.take(P, 0);
    host.pass(secs(1));
    let second = host.take(P, 1);
    assert_eq!(seen(&host), (2, Some((0, secs(1)))));
    // The attempt that begins now has been out for no time.
    host.engine
        .release(host.now, first, Cause::HandlerRefused, (), 1);
    assert_eq!(seen(&host), (1, Some((1, secs(2)))));
    host.pass(secs(1));
    assert_eq!(seen(&host), (2, Some((1, secs(2)))));
    host.done(second);
    assert_eq!(seen(&host), (1, Some((0, secs(3)))));
}
