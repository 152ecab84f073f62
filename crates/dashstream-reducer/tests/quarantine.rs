//! Messages that belong to no run: kept within a budget, and lent as they came.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "tests fail by panicking"
)]

mod support;

use core::time::Duration;

use dashstream_reducer::patch::Encoded;
use dashstream_reducer::{Outcome, QuarantineCause, Runs, RunsLimits, Stamp, Update};
use dashstream_testkit::alloc::measure;

use self::support::{START, START_UPDATE, seconds, set, start};

#[test]
fn a_thread_id_has_its_last_byte_and_not_the_next() {
    let mut limits = RunsLimits::default();
    limits.thread_bytes = 8;
    let mut runs = Runs::new(limits);
    for (len, code) in [(7, "recovered"), (8, "recovered"), (9, "quarantined")] {
        assert_eq!(start(&mut runs, &"t".repeat(len)).code(), code);
    }
    let message = runs.poll_quarantined().unwrap();
    assert_eq!(
        (message.cause, message.cause.code()),
        (QuarantineCause::ThreadTooLong, "thread_too_long")
    );
    assert_eq!(&*message.thread, "ttttttttt");
}

#[test]
fn a_message_without_a_thread_is_in_no_run_and_waits_for_the_host() {
    let mut runs = Runs::new(RunsLimits::default());
    let _started = start(&mut runs, "a");
    for (second, thread) in ["", " ", "\t\u{a0}"].into_iter().enumerate() {
        let outcome = set("7", |diff| {
            runs.apply(seconds(second as u64), thread, Stamp::new(2), diff)
        });
        assert_eq!(outcome, Outcome::Quarantined);
    }
    let counts = runs.counts();
    assert_eq!(
        (counts.outcomes.quarantined, counts.quarantine_held),
        (3, 3)
    );
    let held: u64 = counts.quarantine_bytes;
    assert_eq!((counts.synced, counts.waiting), (1, 0));
    assert_eq!(
        runs.get("a").unwrap().state().unwrap().to_string(),
        r#"{"n":0}"#
    );

    // The host has found out where the first belongs, and throws the others away.
    let message = runs.poll_quarantined().unwrap();
    assert_eq!(
        (message.at, message.cause.code()),
        (Duration::ZERO, "no_thread")
    );
    let outcome = message.with_update(|update| runs.apply(seconds(9), "a", message.stamp, update));
    assert_eq!(outcome.code(), "applied");
    assert_eq!(
        runs.get("a").unwrap().state().unwrap().to_string(),
        r#"{"n":7}"#
    );
    let mut bytes = message.bytes();
    while let Some(message) = runs.poll_quarantined() {
        bytes += message.bytes();
    }
    assert_eq!(bytes, held);
    let counts = runs.counts();
    assert_eq!((counts.quarantine_held, counts.quarantine_bytes), (0, 0));
    assert_eq!(
        (counts.outcomes.quarantined, counts.quarantine_dropped),
        (3, 0)
    );
}

#[test]
fn whatever_is_quarantined_is_lent_as_it_came() {
    let mut runs = Runs::new(RunsLimits::default());
    let operations = [Encoded {
        op: 1,
        path: "/n",
        ..Encoded::default()
    }];
    let updates = [
        Update::Start { state: None },
        START_UPDATE,
        Update::Snapshot {
            state: b"[1]",
            hash: &[1; 32],
        },
        Update::Diff {
            operations: operations.as_slice().into(),
            hash: &[2; 32],
            base: &[3; 16],
        },
        Update::Checkpoint {
            id: &[4; 16],
            state: b"{}",
        },
        Update::PoisonedCheckpoint { id: &[5; 16] },
        Update::Other,
        Update::Lost,
    ];
    for update in updates {
        let _quarantined = runs.apply(Duration::ZERO, "", Stamp::new(3), update);
    }
    for update in updates {
        let message = runs.poll_quarantined().unwrap();
        assert_eq!(message.stamp, Stamp::new(3));
        let lent = message.with_update(|update| format!("{update:?}"));
        assert_eq!(lent, format!("{update:?}"));
    }
}

#[test]
fn messages_are_quarantined_up_to_their_count_and_not_one_more() {
    for (come, held) in [(2, 2), (3, 3), (4, 3)] {
        let mut limits = RunsLimits::default();
        limits.quarantine_messages = 3;
        let mut runs = Runs::new(limits);
        for sequence in 1..=come {
            let _quarantined = runs.apply(Duration::ZERO, "", Stamp::new(sequence), Update::Other);
        }
        let counts = runs.counts();
        assert_eq!(counts.quarantine_held, held as usize);
        assert_eq!(counts.quarantine_dropped, come - held);
        // The oldest went.
        let first = runs.poll_quarantined().unwrap().stamp;
        assert_eq!(first, Stamp::new(1 + come - held));
    }
}

#[test]
fn messages_are_quarantined_up_to_their_bytes_and_not_one_more() {
    let state = vec![b' '; 1_000];
    let quarantined = |budget: u64, messages: u64| {
        let mut limits = RunsLimits::default();
        limits.quarantine_bytes = budget;
        let mut runs = Runs::new(limits);
        for sequence in 1..=messages {
            let update = Update::Snapshot {
                state: &state,
                hash: &[],
            };
            let _quarantined = runs.apply(Duration::ZERO, "", Stamp::new(sequence), update);
            assert!(runs.counts().quarantine_bytes <= budget);
        }
        let counts = runs.counts();
        (
            counts.quarantine_held,
            counts.quarantine_bytes,
            counts.quarantine_dropped,
        )
    };
    let (_, each, _) = quarantined(u64::MAX, 1);
    assert_eq!(quarantined(each, 1), (1, each, 0));
    assert_eq!(quarantined(2 * each + 1, 2), (2, 2 * each, 0));
    assert_eq!(quarantined(2 * each, 2), (2, 2 * each, 0));
    assert_eq!(quarantined(2 * each - 1, 2), (1, each, 1));
    // One that is larger than the budget drops nothing but itself.
    assert_eq!(quarantined(each - 1, 2), (0, 0, 2));
}

#[test]
fn a_message_that_finds_no_room_in_quarantine_is_not_copied() {
    let mut limits = RunsLimits::default();
    limits.quarantine_bytes = 100;
    let mut runs = Runs::new(limits);
    let update = Update::Snapshot {
        state: START,
        hash: &[],
    };
    let (outcome, usage) = measure(|| runs.apply(Duration::ZERO, "", Stamp::new(1), update));
    assert_eq!((outcome, usage.calls), (Outcome::Quarantined, 0));
}
