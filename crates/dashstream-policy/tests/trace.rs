//! A recorded incident does the same again, action for action.
#![cfg(feature = "trace")]
#![expect(
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    clippy::arithmetic_side_effects,
    reason = "a test may panic: that is how it fails"
)]

use core::time::Duration;

use dashstream_policy::trace::{Trace, TraceError, TracedEngine, VERSION};
use dashstream_policy::{
    Action, Admission, ArchiveFault, Archiving, Assignment, Cause, Command, Config, Delivery,
    FetchFault, Input, LogRange, Mode, NullPayload, Offset, Operator, OperatorCommand, Ordering,
    TopicPartition,
};
use dashstream_testkit::alloc::measure;
use dashstream_testkit::rng::SplitMix64;
use dashstream_testkit::{stack, sweep, vectors};

const P: TopicPartition = TopicPartition::new(0, 0);

fn config(seed: u64) -> Config {
    let mode = if seed.is_multiple_of(2) {
        Mode::Skip
    } else {
        Mode::Pause
    };
    Config::default()
        .mode(mode)
        .ordering(Ordering::Unordered)
        .archiving(Archiving::Required)
        .null_payload_of(7, NullPayload::Ignore)
}

fn incident(seed: u64, calls_max: usize) -> (Trace, Vec<Action<()>>) {
    let mut host = TracedEngine::<()>::new(config(seed), calls_max).expect("in range");
    let actions = trouble(&mut host, seed);
    (host.trace().clone(), actions)
}

/// Two hundred seconds of trouble, carried out at once.
fn trouble(host: &mut TracedEngine<()>, seed: u64) -> Vec<Action<()>> {
    let mut rng = SplitMix64::new(seed);
    let assignment = Assignment::new(1);
    let at = |offset| Offset::new(offset).expect("an offset");
    let (mut actions, mut next) = (Vec::new(), 0);
    host.handle(
        Duration::ZERO,
        Input::Assigned {
            partition: P,
            assignment,
            committed: Some(at(0)),
            low: None,
        },
    );
    for second in 1..200 {
        let now = Duration::from_secs(second);
        match rng.below(6) {
            0 => host.handle(now, Input::Tick),
            1 => {
                let operator = Operator::new("ann", "again, 100 % söker").expect("short");
                host.handle(
                    now,
                    Input::Command(OperatorCommand::new(P, Command::Retry, operator)),
                );
            }
            _ => match host.delivered(now, Delivery::new(P, assignment, at(next))) {
                Admission::Take(record) if rng.chance(1, 3) => {
                    next += 1;
                    host.reject(now, record, Cause::Oversize, (), 9);
                }
                Admission::Take(record) if rng.chance(1, 3) => {
                    next += 1;
                    host.release(now, record, Cause::HandlerRefused, (), 9);
                }
                Admission::Take(record) => {
                    next += 1;
                    host.accept(now, record);
                }
                _ => {}
            },
        }
        while let Some(mut action) = host.poll_action() {
            match &mut action {
                Action::Archive(send) => {
                    let (id, lucky) = (send.id, rng.chance(2, 3));
                    let failed = Err(ArchiveFault::Broker);
                    let acked = Ok(send.form);
                    let result = if lucky { acked } else { failed };
                    let attempt = send.attempt;
                    host.handle(
                        now,
                        Input::Archived {
                            id,
                            attempt,
                            result,
                        },
                    );
                }
                Action::Seek { to, .. } => {
                    next = to.get();
                    host.handle(
                        now,
                        Input::SeekCompleted {
                            partition: P,
                            assignment,
                            to: *to,
                            ok: true,
                        },
                    );
                }
                _ => {}
            }
            actions.push(action);
        }
    }
    actions
}

/// Gives the partition to a host, and answers the number of that assignment.
fn assigned(host: &mut TracedEngine<()>, now: Duration) -> Assignment {
    let (assignment, committed, low) = (Assignment::new(1), Some(Offset::ZERO), None);
    host.handle(
        now,
        Input::Assigned {
            partition: P,
            assignment,
            committed,
            low,
        },
    );
    assignment
}

#[test]
fn an_incident_does_the_same_again() {
    for seed in 0..100 {
        let (trace, mut actions) = incident(seed, Trace::CALLS_DEFAULT);
        // Tokens of further attempts stay with the first host; nothing here gives them back.
        actions.shrink_to_fit();
        assert!(!trace.is_cut());
        assert!(
            actions
                .iter()
                .any(|action| matches!(action, Action::Archive(_)))
        );
        assert_eq!(trace.replay(), Ok(actions), "seed {seed}");
    }
}

#[test]
fn a_recording_that_reached_its_limit_says_so_and_replays_its_beginning() {
    let (whole, actions) = incident(2, Trace::CALLS_DEFAULT);
    let full = whole.len();
    for (limit, is_cut) in [(full - 1, true), (full, false), (full + 1, false)] {
        let (trace, _) = incident(2, limit);
        assert_eq!((trace.len(), trace.is_cut()), (limit.min(full), is_cut));
        let replayed = trace.replay().expect("its beginning");
        assert_eq!(replayed.as_slice(), &actions[..replayed.len()]);
    }
}

#[test]
fn an_incident_in_a_file_does_the_same_again() {
    for seed in 0..20 {
        let (kept, actions) = incident(seed, Trace::CALLS_DEFAULT);
        let file = kept.to_string();
        let trace = Trace::parse(&file, Trace::CALLS_DEFAULT).expect("it was written so");
        assert_eq!(trace, kept);
        assert_eq!(trace.replay(), Ok(actions));
        assert_eq!(trace.config(), &config(seed));
    }
}

#[test]
fn the_form_on_disk_is_the_one_of_version_5_and_version_4_is_read() {
    let files = vectors::load(env!("CARGO_MANIFEST_DIR"), "tests/traces");
    for (name, bytes) in files {
        let text = str::from_utf8(&bytes).expect("text");
        let trace = Trace::parse(text, 1_000).unwrap_or_else(|error| panic!("{name}: {error}"));
        let newest = text.replacen("trace\":4", "trace\":5", 1);
        assert_eq!(trace.to_string(), newest, "{name}");
        assert!(!trace.is_cut(), "{name}");
        let actions = trace.replay().expect("the same engine");
        let orders = actions.iter().filter_map(|action| match action {
            Action::Audit(audit) => Some(audit.command.operator().who().to_owned()),
            _ => None,
        });
        assert_eq!(orders.collect::<Vec<_>>(), ["ann", "böb", "böb", "ann"]);
        let stored = actions.iter().filter_map(|action| match action {
            Action::Store(store) => Some(store.next().get()),
            _ => None,
        });
        assert_eq!(stored.collect::<Vec<_>>(), [42, 43, 43, 50], "{name}");
    }
}

#[test]
fn a_deferral_has_a_line_of_its_own() {
    let mut host = TracedEngine::<()>::new(config(2), 10).expect("in range");
    let now = Duration::from_secs(1);
    let assignment = assigned(&mut host, now);
    let Admission::Take(record) = host.delivered(now, Delivery::new(P, assignment, Offset::ZERO))
    else {
        panic!("taken");
    };
    host.defer(now, record, ());
    let text = host.trace().to_string();
    assert!(
        text.contains("\n[{\"secs\":1,\"nanos\":0},{\"defer\":1}]\n"),
        "{text}"
    );
    let read = Trace::parse(&text, 10).expect("it was written so");
    assert_eq!(&read, host.trace());
    assert_eq!(read.replay(), Ok(Vec::new()));
}

#[test]
fn a_record_that_waits_for_another_has_a_line_of_its_own() {
    let config = config(2).ordering(Ordering::Key);
    let mut host = TracedEngine::<()>::new(config, 10).expect("in range");
    let now = Duration::from_secs(1);
    let assignment = assigned(&mut host, now);
    let delivery = |offset| {
        let at = Offset::new(offset).expect("an offset");
        Delivery::new(P, assignment, at).key(Some(7)).bytes(9)
    };
    let Admission::Take(first) = host.delivered(now, delivery(0)) else {
        panic!("taken");
    };
    host.release(now, first, Cause::Oversize, (), 9);
    let Admission::Queue(second) = host.delivered(now, delivery(1)) else {
        panic!("it waits");
    };
    host.queue(now, second, ());
    let text = host.trace().to_string();
    assert!(text.contains("\"key\":7,\"bytes\":9}"), "{text}");
    assert!(text.contains(",{\"queue\":2}]\n"), "{text}");
    let read = Trace::parse(&text, 10).expect("it was written so");
    assert_eq!(read.replay(), Ok(Vec::new()));
}

#[test]
fn a_record_that_the_configuration_rejected_may_be_given_back_by_any_call() {
    for call in 0..6 {
        let config = Config::default().ordering(Ordering::Unordered);
        let mut host = TracedEngine::<()>::new(config, 10).expect("in range");
        let now = Duration::from_secs(1);
        let assignment = assigned(&mut host, now);
        let null = Delivery::new(P, assignment, Offset::ZERO).null(true);
        let Admission::Rejected(record) = host.delivered(now, null) else {
            panic!("rejected");
        };
        let cause = record.cause();
        match call {
            0 => host.rejected(now, record, (), 9),
            1 => host.accept(now, record.into_record()),
            2 => host.reject(now, record.into_record(), cause, (), 9),
            3 => host.release(now, record.into_record(), cause, (), 9),
            4 => host.defer(now, record.into_record(), ()),
            _ => host.queue(now, record.into_record(), ()),
        }
        let mut actions = Vec::new();
        while let Some(action) = host.poll_action() {
            actions.push(action);
        }
        assert_eq!(host.trace().replay(), Ok(actions), "call {call}");
    }
}

#[test]
fn what_the_log_has_is_told_in_a_line_of_its_own_and_behind_an_order() {
    let mut host = TracedEngine::<()>::new(config(2), 10).expect("in range");
    let (assignment, now) = (Assignment::new(1), Duration::from_secs(1));
    let at = |offset| Offset::new(offset).expect("an offset");
    let (low, high) = (at(3), at(8));
    let log = LogRange { low, high };
    host.handle(
        now,
        Input::Log {
            partition: P,
            assignment,
            log,
        },
    );
    host.handle(
        now,
        Input::FetchFailed {
            partition: P,
            assignment,
            fault: FetchFault::Truncated,
        },
    );
    for said in [Some(log), None] {
        let operator = Operator::new("ann", "seen").expect("short");
        let order = OperatorCommand::new(P, Command::SkipTo(at(5)), operator);
        host.handle(now, Input::Command(order.within(said)));
    }
    let text = host.trace().to_string();
    let lines: Vec<_> = text.lines().skip(1).collect();
    let at = r#"[{"secs":1,"nanos":0},{"handle":{"#;
    let place = r#""partition":{"topic":0,"partition":0}"#;
    let order = format!(
        r#"{at}"command":{{{place},"command":{{"skip_to":5}},"operator":{{"who":"ann","why":"seen"}},"#
    );
    let expected = [
        format!(r#"{at}"log":{{{place},"assignment":1,"log":{{"low":3,"high":8}}}}}}}}]"#),
        format!(r#"{at}"fetch_failed":{{{place},"assignment":1,"fault":"truncated"}}}}}}]"#),
        format!(r#"{order}"end":{{"known":{{"low":3,"high":8}}}}}}}}}}]"#),
        format!(r#"{order}"end":"unknown"}}}}}}]"#),
        r#""end""#.to_owned(),
    ];
    assert_eq!(lines, expected);
    let read = Trace::parse(&text, 10).expect("it was written so");
    assert_eq!(&read, host.trace());
    for (from, to) in [
        (r#""low":3,"#, ""),
        (r#""low":3"#, r#""low":-1"#),
        (r#""low":3"#, r#""low":9223372036854775807"#),
        (r#""who":"ann""#, r#""who":"""#),
        (r#""skip_to":5"#, r#""skip_to":5.5"#),
    ] {
        let damaged = text.replacen(from, to, 1);
        let error = Trace::parse(&damaged, 10);
        assert!(matches!(error, Err(TraceError::Line { .. })), "{to}");
    }
}

#[test]
fn a_text_that_ends_early_is_a_beginning_and_says_so() {
    let (trace, actions) = incident(2, 300);
    let whole = trace.to_string();
    let head = whole
        .find("\n[{\"secs\":1,")
        .expect("an input after a second");
    for cut in [head, whole.len() / 2, whole.len() - 3] {
        let beginning = whole.get(..cut).expect("ASCII");
        let read = Trace::parse(beginning, 300).expect("whole lines, as far as they go");
        assert!(read.is_cut());
        let again = read.replay().expect("the same engine");
        assert_eq!(again.as_slice(), &actions[..again.len()]);
    }
}

#[test]
fn no_damage_panics_and_what_is_read_is_written_and_read_alike() {
    stack::small(|| {
        let (trace, _) = incident(3, 60);
        let whole = trace.to_string();
        let checked = |bytes: &[u8]| {
            let Ok(text) = str::from_utf8(bytes) else {
                return;
            };
            if let Ok(read) = Trace::parse(text, 200) {
                assert_eq!(Trace::parse(&read.to_string(), 200).as_ref(), Ok(&read));
                let _ = read.replay();
            }
        };
        sweep::truncations(whole.as_bytes(), &[], checked);
        sweep::byte_flips(whole.as_bytes(), &[], checked);
        let deep = format!(
            "{}{}\n",
            whole.split_once('\n').expect("a line").0,
            "[".repeat(100_000)
        );
        checked(deep.as_bytes());
    });
}

#[test]
fn what_is_no_trace_is_refused_at_its_line() {
    let (trace, _) = incident(2, 10);
    let text = trace.to_string();
    let parse = |text: &str| Trace::parse(text, 100).map(|trace| trace.len());
    assert_eq!(parse(""), Err(TraceError::NotATrace));
    assert_eq!(parse("{}\n"), Err(TraceError::NotATrace));
    assert_eq!(
        parse("dashstream-policy-trace 2\n"),
        Err(TraceError::NotATrace)
    );
    let found = VERSION + 1;
    for other in [3, found] {
        let text = text.replacen("trace\":5", &format!("trace\":{other}"), 1);
        assert_eq!(parse(&text), Err(TraceError::Version { found: other }));
    }
    for (from, to, line) in [
        ("\"mode\":\"skip\"", "\"mode\":\"stop\"", 1),
        ("\"accept_reduced\":false,", "", 1),
        ("\"config\":", "\"more\":0,\"config\":", 1),
        ("\"attempts_max\":3", "\"attempts_max\":-3", 1),
        ("assigned", "Assigned", 2),
        ("\"assignment\":1", "\"assignment\":1.5", 2),
    ] {
        let damaged = text.replacen(from, to, 1);
        assert_ne!(damaged, text, "{from}");
        assert_eq!(parse(&damaged), Err(TraceError::Line { line }), "{from}");
    }
    let (whole, _) = incident(2, 100_000);
    let behind = format!("{whole}[{{\"secs\":0,\"nanos\":0}},\"poll\"]\n");
    assert!(matches!(
        Trace::parse(&behind, 100_000),
        Err(TraceError::Line { .. })
    ));
}

#[test]
fn the_last_call_asked_for_is_read_and_the_next_is_not_within_the_memory_said() {
    let (trace, _) = incident(2, Trace::CALLS_DEFAULT);
    let (text, calls) = (trace.to_string(), trace.len());
    let limit = calls - 1;
    let read = |max| Trace::parse(&text, max).map(|trace| trace.len());
    assert_eq!(read(calls + 1), Ok(calls));
    assert_eq!(read(calls), Ok(calls));
    assert_eq!(read(limit), Err(TraceError::TooLong { limit }));

    let head = text.split_inclusive('\n').next().expect("a head");
    let poll = "[{\"secs\":0,\"nanos\":0},\"poll\"]\n";
    let polls = format!("{head}{}", poll.repeat(10_000));
    let (trace, usage) = measure(|| Trace::parse(&polls, 10_000));
    assert_eq!(trace.map(|trace| trace.len()), Ok(10_000));
    // A vector doubles: at most twice its elements, and half of that again while it moves.
    assert!(usage.peak <= 10_000 * 150 * 3, "{usage:?}");
    let (refused, usage) = measure(|| Trace::parse(&polls, 10));
    assert!(refused.is_err() && usage.peak < 10_000, "{usage:?}");
}

#[test]
fn a_trace_of_another_engine_is_told_apart() {
    let (trace, _) = incident(2, 4);
    let text = trace.to_string();
    let parse =
        |more: &str| Trace::parse(&format!("{text}{more}"), 100).expect("lines as they are");
    let call = trace.len();
    let gone = Err(TraceError::NoSuchRecord { call });
    assert_eq!(
        parse("[{\"secs\":5,\"nanos\":0},{\"accept\":9999}]\n").replay(),
        gone
    );
    let polled = parse(&"[{\"secs\":0,\"nanos\":0},\"poll\"]\n".repeat(50)).replay();
    assert!(matches!(polled, Err(TraceError::NoSuchAction { .. })));
}
