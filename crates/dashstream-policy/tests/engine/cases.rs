//! Verdicts, orders, archives and what cannot be fetched.

use core::time::Duration;

use dashstream_policy::{
    Action, Admission, ArchiveFault, Archiving, Assignment, Backlog, Backoff, Breaker, Cause,
    Command, CommandOutcome, Config, Delivery, Disposition, Engine, Escalation, FailureReason,
    FetchFault, Form, Grade, HeldBy, Input, Mode, NullPayload, Offset, Operator, OperatorCommand,
    Ordering, PartitionState, RefusalReason, Scope, StoreReason,
};
use dashstream_testkit::alloc::measure;

use crate::host::{EPOCH, Host, P, Q, at, secs};

#[test]
fn every_cause_alone_is_skipped_or_stopped_at_alike_in_both_scopes() {
    for cause in Cause::ALL {
        let mut host = Host::new(Config::default().archiving(Archiving::Off));
        host.poison(P, 0, cause);
        assert_eq!(host.stored(P), Some(1), "{}", cause.label());

        for scope in [Scope::Consumer, Scope::Partition] {
            let config = Config::default().mode(Mode::Pause).scope(scope);
            let mut host = Host::new(config);
            host.poison(P, 0, cause);
            assert_eq!(host.stored(P), None, "{}", cause.label());
            let held = PartitionState::Held {
                by: HeldBy::Policy,
                cause: Some(cause),
                offset: Some(Offset::ZERO),
                since: secs(1),
            };
            assert_eq!(host.state(P), held);
            let others_run = host.state(Q) == PartitionState::Running;
            assert_eq!(others_run, scope == Scope::Partition);
        }
    }
}

#[test]
fn a_required_archive_that_is_down_holds_the_offset_and_drains_when_it_is_back() {
    let config = Config::default()
        .archiving(Archiving::Required)
        .ordering(Ordering::Unordered);
    let mut host = Host::new(config);
    host.poison(P, 0, Cause::Oversize);
    let later = host.take(P, 1);
    host.done(later);
    for fault in [
        ArchiveFault::TimedOut,
        ArchiveFault::QueueFull,
        ArchiveFault::Broker,
    ] {
        host.archive(Err(fault));
        assert_eq!(host.stored(P), None);
        host.pass(secs(6));
    }
    host.archive(Ok(Form::Full));
    assert_eq!(host.stored(P), Some(2));
    let counters = host.engine.counters();
    assert_eq!(counters.settled(Cause::Oversize, Disposition::Archived), 1);
    for reason in FailureReason::ALL {
        assert_eq!(
            counters.archive_failed(Cause::Oversize, reason),
            1,
            "{}",
            reason.label()
        );
    }
}

#[test]
fn an_archive_that_finds_the_record_too_large_gets_a_reduced_one_or_the_record_is_held() {
    for accepts in [true, false] {
        let config = Config::default()
            .archiving(Archiving::Required)
            .accept_reduced(accepts);
        let mut host = Host::new(config);
        host.poison(P, 0, Cause::Oversize);
        host.archive(Err(ArchiveFault::TooLarge));
        if accepts {
            host.archive(Ok(Form::Reduced));
            assert_eq!(host.stored(P), Some(1));
        } else {
            let held = matches!(
                host.state(P),
                PartitionState::Held {
                    by: HeldBy::Archive,
                    ..
                }
            );
            assert!(held);
            assert_eq!(host.stored(P), None);
        }
    }
}

#[test]
fn a_letter_that_was_cut_counts_where_reduced_ones_are_allowed_and_nowhere_else() {
    for accepts in [true, false] {
        let config = Config::default()
            .archiving(Archiving::Required)
            .accept_reduced(accepts);
        let mut host = Host::new(config);
        host.poison(P, 0, Cause::Oversize);
        assert_eq!(host.last_send().form, Form::Full);
        assert_eq!(host.last_send().may_cut, accepts);
        // The host sends a cut one whatever it was told, and says what it did.
        host.archive(Ok(Form::Reduced));
        let counted = |host: &Host| {
            let counters = host.engine.counters();
            Form::ALL.map(|form| counters.archive_acked(Cause::Oversize, form))
        };
        if accepts {
            assert_eq!(host.stored(P), Some(1));
            assert_eq!(counted(&host), [0, 1]);
        } else {
            assert_eq!(host.stored(P), None);
            assert_eq!(counted(&host), [0, 0]);
            assert_eq!(held_by(&host), Some(HeldBy::Archive));
            // With room for all of it the same record passes.
            host.order(Command::SkipOne);
            host.archive(Ok(Form::Full));
            assert_eq!(host.stored(P), Some(1));
            assert_eq!(counted(&host), [1, 0]);
        }
    }
    let mut host = Host::new(Config::default().archiving(Archiving::BestEffort));
    host.poison(P, 0, Cause::Oversize);
    assert!(host.last_send().may_cut);
    let default = Config::default().archiving(Archiving::Required);
    assert!(!default.accept_reduced, "only where it is asked for");
}

fn held_by(host: &Host) -> Option<HeldBy> {
    match host.state(P) {
        PartitionState::Held { by, .. } => Some(by),
        _ => None,
    }
}

#[test]
fn a_late_failure_of_one_send_is_no_failure_of_the_next_one() {
    for fault in [
        ArchiveFault::Broker,
        ArchiveFault::TooLarge,
        ArchiveFault::Refused,
    ] {
        let mut host = Host::new(Config::default().archiving(Archiving::Required));
        host.poison(P, 0, Cause::BadFrame);
        let first = host.last_send();
        host.pass(secs(6));
        host.pass(secs(1));
        let second = host.last_send();
        assert_eq!((first.attempt, second.attempt), (1, 2));
        let before = host.engine.status().archive;
        host.answer(&first, Err(fault));
        assert_eq!(host.engine.status().archive, before);
        assert_eq!(host.engine.counters().fenced, 1);
        assert_eq!(host.state(P), PartitionState::Running);
        host.answer(&second, Ok(Form::Full));
        assert_eq!(host.stored(P), Some(1));
    }
    // An acknowledgement that comes late is one all the same; one of a send that never was is not.
    for (attempt, stored) in [(0, None), (1, Some(1)), (2, Some(1)), (3, None)] {
        let mut host = Host::new(Config::default().archiving(Archiving::Required));
        host.poison(P, 0, Cause::BadFrame);
        host.pass(secs(6));
        host.pass(secs(1));
        host.tell(Input::Archived {
            id: host.last_send().id,
            attempt,
            result: Ok(Form::Full),
        });
        assert_eq!(host.stored(P), stored, "attempt {attempt}");
    }
}

#[test]
fn a_required_letter_that_failed_is_a_warning_until_it_is_acknowledged() {
    let mut host = Host::new(Config::default().archiving(Archiving::Required));
    let seen = |host: &Host| {
        let status = host.engine.status();
        let archive = status.archive;
        let failures = (archive.failed_in_a_row, archive.failing_since);
        (status.grade, archive.failing, failures)
    };
    host.poison(P, 0, Cause::BadFrame);
    assert_eq!(seen(&host), (Grade::Pass, 0, (0, None)));
    for times in 1..=4 {
        host.archive(Err(ArchiveFault::Broker));
        let failing = (Grade::Warn, 1, (times, Some(secs(1))));
        assert_eq!(seen(&host), failing, "it waits");
        host.pass(secs(2));
        assert_eq!(host.engine.status().archive.in_flight, 1);
        assert_eq!(seen(&host), failing, "the next attempt is under way");
    }
    host.archive(Ok(Form::Full));
    assert_eq!(seen(&host), (Grade::Pass, 0, (0, None)));
}

#[test]
fn an_operator_retries_skips_gives_up_and_pauses() {
    let mut host = Host::new(Config::default().mode(Mode::Pause));
    assert_eq!(host.order(Command::Retry), CommandOutcome::NotHeld);
    host.poison(P, 0, Cause::DecodeError);
    let offset = Some(Offset::ZERO);
    assert_eq!(
        host.order(Command::Retry),
        CommandOutcome::Applied { offset }
    );
    host.poison(P, 0, Cause::DecodeError);
    assert_eq!(
        host.order(Command::SkipOne),
        CommandOutcome::Applied { offset }
    );
    assert_eq!(host.stored(P), Some(1));
    host.poison(P, 1, Cause::DecodeError);
    assert_eq!(
        host.order(Command::SkipTo(at(1))),
        CommandOutcome::Backwards
    );
    let offset = Some(at(1));
    assert_eq!(
        host.order(Command::SkipTo(at(9))),
        CommandOutcome::Applied { offset }
    );
    assert_eq!(host.stored(P), Some(9));
    assert_eq!(
        host.order(Command::Pause),
        CommandOutcome::Applied { offset: None }
    );
    assert_eq!(host.offer(P, 9), Admission::Refused(RefusalReason::Held));
    assert_eq!(
        host.order(Command::Retry),
        CommandOutcome::Applied { offset: None }
    );
    let record = host.take(P, 9);
    host.done(record);
    assert_eq!(host.stored(P), Some(10));
}

#[test]
fn a_skip_under_a_required_archive_waits_for_it() {
    let config = Config::default()
        .mode(Mode::Pause)
        .archiving(Archiving::Required);
    let mut host = Host::new(config);
    host.poison(P, 0, Cause::BadFrame);
    let offset = Offset::ZERO;
    assert_eq!(
        host.order(Command::SkipOne),
        CommandOutcome::AwaitsArchive { offset }
    );
    assert_eq!(host.stored(P), None);
    host.archive(Ok(Form::Full));
    assert_eq!(host.stored(P), Some(1));
    assert_eq!(host.state(P), PartitionState::Running);
}

#[test]
fn attempts_come_back_until_their_budget_is_spent() {
    let ms = Duration::from_millis;
    for (attempts, total, expected) in [(1, secs(9), 1), (3, secs(9), 3), (9, ms(250), 2)] {
        let backoff = Backoff::new(ms(100), secs(1));
        let config = Config::default().retry(attempts, total, backoff);
        let mut host = Host::new(config);
        let mut record = Some(host.take(P, 0));
        let mut tried = 0;
        while let Some(token) = record.take() {
            tried += 1;
            assert_eq!(token.attempt(), tried);
            host.engine
                .release(host.now, token, Cause::HandlerRefused, (), 1);
            host.drain();
            host.pass(secs(2).min(host.engine.poll_timeout().unwrap_or(host.now) - host.now));
            let back = host
                .actions
                .iter()
                .position(|a| matches!(a, Action::Deliver { .. }));
            if let Some(Action::Deliver { delivered, .. }) = back.map(|i| host.actions.remove(i)) {
                record = Some(delivered);
            }
        }
        assert_eq!(tried, expected, "{attempts} in {total:?}");
        let counters = host.engine.counters();
        assert_eq!(
            counters.unprocessable(Cause::HandlerRefused, Backlog::Current),
            1
        );
    }
}

#[test]
fn records_that_retention_took_before_they_were_settled_hold_the_partition() {
    for mode in [Mode::Skip, Mode::Pause] {
        let mut host = Host::new(Config::default().mode(mode).scope(Scope::Partition));
        let (low, fault) = (at(5), FetchFault::OutOfRange { low: Some(at(5)) });
        host.tell(Input::FetchFailed {
            partition: P,
            assignment: EPOCH,
            fault,
        });
        host.tell(Input::Assigned {
            partition: Q,
            assignment: Assignment::new(2),
            committed: Some(at(2)),
            low: Some(low),
        });
        for partition in [P, Q] {
            let held = matches!(
                host.state(partition),
                PartitionState::Held {
                    by: HeldBy::RecordDeleted,
                    ..
                }
            );
            assert!(held, "{partition}");
        }
        assert_eq!(host.stored(P), None);
        let offset = Some(Offset::ZERO);
        assert_eq!(
            host.order(Command::SkipOne),
            CommandOutcome::Applied { offset }
        );
        assert_eq!(host.stored(P), Some(5));
        let reason = host.actions.iter().find_map(|action| match action {
            Action::Store(store) => Some(store.reason()),
            _ => None,
        });
        assert_eq!(reason, Some(StoreReason::Ordered));
    }
}

#[test]
fn a_batch_that_cannot_be_decoded_is_held_and_cannot_be_skipped_one_by_one() {
    let mut host = Host::new(Config::default());
    host.tell(Input::FetchFailed {
        partition: P,
        assignment: EPOCH,
        fault: FetchFault::Undecodable,
    });
    assert_eq!(host.order(Command::SkipOne), CommandOutcome::NoRecord);
    let offset = Some(Offset::ZERO);
    let applied = CommandOutcome::Applied { offset };
    assert_eq!(host.order(Command::SkipTo(at(3))), applied);
    assert_eq!(host.stored(P), Some(3));
}

#[test]
fn a_record_without_a_value_means_what_its_topic_says() {
    let config = Config::default().null_payload_of(0, NullPayload::Ignore);
    let mut host = Host::new(config);
    let null = Delivery::new(P, EPOCH, Offset::ZERO).null(true);
    assert_eq!(host.engine.delivered(host.now, null), Admission::Ignored);
    host.drain();
    assert_eq!(host.stored(P), Some(1));

    let mut host = Host::new(Config::default().null_payload(NullPayload::Process));
    assert!(matches!(
        host.engine.delivered(host.now, null),
        Admission::Take(_)
    ));

    let mut host = Host::new(Config::default());
    let Admission::Rejected(record) = host.engine.delivered(host.now, null) else {
        panic!("the default is unprocessable");
    };
    assert_eq!(record.cause(), Cause::NullPayload);
}

#[test]
fn an_open_breaker_turns_skip_into_pause_where_it_may_and_its_end_lets_nothing_go() {
    for escalation in Escalation::ALL {
        let mut host = Host::new(Config::default().escalation(escalation));
        host.tell(Input::Breaker(Breaker::Open));
        let escalates = escalation == Escalation::Pause;
        let mode = if escalates { Mode::Pause } else { Mode::Skip };
        assert_eq!(host.engine.status().mode, mode);
        host.poison(P, 0, Cause::Oversize);
        assert_eq!(host.stored(P).is_none(), escalates);
        host.tell(Input::Breaker(Breaker::Closed));
        assert_eq!(host.engine.status().mode, Mode::Skip);
        assert_eq!(host.stored(P).is_none(), escalates);
        if escalates {
            let offset = Some(Offset::ZERO);
            let applied = CommandOutcome::Applied { offset };
            assert_eq!(host.order(Command::SkipOne), applied);
        }
        assert_eq!(host.stored(P), Some(1));
    }
}

#[test]
fn every_order_is_audited_with_who_why_when_and_what_came_of_it() {
    let mut host = Host::new(Config::default().mode(Mode::Pause));
    host.poison(P, 0, Cause::DecodeError);
    for (command, outcome) in [
        (Command::Pause, CommandOutcome::Applied { offset: None }),
        (Command::SkipTo(Offset::ZERO), CommandOutcome::Backwards),
        (
            Command::SkipOne,
            CommandOutcome::Applied {
                offset: Some(Offset::ZERO),
            },
        ),
        (Command::Retry, CommandOutcome::Applied { offset: None }),
        (Command::Retry, CommandOutcome::NotHeld),
    ] {
        host.pass(secs(1));
        host.actions.clear();
        assert_eq!(host.order(command), outcome);
        let audits = host.actions.iter().filter_map(|action| match action {
            Action::Audit(audit) => Some(audit),
            _ => None,
        });
        let [audit] = audits.collect::<Vec<_>>()[..] else {
            panic!("one audit an order");
        };
        assert_eq!(audit.at, host.now);
        assert_eq!(audit.command.partition(), P);
        assert_eq!(audit.command.command(), command);
        assert_eq!(audit.command.operator().who(), "ann");
        assert_eq!(audit.command.operator().why(), "seen and understood");
    }
}

#[test]
fn old_records_are_held_skipped_and_archived_like_any_other_and_counted_apart() {
    for mode in Mode::ALL {
        for archiving in Archiving::ALL {
            let config = Config::default().mode(mode).archiving(archiving);
            let run = |backlog| {
                let mut host = Host::new(config.clone());
                let delivery = Delivery::new(P, EPOCH, Offset::ZERO).backlog(backlog);
                let Admission::Take(record) = host.engine.delivered(host.now, delivery) else {
                    panic!("taken");
                };
                assert_eq!(record.backlog(), backlog);
                host.engine.reject(host.now, record, Cause::BadFrame, (), 1);
                host.drain();
                let counters = host.engine.counters();
                assert_eq!(counters.unprocessable(Cause::BadFrame, backlog), 1);
                (host.stored(P), host.state(P), host.actions.len())
            };
            assert_eq!(
                run(Backlog::Old),
                run(Backlog::Current),
                "{mode:?} {archiving:?}"
            );
        }
    }
}

#[test]
fn a_drain_takes_nothing_ends_what_was_taken_and_leaves_what_is_held() {
    let config = Config::default()
        .archiving(Archiving::Required)
        .scope(Scope::Partition);
    let mut host = Host::new(config);
    let record = host.take(P, 0);
    host.poison(P, 1, Cause::Oversize);
    host.poison(Q, 0, Cause::Oversize);
    host.archive(Err(ArchiveFault::Refused));
    host.tell(Input::Drain);
    assert_eq!(
        host.offer(P, 2),
        Admission::Refused(RefusalReason::Draining)
    );
    assert!(!host.engine.is_idle());
    host.done(record);
    assert!(!host.engine.is_idle(), "a send has no answer");
    let sent = host.actions.iter().find_map(|action| match action {
        Action::Archive(send) if send.partition == P => Some(*send),
        _ => None,
    });
    host.answer(&sent.expect("sent"), Ok(Form::Full));
    assert!(host.engine.is_idle());
    assert_eq!((host.stored(P), host.stored(Q)), (Some(2), None));
}

/// A host that was asked for seeks to 1, 2, 0 and 2 again, and has answered none of them.
fn sought_four_times() -> (Host, [Offset; 4]) {
    let config = Config::default()
        .mode(Mode::Pause)
        .retry(1, secs(9), Backoff::default());
    let mut host = Host::new(config);
    let (first, second) = (host.take(P, 0), host.take(P, 1));
    // To 2 again, since 1 stays settled behind 0.
    host.engine
        .reject(host.now, second, Cause::DecodeError, (), 1);
    let operator = Operator::new("ann", "known").expect("short");
    let skip = Input::Command(OperatorCommand::new(P, Command::SkipOne, operator));
    let mut asked = Vec::new();
    let mut drain = |engine: &mut Engine<()>| {
        while let Some(action) = engine.poll_action() {
            if let Action::Seek { to, .. } = action {
                asked.push(to);
            }
        }
    };
    drain(&mut host.engine);
    host.engine.handle(host.now, skip.clone());
    drain(&mut host.engine);
    host.engine
        .reject(host.now, first, Cause::DecodeError, (), 1);
    drain(&mut host.engine);
    host.engine.handle(host.now, skip);
    drain(&mut host.engine);
    let expected = [1, 2, 0, 2].map(at);
    assert_eq!(asked, expected);
    (host, expected)
}

#[test]
fn an_answer_to_an_earlier_seek_is_not_taken_for_a_later_one_to_the_same_position() {
    // Also where the first answers never come: the later ones say so, as they come in order.
    for lost in [0, 1, 2] {
        let (mut host, asked) = sought_four_times();
        for to in asked.into_iter().skip(lost) {
            assert_eq!(host.state(P), PartitionState::Seeking { to: at(2) });
            let (partition, assignment, ok) = (P, EPOCH, true);
            host.tell(Input::SeekCompleted {
                partition,
                assignment,
                to,
                ok,
            });
        }
        assert_eq!(host.state(P), PartitionState::Running, "{lost}");
    }
}

#[test]
fn a_steady_step_allocates_nothing() {
    let mut host = Host::new(Config::default());
    let mut step = |offset| {
        let delivery = Delivery::new(P, EPOCH, at(offset));
        if let Admission::Take(record) = host.engine.delivered(host.now, delivery) {
            host.engine.accept(host.now, record);
        }
        let mut stores = 0;
        while let Some(action) = host.engine.poll_action() {
            stores += u64::from(matches!(action, Action::Store(_)));
        }
        stores
    };
    (0..100).map(&mut step).for_each(drop);
    let (stores, usage) = measure(|| (100..1_100).map(step).sum::<u64>());
    assert_eq!((stores, usage.calls), (1_000, 0));
}
