//! Positions that the log does not have, and what is committed at once.

use dashstream_policy::{
    Action, Admission, Archiving, Assignment, Cause, Command, CommandOutcome, Config, Delivery,
    Disposition, FetchFault, Form, Grade, HeldBy, Input, Mode, Offset, Operator, OperatorCommand,
    Ordering, PartitionState, StoreOffset, StoreReason,
};

use crate::host::{EPOCH, Host, P, at, log, secs};

const BEYOND: fn(i64) -> CommandOutcome = |end| CommandOutcome::BeyondEnd { end: at(end) };

fn stores(host: &Host) -> Vec<StoreOffset> {
    let stores = host.actions.iter().filter_map(|action| match action {
        Action::Store(store) => Some(*store),
        _ => None,
    });
    stores.collect()
}

fn seen(store: &StoreOffset) -> (i64, StoreReason, bool) {
    (store.next().get(), store.reason(), store.commit_now())
}

fn tell_log(host: &mut Host, low: i64, high: i64) {
    host.tell(Input::Log {
        partition: P,
        assignment: EPOCH,
        log: log(low, high),
    });
}

/// Held at offset 3, with records 0 to 2 settled.
fn held_at_3(config: Config) -> Host {
    let mut host = Host::new(config.mode(Mode::Pause).archiving(Archiving::Off));
    for offset in 0..3 {
        let record = host.take(P, offset);
        host.done(record);
    }
    host.poison(P, 3, Cause::DecodeError);
    host
}

fn out_of_range(offset: i64) -> PartitionState {
    PartitionState::Held {
        by: HeldBy::Unfetchable,
        cause: Some(Cause::OffsetOutOfRange),
        offset: Some(at(offset)),
        since: secs(1),
    }
}

#[test]
fn a_skip_is_accepted_up_to_the_end_of_the_log_and_refused_beyond() {
    let skipped = CommandOutcome::Applied {
        offset: Some(at(3)),
    };
    for (to, outcome, stored) in [
        (7, skipped, 7),
        (8, skipped, 8),
        (9, BEYOND(8), 3),
        (i64::MAX - 1, BEYOND(8), 3),
    ] {
        let mut host = held_at_3(Config::default());
        let range = Some(log(0, 8));
        assert_eq!(host.order_within(Command::SkipTo(at(to)), range), outcome);
        assert_eq!(host.stored(P), Some(stored), "{to}");
        let is_held = matches!(host.state(P), PartitionState::Held { .. });
        assert_eq!(
            is_held,
            outcome != skipped,
            "a refused order changes nothing"
        );
    }
}

#[test]
fn a_skip_is_accepted_from_the_start_of_the_log_on_and_behind_what_is_held() {
    let skipped = CommandOutcome::Applied {
        offset: Some(at(3)),
    };
    for (to, low, outcome) in [
        (5, 6, CommandOutcome::BelowStart { start: at(6) }),
        (6, 6, skipped),
        (7, 6, skipped),
        (2, 0, CommandOutcome::Backwards),
        (3, 0, CommandOutcome::Backwards),
        (4, 0, skipped),
    ] {
        let mut host = held_at_3(Config::default());
        let range = Some(log(low, 8));
        let command = Command::SkipTo(at(to));
        assert_eq!(
            host.order_within(command, range),
            outcome,
            "{to} from {low}"
        );
    }
    let mut host = held_at_3(Config::default());
    let command = Command::SkipTo(at(4));
    assert_eq!(host.order_within(command, None), CommandOutcome::EndUnknown);
    assert_eq!(host.stored(P), Some(3));
    // A host that says nothing of the log answers for the position.
    let operator = Operator::new("ann", "known").expect("short");
    host.tell(Input::Command(OperatorCommand::new(P, command, operator)));
    assert_eq!(host.stored(P), Some(4));
}

#[test]
fn every_outcome_of_an_order_has_a_code_of_its_own() {
    let offset = at(1);
    let codes = [
        CommandOutcome::Applied { offset: None },
        CommandOutcome::AwaitsArchive { offset },
        CommandOutcome::NotAssigned,
        CommandOutcome::NotHeld,
        CommandOutcome::NoRecord,
        CommandOutcome::Backwards,
        CommandOutcome::BeyondEnd { end: offset },
        CommandOutcome::BelowStart { start: offset },
        CommandOutcome::EndUnknown,
    ]
    .map(|outcome| outcome.code());
    let expected = [
        "applied",
        "awaits_archive",
        "not_assigned",
        "not_held",
        "no_record",
        "backwards",
        "beyond_end",
        "below_start",
        "end_unknown",
    ];
    assert_eq!(codes, expected);
}

#[test]
fn a_position_at_the_end_of_the_log_is_at_rest_and_one_beyond_is_held() {
    for mode in Mode::ALL {
        for (high, is_held) in [(4, false), (3, false), (2, true), (0, true)] {
            let mut host = Host::new(Config::default().mode(mode));
            for offset in 0..3 {
                let record = host.take(P, offset);
                host.done(record);
            }
            tell_log(&mut host, 0, high);
            if is_held {
                assert_eq!(host.state(P), out_of_range(3), "{high}");
                assert_eq!(host.engine.status().grade, Grade::Fail);
                assert_eq!(
                    host.offer(P, 3),
                    Admission::Refused(dashstream_policy::RefusalReason::Held)
                );
            } else {
                assert_eq!(host.state(P), PartitionState::Running, "{high}");
            }
            assert_eq!(host.stored(P), Some(3));
        }
    }
}

#[test]
fn a_committed_position_beyond_the_end_is_held_at_assignment() {
    for (committed, is_held) in [(8, false), (9, true)] {
        let mut host = Host::new(Config::default());
        let (partition, assignment) = (P, Assignment::new(2));
        host.tell(Input::Assigned {
            partition,
            assignment,
            committed: Some(at(committed)),
            low: Some(Offset::ZERO),
        });
        let log = log(0, 8);
        host.tell(Input::Log {
            partition,
            assignment,
            log,
        });
        let state = if is_held {
            out_of_range(9)
        } else {
            PartitionState::Running
        };
        assert_eq!(host.state(P), state, "{committed}");
    }
}

#[test]
fn an_operator_goes_back_to_a_log_that_was_created_again_and_nothing_of_the_old_one_counts() {
    let mut host = Host::new(Config::default());
    let old = [0, 1, 2, 3].map(|offset| host.take(P, offset));
    let [first, second, third, fourth] = old;
    host.done(first);
    tell_log(&mut host, 0, 2);
    assert_eq!(host.state(P), out_of_range(4));
    // Neither is there anything to meet at 4, nor to pass.
    let range = Some(log(0, 2));
    assert_eq!(host.order_within(Command::Retry, range), BEYOND(2));
    assert_eq!(host.order_within(Command::SkipOne, range), BEYOND(2));
    assert_eq!(host.order_within(Command::SkipTo(at(5)), range), BEYOND(2));
    assert_eq!(host.order_within(Command::SkipTo(at(3)), range), BEYOND(2));
    host.actions.clear();
    let offset = Some(at(4));
    let command = Command::SkipTo(Offset::ZERO);
    let applied = CommandOutcome::Applied { offset };
    assert_eq!(host.order_within(command, range), applied);
    let stored: Vec<_> = stores(&host).iter().map(seen).collect();
    assert_eq!(
        stored,
        [(0, StoreReason::Ordered, true)],
        "also where it is lower"
    );
    for record in [second, third, fourth] {
        host.done(record);
    }
    assert_eq!(
        host.stored(P),
        Some(0),
        "what is read of the old log is fenced"
    );
    let record = host.take(P, 0);
    host.done(record);
    assert_eq!(host.stored(P), Some(1));
    let counters = host.engine.counters();
    let cause = Cause::OffsetOutOfRange;
    assert_eq!(counters.settled(cause, Disposition::OperatorSkip), 1);
}

#[test]
fn a_record_that_is_held_is_not_passed_once_the_log_ends_before_it() {
    for (high, outcome) in [
        (
            4,
            CommandOutcome::Applied {
                offset: Some(at(3)),
            },
        ),
        (3, BEYOND(3)),
        (2, BEYOND(2)),
    ] {
        let mut host = held_at_3(Config::default());
        let range = Some(log(0, high));
        assert_eq!(
            host.order_within(Command::SkipOne, range),
            outcome,
            "{high}"
        );
    }
    // It was found before, and the log has grown since: the order still goes back.
    let mut host = held_at_3(Config::default());
    tell_log(&mut host, 0, 1);
    let offset = Some(at(3));
    let outcome = host.order_within(Command::SkipTo(at(1)), Some(log(0, 50)));
    assert_eq!(outcome, CommandOutcome::Applied { offset });
    assert_eq!(host.stored(P), Some(1));
}

#[test]
fn a_log_that_was_cut_and_written_anew_is_held_though_it_has_the_position() {
    let mut host = Host::new(Config::default());
    for offset in 0..3 {
        let record = host.take(P, offset);
        host.done(record);
    }
    let truncated = Input::FetchFailed {
        partition: P,
        assignment: EPOCH,
        fault: FetchFault::Truncated,
    };
    host.tell(truncated.clone());
    assert_eq!(host.state(P), out_of_range(3));
    let offset = Some(at(3));
    let applied = CommandOutcome::Applied { offset };
    assert_eq!(host.order(Command::Retry), applied);
    assert_eq!(host.state(P), PartitionState::Running);
    host.tell(truncated);
    assert_eq!(host.order(Command::SkipTo(at(1))), applied);
    assert_eq!(host.stored(P), Some(1));
}

#[test]
fn what_the_log_has_is_of_no_concern_to_an_old_assignment_or_on_the_way_elsewhere() {
    let mut host = Host::new(Config::default());
    let record = host.take(P, 0);
    host.done(record);
    host.tell(Input::Log {
        partition: P,
        assignment: Assignment::new(7),
        log: log(0, 0),
    });
    assert_eq!(host.state(P), PartitionState::Running);
    assert_eq!(host.engine.counters().fenced, 1);
}

#[test]
fn a_store_that_passes_a_rejected_record_is_to_be_committed_at_once_and_others_are_not() {
    let config = Config::default()
        .archiving(Archiving::Required)
        .ordering(Ordering::Unordered);
    let mut host = Host::new(config);
    let (first, second) = (host.take(P, 0), host.take(P, 1));
    host.done(second);
    host.done(first);
    host.poison(P, 2, Cause::BadFrame);
    let fourth = host.take(P, 3);
    let fifth = host.take(P, 4);
    host.done(fourth);
    host.archive(Ok(Form::Full));
    host.done(fifth);
    let stored: Vec<_> = stores(&host).iter().map(seen).collect();
    let expected = [
        (2, StoreReason::Processed, false),
        // The rejected record lies before one that was processed meanwhile.
        (4, StoreReason::Processed, true),
        (5, StoreReason::Processed, false),
    ];
    assert_eq!(stored, expected);

    // One that could not be stored is not forgotten with it.
    let mut host = Host::new(Config::default());
    let (first, second) = (host.take(P, 0), host.take(P, 1));
    host.engine.reject(host.now, first, Cause::BadFrame, (), 1);
    host.drain();
    let [store] = stores(&host)[..] else {
        panic!("one store");
    };
    assert!(store.commit_now());
    host.tell(Input::Stored {
        partition: P,
        assignment: EPOCH,
        next: store.next(),
        ok: false,
    });
    host.done(second);
    let last = stores(&host).pop();
    let seen = last.map(|store| seen(&store));
    assert_eq!(seen, Some((2, StoreReason::Processed, true)));
    // A value that is ignored is no rejection.
    let config = Config::default().null_payload(dashstream_policy::NullPayload::Ignore);
    let mut host = Host::new(config);
    let null = Delivery::new(P, EPOCH, Offset::ZERO).null(true);
    assert_eq!(host.engine.delivered(host.now, null), Admission::Ignored);
    host.drain();
    let stored: Vec<_> = stores(&host)
        .iter()
        .map(|store| store.commit_now())
        .collect();
    assert_eq!(stored, [false]);
}

#[test]
fn where_the_rest_of_a_log_begins_is_learned_while_what_was_deleted_is_held() {
    let host = || {
        let mut host = Host::new(Config::default());
        out_of_reach(&mut host, None);
        assert_eq!(host.order(Command::SkipOne), CommandOutcome::NoRecord);
        host
    };
    let offset = Some(at(0));
    let applied = CommandOutcome::Applied { offset };
    // By another fault of the fetch, of which the last counts.
    let mut by_fault = host();
    out_of_reach(&mut by_fault, Some(10));
    out_of_reach(&mut by_fault, Some(20));
    out_of_reach(&mut by_fault, None);
    assert_eq!(by_fault.order(Command::SkipOne), applied);
    assert_eq!(by_fault.stored(P), Some(20));
    // By what the broker says of the log, then or with the command.
    let mut by_log = host();
    tell_log(&mut by_log, 20, 100);
    assert_eq!(by_log.order(Command::SkipOne), applied);
    assert_eq!(by_log.stored(P), Some(20));
    let mut by_order = host();
    let range = Some(log(20, 100));
    assert_eq!(by_order.order_within(Command::SkipOne, range), applied);
    assert_eq!(by_order.stored(P), Some(20));
}

fn out_of_reach(host: &mut Host, low: Option<i64>) {
    let low = low.map(at);
    host.tell(Input::FetchFailed {
        partition: P,
        assignment: EPOCH,
        fault: FetchFault::OutOfRange { low },
    });
}
