//! Every limit: one under, exactly at, one over.

use core::time::Duration;

use dashstream_policy::{
    Action, Admission, ArchiveFault, Archiving, Backoff, Cause, Config, ConfigError, Engine,
    FailureReason, Form, Ordering, RefusalReason,
};

use crate::host::{EPOCH, Host, P, Q, at, secs};

const NANO: Duration = Duration::from_nanos(1);

#[test]
fn the_last_free_place_is_taken_and_the_next_record_is_fetched_again_later() {
    for limit in [1, 4] {
        let mut host = Host::new(
            Config::default()
                .outstanding_max(limit)
                .partition_outstanding_max(Some(limit)),
        );
        let records: Vec<_> = (0..limit as i64)
            .map(|offset| host.take(P, offset))
            .collect();
        assert!(host.actions.contains(&Action::StopPolling));
        let next = limit as i64;
        assert_eq!(host.offer(P, next), Admission::Refused(RefusalReason::Full));
        records.into_iter().for_each(|record| host.done(record));
        assert!(host.actions.contains(&Action::ResumePolling));
        let (partition, assignment, to) = (P, EPOCH, at(next));
        assert!(host.actions.contains(&Action::Seek {
            partition,
            assignment,
            to
        }));
        let record = host.take(P, next);
        host.done(record);
        assert_eq!(host.stored(P), Some(next + 1));
    }
}

#[test]
fn a_setting_at_its_limit_is_accepted_and_one_beyond_is_refused() {
    let check = |config: Config| Engine::<()>::new(config).map(drop);
    let outstanding = |records| check(Config::default().outstanding_max(records));
    assert_eq!(outstanding(0), Err(ConfigError::Outstanding { asked: 0 }));
    assert_eq!(outstanding(1), Ok(()));
    assert_eq!(outstanding(Config::OUTSTANDING_MAX - 1), Ok(()));
    assert_eq!(outstanding(Config::OUTSTANDING_MAX), Ok(()));
    let of_partition = |records| check(Config::default().partition_outstanding_max(Some(records)));
    assert_eq!(of_partition(0), Err(ConfigError::Outstanding { asked: 0 }));
    assert_eq!(of_partition(1), Ok(()));
    let bytes = |bytes| check(Config::default().outstanding_bytes_max(bytes));
    assert_eq!((bytes(0), bytes(1)), (Err(ConfigError::NoBytes), Ok(())));
    let bytes = |bytes| check(Config::default().partition_bytes_max(Some(bytes)));
    assert_eq!((bytes(0), bytes(1)), (Err(ConfigError::NoBytes), Ok(())));
    let asked = Config::OUTSTANDING_MAX + 1;
    assert_eq!(outstanding(asked), Err(ConfigError::Outstanding { asked }));
    let zero = Duration::ZERO;
    let retry = |attempts| Config::default().retry(attempts, zero, Backoff::default());
    assert_eq!(check(retry(0)), Err(ConfigError::NoAttempts));
    assert_eq!(check(retry(1)), Ok(()));
    for (room, expected) in [
        (0, Err(ConfigError::NoArchiveRoom)),
        (1, Ok(())),
        (2, Ok(())),
    ] {
        assert_eq!(
            check(Config::default().archive_in_flight_max(room)),
            expected
        );
        assert_eq!(check(Config::default().archive_bytes_max(room)), expected);
    }
    for (time, expected) in [(zero, Err(ConfigError::NoTime)), (NANO, Ok(()))] {
        let timing = |time| Config::default().archive_timing(time, Backoff::default());
        assert_eq!(check(Config::default().keep_polling(time)), expected);
        assert_eq!(check(timing(time)), expected);
    }
    for (first, longest, fits) in [
        (zero, secs(1), false),
        (NANO, secs(1), true),
        (secs(1), secs(1) - NANO, false),
        (secs(1), secs(1), true),
        (secs(1), secs(1) + NANO, true),
    ] {
        let backoff = Backoff::new(first, longest);
        let expected = if fits {
            Ok(())
        } else {
            Err(ConfigError::Backoff { first, longest })
        };
        assert_eq!(check(Config::default().retry(1, zero, backoff)), expected);
        assert_eq!(
            check(Config::default().archive_timing(secs(1), backoff)),
            expected
        );
    }
}

#[test]
fn every_default_is_the_documented_one_and_can_be_read_back() {
    let config = Config::default();
    assert_eq!((config.attempts_max, config.retry_for_max), (3, secs(30)));
    assert_eq!(config.outstanding_max, 16_384);
    assert_eq!(config.outstanding_bytes_max, 64 * 1024 * 1024);
    assert_eq!(config.partition_outstanding_max, None);
    assert_eq!(config.partition_bytes_max, None);
    assert_eq!(config.ordering, Ordering::Partition);
    assert_eq!(config.archive_in_flight_max, 100);
    assert_eq!(config.archive_bytes_max, 64 * 1024 * 1024);
    assert_eq!(config.archive_timeout, secs(5));
    assert_eq!(config.keep_polling, secs(150));
    for backoff in [config.retry_backoff, config.archive_backoff] {
        assert_eq!(backoff.first, Duration::from_millis(100));
        assert_eq!(backoff.longest, secs(5));
    }
    let backoff = Backoff::new(secs(1), secs(2));
    let set = config
        .archiving(Archiving::Required)
        .retry(7, secs(8), backoff)
        .archive_timing(secs(9), backoff);
    assert_eq!(set.archiving, Archiving::Required);
    assert_eq!((set.attempts_max, set.retry_for_max), (7, secs(8)));
    assert_eq!(set.retry_backoff, backoff);
    assert_eq!(
        (set.archive_timeout, set.archive_backoff),
        (secs(9), backoff)
    );
}

#[test]
fn the_last_free_send_is_used_and_the_next_record_waits_for_one() {
    for (poison, sent, waiting) in [(1, 1, 0), (2, 2, 0), (3, 2, 1)] {
        let config = Config::default()
            .archiving(Archiving::Required)
            .ordering(Ordering::Unordered)
            .archive_in_flight_max(2);
        let mut host = Host::new(config);
        (0..poison).for_each(|offset| host.poison(P, offset, Cause::BadFrame));
        let archive = host.engine.status().archive;
        assert_eq!((archive.in_flight, archive.waiting), (sent, waiting));
        host.archive(Ok(Form::Full));
        let archive = host.engine.status().archive;
        assert_eq!(archive.waiting, 0);
        assert_eq!(archive.in_flight, sent + waiting - 1);
    }
}

#[test]
fn a_best_effort_send_beyond_the_last_free_one_fails_for_backpressure() {
    for (poison, failed) in [(1, 0), (2, 0), (3, 1)] {
        let mut host = Host::new(Config::default().archive_in_flight_max(2));
        (0..poison).for_each(|offset| host.poison(P, offset, Cause::BadFrame));
        let counters = host.engine.counters();
        let reason = FailureReason::Backpressure;
        assert_eq!(counters.archive_failed(Cause::BadFrame, reason), failed);
        assert_eq!(host.stored(P), Some(poison));
    }
}

#[test]
fn the_last_byte_of_evidence_is_kept_and_the_next_is_not_or_stops_the_taking() {
    for (bytes, failed) in [(9, 0), (10, 0), (11, 1)] {
        let mut host = Host::new(Config::default().archive_bytes_max(10));
        host.poison_of(P, 0, Cause::Oversize, bytes);
        let counters = host.engine.counters();
        let reason = FailureReason::Backpressure;
        assert_eq!(counters.archive_failed(Cause::Oversize, reason), failed);
    }
    for (bytes, stops) in [(9, false), (10, true), (11, true)] {
        let config = Config::default()
            .archiving(Archiving::Required)
            .archive_bytes_max(10);
        let mut host = Host::new(config);
        host.poison_of(P, 0, Cause::Oversize, bytes);
        assert_eq!(
            host.actions.contains(&Action::StopPolling),
            stops,
            "{bytes}"
        );
        if stops {
            assert_eq!(host.offer(P, 1), Admission::Refused(RefusalReason::Full));
        }
        host.archive(Ok(Form::Full));
        let record = host.take(P, 1);
        host.done(record);
        assert_eq!(host.stored(P), Some(2));
    }
}

#[test]
fn a_send_times_out_at_its_deadline_and_not_a_nanosecond_before() {
    for (after, timed_out) in [(secs(5) - NANO, 0), (secs(5), 1), (secs(5) + NANO, 1)] {
        let mut host = Host::new(Config::default().archiving(Archiving::Required));
        host.poison(P, 0, Cause::Oversize);
        host.pass(after);
        let counters = host.engine.counters();
        let reason = FailureReason::Timeout;
        assert_eq!(counters.archive_failed(Cause::Oversize, reason), timed_out);
    }
}

#[test]
fn sends_wait_twice_as_long_each_time_up_to_the_longest_wait() {
    let ms = Duration::from_millis;
    let backoff = Backoff::new(ms(100), ms(300));
    let config = Config::default()
        .archiving(Archiving::Required)
        .archive_timing(secs(5), backoff);
    let mut host = Host::new(config);
    host.poison(P, 0, Cause::Oversize);
    let sends = |host: &Host| {
        let sends = host.actions.iter();
        sends.filter(|a| matches!(a, Action::Archive(_))).count()
    };
    for (attempt, wait) in [(1, ms(100)), (2, ms(200)), (3, ms(300)), (4, ms(300))] {
        assert_eq!(sends(&host), attempt);
        host.archive(Err(ArchiveFault::Broker));
        host.pass(wait - NANO);
        assert_eq!(sends(&host), attempt, "not yet");
        host.pass(NANO);
        assert_eq!(sends(&host), attempt + 1);
    }
}

#[test]
fn another_attempt_fits_exactly_into_the_time_for_all_of_them() {
    let ms = Duration::from_millis;
    for (total, retried) in [
        (ms(100) - NANO, false),
        (ms(100), true),
        (ms(100) + NANO, true),
    ] {
        let config = Config::default().retry(2, total, Backoff::new(ms(100), ms(100)));
        let mut host = Host::new(config);
        let record = host.take(P, 0);
        host.engine
            .release(host.now, record, Cause::HandlerRefused, (), 1);
        host.pass(ms(100));
        let again = host.actions.iter();
        let again = again
            .filter(|a| matches!(a, Action::Deliver { .. }))
            .count();
        assert_eq!(again == 1, retried, "{total:?}");
        assert_eq!(host.stored(P).is_some(), !retried);
    }
}

#[test]
fn a_host_without_room_polls_again_when_half_of_the_brokers_patience_is_over() {
    let limit = Config::KEEP_POLLING_DEFAULT;
    for (after, polls) in [(limit - NANO, false), (limit, true), (limit + NANO, true)] {
        let mut host = Host::new(Config::default().outstanding_max(1));
        let record = host.take(P, 0);
        assert!(host.actions.contains(&Action::StopPolling));
        host.pass(after);
        assert_eq!(host.actions.contains(&Action::ResumePolling), polls);
        for partition in [P, Q] {
            let pause = Action::Pause {
                partition,
                assignment: EPOCH,
            };
            assert_eq!(host.actions.contains(&pause), polls);
        }
        host.done(record);
        assert_eq!(host.stored(P), Some(1));
    }
}
